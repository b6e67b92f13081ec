"""Fit the height of a ship's side to a brightness profile across it: deck, topside, boot-topping, shadow, water.

Across the hull, outwards from the deck's edge at ``x``, a vertical side of height ``h`` shows (see
`freeboard.side_geometries`)

    side away from the camera   deck | shadow to x + h (k_s - k_v)        | water
    side towards the camera     deck | side to x + h k_v | shadow to x + h (k_v + k_s) | water

with ``k_v`` metres of displacement and ``k_s`` metres of shadow per metre of height, across the hull (``k_s`` is 0 on
the sunny side). Every border is blurred by the optics. For each deck edge and height on a grid, the levels of the
layers follow by least squares; the misfits give the posterior of the height. Where a side is as dark as its shadow, or
as bright as its deck, one border vanishes and the others still constrain the height.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

BLUR_PX = 0.68  # of a sampled optical image (aperture, detector, resampling), standard deviation: 0.5 to 0.8
SHADOW_BLUR_M = 0.30  # additional, at the end of a shadow: the sun's disc and waves
RIM_M = 1.6  # strip of deck inside its edge that is used: further in stand hatches and pipes
BEYOND_M = 7.0  # of water used beyond the end of the longest shadow
MIN_DEPTH = 0.07  # least share of light missing in a shadow
# Mean depth from which a harbour's light comes [m], and its prior: 1 / (2 Kd) for Kd of 0.4 to 3 a metre
LIGHT_DEPTHS = ((0.15, 0.25), (0.35, 0.40), (0.7, 0.25), (1.2, 0.10))
MIN_SIDE = 0.06  # metres of visible side per metre of height; below, edge errors exceed it
MIN_SHADOW = 0.20  # metres of visible shadow per metre of height
SPLITS = (0.0, 0.25, 0.45, 0.65)  # shares of the side that may be boot-topping
MIN_GAIN = 12.0  # in squared standard deviations, by which layers must fit a profile better than fewer do
HEIGHTS = 120  # steps of the grid
PAINT_SPREAD = 0.15  # variation of what is brighter than water, as a share of its brightness over the water's
WATER_PRIOR = 400.0  # the water next to a hull is as bright as around her, to a twentieth: 1 / 0.05 ** 2
MODEL_ERROR = 0.012  # error of the model itself, share of the water's light
CORRELATED_SAMPLES = 2.5  # samples of a profile with correlated errors: four a pixel, and structure along the deck


@dataclass(frozen=True, slots=True)
class SideGeometry:
    """Geometry of one side of a hull (+1: v > 0): displacements in metres per metre of height."""

    side: int
    k_v: float  # > 0: faces the camera; < 0: faces away
    k_s: float  # >= 0: shadow falls outwards
    k_u: float  # displacement of the shadow along the hull
    drift: float  # outward displacement of light out of the water, per metre of the depth from which it comes

    @property
    def shadow(self) -> float:
        """Metres of visible shadow per metre of height; below 0 the deck hides it."""
        return self.k_s + min(self.k_v, 0.0)

    @property
    def throws_shadow(self) -> bool:
        """Is enough of the shadow visible to measure the height from it alone?"""
        return self.shadow > MIN_SHADOW


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Posterior of the height on a grid [m], and the best fit."""

    heights_m: FloatArray
    log_p: FloatArray
    edge_m: float  # the deck's edge, from the frame's middle, outwards
    height_m: float  # of the best fit
    boot_m: float  # height of the boot-topping above water; 0 where none is seen
    depth: float  # share of light missing in the shadow
    misfit: float  # rms of the best fit
    misfit_gain: float  # increase of the misfit (sum of squares over its variance) without the layers

    def interval(self) -> tuple[float, float, float]:
        """5 %, 50 % and 95 % of the height."""
        return quantiles(self.heights_m, self.log_p)


