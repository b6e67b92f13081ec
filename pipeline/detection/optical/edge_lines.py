"""Robust straight edges: where a mask ends in each row, and the line through most of these ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray


@numba.njit(cache=True, nogil=True)
def run_end(row: BoolImage, start: int, step: int, gap: int) -> int:
    """Last solid sample of a run outwards from ``start``; gaps of up to ``gap`` samples are bridged.

    -1 where nothing solid lies near the start, or where the run reaches the end of the row.
    """
    at, last, empty = start, -1, 0
    while 0 <= at < len(row):
        if row[at]:
            last, empty = at, 0
        else:
            empty += 1
            if empty > (gap if last >= 0 else len(row) // 5):
                return last
        at += step
    return -1


@numba.njit(cache=True, nogil=True)
def run_ends(rows: BoolImage, start: int, step: int, gap: int) -> NDArray[np.intp]:
    """`run_end` of each row."""
    out = np.empty(len(rows), np.intp)
    for n in range(len(rows)):
        out[n] = run_end(rows[n], start, step, gap)
    return out


def fit_line(
    x: FloatArray, y: FloatArray, turn: float, outward: int, width: float
) -> tuple[float, float, float, float] | None:
    """Slope, intercept, share of rows on the line and their rms, for the line that most rows lie on (by voting).

    Of two lines with similar support the outer one is taken: a deck's pipes have edges too.
    """
    slope, intercept = _most_voted(x, y, np.linspace(-turn, turn, 25), outward, width)
    keep = np.abs(y - slope * x - intercept) < width
    for _ in range(3):
        if keep.sum() < 5:
            return None
        slope, intercept = (float(p) for p in np.polyfit(x[keep], y[keep], 1))
        keep = np.abs(y - slope * x - intercept) < 0.8 * width
    rest = (y - slope * x - intercept)[keep]
    return slope, intercept, float(keep.mean()), float(np.sqrt(np.mean(rest**2))) if len(rest) else width


@numba.njit(cache=True, nogil=True)
def _most_voted(x: FloatArray, y: FloatArray, slopes: FloatArray, outward: int, width: float) -> tuple[float, float]:
    """Slope and middle of the band of this width with most points; the outer one of bands with about as many."""
    best, chosen_slope, chosen_at = -1.0, 0.0, 0.0
    for slope in slopes:
        rest = np.sort(y - slope * x)
        beyond = 0
        for n in range(len(rest)):
            while beyond < len(rest) and rest[beyond] <= rest[n] + width:
                beyond += 1
            score = (beyond - n) / len(rest) + 0.02 * outward * rest[n] / max(width, 1e-6) / 10
            if score > best:
                best, chosen_slope, chosen_at = score, slope, rest[n] + width / 2
    return chosen_slope, chosen_at
