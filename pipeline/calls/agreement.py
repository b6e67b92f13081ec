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

FAILS = 0.03  # share of sizes by one sensor or the transponder that are wrong (our choice; of looks, see between_alike)
ANYTHING = 1.5  # a wrong size lies anywhere from 0 to this multiple of the largest stated (our choice)
# Chance that what made one sensor's size too large at a berth made another's too large by as much (our choice). On
# simulated hulls where both sensors include the same object, 78 % of intervals hold the length with 0.3, 10 % with 0
SAME_CAUSE = 0.3
DISAGREE = 3.5  # standard deviations apart beyond which one of two statements is probably wrong
WORTH_TELLING = 0.05  # probability from which the 90 % interval must cover another reading too (our choice)


class _Made(NamedTuple):
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

    >>> said, sd = np.array([192.0, 110.0, 99.0]), np.array([2.8, 17.7, 2.0])
    >>> [r.tolist() for r in readings(said, sd, ["optical", "sentinel-1", "ais"], 0.03)]
    [[False, True, True]]
    >>> [r.tolist() for r in readings(said[::2], sd[::2], ["optical", "ais"], 0.03)]
    [[False, True], [True, False]]
    """
    stay = [0] * len(size_m) if stays is None else stays
    order = sorted(range(len(size_m)), key=lambda n: (size_m[n], sd_m[n], kinds[n]))
    back = np.argsort(order)
    place = [""] * len(size_m) if places is None else places
    made = [_Made(kinds[n], stay[n], place[n]) for n in order]
    return [r[back] for r in _readings(size_m[order], sd_m[order], made, same_hull_share)]


def _readings(size_m: FloatArray, sd_m: FloatArray, made: Sequence[_Made], same_hull_share: float) -> list[np.ndarray]:
    """As ``readings``, for statements sorted by size, smallest first, each with its source."""
    said = _Said(size_m, sd_m, same_hull_share, made)
    apart = said.apart_sd()
    agree = np.abs(apart) <= DISAGREE
    if agree.all():
        return [np.ones(len(size_m), bool)]
    rows = {tuple(_with(n, apart, agree).tolist()) for n in range(len(size_m))}
    # Rounded, so that the order of a sum does not decide between equally likely readings: the narrower one comes first
    chance = {row: round(_log_chance(said, np.array(row)), 9) for row in rows}
    ranked = sorted(rows, key=lambda row: (-chance[row], said.error_m(np.flatnonzero(row)), row))
    best = chance[ranked[0]]
    tenable = [row for row in ranked if math.exp(chance[row] - best) >= WORTH_TELLING / (1 - WORTH_TELLING)]
    return [np.array(row) for row in tenable]


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """Statements of a size, smallest first, with their errors and sources."""

    size_m: FloatArray
    sd_m: FloatArray
    same_hull_share: float
    made: Sequence[_Made]

    def apart_sd(self) -> FloatArray:
        """For each pair, by how many standard deviations of their difference the first is larger; shape (n, n)."""
        shared = self.same_hull_share * np.maximum(self.size_m[:, None], self.size_m)
        return (self.size_m[:, None] - self.size_m) / np.sqrt(self.sd_m[:, None] ** 2 + self.sd_m**2 + shared**2)

    def wrong(self) -> float:
        """Log density [1/m] of a statement being wrong and having just this value."""
        return math.log(FAILS / (ANYTHING * float(self.size_m[-1])))

    def error_m(self, which: np.ndarray) -> float:
        """Standard error of the mean of these by inverse variance."""
        return float((1 / self._variance(which)).sum() ** -0.5)

    def log_alike(self, which: np.ndarray) -> float:
        """Log density of these statements if all are of one size, of which nothing is known beforehand.

        The product of their normal laws integrated over all sizes [1/m to the power of their number less one]. For a
        single statement it is 0 however wide its error: alone it says nothing about whether it is right.
        """
        size, variance = self.size_m[which], self._variance(which)
        mean, error_m = float(np.average(size, weights=1 / variance)), self.error_m(which)
        each = -0.5 * (size - mean) ** 2 / variance - 0.5 * np.log(2 * math.pi * variance)
        return float(each.sum()) + math.log(error_m * math.sqrt(2 * math.pi))

    def _variance(self, which: np.ndarray) -> FloatArray:
        """Variance of each: its own error, and half the variance between two sizes of one hull."""
        return self.sd_m[which] ** 2 + 0.5 * (self.same_hull_share * float(self.size_m[which].max())) ** 2


def _with(one: int, apart: FloatArray, agree: np.ndarray) -> np.ndarray:
    """Which statements may be right together with statement ``one``; nearest sizes are admitted first."""
    right = np.array(agree.all(axis=1))  # statements that agree with all others exclude none
    near = np.argsort(np.abs(apart[one]), kind="stable")
    for n in near[~right[near]].tolist():
        right[n] = agree[n, right].all()
    return right


def _log_chance(said: _Said, right: np.ndarray) -> float:
    """Log likelihood of the statements if these are right and the others wrong.

    Those that are right share one size. So do the wrong ones of one kind and, as far as they have a common cause, those
    of other kinds at the same berth that are too large. Where a kind is right in one stay only, each further stay in
    which it is wrong is as rare as the first.
    """
    trusted, mistaken = _by_kind(said, np.flatnonzero(right)), _by_kind(said, np.flatnonzero(~right))
    total, wrong = said.log_alike(np.flatnonzero(right)), said.wrong()
    right_m = float(said.size_m[right].mean())
    at_place: dict[str, list[np.ndarray]] = {}
    for kind, hers in mistaken.items():
        place = said.made[hers[0]].place
        alone = wrong + said.log_alike(hers)
        former = at_place.setdefault(place, [])
        if place and former and said.size_m[hers[0]] > right_m:  # too long: what lies beside her was included
            alike = max(said.log_alike(np.concatenate([one, hers])) - said.log_alike(one) for one in former)
            total += float(np.logaddexp(math.log(SAME_CAUSE) + alike, math.log(1 - SAME_CAUSE) + alone))
        else:
            total += alone
        former.append(hers)
        if kind in trusted and len(_stays(said, trusted[kind])) == 1:
            total += math.log(FAILS) * (len(_stays(said, hers)) - 1)
    return total


def _by_kind(said: _Said, which: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the statements of each kind, smallest size first."""
    kinds = [said.made[n].kind for n in which]
    return {kind: which[[k == kind for k in kinds]] for kind in dict.fromkeys(kinds)}


def _stays(said: _Said, which: np.ndarray) -> set[int]:
    return {said.made[n].stay for n in which}
