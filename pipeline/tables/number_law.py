"""How many ships' calls one row of a table stands for, from two numbers that travel with it.

``p_one_call`` is the chance that all sightings of a row are one ship's; ``calls_mean`` is the expected number of ships.
What is between is filled in: if there was a second ship, the ones after her follow a Poisson law with the mean that is
left. Truth is a sum of unlike coins and narrower than that, so the law errs to the wide side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

MOST_FURTHER = 30  # a year of daily looks at one berth shows no more turns in one chain (our choice)


def number_law(p_one_call: float, calls_mean: float | None = None) -> FloatArray:
    """Probabilities of one call, two, three, ...; without ``calls_mean`` there are two at most.

    >>> number_law(0.75).tolist(), number_law(0.5, 2.0).round(3).tolist()[:4]
    ([0.75, 0.25], [0.5, 0.184, 0.184, 0.092])
    """
    if p_one_call >= 1.0:
        return np.ones(1)
    beyond = 0.0 if calls_mean is None else max(0.0, (calls_mean - 1.0) / (1.0 - p_one_call) - 1.0)
    if beyond == 0.0:
        return np.array([p_one_call, 1.0 - p_one_call])
    k = np.arange(MOST_FURTHER)
    poisson = np.exp(k * math.log(beyond) - beyond - np.cumsum(np.log(np.maximum(k, 1))))
    return np.concatenate([[p_one_call], (1.0 - p_one_call) * poisson / poisson.sum()])
