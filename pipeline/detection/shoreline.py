"""Land seen in the image itself, where no coast is given: large, bright, uneven areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

MIN_LAND_M2 = 0.4e6  # our choice: an order of magnitude above the deck of the largest ship (400 m x 60 m)
BRIGHTER_DB = 4.0  # than the sea: our choice, between rough sea's own variation and the darkest built-up land
UNEVEN_DB = 1.3  # spread among neighbouring blocks: sea has some 0.5 dB at 8 x 8 pixels of 4.4 looks


def block_means(values: FloatArray, usable: BoolImage, side: int) -> FloatArray:
    """Means over blocks of ``side`` pixels, shape (ceil(rows / side), ceil(cols / side)); NaN for empty blocks."""
    rows, cols = (-(-n // side) for n in values.shape)
    padded = np.zeros((rows * side, cols * side))
    weight = np.zeros_like(padded)
    padded[: values.shape[0], : values.shape[1]] = np.where(usable, values, 0.0)
    weight[: values.shape[0], : values.shape[1]] = usable
    total = padded.reshape(rows, side, cols, side).sum(axis=(1, 3))
    count = weight.reshape(rows, side, cols, side).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def land_blocks(means: FloatArray, block_m: float) -> BoolImage:
    """Blocks that are land, for block means of power. All False where the image is too small to tell."""
    known = np.isfinite(means) & (means > 0)
    if known.sum() * block_m**2 < 2 * MIN_LAND_M2:
        return np.zeros(means.shape, bool)
    decibel = 10 * np.log10(np.where(known, means, np.nan))
    filled = np.where(known, decibel, np.nanmedian(decibel))
    smooth = ndimage.uniform_filter(filled, 3)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(filled**2, 5) - ndimage.uniform_filter(filled, 5) ** 2, 0))
    sea_db = _sea_level(filled[known], spread[known])
    bright = (smooth > sea_db + BRIGHTER_DB) & known
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


def _sea_level(decibel: FloatArray, spread: FloatArray) -> float:
    """Usual level of the smoother half of the image: sea is smoother than land."""
    smoother = decibel[spread <= np.median(spread)]
    return float(np.median(smoother))
