"""Typed draughts that stay in transponders, compared with simulated ships of which few crews retype each voyage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.volume.evidence import Evidence
from pipeline.volume.typed_draughts import GARBLED, GARBLED_RANGE_M, LoadStates, draught_likelihood

LIGHT_M, LADEN_M, LADEN_BEFORE_M, SD_M = 3.0, 6.0, 5.0, 0.05
FLOOR, PEAK = GARBLED / GARBLED_RANGE_M, (1 - GARBLED) / (SD_M * np.sqrt(2 * np.pi))


def box(draught_m: float) -> np.ndarray:
    """Mass of a box-shaped hull at a draught (unit water plane)."""
    return np.array([draught_m])


SHIP = LoadStates(box(LIGHT_M), box(LADEN_M), box(LADEN_BEFORE_M), np.ones(1), np.zeros(1))


def share_of(state_m: float, retyped: float, name: str) -> float:
    """Probability that the likelihood gives a state, for a number that equals the state's draught."""
    likely = float(draught_likelihood(Evidence(96.0, 15.0, p_retyped=retyped, **{name: state_m}), SHIP, SD_M)[0])
    return (likely - FLOOR) / PEAK


def standing(retyped: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in 200,000 transponders on arrival and on departure: the draught of the state in which each was typed."""
    rng, ships = np.random.default_rng(6), 200_000
    number = np.full(ships, LIGHT_M)
    for _ in range(40):
        number = np.where(number == LADEN_M, LADEN_BEFORE_M, number)  # now from an earlier voyage
        arrival = np.where(rng.random(ships) < retyped, LIGHT_M, number)
        number = np.where(rng.random(ships) < retyped, LADEN_M, arrival)
    return arrival, number


@pytest.mark.parametrize("retyped", [0.1, 0.38, 0.85, 1.0])
def test_a_number_alone_is_of_each_state_as_often_as_it_stands_then(retyped):
    for name, seen in zip(("draught_in_m", "draught_out_m"), standing(retyped), strict=True):
        for state_m in (LIGHT_M, LADEN_BEFORE_M, LADEN_M):
            assert share_of(state_m, retyped, name) == pytest.approx(np.mean(seen == state_m), abs=0.005)


def test_what_no_state_explains_means_nothing():
    assert share_of(9.0, 0.38, "draught_in_m") == pytest.approx(0.0, abs=1e-9)
    assert draught_likelihood(Evidence(96.0, 15.0), SHIP, SD_M).tolist() == [1.0]


@pytest.mark.parametrize("retyped", [0.0, 0.38, 1.0])
def test_over_all_second_draughts_the_chances_add_up_to_that_of_the_first(retyped):
    """A density integrates to one over all second draughts; the first is then garbled, or from any voyage."""
    step_m, into_m = 0.02, 4.4  # explained by no state
    typed = Evidence(96.0, 15.0, draught_in_m=into_m, p_retyped=retyped)
    outs_m = np.arange(0.5, 0.5 + GARBLED_RANGE_M, step_m)
    pairs = [replace(typed, draught_out_m=out) for out in outs_m]
    total = sum(float(draught_likelihood(pair, SHIP, SD_M)[0]) for pair in pairs) * step_m
    assert total == pytest.approx(retyped * FLOOR + (1 - retyped) / GARBLED_RANGE_M, rel=0.01)
