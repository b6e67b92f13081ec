"""The rows of a table as dictionaries, for what is reckoned row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """``table.to_dict("records")``, of a few rows and many columns in half the time.

    pandas looks each column up by its place in the table, which takes longer than its few values do.

    >>> records_of(pd.DataFrame({"mmsi": pd.array([999000001, None], dtype="Int64"), "name": ["SIM ONE", ""]}))
    [{'mmsi': 999000001, 'name': 'SIM ONE'}, {'mmsi': None, 'name': ''}]
    """
    names = [str(name) for name in table.columns]
    rows = zip(*(_values(column) for _, column in table.items()), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _values(column: pd.Series) -> list[Any]:
    """The values of a column, none of them an array's scalar or ``pd.NA``."""
    values = column.tolist()
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return values
    return [None if v is pd.NA else v.item() if isinstance(v, np.generic) else v for v in values]
