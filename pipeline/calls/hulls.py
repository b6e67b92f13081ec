"""Which stays are one hull's, so that all her looks of a run tell one size: a ship does not grow from call to call.

Stays under one IMO number, or one transponder that says none, are one ship's unless what is said speaks against it:
another length than before is another ship's under her number. Of two stays at one time one is another ship's, and
nobody says which: each has the size of its own looks, and neither speaks for her other stays. Nor does a stay that an
analyst rejected.
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
    """A stay as far as her hull is asked: whose, from when to when she was surely there, and the looks that saw her."""

    mmsi: int | None
    start: pd.Timestamp
    end: pd.Timestamp
    looks: pd.DataFrame
    ship: int | None = None
    """Which of the ships that send under her number, where that is told (as in TRACKS)."""


@dataclass(slots=True)
class _Hull:
    """Numbers of the stays of one hull so far, and the length that was first said of her."""

    stays: list[int]
    length_m: float | None

    def may_be_as_long(self, length_m: float | None) -> bool:
        """May she be a ship of that length? By the first that was said, lest many small steps make her another one."""
        return self.length_m is None or length_m is None or abs(self.length_m - length_m) <= SAME_LENGTH_M


def reports_of(spell: Spell, static: pd.DataFrame) -> pd.DataFrame:
    """What her transponder had said when she had sailed; rows of STATIC, none of a ship without one.

    Of a number that several ships send at once, what she said; where nobody can say which of them she is, what all say.
    """
    if spell.mmsi is None:
        return static.iloc[:0]
    return said_by(said_under(static, spell.mmsi, spell.ship), spell.end + AFTER_SAILING)


def sizes(spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Length and beam of the ship of each stay, as columns of PORT_CALLS: the same ones in all stays of one hull.

    ``said`` are the reports of each (`reports_of`).
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
    """What each of her transponders had said by its last stay, the newest last: one may say what another leaves out."""
    last = {spells[n].mmsi: n for n in sorted(stays, key=lambda n: (spells[n].end, n))}
    in_turn = sorted(last.values(), key=lambda n: (spells[n].end, n))
    return pd.concat([said[n] for n in in_turn], ignore_index=True) if len(in_turn) > 1 else said[in_turn[0]]


def _hulls(spells: Sequence[Spell], said: Sequence[pd.DataFrame]) -> list[list[int]]:
    """Numbers of the stays of each hull; a stay of which nobody says whose it is stands alone."""
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
    """Of each stay her IMO number, else her transponder's and which ship of it, else the stay itself.

    A transponder that says one IMO number in all stays in which it says any is that ship's in the others, too, unless
    several ships send its number at once.
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
    """The IMO number that was last said, if any."""
    numbers = said["imo"][said["imo"] > 0]
    return int(numbers.iloc[-1]) if len(numbers) else None


def _length_said(said: pd.DataFrame) -> float | None:
    """The length that was last said [m], if any."""
    lengths = said["length_m"].dropna()
    return float(lengths.iloc[-1]) if len(lengths) else None


def _rejected(spell: Spell) -> bool:
    """Does an analyst say that the call of these looks was none? Then nobody knows whose hull they show."""
    return bool(spell.looks["flags"].map(lambda flags: OF_REJECTED_CALL in flags).any()) if len(spell.looks) else False


def _elsewhere_too(hers: Sequence[Spell]) -> list[bool]:
    """Does each stay overlap another one? ``hers`` are in order of their starts."""
    out = [False] * len(hers)
    last = 0  # of those before, the one that ends last: it overlaps the next one if any does
    for n in range(1, len(hers)):
        if hers[n].start < hers[last].end:
            out[n] = out[last] = True
        last = n if hers[n].end > hers[last].end else last
    return out
