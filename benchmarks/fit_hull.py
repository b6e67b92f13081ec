"""Fit the regression that turns a radar object's extents into metres, cross-validated by ship and by scene.

    python -m benchmarks.fit_hull CHIPS [--write]

CHIPS is a folder with labels.csv (file, scene, mmsi, center_row, center_col, length_ref_m, loa_m, beam_m, flag_*) and
sigma0/*.tif, one ship in the middle of each. Each chip goes through the detector like any scene; the object nearest to
the labelled centre is used. The length is a regularised median regression of its logarithm. Cross-validated figures
come from ships (or scenes) left out of their fit, and so do the errors whose quantiles become the intervals.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import DetectionConfig
from pipeline.detection.radar import detect_radar, hull
from pipeline.detection.radar.hull import COEFFICIENTS_FILE, HullSize
from pipeline.ingest.scenes import OpenOptions, open_scene
from pipeline.types import Scene, Sensor, Tile, Window

REACH_PX = 12.0
RIDGE = 6.0  # on standardised columns; 3 to 10 give the same figures within 0.2 m
FREE_RIDGE = 0.3  # on the extent's own columns, which carry the length
LEAST_ERROR = 0.03  # of ln length: errors below this weigh alike, larger ones by their absolute value
FOLDS, REPEATS = 10, 10
KINDS = {"cross+co": ("VH", "VV"), "cross": ("VH",), "co": ("VV",)}
KNOTS_M = (40.0, 90.0, 160.0, 320.0)  # the interval's width is interpolated between these lengths
SPREAD = 0.45  # of ln length, over which errors of neighbouring sizes are pooled
TAIL = 0.05


@dataclass(frozen=True)
class Ships:
    """Labels of the ships found, what was measured of each, and the number missed."""

    table: pd.DataFrame
    sizes: list[HullSize]
    missed: int

    @property
    def rows(self) -> np.ndarray:
        """The length's design matrix."""
        return np.array([s.features.row for s in self.sizes])


def measured(folder: Path, bands: tuple[str, ...]) -> Ships:
    """Every labelled ship of a folder of chips, detected in these bands only."""
    labels = pd.read_csv(folder / "labels.csv")
    labels = labels[labels["length_ref_m"].notna()]
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0, scaling="sigma0", search_land=False)
    kept, sizes = [], []
    for index, ship in labels.iterrows():
        found = sizes_in(only(open_scene(folder / "sigma0" / ship["file"], options), bands))
        distance = [np.hypot(s.row - ship["center_row"], s.col - ship["center_col"]) for s in found]
        if distance and min(distance) <= REACH_PX:
            kept.append(index)
            sizes.append(found[int(np.argmin(distance))])
    return Ships(labels.loc[kept].reset_index(drop=True), sizes, len(labels) - len(kept))


def sizes_in(scene: Scene) -> list[HullSize]:
    """Every object's size, as the detector measures it."""
    out: list[HullSize] = []

    def keep(cutout: hull.Cutout) -> HullSize:
        out.append(hull.measure(cutout))
        return out[-1]

    detect_radar(scene, DetectionConfig(), keep)
    return out


def only(scene: Scene, bands: tuple[str, ...]) -> Scene:
    """The scene with only these bands."""
    at = [scene.bands.index(b) for b in bands]

    def read(window: Window) -> Tile:
        tile = scene.read(window)
        return Tile(window, bands, tile.data[at], tile.valid, tile.water)

    return replace(scene, bands=bands, read=read)


def median_regression(rows: np.ndarray, target: np.ndarray, free: int) -> np.ndarray:
    """Coefficients of least absolute error; the first ``free`` columns after the constant get a weak penalty."""
    mean, sd = rows.mean(0), rows.std(0)
    sd[0], mean[0] = 1.0, 0.0
    z = (rows - mean) / np.maximum(sd, 1e-9)
    held = np.diag([0.0] + [FREE_RIDGE] * free + [RIDGE] * (rows.shape[1] - 1 - free))
    weight = np.ones(len(target))
    for _ in range(60):
        b = np.linalg.solve(z.T @ (z * weight[:, None]) + held, z.T @ (weight * target))
        weight = 1 / np.maximum(np.abs(target - z @ b), LEAST_ERROR)
        weight /= weight.mean()
    b = b / np.maximum(sd, 1e-9)
    b[0] -= b[1:] @ mean[1:]
    return b


def held_out(rows: np.ndarray, target: np.ndarray, groups: list[np.ndarray], free: int) -> np.ndarray:
    """Predictions for each ship from fits without her group, averaged over several groupings."""
    total = np.zeros(len(target))
    for group in groups:
        for g in np.unique(group):
            out = group == g
            total[out] += rows[out] @ median_regression(rows[~out], target[~out], free)
    return total / len(groups)


