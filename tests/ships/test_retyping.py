"""The habit of typing draughts, found again in tables whose habit is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.calls.direction import p_loading
from pipeline.ships.retyping import CHANGED_IF_LEFT, CHANGED_IF_RETYPED, RETYPED, is_changed, retyped_share
from pipeline.volume.typed_draughts import GARBLED, GARBLED_RANGE_M


def steps(share: float, calls: int, seed: int) -> np.ndarray:
    """By how much deeper second draughts are [m], of crews of which that share types them anew."""
    rng = np.random.default_rng(seed)
    anew = rng.random(calls) < share
    differ = rng.random(calls) < np.where(anew, CHANGED_IF_RETYPED, CHANGED_IF_LEFT)
    return np.where(differ, 2.4, 0.1)


@pytest.mark.parametrize("share", [0.05, 0.38, 0.9])
def test_many_calls_tell_the_share_whatever_was_thought_before(share):
    assert retyped_share(steps(share, 5000, 1)) == pytest.approx(share, abs=0.02)


def test_without_calls_the_published_share_stands_and_few_move_it_little():
    assert retyped_share(np.array([])) == pytest.approx(RETYPED, abs=0.01)
    assert RETYPED < retyped_share(np.array([2.0])) < 0.5


def test_neither_order_nor_direction_of_the_changes_counts():
    few = steps(0.6, 12, 2)
    assert retyped_share(few) == pytest.approx(retyped_share(-few[::-1]))


def test_tenths_of_a_metre_are_told_apart_as_typed():
    """6.3 - 6.0 is a step of 0.3 though its float is less; 0.2 is none."""
    assert is_changed(6.3 - 6.0)
    assert is_changed(-0.3)
    assert not is_changed(6.2 - 6.0)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_draught_that_stays_is_as_likely_a_loading_as_among_simulated_crews(share):
    """One call in twenty takes no cargo. Of those whose draught stays, as many loaded as the rule says."""
    rng, n = np.random.default_rng(5), 200_000
    loads = rng.random(n) < 0.95
    gained_m = np.where(loads, rng.normal(2.2, 1.1, n), 0.0)  # a cargo may weigh what the ballast did

    def typed(true_m):
        wrong = rng.random(n) < GARBLED
        return np.round(np.where(wrong, rng.uniform(0, GARBLED_RANGE_M, n), true_m + rng.normal(0, 0.2, n)), 1)

    first = typed(np.full(n, 4.0))
    second = np.where(rng.random(n) < share, typed(4.0 + gained_m), first)
    stays = np.abs(second - first) < 0.25
    assert p_loading(0.95, 0.0, retyped_share=share) == pytest.approx(loads[stays].mean(), abs=0.03)


def test_where_ships_discharge_a_draught_that_stays_makes_no_loading_likelier():
    assert p_loading(0.05, 0.0, retyped_share=0.9) <= 0.051
    assert p_loading(1.0, 0.0, retyped_share=0.9) == 1.0
