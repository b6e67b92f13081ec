"""Read from a table of calls when the looks with a freeboard were, and the bounds of the stay around them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.ships.stay_times import BOUNDS
from pipeline.volume.cells import Refused, Row
from pipeline.volume.dates import open_ends, read_time

if TYPE_CHECKING:
    import pandas as pd

LOOK_TIMES = ("freeboard_in_at", "freeboard_out_at")
COLUMNS = (*LOOK_TIMES, *BOUNDS)
DAY = timedelta(days=1)
# A look this far outside her stay is reported and its time not used: a month or year is wrong. Nearer ones are at a
# berth before or after, or mistyped by a day: her stay is extended to them (our choice)
MAX_OUTSIDE_STAY = 10 * DAY


def look_times(call: Row, seen: Row) -> tuple[Row, list[str]]:
    """Times of the looks whose freeboards are used (``seen``), bounds of her stay, and doubts about them.

    Empty where one of these looks has no time: the share loaded by then is that of an early, or a late, look. A bare
    date stands for any time of its day; for a look, noon. An unbounded end lacks one bound.

    >>> call = {"arrival": "2024-03-07T06:00Z", "departure": "2024-03-08T18:00Z", "freeboard_out_at": "2024-03-08"}
    >>> times, _ = look_times(call, {"freeboard_in_m": None, "freeboard_out_m": 2.0})
    >>> f"{times['freeboard_out_at']:%d %H:%M}", f"{times['departure_hi']:%d %H:%M}"
    ('08 12:00', '08 18:00')
    """
    used = [look for look in LOOK_TIMES if seen.get(look.replace("_at", "_m")) is not None]
    found, doubts = _read_times(call, used)
    if not used or len(found) < len(used):
        return {}, doubts
    looks = [found[look] for look in used]
    if looks[0] > looks[-1]:
        return {}, [
            *doubts,
            f"{used[0]} {_format_time(looks[0])} lies after {used[-1]} {_format_time(looks[-1])}: neither is used",
        ]
    bounds = _bounds(call, looks)
    arrival, departure = bounds["arrival_lo"] or bounds["arrival_hi"], bounds["departure_hi"] or bounds["departure_lo"]
    if arrival is not None and departure is not None and arrival <= departure:
        outside = [
            look for look in used if not arrival - MAX_OUTSIDE_STAY <= found[look] <= departure + MAX_OUTSIDE_STAY
        ]
        if outside:
            stay = f"her stay ({_format_time(arrival)} to {_format_time(departure)})"
            return {}, [
                *doubts,
                *(f"{look} {_format_time(found[look])} is far from {stay}: not used" for look in outside),
            ]
    return found | bounds, doubts


def _read_times(call: Row, used: list[str]) -> tuple[Row, list[str]]:
    """The times of those looks that have one, and doubts about invalid ones."""
    found, doubts = {}, []
    for look in used:
        try:
            moment = read_time(call, look)
        except Refused as refused:
            doubts.append(f"{refused}: not used")
            continue
        if moment is not None:
            found[look] = moment + (DAY / 2 if _is_date(moment) else timedelta())
    return found, doubts


def _bounds(call: Row, looks: list[pd.Timestamp]) -> Row:
    """Bounds of her arrival and departure; the inner one is a look's time where the table has none."""
    open_ends_of_call = open_ends(call)
    out: Row = {}
    for end, inner in (("arrival", looks[0]), ("departure", looks[-1])):
        low, high = (read_time(call, f"{end}_{bound}") for bound in ("lo", "hi"))
        stated = read_time(call, end) or read_time(call, f"{end}_date")
        if low is None and high is None and stated is not None:
            low, high = stated, stated + (DAY if _is_date(stated) else timedelta())
        if end == "arrival":
            out |= {"arrival_lo": None if end in open_ends_of_call else low, "arrival_hi": high or inner}
        else:
            out |= {"departure_lo": low or inner, "departure_hi": None if end in open_ends_of_call else high}
    return out


def _is_date(moment: pd.Timestamp) -> bool:
    return bool(moment == moment.normalize())


def _format_time(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
