"""Which column of an AIS table is which field: the public formats, and the names that others use.

DMA: the Danish Maritime Authority's daily files; MarineCadastre: NOAA's and BOEM's. Both state times in UTC in their
documentation. Every other table is "generic": its times need a zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import ConfigError, InputError
from pipeline.storage import SIMULATED_COLUMN

Dialect = Literal["dma", "marinecadastre", "generic"]

ALIASES: dict[str, tuple[str, ...]] = {
    "mmsi": ("mmsi", "ais_mmsi", "mmsi_number"),
    "time_utc": (
        "time_utc",
        "timestamp_utc",
        "datetime_utc",
        "basedatetime",
        "base_date_time",
        "timestamp",
        "datetime",
        "date_time",
        "time",
        "epoch",
    ),
    "lon": ("lon", "longitude", "long", "ais_lon"),
    "lat": ("lat", "latitude", "ais_lat"),
    # A bare "speed" is not here: one large provider sends tenths of a knot under that name (`ais_headers.OPEN`).
    "sog": ("sog", "sog_kn", "ais_sog_kn", "speed_kn", "speed_knots", "speed_over_ground"),
    "cog": ("cog", "cog_deg", "ais_cog_deg", "course", "course_over_ground"),
    "heading": ("heading", "heading_deg", "ais_heading_deg", "true_heading", "trueheading"),
    "nav": ("nav", "status", "nav_status", "navstatus", "ais_nav_status", "navigational_status", "navigation_status"),
    "imo": ("imo", "imo_number"),
    "callsign": ("callsign", "call_sign"),
    "name": ("name", "vesselname", "vessel_name", "shipname", "ship_name"),
    "ship_type": ("ship_type", "shiptype", "vesseltype", "vessel_type", "ais_type"),
    "a": ("a", "to_bow", "size_a", "dim_a", "dimension_a"),
    "b": ("b", "to_stern", "size_b", "dim_b", "dimension_b"),
    "c": ("c", "to_port", "size_c", "dim_c", "dimension_c"),
    "d": ("d", "to_starboard", "size_d", "dim_d", "dimension_d"),
    "length_m": ("length_m", "length", "ais_length_m", "loa_m", "loa"),
    "beam_m": ("beam_m", "width_m", "breadth_m", "ais_width_m", "width", "beam", "breadth"),
    "draught": ("draught", "draught_m", "ais_draught_m", "draft", "draft_m"),
    "dest": ("dest", "destination"),
    "msg_type": ("msg_type", "message_type", "messagetype"),
    "mobile": ("type_of_mobile",),
}
"""Our field: names of it elsewhere, the best first, in lower case with anything but letters and digits as ``_``."""

KNOWN = frozenset(name for names in ALIASES.values() for name in names)
"""Every name of a column that is known."""

NULLS = ("", "nan", "null", "none", "na", "n/a", "unknown", "undefined", "unknown value", "\\n")

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

MOBILE_TEXT: dict[str, int] = {"base station": 4, "sar airborne": 9, "aton": 21}
"""What is no ship in DMA's "Type of mobile": the message that such a station reports its position by."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands, and the mark of a simulation: its column's number and its name in the file."""

    dialect: Dialect
    index: Mapping[str, int]
    header: tuple[str, ...]
    separator: str = ","

    @property
    def decimal_commas(self) -> bool:
        """May its numbers hold decimal commas, since these do not part its columns?"""
        return self.separator != ","

    @property
    def naive_is_utc(self) -> bool:
        """Does a time without zone mean UTC, by the format's documentation or by the column's own name?"""
        return self.dialect != "generic" or "utc" in plain(self.name_of("time_utc")).split("_")

    def name_of(self, field: str) -> str:
        """The file's own name of a field's column."""
        return self.header[self.index[field]]


def plain(name: str) -> str:
    """A column name in the form of ``ALIASES``.

    >>> plain("# Timestamp"), plain("Size A"), plain("BaseDateTime")
    ('timestamp', 'size_a', 'basedatetime')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def layout_of(item: object, header: Sequence[str], columns: Mapping[str, str] | None, separator: str = ",") -> Layout:
    """Recognise a table by its header; ``columns`` (our field: the file's name) goes before the known names.

    Raises InputError where the MMSI or the time has no column, ConfigError for a field that we do not have.
    """
    known = [plain(name) for name in header]
    index: dict[str, int] = {}
    for field, aliases in ALIASES.items():
        found = next((known.index(alias) for alias in aliases if alias in known), None)
        if found is not None:
            index[field] = found
    for field, name in (columns or {}).items():
        if field not in ALIASES:
            raise ConfigError(f"--columns {field}={name}: no such field; the fields are {', '.join(ALIASES)}")
        if name not in header:
            raise InputError(item, f"no column {name!r} (named for {field}) among {', '.join(header)[:200]}")
        index[field] = list(header).index(name)
    if SIMULATED_COLUMN in known:
        index[SIMULATED_COLUMN] = known.index(SIMULATED_COLUMN)
    for field in ("mmsi", "time_utc"):
        if field not in index:
            raise InputError(item, _missing(field, header))
    return Layout(_dialect(known), index, tuple(header), separator)


def _dialect(known: list[str]) -> Dialect:
    if "type_of_mobile" in known:
        return "dma"
    if "basedatetime" in known or "base_date_time" in known:
        return "marinecadastre"
    return "generic"


def _missing(field: str, header: Sequence[str]) -> str:
    shown = ", ".join(header)
    if len(header) > 1 and len(shown) > 200:  # whole names, or a user looks for a column that is half a name
        shown = shown[:200].rpartition(", ")[0] + " ..."
    if len(header) == 1:
        wanted = "columns must be separated by commas, semicolons or tabs"
        return f"no column for {field}: {wanted}, the header is {shown[:200]!r}"
    return f"no column for {field} among {shown}; name it with capwatch ais --columns {field}=COLUMN"
