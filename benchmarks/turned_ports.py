"""How much optical results depend on an image's orientation: ports rotated by quarters, mirrored or cut by some pixels.

``python -m benchmarks.turned_ports S2_PORTS [--without-network]``: of the ships accepted in the original port, how many
are accepted within 40 m in each other form; how many others appear; and how far lengths differ. ``--sensor optical``
and ``--pattern 'sim-[35]*.tif'`` do the same for a folder of sub-metre images with their sidecars.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import Affine
from scipy.optimize import linear_sum_assignment

from pipeline.calls.geodesy import to_plane
from pipeline.detection import detect
from pipeline.detection.optical import network
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor

SAME_M = 40.0  # half the length of the shortest hull in question
CUT_PX = (3, 8)  # rows and columns cut off; after a cut of 8 the network's three scales use the same pixels


def forms(pixels: np.ndarray, grid: Affine) -> dict[str, tuple[np.ndarray, Affine]]:
    """Pixels of shape (bands, rows, cols) and their grid, by name of the form; the ground coordinates stay the same."""
    _, rows, cols = pixels.shape
    to_plain = {1: Affine(0, -1, cols, 1, 0, 0), 2: Affine(-1, 0, cols, 0, -1, rows), 3: Affine(0, 1, 0, -1, 0, rows)}
    out = {"as it is": (pixels, grid)}
    out |= {f"turned {90 * n}°": (np.rot90(pixels, n, (1, 2)), grid * turn) for n, turn in to_plain.items()}
    out["from south to north"] = pixels[:, ::-1], grid * Affine(1, 0, 0, 0, -1, rows)
    return out | {f"cut by {n} px": (pixels[:, n:, n:], grid * Affine.translation(n, n)) for n in CUT_PX}


def found(path: Path, form: tuple[np.ndarray, Affine], folder: Path, sensor: Sensor) -> pd.DataFrame:
    """The ships accepted in one form of an image."""
    pixels, grid = form
    with rasterio.open(path) as plain:
        profile, names, tags = plain.profile, plain.descriptions, plain.tags()
    profile.update(height=pixels.shape[1], width=pixels.shape[2], transform=grid)
    with rasterio.open(folder / path.name, "w", **profile) as file:
        file.write(np.ascontiguousarray(pixels))
        file.descriptions = names
        file.update_tags(**{name: value for name, value in tags.items() if name != "AREA_OR_POINT"})
    for sidecar in path.parent.glob(f"{path.stem}*.json"):
        told = json.loads(sidecar.read_text())
        told.pop("sha256", None)  # checksum of the original image
        (folder / sidecar.name).write_text(json.dumps(told))
    for metadata in path.parent.glob(f"{path.stem}*.xml"):
        shutil.copy(metadata, folder)
    table, _ = detect(open_scene(folder / path.name, OpenOptions(sensor=sensor)))
    return table[table["accepted"]]


def same(one: pd.DataFrame, other: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both tables that are the same ship, each used once."""
    if one.empty or other.empty:
        return np.zeros(0, int), np.zeros(0, int)
    origin = float(one["lon"].mean()), float(one["lat"].mean())
    a, b = (np.column_stack(to_plane(t["lon"].to_numpy(), t["lat"].to_numpy(), origin)) for t in (one, other))
    apart_m = np.linalg.norm(a[:, None] - b[None], axis=2)
    rows, cols = linear_sum_assignment(np.minimum(apart_m, 2 * SAME_M))
    near = apart_m[rows, cols] < SAME_M
    return rows[near], cols[near]


def main() -> None:
    """Print a line for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without-network", action="store_true")
    parser.add_argument("--sensor", type=Sensor, default=Sensor.SENTINEL2)
    parser.add_argument("--pattern", default="*.tif", help="names of the images")
    words = parser.parse_args()
    if words.without_network:
        network.WEIGHTS_FILES = (Path("none"),)
    counts: dict[str, np.ndarray] = {}
    differ: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(words.folder.glob(words.pattern)):
            with rasterio.open(path) as file:
                pixels, grid = file.read(), file.transform
            stored = forms(pixels, grid).items()
            tables = {name: found(path, form, Path(scratch), words.sensor) for name, form in stored}
            plain = tables.pop("as it is")
            for name, table in tables.items():
                here, there = same(plain, table)
                told = np.array([len(plain), len(here), len(table) - len(there)])
                counts[name] = counts.get(name, 0) + told
                apart_m = np.abs(plain["length_m"].to_numpy()[here] - table["length_m"].to_numpy()[there])
                differ.setdefault(name, []).extend(apart_m)
    for name, (ships, again, others) in counts.items():
        middle, most = np.percentile(differ[name], (50, 90))
        print(f"{name}: {again} of {ships} again, {others} others; lengths differ by {middle:.1f} m, p90 {most:.1f} m")


if __name__ == "__main__":
    main()
