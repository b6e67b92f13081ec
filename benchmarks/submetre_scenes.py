"""Simulated sub-metre optical scenes with random hulls, light, sea and sensor that the estimator was not built on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.ships.hull_depth import depth_over_draught
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.simulation.ships import Hull, ShipState, Structure
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.full_draught import log_full_draught

CELL_M = 380.0  # of sea for each ship
GRID = (2, 3)
ORIGIN = (500_000.0, 4_730_000.0)  # UTM 53: open sea as far as this project knows; its grid's north is true north
EPSG = 32653
KINDS = ("product_tanker", "crude_tanker", "bulk_carrier", "container_ship", "general_cargo", "tug")
SHARES = (0.42, 0.12, 0.16, 0.08, 0.14, 0.08)
STYLES = ("minimal", "planet", "airbus", "maxar")


@dataclass(frozen=True, slots=True)
class Truth:
    """One ship as drawn; ``berthed`` is "" in open water, else the quay's side relative to the sun."""

    ship_id: str
    kind: str
    east: float
    north: float
    heading_deg: float
    length_m: float
    beam_m: float
    depth_m: float
    freeboard_m: float
    superstructure: str
    berthed: str


def random_hull(name: str, rng: np.random.Generator, kind: str | None = None) -> Hull:
    """A hull of usual proportions for its kind. Spread and ranges follow ship registers (our reading)."""
    kind = kind or str(rng.choice(KINDS, p=SHARES))
    low, high = {"product_tanker": (58, 185), "crude_tanker": (180, 260), "bulk_carrier": (110, 235),
                 "container_ship": (110, 230), "general_cargo": (60, 150), "tug": (24, 36)}[kind]  # fmt: skip
    length = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    slender = {"tug": 3.1, "container_ship": 6.7, "crude_tanker": 5.8}.get(kind, 6.25)
    beam_m = length / (slender * float(np.exp(0.07 * rng.normal())))
    depth = max(3.5, 0.0935 * length - 1.2) * float(np.exp(0.08 * rng.normal()))
    design = depth * float(rng.uniform(0.66, 0.80))
    house = "aft" if kind != "tug" else "forward"
    if kind == "general_cargo" and rng.random() < 0.15:
        house = "midships"
    return Hull(name, kind, length, beam_m, depth, design, house, float(np.exp(rng.uniform(-2.6, -1.1))))


def coaster(name: str, rng: np.random.Generator) -> Hull:
    """A small tanker with the depth that the hull-form laws give: hulls below 75 m show hardly any side when laden.

    The laws are fitted to published hulls (``pipeline.volume.hull_form``); the spreads are those of published data.
    """
    length = float(np.exp(rng.uniform(np.log(58), np.log(110))))
    beam_m = length / (6.25 * float(np.exp(0.07 * rng.normal())))
    log_dwt = float(tanker_regression().log_dwt(np.array(length), np.array(beam_m)))
    design = float(np.exp(log_full_draught(length, beam_m, log_dwt) + 0.07 * rng.normal()))
    depth = design * depth_over_draught(length) * float(np.exp(0.05 * rng.normal()))
    return Hull(name, "product_tanker", length, beam_m, depth, design, "aft", float(np.exp(rng.uniform(-2.6, -1.1))))


def state_of(hull: Hull, heading_deg: float, fill: float, time: datetime) -> ShipState:
    """A hull at rest, loaded between ballast (0) and the load line (1)."""
    draught = hull.design_draught_m * (0.45 + 0.55 * fill)
    return ShipState(hull, time, 0.0, 0.0, heading_deg, heading_deg, 0.0, draught, "")


