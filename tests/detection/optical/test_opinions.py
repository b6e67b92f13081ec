"""Two opinions of one object: whose rectangle holds whose middle."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.detection.optical.opinions import NEAR_PX, holds


def rectangles(rng, count):
    """Corners in order, shape (count, 4, 2), of rectangles turned by any angle."""
    middle, turn = rng.uniform(0, 60, (count, 1, 2)), rng.uniform(0, np.pi, count)
    half = np.stack([rng.uniform(2, 20, count), rng.uniform(1, 4, count)], axis=1)
    u = half[:, :1] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    v = half[:, 1:] * np.stack([-np.sin(turn), np.cos(turn)], axis=1)
    return middle + np.stack([u + v, u - v, -u - v, -u + v], axis=1)


def test_points_near_a_rectangle_are_those_in_it_grown_by_as_much():
    """Shapely grows a rectangle with square corners, which is the same."""
    rng = np.random.default_rng(3)
    boxes, points = rectangles(rng, 40), rng.uniform(0, 60, (200, 2))
    grown = shapely.buffer(shapely.polygons(boxes), NEAR_PX, join_style="mitre")
    for point in points:
        truth = shapely.contains_xy(grown, *point)
        np.testing.assert_array_equal(holds(boxes, point[None]), truth)
    for box, area in zip(boxes, grown, strict=True):
        np.testing.assert_array_equal(holds(box[None], points), shapely.contains_xy(area, points))


def test_nothing_to_hold():
    assert holds(np.zeros((0, 4, 2)), np.zeros((1, 2))).shape == (0,)
