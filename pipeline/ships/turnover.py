"""Probability that a ship seen at a spot of a berth is still there some time later, or that another one is.

Ships take turns at a spot: one stays (log-normal law), then the spot is free (exponential), then the next one stays.
That is an alternating renewal process (Cox, *Renewal Theory*, 1962, chapters 5 and 7). A look falls on a long stay more
often than on a short one, so the rest of a stay has the residual life of the law; if the look before did not show her,
she came since, and more of her stay is left. How long a spot stays free follows from the share of looks that show a
ship there: at a busy berth two sightings are sooner two ships than at a quiet one.

Lengths are further evidence: those of one hull agree within their errors, those of two differ as in the trade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from pipeline.quantiles import Z90

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from pipeline.types import FloatArray

STEP_D = 0.02  # step of the grid over which turns are summed: half an hour
LEAST_PRESENT = 1e-12  # share of stays: less is lost in the rounding of doubles
HORIZON_D = 40.0  # no two sightings of a stay are further apart; by then it does not matter when the first ship left
MOST_STEPS = 200  # of the time since the look before: coarser than STEP_D beyond four days, longer than most stays
SHORTEST_GAP_D = 1e-3  # a minute and a half, instead of zero, which has no logarithm
BUSIEST, QUIETEST = 0.95, 0.02  # limits of the share of looks that show a ship: few looks tell no more (our choice)
# Spread of the lengths of the trade: nine in ten are 60-120 m (FACTS of the shuttle fleet; our choice)
TRADE_SD_M = 18.0
MAX_LOG_ODDS = 6.0  # beam, house and deck together change the log odds by at most this: sister ships share them
DISAGREE = 2.5  # standard deviations of the difference of two lengths beyond which it is another ship
# Probability of one stay below which two sightings are shown as two calls: two are then three times likelier than one
# (our choice). The table is conservative; the sum of barrels uses the probability itself
UNLIKELY = 0.25
LIKELY = 1 - UNLIKELY  # above which a stay continues although a look between did not show her


class LookBefore(NamedTuple):
    """The last look before a ship's first sighting, without her: days before it, and the share of ships it misses.

    ``misses`` is the probability that it does not show a ship that lies there, for whatever reason.
    """

    days: float
    misses: float
    is_taken: bool | None = None
    """Whether it showed another ship at her spot (True) or nobody (False); None where it tells neither."""


NO_LOOK_BEFORE = LookBefore(0.0, 1.0)  # so a sighting may be at any moment of her stay


class EmptyLook(NamedTuple):
    """A look that shows a spot empty: days after a ship was seen there, and the share of ships it misses."""

    after_d: float
    misses: float


@dataclass(frozen=True, slots=True)
class Turnover:
    """The law of stays (5 % and 95 % points [d]) and the mean time for which a spot stays free [d].

    A share ``unheard`` of arriving ships has no transponder that is heard; of the others it is known that none came in
    the gaps considered.
    """

    stay_d: tuple[float, float]
    free_d: float
    unheard: float = 1.0

    def lasting(self, factor: float) -> Turnover:
        """The same with all stays longer by a factor, at a spot that is as busy: it stays free longer as well."""
        shortest, longest = self.stay_d
        return replace(self, stay_d=(factor * shortest, factor * longest), free_d=factor * self.free_d)

    def p_still_there(self, seen_d: float, gap_d: float, before: LookBefore = NO_LOOK_BEFORE) -> float:
        """Probability that a ship, there for ``seen_d`` between first and last sighting, is there ``gap_d`` later."""
        present, later = self._share_present([seen_d, seen_d + gap_d], before)
        return float(later / present) if present > LEAST_PRESENT else 0.0

    def p_another(
        self,
        seen_d: float,
        gap_d: float,
        second_seen_d: float = 0.0,
        empty: Sequence[EmptyLook] = (),
        before: LookBefore = NO_LOOK_BEFORE,
    ) -> float:
        """Probability that she left and another ship lies there from ``gap_d`` after her last sighting.

        The other came within the gap and lies there for ``second_seen_d`` more; ships in between may have come and
        gone. ``empty`` are looks in between, in order of time, that show the spot empty; the result then includes the
        probability of these. Each look either misses a ship there, or the spot is free; the sum is over which look is
        the newest of the second kind, since the process starts again from a free spot. Calculated in steps; for gaps of
        2 h and more within 2 % of steps eight times finer, with ``empty`` 5 % (or 0.0005).
        """
        present = self._share_present(seen_d, before)
        if present <= LEAST_PRESENT:  # no stay lasts so long
            return math.prod(look.misses for look in empty)
        gap_d = min(gap_d, HORIZON_D)
        edges = np.arange(0.0, max(gap_d, STEP_D), STEP_D)  # at least one step, even between looks at the same time
        moments = edges + STEP_D / 2
        from_free = self.arrivals(len(moments))
        departures = -np.diff(self._share_present(seen_d + np.append(edges, len(edges) * STEP_D), before)) / present
        arrivals = np.convolve(departures, from_free)[: len(moments)]
        # A ship that leaves amid a step is followed amid the next one at the earliest
        arrivals = (arrivals + np.append(0.0, arrivals[:-1])) / 2

        def p_there(arriving: FloatArray, days: float) -> float:
            """Probability that one of those arriving is there after so many days, for ``second_seen_d`` more."""
            by_then = np.clip((days - edges) / STEP_D, 0.0, 1.0)
            return float(np.sum(arriving * by_then * (1 - _share_ended(self.stay_d, days - moments + second_seen_d))))

        p_all_miss, p_newest = 1.0, np.empty(0)  # of each look: that it is the newest to find the spot free
        for n, look in enumerate(empty):
            since = look.after_d - np.array([earlier.after_d for earlier in empty[:n]])
            is_free = p_newest @ self.p_free(1.0, from_free, since)
            is_free += p_all_miss * self.p_free(0.0, arrivals, look.after_d)
            p_newest = np.append(p_newest * look.misses, is_free * (1 - look.misses))
            p_all_miss *= look.misses
        after_free = sum(p * p_there(from_free, gap_d - look.after_d) for p, look in zip(p_newest, empty, strict=True))
        return float(min(1.0, p_all_miss * p_there(arrivals, gap_d) + after_free))

    def arrivals(self, steps: int) -> FloatArray:
        """Probability of an arrival in each step since the spot became free."""
        return _arrivals(self.stay_d, self.free_d, self.unheard, 1 << (steps - 1).bit_length())[:steps]

    def p_free(self, at_first: float, arriving: FloatArray, days: ArrayLike) -> FloatArray:
        """Probability that the spot is free after so many days: arrivals come from a free spot at one rate."""
        rate = np.append(at_first, arriving * self.free_d / self.unheard / STEP_D)
        moments = np.append(0.0, (np.arange(len(arriving)) + 0.5) * STEP_D)
        return np.asarray(np.interp(np.asarray(days, float), moments, rate))

    def _share_present(self, after_d: ArrayLike, before: LookBefore) -> FloatArray:
        """Share of the ships first seen at a moment that are there ``after_d`` later, up to a constant factor.

        Of arrivals before the look before, the share that it misses counts. Those since are as frequent at any time,
        but where it showed nobody as frequent as the spot was free, mostly soon after it; where another, the reverse.
        """
        after, days = np.asarray(after_d, float), max(before.days, SHORTEST_GAP_D)
        if before.is_taken is None:
            gone_later = self._p_gone(after + days)
            return np.asarray(gone_later - self._p_gone(after) + before.misses * (1 - gone_later))
        days = min(days, HORIZON_D)
        since, is_free = _free_since(self, days)
        lasting = 1 - _share_ended(self.stay_d, after[..., None] + days - since)
        came_since = lasting @ (1 - is_free if before.is_taken else is_free) * days / len(since) / _mean_d(self.stay_d)
        return np.asarray((1 - before.misses) * came_since + before.misses * (1 - self._p_gone(after)))

    def _p_gone(self, after_d: FloatArray) -> FloatArray:
        """Probability that a ship seen during her stay has left ``after_d`` later: E[min(T, after)] / E[T]."""
        middle, spread = log_stay_mean_sd(self.stay_d)
        after = np.maximum(after_d, SHORTEST_GAP_D)
        shorter = ndtr((np.log(after) - middle - spread**2) / spread)
        longer = 1 - _share_ended(self.stay_d, after)
        return np.asarray(np.minimum(1.0, shorter + after * longer / _mean_d(self.stay_d)))


def turnover(stay_d: tuple[float, float], occupied: int, looks: int, heard: float = 0.0) -> Turnover:
    """Turnover at a spot where ``occupied`` of ``looks`` show a ship, including the sighting in question.

    That sighting shows a ship in any case, so it is no evidence of how busy the spot is; of the others the share is the
    posterior mean from a flat prior. ``heard`` counts further looks in which a heard ship lay there.
    """
    occupied = max(occupied, 1)
    share = min((occupied + heard) / (max(looks, 1) + 1), BUSIEST)
    free = _mean_d(stay_d) * (1 - share) / max(share, QUIETEST)
    return Turnover((stay_d[0], stay_d[1]), free, occupied / (occupied + heard))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two consecutive sightings at one spot, which may be of one stay or of two."""

    seen_d: float
    """How long the first one's ship had been seen by then."""
    gap_d: float
    """Time from the first to the second."""
    difference_m: float
    """Difference of their lengths."""
    sd_m: float
    """Standard error of that."""
    log_odds: float = 0.0
    """Log likelihood ratio of all other evidence for one hull against two."""
    second_seen_d: float = 0.0
    """How long the second one's ship is seen from there."""
    missed: float = 1.0
    """Probability that all looks between the two that did not show her would have missed her."""
    empty: Sequence[EmptyLook] = ()
    """Those of them that show the spot empty: another ship was not there yet, or was missed as well."""
    before: LookBefore = NO_LOOK_BEFORE
    """The last look before the first one's ship was seen that did not show her."""


