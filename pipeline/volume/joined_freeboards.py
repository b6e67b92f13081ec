"""Join the freeboards of a stay split over two tables: the first and the last, of which neither table may have both.

Each table has the first and the last freeboard of its own looks. A single one is early or late in its own part; in the
whole stay it may be the opposite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.config import USUAL_STAY_D
from pipeline.ships.signs_of_cargo import freeboard_change_likelihood
from pipeline.ships.stay_times import BOUNDS, stay_times
from pipeline.volume.cut_stays import span
from pipeline.volume.evidence import FREEBOARD_SD_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

SIDES = ("freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m")
ATS = ("freeboard_in_at", "freeboard_out_at")
EARLY, LATE = 0.25, 0.75  # share of a part's looks before its first, or its last, freeboard (our choice)


@dataclass(frozen=True, slots=True)
class _Side:
    """One freeboard, when it was seen, and the share of the stay's looks before it."""

    freeboard_m: float
    sd_m: float | None
    at: pd.Timestamp | None
    place: float

    @property
    def look(self) -> tuple[float, float | None, pd.Timestamp | None]:
        """Identifies the look: equal for two freeboards of one look."""
        return self.freeboard_m, self.sd_m, self.at


def whole_freeboards(parts: Sequence[Row]) -> Row:
    """First and last freeboard of a stay, from its parts in any order, and their times; None where there is none.

    ``p_same_hull`` is the probability that all their looks show one hull, from the parts that give one. Times, and the
    bounds of the whole stay, are given where each of the freeboards has a time.
    """
    none = dict.fromkeys((*SIDES, *ATS, *BOUNDS, "p_same_hull"))
    by_start = sorted(parts, key=lambda row: span(row)[0])
    by_end = sorted(parts, key=lambda row: span(row)[1])
    first = next((side for row in by_start for side in _sides(row, by_start)), None)
    last = next((side for row in reversed(by_end) for side in reversed(_sides(row, by_start))), None)
    if first is None or last is None:
        return none
    sides = [side for row in parts for side in _sides(row, by_start)]
    if all(side.at is not None for side in sides):  # parts may overlap
        by_time = {side.at: side for side in sides if side.at is not None}
        first, last = by_time[min(by_time)], by_time[max(by_time)]
    timed = first.at is not None and last.at is not None
    bounds = _bounds(by_start[0], by_end[-1]) if timed else {}
    ends: tuple[_Side | None, _Side | None] = (first, last)
    if first.look == last.look:  # one look, possibly in two tables
        place = _passed(first.at, bounds) if timed else first.place
        ends = (first, None) if place < 0.5 else (None, last)
    doubts = [float(row["p_same_hull"]) for row in parts if pd.notna(row["p_same_hull"])]
    values = [value for side in ends for value in (side.look[:2] if side else (None, None))]
    times = [side.at if side and timed else None for side in ends]
    same = {"p_same_hull": math.prod(doubts) if doubts else None}
    return none | dict(zip(SIDES, values, strict=True)) | dict(zip(ATS, times, strict=True)) | bounds | same


def _bounds(first: Row, last: Row) -> Row:
    """Bounds of arrival and departure of a stay from its first and last part; an open end lacks its outer one."""
    out: Row = dict.fromkeys(BOUNDS)
    for end, part in (("arrival", first), ("departure", last)):
        for bound in ("lo", "hi"):
            name = f"{end}_{bound}"
            out[name] = _moment(part[name])
            if out[name] is None:
                out[name] = span(part)[0 if end == "arrival" else 1]
        if end in part["open_ends"]:
            out["arrival_lo" if end == "arrival" else "departure_hi"] = None
    return out


def _passed(look: Any, bounds: Row) -> float:
    """Share of the stay that had passed at a look (median)."""
    came, there, still, left = (bounds[name] for name in BOUNDS)
    return stay_times((came, there), (still, left), look, None, USUAL_STAY_D).median_share


def _moment(value: Any) -> Any:
    return None if pd.isna(value) else value


def likely_deeper(sides: Row) -> float | None:
    """Likelihood of the two freeboards of a stay if she lies deeper at the last look, 1 less that if not.

    None without two. They count as far as they are of one hull, and one in twenty is wrong.

    >>> sides = dict(zip(SIDES, (4.2, 0.3, 2.0, 0.3), strict=True))
    >>> round(likely_deeper(sides | {"p_same_hull": None}), 2), likely_deeper(sides | {"p_same_hull": 0.0})
    (0.95, 0.5)
    """
    high, low = sides[SIDES[0]], sides[SIDES[2]]
    if high is None or low is None:
        return None
    same = 1.0 if sides["p_same_hull"] is None else float(sides["p_same_hull"])
    return freeboard_change_likelihood(high - low, _error_m(sides), same)


def beyond_errors(sides: Row) -> int:
    """1 if she lies deeper at the last look by more than two errors, -1 if higher, else 0."""
    high, low = sides[SIDES[0]], sides[SIDES[2]]
    if high is None or low is None or abs(high - low) <= 2 * _error_m(sides):
        return 0
    return 1 if high > low else -1


def _error_m(sides: Row) -> float:
    """Standard error of the difference [m]."""
    return math.hypot(*(sides[name] or FREEBOARD_SD_M for name in SIDES[1::2]))


def _sides(row: Row, in_order: Sequence[Row]) -> list[_Side]:
    """The freeboards of one part, the earlier first."""
    looks = [len(part["evidence"]) for part in in_order]
    before = sum(looks[: next(n for n, part in enumerate(in_order) if part is row)])
    out = []
    for end, share in (("in", EARLY), ("out", LATE)):
        value, error, when = (row[f"freeboard_{end}_{k}"] for k in ("m", "sd_m", "at"))
        if pd.notna(value):
            place = (before + share * len(row["evidence"])) / max(sum(looks), 1)
            out.append(_Side(float(value), None if pd.isna(error) else float(error), _moment(when), place))
    return out
