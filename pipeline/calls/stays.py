"""Find stays from transponders: a state machine with hysteresis on speed, per track, and the zone she lay in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numba
import numpy as np
import pandas as pd

from pipeline.calls.geodesy import distance_m, distance_to_zone_m
from pipeline.calls.tracks import MIN_FIXES, MIN_SHARE, good_fixes
from pipeline.config import CallsConfig
from pipeline.times_places.nested import inner_first
from pipeline.types import Place, Zone
from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

SAME_SPOT_M = 400.0  # scatter of one hull's antenna position; at anchor she swings (our choice)
MOORED_M = 100.0  # largest scatter of a moored hull's antenna position; alongside she does not swing (our choice)
SHIFT_S = 600.0  # no ship moves from one place of rest to another in less (our choice)
SPEED_OVER_S = 180.0  # where no speed is sent: over less time position errors look like speed (our choice)
NEAR_S = 3600.0  # around a stop, in which fixes of other stops are counted with its own (our choice)


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of one transponder at one zone. Bounds that were not heard are None."""

    mmsi: int
    zone_id: str
    arrival_lo: pd.Timestamp | None
    arrival_hi: pd.Timestamp
    departure_lo: pd.Timestamp
    departure_hi: pd.Timestamp | None
    heard_arriving: bool
    heard_leaving: bool
    spot: tuple[float, float] = (0.0, 0.0)
    """Where she lay: median longitude and latitude."""
    ship: int | None = None
    """Which of the ships that send under her number, where that is known (as in TRACKS)."""

    def may_be(self, other: Stay) -> bool:
        """Can both be one ship's?"""
        return self.mmsi == other.mmsi and (self.ship is None or other.ship is None or self.ship == other.ship)


def stays(tracks: pd.DataFrame, place: Place, config: CallsConfig) -> list[Stay]:
    """Every stop at a zone, in order of MMSI and time.

    A silence of up to ``max_stay_d`` does not end a stay if she lies as before: one stay is one call.
    """
    stops: list[_Stop] = []
    fixes = good_fixes(tracks).sort_values(["track_id", "time_utc", "fix_id"], kind="stable")
    for name, track in fixes.groupby("track_id", sort=True):
        stops += [_Stop(stay, str(name), seconds) for stay, seconds in _stays_of_track(track, place, config)]
    return _join_stays(sorted(_without_false_stops(stops), key=lambda s: (s.mmsi, s.arrival_hi, s.zone_id)), config)


def at_berths(stays: list[Stay], place: Place) -> dict[int, list[Stay]]:
    """The stays of each transponder at berths."""
    berths = {zone.zone_id for zone in place.zones if zone.kind == "berth"}
    out: dict[int, list[Stay]] = {}
    for stay in stays:
        if stay.zone_id in berths:
            out.setdefault(stay.mmsi, []).append(stay)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Stop:
    """A stay, its track, and the times of its fixes [s since 1970]."""

    stay: Stay
    track_id: str
    seconds: FloatArray


def _without_false_stops(stops: list[_Stop]) -> Iterator[Stay]:
    """The stays without those made by a few bad fixes, where these broke a ship's track and happened to lie in a zone.

    While a ship lies at one place by one of her tracks, a stop elsewhere by another, with few fixes among many, is
    false. Two ships under one number send about equally often, and both are kept.
    """
    of_ship: dict[int, list[_Stop]] = {}
    for stop in stops:
        of_ship.setdefault(stop.stay.mmsi, []).append(stop)
    for stop in stops:
        first, last = stop.seconds[0], stop.seconds[-1]
        n_elsewhere = 0
        for other in of_ship[stop.stay.mmsi]:
            is_meanwhile = other.seconds[0] - SHIFT_S <= last and other.seconds[-1] + SHIFT_S >= first
            may_be_one_ship = other.track_id != stop.track_id and other.stay.may_be(stop.stay)
            if not may_be_one_ship or not is_meanwhile or _at_one_spot(other.stay, stop.stay):
                continue
            near = np.searchsorted(other.seconds, [first - NEAR_S, last + NEAR_S])
            n_elsewhere += int(near[1] - near[0])
        if len(stop.seconds) >= MIN_SHARE * (len(stop.seconds) + n_elsewhere):
            yield stop.stay


def _at_one_spot(first: Stay, second: Stay) -> bool:
    return float(distance_m(*first.spot, *second.spot)) <= SAME_SPOT_M


