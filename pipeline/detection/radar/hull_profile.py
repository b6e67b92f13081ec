"""Extent of an object along a known axis: where its profile falls below several levels, with subpixel precision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

STEPS_A_RESOLUTION = 8  # samples of the profile in one resolution width
GAP_RESOLUTIONS = 0.6  # a dark gap up to this long does not end a hull: close scatterers interfere (our choice)
REACH_RESOLUTIONS = 2.25  # how far beyond the fitted ends a profile is followed: the next ship may lie there
BELOW_PEAK_DB, BELOW_MEDIAN_DB, ABOVE_SEA_DB = 22.0, 12.0, 6.0  # the three levels; each fails on different ships
LEAST_OVER_SEA = 2.0, 1.5  # floors of the first two levels, times the sea


def extents_m(
    joint: FloatArray,
    spacing_m: tuple[float, float],
    place: tuple[float, float, float],
    length_m: float,
    beam_m: float,
    resolution_m: float,
) -> tuple[float, float, float]:
    """Extents [m] of the profile at three levels: fixed dB below its peak, below its median, and above the sea.

    ``joint`` is power over the sea, ``place`` the fitted centre (y, x) [m] and angle [rad], length and beam the fitted
    ones. The profile is the mean across the hull, less the sea.
    """
    step = resolution_m / STEPS_A_RESOLUTION
    half = length_m / 2 + REACH_RESOLUTIONS * resolution_m
    width = max(beam_m / 2, 0.4 * resolution_m)
    n = 2 * int(half / step) + 1
    profile = _profile(joint, spacing_m, place, n, step, width, resolution_m / 4)
    along = (np.arange(n) - n // 2) * step
    inside = np.flatnonzero(np.abs(along) <= length_m / 2 + resolution_m / 4)
    top = int(inside[np.argmax(profile[inside])])
    peak, middle = float(profile[top]), float(np.median(profile[inside]))
    levels = (
        max(peak * 10 ** (-BELOW_PEAK_DB / 10), LEAST_OVER_SEA[0]),
        max(middle * 10 ** (-BELOW_MEDIAN_DB / 10), LEAST_OVER_SEA[1]),
        10 ** (ABOVE_SEA_DB / 10),
    )
    gap = round(GAP_RESOLUTIONS * STEPS_A_RESOLUTION)
    below_peak, below_median, above_sea = (_extent(profile, top, level, gap) * step for level in levels)
    return below_peak, below_median, above_sea


@numba.njit(cache=True, nogil=True)
def _profile(
    image: FloatArray,
    spacing: tuple[float, float],
    place: tuple[float, float, float],
    n: int,
    step: float,
    width: float,
    step_across: float,
) -> FloatArray:
    """Mean across a strip around the axis, less the sea (1), at ``n`` points along the axis; at least 0.001."""
    cos, sin = math.cos(place[2]), math.sin(place[2])
    m = int(2 * width / step_across + 1e-9) + 1
    out = np.empty(n)
    for i in range(n):
        u = (i - n // 2) * step
        total = 0.0
        for j in range(m):
            v = -width + j * step_across
            r = (place[0] + u * cos - v * sin) / spacing[0]
            c = (place[1] + u * sin + v * cos) / spacing[1]
            r0, c0 = math.floor(r), math.floor(c)
            if r0 < 0 or c0 < 0 or r0 + 1 >= image.shape[0] or c0 + 1 >= image.shape[1]:
                total += 1.0
                continue
            fr, fc = r - r0, c - c0
            total += (1 - fr) * ((1 - fc) * image[r0, c0] + fc * image[r0, c0 + 1])
            total += fr * ((1 - fc) * image[r0 + 1, c0] + fc * image[r0 + 1, c0 + 1])
        out[i] = max(total / m - 1.0, 1e-3)
    return out


@numba.njit(cache=True, nogil=True)
def _extent(profile: FloatArray, top: int, level: float, gap: int) -> float:
    """Steps between the outermost crossings of a level on both sides of ``top``, interpolated in ln power.

    Stretches below the level of up to ``gap`` steps are bridged.
    """
    ends = np.zeros(2)
    for side in range(2):
        d = 2 * side - 1
        last, j = top, top
        while 0 <= j + d < profile.size and abs(j + d - last) <= gap:
            j += d
            if profile[j] > level:
                last = j
        ends[side] = last
        if 0 <= last + d < profile.size:
            a, b = math.log(profile[last]), math.log(profile[last + d])
            if a > b:
                ends[side] += d * min(max((a - math.log(level)) / (a - b), 0.0), 1.0)
    return ends[1] - ends[0]
