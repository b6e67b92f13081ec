"""Simulated AIS messages as received: position and static reports, with silence, position noise, spikes, draught."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from pipeline.simulation.scenario import Ship
from pipeline.simulation.ships import ShipState
from pipeline.simulation.world import World, draught_m
from pipeline.times_places.longitudes import wrap_longitudes
from pipeline.units import METRES_PER_DEGREE

STATIC_EVERY_MIN = 60.0  # between static messages received; they are sent every 6 minutes
TYPE_CODES = {"product_tanker": 80, "crude_tanker": 80, "tug": 52, "fishing": 30}
CARGO_TYPE = 70  # ITU-R M.1371: a cargo ship of any kind


@dataclass(frozen=True, slots=True)
class Message:
    """One message as sent: position report (1) or static and voyage data (5)."""

    time: datetime
    kind: int
    ship: Ship
    lon: float
    lat: float
    speed_kn: float
    course_deg: float
    heading_deg: float
    stopped: bool
    draught_m: float
    destination: str


def messages(world: World, seed: np.random.SeedSequence) -> list[Message]:
    """Every message received in the period, in order of time; each ship has its own random stream."""
    out: list[Message] = []
    ships = sorted(world.scenario.ships, key=lambda s: s.id)
    for ship, stream in zip(ships, seed.spawn(len(ships)), strict=True):
        if ship.transmits != "never":
            out += _ship_messages(world, ship, np.random.default_rng(stream))
    return sorted(out, key=lambda m: (m.time, m.ship.mmsi, m.kind))


def _ship_messages(world: World, ship: Ship, rng: np.random.Generator) -> list[Message]:
    feed, period = world.scenario.ais, world.scenario.period
    out: list[Message] = []
    time = period.start + timedelta(minutes=float(rng.uniform(0, feed.stopped_min)))
    next_static = time
    while time < period.end:
        state = world.state(ship, time)
        if state is None:
            time += timedelta(minutes=feed.stopped_min)
            continue
        if not _is_silent(ship, time, feed.silence_h):
            out.append(_position_message(state, ship, rng, feed.position_sd_m, feed.spike_share))
            if time >= next_static:
                out.append(_static_message(ship, state))
                next_static = time + timedelta(minutes=STATIC_EVERY_MIN)
        pause = feed.moving_min if state.speed_kn > 0.5 else feed.stopped_min
        time += timedelta(minutes=pause * float(rng.uniform(0.6, 1.4)))
    return out


def _is_silent(ship: Ship, time: datetime, silence_h: float) -> bool:
    if ship.transmits == "always":
        return False
    gap = timedelta(hours=silence_h)
    return any(v.arrival - gap <= time <= v.departure + gap for v in ship.visits)


def _position_message(
    state: ShipState, ship: Ship, rng: np.random.Generator, sd_m: float, spike_share: float
) -> Message:
    east, north = rng.normal(0, sd_m, 2)
    if rng.random() < spike_share:  # a GPS jump of some kilometres in one fix
        east, north = rng.uniform(-9000, 9000, 2)
    lat = state.lat + north / METRES_PER_DEGREE
    lon = state.lon + east / (METRES_PER_DEGREE * np.cos(np.radians(state.lat)))
    lon = float(wrap_longitudes(lon))  # transponders never send more than 180 degrees
    moving = state.speed_kn > 0.5
    speed = max(0.0, state.speed_kn + float(rng.normal(0, 0.2))) if moving else float(rng.choice([0.0, 0.0, 0.1]))
    return Message(
        state.time, 1, ship, lon, lat, speed, state.course_deg, state.heading_deg, not moving, state.draught_m, ""
    )


def _static_message(ship: Ship, state: ShipState) -> Message:
    """Static message with the draught as entered by the crew: in steps of 0.1 m, only under way, by some never."""
    entered_m = state.draught_m
    current = [v for v in ship.visits if v.arrival <= state.time <= v.departure]
    if current:  # not updated during cargo operations: still the draught of arrival
        entered_m = draught_m(ship, current[0].cargo_in_t)
    if not ship.types_draught:
        entered_m = draught_m(ship, ship.visits[0].cargo_in_t)
    return Message(
        state.time,
        5,
        ship,
        state.lon,
        state.lat,
        state.speed_kn,
        state.course_deg,
        state.heading_deg,
        state.speed_kn <= 0.5,
        round(entered_m, 1),
        "FOR ORDERS",
    )


def type_code(ship: Ship) -> int:
    """AIS ship type."""
    return TYPE_CODES.get(ship.kind, CARGO_TYPE)
