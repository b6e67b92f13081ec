"""Local sea clutter: what the sea around every pixel is like, from water alone, with bright things kept out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special
from scipy.ndimage import binary_dilation

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

CENSOR = 30.0  # times the local geometric mean: spiky sea (K law of order 1.5) exceeds it once in 100,000 pixels
CENSOR_SMALL = 8.0  # in an image too small for a ring, of which a ship may cover a tenth; speckle stays below it
FLOOR = 0.01  # of the local geometric mean: darker pixels count as this dark, or their logarithms would decide alone
MIN_SHARE = 0.05  # of the ring must be usable sea, or the clutter there is not known (our choice)
_ORDERS = np.geomspace(0.1, 600.0, 400)
_TRIGAMMA = special.polygamma(1, _ORDERS)


@dataclass(frozen=True, slots=True, eq=False)
class Clutter:
    """Mean and variance of the logarithm of the sea around every pixel, (rows, cols); NaN where too little is near.

    Logarithms, because a ship in the ring adds to them by her size, not by her brightness: their cumulants tell the
    law's parameters (Nicolas 2002; Tison et al. 2004), and bright pixels hardly move them.
    """

    log_mean: FloatArray
    log_variance: FloatArray
    sea: BoolImage  # pixels that took part

    def under(self, law: str, looks: float) -> tuple[FloatArray, FloatArray]:
        """Mean, and shape (mean^2 / variance), if the sea follows that law with that many looks."""
        variance = np.maximum(self.log_variance, 1e-6)
        if law == "lognormal":
            return np.exp(self.log_mean + variance / 2), 1 / np.expm1(variance)
        if law == "gamma":
            order = _order(variance)
            return np.exp(self.log_mean + _bias(order)), order
        speckle = float(special.polygamma(1, looks))
        texture = _order(np.maximum(variance - speckle, _TRIGAMMA[-1]))
        mean = np.exp(self.log_mean + _bias(looks) + _bias(texture))
        return mean, 1 / (1 / looks + 1 / texture + 1 / (looks * texture))


def _order(variance: FloatArray) -> FloatArray:
    """Order of the gamma law whose logarithm has that variance: the inverse of the trigamma function."""
    return np.exp(np.interp(np.log(variance), np.log(_TRIGAMMA[::-1]), np.log(_ORDERS[::-1])))


def _bias(order: FloatArray | float) -> FloatArray:
    """ln of the mean less the mean of ln, for a gamma law of that order."""
    return np.log(order) - special.digamma(order)


def looks_of(log_variance: FloatArray) -> float:
    """Number of looks of a sea without texture, from the variance of its logarithm.

    >>> round(looks_of(np.array([float(special.polygamma(1, 4.4))])), 1)
    4.4
    """
    return float(_order(np.asarray(log_variance, float)).squeeze())


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

    First the ring's geometric mean says what is too bright to be sea; then the logarithms of the rest are summed up.
    """

    # In an image smaller than the ring's hole there is no ring; what is bright is kept out by its brightness alone.
    hole = guard_px if min(power.shape) > 3 * guard_px else -1

    def ring(values: FloatArray) -> FloatArray:
        outer = box_sum(values, background_px)
        return outer - box_sum(values, hole) if hole >= 0 else outer

    typical = float(np.median(power[usable])) if usable.any() else 1.0
    logs = np.log(np.maximum(np.where(usable, power, typical), max(FLOOR * typical, 1e-30)) / max(typical, 1e-30))
    count = np.maximum(ring(usable.astype(np.float64)), 1.0)
    geometric = ring(np.where(usable, logs, 0.0)) / count
    limit = np.log(CENSOR if hole >= 0 else CENSOR_SMALL) + geometric
    sea = usable & ~binary_dilation(usable & (logs > limit), iterations=2)
    logs = np.where(sea, logs, 0.0).astype(np.float64)
    n = ring(sea.astype(np.float64))
    ring_size = min((2 * background_px + 1) ** 2 - (2 * hole + 1) ** 2, power.size)
    enough = n >= max(30.0, MIN_SHARE * ring_size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(enough, ring(logs) / n, np.nan)
        variance = ring(logs**2) / n - mean**2
    return Clutter(mean + np.log(max(typical, 1e-30)), np.where(enough, variance, np.nan), sea)
