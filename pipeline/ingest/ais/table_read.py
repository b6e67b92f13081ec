"""What came of one AIS table: its lines by bucket, and what is to be told of it."""

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
    """What came of one table."""

    dialect: str
    balance: dict[str, int]
    bad_rows: int = 0
    first_bad: str = ""
    """Line and cause of the first row that is no message."""
    header_doubts: list[str] = field(default_factory=list)
    """Columns that were left out and may be damaged ones of ours."""
    unused: list[str] = field(default_factory=list)
    """Columns of a table of no known form that nothing is read from, and of which no doubt is told."""
    unfinished: bool = False
    """Does the last line lack its end?"""
    blank: dict[str, str] = field(default_factory=dict)
    """Our field to the file's column, for those that held no value so far."""
    mark: Mark = field(default_factory=Mark)
    void: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Our field to how many of its values are none, in rows that are read without them; line and cause of the first."""
    times_of: tuple[str, str] | None = None
    """The columns of days and of times of day that are read as one."""
    strange_types: dict[str, None] = field(default_factory=dict)
    """Types of ship in words of which no code is known, in the order of the file."""

    def begin(self, layout: Layout) -> None:
        """Take over what the header says."""
        self.dialect, self.header_doubts = layout.dialect, header_doubts(layout)
        if layout.dialect == "generic":
            told, used = " ".join(self.header_doubts), {*layout.index.values()}
            spare = [name for n, name in enumerate(layout.header) if n not in used and name]
            self.unused = [name for name in spare if repr(name) not in told and name not in AIS_MESSAGES.names]
        self.blank = {field: layout.name_of(field) for field in layout.index if field in (*NUMBERS, *TEXTS)}

    def see(self, frame: pd.DataFrame) -> None:
        """Strike the columns that hold a value here from the blank ones."""
        for name in list(self.blank):
            values = frame[name]
            if (values != "").any() if name in TEXTS else values.notna().any():
                del self.blank[name]

    def wonder(self, types: pa.Array, codes: np.ndarray) -> None:
        """Remember the words for a type of ship that have no code."""
        for said in pc.unique(types.filter(pa.array(np.isnan(codes)))).to_pylist():
            if said and said.lower() not in {*NULLS, *NO_TYPE}:
                self.strange_types[said] = None

    def leave_out(self, field: str, count: int, first: str) -> None:
        """Count values that are none; remember the first of each field."""
        before, first_before = self.void.get(field, (0, first))
        self.void[field] = (before + count, first_before)

    def join_times(self, layout: Layout, apart: bool) -> None:
        """Remember whether days and times of day stood in two columns."""
        if apart:
            self.times_of = (layout.name_of(DAY), layout.name_of("time_utc"))

    def refuse(self, lines: np.ndarray, cause: str) -> None:
        """Count rows as bad; remember the first."""
        if len(lines):
            self.balance["bad_format"] += len(lines)
            if not self.first_bad:
                self.first_bad = f"line {int(lines[0])}: {cause}"
            self.bad_rows += len(lines)
