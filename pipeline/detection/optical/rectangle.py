"""A hull's size to a fraction of a pixel: the rectangle that, blurred, is most like what the network says is hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special

from pipeline.detection.optical.objects import frame_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage

BLUR_PX = 0.6  # width of an edge in the map of probabilities; start of the fit
MARGIN_PX = 4
CORRELATED = (
    2.5  # pixels of the map that err together: its bands are blurred; set on painted ships (benchmarks.hull_sizes)
)


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
    """Fit to a map of cover (0 to 1), starting from the pixels of one hull; pixels of others should be 0 in it.

    The model is a rectangle with blurred edges: the product of two differences of error functions, along and across.
    Least squares over the hull's box and a margin: this uses the area and all four edges at once.
    """
    row, col, a_row, a_col, length, beam = frame_of(rows.astype(float), cols.astype(float))
    low = np.maximum([rows.min() - MARGIN_PX, cols.min() - MARGIN_PX], 0).astype(int)
    high = np.minimum([rows.max() + MARGIN_PX + 1, cols.max() + MARGIN_PX + 1], cover.shape).astype(int)
    seen = cover[low[0] : high[0], low[1] : high[1]].astype(np.float64)
    at_row, at_col = np.mgrid[low[0] : high[0], low[1] : high[1]]
    start = np.array([row, col, np.arctan2(a_row, a_col), np.log(length), np.log(max(beam, 1.0)), np.log(BLUR_PX)])
    lower = start - np.array([3, 3, 0.5, 0.5, 0.9, 0.8])
    upper = start + np.array([3, 3, 0.5, 0.5, 0.7, 1.2])

    def rest(p: FloatArray) -> FloatArray:
        return (_blurred(p, at_row, at_col) - seen).ravel()

    found = optimize.least_squares(rest, start, bounds=(lower, upper), x_scale=[1, 1, 0.1, 0.1, 0.1, 0.3], max_nfev=40)
    p = found.x
    axis = (float(np.sin(p[2])), float(np.cos(p[2])))
    length, beam = float(np.exp(p[3])), float(np.exp(p[4]))
    if beam > length:
        length, beam, axis = beam, length, (axis[1], -axis[0])
    if axis[0] < 0:
        axis = (-axis[0], -axis[1])
    misfit = float(np.sqrt(np.mean(found.fun**2)))
    curvature = found.jac.T @ found.jac + 1e-9 * np.eye(6)
    turn_se = float(np.sqrt(np.linalg.inv(curvature)[2, 2] * CORRELATED)) * misfit
    return Rectangle(float(p[0]), float(p[1]), axis, length, beam, misfit, turn_se)


def _blurred(p: FloatArray, at_row: FloatArray, at_col: FloatArray) -> FloatArray:
    """Cover by a rectangle (row, col, angle, ln length, ln beam, ln blur) whose edges are blurred by a Gaussian."""
    south, east = at_row - p[0], at_col - p[1]
    s, c = np.sin(p[2]), np.cos(p[2])
    u, v = np.abs(south * s + east * c), np.abs(south * c - east * s)
    width = np.sqrt(2) * np.exp(p[5])
    along = (special.erf((np.exp(p[3]) / 2 - u) / width) + special.erf((np.exp(p[3]) / 2 + u) / width)) / 2
    across = (special.erf((np.exp(p[4]) / 2 - v) / width) + special.erf((np.exp(p[4]) / 2 + v) / width)) / 2
    return along * across
