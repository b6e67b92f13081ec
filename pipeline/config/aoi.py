"""The ``aoi`` and ``source`` sections: which place, which period, which inputs."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from pipeline.config.base import Section
from pipeline.config.mistakes import SHORT_NAME
from pipeline.config.stac import StacConfig
from pipeline.types import utc

MAX_SIDE_DEG = 5.0  # our choice: some 500 km, far above any port
_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d([.]\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
YEARS = (1972, 2100)  # from the first civil satellite that imaged the ground; the end is arbitrary
COASTS = ("osm", "gshhg")  # sources from which capwatch aoi add cuts a place's file
MIN_SIDE_DEG = 1e-3  # our choice: some 100 m, below which no ship fits


def _as_utc(moment: datetime) -> datetime:
    return utc(moment)


def _day_of(written: str) -> date:
    """The date that a time or a date begins with; ValueError if there is no such date."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise ValueError(f"no such date ({error})") from error


def _parse_time(given: object) -> object:
    """A YAML date or an ISO 8601 text as a time; a bare number is refused, else it would be seconds since 1970.

    A bare date is its midnight in UTC, as on the command line.
    """
    if isinstance(given, str) and _ISO_8601.fullmatch(given):
        day = _day_of(given)
        given = day if _DATE.fullmatch(given) else given
    if isinstance(given, date) and not isinstance(given, datetime):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    if isinstance(given, datetime) or (isinstance(given, str) and _ISO_8601.fullmatch(given)):
        return given
    raise ValueError("write a time as 2024-03-06T00:00:00Z, or a day as 2024-03-06")


def _parse_day(given: object) -> object:
    """A YAML date or an ISO 8601 text as a day; a bare number is refused, else it would be seconds since 1970."""
    if isinstance(given, str) and _ISO_8601.fullmatch(given):
        _day_of(given)
        return given
    if isinstance(given, date):
        return given
    raise ValueError("write a day as 2024-03-31")


def _require_four_numbers(box: object) -> object:
    if not isinstance(box, list | tuple) or len(box) != 4:
        got = f"; it has {len(box)}" if isinstance(box, list | tuple) else ""
        got += " (a decimal number has a point, not a comma)" if got.endswith(" 8") else ""
        raise ValueError(f"must be four numbers: west, south, east and north, in degrees{got}")
    if any(isinstance(side, bool) for side in box):  # to Python, true is 1
        raise ValueError("must be four numbers, none of them true or false")
    return box


def _normal_box(given: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """One way to write a box across 180 degrees: it ends beyond them."""
    west, south, east, north = given
    if max(map(abs, given)) > 360:
        raise ValueError(f"has a side at {max(given, key=abs):.0f}; degrees (EPSG:4326) are wanted, not metres")
    if abs(south) > 90 or abs(north) > 90:
        raise ValueError(f"has a latitude beyond 90 degrees: {given}; lon and lat may be swapped")
    if west > east and east >= -180 and west <= 180 and east + 360 - west <= MAX_SIDE_DEG:
        east = round(east + 360, 9)
    if west < east and not -180 <= west <= 180:
        raise ValueError(f"must begin between -180 and 180 degrees; got west {west:g}")
    if not (west < east and south < north):
        raise ValueError(f"must be west < east and south < north; got {given}")
    sides = (east - west, north - south)
    if max(sides) > MAX_SIDE_DEG or min(sides) < MIN_SIDE_DEG:
        sides_text = " and ".join(f"{side:g}" for side in sides)
        raise ValueError(f"its sides must lie between {MIN_SIDE_DEG} and {MAX_SIDE_DEG} degrees; got {sides_text}")
    return west, south, east, north


Day = Annotated[date, BeforeValidator(_parse_day)]
Moment = Annotated[datetime, BeforeValidator(_parse_time), AfterValidator(_as_utc)]
Box = Annotated[tuple[float, float, float, float], BeforeValidator(_require_four_numbers), AfterValidator(_normal_box)]


class Fact(Section):
    """A known fact about the place, with its source; printed in the report, used in no computation."""

    what: str
    """The fact, in one sentence."""
    source: str
    """Who says so, and when."""
    caveat: bool = False
    """Does it change the meaning of the sum? If so, it is printed wherever the sum is."""


class AoiConfig(Section):
    """The ``aoi`` section: a box, its coast, and the berths and anchorages where stays are looked for."""

    id: str = Field(pattern=SHORT_NAME)
    """Short name, used for folders."""
    name: str
    """Display name."""
    bbox: Box
    """West, south, east, north [deg, EPSG:4326]; across 180 degrees west > east, or east beyond 180."""
    coast: str | None = None
    """GeoJSON of land polygons, relative to the config's folder; null: each image is searched for land."""
    zones: str
    """GeoJSON of berths and anchorages, relative to the config's folder."""
    backgrounds: tuple[str, ...] = ()
    """Rasters of the usual radar power at the berths, one per orbit, as earlier runs write them to ``backgrounds/``;
    relative to the config's folder. Those from simulated scenes are used for simulated scenes only."""
    facts: tuple[Fact, ...] = ()
    """What a reader must know about the place."""

    @field_validator("coast")
    @classmethod
    def _is_file_name(cls, coast: str | None) -> str | None:
        """A word of ``capwatch aoi add --coast`` is no file."""
        if coast in COASTS:
            raise ValueError(f"names a GeoJSON file of land, or null; capwatch aoi add makes one from {coast}")
        return coast


class SourceConfig(Section):
    """The ``source`` section: where images and AIS come from."""

    kind: Literal["demo", "files", "stac"] = "demo"
    """demo: a simulated month; files: local images and AIS; stac: a public catalogue."""
    scenario: str | None = None
    """Scenario of the demo, relative to the config's folder."""
    images: tuple[str, ...] = ()
    """Image files, SAFE folders, or folders of these (kind files)."""
    ais: tuple[str, ...] = ()
    """AIS files, or folders of these (kind files)."""
    registry: str | None = None
    """CSV of known ships (imo, name, dwt_t, length_m, beam_m, ...), relative to the config's folder."""
    pixel_spacing_m: float | None = Field(default=None, gt=0, le=100)
    """Pixel spacing of images that do not state it."""
    scaling: str = "auto"
    """What the pixel values are: auto, amplitude, intensity, db, db:LO:HI, sigma0 or reflectance."""
    stac: StacConfig = StacConfig()
    """Catalogues and network settings (kind stac)."""

    @field_validator("images", "ais")
    @classmethod
    def _no_empty_name(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """An empty name would be the working folder, with all that lies in it."""
        if not all(name.strip() for name in names):
            raise ValueError("holds an empty name; write . for the working folder")
        return names


class PeriodConfig(Section):
    """The ``period`` section: from ``start`` (included) to ``end`` (not included), UTC. Images outside it are left out.
    AIS messages outside it are used, but a call wholly outside does not count."""

    start: Moment
    """First moment of the period."""
    end: Moment
    """First moment after the period."""

    @model_validator(mode="after")
    def _starts_before_end(self) -> PeriodConfig:
        for name, moment in (("start", self.start), ("end", self.end)):
            if not YEARS[0] <= moment.year <= YEARS[1]:
                raise ValueError(
                    f"period.{name} lies in the year {moment.year}; nothing looked or listened then (write a year from "
                    f"{YEARS[0]}, the first Landsat, to {YEARS[1]})"
                )
        if self.end <= self.start:
            raise ValueError(f"period.end ({self.end}) must come after period.start ({self.start})")
        return self
