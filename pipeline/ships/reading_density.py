"""Density of one reading: near the value expected in one of several states, or unrelated to any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.types import FloatArray


def reading_density(
    seen: float, states: Iterable[tuple[float, FloatArray]], sd: float, p_sound: float, range_m: float
) -> FloatArray:
    """Density of ``seen`` [1/m]: normal around a state's value with ``p_sound``, else uniform over a range (a floor).

    ``states`` are (probability, expected values [m], shape (ships,)); the probabilities add up to 1.

    >>> [round(float(reading_density(5.0, [(1.0, np.array(mean))], 0.2, 0.9, 8.0)), 4) for mean in (5.0, 9.0)]
    [1.8077, 0.0125]
    """
    peak, densities = p_sound / (sd * np.sqrt(2 * np.pi)), (1 - p_sound) / range_m
    for chance, expected in states:
        off_sds = (expected - seen) * (np.sqrt(0.5) / sd)
        densities = densities + chance * peak * np.exp(-off_sds * off_sds)
    return np.asarray(densities)
