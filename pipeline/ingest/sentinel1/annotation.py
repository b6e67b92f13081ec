"""The content of a Sentinel-1 product's XML files, as plain values. Times have no zone and are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """One polarisation's annotation; arrays of the grid have shape (lines, pixels)."""

    mission: str
    product_type: str
    mode: str
    polarisation: str
    start: datetime
    stop: datetime
    absolute_orbit: int
    data_take: int
    pass_direction: str
    platform_heading_deg: float
    radar_frequency_hz: float
    prf_hz: tuple[float, ...]
    slice_number: int
    shape: tuple[int, int]
    spacing_m: tuple[float, float]  # azimuth, range
    first_line: datetime
    line_interval_s: float
    grid_line: FloatArray
    grid_pixel: FloatArray
    grid_lon: FloatArray
    grid_lat: FloatArray
    grid_height_m: FloatArray
    grid_incidence_deg: FloatArray
    grid_slant_range_m: FloatArray
    grid_time_s: FloatArray  # seconds after first_line
    orbit_time_s: FloatArray  # (K,), seconds after first_line
    orbit_position_m: FloatArray  # (K, 3), Earth-fixed
    orbit_velocity_m_s: FloatArray  # (K, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """One line of a look-up table: values at pixels; lengths differ from line to line."""

    line: float
    pixel: FloatArray
    value: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class AzimuthNoise:
    """Azimuth noise factors over lines, in one block of a sub-swath (bounds included)."""

    first_line: int
    last_line: int
    first_pixel: int
    last_pixel: int
    line: FloatArray
    factor: FloatArray
