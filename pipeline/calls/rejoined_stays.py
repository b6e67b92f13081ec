"""Rejoin stays that were cut in two by chance: among many looks at one hull, some lie far off.

A look whose length is more than DISAGREE standard deviations off opens a new stay, which one good look in eighty does
by chance: of simulated calls of twenty looks one in sixteen was cut, of eighty looks one in seven. Once all looks are
known, two consecutive stays at one spot, with no look between that shows it empty, are joined where their mean lengths
agree and one stay is not clearly less likely than two. How far the means may differ depends on the number of looks
compared (Sidak, J. Am. Stat. Assoc. 62, pp. 626-633, 1967), so that a stay with any number of good looks is cut as
rarely as one with two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from pipeline.calls.counting import difference
from pipeline.ships.turnover import DISAGREE, UNLIKELY, Pair, chance_of_one_stay

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.calls.dark_stays import DarkStay
    from pipeline.config import CallsConfig


def cut_threshold_sds(n_looks: int) -> float:
    """Threshold in standard deviations that any of so many good looks exceeds no more often than one of two does.

    >>> [round(cut_threshold_sds(n), 2) for n in (2, 5, 20, 80)]
    [2.5, 2.96, 3.41, 3.78]
    """
    p_two_exceed = 2 * ndtr(-DISAGREE)
    return float(-ndtri(-np.expm1(np.log1p(-p_two_exceed) / max(1, n_looks - 1)) / 2))


def rejoin_cut_stays(
    stays: list[DarkStay],
    config: CallsConfig,
    same_spot: Callable[[Any, Any], bool],
    log_odds_beyond_length: Callable[[Any, Any], float],
) -> list[DarkStay]:
    """The stays, in order of first sighting, after rejoining those that chance had cut.

    ``same_spot`` says whether two sightings lie at one spot; ``log_odds_beyond_length`` gives the log likelihood ratio
    of one hull against two from everything but length, minus infinity where they must be two ships.
    """
    out = list(stays)
    n = 0
    while n < len(out):
        k = next((k for k in range(n + 1, len(out)) if same_spot(out[n].last, out[k].sightings[0])), None)
        if k is not None and _is_one_stay(out[n], out[k], config, log_odds_beyond_length):
            out[n] = _merge_stays(out[n], out.pop(k))
        else:
            n += 1
    return out


def _is_one_stay(
    first: DarkStay, second: DarkStay, config: CallsConfig, log_odds_beyond_length: Callable[[Any, Any], float]
) -> bool:
    """Did one ship lie there throughout, by all looks of both?"""
    log_odds = log_odds_beyond_length(first.last, second.sightings[0])
    second_seen = second.sightings[0]["acquired"]
    gap_d = float((second_seen - first.last["acquired"]) / pd.Timedelta(days=1))  # type: ignore[operator]
    seen_gone = first.absent_after not in (None, second_seen)
    if seen_gone or log_odds == -np.inf or not 0 < gap_d <= config.max_stay_d:
        return False
    difference_m, error_m = difference(first.length(), second.length(), config)
    if abs(difference_m) > cut_threshold_sds(len(first.sightings) + len(second.sightings)) * error_m:
        return False
    pair = Pair(first.seen_d, gap_d, difference_m, error_m, log_odds, second.seen_d, before=first.look_before)
    return chance_of_one_stay(first.turns, pair) >= UNLIKELY


def _merge_stays(first: DarkStay, second: DarkStay) -> DarkStay:
    """Both as one stay; what later looks showed is taken from the second."""
    return replace(
        first,
        sightings=[*first.sightings, *second.sightings],
        absent_after=second.absent_after,
        flags=(*first.flags, *second.flags),
        empty_looks=second.empty_looks,
        p_missed=second.p_missed,
        is_followed=second.is_followed,
    )