def chance_of_one_stay(turns: Turnover, pair: Pair) -> float:
    """Probability that both sightings are of one stay."""
    same, changed = pair_likelihoods(turns, pair)
    return same / (same + changed) if same + changed > 0 else 0.0


def pair_likelihoods(turns: Turnover, pair: Pair) -> tuple[float, float]:
    """Likelihoods of the second sighting as the first one's ship, and as another."""
    of_one_hull, of_two_hulls = length_likelihoods(pair.difference_m, pair.sd_m)
    same = turns.p_still_there(pair.seen_d, pair.gap_d + pair.second_seen_d, pair.before) * of_one_hull * pair.missed
    changed = turns.p_another(pair.seen_d, pair.gap_d, pair.second_seen_d, pair.empty, pair.before) * of_two_hulls
    return same, changed * math.exp(-max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, pair.log_odds)))


def length_likelihoods(difference_m: float, sd_m: float) -> tuple[float, float]:
    """Densities [1/m] of a difference of two lengths: of one hull measured twice, and of two hulls of the trade."""
    sd = max(sd_m, 0.5)
    return _normal(difference_m, sd), _normal(difference_m, float(np.hypot(sd, np.sqrt(2) * TRADE_SD_M)))


def _normal(x: float, sd: float) -> float:
    return float(np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2 * np.pi)))


