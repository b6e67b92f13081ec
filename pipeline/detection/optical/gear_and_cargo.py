"""Correct a freeboard for gear and cargo at the ship's side that lengthen her shadow.

The end of a shadow is cast by the highest thing at the side. Gear stands here and there, so the least shaded rows show
the hull itself. Cargo stands along most of the side, in stacks: its shadow ends in steps, and the lowest stack cannot
be told from the hull.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.detection.optical.side import Posterior, SideGeometry

LEAST_SHADED = 20.0  # per cent of the rows
MOST_SHADED = 35.0  # per cent: cranes and houses stand on fewer rows, stacks on more (our choice)
# Excess height of most rows over the least shaded ones: below the first it is ignored, above the second it is gear (our
# choice)
GEAR_M = (0.25, 0.75)
# Hatches of dry cargo ships: coaming and cover stand 1.6 to 2.7 m above deck (a coaming has 0.6 m at least by the Load
# Line Convention), their sides an eighth to a quarter of the beam inboard (our reading of drawings)
HATCH_HEIGHT_M, HATCH_INSET = 2.5, 0.15
GEAR_LEAST_M = 1.5  # ... and cranes, rails and coamings at the side on any such deck: seen on simulated bulk carriers
GEAR_ODDS = 0.25  # tanker score below which such gear is allowed for (our choice)
# (tanker score, share): below the score, up to that share of the measured height may be deck cargo (containers,
# timber). Set on simulated seeds 651 to 690
CARGO_SHARES = ((0.25, 0.6), (0.5, 0.35))
# A step of the shadow's end above what a hatch makes (2.5 m less its inset: 1.9 m at most) and below one container
# (2.6 m). On simulated seeds 631 to 642, and 655 to 664 of cargo ships alone, it rejects 12 of 15 container ships
# measured, ten of them 3 m and more wrong, and 3 of 71 others, all right
STACK_STEP_M = 2.0


def gear_m(beam_m: float, k: SideGeometry, tanker: float) -> float:
    """How much gear on a non-tanker's deck may add to the measured height of a side [m]; hatches where the sun is low.

    Gear lengthens only the shadow, while the strip is read as side plus shadow. So it adds more than its own height
    where the deck's edge hides a part of the strip.

    >>> from pipeline.detection.optical.side import SideGeometry
    >>> above, astride = (SideGeometry(1, k_v, 2.5, 0.0, 0.0) for k_v in (0.0, -0.5))
    >>> gear_m(12.0, above, 0.1), gear_m(32.0, above, 0.1), gear_m(32.0, astride, 0.1), gear_m(16.0, above, 0.9)
    (1.78, 1.5, 1.88, 0.0)
    """
    if tanker >= GEAR_ODDS or not k.throws_shadow:
        return 0.0
    return round(max(GEAR_LEAST_M, HATCH_HEIGHT_M - HATCH_INSET * beam_m / k.k_s) * k.k_s / (k.k_s + k.k_v), 2)


def cargo_m(height_m: float, tanker: float) -> float:
    """How much deck cargo at a side may add to its measured height [m]; none on a tanker's clean deck.

    >>> cargo_m(5.0, 0.1), cargo_m(5.0, 0.4), cargo_m(5.0, 0.7)
    (3.0, 1.75, 0.0)
    """
    return next((share * height_m for below, share in CARGO_SHARES if tanker < below), 0.0)


def may_carry_deck_cargo(tanker: float) -> bool:
    """May she be something other than a tanker?"""
    return tanker < CARGO_SHARES[-1][0]


def ends_in_steps(least: Posterior | None, most: Posterior | None) -> bool:
    """Does the shadow of the more shaded rows reach so much farther than that of the least shaded ones that it must be
    cargo's?

    False where the height is less certain than the step itself.
    """
    if least is None or most is None:
        return False
    low, height, high = most.interval()
    step = height - least.interval()[1]
    return step > max(STACK_STEP_M, high - low)


def without_gear(found: Posterior, least: Posterior) -> Posterior:
    """The posterior by most rows (``found``), or by the least shaded ones where these show clearly less.

    Between the bounds of `GEAR_M` the two are mixed, so that the interval holds both and the height changes smoothly
    from one to the other.
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
