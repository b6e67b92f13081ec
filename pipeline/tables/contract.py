"""Table contracts: columns with kind, unit, bounds and meaning, and the check where a table leaves a stage.

One description has four uses: an empty table with the right columns, the check (by pandera), the Parquet schema, and
the page of table formats in ``docs/``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from pipeline.errors import ContractError
from pipeline.plurals import first_of

if TYPE_CHECKING:
    import pandera.pandas as pa

Kind = Literal["text", "float", "int", "bool", "time", "list", "geometry"]

CRS = "EPSG:4326"
MOST_NAMES = 12  # columns in one line (our choice)
_ZONED = re.compile(r"[T ]\d\d.*(Z|[+-]\d\d(:?\d\d)?)$", re.IGNORECASE)
BOOLEANS = {  # as CSVs and spreadsheets write it, in upper or lower case
    "true": True, "t": True, "yes": True, "y": True, "1": True, "1.0": True,
    "false": False, "f": False, "no": False, "n": False, "0": False, "0.0": False,
}  # fmt: skip
_DTYPES: dict[str, str] = {
    "text": "str",
    "float": "float64",
    "int": "Int64",
    "bool": "bool",
    "time": "datetime64[us, UTC]",
    "list": "object",
    "geometry": "geometry",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds and what it may hold."""

    name: str
    kind: Kind
    about: str
    unit: str = ""
    required: bool = True  # False: null means "not known", for text "" does
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def amount(name: str, about: str, unit: str = "", *, required: bool = True, high: float | None = None) -> Column:
    """A column of numbers that are never below zero."""
    return Column(name, "float", about, unit, required=required, low=0, high=high)


def share(name: str, about: str, *, required: bool = True) -> Column:
    """A column of shares or probabilities, from 0 to 1."""
    return Column(name, "float", about, required=required, low=0, high=1)


def bounds(name: str, unit: str, *, required: bool = True, high: float | None = None) -> Iterator[Column]:
    """Columns for the bounds of an amount's 90 % interval; their names end in the unit."""
    for end, about in (("lo", "5 % bound."), ("hi", "95 % bound.")):
        yield amount(f"{name}_{end}_{unit}", about, unit, required=required, high=high)


def quantiles(pattern: str, about: str, unit: str, *, required: bool = True) -> Iterator[Column]:
    """Columns for an amount's distribution: p5, p50 and p95 in place of the pattern's braces."""
    for quantile in ("p5", "p50", "p95"):
        yield amount(pattern.format(quantile), about, unit, required=required)


