"""Objects that stand out of the water: those that lie free, and those that lie against land or a quay.

Where a map gives the land, what is bright beyond it is an object, moored or not. Where there is no map, land is what is
too large for a ship; from it, the parts too slender to be land are cut by a morphological opening: hulls at piers, but
piers too, so these are asked for a hull's shape more strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Normal
    from pipeline.types import BoolImage, FloatArray, FloatImage

SEED = 0.25  # of the way from water to land; ships show 0.2 to 0.9 in the near infrared
SEED_SIGMAS = 6.0  # of the water's own noise, at least
GROW = 0.5  # of the seed's level
VISIBLE_WEIGHT = 0.4  # painted decks show here when dull in the infrared; so do foam and silt, hence below 1
LONE_MAX_M2 = 40_000.0  # a larger object is land; the largest hull afloat covers 380 m x 68 m
LAND_WIDTH_M = 75.0  # what holds a disc of this width is land, not a hull: no beam afloat exceeds 70 m
EIGHT = np.ones((3, 3), int)


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One object: pixels of a window, its frame by moments, and how it lies.

    ``frame`` is (row, col, axis_row, axis_col, length_px, beam_px); ``rows`` and ``cols`` are pixels of the window.
    """

    rows: FloatArray
    cols: FloatArray
    frame: FloatArray
    level: float  # brightness, water 0 and land 1: median of the object
    sigmas: float  # the same in robust standard deviations of the water around
    moored: bool  # touches land or what is too large for a ship
    touching: float  # share of its outline that does
    cut_from_land: bool  # a slender part of something large, without a map that would say what it is


def brightness(normal: Normal) -> FloatImage:
    """How far a pixel stands above water: infrared, or visible light at a lower weight, whichever says more."""
    if normal.visible is None or normal.visible is normal.infrared:
        return normal.infrared
    return np.maximum(normal.infrared, np.float32(VISIBLE_WEIGHT) * normal.visible)


def find_objects(normal: Normal, sigmas: float, spacing_m: float, min_px: int) -> list[Blob]:
    """Objects of one window, in the order of their first pixel."""
    over = brightness(normal)
    seed = np.maximum(np.float32(SEED), np.float32(max(sigmas, SEED_SIGMAS)) * normal.noise)
    afloat = normal.valid & normal.wet & (over > GROW * seed)
    labels, count = ndimage.label(afloat, EIGHT)
    if count == 0:
        return []
    area = np.bincount(labels.ravel(), minlength=count + 1) * spacing_m**2
    seeded = np.zeros(count + 1, bool)
    seeded[np.unique(labels[afloat & (over > seed)])] = True
    large = area > LONE_MAX_M2
    small = seeded & ~large
    small[0] = large[0] = False
    shore = ndimage.binary_dilation(~normal.wet & normal.valid, EIGHT)
    out = _blobs(labels, small, over, normal.noise, shore, min_px, cut=False)
    mass = large[labels]
    if mass.any():
        land = opened(mass, LAND_WIDTH_M / spacing_m)
        pieces, number = ndimage.label(mass & ~land & (over > seed), EIGHT)
        wanted = np.bincount(pieces.ravel(), minlength=number + 1) * spacing_m**2 < LONE_MAX_M2
        wanted[0] = False
        near_land = ndimage.binary_dilation(land, EIGHT) | shore
        out += _blobs(pieces, wanted, over, normal.noise, near_land, min_px, cut=True)
    return sorted(out, key=lambda blob: (blob.frame[0], blob.frame[1]))


def _blobs(
    labels: np.ndarray,
    wanted: BoolImage,
    over: FloatImage,
    noise: FloatImage,
    near: BoolImage,
    min_px: int,
    *,
    cut: bool,
) -> list[Blob]:
    """The wanted labels as blobs; ``near`` is true on and beside land."""
    out = []
    for label, box in enumerate(ndimage.find_objects(labels), 1):
        if box is None or not wanted[label]:
            continue
        member = labels[box] == label
        level = float(np.median(over[box][member]))
        core = member & (over[box] > 0.5 * level)  # half of the way down the hull's own edge
        if core.sum() < min_px:
            continue
        rows, cols = np.nonzero(core)
        rim = core & ~ndimage.binary_erosion(core, EIGHT)
        touching = float(near[box][rim].mean())
        rows, cols = rows + float(box[0].start), cols + float(box[1].start)
        sigmas = level / max(1e-6, float(np.median(noise[box][member])))
        out.append(Blob(rows, cols, frame_of(rows, cols), level, sigmas, cut or touching > 0.15, touching, cut))
    return out


def frame_of(rows: FloatArray, cols: FloatArray) -> FloatArray:
    """The frame of a set of pixels by its moments: a filled rectangle of length L has variance L^2 / 12 along it.

    >>> frame_of(*(a.ravel().astype(float) for a in np.mgrid[0:3, 0:12])).round(2)[4:]
    array([12.,  3.])
    """
    points = np.column_stack([rows, cols])
    centre = points.mean(axis=0)
    apart = points - centre
    cov = apart.T @ apart / len(points) + np.eye(2) / 12  # each pixel is a square, not a point
    values, vectors = np.linalg.eigh(cov)
    axis = vectors[:, 1]
    axis = axis if (axis[0], axis[1]) > (0.0, 0.0) or axis[0] > 0 else -axis
    return np.array([*centre, *axis, np.sqrt(12 * values[1]), np.sqrt(12 * values[0])])


def opened(mask: BoolImage, width_px: float) -> BoolImage:
    """What remains of a mask where a disc of this width fits, by distances (no large footprint)."""
    radius = max(0.5, width_px / 2)
    padded = np.pad(mask, 1, mode="edge")
    core = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius
    if not core.any():
        return np.zeros_like(mask)
    return ndimage.distance_transform_edt(~core) < radius + 1.0
