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

MIN_POINTS = 5  # with four points it cannot be told which one is wrong
MIN_POINTS_QUADRATIC = 12  # points needed for a quadratic surface: twice its terms
OUTLIER_FACTOR = 12.0  # an outlier's residual is at least this many times the median (our choice), and ...
OUTLIER_PX = 20.0  # ... at least this many pixels: relief and hand-picked points scatter by a few (our choice)
OFFSET_PER_HEIGHT = 1.0  # radar shifts a point by 1 to 3 m per metre of height; tolerance after one factor (our choice)
MAX_OUTLIER_SHARE = 0.2  # share of the points; with more outliers it is unclear which to believe (our choice)
MAX_RESIDUAL_SHARE = 0.1  # of the image's diagonal (our choice): oblique views stay below
HIGH_M = 10.0  # height from which a point's position differs by a pixel or more from sea level
_ITERATIONS = 60  # at most (our choice)
_NEGLIGIBLE_M = 1e-3  # smaller differences are rounding


def without_outliers(gcps: FloatArray, item: str, shape: tuple[int, int]) -> tuple[FloatArray, str]:
    """The consistent points (K, 5: row, col, lon, lat, height [m]), and what is doubtful about them.

    Raises InputError if points contradict one another and it cannot be told which are wrong.
    """
    doubts = []
    if len(gcps) >= MIN_POINTS - 1 and len(np.unique(gcps[:, :2], axis=0)) == len(gcps):
        residual_m, pixel_m = _residuals(gcps, shape)
        height_offset_m = np.abs(gcps[:, 4] - np.median(gcps[:, 4]))
        allowed_m = (
            np.maximum(OUTLIER_FACTOR * np.median(residual_m), OUTLIER_PX * pixel_m)
            + OFFSET_PER_HEIGHT * height_offset_m
        )
        outlier = (residual_m > allowed_m) & (len(gcps) >= MIN_POINTS)
        max_residual_m = residual_m[~outlier].max(initial=0.0)
        if outlier.sum() > max(
            1, MAX_OUTLIER_SHARE * len(gcps)
        ) or max_residual_m > MAX_RESIDUAL_SHARE * pixel_m * np.hypot(*shape):
            raise InputError(
                item, f"its {len(gcps)} ground control points contradict one another {_distance_text(residual_m)}"
            )
        if outlier.any():
            verb = (
                "lies far from where the others put it" if outlier.sum() == 1 else "lie far from where the others are"
            )
            doubts.append(
                f"{outlier.sum()} of {len(gcps)} ground control points {verb} {_distance_text(residual_m)}: left out"
            )
            gcps = gcps[~outlier]
    if np.abs(gcps[:, 4]).max(initial=0.0) > HIGH_M:
        doubts.append("positions near land are not moved to sea level: its ground control points stand on the land")
    return gcps, "; ".join(doubts)


def _distance_text(residual_m: FloatArray) -> str:
    most_m = float(residual_m.max())
    return f"(by {most_m / 1000:,.0f} km)" if most_m >= 10_000 else f"(by {most_m:,.0f} m)"


def _residuals(gcps: FloatArray, shape: tuple[int, int]) -> tuple[FloatArray, float]:
    """Residual of each point from the fitted surface [m], and the image's pixel size [m]."""
    x, y = (2 * gcps[:, k] / max(shape[k], 1) - 1 for k in (1, 0))
    basis = np.column_stack([np.ones_like(x), x, y])
    if len(gcps) >= MIN_POINTS_QUADRATIC:
        basis = np.column_stack([basis, x * x, x * y, y * y])
        if (height := gcps[:, 4] - np.median(gcps[:, 4])).any():
            basis = np.column_stack([basis, height / np.abs(height).max()])
    lat = gcps[:, 3]
    lon = wrap_longitudes(gcps[:, 2] - np.median(gcps[0, 2] + wrap_longitudes(gcps[:, 2] - gcps[0, 2])))
    # sinusoidal projection in metres: smooth, and true along each parallel
    east_north = METRES_PER_DEGREE * np.column_stack([lon * np.cos(np.radians(lat)), lat])
    surface = _fit_least_distances(basis, east_north)
    residual_m = np.hypot(*(east_north - basis @ surface).T)
    across, down = np.hypot(*surface[1]) * 2 / shape[1], np.hypot(*surface[2]) * 2 / shape[0]
    return np.where(residual_m < _NEGLIGIBLE_M, 0.0, residual_m), float(max(across, down))


def _fit_least_distances(basis: FloatArray, values: FloatArray) -> FloatArray:
    """Coefficients of the surface with the least sum of distances (Weiszfeld, iteratively reweighted least squares)."""
    weight = np.ones(len(basis))
    for _ in range(_ITERATIONS):
        root = np.sqrt(weight)[:, None]
        surface = np.linalg.lstsq(basis * root, values * root, rcond=None)[0]
        weight = 1 / np.maximum(np.hypot(*(values - basis @ surface).T), _NEGLIGIBLE_M)
    return np.asarray(surface)
