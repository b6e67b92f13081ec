"""The nouns that pass between stages: frozen values, checked when they are made.

Pixel coordinates are ``(row, col)``, 0-based, with whole numbers at pixel *centres*. Longitude comes before
latitude, both in degrees WGS84. Times are timezone-aware and in UTC. Angles are degrees clockwise from north.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from pipeline.errors import ConfigError, InputError, printable
from pipeline.leapsecond import without_leap_second

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    FloatImage = NDArray[np.float32]
    BoolImage = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]


TIME_OF_DAY_UNKNOWN = "time of day unknown"  # how a scene's doubt begins where its time is noon for want of a better
LAST_OF_DAY = timedelta(days=1) - timedelta(microseconds=1)
ONLY_DATED = "time_of_day_unknown"  # flag of what such a scene shows
OF_REJECTED_CALL = "of_rejected_call"  # flag of a detection: an analyst says that its call was none
# Slices of one pass are 25 s apart; satellites of one string, or an agile one's pictures of a place, a minute or two;
# passes of one satellite 99 minutes (our choice).
SAME_PASS_S = 180.0
USABLE_SHARE = 0.9  # of a zone seen makes a look usable there (our choice)


class Sensor(StrEnum):
    """What kind of instrument took a scene; decides the detector."""

    SENTINEL1 = "sentinel-1"
    SENTINEL2 = "sentinel-2"
    OPTICAL = "optical"  # sub-metre to about 5 m, panchromatic or multispectral


class Radiometry(StrEnum):
    """What the numbers of a tile are."""

    SIGMA0 = "sigma0"  # linear power, calibrated
    POWER = "power"  # linear power up to an unknown gain (uncalibrated amplitude or dB picture)
    REFLECTANCE = "reflectance"  # 0 to about 1
    RELATIVE = "relative"  # grows with brightness, unknown scale


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels: rows ``row0 .. row0 + rows - 1``, columns likewise."""

    row0: int
    col0: int
    rows: int
    cols: int

    def __post_init__(self) -> None:
        if self.rows < 0 or self.cols < 0:
            raise ValueError(f"A window cannot have a negative size; got {self.rows} x {self.cols}.")

    @property
    def row1(self) -> int:
        """One past the last row."""
        return self.row0 + self.rows

    @property
    def col1(self) -> int:
        """One past the last column."""
        return self.col0 + self.cols

    def padded(self, by: int, shape: tuple[int, int]) -> Window:
        """The window grown by ``by`` pixels on each side, cut to an image of ``shape``."""
        row0, col0 = max(0, self.row0 - by), max(0, self.col0 - by)
        row1, col1 = min(shape[0], self.row1 + by), min(shape[1], self.col1 + by)
        return Window(row0, col0, max(0, row1 - row0), max(0, col1 - col0))


def tiles(shape: tuple[int, int], size: int) -> Iterator[Window]:
    """Windows of at most ``size`` x ``size`` pixels that cover an image of ``shape`` once, row by row.

    >>> [w.rows * w.cols for w in tiles((3, 5), 3)]
    [9, 6]
    """
    for row0 in range(0, shape[0], size):
        for col0 in range(0, shape[1], size):
            yield Window(row0, col0, min(size, shape[0] - row0), min(size, shape[1] - col0))


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Calibrated pixels of one window.

    ``data`` has shape (bands, rows, cols), float32, NaN where a pixel holds no measurement; ``valid`` is True
    where every band was measured; ``water`` is True where a ship could float (all True where no land is known);
    ``clouded`` is True where the operator's own mask tells of cloud, and None where there is none.
    """

    window: Window
    bands: tuple[str, ...]
    data: FloatImage
    valid: BoolImage
    water: BoolImage
    clouded: BoolImage | None = None

    def __post_init__(self) -> None:
        expected = (len(self.bands), self.window.rows, self.window.cols)
        if self.data.shape != expected:
            raise ValueError(f"Tile data has shape {self.data.shape}, its window and bands say {expected}.")
        for name in ("valid", "water", *(() if self.clouded is None else ("clouded",))):
            if (found := getattr(self, name).shape) != expected[1:]:
                raise ValueError(f"Tile {name} has shape {found}, its window says {expected[1:]}.")

    def band(self, name: str) -> FloatImage:
        """One band, shape (rows, cols); ValueError where the tile has none of that name."""
        if name not in self.bands:
            raise ValueError(f"No band {name!r} here; the scene has {', '.join(self.bands)}.")
        return self.data[self.bands.index(name)]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Radar pixels as they are stored, and what makes them power: for a scan that has no time to calibrate each.

    ``power = max(scale * (stored**2 - noise), floor)`` with ``scale`` and ``noise`` of shape (bands, strips, cols),
    and each row's strip in ``strip``; a stored zero is no measurement. ``coarse_ln`` is how far the logarithm of a
    power well above the noise may lie from a `Tile`'s (below it, a little more noise makes any difference): whoever
    finds something reads it again as one. ``water`` is None where a ship could float everywhere.
    """

    stored: NDArray[np.uint16]  # (bands, rows, cols)
    scale: FloatImage
    noise: FloatImage
    strip: NDArray[np.int32]  # (rows,)
    floor: float
    water: BoolImage | None
    coarse_ln: float = 0.0


