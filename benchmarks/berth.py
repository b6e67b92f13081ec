"""Radar detection of ships alongside, with and without earlier looks. All simulated, on two ports' real coastlines.

    python -m benchmarks.berth [looks] [seeds]

Every look has its own ships at about half of the berths, its own wind, and a frame offset by some metres; the drawn
coast is shifted against the map's by ``COAST_SHIFT_M``, as real coast files are. Only ships in berths count: a hit is
an accepted detection within ``REACH_M`` of the hull's middle; any other accepted detection within ``QUAY_M`` of a berth
is a false alarm.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linear_sum_assignment

from pipeline.config import DetectionConfig, RunConfig, load
from pipeline.detection import detect
from pipeline.detection.earlier import background
from pipeline.detection.earlier.quayside import quay_excess
from pipeline.ingest.place import load_place
from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.land_mask import rasterise_water
from pipeline.simulation.radar import NOISE_DB, RadarPass, SeaState, render
from pipeline.simulation.ships import Hull, ShipState
from pipeline.simulation.world import landward_side, point_at, quay_structures
from pipeline.types import Place, RadarView, Radiometry, Scene, Sensor, Source, Tile, Window
from pipeline.units import METRES_PER_DEGREE

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
COAST_SHIFT_M = 15.0
REACH_M, QUAY_M = 80.0, 30.0
ROUND_DEG = 0.008  # margin of the pictures around the berths
PORTS = ("vostochny", "nakhodka")
START = datetime(2024, 1, 3, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Look:
    """One picture and the ships that lie in its berths."""

    scene: Scene
    ships: tuple[ShipState, ...]


def place_of(name: str) -> Place:
    """A port from the configs."""
    path = CONFIGS / f"{name}.yaml"
    place = load_place(load(RunConfig, path).aoi, path.parent)
    berths = [z.geometry for z in place.zones if z.kind == "berth"]
    west, south, east, north = shapely.union_all(berths).bounds
    return replace(place, bbox=(west - ROUND_DEG, south - ROUND_DEG, east + ROUND_DEG, north + ROUND_DEG))


def moved(shape: shapely.Geometry, east_m: float, north_m: float) -> shapely.Geometry:
    """A geometry shifted by metres."""
    k = np.cos(np.radians(shape.centroid.y))
    step = np.array([east_m / METRES_PER_DEGREE / k, north_m / METRES_PER_DEGREE])
    return shapely.transform(shape, lambda xy: xy + step)


def looks_at(place: Place, count: int, seed: int) -> list[Look]:
    """Draw pictures of a port six days apart, all from one orbit."""
    rng = np.random.default_rng([seed, len(place.aoi_id)])
    bearing = rng.uniform(0, 2 * np.pi)
    land = moved(place.land, COAST_SHIFT_M * np.sin(bearing), COAST_SHIFT_M * np.cos(bearing))
    berths = [z for z in place.zones if z.kind == "berth"]
    fixed = [s for z in berths for s in quay_structures(z, place.land)]
    return [_look(place, land, berths, fixed, n, rng) for n in range(count)]


def _look(place: Place, land: shapely.Geometry, berths: list, fixed: list, n: int, rng: np.random.Generator) -> Look:
    time, flown = START + timedelta(days=6 * n), RadarPass(348.0)
    west, south, east, north = place.bbox
    start = rng.uniform(0, 2e-4, 2)
    frame = RadarFrame.over((west + start[0], south + start[1], east, north), flown.heading_deg, 10.0)
    ships = tuple(s for z in berths if rng.random() < 0.5 for s in [ship_at(z, place, time, rng)])
    water = rasterise_water(land, frame.shape, lambda lon, lat: np.column_stack(frame.rowcol(lon, lat)))
    drawn = render(
        frame,
        water,
        ships,
        fixed,
        flown,
        SeaState.of_wind(rng.uniform(3, 10)),
        np.random.SeedSequence(rng.integers(2**31)),
    )
    chart = rasterise_water(place.land, frame.shape, lambda lon, lat: np.column_stack(frame.rowcol(lon, lat)))
    return Look(scene_of(drawn, chart, frame, time, f"{place.aoi_id}-{n}"), ships)


def ship_at(zone, place: Place, time: datetime, rng: np.random.Generator) -> ShipState:
    """A random ship alongside."""
    quay = landward_side(zone, place.land)
    length = float(np.exp(rng.normal(np.log(105), 0.3)))
    length = min(max(length, 45.0), 0.9 * quay.length_m, 200.0)
    beam = length / rng.normal(6.3, 0.5)

    lon, lat = point_at(*quay.middle, quay.to_water_deg, beam / 2 + 2.0)
    lon, lat = point_at(lon, lat, quay.bearing_deg, rng.uniform(-0.5, 0.5) * (quay.length_m - length))
    heading = quay.bearing_deg + 180 * (rng.random() < 0.5)
    strength_db = float(rng.normal(0, 3))
    hull = Hull(zone.zone_id, "product_tanker", length, beam, 9, 6, radar_strength_db=strength_db)
    return ShipState(hull, time, lon, lat, heading % 360, heading % 360, 0.0, 5.0, zone.zone_id)


def scene_of(
    drawn: dict, water, frame: RadarFrame, time: datetime, name: str, orbit=("ascending", 10), sha256: str = "0" * 64
) -> Scene:
    """A drawn picture as a scene, with its noise floor subtracted."""
    bands = tuple(drawn)
    data = np.stack([np.maximum(b - 10 ** (NOISE_DB / 10), 1e-6) for b in drawn.values()]).astype(np.float32)

    def read(window: Window) -> Tile:
        cut = np.s_[window.row0 : window.row1, window.col0 : window.col1]
        part = data[(slice(None), *cut)]
        return Tile(window, bands, part, np.isfinite(part).all(axis=0), water[cut])

    view = RadarView(pass_direction=orbit[0], relative_orbit=orbit[1], resolution_m=(20.0, 20.0))
    return Scene(
        name,
        Sensor.SENTINEL1,
        "SIM",
        time,
        data.shape[1:],
        bands,
        Radiometry.SIGMA0,
        (10.0, 10.0),
        read,
        Source(name, sha256, 0),
        geolocation=frame,
        radar=view,
        simulated=True,
    )


@dataclass
class Tally:
    """Hits, false alarms, misses and length errors."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    errors: tuple[float, ...] = ()
    held: int = 0
    berths: list[tuple[bool, str, float, float, float]] = field(default_factory=list)

    def add(self, found: pd.DataFrame, diagnostics: dict, look: Look, place: Place) -> None:
        """Count one look."""
        taken = {s.berth_id for s in look.ships}
        for row in diagnostics["berths"]:
            ships = found[found["detection_id"].isin(row["detection_ids"])]
            score = float(ships["score"].max()) if len(ships) else 0.0
            self.berths.append((row["zone_id"] in taken, row["verdict"], row["probability"], row["change"], score))
        lat0 = place.bbox[1]
        k = np.array([METRES_PER_DEGREE * np.cos(np.radians(lat0)), METRES_PER_DEGREE])
        berths = shapely.union_all([z.geometry for z in place.zones if z.kind == "berth"]).buffer(
            QUAY_M / METRES_PER_DEGREE
        )
        found = found[found["accepted"]]
        found = found[shapely.contains_xy(berths, found["lon"], found["lat"])]
        at = found[["lon", "lat"]].to_numpy() * k
        true = np.array([[s.lon, s.lat] for s in look.ships]).reshape(-1, 2) * k
        far = (
            np.hypot(*(at[:, None] - true[None]).transpose(2, 0, 1))
            if len(at) and len(true)
            else np.zeros((len(at), len(true)))
        )
        rows, cols = linear_sum_assignment(np.where(far < REACH_M, far, 1e6))
        pairs = [(r, c) for r, c in zip(rows, cols, strict=True) if far[r, c] < REACH_M]
        self.hit += len(pairs)
        self.false += len(at) - len(pairs)
        self.missed += len(true) - len(pairs)
        for r, c in pairs:
            row, length = found.iloc[r], look.ships[c].hull.length_m
            self.errors += (row["length_m"] - length,)
            self.held += bool(row["length_lo_m"] <= length <= row["length_hi_m"])

    def __str__(self) -> str:
        f1 = 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)
        error = np.array(self.errors or (np.nan,))
        verdicts = [(taken, verdict) for taken, verdict, *_ in self.berths]
        right = sum(v == ("occupied" if t else "empty") for t, v in verdicts)
        wrong = sum(v == ("empty" if t else "occupied") for t, v in verdicts)
        odds = np.array([(p, t) for t, _, p, *_ in self.berths if p is not None], float).reshape(-1, 2)
        brier = np.mean((odds[:, 0] - odds[:, 1]) ** 2) if len(odds) else np.nan
        return (
            f"berths right/open/wrong {right}/{len(verdicts) - right - wrong}/{wrong}, Brier {brier:.3f}; "
            f"F1 {f1:.3f} (hit {self.hit}, false {self.false}, missed {self.missed}); length MAE "
            f"{np.abs(error).mean():.1f} m, bias {error.mean():+.1f}, inside {self.held / max(1, self.hit):.2f}"
        )


