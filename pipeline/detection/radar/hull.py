"""Length, beam and heading of a radar object, with 90 % intervals.

A fit by likelihood and priors (``hull_model``) gives centre, heading, beam and brightness, and separates the hull from
side lobes and neighbours. It underestimates the length, since bow and stern are often dark. So the length comes from
the profile along the fitted axis (``hull_profile``): its extents less the sensor's blur enter a small regression on
registry lengths of real ships, with intervals from its cross-validated errors (``benchmarks/fit_hull.py`` makes
``hull_regression.json``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage.measure import label

from pipeline.detection.radar import hull_model
from pipeline.detection.radar.cutout import LOG_BIAS, Cutout
from pipeline.detection.radar.hull_profile import extents_m
from pipeline.detection.radar.rough_size import Size

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

COEFFICIENTS_FILE = Path(__file__).with_name("hull_regression.json")
RESOLUTION_M = 20.0  # of the scenes that the regression was fitted on; other sensors are scaled to it
SIGMA_PER_RESOLUTION = 0.465  # 20 m by 22 m wide at half power (Sentinel-1 IW GRDH), as a Gaussian's sigma
BLUR_RESOLUTIONS = 1.4  # extent less length: the blur at 20 dB below a peak
START_LEVELS_DB = (12.0, 17.0, 22.0, 27.0)  # below the peak: at one of them the hull is whole and free of side lobes
LEAST_START = 2.5  # times the sea: no start level is lower
SAME_START_M = 15.0  # starts that differ by less reach the same maximum (our choice: less than the resolution)
LONGEST_START_M = 500.0  # a longer extent has merged with the sea and is no start (our choice)
ROUND = 0.75  # width over extent from which an object has no clear axis
MARGIN_M, HALF_WIDTH_M = 50.0, 55.0  # pixels fitted: margin beyond the longest start's ends, half-width about its axis
FIRST_ITERATIONS, LAST_ITERATIONS = 15, 60  # at most: the first fits only rank the starts (our choice)
FIRST_SETTLED, LAST_SETTLED = 0.01, 1e-9  # gain of cost at which a search ends: the last one converges fully
DARK = 1e-2  # of the sea: floor of a pixel before its logarithm is taken


@dataclass(frozen=True, slots=True, eq=False)
class HullSize(Size):
    """The size of a fitted hull, with the inputs of the regression that gave its length."""

    features: Features = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Features:
    """Inputs of the size regression, as logarithms. ``extent``: mean of the profile's extents less the blur;
    ``fitted_length`` and ``fitted_beam``: those of the hull model (all ln m, scaled to 20 m resolution);
    ``brightness`` of the hull over the sea, cross- and co-polarised (NaN where there is no such band)."""

    extent: float
    brightness: tuple[float, float]
    fitted_length: float
    fitted_beam: float

    @property
    def kind(self) -> str:
        """Name of the regression that applies: "cross+co", "cross" or "co"."""
        return "+".join(k for k, v in zip(("cross", "co"), self.brightness, strict=True) if np.isfinite(v))

    @property
    def row(self) -> FloatArray:
        """Design row of the regression: 1, extent, its square, brightness of each band present."""
        bright = [b for b in self.brightness if np.isfinite(b)]
        return np.array([1.0, self.extent, self.extent**2, *bright])


def measure(cutout: Cutout) -> HullSize:
    """Centre, length, beam, heading axis and outline of the object in a cut-out, with 90 % intervals."""
    fit = best_fit(cutout)
    found = size_features(cutout, fit)
    scale = cutout.resolution_m / RESOLUTION_M
    known = regression(found.kind)
    log_length = float(found.row @ known["length"])
    length = _bounds(log_length, known["length_interval"], log_length, scale)
    beam_row = np.array([1.0, log_length, found.fitted_beam - found.fitted_length])
    beam = _bounds(float(beam_row @ known["beam"]), known["beam_interval"], log_length, scale)
    axis = _axis(fit.angle_rad)
    outline = _rectangle(fit.y_m, fit.x_m, axis, length[1], beam[1]) / np.array(cutout.spacing_m)
    origin = np.array([cutout.row0, cutout.col0])
    return HullSize(
        fit.y_m / cutout.spacing_m[0] + cutout.row0,
        fit.x_m / cutout.spacing_m[1] + cutout.col0,
        length,
        beam,
        axis,
        outline + origin,
        float(10 / np.log(10) * (fit.lobes[:, :2].mean() - fit.lobes[:, 2:].mean())),
        features=found,
    )


def best_fit(cutout: Cutout) -> hull_model.Fit:
    """The most likely hull: the best of several starts, then run to convergence."""
    joint = cutout.joint
    starts = _starts(joint, cutout.member, cutout.clear, cutout.spacing_m)
    pixels, where = _pixels(cutout, max(starts, key=lambda s: s[3]))
    fits = []
    for y, x, angle, extent, _ in starts:
        length = max(extent - 1.25 * cutout.resolution_m, cutout.resolution_m)
        rows, cols = where
        near = _inside_rectangle(rows, cols, (y, x, angle), length / 2, 0.6 * cutout.resolution_m)
        levels = [
            2 * max(float(np.exp(np.median(band[near]) - LOG_BIAS)) if near.any() else 5.0, 2.0) for band in pixels.logs
        ]
        fits.append(
            hull_model.fit_from(
                pixels,
                hull_model.initial_parameters(y, x, angle, length, np.array(levels)),
                FIRST_ITERATIONS,
                FIRST_SETTLED,
            )
        )
    _, parameters = min(fits, key=lambda fit: fit[0].cost)
    return hull_model.fit_from(pixels, parameters, LAST_ITERATIONS, LAST_SETTLED)[0]


def size_features(cutout: Cutout, fit: hull_model.Fit) -> Features:
    """Inputs of the size regression, from the fit and the profile along its axis."""
    extents = extents_m(
        np.where(cutout.clear, cutout.joint, 1.0),
        cutout.spacing_m,
        (fit.y_m, fit.x_m, fit.angle_rad),
        fit.length_m,
        fit.beam_m,
        cutout.resolution_m,
    )
    scale = cutout.resolution_m / RESOLUTION_M
    bright = dict(zip(cutout.polarisations, np.log(np.exp(fit.strips).mean(axis=1)), strict=True))
    return Features(
        float(np.mean([np.log(without_blur(max(e, 1.0) / scale)) for e in extents])),
        (float(bright.get("cross", np.nan)), float(bright.get("co", np.nan))),
        float(np.log(fit.length_m / scale)),
        float(np.log(fit.beam_m / scale)),
    )


def without_blur(extent_m: float) -> float:
    """Extent less the blur at 20 m resolution; from extents as short as the blur less is taken, so that none shrinks
    to zero (our choice; the regression corrects the rest).

    >>> round(without_blur(200.0))
    172
    """
    blur = BLUR_RESOLUTIONS * RESOLUTION_M
    return float(extent_m - blur * (1 - np.exp(-extent_m / (1.3 * blur))))


@cache
def regression(kind: str) -> dict[str, Any]:
    """Regression coefficients for objects seen in both polarisations or in one (`Features.kind`)."""
    known: dict[str, dict[str, Any]] = json.loads(COEFFICIENTS_FILE.read_text())
    return known[kind]


def _bounds(
    log_size: float, interval: list[list[float]], log_length: float, scale: float
) -> tuple[float, float, float]:
    """Low, middle and high size [m]. ``interval``: knots of ln length, and lower and upper steps of ln size at them."""
    low, high = (float(np.interp(log_length, interval[0], side)) for side in interval[1:])
    below, middle, above = (float(np.exp(log_size + step)) * scale for step in (min(low, 0.0), 0.0, max(high, 0.0)))
    return below, middle, above


def _starts(
    joint: FloatArray, member: BoolImage, clear: BoolImage, spacing_m: tuple[float, float]
) -> list[tuple[float, float, float, float, float]]:
    """Starts of the fit: centre [m], angle, extent and width [m] of the part around the peak above each level."""
    near = ndimage.binary_dilation(member, iterations=2) & clear
    peak_at = np.unravel_index(int(np.argmax(np.where(member, joint, 0.0))), joint.shape)
    peak = float(joint[peak_at])
    found: list[tuple[float, float, float, float, float]] = []
    for down_db in START_LEVELS_DB:
        parts = label((joint > max(peak * 10 ** (-down_db / 10), min(LEAST_START, 0.9 * peak))) & near, connectivity=2)
        guess = _moments(parts == parts[peak_at], joint, spacing_m)
        if not found or (guess[3] < LONGEST_START_M and abs(guess[3] - found[-1][3]) > SAME_START_M):
            found.append(guess)
    # The moments of a round blob do not define its long axis: both are tried.
    y, x, angle, extent, width = found[0]
    return [*found, (y, x, angle + np.pi / 2, width, extent)] if width > ROUND * extent else found


def _moments(
    part: BoolImage, power: FloatArray, spacing_m: tuple[float, float]
) -> tuple[float, float, float, float, float]:
    """Centre of the extent, angle of the largest second moment, extent and width, all in metres."""
    rows, cols = np.nonzero(part)
    weight = np.sqrt(power[part])
    y, x = rows * spacing_m[0], cols * spacing_m[1]
    y0, x0 = float(np.average(y, weights=weight)), float(np.average(x, weights=weight))
    yy, xx = (float(np.average((q - q0) ** 2, weights=weight)) for q, q0 in ((y, y0), (x, x0)))
    xy = float(np.average((y - y0) * (x - x0), weights=weight))
    angle = 0.5 * float(np.arctan2(2 * xy, yy - xx))
    cos, sin = np.cos(angle), np.sin(angle)
    along, across = (y - y0) * cos + (x - x0) * sin, (x - x0) * cos - (y - y0) * sin
    u, v = (along.max() + along.min()) / 2, (across.max() + across.min()) / 2
    pixel = float(np.mean(spacing_m))
    extent, width = float(np.ptp(along)) + pixel, float(np.ptp(across)) + pixel
    return float(y0 + u * cos - v * sin), float(x0 + u * sin + v * cos), angle, extent, width


def _pixels(
    cutout: Cutout, around: tuple[float, float, float, float, float]
) -> tuple[hull_model.Pixels, tuple[FloatArray, FloatArray]]:
    """The pixels to fit, measured water around the longest start, and their positions [m]."""
    y, x, angle, extent, width = around
    scale = cutout.resolution_m / RESOLUTION_M
    grid = np.indices(cutout.member.shape, float)
    rows, cols = grid[0] * cutout.spacing_m[0], grid[1] * cutout.spacing_m[1]
    near = _inside_rectangle(
        rows, cols, (y, x, angle), extent / 2 + MARGIN_M * scale, max(HALF_WIDTH_M, width / 2 + 30.0) * scale
    )
    near &= cutout.clear
    logs = np.log(np.maximum(cutout.contrast[:, near], DARK)) + LOG_BIAS
    r, c = np.nonzero(near)
    lobes = hull_model.lobe_sources(cutout.contrast, r, c)
    pixels = hull_model.Pixels(rows[near], cols[near], logs, lobes, SIGMA_PER_RESOLUTION * cutout.resolution_m)
    return pixels, (rows[near], cols[near])


def _inside_rectangle(
    y: FloatArray, x: FloatArray, place: tuple[float, float, float], half_length: float, half_width: float
) -> BoolImage:
    """Which positions lie in a rectangle."""
    cos, sin = np.cos(place[2]), np.sin(place[2])
    u, v = (y - place[0]) * cos + (x - place[1]) * sin, (x - place[1]) * cos - (y - place[0]) * sin
    return (np.abs(u) < half_length) & (np.abs(v) < half_width)


def _axis(angle_rad: float) -> tuple[float, float]:
    """Unit vector of an axis; of its two directions the one towards growing rows (or columns, if it is level)."""
    axis = (float(np.cos(angle_rad)), float(np.sin(angle_rad)))
    return axis if axis[0] > 1e-12 or (abs(axis[0]) <= 1e-12 and axis[1] > 0) else (-axis[0], -axis[1])


def _rectangle(y_m: float, x_m: float, axis: tuple[float, float], length_m: float, beam_m: float) -> FloatArray:
    ahead = np.array(axis) * length_m / 2
    abeam = np.array([-axis[1], axis[0]]) * beam_m / 2
    middle = np.array([y_m, x_m])
    return np.array([middle + ahead + abeam, middle + ahead - abeam, middle - ahead - abeam, middle - ahead + abeam])
