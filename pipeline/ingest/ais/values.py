"""Replaces AIS "not available" codes and impossible values by nulls.

Codes: ITU-R M.1371-5, annex 8. A code becomes null without further notice, since that is its meaning; a value outside
its range (latitude 95, a draught of 78 m in a table) becomes null and is counted, so that the loss can be reported.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

from pipeline.ships.largest import BROADEST_M, DEEPEST_M, LONGEST_M

SAR_AIRCRAFT, LONG_RANGE = 9, 27  # message types (ITU-R M.1371)
HULL_LIMITS_M = {("a", "b"): LONGEST_M, ("c", "d"): BROADEST_M}  # as allowed by ``tables.STATIC``

_HIGHEST = {"nav": 15.0, "ship_type": 255.0, "draught": DEEPEST_M, "imo": 2.0**30 - 1}
_ZERO_IS_CODE = ("draught", "imo")
_NUMBERS = ("lon", "lat", "sog", "cog", "heading", "a", "b", "c", "d", *_HIGHEST)


def without_codes(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table with codes and impossible values as NaN, and how many values of each column were impossible.

    Takes ``msg_type`` and any of the number columns of ``tables.AIS_MESSAGES`` as floats. Zero is a code for draught
    and IMO. A zero in one dimension may give the antenna's position, so dimensions stay as sent; if a + b or c + d is
    zero the size is unknown, which code that adds them up must observe.

    >>> row = pd.DataFrame({"msg_type": [1], "lon": [181.0], "lat": [91.0], "sog": [102.3], "cog": [360.0],
    ...                     "heading": [400.0], "nav": [5.0]})
    >>> clean, impossible = without_codes(row)
    >>> print(list(clean.columns[clean.notna().all()]), impossible)
    ['msg_type', 'nav'] {'heading': 1}
    """
    columns = {name: table[name].to_numpy(float).copy() for name in _NUMBERS if name in table}
    kind = table["msg_type"].to_numpy(np.int64)
    wrong: dict[str, int] = {}
    if {"lon", "lat"} <= set(columns):
        wrong["lon"] = wrong["lat"] = _void_positions(columns["lon"], columns["lat"])
    if "sog" in columns:
        wrong["sog"] = _void_speeds(columns["sog"], kind)
    for name, code in (("cog", 360.0), ("heading", 511.0)):
        if name in columns:
            wrong[name] = _void_angles(columns[name], kind, code)
    for name, highest in _HIGHEST.items():
        if name in columns:
            wrong[name] = _void_beyond(columns[name], highest, name in _ZERO_IS_CODE, name != "draught")
    for (near, far), largest_m in HULL_LIMITS_M.items():
        if {near, far} <= set(columns):
            wrong[near] = wrong[far] = _void_dimensions(columns[near], columns[far], largest_m)
    return table.assign(**columns), {name: int(count) for name, count in wrong.items() if count}


@numba.njit(cache=True)
def _void_positions(lon, lat):  # type: ignore[no-untyped-def]
    """A code or an impossible value in one coordinate voids both. So do two zeros: receivers without a fix, and tables
    that fill gaps with zeros, would place ships off Africa."""
    wrong = 0
    for i in range(len(lon)):
        x, y = lon[i], lat[i]
        code = np.isnan(x) or np.isnan(y) or abs(x - 181.0) < 1e-3 or abs(y - 91.0) < 1e-3
        if code or abs(x) > 180.0 or abs(y) > 90.0 or (x == 0.0 and y == 0.0):
            wrong += not code
            lon[i] = lat[i] = np.nan
    return wrong


@numba.njit(cache=True)
def _void_speeds(sog, kind):  # type: ignore[no-untyped-def]
    """Void the code 102.3 kn (aircraft 1023 kn, long-range message 63 kn). 102.2 means "or more" and stays."""
    wrong = 0
    for i in range(len(sog)):
        v = sog[i]
        if kind[i] == SAR_AIRCRAFT:
            code, bad = v >= 1023.0, v < 0.0
        else:
            code = v >= 63.0 if kind[i] == LONG_RANGE else abs(v - 102.3) < 0.05
            bad = v < 0.0 or v > 102.25
        if code or bad:
            wrong += not code
            sog[i] = np.nan
    return wrong


@numba.njit(cache=True)
def _void_angles(angle, kind, code_from):  # type: ignore[no-untyped-def]
    """Void angles from 360.0 on, the code for course; faulty encoders send 409.5, the long-range message 511."""
    wrong = 0
    for i in range(len(angle)):
        v = angle[i]
        code = v == code_from or (kind[i] == LONG_RANGE and v == 511.0)
        if v < 0.0 or v >= 360.0:
            wrong += not code
            angle[i] = np.nan
    return wrong


@numba.njit(cache=True)
def _void_beyond(values, highest, zero_is_code, whole):  # type: ignore[no-untyped-def]
    wrong = 0
    for i in range(len(values)):
        v = values[i]
        code = zero_is_code and v == 0.0
        if code or v < 0.0 or v > highest or (whole and v % 1.0 > 0.0):
            wrong += not code
            values[i] = np.nan
    return wrong


@numba.njit(cache=True)
def _void_dimensions(near, far, largest_m):  # type: ignore[no-untyped-def]
    """Void both of a pair if their sum exceeds any hull: 511 + 511 and 63 + 63 are the fields' maximum values."""
    wrong = 0
    for i in range(len(near)):
        near_m = 0.0 if np.isnan(near[i]) else near[i]
        far_m = 0.0 if np.isnan(far[i]) else far[i]
        if near_m < 0.0 or far_m < 0.0 or near_m + far_m > largest_m:
            wrong += 1
            near[i] = far[i] = np.nan
    return wrong
