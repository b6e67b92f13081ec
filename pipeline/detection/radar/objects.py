"""CFAR detection: find blocks with a pixel above the threshold, then connected bright objects around them.

Pixels are read, compared with the threshold and grown to objects only around such blocks. Adjacent blocks are grouped
over the whole scene, so the objects do not depend on how the scene is read.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage import measure

from pipeline.config import DetectionConfig
from pipeline.detection import screening
from pipeline.detection.radar import laws
from pipeline.detection.radar.blocks import LN_STEP, SHORT_LN
from pipeline.detection.radar.cutout import Cutout, cut_out
from pipeline.detection.radar.survey import Survey
from pipeline.types import Scene, Tile, Window

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

LONGEST_SHIP_M = 420.0  # ships in service reach 400 m (our choice)
LOW_TAIL = 1e-3  # tail probability of the lower threshold, down to which an object grows from its bright core
EIGHT_NEIGHBOURS = np.ones((3, 3), int)
NEAR_PX = 12  # half-width of the neighbourhood in which a rough patch of sea is recognised
NEAR_CUT_DB = 12.0  # pixels down to this far below the peak are the core (our choice: above all side lobes)
NEAR_PIXELS = 30  # fewer do not give the level of the neighbourhood (our choice)
RESOLUTION_PX = 2.0  # impulse response of Sentinel-1 GRD in pixels, where a product does not state it
# Unmasked land in the ring inflates the variance and with it the law's quantile. So the threshold is capped at 24 dB
# over the local sea, which counts as one false alarm in ten million; each further 2 dB is a decade (our choice)
HIGHEST, NO_SEA_DB, DB_A_DECADE = 10**2.4, 10.0, 2.0
GROUP_SHORT_LN = 0.05  # ln: blocks this little short of the threshold belong to a group as well (our choice)
PARTS = 8  # of the scene for each thread, top to bottom: neighbours lie in the same blocks of the file
GROUP_BLOCKS = 40  # groups longer than this (3 km) are cut up: no ship, but a coast without a map
FRAME_PX = 9  # a square of this side without a measurement lies outside the swath (our choice)
PATCH_BLOCKS = 5  # 400 m: a ship lying across covers less than half of such a square
# ln, over the ring: more than a texture of 60 m shifts so wide a median (2 standard deviations, K law of order 6).
# The clutter law covers smaller excesses already
PATCH_EXCESS = 0.5
MEDIAN_OVER_GEOMETRIC = 1.03  # of joint speckle of 4 to 9 looks


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Connected bright blocks: their label, and their window with a margin of the longest ship."""

    label: int
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class PixelView:
    """Pixels of a group's window, arrays of shape (rows, cols)."""

    window: Window
    data: FloatImage  # calibrated power, (bands, rows, cols)
    power: FloatImage  # joint power, 1 over the scene's usual sea
    sea: FloatArray  # geometric mean of the local sea plus leakage from land; NaN where it is not known
    variance: FloatArray  # of ln power of the sea
    usable: BoolImage
    seeds: BoolImage  # above the threshold
    grown: BoolImage  # above the lower threshold
    outside_swath: BoolImage | None  # wide areas of water without a measurement: outside the swath


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One connected object: its pixels, and how much it stands out of the sea."""

    rows: NDArray[np.intp]  # in scene pixels
    cols: NDArray[np.intp]
    relative: FloatArray  # power over the sea's geometric mean
    peak: tuple[int, int]
    peak_db: float  # joint power of the peak over the scene's usual sea
    near: float  # level in its neighbourhood over that of the ring, at least 1
    rarity: float  # -log10 of the probability that sea is so bright
    seeds: int  # pixels above the threshold
    cutout: Cutout  # the object with its surroundings, for the hull fit
    white: bool = False  # detected in a clipped picture (`clumps`): its brightness carries no information

    def at_least(self, level: float) -> Blob:
        """The part of the object that is connected to its peak above a level."""
        corner = np.array([self.rows.min(), self.cols.min()])
        image = np.zeros((np.ptp(self.rows) + 1, np.ptp(self.cols) + 1))
        image[self.rows - corner[0], self.cols - corner[1]] = self.relative
        parts = measure.label(image > level, connectivity=2)
        kept = parts == parts[self.peak[0] - corner[0], self.peak[1] - corner[1]]
        r, c = np.nonzero(kept)
        return replace(self, rows=r + corner[0], cols=c + corner[1], relative=image[kept])


def find_blobs(scene: Scene, survey: Survey, config: DetectionConfig) -> list[Blob]:
    """Every connected object of the scene that has a pixel over the threshold."""
    labels, groups = _groups(bright_blocks(survey, config, GROUP_SHORT_LN), survey, scene)
    # A window in which no block's maximum reaches the threshold, rounding allowed for, has no seed and is not read
    seeded = bright_blocks(survey, config, SHORT_LN + survey.blocks.coarse_ln)
    groups = [group for group in groups if seeded[survey.blocks.within(group.window)].any()]
    size = -(-len(groups) // (config.threads * PARTS)) or 1
    parts = [groups[n : n + size] for n in range(0, len(groups), size)]
    with ThreadPoolExecutor(config.threads) as pool:
        found = pool.map(lambda part: [_blobs_in_group(scene, survey, config, group, labels) for group in part], parts)
        return [blob for part in found for some in part for blob in some]


def bright_blocks(survey: Survey, config: DetectionConfig, short_ln: float) -> BoolImage:
    """Blocks whose brightest pixel exceeds the threshold, or falls short of it by less than ``short_ln``."""
    tail, clutter = survey.tail(config.radar.false_alarm_rate), survey.clutter
    over = survey.blocks.brightest * np.float32(LN_STEP) - clutter.log_mean + np.float32(short_ln)
    calmest, roughest = (float(end.reduce(clutter.log_variance, axis=None)) for end in (np.fmin, np.fmax))
    # Lowered by more than rounding
    least = np.log(min(laws.least_quantile(survey.law, tail, (calmest, roughest), survey.looks), HIGHEST)) - 1e-9
    with np.errstate(invalid="ignore"):
        bright = (over > least) & ~survey.land
    r, c = np.nonzero(bright)
    bright[r, c] = over[r, c] > np.log(_capped_quantile(survey, tail, clutter.log_variance[r, c]))
    return bright


def sea_limit(survey: Survey, config: DetectionConfig, blocks: tuple[slice, slice] = np.s_[:, :]) -> FloatArray:
    """Detection threshold of these blocks over the sea's geometric mean; NaN where the clutter is not known."""
    return _capped_quantile(survey, survey.tail(config.radar.false_alarm_rate), survey.clutter.log_variance[blocks])


