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
from pipeline.ingest.ais.split_times import DAY
from pipeline.ingest.simulated_mark import Mark
from pipeline.ships.words import NO_TYPE
from pipeline.tables import AIS_MESSAGES


@dataclass(slots=True)
class TableRead:
    """The outcome of reading one table."""

    dialect: str
    balance: dict[str, int]
    bad_rows: int = 0
    first_bad: str = ""
    """Line and cause of the first row that is not a message."""
    header_doubts: list[str] = field(default_factory=list)
    """Columns that were left out and may be damaged known ones."""
    unused: list[str] = field(default_factory=list)
    """Columns of a generic table that are not read, and about which there is no doubt."""
    unfinished: bool = False
    """Does the last line lack its end?"""
    blank: dict[str, str] = field(default_factory=dict)
    """Our field to the file's column, for columns without any value so far."""
    mark: Mark = field(default_factory=Mark)
    void: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Our field to the number of invalid values in rows that are otherwise used; line and cause of the first."""
    times_of: tuple[str, str] | None = None
    """The date and time-of-day columns that were joined."""
    strange_types: dict[str, None] = field(default_factory=dict)
    """Ship types in words without a known code, in file order."""

    def begin(self, layout: Layout) -> None:
        """Initialise from the header."""
        self.dialect, self.header_doubts = layout.dialect, header_doubts(layout)
        if layout.dialect == "generic":
            told, used = " ".join(self.header_doubts), {*layout.index.values()}
            spare = [name for n, name in enumerate(layout.header) if n not in used and name]
            self.unused = [name for name in spare if repr(name) not in told and name not in AIS_MESSAGES.names]
        self.blank = {field: layout.name_of(field) for field in layout.index if field in (*NUMBERS, *TEXTS)}

    def see(self, frame: pd.DataFrame) -> None:
        """Remove columns that have a value here from the blank ones."""
        for name in list(self.blank):
            values = frame[name]
            if (values != "").any() if name in TEXTS else values.notna().any():
                del self.blank[name]

    def wonder(self, types: pa.Array, codes: np.ndarray) -> None:
        """Record ship types in words that have no code."""
        for said in pc.unique(types.filter(pa.array(np.isnan(codes)))).to_pylist():
            if said and said.lower() not in {*NULLS, *NO_TYPE}:
                self.strange_types[said] = None

    def leave_out(self, field: str, count: int, first: str) -> None:
        """Count invalid values; record the first of each field."""
        before, first_before = self.void.get(field, (0, first))
        self.void[field] = (before + count, first_before)

    def join_times(self, layout: Layout, apart: bool) -> None:
        """Record the date and time-of-day columns if they were joined."""
        if apart:
            self.times_of = (layout.name_of(DAY), layout.name_of("time_utc"))

    def refuse(self, lines: np.ndarray, cause: str) -> None:
        """Count rows as bad; record the first."""
        if len(lines):
            self.balance["bad_format"] += len(lines)
            if not self.first_bad:
                self.first_bad = f"line {int(lines[0])}: {cause}"
            self.bad_rows += len(lines)
