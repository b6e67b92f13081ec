"""Maximum a posteriori hull fit: position, heading, length and beam of a ship from the power of its pixels.

Forward model: the hull is a rectangle of ``SEGMENTS`` strips along its length, each with its own brightness in each
band, blurred by the sensor's impulse response (a Gaussian), above a sea of mean 1. Added are the side lobes and azimuth
smear of bright pixels, computed from the image itself in four directions, with a fitted strength.

Likelihood: multi-looked intensity follows a gamma law, so its logarithm has a known mean and variance (Nicolas 2002).
The fit compares logarithms, so that a bright house does not outweigh the bow. A hull varies more than speckle: where it
dominates the mean, the variance grows by ``HULL_VARIANCE``. Residuals follow Student's t, since corners and rigging fit
no model. ``DATA_WEIGHT`` accounts for the correlation of neighbouring pixels.

Priors: length as of ships worldwide, beam from length as ships are built, strips alike within a few times, side lobes
near the level that the processor's weighting leaves. Optimiser: Levenberg-Marquardt with analytic derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from pipeline.detection.linear_solver import solve_symmetric

if TYPE_CHECKING:
    from pipeline.types import FloatArray

SEGMENTS = 6  # on a 120 m hull each is as long as the resolution (our choice)
DIRECTIONS = 4  # of side lobes: rows up and down, columns left and right
PER_BAND = SEGMENTS + DIRECTIONS
GEOMETRY = 5  # y, x, angle, ln length, ln beam
SPECKLE_VARIANCE = 0.2551  # trigamma(4.4): of the logarithm of sea
HULL_VARIANCE = 0.8  # of the logarithm of a hull about its strip's mean (our choice: some 4 dB)
STUDENT_DOF = 4.0  # few: residuals of corners and rigging count little (our choice)
DATA_WEIGHT = 0.4  # one pixel in 2.5 is independent at 20 m resolution on 10 m pixels
STRIP_SD = 1.2  # of ln brightness between strips (our choice: 5 dB)
BEAM_AT_110_M, BEAM_EXPONENT, BEAM_SD = 17.5, 0.9, 0.15  # medians of registered merchant ships; scatter of ln beam
LENGTH_MEDIAN_M, LENGTH_SD = 110.0, 0.8  # of ships worldwide that carry a transponder, wide
LOBE_LOG, LOBE_SD = math.log(0.004), 1.0  # side lobe three pixels from a bright pixel: 24 dB below it, within 4 dB
LOBE_REACH = 26  # pixels; beyond, side lobes are below any sea
LOBE_ABOVE_SEA = 3.0  # times the sea: darker pixels have no visible side lobe
STEP_LIMITS = (15.0, 15.0, 0.3, 0.3, 0.3)  # per iteration: y, x [m], angle [rad], ln length, ln beam
ROOT_HALF, PEAK = math.sqrt(0.5), 1.0 / math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted hull. Positions in metres from the centre of the cut-out's first pixel; ``angle_rad`` of the long axis,
    from the row axis towards the column axis; ``strips``: ln brightness over the sea, (bands, SEGMENTS); ``lobes``: ln
    strength of side lobes and smear, (bands, 4): rows up, rows down, columns left, columns right."""

    y_m: float
    x_m: float
    angle_rad: float
    length_m: float
    beam_m: float
    strips: FloatArray
    cost: float
    lobes: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """The data of a fit: positions [m], ln power over the sea (bands, n), side-lobe sources (bands, 4, n)."""

    y: FloatArray
    x: FloatArray
    logs: FloatArray
    lobes: FloatArray
    sigma_m: float


def initial_parameters(y_m: float, x_m: float, angle_rad: float, length_m: float, brightness: FloatArray) -> FloatArray:
    """Initial parameters; ``brightness`` is the hull's over the sea, one value a band."""
    p = np.empty(GEOMETRY + PER_BAND * len(brightness))
    p[:GEOMETRY] = y_m, x_m, angle_rad, math.log(length_m), _beam_log(math.log(length_m))
    for band, level in enumerate(brightness):
        at = GEOMETRY + PER_BAND * band
        p[at : at + SEGMENTS] = math.log(level)
        p[at + SEGMENTS : at + PER_BAND] = LOBE_LOG
    return p


def fit_from(pixels: Pixels, parameters: FloatArray, iterations: int, settled: float) -> tuple[Fit, FloatArray]:
    """The best hull from one start, and its parameter vector, from which a longer search can continue."""
    p, cost = _search(parameters, pixels.y, pixels.x, pixels.logs, pixels.lobes, pixels.sigma_m, iterations, settled)
    strips, lobes = np.split(p[GEOMETRY:].reshape(-1, PER_BAND), [SEGMENTS], axis=1)
    return Fit(p[0], p[1], p[2], math.exp(p[3]), math.exp(p[4]), strips.copy(), cost, lobes.copy()), p


