"""Two ships side by side away from any berth: what may be a transfer of cargo from ship to ship.

Both slower than 2 kn and within 500 m of each other for two hours or more: the rule of N. A. Miller and others, Front.
Mar. Sci. 5, article 240, 2018; here outside the berths of the place, since alongside a quay neighbours are no news. An
encounter is a finding, never by itself a transfer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pipeline.calls.geodesy import distance_to_zone_m, to_plane
from pipeline.calls.tracks import good_fixes
from pipeline.config import CallsConfig
from pipeline.times_places.nested import inner_first
from pipeline.types import Place

if TYPE_CHECKING:
    from pipeline.types import FloatArray

# The rule of Miller and others, named above
SLOW_KN = 2.0
NEAR_M = 500.0
LEAST_H = 2.0
BIN_S = 600.0  # a ship at anchor reports every three minutes (ITU-R M.1371), and some reports are lost (our choice)
BREAK_BINS = 6  # an hour in which one of them was not heard does not end it (our choice)


@dataclass(frozen=True, slots=True)
class Encounter:
    """Two transponders side by side."""

    mmsi: tuple[int, int]
    start: pd.Timestamp
    end: pd.Timestamp
    lon: float
    lat: float
    zone_id: str
    """The anchorage that it lies in; empty at sea."""


def encounters(tracks: pd.DataFrame, place: Place, config: CallsConfig) -> list[Encounter]:
    """Every encounter, in order of time."""
    fixes = good_fixes(tracks)
    fixes = fixes[fixes["sog_kn"].fillna(0.0).to_numpy(float) <= SLOW_KN]
    if fixes.empty:
        return []
    fixes = fixes[~_at_berth(fixes, place, config)]
    bins = fixes.assign(bin=fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) // int(BIN_S * 1e6))
    spots = bins.groupby(["bin", "mmsi"], sort=True)[["lon", "lat"]].median().reset_index()
    number, lon, lat, mmsi = (spots[name].to_numpy() for name in ("bin", "lon", "lat", "mmsi"))
    together: dict[tuple[int, int], list[tuple[int, float, float]]] = {}
    starts = np.flatnonzero(np.diff(number, prepend=number[:1] - 1))
    for start, end in pairwise([*starts, len(number)]):
        if end - start < 2:
            continue
        plane: FloatArray = np.column_stack(to_plane(lon[start:end], lat[start:end], (lon[start], lat[start])))
        for pair in sorted(cKDTree(plane).query_pairs(NEAR_M)):
            a, b = (start + n for n in pair)
            middle = (int(number[a]), float(lon[[a, b]].mean()), float(lat[[a, b]].mean()))
            together.setdefault((int(mmsi[a]), int(mmsi[b])), []).append(middle)
    found = [one for pair, when in sorted(together.items()) for one in _spells(pair, when, place)]
    return sorted(found, key=lambda e: (e.start, e.mmsi))


def _spells(pair: tuple[int, int], when: list[tuple[int, float, float]], place: Place) -> list[Encounter]:
    """The times that two ships were together for long enough."""
    number = np.array([n for n, _, _ in when])
    cuts = np.flatnonzero(np.diff(number) > BREAK_BINS) + 1
    out = []
    for spell in np.split(np.arange(len(number)), cuts):
        first, last = number[spell[0]], number[spell[-1]] + 1
        if (last - first) * BIN_S < LEAST_H * 3600:
            continue
        lon, lat = (float(np.median([when[k][axis] for k in spell])) for axis in (1, 2))
        spot = np.array([lon]), np.array([lat])
        zone = next((z for z in inner_first(place.zones) if distance_to_zone_m(*spot, z.geometry)[0] == 0), None)
        out.append(Encounter(pair, _moment(first), _moment(last), lon, lat, zone.zone_id if zone else ""))
    return out


def _moment(number: int) -> pd.Timestamp:
    return pd.Timestamp(int(number * BIN_S), unit="s", tz="UTC")


def _at_berth(fixes: pd.DataFrame, place: Place, config: CallsConfig) -> np.ndarray:
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
