"""What clipped radar pictures lose: real composites' ships found after export to 8 bits with common contrast stretches.
``python -m benchmarks.cut_off_pictures S1_COMPOSITES [--without-groups]``.

Each composite's VV band, in amplitude or dB, is saved as 8 bits between two quantiles or at three standard deviations
around the mean, and searched with default settings. ``--without-groups`` ignores what groups of saturated pixels tell.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import rasterio

from pipeline.detection import detect
from pipeline.detection.radar import clumps
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor

NEAR_PX = 12
OPTIONS = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0)


def stretches(amplitude: np.ndarray) -> dict[str, np.ndarray]:
    """8-bit pictures by the name of their stretch."""
    db = 20 * np.log10(np.maximum(amplitude, 1))
    out = {}
    for of, values in (("amplitude", amplitude), ("dB", db)):
        measured = values[amplitude > 0]
        mean, sd = measured.mean(), measured.std()
        ends = {"all": (measured.min(), measured.max()), "mean ± 3 sd": (mean - 3 * sd, mean + 3 * sd)}
        ends |= {f"{p:g}–{100 - p:g} %": tuple(np.percentile(measured, (p, 100 - p))) for p in (0.1, 1, 2)}
        for name, (low, high) in ends.items():
            out[f"{of}, {name}"] = np.clip((values - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
    return out


def search(picture: np.ndarray, ships: list[dict[str, float]], folder: Path) -> str:
    """A line of text: ships found, other accepted detections, length error, and intervals that hold."""
    path = folder / "picture.tif"
    rows, cols = picture.shape
    with rasterio.open(path, "w", driver="GTiff", height=rows, width=cols, count=1, dtype="uint8") as file:
        file.write(picture, 1)
    table, diagnostics = detect(open_scene(path, OPTIONS))
    table = table[table["accepted"]].reset_index(drop=True)
    hits: dict[int, float] = {}
    for ship in ships:
        away = np.hypot(table["row"] - ship["row"], table["col"] - ship["col"])
        if len(away) and away.min() < NEAR_PX:
            hits[int(away.argmin())] = ship["loa_m"]
    held = table.loc[list(hits)]
    true = np.array(list(hits.values()))
    inside = int(((held["length_lo_m"] <= true) & (true <= held["length_hi_m"])).sum())
    error = float(np.abs(held["length_m"] - true).mean()) if len(true) else float("nan")
    cut = f"{diagnostics['blind_share']:.2f} of the water told nothing"
    return f"{len(hits)} of {len(ships)} found, {len(table) - len(hits)} others, {error:.0f} m, {inside} hold; {cut}"


def main() -> None:
    """Print a line for each composite and stretch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without-groups", action="store_true")
    words = parser.parse_args()
    if words.without_groups:
        clumps.find_clumps = lambda *_: []
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(words.folder.glob("*_grd.tif")):
            with rasterio.open(path) as file:
                amplitude = file.read(file.count).astype(float)  # VV is the last
            ships = json.loads(path.with_name(path.name.replace("_grd.tif", "_labels.json")).read_text())["ships"]
            for name, picture in stretches(amplitude).items():
                print(f"{path.name[:8]} {name}: {search(picture, ships, Path(scratch))}", flush=True)


if __name__ == "__main__":
    main()
