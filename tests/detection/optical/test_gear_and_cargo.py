"""Deck objects whose shadow replaces the hull's: stacks of cargo, and what is not cargo."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from pipeline.detection.optical.gear_and_cargo import ends_in_steps
from pipeline.detection.optical.side import Posterior, height_grid
from tests.detection.optical.boxes import Box, light_from

ABEAM = light_from((30.0, 90.0))  # sun in the east, camera overhead: each row's shadow falls to the west
HIGH_M = 3.0
TIER_M = 2.6  # ISO 668
BAY_M = 12.0


def ship(height_m=HIGH_M):
    """A hull of 120 m, some 10 m deep."""
    return Box(height_m, 0.0, 120.0, 18.0, room_m=32.0)


@functools.cache
def picture(height_m):
    return ship(height_m).drawn(ABEAM)


def loaded(tiers):
    """A north-going box with cargo out to her sides: container tiers per bay from the bow, repeating."""
    box = ship()
    heights = HIGH_M + TIER_M * np.asarray(tiers, float)
    bay = ((np.arange(box.pixels) * box.pixel_m) // BAY_M).astype(int) % len(tiers)
    return box, np.stack([picture(heights[bay[row]])[row] for row in range(box.pixels)])


@pytest.mark.parametrize("tiers", [(1, 2), (2, 0, 2), (2, 2, 1)])
def test_where_the_shadow_ends_in_steps_as_high_as_containers_no_side_is_told(tiers):
    """Else the lowest stack would count as the side: 5.6 m instead of 3 m, 2.6 m of it cargo."""
    box, image = loaded(tiers)
    found = box.read(ABEAM, image, tanker=0.1)
    assert found.value_m is None
    assert "cargo stands at the side" in found.evidence


def test_the_lower_stacks_of_a_stepped_shadow_are_told_where_a_tanker_can_carry_none():
    """On a tanker steps are not cargo, and the rows with the shortest shadow are right."""
    box, image = loaded((0, 1, 0, 2))
    found = box.read(ABEAM, image, tanker=0.9)
    assert found.value_m == pytest.approx(HIGH_M, abs=0.35)


def test_a_crane_here_and_there_is_no_cargo():
    """Two of every twenty metres of her side are under cranes 8 m high."""
    box = ship()
    crane = (np.arange(box.pixels) * box.pixel_m % 20 < 2)[:, None]
    found = box.read(ABEAM, np.where(crane, picture(HIGH_M + 8.0), picture(HIGH_M)), tanker=0.1)
    assert found.value_m == pytest.approx(HIGH_M, abs=0.3)


def test_hatches_over_most_of_her_are_no_cargo():
    """They lengthen the shadow by 1.5 m of height over two thirds of her; a container does by 2.6 m."""
    box = ship()
    hatch = (np.arange(box.pixels) * box.pixel_m % 10 < 6.5)[:, None]
    found = box.read(ABEAM, np.where(hatch, picture(HIGH_M + 1.5), picture(HIGH_M)), tanker=0.1)
    assert found.value_m == pytest.approx(HIGH_M, abs=0.35)


def reading(height_m, sd_m=0.12):
    """A normal posterior of the height."""
    heights = height_grid(12.0)
    return Posterior(heights, -0.5 * ((heights - height_m) / sd_m) ** 2, 8.0, height_m, 0.0, 0.2, 0.01, 500.0)


@pytest.mark.parametrize(
    ("step_m", "sd_m", "stepped"),
    [(1.9, 0.1, False), (2.1, 0.1, True), (2.6, 0.6, True), (2.6, 1.0, False), (-3.0, 0.1, False)],
)
def test_a_step_counts_where_it_is_higher_than_a_hatch_and_than_it_is_vague(step_m, sd_m, stepped):
    """The 90 % interval of the height from the more shaded rows is 1.645 standard deviations to each side."""
    assert ends_in_steps(reading(5.0), reading(5.0 + step_m, sd_m)) is stepped


@pytest.mark.parametrize("lacking", [(True, False), (False, True)])
def test_without_both_readings_there_is_no_step(lacking):
    pair = (None if gone else one for gone, one in zip(lacking, (reading(3.0), reading(8.0)), strict=True))
    assert ends_in_steps(*pair) is False


def test_steps_say_nothing_of_a_hull_seen_whose_shadow_is_even():
    box, image = loaded((1,))
    found = box.read(ABEAM, image, tanker=0.1)
    assert found.value_m == pytest.approx(HIGH_M + TIER_M, abs=0.35), "nothing in it tells cargo from hull"
    assert found.lo_m < HIGH_M, "... and the interval says so"
