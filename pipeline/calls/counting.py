"""How many calls there were, as a distribution: two sightings may be one ship's stay, or two ships' that look alike.

The chance that two sightings at a berth are one stay is, by Bayes, that she is still there (the law of stays, for one
found at some moment of hers) times how well the lengths agree for one hull, against another ship there by then, by how
busy the berth is, and the lengths of the trade; where both looks are fine, beam, house and deck speak too. Every link
of every stay is judged, and every cut between two stays as well: the number of calls is the number of stays, each link
that is none adds a call, and a cut that is none takes one away. After a link that is none another ship's stay begins,
so the links behind it are judged by her time at the berth and not by that of the ship before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.calls.same_ship import is_fine, odds_beyond_length
from pipeline.quantiles import Z90
from pipeline.ships.turnover import NOBODY_LOOKED, Before, Empty, Pair, weights
from pipeline.tables.number_law import number_law
from pipeline.tables.records import records_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.config import CallsConfig
    from pipeline.ships.turnover import Turnover
    from pipeline.types import FloatArray

NEGLIGIBLE = 1e-6  # chances below are not followed
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


def number_of_stays(sightings: pd.DataFrame, turns: Turnover, config: CallsConfig) -> tuple[float, float]:
    """That all sightings taken for one stay (rows of DETECTIONS) are one ship's, and the expected number of ships.

    ``began[i]`` is the chance, by all looks so far, that the ship of the latest was first seen at look ``i``, and
    ``ships[i]`` that chance times the number of ships there were then (a forward recursion over the states of a hidden
    Markov model, one for each ``i``). She stays on to the next look with the chance that goes with the time since
    ``i``, and its length is held against the mean of all since ``i``. Where looks between two sightings did not show
    her, ``missed_before`` of the later one is the chance that all of them missed her.
    """
    looks = records_of(sightings.sort_values("acquired", kind="stable"))
    if not looks:
        return 1.0, 1.0
    when = [(look["acquired"] - looks[0]["acquired"]) / pd.Timedelta(days=1) for look in looks]
    lengths, came = _Lengths.of(looks, config), [looks[0].get("came_after", NOBODY_LOOKED)]
    began, ships = np.zeros(len(looks)), np.zeros(len(looks))
    began[0] = ships[0] = 1.0
    for n in range(1, len(looks)):
        before, now = looks[n - 1], looks[n]
        more = odds_beyond_length(before, now) if is_fine(before) and is_fine(now) else 0.0
        gap_d, missed = when[n] - when[n - 1], float(now.get("missed_before", 1.0))
        empty = empty_since(before, now.get("empty_before", ()))
        # Another ship came since the look that showed the one before, or since one that shows nobody
        came.append(Before(gap_d - empty[-1].after_d, empty[-1].misses) if empty else Before(gap_d, 0.0))
        for i in np.flatnonzero(began[:n] > NEGLIGIBLE):
            seen_d, apart = when[n - 1] - when[i], lengths.apart(int(i), n)
            same, turned = weights(turns, Pair(seen_d, gap_d, *apart, more, missed=missed, empty=empty, before=came[i]))
            ships[n] += (ships[i] + began[i]) * turned
            began[n] += began[i] * turned
            ships[i], began[i] = ships[i] * same, began[i] * same
        total = began[: n + 1].sum()
        if not total > 0:  # no stay lasts so long, and nobody can have come: she was seen all the same
            return 0.0, float(len(looks))
        began, ships = began / total, ships / total
    return float(began[0]), float(ships.sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Lengths:
    """The lengths of looks in order of time, each with its variance as one of several of a hull."""

    length_m: FloatArray
    variance_m2: FloatArray

    @classmethod
    def of(cls, looks: Sequence[Mapping[Any, Any]], config: CallsConfig) -> _Lengths:
        """Half of what two lengths of one hull differ by beside their errors is taken for each one's own."""
        length, sd = np.array([length_of(look) for look in looks], dtype=float).T
        return cls(length, np.maximum(sd, MIN_SD_M) ** 2 + 0.5 * (config.same_ship_length_share * length) ** 2)

    def apart(self, first: int, n: int) -> tuple[float, float]:
        """By how much the mean from look ``first`` on is more than the length of look ``n`` [m]; standard error."""
        weight = 1 / self.variance_m2[first:n]
        mean = float(np.sum(weight * self.length_m[first:n]) / weight.sum())
        return mean - float(self.length_m[n]), math.sqrt(1 / weight.sum() + self.variance_m2[n])


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
