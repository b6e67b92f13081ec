"""Probabilities and the bar between sea and ships: what they must do, whatever their constants are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.screening import EVEN_RARITY, HIGHEST_BAR, bar_of, leak_from_land, ship_score


@given(st.floats(4, 20), st.integers(1, 400), st.floats(20, 400))
def test_rarer_and_larger_is_likelier_a_ship(rarity, n_pixels, length_m):
    score = ship_score(rarity, EVEN_RARITY, n_pixels, length_m)
    assert ship_score(rarity + 1, EVEN_RARITY, n_pixels, length_m) >= score
    assert ship_score(rarity, EVEN_RARITY, 2 * n_pixels, length_m) >= score
    assert ship_score(rarity, EVEN_RARITY + 1, n_pixels, length_m) <= score


def test_odds_are_even_at_the_bar_for_six_pixels_and_nothing_is_longer_than_ships_are():
    assert ship_score(EVEN_RARITY, EVEN_RARITY, 6, 100.0) == pytest.approx(0.5)
    assert ship_score(12.0, EVEN_RARITY, 60, 400.0) > 0.9 > ship_score(12.0, EVEN_RARITY, 60, 800.0)


def ships(each_decade: int) -> np.ndarray:
    """So many objects in each decade of rarity above the bar."""
    return np.concatenate([EVEN_RARITY + k + np.linspace(0.05, 0.95, each_decade) for k in range(8)])


def test_ships_spread_over_many_decades_raise_no_bar():
    assert bar_of(ships(0)) == bar_of(ships(3)) == bar_of(ships(40)) == EVEN_RARITY


def test_alarms_that_crowd_at_the_bar_raise_it_past_them_unless_as_many_ships_are_above():
    crowd = EVEN_RARITY + np.linspace(0.0, 0.9, 20)
    raised = bar_of(crowd)
    assert raised > EVEN_RARITY
    assert (crowd >= raised).sum() <= 5
    assert bar_of(np.concatenate([crowd, ships(6)])) == EVEN_RARITY
    assert bar_of(EVEN_RARITY + np.linspace(0.0, 9.0, 5000)) <= HIGHEST_BAR + 0.25


def test_light_leaks_from_land_onto_water_near_it_and_none_from_water():
    power, land = np.ones((40, 40)), np.zeros((40, 40), bool)
    assert leak_from_land(power, land, 2.0).max() == 0
    land[:, :20], power[:, :20] = True, 50.0
    leak = leak_from_land(power, land, 2.0)
    assert (np.diff(leak[20, 20:]) <= 0).all()
    assert leak[20, 20] == pytest.approx(25.0, rel=0.2)
    assert leak[20, 35] < 1e-3
