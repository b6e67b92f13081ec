"""First-order Sobol indices ``S = Var(E[output | input]) / Var(output)`` from the draws themselves.

Draws are grouped by similar input (Plischke, Reliability Engineering & System Safety 95, pp. 354-360, 2010); the error
of an index is a jackknife over blocks of draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BINS = 32  # of equal count, for a numerical input: variation inside a bin is lost, some 0.3 % (our choice)
BLOCKS = 10  # of draws, left out one by one for the jackknife error


@dataclass(frozen=True, slots=True)
class SobolIndex:
    """A first-order Sobol index and its standard error."""

    value: float
    error: float


def equal_bins(values: FloatArray, bins: int = BINS) -> np.ndarray:
    """Index of the equal-count bin of each value; equal values may be in different bins."""
    ranks = np.empty(len(values), dtype=np.intp)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks * bins // len(values)


def bins_within(strata: np.ndarray, values: FloatArray, bins: int = BINS) -> np.ndarray:
    """Index of each value's equal-count bin within its stratum; strata are numbered from 0."""
    order = np.lexsort((values, strata))
    start = np.searchsorted(strata[order], strata[order])
    size = np.bincount(strata)[strata[order]]
    out = np.empty(len(order), dtype=np.intp)
    out[order] = (np.arange(len(order)) - start) * bins // size
    return out


def between_variance(output: FloatArray, group: np.ndarray) -> FloatArray:
    """Variance of the output's mean given the group; shape (1 + BLOCKS,): of all draws, then without each block.

    Between-group variance less its expectation from sampling alone (one-way analysis of variance), so that an input
    without effect has 0 on average.
    """
    groups = int(group.max()) + 1
    cell = _blocks(len(output)) * groups + group
    centred = output - output.mean()

    def without_each(weights: FloatArray | None) -> FloatArray:
        held = np.bincount(cell, weights, BLOCKS * groups).reshape(BLOCKS, groups)
        return np.concatenate([held.sum(axis=0)[None], held.sum(axis=0) - held]).astype(float)

    count, total, square = without_each(None), without_each(centred), without_each(centred**2).sum(axis=1)
    n = count.sum(axis=1)
    explained = np.divide(total**2, count, out=np.zeros_like(total), where=count > 0).sum(axis=1)
    used = (count > 0).sum(axis=1)
    between = explained - total.sum(axis=1) ** 2 / n
    within = (square - explained) / np.maximum(n - used, 1)
    return (between - (used - 1) * within) / n


def variance(output: FloatArray) -> FloatArray:
    """Variance of all draws, then without each block, shape (1 + BLOCKS,)."""
    block = _blocks(len(output))
    return np.array([output.var()] + [output[block != k].var() for k in range(BLOCKS)])


def sobol_index(part: FloatArray, total: FloatArray) -> SobolIndex:
    """First-order index and its jackknife error over blocks; 0 for a sum that does not vary.

    ``part`` is an input's `between_variance`, ``total`` the sum's `variance`.

    >>> x = np.random.default_rng(1).standard_normal((2, 20_000))
    >>> output = 3 * x[0] + 4 * x[1]
    >>> [round(sobol_index(between_variance(output, equal_bins(one)), variance(output)).value, 2) for one in x]
    [0.36, 0.63]
    """
    if not total.min() > 1e-9:
        return SobolIndex(0.0, 0.0)
    ratio = part / total
    left_out = ratio[1:]
    error = np.sqrt((BLOCKS - 1) / BLOCKS * np.sum((left_out - left_out.mean()) ** 2))
    return SobolIndex(float(ratio[0]), float(error))


def _blocks(n: int) -> np.ndarray:
    return np.arange(n) * BLOCKS // n
