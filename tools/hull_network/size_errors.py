"""Errors of length and beam on simulated ports not used in training: the basis of the intervals.

`python -m tools.hull_network.size_errors COUNT [NET.onnx+... [FIRST_SEED]]`; constants were set on 72 from 200,000 on.

Boats drawn for training are stouter than ships, so beam errors are also given for hulls of ships' proportions alone.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import ndimage

from pipeline.detection import detect
from pipeline.detection.optical import network
from pipeline.types import Radiometry, Scene, Sensor, Source, Tile, Window
from tools.hull_network.canvas import FINE, PIXEL_M
from tools.hull_network.evaluate import weights_of
from tools.hull_network.ports import SIDE_PX, drawn

FIRST_SEED = 100_000  # training used seeds from 0 on
BANDS = ("B02", "B03", "B04", "B08", "B11")
SHIPSHAPE = (4.6, 9.5)  # length over beam of 9 in 10 merchant ships of 55 to 90 m, the stoutest sizes


def scene_of(light: np.ndarray) -> Scene:
    """A drawn port as a scene in memory."""

    def read(window: Window) -> Tile:
        part = light[:, window.row0 : window.row1, window.col0 : window.col1]
        every = np.ones(part.shape[1:], bool)
        return Tile(window, BANDS, part, every, every)

    return Scene(
        scene_id="drawn",
        sensor=Sensor.SENTINEL2,
        platform="simulated",
        acquired=None,
        shape=(SIDE_PX, SIDE_PX),
        bands=BANDS,
        radiometry=Radiometry.REFLECTANCE,
        pixel_spacing_m=(PIXEL_M, PIXEL_M),
        read=read,
        source=Source("memory", "0" * 64, light.nbytes),
        simulated=True,
    )


def errors(seed: int) -> tuple[list[list[float]], int, int]:
    """Rows of (length, measured, low, high, beam, measured, low, high); numbers of hulls in one port, and found."""
    light, canvas = drawn(seed)
    table, _ = detect(scene_of(light))
    table = table[table["accepted"]]
    whole = np.bincount(canvas.hull[canvas.hull > 0].ravel(), minlength=1)
    out, used = [], 0
    numbers = [n for n, (length, beam) in canvas.sizes.items() if n > 0 and _complete(n, whole, length, beam)]
    if not numbers:
        return [], 0, 0
    centres = (np.array(ndimage.center_of_mass(canvas.hull > 0, canvas.hull, numbers)) + 0.5) / FINE - 0.5
    for number, (row, col) in zip(numbers, centres, strict=True):
        apart = np.hypot(table["row"] - row, table["col"] - col)
        if len(apart) and apart.min() < 4:
            hit = table.iloc[int(np.argmin(apart))]
            used += 1
            out.append([
                canvas.sizes[number][0], *hit[["length_m", "length_lo_m", "length_hi_m"]],
                canvas.sizes[number][1], *hit[["beam_m", "beam_lo_m", "beam_hi_m"]],
            ])  # fmt: skip
    return out, len(numbers), used


def _complete(number: int, whole: np.ndarray, length: float, beam: float) -> bool:
    """Is the whole hull visible on the canvas, not covered by another?"""
    return number < len(whole) and whole[number] * (PIXEL_M / FINE) ** 2 > 0.8 * 0.93 * length * beam


def main() -> None:
    """Print errors by length."""
    if len(sys.argv) > 2:
        network.WEIGHTS_FILES = weights_of(sys.argv[2])
    found_rows: list[list[float]] = []
    ships = found = 0
    first = int(sys.argv[3]) if len(sys.argv) > 3 else FIRST_SEED
    for seed in range(first, first + int(sys.argv[1])):
        more, n, hit = errors(seed)
        found_rows += more
        ships, found = ships + n, found + hit
    print(f"{found} of {ships} drawn hulls found")
    table = np.array(found_rows)
    for low, high in ((48, 90), (90, 150), (150, 400), (48, 400)):
        some = table[(table[:, 0] >= low) & (table[:, 0] < high)]
        ratio = some[:, 0] / some[:, 4]
        usual = some[(ratio > SHIPSHAPE[0]) & (ratio < SHIPSHAPE[1])]
        for name, k, rows in (("length", 0, some), ("beam", 4, some), ("beam of ships' proportions", 4, usual)):
            error = rows[:, k + 1] - rows[:, k]
            held = ((rows[:, k] >= rows[:, k + 2]) & (rows[:, k] <= rows[:, k + 3])).mean()
            low5, high5 = np.percentile(error, [5, 95])
            print(
                f"{low}-{high} m {name}: n {len(rows)}, bias {np.median(error):+.1f} m, mean absolute "
                f"{np.abs(error).mean():.1f} m, 5 to 95 % {low5:+.1f} {high5:+.1f} m, intervals hold {held:.2f}"
            )


if __name__ == "__main__":
    main()
