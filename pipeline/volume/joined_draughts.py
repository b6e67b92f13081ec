"""Join the draughts of a stay split over two tables: arrival from the first part, departure from the last.

The first table has her draught on arrival but not on departure, since its data end while she lies there; the other
takes the draught with which it begins for that of arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.ships.retyping import is_changed
from pipeline.volume.cut_stays import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

DRAUGHTS = ("draught_in_m", "draught_out_m")


def stay_draughts(parts: Sequence[Row]) -> tuple[float | None, float | None]:
    """Draughts [m] on arrival and departure of a stay, from its parts in any order; None where unknown.

    The first draught of a later part was typed at the berth: where none was typed at sailing, it is that of departure
    if it differs from that of arrival. (Within one table a draught typed in the first half of the stay is that of
    arrival, typed late; rows do not say when their draughts were typed, so here it is not.)

    >>> day = pd.Timestamp("2024-03-31", tz="UTC")
    >>> first = {"arrival": day, "departure": day, "draught_in_m": 4.0, "draught_out_m": None}
    >>> stay_draughts([{**first, "arrival": day + pd.Timedelta(1, "D"), "draught_in_m": 6.1}, first])
    (4.0, 6.1)
    """
    in_order = sorted(parts, key=lambda row: span(row)[0])
    draught_in_m = next((row[DRAUGHTS[0]] for row in in_order if pd.notna(row[DRAUGHTS[0]])), None)
    draught_out_m = next((row[DRAUGHTS[1]] for row in reversed(in_order) if pd.notna(row[DRAUGHTS[1]])), None)
    if draught_out_m is None and draught_in_m is not None:
        at_berth = (row[DRAUGHTS[0]] for row in reversed(in_order) if pd.notna(row[DRAUGHTS[0]]))
        draught_out_m = next((typed for typed in at_berth if is_changed(typed - draught_in_m)), None)
    return (None if draught_in_m is None else float(draught_in_m)), (
        None if draught_out_m is None else float(draught_out_m)
    )
