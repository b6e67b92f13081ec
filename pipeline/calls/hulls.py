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
from pipeline.calls.static import SAME_LENGTH_M, said_by, said_under
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
    return said_by(said_under(static, spell.mmsi, spell.ship), spell.end + AFTER_SAILING)


def sizes(spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Length and beam of the ship of each stay, as columns of PORT_CALLS: the same in all stays of one hull.

    ``said`` holds the reports of each stay (`reports_of`).
    """
    out: list[dict[str, Any]] = [{} for _ in spells]
    for which in _hulls(spells, said):
        seen = [spells[n].looks.assign(stay=n) for n in which if len(spells[n].looks)]
        looks = pd.concat(seen, ignore_index=True) if len(seen) > 1 else (seen or [spells[which[0]].looks])[0]
        size = size_of_hull(looks, _all_said(which, spells, said))
        for n in which:
            out[n] = size
    return out


def _all_said(stays: Sequence[int], spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Reports of each of her transponders by its last stay, newest last: one may send what another leaves out."""
    last = {spells[n].mmsi: n for n in sorted(stays, key=lambda n: (spells[n].end, n))}
    in_turn = sorted(last.values(), key=lambda n: (spells[n].end, n))
    return pd.concat([said[n] for n in in_turn], ignore_index=True) if len(in_turn) > 1 else said[in_turn[0]]


def _hulls(spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> list[list[int]]:
    """Indices of the stays of each hull; a stay of unknown or doubtful ownership stands alone."""
    by_ship: dict[tuple[str, int, int], list[_Hull]] = {}
    ships = _ships(spells, said)
    for n in sorted(range(len(spells)), key=lambda n: (spells[n].start, n)):
        hers, length_m = by_ship.setdefault(ships[n], []), _length_said(said[n])
        known = next((hull for hull in hers if hull.may_be_as_long(length_m)), None)
        if known is None:
            hers.append(known := _Hull([], length_m))
        known.stays.append(n)
        known.length_m = length_m if known.length_m is None else known.length_m
    out: list[list[int]] = []
    for stays in (hull.stays for hers in by_ship.values() for hull in hers):
        apart = _elsewhere_too([spells[n] for n in stays])
        doubtful = [met or _rejected(spells[n]) for n, met in zip(stays, apart, strict=True)]
        out += [[n] for n, elsewhere in zip(stays, doubtful, strict=True) if elsewhere]
        hers_alone = [n for n, elsewhere in zip(stays, doubtful, strict=True) if not elsewhere]
        out += [hers_alone] if hers_alone else []
    return out


def _ships(spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> list[tuple[str, int, int]]:
    """Key of the ship of each stay: IMO number, else MMSI and which ship of it, else the stay itself.

    A transponder that sends one and the same IMO number whenever it sends any is that ship's in its other stays too,
    unless several ships send its number at once.
    """
    imos = [imo_said(reports) for reports in said]
    of_mmsi: dict[int, set[int]] = {}
    for spell, imo in zip(spells, imos, strict=True):
        if spell.mmsi is not None and imo is not None:
            of_mmsi.setdefault(spell.mmsi, set()).add(imo)
    out: list[tuple[str, int, int]] = []
    for n, (spell, imo) in enumerate(zip(spells, imos, strict=True)):
        shared = bool(said[n]["ship"].notna().any())
        if spell.mmsi is None or (shared and imo is None and spell.ship is None):
            out.append(("stay", n, 0))
            continue
        others = of_mmsi.get(spell.mmsi, set())
        known = imo if imo is not None or shared or len(others) != 1 else next(iter(others))
        out.append(("mmsi", spell.mmsi, spell.ship or 0) if known is None else ("imo", known, 0))
    return out


def imo_said(said: pd.DataFrame) -> int | None:
    """The IMO number last sent, if any."""
    numbers = said["imo"][said["imo"] > 0]
    return int(numbers.iloc[-1]) if len(numbers) else None


def _length_said(said: pd.DataFrame) -> float | None:
    """The length last sent [m], if any."""
    lengths = said["length_m"].dropna()
    return float(lengths.iloc[-1]) if len(lengths) else None


def _rejected(spell: Spell) -> bool:
    """Did an analyst reject the call of these looks? Then it is unknown whose hull they show."""
    return bool(spell.looks["flags"].map(lambda flags: OF_REJECTED_CALL in flags).any()) if len(spell.looks) else False


def _elsewhere_too(hers: Sequence[Spell]) -> list[bool]:
    """Does each stay overlap another one? ``hers`` are in order of their starts."""
    out = [False] * len(hers)
    last = 0  # index of the stay so far that ends last: it overlaps the next one if any does
    for n in range(1, len(hers)):
        if hers[n].start < hers[last].end:
            out[n] = out[last] = True
        last = n if hers[n].end > hers[last].end else last
    return out
