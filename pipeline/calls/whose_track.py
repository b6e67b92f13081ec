"""Assign the tracks of a shared MMSI to the ships that send it, piece by piece between silences.

There are two kinds of evidence: the identity in the messages that carry the fixes, and identities sent while nothing
else of the number is heard. The latter has priority, since tables that add to each position the identity last sent
under its number give either ship the other's. A ship known to be elsewhere at the time cannot be the sender: if only
one of those heard meanwhile is left, the piece is hers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

HEARD_WITHIN_S = 3600.0  # a ship in range sends at least as often; a longer silence ends a piece (our choice)
MOSTLY = 0.9  # share of messages that tells whose it is: some come late or damaged (our choice)
FEWEST = 3  # fewest messages that tell anything (our choice)


def ships_of_tracks(fixes: pd.DataFrame, messages: pd.DataFrame, named: pd.arrays.IntegerArray) -> pd.Series:
    """Number of each fix's ship among those of its MMSI; null where unknown, or there is only one.

    ``fixes`` have mmsi, track_id, time_utc, message_id and flags; ``named`` is ``ships_named`` of the messages.
    """
    out = pd.Series(pd.NA, index=fixes.index, dtype="Int64")
    telling = ~named.isna()
    words = messages.loc[telling, ["mmsi", "time_utc", "message_id"]].assign(ship=named[telling].astype(np.int64))
    for mmsi, said in words.groupby("mmsi", sort=True):
        hers = fixes[fixes["mmsi"] == mmsi]
        good = hers[hers["flags"].map(len) == 0].sort_values(["track_id", "time_utc"], kind="stable")
        if len(good):
            told = _told(good, said.sort_values("time_utc", kind="stable"))
            out.loc[good.index] = pd.arrays.IntegerArray(told, told == 0)
    return out


def parted(tracks: pd.DataFrame) -> pd.DataFrame:
    """The tracks, with those that hold several ships cut into one for each; ``ship`` is as `ships_of_tracks` gives.

    Such a track arises when, after hours without messages, one ship comes from where the other went.
    """
    first = tracks[tracks["ship"].notna()].groupby("track_id")["ship"].first()
    other = (tracks["ship"] != tracks["track_id"].map(first)).fillna(False).astype(bool)
    if not other.any():
        return tracks
    name = tracks["track_id"].where(~other, tracks["track_id"] + "-s" + tracks["ship"].astype("str"))
    number = tracks["fix_id"].str.rpartition(":")[2]
    out = tracks.assign(track_id=name, fix_id=name + ":" + number)
    return out.sort_values("track_id", kind="stable", ignore_index=True)


def _told(good: pd.DataFrame, said: pd.DataFrame) -> np.ndarray:
    """The ship of each fix of one number, 0 where unknown."""
    seconds, heard, ship = _seconds(good), _seconds(said), said["ship"].to_numpy(np.int64)
    own = good["message_id"].map(dict(zip(said["message_id"], ship, strict=True))).fillna(0).to_numpy(np.int64)
    track = pd.factorize(good["track_id"])[0]
    piece = np.cumsum(np.r_[0, (np.diff(track) != 0) | (np.diff(seconds) > HEARD_WITHIN_S)])
    of_track = _verdicts(track, seconds, own, heard, ship)
    of_piece = _verdicts(piece, seconds, own, heard, ship)
    first = np.unique(piece, return_index=True)[1]
    told = np.array([of_piece.get(n) or of_track.get(int(track[at]), 0) for n, at in enumerate(first)])
    return _left_over(told, seconds[first], seconds[np.r_[first[1:], len(seconds)] - 1], heard, ship)[piece]


def _verdicts(
    label: np.ndarray, seconds: np.ndarray, own: np.ndarray, heard: np.ndarray, ship: np.ndarray
) -> dict[int, int]:
    """The ship of each track or piece: by messages sent while it alone is heard, else by its own fixes."""
    order = np.argsort(seconds, kind="stable")
    in_turn = label[order]
    first, after = (
        np.searchsorted(seconds[order], heard + side, "right") for side in (-HEARD_WITHIN_S, HEARD_WITHIN_S)
    )
    changes = np.cumsum(np.r_[0, in_turn[1:] != in_turn[:-1]])
    near = after > first
    alone = near.copy()
    alone[near] = changes[after[near] - 1] == changes[first[near]]
    votes = (ship[alone], in_turn[first[alone]]), (own[own > 0], label[own > 0])
    out: dict[int, int] = {}
    for ships, labels in votes:
        for one, named in pd.Series(ships).groupby(labels):
            if one not in out and (told := _mostly(named.to_numpy())):
                out[int(str(one))] = told
    return out


def _left_over(
    told: np.ndarray, first: np.ndarray, last: np.ndarray, heard: np.ndarray, ship: np.ndarray
) -> np.ndarray:
    """Ships of pieces from ``first`` to ``last``, with unknown ones set where all ships but one are elsewhere."""
    out = told.copy()
    for n in np.flatnonzero(told == 0):
        a, b = np.searchsorted(heard, (first[n] - HEARD_WITHIN_S, last[n] + HEARD_WITHIN_S))
        elsewhere = told[(first <= last[n]) & (last >= first[n])]
        left = set(ship[a:b].tolist()) - set(elsewhere.tolist())
        out[n] = left.pop() if len(left) == 1 else 0
    return out


def _mostly(ships: np.ndarray) -> int:
    """The ship that nearly all of these name; 0 where there is none."""
    found, times = np.unique(ships, return_counts=True)
    most = int(np.argmax(times))
    return int(found[most]) if len(ships) >= FEWEST and times[most] >= MOSTLY * len(ships) else 0


def _seconds(rows: pd.DataFrame) -> np.ndarray:
    return rows["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
