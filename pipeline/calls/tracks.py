"""Position reports to tracks: sorted, repeats and jumps flagged, two ships on one MMSI told apart. Nothing is deleted.

Each fix goes to the open track of its MMSI that it can have come from at a ship's speed; where there is none, it opens
a new one, unless it goes on from the fix before the last: then the last one was a spike. Beside the main track of an
MMSI, fixes that do not move as their own speed says are spikes: thrown anywhere, they are in reach of each other soon
enough, but no ship makes such a way.
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
MIN_FIXES = 3  # fewer in a row beside the main track of the same MMSI are spikes
OWN_SPEED = 1.5  # a ship covers at most so much more than her sent speed says (our choice)
NO_SPEED = (13.0, 600.0)  # where no speed is sent: 25 kn, for ten minutes at most (our choice)
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
    seconds = fixes["time_utc"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    lon, lat = fixes["lon"].to_numpy(float), fixes["lat"].to_numpy(float)
    speed_m_s = fixes["sog"].to_numpy(float) * KNOT_M_S
    part, repeat, astray, follows = _split(mmsi, seconds, lon, lat, speed_m_s)
    track, spike = _name_tracks(mmsi, part, astray, follows)
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
def _metres(lon, lat, i, j):  # type: ignore[no-untyped-def]
    """Distance of two fixes; a sphere will do for limits."""
    around = (lon[i] - lon[j] + 180.0) % 360.0 - 180.0
    east = around * np.cos(np.radians(0.5 * (lat[i] + lat[j])))
    return 111_320.0 * np.sqrt(east * east + (lat[i] - lat[j]) ** 2)


@numba.njit(cache=True)
def _strain(lon, lat, seconds, i, j):  # type: ignore[no-untyped-def]
    """Way from fix j to fix i as a share of what a ship can make; below 1 it is possible."""
    dt = seconds[i] - seconds[j]
    if dt > FORGET_S:
        return 0.999
    return _metres(lon, lat, i, j) / (SLACK_M + MAX_SPEED_KN * KNOT_M_S * dt)


@numba.njit(cache=True)
def _moves_as_sent(lon, lat, seconds, speed_m_s, i, j):  # type: ignore[no-untyped-def]
    """Is the way from fix j to fix i one that the speeds sent with them explain?"""
    dt = seconds[i] - seconds[j]
    if np.isnan(speed_m_s[i]) or np.isnan(speed_m_s[j]):
        way = NO_SPEED[0] * min(dt, NO_SPEED[1])
    else:
        way = OWN_SPEED * max(speed_m_s[i], speed_m_s[j]) * dt
    return _metres(lon, lat, i, j) <= SLACK_M + way


@numba.njit(cache=True)
def _split(mmsi, seconds, lon, lat, speed_m_s):  # type: ignore[no-untyped-def]
    """For each fix: number of its physical track within its MMSI, does it repeat the fix before, was it passed over as
    a spike, and does it follow from the fix before it in its track at the speed that was sent."""
    n = len(mmsi)
    part = np.zeros(n, np.int64)
    repeat, astray, follows = np.zeros(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    last, before = np.zeros(16, np.int64), np.zeros(16, np.int64)  # last two fixes of each open track
    number = np.zeros(16, np.int64)
    opened = made = 0
    for i in range(n):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            opened = made = 0
        best, least = -1, 1.0
        for k in range(opened):
            strain = _strain(lon, lat, seconds, i, last[k])
            if strain < least:
                best, least = k, strain
        if best >= 0:
            j = last[best]
            repeat[i] = seconds[i] - seconds[j] <= DUPLICATE_S and _metres(lon, lat, i, j) < SLACK_M
            before[best] = j
        else:
            for k in range(opened):
                j = before[k]
                if j >= 0 and not follows[last[k]] and _moves_as_sent(lon, lat, seconds, speed_m_s, i, j):
                    strain = _strain(lon, lat, seconds, i, j)
                    if strain < least:
                        best, least = k, strain
            if best >= 0:
                astray[last[best]] = True
        if best >= 0:
            follows[i] = _moves_as_sent(lon, lat, seconds, speed_m_s, i, before[best])
        else:
            best = opened
            if opened < 16:
                opened += 1
            else:  # the track that was silent longest makes room
                best = np.argmin(last)
            before[best] = -1
            number[best] = made
            made += 1
        part[i] = number[best]
        last[best] = i
    return part, repeat, astray, follows


def _name_tracks(
    mmsi: np.ndarray, part: np.ndarray, astray: np.ndarray, follows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Track names (the MMSI, with a number for every further one) and which fixes are spikes.

    The main track of an MMSI is the one with most fixes that move as they say.
    """
    frame = pd.DataFrame({"mmsi": mmsi, "part": part, "breaks": ~follows})
    key = [frame["mmsi"], frame["part"]]
    run = frame.groupby(["mmsi", "part"])["breaks"].cumsum()
    frame["sound"] = frame.groupby([*key, run])["part"].transform("size") >= MIN_FIXES
    size = frame.groupby(["mmsi", "part"]).agg(sound=("sound", "sum"), n=("sound", "size")).reset_index()
    size = size.sort_values(["mmsi", "sound", "n", "part"], ascending=[True, False, False, True])
    size["rank"] = size.groupby("mmsi").cumcount()
    rank = frame.merge(size[["mmsi", "part", "rank"]], on=["mmsi", "part"], how="left")["rank"].to_numpy()
    spike = astray | ((rank > 0) & ~frame["sound"].to_numpy())
    # a spike stays with the ship whose transponder sent it
    further = (rank > 0) & ~spike
    names = frame["mmsi"].astype(str) + np.where(further, "-" + pd.Series(rank + 1).astype(str), "")
    return names.to_numpy(dtype=object), spike
