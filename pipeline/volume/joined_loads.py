"""Re-estimate the load of a stay split over two tables, from the draughts and freeboards of all parts.

For parts that are one ship's by her numbers. The result is what one table of the whole stay would have given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.ships.retyping import is_changed, retyped_share
from pipeline.ships.signs_of_cargo import draught_change_likelihood, posterior
from pipeline.ships.stay_times import BOUNDS
from pipeline.volume.direction import update_assumed
from pipeline.volume.evidence import evidence_of
from pipeline.volume.joined_draughts import DRAUGHTS, stay_draughts
from pipeline.volume.joined_freeboards import (
    FREEBOARD_TIMES,
    FREEBOARDS,
    deeper_likelihood,
    significant_change,
    stay_freeboards,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

DIRECTIONS = {"loading", "discharging"}
DRAWN_COLUMNS = (
    "fill_p50",
    "barrels_mean",
    *(f"{what}_p{percent}" for what in ("tonnes", "barrels") for percent in (5, 50, 95)),
)
STATED_LOAD = "given"  # ends the method of a row with stated barrels or tonnes


def stay_load(kept: Row, others: Sequence[Row], counted: Sequence[Row]) -> Row:
    """The columns of a stay's row that change by the draughts and freeboards of its other parts; {} if none.

    Quantiles of a row with a new load are emptied, to be drawn again. ``counted`` are the rows of its tables that
    count, whose draughts give the share of crews that retype.
    """
    parts = [kept, *others]
    draught_in_m, draught_out_m = stay_draughts(parts)
    freeboards = stay_freeboards(parts)
    seen = {name: freeboards[name] for name in (*FREEBOARDS, *FREEBOARD_TIMES, *BOUNDS)}
    known = {name: None if pd.isna(kept[name]) else kept[name] for name in (*DRAUGHTS, *seen)}
    if dict(zip(DRAUGHTS, (draught_in_m, draught_out_m), strict=True)) | seen == known or str(kept["method"]).endswith(
        STATED_LOAD
    ):
        return {}
    if any(part["direction"] in DIRECTIONS - {kept["counted"]} for part in parts):
        return {}  # a part has shown that the cargo went the other way, and its evidence is not in the table
    change_m = (
        draught_out_m - draught_in_m
        if draught_in_m is not None and draught_out_m is not None and is_changed(draught_out_m - draught_in_m)
        else None
    )
    deeper = None if _has_both_freeboards(parts) else deeper_likelihood(freeboards)
    if _is_assumed(kept) and change_m is None and significant_change(freeboards) == 0:
        deeper = None  # as within one table: an assumed direction stays until there is evidence
    out = _direction(parts, kept, change_m, deeper)
    loads = kept["counted"] == "loading"
    if change_m is not None and (change_m > 0) != loads:
        draught_in_m = draught_out_m = None  # a change the other way is no evidence on a counted cargo
    if significant_change(freeboards) == (-1 if loads else 1):
        freeboards = dict.fromkeys(freeboards)
    out |= {"draught_in_m": draught_in_m, "draught_out_m": draught_out_m, "p_retyped": None} | freeboards
    if draught_in_m is not None or draught_out_m is not None:
        changes_m = (_draught_change_m(row) for row in counted if not any(row is part for part in parts))
        out["p_retyped"] = retyped_share(np.array([change_m for change_m in changes_m if change_m is not None]))
    evidence = evidence_of(kept | out)
    load = evidence.method if evidence is not None else "load_from_fill_prior"
    return out | dict.fromkeys(DRAWN_COLUMNS) | {"method": f"{str(kept['method']).split('; ')[0]}; {load}"}


def _draught_change_m(row: Row) -> float | None:
    """Draught on departure less that on arrival [m]; None without both."""
    draught_in_m, draught_out_m = (row[name] for name in DRAUGHTS)
    return None if pd.isna(draught_in_m) or pd.isna(draught_out_m) else draught_out_m - draught_in_m


def _has_both_freeboards(parts: Sequence[Row]) -> bool:
    """Does a part have both freeboards? Then its direction already includes them."""
    return any(pd.notna(row[FREEBOARDS[0]]) and pd.notna(row[FREEBOARDS[2]]) for row in parts)


def _direction(parts: Sequence[Row], kept: Row, change_m: float | None, deeper: float | None) -> Row:
    """Direction and probability of lifting of a stay whose parts together show a change that none shows alone.

    By Bayes' rule, starting from a part that does not include the change, so that no change counts twice. ``change_m``
    is the change of draught, ``deeper`` the likelihood of the freeboards for a ship that lies deeper.
    """
    loading, is_assumed = float(kept["p_loading"]), _is_assumed(kept)
    if change_m is not None:
        loading = _p_loading_by_draughts(parts, kept, deeper=change_m > 0)
    if deeper is not None and not is_assumed:
        loading = posterior(loading, deeper)
    elif deeper is not None and change_m is None:  # as within one table, where a change of draught alone decides
        loading = update_assumed(loading, deeper)
    if change_m is None and deeper is None:
        return {}
    loads = kept["counted"] == "loading"
    moved, p_before = (loading, kept["p_loading"]) if loads else (1 - loading, kept["p_discharging"])
    p_tanker = kept["p_lifting"] / p_before if p_before > 0 else 0.0
    return {
        "p_loading": loading,
        "p_discharging": 1 - loading,
        "p_lifting": min(1.0, p_tanker * moved),
        "direction": "loading" if loading >= 0.5 else "discharging",
    }


def _p_loading_by_draughts(parts: Sequence[Row], kept: Row, *, deeper: bool) -> float:
    """Probability that cargo came aboard, given a change of draught that the parts together show."""

    def shown_change_m(row: Row) -> float | None:
        change_m = _draught_change_m(row)
        return change_m if change_m is not None and is_changed(change_m) and (change_m > 0) == deeper else None

    with_change = next((row for row in parts if shown_change_m(row) is not None), None)
    if with_change is not None:
        return float(with_change["p_loading"])
    base = next((row for row in parts if pd.isna(row[DRAUGHTS[0]]) or pd.isna(row[DRAUGHTS[1]])), kept)
    likelihood = draught_change_likelihood(deeper=deeper)
    p_loading = float(base["p_loading"])
    return update_assumed(p_loading, likelihood) if _is_assumed(base) else posterior(p_loading, likelihood)


def _is_assumed(row: Row) -> bool:
    """Is the direction only assumed? Then only a change is evidence."""
    return row["direction"] == "unknown" and float(row["p_loading"]) in {0.0, 1.0}