def by_ship(table: pd.DataFrame) -> list[np.ndarray]:
    """Random folds that keep all rows of a ship together."""
    ships = pd.factorize(table["mmsi"])[0]
    return [np.random.default_rng(n).permutation(ships.max() + 1)[ships] % FOLDS for n in range(REPEATS)]


def interval(log_length: np.ndarray, error: np.ndarray) -> list[list[float]]:
    """Knots of ln length, and near each the 5 and 95 % quantiles of held-out errors, one rank wider (conformal)."""
    knots = np.log(KNOTS_M)
    low, high = [], []
    for knot in knots:
        weight = np.exp(-0.5 * ((log_length - knot) / SPREAD) ** 2)
        order = np.argsort(error)
        share = (np.cumsum(weight[order]) - weight[order] / 2) / (weight.sum() + 1.0)
        low.append(float(np.interp(TAIL * 0.9, share, error[order])))
        high.append(float(np.interp(1 - TAIL, share + 1.0 / (weight.sum() + 1.0) * 0.5, error[order])))
    return [[round(float(v), 4) for v in values] for values in (knots, low, high)]


def fit(ships: Ships) -> dict[str, object]:
    """The coefficients that the program needs to size objects of one kind."""
    true = np.log(ships.table["length_ref_m"].to_numpy(float))
    guess = held_out(ships.rows, true, by_ship(ships.table), 2)
    known = ships.table["beam_m"].notna().to_numpy()
    narrow = np.array([s.features.fitted_beam - s.features.fitted_length for s in ships.sizes])
    beam_rows = np.column_stack([np.ones(len(true)), guess, narrow])[known]
    beam = np.log(ships.table["beam_m"].to_numpy(float)[known])
    beam_guess = held_out(beam_rows, beam, by_ship(ships.table[known]), 1)
    return {
        "length": [round(float(c), 5) for c in median_regression(ships.rows, true, 2)],
        "length_interval": interval(guess, true - guess),
        "beam": [round(float(c), 5) for c in median_regression(beam_rows, beam, 1)],
        "beam_interval": interval(guess[known], beam - beam_guess),
        "ships": len(true),
    }


def figures(table: pd.DataFrame, predicted: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    """Errors against the registry, of all ships and of those without a flag."""
    flags = table[["flag_interference", "flag_port", "flag_multi"]].fillna(0).sum(axis=1).to_numpy()
    true, parts = table["loa_m"].to_numpy(float), []
    for name, use in (("all", np.isfinite(true)), ("clean", np.isfinite(true) & (flags == 0))):
        error = predicted[use] - true[use]
        inside = np.mean((true >= low)[use] & (true <= high)[use])
        parts.append(
            f"{name} n {use.sum()} MAE {np.abs(error).mean():.2f} m, bias {error.mean():+.2f}, score "
            f"{1 - np.mean(np.abs(error) / true[use]):.3f}, inside {inside:.3f}, "
            f"width {np.median((high - low)[use]):.0f} m"
        )
    return " | ".join(parts)


def cross_validated(ships: Ships, groups: list[np.ndarray]) -> str:
    """Figures with both lengths and intervals fitted on other ships."""
    true = np.log(ships.table["length_ref_m"].to_numpy(float))
    guess = held_out(ships.rows, true, groups, 2)
    low, high = np.zeros(len(true)), np.zeros(len(true))
    group = groups[0]
    for g in np.unique(group):
        out = group == g
        inner = held_out(ships.rows[~out], true[~out], by_ship(ships.table[~out])[:3], 2)
        knots, below, above = interval(inner, true[~out] - inner)
        low[out] = guess[out] + np.interp(guess[out], knots, below)
        high[out] = guess[out] + np.interp(guess[out], knots, above)
    return figures(ships.table, np.exp(guess), np.exp(low), np.exp(high))


def main() -> None:
    """Fit every kind, print its accuracy, and with ``--write`` store the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chips", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {COEFFICIENTS_FILE.name}")
    args = parser.parse_args()
    made = {}
    for kind, bands in KINDS.items():
        ships = measured(args.chips, bands)
        made[kind] = fit(ships)
        print(f"{kind}: {ships.missed} of {len(ships.table) + ships.missed} not found")
        print("  cross-validated by ship :", cross_validated(ships, by_ship(ships.table)))
        print("  cross-validated by scene:", cross_validated(ships, [pd.factorize(ships.table["scene"])[0]]))
        print("  coefficients", json.dumps(made[kind]))
    if args.write:
        COEFFICIENTS_FILE.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
