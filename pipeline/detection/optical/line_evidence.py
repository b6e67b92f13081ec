"""Evidence for a hull in a box between two lines: sides, ends, bow, symmetry, proportions.

Compiled, since each object has hundreds of boxes. Works on cumulative sums (`Sums`) over the image along (u) and across
(v) the common direction; a box is given by its bounds [m].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from pipeline.detection.optical.outline import USUAL_SLENDER

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BOW_SHARE = 0.03  # of the length: within it a bow has lost its corners, a quay has not
BOW_SAMPLES = 3.0  # ... and so many samples at least: an end may lie a sample or two too far out (our choice)
STRAIGHT_FROM = 0.15  # of the length from either end, most sides are straight
NEAR_SHARE = 0.4  # share of the object's pixels that suffices: the rest may be the quay
SLENDER_SPREAD = 0.15  # of ln(length over beam) over all kinds of ships (registers give 0.08 within one)
# Weights of the terms of evidence (natural logarithm); our choice, set on simulated seeds 601 to 632
SIDES, SECOND_SIDE, BESIDE, SECOND_BESIDE = 4.0, 0.6, 3.0, 0.5
NEAR_END, FAR_END, TAPER, FILL, NEAR, SIZE, ODD = 3.0, 2.0, 6.0, 3.0, 4.0, 1.5, 12.0
NEAR_END_M, FAR_END_M = (1.5, 6.0), (2.0, 30.0)  # ranges beyond an end in which there should be water
LOPSIDED, USUAL_LOPSIDED = 25.0, 0.08  # weight of asymmetry above the usual, which shadows on a deck cause
_LENGTHS, _RATIOS = (np.asarray(values, np.float64) for values in USUAL_SLENDER)


class Sums(NamedTuple):
    """Cumulative sums over an image with ``u0``, ``v0`` [m] at its first row and column and a spacing ``pixel`` [m]."""

    hull: FloatArray  # (rows + 1, cols + 1): probability of not being water, along both axes
    steps: FloatArray  # (rows + 1, cols): step of light across, positive where it falls towards +v, along rows
    light: FloatArray  # (rows + 1, cols): light, along rows
    u0: float
    v0: float
    pixel: float


@njit(cache=True, nogil=True)
def row_of(sums: Sums, u: float) -> int:
    """Row index of a position along [m]."""
    return min(max(round((u - sums.u0) / sums.pixel), 0), sums.hull.shape[0] - 1)


@njit(cache=True, nogil=True)
def col_of(sums: Sums, v: float) -> int:
    """Column index of a position across [m]."""
    return min(max(round((v - sums.v0) / sums.pixel), 0), sums.hull.shape[1] - 1)


@njit(cache=True, nogil=True)
def mean_hull_share(sums: Sums, u0: float, u1: float, v0: float, v1: float) -> float:
    """Mean probability of not being water in a box, of at least one sample."""
    b, d = max(1, row_of(sums, u1)), max(1, col_of(sums, v1))
    a, c = min(row_of(sums, u0), b - 1), min(col_of(sums, v0), d - 1)
    s = sums.hull
    return (s[b, d] - s[a, d] - s[b, c] + s[a, c]) / ((b - a) * (d - c))


@njit(cache=True, nogil=True)
def fall_of_light(sums: Sums, u0: float, u1: float, k: int, outward: int, rise: float) -> float:
    """Mean fall of light outwards over the line at column ``k``, the best within one sample; a rise counts with weight
    ``rise``."""
    b = min(max(row_of(sums, u1), row_of(sums, u0) + 1), sums.hull.shape[0] - 1)
    a = min(row_of(sums, u0), b - 1)
    most, least = -math.inf, math.inf
    for j in range(max(0, k - 1), min(k + 2, sums.steps.shape[1])):
        fall = outward * (sums.steps[b, j] - sums.steps[a, j]) / (b - a)
        most, least = max(most, fall), min(least, fall)
    return max(0.0, most, -rise * least)


@njit(cache=True, nogil=True)
def asymmetry(sums: Sums, u0: float, u1: float, v0: float, v1: float) -> float:
    """Relative difference in light between the two halves of a box, mirrored; a ship is nearly symmetric."""
    a, b, c = row_of(sums, u0), row_of(sums, u1), col_of(sums, v0)
    d = min(col_of(sums, v1) + 1, sums.light.shape[1])
    if b <= a or d <= c:
        return 0.0
    total = 0.0
    for j in range(c, d):
        one, other = sums.light[b, j] - sums.light[a, j], sums.light[b, c + d - 1 - j] - sums.light[a, c + d - 1 - j]
        total += abs(one - other) / (one + other)
    return total / (d - c)


@njit(cache=True, nogil=True)
def evidence(sums: Sums, u0: float, u1: float, v0: float, v1: float, near: float) -> float:
    """Evidence (natural logarithm) for a hull in this box, which holds a share ``near`` of the object's pixels."""
    length, beam = u1 - u0, v1 - v0
    aft, fore = u0 + STRAIGHT_FROM * length, u1 - STRAIGHT_FROM * length
    low_water = 1 - mean_hull_share(sums, aft, fore, v0 - 2.5, v0 - 1.0)
    high_water = 1 - mean_hull_share(sums, aft, fore, v1 + 1.0, v1 + 2.5)
    # A quay may be brighter than a deck; water seldom is
    low_side = fall_of_light(sums, aft, fore, col_of(sums, v0), -1, 0.5 if low_water > 0.5 else 0.75)
    high_side = fall_of_light(sums, aft, fore, col_of(sums, v1), 1, 0.5 if high_water > 0.5 else 0.75)
    total = SIDES * (max(low_side, high_side) + SECOND_SIDE * min(low_side, high_side))
    total += BESIDE * (max(low_water, high_water) + SECOND_BESIDE * min(low_water, high_water))
    mid, half = (v0 + v1) / 2, beam / 2
    close, wide = 0.5 * half, 0.7 * half
    total += NEAR_END * (1 - mean_hull_share(sums, u0 - NEAR_END_M[1], u0 - NEAR_END_M[0], mid - close, mid + close))
    total += FAR_END * (1 - mean_hull_share(sums, u0 - FAR_END_M[1], u0 - FAR_END_M[0], mid - wide, mid + wide))
    total += NEAR_END * (1 - mean_hull_share(sums, u1 + NEAR_END_M[0], u1 + NEAR_END_M[1], mid - close, mid + close))
    total += FAR_END * (1 - mean_hull_share(sums, u1 + FAR_END_M[0], u1 + FAR_END_M[1], mid - wide, mid + wide))
    corner = max(BOW_SHARE * length, BOW_SAMPLES * sums.pixel)
    bow = max(_bow(sums, u0, u0 + corner, v0, v1), _bow(sums, u1 - corner, u1, v0, v1))
    total += TAPER * min(1.0, bow / 0.7)
    total -= LOPSIDED * max(0.0, asymmetry(sums, aft, fore, v0, v1) - USUAL_LOPSIDED)
    odd = math.log(length / beam / np.interp(length, _LENGTHS, _RATIOS)) / SLENDER_SPREAD
    total -= min(0.5 * odd * odd, ODD)
    total += FILL * mean_hull_share(sums, u0, u1, v0, v1) + NEAR * min(1.0, near / NEAR_SHARE)
    return total + SIZE * math.log(length / 100)


@njit(cache=True, nogil=True)
def _bow(sums: Sums, u0: float, u1: float, v0: float, v1: float) -> float:
    """How far an end tapers like a bow: fill of its middle less that of its fuller corner.

    Relative to the middle, since the corners of an end placed beyond a quay's own are empty, too.
    """
    part, mid = 0.3 * (v1 - v0) / 2, (v0 + v1) / 2
    middle = mean_hull_share(sums, u0, u1, mid - part / 2, mid + part / 2)
    return middle - max(mean_hull_share(sums, u0, u1, v0, v0 + part), mean_hull_share(sums, u0, u1, v1 - part, v1))
