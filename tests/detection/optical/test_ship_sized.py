"""A dark deck among white caps is detected by the mean over the hull, not by single pixels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection.optical.ship_sized import APART, away_from_hulls, box_deviation

SPACING_M, SIDE_PX = 3.0, 300


def sea(seed: int, caps_per_km2: float) -> np.ndarray:
    """White noise of standard deviation 1, with white caps of one pixel, 20 times as bright."""
    rng = np.random.default_rng(seed)
    light = rng.normal(0, 1, (SIDE_PX, SIDE_PX)).astype(np.float32)
    count = round(caps_per_km2 * (SIDE_PX * SPACING_M / 1000) ** 2)
    light[tuple(rng.integers(0, SIDE_PX, (2, count)))] += 20
    return light


@pytest.mark.parametrize("sign", [1, -1], ids=["brighter", "darker"])
def test_a_deck_as_bright_as_one_spread_of_the_sea_stands_apart(sign):
    """The mean of n pixels varies by 1 / sqrt(n), and by slightly more with caps among them."""
    light, places = sea(3, 300), (80, 220)
    for row in places:
        for col in places:
            light[row - 2 : row + 3, col - 10 : col + 11] += sign
    where = box_deviation(light, np.ones(light.shape, bool), SPACING_M)
    assert where[np.ix_(places, places)].mean() == pytest.approx(np.sqrt(5 * 21), rel=0.2)


@pytest.mark.parametrize("caps_per_km2", [0, 500, 2500])
def test_white_caps_at_random_make_no_such_patch(caps_per_km2):
    assert (box_deviation(sea(4, caps_per_km2), np.ones((SIDE_PX, SIDE_PX), bool), SPACING_M) > APART).mean() < 5e-4


def test_gain_and_offset_of_the_light_move_nothing():
    light, water = sea(5, 800), np.ones((SIDE_PX, SIDE_PX), bool)
    np.testing.assert_allclose(
        box_deviation(3 * light + 7, water, SPACING_M), box_deviation(light, water, SPACING_M), atol=0.01
    )


def test_without_water_nothing_stands_apart():
    assert not box_deviation(sea(6, 0), np.zeros((SIDE_PX, SIDE_PX), bool), SPACING_M).any()


def test_a_patch_on_a_hull_that_was_found_is_hers():
    hull = SimpleNamespace(outline=np.array([[100.0, 100], [100, 300], [130, 300], [130, 100]]))
    assert away_from_hulls([(115.0, 200.0), (115.0, 500.0)], [hull], (0.5, 0.5)) == [(115.0, 500.0)]
