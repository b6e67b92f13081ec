"""Loss in exported Sentinel-1 images: real composites resampled onto another grid, as cloud exporters and GIS tools do.

``python -m benchmarks.resampled_composites S1_COMPOSITES``: each composite's amplitude is rotated within a wide no-data
frame, or given narrow pixels as in a grid of degrees, by nearest neighbour or bilinearly, and searched with default
settings on a UTM grid. Detections further than 150 m from each labelled ship count as others, except in the composite's
own boxes of unlabelled craft.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject
from scipy.optimize import linear_sum_assignment

from pipeline.detection import detect
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor

NEAR_M, SPACING_M = 150.0, 10.0
ZONE, EAST_M, NORTH_M = "EPSG:32650", 500_000.0, 2_450_000.0
FORMS = {  # rotation of the grid [deg], metres per row and per column
    "as it is": (0.0, 10.0, 10.0),
    "turned by 12°": (12.0, 10.0, 10.0),
    "turned by 20°": (20.0, 10.0, 10.0),
    "turned by 45°": (45.0, 10.0, 10.0),
    "10 x 7.3 m": (0.0, 10.0, 7.3),
    "10 x 4.2 m": (0.0, 10.0, 4.2),
}
OPTIONS = OpenOptions(sensor=Sensor.SENTINEL1, scaling="amplitude", search_land=False)


def warped(path: Path, form: tuple[float, float, float], how: Resampling, folder: Path) -> tuple[Path, Affine]:
    """A composite on another grid, and the transform from its original pixels to metres in that grid's zone."""
    turn_deg, row_m, col_m = form
    with rasterio.open(path) as file:
        pixels, names = file.read().astype(np.float32), file.descriptions
    bands, rows, cols = pixels.shape
    own = Affine.translation(EAST_M - cols * SPACING_M / 2, NORTH_M + rows * SPACING_M / 2) * Affine.scale(
        SPACING_M, -SPACING_M
    )
    half_m = np.array([rows, cols]) * SPACING_M / 2
    reach = np.abs(np.array([[np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))]]))
    down_m, along_m = (float((reach @ ends)[0]) for ends in (half_m, half_m[::-1]))
    about = Affine.translation(EAST_M, NORTH_M) * Affine.rotation(turn_deg)
    grid = about * Affine.translation(-along_m, down_m) * Affine.scale(col_m, -row_m)
    out = np.zeros((bands, round(2 * down_m / row_m), round(2 * along_m / col_m)), np.float32)
    for band, onto in zip(pixels, out, strict=True):
        reproject(
            band, onto, src_transform=own, dst_transform=grid, src_crs=ZONE, dst_crs=ZONE, resampling=how,
            src_nodata=0, dst_nodata=0,
        )  # fmt: skip
    profile = {"driver": "GTiff", "dtype": "float32", "crs": ZONE, "transform": grid, "nodata": 0}
    with rasterio.open(
        folder / path.name, "w", count=bands, height=out.shape[1], width=out.shape[2], **profile
    ) as file:
        file.write(out)
        file.descriptions = names
    return folder / path.name, own


def scored(path: Path, own: Affine, labels: dict[str, Any]) -> tuple[int, int, list[float]]:
    """Ships found, other accepted detections, and length errors [m]."""
    scene = open_scene(path, OPTIONS)
    table, _ = detect(scene)
    table = table[table["accepted"]]
    with rasterio.open(path) as file:
        x, y = file.transform * (table["col"].to_numpy() + 0.5, table["row"].to_numpy() + 0.5)
    col, row = (np.asarray(at) - 0.5 for at in ~own * (x, y))
    ships = labels["ships"]
    apart_px = np.hypot(*(np.subtract.outer(at, [s[name] for s in ships]) for at, name in ((row, "row"), (col, "col"))))
    found, known = linear_sum_assignment(np.minimum(apart_px, 2 * NEAR_M / SPACING_M))
    near = apart_px[found, known] < NEAR_M / SPACING_M
    found, known = found[near], known[near]
    boxes = [(c0 <= col) & (col <= c1) & (r0 <= row) & (row <= r1) for c0, r0, c1, r1 in labels["ignore_boxes"]]
    others = ~np.isin(np.arange(len(table)), found) & ~np.any(boxes, axis=0)
    off_m = np.abs(table["length_m"].to_numpy()[found] - np.array([ships[k]["loa_m"] or np.nan for k in known]))
    return len(found), int(others.sum()), [float(v) for v in off_m[np.isfinite(off_m)]]


def main() -> None:
    """Print a line for each form, over all composites."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    paths = sorted(parser.parse_args().folder.glob("*_grd.tif"))
    with tempfile.TemporaryDirectory() as scratch:
        for how in (Resampling.nearest, Resampling.bilinear):
            for name, form in FORMS.items():
                found, others, ships, off_m = 0, 0, 0, []
                for path in paths:
                    labels = json.loads(path.with_name(path.name.replace("_grd.tif", "_labels.json")).read_text())
                    hits, false, lengths = scored(*warped(path, form, how, Path(scratch)), labels)
                    found, others, ships = found + hits, others + false, ships + len(labels["ships"])
                    off_m += lengths
                print(
                    f"{how.name}, {name}: {found} of {ships} found, {others} others, lengths {np.mean(off_m):.1f} m",
                    flush=True,
                )


if __name__ == "__main__":
    main()