def sea_levels(survey: Survey, rows: slice, cols: slice) -> FloatImage:
    """Sea level of these blocks [ln]: the ring's, or that of a clearly brighter patch around; NaN where not known."""
    level, patch = survey.clutter.log_mean[rows, cols], _patch_levels(survey, rows, cols)
    with np.errstate(invalid="ignore"):
        return np.where(patch > level + PATCH_EXCESS, patch, level)


def _capped_quantile(survey: Survey, tail: float, variance: ArrayLike) -> FloatArray:
    """Level over the geometric mean that a share ``tail`` of the sea exceeds, capped at ``HIGHEST``."""
    return np.minimum(laws.quantile(survey.law, tail, variance, survey.looks), HIGHEST)


def view_pixels(scene: Scene, survey: Survey, config: DetectionConfig, window: Window) -> PixelView:
    """A window's pixels compared with the thresholds of their blocks."""
    tile = scene.read(window)
    rows, cols = survey.blocks.blocks_of_pixels(window)
    blocks = survey.blocks.within(window)
    at = np.ix_(rows - rows[0], cols - cols[0])  # from values by block to values by pixel
    water = tile.water & ~survey.land[blocks][at]
    usable = tile.valid & water
    power = survey.joint(tile)
    leak = screening.land_leakage(
        power, tile.valid & ~water, resolution_m(scene) / float(np.mean(scene.pixel_spacing_m)) / 2.355
    )
    variance = survey.clutter.log_variance[blocks].astype(float)
    sea = np.exp(sea_levels(survey, *blocks).astype(float))[at] + leak
    tails = (survey.tail(rate) for rate in (config.radar.false_alarm_rate, LOW_TAIL))
    high, low = (sea * _capped_quantile(survey, tail, variance)[at] for tail in tails)
    with np.errstate(invalid="ignore"):
        seeds, grown = usable & (power > high), usable & (power > low)
    return PixelView(window, tile.data, power, sea, variance[at], usable, seeds, grown, _outside_swath(tile))