def quantiles(heights_m: FloatArray, log_p: FloatArray) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % of a distribution on a grid."""
    p = np.exp(log_p - log_p.max())
    cumulative = np.cumsum(p) - 0.5 * p
    cumulative /= p.sum()
    lo, mid, hi = np.interp((0.05, 0.5, 0.95), cumulative, heights_m)
    return float(lo), float(mid), float(hi)


def height_grid(tallest_m: float) -> FloatArray:
    """Grid of heights [m] for `fit_side`."""
    return np.linspace(0.2, tallest_m, HEIGHTS)


def fit_side(
    x: FloatArray,
    profile: FloatArray,
    edge_m: float,
    k: SideGeometry,
    pixel_m: float,
    heights_m: FloatArray,
) -> Posterior | None:
    """Posterior of a side's height from ``profile`` (water 1) at distances ``x`` [m] from the hull's axis.

    ``edge_m`` is the outermost bright edge. None where the geometry shows neither side nor shadow, or where the profile
    has too few samples.
    """
    if not (k.k_v > MIN_SIDE or k.throws_shadow):
        return None
    edges = edge_m + np.arange(-1.2, 1.21, 0.3) * pixel_m
    use = _reach(x, edge_m, k, float(heights_m[-1])) & np.isfinite(profile)
    if use.sum() < 12:
        return None
    x, y = x[use], profile[use]
    layerings = _layerings(k, pixel_m)
    # Bright parts (paint, pipes, hatches) vary in proportion to their brightness; water and shadow are smooth
    weights = 1 / (MODEL_ERROR**2 + (PAINT_SPREAD * np.clip(y - 1, 0, None)) ** 2)
    tried = [_fit_layering(x, y, weights, edges, heights_m, layering) for layering in layerings]
    costs = np.stack([cost for cost, _ in tried])  # (plans, edges, heights)
    least = np.unravel_index(int(costs.argmin()), costs.shape)
    variance = max(1.0, float(costs[least]) / len(x))  # in units of the variances in the weights
    priors = np.array([layering.log_prior for layering in layerings])[:, None, None]
    log_p = _log_sum(-0.5 * (costs - costs[least]) / (variance * CORRELATED_SAMPLES) + priors, axis=(0, 1))
    bare = _Layering(np.zeros(1), np.full(1, BLUR_PX * pixel_m), 0.0, 0.0)  # deck and water alone
    plain, _ = _fit_layering(x, y, weights, edges, np.array([0.0]), bare)
    height = float(heights_m[least[2]])
    levels = tried[least[0]][1][least[1], least[2]]
    unsplit = min(float(cost.min()) for cost, layering in zip(costs, layerings, strict=True) if layering.split == 0)
    # One more layer always fits a little better
    boot = unsplit - costs[least] > MIN_GAIN * variance * CORRELATED_SAMPLES
    return Posterior(
        heights_m,
        log_p - log_p.max(),
        float(edges[least[1]] + layerings[least[0]].borders[0] * height),
        height,
        height * layerings[least[0]].split if boot else 0.0,
        float(levels[-1] - levels[-2]) if k.throws_shadow else 0.0,
        float(np.sqrt(costs[least] / len(x))),
        float((plain.min() - costs[least]) / (variance * CORRELATED_SAMPLES)),
    )


def _reach(x: FloatArray, edge_m: float, k: SideGeometry, tallest_m: float) -> BoolImage:
    """Which distances from the axis may show the side or its shadow, or the deck or the water beside them."""
    first = edge_m - RIM_M - max(k.k_v, 0.0) * tallest_m
    last = edge_m + tallest_m * (k.k_s + abs(k.k_v)) + BEYOND_M
    return (x > first) & (x < last)


@dataclass(frozen=True, slots=True, eq=False)
class _Layering:
    """One layering: its borders, in metres from the deck's edge per metre of height, and their blur [m]."""

    borders: FloatArray
    blurs: FloatArray
    min_depth: float
    split: float
    tail_m: float = 0.0
    log_prior: float = 0.0


def _layerings(k: SideGeometry, pixel_m: float) -> list[_Layering]:
    """All layerings that a side may show."""
    k_v, k_s = k.k_v, k.k_s
    sharp, soft = BLUR_PX * pixel_m, float(np.hypot(BLUR_PX * pixel_m, SHADOW_BLUR_M))
    # A dark strip along a visible side includes some shadow, however narrow; taken for side it would bias the height up
    shadow = k.throws_shadow or (k_v > MIN_SIDE and max(k_s, k.drift) > 0)
    out = []
    # The outermost bright edge is the deck's where the side is dark, and the waterline where it is not
    for start in (0.0, -k_v) if k_v > MIN_SIDE else (0.0,):
        for split in SPLITS if k_v > MIN_SIDE else (0.0,):
            borders, blurs = [start], [sharp]
            if k_v > MIN_SIDE:
                if split > 0:
                    borders.append(start + (1 - split) * k_v)
                    blurs.append(sharp)
                borders.append(start + k_v)
                blurs.append(sharp)
            if shadow:
                borders.append(start + k_v + k_s)
                blurs.append(soft)
            for depth_m, share in LIGHT_DEPTHS if shadow else ((0.0, 1.0),):
                plan = np.array(borders), np.array(blurs), MIN_DEPTH if shadow else 0.0
                out.append(_Layering(*plan, split, depth_m * max(0.0, k.drift), float(np.log(share))))
    return out


