"""Known column names of AIS tables, by field."""

from __future__ import annotations

import re

TEXTS = ("callsign", "name", "dest")
NUMBERS = ("lon", "lat", "sog", "cog", "heading", "nav", "imo", "ship_type", "a", "b", "c", "d", "draught")
"""Our fields of a message, which a transponder sends as texts and as numbers."""

ALIASES: dict[str, tuple[str, ...]] = {
    "mmsi": ("mmsi", "ais_mmsi", "mmsi_number", "ssvid"),  # ssvid: Global Fishing Watch, the number that was sent
    "time_utc": (
        "time_utc",
        "timestamp_utc",
        "datetime_utc",
        "date_time_utc",
        "basedatetime",
        "base_date_time",
        "timestamp",
        "datetime",
        "date_time",
        "time",
        "epoch",
    ),
    "lon": ("lon", "longitude", "long", "lng", "ais_lon", "lon_deg", "longitude_deg"),
    "lat": ("lat", "latitude", "ais_lat", "lat_deg", "latitude_deg"),
    # A bare "speed" is not here: one large provider sends tenths of a knot under that name (`headers.AMBIGUOUS_NAMES`).
    "sog": ("sog", "sog_kn", "ais_sog_kn", "sog_kts", "speed_kn", "speed_kts", "speed_knots", "speed_over_ground"),
    "cog": ("cog", "cog_deg", "ais_cog_deg", "course", "course_over_ground"),
    "heading": ("heading", "heading_deg", "ais_heading_deg", "true_heading", "trueheading"),
    "nav": (
        "nav",
        "status",
        "nav_status",
        "navstatus",
        "navstat",
        "ais_nav_status",
        "navigational_status",
        "navigation_status",
    ),
    "imo": ("imo", "imo_number", "imo_no"),
    "callsign": ("callsign", "call_sign"),
    "name": ("name", "vesselname", "vessel_name", "shipname", "ship_name"),
    "ship_type": (
        "ship_type",
        "shiptype",
        "vesseltype",
        "vessel_type_detailed",
        "vessel_type",
        "vessel_type_generic",
        "ais_type",
    ),
    "a": ("a", "to_bow", "size_a", "dim_a", "dimension_a", "dimension_to_bow"),
    "b": ("b", "to_stern", "size_b", "dim_b", "dimension_b", "dimension_to_stern"),
    "c": ("c", "to_port", "size_c", "dim_c", "dimension_c", "dimension_to_port"),
    "d": ("d", "to_starboard", "size_d", "dim_d", "dimension_d", "dimension_to_starboard"),
    "length_m": ("length_m", "length", "ais_length_m", "loa_m", "loa", "length_overall", "length_overall_m"),
    "beam_m": (
        "beam_m",
        "width_m",
        "breadth_m",
        "ais_width_m",
        "width",
        "beam",
        "breadth",
        "breadth_extreme",
        "breadth_extreme_m",
    ),
    "draught": ("draught", "draught_m", "ais_draught_m", "draft", "draft_m"),
    "dest": ("dest", "destination"),
    "msg_type": ("msg_type", "message_type", "messagetype"),
    "mobile": ("type_of_mobile",),
    "date": ("date", "date_utc", "utc_date", "date_gmt"),  # next to a time of day (`split_times`)
}
"""Our field: names of it elsewhere, the best first, in lower case with anything but letters and digits as ``_``."""

KNOWN = frozenset(name for names in ALIASES.values() for name in names)
"""Every name of a column that is known."""


def plain_name(name: str) -> str:
    """A column name in the form of ``ALIASES``.

    >>> plain_name("# Timestamp"), plain_name("Size A"), plain_name("BaseDateTime")
    ('timestamp', 'size_a', 'basedatetime')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def words_of_name(name: str) -> str:
    """A column name in the form of ``ALIASES``, with camelCase words separated.

    >>> words_of_name("staticData.shipType"), words_of_name("MMSI"), words_of_name("Draught (m)")
    ('static_data_ship_type', 'mmsi', 'draught_m')
    """
    return plain_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name))
