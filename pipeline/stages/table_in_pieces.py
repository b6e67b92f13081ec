"""Writes a table piece by piece with the memory of one piece: years of AIS messages do not fit in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.storage import replacing
from pipeline.table_files import ATTRIBUTES, SIMULATED, SIMULATED_COLUMN, marked, neutral, write_table

if TYPE_CHECKING:
    import pandas as pd


def write_frames(frames: Iterable[pd.DataFrame], path: Path, empty: pd.DataFrame, *, simulated: bool = False) -> int:
    """Write a .parquet or .csv table from pieces with equal columns, one at a time; returns the number of rows.

    ``empty`` is written if there are no pieces. Text in a CSV is quoted; other formats are written whole. A
    ``simulated`` table is marked as by `marked`.
    """
    import pandas as pd

    if path.suffix.lower() not in {".parquet", ".csv"}:
        whole = list(frames)
        table = pd.concat(whole, ignore_index=True) if whole else empty
        write_table(marked(table, simulated), path)
        return len(table)
    rows, as_csv = 0, path.suffix.lower() == ".csv"
    with replacing(path) as part, _FrameWriter(part, as_csv, simulated) as writer:
        for frame in frames:
            writer.add(frame)
            rows += len(frame)
        if not rows:
            writer.add(empty)
    return rows


class _FrameWriter:
    """Appends frames to a Parquet or CSV file."""

    def __init__(self, part: Path, as_csv: bool, simulated: bool) -> None:
        self._part, self._as_csv, self._simulated = part, as_csv, simulated
        self._metadata = {ATTRIBUTES: json.dumps({SIMULATED: True})} if simulated and not as_csv else None
        self._writer: Any = None

    def __enter__(self) -> _FrameWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Write one more piece."""
        import pyarrow as pa

        if self._as_csv:
            frame = _spreadsheet_safe(frame.assign(**{SIMULATED_COLUMN: True}) if self._simulated else frame)
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(self._metadata)
        if self._writer is None:
            self._writer = self._open(table.schema)
        self._writer.write_table(table.cast(self._writer.schema) if not self._as_csv else table)

    def _open(self, schema: Any) -> Any:
        if self._as_csv:
            import pyarrow.csv as pacsv

            return pacsv.CSVWriter(self._part, schema)
        import pyarrow.parquet as pq

        return pq.ParquetWriter(self._part, schema, compression="zstd")


def _spreadsheet_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Times as ISO 8601 with a Z, and texts neutralised as formulas; each distinct text is handled once."""
    import numpy as np
    import pandas as pd

    out = {}
    for name, values in frame.items():
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            moments = values.to_numpy("datetime64[us]")
            whole = moments == moments.astype("datetime64[s]")
            texts = np.where(whole, np.datetime_as_string(moments, "s"), np.datetime_as_string(moments, "us"))
            out[name] = pd.Series(np.char.add(texts, "Z"), dtype="str").where(values.notna().to_numpy())
        elif isinstance(values.dtype, pd.StringDtype):
            codes, words = pd.factorize(values)
            safe = np.array([neutral(w) for w in words] + [pd.NA], dtype=object)  # the last one for missing values
            out[name] = pd.Series(safe[codes], dtype="str")
        else:
            out[name] = values.reset_index(drop=True)
    return pd.DataFrame(out)
