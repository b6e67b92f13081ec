"""Finds reasons to refuse an AIS file from its beginning alone, for plans, which do not read the rest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline.errors import InputError
from pipeline.ingest.ais.dialects import layout_of
from pipeline.ingest.ais.files import detect_kind, read_head, require_readable
from pipeline.ingest.ais.tables import begin_table


def early_refusal(path: Path) -> InputError | None:
    """Why a run will skip an AIS file, judged by its first lines; None if these are in order."""
    try:
        require_readable(path)
        head = read_head(path)
        if not head.strip():
            return InputError(path, "is empty")
        kind = detect_kind(path, head)
        if kind == "csv":
            begin_table(path, None)
        if kind == "parquet":
            _require_columns(path)
    except InputError as error:
        return error
    return None


def _require_columns(path: Path) -> None:
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError) as error:
        raise InputError(path, f"cannot be read as Parquet ({' '.join(str(error).split())[:120]})") from error
    layout_of(path, names, None)
