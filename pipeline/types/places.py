"""The AOI as stages see it: box, land, berths and anchorages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import shapely

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


Cargo = Literal[
    "oil_products", "crude", "chemicals", "gas", "coal", "ore", "grain", "timber", "container", "vehicles", "general",
    "fish", "passengers", "several", "other", "unknown",
]  # fmt: skip
"""The cargo handled at a berth."""
OIL: frozenset[Cargo] = frozenset({"oil_products", "crude"})  # at such a berth a ship is likely a tanker
USABLE_SHARE = 0.9  # share of a zone that a usable look must show (our choice)


@dataclass(frozen=True, slots=True)
class Zone:
    """A berth or an anchorage, where stays are recorded."""

    zone_id: str
    kind: str  # "berth" or "anchorage"
    name: str
    geometry: BaseGeometry  # EPSG:4326
    counts: bool = True  # do stays here count toward the account?
    cargo: Cargo = "unknown"
    max_length_m: float | None = None  # longer ships belong to another trade
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
    coast_credit: str = ""  # attribution of the coast, from its file; empty if that gives none
    left_out: tuple[str, ...] = ()  # zones in its file that lie outside the box

    def zone(self, zone_id: str) -> Zone | None:
        """The zone of that name, or None."""
        return next((z for z in self.zones if z.zone_id == zone_id), None)

    @property
    def dry(self) -> BaseGeometry | None:
        """The map's land minus the zones, where ships can lie even if the coast maps no water there (e.g. a river)."""
        if self.land is None:
            return None
        return self.land.difference(shapely.union_all([zone.geometry for zone in self.zones]))