def _join_stays(stays: list[Stay], config: CallsConfig) -> list[Stay]:
    """Join stays of one MMSI at one spot that overlap, or follow each other where her track was broken.

    Two ships under one MMSI at different spots at the same time stay two. ``stays`` is in order of MMSI and time.
    """
    out: list[Stay] = []
    first = 0  # index of the first stay of her MMSI
    for stay in stays:
        if out and out[-1].mmsi != stay.mmsi:
            first = len(out)
        at = next((n for n in range(len(out) - 1, first - 1, -1) if _continues(out[n], stay, config)), None)
        if at is None:
            out.append(stay)
        else:
            out[at] = _merge_stays(out[at], stay, config)
    return out


def _continues(former: Stay, stay: Stay, config: CallsConfig) -> bool:
    if (former.mmsi, former.zone_id) != (stay.mmsi, stay.zone_id):
        return False
    silence_s = (stay.arrival_hi - former.departure_lo).total_seconds()
    if not former.may_be(stay):  # two hulls cannot lie at one spot at once, whatever they send
        return _at_one_spot(former, stay) and silence_s < 0
    is_broken = not (former.heard_leaving and stay.heard_arriving)
    moved_between = (former.departure_hi is not None and former.departure_hi < stay.arrival_hi) or (
        stay.arrival_lo is not None and stay.arrival_lo > former.departure_lo
    )
    if _at_one_spot(former, stay) and not moved_between:
        return silence_s <= config.max_stay_d * 86_400.0  # a silence does not end a stay in which she lies as before
    return (_at_one_spot(former, stay) and silence_s < 0) or (is_broken and 0 <= silence_s <= config.gap_h * 3600.0)


def _merge_stays(former: Stay, stay: Stay, config: CallsConfig) -> Stay:
    """One stay from the earlier arrival to the later departure, bounded by the nearest fixes of either track."""
    both, gap = (former, stay), pd.Timedelta(hours=config.gap_h)
    first, last = min(s.arrival_hi for s in both), max(s.departure_lo for s in both)
    came = max((s.arrival_lo for s in both if s.arrival_lo and s.arrival_lo <= first), default=None)
    gone = min((s.departure_hi for s in both if s.departure_hi and s.departure_hi >= last), default=None)
    return replace(
        former,
        arrival_lo=came,
        arrival_hi=first,
        departure_lo=last,
        departure_hi=gone,
        heard_arriving=came is not None and first - came <= gap,
        heard_leaving=gone is not None and gone - last <= gap,
        ship=(former.ship or stay.ship) if former.may_be(stay) else None,
    )


def _stays_of_track(track: pd.DataFrame, place: Place, config: CallsConfig) -> Iterator[tuple[Stay, FloatArray]]:
    seconds = track["time_utc"].astype("int64").to_numpy() / 1e6
    lon, lat = track["lon"].to_numpy(float), track["lat"].to_numpy(float)
    gap_s = config.gap_h * 3600.0
    speeds_kn = speed_kn(seconds, lon, lat, track["sog_kn"].to_numpy(float), gap_s)
    stop = _is_stopped(seconds, speeds_kn, config.stop_kn, config.move_kn, gap_s)
    runs = _true_runs(stop, np.diff(seconds) > config.max_stay_d * 86_400.0)
    spots = [spot for run in runs for spot in _split_spots(run, seconds, lon, lat, place, config)]
    pieces = [(s.first, s.last, s.zone) for s in spots if s.zone is not None]
    ship = track["ship"].iloc[0]  # of all fixes of a track
    for first, last, zone in _join_stops(pieces, seconds, config):
        before, after = first - 1, last
        stay = Stay(
            mmsi=int(track["mmsi"].iloc[0]),
            zone_id=zone.zone_id,
            arrival_lo=track["time_utc"].iloc[before] if before >= 0 else None,
            arrival_hi=track["time_utc"].iloc[first],
            departure_lo=track["time_utc"].iloc[last - 1],
            departure_hi=track["time_utc"].iloc[after] if after < len(track) else None,
            heard_arriving=before >= 0 and seconds[first] - seconds[before] <= gap_s,
            heard_leaving=after < len(track) and seconds[after] - seconds[last - 1] <= gap_s,
            spot=(float(np.median(lon[first:last])), float(np.median(lat[first:last]))),
            ship=None if pd.isna(ship) else int(ship),
        )
        yield stay, seconds[first:last]


