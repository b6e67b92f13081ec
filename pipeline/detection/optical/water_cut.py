"""Threshold between water and land in the infrared, from an image's own histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage

GREEN = ("B03", "G")
SHORT_WAVE = ("B11", "B12")  # forest is dark there too, and may be taken for water beside pale roofs
CLEARER = 0.05  # gain in separation that the water index (green, short wave) needs; 0 to 0.1 give the same cuts
VALLEY = 1.3  # least ratio of both peaks to the dip: seas of 20,000 pixels stay below 1.1, dim land has 1.6 to 7
BINS, SOFT_BINS = 64, 1.5  # of the histogram, and its smoothing (our choice)
DARK = 1e-4  # reflectance: floor of an index's denominator; our choice


def infrared_cut(values: FloatImage, bands: tuple[str, ...], infrared: str) -> tuple[float, float]:
    """Threshold of the infrared band below which water lies, and the separation of the two classes (see `otsu`).

    ``values`` has shape (bands, n). From the infrared band alone; but if that is short-wave, from the modified NDWI
    where this separates more clearly and gives less water: over forest and roofs, Otsu's two classes of the band alone
    are green and built-up land (on 286 crops of labelled ports, B11 alone, against water by B08: crops with a tenth of
    the pixels wrong 21 %, with the index 4 %; over towns alone the index errs, upwards).
    """
    band = values[bands.index(infrared)]
    low, high = np.percentile(band, [0.2, 99.5])
    root = np.sqrt(np.clip(band, low, high) - low)  # shot noise and haze grow with brightness: a root equalises them
    cut, separation = otsu(root.astype(np.float64))
    threshold = float(cut**2 + low)
    green = next((values[bands.index(b)] for b in GREEN if b in bands), None)
    if infrared not in SHORT_WAVE or green is None:
        return threshold, separation
    by_index, clarity = index_cut(band, green)
    return (by_index, clarity) if clarity > separation + CLEARER and by_index < threshold else (threshold, separation)


def index_cut(infrared: FloatArray, green: FloatArray) -> tuple[float, float]:
    """The infrared threshold that agrees best with Otsu's classes of (green - infrared) / (green + infrared), shapes
    (n,), and the separation of these classes.

    Index: Xu, Int. J. Remote Sens. 27 (2006), pp. 3025-3033.

    >>> rng = np.random.default_rng(0)
    >>> water, forest, roofs = rng.normal(0.03, 0.005, 100), rng.normal(0.12, 0.02, 500), rng.normal(0.3, 0.05, 500)
    >>> cut, _ = index_cut(np.r_[water, forest, roofs], np.r_[water * 2, forest / 2, roofs * 0.7])
    >>> bool(0.03 < cut < 0.08)
    True
    """
    index = ((green - infrared) / np.maximum(green + infrared, DARK)).clip(-1.0, 1.0).astype(np.float64)
    cut, separation = otsu(index)
    order = np.argsort(infrared, kind="stable")
    wet = index[order] > cut
    wrong = np.cumsum(~wet) + wet.sum() - np.cumsum(wet)  # misclassified: dry ones up to here, wet ones beyond
    return float(infrared[order][int(np.argmin(wrong))]), separation


def has_valley(values: FloatImage) -> bool:
    """Does the histogram have a valley between two peaks? One surface, however skewed, has one peak, two have two.

    >>> rng = np.random.default_rng(0)
    >>> skewed, two = np.exp(rng.normal(0, 1, 10_000)), np.r_[rng.normal(1, 0.2, 900), rng.normal(3, 0.5, 100)]
    >>> has_valley(skewed), has_valley(two)
    (False, True)
    """
    low, high = np.percentile(values, [0.2, 99.5])
    root = np.sqrt(np.clip(values, low, None) - low)
    counts, _ = np.histogram(root, bins=BINS, range=(0.0, max(float(np.sqrt(high - low)), 1e-12)))
    common = ndimage.gaussian_filter1d(counts.astype(np.float64), SOFT_BINS, mode="constant")
    common += 0.005 * common.max()  # so that a few pixels make no peak
    before, after = np.maximum.accumulate(common), np.maximum.accumulate(common[::-1])[::-1]
    return bool((np.minimum(before, after) / common).max() > VALLEY)


def otsu(values: FloatArray) -> tuple[float, float]:
    """Otsu's threshold, and the share of variance between its two classes (IEEE Trans. SMC 9, pp. 62-66, 1979).

    >>> threshold, separation = otsu(np.r_[np.linspace(0, 1, 500), np.linspace(9, 10, 500)])
    >>> 1 < threshold < 9, round(separation, 2)
    (True, 1.0)
    """
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[1:] + edges[:-1]) / 2
    weight = counts / max(1, counts.sum())
    below, mean_below = np.cumsum(weight), np.cumsum(weight * centres)
    total = mean_below[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total * below - mean_below) ** 2 / (below * (1 - below))
    between[~np.isfinite(between)] = 0
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # a gap without pixels is a plateau: take its middle
    variance = float(np.sum(weight * (centres - total) ** 2))
    return float(edges[1:][best].mean()), float(between.max() / variance) if variance > 0 else 0.0
