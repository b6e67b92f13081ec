"""The simulated world: the state of every ship at any moment, and fixed structures; the input of all rendering."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Geod

from pipeline.errors import ConfigError
from pipeline.simulation.scenario import DEFAULT_FAIRWAY, Scenario, Ship, Visit, require_zones
from pipeline.simulation.ships import Hull, ShipState, Structure
from pipeline.types import Place, Zone

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

GEOD = Geod(ellps="WGS84")
WATER_T_PER_M3 = 1.025  # sea water, the usual figure of naval architecture
# Block coefficient on length over all, the same at every draught: that of a 65 m coaster with published displacement
# (Etsuzan Maru No. 8, 1,931 t at 4.18 m), and what tankers of 245 m have (0.82 on length between perpendiculars)
BLOCK_AT_65_M, BLOCK_AT_245_M = 0.633, 0.79
SAILING_KN = 7.0  # in port approaches (our choice)
QUAY_GAP_M = 2.0  # fenders
LOADING_SHARE = (0.1, 0.9)  # of the stay, in which the draught changes


@dataclass(frozen=True, slots=True)
class Pose:
    """A position and where the bow points."""

    lon: float
    lat: float
    heading_deg: float


@dataclass(frozen=True, slots=True)
class Berthing:
    """The quay side of a berth: its middle, its direction, and the bearing from quay to water."""

    middle: tuple[float, float]
    bearing_deg: float
    to_water_deg: float
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Ships with their stays, boats, and structures at one place."""

    scenario: Scenario
    place: Place
    seed: int
    hulls: dict[str, Hull]
    structures: tuple[Structure, ...]
    boats: tuple[ShipState, ...]
    _poses: dict[tuple[str, datetime], Pose] = field(default_factory=dict, repr=False)  # cache, used at every message

    @classmethod
    def build(cls, scenario: Scenario, place: Place, seed: int) -> World:
        """The world of a scenario; ConfigError where it names a zone that the place does not have."""
        require_zones(scenario, place, f"scenario {scenario.id}")
        hulls = {ship.id: _hull(ship) for ship in scenario.ships}
        fixed = [Structure(**s.model_dump()) for s in scenario.structures]
        for zone in place.zones:
            if zone.kind == "berth":
                fixed += quay_structures(zone, place.land)
        return cls(scenario, place, seed, hulls, tuple(fixed), _boats(scenario, place, seed))

    def states_at(self, time: datetime) -> list[ShipState]:
        """Every ship in or near the AOI at a moment, sorted by id; boats last."""
        states = [self.state(ship, time) for ship in sorted(self.scenario.ships, key=lambda s: s.id)]
        return [s for s in states if s is not None] + list(self.boats)

    def state(self, ship: Ship, time: datetime) -> ShipState | None:
        """One ship at a moment; None while she is elsewhere."""
        for visit in ship.visits:
            route = self.approach(ship, visit)
            lons, lats = zip(*route, strict=True)
            sailing = timedelta(hours=float(GEOD.line_length(lons, lats)) / 1852 / SAILING_KN)
            if visit.arrival - sailing <= time < visit.arrival:
                share = 1 - (visit.arrival - time) / sailing
                return self._under_way(ship, visit, route, share, time, inward=True)
            if visit.arrival <= time <= visit.departure:
                return self._alongside(ship, visit, time)
            if visit.departure < time <= visit.departure + sailing:
                share = (time - visit.departure) / sailing
                return self._under_way(ship, visit, route[::-1], share, time, inward=False)
        return None

    def pose(self, ship: Ship, visit: Visit) -> Pose:
        """Where a ship lies during a stay, before swinging at anchor."""
        key = (ship.id, visit.arrival)
        if key not in self._poses:
            self._poses[key] = self._pose(ship, visit)
        return self._poses[key]

    def _pose(self, ship: Ship, visit: Visit) -> Pose:
        zone = self._zone(visit)
        hull = self.hulls[ship.id]
        if zone.kind == "berth":
            quay = landward_side(zone, self.place.land)
            out = hull.beam_m / 2 + QUAY_GAP_M
            lon, lat = point_at(*quay.middle, quay.to_water_deg, out)
            lon, lat = point_at(lon, lat, quay.bearing_deg, visit.along_m)
            return Pose(lon, lat, quay.bearing_deg)
        rng = np.random.default_rng([self.seed, 2, *ship.id.encode(), int(visit.arrival.timestamp())])
        inner = zone.geometry.buffer(-0.1 * math.sqrt(zone.geometry.area))
        west, south, east, north = inner.bounds
        while True:  # rejection: an anchorage fills a good part of its box
            lon, lat = rng.uniform(west, east), rng.uniform(south, north)
            if shapely.contains_xy(inner, lon, lat):
                return Pose(float(lon), float(lat), float(rng.uniform(0, 360)))

    def approach(self, ship: Ship, visit: Visit) -> list[tuple[float, float]]:
        """Positions from the open sea to the stay."""
        fairways = self.scenario.fairways
        pose = self.pose(ship, visit)
        return [*fairways.get(visit.zone, fairways.get(DEFAULT_FAIRWAY, ())), (pose.lon, pose.lat)]

    def _zone(self, visit: Visit) -> Zone:
        zone = self.place.zone(visit.zone)
        if zone is None:
            raise ConfigError(f"no zone {visit.zone!r}")
        return zone

    def _alongside(self, ship: Ship, visit: Visit, time: datetime) -> ShipState:
        pose = self.pose(ship, visit)
        done = (time - visit.arrival) / (visit.departure - visit.arrival)
        loaded = float(np.interp(done, LOADING_SHARE, (0.0, 1.0)))
        aboard = visit.cargo_in_t + loaded * (visit.cargo_out_t - visit.cargo_in_t)
        heading = pose.heading_deg
        if self._zone(visit).kind == "anchorage":  # ships swing with the tide, some 40 degrees either side
            heading += 40 * math.sin(2 * math.pi * (time - visit.arrival) / timedelta(hours=12.4))
        return ShipState(
            self.hulls[ship.id],
            time,
            pose.lon,
            pose.lat,
            heading % 360,
            heading % 360,
            0.0,
            draught_m(ship, aboard),
            visit.zone,
        )

    def _under_way(
        self, ship: Ship, visit: Visit, route: list[tuple[float, float]], share: float, time: datetime, *, inward: bool
    ) -> ShipState:
        lon, lat, course = _position_along(route, share)
        aboard = visit.cargo_in_t if inward else visit.cargo_out_t
        return ShipState(self.hulls[ship.id], time, lon, lat, course, course, SAILING_KN, draught_m(ship, aboard), "")


