"""List the silences of transponders, each with what was heard of others meanwhile. A silence gives no reason by itself.

A receiver that heard no ship in the area was off or out of reach; one that kept hearing others near where the ship had
been heard is more suspicious. Neither shows that she fell silent on purpose: a transponder may fail, lie in the shadow
of a crane, or lose its slot. The table holds counts and no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pandas as pd

from pipeline.calls.tracks import good_fixes
from pipeline.tables import SILENCES
from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from pipeline.config import CallsConfig
    from pipeline.types import Place

AREA_M = 20_000.0  # around her last and next fix: what one shore station hears alike (our choice)
PLACE_MARGIN_DEG = 0.2  # beyond the box of the place, messages may not have been asked for (our choice)


def silences(tracks: pd.DataFrame, place: Place, config: CallsConfig) -> pd.DataFrame:
    """The SILENCES table: every gap of ``gap_h`` and more between two fixes of a track, in order of time.

    Both fixes lie in or near the box of the place: a ship that left and came back was elsewhere, not silent. "Others"
    are other transponders heard in the area, and their messages, before the gap (for as long as the gap lasts) and
    during it.
    """
    fixes = good_fixes(tracks)
    by_track = fixes.sort_values(["track_id", "time_utc", "fix_id"], kind="stable", ignore_index=True)
    if by_track.empty:
        return SILENCES.empty()
    seconds = _seconds(by_track)
    same = by_track["track_id"].to_numpy()[1:] == by_track["track_id"].to_numpy()[:-1]
    before = np.flatnonzero(same & (np.diff(seconds) >= config.gap_h * 3600.0))
    is_near = _is_near_place(by_track, place)
    before = before[is_near[before] & is_near[before + 1]]
    in_time = by_track.sort_values("time_utc", kind="stable", ignore_index=True)
    all_fixes = _Fixes(
        _seconds(in_time),
        in_time["mmsi"].to_numpy(np.int64),
        in_time["lon"].to_numpy(float, copy=True),  # can be written
        in_time["lat"].to_numpy(float, copy=True),
    )
    rows = [
        _silence_row(by_track.iloc[n], by_track.iloc[n + 1], seconds[n : n + 2].tolist(), all_fixes) for n in before
    ]
    rows.sort(key=lambda row: (row["start"], row["track_id"]))
    return SILENCES.check(SILENCES.from_rows(rows))


@dataclass(frozen=True, slots=True)
class _Fixes:
    """Every good fix in order of time, shape (fixes,) each: seconds, transponder, position [deg]."""

    seconds: np.ndarray
    mmsi: np.ndarray
    lon: np.ndarray
    lat: np.ndarray

    def others(self, mmsi: int, ends: np.ndarray, a: int, b: int) -> tuple[int, np.ndarray]:
        """Among fixes a to b near the ends of a silence: number of other ships, and the times of their messages."""
        near = _in_area(self.lon[a:b], self.lat[a:b], ends) & (self.mmsi[a:b] != mmsi)
        return len(np.unique(self.mmsi[a:b][near])), self.seconds[a:b][near]


def _silence_row(last: pd.Series, next_: pd.Series, seconds: list[float], all_fixes: _Fixes) -> dict[str, Any]:
    """The row of one silence, from the last fix before it, the next after it, and their times in seconds."""
    start, end = seconds
    ends = np.array([[last["lon"], last["lat"]], [next_["lon"], next_["lat"]]], float)
    first, after = (int(n) for n in np.searchsorted(all_fixes.seconds, [2 * start - end, end]))
    middle = int(np.searchsorted(all_fixes.seconds, start, "right"))
    ships_before, _ = all_fixes.others(int(last["mmsi"]), ends, first, middle)
    ships_during, messages_s = all_fixes.others(int(last["mmsi"]), ends, middle, after)
    return {
        "silence_id": f"{last['track_id']}/{last['time_utc'].strftime('%Y%m%dT%H%M%S')}",
        "track_id": last["track_id"],
        "mmsi": int(last["mmsi"]),
        "start": last["time_utc"],
        "end": next_["time_utc"],
        "hours": (end - start) / 3600.0,
        "lon": float(last["lon"]),
        "lat": float(last["lat"]),
        "lon_after": float(next_["lon"]),
        "lat_after": float(next_["lat"]),
        "others_before": ships_before,
        "others_during": ships_during,
        "messages_during": len(messages_s),
        "quiet_h": float(np.diff(np.concatenate([[start], messages_s, [end]])).max()) / 3600.0,
        "reception": "nobody" if not ships_during else "others",
    }


def _seconds(fixes: pd.DataFrame) -> np.ndarray:
    return fixes["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6


def _is_near_place(fixes: pd.DataFrame, place: Place) -> np.ndarray:
    """Is a fix in the box of the place, or just outside? Boxes across 180 degrees have west > east."""
    west, south, east, north = place.bbox
    lon, lat = fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float)
    width = (east - west) % 360.0 if east - west < 360.0 else 360.0
    inside = (lon - west + PLACE_MARGIN_DEG) % 360.0 <= width + 2 * PLACE_MARGIN_DEG
    return (inside | (width >= 360.0)) & (lat >= south - PLACE_MARGIN_DEG) & (lat <= north + PLACE_MARGIN_DEG)


@numba.njit("b1[::1](f8[::1], f8[::1], f8[:, ::1])", cache=True)  # named: compiled as the module is, at set-up
def _in_area(lon, lat, ends):  # type: ignore[no-untyped-def]
    """Is a fix within ``AREA_M`` of either end of a silence? A sphere will do for that."""
    out = np.zeros(len(lon), np.bool_)
    for i in range(len(lon)):
        for k in range(2):
            east = ((lon[i] - ends[k, 0] + 180.0) % 360.0 - 180.0) * np.cos(np.radians(ends[k, 1]))
            out[i] |= METRES_PER_DEGREE * np.sqrt(east * east + (lat[i] - ends[k, 1]) ** 2) <= AREA_M
    return out
