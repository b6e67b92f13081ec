"""The draughts of a stay that two tables hold in parts: the first has that of her arrival, the last that of departure.

Written for one ship by her numbers. The first table knows how deep she came and not how she left, for its data end
while she lies there; the other one takes the draught that it begins with for that of her arrival. Together they say
what one table of the whole stay would have said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.retyping import changed, retyped_share
from pipeline.volume.cut_stays import span
from pipeline.volume.direction import P_AGAINST_DRAUGHTS
from pipeline.volume.evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

WAYS = {"loading", "discharging"}
ENDS = ("draught_in_m", "draught_out_m")
DRAWN = (
    "fill_p50",
    "barrels_mean",
    *(f"{what}_p{percent}" for what in ("tonnes", "barrels") for percent in (5, 50, 95)),
)
STATED_LOAD = "given"  # ends the method of a row whose barrels or tonnes the table states


def whole_draughts(parts: Sequence[Row]) -> tuple[float | None, float | None]:
    """Draughts [m] on arrival and departure of a stay, from those of its parts in any order; None where unsaid.

    A draught with which a later part begins is one that was typed at the berth: where nothing was typed at sailing it
    is that of departure, if it is another one than she came with. (Within one table a draught typed in the first half
    of the stay is that of arrival, typed late; no row says when its draughts were typed, so here it is not.)

    >>> day = pd.Timestamp("2024-03-31", tz="UTC")
    >>> first = {"arrival": day, "departure": day, "draught_in_m": 4.0, "draught_out_m": None}
    >>> whole_draughts([{**first, "arrival": day + pd.Timedelta(1, "D"), "draught_in_m": 6.1}, first])
    (4.0, 6.1)
    """
    in_order = sorted(parts, key=lambda row: span(row)[0])
    came = next((row[ENDS[0]] for row in in_order if pd.notna(row[ENDS[0]])), None)
    left = next((row[ENDS[1]] for row in reversed(in_order) if pd.notna(row[ENDS[1]])), None)
    if left is None and came is not None:
        at_berth = (row[ENDS[0]] for row in reversed(in_order) if pd.notna(row[ENDS[0]]))
        left = next((typed for typed in at_berth if changed(typed - came)), None)
    return (None if came is None else float(came)), (None if left is None else float(left))


def with_whole_draughts(kept: Row, others: Sequence[Row], counted: Sequence[Row]) -> Row:
    """What of a stay's row changes by the draughts of its other parts; {} where nothing does.

    The quantiles of a row whose load is read anew are void: they are to be drawn again. ``counted`` are the rows of
    its tables that count, whose draughts tell how often crews here type a new one.
    """
    parts = [kept, *others]
    came, left = whole_draughts(parts)
    known = tuple(None if pd.isna(kept[name]) else float(kept[name]) for name in ENDS)
    if (came, left) == known or str(kept["method"]).endswith(STATED_LOAD):
        return {}
    if any(part["direction"] in WAYS - {kept["counted"]} for part in parts):
        return {}  # a part has shown that the cargo went the other way, and its draughts are not in the table
    out: Row = {}
    if came is not None and left is not None and changed(left - came):
        out |= _direction(parts, kept, deeper=left > came)
        if (left > came) != (kept["counted"] == "loading"):
            came = left = None  # what moved the other way says nothing of a counted cargo
    out |= {"draught_in_m": came, "draught_out_m": left, "p_retyped": None}
    if came is not None and left is not None:
        others_step = [row[ENDS[1]] - row[ENDS[0]] for row in counted if not any(row is part for part in parts)]
        out["p_retyped"] = retyped_share(np.array([left - came, *(step for step in others_step if pd.notna(step))]))
    told = evidence_of(kept | out)
    load = told.method if told is not None else "load_from_fill_prior"
    return out | dict.fromkeys(DRAWN) | {"method": f"{str(kept['method']).split('; ')[0]}; {load}"}


def _direction(parts: Sequence[Row], kept: Row, *, deeper: bool) -> Row:
    """Direction and chance of lifting of a stay whose draughts together show a change, that no part shows alone.

    By Bayes' rule from what a part says that does not know both draughts; a change that a part shows has spoken there.
    """

    def shown(row: Row) -> float | None:
        step = row[ENDS[1]] - row[ENDS[0]] if pd.notna(row[ENDS[0]]) and pd.notna(row[ENDS[1]]) else None
        return step if step is not None and changed(step) and (step > 0) == deeper else None

    spoken = next((row for row in parts if shown(row) is not None), None)
    if spoken is not None:
        loading = float(spoken["p_loading"])
    else:
        base = next((row for row in parts if pd.isna(row[ENDS[0]]) or pd.isna(row[ENDS[1]])), kept)
        loading = _updated(base, deeper=deeper)
    loads = kept["counted"] == "loading"
    moved, before = (loading, kept["p_loading"]) if loads else (1 - loading, kept["p_discharging"])
    ship = kept["p_lifting"] / before if before > 0 else 0.0
    return {
        "p_loading": loading,
        "p_discharging": 1 - loading,
        "p_lifting": min(1.0, ship * moved),
        "direction": "loading" if loading >= 0.5 else "discharging",
    }


def _updated(base: Row, *, deeper: bool) -> float:
    """That cargo came aboard, after a change of draught; of a direction taken for granted the change alone speaks."""
    likely = 1 - P_AGAINST_DRAUGHTS if deeper else P_AGAINST_DRAUGHTS
    prior = float(base["p_loading"])
    if base["direction"] == "unknown" and prior in {0.0, 1.0}:
        return likely
    return prior * likely / (prior * likely + (1 - prior) * (1 - likely))
