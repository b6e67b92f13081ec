"""Exact number of ships that looks at one berth showed: a posterior on a time grid, sharing no code with the program.

A berth is free for an exponential time, then occupied for a log-normal time, and so on. Each look shows the ship at the
berth with a known chance, and her length with a normal error; ships' lengths are normal. Given all parameters,
arrivals and departures form an alternating renewal process (Cox, Renewal Theory, 1962, chapter 7), summed here over a
grid of ``STEP_D`` by a forward and a backward pass. Some ships are heard from entry to exit: the times of their stays
are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

STEP_D = 0.02
BEFORE_D, LONGEST_D = 12.0, 9.0  # how long before the first look the grid begins; the longest stay


@dataclass(frozen=True, slots=True)
class Berth:
    """Parameters of a berth and of the looks at it."""

    free_d: float
    """Mean free time between ships [d]."""
    stay_log: tuple[float, float]
    """Mean and standard deviation of ln(stay / d)."""
    shown: float
    """Chance that a look shows the ship at the berth."""
    length_m: tuple[float, float]
    """Mean and standard deviation of ships' lengths."""
    length_sd_m: float
    """Standard error of one look's length."""
    heard: float = 0.0
    """Share of ships that are heard."""


def ships_shown(berth: Berth, looks_d: np.ndarray, lengths_m: np.ndarray, heard_d: np.ndarray) -> float:
    """Expected number of unheard ships that looks at ``looks_d`` [d] showed; a length is NaN where none was shown.

    ``heard_d``: start and end of the other ships' stays [d], shape (ships, 2).
    """
    turns = _Turns(berth, looks_d, lengths_m, heard_d)
    before, after = turns.before(), turns.after()
    numbers, ships = np.flatnonzero(~np.isnan(lengths_m)), 0.0
    for x in sorted(set(range(turns.steps)) - turns.inside):
        gone, weight, beyond = turns.stays_from(x)
        any_shown = np.searchsorted(numbers, turns.first[gone]) > np.searchsorted(numbers, turns.first[x + 1])
        outstays = beyond * bool((numbers >= turns.first[x + 1]).any())
        arrives = before[x] * turns.may_be_free[x] * turns.comes
        ships += arrives * (weight[any_shown] @ after[gone[any_shown]] + outstays)
    return float(ships / after[0])


class _Turns:
    """The grid. A ship that arrives within step x is there at edges x + 1 ... x + d, and has left at x + 1 + d."""

    def __init__(self, berth: Berth, looks_d: np.ndarray, lengths_m: np.ndarray, heard_d: np.ndarray) -> None:
        self.steps = steps = int(np.ceil((looks_d[-1] + BEFORE_D + 1) / STEP_D))
        at = np.round((looks_d + BEFORE_D) / STEP_D).astype(int)
        self.first = np.searchsorted(at, np.arange(steps + 1))  # first look at or after each edge
        self.may_be_free = np.ones(steps + 1)
        self.may_be_free[at[~np.isnan(lengths_m)]] = 0
        self.stands = np.exp(-STEP_D / berth.free_d)
        self.comes = (1 - berth.heard) * (1 - self.stands)
        spans = np.clip(np.round((heard_d + BEFORE_D) / STEP_D).astype(int), 0, steps)
        self._after_span = {int(begin): int(end) for begin, end in spans if end > begin}
        self._begins = np.sort(np.array([*self._after_span, steps + 1]))
        self.inside = {x for begin, end in self._after_span.items() for x in range(begin, end)}
        self._by_one = _likelihood_of_one(berth, lengths_m)
        ends_d = np.maximum(np.arange(int(LONGEST_D / STEP_D) + 1) * STEP_D, 1e-9)
        self._stay_cdf = norm.cdf((np.log(ends_d) - berth.stay_log[0]) / berth.stay_log[1])

    def stays_from(self, x: int) -> tuple[np.ndarray, np.ndarray, float]:
        """For arrival in step x: edges at which she may have left, their weights, and that of outstaying the grid."""
        until = min(self.steps, int(self._begins[np.searchsorted(self._begins, x, "right")]))
        d = np.arange(1, min(len(self._stay_cdf), until - x))
        gone, looks = x + 1 + d, len(self._by_one) - 1
        beyond = (1 - self._stay_cdf[len(d)]) * self._by_one[self.first[x + 1], looks] if until == self.steps else 0.0
        return gone, np.diff(self._stay_cdf)[d - 1] * self._by_one[self.first[x + 1], self.first[gone]], beyond

    def before(self) -> np.ndarray:
        """Forward pass: weight of everything shown before each edge, with the berth free at it."""
        out = np.zeros(self.steps + 1)
        out[0] = 1.0
        for x in range(self.steps):
            if x in self._after_span:
                out[self._after_span[x]] = out[x]
            if x in self.inside:
                continue
            free = out[x] * self.may_be_free[x]
            out[x + 1] += free * self.stands
            gone, weight, _ = self.stays_from(x)
            out[gone] += free * self.comes * weight
        return out

    def after(self) -> np.ndarray:
        """Backward pass: weight of everything shown from each edge on, with the berth free at it."""
        out = np.ones(self.steps + 1)
        for x in range(self.steps - 1, -1, -1):
            if x in self.inside:
                out[x] = out[self._after_span[x]] if x in self._after_span else 0.0
                continue
            gone, weight, beyond = self.stays_from(x)
            taken = weight @ out[gone] + beyond
            out[x] = self.may_be_free[x] * (self.stands * out[x + 1] + self.comes * taken)
        return out


def _likelihood_of_one(berth: Berth, lengths_m: np.ndarray) -> np.ndarray:
    """Likelihood that one ship was there in looks j to k - 1, shape (looks + 1, looks + 1); 1 for no looks."""
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
