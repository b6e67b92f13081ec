"""The freeboards of a stay that two tables hold in parts: its first and its last, of which neither table may have both.

Each table of calls has the first and the last freeboard of its own looks. One alone is called early or late by the
other looks of its table; of the whole stay it may be the other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.ships.signs_of_cargo import by_freeboards
from pipeline.volume.cut_stays import span
from pipeline.volume.evidence import FREEBOARD_SD_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

SIDES = ("freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m")
EARLY, LATE = 0.25, 0.75  # of a part's looks that come before its first, or its last, freeboard (our choice)
Side = tuple[float, float | None, float]  # freeboard and its standard error [m], share of the stay's looks before it


def whole_freeboards(parts: Sequence[Row]) -> Row:
    """First and last freeboard of a stay with their errors, from its parts in any order; None where there is none.

    ``p_same_hull`` is that all looks behind them show one hull, as far as the parts doubt it.
    """
    by_start = sorted(parts, key=lambda row: span(row)[0])
    by_end = sorted(parts, key=lambda row: span(row)[1])
    first = next((side for row in by_start for side in _sides(row, by_start)), None)
    last = next((side for row in reversed(by_end) for side in reversed(_sides(row, by_start))), None)
    if first is None or last is None:
        return dict.fromkeys((*SIDES, "p_same_hull"))
    if first[:2] == last[:2]:  # one look, be it in two tables
        first, last = (first, None) if first[2] < 0.5 else (None, last)
    doubts = [float(row["p_same_hull"]) for row in parts if pd.notna(row["p_same_hull"])]
    ends = [value for side in (first, last) for value in (side or (None, None))[:2]]
    return dict(zip(SIDES, ends, strict=True)) | {"p_same_hull": math.prod(doubts) if doubts else None}


def likely_deeper(sides: Row) -> float | None:
    """How likely the two freeboards of a stay are if she lies deeper at the last look; else it is one less that.

    None without two. They count as far as they are one hull's, and one in twenty is wrong.

    >>> sides = dict(zip(SIDES, (4.2, 0.3, 2.0, 0.3), strict=True))
    >>> round(likely_deeper(sides | {"p_same_hull": None}), 2), likely_deeper(sides | {"p_same_hull": 0.0})
    (0.95, 0.5)
    """
    high, low = sides[SIDES[0]], sides[SIDES[2]]
    if high is None or low is None:
        return None
    same = 1.0 if sides["p_same_hull"] is None else float(sides["p_same_hull"])
    return by_freeboards(high - low, _error_m(sides), same)


def beyond_errors(sides: Row) -> int:
    """1 of a hull that lies deeper at the last look beyond two errors, -1 of one that lies higher so, else 0."""
    high, low = sides[SIDES[0]], sides[SIDES[2]]
    if high is None or low is None or abs(high - low) <= 2 * _error_m(sides):
        return 0
    return 1 if high > low else -1


def _error_m(sides: Row) -> float:
    """Standard error of the difference [m]."""
    return math.hypot(*(sides[name] or FREEBOARD_SD_M for name in SIDES[1::2]))


def _sides(row: Row, in_order: Sequence[Row]) -> list[Side]:
    """The freeboards of one part, the earlier first, with the share of the whole stay's looks before each."""
    looks = [len(part["evidence"]) for part in in_order]
    before = sum(looks[: next(n for n, part in enumerate(in_order) if part is row)])
    out = []
    for end, share in (("in", EARLY), ("out", LATE)):
        value, error = row[f"freeboard_{end}_m"], row[f"freeboard_{end}_sd_m"]
        if pd.notna(value):
            place = (before + share * len(row["evidence"])) / max(sum(looks), 1)
            out.append((float(value), None if pd.isna(error) else float(error), place))
    return out
