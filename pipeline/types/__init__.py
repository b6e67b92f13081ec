"""The data types passed between stages: frozen values, validated on creation.

Pixel coordinates are ``(row, col)``, 0-based, with whole numbers at pixel *centres*. Longitude comes before
latitude, both in degrees WGS84. Times are timezone-aware and in UTC. Angles are degrees clockwise from north.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.types.answer import Headline
from pipeline.types.images import RADARS, Counts, CountsReader, Radiometry, Sensor, Tile, Window, digest_of, tiles
from pipeline.types.places import OIL, USABLE_SHARE, Cargo, Place, Zone
from pipeline.types.scenes import (
    OF_REJECTED_CALL,
    ONLY_DATED,
    PART_OF_HULL,
    PRECISIONS,
    SAME_PASS_S,
    TIME_OF_DAY_UNKNOWN,
    TO_THE_DAY,
    TO_THE_MOMENT,
    Geolocation,
    OpticalView,
    RadarView,
    Scene,
    SideFile,
    Source,
    Stamp,
)
from pipeline.types.times import LAST_OF_DAY, utc

if TYPE_CHECKING:
    from pipeline.types.images import BoolImage, FloatArray, FloatImage

__all__ = [
    "LAST_OF_DAY",
    "OF_REJECTED_CALL",
    "OIL",
    "ONLY_DATED",
    "PART_OF_HULL",
    "PRECISIONS",
    "RADARS",
    "SAME_PASS_S",
    "TIME_OF_DAY_UNKNOWN",
    "TO_THE_DAY",
    "TO_THE_MOMENT",
    "USABLE_SHARE",
    "BoolImage",
    "Cargo",
    "Counts",
    "CountsReader",
    "FloatArray",
    "FloatImage",
    "Geolocation",
    "Headline",
    "OpticalView",
    "Place",
    "RadarView",
    "Radiometry",
    "Scene",
    "Sensor",
    "SideFile",
    "Source",
    "Stamp",
    "Tile",
    "Window",
    "Zone",
    "digest_of",
    "tiles",
    "utc",
]
