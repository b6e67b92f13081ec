"""Reads and writes tables in the format of the file's suffix; text that a spreadsheet would run is neutralised."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError, ContractError, InputError, printable
from pipeline.storage import replacing, require_utf8
from pipeline.times_places.longitudes import as_written

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.tables import Contract

SIMULATED = "capwatch:simulated"  # the table attribute that marks simulated data, where no column does
ATTRIBUTES = b"PANDAS_ATTRS"  # the Parquet metadata key under which pandas keeps them
SIMULATED_COLUMN = "simulated"  # of a table that marks each row
SIMULATED_WORDS = "SIMULATED: no real ship, image or message"
SUFFIXES = (".parquet", ".csv", ".geojson", ".gpkg")
_TEXTS = (".csv", ".tsv", ".tab", ".txt")  # read alike, whatever their delimiter; .gz may follow
_PACKED = (".gz", ".zip", ".zst", ".bz2", ".xz", ".7z")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_NO_VALUE = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "NaT")  # missing numbers and times
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")  # a spreadsheet would run these (CASES X-02)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table in the format of its suffix: .parquet (GeoParquet with a geometry), .csv, .geojson, .gpkg."""
    require_format(path)
    writer = {".parquet": _parquet, ".csv": _csv, ".geojson": _geojson, ".gpkg": _gpkg}[path.suffix.lower()]
    if path.suffix.lower() in {".geojson", ".gpkg"} and not hasattr(table, "geometry"):
        raise ConfigError(f"{printable(path)}: this table has no geometry; write .parquet or .csv")
    require_utf8(path)
    with replacing(path) as part:
        writer(as_written(table), part)
        if writer is _parquet:
            _type_lists(part)


