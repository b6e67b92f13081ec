"""Cloud shadows: where they may lie, since hulls look dimmer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.bearings import toward
from pipeline.detection.optical.clouds import CloudMap, block_means
from pipeline.types import Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage

CLOUD_HEIGHTS_M = (300.0, 4000.0)  # tops of clouds that leave a scene usable; our choice
SKYLIT = ("B02", "B03", "B", "G")  # skylight keeps water bright here, so that a shadow shows
SHADOW_DEPTH = 0.12  # share of the image's usual water that is missing in a shadow; our choice
SHADOW_CELL_M, SHADOW_SMOOTH_M = 80.0, 110.0  # cells in which shadows are cast; smoothing of the water's darkness
STRIP_CELLS = 64  # rows of cells that are averaged at once


def cast_shadows(scene: Scene, clouds: CloudMap) -> BoolImage | None:
    """Cells of a whole image, of some 80 m, where a shadow may lie; None without clouds or the sun's angles.

    A shadow falls ``height / tan(sun elevation)`` away from the sun; cloud tops stand at anything from 0.3 to 4 km, so
    every place along that line may hold one.
    """
    view = scene.optical
    if view is None or view.sun_azimuth_deg is None or not view.sun_elevation_deg or not clouds.has_cloud:
        return None
    factor = _cell_px(scene)
    step = STRIP_CELLS * factor
    rows, cols = scene.shape
    strips = [Window(row0, 0, min(step, rows - row0), cols) for row0 in range(0, rows, step)]
    cloud = np.concatenate([block_means(clouds.within(s).astype(np.float32), factor) > 0.5 for s in strips])
    south, east = toward(scene, ((rows - 1) / 2, (cols - 1) / 2), view.sun_azimuth_deg + 180.0)
    out = np.zeros_like(cloud)
    cell_m = float(np.mean(scene.pixel_spacing_m)) * factor
    for height_m in np.arange(CLOUD_HEIGHTS_M[0], CLOUD_HEIGHTS_M[1], cell_m):
        reach = height_m / np.tan(np.radians(view.sun_elevation_deg)) / cell_m
        out |= _shifted(cloud, round(reach * south), round(reach * east))
    return out


def shadow_mask(scene: Scene, tile: Tile, levels: Levels, cast: BoolImage, cloud: BoolImage) -> BoolImage:
    """Pixels of a tile where a shadow may lie and the water is darker than the image's own."""
    factor, window = _cell_px(scene), tile.window
    row, col = (np.arange(a, b) // factor for a, b in ((window.row0, window.row1), (window.col0, window.col1)))
    dark = cast[np.ix_(row, col)]
    size = max(3, round(SHADOW_SMOOTH_M / float(np.mean(scene.pixel_spacing_m))))
    for name in [b for b in tile.bands if b in SKYLIT] or [levels.infrared]:
        k = tile.bands.index(name)
        dark &= ndimage.uniform_filter(block_means(tile.data[k], 1), size) < (1 - SHADOW_DEPTH) * levels.water[k]
    return np.asarray(dark & tile.valid & ~cloud)


def _cell_px(scene: Scene) -> int:
    return max(1, round(SHADOW_CELL_M / float(np.mean(scene.pixel_spacing_m))))


def _shifted(mask: BoolImage, rows: int, cols: int) -> BoolImage:
    """The mask moved down and to the right; what leaves the image is gone."""
    out = np.zeros_like(mask)
    if abs(rows) >= mask.shape[0] or abs(cols) >= mask.shape[1]:
        return out
    to = np.s_[max(0, rows) : mask.shape[0] + min(0, rows), max(0, cols) : mask.shape[1] + min(0, cols)]
    source = np.s_[max(0, -rows) : mask.shape[0] + min(0, -rows), max(0, -cols) : mask.shape[1] + min(0, -cols)]
    out[to] = mask[source]
    return out
