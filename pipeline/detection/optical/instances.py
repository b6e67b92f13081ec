"""From the network's answers by pixel to hulls: each hull pixel votes for a centre, centres with votes are ships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage

OFFSET_UNIT_PX = 16.0  # of the network's offsets, as it was trained
PIXEL = 0.5  # probability above which a pixel is hull
PEAK = 0.1  # of the centre map, below which nothing is a centre
NEAR_PX = 2.5  # two centres nearer than this are one
VOTE_PX = 1.0  # spread of one pixel's vote
REACH_PX = 7.0  # a vote farther from every centre is nobody's
MIN_PIXELS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One hull: its pixels in the answer's window, the centre they vote for, and how sure the network is (0 to 1)."""

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    centre: tuple[float, float]
    score: float
    weights: FloatArray  # probability of each pixel


def find_instances(answer: FloatImage) -> list[Instance]:
    """Hulls of one answer, shape (4, rows, cols): log-odds of hull and of centre, row and column to the centre."""
    rows, cols = np.nonzero(answer[0] > special.logit(PIXEL))
    if len(rows) < MIN_PIXELS:
        return []
    hull, centre = special.expit(answer[0]), special.expit(answer[1])
    to_row = rows + OFFSET_UNIT_PX * answer[2][rows, cols]
    to_col = cols + OFFSET_UNIT_PX * answer[3][rows, cols]
    weight = hull[rows, cols].astype(np.float64)
    votes = _votes(to_row, to_col, weight, hull.shape)
    peaks = _peaks(votes * np.maximum(centre, 0.02))
    if not len(peaks):
        return []
    distance = np.hypot(to_row[:, None] - peaks[:, 0], to_col[:, None] - peaks[:, 1])
    nearest = distance.argmin(axis=1)
    close = distance[np.arange(len(rows)), nearest] < REACH_PX
    out = []
    for k, (row, col) in enumerate(peaks):
        mine = close & (nearest == k)
        if mine.sum() < MIN_PIXELS:
            continue
        near = centre[max(0, int(row) - 2) : int(row) + 4, max(0, int(col) - 2) : int(col) + 4]
        sure = float(np.average(weight[mine], weights=weight[mine]))
        gathered = float(np.exp(-0.5 * (np.median(distance[mine, k]) / 4.0) ** 2))
        score = sure * float(np.sqrt(near.max())) * gathered if near.size else 0.0
        out.append(Instance(rows[mine], cols[mine], (float(row), float(col)), score, weight[mine]))
    return out


def _votes(row: FloatArray, col: FloatArray, weight: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Votes by pixel, smoothed."""
    out = np.zeros(shape)
    r, c = np.rint(row).astype(int), np.rint(col).astype(int)
    inside = (r >= 0) & (r < shape[0]) & (c >= 0) & (c < shape[1])
    np.add.at(out, (r[inside], c[inside]), weight[inside])
    return ndimage.gaussian_filter(out, VOTE_PX)


def _peaks(height: FloatArray) -> FloatArray:
    """Local maxima, highest first, none within `NEAR_PX` of a higher one, shape (n, 2)."""
    top = (height == ndimage.maximum_filter(height, 3)) & (height > PEAK * 0.1)
    at = np.argwhere(top)
    order = np.argsort(-height[top], kind="stable")
    kept: list[NDArray[np.intp]] = []
    for point in at[order]:
        if all(np.hypot(*(point - other)) > NEAR_PX for other in kept):
            kept.append(point)
    return np.array(kept, float).reshape(-1, 2)
