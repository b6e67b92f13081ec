"""Finds columns whose names end in a known one: flattened JSON (``currentVoyage.draught``) and verbose exports.

A nested name is used if it is the only candidate. Others are only suggested, never used unasked: ``departure_draught``
may be another voyage's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence

from pipeline.ingest.ais.names import ALIASES, words_of_name

FIELDS_WARNED_ABOUT = (
    "lon",
    "lat",
    "sog",
    "cog",
    "heading",
    "imo",
    "ship_type",
    "a",
    "b",
    "c",
    "d",
    "length_m",
    "beam_m",
    "draught",
)
"""Fields whose loss is told of a table that is read: numbers rest on them. A word before "name" mostly is a port's."""

FIELDS_PROPOSED = ("mmsi", "time_utc", "lon", "lat", "draught")
"""Fields that are proposed together where the first of them has no column: as many as a line holds."""

SHIP_WORDS = frozenset(
    {"ship", "vessel", "hull", "overall", "total", "static", "dimension", "dimensions", "size", "ais"}
)
"""What may stand before a length, a letter or a type: data and tracks have lengths and types too."""

OTHER_DRAUGHT_WORDS = frozenset(
    {"max", "maximum", "min", "minimum", "design", "summer", "air", "previous", "last", "next"}
)
"""Words that make another draught of it: what the hull allows, and what another voyage had."""

_NESTED = re.compile(r"[.:\[\]]+")
_AFTER_ANY_WORD = ("lon", "lat", "sog", "cog", "heading", "time_utc", "mmsi", "draught")  # whatever precedes them


def likely_columns(header: Sequence[str], missing: Collection[str]) -> dict[str, str]:
    """Our fields, each with the one column that may be meant; of several, the one that begins as the position's do.

    >>> likely_columns(["id", "Current Draught", "Data_length", "vessel.size.a"], ["draught", "length_m", "a"])
    {'a': 'vessel.size.a', 'draught': 'Current Draught'}
    >>> header = ["at.timestamp", "static.timestamp", "at.lat", "at.lon"]
    >>> likely_columns(header, ["time_utc", "lat", "lon"])
    {'time_utc': 'at.timestamp', 'lon': 'at.lon', 'lat': 'at.lat'}
    >>> likely_columns([name.replace(".", "_") for name in header], ["time_utc", "lat", "lon"])
    {'time_utc': 'at_timestamp', 'lon': 'at_lon', 'lat': 'at_lat'}
    """
    found = {field: [name for name in header if _may_mean(name, field)] for field in ALIASES if field in missing}
    with_position = {_beginning(name) for field in ("lon", "lat") for name in found.get(field, ())}
    out: dict[str, str] = {}
    for field, names in found.items():
        if len(names) > 1:
            names = [name for name in names if _beginning(name) in with_position]
        if len(names) == 1:
            out[field] = names[0]
    return out


def nested_columns(header: Sequence[str], missing: Collection[str]) -> dict[str, str]:
    """Our fields, each with the one nested column that may be meant.

    >>> nested_columns(["ship.mmsi", "here.lat", "here.lon", "port.lat", "port.lon"], ["mmsi", "lat", "lon"])
    {'mmsi': 'ship.mmsi'}
    """
    return likely_columns([name for name in header if _parent(name)], missing)


def columns_option(columns: Mapping[str, str]) -> str:
    """The command-line option that names columns, quoted for a shell.

    >>> columns_option({"sog": "SPEED"}), columns_option({"draught": "Current Draught"})
    ('capwatch ais --columns sog=SPEED', "capwatch ais --columns 'draught=Current Draught'")
    """
    return f"capwatch ais --columns {shlex.quote(','.join(f'{field}={name}' for field, name in columns.items()))}"


def _may_mean(name: str, field: str) -> bool:
    """Does a name end in one of the field's names (for draught: contain one)?"""
    if "," in name:  # parts one column from the next in the option
        return False
    words = words_of_name(name)
    before = next((words.removesuffix(f"_{a}") for a in ALIASES[field] if words.endswith(f"_{a}")), None)
    if field == "draught" and {"draught", "draft"} & set(words.split("_")):
        before = words
    if not before:
        return False
    other_words = set(before.split("_"))
    if field == "draught" and other_words & OTHER_DRAUGHT_WORDS:
        return False
    return field in _AFTER_ANY_WORD or _parent(name) != "" or bool(other_words & SHIP_WORDS)


def _beginning(name: str) -> str:
    """The parent of a nested name, or of one whose parts an underscore joins, as in flattened JSON."""
    return _parent(name) or name.rpartition("_")[0]


def _parent(name: str) -> str:
    """The parent of a nested name; "" for one that is not nested.

    >>> _parent("staticData.dimensions.a"), _parent("Date/Time (UTC)"), _parent("mmsi")
    ('staticData.dimensions', '', '')
    """
    parts = _NESTED.split(name.strip("[]"))
    return ".".join(parts[:-1])
