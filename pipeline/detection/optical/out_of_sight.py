"""Masks of zone pixels where no ship could have been found, though there is no cloud: unknown, not empty.

Valid in zones only: they are water, so that apparent land in them hides water.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.clouds import averaged_tile, veil_mask
from pipeline.detection.optical.objects import apparent_land
from pipeline.detection.optical.over_water import interpolate_grid
from pipeline.detection.optical.water import (
    MIN_REFLECTANCE_GAP,
    Levels,
    grid_positions,
    levels_grid,
    normalise,
    water_level_at,
)
from pipeline.types import Radiometry, Scene

if TYPE_CHECKING:
    from pipeline.types import BoolImage, Tile

# Infrared reflectance of a dull deck over water (our choice). Of 10 simulated tankers in glint, at 3 m, none was lost
# where the detection threshold was 0.04 to 0.08 over water, 2 at 0.08 to 0.15, 7 at 0.11 to 0.23
DULL_DECK_REFLECTANCE = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSight:
    """The settings of an image's search that determine what it leaves out."""

    scene: Scene
    levels: Levels
    factor: int  # pixels a side in the averaged blocks of the search
    sigmas: float
    by_contrast: bool  # by contrast alone: the hull network also searches apparent land

    def masks(self, tile: Tile) -> tuple[BoolImage, BoolImage]:
        """Two masks of a window: pixels that were not seen, and apparent land, which may be land or hide water.

        Without a map, apparent land may be a quay in a zone drawn over it. What is darker in the infrared than land,
        such as a plume of silt, counts as not seen.
        """
        spacing_m = float(np.mean(self.scene.pixel_spacing_m))
        hidden, land = veil_mask(tile, self.levels, spacing_m), np.zeros(tile.valid.shape, bool)
        if not self.by_contrast:
            return hidden, land
        hidden |= self._glint_mask(tile)
        normal = normalise(averaged_tile(tile, self.factor), self.levels, self.factor)
        land = _blocks_to_pixels(apparent_land(normal, self.sigmas, spacing_m * self.factor), self.factor, land.shape)
        if self.scene.radiometry is Radiometry.REFLECTANCE and land.any():
            k = tile.bands.index(self.levels.infrared)
            hidden |= land & (tile.data[k] - water_level_at(tile.window, self.levels, k) < MIN_REFLECTANCE_GAP)
        return hidden, land & ~hidden

    def _glint_mask(self, tile: Tile) -> BoolImage:
        """Where the detection threshold over the water's noise is above a dull deck: glint, broken ice.

        Only for reflectances. In other units a deck may be as bright as land, or three times so.
        """
        if self.scene.radiometry is not Radiometry.REFLECTANCE:
            return np.zeros(tile.valid.shape, bool)
        k, grid = tile.bands.index(self.levels.infrared), levels_grid(self.levels, noise=True)
        noise = interpolate_grid(grid[k], *grid_positions(tile.window, self.levels, grid.shape[1:]))
        return np.asarray(self.sigmas * noise > DULL_DECK_REFLECTANCE, bool)


def _blocks_to_pixels(blocks: BoolImage, factor: int, shape: tuple[int, ...]) -> BoolImage:
    """Blocks as pixels of a window of that shape; the last ones may be cut."""
    return np.repeat(np.repeat(blocks, factor, 0), factor, 1)[: shape[0], : shape[1]]
