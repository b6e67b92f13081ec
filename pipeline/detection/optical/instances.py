"""Instance segmentation of the network's output: each hull pixel votes for a centre; centres with votes are ships."""

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
PEAK = 0.1  # a tenth of this is the least height of a peak (votes times centre probability)
NEAR_PX = 2.5  # two centres nearer than this are one
VOTE_PX = 1.0  # spread of one pixel's vote
REACH_PX = 7.0  # a vote farther than this from every centre is dropped
MIN_PIXELS = 5  # of a hull: 320 m2 at 8 m pixels (our choice)
AROUND_PX = 8  # reach of a smoothed vote: four times its spread, and rounding


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One hull: its pixels in the output's window, the centre they vote for, and the network's certainty (0 to 1)."""

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    centre: tuple[float, float]
    score: float
    weights: FloatArray  # probability of each pixel


def find_instances(output: FloatImage) -> list[Instance]:
    """Hulls in one network output, shape (4, rows, cols): log-odds of hull and of centre, row and column offset to the
    centre."""
    rows, cols = np.nonzero(output[0] > special.logit(PIXEL))
    if len(rows) < MIN_PIXELS:
        return []
    to_row = rows + OFFSET_UNIT_PX * output[2][rows, cols]
    to_col = cols + OFFSET_UNIT_PX * output[3][rows, cols]
    box = [_span(at, to, size) for at, to, size in ((rows, to_row, output.shape[1]), (cols, to_col, output.shape[2]))]
    origin = (box[0].start, box[1].start)
    rows, cols, to_row, to_col = rows - origin[0], cols - origin[1], to_row - origin[0], to_col - origin[1]
    hull, centre = (special.expit(output[(k, *box)]) for k in (0, 1))
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
        own = close & (nearest == k)
        if own.sum() < MIN_PIXELS:
            continue
        near = centre[max(0, int(row) - 2) : int(row) + 4, max(0, int(col) - 2) : int(col) + 4]
        sure = float(np.average(weight[own], weights=weight[own]))
        gathered = float(np.exp(-0.5 * (np.median(distance[own, k]) / 4.0) ** 2))
        score = sure * float(np.sqrt(near.max())) * gathered if near.size else 0.0
        middle = (float(row) + origin[0], float(col) + origin[1])
        out.append(Instance(rows[own] + origin[0], cols[own] + origin[1], middle, score, weight[own]))
    return out


def _span(at: NDArray[np.intp], to: FloatArray, size: int) -> slice:
    """Range of the pixels and their votes along one axis, with a margin for the smoothing of votes."""
    first, last = min(at.min(), to.min()), max(at.max(), to.max())
    return slice(int(np.clip(first - AROUND_PX, 0, at.min())), int(np.clip(last + AROUND_PX, at.max() + 1, size)))


def _votes(row: FloatArray, col: FloatArray, weight: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Weighted votes for each pixel as a centre, smoothed."""
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
