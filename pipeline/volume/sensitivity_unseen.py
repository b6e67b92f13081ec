"""Sensitivity of the sum with unseen calls: to looks and stays, the unseen number, their barrels, and the calls seen.

``sum = O + sum of c over N unseen calls``. In each draw the model takes in turn and independently: an error ``z`` of
recall and stays; the number ``N`` given z; what the calls seen carried (O, and with it the mean per call, m); and which
of these cargoes each unseen call had. Each has a first-order Sobol index (`sobol`): z by itself; N by its rank
among draws of similar z; the cargoes' mean by the rank of its distance from m, in standard errors, among draws of
similar N; the calls seen by ``E[sum | their draws] = O + E[N] m``, as N does not depend on them. The rest is
interaction: many calls in a draw with full ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.volume.draw_keys import sorted_by_key
from pipeline.volume.membership import account_year, members_of
from pipeline.volume.montecarlo import draw_ships, shared_draws, simulate_cargo
from pipeline.volume.sobol import between_variance, bins_within, equal_bins, sobol_index, variance
from pipeline.volume.unseen import to_all_rows, unseen_sum

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import CapConfig, VolumeConfig
    from pipeline.types import FloatArray
    from pipeline.volume.unseen import UnseenSum

STRATA = 20  # of similar z or number, within which number and cargoes are ranked
BINS = 128  # of equal count: the sum has a long tail, and 32 would lose 6 % of what looks and stays explain
ENDS = 10  # an end of an input is its extreme tenth of draws, with the 5 % or 95 % point as middle
INPUTS = {
    "looks_and_stays": (
        "what looks find and how long ships stay",
        ("looks see least", "looks see most"),
    ),
    "number_unseen": ("how many calls nobody saw", ("fewest", "most")),
    "barrels_unseen": ("which of the cargoes seen each of them had", ("smallest", "largest")),
    "calls_seen": ("what the calls seen carried, and so those unseen", ("least", "most")),
}


@dataclass(frozen=True, slots=True, eq=False)
class AccountDraws:
    """Draws of the calls of an account."""

    calendar: list[date]
    observed: FloatArray
    """The observed sum, shape (draws,)."""
    carried: FloatArray
    """What each row's call carried if it was one call, shape (calls, draws). An unseen call carries one of these."""


def account_draws(liftings: pd.DataFrame, as_of: date, cap: CapConfig, config: VolumeConfig, seed: int) -> AccountDraws:
    """The draws behind the last day of an account, the same as in the ledger."""
    members, shared = members_of(sorted_by_key(liftings), cap, config, as_of), shared_draws(config, seed)
    cargo = simulate_cargo(members.in_account, config, lambda row: draw_ships(row, config, shared, seed), cap)
    start = account_year(as_of, cap)[1]
    calendar = [start + timedelta(days=n) for n in range((as_of - start).days + 1)]
    carried = to_all_rows(cargo.of_single_call, members.may_count[members.in_time], config.draws)
    return AccountDraws(calendar, cargo.barrels.sum(axis=0), carried)


def with_unseen(
    seen: AccountDraws, missed: pd.DataFrame, cap: CapConfig, config: VolumeConfig, seed: int
) -> list[dict[str, Any]]:
    """One row per input of the sum with unseen calls: its index, and the sum's median at both its ends."""
    unseen = unseen_sum(missed, seen.calendar, seen.carried, config, seed)
    total = seen.observed + unseen.barrels
    spread, rows = variance(total), []
    for name, (bins, tenths) in _groups(seen, unseen).items():
        what, settings = INPUTS[name]
        index = sobol_index(between_variance(total, bins), spread)
        low, high = (total[tenths == end] if tenths.any() else total for end in (0, ENDS - 1))
        rows.append(
            {
                "kind": "with_unseen",
                "name": name,
                "what": what,
                "low_setting": settings[0],
                "high_setting": settings[1],
                "base_p50": float(np.median(total)),
                "base_p_over_cap": float(np.mean(total > cap.barrels)),
                "low_p50": float(np.median(low)),
                "high_p50": float(np.median(high)),
                "low_p_over_cap": float(np.mean(low > cap.barrels)),
                "high_p_over_cap": float(np.mean(high > cap.barrels)),
                "sobol": index.value,
                "sobol_se": index.error,
            }
        )
    return rows


def _groups(seen: AccountDraws, unseen: UnseenSum) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Draws of similar input, for each input: in groups for its index, and in tenths for its ends."""
    number, mean = unseen.calls, seen.carried.mean(axis=0)
    error_of_mean = seen.carried.std(axis=0) / np.sqrt(np.maximum(number, 1.0))
    beyond = unseen.barrels / np.maximum(number, 1.0) - mean
    in_errors = np.divide(beyond, error_of_mean, out=np.zeros_like(beyond), where=(error_of_mean > 0) & (number > 0))
    error_strata, number_strata = equal_bins(unseen.error, STRATA), equal_bins(number, STRATA)
    given_seen = seen.observed + number.mean() * mean
    return {
        "looks_and_stays": _groups_and_tenths(unseen.error),
        "number_unseen": _groups_and_tenths(number, error_strata),
        "barrels_unseen": _groups_and_tenths(in_errors, number_strata),
        "calls_seen": _groups_and_tenths(given_seen),
    }


def _groups_and_tenths(values: FloatArray, strata: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Groups by an input, within strata if given; a single group if it does not vary.

    Such an input has no ends: among equal values the first ones would pass for the smallest, by chance.
    """
    if np.ptp(values) <= 1e-9 * np.abs(values).max():
        single_group = np.zeros(len(values), dtype=np.intp)
        return single_group, single_group
    fine, tenths = (equal_bins(values, n) if strata is None else bins_within(strata, values, n) for n in (BINS, ENDS))
    return fine, tenths
