"""Read the cells of a row of any table of calls: empty cells give None, invalid ones are refused with the reason."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from pipeline.quantiles import Z90
from pipeline.ships.largest import DEEPEST_M
from pipeline.tables.contract import BOOLEANS
from pipeline.tables.operations import is_stated

Row = dict[str, Any]

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[\s.,'’]\d{3})+(?:[.,]\d*)?")
WIDEST_ERROR = 0.5  # share of a size: a wider interval says no more than that nothing is known of it (our choice)


class Refused(Exception):
    """A row that cannot be used; the message says why."""


def is_empty(value: Any) -> bool:
    """Is a cell empty: no value, NaN, blanks, a dash, or a word for unknown?"""
    if value is None or isinstance(value, str):
        return not is_stated(value)
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def read_text(call: Row, name: str) -> str:
    """A text without surrounding blanks; "" where the cell is empty."""
    value = call.get(name)
    return "" if is_empty(value) else str(value).strip()


def read_tonnage_kind(call: Row) -> str:
    """Which tonnage ``dwt_t`` is, in lower case; "dwt" where the cell is empty, though "unknown" is an answer.

    >>> [read_tonnage_kind({"tonnage_kind": said}) for said in ("GT", "Unknown", "-", None)]
    ['gt', 'unknown', 'dwt', 'dwt']
    """
    kind = str(call.get("tonnage_kind")).strip().lower()
    return kind if kind == "unknown" else read_text(call, "tonnage_kind").lower() or "dwt"


def read_list(call: Row, name: str) -> list[str]:
    """A list, from memory (list), Parquet (array) or CSV (joined by ";"); empty where there is none."""
    value: Any = call.get(name)
    if is_empty(value):
        return []
    if isinstance(value, str):
        value = value.split(";")
    return [str(part) for part in (value if hasattr(value, "__iter__") else [value]) if str(part)]


def read_number(call: Row, name: str) -> float | None:
    """A number, None where there is none; Refused for words and infinity."""
    value: Any = call.get(name)
    if is_empty(value):
        return None
    try:
        parsed = float(value)
    except (TypeError, ValueError) as error:
        grouped = isinstance(value, str) and _GROUPED.fullmatch(value.strip())
        hint = "; remove thousands separators" if grouped else ""
        raise Refused(f"{name} is {value!r}, not a number{hint}") from error
    if not math.isfinite(parsed):
        raise Refused(f"{name} is {parsed:g}, not a finite number")
    return parsed


def read_positive(call: Row, name: str, limit: float) -> float | None:
    """A number above zero and at most the limit, None where there is none; Refused otherwise."""
    value = read_number(call, name)
    if value is None:
        return None
    if not 0 < value <= limit:
        raise Refused(f"{name} is {value:g}; it must be above 0 and at most {limit:,.10g}")
    return value


def read_cargo(call: Row, name: str, limit: float) -> float | None:
    """A stated cargo, as ``read_positive``; zero is refused, as it may mean nothing moved or nothing known."""
    value = call.get(name)
    is_none = isinstance(value, str) and value.strip().lower() == "none"
    if is_none or read_number(call, name) == 0:
        raise Refused(
            f"{name} is {'none' if is_none else 0}, so the row adds nothing; if it is unknown, leave the cell empty"
        )
    return read_positive(call, name, limit)


def read_draught(call: Row, name: str) -> float | None:
    """A draught [m]; None where there is none, or zero, which transponders send for "not available"."""
    return None if read_number(call, name) == 0 else read_positive(call, name, DEEPEST_M)


def read_share(call: Row, name: str) -> float:
    """A probability; 1 where the cell is empty."""
    value = read_number(call, name)
    if value is None:
        return 1.0
    if not 0 <= value <= 1:
        raise Refused(f"{name} is {value:g}; it must be between 0 and 1")
    return value


def read_at_least(call: Row, name: str, least: float) -> float | None:
    """A number that is no less than ``least``, None where there is none; Refused otherwise."""
    value = read_number(call, name)
    if value is not None and not least <= value < math.inf:
        raise Refused(f"{name} is {value:g}; it must be {least:g} or more")
    return value


def read_within(call: Row, name: str, reach: float) -> float | None:
    """A number no further from zero than ``reach``, None where there is none; Refused otherwise."""
    value = read_number(call, name)
    if value is not None and abs(value) > reach:
        raise Refused(f"{name} is {value:g}; it must be between {-reach:g} and {reach:g}")
    return value


def read_whole(call: Row, name: str, least: int) -> int | None:
    """A whole number that is no less than ``least``, None where there is none; Refused otherwise."""
    value = read_at_least(call, name, least)
    if value is not None and value != int(value):
        raise Refused(f"{name} is {value:g}; it must be a whole number")
    return None if value is None else int(value)


def read_bool(call: Row, name: str) -> bool:
    """A yes or no as a CSV or spreadsheet writes it; yes where the cell is empty; Refused for "unknown".

    >>> read_bool({"counts": " No"}, "counts"), read_bool({"counts": "TRUE"}, "counts"), read_bool({}, "counts")
    (False, True, True)
    """
    value: Any = call.get(name)
    if is_empty(value) and not (isinstance(value, str) and value.strip()):
        return True
    answer = BOOLEANS.get(str(value).strip().lower())
    if answer is None:
        raise Refused(f"{name} is {value!r}; write true or false, yes or no, 1 or 0")
    return answer


def read_sd(call: Row, stem: str, value: float | None, limit: float) -> float:
    """Standard error of a size [m] from its 90 % bounds; zero where there are none.

    Refused: bounds beyond the limit, crossed bounds, one without the other, and bounds without a size.
    """
    names = f"{stem}_lo_m", f"{stem}_hi_m"
    low, high = (read_number(call, name) for name in names)
    for name, bound in zip(names, (low, high), strict=True):
        if bound is not None and abs(bound) > limit:
            raise Refused(f"{name} is {bound:g}; it must be at most {limit:g}")
    if low is None and high is None:
        return 0.0
    if low is None or high is None:
        given, missing = reversed(names) if low is None else names
        raise Refused(f"{given} is given without {missing}; an interval has both bounds")
    if value is None:
        raise Refused(f"{names[0]} and {names[1]} are given without {stem}_m")
    if not low <= high:
        raise Refused(f"{names[0]} {low:g} lies above {names[1]} {high:g}")
    return min((high - low) / (2 * Z90), WIDEST_ERROR * value)
