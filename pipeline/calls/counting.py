"""The number of calls as a distribution: two sightings may be one ship's stay, or those of two ships that look alike.

By Bayes' rule, two sightings at a berth are compared as one stay or two ships. One stay: the first ship is still there
(law of stays, for a ship found at some moment of her stay) and the lengths agree as those of one hull. Two ships:
another has come by then (from how busy the berth is) and the lengths differ as in the trade. Where both looks are fine,
beam, house and deck count too. Every link within a stay and every cut between stays is judged: the number of calls is
the number of stays, plus one for each wrong link, less one for each wrong cut (`ships_in_turn`). If ships stay longer
or shorter than estimated, all links and cuts are judged wrongly together: the distribution is the mean over what is
known of the law of stays.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.quantiles import Z90
from pipeline.ships.turnover import EmptyLook
from pipeline.tables.number_law import stay_errors, turned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

MIN_SD_M = 0.5  # no length is known better than this
# Columns that say how many calls a row stands for; what a gap in each means: certain, two calls at most, no change
NUMBER_COLUMNS = {"p_new_call": 1.0, "p_one_call": 1.0, "calls_mean": None, "turns_slope": 0.0}


def length_of(sighting: Mapping[Any, Any]) -> tuple[float, float]:
    """Length and its standard deviation, from the 90 % interval [m]."""
    reach = float(sighting["length_hi_m"]) - float(sighting["length_lo_m"])
    return float(sighting["length_m"]), reach / (2 * Z90)


def mean_length(sightings: Sequence[Mapping[Any, Any]]) -> tuple[float, float]:
    """Length of one hull and its standard deviation [m], each of its sightings weighted by its own interval."""
    values, deviations = np.array([length_of(sighting) for sighting in sightings]).T
    weights = 1 / np.maximum(deviations, MIN_SD_M) ** 2
    return float(np.sum(weights * values) / weights.sum()), float(weights.sum() ** -0.5)


def difference(before: tuple[float, float], now: tuple[float, float], config: CallsConfig) -> tuple[float, float]:
    """Difference of two lengths [m] and its standard error; each is given with its own standard error."""
    share = config.same_ship_length_share * max(before[0], now[0])
    return before[0] - now[0], math.sqrt(before[1] ** 2 + now[1] ** 2 + share**2)


def empty_since(sighting: Mapping[Any, Any], looks: Sequence[tuple[pd.Timestamp, float]]) -> list[EmptyLook]:
    """Looks that show the spot of a sighting empty: days since the sighting, and the share of ships each misses."""
    return [EmptyLook((when - sighting["acquired"]) / pd.Timedelta(days=1), misses) for when, misses in looks]


def call_counts(calls: pd.DataFrame) -> tuple[np.ndarray, FloatArray]:
    """Possible numbers of counted calls and their probabilities, from each row's own columns (``NUMBER_COLUMNS``).

    >>> calls = pd.DataFrame({"counts": [True, True, False], "p_one_call": [1, 0.9, 0.5], "p_new_call": [1, 0.8, 0.5]})
    >>> numbers, chances = call_counts(calls)
    >>> print(numbers, chances.round(2))
    [1 2 3] [0.18 0.74 0.08]
    """
    counted = calls[calls["counts"].astype(bool)]
    rows, errors = _rows_and_errors(counted)
    laws = [_call_law(rows, error) for error in errors]
    law = np.zeros(max(map(len, laws)))
    for one in laws:
        law[: len(one)] += one / len(laws)
    numbers = np.arange(len(law))
    keep = law > 1e-12
    return numbers[keep], law[keep]


def _rows_and_errors(counted: pd.DataFrame) -> tuple[list[tuple[Any, ...]], FloatArray]:
    """The values of ``NUMBER_COLUMNS`` of each row, and the errors of stays with which they are to be taken."""
    rows = list(zip(*(_number_values(counted, name) for name in NUMBER_COLUMNS), strict=True))
    return rows, stay_errors() if any(slope for *_, slope in rows) else np.zeros(1)


def _p_all_links(counted: pd.DataFrame) -> float:
    """Probability that no row is part of another or stands for several calls: mean over what is known of stays."""
    rows, errors = _rows_and_errors(counted)
    turned_rows = [[turned(new, one, mean, slope * error) for new, one, mean, slope in rows] for error in errors]
    return float(np.mean([math.prod(p_new * number[0] for p_new, number in turned_row) for turned_row in turned_rows]))


def _call_law(rows: Sequence[Sequence[Any]], error: float) -> FloatArray:
    """Probabilities of no call, one, two, ... if stays are longer by so many standard deviations."""
    law = np.ones(1)
    for p_new_call, p_one_call, mean, slope in rows:
        p_new, number = turned(p_new_call, p_one_call, mean, slope * error)
        law = np.convolve(np.convolve(law, [1 - p_new, p_new]), number)
    return law


def _number_values(calls: pd.DataFrame, name: str) -> list[float | None]:
    """A column of ``NUMBER_COLUMNS``, with what a gap means in place of gaps."""
    gap = NUMBER_COLUMNS[name]
    if name not in calls:
        return [gap] * len(calls)
    return [gap if np.isnan(v) else float(v) for v in calls[name].to_numpy(float, na_value=np.nan)]


def count_range(calls: pd.DataFrame) -> tuple[int, int]:
    """The 90 % interval of the number of counted calls."""
    numbers, law = call_counts(calls)
    low, high = np.searchsorted(np.cumsum(law), (0.05, 0.95))
    return int(numbers[low]), int(numbers[high])


def count_line(calls: pd.DataFrame) -> str:
    """The number of counted calls in words, with its 90 % interval.

    The table is conservative: it shows two calls only where two are clearly likelier than one, or where a look between
    found the spot empty and one call is not clearly likelier. The table as a whole may be less likely right than wrong,
    so the line gives both its count and the interval.
    """
    counted = calls[calls["counts"].astype(bool)]
    if not len(counted):
        return "counted calls: 0"
    low, high = count_range(calls)
    if high == low:
        return f"counted calls: {len(counted)}; no sighting leaves their number in doubt"
    p_links = _p_all_links(counted)
    why = "as sightings taken for one ship may be two, or two may be one"
    if not low <= len(counted) <= high:  # similar ships in turn at one spot: one row stands for several calls
        return f"counted calls: {len(counted)} as the table joins sightings; {low} to {high} with 90 %, {why}"
    return f"counted calls: {len(counted)} ({100 * p_links:.0f} % sure of every link), {low} to {high} with 90 %, {why}"
