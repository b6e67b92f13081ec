"""Plausibility of the network's hulls: afloat, dim enough for their length, not a finger pier of a marina."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.candidates import Candidate
from pipeline.detection.optical import plausible
from pipeline.detection.optical.plausible import (
    BASIN_M2,
    counts_without_network,
    flag_marina_fingers,
    holds_basin,
    largest_water_m2,
    light_length_m,
    no_water_reason,
    remove_narrow_water,
    too_faint_reason,
)

ALL = (True,) * 5
PIXEL_M2 = 100.0
SIDE = 2 * plausible.LOOK_PX + 1


def city_with_pond(side_px):
    """Land with a square pond at its centre, and a hull of 7 by 2 pixels at one side of the pond."""
    scaled = np.ones((5, SIDE, SIDE), np.float32)
    low = SIDE // 2 - side_px // 2
    scaled[:, low : low + side_px, low : low + side_px] = 0.0
    hull = np.zeros((SIDE, SIDE), bool)
    hull[low : low + 2, SIDE // 2 - 3 : SIDE // 2 + 4] = True
    scaled[:, hull] = 0.6
    return scaled, hull


@pytest.mark.parametrize("shape", [(60, 80), (3, 3), (2, 9), (1, 1)])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_gaps_are_closed_as_by_an_opening(shape, share):
    wet = np.random.default_rng(1).random(shape) < share
    np.testing.assert_array_equal(remove_narrow_water(wet), ndimage.binary_opening(wet, np.ones((3, 3))))


def test_a_pond_holds_no_ship_and_a_basin_does():
    side = int(np.sqrt(BASIN_M2 / PIXEL_M2))
    assert "ha of water" in no_water_reason(*city_with_pond(side - 3), ALL, PIXEL_M2)
    assert no_water_reason(*city_with_pond(side + 6), ALL, PIXEL_M2) is None


@pytest.mark.parametrize("seed", range(12))
def test_a_basin_is_held_where_the_largest_water_is_one(seed):
    """The shortcut and the full computation agree, for water areas around the limit."""
    rng = np.random.default_rng(seed)
    wet = rng.random((120, 130)) < 0.02
    side = int(rng.integers(8, 24))
    wet[40 : 40 + side, 50 : 50 + side + seed % 3] = True
    assert holds_basin(wet, PIXEL_M2) == (largest_water_m2(wet, PIXEL_M2) >= BASIN_M2)


def test_water_that_the_image_cuts_off_denies_no_ship_and_a_pond_within_it_does():
    side = int(np.sqrt(BASIN_M2 / PIXEL_M2)) - 3
    scaled, hull = city_with_pond(side)
    last = SIDE // 2 + side // 2 - 2
    at_edge = scaled[:, :last], hull[:last]  # the image ends in the middle of a possible harbour
    assert "ha of water" in no_water_reason(*at_edge, ALL, PIXEL_M2)
    assert no_water_reason(*at_edge, ALL, PIXEL_M2, (False, True, False, False)) is None
    assert "ha of water" in no_water_reason(*at_edge, ALL, PIXEL_M2, (True, False, True, True))


def test_many_shadows_of_houses_are_no_basin():
    scaled = np.ones((5, SIDE, SIDE), np.float32)
    scaled[:, ::4, :] = 0.0  # gaps of one pixel: more than a hectare in all, but no room to float
    hull = np.zeros((SIDE, SIDE), bool)
    hull[40:42, 40:48] = True
    assert "0.0 ha" in no_water_reason(scaled, hull, ALL, PIXEL_M2)


@pytest.mark.parametrize(("length_m", "beam_m"), [(60.0, 9.5), (100.0, 16.0), (180.0, 28.5)])
def test_a_deck_of_usual_light_gives_its_own_length_however_blurred(length_m, beam_m):
    """Light of L x B x 0.85 at 0.4 of the land's brightness, however spread over pixels, gives a length of L."""
    rows, cols = np.mgrid[0:60, 0:60] - 30.0
    for blur_px in (1.0, 1.5):
        spread = np.hypot(length_m / 10 / np.sqrt(12), blur_px), np.hypot(beam_m / 10 / np.sqrt(12), blur_px)
        shape = np.exp(-((cols / spread[0]) ** 2 + (rows / spread[1]) ** 2) / 2)
        light = 0.4 * 0.85 * length_m * beam_m / PIXEL_M2
        scaled = np.repeat((shape * light / shape.sum()).astype(np.float32)[None], 5, 0)
        hull = (np.abs(cols) < length_m / 18) & (np.abs(rows) < 2.5)
        assert light_length_m(scaled, hull, ALL, PIXEL_M2) == pytest.approx(length_m, rel=0.08)


def test_a_launch_with_a_long_wake_is_too_faint():
    scaled = np.zeros((5, 60, 60), np.float32)
    scaled[:, 30, 25:33] = 0.08
    scaled[:3, 30, 25:33] = 0.2  # foam in visible light
    hull = np.zeros((60, 60), bool)
    hull[29:32, 25:33] = True
    assert "gives the light of a hull of" in too_faint_reason(scaled, hull, ALL, PIXEL_M2)


