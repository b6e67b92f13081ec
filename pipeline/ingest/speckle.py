"""Measures speckle in a radar image of unknown stretch, to tell amplitude, intensity and dB apart.

Over water, intensity with L looks is gamma distributed; its square root (amplitude) is skewed to the right, its
logarithm (dB) to the left [1]_, whatever the gain. The spread is proportional to the mean in amplitude, and constant
in dB.

.. [1] Oliver and Quegan, Understanding Synthetic Aperture Radar Images, 2004, chapter 4: skewness of log intensity is
   psi''(L) / psi'(L)**1.5, below zero for every L; that of a gamma law and its square root lies above zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray

BLOCK_PX = 12  # side of the blocks in which speckle is measured: 120 m at 10 m pixels, homogeneous on open sea


@dataclass(frozen=True, slots=True)
class Speckle:
    """Speckle of the quiet half of an image's blocks."""

    skewness: float
    slope: float  # of log spread against log mean
    cv: float  # spread over mean
    blocks: int
    spread: float = np.nan  # half the distance from the 16th to the 84th percentile, in stored numbers

    @property
    def is_decibel(self) -> bool:
        """Does an image look like dB? Three votes, the first with the most weight (the weights are our choice).

        Skewness: about +0.5 / sqrt(L) for amplitude with L looks, -1 / sqrt(L) for dB. Slope: 1 for amplitude, 0 for
        dB, but uncertain if the mean hardly varies. Spread over mean: 0.52 / sqrt(L) for amplitude, above 0.12
        (18 looks) in detected products; dB images have an offset and may be far below. Without enough blocks the
        answer is no, since amplitude is more common.
        """
        if not np.isfinite(self.skewness):
            return False
        by_slope = float(np.clip(self.slope - 0.5, -1, 1)) if np.isfinite(self.slope) else 0.0
        by_spread = float(np.clip(self.cv / 0.12 - 1, -1, 1))
        return self.skewness / 0.15 + by_slope / 2 + by_spread < 0


def speckle(image: NDArray[Any], top: float = np.inf) -> Speckle:
    """Measure speckle in blocks of ``BLOCK_PX``; blocks with zeros, gaps or values at ``top`` are left out.

    Texture, targets and land have a larger spread: in eight bins of equal count by mean, the half of the blocks with
    the smaller spread is kept, and of the bins the five neighbours whose spread over mean is least. Spreads are half
    the distance from the 16th to the 84th percentile; skewness is the median of the blocks' third moments.
    """
    blocks = _whole_blocks(image, top)
    if len(blocks) < 8:
        return Speckle(np.nan, np.nan, _spread_over_mean(image), 0)
    low, mean, high = np.nanpercentile(blocks, [16, 50, 84], axis=1)
    spread = (high - low) / 2
    bins = []
    for part in np.array_split(np.argsort(mean, kind="stable"), 8):
        bins.append(part[np.argsort(spread[part], kind="stable")][: max(1, (len(part) + 1) // 2)])
    points = np.array([(np.median(mean[b]), np.median(spread[b])) for b in bins])
    relative = points[:, 1] / np.maximum(points[:, 0], 1e-30)
    first = int(np.argmin([relative[k : k + 5].mean() for k in range(4)]))
    chosen = slice(first, first + 5)
    with np.errstate(divide="ignore", invalid="ignore"):  # values <= 0 have no logarithm, and are left out
        xy = np.log(points[chosen])
    usable = np.isfinite(xy).all(axis=1)
    return Speckle(
        skewness=_skewness(blocks[np.concatenate(bins[chosen])]),
        slope=_median_slope(xy[usable, 0], xy[usable, 1]),
        cv=float(np.median(relative[chosen])),
        blocks=sum(len(b) for b in bins[chosen]),
        spread=float(np.median(points[chosen, 1])),
    )


def _whole_blocks(image: NDArray[Any], top: float) -> FloatArray:
    """Blocks with hardly any nodata and hardly any pixel at ``top``, shape (blocks, pixels)."""
    n = BLOCK_PX
    rows, cols = image.shape[0] // n * n, image.shape[1] // n * n
    blocks = image[:rows, :cols].reshape(rows // n, n, cols // n, n).swapaxes(1, 2).reshape(-1, n * n).astype(float)
    kept = (np.isfinite(blocks) & (blocks != 0)).mean(axis=1) > 0.98
    kept &= (blocks >= top).mean(axis=1) < 0.01
    return blocks[kept]


def _skewness(blocks: FloatArray) -> float:
    """Median over blocks of the third standardised moment; NaN where no block varies."""
    centred = blocks - np.nanmean(blocks, axis=1, keepdims=True)
    deviation = np.sqrt(np.nanmean(centred**2, axis=1))
    varies = deviation > 0
    if not varies.any():
        return float("nan")
    return float(np.median(np.nanmean(centred[varies] ** 3, axis=1) / deviation[varies] ** 3))


def _median_slope(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Theil-Sen slope, robust to some bins of land among those of water. NaN if x hardly varies."""
    if x.size < 3 or np.ptp(x) < 0.1:
        return float("nan")
    first, second = np.triu_indices(x.size, 1)
    distinct = np.abs(x[second] - x[first]) > 0.02
    return float(np.median((y[second] - y[first])[distinct] / (x[second] - x[first])[distinct]))


def _spread_over_mean(image: NDArray[Any]) -> float:
    """Spread over median of a whole small image, for chips too small for blocks."""
    good = image[np.isfinite(image) & (image != 0)]
    if good.size < 16:
        return 0.25  # amplitude of four looks, as Sentinel-1 has
    low, mean, high = np.percentile(good, [16, 50, 84])
    return float((high - low) / 2 / max(mean, 1e-30))
