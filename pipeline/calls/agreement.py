"""Which statements of one size belong together, where they contradict each other beyond their errors.

A quay taken in, a barge alongside, a hull cut in two: now and then a look measures something else than the ship, and
now and then a crew types, or a transponder is made to say, the size of another hull. The mean of two sizes of which one
is wrong is no ship's. So the likeliest of them is sought: each statement is right within its error, or wrong and then
anything; looks of one sensor go wrong together, as the quay is there in all of them. But one stay against several, all
by the same sensor, is rather an accident of that stay, as looks that were matched to her by mistake; two stays that
agree are more than that. And what takes one sensor in at a berth mostly takes in the other: a wall, a barge, a ship
made fast ahead. Of two sensors that show one size too large there the second is no witness of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

FAILS = 0.03  # of what one sensor, or the transponder, says of a size (our choice; measured of looks in between_alike)
ANYTHING = 1.5  # a wrong size lies anywhere within so many times the largest that is said (our choice)
# That what made one sensor's size too large at a berth made another's too large there by as much (our choice). On
# simulated hulls beside which both take in the same, 78 % of intervals hold the length with 0.3, 10 % with 0
SAME_CAUSE = 0.3
DISAGREE = 3.5  # standard deviations beyond which it is likelier that one of two statements is wrong
WORTH_TELLING = 0.05  # chance of another reading from which the interval has to hold it: it is one of 90 % (our choice)


class _Made(NamedTuple):
    """By whom a statement was made, in which stay and at which berth."""

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
    """Which statements (bool, shape (n,)) each tenable reading takes for right, the likeliest first.

    ``same_hull_share`` is the standard deviation between two sizes of one hull that their errors do not tell, as a
    share; ``stays`` says in which stay each statement was made, all in one without it, ``places`` at which berth, ""
    of what no berth can mislead. Where all agree there is one
    reading, and it takes all. The order of the statements changes nothing.

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
    """As ``readings``, of statements from the smallest size up, each with who made it."""
    said = _Said(size_m, sd_m, same_hull_share, made)
    apart = said.apart_sd()
    agree = np.abs(apart) <= DISAGREE
    if agree.all():
        return [np.ones(len(size_m), bool)]
    rows = {tuple(_with(n, apart, agree).tolist()) for n in range(len(size_m))}
    # Rounded, lest the order of a sum decides between readings that are equally likely: there the narrower stands
    chance = {row: round(_log_chance(said, np.array(row)), 9) for row in rows}
    ranked = sorted(rows, key=lambda row: (-chance[row], said.error_m(np.flatnonzero(row)), row))
    best = chance[ranked[0]]
    tenable = [row for row in ranked if math.exp(chance[row] - best) >= WORTH_TELLING / (1 - WORTH_TELLING)]
    return [np.array(row) for row in tenable]


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """Statements of a size from the smallest up, with their errors and who made them."""

    size_m: FloatArray
    sd_m: FloatArray
    same_hull_share: float
    made: Sequence[_Made]

    def apart_sd(self) -> FloatArray:
        """Of each two, how many standard deviations of their difference the first is the larger."""
        shared = self.same_hull_share * np.maximum(self.size_m[:, None], self.size_m)
        return (self.size_m[:, None] - self.size_m) / np.sqrt(self.sd_m[:, None] ** 2 + self.sd_m**2 + shared**2)

    def wrong(self) -> float:
        """Logarithm of how likely it is that one is wrong and says just what it says [1/m]."""
        return math.log(FAILS / (ANYTHING * float(self.size_m[-1])))

    def error_m(self, which: np.ndarray) -> float:
        """Standard error of the mean of these by inverse variance."""
        return float((1 / self._variance(which)).sum() ** -0.5)

    def log_alike(self, which: np.ndarray) -> float:
        """Logarithm of the density of what these say if all are of one size, of which nothing is known beforehand.

        The product of their normal laws, added up over every size [1/m to the power of their number less one]: of one
        alone it is 0, however wide its error, for it says nothing that bears on its own truth.
        """
        size, variance = self.size_m[which], self._variance(which)
        mean, error_m = float(np.average(size, weights=1 / variance)), self.error_m(which)
        each = -0.5 * (size - mean) ** 2 / variance - 0.5 * np.log(2 * math.pi * variance)
        return float(each.sum()) + math.log(error_m * math.sqrt(2 * math.pi))

    def _variance(self, which: np.ndarray) -> FloatArray:
        """Of each, half of what two sizes of one hull differ by beside their errors being its own."""
        return self.sd_m[which] ** 2 + 0.5 * (self.same_hull_share * float(self.size_m[which].max())) ** 2


def _with(one: int, apart: FloatArray, agree: np.ndarray) -> np.ndarray:
    """Which statements may be right together with one, the nearest first."""
    right = np.array(agree.all(axis=1))  # what agrees with all shuts nobody out
    near = np.argsort(np.abs(apart[one]), kind="stable")
    for n in near[~right[near]].tolist():
        right[n] = agree[n, right].all()
    return right


def _log_chance(said: _Said, right: np.ndarray) -> float:
    """Logarithm of how likely the statements are if these are right and the others wrong.

    Those that are right are of one size. So are the wrong ones of one kind, and, as far as they have one cause, those
    of other kinds at its berth that show more than is right. Where a kind is right in one stay alone, each further stay
    in which it is wrong is as rare as the first.
    """
    trusted, mistaken = _by_kind(said, np.flatnonzero(right)), _by_kind(said, np.flatnonzero(~right))
    total, wrong = said.log_alike(np.flatnonzero(right)), said.wrong()
    right_m = float(said.size_m[right].mean())
    at_place: dict[str, list[np.ndarray]] = {}
    for kind, hers in mistaken.items():
        place = said.made[hers[0]].place
        alone = wrong + said.log_alike(hers)
        former = at_place.setdefault(place, [])
        if place and former and said.size_m[hers[0]] > right_m:  # longer: what lies beside her was taken in
            alike = max(said.log_alike(np.concatenate([one, hers])) - said.log_alike(one) for one in former)
            total += float(np.logaddexp(math.log(SAME_CAUSE) + alike, math.log(1 - SAME_CAUSE) + alone))
        else:
            total += alone
        former.append(hers)
        if kind in trusted and len(_stays(said, trusted[kind])) == 1:
            total += math.log(FAILS) * (len(_stays(said, hers)) - 1)
    return total


def _by_kind(said: _Said, which: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers of the statements of each kind, that with the smallest size first."""
    kinds = [said.made[n].kind for n in which]
    return {kind: which[[k == kind for k in kinds]] for kind in dict.fromkeys(kinds)}


def _stays(said: _Said, which: np.ndarray) -> set[int]:
    return {said.made[n].stay for n in which}
