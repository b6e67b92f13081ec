"""Segment objects that stand out of the water, free or moored against land or a quay.

Where a map gives the land, anything bright on its water is an object, moored or not. Without a map, anything too large
for a ship is land; parts of it too slender for land are separated by a morphological opening. These are hulls at piers,
but piers too, so they must pass stricter tests of shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy import ndimage
from skimage import measure

from pipeline.detection.optical.discs import dilate, open_with_disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.optical.water import NormalisedImage
    from pipeline.types import BoolImage, FloatArray, FloatImage

SEED = 0.25  # least brightness of a seed, water 0 and land 1; ships show 0.2 to 0.9 in the near infrared
LEAST_PX = 3  # searched pixels of an object; fewer have no form to measure. Larger ones stay, flagged if too small
GROW = 0.5  # of the seed's level, down to which an object grows
LONE_MAX_M2 = 40_000.0  # a larger object may be land in part; the largest hull afloat covers 380 m x 68 m
UNMAPPED_WIDTH_M = 120.0  # beside mapped land: a hull, her neighbour and the jetty between; wider is new land
LAND_WIDTH_M = 75.0  # what holds a disc of this width is land, not a hull: no beam afloat exceeds 70 m
LEVEL_STEP = 1.5  # from one level to the next when an object is split
MAX_RISES = 6  # 1.5^6 = 11 times the lowest level: brighter parts belong to one ship; our choice
GOOD_SHAPE = 0.9  # shape quality above which an object is not split
CLEAR_GAIN = 0.15  # by which a part's shape must be better than the whole's
FADED = 0.15  # of an object's level: below it, the object's edge has ended
SOFT_REACH_PX = 5  # margin around an object in which its soft edge is measured
EIGHT_NEIGHBOURS = np.ones((3, 3), int)


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One object: pixels of a window, its frame by moments, and its contact with land.

    ``frame`` is (row, col, axis_row, axis_col, length_px, beam_px); ``rows`` and ``cols`` are pixels of the window.
    """

    rows: FloatArray
    cols: FloatArray
    frame: FloatArray
    sigmas: float  # its median brightness in robust standard deviations of the water around
    moored: bool  # touches land or something too large for a ship
    touching: float  # share of its outline that does
    softness: float  # pixels over which its brightness falls off, along its free outline; hulls about 1, clouds many
    cut_from_land: bool  # a slender part of something large, in an image without a map


def object_floor(normal: NormalisedImage, sigmas: float) -> FloatImage:
    """Brightness down to which objects grow; their seeds exceed ``1 / GROW`` times that."""
    return np.float32(GROW) * np.maximum(np.float32(SEED), np.float32(sigmas) * normal.noise)


def find_objects(normal: NormalisedImage, sigmas: float, spacing_m: float, min_px: int) -> list[Blob]:
    """Objects of one window, sorted by row and column."""
    mapped = not normal.wet.all()
    clear = _water_off_coast(normal)
    shore = dilate(~clear & normal.valid) if mapped else np.zeros_like(clear)
    over = normal.over
    above = _over_floor(over, normal.noise, normal.valid & clear, sigmas)
    if not (above > 1 / GROW).any():  # nothing seeds an object
        return []
    labels, count = measure.label(above > 1, connectivity=2, return_num=True)
    sizes, boxes = _sizes_and_boxes(labels, count)
    large = _too_large(sizes, spacing_m)
    out: list[Blob] = []
    for label in range(1, count + 1):
        if not large[label] and sizes[label] >= min_px:
            row0, row1, col0, col1 = boxes[label].tolist()
            box = (slice(row0, row1), slice(col0, col1))
            out += _split_object(
                labels[box] == label, _Surroundings(over, above, normal.noise, shore, box, spacing_m, min_px), cut=False
            )
    if large.any():
        mass = _label_mask(labels, large)
        land = open_with_disc(mass, _land_width_m(normal) / spacing_m)
        pieces = measure.label(mass & ~land & (above > 1 / GROW), connectivity=2)
        near_land = dilate(land) | shore
        for label, box in enumerate(ndimage.find_objects(pieces), 1):
            surroundings = _Surroundings(over, above, normal.noise, near_land, box, spacing_m, min_px)
            out += _split_object(pieces[box] == label, surroundings, cut=not mapped)
    return sorted(out, key=lambda blob: (blob.frame[0], blob.frame[1]))


