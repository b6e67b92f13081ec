"""Land seen in the image itself, where no coast is given: large, bright, uneven areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

MIN_LAND_M2 = 0.4e6  # our choice: an order of magnitude above the deck of the largest ship (400 m x 60 m)
BRIGHTER_DB = 4.0  # than the sea: our choice, between rough sea's own variation and the darkest built-up land
UNEVEN_DB = 1.3  # spread among neighbouring blocks: sea has some 0.5 dB at 8 x 8 pixels of 4.4 looks


def land_blocks(means: FloatArray, block_m: float) -> BoolImage:
    """Blocks that are land, for block means of power. All False where the image is too small to tell."""
    known = np.isfinite(means) & (means > 0)
    if known.sum() * block_m**2 < 2 * MIN_LAND_M2:
        return np.zeros(means.shape, bool)
    decibel = 10 * np.log10(means, out=np.zeros(means.shape), where=known)
    filled = np.where(known, decibel, np.median(decibel[known]))
    smooth, spread = _neighbourhood(filled)
    sea_db = _sea_level(filled[known], spread[known])
    bright = (smooth > sea_db + BRIGHTER_DB) & known
    if bright.sum() * block_m**2 < MIN_LAND_M2:
        return np.zeros(means.shape, bool)
    size = max(1, round(40.0 / block_m))
    bright = ndimage.binary_opening(bright, iterations=size)
    labels, n = ndimage.label(bright)
    if n == 0:
        return np.zeros(means.shape, bool)
    index = np.arange(1, n + 1)
    area = ndimage.sum_labels(bright, labels, index) * block_m**2
    uneven = ndimage.median(spread, labels, index)
    keep = np.concatenate([[False], (area >= MIN_LAND_M2) & (uneven >= UNEVEN_DB)])
    land = keep[labels]
    land = ndimage.binary_closing(land, iterations=2) | land
    return ndimage.binary_dilation(ndimage.binary_fill_holes(land), iterations=1)


@numba.njit(cache=True, nogil=True)
def _neighbourhood(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over 3 x 3 and standard deviation over 5 x 5 around each value; the image is mirrored at its edges."""
    rows, cols = values.shape
    mean, spread = np.empty(values.shape), np.empty(values.shape)
    for r in range(rows):
        for c in range(cols):
            near = total = square = 0.0
            for i in range(-2, 3):
                y = r + i
                y = -1 - y if y < 0 else y
                y = 2 * rows - 1 - y if y >= rows else y
                for j in range(-2, 3):
                    x = c + j
                    x = -1 - x if x < 0 else x
                    x = 2 * cols - 1 - x if x >= cols else x
                    value = values[y, x]
                    total += value
                    square += value * value
                    if -1 <= i <= 1 and -1 <= j <= 1:
                        near += value
            mean[r, c] = near / 9.0
            spread[r, c] = np.sqrt(max(square / 25.0 - (total / 25.0) ** 2, 0.0))
    return mean, spread


def _sea_level(decibel: FloatArray, spread: FloatArray) -> float:
    """Usual level of the smoother half of the image: sea is smoother than land."""
    smoother = decibel[spread <= np.median(spread)]
    return float(np.median(smoother))
