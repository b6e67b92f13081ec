"""How many calls there were, as a distribution: two sightings may be one ship's stay, or two ships' that look alike.

The chance that two sightings at a berth are one stay is, by Bayes, that she is still there (the law of stays, for one
found at some moment of hers) times how well the lengths agree for one hull, against another ship there by then, by how
busy the berth is, and the lengths of the trade; where both looks are fine, beam, house and deck speak too. Every link
of every stay is judged, and every cut between two stays as well: the number of calls is the number of stays, each link
that is none adds a call, and a cut that is none takes one away (`ships_in_turn`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.quantiles import Z90
from pipeline.ships.turnover import Empty
from pipeline.tables.number_law import number_law

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

MIN_SD_M = 0.5  # no length is better than this
DOUBTS = ("p_one_call", "calls_mean", "p_new_call")  # columns that say how many calls a row stands for


def length_of(sighting: Mapping[Any, Any]) -> tuple[float, float]:
    """Length and its standard deviation, from the 90 % interval [m]."""
    reach = float(sighting["length_hi_m"]) - float(sighting["length_lo_m"])
    return float(sighting["length_m"]), reach / (2 * Z90)


def difference(before: tuple[float, float], now: tuple[float, float], config: CallsConfig) -> tuple[float, float]:
    """Difference of two lengths [m] and its standard error, from each with its own."""
    share = config.same_ship_length_share * max(before[0], now[0])
    return before[0] - now[0], math.sqrt(before[1] ** 2 + now[1] ** 2 + share**2)


def empty_since(sighting: Mapping[Any, Any], looks: Sequence[tuple[pd.Timestamp, float]]) -> list[Empty]:
    """Looks that show nobody at the spot of a sighting, each with what it misses, by their time since that."""
    return [Empty((when - sighting["acquired"]) / pd.Timedelta(days=1), misses) for when, misses in looks]


def call_counts(calls: pd.DataFrame) -> tuple[np.ndarray, FloatArray]:
    """The possible numbers of counted calls and their probabilities, from what each row says of its own number.

    >>> calls = pd.DataFrame({"counts": [True, True, False], "p_one_call": [1, 0.9, 0.5], "p_new_call": [1, 0.8, 0.5]})
    >>> numbers, chances = call_counts(calls)
    >>> print(numbers, chances.round(2))
    [1 2 3] [0.18 0.74 0.08]
    """
    counted = calls[calls["counts"].astype(bool)]
    law = np.ones(1)
    for one, mean, new in zip(*(_of_number(counted, name) for name in DOUBTS), strict=True):
        law = np.convolve(np.convolve(law, [1 - new, new]), number_law(one, mean))
    numbers = np.arange(len(law))
    keep = law > 1e-12
    return numbers[keep], law[keep]


def _of_number(calls: pd.DataFrame, name: str) -> list[float | None]:
    """A column of ``DOUBTS``, with what its gaps mean: sure, or no more than two."""
    if name not in calls:
        return [None if name == "calls_mean" else 1.0] * len(calls)
    told = calls[name].to_numpy(float, na_value=np.nan)
    return [(None if name == "calls_mean" else 1.0) if np.isnan(v) else float(v) for v in told]


def count_range(calls: pd.DataFrame) -> tuple[int, int]:
    """The least and the most counted calls that there were with 90 %."""
    numbers, law = call_counts(calls)
    low, high = np.searchsorted(np.cumsum(law), (0.05, 0.95))
    return int(numbers[low]), int(numbers[high])


def count_line(calls: pd.DataFrame) -> str:
    """The number of counted calls in words, and what else it may be.

    The table counts with care: it shows two calls only where two are clearly likelier than one, or where a look between
    found nobody and one is not clearly likelier. That it is right throughout may be less likely than that it is not, so
    both are said.
    """
    counted = calls[calls["counts"].astype(bool)]
    if not len(counted):
        return "counted calls: 0"
    low, high = count_range(calls)
    if high == low:
        return f"counted calls: {len(counted)}; no sighting leaves their number in doubt"
    sure = float(np.prod(counted[["p_one_call", "p_new_call"]].fillna(1.0).to_numpy(float)))
    why = "where sightings taken for one ship may be two, or for two one"
    if not low <= len(counted) <= high:  # alike ships take turns at one spot: a row of theirs stands for several calls
        return f"counted calls: {len(counted)} as the table joins sightings; {low} to {high} with 90 %, {why}"
    return f"counted calls: {len(counted)} ({100 * sure:.0f} % sure of every link), {low} to {high} with 90 % {why}"
