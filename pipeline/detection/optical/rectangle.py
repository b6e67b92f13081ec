"""Subpixel size of a hull: least-squares fit of a blurred rectangle to the network's map of hull probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from pipeline.detection.linear_solver import solve_symmetric
from pipeline.detection.optical.objects import moment_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage

BLUR_PX = 0.6  # width of an edge in the probability map; start of the fit
MARGIN_PX = 4  # around the hull's box: six widths of an edge, beyond which nothing is left to fit
STEPS, DAMPING, SETTLED = 60, 1e-3, 1e-9  # iterations, first damping, relative fall of the sum of squares at the end
ROOT_PI = math.sqrt(math.pi)
# Pixels of the map with correlated errors, since the bands are blurred; set on painted ships (benchmarks.hull_sizes)
CORRELATED_PIXELS = 2.5


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Centre, unit vector along (row, col), length and beam, all in pixels; ``misfit`` is the rms over the window."""

    row: float
    col: float
    axis: tuple[float, float]
    length_px: float
    beam_px: float
    misfit: float
    turn_se_rad: float = 0.0  # standard error of the axis


def fit_rectangle(cover: FloatImage, rows: NDArray[Any], cols: NDArray[Any]) -> Rectangle:
    """Fit a rectangle to a map of cover (0 to 1), starting from the pixels of one hull; those of others should be 0.

    The model is a rectangle with blurred edges: the product of two sums of error functions, along and across. Least
    squares over the hull's box and a margin, which uses the area and all four edges at once.
    """
    row, col, a_row, a_col, length, beam = moment_frame(rows.astype(float), cols.astype(float))
    low = np.maximum([rows.min() - MARGIN_PX, cols.min() - MARGIN_PX], 0).astype(int)
    high = np.minimum([rows.max() + MARGIN_PX + 1, cols.max() + MARGIN_PX + 1], cover.shape).astype(int)
    seen = cover[low[0] : high[0], low[1] : high[1]].astype(np.float64)
    start = np.array([row, col, np.arctan2(a_row, a_col), np.log(length), np.log(max(beam, 1.0)), np.log(BLUR_PX)])
    start[:2] -= low
    lower = start - np.array([3, 3, 0.5, 0.5, 0.9, 0.8])
    upper = start + np.array([3, 3, 0.5, 0.5, 0.7, 1.2])
    p, squares, curvature = _descend(seen, start, lower, upper)
    axis = (float(np.sin(p[2])), float(np.cos(p[2])))
    length, beam = float(np.exp(p[3])), float(np.exp(p[4]))
    if beam > length:
        length, beam, axis = beam, length, (axis[1], -axis[0])
    if axis[0] < 0:
        axis = (-axis[0], -axis[1])
    misfit = float(np.sqrt(squares / seen.size))
    turn_se = float(np.sqrt(np.linalg.inv(curvature + 1e-9 * np.eye(6))[2, 2] * CORRELATED_PIXELS)) * misfit
    return Rectangle(float(p[0] + low[0]), float(p[1] + low[1]), axis, length, beam, misfit, turn_se)


@njit(cache=True, nogil=True)
def _descend(
    seen: FloatArray, start: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, float, FloatArray]:
    """Levenberg-Marquardt with steps clipped at the bounds: parameters, sum of squares and J'J at the minimum."""
    p, damping = start.copy(), DAMPING
    curvature, slope = np.zeros((6, 6)), np.zeros(6)
    squares = _squares(seen, p, curvature, slope)
    tried_curvature, tried_slope = np.zeros((6, 6)), np.zeros(6)
    for _ in range(STEPS):
        damped, down = curvature.copy(), slope.copy()
        for k in range(6):
            damped[k, k] += damping * curvature[k, k] + 1e-9
            if (p[k] <= lower[k] and slope[k] > 0) or (p[k] >= upper[k] and slope[k] < 0):  # held by its bound
                damped[k, :], damped[:, k], damped[k, k], down[k] = 0.0, 0.0, 1.0, 0.0
        tried = np.minimum(np.maximum(p - solve_symmetric(damped, down), lower), upper)
        trial = _squares(seen, tried, tried_curvature, tried_slope)
        if trial < squares:
            gained = squares - trial
            p, squares = tried, trial
            curvature[:], slope[:] = tried_curvature, tried_slope
            damping = max(damping * 0.2, 1e-9)
            if gained <= SETTLED * (1e-12 + squares):
                break
        else:
            damping *= 5.0
            if damping > 1e9:
                break
    return p, squares, curvature


@njit(cache=True, nogil=True)
def _squares(seen: FloatArray, p: FloatArray, curvature: FloatArray, slope: FloatArray) -> float:
    """Sum of squares of model less cover; writes J'J into ``curvature``, J' times the residual into ``slope``.

    The model is the cover by a rectangle (row, col, angle, ln length, ln beam, ln blur) with edges blurred by a
    Gaussian: with u along and v across, A(u) B(v), A(u) = [erf((L/2 - u) / w) + erf((L/2 + u) / w)] / 2.
    """
    curvature[:], slope[:] = 0.0, 0.0
    s, c = math.sin(p[2]), math.cos(p[2])
    half_length, half_beam, width = math.exp(p[3]) / 2, math.exp(p[4]) / 2, math.sqrt(2.0) * math.exp(p[5])
    total = 0.0
    g = np.zeros(6)
    for i in range(seen.shape[0]):
        for j in range(seen.shape[1]):
            south, east = i - p[0], j - p[1]
            u, v = south * s + east * c, south * c - east * s
            a, a_u, a_size, a_blur = _edge(u, half_length, width)
            b, b_v, b_size, b_blur = _edge(v, half_beam, width)
            rest = a * b - seen[i, j]
            total += rest * rest
            g[0] = -s * a_u * b - c * a * b_v
            g[1] = -c * a_u * b + s * a * b_v
            g[2] = v * a_u * b - u * a * b_v
            g[3], g[4] = a_size * b, a * b_size
            g[5] = a_blur * b + a * b_blur
            for k in range(6):
                slope[k] += g[k] * rest
                for m in range(k + 1):
                    curvature[k, m] += g[k] * g[m]
    for k in range(6):
        for m in range(k):
            curvature[m, k] = curvature[k, m]
    return total


@njit(cache=True, nogil=True)
def _edge(at: float, half: float, width: float) -> tuple[float, float, float, float]:
    """Blurred cover at a position on one axis, and its derivatives by position, by ln size and by ln blur."""
    x, y = (half - at) / width, (half + at) / width
    ex, ey = math.exp(-x * x) / ROOT_PI, math.exp(-y * y) / ROOT_PI
    return (math.erf(x) + math.erf(y)) / 2, (ey - ex) / width, (ex + ey) * half / width, -(x * ex + y * ey)
