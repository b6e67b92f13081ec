"""Sensitivity of the sum: assumptions one at a time, share of the variance by drawn input, and by call.

- One at a time: an assumption goes to its 5 % and 95 % point, or to the ends of a stated range, and the sum is drawn
  again with the same streams.
- First-order Sobol indices ``S = Var(E[sum | input]) / Var(sum)`` from the draws themselves (`sobol`). What calls
  do not share is independent between them, so ``Var(E[sum | all calls' fills])`` is the sum over calls of
  ``Var(E[barrels of the call | her fill])``. A deadweight is shared by the calls of one ship: there the sum goes over
  ships. Of what also depends on a shared input, a call's own part is its rank among draws of similar shared values.
- A call's share of the variance is ``cov(call, sum) / Var(sum)``; the shares add up to 1.

The sum with unseen calls is analysed in `sensitivity_unseen`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import MOVED, CapConfig, VolumeConfig
from pipeline.tables import SENSITIVITY
from pipeline.tables.records import records_of
from pipeline.volume.assumptions import Assumption, Setting, assumptions, length_of_stays
from pipeline.volume.capacity import DWT_PRIOR
from pipeline.volume.membership import GIVEN, counted_products, members_of
from pipeline.volume.montecarlo import (
    PRODUCT_FOLLOWS_HABIT,
    OwnDraws,
    SharedDraws,
    cargo_of,
    draw_call,
    draw_call_number,
    draw_ships,
    own_draws,
    shared_draws,
    ship_key,
    simulate,
    stay_law_of_draws,
)
from pipeline.volume.sensitivity_unseen import account_draws, with_unseen
from pipeline.volume.sobol import BLOCKS, between_variance, bins_within, equal_bins, sobol_index, variance
from pipeline.volume.unseen import has_known_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.types import FloatArray

STRATA = 20  # of similar fill habit, within which a call's own fill is ranked
LEAST_DRAWS = {"one_at_a_time": 1_000, "variance": 2_000}
DRAWS_OF_ALL_CALLS = {"one_at_a_time": 200_000, "variance": 4_000_000}  # keeps 1,000 calls within seconds
INPUTS = {
    "shared_fill": "how full ships of this trade mostly are",
    "shared_product": "what the port mostly ships",
    "shared_regression": "the error of deadweights that ships of known size share",
    "shared_fleet": "how large ships of unknown size mostly are",
    "shared_stays": "how long ships stay, on which it depends how many ships the looks show",
    "own_deadweight": "each ship's own deadweight",
    "own_fill": "each ship's own fill",
    "own_product": "each ship's own product",
    "own_lifting": "whether each ship {moved} at all",
    "own_number": "whether two looks show one ship or two",
}


def sensitivity(
    liftings: pd.DataFrame,
    account: pd.DataFrame,
    cap: CapConfig,
    config: VolumeConfig,
    seed: int,
    *,
    missed: pd.DataFrame | None = None,
    other_stays: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """One row per assumption, drawn input and counted call of the account; none if the account has no call.

    ``account`` is the ledger of that account year; its last day selects the calls. ``missed``, if the ledger was made
    with it, adds the rows on the sum with unseen calls. ``other_stays`` maps a label to the liftings that the same
    sightings give with shorter and with longer stays; the caller makes them, since the calls stage is not run here.
    """
    if not len(account):
        return SENSITIVITY.empty()
    as_of = date.fromisoformat(str(account["day"].iloc[-1]))
    counted, other_rule = (members_of(liftings, rule, config, as_of).in_account for rule in (cap, _other_rule(cap)))
    stays = {words: members_of(table, cap, config, as_of).in_account for words, table in (other_stays or {}).items()}
    if not len(counted):
        return SENSITIVITY.empty()
    few = _with_draws(config, "one_at_a_time", len(counted))
    moved = assumptions(counted, few, other_rule) + length_of_stays(stays, few)
    rows = _one_at_a_time(counted, moved, cap, few, seed) + _by_variance(counted, cap, config, seed)
    if missed is not None and has_known_day(missed, account["day"]):
        few = _with_draws(config, "variance", len(counted))
        rows += with_unseen(account_draws(liftings, as_of, cap, few, seed), missed, cap, few, seed)
    return SENSITIVITY.check(SENSITIVITY.from_rows([{"item": f"{r['kind']}:{r['name']}"} | r for r in rows]))


def _one_at_a_time(
    counted: pd.DataFrame, moved: Sequence[Assumption], cap: CapConfig, config: VolumeConfig, seed: int
) -> list[dict[str, Any]]:
    """Each assumption at both ends of its range, with all others unchanged."""

    def median_and_p_over(setting: Setting) -> tuple[float, float]:
        total = simulate(setting.liftings, setting.config, seed, cap).sum(axis=0)
        return float(np.median(total)), float(np.mean(total > cap.barrels))

    base = median_and_p_over(Setting("", config, counted))
    rows = []
    for assumption in moved:
        if assumption.name == "unnamed_factor" and not cap.counts_product("unnamed"):
            continue  # a cap that lists its products does not count an unnamed one: there is no such choice
        ends = [median_and_p_over(end) if end.label else base for end in (assumption.low, assumption.high)]
        rows.append(
            {
                "kind": assumption.kind,
                "name": assumption.name,
                "what": assumption.what,
                "low_setting": assumption.low.label or "as assumed",
                "high_setting": assumption.high.label or "as assumed",
                "base_p50": base[0],
                "base_p_over_cap": base[1],
                "low_p50": ends[0][0],
                "high_p50": ends[1][0],
                "low_p_over_cap": ends[0][1],
                "high_p_over_cap": ends[1][1],
            }
        )
    return rows


def _other_rule(cap: CapConfig) -> CapConfig:
    """The same cap with the other end of a call deciding its account year."""
    return cap.model_copy(update={"counts_on": "arrival" if cap.counts_on == "departure" else "departure"})


def _by_variance(counted: pd.DataFrame, cap: CapConfig, config: VolumeConfig, seed: int) -> list[dict[str, Any]]:
    """Sobol indices of the drawn inputs and shares of the variance by call."""
    config = _with_draws(config, "variance", len(counted))
    shared, counted_by_product = shared_draws(config, seed), counted_products(cap, config)
    strata, stay_law = equal_bins(shared.fill_mean, STRATA), stay_law_of_draws(config.draws, seed)
    barrels = np.zeros((len(counted), config.draws))
    parts = {name: np.zeros(1 + BLOCKS) for name in INPUTS}
    by_ship: dict[str, tuple[FloatArray, np.ndarray]] = {}
    for n, row in enumerate(records_of(counted)):
        own = own_draws(row, config, shared, seed)
        groups = _own_groups(own, float(row["p_lifting"]), config, strata)
        is_new, further = draw_call_number(row, config, seed)
        number = is_new + 2 * further
        groups["own_number"] = bins_within(stay_law, number) if _depends_on_stays(row) else number
        first = draw_call(row, config, shared, seed, own)
        barrels[n] = cargo_of(draw_ships(row, config, shared, seed, first), counted_by_product).barrels
        ship = ship_key(row) or f"call {row['call_id']}"
        carried = by_ship[ship][0] + barrels[n] if ship in by_ship else barrels[n]
        by_ship[ship] = carried, groups.pop("own_deadweight")
        if np.ptp(barrels[n]) > 0:
            for name, group in groups.items():
                parts[name] += between_variance(barrels[n], group)
    parts["own_deadweight"] = sum(
        (between_variance(*ship_draws) for ship_draws in by_ship.values()), np.zeros(1 + BLOCKS)
    )
    total = barrels.sum(axis=0)
    for name, group in (_shared_groups(shared) | {"shared_stays": stay_law}).items():
        parts[name] = between_variance(total, group)
    for name in _unused_inputs(counted):
        del parts[name]
    base = {"base_p50": float(np.median(total)), "base_p_over_cap": float(np.mean(total > cap.barrels))}
    spread = variance(total)
    rows: list[dict[str, Any]] = []
    for name, part in parts.items():
        index = sobol_index(part, spread)
        words = INPUTS[name].format(moved=MOVED[config.counted][0])
        rows.append(
            {"kind": "input", "name": name, "what": words, "sobol": index.value, "sobol_se": index.error} | base
        )
    return rows + [call | base for call in _calls(counted, barrels, total)]


def _calls(counted: pd.DataFrame, barrels: FloatArray, total: FloatArray) -> list[dict[str, Any]]:
    """Each call's share of mean and variance of the sum; zero where these are zero."""
    mean = barrels.mean(axis=1)
    covariance = (barrels - mean[:, None]) @ (total - total.mean()) / len(total)
    shares = (mean / max(mean.sum(), 1e-12), covariance / max(float(total.var()), 1e-12))
    return [
        {
            "kind": "call",
            "name": str(row["call_id"]),
            "what": str(row["name"] or row["vessel_id"] or "not identified"),
            "share_of_mean": min(1.0, float(shares[0][n])),
            "share_of_variance": float(shares[1][n]),
        }
        for n, row in enumerate(records_of(counted))
    ]