@numba.njit(cache=True, nogil=True)
def lobe_sources(contrast: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatArray:
    """Side-lobe power that the neighbours in four directions add to each pixel at unit strength, (bands, 4, n).

    Side lobes of a weighted chirp fall with the square of the distance; the weight is 1 at three pixels.
    """
    bands, height, width = contrast.shape
    out = np.zeros((bands, DIRECTIONS, rows.size))
    for band in range(bands):
        for i in range(rows.size):
            for direction in range(DIRECTIONS):
                dr = (1, -1, 0, 0)[direction]
                dc = (0, 0, 1, -1)[direction]
                total = 0.0
                for k in range(2, LOBE_REACH):
                    r, c = rows[i] + dr * k, cols[i] + dc * k
                    if r < 0 or c < 0 or r >= height or c >= width:
                        break
                    over = contrast[band, r, c] - LOBE_ABOVE_SEA
                    if over > 0:
                        total += over * 9.0 / (k * k)
                out[band, direction, i] = total
    return out


@numba.njit(cache=True, nogil=True)
def _beam_log(length_log: float) -> float:
    return math.log(BEAM_AT_110_M) + BEAM_EXPONENT * (length_log - math.log(110.0))


@numba.njit(cache=True, nogil=True)
def _predict(
    p: FloatArray, y: FloatArray, x: FloatArray, lobes: FloatArray, sigma: float, mean: FloatArray, slope: FloatArray
) -> None:
    """Fill ``mean``, (bands, n, 2): total and the hull's part; ``slope``, (bands, n, parameters): d ln mean / dp."""
    length, beam = math.exp(p[3]), math.exp(p[4])
    cos, sin = math.cos(p[2]), math.sin(p[2])
    step, ridge = np.empty(SEGMENTS + 1), np.empty(SEGMENTS + 1)
    power = np.array([math.exp(v) for v in p])  # from GEOMETRY on: of strips and side lobes
    for i in range(y.size):
        dy, dx = y[i] - p[0], x[i] - p[1]
        u, v = dy * cos + dx * sin, dx * cos - dy * sin
        high, low = (v + beam / 2) / sigma, (v - beam / 2) / sigma
        across = 0.5 * (math.erf(high * ROOT_HALF) - math.erf(low * ROOT_HALF))
        g_high, g_low = PEAK * math.exp(-0.5 * high * high), PEAK * math.exp(-0.5 * low * low)
        for k in range(SEGMENTS + 1):
            e = (u - (k / SEGMENTS - 0.5) * length) / sigma
            step[k] = 0.5 * math.erf(e * ROOT_HALF)
            ridge[k] = PEAK * math.exp(-0.5 * e * e) / sigma
        for band in range(mean.shape[0]):
            at = GEOMETRY + PER_BAND * band
            total, by_u, by_length = 0.0, 0.0, 0.0
            for k in range(SEGMENTS):
                a = power[at + k]
                part = a * (step[k] - step[k + 1])
                total += part
                by_u += a * (ridge[k] - ridge[k + 1])
                by_length += a * length * (ridge[k + 1] * ((k + 1) / SEGMENTS - 0.5) - ridge[k] * (k / SEGMENTS - 0.5))
                slope[band, i, at + k] = part * across
            all_ = 1.0 + total * across
            for j in range(DIRECTIONS):
                part = power[at + SEGMENTS + j] * lobes[band, j, i]
                all_ += part
                slope[band, i, at + SEGMENTS + j] = part
            by_u *= across
            by_v = total * (g_high - g_low) / sigma
            slope[band, i, 0] = -by_u * cos + by_v * sin
            slope[band, i, 1] = -by_u * sin - by_v * cos
            slope[band, i, 2] = by_u * v - by_v * u
            slope[band, i, 3] = by_length * across
            slope[band, i, 4] = total * 0.5 * beam * (g_high + g_low) / sigma
            for j in range(GEOMETRY):
                slope[band, i, j] /= all_
            for j in range(at, at + PER_BAND):
                slope[band, i, j] /= all_
            mean[band, i, 0], mean[band, i, 1] = all_, total * across


@numba.njit(cache=True, nogil=True)
def _add_data(
    logs: FloatArray, mean: FloatArray, slope: FloatArray, gradient: FloatArray, curvature: FloatArray
) -> float:
    """Cost of the pixels; adds to gradient (pointing downhill) and curvature (lower triangle)."""
    cost = 0.0
    size = GEOMETRY + PER_BAND
    down, bend, near = np.empty(size), np.empty((size, size)), np.empty(size)  # of one band, contiguous in memory
    for band in range(logs.shape[0]):
        at = PER_BAND * band
        for j in range(size):
            a = j if j < GEOMETRY else at + j
            down[j] = gradient[a]
            for m in range(j + 1):
                bend[j, m] = curvature[a, m if m < GEOMETRY else at + m]
        for i in range(logs.shape[1]):
            share = mean[band, i, 1] / mean[band, i, 0]
            variance = SPECKLE_VARIANCE + HULL_VARIANCE * share * share
            r = logs[band, i] - math.log(mean[band, i, 0])
            t = r * r / variance
            cost += DATA_WEIGHT * (0.5 * (STUDENT_DOF + 1) * math.log(1 + t / STUDENT_DOF) + 0.5 * math.log(variance))
            w = DATA_WEIGHT * (STUDENT_DOF + 1) / (STUDENT_DOF + t) / variance
            for j in range(size):
                near[j] = slope[band, i, j if j < GEOMETRY else at + j]
            for j in range(size):
                d = w * near[j]
                down[j] += d * r
                for m in range(j + 1):
                    bend[j, m] += d * near[m]
        for j in range(size):
            a = j if j < GEOMETRY else at + j
            gradient[a] = down[j]
            for m in range(j + 1):
                curvature[a, m if m < GEOMETRY else at + m] = bend[j, m]
    return cost


@numba.njit(cache=True, nogil=True)
def _add_priors(p: FloatArray, bands: int, gradient: FloatArray, curvature: FloatArray) -> float:
    """Cost of the priors; adds to gradient and curvature as the pixels do."""
    cost = 0.0
    for band in range(bands):
        at = GEOMETRY + PER_BAND * band
        middle = p[at : at + SEGMENTS].mean()
        for j in range(PER_BAND):
            centre, sd = (middle, STRIP_SD) if j < SEGMENTS else (LOBE_LOG, LOBE_SD)
            e, weight = p[at + j] - centre, 1 / sd**2
            cost += 0.5 * e * e * weight
            gradient[at + j] -= e * weight
            curvature[at + j, at + j] += weight
    e, weight = p[4] - _beam_log(p[3]), 1 / BEAM_SD**2
    cost += 0.5 * e * e * weight
    gradient[4] -= e * weight
    gradient[3] += BEAM_EXPONENT * e * weight
    curvature[4, 4] += weight
    curvature[3, 3] += BEAM_EXPONENT**2 * weight
    curvature[4, 3] -= BEAM_EXPONENT * weight
    e, weight = p[3] - math.log(LENGTH_MEDIAN_M), 1 / LENGTH_SD**2
    gradient[3] -= e * weight
    curvature[3, 3] += weight
    return cost + 0.5 * e * e * weight


@numba.njit(cache=True, nogil=True)
def _search(
    p0: FloatArray,
    y: FloatArray,
    x: FloatArray,
    logs: FloatArray,
    lobes: FloatArray,
    sigma: float,
    iterations: int,
    settled: float,
) -> tuple[FloatArray, float]:
    """Levenberg-Marquardt with limited step lengths; returns parameters and cost at the best point."""
    bands, n = logs.shape
    size = p0.size
    mean, slope = np.empty((bands, n, 2)), np.zeros((bands, n, size))
    p, best = p0.copy(), p0.copy()
    cost, damping = np.inf, 1e-2
    gradient, curvature = np.zeros(size), np.zeros((size, size))
    for _ in range(iterations):
        _predict(p, y, x, lobes, sigma, mean, slope)
        new_gradient, new_curvature = np.zeros(size), np.zeros((size, size))
        new_cost = _add_data(logs, mean, slope, new_gradient, new_curvature)
        new_cost += _add_priors(p, bands, new_gradient, new_curvature)
        if new_cost < cost:
            done = cost - new_cost < settled
            cost, damping = new_cost, max(0.3 * damping, 1e-6)
            best[:] = p
            gradient[:], curvature[:] = new_gradient, new_curvature
            if done:
                break
        else:
            damping *= 6
            if damping > 1e6:
                break
        damped = curvature.copy()
        for j in range(size):
            damped[j, j] += damping * curvature[j, j] + 1e-9
        step = solve_symmetric(damped, gradient)
        shrink = 1.0
        for j in range(size):
            limit = STEP_LIMITS[j] if j < GEOMETRY else 2.0
            shrink = min(shrink, limit / max(abs(step[j]), limit))
        p = best + shrink * step
    return best, cost
