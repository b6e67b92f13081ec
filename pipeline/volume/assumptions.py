"""The assumptions behind a sum of barrels: both ends of each one's range, as a config and liftings to draw from.

A range is the 5 % and 95 % point where the assumption has a distribution, else a stated one with its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import MOVED, VolumeConfig
from pipeline.config.volume import CONCENTRATIONS, MEAN_FILLS
from pipeline.plurals import number_of
from pipeline.quantiles import Z90
from pipeline.ships.retyping import RETYPED, share_range
from pipeline.volume.capacity import DWT_PRIOR
from pipeline.volume.evidence import EVIDENCE_COLUMNS
from pipeline.volume.look_times import LOOK_TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSTANTS_RANGE = (0.03, 0.06)  # 3-6 % of deadweight on short shuttles (no published source)
TANK_RANGE_M3_PER_T = (1.0, 1.2)  # most of what is published (benchmarks/published_hulls.csv)
PART_CARGO_RANGE = (0.0, 0.3)  # our choice, no source
CONCENTRATION_FACTORS = (0.5, 2.0)  # our choice, no source
DRAUGHT_SD_FACTORS = (0.5, 2.0)  # our choice, no source
# What a hull of given length and beam weighs at a draught: the law (`hull_form`) was fitted to a dozen ships of unknown
# fill, and 28 published hulls lie 3 % less deep than it gives (our choice)
FULLNESS_FACTORS = (0.95, 1.05)
ODDS_FACTORS = (0.5, 2.0)  # of having lifted against not (our choice, no source)
PUBLISHED_FILLS = (1 / 3, 0.98)  # a third full (Panel of Experts, RUSI) to brimful (tanks are filled to 98 %)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One end of a range: a label for people (empty: as assumed), and what to draw from."""

    label: str
    config: VolumeConfig
    liftings: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Assumption:
    """An assumption with both ends of its range."""

    name: str
    what: str
    low: Setting
    high: Setting
    kind: str = "assumption"


def assumptions(liftings: pd.DataFrame, config: VolumeConfig, other_rule: pd.DataFrame) -> list[Assumption]:
    """Every assumption of a sum over these liftings; ``other_rule`` holds the calls if the other end of a stay decided.

    Assumptions that affect none of the calls are included: both their ends give the sum as it is.
    """
    return [
        *_fills(liftings, config),
        *_products(liftings, config),
        *_ships(liftings, config),
        *_calls(liftings, config, other_rule),
    ]


def length_of_stays(liftings: Mapping[str, pd.DataFrame], config: VolumeConfig) -> list[Assumption]:
    """Whether looks on several days show one call or several: liftings with shorter and with longer stays."""
    if not liftings:
        return []
    low, high = (
        Setting(f"{label}, {number_of(len(table), 'call')}", config, table) for label, table in liftings.items()
    )
    return [Assumption("stay_length", "the length of stays known from images alone", low, high)]


def with_fill(config: VolumeConfig, **changes: Any) -> VolumeConfig:
    """The config with other values in its fill section, validated."""
    fill = type(config.fill).model_validate(config.fill.model_dump() | changes)
    return config.model_copy(update={"fill": fill})


def _fills(liftings: pd.DataFrame, config: VolumeConfig) -> list[Assumption]:
    fill = config.fill

    def at(label: str, **changes: Any) -> Setting:
        return Setting(label, with_fill(config, **changes), liftings)

    def mean(value: float, why: str = "") -> Setting:
        return at(f"{100 * value:.0f} %{why}", mean=value, shared_sd=0.0)

    habit = np.clip(fill.mean + Z90 * fill.shared_sd * np.array([-1.0, 1.0]), *MEAN_FILLS).tolist()
    parts = [at(f"{100 * share:.0f} % of cargoes", part_cargo_share=share) for share in PART_CARGO_RANGE]
    alike = np.clip(fill.concentration * np.array(CONCENTRATION_FACTORS), *CONCENTRATIONS).tolist()
    spreads = [at(f"{concentration:g}", concentration=concentration) for concentration in alike]
    low, high = PUBLISHED_FILLS
    return [
        Assumption("fill_mean", "the assumed mean fill", mean(habit[0]), mean(habit[1])),
        Assumption(
            "published_fill", "the mean fill, as published", mean(low, " (lowest published)"), mean(high, " (brimful)"),
            "published",
        ),
        Assumption("part_cargo_share", "the share of part cargoes", parts[1], parts[0]),
        Assumption("concentration", "how alike ships' fills are (a + b)", spreads[0], spreads[1]),
    ]  # fmt: skip


def _products(liftings: pd.DataFrame, config: VolumeConfig) -> list[Assumption]:
    """All unnamed cargo as one product: 5 % and 95 % point in barrels per tonne; gas oil against the unnamed factor."""

    def all_of(name: str) -> Setting:
        factor = {p.name: p.bbl_per_t for p in config.products} | {"unnamed": config.unnamed_bbl_per_t}
        moved = liftings.assign(product=liftings["product"].where(liftings["product"] != "mix", name))
        return Setting(f"all {name.replace('_', ' ')}, {factor[name]:g} bbl/t", config, moved)

    ranked = sorted(config.products, key=lambda p: p.bbl_per_t)
    reached = np.cumsum([p.share for p in ranked])
    low, high = (ranked[min(int(np.searchsorted(reached, q)), len(ranked) - 1)].name for q in (0.05, 0.95))
    likeliest = max(config.products, key=lambda p: p.share).name
    return [
        Assumption("product", "the product of unnamed cargoes", all_of(low), all_of(high)),
        Assumption(
            "unnamed_factor",
            "likeliest product, or the rule for an unnamed one",
            all_of(likeliest),
            all_of("unnamed"),
            "choice",
        ),
    ]


