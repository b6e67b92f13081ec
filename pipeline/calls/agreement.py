"""Choose which of several statements of one ship's size to trust where they differ by more than their errors.

Now and then a look measures more or less than the ship (a quay or a barge included, a hull cut in two), and now and
then a crew types, or a transponder is made to send, the size of another hull. A mean that includes a wrong size is the
size of no ship, so the likeliest reading is sought: each statement is either right within its error, or wrong and then
any size. Looks of one sensor go wrong together, since they all contain the quay. A single stay that differs from
several others by the same sensor is probably an accident of that stay (such as looks matched to her by mistake); two
stays that agree with each other carry more weight. What misleads one sensor at a berth (a wall, a barge, a ship moored
ahead) mostly misleads the others: where two sensors show a size too large there, the second is not an independent
witness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

# Share of sizes by one sensor or the transponder that are wrong (our choice; of looks, see odd_looks)
P_WRONG_SIZE = 0.03
WRONG_SIZE_RANGE = 1.5  # a wrong size lies anywhere from 0 to this multiple of the largest stated (our choice)
# Chance that what made one sensor's size too large at a berth made another's too large by as much (our choice). On
# simulated hulls where both sensors include the same object, 78 % of intervals hold the length with 0.3, 10 % with 0
P_COMMON_CAUSE = 0.3
DISAGREE_SDS = 3.5  # standard deviations apart beyond which one of two statements is probably wrong
MIN_P_TENABLE = 0.05  # probability from which the 90 % interval must cover another reading too (our choice)


class _Source(NamedTuple):
    """Source of a statement: sensor or transponder, stay and berth."""

    kind: str
    stay: int
    place: str


def readings(
    size_m: FloatArray,
    sd_m: FloatArray,
    kinds: Sequence[str],
    same_hull_share: float,
    stays: Sequence[int] | None = None,
    places: Sequence[str] | None = None,
) -> list[np.ndarray]:
    """The tenable readings, likeliest first; each says which statements (bool, shape (n,)) it takes as right.

    ``same_hull_share`` is the standard deviation between two sizes of one hull beyond what their errors explain, as a
    share of the size. ``stays`` gives the stay of each statement (default: all in one), ``places`` its berth, "" where
    no berth can mislead it. Where all agree, the only reading takes all. The order of the statements does not matter.

    >>> size_m, sd_m = np.array([192.0, 110.0, 99.0]), np.array([2.8, 17.7, 2.0])
    >>> [r.tolist() for r in readings(size_m, sd_m, ["optical", "sentinel-1", "ais"], 0.03)]
    [[False, True, True]]
    >>> [r.tolist() for r in readings(size_m[::2], sd_m[::2], ["optical", "ais"], 0.03)]
    [[False, True], [True, False]]
    """
    stay_numbers = [0] * len(size_m) if stays is None else stays
    order = sorted(range(len(size_m)), key=lambda n: (size_m[n], sd_m[n], kinds[n]))
    input_order = np.argsort(order)
    berths = [""] * len(size_m) if places is None else places
    sources = [_Source(kinds[n], stay_numbers[n], berths[n]) for n in order]
    return [r[input_order] for r in _tenable_readings(size_m[order], sd_m[order], sources, same_hull_share)]


def _tenable_readings(
    size_m: FloatArray, sd_m: FloatArray, sources: Sequence[_Source], same_hull_share: float
) -> list[np.ndarray]:
    """As ``readings``, for statements sorted by size, smallest first, each with its source."""
    statements = _Statements(size_m, sd_m, same_hull_share, sources)
    apart_sd = statements.apart_sd()
    agree = np.abs(apart_sd) <= DISAGREE_SDS
    if agree.all():
        return [np.ones(len(size_m), bool)]
    candidates = {tuple(_reading_with(n, apart_sd, agree).tolist()) for n in range(len(size_m))}
    # Rounded, so that the order of a sum does not decide between equally likely readings: the narrower one comes first
    log_likelihood = {reading: round(_log_likelihood(statements, np.array(reading)), 9) for reading in candidates}
    ranked = sorted(
        candidates,
        key=lambda reading: (-log_likelihood[reading], statements.mean_error_m(np.flatnonzero(reading)), reading),
    )
    best = log_likelihood[ranked[0]]
    tenable = [
        reading for reading in ranked if math.exp(log_likelihood[reading] - best) >= MIN_P_TENABLE / (1 - MIN_P_TENABLE)
    ]
    return [np.array(reading) for reading in tenable]


@dataclass(frozen=True, slots=True, eq=False)
class _Statements:
    """Statements of a size, smallest first, with their errors and sources."""

    size_m: FloatArray
    sd_m: FloatArray
    same_hull_share: float
    sources: Sequence[_Source]

    def apart_sd(self) -> FloatArray:
        """For each pair, by how many standard deviations of their difference the first is larger; shape (n, n)."""
        shared = self.same_hull_share * np.maximum(self.size_m[:, None], self.size_m)
        return (self.size_m[:, None] - self.size_m) / np.sqrt(self.sd_m[:, None] ** 2 + self.sd_m**2 + shared**2)

    def log_wrong(self) -> float:
        """Log density [1/m] of a statement being wrong and having just this value."""
        return math.log(P_WRONG_SIZE / (WRONG_SIZE_RANGE * float(self.size_m[-1])))

    def mean_error_m(self, which: np.ndarray) -> float:
        """Standard error of the mean of these by inverse variance."""
        return float((1 / self._variance(which)).sum() ** -0.5)

    def log_one_size(self, which: np.ndarray) -> float:
        """Log density of these statements if all are of one size, of which nothing is known beforehand.

        The product of their normal laws integrated over all sizes [1/m to the power of their number less one]. For a
        single statement it is 0 however wide its error: alone it says nothing about whether it is right.
        """
        size_m, variance = self.size_m[which], self._variance(which)
        mean, mean_error_m = float(np.average(size_m, weights=1 / variance)), self.mean_error_m(which)
        each = -0.5 * (size_m - mean) ** 2 / variance - 0.5 * np.log(2 * math.pi * variance)
        return float(each.sum()) + math.log(mean_error_m * math.sqrt(2 * math.pi))

    def _variance(self, which: np.ndarray) -> FloatArray:
        """Variance of each: its own error, and half the variance between two sizes of one hull."""
        return self.sd_m[which] ** 2 + 0.5 * (self.same_hull_share * float(self.size_m[which].max())) ** 2


def _reading_with(index: int, apart_sd: FloatArray, agree: np.ndarray) -> np.ndarray:
    """Which statements may be right together with statement ``index``; nearest sizes are admitted first."""
    right = np.array(agree.all(axis=1))  # statements that agree with all others exclude none
    nearest_first = np.argsort(np.abs(apart_sd[index]), kind="stable")
    for n in nearest_first[~right[nearest_first]].tolist():
        right[n] = agree[n, right].all()
    return right


def _log_likelihood(statements: _Statements, right: np.ndarray) -> float:
    """Log likelihood of the statements if these are right and the others wrong.

    Those that are right share one size. So do the wrong ones of one kind and, as far as they have a common cause, those
    of other kinds at the same berth that are too large. Where a kind is right in one stay only, each further stay in
    which it is wrong is as rare as the first.
    """
    trusted, mistaken = (
        _indices_by_kind(statements, np.flatnonzero(right)),
        _indices_by_kind(statements, np.flatnonzero(~right)),
    )
    total, log_wrong = statements.log_one_size(np.flatnonzero(right)), statements.log_wrong()
    right_m = float(statements.size_m[right].mean())
    wrong_at_place: dict[str, list[np.ndarray]] = {}
    for kind, indices in mistaken.items():
        place = statements.sources[indices[0]].place
        log_alone = log_wrong + statements.log_one_size(indices)
        earlier_kinds = wrong_at_place.setdefault(place, [])
        # Too long: what lies beside her was included
        if place and earlier_kinds and statements.size_m[indices[0]] > right_m:
            log_shared = max(
                statements.log_one_size(np.concatenate([earlier, indices])) - statements.log_one_size(earlier)
                for earlier in earlier_kinds
            )
            total += float(
                np.logaddexp(math.log(P_COMMON_CAUSE) + log_shared, math.log(1 - P_COMMON_CAUSE) + log_alone)
            )
        else:
            total += log_alone
        earlier_kinds.append(indices)
        if kind in trusted and len(_stay_numbers(statements, trusted[kind])) == 1:
            total += math.log(P_WRONG_SIZE) * (len(_stay_numbers(statements, indices)) - 1)
    return total


def _indices_by_kind(statements: _Statements, which: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the statements of each kind, smallest size first."""
    kinds = [statements.sources[n].kind for n in which]
    return {kind: which[[k == kind for k in kinds]] for kind in dict.fromkeys(kinds)}


def _stay_numbers(statements: _Statements, which: np.ndarray) -> set[int]:
    return {statements.sources[n].stay for n in which}