def _fit_layering(
    x: FloatArray, y: FloatArray, weights: FloatArray, edges: FloatArray, heights: FloatArray, layering: _Layering
) -> tuple[FloatArray, FloatArray]:
    cost = np.empty((len(edges), len(heights)))
    levels = np.empty((len(edges), len(heights), len(layering.borders) + 1))
    _costs(
        x,
        y,
        weights,
        edges,
        heights,
        layering.borders,
        layering.blurs,
        layering.min_depth,
        cost,
        levels,
        layering.tail_m,
    )
    return cost, levels


def _log_sum(values: FloatArray, axis: tuple[int, ...]) -> FloatArray:
    top = values.max()
    return np.asarray(np.log(np.exp(values - top).sum(axis=axis) + 1e-300) + top)


@numba.njit(cache=True, nogil=True)
def _step(t: float, tail: float) -> float:  # pragma: no cover - compiled
    """A step at 0 blurred by a Gaussian (``t`` in units of its sigma), with a tail by Gaussian plus exponential."""
    if t < -3.5:
        return 0.0
    share = 1.0 if t > 3.5 else 0.5 * (1 + math.erf(t * 0.7071067811865476))
    if tail < 0.05:
        return share
    late = 0.5 * (1 + math.erf((t - 1 / tail) * 0.7071067811865476))
    return min(1.0, max(0.0, share - math.exp(min(50.0, -t / tail + 0.5 / tail**2)) * late))


@numba.njit(cache=True, nogil=True)
def _shares(
    x: FloatArray,
    edge: float,
    height: float,
    borders_per_m: FloatArray,
    blurs: FloatArray,
    tail: float,
    basis: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Fill ``basis`` (samples, layers) with the share of each sample that each layer covers, borders blurred."""
    borders = len(borders_per_m)
    for s in range(len(x)):
        before = 1.0
        for b in range(borders):
            t = (x[s] - edge - borders_per_m[b] * height) / blurs[b]
            after = _step(t, tail / blurs[b] if b == borders - 1 else 0.0)
            after = min(after, before)
            basis[s, b] = before - after
            before = after
        basis[s, borders] = before


@numba.njit(cache=True, nogil=True)
def _normal_equations(
    y: FloatArray, weights: FloatArray, basis: FloatArray, gram: FloatArray, right: FloatArray
) -> None:  # pragma: no cover - compiled
    """Fill ``gram`` and ``right`` with the normal equations for the layers' levels, with priors at 1."""
    layers = len(right)
    gram[:] = 0.0
    right[:] = 0.0
    for s in range(len(y)):
        for i in range(layers):
            right[i] += weights[s] * basis[s, i] * y[s]
            for j in range(i + 1):
                gram[i, j] += weights[s] * basis[s, i] * basis[s, j]
    for i in range(layers):
        prior = WATER_PRIOR if i == layers - 1 else 1.0
        gram[i, i] += prior
        right[i] += prior
        for j in range(i):
            gram[j, i] = gram[i, j]


@numba.njit(cache=True, nogil=True)
def _costs(
    x: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    edges: FloatArray,
    heights: FloatArray,
    borders_per_m: FloatArray,
    blurs: FloatArray,
    min_depth: float,
    cost: FloatArray,
    levels: FloatArray,
    tail: float,
) -> None:  # pragma: no cover - compiled
    """Fill ``cost`` (edges, heights) with sums of squares and ``levels`` (edges, heights, layers).

    ``borders_per_m`` holds for each border its distance from the deck's edge per metre of height; ``min_depth`` > 0
    keeps the last but one layer (a shadow) darker than the last (water) by that much. ``tail`` is the mean [m] of an
    exponential by which the last border is smeared outwards: light leaves the water further out than it entered.
    """
    borders = len(borders_per_m)
    layers = borders + 1
    gram, right = np.zeros((layers, layers)), np.zeros(layers)
    basis = np.zeros((len(x), layers))
    for e in range(len(edges)):
        for h in range(len(heights)):
            _shares(x, edges[e], heights[h], borders_per_m, blurs, tail, basis)
            _normal_equations(y, weights, basis, gram, right)
            found = np.linalg.solve(gram, right)
            if min_depth > 0 and found[layers - 2] > found[layers - 1] - min_depth:
                found[layers - 2] = found[layers - 1] - min_depth
            total = WATER_PRIOR * (found[layers - 1] - 1.0) ** 2
            for s in range(len(x)):
                rest = y[s]
                for i in range(layers):
                    rest -= basis[s, i] * found[i]
                total += weights[s] * rest * rest
            cost[e, h] = total
            for i in range(layers):
                levels[e, h, i] = found[i]
