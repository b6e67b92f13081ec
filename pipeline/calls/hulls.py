"""Group stays by hull, so that all looks at a ship in a run give one size: a ship does not grow between calls.

Stays under one IMO number, or one transponder that sends none, are one ship's unless the reports say otherwise: another
length means another ship under that number. Of overlapping stays one is another ship's, but which cannot be told: each
gets the size of its own looks and does not contribute to the other stays. The same holds for a call that an analyst
rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.draughts import AFTER_SAILING
from pipeline.calls.sizes import size_of_hull
from pipeline.calls.static import SAME_LENGTH_M, reports_of_ship, reports_until
from pipeline.types import OF_REJECTED_CALL

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Spell:
    """What is needed of a stay to size its hull: MMSI, when she was surely there, and the looks that saw her."""

    mmsi: int | None
    start: pd.Timestamp
    end: pd.Timestamp
    looks: pd.DataFrame
    ship: int | None = None
    """Which of the ships that send under her number, where that is known (as in TRACKS)."""


@dataclass(slots=True)
class _Hull:
    """Indices of the stays of one hull so far, and the first length sent."""

    stays: list[int]
    length_m: float | None

    def may_be_as_long(self, length_m: float | None) -> bool:
        """Is that length compatible? Compared with the first length sent, so that many small steps do not add up."""
        return self.length_m is None or length_m is None or abs(self.length_m - length_m) <= SAME_LENGTH_M


def reports_of(spell: Spell, static: pd.DataFrame) -> pd.DataFrame:
    """Reports of her transponder up to and shortly after sailing; rows of STATIC, none for a ship without one.

    For a number that several ships send at once, her own reports; where it is unknown which she is, what all agree on.
    """
    if spell.mmsi is None:
        return static.iloc[:0]
    return reports_until(reports_of_ship(static, spell.mmsi, spell.ship), spell.end + AFTER_SAILING)


def sizes(spells: Sequence[Spell], reports_by_stay: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Length and beam of the ship of each stay, as columns of PORT_CALLS: the same in all stays of one hull.

    ``reports_by_stay`` holds the reports of each stay (`reports_of`).
    """
    out: list[dict[str, Any]] = [{} for _ in spells]
    for stays in _group_by_hull(spells, reports_by_stay):
        seen = [spells[n].looks.assign(stay=n) for n in stays if len(spells[n].looks)]
        looks = pd.concat(seen, ignore_index=True) if len(seen) > 1 else (seen or [spells[stays[0]].looks])[0]
        size = size_of_hull(looks, _latest_reports(stays, spells, reports_by_stay))
        for n in stays:
            out[n] = size
    return out


def _latest_reports(
    stays: Sequence[int], spells: Sequence[Spell], reports_by_stay: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Reports of each of her transponders by its last stay, newest last: one may send what another leaves out."""
    last_stay = {spells[n].mmsi: n for n in sorted(stays, key=lambda n: (spells[n].end, n))}
    in_turn = sorted(last_stay.values(), key=lambda n: (spells[n].end, n))
    return (
        pd.concat([reports_by_stay[n] for n in in_turn], ignore_index=True)
        if len(in_turn) > 1
        else reports_by_stay[in_turn[0]]
    )


def _group_by_hull(spells: Sequence[Spell], reports_by_stay: Sequence[pd.DataFrame]) -> list[list[int]]:
    """Indices of the stays of each hull; a stay of unknown or doubtful ownership stands alone."""
    by_ship: dict[tuple[str, int, int], list[_Hull]] = {}
    ship_keys = _ship_keys(spells, reports_by_stay)
    for n in sorted(range(len(spells)), key=lambda n: (spells[n].start, n)):
        hulls, length_m = by_ship.setdefault(ship_keys[n], []), _last_length_m(reports_by_stay[n])
        same_hull = next((hull for hull in hulls if hull.may_be_as_long(length_m)), None)
        if same_hull is None:
            hulls.append(same_hull := _Hull([], length_m))
        same_hull.stays.append(n)
        same_hull.length_m = length_m if same_hull.length_m is None else same_hull.length_m
    out: list[list[int]] = []
    for stays in (hull.stays for hulls in by_ship.values() for hull in hulls):
        overlapping = _overlap_another([spells[n] for n in stays])
        doubtful = [overlaps or _is_rejected(spells[n]) for n, overlaps in zip(stays, overlapping, strict=True)]
        out += [[n] for n, is_doubtful in zip(stays, doubtful, strict=True) if is_doubtful]
        certain = [n for n, is_doubtful in zip(stays, doubtful, strict=True) if not is_doubtful]
        out += [certain] if certain else []
    return out


def _ship_keys(spells: Sequence[Spell], reports_by_stay: Sequence[pd.DataFrame]) -> list[tuple[str, int, int]]:
    """Key of the ship of each stay: IMO number, else MMSI and which ship of it, else the stay itself.

    A transponder that sends one and the same IMO number whenever it sends any is that ship's in its other stays too,
    unless several ships send its number at once.
    """
    imos = [last_imo(reports) for reports in reports_by_stay]
    imos_of_mmsi: dict[int, set[int]] = {}
    for spell, imo in zip(spells, imos, strict=True):
        if spell.mmsi is not None and imo is not None:
            imos_of_mmsi.setdefault(spell.mmsi, set()).add(imo)
    out: list[tuple[str, int, int]] = []
    for n, (spell, imo) in enumerate(zip(spells, imos, strict=True)):
        shared = bool(reports_by_stay[n]["ship"].notna().any())
        if spell.mmsi is None or (shared and imo is None and spell.ship is None):
            out.append(("stay", n, 0))
            continue
        imos_sent = imos_of_mmsi.get(spell.mmsi, set())
        known = imo if imo is not None or shared or len(imos_sent) != 1 else next(iter(imos_sent))
        out.append(("mmsi", spell.mmsi, spell.ship or 0) if known is None else ("imo", known, 0))
    return out


def last_imo(reports: pd.DataFrame) -> int | None:
    """The IMO number last sent, if any."""
    numbers = reports["imo"][reports["imo"] > 0]
    return int(numbers.iloc[-1]) if len(numbers) else None


def _last_length_m(reports: pd.DataFrame) -> float | None:
    """The length last sent [m], if any."""
    lengths = reports["length_m"].dropna()
    return float(lengths.iloc[-1]) if len(lengths) else None


def _is_rejected(spell: Spell) -> bool:
    """Did an analyst reject the call of these looks? Then it is unknown whose hull they show."""
    return bool(spell.looks["flags"].map(lambda flags: OF_REJECTED_CALL in flags).any()) if len(spell.looks) else False


def _overlap_another(spells: Sequence[Spell]) -> list[bool]:
    """Does each stay overlap another one? ``spells`` are in order of their starts."""
    out = [False] * len(spells)
    last = 0  # index of the stay so far that ends last: it overlaps the next one if any does
    for n in range(1, len(spells)):
        if spells[n].start < spells[last].end:
            out[n] = out[last] = True
        last = n if spells[n].end > spells[last].end else last
    return out
