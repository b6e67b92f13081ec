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
MAJORITY_SHARE = 0.9  # share of messages that tells whose it is: some come late or damaged (our choice)
MIN_MESSAGES = 3  # fewest messages that tell anything (our choice)


def ships_of_tracks(fixes: pd.DataFrame, messages: pd.DataFrame, named: pd.arrays.IntegerArray) -> pd.Series:
    """Number of each fix's ship among those of its MMSI; null where unknown, or there is only one.

    ``fixes`` have mmsi, track_id, time_utc, message_id and flags; ``named`` is ``identify_ships`` of the messages.
    """
    out = pd.Series(pd.NA, index=fixes.index, dtype="Int64")
    is_named = ~named.isna()
    all_identified = messages.loc[is_named, ["mmsi", "time_utc", "message_id"]].assign(
        ship=named[is_named].astype(np.int64)
    )
    for mmsi, identified in all_identified.groupby("mmsi", sort=True):
        own_fixes = fixes[fixes["mmsi"] == mmsi]
        good = own_fixes[own_fixes["flags"].map(len) == 0].sort_values(["track_id", "time_utc"], kind="stable")
        if len(good):
            ships = _ship_of_fixes(good, identified.sort_values("time_utc", kind="stable"))
            out.loc[good.index] = pd.arrays.IntegerArray(ships, ships == 0)
    return out


def split_by_ship(tracks: pd.DataFrame) -> pd.DataFrame:
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


def _ship_of_fixes(good: pd.DataFrame, identified: pd.DataFrame) -> np.ndarray:
    """The ship of each fix of one number, 0 where unknown."""
    seconds, identified_s, ship = _seconds(good), _seconds(identified), identified["ship"].to_numpy(np.int64)
    ship_sent = (
        good["message_id"].map(dict(zip(identified["message_id"], ship, strict=True))).fillna(0).to_numpy(np.int64)
    )
    track = pd.factorize(good["track_id"])[0]
    piece = np.cumsum(np.r_[0, (np.diff(track) != 0) | (np.diff(seconds) > HEARD_WITHIN_S)])
    of_track = _ship_of_labels(track, seconds, ship_sent, identified_s, ship)
    of_piece = _ship_of_labels(piece, seconds, ship_sent, identified_s, ship)
    first = np.unique(piece, return_index=True)[1]
    ship_of_piece = np.array([of_piece.get(n) or of_track.get(int(track[at]), 0) for n, at in enumerate(first)])
    return _fill_by_elimination(
        ship_of_piece, seconds[first], seconds[np.r_[first[1:], len(seconds)] - 1], identified_s, ship
    )[piece]


def _ship_of_labels(
    label: np.ndarray, seconds: np.ndarray, ship_sent: np.ndarray, identified_s: np.ndarray, ship: np.ndarray
) -> dict[int, int]:
    """The ship of each track or piece: by messages sent while it alone is heard, else by its own fixes."""
    order = np.argsort(seconds, kind="stable")
    label_in_time = label[order]
    first, after = (
        np.searchsorted(seconds[order], identified_s + side, "right") for side in (-HEARD_WITHIN_S, HEARD_WITHIN_S)
    )
    changes = np.cumsum(np.r_[0, label_in_time[1:] != label_in_time[:-1]])
    near = after > first
    alone = near.copy()
    alone[near] = changes[after[near] - 1] == changes[first[near]]
    votes = (ship[alone], label_in_time[first[alone]]), (ship_sent[ship_sent > 0], label[ship_sent > 0])
    out: dict[int, int] = {}
    for ships, labels in votes:
        for label_, ships_named in pd.Series(ships).groupby(labels):
            if label_ not in out and (majority := _majority_ship(ships_named.to_numpy())):
                out[int(str(label_))] = majority
    return out


def _fill_by_elimination(
    ship_of_piece: np.ndarray, first: np.ndarray, last: np.ndarray, identified_s: np.ndarray, ship: np.ndarray
) -> np.ndarray:
    """Ships of pieces from ``first`` to ``last``, with unknown ones set where all ships but one are elsewhere."""
    out = ship_of_piece.copy()
    for n in np.flatnonzero(ship_of_piece == 0):
        a, b = np.searchsorted(identified_s, (first[n] - HEARD_WITHIN_S, last[n] + HEARD_WITHIN_S))
        ships_elsewhere = ship_of_piece[(first <= last[n]) & (last >= first[n])]
        remaining = set(ship[a:b].tolist()) - set(ships_elsewhere.tolist())
        out[n] = remaining.pop() if len(remaining) == 1 else 0
    return out


def _majority_ship(ships: np.ndarray) -> int:
    """The ship that nearly all of these name; 0 where there is none."""
    numbers, counts = np.unique(ships, return_counts=True)
    most = int(np.argmax(counts))
    return int(numbers[most]) if len(ships) >= MIN_MESSAGES and counts[most] >= MAJORITY_SHARE * len(ships) else 0


def _seconds(rows: pd.DataFrame) -> np.ndarray:
    return rows["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