def landward_side(zone: Zone, land: BaseGeometry | None) -> Berthing:
    """The long side of a berth polygon that lies nearest to land; without land, the first one."""
    box = shapely.minimum_rotated_rectangle(_to_metres(zone.geometry))
    corners = _from_metres(np.asarray(box.exterior.coords)[:4], zone.geometry)
    sides = [(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    lengths = [GEOD.inv(*a, *b)[2] for a, b in sides]
    long_sides = (0, 2) if lengths[0] >= lengths[1] else (1, 3)
    middles = {i: ((sides[i][0][0] + sides[i][1][0]) / 2, (sides[i][0][1] + sides[i][1][1]) / 2) for i in long_sides}
    quay = min(long_sides, key=lambda i: shapely.distance(shapely.Point(middles[i]), land) if land is not None else i)
    other = long_sides[1] if quay == long_sides[0] else long_sides[0]
    to_water, _, width = GEOD.inv(*middles[quay], *middles[other])
    bearing, _, length = GEOD.inv(*sides[quay][0], *sides[quay][1])
    return Berthing(middles[quay], bearing % 360, to_water % 360, length, width)


def _to_metres(geometry: BaseGeometry) -> BaseGeometry:
    k = math.cos(math.radians(geometry.centroid.y))
    return shapely.transform(geometry, lambda xy: xy * [k, 1.0])


def _from_metres(xy: np.ndarray, geometry: BaseGeometry) -> list[tuple[float, float]]:
    k = math.cos(math.radians(geometry.centroid.y))
    return [(float(x / k), float(y)) for x, y in xy]


def draught_m(ship: Ship, aboard_t: float) -> float:
    """Draught with a load aboard: displacement over the water-plane box of the simulated hulls."""
    block = block_coefficient(ship.length_m)
    return (ship.lightship_t + aboard_t) / (WATER_T_PER_M3 * block * ship.length_m * ship.beam_m)


def block_coefficient(length_m: float) -> float:
    """Block coefficient of the simulated hulls: small ships are finer.

    >>> [round(block_coefficient(length_m), 3) for length_m in (30.0, 65.0, 126.2, 245.0, 330.0)]
    [0.633, 0.633, 0.712, 0.79, 0.79]
    """
    blocks = (BLOCK_AT_65_M, BLOCK_AT_245_M)
    return float(np.interp(math.log(length_m), (math.log(65.0), math.log(245.0)), blocks))


def _hull(ship: Ship) -> Hull:
    return Hull(
        ship.id,
        ship.kind,
        ship.length_m,
        ship.beam_m,
        ship.depth_m,
        draught_m(ship, ship.dwt_t),
        ship.superstructure,
        ship.deck_shade,
    )


def quay_structures(zone: Zone, land: BaseGeometry | None) -> list[Structure]:
    """A quay along the landward side of a berth, with cranes where dry cargo is handled."""
    side = landward_side(zone, land)
    inland = (side.to_water_deg + 180) % 360
    lon, lat = point_at(*side.middle, inland, 8.0)
    parts = [Structure("pier", lon, lat, side.bearing_deg, side.length_m, 14.0, 4.0)]
    if zone.cargo in {"coal", "container"}:
        for offset in np.arange(-0.4, 0.41, 0.2) * side.length_m:
            at = point_at(lon, lat, side.bearing_deg, float(offset))
            parts.append(Structure("crane", *at, side.to_water_deg, 30.0, 14.0, 35.0))
    return parts


def _boats(scenario: Scenario, place: Place, seed: int) -> tuple[ShipState, ...]:
    """Small boats without transponders, scattered over the water, lying still."""
    rng = np.random.default_rng([seed, 3])
    west, south, east, north = place.bbox
    land = place.land.buffer(0.002) if place.land is not None else shapely.Point()
    boats: list[ShipState] = []
    for _attempt in range(200 * max(1, scenario.fishing_boats)):
        if len(boats) == scenario.fishing_boats:
            break
        lon, lat = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        length, heading = float(rng.uniform(9, 18)), float(rng.uniform(0, 360))
        if shapely.contains_xy(land, lon, lat):
            continue
        name = f"boat{len(boats):02d}"
        hull = Hull(name, "fishing", length, length / 3.5, 2.5, 1.5, "forward", 0.4)
        boats.append(ShipState(hull, scenario.period.start, lon, lat, heading, heading, 0.0, 1.5, ""))
    return tuple(boats)


def point_at(lon: float, lat: float, bearing_deg: float, metres: float) -> tuple[float, float]:
    """Longitude and latitude [deg] of the point at a distance and bearing."""
    there = GEOD.fwd(lon, lat, bearing_deg, metres)
    return float(there[0]), float(there[1])


def _position_along(route: list[tuple[float, float]], share: float) -> tuple[float, float, float]:
    """Position and course after a share of a way's length."""
    legs = [GEOD.inv(*a, *b) for a, b in itertools.pairwise(route)]
    left = share * sum(leg[2] for leg in legs)
    for start, (course, _, length) in zip(route, legs, strict=False):
        if left <= length:
            lon, lat = point_at(*start, course, left)
            return lon, lat, course % 360
        left -= length
    return route[-1][0], route[-1][1], legs[-1][0] % 360
