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
from pipeline.volume.direction import heard
from pipeline.volume.evidence import evidence_of
from pipeline.volume.joined_draughts import ENDS, whole_draughts
from pipeline.volume.joined_freeboards import ATS, SIDES, beyond_errors, likely_deeper, whole_freeboards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

WAYS = {"loading", "discharging"}
DRAWN = (
    "fill_p50",
    "barrels_mean",
    *(f"{what}_p{percent}" for what in ("tonnes", "barrels") for percent in (5, 50, 95)),
)
STATED_LOAD = "given"  # ends the method of a row with stated barrels or tonnes


def with_whole_load(kept: Row, others: Sequence[Row], counted: Sequence[Row]) -> Row:
    """The columns of a stay's row that change by the draughts and freeboards of its other parts; {} if none.

    Quantiles of a row with a new load are emptied, to be drawn again. ``counted`` are the rows of its tables that
    count, whose draughts give the share of crews that retype.
    """
    parts = [kept, *others]
    came, left = whole_draughts(parts)
    sides = whole_freeboards(parts)
    seen = {name: sides[name] for name in (*SIDES, *ATS, *BOUNDS)}
    known = {name: None if pd.isna(kept[name]) else kept[name] for name in (*ENDS, *seen)}
    if dict(zip(ENDS, (came, left), strict=True)) | seen == known or str(kept["method"]).endswith(STATED_LOAD):
        return {}
    if any(part["direction"] in WAYS - {kept["counted"]} for part in parts):
        return {}  # a part has shown that the cargo went the other way, and its evidence is not in the table
    step = left - came if came is not None and left is not None and is_changed(left - came) else None
    sinks = None if _both_in_one(parts) else likely_deeper(sides)
    if _granted(kept) and step is None and beyond_errors(sides) == 0:
        sinks = None  # as within one table: an assumed direction stays until there is evidence
    out = _direction(parts, kept, step, sinks)
    loads = kept["counted"] == "loading"
    if step is not None and (step > 0) != loads:
        came = left = None  # a change the other way is no evidence on a counted cargo
    if beyond_errors(sides) == (-1 if loads else 1):
        sides = dict.fromkeys(sides)
    out |= {"draught_in_m": came, "draught_out_m": left, "p_retyped": None} | sides
    if came is not None or left is not None:
        steps = (_step(row) for row in counted if not any(row is part for part in parts))
        out["p_retyped"] = retyped_share(np.array([step for step in steps if step is not None]))
    told = evidence_of(kept | out)
    load = told.method if told is not None else "load_from_fill_prior"
    return out | dict.fromkeys(DRAWN) | {"method": f"{str(kept['method']).split('; ')[0]}; {load}"}


def _step(row: Row) -> float | None:
    """Draught on departure less that on arrival [m]; None without both."""
    into, out = (row[name] for name in ENDS)
    return None if pd.isna(into) or pd.isna(out) else out - into


def _both_in_one(parts: Sequence[Row]) -> bool:
    """Does a part have both freeboards? Then its direction already includes them."""
    return any(pd.notna(row[SIDES[0]]) and pd.notna(row[SIDES[2]]) for row in parts)


def _direction(parts: Sequence[Row], kept: Row, step_m: float | None, sinks: float | None) -> Row:
    """Direction and probability of lifting of a stay whose parts together show a change that none shows alone.

    By Bayes' rule, starting from a part that does not include the change, so that no change counts twice. ``step_m`` is
    the change of draught, ``sinks`` the likelihood of the freeboards for a ship that lies deeper.
    """
    loading, granted = float(kept["p_loading"]), _granted(kept)
    if step_m is not None:
        loading = _by_draughts(parts, kept, deeper=step_m > 0)
    if sinks is not None and not granted:
        loading = posterior(loading, sinks)
    elif sinks is not None and step_m is None:  # as within one table, where a change of draught alone decides
        loading = heard(loading, sinks)
    if step_m is None and sinks is None:
        return {}
    loads = kept["counted"] == "loading"
    moved, before = (loading, kept["p_loading"]) if loads else (1 - loading, kept["p_discharging"])
    ship = kept["p_lifting"] / before if before > 0 else 0.0
    return {
        "p_loading": loading,
        "p_discharging": 1 - loading,
        "p_lifting": min(1.0, ship * moved),
        "direction": "loading" if loading >= 0.5 else "discharging",
    }


def _by_draughts(parts: Sequence[Row], kept: Row, *, deeper: bool) -> float:
    """Probability that cargo came aboard, given a change of draught that the parts together show."""

    def shown(row: Row) -> float | None:
        step = _step(row)
        return step if step is not None and is_changed(step) and (step > 0) == deeper else None

    spoken = next((row for row in parts if shown(row) is not None), None)
    if spoken is not None:
        return float(spoken["p_loading"])
    base = next((row for row in parts if pd.isna(row[ENDS[0]]) or pd.isna(row[ENDS[1]])), kept)
    likely = draught_change_likelihood(deeper=deeper)
    told = float(base["p_loading"])
    return heard(told, likely) if _granted(base) else posterior(told, likely)


def _granted(row: Row) -> bool:
    """Is the direction only assumed? Then only a change is evidence."""
    return row["direction"] == "unknown" and float(row["p_loading"]) in {0.0, 1.0}
