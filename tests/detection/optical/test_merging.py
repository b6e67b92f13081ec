"""Two detections of one object: whose rectangle contains whose centre."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.special import expit

from pipeline.detection.optical.merging import (
    NEAR_PX,
    SCORE_MIDDLE,
    SCORE_SLOPE,
    _beam,
    _length_shares,
    contains_points,
)
from pipeline.quantiles import Z90

# Certainty, number of hulls, and labelled ships among them, on six ports; each by weights not trained on that port
HELD_OUT = ((0.352, 28, 5), (0.451, 35, 5), (0.526, 19, 4), (0.568, 11, 6), (0.628, 21, 9), (0.679, 19, 13),
            (0.748, 45, 33), (0.835, 32, 27), (0.886, 15, 14))  # fmt: skip


def rectangles(rng, count):
    """Corners in order, shape (count, 4, 2), of rectangles at random angles."""
    middle, turn = rng.uniform(0, 60, (count, 1, 2)), rng.uniform(0, np.pi, count)
    half = np.stack([rng.uniform(2, 20, count), rng.uniform(1, 4, count)], axis=1)
    u = half[:, :1] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    v = half[:, 1:] * np.stack([-np.sin(turn), np.cos(turn)], axis=1)
    return middle + np.stack([u + v, u - v, -u - v, -u + v], axis=1)


def test_points_near_a_rectangle_are_those_in_it_grown_by_as_much():
    """Shapely grows a rectangle with square corners, which is equivalent."""
    rng = np.random.default_rng(3)
    boxes, points = rectangles(rng, 40), rng.uniform(0, 60, (200, 2))
    grown = shapely.buffer(shapely.polygons(boxes), NEAR_PX, join_style="mitre")
    for point in points:
        truth = shapely.contains_xy(grown, *point)
        np.testing.assert_array_equal(contains_points(boxes, point[None]), truth)
    for box, area in zip(boxes, grown, strict=True):
        np.testing.assert_array_equal(contains_points(box[None], points), shapely.contains_xy(area, points))


def test_nothing_to_hold():
    assert contains_points(np.zeros((0, 4, 2)), np.zeros((1, 2))).shape == (0,)


@pytest.mark.parametrize(("certainty", "hulls", "ships"), HELD_OUT)
def test_a_score_is_the_share_of_ships_on_ports_held_out(certainty, hulls, ships):
    """Within two standard errors above the cut, where hulls count; below it a score may only be too high."""
    stated = expit(SCORE_SLOPE * (certainty - SCORE_MIDDLE))
    off = (stated - ships / hulls) / np.sqrt(stated * (1 - stated) / hulls)
    assert off > -2
    assert off < 2 or certainty < SCORE_MIDDLE


@pytest.mark.parametrize("length_m", [60.0, 70.0, 80.0])
@pytest.mark.parametrize("build", [4.0, 6.0, 8.0])
def test_the_beam_of_a_short_boat_lies_in_its_interval_whatever_her_build(length_m, build):
    """Her width in 10 m pixels cannot tell a stout boat from a slender ship within the noise."""
    beam, se = _beam(length_m, 28.0, 10.0)
    assert abs(beam - length_m / build) < Z90 * se


def test_bounds_of_lengths_grow_with_the_length():
    bounds = np.array([np.multiply(_length_shares(length), length) for length in np.arange(45.0, 400.0)])
    assert (np.diff(bounds, axis=0) > 0).all()
