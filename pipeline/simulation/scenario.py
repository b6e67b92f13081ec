"""A scenario file: which ships call when, what else lies about, what looks at it, and who transmits."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from pipeline.config.aoi import Box, Moment, PeriodConfig
from pipeline.config.base import Section
from pipeline.config.mistakes import SIMULATED_NAME
from pipeline.errors import ConfigError, printable

if TYPE_CHECKING:
    from pipeline.types import Place

DEFAULT_FAIRWAY = "default"  # of the fairways: to every zone that has none of its own
COLOURS = ("B", "G", "R", "N")  # bands that an optical look may have; or the one below alone
PAN = ("pan",)


def _valid_position(point: tuple[float, float]) -> tuple[float, float]:
    if abs(point[0]) > 360 or abs(point[1]) > 90:
        raise ValueError(f"is no longitude and latitude: {list(point)}; lon and lat may be swapped")
    return point


LonLat = Annotated[tuple[float, float], AfterValidator(_valid_position)]


class Visit(Section):
    """One stay of one ship at one zone."""

    zone: str
    """The zone's id."""
    arrival: Moment
    """Time of mooring."""
    departure: Moment
    """Time of unmooring."""
    cargo_in_t: float = Field(default=0.0, ge=0)
    """Cargo and ballast aboard on arrival."""
    cargo_out_t: float = Field(default=0.0, ge=0)
    """Cargo and ballast aboard on departure."""
    lifted_t: float = Field(default=0.0, ge=0)
    """Cargo loaded: the truth that the estimate is compared with."""
    along_m: float = 0.0
    """Offset along the berth from its middle."""

    @model_validator(mode="after")
    def _departs_after_arrival(self) -> Visit:
        if self.departure <= self.arrival:
            raise ValueError(f"departure {self.departure} must come after arrival {self.arrival}")
        return self


class Ship(Section):
    """One invented ship and her stays."""

    id: str
    """Short name."""
    name: str = Field(pattern=SIMULATED_NAME)
    """Broadcast name; begins with SIM, so that she is not taken for a real ship."""
    mmsi: int = Field(ge=999_000_000, le=999_999_999)
    """MMSI, in a range assigned to no country."""
    kind: Literal["product_tanker", "crude_tanker", "bulk_carrier", "container_ship", "general_cargo", "tug", "fishing"]
    """Kind of ship."""
    length_m: float = Field(gt=5, le=400)
    """Length over all."""
    beam_m: float = Field(gt=2, le=65)
    """Beam."""
    depth_m: float = Field(gt=1, le=35)
    """Depth, keel to deck."""
    dwt_t: float = Field(ge=0)
    """Deadweight."""
    lightship_t: float = Field(gt=0)
    """Lightship weight."""
    superstructure: Literal["aft", "midships", "forward"] = "aft"
    """Position of the superstructure."""
    deck_shade: float = Field(default=0.2, gt=0, lt=1)
    """Reflectance of the deck."""
    transmits: Literal["always", "never", "dark_in_port"] = "always"
    """Transponder; dark_in_port: off from some hours before she berths to some hours after she leaves."""
    types_draught: bool = True
    """Does the crew ever change the draught in the transponder?"""
    visits: tuple[Visit, ...]
    """Her stays, in order."""

    @model_validator(mode="after")
    def _stays_do_not_overlap(self) -> Ship:
        for before, after in zip(self.visits, self.visits[1:], strict=False):
            if after.arrival <= before.departure:
                raise ValueError(f"{self.id}: the stay from {after.arrival} begins before the former one ended")
        return self


class Look(Section):
    """One acquisition."""

    sensor: Literal["sentinel-1", "optical"]
    """Radar or optical."""
    time: Moment
    """Time of acquisition."""
    platform: str = "SIM"
    """Name of the satellite; begins with SIM for optical."""
    orbit: Literal["ascending", "descending"] = "ascending"
    """Radar: flight direction."""
    relative_orbit: int = Field(default=10, ge=1, le=175)
    """Radar: track number."""
    wind_m_s: float = Field(default=6.0, gt=0, le=30)
    """Wind speed, which sets the roughness of the sea."""
    pixel_m: float = Field(default=3.0, ge=0.3, le=10)
    """Optical: pixel spacing."""
    bands: tuple[str, ...] = ("B", "G", "R", "N")
    """Optical: bands, or ("pan",)."""
    bbox: Box | None = None
    """West, south, east, north; the AOI's box if null."""
    cloud_cover: float = Field(default=0.0, ge=0, le=1)
    """Optical: share under cloud."""
    view_off_nadir_deg: float = Field(default=8.0, ge=0, le=45)
    """Optical: view angle from the vertical."""
    view_azimuth_deg: float = Field(default=100.0, ge=0, lt=360)
    """Optical: direction from the scene to the satellite."""
    style: Literal["minimal", "planet", "airbus", "maxar"] = "minimal"
    """Optical: provider whose layout the file and its metadata follow."""

    @field_validator("bands")
    @classmethod
    def _known_bands(cls, bands: tuple[str, ...]) -> tuple[str, ...]:
        """Nothing else is drawn."""
        if bands != PAN and not (bands and set(bands) <= set(COLOURS) and len(set(bands)) == len(bands)):
            raise ValueError(f"must be some of {', '.join(COLOURS)}, each once, or pan alone; got {list(bands)}")
        return bands

    @model_validator(mode="after")
    def _simulated_platform(self) -> Look:
        """The platform names the file, and stands in its metadata."""
        if self.sensor == "optical" and not self.platform.upper().startswith("SIM"):
            raise ValueError("platform must begin with SIM: no simulated image bears a real satellite's name")
        return self

    @property
    def file_key(self) -> tuple[str, ...]:
        """What the names of its files are made of."""
        own = (self.platform.lower(), self.style) if self.sensor == "optical" else ()
        return (self.sensor, *own, f"{self.time:%Y-%m-%dT%H:%M:%SZ}")


