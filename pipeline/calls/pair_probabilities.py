"""How probable each pair of a detection and a transponder is, from all assignments in which nobody has two partners.

Pairs fall into clusters that share no ship. In a small one all assignments are summed, by recursion over the
detections with the set of transponders taken so far; in a large one the same is done around each detection, and what
it might have beyond that is estimated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import bmat, csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.types import FloatArray

NEGLIGIBLE = 1e-3  # odds that are left out where clusters are sought: a pair's probability is below its odds
MOST_SUMMED = 10  # detections or transponders, the fewer, of a cluster whose assignments are summed (our choice)
MOST_NEAR = 8  # transponders, and half the detections, that are considered around one in a larger cluster (our choice)
ROUNDS = (
    30  # of scaling rows and columns: 300 change the probability of a match by 0.001 on average at most (simulated)
)


def pair_probabilities(odds: FloatArray, partner: NDArray[np.intp]) -> FloatArray:
    """Probability of each pair, shape (detections, transponders).

    ``odds`` are the weights of pairs relative to that of no partner; ``partner`` is each detection's transponder in the
    likeliest assignment, -1 for none. Exact, to 0.001 a pair, in clusters of up to `MOST_SUMMED`; for larger ones see
    benchmarks/tried.md.
    """
    out = odds / (1 + odds.sum(axis=1, keepdims=True) + odds.sum(axis=0) - odds)  # right where all of them are small
    for rows, cols in _clusters(odds >= NEGLIGIBLE):
        if min(len(rows), len(cols)) > MOST_SUMMED:
            own = partner[rows]
            out[rows] = 0.0
            out[np.ix_(rows, cols)] = _summed_around_each(
                odds[np.ix_(rows, cols)], np.where(own < 0, -1, np.searchsorted(cols, own))
            )
        elif len(rows) and len(cols):
            out[np.ix_(rows, cols)] = _summed(odds[np.ix_(rows, cols)])
    return np.asarray(out)


def _clusters(linked: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Detections and transponders that are linked with each other, directly or through others."""
    graph = csr_array(linked)
    n_clusters, cluster_of = connected_components(bmat([[None, graph], [graph.T, None]]), directed=False)
    of_rows, of_cols = np.split(cluster_of, [len(linked)])
    for n in range(n_clusters):
        yield np.flatnonzero(of_rows == n), np.flatnonzero(of_cols == n)


def _summed(odds: FloatArray) -> FloatArray:
    """Exact probabilities of a cluster's pairs; time and memory grow with 2 to the power of its smaller side."""
    n_rows, n_cols = odds.shape
    if n_cols > n_rows:
        return _summed(odds.T).T
    share = 1 / (1 + odds.sum(axis=1))  # a row's weights sum to 1, so that products stay finite
    taken = np.arange(2**n_cols)  # sets of transponders, a bit for each
    free = [taken[(taken >> col) % 2 == 0] for col in range(n_cols)]
    after = [np.ones(len(taken))]  # weight of the last detections if these transponders are taken by the first ones
    for row in reversed(range(n_rows)):
        weight = share[row] * after[-1]
        for col, sets in enumerate(free):
            weight[sets] += share[row] * odds[row, col] * after[-1][sets + 2**col]
        after.append(weight / weight.max())
    out = np.empty_like(odds)
    before = (taken == 0).astype(float)  # weight of the first detections by the set that they take
    for row in range(n_rows):
        rest = after[n_rows - 1 - row]
        of_none = float(before @ rest)
        of_pair = [odds[row, col] * float(before[sets] @ rest[sets + 2**col]) for col, sets in enumerate(free)]
        out[row] = np.array(of_pair) / (of_none + sum(of_pair))
        former, before = before, before.copy()
        for col, sets in enumerate(free):
            before[sets + 2**col] += odds[row, col] * former[sets]
        before /= before.sum()
    return out


def _summed_around_each(odds: FloatArray, partner: NDArray[np.intp]) -> FloatArray:
    """Probabilities of a large cluster's pairs."""
    p_alone, mean_field = _mean_field(odds)
    competed = mean_field @ mean_field.T @ mean_field
    nearest = [_nearest(odds[row], competed[row], partner[row]) for row in range(len(odds))]
    return np.stack(
        [_summed_around(row, cols, odds, partner, p_alone, mean_field[row]) for row, cols in enumerate(nearest)]
    )


def _nearest(odds: FloatArray, competed: FloatArray, own: int) -> NDArray[np.intp]:
    """The transponders that fit one detection best, its own in any case.

    Of equal odds, such as none beyond the gate, first those that its competitors may have: never by order in a table.
    """
    fit = odds.copy()
    if own >= 0:
        fit[own] = np.inf
    return np.lexsort((-competed, -fit))[:MOST_NEAR]


def _mean_field(odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each detection's probability of no partner, and that of each pair, if ships choose independently of each other.

    By scaling rows and columns in turn (Sinkhorn, Ann. Math. Statist. 35, 1964). Right where many pairs fit equally
    well; where one fits far better than others, its probability is too low.
    """
    row_scale, col_scale = np.ones(odds.shape[0]), np.ones(odds.shape[1])
    for _ in range(ROUNDS):
        row_scale = 1 / (1 + odds @ col_scale)
        col_scale = 1 / (1 + row_scale @ odds)
    return row_scale, row_scale[:, None] * odds * col_scale


def _summed_around(
    row: int,
    cols: NDArray[np.intp],
    odds: FloatArray,
    partner: NDArray[np.intp],
    p_alone: FloatArray,
    mean_field: FloatArray,
) -> FloatArray:
    """Probabilities of one detection's pairs, from all assignments of these transponders (`_nearest`).

    Besides it, the detections that compete are those with one of these as partner in the likeliest assignment, or with
    none: the others keep theirs. Of more than can be summed, those that fit worst take a transponder as often as if
    each were by itself; of more transponders than are summed, this detection has its share by ``mean_field``, its row
    of `_mean_field`. Without that a match would be too sure where many fit equally well.
    """
    competes = (partner < 0) | np.isin(partner, cols)
    competes[row] = False
    others = np.flatnonzero(competes)
    others = others[np.argsort(-odds[np.ix_(others, cols)].max(axis=1), kind="stable")]
    nearest, beyond = np.split(others, [2 * MOST_NEAR - 1])
    left_free = 1 / (1 + p_alone[beyond] @ odds[np.ix_(beyond, cols)])
    out = mean_field.copy()
    out[cols] = 0.0
    out[cols] = (1 - out.sum()) * _summed(odds[np.ix_(np.append(row, nearest), cols)] * left_free)[0]
    return out
