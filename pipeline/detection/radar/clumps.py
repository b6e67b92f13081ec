"""Detect ships in a clipped picture, where the threshold lies above white: connected groups of all-white squares.

Where a viewer stretched a picture so that its brightest hundredth is white, no single pixel can exceed the threshold.
But sea is white only in specks, a hull all over. So squares full of white pixels are found, of the largest size of
which there are still enough, and connected ones are grouped. The false-alarm rate comes from the picture itself: over
sea the number of groups falls by about the same factor from each group size to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage import measure

from pipeline.detection.radar.blocks import LN_STEP
from pipeline.detection.radar.cutout import cut_out
from pipeline.detection.radar.objects import LONGEST_SHIP_M, NEAR_PX, Blob, resolution_m, view_pixels
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import DetectionConfig
    from pipeline.detection.radar.survey import Survey
    from pipeline.types import BoolImage, FloatArray, Scene

SIDES_PX = (5, 4, 3, 2)  # of the squares, the largest first (our choice)
ENOUGH_GROUPS = 100  # groups, to estimate how their number falls with size (our choice)
TARGET_SHARE = 0.1  # of the stated false-alarm rate: a group has a ship's size, and no later test removes it
STEEPEST = 0.7  # upper limit of the factor from each size to the next: what falls more slowly is no sea (our choice)
# Margin around a group, and the share of white pixels in it from which the group counts as shore (our choice)
AROUND_PX, SHORE_SHARE = 20, 0.1
LARGEST_PX = 5e7  # a larger scene is no viewer's picture, and its mask would take a gigabyte
READ_ROWS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Connected groups of white squares: the label of each pixel (0 elsewhere) and the number of squares in each."""

    labels: NDArray[np.int32]
    sizes: NDArray[np.intp]
    fall: float  # factor by which the number of groups over sea falls from each size to the next

    def rarity(self, water_px: int) -> FloatArray:
        """-log10 of the probability that a sea pixel starts a group at least this large, for each group."""
        return np.log10(water_px / len(self.sizes)) - np.log10(self.fall) * (self.sizes - 1)


def find_clumps(
    scene: Scene, survey: Survey, config: DetectionConfig, cut_off_ln: float, others: list[Blob]
) -> list[Blob]:
    """Objects of a picture clipped at ``cut_off_ln`` (ln of joint power), apart from ``others`` already detected."""
    if scene.shape[0] * scene.shape[1] > LARGEST_PX:
        return []
    white = _white_pixels(scene, survey, cut_off_ln)
    for blob in others:
        white[blob.rows, blob.cols] = False
    groups = _group_squares(white)
    if not len(groups.sizes):
        return []
    water_px = int(survey.blocks.count[~survey.land].sum())
    rarity = groups.rarity(water_px)
    least = -np.log10(TARGET_SHARE * config.radar.false_alarm_rate)
    out = []
    for n, box in enumerate(ndimage.find_objects(groups.labels)):
        if (
            box is not None
            and rarity[n] >= least
            and _white_share_around(white, groups.labels, n + 1, box) < SHORE_SHARE
        ):
            out.append(_group_as_blob(scene, survey, config, groups.labels, n + 1, box, float(rarity[n])))
    return out


def _white_pixels(scene: Scene, survey: Survey, cut_off_ln: float) -> BoolImage:
    """Water pixels of the scene at the clipping level."""
    out = np.zeros(scene.shape, bool)
    at_least = np.exp(cut_off_ln - 2 * LN_STEP)  # block maxima are rounded
    for row in range(0, scene.shape[0], READ_ROWS):
        window = Window(row, 0, min(READ_ROWS, scene.shape[0] - row), scene.shape[1])
        tile = scene.read(window)
        rows, cols = survey.blocks.blocks_of_pixels(window)
        land = survey.land[survey.blocks.within(window)][np.ix_(rows - rows[0], cols - cols[0])]
        out[row : row + window.rows] = tile.valid & tile.water & ~land & (survey.joint(tile) >= at_least)
    return out


def _group_squares(white: BoolImage) -> _Groups:
    """Groups of white squares of the largest size of which there are enough."""
    for side in SIDES_PX:
        labels, n = measure.label(ndimage.binary_erosion(white, np.ones((side, side))), connectivity=2, return_num=True)
        if n >= ENOUGH_GROUPS:
            break
    sizes = np.bincount(labels.ravel(), minlength=1)[1:]
    # Ships among the groups slow the fall, which errs on the safe side
    fall = min((np.sum(sizes >= 3) + 1) / (n + 1), STEEPEST**2) ** 0.5
    return _Groups(ndimage.grey_dilation(labels, size=(side, side)), sizes, float(fall))


def _white_share_around(white: BoolImage, labels: NDArray[np.int32], label: int, box: tuple[slice, slice]) -> float:
    """Share of white pixels around a group; high for a piece of shore."""
    rows, cols = (slice(max(0, s.start - AROUND_PX), s.stop + AROUND_PX) for s in box)
    others = labels[rows, cols] != label
    return float(white[rows, cols][others].mean()) if others.any() else 1.0


def _group_as_blob(
    scene: Scene,
    survey: Survey,
    config: DetectionConfig,
    labels: NDArray[np.int32],
    label: int,
    box: tuple[slice, slice],
    rarity: float,
) -> Blob:
    """A group as an object; its peak is the pixel nearest its middle, since all are equally bright."""
    margin = int(np.ceil(LONGEST_SHIP_M / min(scene.pixel_spacing_m))) + NEAR_PX
    size = (s.stop - s.start for s in box)
    window = Window(box[0].start, box[1].start, *size).padded(margin, scene.shape)
    corner = (window.row0, window.col0)
    view = view_pixels(scene, survey, config, window)
    here = labels[window.row0 : window.row0 + window.rows, window.col0 : window.col0 + window.cols]
    cut = (
        slice(box[0].start - corner[0], box[0].stop - corner[0]),
        slice(box[1].start - corner[1], box[1].stop - corner[1]),
    )
    member = here[cut] == label
    sea = np.where(np.isfinite(view.sea[cut]), view.sea[cut], 1.0)
    r, c = np.nonzero(member)
    middle = int(np.argmin(np.hypot(r - r.mean(), c - c.mean())))
    peak = int(r[middle]) + cut[0].start, int(c[middle]) + cut[1].start
    return Blob(
        rows=r + box[0].start,
        cols=c + box[1].start,
        relative=(view.power[cut] / sea)[member],
        peak=(peak[0] + corner[0], peak[1] + corner[1]),
        peak_db=float(10 * np.log10(view.power[peak])),
        near=1.0,
        rarity=rarity,
        seeds=len(r),
        cutout=cut_out(
            view.data,
            scene.bands,
            view.usable,
            here,
            label,
            cut,
            corner,
            scene.pixel_spacing_m,
            resolution_m(scene),
            view.outside_swath,
        ),
        white=True,
    )
