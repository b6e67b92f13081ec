"""Figures of a table of liftings that are not what the row's own columns give: somebody edited one or the other.

An account draws each cargo again from what the row says of ship, load and product. Tonnes, barrels and what else
follows from that stand beside it to be read, so an edit of them alone would change nothing, and an edit of the size
would leave them behind.
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
    from pipeline.volume.drawn_once import DrawnOnce

# Quantiles that liftings hold, in percent, by what they are of.
QUANTILES = {"tonnes": (5, 50, 95), "barrels": (5, 50, 95), "fill": (50,)}
SAME_DRAWS, HALF = 1e-5, 0.5  # relative, which ten digits of a CSV file hold, and of barrels rounded to whole ones
ROUNDED = 5e-3  # relative: a figure rounded to three digits, as reports print them, is not edited
# Of a table that was drawn with another seed: sampling errors within which a figure is the same (our choice), for as
# many draws as it may rest on at the most. What a table was drawn with it does not tell.
SIGMAS, MOST_DRAWS = 6.0, 1000
SAME_SEED_SHARE = 0.5  # of the drawn figures that are the same to the last digit where the seed is (our choice)


@dataclass(frozen=True, slots=True)
class Edit:
    """A figure of a row as it stands, and as the row's own columns give it."""

    column: str
    stated: float
    given: float

    @property
    def rounded(self) -> bool:
        """Is the one the other, but for digits that were rounded away?"""
        return math.isclose(self.stated, self.given, rel_tol=ROUNDED, abs_tol=1e-9)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A drawn figure: as it stands, as drawn here, and as far apart as another seed may draw it."""

    edit: Edit
    low: float
    high: float
    continuous: bool  # else it is the same under any seed, and tells nothing of that

    @property
    def same(self) -> bool:
        return math.isclose(self.edit.stated, self.edit.given, rel_tol=SAME_DRAWS, abs_tol=HALF)

    @property
    def likely(self) -> bool:
        slack = ROUNDED * abs(self.edit.stated)
        return self.low - slack <= self.edit.stated <= self.high + slack


def edits(liftings: pd.DataFrame, drawn: DrawnOnce) -> dict[str, list[Edit]]:
    """Of each counted row, by call_id, the figures that its own columns do not give; rows without any are left out.

    A table that was drawn with this seed repeats its figures to the last digit; of another one those beyond what
    chance does are told. Empty cells state nothing. ``drawn`` has config and seed, and keeps the draws for the account.
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


def _drawn(row: Mapping[Any, Any], config: VolumeConfig, drawn: DrawnOnce) -> Iterator[_Figure]:
    """Quantiles of a row's cargo, its fill, and its part in a sum, where the row states them."""
    stated = ["barrels_mean", *(f"{what}_p{p}" for what, percents in QUANTILES.items() for p in percents)]
    if all(pd.isna(row[name]) for name in stated):
        return
    ships = drawn.ships(row)
    draws = ships.first
    left = min(1.0, draws.behind / config.draws)  # evidence leaves the same share of however many draws
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
    """Quantiles, each between those that others of n draws may be instead: two samples err by as much each."""
    reaches = [SIGMAS * math.sqrt(2 * p * (1 - p) / n) for p in shares]
    around = [[max(0.0, p - reach), p, min(1.0, p + reach)] for p, reach in zip(shares, reaches, strict=True)]
    found = np.quantile(values, np.array(around).reshape(-1, 3))
    for p, reach, (low, given, high) in zip(shares, reaches, found, strict=True):
        # beyond the draws nothing is known: a tail may be longer by as much as it is wide
        lower = given - low if reach >= p else 0.0
        higher = high - given if reach >= 1 - p else 0.0
        yield float(low - lower), float(given), float(high + higher)


def _reckoned(row: Mapping[Any, Any], config: VolumeConfig) -> Iterator[Edit]:
    """Figures that follow from others of the row without any draws, and do not stand so."""
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