class FixedStructure(Section):
    """A quay, pontoon or other structure that is always there."""

    kind: Literal["pier", "quay", "pontoon", "crane", "breakwater_head"]
    """What it is."""
    lon: float = Field(ge=-360, le=360)
    """Centre."""
    lat: float = Field(ge=-90, le=90)
    """Centre."""
    heading_deg: float
    """Direction of the long side."""
    length_m: float = Field(gt=0)
    """Long side."""
    width_m: float = Field(gt=0)
    """Short side."""
    height_m: float = Field(gt=0)
    """Height above water."""


class AisFeed(Section):
    """AIS reception."""

    moving_min: float = Field(default=4.0, gt=0)
    """Minutes between received fixes of a moving ship."""
    stopped_min: float = Field(default=15.0, gt=0)
    """Minutes between received fixes of a stopped ship."""
    position_sd_m: float = Field(default=8.0, ge=0)
    """Standard deviation of a fix."""
    silence_h: float = Field(default=5.0, ge=0)
    """dark_in_port: hours of silence before berthing and after leaving."""
    duplicate_share: float = Field(default=0.02, ge=0, lt=1)
    """Share of messages repeated by a second receiver."""
    damaged_share: float = Field(default=0.002, ge=0, lt=1)
    """Share of sentences with a wrong checksum."""
    spike_share: float = Field(default=0.001, ge=0, lt=1)
    """Share of fixes displaced by some kilometres."""


class Scenario(Section):
    """A simulated period at one AOI."""

    id: str
    """Short name."""
    title: str
    """Display title."""
    period: PeriodConfig
    """The simulated period."""
    fairways: dict[str, tuple[LonLat, ...]]
    """Route from the open sea to each zone, berth not included; ``default`` is used for zones not named."""
    ships: tuple[Ship, ...]
    """Ships with their stays."""
    fishing_boats: int = Field(default=0, ge=0, le=200)
    """Small boats scattered over the water, without AIS."""
    structures: tuple[FixedStructure, ...] = ()
    """Permanent structures, in addition to the quays of the zones."""
    looks: tuple[Look, ...]
    """Acquisitions."""
    ais: AisFeed = AisFeed()
    """AIS reception."""

    @model_validator(mode="after")
    def _unique_ids_and_looks(self) -> Scenario:
        """Two ships of one id are one in the truth; of two looks with one name a file is all that stays."""
        for ship, count in Counter(ship.id for ship in self.ships).items():
            if count > 1:
                raise ValueError(f"ships: {count} of them have the id {ship}; the truth would not tell them apart")
        for written, count in Counter(look.file_key for look in self.looks).items():
            if count > 1:
                raise ValueError(f"looks: {count} of them are {' '.join(written)}; one would be written over the other")
        return self


def require_zones(scenario: Scenario, place: Place, where: str) -> None:
    """ConfigError where a ship's stay, or a fairway, is of a zone that the place does not have; ``where`` names the
    scenario's file."""
    visited_zones = [(f"ship {ship.id} visits zone", visit.zone) for ship in scenario.ships for visit in ship.visits]
    fairway_zones = [
        ("a fairway leads to zone", zone)
        for zone in scenario.fairways
        if zone not in {DEFAULT_FAIRWAY, *place.left_out}
    ]
    known = [zone.zone_id for zone in place.zones]
    for what, zone in visited_zones + fairway_zones:
        if zone in known:
            continue
        close = difflib.get_close_matches(zone.lower(), known, n=1)
        suggestion = f" (did you mean {close[0]}?)" if close else ""
        outside = ", which lies outside its box" if zone in place.left_out else ""
        raise ConfigError(
            f"{where}: {what} {printable(zone)}, and AOI {place.aoi_id} has no such zone{outside}{suggestion}; "
            f"its zones are {', '.join(known)}"
        )
