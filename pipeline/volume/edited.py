"""Find figures in a table of liftings that do not follow from the row's own columns: one or the other was edited.

An account draws each cargo again from the row's ship, load and product. Tonnes, barrels and other results stand beside
them only to be read: editing these alone would change nothing, and editing the size would leave them out of date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.quantiles import Z90
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.volume.full_ship import STATED_CAPACITY, bbl_per_t, full_bbl_per_dwt_t
from pipeline.volume.membership import UNNAMED
from pipeline.volume.montecarlo import cargo_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray
    from pipeline.volume.draw_cache import DrawCache

# Quantiles held in liftings, in percent, by quantity.
QUANTILES = {"tonnes": (5, 50, 95), "barrels": (5, 50, 95), "fill": (50,)}
SAME_DRAWS, HALF = 1e-5, 0.5  # relative, as ten digits of a CSV file keep it; and of barrels rounded to whole ones
ROUNDED = 5e-3  # relative: a figure rounded to three digits, as reports print them, is not edited
# For a table drawn with another seed: how many sampling errors still count as the same (our choice), for at most so
# many draws, since a table does not say with how many it was drawn.
SIGMAS, MOST_DRAWS = 6.0, 1000
SAME_SEED_SHARE = 0.5  # share of drawn figures that must be identical to take the seed for the table's own (our choice)


@dataclass(frozen=True, slots=True)
class Edit:
    """A figure of a row as stated, and as the row's own columns give it."""

    column: str
    stated: float
    derived: float

    @property
    def is_rounding(self) -> bool:
        """Are both the same but for rounding?"""
        return math.isclose(self.stated, self.derived, rel_tol=ROUNDED, abs_tol=1e-9)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A drawn figure: as stated, as drawn here, and the range in which another seed may put it."""

    edit: Edit
    low: float
    high: float
    continuous: bool  # else it is the same under any seed, and no evidence on it

    @property
    def is_same(self) -> bool:
        return math.isclose(self.edit.stated, self.edit.derived, rel_tol=SAME_DRAWS, abs_tol=HALF)

    @property
    def is_likely(self) -> bool:
        slack = ROUNDED * abs(self.edit.stated)
        return self.low - slack <= self.edit.stated <= self.high + slack


def find_edits(liftings: pd.DataFrame, cache: DrawCache) -> dict[str, list[Edit]]:
    """Figures that a counted row's own columns do not give, by call_id; rows without any are left out.

    A table drawn with this seed has identical figures; with another seed, only those beyond chance are reported. Empty
    cells state nothing. ``cache`` has config and seed, and keeps the draws for the account.
    """
    config = cache.config
    known = {*(p.name for p in config.products), "unnamed", *UNNAMED}
    rows = liftings[liftings["counts"].astype(bool) & liftings["product"].isin(known)].to_dict("records")
    figures_by_row = [list(_drawn_figures(row, config, cache)) for row in rows]
    votes = [figure.is_same for figures in figures_by_row for figure in figures if figure.continuous]
    is_same_seed = bool(votes) and np.mean(votes) >= SAME_SEED_SHARE
    out = {}
    for row, figures in zip(rows, figures_by_row, strict=True):
        wrong = [f.edit for f in figures if not (f.edit.is_rounding if is_same_seed else f.is_likely)]
        if found := [*wrong, *_derived_edits(row, config)]:
            out[str(row["call_id"])] = found
    return out


def _drawn_figures(row: Mapping[Any, Any], config: VolumeConfig, cache: DrawCache) -> Iterator[_Figure]:
    """Quantiles of a row's cargo and fill, and its contribution to a sum, where the row states them."""
    stated = ["barrels_mean", *(f"{what}_p{p}" for what, percents in QUANTILES.items() for p in percents)]
    if all(pd.isna(row[name]) for name in stated):
        return
    ships = cache.ships(row)
    draws = ships.first
    kept_share = min(1.0, draws.effective_draws / config.draws)  # evidence leaves the same share of any number of draws
    n = kept_share * min(config.draws, MOST_DRAWS)
    stated_load = any(pd.notna(row[name]) for name in ("given_barrels", "given_tonnes"))
    values_of = {"tonnes": draws.tonnes, "barrels": draws.barrels, "fill": draws.fill}
    for what, percents in QUANTILES.items():
        shares = {f"{what}_p{p}": p / 100 for p in percents if pd.notna(row[f"{what}_p{p}"])}
        for column, (low, derived, high) in zip(
            shares, _quantiles(values_of[what], [*shares.values()], n), strict=True
        ):
            edit = Edit(column, float(row[column]), derived)
            yield _Figure(edit, low, high, continuous=not stated_load and what != "fill")
    if pd.notna(row["barrels_mean"]):
        cargo = cargo_of(ships).barrels
        derived, reach = float(cargo.mean()), SIGMAS * float(cargo.std()) * math.sqrt(2 / n)
        yield _Figure(
            Edit("barrels_mean", float(row["barrels_mean"]), derived), derived - reach, derived + reach, False
        )


def _quantiles(values: FloatArray, shares: list[float], n: float) -> Iterator[tuple[float, float, float]]:
    """Quantiles, each with the range that another sample of n draws may give: both samples have errors."""
    reaches = [SIGMAS * math.sqrt(2 * p * (1 - p) / n) for p in shares]
    around = [[max(0.0, p - reach), p, min(1.0, p + reach)] for p, reach in zip(shares, reaches, strict=True)]
    found = np.quantile(values, np.array(around).reshape(-1, 3))
    for p, reach, (low, middle, high) in zip(shares, reaches, found, strict=True):
        # beyond the draws nothing is known: a tail may extend by its own width
        lower = middle - low if reach >= p else 0.0
        higher = high - middle if reach >= 1 - p else 0.0
        yield float(low - lower), float(middle), float(high + higher)


def _derived_edits(row: Mapping[Any, Any], config: VolumeConfig) -> Iterator[Edit]:
    """Figures that follow from other columns without draws, and are not as they should be."""
    product = str(row["product"])
    factor, expected = bbl_per_t(product, config), {}
    expected["bbl_per_t"] = factor
    if pd.notna(row["dwt_p50_t"]) and pd.notna(row["dwt_log_sd"]) and pd.notna(row["dwt_shared_sd"]):
        spread = Z90 * math.hypot(row["dwt_log_sd"], row["dwt_shared_sd"])
        expected |= {f"dwt_p{p}_t": row["dwt_p50_t"] * math.exp(sign * spread) for p, sign in ((5, -1), (95, 1))}
    full = row["given_barrels"]
    if pd.isna(full) and pd.notna(row["given_tonnes"]):
        full = row["given_tonnes"] * factor
    if pd.isna(full) or str(row["method"]).startswith(STATED_CAPACITY):
        full = row["dwt_p50_t"] * full_bbl_per_dwt_t(product, config)
    expected |= {f"barrels_at_{name}": share * full for name, share in FILL_SCENARIOS}
    for column, derived in expected.items():
        if pd.notna(row[column]) and pd.notna(derived):
            edit = Edit(column, float(row[column]), float(derived))
            if not edit.is_rounding:
                yield edit
