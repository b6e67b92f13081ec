"""Ships side by side in fine images: how many are found, and how often a quay counts as the second ship.

    python -m benchmarks.side_by_side [pixel in metres] [first seed] [scenes]

Simulated. Each scene has six pairs in open water, 1 to 4 m of fenders between them: tankers of 70 to 150 m beside their
like, or beside a bunker barge of a third to two thirds of their length. For quays, the scenes of `submetre_scenes` in
which a third of the ships lie at one that no map has. Seeds 1 to 3 and 701 to 725 were used to develop the rule.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from pyproj import Transformer

from benchmarks.submetre_scenes import EPSG, ORIGIN, make_scene, random_hull, state_of
from pipeline.detection import detect
from pipeline.ingest.scenes import open_scene
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.simulation.ships import Hull

CELL_M, GRID = 420.0, (2, 3)
LENGTH_M = (70.0, 150.0)
SHARES = {"her like": (0.85, 1.0), "barge": (0.33, 0.66)}  # of the first ship's length
FENDERS_M = (1.0, 4.0)
NEAR_M = 12.0  # from a hull's middle, within which a detection is hers


def _hull(name: str, rng: np.random.Generator, least_m: float, most_m: float) -> Hull:
    """A tanker scaled to a length drawn between these; her other sizes in proportion."""
    hull = random_hull(name, rng, "product_tanker")
    times = float(rng.uniform(least_m, most_m)) / hull.length_m
    sizes = {size: times * getattr(hull, size) for size in ("length_m", "beam_m", "depth_m", "design_draught_m")}
    return replace(hull, **sizes)


def pairs_scene(folder: Path, seed: int, pixel_m: float, kind: str) -> tuple[Path, np.ndarray]:
    """One scene, and for each pair both ships' east, north and length [m], shape (pairs, 2, 3)."""
    rng = np.random.default_rng([seed, 991])
    time = datetime(2024, 3, 1, 2, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 300)))
    light = Light(*(float(rng.uniform(*limits)) for limits in ((25, 50), (0, 360), (0, 20), (0, 360))))
    shape = round(GRID[0] * CELL_M / pixel_m), round(GRID[1] * CELL_M / pixel_m)
    frame = MapFrame(EPSG, *ORIGIN, pixel_m, shape)
    ships, truth = [], np.zeros((GRID[0] * GRID[1], 2, 3))
    for n in range(len(truth)):
        first = _hull(f"a{n}", rng, *LENGTH_M)
        second = _hull(f"b{n}", rng, *(share * first.length_m for share in SHARES[kind]))
        heading = float(rng.uniform(0, 360))
        turn = np.radians(heading)
        ahead, starboard = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
        off = (first.beam_m + second.beam_m) / 2 + rng.uniform(*FENDERS_M)
        along = rng.uniform(-0.5, 0.5) * (first.length_m - 0.9 * second.length_m)
        at = np.array(ORIGIN) + np.array([n % GRID[1] + 0.5, -(n // GRID[1] + 0.5)]) * CELL_M + rng.uniform(-25, 25, 2)
        beside = at + off * rng.choice((-1, 1)) * starboard + along * ahead
        turned = (heading, (heading + 180 * (rng.random() < 0.5)) % 360)
        for k, (hull, place) in enumerate(((first, at), (second, beside))):
            state = state_of(hull, turned[k], float(rng.beta(0.8, 0.8)), time)
            ships.append((state, (float(place[0]), float(place[1]))))
            truth[n, k] = *place, hull.length_m
    image = render(frame, np.ones(shape, bool), ships, [], light, 0.0, float(rng.uniform(1, 7)),
                   np.random.SeedSequence([seed, 5]))  # fmt: skip
    picture = Picture(f"pairs{seed:05d}", frame, image, ("B", "G", "R", "N"), "SIM", time, light)
    return write_picture(folder, picture, "minimal"), truth


def count_pairs(seeds: range, pixel_m: float, kind: str) -> tuple[int, int, float]:
    """Pairs, those of which both ships are accepted, and the mean absolute error of length of all found [share]."""
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    both, errors = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            path, truth = pairs_scene(Path(folder), seed, pixel_m, kind)
            scene = open_scene(path)
            found, _ = detect(scene)
            ships = found[found["accepted"]]
            assert scene.geolocation is not None
            for pair in truth:
                hits = 0
                for east, north, length_m in pair:
                    row, col = scene.geolocation.rowcol(*to_degrees.transform(east, north))
                    apart_m = np.hypot(ships["row"] - float(row), ships["col"] - float(col)) * scene.pixel_spacing_m[0]
                    if len(apart_m) and apart_m.min() < NEAR_M:
                        hits += 1
                        errors.append(abs(float(ships.loc[apart_m.idxmin(), "length_m"]) / length_m - 1))
                both += hits == len(pair)
    return len(seeds) * len(truth), both, float(np.mean(errors)) if errors else np.nan


def count_at_quays(seeds: range, pixel_m: float) -> tuple[int, int, int]:
    """Ships of the scenes with quays, second hulls found in their objects, and those of these that count."""
    ships, seconds, counted = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            found, _ = detect(open_scene(make_scene(Path(folder), seed, pixel_m)))
            ships += 6
            is_second = np.array(["split_off" in flags for flags in found["flags"]], bool)
            seconds, counted = seconds + int(is_second.sum()), counted + int((is_second & found["accepted"]).sum())
    return ships, seconds, counted


def main() -> None:
    """Print a line for each kind of pair, and one for quays."""
    given = [float(word) for word in sys.argv[1:]]
    pixel_m, first, scenes = [*given, *[0.5, 11.0, 5.0][len(given) :]]
    seeds = range(int(first), int(first + scenes))
    for kind in SHARES:
        pairs, both, error = count_pairs(seeds, pixel_m, kind)
        told = f"both ships found in {both} of {pairs} pairs, lengths err by {100 * error:.1f} %"
        print(f"simulated, {pixel_m:g} m, a tanker and {kind}: {told}", flush=True)
    ships, seconds, counted = count_at_quays(range(int(first) + 730, int(first + scenes) + 740), pixel_m)
    print(f"simulated, {pixel_m:g} m, quays: {ships} ships, {seconds} second hulls, {counted} of them count")


if __name__ == "__main__":
    main()
