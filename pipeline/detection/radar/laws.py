"""Clutter distributions: tail probabilities and CFAR thresholds of L-look speckle times a sea texture.

Each law is parametrised by the geometric mean and the variance of the logarithm. These log-cumulants exist for every
law and are hardly changed by ships or by a law's own tail (Nicolas 2002; Tison et al. 2004).

- ``gamma``: speckle alone, with the number of looks that the variance implies.
- ``k``: gamma texture (Jakeman and Pusey 1976; multi-looked: Ward 1981), spiky but with a short tail.
- ``lognormal``: log-normal texture, between the two others.
- ``g0``: inverse gamma texture (Frery et al. 1997), the longest tail.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pipeline.types import FloatArray

LAWS = ("gamma", "k", "lognormal", "g0")
_VARIANCES = np.geomspace(0.005, 8.0, 48)  # of the logarithm of the sea (gamma) or of its texture: 200 looks to snow
_LEVELS = np.linspace(-1.0, 14.0, 151)  # ln of brightness over the geometric mean: up to 60 dB
_NODES = 65  # over texture; twice as many change a 1e-7 tail by less than 1 %
_FAINTEST = -8.0  # ln of texture: darker texture contributes nothing to a tail
_ORDERS = np.geomspace(0.1, 600.0, 400)
_TRIGAMMA = special.polygamma(1, _ORDERS)
LN_FLOOR = -650.0  # ln of the smallest probability tabulated


def gamma_order(variance: ArrayLike) -> FloatArray:
    """Order (number of looks) of the gamma law whose logarithm has this variance: the inverse of trigamma.

    >>> round(float(gamma_order(special.polygamma(1, 4.4))), 2)
    4.4
    """
    return np.exp(np.interp(np.log(variance), np.log(_TRIGAMMA[::-1]), np.log(_ORDERS[::-1])))


def quantile(law: str, tail: float, variance: ArrayLike, looks: float) -> FloatArray:
    """Level over the geometric mean that sea exceeds with probability ``tail``, for variances of its logarithm.

    ``looks`` is the equivalent number of looks of the speckle; the gamma law ignores it.

    >>> bool(np.isclose(quantile("gamma", 1e-3, special.polygamma(1, 1.0), 1.0), 6.91 * np.exp(0.5772), rtol=0.01))
    True
    """
    knots = _variances(law, looks)
    return np.exp(np.interp(np.log(np.maximum(variance, 1e-9)), np.log(knots), _ln_quantiles(law, tail, looks)))


def least_quantile(law: str, tail: float, variances: tuple[float, float], looks: float) -> float:
    """Least `quantile` over an interval of variances: it lies at an end of the interval or at a knot of the table."""
    low, high = variances
    knots = [v for v in _variances(law, looks) if low < v < high]
    return float(quantile(law, tail, np.array([low, *knots, high]), looks).min())


@lru_cache(maxsize=64)
def _ln_quantiles(law: str, tail: float, looks: float) -> FloatArray:
    table = _ln_survival(law, round(float(looks), 2))
    return np.array([np.interp(-np.log(tail), -row, _LEVELS) for row in table])


def ln_survival(law: str, level: ArrayLike, variance: ArrayLike, looks: float) -> FloatArray:
    """ln of the probability that sea is brighter than ``level`` times its geometric mean."""
    table = _ln_survival(law, round(float(looks), 2))
    knots = _variances(law, looks)
    v = np.interp(np.log(np.maximum(variance, 1e-9)), np.log(knots), np.arange(len(knots)))
    x = np.interp(np.log(np.maximum(level, 1e-9)), _LEVELS, np.arange(len(_LEVELS)))
    i, j = np.minimum(v.astype(int), len(knots) - 2), np.minimum(x.astype(int), len(_LEVELS) - 2)
    a, b = v - i, x - j
    low = table[i, j] * (1 - b) + table[i, j + 1] * b
    high = table[i + 1, j] * (1 - b) + table[i + 1, j + 1] * b
    return low * (1 - a) + high * a


def _variances(law: str, looks: float) -> FloatArray:
    """Variances of the logarithm at which a law is tabulated.

    With texture they begin at that of its speckle, where the tail turns upwards: a step of the table across that point
    would misstate a rate of 1e-6 by a factor of two.
    """
    if law == "gamma":
        return _VARIANCES
    return special.polygamma(1, round(float(looks), 2)) + np.array([0.0, *_VARIANCES])


@lru_cache(maxsize=16)
def _ln_survival(law: str, looks: float) -> FloatArray:
    """Table of ln survival probability over `_variances` and levels, shape (variances, 151)."""
    if law not in LAWS:
        raise ValueError(f"No clutter law {law!r}; there are {', '.join(LAWS)}.")
    level = np.exp(_LEVELS)
    if law == "gamma":
        order = gamma_order(_VARIANCES)[:, None]
        tail = special.gammaincc(order, level * np.exp(special.digamma(order)))
    else:
        tail = np.array([_compound(law, v, level, looks) for v in [0.0, *_VARIANCES]])
    ln = np.log(np.maximum(tail, np.exp(LN_FLOOR)))
    return np.minimum.accumulate(ln, axis=1) - 1e-9 * np.arange(len(_LEVELS))  # strictly falling, to be inverted


def _compound(law: str, texture_variance: float, level: FloatArray, looks: float) -> FloatArray:
    """Survival of speckle times texture: the integral over ln texture by the trapezium rule."""
    speckle = np.exp(special.digamma(looks)) * level
    if texture_variance == 0:
        return special.gammaincc(looks, speckle)
    u, density = _texture(law, texture_variance)
    return special.gammaincc(looks, speckle[:, None] * np.exp(-u)) @ (density / density.sum())


def _texture(law: str, variance: float) -> tuple[FloatArray, FloatArray]:
    """Integration nodes of ln texture, whose mean is 0, and the (unnormalised) density at each."""
    if law == "lognormal":
        sigma = np.sqrt(variance)
        u = np.linspace(max(_FAINTEST, -8 * sigma), 8 * sigma, _NODES)
        return u, np.exp(-(u**2) / (2 * variance))
    order = float(gamma_order(variance))
    middle = special.digamma(order)
    low = np.log(max(special.gammaincinv(order, 1e-11), 1e-300)) - middle
    high = np.log(special.gammainccinv(order, 1e-15)) - middle
    sign = 1.0 if law == "k" else -1.0  # the inverse gamma law is the mirror image
    ends = np.sort(sign * np.array([low, high]))
    u = np.linspace(max(ends[0], _FAINTEST), min(ends[1], 2 * _LEVELS[-1]), _NODES)
    g = sign * u + middle
    return u, np.exp(order * g - np.exp(g) - special.gammaln(order))
