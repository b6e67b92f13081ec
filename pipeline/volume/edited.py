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
    given: float

    @property
    def rounded(self) -> bool:
        """Are both the same but for rounding?"""
        return math.isclose(self.stated, self.given, rel_tol=ROUNDED, abs_tol=1e-9)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A drawn figure: as stated, as drawn here, and the range in which another seed may put it."""

    edit: Edit
    low: float
    high: float
    continuous: bool  # else it is the same under any seed, and no evidence on it

    @property
    def same(self) -> bool:
        return math.isclose(self.edit.stated, self.edit.given, rel_tol=SAME_DRAWS, abs_tol=HALF)

    @property
    def likely(self) -> bool:
        slack = ROUNDED * abs(self.edit.stated)
        return self.low - slack <= self.edit.stated <= self.high + slack


def find_edits(liftings: pd.DataFrame, drawn: DrawCache) -> dict[str, list[Edit]]:
    """Figures that a counted row's own columns do not give, by call_id; rows without any are left out.

    A table drawn with this seed has identical figures; with another seed, only those beyond chance are reported. Empty
    cells state nothing. ``drawn`` has config and seed, and keeps the draws for the account.
    """
    config = drawn.config
    known = {*(p.name for p in config.products), "unnamed", *UNNAMED}
    rows = liftings[liftings["counts"].astype(bool) & liftings["product"].isin(known)].to_dict("records")
    told = [list(_drawn(row, config, drawn)) for row in rows]
    votes = [figure.same for figures in told for figure in figures if figure.continuous]
    seed_is_its_own = bool(votes) and np.mean(votes) >= SAME_SEED_SHARE
    out = {}
    for row, figures in zip(rows, told, strict=True):
        wrong = [f.edit for f in figures if not (f.edit.rounded if seed_is_its_own else f.likely)]
        if found := [*wrong, *_reckoned(row, config)]:
            out[str(row["call_id"])] = found
    return out


def _drawn(row: Mapping[Any, Any], config: VolumeConfig, drawn: DrawCache) -> Iterator[_Figure]:
    """Quantiles of a row's cargo and fill, and its contribution to a sum, where the row states them."""
    stated = ["barrels_mean", *(f"{what}_p{p}" for what, percents in QUANTILES.items() for p in percents)]
    if all(pd.isna(row[name]) for name in stated):
        return
    ships = drawn.ships(row)
    draws = ships.first
    left = min(1.0, draws.behind / config.draws)  # evidence leaves the same share of any number of draws
    n = left * min(config.draws, MOST_DRAWS)
    stated_load = any(pd.notna(row[name]) for name in ("given_barrels", "given_tonnes"))
    of = {"tonnes": draws.tonnes, "barrels": draws.barrels, "fill": draws.fill}
    for what, percents in QUANTILES.items():
        asked = {f"{what}_p{p}": p / 100 for p in percents if pd.notna(row[f"{what}_p{p}"])}
        for column, (low, given, high) in zip(asked, _quantiles(of[what], [*asked.values()], n), strict=True):
            edit = Edit(column, float(row[column]), given)
            yield _Figure(edit, low, high, continuous=not stated_load and what != "fill")
    if pd.notna(row["barrels_mean"]):
        cargo = cargo_of(ships).barrels
        given, reach = float(cargo.mean()), SIGMAS * float(cargo.std()) * math.sqrt(2 / n)
        yield _Figure(Edit("barrels_mean", float(row["barrels_mean"]), given), given - reach, given + reach, False)


def _quantiles(values: FloatArray, shares: list[float], n: float) -> Iterator[tuple[float, float, float]]:
    """Quantiles, each with the range that another sample of n draws may give: both samples have errors."""
    reaches = [SIGMAS * math.sqrt(2 * p * (1 - p) / n) for p in shares]
    around = [[max(0.0, p - reach), p, min(1.0, p + reach)] for p, reach in zip(shares, reaches, strict=True)]
    found = np.quantile(values, np.array(around).reshape(-1, 3))
    for p, reach, (low, given, high) in zip(shares, reaches, found, strict=True):
        # beyond the draws nothing is known: a tail may extend by its own width
        lower = given - low if reach >= p else 0.0
        higher = high - given if reach >= 1 - p else 0.0
        yield float(low - lower), float(given), float(high + higher)


def _reckoned(row: Mapping[Any, Any], config: VolumeConfig) -> Iterator[Edit]:
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
    for column, given in expected.items():
        if pd.notna(row[column]) and pd.notna(given):
            edit = Edit(column, float(row[column]), float(given))
            if not edit.rounded:
                yield edit
