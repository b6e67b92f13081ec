"""The draughts of a stay that two tables hold in parts: the first has that of her arrival, the last that of departure.

The first table knows how deep she came and not how she left, for its data end while she lies there; the other one takes
the draught that it begins with for that of her arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.ships.retyping import changed
from pipeline.volume.cut_stays import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.volume.cut_stays import Row

ENDS = ("draught_in_m", "draught_out_m")


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
