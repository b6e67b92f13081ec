"""Find land in a radar image that comes without a coastline: large, bright, uneven areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import ndimage
from skimage import measure

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

MIN_LAND_M2 = 0.4e6  # our choice: an order of magnitude above the deck of the largest ship (400 m x 60 m)
BRIGHTER_DB = 4.0  # over the sea: our choice, between the variation of rough sea and the darkest built-up land
SEA_SHARE = 0.25  # of the image is sea at least, so that its smoothest part tells the sea's level (our choice)
UNEVEN_DB = 1.3  # least standard deviation among neighbouring blocks: sea has some 0.5 dB at 8 x 8 pixels of 4.4 looks


def land_blocks(decibel: FloatArray, block_m: float) -> BoolImage:
    """Mask of land blocks, from the mean power of each [dB], NaN where there is none; no land in too small an image."""
    known = np.isfinite(decibel)
    if np.count_nonzero(known) * block_m**2 < 2 * MIN_LAND_M2:
        return np.zeros(decibel.shape, bool)
    if not known.all():
        decibel = np.where(known, decibel, np.median(decibel[known]))
    smooth, spread = _neighbourhood(decibel)
    sea_db = _sea_level(decibel, spread) if known.all() else _sea_level(decibel[known], spread[known])
    bright = (smooth > sea_db + BRIGHTER_DB) & known
    if bright.sum() * block_m**2 < MIN_LAND_M2:
        return np.zeros(decibel.shape, bool)
    size = max(1, round(40.0 / block_m))
    bright = ndimage.binary_opening(bright, iterations=size)
    labels, n = measure.label(bright, connectivity=1, return_num=True)
    if n == 0:
        return np.zeros(decibel.shape, bool)
    index = np.arange(1, n + 1)
    area = ndimage.sum_labels(bright, labels, index) * block_m**2
    uneven = ndimage.median(spread, labels, index)
    keep = np.concatenate([[False], (area >= MIN_LAND_M2) & (uneven >= UNEVEN_DB)])
    land = keep[labels]
    land = ndimage.binary_closing(land, iterations=2) | land
    return ndimage.binary_dilation(ndimage.binary_fill_holes(land), iterations=1)


@numba.njit("Tuple((f8[:, ::1], f8[:, ::1]))(f8[:, ::1])", cache=True, nogil=True)
def _neighbourhood(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over 3 x 3 and standard deviation over 5 x 5 around each value; the image is mirrored at its edges."""
    rows, cols = values.shape
    mean, spread = np.empty(values.shape), np.empty(values.shape)
    near, total, square = np.empty(cols + 4), np.empty(cols + 4), np.empty(cols + 4)  # sums down the columns, mirrored
    for r in range(rows):
        near[:], total[:], square[:] = 0.0, 0.0, 0.0
        for i in range(-2, 3):
            y = r + i
            y = -1 - y if y < 0 else y
            y = 2 * rows - 1 - y if y >= rows else y
            for c in range(cols):
                total[c + 2] += values[y, c]
                square[c + 2] += values[y, c] * values[y, c]
            if -1 <= i <= 1:
                for c in range(cols):
                    near[c + 2] += values[y, c]
        for sums in (near, total, square):
            for j in range(2):
                sums[1 - j], sums[cols + 2 + j] = sums[2 + j], sums[cols + 1 - j]
        for c in range(cols):
            mean[r, c] = ((near[c + 1] + near[c + 3]) + near[c + 2]) / 9.0
            five = (total[c] + total[c + 4]) + (total[c + 1] + total[c + 3]) + total[c + 2]
            squares = (square[c] + square[c + 4]) + (square[c + 1] + square[c + 3]) + square[c + 2]
            spread[r, c] = np.sqrt(max(squares / 25.0 - (five / 25.0) ** 2, 0.0))
    return mean, spread


def _sea_level(decibel: FloatArray, spread: FloatArray) -> float:
    """Usual level of the smoothest part of the image: sea is smoother than land."""
    smoothest = decibel[spread <= np.quantile(spread, SEA_SHARE)]
    return float(np.median(smoothest))
