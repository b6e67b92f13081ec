"""Local sea clutter: mean and variance of ln power in a ring around every block, over sea, bright targets censored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import ndimage

from pipeline.detection.radar.blocks import LN_STEP, Blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatImage

CENSOR = 30.0  # times the local geometric mean: spiky sea (K law of order 1.5) exceeds it in 3 pixels of a million
CENSOR_SMALL = 8.0  # in an image too small for a ring, where a ship may cover a tenth; speckle stays below it
# Least share of the ring that must be usable sea, or the clutter is unknown (our choice): 160 pixels of 10 m give the
# mean logarithm of speckle to 0.06, and a narrow basin has no more water beside its quays
MIN_SHARE = 0.01
MIN_PIXELS = 30  # ... and so many pixels (our choice)
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
LEAST_KEPT = 0.5  # of the ring's water must lie in blocks that hold no land, or all of it counts (our choice)
BAND_ROWS = 256  # rows of blocks that one thread works on at a time


@dataclass(frozen=True, slots=True, eq=False)
class Clutter:
    """Mean and variance of ln joint power (usual sea = 1) in the ring around every block; NaN where sea is too scarce.

    Logarithms are robust: a ship in the ring counts by her size, not by her brightness. The parameters of the clutter
    law follow from their cumulants (Nicolas 2002; Tison et al. 2004).
    """

    log_mean: FloatImage
    log_variance: FloatImage
    sea: BoolImage  # blocks that were used


def local_clutter(
    blocks: Blocks, usable: BoolImage, guard: tuple[int, int], background: tuple[int, int], *, threads: int
) -> Clutter:
    """Clutter in the ring between two rectangles around each block, half-widths ``guard`` and ``background`` in blocks.

    Blocks too bright against the ring's geometric mean are censored first; the rest give mean and variance. A
    negative guard leaves no hole, for images smaller than the guard area.
    """
    limit = np.log(CENSOR if min(guard) >= 0 else CENSOR_SMALL)
    sea = usable & (blocks.count > 0)
    for _ in range(1 if min(guard) >= 0 else 3):  # without a hole the mean includes the ship itself: censor repeatedly
        mean, variance = ring(blocks, sea, guard, background, threads=threads)
        bright = sea & (blocks.brightest * np.float32(LN_STEP) > mean + np.float32(limit))
        sea = sea & ~ndimage.binary_dilation(bright, EIGHT_NEIGHBOURS)
    mean, variance = ring(blocks, sea, guard, background, threads=threads)
    return Clutter(mean, variance, sea)


def without_shores(
    blocks: Blocks, clutter: Clutter, guard: tuple[int, int], background: tuple[int, int], *, threads: int
) -> Clutter:
    """The clutter from blocks that are entirely water, where at least ``LEAST_KEPT`` of a ring's water lies in these.

    Land's light leaks into the water beside it. In the blocks along a shore it widens the spread, and the threshold of
    all sea whose ring holds a shore. In narrow basins the few other blocks would be other water, so all count there.
    """
    area_px = np.outer(np.diff(blocks.row_edges), np.diff(blocks.col_edges))
    no_land = clutter.sea & (blocks.count == area_px)
    if (no_land == clutter.sea).all():
        return clutter
    mean, variance = ring(blocks, no_land, guard, background, threads=threads)
    kept_px = np.where(no_land, blocks.count, 0).astype(np.int32)
    share = replace(blocks, log_sum=kept_px, square_sum=np.zeros_like(blocks.square_sum))
    kept = ring(share, clutter.sea, guard, background, threads=threads)[0] / np.float32(LN_STEP)
    with np.errstate(invalid="ignore"):
        use = np.isfinite(mean) & (kept >= LEAST_KEPT)
    log_mean, log_variance = np.where(use, mean, clutter.log_mean), np.where(use, variance, clutter.log_variance)
    return replace(clutter, log_mean=log_mean, log_variance=log_variance)


def ring(
    blocks: Blocks, sea: BoolImage, hole: tuple[int, int], outer: tuple[int, int], *, threads: int
) -> tuple[FloatImage, FloatImage]:
    """Mean and variance of ln power over the sea blocks of the ring around each block; NaN where they are too few."""
    rows = sea.shape[0]
    mean, variance = np.full(sea.shape, np.nan, np.float32), np.full(sea.shape, np.nan, np.float32)
    side = int(np.diff(blocks.row_edges).max()) * int(np.diff(blocks.col_edges).max())
    size = min((2 * outer[0] + 1) * (2 * outer[1] + 1) - (2 * hole[0] + 1) * (2 * hole[1] + 1), sea.size)
    enough = max(MIN_PIXELS, int(MIN_SHARE * size * side))
    sums = (blocks.count, blocks.log_sum, blocks.square_sum)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        bands = [(first, min(first + BAND_ROWS, rows)) for first in range(0, rows, BAND_ROWS)]
        list(pool.map(lambda band: _ring_band(*band, *sums, sea, hole, outer, enough, mean, variance), bands))
    return mean, variance


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _ring_band(
    first: int,
    last: int,
    count: NDArray[np.int32],
    log_sum: NDArray[np.int32],
    square_sum: NDArray[np.int64],
    sea: BoolImage,
    hole: tuple[int, int],
    outer: tuple[int, int],
    enough: int,
    mean: FloatImage,
    variance: FloatImage,
) -> None:
    """Fill rows ``first`` to ``last`` of mean and variance: running sums down the columns, then along the rows."""
    rows, cols = sea.shape
    whole, inner = np.zeros((3, cols), np.int64), np.zeros((3, cols), np.int64)
    for r in range(max(0, first - outer[0]), min(rows, first + outer[0])):
        _add_blocks(1, r, count, log_sum, square_sum, sea, whole)
    for r in range(max(0, first - hole[0]), min(rows, first + hole[0])):
        _add_blocks(1, r, count, log_sum, square_sum, sea, inner)
    for r in range(first, last):
        if r + outer[0] < rows:
            _add_blocks(1, r + outer[0], count, log_sum, square_sum, sea, whole)
        if hole[0] >= 0 and r + hole[0] < rows:
            _add_blocks(1, r + hole[0], count, log_sum, square_sum, sea, inner)
        _along_row(whole, inner, hole[1], outer[1], enough, mean[r], variance[r])
        if r - outer[0] >= 0:
            _add_blocks(-1, r - outer[0], count, log_sum, square_sum, sea, whole)
        if hole[0] >= 0 and r - hole[0] >= 0:
            _add_blocks(-1, r - hole[0], count, log_sum, square_sum, sea, inner)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_blocks(
    sign: int,
    r: int,
    count: NDArray[np.int32],
    log_sum: NDArray[np.int32],
    square_sum: NDArray[np.int64],
    sea: BoolImage,
    columns: NDArray[np.int64],
) -> None:
    for c in range(sea.shape[1]):
        use = sign * np.int64(sea[r, c])
        columns[0, c] += use * count[r, c]
        columns[1, c] += use * log_sum[r, c]
        columns[2, c] += use * square_sum[r, c]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _along_row(
    whole: NDArray[np.int64],
    inner: NDArray[np.int64],
    hole: int,
    outer: int,
    enough: int,
    mean: FloatImage,
    variance: FloatImage,
) -> None:
    cols = whole.shape[1]
    n = s = q = np.int64(0)
    for c in range(-outer, cols):
        ahead, behind = c + outer, c - outer - 1
        if ahead < cols:
            n, s, q = n + whole[0, ahead], s + whole[1, ahead], q + whole[2, ahead]
        if behind >= 0:
            n, s, q = n - whole[0, behind], s - whole[1, behind], q - whole[2, behind]
        if hole >= 0 and ahead >= 0:
            enter, leave = c + hole, c - hole - 1
            if 0 <= enter < cols:
                n, s, q = n - inner[0, enter], s - inner[1, enter], q - inner[2, enter]
            if leave >= 0:
                n, s, q = n + inner[0, leave], s + inner[1, leave], q + inner[2, leave]
        if c >= 0 and n >= enough:
            middle = s / n
            mean[c] = middle * LN_STEP
            variance[c] = max(q / n - middle * middle, 0.0) * LN_STEP * LN_STEP
