"""Find ship-sized patches of rough water that differ slightly from the sea around: a dark ship may hide there.

A dark ship among white caps shows only as one more small object, her house. Pixel by pixel her deck is within the sea's
variation, but the mean over a box as large as the smallest merchant hull varies far less than single pixels do. So
each such box is compared with all others in the water around: boxes `APART` spreads from the rest may be a deck, its
shadow, or a group of waves. They are not detections; the area is unknown.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage, signal

from pipeline.detection.optical.clouds import CloudMap, averaged_tile
from pipeline.detection.optical.objects import LAND_WIDTH_M, object_floor, open_with_disc
from pipeline.detection.optical.water import Levels, NormalisedImage, normalise
from pipeline.types import Scene, tiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.detection.candidates import Candidate
    from pipeline.detection.optical.cells import Cells
    from pipeline.types import BoolImage, FloatArray, FloatImage, Window

PIXEL_M = 3.0  # pixel size to which water is averaged, which evens out crests of wind waves
BOX_M = (60.0, 12.0)  # length and beam of a small coaster's or bunker tanker's hull (our choice)
TURNS = 12  # directions of the box in half a turn
WIDE_M = 240.0  # over which the sea's own level is averaged: twice a long swell
CORE_M, MARGIN_M = 1500.0, 300.0  # side and margin of the window in which boxes are compared
PRESSED = 4.0  # spreads to which single pixels are clipped, so that a white cap counts little more than a deck
# Simulated seas of 6 to 12 m/s, seeds 61 and 62: boxes on 30 dark tankers reach 5.4 and more; of those elsewhere one in
# a thousand 4.2 to 5.4
APART = 5.0
BY_LAND_M = 36.0  # half a box and a little: a box nearer to land or to a known hull includes some of it


def ship_sized_patches(
    scene: Scene, levels: Levels, clouds: CloudMap, rough: Cells, sigmas: float, threads: int
) -> list[tuple[float, float]]:
    """Middles (row, col) of such patches, in pixels of the image, where the water is rough."""
    if not rough.chosen.any():
        return []
    factor = max(1, round(PIXEL_M / float(np.mean(scene.pixel_spacing_m))))
    spacing_m = factor * float(np.mean(scene.pixel_spacing_m))
    size, margin = (round(side / spacing_m) * factor for side in (CORE_M, MARGIN_M))

    def search_window(core: Window) -> list[tuple[float, float]]:
        middles = (np.arange(start, start + count, factor) for start, count in
                   ((core.row0, core.rows), (core.col0, core.cols)))  # fmt: skip
        rows, cols = np.meshgrid(*middles, indexing="ij")
        if not rough.at(rows.ravel(), cols.ravel()).any():
            return []
        window = core.padded(margin, scene.shape)
        tile = scene.read(window)
        normal = normalise(averaged_tile(tile, factor), levels, factor)
        sea = _open_sea(normal, sigmas, spacing_m) & ~_any_in_block(clouds.within(window), factor, normal.over.shape)
        peaks = _peaks(box_deviation(normal.over, sea, spacing_m), round(BOX_M[1] / spacing_m))
        at = np.argwhere(peaks) * factor + (factor - 1) / 2 + (window.row0, window.col0)
        own = (at >= (core.row0, core.col0)).all(axis=1) & (at < (core.row1, core.col1)).all(axis=1)
        at = at[own]
        return [(float(row), float(col)) for row, col in at[rough.at(at[:, 0], at[:, 1])]]

    with ThreadPoolExecutor(threads) as pool:
        return [place for places in pool.map(search_window, tiles(scene.shape, size)) for place in places]


def box_deviation(over: FloatImage, sea: BoolImage, spacing_m: float) -> FloatArray:
    """Deviation of the box mean at each pixel from those of all others, in spreads, largest over the box's directions;
    0 off the sea."""
    if not sea.any():
        return np.zeros(over.shape)
    centre, spread = _centre_and_spread(over[sea])
    light = np.where(sea, np.clip(over - centre, -PRESSED * spread, PRESSED * spread), 0.0)
    side, there = round(WIDE_M / spacing_m), sea.astype(np.float64)
    share = ndimage.uniform_filter(there, side)
    light = (light - ndimage.uniform_filter(light, side) / np.maximum(share, 1e-3)) * there
    means = np.stack([signal.fftconvolve(light, box, mode="same") for box in _boxes(spacing_m)])
    _, between = _centre_and_spread(means[:, sea])
    return np.where(sea, np.abs(means).max(axis=0) / max(between, 1e-9), 0.0)


def away_from_hulls(
    patches: Iterable[tuple[float, float]], candidates: Iterable[Candidate], spacing_m: tuple[float, float]
) -> list[tuple[float, float]]:
    """The patches that are not at one of these hulls."""
    hulls = [shapely.Polygon(c.outline * spacing_m) for c in candidates]
    tree = shapely.STRtree([hull for hull in hulls if hull.is_valid])
    kept = []
    for row, col in patches:
        at = shapely.Point(row * spacing_m[0], col * spacing_m[1])
        if len(tree.query(at, predicate="dwithin", distance=BY_LAND_M)) == 0:
            kept.append((row, col))
    return kept


def _open_sea(normal: NormalisedImage, sigmas: float, spacing_m: float) -> BoolImage:
    """Valid water pixels that are not close to land, mapped or not."""
    land = open_with_disc(normal.over > object_floor(normal, sigmas), LAND_WIDTH_M / spacing_m) | ~normal.wet
    away = ndimage.distance_transform_edt(~land) if land.any() else np.full(land.shape, np.inf)
    return np.asarray(normal.valid & (away * spacing_m > BY_LAND_M), bool)


def _any_in_block(mask: BoolImage, factor: int, shape: tuple[int, ...]) -> BoolImage:
    """Blocks with any pixel in the mask; the last blocks may be incomplete."""
    rows, cols = (n * factor for n in shape)
    whole = np.zeros((rows, cols), bool)
    part = mask[:rows, :cols]
    whole[: part.shape[0], : part.shape[1]] = part
    return np.asarray(whole.reshape(shape[0], factor, shape[1], factor).any(axis=(1, 3)), bool)


def _boxes(spacing_m: float) -> list[FloatArray]:
    """Weights of the box in each direction, as kernels."""
    reach = int(np.ceil(BOX_M[0] / 2 / spacing_m)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] * spacing_m
    out = []
    for turn in np.arange(TURNS) * np.pi / TURNS:
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        inside = (np.abs(along) <= BOX_M[0] / 2) & (np.abs(across) <= BOX_M[1] / 2)
        out.append(inside / inside.sum())
    return out


def _peaks(height: FloatArray, reach: int) -> BoolImage:
    """Local maxima above `APART`, within ``reach`` pixels."""
    return np.asarray((height > APART) & (height == ndimage.maximum_filter(height, 2 * reach + 1)), bool)


def _centre_and_spread(values: FloatArray | FloatImage) -> tuple[float, float]:
    """Median and robust standard deviation."""
    centre = float(np.median(values))
    return centre, 1.4826 * float(np.median(np.abs(values - centre)))
