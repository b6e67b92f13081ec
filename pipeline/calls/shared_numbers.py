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
MOST_SHIPS = 12  # of a number that hundreds of sets send, those that spoke most often are compared (our choice)
FEWEST_LETTERS = 3  # shorter words, or one letter repeated, are what crews type for none (our choice)
NO_NAMES = {"UNKNOWN", "NONAME", "NOTAVAILABLE", "NULL", "NONE", "NAN", "TEST"}


def ships_named(messages: pd.DataFrame) -> pd.arrays.IntegerArray:
    """The ship that each message names among those of its number, from 1; null where the number is one ship's.

    Null also where a message names none. ``messages`` are rows of AIS_MESSAGES, in any order; ships are numbered in
    order of their first message.
    """
    out = np.zeros(len(messages), np.int64)
    words = _words(messages.reset_index(drop=True))
    several = words.groupby("mmsi")["paper"].transform("nunique") > 1
    for mmsi, hers in words[several].sort_values("time_utc", kind="stable").groupby("mmsi", sort=False):
        ship = _ships(hers) if mmsi_is_possible(int(mmsi)) else None
        if ship is not None:
            out[hers.index] = ship
    return pd.arrays.IntegerArray(out, out == 0)


def _words(messages: pd.DataFrame) -> pd.DataFrame:
    """Messages that give an identity: mmsi, time_utc, imo, callsign, name, and a number for each identity."""
    said = (messages["imo"] > 0).fillna(False) | (messages["name"].fillna("") != "")
    said = said.astype(bool) & messages["time_utc"].notna()
    out = messages.loc[said, ["mmsi", "time_utc", "imo", "callsign", "name"]]
    paper = np.zeros(len(out), np.int64)
    for column in ("mmsi", "imo", "callsign", "name"):
        code, values = pd.factorize(out[column])
        paper = pd.factorize(paper * (len(values) + 1) + code + 1)[0]  # unknown is -1
    return out.assign(paper=paper)


@dataclass(slots=True)
class _Papers:
    """Identities that belong together, and the numbers of their messages."""

    imos: set[int] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)

    def joins(self, other: _Papers) -> bool:
        """Do both share an IMO number, call sign or name? A long name may be cut short."""
        if self.imos & other.imos or self.signs & other.signs:
            return True
        return any(one.startswith(two) or two.startswith(one) for one in self.names for two in other.names)

    def contradicts(self, other: _Papers) -> bool:
        """Do both give an identity of the same kind? Two groups (`_grouped`) that do are two ships."""
        return bool((self.imos and other.imos) or (self.names and other.names))

    def take(self, other: _Papers) -> None:
        self.imos |= other.imos
        self.signs |= other.signs
        self.names |= other.names
        self.numbers += other.numbers


def _ships(hers: pd.DataFrame) -> np.ndarray | None:
    """The ship of each message of one number, from 1 (0: it names none); None where no two alternate.

    ``hers`` are in order of time.
    """
    firsts = hers.drop_duplicates("paper")
    papers = [_paper(*row) for row in zip(*(firsts[c] for c in ("paper", "imo", "callsign", "name")), strict=True)]
    groups = _grouped([p for p in papers if p.imos or p.names])
    if len(groups) < 2:
        return None
    group_of = {number: n for n, group in enumerate(groups) for number in group.numbers}
    group = hers["paper"].map(group_of).fillna(-1).to_numpy(np.int64)
    hours = hers["time_utc"].to_numpy("datetime64[us]").astype(np.int64) / 3.6e9
    order = np.lexsort((group, hours))  # ties in time are ordered independently of the file
    order = order[group[order] >= 0]
    said, when = group[order], hours[order]
    rivals = set(_in_turn(groups, said, when))
    if not rivals:
        return None
    ship_of = np.array([*_joined(groups, rivals), -1])  # the last is for messages that name none
    first = np.unique(ship_of[said], return_index=True)[1]
    rank = np.zeros(len(groups) + 1, np.int64)
    rank[ship_of[said[np.sort(first)]]] = np.arange(1, len(first) + 1)
    return rank[ship_of[group]]


def _in_turn(groups: list[_Papers], said: np.ndarray, hours: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of groups, lower index first, that contradict each other and alternate."""
    spells = np.flatnonzero(np.r_[True, said[1:] != said[:-1]])
    returns = np.bincount(said[spells], minlength=len(groups))
    often = sorted(np.flatnonzero(returns > 1).tolist(), key=lambda g: (-int(returns[g]), g))[:MOST_SHIPS]
    for one, two in combinations(often, 2):
        both = np.flatnonzero((said == one) | (said == two))
        turns = both[np.r_[True, said[both][1:] != said[both][:-1]]]
        fast = (hours[turns][3:] - hours[turns][:-3] < IN_TURN_H).any()
        if fast and groups[one].contradicts(groups[two]):
            yield min(one, two), max(one, two)


def _grouped(papers: list[_Papers]) -> list[_Papers]:
    """Merge identities with one IMO number, and those without one that share a name or sign with these or each other.

    What fits two IMO numbers is left out. Sorted.
    """
    numbered: dict[int, _Papers] = {}
    rest: list[_Papers] = []
    for paper in papers:
        if paper.imos:
            numbered.setdefault(min(paper.imos), _Papers()).take(paper)
            continue
        for group in [g for g in rest if g.joins(paper)]:
            paper.take(group)
            rest.remove(group)
        rest.append(paper)
    hosts = [[group for group in numbered.values() if group.joins(paper)] for paper in rest]
    for paper, fit in zip(rest, hosts, strict=True):
        if len(fit) == 1:
            fit[0].take(paper)
    alone = [paper for paper, fit in zip(rest, hosts, strict=True) if not fit]
    return sorted([*numbered.values(), *alone], key=lambda g: (sorted(g.imos), sorted(g.names), sorted(g.signs)))


def _joined(groups: list[_Papers], rivals: set[tuple[int, int]]) -> list[int]:
    """The ship of each group: groups that share something are one (a number corrected), unless two alternate."""
    ship = list(range(len(groups)))
    for one, two in combinations(range(len(groups)), 2):
        if ship[one] == ship[two] or not groups[one].joins(groups[two]):
            continue
        members = [[n for n, of in enumerate(ship) if of == ship[group]] for group in (one, two)]
        if not any((min(a, b), max(a, b)) in rivals for a in members[0] for b in members[1]):
            ship = [ship[one] if of == ship[two] else of for of in ship]
    return ship


def _paper(number: int, imo: Any, callsign: object, name: object) -> _Papers:
    given = set() if pd.isna(imo) or not imo_is_valid(int(imo)) else {int(imo)}
    return _Papers(given, {_plain(callsign)} - {""}, {_plain(name)} - {"", *NO_NAMES}, [int(number)])


def _plain(word: object) -> str:
    """Letters and digits only; "" for a word that stands for none."""
    out = "".join(c for c in str(word).upper() if c.isalnum()) if isinstance(word, str) else ""
    return out if len(out) >= FEWEST_LETTERS and len(set(out)) > 1 else ""
