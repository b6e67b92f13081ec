"""One acquisition by one sensor: where and how it was taken, and from which file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pipeline.errors import InputError
from pipeline.types.images import Radiometry, Sensor, Tile, Window

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types.images import FloatArray


TIME_OF_DAY_UNKNOWN = "time of day unknown"  # start of a scene's doubt if only its day is known, and noon stands in
ONLY_DATED = "time_of_day_unknown"  # flag of what such a scene shows
PRECISIONS = TO_THE_MOMENT, TO_THE_DAY = "moment", "day"  # how precisely a scene's time is known, if at all
PART_OF_HULL = "part_of_hull"  # flag of a detection: it lies on, or is a piece of, another detection's hull
OF_REJECTED_CALL = "of_rejected_call"  # flag of a detection: an analyst rejected its call
# Slices of one pass are 25 s apart; satellites flying in a string, or an agile one's images of a place, a minute or
# two; passes of one satellite 99 minutes (our choice).
SAME_PASS_S = 180.0


class Geolocation(Protocol):
    """Mapping between pixel and geographic coordinates. Arrays in, arrays of the same shape out."""

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        ...

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN where the mapping has no answer."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RadarView:
    """Viewing geometry of a radar scene; ``None`` for what the product does not state.

    ``incidence_deg`` and ``slant_range_m`` are (columns, values) pairs to interpolate linearly in column.
    ``azimuth_time`` is the time of row 0 and the seconds from one row to the next.
    """

    incidence_deg: tuple[FloatArray, FloatArray] | None = None
    slant_range_m: tuple[FloatArray, FloatArray] | None = None
    azimuth_time: tuple[datetime, float] | None = None
    platform_heading_deg: float | None = None
    pass_direction: str | None = None  # "ascending" or "descending"
    relative_orbit: int | None = None
    absolute_orbit: int | None = None
    slice_number: int | None = None
    wavelength_m: float | None = None
    prf_hz: tuple[float, ...] = ()  # pulse repetition frequency of each sub-swath
    satellite_velocity_m_s: float | None = None
    resolution_m: tuple[float, float] | None = None  # (azimuth, ground range), 3 dB width of a point


@dataclass(frozen=True, slots=True)
class OpticalView:
    """Sun and view angles of an optical scene; ``None`` means unknown, and then nothing is derived from it.

    Azimuths point from the scene to the sun and to the satellite.
    """

    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    view_off_nadir_deg: float | None = None
    view_azimuth_deg: float | None = None
    cloud_fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size and times before it was read: if they changed, its content may have too."""

    path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file beside an image that says what its pixels cannot (a sidecar, metadata, polynomials), or another band."""

    name: str  # relative to the image's folder
    sha256: str  # "" if it cannot be read
    stamp: Stamp = field(compare=False)  # taken before it was hashed


@dataclass(frozen=True, slots=True)
class Source:
    """The file or folder that a scene came from."""

    href: str
    sha256: str
    size_bytes: int
    verified: bool = False  # True if checksums in the product itself were compared and agreed
    stamps: tuple[Stamp, ...] = ()  # of its files and sidecars, taken before they were hashed
    side_files: tuple[SideFile, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One acquisition by one sensor, with its metadata; pixels are read window by window."""

    scene_id: str
    sensor: Sensor
    platform: str
    acquired: datetime | None  # UTC, middle of the acquisition; None for a bare picture
    shape: tuple[int, int]  # (rows, cols)
    bands: tuple[str, ...]
    radiometry: Radiometry
    pixel_spacing_m: tuple[float, float]  # ground metres from one (row, column) to the next, scene centre
    read: Callable[[Window], Tile]
    source: Source
    geolocation: Geolocation | None = None
    footprint: BaseGeometry | None = None  # EPSG:4326
    grid: Any = None  # odc.geo.GeoBox if the image is on a map grid, else None
    radar: RadarView | None = None
    optical: OpticalView | None = None
    product_id: str = ""  # the operator's name for the product
    simulated: bool = False
    degraded: tuple[str, ...] = ()  # what is missing or doubtful, in plain words
    tags: dict[str, str] = field(default_factory=dict)
    corner: tuple[int, int] = (0, 0)  # (row, col) of the first pixel in the image file, of which a scene may be a part

    def __post_init__(self) -> None:
        if self.acquired is not None and self.acquired.tzinfo is None:
            raise InputError(self.scene_id, "the acquisition time has no time zone; times must be UTC")
        if min(self.shape) <= 0:
            raise InputError(self.scene_id, f"the image has no pixels (shape {self.shape})")
        if not all(np.isfinite(s) and s > 0 for s in self.pixel_spacing_m):
            raise InputError(self.scene_id, f"pixel spacing must be positive metres; got {self.pixel_spacing_m}")

    @property
    def only_dated(self) -> bool:
        """Is only the day known? Then ``acquired`` is noon of that day."""
        return any(doubt.startswith(TIME_OF_DAY_UNKNOWN) for doubt in self.degraded)

    @property
    def acquired_precision(self) -> str:
        """How precisely ``acquired`` is known, one of ``PRECISIONS``; "" if it is unknown."""
        if self.acquired is None:
            return ""
        return TO_THE_DAY if self.only_dated else TO_THE_MOMENT

    def time_of_row(self, row: float) -> datetime | None:
        """UTC time at which a row was acquired; the scene's time if rows have none of their own."""
        if self.radar is not None and self.radar.azimuth_time is not None:
            first, step_s = self.radar.azimuth_time
            return first + timedelta(seconds=float(row) * step_s)
        return self.acquired
