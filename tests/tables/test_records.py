"""Rows as dictionaries equal pandas' own, in values and types."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import pytest

from pipeline.tables import ALL
from pipeline.tables.records import records_of
from tests.tables.rows import good_rows


def as_told(rows):
    return [{name: (type(value), repr(value)) for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("contract", ALL, ids=lambda c: c.name)
@pytest.mark.parametrize("rows", [0, 3])
def test_rows_of_each_table_are_those_of_pandas(contract, rows):
    whole = contract.from_rows(good_rows(contract, rows))
    one_empty = contract.from_rows([{contract.key: good_rows(contract, 1)[0][contract.key]}])
    for table in (whole, one_empty):
        assert as_told(records_of(table)) == as_told(table.to_dict("records"))


def test_values_of_every_dtype_are_those_of_pandas():
    moments = pd.to_datetime(["2024-03-07", None])
    table = geopandas.GeoDataFrame({
        "whole": [1, 2], "real": [0.5, np.nan], "flag": [True, False], "text": ["a", None], "short": np.float32([1, 2]),
        "maybe": pd.array([1, None], dtype="Int64"), "perhaps": pd.array([True, None], dtype="boolean"),
        "kind": pd.Categorical(["a", None]), "at": moments, "utc": moments.tz_localize("UTC"),
        "mixed": pd.Series([np.float64(1), pd.NA], dtype=object), "ids": [["a"], []],
        "count": pd.Series([np.int64(1), np.bool_(True)], dtype=object),
        "place": geopandas.points_from_xy([1, 2], [3, 4]),
    }, geometry="place")  # fmt: skip
    assert as_told(records_of(table)) == as_told(table.to_dict("records"))
