"""Tell apart ships that send under one MMSI at the same time, by what their messages say.

Messages with one IMO number are one ship's, and so are those without that share a call sign or name. Two IMO numbers,
or two such names, that alternate (x, y, x, y within a day) are two ships: no crew types another ship's identity and
takes it back so fast. Where one falls silent before the other starts, a number was corrected or the transponder has
changed hands; that is left to those who read the reports in order of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from pipeline.ships.imo import imo_is_valid
from pipeline.ships.mmsi import mmsi_is_possible

IN_TURN_H = 24.0  # x, y, x, y in less: two transmitters (our choice)
MAX_SHIPS = 12  # of a number that hundreds of sets send, those that spoke most often are compared (our choice)
MIN_LETTERS = 3  # shorter words, or one letter repeated, are what crews type for none (our choice)
NO_NAMES = {"UNKNOWN", "NONAME", "NOTAVAILABLE", "NULL", "NONE", "NAN", "TEST"}


def identify_ships(messages: pd.DataFrame) -> pd.arrays.IntegerArray:
    """The ship that each message names among those of its number, from 1; null where the number is one ship's.

    Null also where a message names none. ``messages`` are rows of AIS_MESSAGES, in any order; ships are numbered in
    order of their first message.
    """
    out = np.zeros(len(messages), np.int64)
    identified = _identity_messages(messages.reset_index(drop=True))
    several = identified.groupby("mmsi")["identity"].transform("nunique") > 1
    for mmsi, messages_of_mmsi in (
        identified[several].sort_values("time_utc", kind="stable").groupby("mmsi", sort=False)
    ):
        ship = _ship_of_messages(messages_of_mmsi) if mmsi_is_possible(int(mmsi)) else None
        if ship is not None:
            out[messages_of_mmsi.index] = ship
    return pd.arrays.IntegerArray(out, out == 0)


def _identity_messages(messages: pd.DataFrame) -> pd.DataFrame:
    """Messages that give an identity: mmsi, time_utc, imo, callsign, name, and a number for each identity."""
    is_identified = (messages["imo"] > 0).fillna(False) | (messages["name"].fillna("") != "")
    is_identified = is_identified.astype(bool) & messages["time_utc"].notna()
    out = messages.loc[is_identified, ["mmsi", "time_utc", "imo", "callsign", "name"]]
    identity_number = np.zeros(len(out), np.int64)
    for column in ("mmsi", "imo", "callsign", "name"):
        code, values = pd.factorize(out[column])
        identity_number = pd.factorize(identity_number * (len(values) + 1) + code + 1)[0]  # unknown is -1
    return out.assign(identity=identity_number)


@dataclass(slots=True)
class _Identity:
    """Identities that belong together, and the numbers of their messages."""

    imos: set[int] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)

    def shares_part_with(self, other: _Identity) -> bool:
        """Do both share an IMO number, call sign or name? A long name may be cut short."""
        if self.imos & other.imos or self.signs & other.signs:
            return True
        return any(
            first.startswith(second) or second.startswith(first) for first in self.names for second in other.names
        )

    def contradicts(self, other: _Identity) -> bool:
        """Do both give an identity of the same kind? Two groups (`_group_identities`) that do are two ships."""
        return bool((self.imos and other.imos) or (self.names and other.names))

    def merge(self, other: _Identity) -> None:
        self.imos |= other.imos
        self.signs |= other.signs
        self.names |= other.names
        self.numbers += other.numbers


def _ship_of_messages(messages: pd.DataFrame) -> np.ndarray | None:
    """The ship of each message of one number, from 1 (0: it names none); None where no two alternate.

    ``messages`` are in order of time.
    """
    firsts = messages.drop_duplicates("identity")
    identities = [
        _make_identity(*row) for row in zip(*(firsts[c] for c in ("identity", "imo", "callsign", "name")), strict=True)
    ]
    groups = _group_identities([identity for identity in identities if identity.imos or identity.names])
    if len(groups) < 2:
        return None
    group_of = {number: n for n, group in enumerate(groups) for number in group.numbers}
    group = messages["identity"].map(group_of).fillna(-1).to_numpy(np.int64)
    hours = messages["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 3.6e9
    order = np.lexsort((group, hours))  # ties in time are ordered independently of the file
    order = order[group[order] >= 0]
    group_sent, sent_h = group[order], hours[order]
    rivals = set(_alternating_pairs(groups, group_sent, sent_h))
    if not rivals:
        return None
    ship_of = np.array([*_merge_corrected(groups, rivals), -1])  # the last is for messages that name none
    first = np.unique(ship_of[group_sent], return_index=True)[1]
    rank = np.zeros(len(groups) + 1, np.int64)
    rank[ship_of[group_sent[np.sort(first)]]] = np.arange(1, len(first) + 1)
    return rank[ship_of[group]]


def _alternating_pairs(groups: list[_Identity], group_sent: np.ndarray, hours: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of groups, lower index first, that contradict each other and alternate."""
    spell_starts = np.flatnonzero(np.r_[True, group_sent[1:] != group_sent[:-1]])
    returns = np.bincount(group_sent[spell_starts], minlength=len(groups))
    most_returning = sorted(np.flatnonzero(returns > 1).tolist(), key=lambda g: (-int(returns[g]), g))[:MAX_SHIPS]
    for first, second in combinations(most_returning, 2):
        both = np.flatnonzero((group_sent == first) | (group_sent == second))
        turns = both[np.r_[True, group_sent[both][1:] != group_sent[both][:-1]]]
        is_fast = (hours[turns][3:] - hours[turns][:-3] < IN_TURN_H).any()
        if is_fast and groups[first].contradicts(groups[second]):
            yield min(first, second), max(first, second)


