"""Where in zones nothing is looked for or could be found, though no cloud is there: that is unknown, not empty.

Only zones are asked, which are water: what looks like land in them hides water.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.clouds import coarse, veil_mask
from pipeline.detection.optical.objects import SEED_SIGMAS, taken_for_land
from pipeline.detection.optical.over_water import between
from pipeline.detection.optical.water import MIN_REFLECTANCE_GAP, Levels, levels_grid, normalise, places, water_at
from pipeline.types import Radiometry, Scene

if TYPE_CHECKING:
    from pipeline.types import BoolImage, Tile

# By which a dull deck exceeds water in infrared reflectance (our choice). Of 10 simulated tankers in glint, at 3 m,
# none was lost where an object must exceed it by 0.04 to 0.08, 2 at 0.08 to 0.15, 7 at 0.11 to 0.23
DULL_DECK = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSight:
    """How an image is searched, so far as it tells what the search leaves out."""

    scene: Scene
    levels: Levels
    factor: int  # pixels a side in the blocks that are searched
    sigmas: float
    by_contrast: bool  # by nothing else: the hull network also looks where land would be

    def masks(self, tile: Tile) -> tuple[BoolImage, BoolImage]:
        """Pixels of a window that were not seen, and those of them that may be land, unless the image's is known.

        Without a map what was taken for land may be a quay in a zone that was drawn over it, but for what is darker in
        the infrared than land is, such as a plume of silt.
        """
        spacing_m = float(np.mean(self.scene.pixel_spacing_m))
        hidden, land = veil_mask(tile, self.levels, spacing_m), np.zeros(tile.valid.shape, bool)
        if not self.by_contrast:
            return hidden, land
        hidden |= self._glitters(tile)
        normal = normalise(coarse(tile, self.factor), self.levels, self.factor)
        land = _as_pixels(taken_for_land(normal, self.sigmas, spacing_m * self.factor), self.factor, land.shape)
        if self.scene.radiometry is Radiometry.REFLECTANCE and land.any():
            k = tile.bands.index(self.levels.infrared)
            hidden |= land & (tile.data[k] - water_at(tile.window, self.levels, k) < MIN_REFLECTANCE_GAP)
        return hidden, land & ~hidden

    def _glitters(self, tile: Tile) -> BoolImage:
        """Where an object must exceed the water's own noise by more than a dull deck does: glint, broken ice.

        Told where reflectance is known. In other units a deck may shine as much as land, or three times so.
        """
        if self.scene.radiometry is not Radiometry.REFLECTANCE:
            return np.zeros(tile.valid.shape, bool)
        k, grid = tile.bands.index(self.levels.infrared), levels_grid(self.levels, noise=True)
        noise = between(grid[k], *places(tile.window, self.levels, grid.shape[1:]))
        return np.asarray(max(self.sigmas, SEED_SIGMAS) * noise > DULL_DECK, bool)


def _as_pixels(blocks: BoolImage, factor: int, shape: tuple[int, ...]) -> BoolImage:
    """Blocks as pixels of a window of that shape; the last ones may be cut."""
    return np.repeat(np.repeat(blocks, factor, 0), factor, 1)[: shape[0], : shape[1]]
