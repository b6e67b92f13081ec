"""What AIS sends for "not available" becomes null, and so does what no transponder can mean.

Codes: ITU-R M.1371-5, annex 8. A code becomes null silently, since that is what it says; a value outside its range
(latitude 95, a draught of 78 m in a table) becomes null and is counted, so that the loss can be shown.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

SAR_AIRCRAFT, LONG_RANGE = 9, 27
HULL_LIMITS_M = {("a", "b"): 500.0, ("c", "d"): 100.0}
"""Largest length and beam that ``tables.STATIC`` admits; the longest ship was 458 m (one platform is 124 m wide)."""

_HIGHEST = {"nav": 15.0, "ship_type": 255.0, "draught": 25.5, "imo": 2.0**30 - 1}

Verdict = tuple[str, np.ndarray, np.ndarray]
"""Column, rows that hold its code for "not available", rows that hold what cannot be."""


def without_codes(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table with codes and impossible values as NaN, and how many values of each column were impossible.

    Takes ``msg_type`` and any of the number columns of ``tables.AIS_MESSAGES`` as floats. Zero is a code for draught
    and IMO. A zero in one dimension may say where the antenna is, so dimensions stay as sent; where a + b or c + d is
    zero the size is unknown, and whoever adds them up must heed that.

    >>> row = pd.DataFrame({"msg_type": [1], "lon": [181.0], "lat": [91.0], "sog": [102.3], "cog": [360.0],
    ...                     "heading": [400.0], "nav": [5.0]})
    >>> clean, impossible = without_codes(row)
    >>> print(list(clean.columns[clean.notna().all()]), impossible)
    ['msg_type', 'nav'] {'heading': 1}
    """
    out, impossible = table.copy(deep=False), {}
    for name, code, wrong in _verdicts(table):
        out[name] = np.where(code | wrong, np.nan, table[name].to_numpy(float))
        if count := int((wrong & ~code).sum()):
            impossible[name] = count
    return out, impossible


def _verdicts(table: pd.DataFrame) -> Iterator[Verdict]:
    kind = table["msg_type"].to_numpy()
    yield from _position(table)
    if "sog" in table:
        yield _speed(table["sog"].to_numpy(float), kind)
    for name, code_from in (("cog", 360.0), ("heading", 511.0)):
        if name in table:
            values = table[name].to_numpy(float)
            # 360.0 is course's code; above stand 409.5 of broken encoders and 511 of the long-range message.
            code = (values == code_from) | ((kind == LONG_RANGE) & (values == 511))
            yield name, code, (values < 0) | (values >= 360)
    for name, highest in _HIGHEST.items():
        if name in table:
            values = table[name].to_numpy(float)
            code = (values == 0) if name in {"draught", "imo"} else np.zeros(len(values), bool)
            broken = (values % 1 > 0) if name != "draught" else np.zeros(len(values), bool)
            yield name, code, (values < 0) | (values > highest) | broken
    for pair, largest_m in HULL_LIMITS_M.items():
        if set(pair) <= set(table):
            yield from _dimensions(table, pair, largest_m)


def _position(table: pd.DataFrame) -> Iterator[Verdict]:
    """Half a position is none: a code or a wrong value in one coordinate voids both."""
    if not {"lon", "lat"} <= set(table):
        return
    lon, lat = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
    code = (np.abs(lon - 181) < 1e-3) | (np.abs(lat - 91) < 1e-3) | np.isnan(lon) | np.isnan(lat)
    wrong = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    yield "lon", code, wrong
    yield "lat", code, wrong


def _speed(sog: np.ndarray, kind: np.ndarray) -> Verdict:
    """102.3 kn; for aircraft 1023 kn, for the long-range message 63 kn. 102.2 means "or more" and stays."""
    aircraft, long_range = kind == SAR_AIRCRAFT, kind == LONG_RANGE
    code = np.where(aircraft, sog >= 1023, np.where(long_range, sog >= 63, np.abs(sog - 102.3) < 0.05))
    return "sog", code, (sog < 0) | (~aircraft & (sog > 102.25))


def _dimensions(table: pd.DataFrame, pair: tuple[str, str], largest_m: float) -> Iterator[Verdict]:
    """Both of a pair are void where they add up to more than any hull: 511 + 511, 63 + 63 are fields at their end."""
    one, other = (table[name].to_numpy(float) for name in pair)
    wrong = (one < 0) | (other < 0) | (np.nan_to_num(one) + np.nan_to_num(other) > largest_m)
    for name in pair:
        yield name, np.zeros(len(wrong), bool), wrong


def imo_is_valid(imo: int) -> bool:
    """Is it seven digits whose last is the check digit: the first six times 7, 6, 5, 4, 3, 2, summed, modulo 10?

    IMO resolution A.1117(30).

    >>> imo_is_valid(9074729), imo_is_valid(9074728)
    (True, False)
    """
    digits = str(imo)
    if len(digits) != 7 or digits[0] == "0":
        return False
    return sum(int(d) * weight for d, weight in zip(digits, range(7, 1, -1), strict=False)) % 10 == int(digits[6])
