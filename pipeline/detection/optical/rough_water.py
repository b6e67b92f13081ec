"""Avoid false hulls in rough water, which is dense with small bright objects: white caps, glint, many boats.

Hulls are fitted between straight lines around any object (`between_lines`). Where crests lie a few tens of metres apart
some line up by chance, and rectangles between such lines are as long and slender as hulls. So objects are counted
before any is measured. Where they are dense, small objects are not fitted, and larger ones need a sure outline; where
the sea itself makes objects as long as ships, or patches (`ship_sized`), the area is unknown. Nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.between_lines import SURE_EVIDENCE
from pipeline.detection.optical.cells import Cells, cells_near
from pipeline.detection.optical.ship_sized import away_from_hulls
from pipeline.types import PART_OF_HULL

if TYPE_CHECKING:
    from pipeline.detection.candidates import Candidate
    from pipeline.detection.optical.hulls import MeasuredObject
    from pipeline.detection.optical.objects import Blob
    from pipeline.types import Window

FLAG = "rough_water"
SMALL_M = 45.0  # white caps and merged ones, boats; hulls of merchant ships are longer (our choice)
REACH_M = 250.0  # radius in which small objects are counted (our choice)
# Number within that radius from which water is rough. Around simulated ships, boxes and quays there are 6 at most; a
# simulated sea of 6 m/s has 8 to 30, and 30 of its 84 white caps were measured as hulls of 25 to 112 m
ROUGH_COUNT = 16
# Number from which they are white caps, and patches are sought: 80 boats in a simulated harbour of 0.6 km2 give 25 on
# average, a sea at 8 m/s 140, at 12 m/s 490 (a scene each). Two boats in a row are a patch like any ship. Our choice
WHITE_CAP_COUNT = 64
# Share of a side that lies on its line: a sure outline needs one side of the first (a ship alongside another has no
# more), any other both sides of the second. In simulated seas of 6 to 12 m/s, seeds 41-43 and 51-57, ships have 0.79
# and more on the better side, nine of ten rows of foam as long and as sure 0.67 at most; in others of seed 61 both
# sides reach 0.75
STRAIGHT, STRAIGHTER = 0.75, 0.85
PATCH_REACH_M = 90.0  # around a patch: contains a whole ship of 150 m if the patch is amidships


@dataclass(frozen=True, slots=True, eq=False)
class ContrastObject:
    """One object that stands out of the water, before it is measured."""

    blob: Blob
    window: Window  # in whose (averaged) pixels the blob is given
    row: float  # its middle, in pixels of the image
    col: float
    length_m: float  # by its moments
    cloudy: float  # share of it under cloud

    @property
    def small(self) -> bool:
        """Is it as small as objects made by waves, and not moored?"""
        return self.length_m < SMALL_M and not self.blob.moored

    def lies_in_cells(self, cells: Cells) -> bool:
        """Does it lie in chosen cells, and not at a quay?"""
        return not self.blob.moored and bool(cells.at(np.array([self.row]), np.array([self.col]))[0])


def crowded_cells(
    objects: Iterable[ContrastObject], shape: tuple[int, int], spacing_m: tuple[float, float], least: int = ROUGH_COUNT
) -> Cells:
    """Cells with at least ``least`` small objects within `REACH_M`."""
    middles = [(o.row, o.col) for o in objects if o.small and o.cloudy <= 0.5]
    return cells_near(middles, least, REACH_M, shape, spacing_m)


def unresolved_cells(
    candidates: Sequence[Candidate],
    patches: Sequence[tuple[float, float]],
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
) -> Cells:
    """Cells that are unknown: near an object in rough water that is as long as a ship and may be one or a wave, or near
    a patch (`ship_sized`) that no hull explains.
    """
    long = [c for c in candidates if c.length_m >= SMALL_M]
    waves = [(c.row, c.col) for c in long if FLAG in c.flags and PART_OF_HULL not in c.flags]
    unexplained = away_from_hulls(patches, [c for c in long if FLAG not in c.flags], spacing_m)
    around = cells_near(waves, 1, REACH_M, shape, spacing_m)
    beside = cells_near(unexplained, 1, PATCH_REACH_M, shape, spacing_m)
    return replace(around, chosen=around.chosen | beside.chosen)


def rough_water_notes(rough: Cells, unknown: Cells) -> list[str]:
    """The note on rough and unknown water in the image: one line, or none."""
    if not rough.chosen.any():
        return []
    line = (
        f"white caps, glint or small craft stand thick over {_percent(rough.share)} of the image: ships shorter than "
        f"{SMALL_M:.0f} m cannot be told from them there, and longer ones only by straight sides"
    )
    if unknown.chosen.any():
        line += (
            f"; some are as long as ships, or the water itself varies over as much, and around these "
            f"({_percent(unknown.share)} of the image) what ships are there is unknown"
        )
    return [line]


def _percent(share: float) -> str:
    return f"{max(1, round(100 * share))} %"


def may_be_waves(measured: MeasuredObject) -> bool:
    """Could waves have made this outline: none, a short one, or one without straight sides?

    Its evidence alone does not decide: where no two lines give a hull, one fitted to the bright pixels counts as sure
    (`fine`).
    """
    if measured.odds is None or measured.length_m[1] < SMALL_M:
        return True
    worse, better = sorted(measured.straight)
    return better < STRAIGHT if measured.odds >= SURE_EVIDENCE else worse < STRAIGHTER
