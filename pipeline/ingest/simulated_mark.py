"""Is what a file holds of a simulation? The mark in each form that `storage.marked` gives it, and in AIS logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.table_files import ATTRIBUTES, SIMULATED, SIMULATED_COLUMN, SIMULATED_WORDS, read_table
from pipeline.tables.contract import TRUTH

if TYPE_CHECKING:
    import pyarrow as pa

WORD = SIMULATED_WORDS.partition(":")[0]
_IN_LINE = re.compile(rb"^[ \t]*#[ \t]*%b|^[ \t]*\\[^\\\n]*\bt:%b[,*]" % (WORD.encode(), WORD.encode()), re.MULTILINE)


@dataclass(slots=True)
class Mark:
    """Has a file that is read piece by piece said so yet? One part that does marks the whole."""

    simulated: bool = False

    def see_lines(self, data: bytes) -> None:
        """Lines of a log: a comment, or the text of a tag block (NMEA 0183: ``t:``)."""
        self.simulated = self.simulated or (WORD.encode() in data and _IN_LINE.search(data) is not None)

    def see_cells(self, values: Iterable[object]) -> None:
        """Cells of the column that says it row by row."""
        self.simulated = self.simulated or any(TRUTH.get(str(v).strip().lower(), False) for v in values)

    def see_schema(self, schema: pa.Schema) -> None:
        """What a Parquet file says beside its columns; damaged metadata say nothing."""
        with suppress(ValueError):
            told = json.loads((schema.metadata or {}).get(ATTRIBUTES, b"{}"))
            self.simulated = self.simulated or (isinstance(told, dict) and bool(told.get(SIMULATED)))


def says_simulated(path: Path) -> bool:
    """Does a file say that its table is of a simulation, by the mark that `marked` gives or a column ``simulated``?

    Raises InputError where it is no table that can be read.
    """
    mark, suffix = Mark(), path.suffix.lower()
    if suffix == ".parquet":
        import pyarrow.parquet

        with suppress(OSError, ValueError):
            schema = pyarrow.parquet.read_schema(path)
            mark.see_schema(schema)
            if SIMULATED_COLUMN not in schema.names:
                return mark.simulated
    elif suffix in {".geojson", ".gpkg"}:
        mark.simulated = _described(path).startswith(WORD)
    if not mark.simulated:
        mark.see_cells(read_table(path).get(SIMULATED_COLUMN, ()))
    return mark.simulated


def _described(path: Path) -> str:
    """What GDAL keeps as the description of the layer that is read; "" where there is none."""
    import pyogrio

    with suppress(pyogrio.errors.DataSourceError):
        return str((pyogrio.read_info(path)["layer_metadata"] or {}).get("DESCRIPTION", ""))
    return ""