def apparent_land(normal: NormalisedImage, sigmas: float, spacing_m: float) -> BoolImage:
    """Areas that `find_objects` skips although the map has water there: bright, and too large and wide for a hull.

    They are new land, or a plume of silt, glint, ice.
    """
    above = _over_floor(normal.over, normal.noise, normal.valid & _water_off_coast(normal), sigmas)
    labels, count = measure.label(above > 1, connectivity=2, return_num=True)
    large = _too_large(_sizes_and_boxes(labels, count)[0], spacing_m)
    if not large.any():
        return np.zeros(labels.shape, bool)
    mass = _label_mask(labels, large)
    return mass & open_with_disc(mass, _land_width_m(normal) / spacing_m)


def _water_off_coast(normal: NormalisedImage) -> BoolImage:
    """Water by the map, less the strip into which land is blurred."""
    return normal.wet if normal.wet.all() else ndimage.binary_erosion(normal.wet, EIGHT_NEIGHBOURS, border_value=1)


def _too_large(sizes: NDArray[np.int64], spacing_m: float) -> BoolImage:
    """Which labels are so large that they may be land in part; label 0, the background, is not."""
    large = sizes * spacing_m**2 > LONE_MAX_M2
    large[0] = False
    return large


def _land_width_m(normal: NormalisedImage) -> float:
    return LAND_WIDTH_M if normal.wet.all() else UNMAPPED_WIDTH_M


@njit(cache=True, nogil=True, error_model="numpy")
def _over_floor(over: FloatImage, noise: FloatImage, searched: BoolImage, sigmas: float) -> FloatImage:
    """Brightness in units of `object_floor`: objects exceed 1, seeds exceed 1 / GROW; 0 where nothing is searched."""
    out = np.zeros(over.shape, np.float32)
    for i in range(over.shape[0]):
        for j in range(over.shape[1]):
            if searched[i, j]:
                out[i, j] = over[i, j] / (np.float32(GROW) * max(np.float32(SEED), np.float32(sigmas) * noise[i, j]))
    return out