def _group_identities(identities: list[_Identity]) -> list[_Identity]:
    """Merge identities with one IMO number, and those without one that share a name or sign with these or each other.

    What fits two IMO numbers is left out. Sorted.
    """
    numbered: dict[int, _Identity] = {}
    unnumbered: list[_Identity] = []
    for identity in identities:
        if identity.imos:
            numbered.setdefault(min(identity.imos), _Identity()).merge(identity)
            continue
        for group in [g for g in unnumbered if g.shares_part_with(identity)]:
            identity.merge(group)
            unnumbered.remove(group)
        unnumbered.append(identity)
    hosts = [[group for group in numbered.values() if group.shares_part_with(identity)] for identity in unnumbered]
    for identity, matching in zip(unnumbered, hosts, strict=True):
        if len(matching) == 1:
            matching[0].merge(identity)
    alone = [identity for identity, matching in zip(unnumbered, hosts, strict=True) if not matching]
    return sorted([*numbered.values(), *alone], key=lambda g: (sorted(g.imos), sorted(g.names), sorted(g.signs)))


def _merge_corrected(groups: list[_Identity], rivals: set[tuple[int, int]]) -> list[int]:
    """The ship of each group: groups that share something are one (a number corrected), unless two alternate."""
    ship = list(range(len(groups)))
    for first, second in combinations(range(len(groups)), 2):
        if ship[first] == ship[second] or not groups[first].shares_part_with(groups[second]):
            continue
        members = [[n for n, ship_number in enumerate(ship) if ship_number == ship[group]] for group in (first, second)]
        if not any((min(a, b), max(a, b)) in rivals for a in members[0] for b in members[1]):
            ship = [ship[first] if ship_number == ship[second] else ship_number for ship_number in ship]
    return ship


def _make_identity(identity_number: int, imo: Any, callsign: object, name: object) -> _Identity:
    imos = set() if pd.isna(imo) or not imo_is_valid(int(imo)) else {int(imo)}
    return _Identity(
        imos, {_alphanumeric(callsign)} - {""}, {_alphanumeric(name)} - {"", *NO_NAMES}, [int(identity_number)]
    )


def _alphanumeric(word: object) -> str:
    """Letters and digits only; "" for a word that stands for none."""
    letters = "".join(c for c in str(word).upper() if c.isalnum()) if isinstance(word, str) else ""
    return letters if len(letters) >= MIN_LETTERS and len(set(letters)) > 1 else ""
