"""Coarse masks of an image in cells of 30 m: where objects are dense, what lies near something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

CELL_M = 30.0  # side of a cell


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A mask of an image by cells."""

    cell_px: tuple[float, float]  # rows and columns of pixels in one
    chosen: BoolImage

    @property
    def share(self) -> float:
        """Share of the image that is chosen."""
        return float(self.chosen.mean())

    def at(self, rows: NDArray[np.generic], cols: NDArray[np.generic]) -> BoolImage:
        """Are these pixels in chosen cells?"""
        i, j = (
            np.clip(np.floor((np.asarray(at, float) + 0.5) / side), 0, most - 1).astype(np.intp)
            for at, side, most in zip((rows, cols), self.cell_px, self.chosen.shape, strict=True)
        )
        return np.asarray(self.chosen[i, j], bool)


def cells_near(
    middles: Sequence[tuple[float, float]],
    least: int,
    reach_m: float,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
) -> Cells:
    """Cells with at least ``least`` of the points ``middles`` (row, col) within reach; near the image's edge fewer
    suffice, in proportion to the area inside, but at least half."""
    sides_m = [n * s for n, s in zip(shape, spacing_m, strict=True)]
    rows, cols = (max(1, int(np.ceil(side / CELL_M))) for side in sides_m)
    chosen = np.zeros((rows, cols), bool)
    if middles:
        south, east = (
            (np.arange(n, dtype=np.float64) + 0.5) * (side / n) for n, side in zip((rows, cols), sides_m, strict=True)
        )
        tree = cKDTree((np.array(middles) + 0.5) * spacing_m)
        places = np.stack(np.meshgrid(south, east, indexing="ij"), axis=-1)
        found = tree.query_ball_point(places, reach_m, return_length=True)
        share = _within(south, sides_m[0], reach_m)[:, None] * _within(east, sides_m[1], reach_m)
        chosen = np.asarray(found >= np.maximum((least + 1) // 2, np.round(least * share, 6)), bool)
    return Cells((shape[0] / rows, shape[1] / cols), chosen)


def _within(at_m: FloatArray, side_m: float, reach_m: float) -> FloatArray:
    """Share of the reach around each place that lies within the image, along one axis."""
    inside = np.minimum(at_m + reach_m, side_m) - np.maximum(at_m - reach_m, 0.0)
    return np.asarray(inside / (2 * reach_m))
