"""Usual depth of a hull, keel to deck, by length: both detection and volume read freeboards by it."""

from __future__ import annotations

import math

# Lines for chemical and for products tankers: depth = slope L + offset, in metres (Danish Maritime Authority,
# RiskEngine).
CHEMICAL, PRODUCTS = (0.0775, -0.4337), (0.0958, -1.3162)
DEPTH_PER_LENGTH = (CHEMICAL[0] + PRODUCTS[0]) / 2  # the mean of both: a shuttle may be of either kind
# Below, the lines reach zero at 10 m; depth is taken as length^0.7 there, which gives small tankers and barges of 20 to
# 50 m their 2 to 3.6 m (our choice, no source).
SHORTEST_M, SHORT_HULL_POWER = 55.0, 0.7
ANY_KIND_FACTOR = 1.05  # ships of other kinds are some 5 % deeper than tankers of their length (our choice)
# A tanker without cargo, ballast or stores weighs an eighth or more of what she weighs full, and floats at 0.16 or more
# of her full draught (`volume.displacement`), which is 0.7 of the depth; river tankers are lighter (our choice).
LIGHTEST_SHARE = 0.08

# ln(depth over full draught) at 100 m, its slope per unit of ln(length / 100 m), and its maximum: fitted to 24 hulls of
# 62 to 252 m (``benchmarks/published_hulls.csv``, without those for rivers and sheltered waters but two coasters). They
# are off by 7 %, by 8 % from 79 to 125 m, where single hulls of 1967 to 1975 have less side than double ones; the depth
# by length alone is off by 12 %, of all 25 published hulls of 60 to 130 m by 17 %, those of rivers among them.
DEPTH_AT_100_M, DEPTH_PER_LOG_LENGTH, MOST_DEPTH = 0.25, 0.25, 0.33
DEPTH_LOG_SD, DEPTH_BY_LENGTH_LOG_SD = 0.08, 0.17


def usual_depth_m(length_m: float) -> float:
    """Mean of both published lines for tankers of a length [m].

    >>> [round(usual_depth_m(length_m), 1) for length_m in (12.0, 30.0, 55.0, 98.0)]
    [1.3, 2.5, 3.9, 7.6]
    """
    line_length_m = max(length_m, SHORTEST_M)
    depth = 0.5 * sum(slope * line_length_m + offset for slope, offset in (CHEMICAL, PRODUCTS))
    return depth * (length_m / line_length_m) ** SHORT_HULL_POWER


def usual_depth_of_any_kind_m(length_m: float) -> float:
    """Usual depth [m] of a hull of unknown kind.

    >>> [round(usual_depth_of_any_kind_m(length_m), 1) for length_m in (30.0, 55.0, 98.0)]
    [2.7, 4.1, 8.0]
    """
    return ANY_KIND_FACTOR * usual_depth_m(length_m)


def lightest_draught_m(length_m: float) -> float:
    """Draught [m] below which no tanker of a length floats, whatever is aboard.

    >>> [round(lightest_draught_m(length_m), 2) for length_m in (30.0, 98.0, 330.0)]
    [0.2, 0.61, 2.22]
    """
    return LIGHTEST_SHARE * usual_depth_m(length_m)


def depth_over_draught(length_m: float) -> float:
    """Median ratio of depth, keel to deck, to the full draught of a tanker, as load lines require.

    >>> [round(depth_over_draught(length_m), 2) for length_m in (65.0, 105.0, 183.0, 250.0)]
    [1.15, 1.3, 1.39, 1.39]
    """
    return math.exp(min(DEPTH_AT_100_M + DEPTH_PER_LOG_LENGTH * math.log(length_m / 100), MOST_DEPTH))
