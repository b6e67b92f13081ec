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

FREEBOARDS = ("freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m")
FREEBOARD_TIMES = ("freeboard_in_at", "freeboard_out_at")
EARLY, LATE = 0.25, 0.75  # share of a part's looks before its first, or its last, freeboard (our choice)


@dataclass(frozen=True, slots=True)
class _Freeboard:
    """One freeboard, when it was seen, and the share of the stay's looks before it."""

    freeboard_m: float
    sd_m: float | None
    at: pd.Timestamp | None
    progress: float

    @property
    def look_key(self) -> tuple[float, float | None, pd.Timestamp | None]:
        """Identifies the look: equal for two freeboards of one look."""
        return self.freeboard_m, self.sd_m, self.at


def stay_freeboards(parts: Sequence[Row]) -> Row:
    """First and last freeboard of a stay, from its parts in any order, and their times; None where there is none.

    ``p_same_hull`` is the probability that all their looks show one hull, from the parts that give one. Times, and the
    bounds of the whole stay, are given where each of the freeboards has a time.
    """
    empty = dict.fromkeys((*FREEBOARDS, *FREEBOARD_TIMES, *BOUNDS, "p_same_hull"))
    by_start = sorted(parts, key=lambda row: span(row)[0])
    by_end = sorted(parts, key=lambda row: span(row)[1])
    first = next((freeboard for row in by_start for freeboard in _freeboards_of(row, by_start)), None)
    last = next((freeboard for row in reversed(by_end) for freeboard in reversed(_freeboards_of(row, by_start))), None)
    if first is None or last is None:
        return empty
    freeboards = [freeboard for row in parts for freeboard in _freeboards_of(row, by_start)]
    if all(freeboard.at is not None for freeboard in freeboards):  # parts may overlap
        by_time = {freeboard.at: freeboard for freeboard in freeboards if freeboard.at is not None}
        first, last = by_time[min(by_time)], by_time[max(by_time)]
    timed = first.at is not None and last.at is not None
    bounds = _bounds(by_start[0], by_end[-1]) if timed else {}
    ends: tuple[_Freeboard | None, _Freeboard | None] = (first, last)
    if first.look_key == last.look_key:  # one look, possibly in two tables
        progress = _progress_at(first.at, bounds) if timed else first.progress
        ends = (first, None) if progress < 0.5 else (None, last)
    chances = [float(row["p_same_hull"]) for row in parts if pd.notna(row["p_same_hull"])]
    values = [value for freeboard in ends for value in (freeboard.look_key[:2] if freeboard else (None, None))]
    times = [freeboard.at if freeboard and timed else None for freeboard in ends]
    same_hull = {"p_same_hull": math.prod(chances) if chances else None}
    return (
        empty
        | dict(zip(FREEBOARDS, values, strict=True))
        | dict(zip(FREEBOARD_TIMES, times, strict=True))
        | bounds
        | same_hull
    )


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


def _progress_at(look: Any, bounds: Row) -> float:
    """Share of the stay that had passed at a look (median)."""
    arrival_lo, arrival_hi, departure_lo, departure_hi = (bounds[name] for name in BOUNDS)
    return stay_times((arrival_lo, arrival_hi), (departure_lo, departure_hi), look, None, USUAL_STAY_D).median_share


def _moment(value: Any) -> Any:
    return None if pd.isna(value) else value


def deeper_likelihood(freeboards: Row) -> float | None:
    """Likelihood of the two freeboards of a stay if she lies deeper at the last look, 1 less that if not.

    None without two. They count as far as they are of one hull, and one in twenty is wrong.

    >>> sides = dict(zip(FREEBOARDS, (4.2, 0.3, 2.0, 0.3), strict=True))
    >>> round(deeper_likelihood(sides | {"p_same_hull": None}), 2), deeper_likelihood(sides | {"p_same_hull": 0.0})
    (0.95, 0.5)
    """
    first_m, last_m = freeboards[FREEBOARDS[0]], freeboards[FREEBOARDS[2]]
    if first_m is None or last_m is None:
        return None
    p_same_hull = 1.0 if freeboards["p_same_hull"] is None else float(freeboards["p_same_hull"])
    return freeboard_change_likelihood(first_m - last_m, _error_m(freeboards), p_same_hull)


def significant_change(freeboards: Row) -> int:
    """1 if she lies deeper at the last look by more than two errors, -1 if higher, else 0."""
    first_m, last_m = freeboards[FREEBOARDS[0]], freeboards[FREEBOARDS[2]]
    if first_m is None or last_m is None or abs(first_m - last_m) <= 2 * _error_m(freeboards):
        return 0
    return 1 if first_m > last_m else -1


def _error_m(freeboards: Row) -> float:
    """Standard error of the difference [m]."""
    return math.hypot(*(freeboards[name] or FREEBOARD_SD_M for name in FREEBOARDS[1::2]))


def _freeboards_of(row: Row, in_order: Sequence[Row]) -> list[_Freeboard]:
    """The freeboards of one part, the earlier first."""
    looks = [len(part["evidence"]) for part in in_order]
    before = sum(looks[: next(n for n, part in enumerate(in_order) if part is row)])
    out = []
    for end, share in (("in", EARLY), ("out", LATE)):
        value, error, when = (row[f"freeboard_{end}_{k}"] for k in ("m", "sd_m", "at"))
        if pd.notna(value):
            progress = (before + share * len(row["evidence"])) / max(sum(looks), 1)
            out.append(_Freeboard(float(value), None if pd.isna(error) else float(error), _moment(when), progress))
    return out
