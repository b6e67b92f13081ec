"""Alongside a quay the hull is the hull: not the quay, and not both."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.between_lines import find_rectangle, not_water, straight_direction
from tests.detection.optical.hulls import mask_of

PIXEL_M = 1.0
SHAPE = (260, 260)
CENTRE = (130.0, 130.0)
LENGTH_M, BEAM_M = 120.0, 19.0
NOISE = 0.04


def moored(heading_deg, *, gap_m, width_m=20.0, long_m=110.0, side=1, deck=2.0, quay=2.6, seed=0):
    """Light over the water's: a ship, and a quay at a gap from her starboard (+1) or port side; also the ship alone."""
    ship = mask_of(SHAPE, CENTRE, LENGTH_M, BEAM_M, heading_deg, PIXEL_M, bow_m=0.15 * LENGTH_M)
    angle = np.radians(heading_deg)
    off = side * (BEAM_M / 2 + gap_m + width_m / 2) / PIXEL_M
    at = (CENTRE[0] + off * np.sin(angle), CENTRE[1] + off * np.cos(angle))
    pier = np.clip(mask_of(SHAPE, at, long_m, width_m, heading_deg, PIXEL_M), 0, 1 - ship)
    light = ndimage.gaussian_filter(1 + (deck - 1) * ship + (quay - 1) * pier, 0.6)
    return light + np.random.default_rng(seed).normal(0, NOISE, SHAPE), ship > 0.5, pier > 0.5


def turn_between(axis, heading_deg):
    """Degrees between an axis (south, east) and a heading, either way round."""
    return abs((np.degrees(np.arctan2(axis[1], -axis[0])) - heading_deg + 90) % 180 - 90)


@pytest.mark.parametrize("heading_deg", [0.0, 27.0, 90.0, 141.0])
@pytest.mark.parametrize("near", ["ship", "both"])
@pytest.mark.parametrize(
    "quay",
    [{"gap_m": 2.0}, {"gap_m": 2.0, "long_m": 70.0}, {"gap_m": 1.0, "side": -1, "width_m": 12.0}, {"gap_m": 0.0}],
)
def test_the_hull_is_found_beside_her_quay(heading_deg, near, quay):
    """Whether she or both stood out: 4 % in length; in beam the gap; one side is told as touched."""
    light, ship, pier = moored(heading_deg, **quay)
    seen = {"ship": ship, "both": ship | pier}[near]
    axis = straight_direction(light, seen, (PIXEL_M, PIXEL_M))
    assert axis is not None
    assert turn_between(axis, heading_deg) < 1.0
    found = find_rectangle(light, seen, NOISE, axis, (PIXEL_M, PIXEL_M), (0, 0))
    assert found is not None
    assert found.length_m == pytest.approx(LENGTH_M, rel=0.04)
    assert found.beam_m == pytest.approx(BEAM_M, abs=2.5)
    assert np.hypot(*np.subtract(found.frame.centre, CENTRE)) < 3.0
    assert sum(found.touched) == 1


def test_a_free_hull_is_touched_on_neither_side():
    light, ship, _ = moored(33.0, gap_m=2.0, quay=1.0)
    axis = straight_direction(light, ship, (PIXEL_M, PIXEL_M))
    found = find_rectangle(light, ship, NOISE, axis, (PIXEL_M, PIXEL_M), (0, 0))
    assert found.touched == (False, False)
    assert found.length_m == pytest.approx(LENGTH_M, rel=0.03)


def test_a_shadow_across_the_deck_is_no_end():
    """A house's shadow of 18 m, as dark as the water, parts stern from deck; her length is that of both."""
    light, ship, _ = moored(0.0, gap_m=2.0, quay=1.0)
    light[160:178] = np.where(ship[160:178], 1.0, light[160:178])
    deck = ship.copy()
    deck[160:] = False
    found = find_rectangle(light, deck, NOISE, (-1.0, 0.0), (PIXEL_M, PIXEL_M), (0, 0))
    assert found.length_m == pytest.approx(LENGTH_M, rel=0.03)


def test_without_edges_there_is_no_direction_and_no_hull():
    flat = np.ones((60, 60), np.float32)
    near = np.zeros((60, 60), bool)
    assert straight_direction(flat, near, (1.0, 1.0)) is None
    near[20:40, 28:32] = True
    assert find_rectangle(flat, near, NOISE, (1.0, 0.0), (1.0, 1.0), (0, 0)) is None


def test_water_and_its_shadows_are_water_and_decks_are_not():
    """Water within its noise and shadow below it stay under even odds; a deck half as bright again does not."""
    light = np.array([0.4, 0.7, 1.0, 1.0 + NOISE, 1.5, 4.0], np.float32)
    assert (not_water(light, NOISE) > 0.5).tolist() == [False, False, False, False, True, True]
