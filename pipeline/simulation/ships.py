"""Types of simulated ships: the hull, its state at one moment, and fixed structures; shared by all that draws them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hull:
    """Properties of a simulated ship that are drawn."""

    ship_id: str
    kind: str  # product_tanker, crude_tanker, bulk_carrier, container_ship, general_cargo, tug, fishing
    length_m: float
    beam_m: float
    depth_m: float
    design_draught_m: float
    superstructure: str = "aft"  # aft, midships or forward
    deck_shade: float = 0.25  # reflectance of the deck in visible light
    radar_strength_db: float = 0.0  # over the mean of ships of this length

    @property
    def is_tanker(self) -> bool:
        """Carries liquid cargo."""
        return self.kind.endswith("tanker")


@dataclass(frozen=True, slots=True)
class ShipState:
    """One ship at one moment. ``lon``, ``lat`` are the hull's centre; heading is where the bow points."""

    hull: Hull
    time: datetime
    lon: float
    lat: float
    heading_deg: float
    course_deg: float
    speed_kn: float
    draught_m: float
    berth_id: str  # "" when not in a berth or anchorage

    @property
    def freeboard_m(self) -> float:
        """Height of the deck edge above water."""
        return self.hull.depth_m - self.draught_m


@dataclass(frozen=True, slots=True)
class Structure:
    """A fixed structure: a pier, a quay with cranes, a moored pontoon, a breakwater head.

    A rectangle centred on ``lon``, ``lat``, its long side along ``heading_deg``.
    """

    kind: str  # pier, quay, pontoon, crane, breakwater_head
    lon: float
    lat: float
    heading_deg: float
    length_m: float
    width_m: float
    height_m: float
