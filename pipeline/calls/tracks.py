"""Position reports to tracks: sorted, repeats and jumps flagged, two ships on one MMSI told apart. Nothing is deleted.

Each fix goes to the open track of its MMSI that it can have come from at a ship's speed; where there is none, it opens
a new one. A track of one or two fixes beside a longer one is a spike.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

from pipeline.calls.geodesy import KNOT_M_S
from pipeline.config import CallsConfig
from pipeline.tables import TRACKS

POSITION_TYPES = (0, 1, 2, 3, 18, 19, 27)  # 0: a table that does not say; ships only, no aircraft, no beacons
MAX_SPEED_KN = 50.0  # faster than any merchant ship, with room for position noise
SLACK_M = 500.0  # of noise and clock error between two fixes
FORGET_S = 86_400.0  # after a day's silence she may be anywhere
MIN_FIXES = 3  # fewer beside a longer track of the same MMSI are spikes
DUPLICATE_S = 1.0


def clean_tracks(messages: pd.DataFrame, config: CallsConfig) -> pd.DataFrame:
    """The TRACKS table of decoded messages; fixes with flags take no part in calls."""
    del config  # the limits are those of physics
    use = messages["msg_type"].isin(POSITION_TYPES) & messages[["lon", "lat", "time_utc"]].notna().all(axis=1)
    fixes = messages.loc[use, ["mmsi", "time_utc", "lon", "lat", "sog", "cog", "heading", "message_id"]]
    fixes = fixes.sort_values(["mmsi", "time_utc", "message_id"], ignore_index=True)
    if fixes.empty:
        return TRACKS.empty()
    mmsi = fixes["mmsi"].to_numpy(np.int64)
    seconds = fixes["time_utc"].astype("int64").to_numpy() / 1e6
    lon, lat = fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float)
    part, repeat = _split(mmsi, seconds, lon, lat, MAX_SPEED_KN * KNOT_M_S, SLACK_M, FORGET_S, DUPLICATE_S)
    track, spike = _name_tracks(mmsi, part)
    flags = [
        [name for name, on in (("spike", s), ("duplicate", r), ("bad_mmsi", b)) if on]
        for s, r, b in zip(spike, repeat, (mmsi < 100_000_000) | (mmsi > 999_999_999), strict=True)
    ]
    table = pd.DataFrame(
        {
            "fix_id": [f"{t}:{n}" for n, t in enumerate(track)],
            "track_id": track,
            "mmsi": fixes["mmsi"],
            "time_utc": fixes["time_utc"],
            "lon": lon,
            "lat": lat,
            "sog_kn": fixes["sog"],
            "cog_deg": fixes["cog"],
            "heading_deg": fixes["heading"],
            "flags": flags,
        }
    )
    return TRACKS.check(table.sort_values(["track_id", "time_utc", "fix_id"], kind="stable"))


def good_fixes(tracks: pd.DataFrame) -> pd.DataFrame:
    """The fixes that nothing speaks against."""
    return tracks[tracks["flags"].map(len) == 0]


@numba.njit(cache=True)
def _split(mmsi, seconds, lon, lat, max_speed_m_s, slack_m, forget_s, duplicate_s):  # type: ignore[no-untyped-def]
    """Running number of the physical track of each fix within its MMSI, and whether it repeats the fix before."""
    n = len(mmsi)
    part = np.zeros(n, np.int64)
    repeat = np.zeros(n, np.bool_)
    last = np.zeros(16, np.int64)  # last fix of each open track
    opened = 0
    for i in range(n):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            opened = 0
        best, best_ratio = -1, 1.0
        for k in range(opened):
            j = last[k]
            dt = seconds[i] - seconds[j]
            around = (lon[i] - lon[j] + 180.0) % 360.0 - 180.0
            east = around * np.cos(np.radians(0.5 * (lat[i] + lat[j])))
            metres = 111320.0 * np.sqrt(east * east + (lat[i] - lat[j]) ** 2)
            reach = slack_m + max_speed_m_s * dt
            ratio = 0.999 if dt > forget_s else metres / reach
            if ratio < best_ratio:
                best, best_ratio = k, ratio
                if dt <= duplicate_s and metres < slack_m:
                    repeat[i] = True
        if best < 0:
            if opened < 16:
                best = opened
                opened += 1
            else:
                best = 15
        part[i] = best
        last[best] = i
    return part, repeat


def _name_tracks(mmsi: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Track names (the MMSI, with a number for every further one) and which fixes are spikes."""
    frame = pd.DataFrame({"mmsi": mmsi, "part": part})
    size = frame.groupby(["mmsi", "part"]).size().rename("n").reset_index()
    size = size.sort_values(["mmsi", "n", "part"], ascending=[True, False, True])
    size["rank"] = size.groupby("mmsi").cumcount()
    frame = frame.merge(size, on=["mmsi", "part"], how="left")
    spike = (frame["rank"] > 0) & (frame["n"] < MIN_FIXES)
    suffix = np.where(frame["rank"] > 0, "-" + (frame["rank"] + 1).astype(str), "")
    suffix = np.where(spike, "", suffix)  # a spike stays with the ship whose transponder sent it
    return (frame["mmsi"].astype(str) + suffix).to_numpy(dtype=object), spike.to_numpy()
