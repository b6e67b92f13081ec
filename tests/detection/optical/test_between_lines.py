"""Alongside a quay the measured hull is the hull: not the quay, and not both together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.between_lines import (
    _brightest_mean,
    find_rectangle,
    hull_probability,
    likely_rectangle,
    straight_direction,
)
from tests.detection.optical.hulls import mask_of

PIXEL_M = 1.0
SHAPE = (260, 260)
CENTRE = (130.0, 130.0)
LENGTH_M, BEAM_M = 120.0, 19.0
NOISE = 0.04


def moored(heading_deg, *, gap_m, width_m=20.0, long_m=110.0, side=1, deck=2.0, quay=2.6, seed=0):
    """Light relative to water: a ship, and a quay at a gap from her starboard (+1) or port side; and the ship alone."""
    ship = mask_of(SHAPE, CENTRE, LENGTH_M, BEAM_M, heading_deg, PIXEL_M, bow_m=0.15 * LENGTH_M)
    angle = np.radians(heading_deg)
    off = side * (BEAM_M / 2 + gap_m + width_m / 2) / PIXEL_M
    at = (CENTRE[0] + off * np.sin(angle), CENTRE[1] + off * np.cos(angle))
    pier = np.clip(mask_of(SHAPE, at, long_m, width_m, heading_deg, PIXEL_M), 0, 1 - ship)
    light = ndimage.gaussian_filter(1 + (deck - 1) * ship + (quay - 1) * pier, 0.6)
    return light + np.random.default_rng(seed).normal(0, NOISE, SHAPE), ship > 0.5, pier > 0.5


def turn_between(axis, heading_deg):
    """Degrees between an axis (south, east) and a heading, modulo 180 degrees."""
    return abs((np.degrees(np.arctan2(axis[1], -axis[0])) - heading_deg + 90) % 180 - 90)


@pytest.mark.parametrize("deck", [1.5, 3.0, 5.0])
@pytest.mark.parametrize("heading_deg", [5.0, 8.0, 50.0, 83.0, 97.0])
def test_the_direction_is_that_of_her_sides_however_bright_her_deck(heading_deg, deck):
    """A deck five times as bright as water, unless clipped at twice, would pull the direction to the rows by 2 deg."""
    light, ship, _ = moored(heading_deg, gap_m=2.0, quay=1.0, deck=deck)
    assert turn_between(straight_direction(light, ship, (PIXEL_M, PIXEL_M)), heading_deg) < 0.5


@pytest.mark.parametrize("heading_deg", [0.0, 27.0, 90.0, 141.0])
@pytest.mark.parametrize("near", ["ship", "both"])
@pytest.mark.parametrize(
    "quay",
    [{"gap_m": 2.0}, {"gap_m": 2.0, "long_m": 70.0}, {"gap_m": 1.0, "side": -1, "width_m": 12.0}, {"gap_m": 0.0}],
)
def test_the_hull_is_found_beside_her_quay(heading_deg, near, quay):
    """Whether ship or both stood out: length within 4 %, beam within the gap; one side is reported as touched."""
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
    """A house's shadow of 18 m, as dark as the water, separates stern from deck; her length includes both."""
    light, ship, _ = moored(0.0, gap_m=2.0, quay=1.0)
    light[160:178] = np.where(ship[160:178], 1.0, light[160:178])
    deck = ship.copy()
    deck[160:] = False
    found = find_rectangle(light, deck, NOISE, (-1.0, 0.0), (PIXEL_M, PIXEL_M), (0, 0))
    assert found.length_m == pytest.approx(LENGTH_M, rel=0.03)


@pytest.mark.parametrize("far_m", [25.0, 40.0])
def test_a_wave_in_line_with_her_is_no_stern(far_m):
    """A patch of foam of 4 m by 6 m beyond open water, within a house's shadow length."""
    light, ship, _ = moored(0.0, gap_m=2.0, quay=1.0)
    aft = int(CENTRE[0] + LENGTH_M / 2 + far_m)
    light[aft : aft + 4, 127:133] = 2.5
    found = find_rectangle(light, ship, NOISE, (-1.0, 0.0), (PIXEL_M, PIXEL_M), (0, 0))
    assert found.length_m == pytest.approx(LENGTH_M, rel=0.03)


def test_a_hull_is_sought_along_her_length_where_edges_run_otherwise():
    """Bright bars slant over a dim deck: their edges are more and stronger than those of her sides."""
    heading_deg, slant_deg = 60.0, 30.0
    ship = mask_of(SHAPE, CENTRE, 100.0, 16.0, heading_deg, PIXEL_M, bow_m=12.0)
    angle = np.radians(heading_deg)
    bars = np.zeros(SHAPE)
    for along in (-32.0, -19.0, -6.0, 7.0, 20.0, 33.0):
        at = (CENTRE[0] - along * np.cos(angle), CENTRE[1] + along * np.sin(angle))
        bars = np.maximum(bars, mask_of(SHAPE, at, 14.0, 4.0, heading_deg + slant_deg, PIXEL_M))
    light = ndimage.gaussian_filter(1 + 0.5 * ship + 4.0 * bars * ship, 0.8)
    light += np.random.default_rng(0).normal(0, NOISE, SHAPE)
    seen = ship > 0.5
    assert turn_between(straight_direction(light, seen, (PIXEL_M, PIXEL_M)), heading_deg) > 15
    found = likely_rectangle(light, seen, NOISE, (PIXEL_M, PIXEL_M), (0, 0))
    assert turn_between(found.frame.axis, heading_deg) < 3
    assert found.length_m == pytest.approx(100, rel=0.06)


def test_without_edges_there_is_no_direction_and_no_hull():
    flat = np.ones((60, 60), np.float32)
    near = np.zeros((60, 60), bool)
    assert straight_direction(flat, near, (1.0, 1.0)) is None
    near[20:40, 28:32] = True
    assert find_rectangle(flat, near, NOISE, (1.0, 0.0), (1.0, 1.0), (0, 0)) is None


def test_water_and_its_shadows_are_water_and_decks_are_not():
    """Water within its noise, and shadow below it, stay under even odds; a deck half as bright again does not."""
    light = np.array([0.4, 0.7, 1.0, 1.0 + NOISE, 1.5, 4.0], np.float32)
    assert (hull_probability(light, NOISE) > 0.5).tolist() == [False, False, False, False, True, True]


@pytest.mark.parametrize(("shape", "size"), [((40, 12), 3), ((7, 2), 9), ((5, 1), 2), ((30, 33), 4)])
def test_the_brightest_mean_of_a_row_is_that_of_the_usual_filter(shape, size):
    strip = np.random.default_rng(size).random((shape[0], shape[1] + 3), np.float32)[:, 2 : 2 + shape[1]]
    assert np.array_equal(_brightest_mean(strip, size), ndimage.uniform_filter1d(strip, size, axis=1).max(axis=1))