def test_beside_a_quay_nobody_knows_whose_light_it_is():
    scaled = np.zeros((5, 60, 60), np.float32)
    scaled[:, :30] = 1.0
    hull = np.zeros((60, 60), bool)
    hull[30:32, 25:33] = True
    assert light_length_m(scaled, hull, ALL, PIXEL_M2) is None
    assert too_faint_reason(scaled, hull, ALL, PIXEL_M2) is None


def hull_at(row, col, length_m, axis):
    """A hull as the network reports it, of usual proportions."""
    beam_m = length_m / 6.3
    return Candidate(
        row=row, col=col, length_m=length_m, length_lo_m=0.9 * length_m, length_hi_m=1.1 * length_m,
        beam_m=beam_m, beam_lo_m=0.8 * beam_m, beam_hi_m=1.2 * beam_m, axis=axis, axis_points_to_bow=False,
        outline=np.zeros((4, 2)), n_pixels=20, score=0.9, tanker_score=0.3, contrast_db=10.0, method="hull-network",
    )  # fmt: skip


def row_of(count, pitch_m, length_m, turn_rad=0.0):
    """Parallel hulls in pixels of 10 m."""
    axis = (float(np.sin(turn_rad)), float(np.cos(turn_rad)))
    across = np.array([axis[1], -axis[0]]) * pitch_m / 10
    return [hull_at(50 + n * across[0], 50 + n * across[1], length_m, axis) for n in range(count)]


@pytest.mark.parametrize("turn_rad", [0.0, 0.7, 1.5, 2.5, -0.7])
def test_four_alike_abreast_with_water_between_are_a_marina(turn_rad):
    names = [c.flags for c in flag_marina_fingers(row_of(4, 40.0, 80.0, turn_rad), (10.0, 10.0))]
    assert all("marina_finger" in flags for flags in names)


@pytest.mark.parametrize("turn_rad", [0.0, 0.7, 2.5])
@pytest.mark.parametrize("odd", [0, 2])
@pytest.mark.parametrize(
    ("change", "alike"),
    [
        ({"length_m": 50.0}, True),
        ({"length_m": 45.0}, False),
        ({"turned": 0.2}, True),
        ({"turned": 0.3}, False),
        ({"turned": -0.3}, False),
        ({"ahead_m": 45.0}, True),
        ({"ahead_m": 60.0}, False),
        ({"ahead_m": -60.0}, False),
    ],
)
def test_one_of_four_that_is_unlike_or_lies_ahead_makes_them_ships(change, alike, odd, turn_rad):
    """All of 80 m; one differs in length by more than a factor 1.7, is turned over 15 degrees, or 0.6 lengths ahead."""
    hulls = row_of(4, 40.0, 80.0, turn_rad)
    other, turned = hulls[odd], turn_rad + change.get("turned", 0.0)
    ahead = change.get("ahead_m", 0.0) / 10
    hulls[odd] = hull_at(
        other.row + ahead * other.axis[0],
        other.col + ahead * other.axis[1],
        change.get("length_m", 80.0),
        (float(np.sin(turned)), float(np.cos(turned))),
    )
    found = ["marina_finger" in c.flags for c in flag_marina_fingers(hulls, (10.0, 10.0))]
    assert found == [alike] * 4


@pytest.mark.parametrize(
    "hulls",
    [row_of(3, 40.0, 80.0), row_of(5, 17.0, 100.0), row_of(5, 40.0, 180.0), []],
    ids=["three", "a raft of tankers", "long ships at finger piers", "none"],
)
def test_ships_abreast_are_ships(hulls):
    assert all("marina_finger" not in c.flags for c in flag_marina_fingers(hulls, (10.0, 10.0)))


class Seen:
    """Stand-in for `ScaledView` with given brightness."""

    present = ALL

    def __init__(self, scaled):
        self.scaled = scaled

    def within(self, rows, cols):
        return self.scaled[:, rows, cols]


def free_object(light=0.4, beside_land=False):
    """View, rows and columns of a hull of 9 by 2 pixels, on open water or close to land."""
    scaled = np.zeros((5, 60, 60), np.float32)
    rows, cols = (a.ravel() for a in np.mgrid[30:32, 25:34])
    scaled[:, rows, cols] = light
    if beside_land:
        scaled[:, 34:] = 1.0
    return Seen(scaled), rows, cols


def test_contrast_speaks_alone_for_what_lies_free_and_shines_like_a_hull():
    ship = hull_at(30.5, 29.0, 80.0, (0.0, 1.0))
    assert counts_without_network(ship, *free_object(), PIXEL_M2)
    assert not counts_without_network(replace(ship, flags=("foam",)), *free_object(), PIXEL_M2)
    assert not counts_without_network(hull_at(30.5, 29.0, 20.0, (0.0, 1.0)), *free_object(), PIXEL_M2)
    assert not counts_without_network(ship, *free_object(light=0.05), PIXEL_M2)
    assert not counts_without_network(ship, *free_object(beside_land=True), PIXEL_M2)
