"""Training scenes: real ports with their labels, the same with ships added, and simulated ports.

All are in the units of the network's input: local water 0, the image's land 1, band by band.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import rasterio
from scipy import ndimage

from pipeline.detection.optical.spectral import MOST_GAIN, USUAL_SPREAD, network_gain, scaled_bands
from pipeline.detection.optical.water import compressed_light, survey_levels
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tools.hull_network import materials, vessels
from tools.hull_network.canvas import Canvas, seen

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNLABELLED = Path(__file__).with_name("unlabelled.csv")  # objects that look like hulls to us and have no label
QUIET = 0.35  # infrared on the scale water 0, land 1: below is water


@dataclass(slots=True, eq=False)
class TrainingScene:
    """Pixels, hulls and their centres. ``ids`` numbers hulls from 1; negative: unknown, excluded from the loss."""

    name: str
    scaled: NDArray[np.float32]  # (5, rows, cols)
    present: tuple[bool, ...]
    ids: NDArray[np.int32]
    centres: NDArray[np.float32]  # (hulls + 1, 2): row, col; row 0 is unused
    gain: NDArray[np.float64]  # of the network's input, (5,)


def centres_of(ids: NDArray[np.int32]) -> NDArray[np.float32]:
    """Mean row and column of each hull number from 1 on, shape (n + 1, 2)."""
    count = max(0, int(ids.max()))
    out = np.zeros((count + 1, 2), np.float32)
    if count:
        out[1:] = ndimage.center_of_mass(ids > 0, ids, np.arange(1, count + 1))
    return out


def real_scene(folder: Path, file: str) -> TrainingScene:
    """A labelled port, opened by the package's reader."""
    image = pd.read_csv(folder / "images.csv").set_index("file").loc[file]
    names = image["bands"].split()
    options = OpenOptions(sensor=Sensor.SENTINEL2, bands={name: i for i, name in enumerate(names, 1)})
    scene = open_scene(folder / file, options)
    levels = survey_levels(scene, 1024)
    tile = scene.read(Window(0, 0, *scene.shape))
    scaled, present = scaled_bands(tile, levels)
    with rasterio.open(folder / "masks" / f"{file.rsplit('_', 1)[0]}.tif") as source:
        ids = source.read(1).astype(np.int32)
    ids[~tile.valid] = -1
    spare = pd.read_csv(folder / "unlabelled_candidates.csv")
    for box in spare[spare["file"] == file].itertuples():
        part = ids[int(box.y) : int(box.y + box.h), int(box.x) : int(box.x + box.w)]
        part[part == 0] = -1
    port = file.split("_20")[0]
    doubtful = pd.read_csv(UNLABELLED)
    for one in doubtful[doubtful["port"] == port].itertuples():
        near = np.hypot(*(np.indices(ids.shape) - np.array([one.row, one.col])[:, None, None])) <= one.radius_px
        ids[near & (ids == 0)] = -1
    return TrainingScene(port, scaled, present, ids, centres_of(ids), network_gain(levels, scene.bands))


def tightened(scene: TrainingScene) -> TrainingScene:
    """Tighten labels drawn a pixel or two too wide: pixels at a hull's rim as dark as water become unknown."""
    infrared = scene.scaled[3] if scene.present[3] else scene.scaled[4]
    bright = np.maximum(infrared, 0.6 * scene.scaled[:3].max(axis=0))
    for n in range(1, len(scene.centres)):
        of_ship = scene.ids == n
        dark = of_ship & (bright < 0.35 * np.median(bright[of_ship]))
        if dark.sum() < 0.45 * of_ship.sum():
            scene.ids[dark] = -1
    return scene


def simulated_scene(light: NDArray[np.float32], land: NDArray[np.bool_], hull: NDArray[np.int16]) -> TrainingScene:
    """A drawn port in the same units, scaled by its own water and land as a survey would find them."""
    ids = hull.astype(np.int32)
    wet = ~land & (ids == 0)
    sea = np.median(light[:, wet], axis=1) if wet.sum() > 50 else light.min(axis=(1, 2))
    ground = np.median(light[:, land], axis=1) if land.sum() > 400 else sea + 0.15
    scaled = (light - sea[:, None, None]) / max(float(ground[3] - sea[3]), 0.05)
    _, renumbered = np.unique(np.where(ids > 0, ids, 0), return_inverse=True)
    ids = np.where(ids < 0, ids, renumbered.reshape(ids.shape)).astype(np.int32)
    spread = compressed_light(scaled).std(axis=(1, 2))
    gain = np.clip(np.array(USUAL_SPREAD) / np.maximum(spread, 1e-6), 1 / MOST_GAIN, MOST_GAIN)
    return TrainingScene("simulated", scaled.astype(np.float32), (True,) * 5, ids, centres_of(ids), gain)


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """A cut-out hull: pixels in scaled units, hull cover of each, size in pixels, which bands are real."""

    scaled: NDArray[np.float32]
    alpha: NDArray[np.float32]
    length_px: float
    beam_px: float
    present: tuple[bool, ...]


def drawn_chip(rng: np.random.Generator, angle: float, pixel_m: float) -> Chip:
    """A simulated hull at an angle, scaled by randomly drawn land and water."""
    length, beam = vessels.any_size(rng, 50.0)
    length, beam = length * 10.0 / pixel_m, beam * 10.0 / pixel_m  # the canvas has pixels of 10 m
    side = 2 * int(length / 20.0 + 4)
    sea = materials.water(rng)
    canvas = Canvas(side, sea)
    middle = side * 5.0
    ship = vessels.Vessel(middle + rng.uniform(-5, 5), middle + rng.uniform(-5, 5), length, beam, angle)
    vessels.draw(canvas, ship, 1, (0.0, 0.0), rng)
    light = seen(canvas.light, rng)
    cover = np.repeat((canvas.hull != 0).astype(np.float32)[None], 5, 0)
    alpha = seen(cover, np.random.default_rng(1))
    scaled = (light - sea[:, None, None]) / rng.uniform(0.14, 0.28)
    return Chip(scaled, np.clip(alpha, 0, 1), length / 10, beam / 10, (True,) * 5)


