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
    shared = same_hull_share * np.maximum(size_m[:, None], size_m)
    spread = np.sqrt(sd_m[:, None] ** 2 + sd_m**2 + shared**2)
    apart = (size_m[:, None] - size_m) / spread
    agree = np.abs(apart) <= DISAGREE
    if agree.all():
        return [np.ones(len(size_m), bool)]
    told = -0.5 * apart**2 - np.log(spread * math.sqrt(2 * math.pi))
    wrong = math.log(FAILS / (ANYTHING * float(size_m.max())))
    by_row: dict[tuple[bool, ...], float] = {}
    for n in range(len(size_m)):
        right = _with(n, apart, agree)
        chance = _log_chance(told, n, right, made, wrong)
        by_row[tuple(right.tolist())] = max(chance, by_row.get(tuple(right.tolist()), -math.inf))
    ranked = sorted(by_row, key=lambda row: (-by_row[row], row))
    best = by_row[ranked[0]]
    tenable = [row for row in ranked if math.exp(by_row[row] - best) >= WORTH_TELLING / (1 - WORTH_TELLING)]
    return [np.array(row) for row in tenable]


def _with(one: int, apart: FloatArray, agree: np.ndarray) -> np.ndarray:
    """Which statements may be right together with one, the nearest first."""
    right = np.array(agree.all(axis=1))  # what agrees with all shuts nobody out
    near = np.argsort(np.abs(apart[one]), kind="stable")
    for n in near[~right[near]].tolist():
        right[n] = agree[n, right].all()
    return right


def _log_chance(told: FloatArray, of: int, right: np.ndarray, made: Sequence[_Made], wrong: float) -> float:
    """Logarithm of how likely the statements are if those are right that agree with one, and the others wrong.

    ``told[i, j]`` is that of statement j if i has it right. Of one kind the first wrong one says what the others do,
    and so it does, as far as they have one cause, for other kinds at its berth that show more than is right. Statements
    are in order of their sizes. Where a kind is right in one stay alone, each further stay in which it is wrong is as
    rare as the first.
    """
    total = float(told[of, right].sum())
    trusted: dict[str, set[int]] = {}
    for n in np.flatnonzero(right).tolist():
        trusted.setdefault(made[n].kind, set()).add(made[n].stay)
    failed: dict[str, int] = {}
    misled: dict[str, int] = {}
    mistaken: dict[str, set[int]] = {}
    for n in np.flatnonzero(~right).tolist():
        kind, stay, place = made[n]
        if kind in failed:
            total += float(told[failed[kind], n])
        elif place and place in misled and n > of:  # longer: what lies beside her was taken in
            alike = math.log(SAME_CAUSE) + float(told[misled[place], n])
            total += float(np.logaddexp(alike, math.log(1 - SAME_CAUSE) + wrong))
        else:
            total += wrong
        failed.setdefault(kind, n)
        misled.setdefault(place, n)
        mistaken.setdefault(kind, set()).add(stay)
    lone = [kind for kind in mistaken if len(trusted.get(kind, ())) == 1]
    return total + math.log(FAILS) * sum(len(mistaken[kind]) - 1 for kind in lone)
