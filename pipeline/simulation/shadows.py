"""Visibility and cast shadows of simulated solids: a depth buffer for the camera and one for the sun.

Rays are parallel: a satellite's field of view is a degree wide, the sun half of one. A point ``z`` above the water is
seen at its own position plus ``z`` times the camera's lean, and its shadow falls at its position plus ``z`` times the
sun's shade. Of the points on one ray, the highest hides the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage

    Array = FloatArray

SUN_BIAS_M = 0.25  # tolerance against self-shadowing from the buffer's cell size
EMPTY = np.float32(-1e9)


@numba.njit(cache=True, nogil=True)
def draw_triangles(x: Array, y: Array, z: Array, depth: Array, owner: Array) -> None:  # pragma: no cover - compiled
    """Draw triangles, corners (n, 3) in cells, into a buffer that keeps the highest; ``owner`` is the triangle + 1."""
    rows, cols = depth.shape
    for n in range(x.shape[0]):
        x0, x1, x2 = x[n, 0], x[n, 1], x[n, 2]
        y0, y1, y2 = y[n, 0], y[n, 1], y[n, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-9:
            continue
        c0, c1 = max(0, int(np.ceil(min(x0, x1, x2)))), min(cols - 1, int(np.floor(max(x0, x1, x2))))
        r0, r1 = max(0, int(np.ceil(min(y0, y1, y2)))), min(rows - 1, int(np.floor(max(y0, y1, y2))))
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                b1 = ((c - x0) * (y2 - y0) - (x2 - x0) * (r - y0)) / area
                b2 = ((x1 - x0) * (r - y0) - (c - x0) * (y1 - y0)) / area
                if b1 < -1e-9 or b2 < -1e-9 or b1 + b2 > 1 + 1e-9:
                    continue
                high = z[n, 0] + b1 * (z[n, 1] - z[n, 0]) + b2 * (z[n, 2] - z[n, 0])
                if high > depth[r, c]:
                    depth[r, c] = high
                    owner[r, c] = n + 1


def depth_buffer(
    corners: Array, shear: Array, origin: Array, cell_m: float, shape: tuple[int, int]
) -> tuple[FloatImage, NDArray[np.int32]]:
    """Height and triangle number + 1 of the first hit at each cell; ``origin`` is (east, north) of cell (0, 0)."""
    flat = corners[:, :, :2] + corners[:, :, 2:] * shear
    x = (flat[:, :, 0] - origin[0]) / cell_m
    y = (origin[1] - flat[:, :, 1]) / cell_m
    depth, owner = np.full(shape, EMPTY, np.float32), np.zeros(shape, np.int32)
    draw_triangles(x, y, np.ascontiguousarray(corners[:, :, 2]), depth, owner)
    return depth, owner


@numba.njit(cache=True, nogil=True)
def lit_share(
    seen: Array, lean: Array, suns: Array, shade: Array, cell_m: float, share: Array
) -> None:  # pragma: no cover - compiled
    """Add 1 to ``share`` in cells where the visible point of a solid is lit by this sun."""
    rows, cols = seen.shape
    for r in range(rows):
        for c in range(cols):
            z = seen[r, c]
            if z < -1e8:
                continue
            east, north = -z * lean[0] + z * shade[0], -z * lean[1] + z * shade[1]
            cc, rr = int(np.rint(c + east / cell_m)), int(np.rint(r - north / cell_m))
            if not (0 <= rr < suns.shape[0] and 0 <= cc < suns.shape[1]) or z >= suns[rr, cc] - SUN_BIAS_M:
                share[r, c] += 1.0
