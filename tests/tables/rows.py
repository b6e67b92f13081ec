"""Rows that satisfy a table contract: simple hand-made ones, and hypothesis strategies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st
from shapely.geometry import box

from pipeline.tables import Column, Contract

START = datetime(2024, 3, 7, 12, 30, 15, 250_000, tzinfo=UTC)


def _held(column: Column) -> float | None:
    """The highest value that survives a round trip through files: a longitude beyond 180 comes back wrapped."""
    return 180.0 if column.name == "lon" else column.high


def good_value(column: Column, n: int) -> object:
    """The ``n``-th valid value of a column; differs between rows where possible."""
    if column.choices:
        return column.choices[n % len(column.choices)]
    low = 0.0 if column.low is None else column.low
    high = low + 10 if column.high is None else _held(column)
    return {
        "text": f"{column.name} {n}",
        "float": low + (high - low) * ((n % 7) + 0.5) / 8,
        "int": int(min(high, low + n)),
        "bool": n % 2 == 0,
        "time": START + timedelta(hours=n, microseconds=n),
        "list": [f"item {k}" for k in range(n % 3)],
        "geometry": box(133 + n / 100, 42.75, 133.001 + n / 100, 42.751),
    }[column.kind]


def good_rows(contract: Contract, count: int = 4) -> list[dict[str, object]]:
    """Rows with every column filled, and a last one with only the required columns."""
    rows = [{c.name: good_value(c, n) for c in contract.columns} for n in range(count)]
    rows.append({c.name: good_value(c, count) for c in contract.columns if c.required})
    return rows


def values(column: Column) -> st.SearchStrategy:
    """Any value allowed in a column, including null if it is nullable."""
    low, high = column.low, _held(column)
    known = {
        "text": st.sampled_from(column.choices) if column.choices else st.text(_CHARACTERS, min_size=1, max_size=8),
        "float": st.floats(-1e9 if low is None else low, 1e9 if high is None else high, allow_nan=False).map(
            lambda x: float(f"{x:.9g}") if (low or 0) <= float(f"{x:.9g}") <= (high or 1e9) else float(low or 0)
        ),
        "int": st.integers(int(low or 0), int(high if high is not None else 10**9)),
        "bool": st.booleans(),
        "time": st.datetimes(datetime(1995, 1, 1), datetime(2050, 1, 1)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
        "list": st.lists(st.text("abc_0", min_size=1, max_size=5), max_size=3),
        "geometry": st.tuples(st.floats(-179, 178), st.floats(-89, 88)).map(
            lambda p: shapely.set_precision(box(p[0], p[1], p[0] + 0.01, p[1] + 0.01), 1e-6)
        ),
    }[column.kind]
    return known if column.required else st.none() | known


def tables(contract: Contract) -> st.SearchStrategy:
    """Tables of up to four rows with distinct keys."""
    row = st.fixed_dictionaries({c.name: values(c) for c in contract.columns})
    return st.lists(row, max_size=4, unique_by=lambda r: r[contract.key]).map(contract.from_rows)


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame, contract: Contract, *, rel: float = 0.0) -> None:
    """Check that tables of a contract are equal: names, types, values; floats within ``rel``, outlines within 1 mm.

    GeoJSON makes rings counter-clockwise (RFC 7946), whatever their original direction.
    """
    assert list(found.columns)[: len(contract.columns)] == contract.names
    assert len(found) == len(wanted)
    for column in contract.columns:
        a, b = found[column.name], wanted[column.name]
        if column.kind == "geometry":
            assert a.crs == b.crs
            pairs = zip(*(shapely.orient_polygons(shapes.to_numpy()) for shapes in (a, b)), strict=True)
            assert all((p is None and q is None) or p.equals_exact(q, 1e-8) for p, q in pairs), column.name
        elif column.kind == "float":
            assert a.dtype == b.dtype == np.float64, column.name
            np.testing.assert_allclose(a, b, rtol=rel, atol=0, err_msg=column.name)
        else:
            assert a.dtype == b.dtype, column.name
            assert a.isna().tolist() == b.isna().tolist(), column.name
            assert a[a.notna()].tolist() == b[b.notna()].tolist(), column.name


_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
