"""What a rectangle shows: contrast, texture and edges of its inside against the strips around it.

All in the image's own units (`water.normalise`), so that no gain or offset matters; what a missing band would show is
NaN. Both ends are told in one order (the more watery first), so that a mirrored ship shows the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy import ndimage

from pipeline.detection.optical.boxes import SOLID

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Normal
    from pipeline.types import FloatArray, FloatImage

CHANNELS = ("infrared", "swir", "visible", "redness")
MASKS = ("solid", "thin", "slender")  # not water; what openings of two widths take away from it
REGIONS = ("inside", "outer", "inner", "far_inner", "end_a", "end_b")
PER_CHANNEL = (
    "mean", "std", "over_outer", "over_inner", "over_far_inner", "over_end_a", "over_end_b",
    "outer_step", "inner_step", "gap", "end_step_a", "end_step_b", "brightest_fifth", "darkest_fifth", "brightest_at",
)  # fmt: skip
NAMES = (
    *(f"{c}_{p}" for c in CHANNELS for p in PER_CHANNEL),
    *(f"solid_{r}" for r in REGIONS),
    "thin_inside", "slender_inside", "thin_outer", "edge_wander", "edge_shift",
    "length_m", "beam_m", "aspect", "land_near", "land_far",
)  # fmt: skip
REACH_PX = 8  # how far beyond a box its features look, besides half its length


def stack_of(normal: Normal, spacing_m: float) -> FloatImage:
    """Images that boxes are measured on, shape (channels + masks + 2, rows, cols)."""
    shape = normal.infrared.shape
    nothing = np.full(shape, np.nan, np.float32)
    images = [np.clip(a, -0.5, 4.0) if a is not None else nothing for a in (getattr(normal, c) for c in CHANNELS)]
    solid = normal.infrared > SOLID
    images.append(solid.astype(np.float32))
    for width_m in (45.0, 85.0):
        images.append((solid & ~opened(solid, width_m / spacing_m)).astype(np.float32))
    mass = opened(solid, 120.0 / spacing_m).astype(np.float32)
    for reach_m in (300.0, 1200.0):
        images.append(ndimage.uniform_filter(mass, max(3, round(reach_m / spacing_m)), mode="nearest"))
    return np.stack(images).astype(np.float32)


def opened(mask: np.ndarray, width_px: float) -> np.ndarray:
    """What remains of a mask where a disc of this width fits, by distances (no large footprint)."""
    radius = max(0.5, width_px / 2)
    padded = np.pad(mask, 1, mode="edge")
    core = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius
    if not core.any():
        return np.zeros_like(mask)
    return ndimage.distance_transform_edt(~core) < radius


def measure(boxes: FloatArray, stack: FloatImage, spacing_m: float) -> FloatImage:
    """Features of boxes, shape (n, len(NAMES)), in the order of `NAMES`."""
    out = np.empty((len(boxes), len(NAMES)), np.float32)
    _measure(np.ascontiguousarray(boxes, np.float64), stack, spacing_m, out)
    return out


@njit(cache=True, nogil=True)
def _sample(image, y, x):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Bilinear value; the border's where it lies outside."""
    rows, cols = image.shape
    y = min(max(y, 0.0), rows - 1.0)
    x = min(max(x, 0.0), cols - 1.0)
    i, j = min(int(y), rows - 2), min(int(x), cols - 2)
    fy, fx = y - i, x - j
    top = image[i, j] * (1 - fx) + image[i, j + 1] * fx
    return top * (1 - fy) + (image[i + 1, j] * (1 - fx) + image[i + 1, j + 1] * fx) * fy


@njit(cache=True, nogil=True)
def _patch(image, box, u0, u1, v0, v1, nu, nv):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Mean and standard deviation over a sub-rectangle of the box's frame (u along the axis, v to the outer side)."""
    total, square = 0.0, 0.0
    for i in range(nu):
        u = u0 + (u1 - u0) * (i + 0.5) / nu
        for j in range(nv):
            v = v0 + (v1 - v0) * (j + 0.5) / nv
            value = _sample(image, box[0] + u * box[2] - v * box[3], box[1] + u * box[3] + v * box[2])
            total += value
            square += value * value
    mean = total / (nu * nv)
    return mean, np.sqrt(max(0.0, square / (nu * nv) - mean * mean))


