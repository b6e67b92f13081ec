"""How many ships looks at one berth showed, exactly: a posterior on a grid of times by none of the program's code.

A berth is free for an exponential time, taken for a log-normal one, and free again. Each look shows the ship that lies
there with a known chance, with a normal error of her length; ships' lengths are normal. Given all of these, the law of
arrivals and departures between looks is that of an alternating renewal process (Cox, Renewal Theory, 1962, chapter 7),
summed here over a grid of ``STEP_D`` by one pass from each end. Some ships are heard from entry to exit: of these it is
known when they lay there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

STEP_D = 0.02
BEFORE_D, LONGEST_D = 12.0, 9.0  # the grid begins so long before the first look; the longest stay


@dataclass(frozen=True, slots=True)
class Berth:
    """What is known of a berth and of looks at it."""

    free_d: float
    """Mean time for which it is free [d]."""
    stay_log: tuple[float, float]
    """Mean and spread of the logarithm of stays [ln d]."""
    shown: float
    """Chance that a look shows the ship that lies there."""
    length_m: tuple[float, float]
    """Mean and spread of ships' lengths."""
    length_sd_m: float
    """Error of one look's length."""
    heard: float = 0.0
    """Share of the ships that are heard."""


def ships_shown(berth: Berth, looks_d: np.ndarray, lengths_m: np.ndarray, heard_d: np.ndarray) -> float:
    """Expected number of unheard ships that looks at ``looks_d`` [d] showed; lengths are NaN where none was shown.

    ``heard_d``: from when to when the others lay there [d], shape (ships, 2). A ship that comes within step x is there
    at the edges x + 1 ... x + d, and has left at the edge x + 1 + d.
    """
    steps, longest = int(np.ceil((looks_d[-1] + BEFORE_D + 1) / STEP_D)), int(LONGEST_D / STEP_D)
    at = np.round((looks_d + BEFORE_D) / STEP_D).astype(int)
    by_one = _likelihood_of_one(berth, lengths_m)
    shown = ~np.isnan(lengths_m)
    first = np.searchsorted(at, np.arange(steps + 1))  # the first look at an edge or after it
    may_be_free = np.ones(steps + 1)
    may_be_free[at[shown]] = 0
    ends_d = np.arange(longest + 1) * STEP_D
    stay_cdf = norm.cdf((np.log(np.maximum(ends_d, 1e-9)) - berth.stay_log[0]) / berth.stay_log[1])
    stands = np.exp(-STEP_D / berth.free_d)
    comes = (1 - berth.heard) * (1 - stands)
    spans = np.clip(np.round((heard_d + BEFORE_D) / STEP_D).astype(int), 0, steps)
    after_span = {int(begin): int(end) for begin, end in spans if end > begin}
    begins = np.sort(np.array([*after_span, steps + 1]))
    inside = {x for begin, end in after_span.items() for x in range(begin, end)}

    def stays_from(x: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Edges at which a ship of step x may have left, the weight of each, and that of her outstaying the grid."""
        until = min(steps, int(begins[np.searchsorted(begins, x, "right")]))
        d = np.arange(1, min(longest, until - x - 1) + 1)
        gone = x + 1 + d
        beyond = (1 - stay_cdf[len(d)]) * by_one[first[x + 1], len(looks_d)] if until == steps else 0.0
        return gone, np.diff(stay_cdf)[d - 1] * by_one[first[x + 1], first[gone]], beyond

    free_before, free_after = np.zeros(steps + 1), np.ones(steps + 1)  # weights of all that was shown before, after
    free_before[0] = 1.0
    for x in range(steps):
        if x in after_span:
            free_before[after_span[x]] = free_before[x]
        if x in inside:
            continue
        free = free_before[x] * may_be_free[x]
        free_before[x + 1] += free * stands
        gone, weight, _ = stays_from(x)
        free_before[gone] += free * comes * weight
    for x in range(steps - 1, -1, -1):
        if x in inside:
            free_after[x] = free_after[after_span[x]] if x in after_span else 0.0
            continue
        gone, weight, beyond = stays_from(x)
        taken = weight @ free_after[gone] + beyond
        free_after[x] = may_be_free[x] * (stands * free_after[x + 1] + comes * taken)
    numbers, ships = np.flatnonzero(shown), 0.0
    for x in set(range(steps)) - inside:
        gone, weight, beyond = stays_from(x)
        any_shown = np.searchsorted(numbers, first[gone]) > np.searchsorted(numbers, first[x + 1])
        outstays = beyond * bool((numbers >= first[x + 1]).any())
        arrives = free_before[x] * may_be_free[x] * comes
        ships += arrives * (weight[any_shown] @ free_after[gone[any_shown]] + outstays)
    return float(ships / free_after[0])


def _likelihood_of_one(berth: Berth, lengths_m: np.ndarray) -> np.ndarray:
    """Likelihood that one ship lay there in the looks j to k - 1, shape (looks + 1, looks + 1); of no look it is 1."""
    n = len(lengths_m)
    mean, spread = berth.length_m
    log = np.zeros((n + 1, n + 1))
    for j in range(n):
        precision, middle, total = 1 / spread**2, mean, 0.0
        for k in range(j, n):
            if np.isnan(lengths_m[k]):
                total += np.log(1 - berth.shown)
            else:
                apart = norm.logpdf(lengths_m[k], middle, np.sqrt(1 / precision + berth.length_sd_m**2))
                total += np.log(berth.shown) + apart - norm.logpdf(lengths_m[k], mean, spread)
                more = 1 / berth.length_sd_m**2
                middle = (middle * precision + lengths_m[k] * more) / (precision + more)
                precision += more
            log[j, k + 1] = total
    return np.asarray(np.exp(log))
