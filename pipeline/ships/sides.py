"""Likelihood of a ship's freeboards, given when in her stay they were seen, if she loaded, discharged or did neither.

A tanker that comes to load shows most of her side at first and least at the end, one that discharges the reverse, and
one that does neither the same throughout: little if laden, much if light. So a single look near either end of a stay is
evidence on the direction, as far as her depth is known; of two looks the change is, whatever the depth.

Each hypothesis is a set of ships, spread evenly over all unknowns: depth, draught when full and in ballast, her cargo,
when she came and left, and when she pumped (``stay_times``). The likelihood is the mean density of the freeboards over
that set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtri

from pipeline.ships.hull_depth import DEPTH_BY_LENGTH_LOG_SD, DEPTH_LOG_SD, depth_over_draught, usual_depth_m
from pipeline.ships.reading_density import reading_density
from pipeline.ships.signs_of_cargo import P_MISMEASURED, SIDE_RANGE_M, share_of_idle
from pipeline.ships.stay_times import ENDS, cargo_share

if TYPE_CHECKING:
    from pipeline.ships.stay_times import StayTimes
    from pipeline.types import FloatArray

# Draught in ballast over that when full: at 100 m, its slope per unit of ln(length / 100 m), and its spread; quantiles
# of the draught with a cargo over that when full. They agree with the laws of `volume`, which a test compares.
LIGHT_AT_100_M, LIGHT_PER_LOG_LENGTH, LIGHT_SD = 0.62, -0.08, 0.085
LADEN_AT, LADEN = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0), (0.6, 0.71, 0.89, 0.965, 1.0, 1.035, 1.06)
STATED_DEPTH_LOG_SD = 0.02  # of a listed depth or summer draught: registers round (our choice)
MOST_IDLE = 0.5  # of those that did not load: a laden ship at a loading berth is not surprising (our judgement)
P_OTHERWISE = 0.02  # that her cargo went another way, such as part of it out and another in (our judgement)
N_POINTS, N_UNKNOWNS = 1024, 9


class DirectionLikelihoods(NamedTuple):
    """Likelihood of the freeboards [1/m, of two 1/m²] by what she did; if nothing, when laden or light."""

    loading: float
    discharging: float
    laden: float
    light: float

    def loading_likelihood(self, prior: float, p_same_hull: float = 1.0) -> float:
        """Normalised likelihood of the freeboards if cargo came aboard; 1 less that if not.

        They count as far as they are one hull's. Of the ships that did not load some did nothing, half of them laden;
        the rest, at least half, discharged.

        >>> cases = (0.4, 0.4, 0.1, 0.1), (0.4, 0.01, 0.1, 0.1), (1, 0, 0, 0)
        >>> likely = [DirectionLikelihoods(*case) for case in cases]
        >>> [round(each.loading_likelihood(0.5), 2) for each in likely[:2]], likely[2].loading_likelihood(0.5, 0.0)
        ([0.52, 0.94], 0.5)
        """
        idle = min(share_of_idle(prior), MOST_IDLE)
        otherwise = idle * (self.laden + self.light) / 2 + (1 - idle) * self.discharging
        loaded = P_OTHERWISE + (1 - 2 * P_OTHERWISE) * self.loading / (self.loading + otherwise)
        return p_same_hull * loaded + (1 - p_same_hull) * 0.5


@dataclass(frozen=True, slots=True)
class Hull:
    """What is known of a ship's depth: length with its relative error, a listed depth or summer draught."""

    length_m: float
    length_log_sd: float = 0.0
    depth_m: float | None = None  # keel to deck
    design_draught_m: float | None = None  # when full


Side = tuple[float, float]  # height above the water and its standard error [m]


