"""Length, beam and heading in 10 m pixels, and coverage of their 90 % intervals, on simulated ships of known size.

    python -m benchmarks.hull_sizes --seeds 1-12 [--contrast]

Ships are painted at a twelfth of a pixel, then blurred by Sentinel-2's point spread (a Gaussian of 0.57 pixels: a
modulation of 0.2 at the sampling limit) with noise. The painter is not the one that the hull network was trained on.
SIMULATED.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from pipeline.detection.optical import network
from pipeline.types import Radiometry, Scene, Sensor, Source, Tile, Window

BANDS = ("B02", "B03", "B04", "B08", "B11")
SIDE_PX, PIXEL_M, FINE = 300, 10.0, 12
CELLS = 4  # ships per side of the grid
SPREAD_PX = 0.57
WATER = np.array([0.06, 0.05, 0.035, 0.02, 0.01])
LAND = np.array([0.05, 0.08, 0.09, 0.26, 0.24])
DECKS = np.array(  # green, red, grey, black and white paint: our reading of open images
    [[0.06, 0.10, 0.07, 0.16, 0.15], [0.07, 0.08, 0.15, 0.23, 0.20], [0.14, 0.15, 0.16, 0.18, 0.17],
     [0.08, 0.08, 0.08, 0.09, 0.09], [0.32, 0.33, 0.34, 0.34, 0.28]]
)  # fmt: skip


def painted(seed: int) -> tuple[np.ndarray, list[dict[str, float]]]:
    """Reflectance, shape (5, side, side), and its ships; land along the lower edge."""
    rng = np.random.default_rng([seed, 2026])
    light = np.empty((5, SIDE_PX, SIDE_PX))
    light[:] = (WATER * rng.uniform(0.7, 1.4))[:, None, None]
    rough = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE_PX, SIDE_PX)), 1.5)
    shore = SIDE_PX - 24
    light[:, shore:] = (LAND[:, None, None] * (1 + 0.5 * rough[shore:] / rough.std())).clip(0.01)
    ships = []
    step = (SIDE_PX - 40) / CELLS
    for n in range(CELLS * CELLS):
        length = float(np.exp(rng.uniform(np.log(50), np.log(330))))
        beam, heading = length / float(rng.uniform(5.0, 7.5)), float(rng.uniform(0, 360))
        row = (n // CELLS + 0.5) * step + rng.uniform(-8, 8)
        col = (n % CELLS + 0.5) * step + 15 + rng.uniform(-8, 8)
        _paint(light, (row, col, length, beam, heading), DECKS[rng.integers(len(DECKS))], rng)
        ships.append({"row": row, "col": col, "length_m": length, "beam_m": beam, "heading_deg": heading})
    seen = np.stack([ndimage.gaussian_filter(b, 1.1 if k == 4 else SPREAD_PX) for k, b in enumerate(light)])
    return seen + rng.normal(0, 0.002, seen.shape), ships


def _paint(light: np.ndarray, ship: tuple[float, ...], deck: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a pointed hull with a white house aft, by covered area."""
    row, col, length, beam, heading = ship
    half = int(length / 2 / PIXEL_M) + 3
    top, left = round(row) - half, round(col) - half
    at = (np.arange((2 * half + 1) * FINE) + 0.5) / FINE - 0.5
    south = (at[:, None] + top - row) * PIXEL_M
    east = (at[None, :] + left - col) * PIXEL_M
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    u, v = -south * c + east * s, south * s + east * c
    width = beam / 2 * np.clip((length / 2 - u) / (rng.uniform(0.08, 0.16) * length), 0, 1) ** 0.6
    hull = (np.abs(u) < length / 2) & (np.abs(v) < width)
    house = hull & (u < -length / 2 + 0.14 * length) & (u > -length / 2 + 0.03 * length) & (np.abs(v) < 0.45 * beam)
    shares = [m.reshape(2 * half + 1, FINE, 2 * half + 1, FINE).mean(axis=(1, 3)) for m in (hull, house)]
    r0, c0 = max(0, top), max(0, left)
    r1, c1 = min(SIDE_PX, top + 2 * half + 1), min(SIDE_PX, left + 2 * half + 1)
    cut = np.s_[r0 - top : r1 - top, c0 - left : c1 - left]
    for k in range(5):
        here = light[k, r0:r1, c0:c1]
        here *= 1 - shares[0][cut]
        here += deck[k] * (shares[0] - shares[1])[cut] + 0.42 * shares[1][cut]