@njit(cache=True, nogil=True)
def _sizes_and_boxes(labels: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels of each label, 0 included, and its first row, one past the last, first column, one past the last."""
    rows, cols = labels.shape
    sizes, boxes = np.zeros(count + 1, np.int64), np.zeros((count + 1, 4), np.int64)
    boxes[:, 0], boxes[:, 2] = rows, cols
    for i in range(rows):
        for j in range(cols):
            label = labels[i, j]
            sizes[label] += 1
            if label > 0:  # most pixels are water
                boxes[label, 0], boxes[label, 1] = min(boxes[label, 0], i), i + 1
                boxes[label, 2], boxes[label, 3] = min(boxes[label, 2], j), max(boxes[label, 3], j + 1)
    return sizes, boxes


@njit(cache=True, nogil=True)
def _label_mask(labels: NDArray[np.int32], chosen: BoolImage) -> BoolImage:
    """Pixels whose label is chosen."""
    out = np.empty(labels.shape, np.bool_)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            out[i, j] = chosen[labels[i, j]]
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """Images of the window in which a piece is judged; ``box`` is the place of its mask."""

    over: FloatImage
    above: FloatImage
    noise: FloatImage
    near: BoolImage
    box: tuple[slice, slice]
    spacing_m: float
    min_px: int


def _split_object(member: BoolImage, surroundings: _Surroundings, *, cut: bool, depth: int = 0) -> list[Blob]:
    """The object as a whole, or its parts at a higher threshold where one of these is clearly more like a hull.

    Ships side by side, a ship and her wake, or a ship and a jetty are one object at the lowest level; each rise by
    `LEVEL_STEP` separates what a gap divides.
    """
    above = surroundings.above[surroundings.box]
    if member.sum() < surroundings.min_px or (depth == 0 and not (above[member] > 1 / GROW).any()):
        return []
    whole = _as_blob(member, surroundings, cut=cut)
    quality = shape_quality(whole, surroundings.spacing_m)
    if depth >= MAX_RISES or quality > GOOD_SHAPE:
        return [whole]
    rest = member & (above > 1 / GROW * LEVEL_STEP**depth)
    labels, count = measure.label(rest, connectivity=2, return_num=True)
    parts: list[Blob] = []
    for label in range(1, count + 1):
        part = labels == label
        if part.sum() >= max(surroundings.min_px, 0.05 * member.sum()):
            parts += _split_object(part, surroundings, cut=cut, depth=depth + 1)
    best = max((shape_quality(p, surroundings.spacing_m) for p in parts), default=0.0)
    return parts if best > quality + CLEAR_GAIN else [whole]


def shape_quality(blob: Blob, spacing_m: float) -> float:
    """Likeness of an object to one hull, 0 to 1: it fills a slender frame no larger than a ship. Our choice."""
    length, beam = blob.frame[4] * spacing_m, blob.frame[5] * spacing_m
    fill = len(blob.rows) / max(1.0, blob.frame[4] * blob.frame[5])
    slender = float(np.interp(length / max(beam, 1e-6), (1.0, 2.5, 9.0, 14.0), (0.1, 1.0, 1.0, 0.0)))
    sized = float(np.interp(length, (10.0, 30.0, 380.0, 460.0), (0.3, 1.0, 1.0, 0.0)))
    return float(np.interp(fill, (0.4, 0.85), (0.0, 1.0))) * slender * sized


def _as_blob(member: BoolImage, surroundings: _Surroundings, *, cut: bool) -> Blob:
    """A mask as a blob, cut at half of its own brightness, which is halfway down the hull's edge."""
    over = surroundings.over[surroundings.box]
    level = float(np.median(over[member]))
    level = float(np.median(over[member & (over > 0.5 * level)]))  # the first median includes the blurred rim
    core = member & (over > 0.5 * level)
    at_row, at_col = np.nonzero(core)
    rim = core & ~ndimage.binary_erosion(core, EIGHT_NEIGHBOURS)
    touching = float(surroundings.near[surroundings.box][rim].mean())
    sigmas = level / max(1e-6, float(np.median(surroundings.noise[surroundings.box][member])))
    rows, cols = (at.astype(np.float64) + box.start for at, box in zip((at_row, at_col), surroundings.box, strict=True))
    return Blob(
        rows,
        cols,
        moment_frame(rows, cols),
        sigmas,
        cut or touching > 0.15,
        touching,
        _softness(core, level, surroundings),
        cut,
    )


def _softness(core: BoolImage, level: float, surroundings: _Surroundings) -> float:
    """Width of the object's edge in pixels: the number of rings around it that still show some of its brightness."""
    rows, cols = (
        slice(max(0, b.start - SOFT_REACH_PX), min(n, b.stop + SOFT_REACH_PX))
        for b, n in zip(surroundings.box, surroundings.over.shape, strict=True)
    )
    wide = np.zeros((rows.stop - rows.start, cols.stop - cols.start), bool)
    at = (surroundings.box[0].start - rows.start, surroundings.box[1].start - cols.start)
    wide[at[0] : at[0] + core.shape[0], at[1] : at[1] + core.shape[1]] = core
    here = surroundings.over[rows, cols]
    bright = here > 0.5 * level
    # What is bright behind a gap is another object
    beyond = bright & ~ndimage.binary_propagation(wide, structure=EIGHT_NEIGHBOURS, mask=bright | wide)
    # ``above`` is 0 where nothing is searched
    free = ~surroundings.near[rows, cols] & (surroundings.above[rows, cols] != 0) & ~beyond
    fading = here > FADED * level
    away = ndimage.distance_transform_cdt(~wide, "chessboard")
    total, share = 0.0, 1.0
    for step in range(1, SOFT_REACH_PX + 1):  # the share may only fall outwards: beyond a gap lies something else
        ring = free & (away == step)
        share = min(share, float(fading[ring].mean()) if ring.any() else 0.0)
        total += share
    return total


def moment_frame(rows: FloatArray, cols: FloatArray) -> FloatArray:
    """The frame of a set of pixels by its moments: a filled rectangle of length L has variance L^2 / 12 along it.

    >>> moment_frame(*(a.ravel().astype(float) for a in np.mgrid[0:3, 0:12])).round(2)[4:]
    array([12.,  3.])
    """
    points = np.column_stack([rows, cols])
    centre = points.mean(axis=0)
    apart = points - centre
    cov = apart.T @ apart / len(points) + np.eye(2) / 12  # each pixel is a square, not a point
    values, vectors = np.linalg.eigh(cov)
    axis = vectors[:, 1]
    axis = axis if (axis[0], axis[1]) > (0.0, 0.0) else -axis
    return np.array([*centre, *axis, np.sqrt(12 * values[1]), np.sqrt(12 * values[0])])
