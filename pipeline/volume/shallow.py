"""Draughts at which a ship of that size cannot float, even with nothing aboard: they say nothing of her cargo."""

from __future__ import annotations

from pipeline.ships.hull_depth import lightest_draught_m
from pipeline.ships.largest import LARGEST_T
from pipeline.volume.cells import Refused, Row, draught, positive
from pipeline.volume.stated_hull import hull_of
from pipeline.volume.usual_hull import hull_for_loads


def without_shallow_draughts(call: Row) -> tuple[Row, list[str]]:
    """The call without draughts that cannot be hers, and what is said of them; as it is where its size is nonsense.

    >>> call, doubts = without_shallow_draughts({"length_m": 98.0, "draught_in_m": 0.3, "draught_out_m": 5.5})
    >>> call["draught_in_m"], call["draught_out_m"], doubts
    (None, 5.5, ['draught_in_m 0.3 m is less than a tanker of 98 m floats at with nothing aboard (0.61 m): not used'])
    """
    try:
        length_m = length_for_loads_m(call)
        typed = {name: draught(call, name) for name in ("draught_in_m", "draught_out_m")}
    except Refused:  # told where the row is read
        return call, []
    if length_m is None:
        return call, []
    least = lightest_draught_m(length_m)
    shallow = {name: value for name, value in typed.items() if value is not None and value < least}
    of = f"a tanker of {round(length_m, 1):g} m floats at with nothing aboard ({least:.2f} m)"
    doubts = [f"{name} {value:g} m is less than {of}: not used" for name, value in shallow.items()]
    return (call | dict.fromkeys(shallow) if shallow else call), doubts


def length_for_loads_m(call: Row) -> float | None:
    """Her length, else the usual one of her deadweight; None where neither is stated."""
    if (length_m := hull_of(call)[0].length_m) is not None:
        return length_m
    usual = hull_for_loads({"dwt_p50_t": positive(call, "dwt_t", LARGEST_T)})
    return None if usual is None else usual.length_m
