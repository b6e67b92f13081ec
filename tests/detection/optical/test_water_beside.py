"""Checking a hull's outline by the water beside it, on pictures of known hulls."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection import detect
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import Hull
from pipeline.detection.optical.water_beside import compare_with_water
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene
from tests.detection.optical.hulls import DECK, WATER, mask_of

SHAPE, MIDDLE, BLUR_PX = (120, 280), (60.0, 140.0), 0.6
LENGTH_M, BEAM_M, BOW_M = 120.0, 20.0, 15.0  # bow to the right


def picture(step=1.5, pixel_m=1.0, quay_to_m=None, seed=0):
    """A hull's light over water, u to the right and v down from the centre; a quay's edge is 2 m below her."""
    cover = mask_of(SHAPE, MIDDLE, LENGTH_M, BEAM_M, 90.0, pixel_m, BOW_M)
    if quay_to_m is not None:
        rows, cols = np.indices(SHAPE)
        cover[((rows - MIDDLE[0]) * pixel_m > BEAM_M / 2 + 2) & ((cols - MIDDLE[1]) * pixel_m < quay_to_m)] = 1.0
    light = ndimage.gaussian_filter(1 + step * cover, BLUR_PX)
    return (light + np.random.default_rng(seed).normal(0, 0.02, SHAPE)).astype(np.float32)


def outline(u0, u1, v0=-BEAM_M / 2, v1=BEAM_M / 2, axis=(0.0, 1.0)):
    """A fitted outline with these sides, in pixels of a metre."""
    frame = HullFrame((MIDDLE[0] + (v0 + v1) / 2, MIDDLE[1] + (u0 + u1) / 2), axis, (1.0, 1.0))
    return Hull(frame, u1 - u0, v1 - v0, 1.0, 1.0, 0.01, False, 0.9, (True, True), (1.0, 1.0), 0.3)


def compared(light, hull):
    return compare_with_water(light, np.ones(SHAPE, bool), hull, (0, 0))


@pytest.mark.parametrize("step", [1.5, 0.6, 0.3], ids=["clear", "haze", "thick haze"])
def test_she_goes_on_as_far_as_she_was_drawn(step):
    """The outline had lost 30 m of her stern and 20 m of her bow."""
    stern, bow = compared(picture(step), outline(-30, 40)).beyond_m
    assert stern == pytest.approx(30.0, abs=2.0)
    assert bow == pytest.approx(20.0, abs=2.5)  # a point has no width


@pytest.mark.parametrize("step", [1.5, 0.6, 0.3], ids=["clear", "haze", "thick haze"])
def test_of_a_right_outline_nothing_is_missing_and_nothing_too_much(step):
    found = compared(picture(step), outline(-60, 60))
    assert max(found.beyond_m) < 1.5
    assert found.cut() == (0.0, 0.0)
    assert not found.has_faded_sides()


def test_a_dark_half_counts_by_its_own_water():
    """A cloud's shadow over her stern: both she and the water there have a third of the light."""
    light = picture()
    light[:, :140] = light[:, :140] / 3
    assert compared(light, outline(0, 60)).beyond_m[0] == pytest.approx(60.0, abs=2.0)


@pytest.mark.parametrize("quay_to_m", [None, 40], ids=["free", "at a quay"])
def test_a_stern_in_her_houses_shade_is_no_water(quay_to_m):
    """The last 18 m of 120 m have a fifth of the deck's light; she ends where she was drawn."""
    light = picture(quay_to_m=quay_to_m)
    shaded = np.s_[int(MIDDLE[0] - BEAM_M / 2 - 2) : int(MIDDLE[0] + BEAM_M / 2 + 1), : int(MIDDLE[1] - 42)]
    light[shaded] = 1 + (light[shaded] - 1) / 5
    assert compared(light, outline(-60, 60)).cut() == (0.0, 0.0)


@pytest.mark.parametrize("axis", [(0.0, 1.0), (0.0, -1.0)], ids=["along", "against"])
def test_a_quay_that_goes_on_is_cut_off_where_she_ends(axis):
    """The outline includes 4 m of a quay, which extends 40 m beyond her stern."""
    hull = outline(-100, 60, v1=BEAM_M / 2 + 4, axis=axis)
    cut = compared(picture(quay_to_m=200), hull).cut()
    assert sorted(cut) == pytest.approx([0.0, 40.0], abs=2.0)
    assert (cut[0] > cut[1]) == (axis[1] > 0)


def test_smoke_has_no_sides():
    """A plume whose light falls off over 15 m, outlined at half its brightness."""
    rows, _ = np.indices(SHAPE)
    light = (1 + np.exp(-0.5 * ((rows - MIDDLE[0]) / 15.0) ** 2)).astype(np.float32)
    assert compared(light, outline(-90, 90, -18, 18)).has_faded_sides()


def test_a_hull_in_water_lighter_than_the_rest_is_doubtful():
    """In a veil half as bright as her, it is unclear what was outlined."""
    light = picture() + np.where(np.abs(np.arange(SHAPE[0]) - MIDDLE[0]) < 40, 0.7, 0.0).astype(np.float32)[:, None]
    assert compared(light, outline(-60, 60)).has_faded_sides()


def test_on_land_alone_nothing_is_told():
    found = compare_with_water(picture(), np.zeros(SHAPE, bool), outline(-60, 60), (0, 0))
    assert found.beyond_m == found.empty_m == (0.0, 0.0)


def half_in_shade(pixel_m, shade):
    """A hull of 120 m with her stern in a cloud's shadow."""
    shape, middle = (300, 400), (150.0, 200.0)
    image = WATER + (DECK - WATER) * mask_of(shape, middle, LENGTH_M, BEAM_M, 90.0, pixel_m, BOW_M)
    row, col = np.indices(shape)
    cloud = np.hypot(row - middle[0], col - middle[1] + 70 / pixel_m) < 70 / pixel_m
    image *= 1 - (1 - shade) * ndimage.gaussian_filter(cloud.astype(float), 2.0)
    image = ndimage.gaussian_filter(image, BLUR_PX) + np.random.default_rng(1).normal(0, 0.001, shape)
    return array_scene({"pan": image}, sensor=Sensor.OPTICAL, spacing_m=pixel_m, radiometry=Radiometry.REFLECTANCE)


@pytest.mark.parametrize("shade", [0.28, 0.5])
@pytest.mark.parametrize("pixel_m", [1.0, 3.0])
def test_the_interval_holds_a_hull_that_lies_half_in_shade(pixel_m, shade):
    """Her dark half is hardly brighter than sunlit water, fitted or not."""
    found, _ = detect(half_in_shade(pixel_m, shade))
    ship = found.loc[found["length_m"].idxmax()]
    assert ship["length_lo_m"] <= LENGTH_M <= ship["length_hi_m"]
    assert "doubtful_outline" in ship["flags"]
