"""Read from a table of calls when the looks with a freeboard were, and the bounds of the stay around them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.ships.stay_times import BOUNDS
from pipeline.volume.cells import Refused, Row
from pipeline.volume.dates import open_ends, time_of

if TYPE_CHECKING:
    import pandas as pd

LOOKS = ("freeboard_in_at", "freeboard_out_at")
COLUMNS = (*LOOKS, *BOUNDS)
DAY = timedelta(days=1)
# A look this far outside her stay is reported and its time not used: a month or year is wrong. Nearer ones are at a
# berth before or after, or mistyped by a day: her stay is extended to them (our choice)
FAR = 10 * DAY


def look_times(call: Row, seen: Row) -> tuple[Row, list[str]]:
    """Times of the looks whose freeboards are used (``seen``), bounds of her stay, and doubts about them.

    Empty where one of these looks has no time: the share loaded by then is that of an early, or a late, look. A bare
    date stands for any time of its day; for a look, noon. An unbounded end lacks one bound.

    >>> call = {"arrival": "2024-03-07T06:00Z", "departure": "2024-03-08T18:00Z", "freeboard_out_at": "2024-03-08"}
    >>> times, _ = look_times(call, {"freeboard_in_m": None, "freeboard_out_m": 2.0})
    >>> f"{times['freeboard_out_at']:%d %H:%M}", f"{times['departure_hi']:%d %H:%M}"
    ('08 12:00', '08 18:00')
    """
    used = [look for look in LOOKS if seen.get(look.replace("_at", "_m")) is not None]
    found, doubts = _times(call, used)
    if not used or len(found) < len(used):
        return {}, doubts
    looks = [found[look] for look in used]
    if looks[0] > looks[-1]:
        return {}, [*doubts, f"{used[0]} {_short(looks[0])} lies after {used[-1]} {_short(looks[-1])}: neither is used"]
    bounds = _bounds(call, looks)
    came, left = bounds["arrival_lo"] or bounds["arrival_hi"], bounds["departure_hi"] or bounds["departure_lo"]
    if came is not None and left is not None and came <= left:
        far = [look for look in used if not came - FAR <= found[look] <= left + FAR]
        if far:
            stay = f"her stay ({_short(came)} to {_short(left)})"
            return {}, [*doubts, *(f"{look} {_short(found[look])} is far from {stay}: not used" for look in far)]
    return found | bounds, doubts


def _times(call: Row, used: list[str]) -> tuple[Row, list[str]]:
    """The times of those looks that have one, and doubts about invalid ones."""
    found, doubts = {}, []
    for look in used:
        try:
            moment = time_of(call, look)
        except Refused as refused:
            doubts.append(f"{refused}: not used")
            continue
        if moment is not None:
            found[look] = moment + (DAY / 2 if _is_date(moment) else timedelta())
    return found, doubts


def _bounds(call: Row, looks: list[pd.Timestamp]) -> Row:
    """Bounds of her arrival and departure; the inner one is a look's time where the table has none."""
    open_at = open_ends(call)
    out: Row = {}
    for end, inner in (("arrival", looks[0]), ("departure", looks[-1])):
        low, high = (time_of(call, f"{end}_{bound}") for bound in ("lo", "hi"))
        stated = time_of(call, end) or time_of(call, f"{end}_date")
        if low is None and high is None and stated is not None:
            low, high = stated, stated + (DAY if _is_date(stated) else timedelta())
        if end == "arrival":
            out |= {"arrival_lo": None if end in open_at else low, "arrival_hi": high or inner}
        else:
            out |= {"departure_lo": low or inner, "departure_hi": None if end in open_at else high}
    return out


def _is_date(moment: pd.Timestamp) -> bool:
    return bool(moment == moment.normalize())


def _short(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
