"""Find two ships side by side away from any berth, as in a ship-to-ship transfer of cargo.

Both are slower than 2 kn and within 500 m of each other for two hours or more: the rule of N. A. Miller and others,
Front. Mar. Sci. 5, article 240, 2018; here only outside the berths of the place, since neighbours at a quay are normal.
An encounter is a finding, never by itself a transfer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pipeline.calls.geodesy import distance_to_zone_m, to_plane
from pipeline.calls.stays import speed_kn
from pipeline.calls.tracks import good_fixes
from pipeline.config import CallsConfig
from pipeline.times_places.nested import inner_first
from pipeline.types import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.types import FloatArray

# The rule of Miller and others, named above
SLOW_KN = 2.0
NEAR_M = 500.0
LEAST_H = 2.0
BIN_S = 600.0  # a ship at anchor reports every three minutes (ITU-R M.1371), and some reports are lost (our choice)
BREAK_BINS = 6  # an hour in which one of them was not heard does not end an encounter (our choice)


@dataclass(frozen=True, slots=True)
class Encounter:
    """Two transponders side by side."""

    mmsi: tuple[int, int]
    ship: tuple[int | None, int | None]
    """Which of the ships that send under each number, where that is known (as in TRACKS)."""
    start: pd.Timestamp
    end: pd.Timestamp
    lon: float
    lat: float
    zone_id: str
    """The anchorage in which it lies; empty at sea."""

    def holds(self, mmsi: int, ship: int | None) -> bool:
        """Can this ship be one of the two?"""
        transponders = zip(self.mmsi, self.ship, strict=True)
        return any(
            mmsi == number and (ship is None or ship_of_number is None or ship == ship_of_number)
            for number, ship_of_number in transponders
        )


_Sender = tuple[int, int]  # MMSI, and which of its ships: 0 where that is not known


def encounters(tracks: pd.DataFrame, place: Place, config: CallsConfig) -> list[Encounter]:
    """Every encounter, in order of time.

    Positions are taken per track: for a number that two ships share, a common position would be where neither is. Two
    tracks of one number are two ships only where their messages tell them apart.
    """
    fixes = good_fixes(tracks)
    fixes = fixes[_speeds_kn(fixes, config) <= SLOW_KN]
    if fixes.empty:
        return []
    fixes = fixes[~_is_at_berth(fixes, place, config)]
    bins = fixes.assign(bin=fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) // int(BIN_S * 1e6))
    bins["ship"] = bins["ship"].fillna(0).astype(np.int64)
    spots = bins.groupby(["bin", "mmsi", "ship", "track_id"], sort=True)[["lon", "lat"]].median().reset_index()
    bin_number, lon, lat, mmsi, ship = (spots[name].to_numpy() for name in ("bin", "lon", "lat", "mmsi", "ship"))
    together: dict[tuple[_Sender, _Sender], dict[int, tuple[float, float]]] = {}
    starts = np.flatnonzero(np.diff(bin_number, prepend=bin_number[:1] - 1))
    for start, end in pairwise([*starts, len(bin_number)]):
        if end - start < 2:
            continue
        plane: FloatArray = np.column_stack(to_plane(lon[start:end], lat[start:end], (lon[start], lat[start])))
        for a, b in sorted(cKDTree(plane).query_pairs(NEAR_M)):
            first, second = ((int(mmsi[start + n]), int(ship[start + n])) for n in (a, b))
            if first[0] == second[0] and (first[1] == second[1] or not first[1]):
                continue  # nothing says that they are two
            middle = float(lon[[start + a, start + b]].mean()), float(lat[[start + a, start + b]].mean())
            together.setdefault((first, second), {}).setdefault(int(bin_number[start]), middle)
    found = [
        encounter for pair, when in sorted(together.items()) for encounter in _encounters_of_pair(pair, when, place)
    ]
    return sorted(found, key=lambda e: (e.start, e.mmsi, [ship or 0 for ship in e.ship]))


def _speeds_kn(fixes: pd.DataFrame, config: CallsConfig) -> FloatArray:
    """Speed of each fix as sent; where none was sent, derived from the neighbouring fixes, as for stays."""
    out = fixes["sog_kn"].to_numpy(float, copy=True)
    rows = pd.Series(np.arange(len(fixes)), fixes.index)
    for track_id in fixes.loc[np.isnan(out), "track_id"].unique():
        track = fixes[fixes["track_id"] == track_id].sort_values(["time_utc", "fix_id"], kind="stable")
        seconds = track["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        place = track["lon"].to_numpy(float), track["lat"].to_numpy(float)
        out[rows[track.index]] = speed_kn(seconds, *place, track["sog_kn"].to_numpy(float), config.gap_h * 3600.0)
    return out


def _encounters_of_pair(
    pair: tuple[_Sender, _Sender], middle_by_bin: dict[int, tuple[float, float]], place: Place
) -> Iterator[Encounter]:
    """The encounters of a pair that last long enough; ``middle_by_bin`` has the middle position by bin number."""
    bin_number = np.array(list(middle_by_bin))
    middle = np.array(list(middle_by_bin.values()))
    cuts = np.flatnonzero(np.diff(bin_number) > BREAK_BINS) + 1
    for spell in np.split(np.arange(len(bin_number)), cuts):
        first, last = bin_number[spell[0]], bin_number[spell[-1]] + 1
        if (last - first) * BIN_S < LEAST_H * 3600:
            continue
        lon, lat = (float(v) for v in np.median(middle[spell], axis=0))
        spot = np.array([lon]), np.array([lat])
        zone = next((z for z in inner_first(place.zones) if distance_to_zone_m(*spot, z.geometry)[0] == 0), None)
        yield Encounter(
            mmsi=(pair[0][0], pair[1][0]),
            ship=(pair[0][1] or None, pair[1][1] or None),
            start=_bin_start(first),
            end=_bin_start(last),
            lon=lon,
            lat=lat,
            zone_id=zone.zone_id if zone else "",
        )


def _bin_start(bin_number: int) -> pd.Timestamp:
    return pd.Timestamp(int(bin_number * BIN_S), unit="s", tz="UTC")


def _is_at_berth(fixes: pd.DataFrame, place: Place, config: CallsConfig) -> np.ndarray:
    out = np.zeros(len(fixes), bool)
    lon, lat = fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float)
    for zone in place.zones:
        if zone.kind != "berth":
            continue
        west, south, east, north = zone.geometry.bounds
        near = (lon > west - 0.1) & (lon < east + 0.1) & (lat > south - 0.1) & (lat < north + 0.1)
        rows = np.flatnonzero(near & ~out)
        if len(rows):
            out[rows] = distance_to_zone_m(lon[rows], lat[rows], zone.geometry) <= config.berth_reach_m
    return out