def _outside_swath(tile: Tile) -> BoolImage | None:
    """The part of a window outside a swath whose edge is slanted or ragged; None where nothing is missing.

    Single missing pixels do not count, nor the strip between an operator's land mask and the map's coast.
    """
    missing = ~tile.valid & tile.water
    if not missing.any():
        return None
    padded = np.pad(missing, FRAME_PX, mode="edge")
    wide = ndimage.binary_opening(padded, np.ones((FRAME_PX, FRAME_PX), bool))
    return np.asarray(wide[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX])


def _patch_levels(survey: Survey, rows: slice, cols: slice) -> FloatImage:
    """Sea level close to each of these blocks [ln]: the median log-mean of ``PATCH_BLOCKS`` squared blocks of sea; NaN
    where unknown.

    Half of the wide ring may be a slick or calm water behind a front. The sea beside it is then brighter than the ring
    over an area that no ship covers.
    """
    half = PATCH_BLOCKS // 2
    blocks, shape = survey.blocks, survey.land.shape
    r = np.arange(rows.start - half, rows.stop + half)
    c = np.arange(cols.start - half, cols.stop + half)
    inside = ((r >= 0) & (r < shape[0]))[:, None] & ((c >= 0) & (c < shape[1]))
    near = np.ix_(np.clip(r, 0, shape[0] - 1), np.clip(c, 0, shape[1] - 1))
    sea = inside & survey.clutter.sea[near] & (blocks.count[near] > 0)
    level = np.where(sea, blocks.log_sum[near] / np.maximum(blocks.count[near], 1) * LN_STEP, np.inf)
    around = np.lib.stride_tricks.sliding_window_view(level, (PATCH_BLOCKS, PATCH_BLOCKS))
    ordered = np.sort(around.reshape(*around.shape[:2], -1), axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)
    middle = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    return np.where(count >= PATCH_BLOCKS**2 // 2 + 1, middle, np.nan).astype(np.float32)


def _groups(bright: BoolImage, survey: Survey, scene: Scene) -> tuple[NDArray[np.int32], list[Group]]:
    """Label of each bright block's group (0 elsewhere), and the groups."""
    labels, n = measure.label(bright, connectivity=2, return_num=True)
    boxes = ndimage.find_objects(labels)
    for label, box in enumerate(boxes, 1):
        if max(s.stop - s.start for s in box) <= GROUP_BLOCKS:
            continue
        r, c = np.nonzero(labels[box] == label)
        cell = (r // GROUP_BLOCKS) * (1 + c.max() // GROUP_BLOCKS) + c // GROUP_BLOCKS
        labels[box][r, c] = np.where(cell == 0, label, n + cell)
        n += int(cell.max())
    margin = int(np.ceil(LONGEST_SHIP_M / min(scene.pixel_spacing_m))) + NEAR_PX
    out = []
    for label, box in enumerate(ndimage.find_objects(labels), 1):
        if box is None:
            continue
        (r0, r1), (c0, c1) = (
            (int(e[s.start]), int(e[s.stop]))
            for e, s in zip((survey.blocks.row_edges, survey.blocks.col_edges), box, strict=True)
        )
        out.append(Group(label, Window(r0, c0, r1 - r0, c1 - c0).padded(margin, scene.shape)))
    return labels, out


def _blobs_in_group(
    scene: Scene, survey: Survey, config: DetectionConfig, group: Group, groups: NDArray[np.int32]
) -> list[Blob]:
    """Objects whose brightest pixel lies in one of the group's blocks."""
    view = view_pixels(scene, survey, config, group.window)
    labels = measure.label(view.grown, connectivity=2)
    slices = ndimage.find_objects(labels)
    rows, cols = survey.blocks.blocks_of_pixels(group.window)
    out = []
    for label in np.unique(labels[view.seeds]):
        cut = slices[label - 1]
        member = labels[cut] == label
        relative = np.where(member, view.power[cut] / np.where(member, view.sea[cut], 1.0), 0.0)
        at = np.unravel_index(int(np.argmax(relative)), relative.shape)
        row, col = int(cut[0].start + at[0]), int(cut[1].start + at[1])
        if groups[rows[row], cols[col]] != group.label:
            continue
        corner = (group.window.row0, group.window.col0)
        around = cut_out(
            view.data, scene.bands, view.usable, labels, label, cut, corner, scene.pixel_spacing_m, resolution_m(scene),
            view.outside_swath,
        )  # fmt: skip
        out.append(_make_blob(view, survey, cut, member, relative, (row, col), around))
    return out


def _make_blob(
    view: PixelView,
    survey: Survey,
    cut: tuple[slice, slice],
    member: BoolImage,
    relative: FloatArray,
    peak: tuple[int, int],
    around: Cutout,
) -> Blob:
    r, c = np.nonzero(member)
    top, left = cut[0].start, cut[1].start
    value = float(view.power[peak] / view.sea[peak])
    near = near_level(view, r + top, c + left, relative[member])
    ln_tail = laws.ln_survival(survey.law, value / near, view.variance[peak], survey.looks)
    return Blob(
        rows=r + top + view.window.row0,
        cols=c + left + view.window.col0,
        relative=relative[member],
        peak=(peak[0] + view.window.row0, peak[1] + view.window.col0),
        peak_db=float(10 * np.log10(view.power[peak])),
        near=near,
        rarity=max(
            float(-ln_tail * survey.tail_exponent / np.log(10)), (10 * np.log10(value / near) - NO_SEA_DB) / DB_A_DECADE
        ),
        seeds=int(view.seeds[cut][member].sum()),
        cutout=around,
    )


def near_level(view: PixelView, rows: NDArray[np.intp], cols: NDArray[np.intp], relative: FloatArray) -> float:
    """Median level around an object's core over the sea level of its ring, at least 1.

    It exposes a rough patch amid calm water, which the wide ring averages out: the peak must stand out of its own
    neighbourhood. Only the core is excluded, else a patch would hide itself; a hull does not move the median.
    """
    core = relative > relative.max() * 10 ** (-NEAR_CUT_DB / 10)
    r, c = rows[core], cols[core]
    r0, c0 = max(0, int(r.min()) - NEAR_PX), max(0, int(c.min()) - NEAR_PX)
    box = np.s_[r0 : int(r.max()) + NEAR_PX + 1, c0 : int(c.max()) + NEAR_PX + 1]
    own = np.zeros(view.usable[box].shape, bool)
    own[r - r0, c - c0] = True
    around = view.usable[box] & ~ndimage.binary_dilation(own, EIGHT_NEIGHBOURS, iterations=3)
    if around.sum() < NEAR_PIXELS:
        return 1.0
    with np.errstate(invalid="ignore"):
        level = np.nanmedian(view.power[box][around] / view.sea[box][around])
    return max(1.0, float(level) / MEDIAN_OVER_GEOMETRIC)


def resolution_m(scene: Scene) -> float:
    """Width of the impulse response [m]."""
    if scene.radar is not None and scene.radar.resolution_m is not None:
        return float(np.mean(scene.radar.resolution_m))
    return RESOLUTION_PX * float(np.mean(scene.pixel_spacing_m))
