"""How many ships' calls one row of a table stands for, from two numbers that travel with it.

``p_one_call`` is the chance that all sightings of a row are one ship's; ``calls_mean`` is the expected number of ships.
The rest follows from an assumption: if there was a second ship, the number after her follows a Poisson law with the
remaining mean. The true law, a sum of unlike coin tosses, is narrower, so this one errs to the wide side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

MOST_CALLS = 31  # expected; a month of daily looks at one berth shows no more turns in one chain (our choice)
MOST_FURTHER = 2 * MOST_CALLS  # most in a draw: a Poisson law with the largest mean ends there
ROUNDED = 0.01  # tolerance for rounding in a table


def number_law(p_one_call: float, calls_mean: float | None = None) -> FloatArray:
    """Probabilities of one call, two, three, ...; without ``calls_mean``, of two at most.

    >>> number_law(0.75).tolist(), number_law(0.5, 2.0).round(3).tolist()[:4]
    ([0.75, 0.25], [0.5, 0.184, 0.184, 0.092])
    """
    if p_one_call >= 1.0:
        return np.ones(1)
    beyond = 0.0 if calls_mean is None else max(0.0, (calls_mean - 1.0) / (1.0 - p_one_call) - 1.0)
    if beyond == 0.0:
        return np.array([p_one_call, 1.0 - p_one_call])
    k = np.arange(MOST_FURTHER)
    logs = k * math.log(beyond) - np.cumsum(np.log(np.maximum(k, 1)))
    poisson = np.exp(logs - logs.max())
    return np.concatenate([[p_one_call], (1.0 - p_one_call) * poisson / poisson.sum()])


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
