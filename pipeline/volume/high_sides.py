"""Freeboards that no ship of that size has, for her side is no higher than she is deep: they say nothing of cargo."""

from __future__ import annotations

from pipeline.ships.hull_depth import usual_depth_m
from pipeline.volume.cells import Refused, Row, positive
from pipeline.volume.evidence import DEPTH_SPREAD
from pipeline.volume.full_draught import HIGHEST_M
from pipeline.volume.shallow import length_for_loads_m

SIDES = ("freeboard_in_m", "freeboard_out_m")
DEEPEST_SD = 2.5  # spreads above the usual depth beyond which a depth is not hers: one in 160 is deeper (our choice)


def without_high_sides(call: Row) -> tuple[Row, list[str]]:
    """The call without freeboards that cannot be hers, and what is said of them; as it is where its size is nonsense.

    >>> call, doubts = without_high_sides({"length_m": 98.0, "freeboard_in_m": 13.0, "freeboard_out_m": 2.0})
    >>> call["freeboard_in_m"], call["freeboard_out_m"], doubts
    (None, 2.0, ['freeboard_in_m 13 m is more than the depth can be (9.1 m) of a tanker of 98 m: not used'])
    """
    try:
        seen = {name: positive(call, name, HIGHEST_M) for name in SIDES}
        depth_m = positive(call, "depth_m", HIGHEST_M)
        length_m = length_for_loads_m(call)
    except Refused:  # told where the row is read
        return call, []
    if depth_m is not None:
        limit_m, what = depth_m, f"her depth ({depth_m:.1f} m)"
    elif length_m is not None:
        limit_m = (1 + DEEPEST_SD * DEPTH_SPREAD) * usual_depth_m(length_m)
        what = f"the depth can be ({limit_m:.1f} m) of a tanker of {round(length_m, 1):g} m"
    else:
        return call, []
    high = {name: value for name, value in seen.items() if value is not None and value >= limit_m}
    doubts = [f"{name} {value:g} m is more than {what}: not used" for name, value in high.items()]
    return (call | dict.fromkeys(high) if high else call), doubts