def speed_kn(seconds: FloatArray, lon: FloatArray, lat: FloatArray, sent_kn: FloatArray, gap_s: float) -> FloatArray:
    """Speed as sent [kn]; where none was, the lesser of those from the fix before and to the fix after.

    The lesser one, since she is at rest at the first fix alongside and still at the last. A speed across a silence
    longer than ``gap_s`` is used only if the other side is silent, too.
    """
    is_unsent = np.isnan(sent_kn)
    if not is_unsent.any() or len(seconds) < 2:
        return np.where(is_unsent, 0.0, sent_kn)
    index = np.arange(len(seconds))
    before = np.maximum(np.searchsorted(seconds, seconds - SPEED_OVER_S, "right") - 1, 0)
    after = np.minimum(np.searchsorted(seconds, seconds + SPEED_OVER_S, "left"), len(seconds) - 1)
    speeds_and_silences = []
    for other in (before, after):
        run_s = np.abs(seconds - seconds[other])
        speed = distance_m(lon, lat, lon[other], lat[other]) / np.maximum(run_s, 1.0) / KNOT_M_S
        speeds_and_silences.append((np.where(other == index, np.inf, speed), run_s > gap_s))
    least_kn = np.minimum(*(np.where(silent, np.inf, speed) for speed, silent in speeds_and_silences))
    derived_kn = np.where(
        np.isinf(least_kn), np.minimum(speeds_and_silences[0][0], speeds_and_silences[1][0]), least_kn
    )
    return np.where(is_unsent, derived_kn, sent_kn)


@numba.njit(cache=True)
def _is_stopped(seconds, speed, stop_kn, move_kn, gap_s):  # type: ignore[no-untyped-def]
    """True while stopped: entered at or below ``stop_kn``, left at or above ``move_kn``; reset by a long silence."""
    out = np.zeros(len(seconds), np.bool_)
    stopped = False
    for i in range(len(seconds)):
        if i > 0 and seconds[i] - seconds[i - 1] > gap_s:
            stopped = False
        if speed[i] <= stop_kn:
            stopped = True
        elif speed[i] >= move_kn:
            stopped = False
        out[i] = stopped
    return out


def _true_runs(flags: np.ndarray, cuts: np.ndarray) -> list[tuple[int, int]]:
    """Half-open index ranges in which a boolean array is True, cut between n and n + 1 where ``cuts[n]`` is True."""
    before, after = np.concatenate([[False], flags]), np.concatenate([flags, [False]])
    cut = np.concatenate([[False], cuts, [False]]) & before & after
    starts = np.flatnonzero((after & ~before) | cut)
    ends = np.flatnonzero((before & ~after) | cut)
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class _Spot:
    """Fixes ``first`` up to ``last`` (not included) of a track, at rest about one place, and its zone."""

    first: int
    last: int
    middle: tuple[float, float]
    zone: Zone | None

    @property
    def count(self) -> int:
        """Number of fixes."""
        return self.last - self.first

    @property
    def reach_m(self) -> float:
        """Largest distance of a hull's antenna from the middle of where she lies."""
        return MOORED_M if self.zone is not None and self.zone.kind == "berth" else SAME_SPOT_M


