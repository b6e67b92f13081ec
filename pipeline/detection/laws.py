"""Laws of sea clutter: how bright may pure sea be? Quantiles of multi-looked intensity of mean 1.

A law is told by its shape ``k = mean^2 / variance``; all three have mean 1 and variance 1 / k.

- ``gamma``: speckle alone (k = number of looks), or any texture that is gamma-like itself.
- ``k``: speckle of L looks times gamma texture of shape v: ``1/k = 1/L + 1/v + 1/(L v)`` (Jakeman and Pusey 1976;
  multi-looked: Ward 1981). Where k >= L there is no texture left, and the law is gamma.
- ``lognormal``: the longest tail of the three.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from pipeline.types import FloatArray

LAWS = ("gamma", "k", "lognormal")
_SHAPES = np.geomspace(0.15, 60.0, 120)  # below: snow-like noise; above: no picture is so smooth
_NODES = 96  # of the quadrature over texture; 1e-7 tails agree to 1e-3 with 200 nodes


def quantile(law: str, tail: float, shape: FloatArray, looks: float) -> FloatArray:
    """Level that is exceeded with probability ``tail``, for each ``shape``; ``looks`` matters to the K law alone.

    >>> round(float(quantile("gamma", 1e-3, np.array([1.0]), 1.0)[0]), 2)  # exponential law: -ln(tail)
    6.91
    """
    table = _table(law, tail, round(float(looks), 2))
    return np.interp(np.log(np.clip(shape, _SHAPES[0], _SHAPES[-1])), np.log(_SHAPES), table)


@lru_cache(maxsize=64)
def _table(law: str, tail: float, looks: float) -> FloatArray:
    if law == "gamma":
        return special.gammainccinv(_SHAPES, tail) / _SHAPES
    if law == "lognormal":
        sigma = np.sqrt(np.log1p(1 / _SHAPES))
        return np.exp(-(sigma**2) / 2 - special.ndtri(tail) * sigma)
    if law == "k":
        return np.array([_k_quantile(tail, shape, looks) for shape in _SHAPES])
    raise ValueError(f"No clutter law {law!r}; there are {', '.join(LAWS)}.")


def _k_quantile(tail: float, shape: float, looks: float) -> float:
    """Quantile of the K law by bisection on its survival function."""
    texture = (1 + 1 / looks) / (1 / shape - 1 / looks) if shape < looks * 0.999 else np.inf
    if not np.isfinite(texture) or texture > 500:
        return float(special.gammainccinv(shape, tail) / shape)
    # The texture's gamma law by its quantiles: equal-probability nodes, refined in the upper tail that decides.
    edges = np.concatenate([np.linspace(0, 0.9, _NODES // 3), 1 - np.geomspace(0.1, 1e-9, _NODES)[1:], [1.0]])
    middle = (edges[1:] + edges[:-1]) / 2
    level = special.gammaincinv(texture, middle) / texture
    weight = np.diff(edges)

    def survival(x: float) -> float:
        return float(np.sum(weight * special.gammaincc(looks, looks * x / np.maximum(level, 1e-12))))

    low, high = 0.1, 10.0
    while survival(high) > tail:
        high *= 2
    for _ in range(50):
        x = 0.5 * (low + high)
        low, high = (x, high) if survival(x) > tail else (low, x)
    return 0.5 * (low + high)
