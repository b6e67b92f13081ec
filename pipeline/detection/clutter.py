"""Local sea clutter: mean and shape around every pixel, from water alone, with bright things kept out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

CENSOR = 5.0  # times the local geometric mean: 4.4-look speckle exceeds it once in a million pixels
MIN_SHARE = 0.05  # of the ring must be usable sea, or the clutter there is not known (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class Clutter:
    """Local mean and shape (mean^2 / variance) of the sea, (rows, cols); NaN where too little sea is near."""

    mean: FloatArray
    shape: FloatArray
    sea: BoolImage  # pixels that took part


def box_sum(values: FloatArray, half: int) -> FloatArray:
    """Sum over a square of side ``2 half + 1`` around each pixel, cut at the image's edges; same shape."""
    out = values
    for axis in (0, 1):
        total = np.cumsum(out, axis=axis)
        n = total.shape[axis]
        upper = np.take(total, np.minimum(np.arange(n) + half, n - 1), axis=axis)
        first = np.arange(n) - half - 1
        lower = np.take(total, np.maximum(first, 0), axis=axis)
        keep = (first >= 0).reshape((-1, 1) if axis == 0 else (1, -1))
        out = upper - lower * keep
    return out


def local_clutter(power: FloatImage, usable: BoolImage, guard_px: int, background_px: int) -> Clutter:
    """Clutter in the ring between two squares around each pixel.

    First the ring's geometric mean, which a few bright pixels hardly move, says what is too bright to be sea; then mean
    and variance are taken over the rest.
    """

    # In an image smaller than the ring's hole there is no ring; what is bright is kept out by its brightness alone.
    hole = guard_px if min(power.shape) > 3 * guard_px else -1

    def ring(values: FloatArray) -> FloatArray:
        outer = box_sum(values, background_px)
        return outer - box_sum(values, hole) if hole >= 0 else outer

    floor = float(np.min(power[usable])) if usable.any() else 1.0
    logs = np.log(np.maximum(np.where(usable, power, 1.0), max(floor, 1e-12)))
    count = np.maximum(ring(usable.astype(np.float64)), 1.0)
    geometric = np.exp(ring(np.where(usable, logs, 0.0)) / count)
    sea = usable & ~binary_dilation(usable & (power > CENSOR * geometric), iterations=1)
    level = np.where(sea, power, 0.0).astype(np.float64)
    n = ring(sea.astype(np.float64))
    ring_size = min((2 * background_px + 1) ** 2 - (2 * hole + 1) ** 2, power.size)
    enough = n >= max(30.0, MIN_SHARE * ring_size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(enough, ring(level) / n, np.nan)
        variance = ring(level**2) / n - mean**2
        shape = np.where(variance > 0, mean**2 / variance, np.inf)
    return Clutter(mean, np.where(np.isnan(mean), np.nan, shape), sea)