def _split_spots(
    run: tuple[int, int], seconds: FloatArray, lon: FloatArray, lat: FloatArray, place: Place, config: CallsConfig
) -> list[_Spot]:
    """A run of fixes at rest, cut where she lies elsewhere from one fix to the next (a shift that was not heard).

    A few fixes elsewhere between two spells at one place (one, or few within hours) are strays and cut nothing. Nor
    does a fix at either end that is farther off than a ship at rest can have moved in the time: she lay here when it
    was sent.
    """

    def spots_between(bounds: list[tuple[int, int]]) -> list[_Spot]:
        x = np.array([lon[a] if b - a == 1 else np.median(lon[a:b]) for a, b in bounds])
        y = np.array([lat[a] if b - a == 1 else np.median(lat[a:b]) for a, b in bounds])
        zones = _zones_at(x, y, place, config)
        return [_Spot(*ends, (float(x[n]), float(y[n])), zones[n]) for n, ends in enumerate(bounds)]

    def is_stray(spot: _Spot, after: int) -> bool:
        away_h = (seconds[after] - seconds[spot.first - 1]) / 3600.0
        return spot.count == 1 or (spot.count < MIN_FIXES and away_h <= config.gap_h)

    def is_leap(end: _Spot, beside: _Spot, later: int) -> bool:
        took_s = seconds[later] - seconds[later - 1]
        way_m = float(distance_m(*end.middle, *beside.middle))
        return end.count == 1 and took_s <= SHIFT_S and way_m > config.move_kn * KNOT_M_S * took_s

    first, last = run
    step_m = distance_m(lon[first : last - 1], lat[first : last - 1], lon[first + 1 : last], lat[first + 1 : last])
    bounds_of_spots = [first, *(first + 1 + np.flatnonzero(step_m > 2 * MOORED_M)).tolist(), last]
    out: list[_Spot] = []
    for spot in spots_between(list(pairwise(bounds_of_spots))):
        if out and _at_one_place(out[-1], spot):
            out[-1] = _merge_spots(out[-1], spot)
        elif len(out) > 1 and is_stray(out[-1], spot.first) and _at_one_place(out[-2], spot):
            out[-2:] = [_merge_spots(out[-2], spot)]
        else:
            out.append(spot)
    if len(out) > 1 and is_leap(out[0], out[1], out[1].first):
        out[:2] = [_merge_spots(out[0], out[1])]
    if len(out) > 1 and is_leap(out[-1], out[-2], out[-1].first):
        out[-2:] = [_merge_spots(out[-2], out[-1])]
    return spots_between([(s.first, s.last) for s in out]) if len(bounds_of_spots) > 2 else out


def _merge_spots(former: _Spot, spot: _Spot) -> _Spot:
    """Both and all fixes between, about the middle of the one with more fixes."""
    longer = former if former.count >= spot.count else spot
    return replace(longer, first=former.first, last=spot.last)


def _at_one_place(first: _Spot, second: _Spot) -> bool:
    same_zone = first.zone is not None and second.zone is not None and first.zone.zone_id == second.zone.zone_id
    return same_zone or float(distance_m(*first.middle, *second.middle)) <= first.reach_m + second.reach_m


def _zones_at(lon: FloatArray, lat: FloatArray, place: Place, config: CallsConfig) -> list[Zone | None]:
    """The zone in which each point lies: berths (with their reach) before anchorages; within each kind, the nearest.

    A point in several of a kind lies in the smallest of them.
    """
    out = np.full(len(lon), -1)
    zones = inner_first(place.zones)
    for kind, reach in (("berth", config.berth_reach_m), ("anchorage", 0.0)):
        nearest = np.where(out < 0, reach, -1.0)  # points at a berth are settled
        for n, zone in enumerate(zones):
            west, south, east, north = zone.geometry.bounds
            near = (west - 0.1 < lon) & (lon < east + 0.1) & (south - 0.1 < lat) & (lat < north + 0.1)
            near = np.flatnonzero(near & (nearest >= 0.0)) if zone.kind == kind else np.zeros(0, int)
            if len(near):
                metres = distance_to_zone_m(lon[near], lat[near], zone.geometry)
                nearer = (metres < nearest[near]) | ((metres <= nearest[near]) & (out[near] < 0))
                out[near[nearer]], nearest[near[nearer]] = n, metres[nearer]
    return [zones[n] if n >= 0 else None for n in out.tolist()]


def _join_stops(
    pieces: list[tuple[int, int, Zone]], seconds: FloatArray, config: CallsConfig
) -> list[tuple[int, int, Zone]]:
    """Join stops at one zone that only a short break separates.

    A stop in a zone that does not count is only a break, so that drawing such a zone splits no call; it remains in the
    list as well.
    """
    out: list[tuple[int, int, Zone]] = []
    for first, last, zone in pieces:
        at = _last_stop_at(out, zone)
        if at is not None and seconds[first] - seconds[out[at][1] - 1] <= config.gap_h * 3600.0:
            out[at] = (out[at][0], last, zone)
        else:
            out.append((first, last, zone))
    return out


def _last_stop_at(stops: list[tuple[int, int, Zone]], zone: Zone) -> int | None:
    """Index of her last stop at a zone, if she has since stopped only in zones that do not count."""
    for n in range(len(stops) - 1, -1, -1):
        if stops[n][2].zone_id == zone.zone_id:
            return n
        if stops[n][2].counts:
            return None
    return None
