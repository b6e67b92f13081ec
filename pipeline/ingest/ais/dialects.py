"""Maps columns of an AIS table to fields: for the public formats, and for tables with similar headers.

DMA: the Danish Maritime Authority's daily files; MarineCadastre: NOAA's and BOEM's. Both state times in UTC in their
documentation. Every other table is "generic": its times need a zone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone
from typing import Literal

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.ais.likely_columns import FIELDS_PROPOSED, columns_option, likely_columns, nested_columns
from pipeline.ingest.ais.names import ALIASES, plain_name
from pipeline.ingest.ais.split_times import CLOCK_NAMES, DAY_FIELD
from pipeline.ingest.ais.times import zone_in_name
from pipeline.table_files import SIMULATED_COLUMN
from pipeline.tables.delimited import plain_column_name as plain_in_any_script
from pipeline.tables.foreign_words import position_column

Dialect = Literal["dma", "marinecadastre", "generic"]

NULLS = (
    "",
    "nan",
    "null",
    "none",
    "na",
    "n/a",
    "not available",
    "unknown",
    "undefined",
    "unknown value",
    "-",
    "--",
    "\\n",
)

NAV_TEXT: dict[str, int] = {
    "under way using engine": 0,
    "at anchor": 1,
    "not under command": 2,
    "restricted maneuverability": 3,
    "restricted manoeuvrability": 3,
    "constrained by her draught": 4,
    "moored": 5,
    "aground": 6,
    "engaged in fishing": 7,
    "under way sailing": 8,
    "reserved for future amendment [hsc]": 9,
    "reserved for future amendment [wig]": 10,
    "power-driven vessel towing astern": 11,
    "power-driven vessel pushing ahead or towing alongside": 12,
    "reserved for future use": 13,
    "ais-sart": 14,
}
"""Navigational status in words, as DMA writes it: its code, ITU-R M.1371-5 table 48."""


def nav_code(text: str) -> int | None:
    """The code of a navigational status in words, also if written like a constant's name; None if unknown.

    >>> nav_code("moored"), nav_code("under_way_using_engine"), nav_code("underway using engine"), nav_code("drifting")
    (5, 0, 0, None)
    """
    return NAV_TEXT.get(re.sub(r"\bunderway\b", "under way", text.replace("_", " ")))


MOBILE_TEXT: dict[str, int] = {"base station": 4, "sar airborne": 9, "aton": 21}
"""What is no ship in DMA's "Type of mobile": the message that such a station reports its position by."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Column index of each field (and of the simulation mark), and the header with the file's own names."""

    dialect: Dialect
    index: Mapping[str, int]
    header: tuple[str, ...]
    separator: str = ","

    @property
    def decimal_commas(self) -> bool:
        """May its numbers have decimal commas, the column separator being another?"""
        return self.separator != ","

    @property
    def zone(self) -> timezone | None:
        """The time zone stated in the names of its time columns; None if they state none, or several."""
        zones = {zone_in_name(self.name_of(f)) for f in ("time_utc", DAY_FIELD) if f in self.index} - {None}
        return zones.pop() if len(zones) == 1 else None

    def name_of(self, field: str) -> str:
        """The file's own name for a field's column."""
        return self.header[self.index[field]]


def layout_of(item: object, header: Sequence[str], columns: Mapping[str, str] | None, separator: str = ",") -> Layout:
    """Recognise a table by its header; ``columns`` (our field: the file's name) overrides the known names.

    Raises InputError if the MMSI or the time has no column, ConfigError for an unknown field.
    """
    plain_header = [plain_name(name) for name in header]
    index: dict[str, int] = {}
    for field, aliases in ALIASES.items():
        column = next((plain_header.index(alias) for alias in aliases if alias in plain_header), None)
        if column is not None:
            index[field] = column
    if (
        DAY_FIELD in index
        and "time_utc" not in index
        and (clock := next((c for c in CLOCK_NAMES if c in plain_header), None))
    ):
        index["time_utc"] = plain_header.index(clock)
    for field, name in nested_columns(header, [field for field in ALIASES if field not in {DAY_FIELD, *index}]).items():
        index[field] = list(header).index(name)
    for field, name in (columns or {}).items():
        if field not in ALIASES:
            raise ConfigError(f"--columns {field}={name}: no such field; the fields are {', '.join(ALIASES)}")
        if name not in header:
            raise InputError(item, f"no column {name!r} (named for {field}) among {', '.join(header)[:200]}")
        index[field] = list(header).index(name)
    if SIMULATED_COLUMN in plain_header:
        index[SIMULATED_COLUMN] = plain_header.index(SIMULATED_COLUMN)
    for field in ("mmsi", "time_utc"):
        if field not in index:
            raise InputError(item, _no_column_message(field, header, index))
    return Layout(_dialect_of(plain_header), index, tuple(header), separator)


def _dialect_of(plain_header: list[str]) -> Dialect:
    if "type_of_mobile" in plain_header:
        return "dma"
    if "basedatetime" in plain_header or "base_date_time" in plain_header:
        return "marinecadastre"
    return "generic"


def _no_column_message(field: str, header: Sequence[str], index: Mapping[str, int]) -> str:
    """The message that a field has no column, with the columns there are or the one probably meant."""
    if len(header) == 1:
        wanted = "columns must be separated by commas, semicolons, tabs or pipes"
        return f"no column for {field}: {wanted}, the header is {header[0][:200]!r}"
    missing = [candidate for candidate in FIELDS_PROPOSED if candidate not in index]
    proposed = _foreign_language_columns(header, missing) | likely_columns(header, missing)
    if field in proposed:
        return f"no column for {field}; if they are meant, name them with {columns_option(proposed)}"
    shown = ", ".join(name or "(no name)" for name in header)
    if len(shown) > 200:  # whole names, or a user looks for a column that is half a name
        shown = shown[:200].rpartition(", ")[0] + " ..."
    nameless = "; write a name over the column that has none" if "" in header else ""
    return f"no column for {field} among {shown}; name it with {columns_option({field: 'COLUMN'} | proposed)}{nameless}"


def _foreign_language_columns(header: Sequence[str], missing: Collection[str]) -> dict[str, str]:
    """Our fields, each with the one column whose name means it in another language.

    >>> _foreign_language_columns(["Zeit", "Breite", "Länge", "Kurs"], ["time_utc", "lat", "lon"])
    {'time_utc': 'Zeit', 'lat': 'Breite', 'lon': 'Länge'}
    """
    field_of_word = {"time": "time_utc"}
    field_of_column = {
        name: field_of_word.get(word, word) for name in header if (word := position_column(plain_in_any_script(name)))
    }
    return {
        field: name
        for name, field in field_of_column.items()
        if field in missing and list(field_of_column.values()).count(field) == 1
    }
