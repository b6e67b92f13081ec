"""How many ships' calls one row of a table stands for, from two numbers that travel with it.

``p_one_call`` is the chance that all sightings of a row are one ship's; ``calls_mean`` is the expected number of ships.
The rest follows from an assumption: if there was a second ship, the number after her follows a Poisson law with the
remaining mean. The true law, a sum of unlike coin tosses, is narrower, so this one errs to the wide side.

How likely one ship followed another between two looks depends on how long ships stay, which is known with an error that
all calls of a run share. ``turns_slope`` says what stays longer by one standard deviation do to a row: ln of the factor
on the hazard of a change of ship, minus the logarithm of the chance that there was none (``turned``). So what is
certain remains certain, and a row without a slope is taken to be right about stays.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

MOST_CALLS = 31  # expected; a month of daily looks at one berth shows no more turns in one chain (our choice)
MOST_FURTHER = 2 * MOST_CALLS  # most in a draw: a Poisson law with the largest mean ends there
ROUNDED = 0.01  # tolerance for rounding in a table
MOST_SLOPE = 3.0  # of ln of the hazard per standard deviation: beyond it, another law of stays settles the number
MOST_TURNING = 6.0  # largest ln of the factor on a hazard in a draw (our choice)
STAY_LAWS_DRAWN = 20  # equally likely errors of how long ships stay (our choice)


def stay_errors() -> FloatArray:
    """Equally likely errors of ln of how long ships stay, in standard deviations: their variance is one."""
    errors = np.array([NormalDist().inv_cdf((n + 0.5) / STAY_LAWS_DRAWN) for n in range(STAY_LAWS_DRAWN)])
    return errors / errors.std()


def turned(p_new_call: float, p_one_call: float, calls_mean: float | None, turning: float) -> tuple[float, FloatArray]:
    """``p_new_call``, and the law of the number of ships, if ln of the hazard of each change of ship is so much larger.

    A row of two looks follows from the hazard exactly; for one of more, the number beyond a second ship is taken to be
    in proportion to it.

    >>> p_new_call, law = turned(0.75, 0.5, 1.5, math.log(2))
    >>> round(p_new_call, 4), law.tolist()
    (0.9375, [0.25, 0.75])
    """
    if turning == 0.0:
        return p_new_call, number_law(p_one_call, calls_mean)
    factor = math.exp(max(-MOST_TURNING, min(MOST_TURNING, turning)))
    p_one, beyond = p_one_call**factor, min(MOST_CALLS - 2, factor * _beyond(p_one_call, calls_mean))
    return 1.0 - (1.0 - p_new_call) ** factor, number_law(p_one, 2.0 - p_one + (1.0 - p_one) * beyond)


def calls_if_turned(p_new_call: float, p_one_call: float, calls_mean: float, turning: float) -> float:
    """Expected number of calls that a row adds by `turned`, however large ``turning`` is."""
    factor = math.exp(turning)
    further = (1.0 - p_one_call**factor) * (1.0 + factor * _beyond(p_one_call, calls_mean))
    return 1.0 - (1.0 - p_new_call) ** factor + further


def number_law(p_one_call: float, calls_mean: float | None = None) -> FloatArray:
    """Probabilities of one call, two, three, ...; without ``calls_mean``, of two at most.

    >>> number_law(0.75).tolist(), number_law(0.5, 2.0).round(3).tolist()[:4]
    ([0.75, 0.25], [0.5, 0.184, 0.184, 0.092])
    """
    if p_one_call >= 1.0:
        return np.ones(1)
    beyond = _beyond(p_one_call, calls_mean)
    if beyond == 0.0:
        return np.array([p_one_call, 1.0 - p_one_call])
    k = np.arange(MOST_FURTHER)
    logs = k * math.log(beyond) - np.cumsum(np.log(np.maximum(k, 1)))
    poisson = np.exp(logs - logs.max())
    return np.concatenate([[p_one_call], (1.0 - p_one_call) * poisson / poisson.sum()])


def _beyond(p_one_call: float, calls_mean: float | None) -> float:
    """Expected number of ships after a second one, if there was a second."""
    if calls_mean is None or p_one_call >= 1.0:
        return 0.0
    return max(0.0, (calls_mean - 1.0) / (1.0 - p_one_call) - 1.0)


def law_doubt(p_one_call: float, calls_mean: float | None) -> str:
    """Why no law can have that chance and that mean; empty if one can.

    >>> law_doubt(0.5, 1.5), law_doubt(1.0, 3.0)
    ('', 'calls_mean is 3, but with p_one_call 1 it must be 1')
    """
    if calls_mean is None:
        return ""
    least = 2 - p_one_call  # a second call, if there was one
    most = 1 + (1 - p_one_call) * (MOST_CALLS - 1)
    cause = f"calls_mean is {calls_mean:g}, but with p_one_call {p_one_call:g} it must be"
    if least - ROUNDED <= calls_mean <= most + ROUNDED:
        return ""
    return f"{cause} {least:g}" if p_one_call == 1 else f"{cause} from {least:g} to {most:g}"
