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
class LoadStates:
    """Ships in the states in which a draught may have been typed; masses are shares of deadweight, shape (ships,).

    ``box_draught_m`` is deadweight over rho L B, ``fineness`` that of ``displacement.draught_by_fineness``.
    """

    before: FloatArray  # with ballast
    after: FloatArray  # with this voyage's cargo
    after_other_cargo: FloatArray  # with that of another voyage
    box_draught_m: FloatArray
    fineness: FloatArray


def draught_likelihood(evidence: Evidence, ships: LoadStates, draught_sd_m: float) -> FloatArray:
    """Likelihood of the typed draughts, shape (ships,); 1 where there is none."""
    draught_in_m, draught_out_m, p_retyped = evidence.draught_in_m, evidence.draught_out_m, evidence.p_retyped
    if draught_in_m is not None and draught_out_m is not None:
        both = _number_likelihood(draught_in_m, [(1.0, ships.before)], ships, draught_sd_m)
        both = both * _number_likelihood(draught_out_m, [(1.0, ships.after)], ships, draught_sd_m)
        return _retyped_or_unchanged(both, draught_out_m - draught_in_m, p_retyped)
    if draught_in_m is not None:
        return _number_likelihood(draught_in_m, _arrival_states(ships, p_retyped), ships, draught_sd_m)
    if draught_out_m is not None:
        return _number_likelihood(draught_out_m, _departure_states(ships, p_retyped), ships, draught_sd_m)
    return np.ones(len(ships.box_draught_m))


def _arrival_states(ships: LoadStates, p_retyped: float) -> list[tuple[float, FloatArray]]:
    """States that a single number on arrival may belong to, when she should be light, with their probabilities.

    It was typed n states ago with probability r (1 - r)^n, light for even n and laden for odd ones: the sums of both
    series.
    """
    laden = (1 - p_retyped) / (2 - p_retyped)
    return [(1 - laden, ships.before), (laden, ships.after_other_cargo)]


def _departure_states(ships: LoadStates, p_retyped: float) -> list[tuple[float, FloatArray]]:
    """As ``_arrival_states``, when she should be laden: n = 0 is this voyage, other even n are others."""
    light = (1 - p_retyped) / (2 - p_retyped)
    return [(p_retyped, ships.after), (light, ships.before), (1 - p_retyped - light, ships.after_other_cargo)]


def _number_likelihood(
    typed_m: float, states: Iterable[tuple[float, FloatArray]], ships: LoadStates, draught_sd_m: float
) -> FloatArray:
    """Likelihood of one number: near the draught of one of the states, by their probabilities, or meaningless."""
    draughts = ((chance, draught_near(typed_m, ships.box_draught_m * mass, ships.fineness)) for chance, mass in states)
    return reading_density(typed_m, draughts, draught_sd_m, 1 - GARBLED, GARBLED_RANGE_M)


def _retyped_or_unchanged(both: FloatArray, change_m: float, p_retyped: float) -> FloatArray:
    """Likelihood of two draughts: either both were typed for this voyage, or the second is the first left unchanged.

    ``both`` is that of the first case. In the second case the number may be from any voyage; TYPED_STEP_M is two
    standard deviations of what still passes for the same.
    """
    step_sd = TYPED_STEP_M / 2
    unchanged = np.exp(-0.5 * (change_m / step_sd) ** 2) / (step_sd * np.sqrt(2 * np.pi))
    return p_retyped * both + (1 - p_retyped) * unchanged / GARBLED_RANGE_M
