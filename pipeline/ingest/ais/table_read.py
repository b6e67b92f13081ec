"""The outcome of reading one AIS table: its lines by bucket, and what to report about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.ais.dialects import NULLS, Layout
from pipeline.ingest.ais.headers import header_doubts
from pipeline.ingest.ais.names import NUMBERS, TEXTS
from pipeline.ingest.ais.split_times import DAY_FIELD
from pipeline.ingest.simulated_mark import SimulatedMark
from pipeline.ships.words import NO_TYPE
from pipeline.tables import AIS_MESSAGES


@dataclass(slots=True)
class TableRead:
    """The outcome of reading one table."""

    dialect: str
    balance: dict[str, int]
    bad_rows: int = 0
    first_bad_row: str = ""
    """Line and cause of the first row that is not a message."""
    header_doubts: list[str] = field(default_factory=list)
    """Columns that were left out and may be damaged known ones."""
    unused_columns: list[str] = field(default_factory=list)
    """Columns of a generic table that are not read, and about which there is no doubt."""
    last_line_unfinished: bool = False
    """Does the last line lack its end?"""
    empty_columns: dict[str, str] = field(default_factory=dict)
    """Our field to the file's column, for columns without any value so far."""
    mark: SimulatedMark = field(default_factory=SimulatedMark)
    invalid_values: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Our field to the number of invalid values in rows that are otherwise used; line and cause of the first."""
    joined_time_columns: tuple[str, str] | None = None
    """The date and time-of-day columns that were joined."""
    unknown_types: dict[str, None] = field(default_factory=dict)
    """Ship types in words without a known code, in file order."""

    def note_header(self, layout: Layout) -> None:
        """Initialise from the header."""
        self.dialect, self.header_doubts = layout.dialect, header_doubts(layout)
        if layout.dialect == "generic":
            doubts, used = " ".join(self.header_doubts), {*layout.index.values()}
            unused = [name for n, name in enumerate(layout.header) if n not in used and name]
            self.unused_columns = [
                name for name in unused if repr(name) not in doubts and name not in AIS_MESSAGES.names
            ]
        self.empty_columns = {field: layout.name_of(field) for field in layout.index if field in (*NUMBERS, *TEXTS)}

    def note_values(self, frame: pd.DataFrame) -> None:
        """Remove columns that have a value here from the blank ones."""
        for name in list(self.empty_columns):
            values = frame[name]
            if (values != "").any() if name in TEXTS else values.notna().any():
                del self.empty_columns[name]

    def note_unknown_types(self, types: pa.Array, codes: np.ndarray) -> None:
        """Record ship types in words that have no code."""
        for text in pc.unique(types.filter(pa.array(np.isnan(codes)))).to_pylist():
            if text and text.lower() not in {*NULLS, *NO_TYPE}:
                self.unknown_types[text] = None

    def count_invalid(self, field: str, count: int, first: str) -> None:
        """Count invalid values; record the first of each field."""
        before, first_before = self.invalid_values.get(field, (0, first))
        self.invalid_values[field] = (before + count, first_before)

    def note_joined_times(self, layout: Layout, joined: bool) -> None:
        """Record the date and time-of-day columns if they were joined."""
        if joined:
            self.joined_time_columns = (layout.name_of(DAY_FIELD), layout.name_of("time_utc"))

    def count_bad_rows(self, lines: np.ndarray, cause: str) -> None:
        """Count rows as bad; record the first."""
        if len(lines):
            self.balance["bad_format"] += len(lines)
            if not self.first_bad_row:
                self.first_bad_row = f"line {int(lines[0])}: {cause}"
            self.bad_rows += len(lines)