def _shared_groups(shared: SharedDraws) -> dict[str, np.ndarray]:
    return {
        "shared_fill": equal_bins(shared.fill_mean),
        "shared_product": shared.product,
        "shared_regression": equal_bins(shared.regression),
        "shared_fleet": equal_bins(shared.fleet),
    }


def _unused_inputs(counted: pd.DataFrame) -> list[str]:
    """Shared errors that no call uses.

    Of size, a stated cargo or deadweight has neither, any other call has one. Of stays, a call has one if its number
    depends on them.
    """
    is_used, unknown = counted["dwt_shared_sd"] > 0, counted["method"].str.startswith(DWT_PRIOR)
    is_used &= counted[list(GIVEN)].isna().all(axis=1)
    by_stays = pd.Series([_depends_on_stays(row) for row in records_of(counted)])
    errors = {"shared_fleet": is_used & unknown, "shared_regression": is_used & ~unknown, "shared_stays": by_stays}
    return [name for name, uses in errors.items() if not uses.any()]


def _depends_on_stays(row: Mapping[Any, Any]) -> bool:
    """Does the number of calls of a row depend on how long ships stay? Tables of earlier versions do not say so."""
    slope = row.get("turns_slope")
    return not pd.isna(slope) and slope != 0


def _own_groups(own: OwnDraws, p_lifting: float, config: VolumeConfig, strata: np.ndarray) -> dict[str, np.ndarray]:
    """Groups of similar draws for each input that is the call's own.

    Her own fill is the rank of her fill among draws of similar habit, which removes the shared part.
    """
    edges = np.cumsum([p.share for p in config.products])
    own_product = 1 + np.minimum(np.searchsorted(edges, own.product), len(edges) - 1)
    return {
        "own_deadweight": equal_bins(own.deadweight),
        "own_fill": bins_within(strata, own.fill),
        "own_product": np.where(own.follows < PRODUCT_FOLLOWS_HABIT, 0, own_product),
        "own_lifting": (own.lifting < p_lifting).astype(np.intp),
    }


def _with_draws(config: VolumeConfig, use: str, calls: int) -> VolumeConfig:
    """At most as many draws as take seconds; the sum of many calls needs fewer."""
    return config.model_copy(
        update={"draws": min(config.draws, max(LEAST_DRAWS[use], DRAWS_OF_ALL_CALLS[use] // calls))}
    )
