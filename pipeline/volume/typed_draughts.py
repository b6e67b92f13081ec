"""Likelihood of typed draughts for a ship on one voyage, given how often crews type a new one.

Crews type a new draught in only a share of their port calls (`pipeline.ships.retyping`), so a number may be from an
earlier port. If both numbers of a call are given, their difference is evidence: if they differ, the second was typed
here; the closer they are, the likelier it was left as it was. For a single number, the states it may belong to follow
from the share: a ship loads and discharges in turn, and each number stays until the next one is typed.

Each number has a floor, the probability that it means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ships.reading_density import reading_density
from pipeline.ships.retyping import TYPED_STEP_M
from pipeline.volume.displacement import draught_near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.types import FloatArray
    from pipeline.volume.evidence import Evidence

# Share of typed draughts that mean nothing (tanker draught reports: habit, typing, other loading states).
GARBLED = 0.10
GARBLED_RANGE_M = 8.0  # range of such a draught


@dataclass(frozen=True, slots=True)
class Afloat:
    """Ships in the states in which a draught may have been typed; masses are shares of deadweight, shape (ships,).

    ``deep_m`` is deadweight over rho L B, ``fineness`` that of ``displacement.draught_by_fineness``.
    """

    before: FloatArray  # with ballast
    after: FloatArray  # with this voyage's cargo
    after_another: FloatArray  # with that of another voyage
    deep_m: FloatArray
    fineness: FloatArray


def by_draughts(evidence: Evidence, ships: Afloat, draught_sd_m: float) -> FloatArray:
    """Likelihood of the typed draughts, shape (ships,); 1 where there is none."""
    into, out, retyped = evidence.draught_in_m, evidence.draught_out_m, evidence.p_retyped
    if into is not None and out is not None:
        both = _one_of(into, [(1.0, ships.before)], ships, draught_sd_m)
        both = both * _one_of(out, [(1.0, ships.after)], ships, draught_sd_m)
        return _or_not_retyped(both, out - into, retyped)
    if into is not None:
        return _one_of(into, _when_light(ships, retyped), ships, draught_sd_m)
    if out is not None:
        return _one_of(out, _when_laden(ships, retyped), ships, draught_sd_m)
    return np.ones(len(ships.deep_m))


def _when_light(ships: Afloat, retyped: float) -> list[tuple[float, FloatArray]]:
    """States that a single number on arrival may belong to, when she should be light, with their probabilities.

    It was typed n states ago with probability r (1 - r)^n, light for even n and laden for odd ones: the sums of both
    series.
    """
    laden = (1 - retyped) / (2 - retyped)
    return [(1 - laden, ships.before), (laden, ships.after_another)]


def _when_laden(ships: Afloat, retyped: float) -> list[tuple[float, FloatArray]]:
    """As ``_when_light``, when she should be laden: n = 0 is this voyage, other even n are others."""
    light = (1 - retyped) / (2 - retyped)
    return [(retyped, ships.after), (light, ships.before), (1 - retyped - light, ships.after_another)]


def _one_of(
    typed_m: float, states: Iterable[tuple[float, FloatArray]], ships: Afloat, draught_sd_m: float
) -> FloatArray:
    """Likelihood of one number: near the draught of one of the states, by their probabilities, or meaningless."""
    draughts = ((chance, draught_near(typed_m, ships.deep_m * mass, ships.fineness)) for chance, mass in states)
    return reading_density(typed_m, draughts, draught_sd_m, 1 - GARBLED, GARBLED_RANGE_M)


def _or_not_retyped(both: FloatArray, deeper_m: float, p_retyped: float) -> FloatArray:
    """Likelihood of two draughts: either both were typed for this voyage, or the second is the first left unchanged.

    ``both`` is that of the first case. In the second case the number may be from any voyage; TYPED_STEP_M is two
    standard deviations of what still passes for the same.
    """
    step_sd = TYPED_STEP_M / 2
    same = np.exp(-0.5 * (deeper_m / step_sd) ** 2) / (step_sd * np.sqrt(2 * np.pi))
    return p_retyped * both + (1 - p_retyped) * same / GARBLED_RANGE_M
