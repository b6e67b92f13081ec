"""Estimate draught from freeboard and the usual depth of a hull of that length. Always weak evidence.

A hull's depth (keel to deck) is not visible from above. Registers give it by length, with a spread as large as many
changes of draught: so such a draught is never better than about a metre, and two freeboards of one hull say more of her
cargo than a draught derived from either (`calls.freeboards`).
"""

from __future__ import annotations

import math

from pipeline.quantiles import Z90
from pipeline.ships.hull_depth import DEPTH_PER_LENGTH, usual_depth_m
from pipeline.ships.largest import DEEPEST_M

DEPTH_SPREAD = 0.12  # of ln(depth): 0.08 among tankers of a length; others are some 5 % deeper (our choice)
LEAST_SHARE = 0.12  # least share of the depth below water, even of an empty ship (our choice)


def draught_from_freeboard(
    length_m: tuple[float, float, float], freeboard_m: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Draught (5 %, value, 95 %) from length and freeboard, each (5 %, value, 95 %) [m]: depth less freeboard.

    Capped at `DEEPEST_M`, since a quay taken for a hull may be of any length.

    >>> tuple(round(d, 1) for d in draught_from_freeboard((98.0, 99.0, 100.0), (3.8, 4.0, 4.2)))
    (2.2, 3.7, 5.2)
    """
    shortest, length, longest = length_m
    depth = usual_depth_m(length)
    length_sd = DEPTH_PER_LENGTH * (longest - shortest) / (2 * Z90)
    depth_reach = Z90 * math.hypot(DEPTH_SPREAD * depth, length_sd)
    value = max(LEAST_SHARE * depth, depth - freeboard_m[1])
    below = math.hypot(depth_reach, freeboard_m[2] - freeboard_m[1])
    above = math.hypot(depth_reach, freeboard_m[1] - freeboard_m[0])
    low, high = max(0.0, value - below), value + above
    return min(low, DEEPEST_M), min(value, DEEPEST_M), min(high, DEEPEST_M)
