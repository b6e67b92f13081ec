"""Water so thick with small bright things that no hull can be told among them: white caps, glint, a field of boats.

A hull is fitted between straight lines about whatever stands out (`between_lines`). Where crests lie a few tens of
metres apart some of them line up by chance, and rectangles between such lines are as long and slender as hulls. So what
stands out is counted before anything is measured. Where it is thick, what lies there is unknown; small objects are not
fitted, and of larger ones only a sure outline is believed. Nothing of it is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from pipeline.detection.optical.between_lines import SURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.optical.objects import Blob
    from pipeline.types import BoolImage, FloatArray, Window

FLAG = "rough_water"
SMALL_M = 45.0  # white caps and what of them runs together, boats; hulls of merchant ships are longer (our choice)
REACH_M = 150.0  # around a place, within which they are counted (our choice)
# So many of them there: simulated seas of 5 m/s and less have 14 and give no hull, those of 6 m/s with 20 to 40 do;
# around ships, their boxes and quays stand 6 at most
THICK = 16
CELL_M = 30.0  # in which the image is told


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One object that stands out of the water, before it is measured."""

    blob: Blob
    window: Window  # in whose (averaged) pixels the blob is told
    row: float  # its middle, in pixels of the image
    col: float
    length_m: float  # by its moments
    cloudy: float  # share of it under cloud

    @property
    def small(self) -> bool:
        """Is it as small as what waves make, and by itself?"""
        return self.length_m < SMALL_M and not self.blob.moored


@dataclass(frozen=True, slots=True, eq=False)
class RoughWater:
    """Cells of an image in which small objects stand thick."""

    cell_px: tuple[float, float]  # rows and columns of pixels in a cell
    thick: BoolImage

    def at(self, rows: NDArray[np.generic], cols: NDArray[np.generic]) -> BoolImage:
        """Is it so at these pixels?"""
        if not self.thick.any():
            return np.zeros(np.shape(rows), bool)
        i, j = (
            np.clip(np.floor((np.asarray(at, float) + 0.5) / side), 0, most - 1).astype(np.intp)
            for at, side, most in zip((rows, cols), self.cell_px, self.thick.shape, strict=True)
        )
        return np.asarray(self.thick[i, j], bool)

    def holds(self, one: Standing) -> bool:
        """Does an object lie in such water, by itself? What lies at a quay is told by the quay."""
        return not one.blob.moored and bool(self.at(np.array([one.row]), np.array([one.col]))[0])

    def note(self) -> str | None:
        """What it means for the image, as a line; None where there is none."""
        if not self.thick.any():
            return None
        share = max(1, round(100 * float(self.thick.mean())))
        return (
            f"white caps, glint or small craft stand thick over {share} % of the image: no hull can be told among "
            "them, so what lies there is unknown"
        )


def rough_water(objects: Iterable[Standing], shape: tuple[int, int], spacing_m: tuple[float, float]) -> RoughWater:
    """Where small objects stand thicker than `THICK` within `REACH_M`; beyond the image's edge they are as thick."""
    sides_m = [n * s for n, s in zip(shape, spacing_m, strict=True)]
    counts = [max(1, int(np.ceil(side / CELL_M))) for side in sides_m]
    cell_px = tuple(n / count for n, count in zip(shape, counts, strict=True))
    middles = [(o.row + 0.5, o.col + 0.5) for o in objects if o.small and o.cloudy <= 0.5]
    thick = np.zeros(counts, bool)
    if len(middles) >= THICK / 4:  # in a corner a quarter of the circle lies in the image
        at_m = [
            (np.arange(count, dtype=np.float64) + 0.5) * (side / count)
            for count, side in zip(counts, sides_m, strict=True)
        ]
        south, east = np.meshgrid(*at_m, indexing="ij")
        tree = cKDTree(np.array(middles) * spacing_m)
        near = tree.query_ball_point(np.stack([south, east], axis=-1), REACH_M, return_length=True)
        within = _within(at_m[0], sides_m[0])[:, None] * _within(at_m[1], sides_m[1])
        thick = np.asarray(near >= THICK * within, bool)
    return RoughWater((cell_px[0], cell_px[1]), thick)


def _within(at_m: FloatArray, side_m: float) -> FloatArray:
    """Share of the reach around each place that lies within the image, along one axis."""
    inside = np.minimum(at_m + REACH_M, side_m) - np.maximum(at_m - REACH_M, 0.0)
    return np.asarray(inside / (2 * REACH_M))


def unsure(odds: float | None) -> bool:
    """Is an outline none that waves cannot make?"""
    return odds is None or odds < SURE