def main() -> None:
    """Print the tallies of both ports, with and without history."""
    count, seeds = (int(a) for a in (sys.argv[1:] + ["8", "3"][len(sys.argv) - 1 :])[:2])
    config = DetectionConfig()
    with_, without = Tally(), Tally()
    for name in PORTS:
        place = place_of(name)
        for seed in range(seeds):
            looks = looks_at(place, count, seed)
            scenes_by_history = with_and_without_history(looks, place, config)
            for look, *scenes in zip(looks, *scenes_by_history, strict=True):
                for tally, scene in zip((with_, without), scenes, strict=True):
                    tally.add(*detect(scene, place=place, config=config), look, place)
                print(f"{name} {seed}\n  with    {with_}\n  without {without}", flush=True)


def with_and_without_history(
    looks: list[Look], place: Place, config: DetectionConfig
) -> tuple[list[Scene], list[Scene]]:
    """The scenes prepared as in a run: first with the background of all looks, then each by itself."""
    cells = background.background_cells(place, config)
    assert cells is not None
    seen = [background.look_at_power(look.scene, cells, config) for look in looks]
    known = [k for k in seen if k is not None]
    together, alone = [], []
    for look, power in zip(looks, seen, strict=True):
        assert power is not None
        excess = background.usual_excess(power, known, config)
        assert excess is not None
        together.append(background.flatten_quays(look.scene, power, cells, excess, len(known) - 1))
        alone.append(background.flatten_quays(look.scene, power, cells, quay_excess(power, cells, place), 0))
    return together, alone


if __name__ == "__main__":
    main()
