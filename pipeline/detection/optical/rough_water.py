"""Water thick with small bright things: white caps, glint, a field of boats.

A hull is fitted between straight lines about whatever stands out (`between_lines`). Where crests lie a few tens of
metres apart some of them line up by chance, and rectangles between such lines are as long and slender as hulls. So what
stands out is counted before anything is measured. Where it is thick small objects are not fitted, and of larger ones
only a sure outline is believed; where the sea itself makes objects as long as ships, or patches (`ship_sized`), what
lies there is unknown. Nothing of it is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from pipeline.detection.optical.between_lines import SURE
from pipeline.detection.optical.ship_sized import not_hers
from pipeline.types import PART_OF_HULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.candidates import Candidate
    from pipeline.detection.optical.objects import Blob
    from pipeline.types import BoolImage, FloatArray, Window

FLAG = "rough_water"
SMALL_M = 45.0  # white caps and what of them runs together, boats; hulls of merchant ships are longer (our choice)
REACH_M = 250.0  # around a place, within which they are counted (our choice)
# So many of them there. Around simulated ships, boxes and quays stand 6 at most; a simulated sea of 6 m/s has 8 to 30,
# and 30 of its 84 white caps were measured as hulls of 25 to 112 m
THICK = 16
# So many are taken for white caps: 80 boats in a simulated harbour of 0.6 km2 make 25 of it on average, a sea at 8 m/s
# 140, at 12 m/s 490 (a scene each). Among boats, two in a row are a patch of the water like any ship. Our choice
CROWDED = 64
PATCH_REACH_M = 90.0  # around a patch of the water: a ship of 150 m lies within it whole, if it is of her middle
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
class Cells:
    """Cells of an image, chosen or not."""

    cell_px: tuple[float, float]  # rows and columns of pixels in one
    chosen: BoolImage

    @property
    def share(self) -> float:
        """Of the image."""
        return float(self.chosen.mean())

    def at(self, rows: NDArray[np.generic], cols: NDArray[np.generic]) -> BoolImage:
        """Are these pixels in chosen cells?"""
        i, j = (
            np.clip(np.floor((np.asarray(at, float) + 0.5) / side), 0, most - 1).astype(np.intp)
            for at, side, most in zip((rows, cols), self.cell_px, self.chosen.shape, strict=True)
        )
        return np.asarray(self.chosen[i, j], bool)

    def holds(self, one: Standing) -> bool:
        """Does an object lie in them, by itself? What lies at a quay is told by the quay."""
        return not one.blob.moored and bool(self.at(np.array([one.row]), np.array([one.col]))[0])


def where_thick(
    objects: Iterable[Standing], shape: tuple[int, int], spacing_m: tuple[float, float], least: int = THICK
) -> Cells:
    """Where so many small objects stand within `REACH_M`."""
    middles = [(o.row, o.col) for o in objects if o.small and o.cloudy <= 0.5]
    return _near(middles, least, shape, spacing_m)


def unresolved(
    candidates: Sequence[Candidate],
    patches: Sequence[tuple[float, float]],
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
) -> Cells:
    """What lies near an object of rough water that is as long as a ship and may be one, or a wave.

    And near a patch of the water (`ship_sized`) that no hull explains.
    """
    long = [c for c in candidates if c.length_m >= SMALL_M]
    waves = [(c.row, c.col) for c in long if FLAG in c.flags and PART_OF_HULL not in c.flags]
    unexplained = not_hers(patches, [c for c in long if FLAG not in c.flags], spacing_m)
    around = _near(waves, 1, shape, spacing_m)
    return replace(around, chosen=around.chosen | _near(unexplained, 1, shape, spacing_m, PATCH_REACH_M).chosen)


def words_on(rough: Cells, unknown: Cells) -> list[str]:
    """What both mean for the image: a line, or none."""
    if not rough.chosen.any():
        return []
    line = (
        f"white caps, glint or small craft stand thick over {_percent(rough.share)} of the image: nothing shorter than "
        f"{SMALL_M:.0f} m is told from them there, and what is longer by a sure outline alone"
    )
    if unknown.chosen.any():
        line += (
            f"; some are as long as ships, or the water itself differs over as much, and around these "
            f"({_percent(unknown.share)} of the image) what lies there is unknown"
        )
    return [line]


def _percent(share: float) -> str:
    return f"{max(1, round(100 * share))} %"


def _near(
    middles: Sequence[tuple[float, float]],
    least: int,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    reach_m: float = REACH_M,
) -> Cells:
    """Cells with so many middles (row, col) within reach; by the image's edge with fewer, but half of them."""
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


def unsure(odds: float | None) -> bool:
    """Is an outline none that waves cannot make?"""
    return odds is None or odds < SURE