@dataclass(frozen=True, slots=True)
class Contract:
    """A named table: its key and its columns. Extra columns are kept, after the contract's own."""

    name: str
    about: str
    key: str
    columns: tuple[Column, ...]
    completed: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table  # fills in a table of an earlier version

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [c.name for c in self.columns]

    @property
    def geometry(self) -> str | None:
        """Name of the geometry column, if the table has one."""
        return next((c.name for c in self.columns if c.kind == "geometry"), None)

    def empty(self) -> pd.DataFrame:
        """The table without rows; a GeoDataFrame if it has a geometry."""
        return self.conform(pd.DataFrame({c.name: [] for c in self.columns}))

    def from_rows(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        """A conforming table built from dictionaries; columns that no row names are null."""
        return self.conform(pd.DataFrame(rows, columns=None if rows else self.names))

    def conform(self, table: pd.DataFrame) -> pd.DataFrame:
        """A copy with every column of the contract, in its order and types; missing ones are null.

        Raises ContractError when a value cannot become its column's kind.
        """
        out: dict[str, Any] = {}
        for column in self.columns:
            given = table[column.name] if column.name in table else _nulls(column, table.index)
            try:
                out[column.name] = _cast(given, column.kind)
            except (TypeError, ValueError) as error:
                raise ContractError(f"table {self.name}, column {column.name}: {_one_line(error)}") from error
        extra = {n: table[n] for n in table.columns if n not in out}
        frame = pd.DataFrame(out | extra, index=table.index, copy=False).reset_index(drop=True)
        if self.geometry is None:
            return frame
        try:
            return _as_geo(frame, self.geometry)
        except (TypeError, ValueError) as error:
            raise ContractError(f"table {self.name}, column {self.geometry}: {_one_line(error)}") from error

    def check(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the conforming table, or raise ContractError naming table, column, rule and first offending value."""
        for column in self.columns:
            # Other kinds become null and are refused below; a missing verdict must not become a "no".
            if column.kind == "bool" and column.required and len(table) and column.name not in table:
                raise ContractError(
                    f"table {self.name}, column {column.name}: is missing; it has {_column_list(table)}"
                )
        conforming = self.conform(table)
        frame = pd.DataFrame(conforming)
        if all(_is_surely_valid(frame[column.name], column, key=column.name == self.key) for column in self.columns):
            return conforming
        if self.key and (repeated := frame[self.key][frame[self.key].duplicated()]).size:
            raise ContractError(
                f"table {self.name}, column {self.key}: {repeated.iloc[0]!r} appears twice; each row needs its own"
            )
        import pandera.errors

        try:  # pandera says which rule is broken, and by which value
            _schema(self).validate(frame, lazy=False)
        except pandera.errors.SchemaError as error:
            raise ContractError(f"table {self.name}{_broken_rule(error, frame[self.key])}") from error
        return conforming


def _column_list(table: pd.DataFrame) -> str:
    return first_of([str(name) for name in table.columns], MOST_NAMES)


def _nulls(column: Column, index: pd.Index) -> pd.Series:
    return pd.Series([False if column.kind == "bool" else None] * len(index), index=index, dtype="object")


def _cast(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "text":
        return (values.where(values.notna(), "") if values.hasnans else values).astype("str")
    if kind == "list":
        fresh = [[] if type(v) is list and not v else _as_list(v) for v in values]
        return pd.Series(fresh, index=values.index, dtype="object")
    if kind == "time":
        return _times(values).astype(_DTYPES["time"])
    if kind == "float":
        plain = isinstance(values, pd.Series) and values.dtype == np.float64
        return values if plain else _numbers(values).astype("float64")
    if kind == "int":
        return _whole(values)
    if kind == "bool":
        return _booleans(values)
    return values


def _whole(values: pd.Series) -> pd.Series:
    """Whole numbers; raises for any other value. Plain arrays take a faster path than pandas' own."""
    if values.dtype in (np.int64, np.float64):
        plain = values.to_numpy()
        nulls = np.isnan(plain) if plain.dtype == np.float64 else np.zeros(len(plain), bool)
        numbers = np.where(nulls, 0, plain)
        if (np.abs(numbers) < 2**53).all() and (whole := numbers.astype(np.int64) == numbers).all() and whole.size:
            return pd.Series(pd.arrays.IntegerArray(numbers.astype(np.int64), nulls), index=values.index)
    return _numbers(values).astype("Int64")


def _numbers(values: pd.Series) -> pd.Series:
    """As numbers; ValueError names a text that is not one, with its row, counted from 1."""
    try:
        return pd.to_numeric(values)
    except (TypeError, ValueError) as error:
        not_numbers = np.flatnonzero(pd.to_numeric(values, errors="coerce").isna() & values.notna())
        if not len(not_numbers):
            raise
        raise ValueError(
            f"{str(values.iloc[not_numbers[0]])[:60]!r} is not a number (row {not_numbers[0] + 1})"
        ) from error


def _as_list(value: Any) -> list[str]:
    if isinstance(value, str):
        raise ValueError(f"{value[:60]!r} is text, not a list")
    return [] if value is None or (isinstance(value, float) and value != value) else [str(v) for v in value]


def _times(values: pd.Series) -> pd.Series:
    """UTC times from aware times and ISO 8601 texts with a zone. A time without a zone is refused as ambiguous."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC")
    given = values[values.notna() & (values.astype("object") != "")]
    without_zone = given[[not _has_zone(v) for v in given]]
    if len(without_zone):
        raise ValueError(
            f"{str(without_zone.iloc[0])[:60]!r} is not a time with a zone; write it as 2024-03-07T02:00:00Z"
        )
    return pd.to_datetime(values.astype("object"), utc=True, format="ISO8601")


def _has_zone(value: Any) -> bool:
    if isinstance(value, str):
        return _ZONED.search(value.strip()) is not None
    return isinstance(value, datetime) and value.tzinfo is not None


def _booleans(values: pd.Series) -> pd.Series:
    """Booleans, also from the words in a CSV."""
    if values.dtype == bool:
        return values
    parsed = values.map(lambda v: v if isinstance(v, bool) else BOOLEANS.get(str(v).strip().lower()))
    if parsed.isna().any():
        position = int(np.argmax(parsed.isna().to_numpy()))
        cell = values.iloc[position]
        shown = "an empty cell" if pd.isna(cell) or not str(cell).strip() else repr(cell)
        raise ValueError(f"{shown} in row {position + 1} is neither true nor false")
    return parsed.astype(bool)


def _as_geo(frame: pd.DataFrame, geometry: str) -> pd.DataFrame:
    import geopandas

    frame[geometry] = geopandas.GeoSeries(frame[geometry], crs=CRS)
    return geopandas.GeoDataFrame(frame, geometry=geometry, crs=CRS)


def _is_surely_valid(values: pd.Series, column: Column, *, key: bool) -> bool:
    """Does a column surely keep the rules of ``_schema``? Checked on whole arrays; False if they cannot tell."""
    if key and not values.is_unique:
        return False
    if column.kind in {"float", "int"}:
        nulls = values.isna().to_numpy()
        if nulls.any() and column.required:
            return False
        numbers = values.to_numpy("float64", na_value=0.0) if column.kind == "int" else values.to_numpy()
        if column.kind == "float" and np.isinf(numbers).any():
            return False
        inside = np.ones(len(numbers), bool) if column.low is None else numbers >= column.low
        inside &= True if column.high is None else numbers <= column.high
        return bool((inside | nulls).all())
    if column.kind == "text":
        if column.choices:
            return set(values.unique()) <= {*column.choices, *(() if column.required else ("",))}
        return not column.required or not (values == "").any()
    if column.kind == "time":
        return not column.required or not values.isna().any()
    if column.kind == "bool":
        return values.dtype == np.bool_
    return column.kind in {"list", "geometry"}


@cache
def _schema(contract: Contract) -> pa.DataFrameSchema:
    import pandera.pandas as pa

    columns = {}
    for column in contract.columns:
        checks = []
        if column.kind == "float":
            checks.append(pa.Check(lambda s: ~s.isin([math.inf, -math.inf]), error="must be finite"))
        if column.low is not None:
            checks.append(pa.Check.ge(column.low))
        if column.high is not None:
            checks.append(pa.Check.le(column.high))
        if column.choices:
            allowed = column.choices if column.required else (*column.choices, "")
            checks.append(pa.Check.isin(allowed))
        if column.kind == "text" and column.required and not column.choices:
            checks.append(pa.Check(lambda s: s != "", error="must not be empty"))
        nullable = not column.required or column.kind in {"list", "geometry"}
        columns[column.name] = pa.Column(checks=checks, nullable=nullable, unique=column.name == contract.key)
    return pa.DataFrameSchema(columns)


def _broken_rule(error: Any, keys: pd.Series) -> str:
    """Pandera's finding in words: the column, the rule, the first value that breaks it, and the row's key."""
    check, found = error.check, getattr(error, "failure_cases", None)
    name = getattr(check, "name", check)
    limits = getattr(check, "statistics", None) or {}
    rule = {
        "greater_than_or_equal_to": f"must be at least {limits.get('min_value')}",
        "less_than_or_equal_to": f"must be at most {limits.get('max_value')}",
        "isin": f"must be one of {', '.join(w for w in limits.get('allowed_values', ()) if w)}",
        "not_nullable": "must not be empty",
    }.get(str(name), getattr(check, "error", None))
    if rule is None or not isinstance(found, pd.DataFrame) or not len(found):
        return f": {_one_line(error)}"
    row = found.iloc[0]
    got = "" if pd.isna(row["failure_case"]) or row["failure_case"] == "" else f"; got {str(row['failure_case'])[:60]}"
    where = "" if pd.isna(row["index"]) else f" ({keys.name} {str(keys.iloc[int(row['index'])])[:60]})"
    return f", column {error.schema.name}: {rule}{got}{where}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
