"""Read when a call was: arrival and departure in UTC, as stated or from their bounds, and contradictions in words."""

from __future__ import annotations

import re
from datetime import timedelta
from numbers import Number
from typing import Any

import pandas as pd

from pipeline.types.times import without_leap_second
from pipeline.volume.cells import Refused, Row, is_empty, read_bool, read_list

YEARS = (1950, 2100)  # of a call; outside, a digit of the year is wrong
LONGEST_STAY = timedelta(days=180)  # of a ship that moves cargo; longer, a digit may be wrong (our choice)
OPEN_FLAGS = {"arrival": "arrival_open", "departure": "left_open"}  # flags of port calls
YEAR_UNKNOWN = "so its year is not known"  # in the cause of a row; `account` looks for it
_NO_DAY = re.compile(r"\d{4}([-/. ]\d{1,2})?")  # date readers take a month for its first day, a year for 1 January
NOT_A_TIME = "is not written as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"


def read_dates(call: Row) -> tuple[Row, list[str]]:
    """Arrival and departure, None where the table has none, and contradictions between them.

    A bound that no look gave (flags arrival_open, left_open) is ignored: the first or last sighting is used.
    """
    open_at = open_ends(call)
    before = ("arrival_hi",) if "arrival" in open_at else ("arrival_lo", "arrival_hi")
    after = ("departure_lo",) if "departure" in open_at else ("departure_lo", "departure_hi")
    arrival = read_moment(call, "arrival", before[0], before[-1])
    departure = read_moment(call, "departure", after[0], after[-1])
    doubts = [doubt for name in ("arrival", "departure") if (doubt := _bounds_doubt(call, name))]
    if read_bool(call, "counts") and (year_doubt := _year_doubt(call, open_at)):
        doubts.append(year_doubt)
    if arrival is not None and departure is not None and _is_before(departure, arrival):
        doubts.append(f"the departure {_format_time(departure)} lies before the arrival {_format_time(arrival)}")
    elif arrival is not None and departure is not None and departure - arrival > LONGEST_STAY:
        how_long = f"{(departure - arrival).days} days after the arrival {_format_time(arrival)}"
        doubts.append(f"the departure {_format_time(departure)} lies {how_long}: is a year wrong?")
    return {"arrival": arrival, "departure": departure}, doubts


def seen_duration_d(call: Row) -> float | None:
    """Days from the first to the last time at which she was surely there; None unless the table has both.

    Looks that did not show her bound her stay from outside: they do not say how long she was seen.

    >>> seen_duration_d({"arrival_hi": "2024-03-07T06:00Z", "departure_lo": "2024-03-08T18:00Z"})
    1.5
    """
    first, last = read_time(call, "arrival_hi"), read_time(call, "departure_lo")
    if first is None or last is None:
        return None
    return max(0.0, (last - first) / timedelta(days=1))  # without a time of day the bounds are in reverse order


def open_ends(call: Row) -> list[str]:
    """Ends of a stay that no look or message bounds, from the flags of port calls.

    >>> open_ends({"flags": "dark;left_open"})
    ['departure']
    """
    flags = read_list(call, "flags")
    return [end for end, flag in OPEN_FLAGS.items() if flag in flags]


def read_moment(call: Row, name: str, low: str, high: str) -> pd.Timestamp | None:
    """A time: stated (``arrival`` or ``arrival_date``), else the middle of its bounds, else the known one."""
    stated = [read_time(call, n) for n in (name, low, high)]
    if stated[0] is None:
        stated[0] = read_time(call, f"{name}_date")
    if stated[0] is not None:
        return stated[0]
    if stated[1] is not None and stated[2] is not None:
        return stated[1] + (stated[2] - stated[1]) / 2
    return stated[1] if stated[1] is not None else stated[2]


def _bounds_doubt(call: Row, name: str) -> str:
    """Text for a lower bound after the upper one; "" where there is none."""
    low, high = (read_time(call, f"{name}_{end}") for end in ("lo", "hi"))
    if low is None or high is None or low <= high:
        return ""
    return f"{name}_lo {_format_time(low)} lies after {name}_hi {_format_time(high)}"


def _year_doubt(call: Row, open_at: list[str]) -> str:
    """Text for a call whose end is known only by bounds on both sides of New Year; "" otherwise.

    The departure decides, as in the caps supplied; the arrival where the table has no departure.

    >>> _year_doubt({"departure_lo": "2023-12-25", "departure_hi": "2024-01-07"}, [])
    'the departure lies between 2023-12-25T00:00Z and 2024-01-07T00:00Z, so its year is not known: the middle decides'
    """
    arrival_cells, departure_cells = (
        [read_time(call, end + part) for part in ("", "_date", "_lo", "_hi")] for end in OPEN_FLAGS
    )
    end, (stated, day, low, high) = (
        ("departure", departure_cells) if any(departure_cells) else ("arrival", arrival_cells)
    )
    if stated or day or low is None or high is None or end in open_at:
        return ""
    first = arrival_cells[0] or arrival_cells[1] or arrival_cells[2]
    low = max(low, first) if end == "departure" and first is not None else low
    if low.year >= (high - timedelta(microseconds=1)).year:
        return ""
    return f"the {end} lies between {_format_time(low)} and {_format_time(high)}, {YEAR_UNKNOWN}: the middle decides"


def _is_before(departure: pd.Timestamp, arrival: pd.Timestamp) -> bool:
    """Is the departure before the arrival? A bare date stands for any time of its day."""
    is_date = departure == departure.normalize()
    return bool(departure < (arrival.normalize() if is_date else arrival))


def _format_time(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def read_time(call: Row, name: str) -> pd.Timestamp | None:
    """A UTC time to the microsecond, None where the cell is empty; Refused if not a time or without a day."""
    value: Any = call.get(name)
    if is_empty(value):
        return None
    if isinstance(value, Number):  # 20240307 would be read as so many nanoseconds after 1970
        raise Refused(f"time {value:.0f} is a bare number, and {NOT_A_TIME}")
    if isinstance(value, str) and _NO_DAY.fullmatch(value.strip()):
        end = name.split("_")[0]
        bounds = f", or its first and last day as {end}_lo and {end}_hi" if end in OPEN_FLAGS else ""
        days = f"write it as YYYY-MM-DD{bounds}"
        raise Refused(f"{name} {value.strip()!r} names no day; {days}")
    try:
        # ISO 8601 only: 03/04/2024 is March here and April there
        iso = without_leap_second(value.strip()) if isinstance(value, str) else None
        parsed = pd.Timestamp(value) if iso is None else pd.to_datetime(iso, format="ISO8601")
    except (TypeError, ValueError) as error:
        raise Refused(f"time {value!r} {NOT_A_TIME}") from error
    # before time zones are applied: near the ends of the calendar they silently wrap to another year
    if not YEARS[0] <= parsed.year <= YEARS[1]:
        raise Refused(f"time {str(value)[:40]!r} lies outside the years {YEARS[0]} to {YEARS[1]}")
    parsed = parsed.as_unit("us")  # one precision, so that one table can hold all of them
    return parsed.tz_localize("UTC") if parsed.tzinfo is None else parsed.tz_convert("UTC")
