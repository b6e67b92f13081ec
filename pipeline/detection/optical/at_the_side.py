"""What stands on a deck at her side and throws the shadow in her place: gear and cargo.

A shadow's end is the shadow of whatever is highest above it. Gear stands here and there, and the least shaded rows are
the hull's own. Cargo stands along most of the side, in stacks: its shadow ends in steps, and where the lowest stack
ends no picture tells from where the hull does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.detection.optical.side import Posterior, SideGeometry

LEAST_SHADED = 20.0  # per cent of the rows
MOST_SHADED = 35.0  # per cent: cranes and houses stand on fewer rows, stacks on more (our choice)
# By which most rows show more than the least shaded ones: less is nothing, more is gear (our choice)
GEAR_M = (0.25, 0.75)
# Hatches of dry cargo ships: coaming and cover stand 1.6 to 2.7 m above deck (a coaming has 0.6 m at least by the Load
# Line Convention), their sides an eighth to a quarter of the beam inboard (our reading of drawings)
HATCH_HEIGHT_M, HATCH_INSET = 2.5, 0.15
GEAR_LEAST_M = 1.5  # ... and cranes, rails and coamings at the side on any such deck: seen on simulated bulk carriers
GEAR_ODDS = 0.25  # tanker score below which such gear is reckoned with (our choice)
# Below such a tanker score, the share of a side's height that may be cargo standing at it: containers, timber. Set on
# simulated seeds 651 to 690
CARGO_SHARES = ((0.25, 0.6), (0.5, 0.35))
# A step of the shadow's end that no hatch makes (2.5 m less what its inset takes: 1.9 m at most) and one container
# does (2.6 m). On simulated seeds 631 to 642, and 655 to 664 of cargo ships alone, it refuses 12 of 15 container ships
# told, ten of them 3 m and more wrong, and 3 of 71 others, all right
STACK_STEP_M = 2.0


def gear_m(beam_m: float, k: SideGeometry, tanker: float) -> float:
    """By how much gear on a deck that is no tanker's may make a side look higher [m]; hatches where the sun is low.

    Gear adds its shadow alone to a strip that is told for side and shadow together: more than its own height where the
    deck's edge hides a part of the strip.

    >>> from pipeline.detection.optical.side import SideGeometry
    >>> above, astride = (SideGeometry(1, k_v, 2.5, 0.0, 0.0) for k_v in (0.0, -0.5))
    >>> gear_m(12.0, above, 0.1), gear_m(32.0, above, 0.1), gear_m(32.0, astride, 0.1), gear_m(16.0, above, 0.9)
    (1.78, 1.5, 1.88, 0.0)
    """
    if tanker >= GEAR_ODDS or not k.throws_shadow:
        return 0.0
    return round(max(GEAR_LEAST_M, HATCH_HEIGHT_M - HATCH_INSET * beam_m / k.k_s) * k.k_s / (k.k_s + k.k_v), 2)


def cargo_m(height_m: float, tanker: float) -> float:
    """By how much cargo that stands at a side may make it look higher [m]; none on a tanker's clean deck.

    >>> cargo_m(5.0, 0.1), cargo_m(5.0, 0.4), cargo_m(5.0, 0.7)
    (3.0, 1.75, 0.0)
    """
    return next((share * height_m for below, share in CARGO_SHARES if tanker < below), 0.0)


def may_carry_deck_cargo(tanker: float) -> bool:
    """Is she no tanker, or not surely one?"""
    return tanker < CARGO_SHARES[-1][0]


def ends_in_steps(least: Posterior | None, most: Posterior | None) -> bool:
    """Does the shadow of the more shaded rows end so much farther out than that of the least shaded ones that cargo
    throws it?

    A height vaguer than the step itself says nothing.
    """
    if least is None or most is None:
        return False
    low, height, high = most.interval()
    step = height - least.interval()[1]
    return step > max(STACK_STEP_M, high - low)


def without_gear(found: Posterior, least: Posterior) -> Posterior:
    """The height by most rows, and by the least shaded ones in so far as they plainly show less.

    Between the bounds of `GEAR_M` either may be right: the mixture's interval holds both, and no hair's breadth in the
    picture moves the height from the one to the other.
    """
    (low, lesser, high), (first, usual, _) = least.interval(), found.interval()
    if high >= first and high - low >= 1.5:
        return found
    share = float(np.interp(usual - lesser, GEAR_M, (0.0, 1.0)))
    if share in (0.0, 1.0):
        return least if share else found
    p = [np.exp(q.log_p - q.log_p.max()) for q in (found, least)]
    mixed = np.log((1 - share) * p[0] / p[0].sum() + share * p[1] / p[1].sum() + 1e-300)
    return replace(least if share > 0.5 else found, log_p=mixed - mixed.max())