@lru_cache(maxsize=256)
def log_stay_mean_sd(stay_d: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of ln(stay)."""
    low, high = np.log(stay_d)
    return (low + high) / 2, (high - low) / (2 * Z90)


def _mean_d(stay_d: tuple[float, float]) -> float:
    middle, spread = log_stay_mean_sd(stay_d)
    return float(np.exp(middle + spread**2 / 2))


def _share_ended(stay_d: tuple[float, float], after_d: FloatArray) -> FloatArray:
    """Share of stays that are over after ``after_d``."""
    middle, spread = log_stay_mean_sd(stay_d)
    return ndtr((np.log(np.maximum(after_d, SHORTEST_GAP_D)) - middle) / spread)


@lru_cache(maxsize=1024)  # a look has as many pairs as there are looks after it
def _free_since(turns: Turnover, days: float) -> tuple[FloatArray, FloatArray]:
    """Moments in so many days after a spot was free, and the probability that it is free at each."""
    steps = min(int(days / STEP_D) + 1, MOST_STEPS)
    since = (np.arange(steps) + 0.5) * days / steps
    return since, turns.p_free(1.0, turns.arrivals(int(days / STEP_D) + 2), since)


@lru_cache(maxsize=256)
def _arrivals(stay_d: tuple[float, float], free_d: float, unheard: float, steps: int) -> FloatArray:
    """Probability of an unheard arrival, and of no heard one, in each step of the grid since the spot became free.

    Arrivals have the density ``a = g + g*f*a``, with free times g (times the share unheard) and stays f. Each is taken
    to fall amid its step, so the three of ``g*f*a`` end amid the step after the sum of theirs.
    """
    edges = np.arange(steps + 1, dtype=np.float64) * STEP_D
    free = unheard * np.diff(-np.expm1(-edges / free_d))
    stay = np.diff(_share_ended(stay_d, edges))
    turn = np.convolve(free, stay)[:steps][::-1]
    arrivals = free.copy()
    for n in range(1, steps):
        arrivals[n] += turn[-n:] @ arrivals[:n]
    return arrivals
