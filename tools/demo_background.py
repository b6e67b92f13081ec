"""Make the demo's backgrounds: what its two radar orbits saw in the weeks before. Simulated.

    python -m tools.demo_background

Seven looks per orbit, twelve days apart, before the scenario's month, with other ships at about half of the berths each
time. Writes ``configs/backgrounds/vostochny-<orbit>.tif``, tagged as simulated: real scenes are never compared with it.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.berth import CONFIGS, scene_of, ship_at
from pipeline.chain.backgrounds import raster_bytes
from pipeline.config import DetectionConfig, RunConfig, load
from pipeline.detection.earlier import background
from pipeline.ingest.place import load_place
from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.land_mask import rasterise_water
from pipeline.simulation.radar import RadarPass, SeaState, render
from pipeline.simulation.radar_files import HEADING_DEG, SPACING_M
from pipeline.simulation.scenario import Look, Scenario
from pipeline.simulation.world import World
from pipeline.types import Place, Scene

LOOKS, STEP_D = 7, 12


def main() -> None:
    """Draw the looks, and write each orbit's background."""
    path = CONFIGS / "vostochny.yaml"
    run = load(RunConfig, path)
    place = load_place(run.aoi, path.parent)
    scenario = load(Scenario, CONFIGS / str(run.source.scenario))
    world = World.build(scenario, place, run.seed)
    config = DetectionConfig()
    cells = background.background_cells(place, config)
    assert cells is not None
    orbits = {look.relative_orbit: look for look in sorted(scenario.looks, key=lambda k: k.time, reverse=True)
              if look.sensor == "sentinel-1"}  # fmt: skip
    for number, first in sorted(orbits.items()):
        rng = np.random.default_rng([run.seed, number])
        seen = [background.look_at_power(_before(world, place, first, n, rng), cells, config) for n in range(LOOKS)]
        kept = background.merged_background([look for look in seen if look is not None])
        out = CONFIGS / "backgrounds" / f"vostochny-{first.orbit}-{number}.tif"
        content = raster_bytes(kept, cells)
        out.write_bytes(content)
        print(f"{out.relative_to(Path.cwd())}: {len(content) / 1000:.0f} kB, {len(kept.looks)} looks")


def _before(world: World, place: Place, first: Look, n: int, rng: np.random.Generator) -> Scene:
    """A look ``n`` repeat cycles before the first one of an orbit."""
    time = first.time - timedelta(days=STEP_D * (LOOKS - n))
    flown = RadarPass(HEADING_DEG[first.orbit])
    frame = RadarFrame.over(first.bbox or place.bbox, flown.heading_deg, SPACING_M)
    ships = [ship_at(z, place, time, rng) for z in place.zones if z.kind == "berth" and rng.random() < 0.5]
    water = rasterise_water(place.land, frame.shape, lambda lon, lat: np.column_stack(frame.rowcol(lon, lat)))
    sea = SeaState.of_wind(rng.uniform(3, 10))
    drawn = render(frame, water, ships, world.structures, flown, sea, np.random.SeedSequence(rng.integers(2**31)))
    name = f"simulated-before-{first.orbit}-{first.relative_orbit}-{n}"
    digest = hashlib.sha256(b"".join(band.tobytes() for band in drawn.values())).hexdigest()
    return scene_of(drawn, water, frame, time, name, orbit=(first.orbit, first.relative_orbit), sha256=digest)


if __name__ == "__main__":
    main()
