"""Is it the same ship? Error rates of the same-ship probability between two looks, on simulated fleets.

    python -m benchmarks.same_ship --seeds 1-8 [--pixel 0.5] [--coasters]

Each seed is a fleet of six product tankers (58-185 m; with --coasters 58-110 m), drawn in two scenes that differ in
light, view, sea, sensor, heading and load. Every pair of a ship in the first scene and one in the second is judged;
pairs of different ships are weighted so that both kinds of pair count equally. SIMULATED.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.submetre_scenes import CELL_M, EPSG, GRID, ORIGIN, coaster, random_hull, state_of
from pipeline.calls.same_ship import freeboard_change, same_ship_probability
from pipeline.detection import detect
from pipeline.ingest.scenes import open_scene
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.optical_products import Picture, write_picture

BINS = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0)


def looks(folder: Path, seed: int, pixel_m: float, *, coasters: bool = False) -> list[dict[int, dict[str, Any]]]:
    """Detections of one fleet in two scenes, each as ship number -> her detection's row with the truth."""
    fleet = np.random.default_rng([seed, 78])
    names = [f"r{seed}-{n}" for n in range(GRID[0] * GRID[1])]
    hulls = [coaster(name, fleet) if coasters else random_hull(name, fleet, "product_tanker") for name in names]
    out = []
    for look in range(2):
        rng = np.random.default_rng([seed, 79, look])
        time = datetime(2024, 3, 1, 2, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 300)))
        light = Light(float(rng.uniform(20, 45)), float(rng.uniform(0, 360)), float(rng.uniform(0, 30)),
                      float(rng.uniform(0, 360)))  # fmt: skip
        shape = tuple(round(n * CELL_M / pixel_m) for n in GRID)
        frame = MapFrame(EPSG, *ORIGIN, pixel_m, shape)
        ships, places = [], []
        for n, hull in enumerate(hulls):
            state = state_of(hull, float(rng.uniform(0, 360)), float(rng.beta(0.8, 0.8)), time)
            cell = np.array([n % GRID[1] + 0.5, -(n // GRID[1] + 0.5)])
            centre = np.array(ORIGIN) + cell * CELL_M + rng.uniform(-30, 30, 2)
            ships.append((state, (float(centre[0]), float(centre[1]))))
            places.append((centre, state.freeboard_m))
        sea = float(rng.uniform(1.0, 9.0))
        image = render(frame, np.ones(shape, bool), ships, [], light, 0.0, sea, np.random.SeedSequence([seed, 5, look]))
        bands = ("pan",) if rng.random() < 0.5 else ("B", "G", "R", "N")
        picture = Picture(f"r{seed:05d}-{look}", frame, image, bands, "SIM-50CM", time, light)
        out.append(_found(write_picture(folder, picture, "minimal"), places))
    return out


def _found(path: Path, places: list[tuple[np.ndarray, float]]) -> dict[int, dict[str, Any]]:
    from pyproj import Transformer

    scene = open_scene(path)
    table, _ = detect(scene)
    table = table[table["accepted"]]
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    out = {}
    assert scene.geolocation is not None
    for n, (centre, freeboard) in enumerate(places):
        row, col = scene.geolocation.rowcol(*to_degrees.transform(*centre))
        apart = np.hypot(table["row"] - float(row), table["col"] - float(col)) * scene.pixel_spacing_m[0]
        if len(apart) and apart.min() < 25.0:
            out[n] = table.loc[apart.idxmin()].to_dict() | {"true_freeboard_m": freeboard}
    return out


def pairs(seed: int, folder: Path, pixel_m: float, *, coasters: bool = False) -> list[dict[str, Any]]:
    """One row per pair: stated probability, truth, and the change of freeboard if both looks measured one."""
    first, second = looks(folder, seed, pixel_m, coasters=coasters)
    out = []
    for a, one in first.items():
        for b, two in second.items():
            row: dict[str, Any] = {"seed": seed, "same": a == b, "told": same_ship_probability(one, two)}
            change = freeboard_change(one, two)
            if a == b and change is not None:
                truth = two["true_freeboard_m"] - one["true_freeboard_m"]
                row |= {"change_m": change.change_m, "lo": change.lo_m, "hi": change.hi_m, "true_change_m": truth}
            out.append(row)
    return out


def report(rows: pd.DataFrame) -> list[str]:
    """Error rates, calibration, and the change of freeboard, as lines."""
    same, probability = rows["same"].to_numpy(bool), rows["told"].to_numpy(float)
    weight = np.where(same, 0.5 / max(1, same.sum()), 0.5 / max(1, (~same).sum()))
    out = [f"{same.sum()} pairs of one hull, {(~same).sum()} of two"]
    out.append(f"one hull told as two (p < 0.5): {(probability[same] < 0.5).mean():.3f}; below 0.01: "
               f"{(probability[same] < 0.01).mean():.3f}")  # fmt: skip
    out.append(f"two hulls told as one (p > 0.5): {(probability[~same] > 0.5).mean():.3f}; above 0.9: "
               f"{(probability[~same] > 0.9).mean():.3f}")  # fmt: skip
    for low, high in pairwise(BINS):
        here = (probability >= low) & ((probability < high) | (high == 1.0))
        if here.any():
            truth = float((weight * same)[here].sum() / weight[here].sum())
            mean = float((weight * probability)[here].sum() / weight[here].sum())
            out.append(f"told {low:g} to {high:g}: {here.sum()} pairs, mean told {mean:.3f}, one hull in {truth:.3f}")
    out.append(f"Brier score {float((weight * (probability - same) ** 2).sum()):.4f} (0.25 for knowing nothing)")
    if "change_m" in rows and rows["change_m"].notna().any():
        seen = rows[rows["change_m"].notna()]
        error = seen["change_m"] - seen["true_change_m"]
        held = ((seen["lo"] <= seen["true_change_m"]) & (seen["true_change_m"] <= seen["hi"])).mean()
        out.append(f"change of freeboard, {len(seen)} hulls: {error.abs().mean():.2f} m mean absolute, bias "
                   f"{error.mean():+.2f} m, intervals hold {held:.2f}, sign right where the change exceeds 0.5 m: "
                   f"{_signs(seen)}")  # fmt: skip
    return out


def _signs(seen: pd.DataFrame) -> str:
    large = seen[seen["true_change_m"].abs() > 0.5]
    right = int((np.sign(large["change_m"]) == np.sign(large["true_change_m"])).sum())
    return f"{right} of {len(large)}"


def main(arguments: Sequence[str] = ()) -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-8")
    parser.add_argument("--pixel", type=float, default=0.5)
    parser.add_argument("--coasters", action="store_true", help="tankers of 58-110 m: one trade")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(list(arguments))
    first, last = (int(v) for v in args.seeds.split("-"))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(first, last + 1):
            rows += pairs(seed, Path(scratch), args.pixel, coasters=args.coasters)
    table = pd.DataFrame(rows)
    if args.out:
        table.to_pickle(args.out)
    print(f"SIMULATED, {args.pixel} m pixels, seeds {args.seeds}{', coasters' * args.coasters}")
    print("\n".join(report(table)))


if __name__ == "__main__":
    main(sys.argv[1:])