def scene_of(light: np.ndarray) -> Scene:
    """The painting as a scene in memory."""

    def read(window: Window) -> Tile:
        part = light[:, window.row0 : window.row1, window.col0 : window.col1].astype(np.float32)
        every = np.ones(part.shape[1:], bool)
        return Tile(window, BANDS, part, every, every)

    return Scene(
        scene_id="painted", sensor=Sensor.SENTINEL2, platform="simulated", acquired=None, shape=light.shape[1:],
        bands=BANDS, radiometry=Radiometry.REFLECTANCE, pixel_spacing_m=(PIXEL_M, PIXEL_M), read=read,
        source=Source("memory", "0" * 64, light.nbytes), simulated=True,
    )  # fmt: skip


def measure(seed: int) -> list[dict[str, Any]]:
    """One row per ship: the truth, and what was measured at her place."""
    from pipeline.config import DetectionConfig
    from pipeline.detection.optical import detect_optical
    from pipeline.detection.screening import is_accepted

    light, ships = painted(seed)
    config = DetectionConfig()
    found = [c for c in detect_optical(scene_of(light), None, config).candidates if is_accepted(c, config.screening)]
    out = []
    for ship in ships:
        near = [c for c in found if np.hypot(c.row - ship["row"], c.col - ship["col"]) < 4]
        row: dict[str, Any] = {"seed": seed} | {f"true_{k}": v for k, v in ship.items()}
        if near:
            c = min(near, key=lambda c: np.hypot(c.row - ship["row"], c.col - ship["col"]))
            turn = np.degrees(np.arctan2(c.axis[1], -c.axis[0])) - ship["heading_deg"]
            row |= {"method": c.method, "turn_deg": (turn + 90) % 180 - 90, "heading_half_deg": c.heading_half_deg}
            row |= {k: getattr(c, k) for k in
                    ("length_m", "length_lo_m", "length_hi_m", "beam_m", "beam_lo_m", "beam_hi_m")}  # fmt: skip
        out.append(row)
    return out


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors and interval coverage, by true length."""
    out = {}
    for low, high in ((50, 90), (90, 150), (150, 330), (50, 330)):
        part = rows[rows["true_length_m"].between(low, high)]
        seen = part[part["length_m"].notna()]
        held = {n: ((seen[f"{n}_lo_m"] <= seen[f"true_{n}_m"]) & (seen[f"true_{n}_m"] <= seen[f"{n}_hi_m"])).mean()
                for n in ("length", "beam")}  # fmt: skip
        error = {n: seen[f"{n}_m"] - seen[f"true_{n}_m"] for n in ("length", "beam")}
        out[f"{low}-{high} m"] = {
            "ships": len(part), "found": len(seen),
            "length |m|": error["length"].abs().mean(), "bias m": error["length"].median(), "held": held["length"],
            "beam |m|": error["beam"].abs().mean(), "beam bias m": error["beam"].median(), "beam held": held["beam"],
            "heading |deg|": seen["turn_deg"].abs().mean(),
            "heading held": (seen["turn_deg"].abs() <= seen["heading_half_deg"]).mean(),
            "half-width deg": seen["heading_half_deg"].mean(),
        }  # fmt: skip
    return pd.DataFrame(out)


def main(arguments: Sequence[str] = ()) -> None:
    """Paint, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-12")
    parser.add_argument("--contrast", action="store_true", help="without the hull network")
    parser.add_argument("--out")
    args = parser.parse_args(list(arguments))
    if args.contrast:
        network.is_available = lambda: False  # type: ignore[assignment]
    first, last = (int(v) for v in args.seeds.split("-"))
    table = pd.DataFrame([row for seed in range(first, last + 1) for row in measure(seed)])
    if args.out:
        table.to_pickle(args.out)
    print(f"SIMULATED, 10 m pixels, seeds {args.seeds}")
    print(summary(table).round(2).to_string())


if __name__ == "__main__":
    main(sys.argv[1:])