def require_format(path: Path) -> None:
    """ConfigError if the suffix is not a table format that can be written."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{printable(path)}: cannot tell the table format; end the name in {', '.join(SUFFIXES)}")


def marked(table: pd.DataFrame, simulated: bool) -> pd.DataFrame:
    """The table marked as simulated, which every format keeps; unchanged if it is not.

    In a CSV the mark is a column, since the format has no metadata.
    """
    if not simulated:
        return table
    out = table.copy(deep=False)
    out.attrs = {**table.attrs, SIMULATED: True}
    return out


def table_bytes(table: pd.DataFrame) -> bytes:
    """A table as the bytes of a Parquet file."""
    import io

    content = io.BytesIO()
    _parquet(table, content)
    return content.getvalue()


def table_from(content: bytes, contract: Contract) -> pd.DataFrame:
    """The table of `table_bytes`, conforming to its contract."""
    import io

    import geopandas
    import pandas as pd

    reader = geopandas.read_parquet if contract.geometry else pd.read_parquet
    return contract.check(_restored(reader(io.BytesIO(content)), contract, guarded=False))


def read_table(path: Path, contract: Contract | None = None, *, verbatim: Collection[str] = ()) -> pd.DataFrame:
    """Read .parquet, .csv, .tsv, .geojson or .gpkg; with a contract, conforming to it. InputError names the file.

    The ``verbatim`` columns of a CSV stay text as written; their names match whatever their case and brackets.
    """
    import geopandas

    suffix = ".csv" if path.name.lower().removesuffix(".gz").endswith(_TEXTS) else path.suffix.lower()
    if not os.path.exists(path):  # unlike Path.exists, False also for names too long to exist
        raise InputError(path, "no such file")
    if not os.path.isfile(path):  # a pipe may never end, and can be read only once
        raise InputError(path, "is not a regular file; save it first")
    try:
        if suffix == ".parquet":
            table = _read_parquet(path)
        elif suffix in {".geojson", ".gpkg"}:
            # GDAL would take a text such as "2024-03-07" for a date
            table = geopandas.read_file(
                path, **({"DATE_AS_STRING": "YES"} if contract and suffix == ".geojson" else {})
            )
        elif suffix == ".csv":
            table = _read_csv(path, contract, verbatim)
        else:
            hint = "; save its sheet as CSV UTF-8" if suffix in _WORKBOOKS else ""
            hint = "; unpack it first" if suffix in _PACKED else hint
            raise InputError(
                path, f"not a table that can be read; wanted one of {', '.join(SUFFIXES)}, .tsv, .csv.gz{hint}"
            )
    except PermissionError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
    except (OSError, ValueError, RuntimeError, TypeError, LookupError) as error:  # damaged metadata raises any of these
        raise InputError(path, f"cannot be read as a table ({' '.join(str(error).split())[:160]})") from error
    if contract is None:
        return table
    try:
        return contract.check(_restored(table, contract, guarded=suffix != ".parquet"))
    except ContractError as error:
        raise ContractError(f"{printable(path)}: {error}") from error


def _read_csv(path: Path, contract: Contract | None, verbatim: Collection[str]) -> pd.DataFrame:
    """A CSV whose text columns stay text: an id such as 007 or 1e5 is not a number, and a ship may be called NA."""
    from pipeline.tables import ALL
    from pipeline.tables.call_columns import KNOWN, NUMBERS, resembling_column
    from pipeline.tables.delimited import plain_column_name, read_delimited, read_layout, require_header_first

    kinds = {c.name: c.kind for known in (ALL if contract is None else (contract,)) for c in known.columns}
    texts = {name: "str" for name, kind in kinds.items() if kind in {"text", "list"}}
    numbers = {name for name, kind in kinds.items() if kind in {"float", "int"}} | (NUMBERS if not contract else set())
    require_header_first(path, lambda name: name in kinds or name in KNOWN or bool(resembling_column(name, ())))
    if contract is None:
        texts |= {name: "str" for name in read_layout(path).header if plain_column_name(name) in verbatim}
        return read_delimited(path, numbers, dtype=texts)
    no_value = {name: [""] if name in texts else list(_NO_VALUE) for name in read_layout(path).header if name}
    return read_delimited(path, numbers, dtype=texts, na_values=no_value, keep_default_na=False)


def _restored(table: pd.DataFrame, contract: Contract, *, guarded: bool) -> pd.DataFrame:
    """Lists, geometries and guarded texts restored from the form that a CSV or GeoJSON holds."""
    import numpy as np
    import shapely

    table = table.copy()
    if hasattr(table, "crs") and contract.geometry and table.geometry.name != contract.geometry:
        table = table.rename_geometry(contract.geometry)  # GeoJSON has no name for it
    for column in contract.columns:
        if column.name not in table:
            continue
        values = table[column.name]
        if guarded and column.kind in {"text", "list"}:
            values = values.map(_as_text)
            table[column.name] = values
        if column.kind == "list":
            table[column.name] = values.map(_as_list)
        elif column.kind == "geometry" and not hasattr(values, "crs"):
            texts = [v if isinstance(v, str) and v else None for v in values]
            table[column.name] = shapely.from_wkt(np.array(texts, dtype=object))
    return contract.completed(table)


def _as_text(value: Any) -> Any:
    """Text without its formula guard; JSON that GeoJSON turned into an object is text again."""
    text = json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else value
    return unguarded(text) if isinstance(text, str) else text


def _as_list(value: Any) -> list[str]:
    if value is None or (isinstance(value, float) and value != value):
        return []
    if isinstance(value, str):
        return [part for part in value.split(";") if part]
    return [str(v) for v in value]


def _read_parquet(path: Path) -> pd.DataFrame:
    import geopandas
    import pandas as pd
    import pyarrow.parquet as pq

    metadata = pq.read_schema(path).metadata or {}
    return geopandas.read_parquet(path) if b"geo" in metadata else pd.read_parquet(path)


def _parquet(table: pd.DataFrame, part: Any) -> None:
    if hasattr(table, "crs"):
        table.to_parquet(part, index=False, compression="zstd", write_covering_bbox=True)
    else:
        table.to_parquet(part, index=False, compression="zstd")


def _type_lists(part: Path) -> None:
    """Give empty list columns of a Parquet file their type, list of strings.

    Otherwise the type is null and differs from the next run's file, and a reader of both at once refuses that.
    """
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.tables import ALL

    lists = {c.name for known in ALL for c in known.columns if c.kind == "list"}
    schema = typed = parquet.read_schema(part)
    for n, field in enumerate(schema):
        value = field.type.value_type if pa.types.is_list(field.type) else field.type
        if field.name in lists and pa.types.is_null(value):
            typed = typed.set(n, field.with_type(pa.list_(pa.field("element", pa.string()))))
    if typed == schema:
        return
    retyped = part.with_name(f".typed{part.name}")  # ends in .part as well, so that `sweep` removes it after a kill
    try:
        with parquet.ParquetFile(part) as source, parquet.ParquetWriter(retyped, typed, compression="zstd") as writer:
            for n in range(source.num_row_groups):  # one row group at a time: a year's tracks are large
                writer.write_table(source.read_row_group(n).cast(typed))
        retyped.replace(part)
    finally:
        retyped.unlink(missing_ok=True)


def _csv(table: pd.DataFrame, part: Path) -> None:
    if table.attrs.get(SIMULATED) and SIMULATED_COLUMN not in table:
        table = table.assign(**{SIMULATED_COLUMN: True})
    flat_table(table).to_csv(part, index=False, lineterminator="\n", float_format="%.10g")


def _geojson(table: pd.DataFrame, part: Path) -> None:
    import shapely

    out = table.copy(deep=False)
    out[out.geometry.name] = shapely.orient_polygons(out.geometry.array)  # RFC 7946: outer rings counterclockwise
    for name in table.columns:  # GDAL writes text in braces as JSON; empty text beside it makes a column of two kinds
        if any(isinstance(v, str) and v.startswith("{") for v in table[name]):
            out[name] = [v or None for v in table[name]]
    _by_gdal(out, part, "GeoJSON")


def _gpkg(table: pd.DataFrame, part: Path) -> None:
    # GPKG holds the time of writing unless it is fixed; the same table must give the same bytes.
    os.environ.setdefault("OGR_CURRENT_DATE", "2000-01-01T00:00:00.000Z")
    _by_gdal(table, part, "GPKG")


def _by_gdal(table: pd.DataFrame, part: Path, driver: str) -> None:
    """Written to memory first: if the disk fills up with the last block, GDAL leaves a torn file without an error."""
    import io

    content = io.BytesIO()
    metadata = {"DESCRIPTION": SIMULATED_WORDS} if table.attrs.get(SIMULATED) else {}
    flat_table(table, keep_geometry=True).to_file(content, driver=driver, layer=part.name.split(".")[1], **metadata)
    part.write_bytes(content.getvalue())


def flat_table(table: pd.DataFrame, *, keep_geometry: bool = False) -> pd.DataFrame:
    """A copy that a spreadsheet can hold: lists joined by ';', times with Z, geometry as WKT, no formulas."""
    import pandas as pd

    geometry = table.geometry.name if hasattr(table, "geometry") else None
    out = table.copy() if keep_geometry else pd.DataFrame(table).copy()
    for name in table.columns:
        values = table[name]
        if name == geometry:
            if not keep_geometry:
                out[name] = [None if g is None or g.is_empty else g.wkt for g in values]
        elif isinstance(values.dtype, pd.DatetimeTZDtype):
            out[name] = [None if pd.isna(t) else iso_z(t) for t in values]
        elif len(values) and isinstance(values.iloc[0], list):
            out[name] = [neutral(";".join(v)) for v in values]
        elif values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            out[name] = [neutral(v) if isinstance(v, str) else v for v in values]
    return out


def iso_z(moment: Any) -> str:
    """ISO 8601 in UTC with a Z, to the second, or finer if the time is."""
    return str(moment.isoformat()).replace("+00:00", "Z")


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, with line ends that do not split a CSV row (a lone CR does)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """The inverse of ``neutral``, except for line ends.

    >>> [unguarded(neutral(t)) for t in ("=1+1", "'=1+1", "O'Hara")]
    ['=1+1', "'=1+1", "O'Hara"]
    """
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text
