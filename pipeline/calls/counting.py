"""How many calls there were, as a distribution: two sightings may be one ship's stay, or two ships' that look alike.

The chance that two sightings at a berth are one stay is, by Bayes, that a stay lasts so long (the law of stays, aged by
the time between) times how well the lengths agree for one hull, against a new arrival meanwhile and the lengths of the
trade. Every link of every stay is judged on its own; the number of calls is the number of stays and a Poisson-binomial
number of links that are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

if TYPE_CHECKING:
    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

Z90 = 1.6448536
TRADE_SD_M = (
    18.0  # spread of the lengths of the trade: nine in ten are 60-120 m (FACTS of the shuttle fleet; our choice)
)
TURNED_OVER = 0.5  # chance that a berth left free has the next ship by then (our choice)


def chance_of_one_stay(gap_d: float, apart_m: float, sd_m: float, config: CallsConfig) -> float:
    """That two sightings ``gap_d`` apart, whose lengths differ by ``apart_m`` (standard error given), are one stay."""
    still = share_still_there(gap_d, config)
    one, other = likelihoods(apart_m, sd_m)
    same, turned = still * one, (1 - still) * TURNED_OVER * other
    return same / (same + turned) if same + turned > 0 else 0.0


def share_still_there(gap_d: float, config: CallsConfig) -> float:
    """Share of stays that last as long as ``gap_d`` [d], by the log-normal law of stays."""
    low, high = np.log(config.stay_d)
    spread = (high - low) / (2 * Z90)
    return float(ndtr(((low + high) / 2 - np.log(max(gap_d, 1e-3))) / spread))


def share_gone(gap_d: float, config: CallsConfig) -> float:
    """Chance that a ship seen at some moment of her stay has left ``gap_d`` later: the law's residual life.

    That is E[min(T, gap)] / E[T], since a look falls on a long stay more often than on a short one (renewal theory, as
    in Cox, *Renewal Theory*, 1962, section 5).
    """
    low, high = np.log(config.stay_d)
    middle, spread = (low + high) / 2, (high - low) / (2 * Z90)
    gap = max(gap_d, 1e-3)
    mean = float(np.exp(middle + spread**2 / 2))
    shorter = float(ndtr((np.log(gap) - middle - spread**2) / spread))
    return min(1.0, shorter + gap * share_still_there(gap, config) / mean)


def likelihoods(apart_m: float, sd_m: float) -> tuple[float, float]:
    """Densities [1/m] of a difference of two lengths: of one hull measured twice, and of two hulls of the trade."""
    sd = max(sd_m, 0.5)
    return _normal(apart_m, sd), _normal(apart_m, float(np.hypot(sd, np.sqrt(2) * TRADE_SD_M)))


def chance_of_one_call(sightings: pd.DataFrame, config: CallsConfig) -> float:
    """That all sightings of a stay (acquired, length_m and bounds) are of one stay of one ship; 1 for a single one."""
    when = sightings["acquired"].to_numpy("datetime64[us]").astype(np.int64) / 8.64e10
    order = np.argsort(when, kind="stable")
    length = sightings["length_m"].to_numpy(float)[order]
    sd = (sightings["length_hi_m"] - sightings["length_lo_m"]).to_numpy(float)[order] / (2 * Z90)
    chance = 1.0
    for gap, n in zip(np.diff(when[order]), range(1, len(order)), strict=True):
        share = config.same_ship_length_share * max(length[n - 1], length[n])
        error = float(np.sqrt(sd[n - 1] ** 2 + sd[n] ** 2 + share**2))
        chance *= chance_of_one_stay(float(gap), float(length[n] - length[n - 1]), error, config)
    return chance


def call_counts(calls: pd.DataFrame) -> tuple[np.ndarray, FloatArray]:
    """The possible numbers of counted calls and their probabilities, from ``p_one_call`` of each.

    >>> numbers, chances = call_counts(pd.DataFrame({"counts": [True, True, False], "p_one_call": [1.0, 0.9, 0.5]}))
    >>> print(numbers, chances.round(2))
    [2 3] [0.9 0.1]
    """
    counted = calls[calls["counts"].astype(bool)]
    law = np.ones(1)
    for chance in counted["p_one_call"].fillna(1.0).to_numpy(float):
        law = np.convolve(law, [chance, 1 - chance])
    numbers = np.arange(len(counted), len(counted) + len(law))
    keep = law > 1e-12
    return numbers[keep], law[keep]


def count_range(calls: pd.DataFrame) -> tuple[int, int]:
    """The least and the most counted calls that there were with 90 %."""
    numbers, law = call_counts(calls)
    low, high = np.searchsorted(np.cumsum(law), (0.05, 0.95))
    return int(numbers[low]), int(numbers[high])


def count_line(calls: pd.DataFrame) -> str:
    """The number of counted calls in words, and what else it may be.

    The table takes sightings that fit one ship for one call, each link being likelier than not; that all links hold at
    once may be less likely than that one of them fails, so both are said.
    """
    numbers, law = call_counts(calls)
    low, high = count_range(calls)
    if high == low:
        return f"counted calls: {int(numbers[0])}, no two of their sightings doubtful"
    why = "where sightings taken for one ship may be two"
    return f"counted calls: {int(numbers[0])} ({law[0]:.0%} sure of all links), {low} to {high} with 90 % {why}"


def _normal(x: float, sd: float) -> float:
    return float(np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2 * np.pi)))
