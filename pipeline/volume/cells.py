"""Values of a row of any table of calls, whatever it came from: empty is None, nonsense is refused with its reason."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from pipeline.volume.capacity import Z90

Row = dict[str, Any]


class Refused(Exception):
    """A row that makes no sense; the message says why."""


def text(call: Row, name: str) -> str:
    """A text; empty where there is none."""
    value = call.get(name)
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def number(call: Row, name: str) -> float | None:
    """A number, None where there is none; Refused for words."""
    value = call.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) and pd.isna(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"{name} is {value!r}, a number is wanted") from error


def positive(call: Row, name: str, limit: float) -> float | None:
    """A number above zero and at most the limit, None where there is none; Refused otherwise."""
    value = number(call, name)
    if value is None:
        return None
    if not 0 < value <= limit:
        raise Refused(f"{name} is {value:g}; it must be above 0 and at most {limit:g}")
    return value


def share(call: Row, name: str) -> float:
    """A probability; 1 where the table says nothing."""
    value = number(call, name)
    if value is None:
        return 1.0
    if not 0 <= value <= 1:
        raise Refused(f"{name} is {value:g}; a probability lies between 0 and 1")
    return value


def at_least(call: Row, name: str, least: float) -> float | None:
    """A number that is no less than ``least``, None where there is none; Refused otherwise."""
    value = number(call, name)
    if value is not None and not least <= value < math.inf:
        raise Refused(f"{name} is {value:g}; it is {least:g} or more")
    return value


def truth(call: Row, name: str) -> bool:
    """A yes or no; yes where the table says nothing. The word "false" of a CSV is a no."""
    value = call.get(name)
    if value is None or (not isinstance(value, str) and pd.isna(value)) or str(value).strip() == "":
        return True
    said = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(
        str(value).strip().lower()
    )
    if said is None:
        raise Refused(f"{name} is {value!r}, true or false is wanted")
    return said


def sd(call: Row, stem: str, value: float | None) -> float:
    """Standard error of a size from its 90 % bounds; zero where there are none."""
    low, high = number(call, f"{stem}_lo_m"), number(call, f"{stem}_hi_m")
    if value is None or low is None or high is None:
        return 0.0
    if not low <= high:
        raise Refused(f"{stem}_lo_m {low:g} lies above {stem}_hi_m {high:g}")
    return (high - low) / (2 * Z90)


def moment(call: Row, name: str, low: str, high: str) -> pd.Timestamp | None:
    """A time: stated (``arrival`` or ``arrival_date``), or the middle of its interval, or the bound that is known."""
    stated = [_time(call.get(n)) for n in (name, low, high)]
    if stated[0] is None:
        stated[0] = _time(call.get(f"{name}_date"))
    if stated[0] is not None:
        return stated[0]
    if stated[1] is not None and stated[2] is not None:
        return stated[1] + (stated[2] - stated[1]) / 2
    return stated[1] if stated[1] is not None else stated[2]


def _time(value: Any) -> pd.Timestamp | None:
    if value is None or (isinstance(value, str) and not value.strip()) or pd.isna(value):
        return None
    if isinstance(value, int | float):  # 20240307 would be read as so many nanoseconds after 1970
        raise Refused(f"time {value:.0f} is a bare number; write it as 2024-03-07T02:00:00Z")
    try:
        # by ISO 8601 alone: 03/04/2024 is March here and April there
        moment = pd.to_datetime(value, format="ISO8601") if isinstance(value, str) else pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"time {value!r} cannot be read; write it as 2024-03-07T02:00:00Z") from error
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