def cut_chip(scene: TrainingScene, number: int, angle: float) -> Chip:
    """A labelled hull, rotated to lie at ``angle`` (from the columns' axis towards the rows')."""
    rows, cols = np.nonzero(scene.ids == number)
    points = np.column_stack([rows, cols]).astype(float)
    middle = points.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((points - middle).T) + np.eye(2) / 12)
    was = np.arctan2(vectors[0, 1], vectors[1, 1])
    length, beam = np.sqrt(12 * values[1]), np.sqrt(12 * values[0])
    half = int(np.ceil(length / 2)) + 3
    turn = angle - was
    grid = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    c, s = np.cos(-turn), np.sin(-turn)
    at_row = middle[0] + grid[1] * s + grid[0] * c
    at_col = middle[1] + grid[1] * c - grid[0] * s
    inside = ndimage.binary_erosion(scene.ids == number, np.ones((3, 3))) if beam > 5.5 else scene.ids == number
    alpha = ndimage.map_coordinates(inside.astype(np.float32), [at_row, at_col], order=1)
    scaled = np.stack([ndimage.map_coordinates(b, [at_row, at_col], order=1, mode="nearest") for b in scene.scaled])
    alpha = np.clip(alpha * 1.2, 0, 1)
    return Chip(scaled, np.repeat(alpha[None], 5, 0), length, beam, scene.present)


def with_more_ships(
    scene: TrainingScene, donors: list[TrainingScene], pixel_m: float, count: int, seed: int
) -> TrainingScene:
    """The scene with ships added along its quays and on its open water: drawn ones, and ones cut from the donors."""
    rng = np.random.default_rng(seed)
    out = TrainingScene(scene.name, scene.scaled.copy(), scene.present, scene.ids.copy(), scene.centres, scene.gain)
    infrared = next(scene.scaled[k] for k in (3, 4, 2) if scene.present[k])
    bright = (infrared > QUIET) & (scene.ids == 0)
    labels, _ = ndimage.label(bright, np.ones((3, 3)))
    large = np.bincount(labels.ravel()) > 400
    large[0] = False
    land = large[labels]
    away = ndimage.distance_transform_edt(~land)
    smooth = ndimage.gaussian_filter(away, 2.0)
    slope = np.stack(np.gradient(smooth))
    taken = ndimage.binary_dilation((bright & ~land) | (scene.ids != 0), iterations=1)
    near = np.argwhere((away > 1.2) & (away < 6) & ~taken)
    open_water = np.argwhere((away > 9) & ~taken)
    pool = [(d, n) for d in donors for n in range(1, len(d.centres)) if (d.ids == n).sum() > 15]
    done = 0
    for _ in range(8 * count):
        if done >= count:
            break
        moored = rng.random() < 0.8
        spots = near if moored and len(near) else open_water
        if not len(spots):
            continue
        row, col = spots[rng.integers(len(spots))]
        gradient = slope[:, row, col]
        angle = np.arctan2(gradient[0], gradient[1]) + np.pi / 2 if moored else rng.uniform(0, 2 * np.pi)
        if moored and rng.random() < 0.1:
            angle += np.pi / 2
        angle += rng.normal(0, 0.02) + (np.pi if rng.random() < 0.5 else 0)
        if pool and rng.random() < 0.5:
            donor, n = pool[rng.integers(len(pool))]
            chip = cut_chip(donor, n, angle)
        else:
            chip = drawn_chip(rng, angle, pixel_m)
        done += _paste(out, chip, (int(row), int(col)), land, taken, away, rng, moored=moored)
    out.centres = centres_of(out.ids)
    return out


def _paste(
    scene: TrainingScene,
    chip: Chip,
    at: tuple[int, int],
    land: NDArray[np.bool_],
    taken: NDArray[np.bool_],
    away: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    moored: bool,
) -> bool:
    """Add one hull where it fits: no land or other hull under it, and a straight quay beside it if moored."""
    if not all(a or not b for a, b in zip(chip.present, scene.present, strict=True)):
        return False
    half = chip.alpha.shape[1] // 2
    row0, col0 = at[0] - half, at[1] - half
    row1, col1 = row0 + chip.alpha.shape[1], col0 + chip.alpha.shape[2]
    if row0 < 0 or col0 < 0 or row1 > scene.ids.shape[0] or col1 > scene.ids.shape[1]:
        return False
    box = np.s_[row0:row1, col0:col1]
    hull = chip.alpha[0] > 0.5
    if hull.sum() < 8 or (land[box] & hull).mean() / hull.mean() > 0.04 or (taken[box] & hull).any():
        return False
    if moored:
        rim = ndimage.binary_dilation(hull, iterations=2) & ~hull
        beside = (away[box][rim] < 1.5).mean()
        if not 0.15 < beside < 0.8:
            return False
    gain = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.12, 5))[:, None, None]
    for k in range(5):
        if scene.present[k]:
            was = scene.scaled[k][box]
            scene.scaled[k][box] = was * (1 - chip.alpha[k]) + chip.scaled[k] * gain[k] * chip.alpha[k]
    scene.ids[box][hull] = scene.ids.max() + 1
    taken[box] |= hull
    return True