def side_likelihoods(hull: Hull, stay: StayTimes, first: Side | None, last: Side | None) -> DirectionLikelihoods:
    """Likelihood of one hull's freeboards at her first look, the last or both, for each hypothesis.

    >>> from pipeline.ships.stay_times import StayTimes
    >>> stay = StayTimes(2.0, 30.0, 2.0, (0.8, 3.0), first_h=0.0)  # seen as soon as she was there, and low in the water
    >>> ways = side_likelihoods(Hull(98.0), stay, (2.0, 0.3), None)
    >>> ways.discharging > 8 * ways.loading, ways.laden > 8 * ways.light
    (True, True)
    """
    points = _points()
    came, left = _end_positions(stay, points[0], points[1])
    waits = np.sort(points[2:5], axis=0)
    light, laden = _freeboards_m(hull, ndtri(points[5:8]), np.interp(points[8], LADEN_AT, LADEN))
    looks = [(look, at) for look, at in ((first, stay.first_h), (last, stay.last_h)) if look is not None]
    aboard_if_loading = [
        cargo_share(stay.share_passed(at or 0.0, came, left), waits[0], 1 - waits[2]) for _, at in looks
    ]

    def mean_density(shares: list[FloatArray]) -> float:
        densities = np.full(N_POINTS, 1 / N_POINTS)
        for ((height, error), _), aboard in zip(looks, shares, strict=True):
            side_m = light + aboard * (laden - light)
            densities *= reading_density(height, [(1.0, side_m)], error, 1 - P_MISMEASURED, SIDE_RANGE_M)
        return float(densities.sum())

    none_aboard = [np.zeros(N_POINTS) for _ in aboard_if_loading]
    return DirectionLikelihoods(
        loading=mean_density(aboard_if_loading),
        discharging=mean_density([1 - share for share in aboard_if_loading]),
        laden=mean_density([1 - share for share in none_aboard]),
        light=mean_density(none_aboard),
    )


def _end_positions(stay: StayTimes, came: FloatArray, left: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far out in their bounds a stay's ends lie, by how likely such stays are; from evenly spread points."""
    weights = stay.relative_likelihood(*np.meshgrid(ENDS, ENDS, indexing="ij"))
    cumulative_came = np.cumsum(weights.sum(axis=1))
    row = np.searchsorted(cumulative_came, came * cumulative_came[-1])
    cumulative_left = np.cumsum(weights, axis=1)[row]
    return ENDS[row], ENDS[(cumulative_left < left[:, None] * cumulative_left[:, -1:]).sum(axis=1)]


def _freeboards_m(hull: Hull, normal: FloatArray, laden: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Freeboard in ballast and with cargo [m] of each ship; ``normal`` has shape (3, ships).

    ``laden`` is her draught with cargo over that when full.
    """
    by_depth, by_draught, of_light = normal
    if hull.depth_m is None:
        spread = np.hypot(DEPTH_BY_LENGTH_LOG_SD, hull.length_log_sd)
        depth = usual_depth_m(hull.length_m) * np.exp(spread * by_depth)
    else:
        depth = hull.depth_m * np.exp(STATED_DEPTH_LOG_SD * by_depth)
    if hull.design_draught_m is None:
        full = depth / depth_over_draught(hull.length_m) * np.exp(DEPTH_LOG_SD * by_draught)
    else:
        full = hull.design_draught_m * np.exp(STATED_DEPTH_LOG_SD * by_draught)
        if hull.depth_m is None:
            depth = full * depth_over_draught(hull.length_m) * np.exp(DEPTH_LOG_SD * by_depth)
    in_ballast = LIGHT_AT_100_M + LIGHT_PER_LOG_LENGTH * np.log(hull.length_m / 100) + LIGHT_SD * of_light
    return depth - full * in_ballast, depth - full * laden


@cache
def _points() -> FloatArray:
    """Points that fill the unit cube of all random values evenly, shape (CHANCES, POINTS).

    Multiples of powers of 1 / g with g^(d+1) = g + 1, modulo 1 (M. Roberts, "The unreasonable effectiveness of
    quasirandom sequences", 2018).
    """
    ratio = 1.5
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (N_UNKNOWNS + 1))
    steps = ratio ** -np.arange(1.0, N_UNKNOWNS + 1)
    points: FloatArray = (0.5 + steps[:, None] * np.arange(1, N_POINTS + 1)) % 1.0
    points.flags.writeable = False
    return points