@njit(cache=True, nogil=True)
def _channel(image, box, a_first, out, k):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Features of one channel into ``out[k:]``; the next free place comes back."""
    half, beam = box[4] / 2, box[5] / 2
    nu, nv = max(6, int(box[4])), max(2, int(box[5] + 0.5))
    inset = min(0.5, beam / 2)
    mean, std = _patch(image, box, -half + 0.5, half - 0.5, -beam + inset, beam - inset, nu, nv)
    outer, _ = _patch(image, box, -half, half, beam + 0.8, beam + 2.8, nu, 2)
    inner, _ = _patch(image, box, -half, half, -beam - 2.8, -beam - 0.8, nu, 2)
    far, _ = _patch(image, box, -half, half, -beam - 7.0, -beam - 3.5, nu, 3)
    end1, _ = _patch(image, box, half + 0.8, half + 3.0, -beam, beam, 2, nv)
    end2, _ = _patch(image, box, -half - 3.0, -half - 0.8, -beam, beam, 2, nv)
    step1 = _patch(image, box, half - 1.5, half - 0.5, -beam, beam, 2, nv)[0]
    step1 -= _patch(image, box, half + 0.5, half + 1.5, -beam, beam, 2, nv)[0]
    step2 = _patch(image, box, -half + 0.5, -half + 1.5, -beam, beam, 2, nv)[0]
    step2 -= _patch(image, box, -half - 1.5, -half - 0.5, -beam, beam, 2, nv)[0]
    if not a_first:
        end1, end2, step1, step2 = end2, end1, step2, step1
    out[k], out[k + 1] = mean, std
    out[k + 2], out[k + 3], out[k + 4] = mean - outer, mean - inner, mean - far
    out[k + 5], out[k + 6] = mean - end1, mean - end2
    rim_out, _ = _patch(image, box, -half, half, beam - 1.0, beam, nu, 2)
    rim_in, _ = _patch(image, box, -half, half, -beam, -beam + 1.0, nu, 2)
    past_out, _ = _patch(image, box, -half, half, beam + 0.5, beam + 1.5, nu, 2)
    past_in, _ = _patch(image, box, -half, half, -beam - 1.5, -beam - 0.5, nu, 2)
    out[k + 7], out[k + 8] = rim_out - past_out, rim_in - past_in
    gap = 0.0  # a dark line between hull and quay: the lowest of a few pixels across, averaged along
    for i in range(nu):
        u = -half + 2 * half * (i + 0.5) / nu
        low = 1e9
        for j in range(5):
            v = -beam - 2.5 + 0.75 * j
            low = min(low, _sample(image, box[0] + u * box[2] - v * box[3], box[1] + u * box[3] + v * box[2]))
        gap += low
    out[k + 9] = mean - gap / nu
    out[k + 10], out[k + 11] = step1, step2
    low, high, at = 1e9, -1e9, 0.0
    for i in range(5):
        u0 = -half + 2 * half * i / 5
        part, _ = _patch(image, box, u0, u0 + 2 * half / 5, -beam + inset, beam - inset, max(2, nu // 5), nv)
        low = min(low, part)
        if part > high:
            high, at = part, abs(i - 2.0)
    out[k + 12], out[k + 13], out[k + 14] = high - mean, mean - low, at
    return k + 15


@njit(cache=True, nogil=True)
def _edge(image, box, out, k):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How straight the water's edge runs along the outer side, and how far from the box's own side [px]."""
    half, beam = box[4] / 2, box[5] / 2
    n = max(6, int(0.8 * box[4]))
    total, square = 0.0, 0.0
    for i in range(n):
        u = 0.8 * (-half + 2 * half * (i + 0.5) / n)
        edge = 4.0
        last = 1.0
        for j in range(25):
            v = -1.0 + 0.25 * j
            y, x = box[0] + u * box[2] - (beam + v) * box[3], box[1] + u * box[3] + (beam + v) * box[2]
            value = _sample(image, y, x)
            if value < SOLID:
                edge = v - 0.25 * (SOLID - value) / max(1e-6, last - value) if j > 0 else v
                break
            last = value
        total += edge
        square += edge * edge
    mean = total / n
    out[k] = np.sqrt(max(0.0, square / n - mean * mean))
    out[k + 1] = mean


@njit(cache=True, nogil=True)
def _measure(boxes, stack, spacing_m, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(len(boxes)):
        box, row = boxes[i], out[i]
        half, beam = box[4] / 2, box[5] / 2
        nu, nv = max(6, int(box[4])), max(2, int(box[5] + 0.5))
        solid = stack[4]
        end1, _ = _patch(solid, box, half + 0.8, half + 3.0, -beam, beam, 2, nv)
        end2, _ = _patch(solid, box, -half - 3.0, -half - 0.8, -beam, beam, 2, nv)
        k = 0
        for c in range(4):
            k = _channel(stack[c], box, end1 <= end2, row, k)
        row[k] = _patch(solid, box, -half + 0.5, half - 0.5, -beam, beam, nu, nv)[0]
        row[k + 1] = _patch(solid, box, -half, half, beam + 0.8, beam + 2.8, nu, 2)[0]
        row[k + 2] = _patch(solid, box, -half, half, -beam - 2.8, -beam - 0.8, nu, 2)[0]
        row[k + 3] = _patch(solid, box, -half, half, -beam - 7.0, -beam - 3.5, nu, 3)[0]
        row[k + 4], row[k + 5] = min(end1, end2), max(end1, end2)
        k += 6
        row[k] = _patch(stack[5], box, -half + 0.5, half - 0.5, -beam, beam, nu, nv)[0]
        row[k + 1] = _patch(stack[6], box, -half + 0.5, half - 0.5, -beam, beam, nu, nv)[0]
        row[k + 2] = _patch(stack[5], box, -half, half, beam + 3.0, beam + 8.0, nu, 3)[0]
        _edge(stack[0], box, row, k + 3)
        k += 5
        row[k], row[k + 1], row[k + 2] = box[4] * spacing_m, box[5] * spacing_m, box[4] / box[5]
        row[k + 3], row[k + 4] = _sample(stack[7], box[0], box[1]), _sample(stack[8], box[0], box[1])
