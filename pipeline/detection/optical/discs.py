"""Fast morphology with discs: dilation and opening of masks by distances up to a limit.

A full distance transform is expensive and rarely needed. Two passes, along rows and then across them (Felzenszwalb and
Huttenlocher, Theory of Computing 8, pp. 415-428, 2012, without the lower envelope, since the limit is small).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage


def within_reach(mask: BoolImage, reach_px: float) -> BoolImage:
    """Pixels less than ``reach_px`` from a pixel of the mask, centre to centre."""
    return _squared_distance(mask, math.ceil(reach_px)) < reach_px**2


def open_with_disc(mask: BoolImage, width_px: float) -> BoolImage:
    """Opening of a mask by a disc of this width; the mask is taken to continue beyond the image's border."""
    radius = max(0.5, width_px / 2)
    padded = np.pad(mask, 1, mode="edge")
    core = (_squared_distance(~padded, math.floor(radius) + 1) > radius**2)[1:-1, 1:-1]
    return within_reach(core, radius + 1.0) if core.any() else np.zeros_like(mask)


def dilate(mask: BoolImage) -> BoolImage:
    """Binary dilation by a 3 x 3 square, in few passes."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    tall = out.copy()
    out[:, 1:] |= tall[:, :-1]
    out[:, :-1] |= tall[:, 1:]
    return out


@numba.njit(cache=True, nogil=True)
def within_steps(mask: BoolImage, reach: int) -> BoolImage:
    """Pixels at most ``reach`` steps along rows and columns (city-block distance) from a pixel of the mask."""
    rows, cols = mask.shape
    away = np.empty((rows, cols), np.int32)
    far = np.int32(reach + 1)
    for i in range(rows):
        for j in range(cols):
            least = np.int32(0) if mask[i, j] else far
            if i > 0:
                least = min(least, away[i - 1, j] + 1)
            if j > 0:
                least = min(least, away[i, j - 1] + 1)
            away[i, j] = least
    out = np.empty((rows, cols), np.bool_)
    for i in range(rows - 1, -1, -1):
        for j in range(cols - 1, -1, -1):
            if i + 1 < rows:
                away[i, j] = min(away[i, j], away[i + 1, j] + 1)
            if j + 1 < cols:
                away[i, j] = min(away[i, j], away[i, j + 1] + 1)
            out[i, j] = away[i, j] <= reach
    return out


@numba.njit(cache=True, nogil=True)
def _squared_distance(mask: BoolImage, limit_px: int) -> NDArray[np.int32]:
    """Squared distance to the nearest pixel of the mask; beyond the limit, any number above the limit's square."""
    rows, cols = mask.shape
    beyond = limit_px + 1
    along = np.empty((rows, cols), np.int32)
    for i in range(rows):
        apart = beyond
        for j in range(cols):
            apart = 0 if mask[i, j] else min(apart + 1, beyond)
            along[i, j] = apart
        apart = beyond
        for j in range(cols - 1, -1, -1):
            apart = 0 if mask[i, j] else min(apart + 1, beyond)
            least = min(along[i, j], apart)
            along[i, j] = least * least
    out = along.copy()
    for i in range(rows):
        for k in range(max(0, i - limit_px), min(rows, i + limit_px + 1)):
            step = np.int32((k - i) * (k - i))
            for j in range(cols):
                out[i, j] = min(out[i, j], along[k, j] + step)
    return out
