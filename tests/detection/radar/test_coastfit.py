"""A map's coast shifted against the true one is detected, and a coast without contrast is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.radar import coastfit
from pipeline.types import Counts, Window
from tests.builders import array_scene

SIDE = 320


def coast(seed=0):
    """Irregular land over the lower half, True on land."""
    rng = np.random.default_rng(seed)
    wave = ndimage.gaussian_filter1d(rng.standard_normal(SIDE), 12, mode="wrap") * 60
    return np.arange(SIDE)[:, None] > SIDE / 2 + wave


def scene_of(land_power, step, seed=1):
    """Speckled sea of power 1 and land; the map's land is shifted by ``step`` pixels against the picture's."""
    rng = np.random.default_rng(seed)
    land = coast()
    mean = ndimage.gaussian_filter(np.where(land, land_power, 1.0), 0.9)
    power = mean * rng.gamma(4.4, 1 / 4.4, land.shape)
    chart = ndimage.shift(land.astype(float), (-step[0], -step[1]), order=0, mode="nearest") > 0.5
    return array_scene({"VV": power}, water=~chart), land


def fitted(scene):
    tile = scene.read(Window(0, 0, SIDE, SIDE))
    return coastfit.coast_shift([tile], lambda t: t.data[0])


@pytest.mark.parametrize("step", [(2, 1), (-3, 0), (0, 4)])
def test_the_step_is_found_to_half_a_pixel(step):
    shift = fitted(scene_of(8.0, step)[0])
    rows, cols = shift.at(np.array([SIDE / 2.0]), np.array([SIDE / 2.0]))
    assert (rows[0], cols[0]) == pytest.approx(step, abs=0.6)


def test_a_coast_that_lies_right_stays_where_it_is():
    assert fitted(scene_of(8.0, (0, 0))[0]) is None


def test_land_as_dark_as_the_sea_moves_nothing():
    assert fitted(scene_of(1.0, (3, 0))[0]) is None


def test_windows_of_a_moved_scene_are_those_of_the_whole():
    scene, land = scene_of(8.0, (2, 1))
    moved = coastfit.with_shifted_coast(scene, fitted(scene))
    whole, part = moved.read(Window(0, 0, SIDE, SIDE)), moved.read(Window(120, 37, 90, 111))
    assert np.array_equal(part.water, whole.water[120:210, 37:148])
    assert np.array_equal(part.data, whole.data[:, 120:210, 37:148])
    inner = np.s_[8:-8, 8:-8]
    before = (scene.read(Window(0, 0, SIDE, SIDE)).water == land)[inner].sum()
    assert (whole.water == land)[inner].sum() < before / 2


@pytest.mark.parametrize("step", [(0, 5), (0, -5), (5, 0), (-5, 0)])
def test_the_coast_moves_the_way_in_which_it_was_displaced(step):
    """Pixels of water that the map has on the wrong side of the true line, for each axis separately."""
    scene, land = scene_of(8.0, step)
    whole = Window(0, 0, SIDE, SIDE)
    inner = np.s_[12:-12, 12:-12]
    before = (scene.read(whole).water == land)[inner].sum()
    moved = coastfit.with_shifted_coast(scene, coastfit.Shift(*((float(s), 0.0, 0.0) for s in step), 9.0, 1))
    assert (moved.read(whole).water == land)[inner].sum() < before / 20


@pytest.mark.parametrize("part", [-0.4, -0.25, 0.0, 0.25, 0.4])
def test_a_step_is_told_to_a_part_of_a_pixel(part):
    """Land brightness shifted by a fraction of a pixel, without speckle: that fraction, with the right sign."""
    land = coast().astype(float)
    power = 1 + 7 * ndimage.shift(ndimage.gaussian_filter(land, 1.5), (2 + part, 0), order=1, mode="nearest")
    shift = fitted(array_scene({"VV": power}, water=land < 0.5))
    assert shift.rows[0] == pytest.approx(2 + part, abs=0.2)


def test_a_shift_that_grows_over_the_picture_is_followed_about_its_middle():
    """Nine windows, each with its own shift. Slopes are shrunk, so a part of each is used."""
    true = coastfit.Shift((1.0, 0.003, -0.001), (-1.0, 0.001, 0.002), 9.0, 9)
    middle = np.array([(r, c) for r in (200.0, 600.0, 1000.0) for c in (150.0, 500.0, 850.0)])
    step = np.column_stack(true.at(*middle.T))
    rows, cols = coastfit._linear_shift(middle, step, np.ones(9), tuple(np.median(step, axis=0)))
    found = coastfit.Shift(rows, cols, 9.0, 9)
    assert np.hstack(found.at(600.0, 500.0)) == pytest.approx(np.hstack(true.at(600.0, 500.0)))
    for slopes, true_slopes in ((rows[1:], true.rows[1:]), (cols[1:], true.cols[1:])):
        assert all(0.4 < slope / known <= 1 for slope, known in zip(slopes, true_slopes, strict=True))


@pytest.mark.parametrize("land_db", [9.0, 25.0])
def test_how_much_brighter_land_is_tells_no_step_and_is_said_in_decibels(land_db):
    """Very bright land leaks over the line through the sensor's blur; the half-height point still marks it."""
    shift = fitted(scene_of(10 ** (land_db / 10), (2, 1))[0])
    assert shift.step_db == pytest.approx(land_db, abs=0.5)
    assert np.hstack(shift.at(SIDE / 2, SIDE / 2)) == pytest.approx((2, 1), abs=0.7)


def test_a_window_that_saw_something_else_turns_no_coast():
    middle = np.array([(r, c) for r in (200.0, 600.0, 1000.0) for c in (150.0, 500.0, 850.0)])
    step = np.tile([1.0, -1.0], (9, 1))
    step[0] = 6.0
    rows, cols = coastfit._linear_shift(middle, step, np.ones(9), (1.0, -1.0))
    assert rows == pytest.approx((1, 0, 0), abs=1e-9)
    assert cols == pytest.approx((-1, 0, 0), abs=1e-9)


def test_stored_pixels_have_the_moved_coast_of_calibrated_ones():
    scene, _ = scene_of(8.0, (2, 1))

    class Reader:
        def __call__(self, window):
            return scene.read(window)

        def counts(self, window):
            tile = scene.read(window)
            one = np.ones((1, 1, window.cols), np.float32)
            return Counts(tile.data.astype(np.uint16), one, one, np.zeros(window.rows, np.int32), 1e-5, tile.water)

    moved = coastfit.with_shifted_coast(
        replace(scene, read=Reader()), coastfit.Shift((3.0, 0.0, 0.0), (-2.0, 0.0, 0.0), 9.0, 1)
    )
    for window in (Window(0, 0, SIDE, SIDE), Window(120, 37, 90, 111)):
        counts = moved.read.counts(window)
        assert np.array_equal(counts.water, moved.read(window).water)
        assert counts.stored.shape[1:] == counts.water.shape