def make_scene(
    folder: Path,
    seed: int,
    pixel_m: float = 0.5,
    sun_deg: tuple[float, float] = (20, 45),
    off_nadir_deg: float = 30.0,
    *,
    piers: bool = False,
    coasters: bool = False,
) -> Path:
    """Draw and write one scene and its truth (``<image>.truth``); returns the image's path.

    With ``piers`` the quays are `_pier`s, longer than the ships that lie at them; with ``coasters`` all ships are.
    """
    rng = np.random.default_rng([seed, 77])
    time = datetime(2024, 3, 1, 2, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 300)), minutes=seed % 60)
    light = Light(float(rng.uniform(*sun_deg)), float(rng.uniform(0, 360)), float(rng.uniform(0, off_nadir_deg)),
                  float(rng.uniform(0, 360)))  # fmt: skip
    shape = tuple(round(n * CELL_M / pixel_m) for n in GRID)
    frame = MapFrame(EPSG, *ORIGIN, pixel_m, shape)
    ships, fixed, truths = [], [], []
    for n in range(GRID[0] * GRID[1]):
        hull = (coaster if coasters else random_hull)(f"f{seed}-{n}", rng)
        heading = float(rng.uniform(0, 360))
        state = state_of(hull, heading, float(rng.beta(0.8, 0.8)), time)
        cell = np.array([n % GRID[1] + 0.5, -(n // GRID[1] + 0.5)])
        centre = np.array(ORIGIN) + cell * CELL_M + rng.uniform(-30, 30, 2)
        berthed = ""
        if hull.kind != "tug" and rng.random() < 0.35:
            structure, at, berthed = _quay(hull, state, centre, light, rng)
            if piers:
                structure, at = _pier(structure, at, hull, np.random.default_rng([seed, n, 78]))
            fixed.append((structure, (float(at[0]), float(at[1]))))
        ships.append((state, (float(centre[0]), float(centre[1]))))
        truths.append(Truth(hull.ship_id, hull.kind, float(centre[0]), float(centre[1]), heading, hull.length_m,
                            hull.beam_m, hull.depth_m, state.freeboard_m, hull.superstructure, berthed))  # fmt: skip
    image = render(frame, np.ones(shape, bool), ships, fixed, light, 0.0, float(rng.uniform(1.0, 9.0)),
                 np.random.SeedSequence([seed, 5]))  # fmt: skip
    bands = ("pan",) if rng.random() < 0.5 else ("B", "G", "R", "N")
    style = STYLES[seed % len(STYLES)]
    picture = Picture(f"sim{seed:05d}", frame, image, bands, "SIM-50CM", time, light)
    path = write_picture(folder, picture, style)
    record = {"ships": [{k: getattr(t, k) for k in Truth.__slots__} for t in truths],
              "light": {k: getattr(light, k) for k in Light.__slots__}, "pixel_m": pixel_m, "bands": bands}  # fmt: skip
    path.with_suffix(".truth").write_text(json.dumps(record), "utf-8")
    return path


def _quay(
    hull: Hull, state: ShipState, centre: np.ndarray, light: Light, rng: np.random.Generator
) -> tuple[Structure, np.ndarray, str]:
    """A jetty or quay along one side of a ship, and whether that is the side in shadow."""
    side = float(rng.choice((-1, 1)))
    heading = np.radians(state.heading_deg)
    starboard = np.array([np.cos(heading), -np.sin(heading)])
    width, height = float(rng.uniform(8, 25)), float(rng.uniform(2, 4.5))
    gap = float(rng.uniform(0.8, 3.0))
    at = centre + side * starboard * (hull.beam_m / 2 + gap + width / 2)
    length = hull.length_m * float(rng.uniform(0.5, 1.15))
    shaded = float(light.shade @ starboard) * side > 0
    structure = Structure("quay", 0.0, 0.0, state.heading_deg, length, width, height)
    return structure, at, "shaded" if shaded else "sunny"


def _pier(quay: Structure, at: np.ndarray, hull: Hull, rng: np.random.Generator) -> tuple[Structure, np.ndarray]:
    """The quay as a narrow pier, longer than the ship and extending beyond one of her ends."""
    heading = np.radians(quay.heading_deg)
    length = hull.length_m * float(rng.uniform(1.5, 2.4))
    along = float(rng.choice((-1, 1))) * (length - hull.length_m) / 2 * float(rng.uniform(0.5, 1.0))
    return replace(quay, length_m=length), at + along * np.array([np.sin(heading), np.cos(heading)])
