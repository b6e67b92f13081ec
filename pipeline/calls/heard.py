"""Which sightings show a ship whose stay is known from her transponder, and which unnamed stays continue such a stay.

A sighting matched to her transponder at that time is hers even in the neighbouring zone: antenna and middle of the hull
may lie on two sides of the line between two berths. An unmatched sighting is hers too if she lay silent at that spot,
heard there before and after: no transponder could be matched to it, since a match needs a fix within the hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.counting import difference, length_of
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.geodesy import distance_m
from pipeline.calls.motion import MAX_AGE_S
from pipeline.calls.static import lengths_at
from pipeline.calls.stays import SAME_SPOT_M as SWING_M
from pipeline.calls.tracks import good_fixes
from pipeline.ships.turnover import DISAGREE, NO_LOOK_BEFORE, LookBefore, Pair, chance_of_one_stay
from pipeline.tables.records import records_of
from pipeline.tables.ships import TYPED_SD_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.calls.stays import Stay
    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray, Place

HEARD_WITHIN_S = 6 * 3600.0  # our choice: a receiver that hears no ship for so long was off
POSITION_ERRORS_M = 100.0  # errors of the positions of antenna and image together (our choice)
UNKNOWN_SD_M = 1e3  # of an unknown length: it is evidence neither for nor against

Sighting = Mapping[Any, Any]


class Heard:
    """The stays known from transponders at a place, with queries on how sightings relate to them."""

    def __init__(self, stays: Sequence[Stay], tracks: pd.DataFrame, static: pd.DataFrame, place: Place) -> None:
        self.stays = stays
        self._static = static
        self._longest_m: dict[int, float] = static.groupby("mmsi")["length_m"].max().astype(float).to_dict()
        self._berths = {zone.zone_id for zone in place.zones if zone.kind == "berth"}
        self._all_seconds = np.sort(tracks["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6)
        fixes = good_fixes(tracks).sort_values("time_utc", kind="stable")
        seconds = fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        ships = pd.Series(seconds).groupby(fixes["mmsi"].to_numpy())
        self._seconds_by_mmsi: dict[int, FloatArray] = {
            int(mmsi): seconds_of_ship.to_numpy(float) for mmsi, seconds_of_ship in ships
        }

    def stay_of_sightings(self, seen: pd.DataFrame, config: CallsConfig) -> dict[str, int]:
        """Index of the stay that each sighting belongs to, by detection; sightings that belong to none are left out.

        ``seen`` has a column mmsi, empty where no transponder matches, and a column pass_id.
        """
        out: dict[str, int] = {}
        taken: set[tuple[int, str]] = set()
        rows = records_of(seen)
        for row in (r for r in rows if pd.notna(r["mmsi"])):
            if (stay := self._stay_of_matched(row, config)) is not None:
                out[row["detection_id"]] = stay
                taken.add((stay, row["pass_id"]))
        silent = [fit for row in rows if pd.isna(row["mmsi"]) for fit in self._stays_of_silent_ships(row, config)]
        for _, name, stay, pass_id in sorted(silent):
            if name not in out and (stay, pass_id) not in taken:  # one ship is seen once in one pass
                out[name] = stay
                taken.add((stay, pass_id))
        return out

    def _stay_of_matched(self, sighting: Sighting, config: CallsConfig) -> int | None:
        """Of the stays of the matched ship at that time, the nearest, preferably in the sighting's zone."""
        fits, gap = [], pd.Timedelta(hours=config.gap_h)
        for n, stay in enumerate(self.stays):
            if stay.mmsi != sighting["mmsi"] or not _may_be_present(stay, sighting["acquired"], gap):
                continue
            apart_m, elsewhere = _apart_m(stay, sighting), stay.zone_id != sighting["berth_id"]
            if not elsewhere or apart_m <= self._reach_m(stay, sighting):
                outside = not stay.arrival_hi <= sighting["acquired"] <= stay.departure_lo
                fits.append((elsewhere, outside, apart_m, n))
        return min(fits)[-1] if fits else None

    def _stays_of_silent_ships(self, sighting: Sighting, config: CallsConfig) -> Iterator[tuple[float, str, int, str]]:
        """Stays of silent ships that a sighting may show: misfit, detection, stay, pass."""
        when, gap = sighting["acquired"], pd.Timedelta(hours=config.gap_h)
        for n, stay in enumerate(self.stays):
            if not _may_be_present(stay, when, gap, at_most=True):
                continue
            apart_m, reach = _apart_m(stay, sighting), self._reach_m(stay, sighting)
            if apart_m > reach or self._is_heard_near(stay.mmsi, when):
                continue
            difference_m, error_m = difference(self._broadcast_length(stay, when), length_of(sighting), config)
            if abs(difference_m) <= DISAGREE * error_m:
                yield (
                    (apart_m / reach) ** 2 + (difference_m / error_m) ** 2,
                    sighting["detection_id"],
                    n,
                    sighting["pass_id"],
                )

    def continued_stay(self, dark: DarkStay, config: CallsConfig) -> tuple[int, float]:
        """The heard stay that an unnamed stay may continue or precede, and the probability that it does; -1 for none.

        The heard ship lay at that spot but was not heard around the time of the image: the ship in it may be her, still
        or already there, or another. A ship whose arrival was heard has more of her stay left than one found in the
        midst of it.
        """
        best = (-1, 0.0)
        first, last = dark.sightings[0], dark.last
        longest, day = pd.Timedelta(days=config.max_stay_d), pd.Timedelta(days=1)
        for n, stay in enumerate(self.stays):
            if first["acquired"] > stay.departure_lo:
                near, gap = first, first["acquired"] - stay.departure_lo
                arrived = stay.arrival_lo, stay.arrival_hi
            elif last["acquired"] < stay.arrival_hi:
                near, gap = last, stay.arrival_hi - last["acquired"]
                arrived = stay.departure_lo, stay.departure_hi  # the law of turns is the same with time reversed
            else:
                continue
            when = near["acquired"]
            ends = first["acquired"], last["acquired"]
            possible = all(_may_be_present(stay, end, longest) for end in ends)
            if not possible or _apart_m(stay, near) > self._reach_m(stay, near) or self._is_heard_near(stay.mmsi, when):
                continue
            difference_m, error_m = difference(self._broadcast_length(stay, when), dark.length(), config)
            seen_d = (stay.departure_lo - stay.arrival_hi) / day
            before = NO_LOOK_BEFORE if None in arrived else LookBefore((arrived[1] - arrived[0]) / day, 0.0)
            pair = Pair(seen_d, gap / day, difference_m, error_m, second_seen_d=dark.seen_d, before=before)
            chance = chance_of_one_stay(dark.turns, pair)
            best = max(best, (n, chance), key=lambda pair: pair[1])
        return best

    def is_anyone_heard(self, dark: DarkStay) -> bool:
        """Was any transponder heard near the time of any sighting? If not, a ship without one is not dark."""
        seen_s = np.array([s["acquired"].timestamp() for s in dark.sightings])  # type: ignore[attr-defined]
        return bool(self.has_reception_at(seen_s).any())

    def has_reception_at(self, when_s: FloatArray) -> NDArray[np.bool_]:
        """Was any transponder heard near each of these times [s since 1970]?"""
        near = (-HEARD_WITHIN_S, HEARD_WITHIN_S)
        first, after = (np.searchsorted(self._all_seconds, when_s + side, "right") for side in near)
        return np.asarray(after > first)

    def is_at_berth(self, stay: Stay) -> bool:
        """Is the zone of a stay a berth?"""
        return stay.zone_id in self._berths

    def longest_m(self, stay: Stay) -> float:
        """The greatest length [m] ever sent under her number; NaN without one."""
        return self._longest_m.get(stay.mmsi, np.nan)

    def _is_heard_near(self, mmsi: int, when: pd.Timestamp) -> bool:
        """Was she heard within the hour? Then matching has already decided whether a sighting is hers."""
        seconds = self._seconds_by_mmsi.get(mmsi, np.empty(0))
        second = when.timestamp()
        return bool(
            np.searchsorted(seconds, second + MAX_AGE_S, "right") > np.searchsorted(seconds, second - MAX_AGE_S)
        )

    def _broadcast_length(self, stay: Stay, when: pd.Timestamp) -> tuple[float, float]:
        """Length as broadcast, with its standard deviation [m]."""
        length_m = lengths_at(self._static[self._static["mmsi"] == stay.mmsi], when).get((stay.mmsi, stay.ship or 0))
        return (0.0, UNKNOWN_SD_M) if length_m is None else (length_m, TYPED_SD_M["length"])

    def _reach_m(self, stay: Stay, sighting: Sighting) -> float:
        """How far the middle of her hull may lie from her antenna: half a hull, or her swing at anchor."""
        half = float(sighting["length_m"]) / 2
        return max(SWING_M, half) + POSITION_ERRORS_M if not self.is_at_berth(stay) else half + POSITION_ERRORS_M


def _apart_m(stay: Stay, sighting: Sighting) -> float:
    return float(distance_m(*stay.spot, sighting["lon"], sighting["lat"]))


def _may_be_present(stay: Stay, when: pd.Timestamp, unheard: pd.Timedelta, *, at_most: bool = False) -> bool:
    """May she have been there? An unheard end is open by ``unheard``; with ``at_most`` neither end is open by more."""
    start, end = stay.arrival_lo, stay.departure_hi
    earliest, latest = stay.arrival_hi - unheard, stay.departure_lo + unheard
    if at_most:
        start, end = max(start or earliest, earliest), min(end or latest, latest)
    return bool((start or earliest) <= when <= (end or latest))
