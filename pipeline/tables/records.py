"""The rows of a table as dictionaries, for computations row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """``table.to_dict("records")`` in half the time, for tables of few rows and many columns.

    pandas looks up each column by its position, which takes longer than converting its few values.

    >>> records_of(pd.DataFrame({"mmsi": pd.array([999000001, None], dtype="Int64"), "name": ["SIM ONE", ""]}))
    [{'mmsi': 999000001, 'name': 'SIM ONE'}, {'mmsi': None, 'name': ''}]
    """
    names = [str(name) for name in table.columns]
    rows = zip(*(_values(column) for _, column in table.items()), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _values(column: pd.Series) -> list[Any]:
    """The values of a column as Python objects: no NumPy scalars, no ``pd.NA``."""
    values = column.tolist()
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return values
    return [None if v is pd.NA else v.item() if isinstance(v, np.generic) else v for v in values]
