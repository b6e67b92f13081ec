"""How likely a call is to be seen by the looks at one zone, by day of arrival, with its 90 % interval.

Recall and the law of stays are known with errors of their own, and each moves the unseen calls of all days the same
way. So the probability that a call is seen has an interval: on the logit scale, the root of the sum of squares of the
shifts due to the recall's bounds and to the stays'. The recalls of several sensors are assumed to err together, and so
are all days, which makes the interval wider rather than narrower.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from pipeline.calls.berth_looks import INDEPENDENT_AFTER
from pipeline.quantiles import Z90
from pipeline.tables.seen_law import logit_of

if TYPE_CHECKING:
    from pipeline.calls.stay_law import StayLaw
    from pipeline.types import FloatArray

STEP_D = 1 / 48  # step of the integral over times of arrival: half an hour against stays of about a day
MIN_LOOKS = 5  # half a day apart: fewer are single moments, and chance decides what was there (our choice)
MIN_SEEN = 0.03  # of arrivals: below, each call seen would stand for more than thirty unseen ones (our choice)
MOSTLY_SEEN = 0.5  # of arrivals: above, no more is added than was seen, and any number of looks will do (our choice)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the looks at one zone could see, by day of arrival; the first day includes ships already there."""

    seen_d: FloatArray
    """Integral of p(a) over each day [d]."""
    unseen_d: FloatArray
    """Integral of 1 - p(a) over each day [d]."""

    n_looks: int = 0
    """Looks in the period that could see a ship; those within `INDEPENDENT_AFTER` of each other count as one."""

    def has_enough_looks(self) -> bool:
        """Were there enough looks to say how many calls were not seen?

        >>> one, five = (exposure(np.arange(0.5, 30, 30 / n), np.full(n, 0.9), np.array([1.0]), 30.0) for n in (1, 5))
        >>> one.has_enough_looks(), five.has_enough_looks()
        (False, True)
        """
        seen = self.total_seen_d / (self.total_seen_d + self.total_unseen_d)
        return seen >= MOSTLY_SEEN or (self.n_looks >= MIN_LOOKS and seen >= MIN_SEEN)

    @property
    def p_seen(self) -> FloatArray:
        """Probability that a call arriving on each day is seen; the mean of all for a day too short to hold one."""
        arrivals = self.seen_d + self.unseen_d
        of_all = self.total_seen_d / arrivals.sum()  # a period may end minutes after midnight
        share = np.divide(self.seen_d, arrivals, out=np.full(len(arrivals), of_all), where=arrivals > 0)
        return np.asarray(np.clip(share, 0.0, 1.0))

    @property
    def total_seen_d(self) -> float:
        """E: days of arrivals that would have been seen [d]."""
        return float(self.seen_d.sum())

    @property
    def total_unseen_d(self) -> float:
        """U: days of arrivals that would not have been seen [d]."""
        return float(self.unseen_d.sum())


def exposure(
    looks_d: FloatArray, recall: FloatArray, law_d: FloatArray, period_d: float, begun_d: float = 0.0
) -> Exposure:
    """Integrals of p(a) and 1 - p(a) over the calendar days of a period.

    Parameters
    ----------
    looks_d : sorted times of looks since the start of the period [d]
    recall : probability that each look shows a ship that lies there
    law_d : equally likely lengths of stay [d]
    period_d : length of the period [d]
    begun_d : how far its first calendar day has gone when the period starts [d]

    Examples
    --------
    Stays of one day and a certain look every second day: of 21 days of arrivals (20 and the one before), ten are seen.

    >>> half = exposure(np.arange(0.5, 20), np.tile([1.0, 0.0], 10), np.array([1.0]), 20.0)
    >>> print(f"{half.total_seen_d:.2f} {half.total_unseen_d:.2f}")
    10.00 11.00
    """
    n_days = max(1, int(np.ceil(begun_d + period_d - 1e-9)))
    steps_in = max(1, round(period_d / STEP_D))
    arrivals = (np.arange(-int(np.ceil(law_d.max() / STEP_D)), steps_in) + 0.5) * STEP_D
    inside = (looks_d >= 0) & (looks_d < period_d)
    log_p_unseen = np.concatenate([[0.0], np.cumsum(np.log1p(-np.clip(recall[inside], 0, 1 - 1e-12)))])
    looks_d = looks_d[inside]
    seen_weight, present_weight = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    log_p_unseen_before = log_p_unseen[np.searchsorted(looks_d, arrivals)]
    for stay in law_d:
        is_present = arrivals + stay > 0
        seen_weight += np.where(
            is_present, -np.expm1(log_p_unseen[np.searchsorted(looks_d, arrivals + stay)] - log_p_unseen_before), 0.0
        )
        present_weight += is_present
    day = np.clip(np.floor(np.maximum(arrivals, 0.0) + begun_d).astype(int), 0, n_days - 1)
    share = STEP_D / len(law_d)
    seen = np.asarray(np.bincount(day, seen_weight * share, n_days), dtype=np.float64)
    present = np.asarray(np.bincount(day, present_weight * share, n_days), dtype=np.float64)
    return Exposure(seen, present - seen, _count_looks_apart(looks_d[recall[inside] > 0]))


def _count_looks_apart(looks_d: FloatArray) -> int:
    """The largest number of looks more than `INDEPENDENT_AFTER` apart from each other; adding a look never lowers it.

    >>> _count_looks_apart(np.array([0.0, 0.01, 0.02, 3.0, 7.0, 7.1])), _count_looks_apart(np.arange(5.0))
    (3, 5)
    """
    number, last_d = 0, -np.inf
    for look_d in looks_d:
        if look_d - last_d > INDEPENDENT_AFTER / timedelta(days=1):
            number, last_d = number + 1, look_d
    return number


def seen_bounds(
    looks_d: FloatArray, recall: FloatArray, stays: StayLaw, period_d: float, begun_d: float = 0.0
) -> tuple[Exposure, FloatArray, FloatArray]:
    """What looks could see, and the 90 % bounds of each day's probability that a call is seen.

    Parameters are those of `exposure`, but ``recall`` holds the 5 % bound, the mean and the 95 % bound of each look's
    recall, shape (3, looks), and ``stays`` says how well the lengths of stay are known.
    """

    def logits(recalls: FloatArray, z: float = 0.0) -> FloatArray:
        return logit_of(exposure(looks_d, recalls, stays.at(z), period_d, begun_d).p_seen)

    recall_lo, recall_mean, recall_hi = recall
    expected = exposure(looks_d, recall_mean, stays.days, period_d, begun_d)
    middle = logit_of(expected.p_seen)
    down = np.hypot(*(np.maximum(middle - end, 0.0) for end in (logits(recall_lo), logits(recall_mean, -Z90))))
    up = np.hypot(*(np.maximum(end - middle, 0.0) for end in (logits(recall_hi), logits(recall_mean, Z90))))
    return expected, np.asarray(expit(middle - down)), np.asarray(expit(middle + up))
