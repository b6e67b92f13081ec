"""Draught from freeboard: as uncertain as the invisible depth."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.draught import DEPTH_SPREAD, draught_from_freeboard
from pipeline.ships.hull_depth import usual_depth_m
from pipeline.ships.largest import DEEPEST_M


def test_intervals_hold_over_a_fleet():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(2000):
        length = float(rng.uniform(60, 250))
        depth = usual_depth_m(length) * np.exp(DEPTH_SPREAD * rng.normal())
        draught = depth * rng.uniform(0.35, 0.8)
        side, sized = depth - draught + 0.2 * rng.normal(), length * (1 + 0.01 * rng.normal())
        low, _, high = draught_from_freeboard(
            (sized * 0.984, sized, sized * 1.016), (max(0, side - 0.33), max(0, side), max(0, side) + 0.33)
        )
        held.append(low <= draught <= high)
    assert np.mean(held) == pytest.approx(0.9, abs=0.03)


def test_a_sharp_freeboard_still_leaves_a_metre_of_doubt():
    low, _, high = draught_from_freeboard((99.0, 99.0, 99.0), (4.0, 4.0, 4.0))
    assert high - low > 2.0


def test_no_draught_below_nothing():
    low, value, high = draught_from_freeboard((59.0, 60.0, 61.0), (5.0, 5.5, 6.0))
    assert 0 <= low < value < high


def test_nothing_draws_more_than_ships_do():
    """A quay of 480 m taken for a hull, with a length uncertain by half as much again."""
    low, value, high = draught_from_freeboard((300.0, 480.0, 720.0), (2.0, 6.0, 12.0))
    assert low <= value <= high == DEEPEST_M


def test_a_side_that_may_be_higher_is_a_hull_that_may_lie_less_deep():
    """Depth minus freeboard: an upper margin of one is a lower margin of the other."""
    sharp, high_side, low_side = (
        draught_from_freeboard((98.0, 99.0, 100.0), side) for side in ((4, 4, 4), (4, 4, 5.5), (2.5, 4, 4))
    )
    assert (high_side[0] < sharp[0], high_side[2]) == (True, sharp[2])
    assert (low_side[0], low_side[2] > sharp[2]) == (sharp[0], True)


def test_a_length_in_doubt_is_a_depth_in_doubt():
    """The length's error times the depth per metre of length, in quadrature with the depth's own error."""
    sharp, doubtful = (
        draught_from_freeboard((120 - reach, 120.0, 120 + reach), (4.0, 4.0, 4.0)) for reach in (0.0, 30.0)
    )
    per_metre = (usual_depth_m(150.0) - usual_depth_m(90.0)) / 60
    for end in (0, 2):
        reach, own = abs(doubtful[end] - doubtful[1]), abs(sharp[end] - sharp[1])
        assert reach**2 - own**2 == pytest.approx((30 * per_metre) ** 2)


@pytest.mark.parametrize("length_m", [60.0, 200.0])
def test_an_eighth_of_the_depth_is_below_water_however_high_the_side_seems(length_m):
    """What seems higher is gear or cargo on the side."""
    draught = draught_from_freeboard((length_m,) * 3, (usual_depth_m(length_m) + 2,) * 3)[1]
    assert draught / usual_depth_m(length_m) == pytest.approx(1 / 8, abs=0.01)