def _ships(liftings: pd.DataFrame, config: VolumeConfig) -> list[Assumption]:
    unknown = liftings["method"].str.startswith(DWT_PRIOR)

    def deadweights(which: pd.Series, sign: float) -> Setting:
        shared_sd = liftings["dwt_shared_sd"]
        factor = np.exp(sign * Z90 * shared_sd.where(which, 0.0).fillna(0.0))
        moved = liftings.assign(dwt_p50_t=liftings["dwt_p50_t"] * factor, dwt_shared_sd=shared_sd.mask(which, 0.0))
        return Setting(f"{'5' if sign < 0 else '95'} % point", config, moved)

    def at(label: str, **changes: Any) -> Setting:
        return Setting(label, config.model_copy(update=changes), liftings)

    shares = [at(f"{100 * share:.0f} % of deadweight", constants_share=share) for share in CONSTANTS_RANGE]
    tanks = [at(f"{m3:g} m³ per t", tank_m3_per_t=m3) for m3 in TANK_RANGE_M3_PER_T]
    habits = [_retyping_setting(liftings, config, end) for end in (0, 1)]
    errors = [config.draught_sd_m * factor for factor in DRAUGHT_SD_FACTORS]
    typed = [at(f"± {error:g} m", draught_sd_m=error) for error in errors]
    weights = [at(f"× {f:g}", water_t_per_m3=f * config.water_t_per_m3) for f in FULLNESS_FACTORS]
    without_evidence = liftings.assign(**dict.fromkeys(EVIDENCE_COLUMNS, np.nan))
    no_times = liftings.assign(**dict.fromkeys(LOOK_TIMES, pd.NaT))
    return [
        Assumption(
            "regression", "what ships of one size carry", deadweights(~unknown, -1.0), deadweights(~unknown, 1.0)
        ),
        Assumption(
            "fleet", "how large ships of unknown size are", deadweights(unknown, -1.0), deadweights(unknown, 1.0)
        ),
        Assumption("constants_share", "the share of bunkers and stores", shares[1], shares[0]),
        Assumption("tank_volume", "the tank volume", tanks[0], tanks[1]),
        Assumption("fullness", "what a hull weighs at a draught", weights[0], weights[1]),
        Assumption("draught_error", "the error of typed draughts", typed[0], typed[1]),
        Assumption("retyping", "how many crews type a new draught in time", habits[0], habits[1]),
        Assumption(
            "evidence",
            "draughts and freeboards",
            Setting("left aside", config, without_evidence),
            Setting("", config, liftings),
            "choice",
        ),
        Assumption(
            "look_times",
            "when in their stays ships' sides were seen",
            Setting("early at the first look, late at the last", config, no_times),
            Setting("", config, liftings),
            "choice",
        ),
    ]


def _retyping_setting(liftings: pd.DataFrame, config: VolumeConfig, end: int) -> Setting:
    """One end of the range of the share of crews that retype, given the calls with both draughts (`ships.retyping`)."""
    shares, has_both = liftings["p_retyped"].dropna(), liftings[["draught_in_m", "draught_out_m"]].notna().all(axis=1)
    share = share_range(float(shares.mean()) if len(shares) else RETYPED, int(has_both.sum()))[end]
    moved = liftings.assign(p_retyped=liftings["p_retyped"].mask(liftings["p_retyped"].notna(), share))
    return Setting(f"{100 * share:.0f} % of crews", config, moved)


def _calls(liftings: pd.DataFrame, config: VolumeConfig, other_rule: pd.DataFrame) -> list[Assumption]:
    def odds(factor: float) -> Setting:
        p = liftings["p_lifting"]
        moved = factor * p / (1 - p + factor * p)
        return Setting(f"odds × {factor:g}", config, liftings.assign(p_lifting=moved))

    base = Setting("", config, liftings)
    single_calls = liftings.assign(p_one_call=1.0, calls_mean=1.0, p_new_call=1.0)
    as_shown = Setting("as the table shows them", config, single_calls)
    largest = liftings["barrels_mean"].fillna(0.0).to_numpy().argmax()
    without = liftings.drop(index=liftings.index[largest])
    out = [
        Assumption(
            "p_lifting",
            f"the chance that a call {MOVED[config.counted][0]}",
            odds(ODDS_FACTORS[0]),
            odds(ODDS_FACTORS[1]),
        ),
        Assumption("number_of_calls", "how many calls the looks show", as_shown, base, "choice"),
        Assumption("largest_call", "the largest call", Setting("left out", config, without), base, "choice"),
    ]
    if list(other_rule["call_id"]) != list(liftings["call_id"]):
        moved = Setting("the other end of the stay decides", config, other_rule)
        out.append(Assumption("year_rule", "day that decides the account year", moved, base, "choice"))
    return out
