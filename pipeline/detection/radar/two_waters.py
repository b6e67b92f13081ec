"""CFAR at clutter edges: where the ring straddles a front, slick, seam or interference band, use one side only.

A ring over two waters has the mean of neither and a variance inflated by the step between them, so its threshold hides
ships on both sides. Where the log-means of its blocks fall into two clearly separate groups, a block is judged by the
group that its own neighbourhood belongs to. Near the step that is the brighter one, as in greatest-of CFAR (Hansen and
Sawyers, IEEE TAES 16, 1980); testing the reference cells for two clutters before choosing among them is the idea of
the variability-index CFAR (Smith and Varshney, IEEE TAES 36, 2000).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import ndimage

from pipeline.detection.radar.blocks import LN_STEP
from pipeline.detection.radar.clutter import BAND_ROWS, ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.radar.blocks import Blocks
    from pipeline.detection.radar.clutter import Clutter
    from pipeline.types import BoolImage, FloatImage

# Difference of the groups' means over the spread within them: 2.7 for a normal law cut in half, 3.5 for an even ramp
LEAST_SEPARATION = 4.0
LEAST_STEP = 0.8  # ln, 3.5 dB: below it the threshold of the whole ring finds ships (our choice, on simulated seas)
LEAST_BETWEEN = 0.03  # variance between blocks: that of such a step with a twentieth of the ring on one side
OTHER_SHARE = 0.05  # least share of the ring's blocks in either group: fewer are ships and spikes (our choice)
OWN_SHARE = 0.1  # ... and in the group that is used: fewer do not give a variance (our choice)
NEAR_BLOCKS = 2  # on each side: a neighbourhood of 400 m, as for patches (`objects`)
BRIGHT_NEAR = 5  # blocks in the brighter water: a line of them across the neighbourhood, more than a faint ship covers
KNOWN_NEAR = 5  # least blocks of sea in the neighbourhood to decide which water it is (our choice)
COARSE = 4  # blocks: the first search for two waters tests one block in so many each way (our choice)
ROUNDS = 12  # of two-means clustering, which converges in a few


def resolve_mixed_rings(
    blocks: Blocks, clutter: Clutter, hole: tuple[int, int], outer: tuple[int, int], *, threads: int
) -> Clutter:
    """The clutter, replaced by that of a block's own water where its ring holds two."""
    mean, variance = clutter.log_mean.copy(), clutter.log_variance.copy()
    sums = (blocks.count, blocks.log_sum, blocks.square_sum, clutter.sea)
    rows, cols = np.nonzero(_near_steps(_uneven(blocks, clutter, hole, outer, threads), sums, hole, outer))
    parts = np.array_split(np.arange(len(rows)), max(1, len(rows) // (BAND_ROWS * BAND_ROWS)))
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(lambda p: _use_own_water(rows[p], cols[p], *sums, hole, outer, mean, variance), parts))
    return replace(clutter, log_mean=mean, log_variance=variance)


def _uneven(blocks: Blocks, clutter: Clutter, hole: tuple[int, int], outer: tuple[int, int], threads: int) -> BoolImage:
    """Blocks in whose ring the sea level varies from block to block: total variance less that within blocks."""
    n = np.maximum(blocks.count, 1)
    spread = (blocks.square_sum - blocks.log_sum.astype(np.int64) ** 2 // n).astype(np.int32)
    inside = replace(blocks, log_sum=spread, square_sum=np.zeros_like(blocks.square_sum))
    within = ring(inside, clutter.sea, hole, outer, threads=threads)[0] * np.float32(LN_STEP)
    with np.errstate(invalid="ignore"):
        return np.asarray(clutter.log_variance - within > LEAST_BETWEEN)


def _near_steps(
    uneven: BoolImage,
    sums: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], BoolImage],
    hole: tuple[int, int],
    outer: tuple[int, int],
) -> BoolImage:
    """Uneven blocks near a block of the coarse grid whose ring holds two waters: rough sea is uneven, too."""
    cells = np.zeros([-(-n // COARSE) for n in uneven.shape], bool)
    rows, cols = np.nonzero(uneven[COARSE // 2 :: COARSE, COARSE // 2 :: COARSE])
    count, log_sum, _, sea = sums
    cells[rows, cols] = _rings_hold_two_waters(
        rows * COARSE + COARSE // 2, cols * COARSE + COARSE // 2, count, log_sum, sea, hole, outer
    )
    near = ndimage.binary_dilation(cells, np.ones((3, 3)))
    wide = near.repeat(COARSE, axis=0).repeat(COARSE, axis=1)
    return np.asarray(uneven & wide[: uneven.shape[0], : uneven.shape[1]])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _rings_hold_two_waters(
    rows: NDArray[np.intp],
    cols: NDArray[np.intp],
    count: NDArray[np.int32],
    log_sum: NDArray[np.int32],
    sea: BoolImage,
    hole: tuple[int, int],
    outer: tuple[int, int],
) -> BoolImage:
    """Does the ring around each of these blocks hold two waters?"""
    level = np.empty((2 * outer[0] + 1) * (2 * outer[1] + 1))
    where = np.empty((2, len(level)), np.int64)
    out = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        n = _ring_levels(rows[i], cols[i], count, log_sum, sea, hole, outer, level, where)
        out[i] = not np.isnan(_separating_level(level[:n]))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _use_own_water(
    rows: NDArray[np.intp],
    cols: NDArray[np.intp],
    count: NDArray[np.int32],
    log_sum: NDArray[np.int32],
    square_sum: NDArray[np.int64],
    sea: BoolImage,
    hole: tuple[int, int],
    outer: tuple[int, int],
    mean: FloatImage,
    variance: FloatImage,
) -> None:
    """Set mean and variance of these blocks to those of their own water, where the ring holds two."""
    level = np.empty((2 * outer[0] + 1) * (2 * outer[1] + 1))
    where = np.empty((2, len(level)), np.int64)
    for i in range(len(rows)):
        n = _ring_levels(rows[i], cols[i], count, log_sum, sea, hole, outer, level, where)
        step = _separating_level(level[:n])
        if np.isnan(step):
            continue
        bright = _is_brighter_near(rows[i], cols[i], count, log_sum, sea, step)
        if bright < 0:
            continue
        pixels = logs = squares = np.int64(0)
        own = 0
        for k in range(n):
            if (level[k] > step) == (bright == 1):
                r, c = where[0, k], where[1, k]
                own += 1
                pixels, logs, squares = pixels + count[r, c], logs + log_sum[r, c], squares + square_sum[r, c]
        if own >= OWN_SHARE * n:
            middle = logs / pixels
            mean[rows[i], cols[i]] = middle * LN_STEP
            variance[rows[i], cols[i]] = (squares / pixels - middle * middle) * LN_STEP * LN_STEP


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _ring_levels(
    row: int,
    col: int,
    count: NDArray[np.int32],
    log_sum: NDArray[np.int32],
    sea: BoolImage,
    hole: tuple[int, int],
    outer: tuple[int, int],
    level: NDArray[np.float64],
    where: NDArray[np.int64],
) -> int:
    """Number of sea blocks in the ring; fills in their log-means (``level``) and places (``where``)."""
    n = 0
    for r in range(max(0, row - outer[0]), min(sea.shape[0], row + outer[0] + 1)):
        for c in range(max(0, col - outer[1]), min(sea.shape[1], col + outer[1] + 1)):
            if sea[r, c] and (abs(r - row) > hole[0] or abs(c - col) > hole[1]):
                level[n] = log_sum[r, c] * LN_STEP / count[r, c]
                where[0, n], where[1, n] = r, c
                n += 1
    return n


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _separating_level(level: NDArray[np.float64]) -> float:
    """Level that separates two groups, by two-means clustering; NaN where they are not clearly apart."""
    between = (level.min() + level.max()) / 2
    for _ in range(ROUNDS):
        n, low, high, squares = 0, 0.0, 0.0, 0.0
        for x in level:
            squares += x * x
            if x > between:
                n, high = n + 1, high + x
            else:
                low += x
        if n < OTHER_SHARE * len(level) or len(level) - n < OTHER_SHARE * len(level):
            return np.nan
        low, high = low / (len(level) - n), high / n
        if between == (low + high) / 2:
            break
        between = (low + high) / 2
    within = squares - (len(level) - n) * low * low - n * high * high
    apart = (high - low) ** 2 >= LEAST_SEPARATION**2 * within / len(level)
    return between if apart and high - low >= LEAST_STEP else np.nan


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _is_brighter_near(
    row: int, col: int, count: NDArray[np.int32], log_sum: NDArray[np.int32], sea: BoolImage, step: float
) -> int:
    """1 where a block's neighbourhood holds the brighter water, 0 where it does not, -1 where too little is known."""
    known = brighter = 0
    for r in range(max(0, row - NEAR_BLOCKS), min(sea.shape[0], row + NEAR_BLOCKS + 1)):
        for c in range(max(0, col - NEAR_BLOCKS), min(sea.shape[1], col + NEAR_BLOCKS + 1)):
            if sea[r, c]:
                known += 1
                brighter += log_sum[r, c] * LN_STEP > step * count[r, c]
    if known < KNOWN_NEAR:
        return -1
    # Where frame or land cuts the neighbourhood, a single bright block is enough: more may lie beyond
    enough = BRIGHT_NEAR if known == (2 * NEAR_BLOCKS + 1) ** 2 else 1
    return 1 if brighter >= enough else 0
