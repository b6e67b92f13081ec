"""Simulate a scenario into files: images, AIS, and the truth in its own folder. Same scenario and seed, same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.simulation.ais_files import write_ais
from pipeline.simulation.optical_files import write_optical_look
from pipeline.simulation.radar_files import write_radar_look
from pipeline.simulation.scenario import Look, Scenario
from pipeline.simulation.world import World
from pipeline.table_files import SIMULATED_COLUMN
from pipeline.types import Place

README = """SIMULATED by capwatch. No satellite took these images, no ship sent these messages, no such ships exist.

scenes/  images as a satellite would have taken them (SAFE folders; GeoTIFF with sidecar)
ais/     transponder messages as they would have been heard
truth/   what really happened in the simulation; the chain never reads it
"""
WORKERS = 2  # rendering is array work that releases the interpreter lock; more gain little


def simulate(
    scenario: Scenario,
    place: Place,
    folder: Path,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write ``folder/{scenes,ais,truth}``; the paths of scenes and AIS files. The folder must be new or empty."""
    world = World.build(scenario, place, seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(README, "utf-8")
    streams = np.random.SeedSequence(seed).spawn(len(scenario.looks) + 1)
    with ThreadPoolExecutor(WORKERS) as pool:
        ais = pool.submit(write_ais, world, folder / "ais", streams[0])
        futures = [
            pool.submit(_write_look, world, look, folder / "scenes", stream)
            for look, stream in zip(scenario.looks, streams[1:], strict=True)
        ]
        written = []
        for future in futures:
            written.append(future.result())
            if progress:
                progress(written[-1].name)
    written += ais.result()
    _write_truth(world, folder / "truth")
    return written


def _write_look(world: World, look: Look, folder: Path, seed: np.random.SeedSequence) -> Path:
    write = write_radar_look if look.sensor == "sentinel-1" else write_optical_look
    return write(world, look, folder, seed)


def _write_truth(world: World, folder: Path) -> None:
    """Ships, their stays with the cargo lifted, and who was where at each look."""
    folder.mkdir(parents=True, exist_ok=True)
    ships = world.scenario.ships
    _csv(folder / "ships.csv", (s.model_dump(mode="json", exclude={"visits"}) for s in ships))
    visits = ({"ship_id": s.id, **v.model_dump(mode="json")} for s in ships for v in s.visits)
    _csv(folder / "visits.csv", visits)
    _csv(
        folder / "states_at_looks.csv",
        (
            {
                "look": n,
                "time": look.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "sensor": look.sensor,
                "ship_id": s.hull.ship_id,
                "kind": s.hull.kind,
                "lon": round(s.lon, 6),
                "lat": round(s.lat, 6),
                "heading_deg": round(s.heading_deg, 1),
                "speed_kn": round(s.speed_kn, 2),
                "length_m": round(s.hull.length_m, 1),
                "beam_m": round(s.hull.beam_m, 1),
                "draught_m": round(s.draught_m, 2),
                "freeboard_m": round(s.freeboard_m, 2),
                "berth_id": s.berth_id,
            }
            for n, look in enumerate(world.scenario.looks)
            for s in world.states_at(look.time)
        ),
    )


def _csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    out, writer = io.StringIO(), None
    for row in (r | {SIMULATED_COLUMN: True} for r in rows):
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    path.write_text(out.getvalue(), "utf-8")
