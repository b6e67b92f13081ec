"""Where a hull may lie: rectangles with one side on the water's edge, and the frames of objects that stand alone.

A ship at a quay forms the shoreline itself: the long side that faces the basin is an edge between water and not water.
So a rectangle is hung on every pixel of that edge, along the edge's own direction, in a ladder of lengths and beams.
A box is a row ``(row, col, axis_row, axis_col, length_px, beam_px)``: its centre, the unit vector along its axis. The
outer side, which faces the water, lies to the side ``(-axis_col, axis_row)`` of the axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

LENGTHS_M = (45.0, 58.0, 75.0, 97.0, 125.0, 160.0, 205.0, 265.0, 340.0)  # a ladder of 1.29, so none is missed by 14 %
ASPECTS = (3.6, 5.0, 6.8)  # length over beam as the pixels show it: blurred small ships look stout
MIN_BEAM_PX = 1.6
TURNS_DEG = (-7.0, 0.0, 7.0)  # around the edge's own direction
EDGE_SCALES_PX = (2.0, 6.0)  # over which the edge's direction is measured
SOLID = (
    0.15  # of the way from water to land: half of a dim hull (ships over water show 0.2 to 0.9 in the near infrared)
)
LONE_MAX_M2 = 40_000.0  # a larger object is land; the largest hull afloat covers 380 m x 68 m


def edge_points(infrared: FloatImage, solid: BoolImage, basin: BoolImage) -> tuple[FloatArray, FloatArray]:
    """Water's edge: positions (n, 2) and outward directions (scales, n, 2), as unit vectors towards the water."""
    touching = solid & ndimage.binary_dilation(basin, structure=np.ones((3, 3), bool))
    rows, cols = np.nonzero(touching)
    smooth = ndimage.gaussian_filter(np.clip(infrared, 0, 0.6), 1.0)
    d_row, d_col = ndimage.sobel(smooth, axis=0), ndimage.sobel(smooth, axis=1)
    lean_row, lean_col = ndimage.gaussian_filter(d_row, 3.0), ndimage.gaussian_filter(d_col, 3.0)
    directions = np.empty((len(EDGE_SCALES_PX), len(rows), 2))
    for k, sigma in enumerate(EDGE_SCALES_PX):
        rr, cc, rc = (ndimage.gaussian_filter(a, sigma)[rows, cols] for a in (d_row**2, d_col**2, d_row * d_col))
        angle = 0.5 * np.arctan2(2 * rc, rr - cc)  # of the steepest direction, from the row axis
        n = np.column_stack([np.cos(angle), np.sin(angle)])
        uphill = n[:, 0] * lean_row[rows, cols] + n[:, 1] * lean_col[rows, cols] > 0
        directions[k] = np.where(uphill[:, None], -n, n)
    return np.column_stack([rows, cols]).astype(float), directions


def edge_boxes(points: FloatArray, outward: FloatArray, spacing_m: float) -> FloatArray:
    """Boxes (n, 6) on the water's edge, their outer side half a pixel outside of it."""
    sizes = []
    for length in LENGTHS_M:
        beams = {max(MIN_BEAM_PX, length / a / spacing_m) for a in ASPECTS}
        sizes += [(length / spacing_m, b) for b in sorted(beams) if b * spacing_m < 70]
    out = []
    for scale in outward:
        for turn in np.radians(TURNS_DEG):
            n = np.column_stack(
                [
                    scale[:, 0] * np.cos(turn) - scale[:, 1] * np.sin(turn),
                    scale[:, 0] * np.sin(turn) + scale[:, 1] * np.cos(turn),
                ]
            )
            axis = np.column_stack([n[:, 1], -n[:, 0]])  # then the outer side is (-axis_col, axis_row) = n
            for length, beam in sizes:
                centre = points - n * (beam / 2 - 0.5)
                out.append(np.column_stack([centre, axis, np.full(len(points), length), np.full(len(points), beam)]))
    return np.concatenate(out) if out else np.empty((0, 6))


def lone_boxes(solid: BoolImage, spacing_m: float, min_px: int) -> FloatArray:
    """Frames of the objects that touch no land: along their principal axis, as long and wide as their moments say."""
    labels, count = ndimage.label(solid, structure=np.ones((3, 3), int))
    out = []
    for label, cut in enumerate(ndimage.find_objects(labels), 1):
        if (cut[0].stop - cut[0].start) * (cut[1].stop - cut[1].start) * spacing_m**2 > 25 * LONE_MAX_M2:
            continue
        rows, cols = np.nonzero(labels[cut] == label)
        if len(rows) < min_px or len(rows) * spacing_m**2 > LONE_MAX_M2:
            continue
        points = np.column_stack([rows + cut[0].start, cols + cut[1].start]).astype(float)
        out.append(frame_of(points))
    return np.array(out).reshape(-1, 6)


def frame_of(points: FloatArray) -> FloatArray:
    """The box of a set of pixels by its moments: a filled rectangle of length L has variance L^2 / 12 along it."""
    centre = points.mean(axis=0)
    cov = np.cov((points - centre).T) if len(points) > 1 else np.zeros((2, 2))
    cov = cov + np.eye(2) / 12  # each pixel is a square, not a point
    values, vectors = np.linalg.eigh(cov)
    axis = vectors[:, 1]
    return np.array([*centre, *axis, np.sqrt(12 * values[1]), np.sqrt(12 * values[0])])


def corners(box: FloatArray) -> FloatArray:
    """Outline (4, 2) of a box: rows, columns."""
    centre, axis = box[:2], box[2:4]
    along, across = axis * box[4] / 2, np.array([-axis[1], axis[0]]) * box[5] / 2
    return np.array(
        [centre + along + across, centre + along - across, centre - along - across, centre - along + across]
    )


@njit(cache=True, nogil=True)
def screen(boxes: FloatArray, solid: FloatImage) -> BoolImage:  # pragma: no cover - compiled
    """Boxes worth a closer look: solid inside, water along the outer side and beyond at least one half end."""
    keep = np.zeros(len(boxes), np.bool_)
    rows, cols = solid.shape
    for i in range(len(boxes)):
        r, c, ar, ac, length, beam = boxes[i]
        nr, nc = -ac, ar
        steps = max(6, int(length))
        inside, outer = 0.0, 0.0
        for j in range(steps):
            u = ((j + 0.5) / steps - 0.5) * length
            for side in range(2):
                v = 0.0 if side == 0 else beam / 2 + 1.5
                y, x = int(np.floor(r + u * ar + v * nr + 0.5)), int(np.floor(c + u * ac + v * nc + 0.5))
                value = 0.0
                if 0 <= y < rows and 0 <= x < cols:
                    value = solid[y, x]
                if side == 0:
                    inside += value
                else:
                    outer += value
        if inside < 0.75 * steps or outer > 0.35 * steps:
            continue
        open_ends = 0.0
        for sign in (-1.0, 1.0):
            clear = 0.0
            for j in range(4):
                v = ((j + 0.5) / 4 - 0.5) * beam
                best = 1.0
                for reach in range(1, 5):  # a gap of a pixel between two hulls is enough
                    u = sign * (length / 2 + reach)
                    y, x = int(np.floor(r + u * ar + v * nr + 0.5)), int(np.floor(c + u * ac + v * nc + 0.5))
                    if 0 <= y < rows and 0 <= x < cols:
                        best = min(best, solid[y, x])
                    else:
                        best = 0.0
                clear += 1 - best
            open_ends += clear
        keep[i] = open_ends >= 2.0
    return keep