@runtime_checkable
class CountsReader(Protocol):
    """A scene's reader that can also hand out pixels as stored."""

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window; None where this file's numbers do not become power that simply."""
        ...


def digest_of(read: Callable[[Window], Tile]) -> str:
    """Hash of what a reader adds to file, metadata and the place's land, as its ``digest`` says; "" for nothing.

    A reader that wraps another must cover that one's too, or what was made of one picture is taken for another's.
    """
    return str(getattr(read, "digest", ""))


class Geolocation(Protocol):
    """Where pixels lie on Earth. Arrays in, arrays out, shapes kept."""

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        ...

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN where the mapping has no answer."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RadarView:
    """How a side-looking radar saw the scene; ``None`` where the product does not say.

    ``incidence_deg`` and ``slant_range_m`` are (columns, values) pairs to interpolate linearly in column.
    ``azimuth_time`` is the time of row 0 and the seconds from one row to the next.
    """

    incidence_deg: tuple[FloatArray, FloatArray] | None = None
    slant_range_m: tuple[FloatArray, FloatArray] | None = None
    azimuth_time: tuple[datetime, float] | None = None
    platform_heading_deg: float | None = None
    look: str = "right"  # side of the track on which the antenna looks
    pass_direction: str | None = None  # "ascending" or "descending"
    relative_orbit: int | None = None
    absolute_orbit: int | None = None
    slice_number: int | None = None
    wavelength_m: float | None = None
    prf_hz: tuple[float, ...] = ()  # pulse repetition frequency of each sub-swath
    satellite_velocity_m_s: float | None = None
    resolution_m: tuple[float, float] | None = None  # (azimuth, ground range), 3 dB width of a point
    enl: float | None = None  # equivalent number of looks, as the product states it


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
    """What a file looked like from outside before it was read: other stamps, other content perhaps."""

    path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file beside an image that says what its pixels cannot: a sidecar, an operator's metadata, polynomials."""

    name: str  # in the image's own folder
    sha256: str  # "" where it cannot be read
    stamp: Stamp = field(compare=False)  # taken before it was hashed


@dataclass(frozen=True, slots=True)
class Source:
    """The file or folder that a scene came from."""

    href: str
    sha256: str
    size_bytes: int
    verified: bool = False  # True when a checksum of the product itself was compared and agreed
    stamps: tuple[Stamp, ...] = ()  # of its files and of those beside it, taken before they were hashed
    beside: tuple[SideFile, ...] = ()


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
    grid: Any = None  # odc.geo.GeoBox where the image lies on a map grid, else None
    radar: RadarView | None = None
    optical: OpticalView | None = None
    product_id: str = ""  # the sensor operator's own name of the product
    simulated: bool = False
    degraded: tuple[str, ...] = ()  # what is missing or doubtful, in plain words
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.acquired is not None and self.acquired.tzinfo is None:
            raise InputError(self.scene_id, "the acquisition time has no time zone; times must be UTC")
        if min(self.shape) <= 0:
            raise InputError(self.scene_id, f"the image has no pixels (shape {self.shape})")
        if not all(np.isfinite(s) and s > 0 for s in self.pixel_spacing_m):
            raise InputError(self.scene_id, f"pixel spacing must be positive metres; got {self.pixel_spacing_m}")

    @property
    def only_dated(self) -> bool:
        """Is the day known and the time of day not? Then ``acquired`` is its noon."""
        return any(doubt.startswith(TIME_OF_DAY_UNKNOWN) for doubt in self.degraded)

    def time_of_row(self, row: float) -> datetime | None:
        """UTC time at which a row was measured; the scene's time where rows have none of their own."""
        if self.radar is not None and self.radar.azimuth_time is not None:
            first, step_s = self.radar.azimuth_time
            return first + timedelta(seconds=float(row) * step_s)
        return self.acquired


