"""The simulated camera and sun, against closed forms of flat boxes."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.simulation.hull_forms import hull_form, shell
from pipeline.simulation.mesh import box
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.shadows import depth_buffer
from pipeline.simulation.ships import Hull, ShipState, Structure

WHITE = (0.5, 0.5, 0.5, 0.5)


def hull(kind="product_tanker", ship_id="a"):
    return Hull(ship_id, kind, 100.0, 16.0, 8.0, 6.2, "aft", 0.2)


def test_a_box_casts_the_shadow_that_its_height_says():
    """A wall 10 m high under a sun 30 degrees up in the south: its shadow ends 10 / tan(30) north of it."""
    solid = box((-20, 20), (-5, 5), (0, 10), WHITE)
    shade = Light(30.0, 180.0, 0.0, 0.0).shade
    placed = solid.placed(90.0, (0.0, 0.0))  # long side east-west
    depth, _ = depth_buffer(placed.corners, shade, np.array([-40.0, 40.0]), 0.25, (320, 320))
    north = 40.0 - 0.25 * np.flatnonzero(depth[:, 160] > 0).min()
    assert north == pytest.approx(5 + 10 / np.tan(np.radians(30)), abs=0.3)


def test_a_leaning_camera_shifts_a_roof_away_from_the_satellite():
    placed = box((-20, 20), (-5, 5), (0, 10), WHITE).placed(90.0, (0.0, 0.0))
    lean = Light(30.0, 180.0, 20.0, 0.0).lean  # satellite in the north
    depth, _ = depth_buffer(placed.corners, lean, np.array([-40.0, 40.0]), 0.25, (320, 320))
    roof = np.flatnonzero(depth[:, 160] > 9.99)
    south = 40.0 - 0.25 * roof.max()
    assert south == pytest.approx(-5 - 10 * np.tan(np.radians(20)), abs=0.3)


def test_a_ship_has_one_form_and_another_ship_another():
    assert hull_form(hull()) == hull_form(hull())
    assert hull_form(hull()) != hull_form(hull(ship_id="b"))


@pytest.mark.parametrize("kind", ["product_tanker", "bulk_carrier", "container_ship", "general_cargo", "tug"])
def test_a_hull_is_as_long_and_wide_as_she_says_and_her_deck_as_high(kind):
    ship = hull(kind)
    corners = shell(hull_form(ship), ship, 4.0, 0.0).corners.reshape(-1, 3)
    assert np.ptp(corners[:, 0]) == pytest.approx(100.0, abs=1.5)
    assert np.ptp(corners[:, 1]) == pytest.approx(16.0, abs=0.4)
    middle = corners[(np.abs(corners[:, 0]) < 6) & (np.abs(np.abs(corners[:, 1]) - 8.0) < 0.3)]
    assert ship.depth_m - 4.0 in [pytest.approx(z, abs=0.35) for z in np.unique(middle[:, 2])]


def test_the_same_seed_draws_the_same_picture():
    frame = MapFrame(32653, 0.0, 60.0, 1.0, (60, 60))
    ship = ShipState(hull(), datetime(2024, 3, 1, tzinfo=UTC), 0, 0, 45.0, 45.0, 0, 4.0, "")
    quay = Structure("quay", 0, 0, 45.0, 60.0, 12.0, 3.0)
    args = (frame, np.ones((60, 60), bool), [(ship, (30.0, 30.0))], [(quay, (10.0, 50.0))], Light(30, 140, 10, 100))
    first, again = (render(*args, 0.0, 4.0, np.random.SeedSequence(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.shape == (4, 60, 60)
