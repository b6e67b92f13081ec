"""Detects the mark of simulated data in files: in each form that `table_files.marked` writes, and in AIS logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.table_files import ATTRIBUTES, SIMULATED, SIMULATED_COLUMN, SIMULATED_WORDS, read_table
from pipeline.tables.contract import BOOLEANS

if TYPE_CHECKING:
    import pyarrow as pa

WORD = SIMULATED_WORDS.partition(":")[0]
_IN_LINE = re.compile(rb"^[ \t]*#[ \t]*%b|^[ \t]*\\[^\\\n]*\bt:%b[,*]" % (WORD.encode(), WORD.encode()), re.MULTILINE)


@dataclass(slots=True)
class SimulatedMark:
    """Whether a file read piece by piece is marked as simulated; one marked part marks the whole."""

    simulated: bool = False

    def check_lines(self, data: bytes) -> None:
        """Lines of a log: a comment, or the text of a tag block (NMEA 0183: ``t:``)."""
        self.simulated = self.simulated or (WORD.encode() in data and _IN_LINE.search(data) is not None)

    def check_cells(self, values: Iterable[object]) -> None:
        """Cells of the column that marks rows."""
        self.simulated = self.simulated or any(BOOLEANS.get(str(v).strip().lower(), False) for v in values)

    def check_schema(self, schema: pa.Schema) -> None:
        """A Parquet file's schema metadata; damaged metadata are ignored."""
        with suppress(ValueError):
            attributes = json.loads((schema.metadata or {}).get(ATTRIBUTES, b"{}"))
            self.simulated = self.simulated or (isinstance(attributes, dict) and bool(attributes.get(SIMULATED)))


def is_marked_simulated(path: Path) -> bool:
    """Is a table file marked as simulated, by the mark that `marked` adds or by a column ``simulated``?

    Raises InputError if it is not a readable table.
    """
    mark, suffix = SimulatedMark(), path.suffix.lower()
    if suffix == ".parquet":
        import pyarrow.parquet

        with suppress(OSError, ValueError):
            schema = pyarrow.parquet.read_schema(path)
            mark.check_schema(schema)
            if SIMULATED_COLUMN not in schema.names:
                return mark.simulated
    elif suffix in {".geojson", ".gpkg"}:
        mark.simulated = _layer_description(path).startswith(WORD)
    if not mark.simulated:
        mark.check_cells(read_table(path).get(SIMULATED_COLUMN, ()))
    return mark.simulated


def _layer_description(path: Path) -> str:
    """GDAL's description of the layer; "" if there is none."""
    import pyogrio

    with suppress(pyogrio.errors.DataSourceError):
        return str((pyogrio.read_info(path)["layer_metadata"] or {}).get("DESCRIPTION", ""))
    return ""