Cargo = Literal[
    "oil_products", "crude", "chemicals", "gas", "coal", "ore", "grain", "timber", "container", "vehicles", "general",
    "fish", "passengers", "several", "other", "unknown",
]  # fmt: skip
"""What is handled at a berth."""
OIL: frozenset[Cargo] = frozenset({"oil_products", "crude"})  # at such a berth a ship is likely a tanker


@dataclass(frozen=True, slots=True)
class Zone:
    """A berth or an anchorage: where a stay means something."""

    zone_id: str
    kind: str  # "berth" or "anchorage"
    name: str
    geometry: BaseGeometry  # EPSG:4326
    counts: bool = True  # do stays here count toward the account?
    cargo: Cargo = "unknown"
    max_length_m: float | None = None  # longer hulls are another trade
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in {"berth", "anchorage"}:
            raise ConfigError(f"Zone {self.zone_id!r}: kind must be berth or anchorage; got {self.kind!r}.")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The AOI as stages see it: its box, its land and its zones, all EPSG:4326."""

    aoi_id: str
    name: str
    bbox: tuple[float, float, float, float]  # west, south, east, north [deg]
    land: BaseGeometry | None
    zones: tuple[Zone, ...]
    coast_credit: str = ""  # whose coast it is, as its file says; empty where that does not

    def zone(self, zone_id: str) -> Zone | None:
        """The zone of that name, or None."""
        return next((z for z in self.zones if z.zone_id == zone_id), None)


def utc(text: str | datetime) -> datetime:
    """A time as UTC. Text must be ISO 8601 with a zone (``Z`` or an offset); a bare time is refused.

    >>> utc("2024-03-07T12:00:00+10:00").isoformat()
    '2024-03-07T02:00:00+00:00'
    """
    try:
        if isinstance(text, str):
            sayable, leap = without_leap_second(text)
            moment = datetime.fromisoformat(sayable) + leap
        else:
            moment = text
    except ValueError as error:
        raise ConfigError(f"{printable(text)} is not a time; write it in UTC, as in 2024-03-07T02:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigError(f"time {text!s} has no zone; write it in UTC with a Z, as in 2024-03-07T02:00:00Z")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer of a run: observed barrels of one account year against its cap, with a 90 % interval."""

    cap_id: str
    cap_title: str
    cap_bbl: float
    account_year: str
    as_of: str  # YYYY-MM-DD, the last day that the account covers
    calls_seen: int  # port calls of every kind
    calls_counted: int  # those that take part in the account
    barrels_p5: float
    barrels_p50: float
    barrels_p95: float
    barrels_mean: float
    p_over_cap: float
    crossing_days: dict[str, str | None]  # "5", "50", "95" -> day on which P(over cap) passes that percentage
    scenario_bbl: dict[str, float]  # "33", "50", "60", "90", "100" -> sum if every ship were so full
    factor_bbl: dict[str, float]  # "7.46", "8.33" -> median sum if every tonne had that factor
    break_even_fill: float | None  # common fill at which the counted calls reach the cap (above 1: they cannot)
    break_even_bbl_per_call: float | None
    notified_bbl: float | None
    notified_as_of: str | None
    assumptions_id: str
    across_years: tuple[str, ...] = ()  # counted calls that came in one account year and left in another
    corrected_bbl: tuple[float, float, float] | None = None  # p5, p50, p95 with the calls that nobody saw
    corrected_without: tuple[str, ...] = ()  # zones of which that is not known: their unseen calls are not in it
    other_years: dict[str, int] = field(default_factory=dict)  # counted calls of other account years: not in this one
    later_calls: int = 0  # counted calls of this account year after ``as_of``
    other_product_calls: int = 0  # counted calls of this account whose product the cap does not count
    p_over_cap_tonnes: float | None = None  # against the cap in tonnes, where it has one
    cap_t: float | None = None
    tonnes_p50: float = 0.0

    @property
    def share_p5(self) -> float:
        """barrels_p5 as a share of the cap."""
        return self.barrels_p5 / self.cap_bbl

    @property
    def share_p50(self) -> float:
        """barrels_p50 as a share of the cap."""
        return self.barrels_p50 / self.cap_bbl

    @property
    def share_p95(self) -> float:
        """barrels_p95 as a share of the cap."""
        return self.barrels_p95 / self.cap_bbl
