"""Finds outliers among GCPs: a mistyped or swapped point distorts the mapping around it.

A smooth surface (a plane, or quadratic if there are many points) is fitted to minimise the sum of distances, which,
unlike least squares, does not follow an outlier. The residuals show which points are wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.times_places.longitudes import wrap_longitudes
from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from pipeline.types import FloatArray

FEWEST = 5  # with four points it cannot be told which one is wrong
FOR_A_BEND = 12  # points needed for a quadratic surface: twice its terms
TIMES_USUAL = 12.0  # an outlier's residual is at least this many times the median (our choice), and ...
STRAY_PX = 20.0  # ... at least this many pixels: relief and hand-picked points scatter by a few (our choice)
PER_HEIGHT = 1.0  # radar shifts a point by 1 to 3 m per metre of height; tolerance after one factor (our choice)
MOST_STRAYS = 0.2  # share of the points; with more outliers it is unclear which to believe (our choice)
CONTRADICTION = 0.1  # of the image's diagonal (our choice): oblique views stay below
HIGH_M = 10.0  # height from which a point's position differs by a pixel or more from sea level
_ROUNDS = 60  # at most (our choice)
_SURE_M = 1e-3  # smaller differences are rounding


def without_strays(gcps: FloatArray, item: str, shape: tuple[int, int]) -> tuple[FloatArray, str]:
    """The consistent points (K, 5: row, col, lon, lat, height [m]), and what is doubtful about them.

    Raises InputError if points contradict one another and it cannot be told which are wrong.
    """
    said = []
    if len(gcps) >= FEWEST - 1 and len(np.unique(gcps[:, :2], axis=0)) == len(gcps):
        off_m, pixel_m = _off(gcps, shape)
        high_m = np.abs(gcps[:, 4] - np.median(gcps[:, 4]))
        allowed_m = np.maximum(TIMES_USUAL * np.median(off_m), STRAY_PX * pixel_m) + PER_HEIGHT * high_m
        stray = (off_m > allowed_m) & (len(gcps) >= FEWEST)
        left_m = off_m[~stray].max(initial=0.0)
        if stray.sum() > max(1, MOST_STRAYS * len(gcps)) or left_m > CONTRADICTION * pixel_m * np.hypot(*shape):
            raise InputError(item, f"its {len(gcps)} ground control points contradict one another {_by(off_m)}")
        if stray.any():
            lies = "lies far from where the others put it" if stray.sum() == 1 else "lie far from where the others are"
            said.append(f"{stray.sum()} of {len(gcps)} ground control points {lies} {_by(off_m)}: left out")
            gcps = gcps[~stray]
    if np.abs(gcps[:, 4]).max(initial=0.0) > HIGH_M:
        said.append("positions near land are not moved to sea level: its ground control points stand on the land")
    return gcps, "; ".join(said)


def _by(off_m: FloatArray) -> str:
    most_m = float(off_m.max())
    return f"(by {most_m / 1000:,.0f} km)" if most_m >= 10_000 else f"(by {most_m:,.0f} m)"


def _off(gcps: FloatArray, shape: tuple[int, int]) -> tuple[FloatArray, float]:
    """Residual of each point from the fitted surface [m], and the image's pixel size [m]."""
    x, y = (2 * gcps[:, k] / max(shape[k], 1) - 1 for k in (1, 0))
    terms = np.column_stack([np.ones_like(x), x, y])
    if len(gcps) >= FOR_A_BEND:
        terms = np.column_stack([terms, x * x, x * y, y * y])
        if (height := gcps[:, 4] - np.median(gcps[:, 4])).any():
            terms = np.column_stack([terms, height / np.abs(height).max()])
    lat = gcps[:, 3]
    lon = wrap_longitudes(gcps[:, 2] - np.median(gcps[0, 2] + wrap_longitudes(gcps[:, 2] - gcps[0, 2])))
    # sinusoidal projection in metres: smooth, and true along each parallel
    east_north = METRES_PER_DEGREE * np.column_stack([lon * np.cos(np.radians(lat)), lat])
    surface = _least_distances(terms, east_north)
    off_m = np.hypot(*(east_north - terms @ surface).T)
    across, down = np.hypot(*surface[1]) * 2 / shape[1], np.hypot(*surface[2]) * 2 / shape[0]
    return np.where(off_m < _SURE_M, 0.0, off_m), float(max(across, down))


def _least_distances(terms: FloatArray, values: FloatArray) -> FloatArray:
    """Coefficients of the surface with the least sum of distances (Weiszfeld, iteratively reweighted least squares)."""
    weight = np.ones(len(terms))
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)[:, None]
        surface = np.linalg.lstsq(terms * root, values * root, rcond=None)[0]
        weight = 1 / np.maximum(np.hypot(*(values - terms @ surface).T), _SURE_M)
    return np.asarray(surface)
