"""A ship along a pier that extends beyond her: outlined as one, separated by the water beside the pier."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection import detect
from pipeline.detection.optical.fine import ship_beside_pier
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import Hull
from pipeline.detection.optical.pier import has_square_ends, ship_without_pier
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import array_scene
from tests.detection.optical.hulls import WATER, painted

PIXEL_M, NOISE = 3.0, 0.03
SHAPE = (60, 120)
MIDDLE = (30.0, 60.0)


def picture(ship=None, pier=None, seed=0):
    """Light over water. ``ship`` is (u, v, length, beam) of a hull with a bow, ``pier`` of a rectangle, in metres from
    the image's middle, u to the right and v down; each drawn in ninths of a pixel."""
    fine = np.ones((SHAPE[0] * 3, SHAPE[1] * 3))
    at = (np.arange(n * 3) / 3 + 1 / 6 - 0.5 - m for n, m in zip(SHAPE, MIDDLE, strict=True))
    v, u = (a * PIXEL_M for a in at)
    v, u = v[:, None], u[None, :]
    if pier is not None:
        fine[(np.abs(u - pier[0]) < pier[2] / 2) & (np.abs(v - pier[1]) < pier[3] / 2)] = 2.2
    if ship is not None:
        narrow = np.clip((u - ship[0] - 0.35 * ship[2]) / (0.15 * ship[2]), 0, 1)
        fine[(np.abs(u - ship[0]) < ship[2] / 2) & (np.abs(v - ship[1]) < ship[3] / 2 * (1 - narrow))] = 2.8
    light = fine.reshape(SHAPE[0], 3, SHAPE[1], 3).mean(axis=(1, 3))
    return (light + np.random.default_rng(seed).normal(0, NOISE, SHAPE)).astype(np.float32)


def outline(u0, u1, v0, v1):
    """A fitted outline with these sides."""
    row, col = MIDDLE[0] + (v0 + v1) / 2 / PIXEL_M, MIDDLE[1] + (u0 + u1) / 2 / PIXEL_M
    frame = HullFrame((row, col), (0.0, 1.0), (PIXEL_M, PIXEL_M))
    return Hull(frame, u1 - u0, v1 - v0, 1.0, 1.0, 0.01, False, 0.9, (True, True), (1.0, 1.0), 0.3)


PIER = (0.0, -12.0, 200.0, 12.0)  # its lower edge at -6 m
BOTH = outline(-100, 100, -18, 12)


@pytest.mark.parametrize("u", [-50.0, 0.0, 45.0], ids=["left", "middle", "right"])
def test_the_ship_is_measured_without_her_pier(u):
    """A hull of 99 m by 16 m, 2 m off a pier of twice her length."""
    found = ship_without_pier(picture((u, 4.0, 99.0, 16.0), PIER), BOTH, NOISE, (0, 0))
    assert found is not None
    hull, mask = found
    assert hull.length_m == pytest.approx(99.0, abs=4.0)
    assert hull.beam_m == pytest.approx(17.0, abs=3.0)  # gap and pier edge take one or two pixels
    assert (hull.frame.centre[1] - MIDDLE[1]) * PIXEL_M == pytest.approx(u, abs=3.0)
    assert mask[round(hull.frame.centre[0]), round(hull.frame.centre[1])]


def test_turned_by_half_it_is_the_same():
    light = picture((-40.0, 4.0, 99.0, 16.0), PIER)
    found = ship_without_pier(light, BOTH, NOISE, (0, 0))
    turned = outline(-100, 100, -18, 12)
    back = ship_without_pier(light, Hull(
        HullFrame(turned.frame.centre, (0.0, -1.0), turned.frame.spacing_m), 200.0, 30.0, 1.0, 1.0, 0.01, False, 0.9,
        (True, True), (1.0, 1.0), 0.3), NOISE, (0, 0))  # fmt: skip
    assert found is not None
    assert back is not None
    assert back[0].length_m == pytest.approx(found[0].length_m, abs=0.5)
    assert back[0].frame.centre == pytest.approx(found[0].frame.centre, abs=0.2)


def test_a_hull_alone_keeps_her_bow():
    light = picture((0.0, 0.0, 180.0, 28.0))
    assert ship_without_pier(light, outline(-90, 90, -14, 14), NOISE, (0, 0)) is None


def test_a_ship_as_long_as_her_pier_has_no_bare_end():
    light = picture((0.0, 4.0, 190.0, 16.0), PIER)
    assert ship_without_pier(light, BOTH, NOISE, (0, 0)) is None


def test_an_uneven_deck_is_no_pier():
    """Hatches along one half and a dark deck on the other must not split her."""
    light = picture((0.0, 4.0, 99.0, 16.0), PIER)
    hatches = np.where(np.arange(SHAPE[1]) // 3 % 2, 1.0, 1.8)
    rows = slice(24, 28)
    light[rows] = np.where(light[rows] > 1.5, 1 + (light[rows] - 1) * hatches, light[rows])
    assert ship_without_pier(light, BOTH, NOISE, (0, 0)) is None


def test_a_pier_alone_is_left_to_others():
    assert ship_without_pier(picture(None, PIER), outline(-100, 100, -18, -6), NOISE, (0, 0)) is None


def test_a_hull_is_no_pier_of_the_barge_beside_her():
    """An even deck of 180 m by 30 m with a bunker barge of 60 m by 12 m along it: else the barge would be measured."""
    light = picture((-40.0, 12.0, 60.0, 12.0), (0.0, -9.0, 180.0, 30.0))
    assert ship_without_pier(light, outline(-90, 90, -24, 18), NOISE, (0, 0)) is None


def rectangle(half_m, half_beam_m, taper_m=0.0):
    """A deck in pixels of 0.5 m, 240 m by 60 m; its right end may taper to a point."""
    v, u = np.mgrid[-60.0:60.0, -240.0:240.0] * 0.5
    narrow = np.clip((half_m - u) / taper_m, 0, 1) if taper_m else 1.0
    return np.where((np.abs(u) < half_m) & (np.abs(v) < half_beam_m * narrow), 2.2, 1.0).astype(np.float32)


def fitted(length_m, beam_m, axis=(0.0, 1.0)):
    frame = HullFrame((60.0, 240.0), axis, (0.5, 0.5))
    return Hull(frame, length_m, beam_m, 1.0, 1.0, 0.01, False, 0.9, (True, True), (1.0, 1.0), 0.3)


@pytest.mark.parametrize("axis", [(0.0, 1.0), (0.0, -1.0)], ids=["along", "against"])
def test_a_pier_has_square_ends_and_a_ship_has_a_bow(axis):
    assert has_square_ends(rectangle(100, 14), fitted(200.0, 28.0, axis), (0, 0))
    assert not has_square_ends(rectangle(100, 14, taper_m=24.0), fitted(200.0, 28.0, axis), (0, 0))


def test_an_end_drawn_beyond_a_piers_own_is_not_square():
    assert not has_square_ends(rectangle(92, 14), fitted(200.0, 28.0), (0, 0))


def test_pixels_too_coarse_for_a_bow_tell_nothing():
    """Three hundredths of 99 m is one pixel of 3 m."""
    assert not has_square_ends(picture(None, (0.0, 0.0, 99.0, 16.0)), outline(-49.5, 49.5, -8, 8), (0, 0))


def alongside(ship=True):
    """A pier of 180 m by 28 m in pixels of 0.5 m, and a dull ship of 98 m by 14 m two metres off it."""
    image = painted([], shape=(260, 440), spacing_m=0.5).read(Window(0, 0, 260, 440)).data[0]
    image = np.where(rectangle_at(220, 110, 180, 28), 0.30, image)
    if ship:
        image = np.where(rectangle_at(190, 110 + 46, 98, 14, bow_m=12), 0.13, image)
    image = ndimage.gaussian_filter(image, 0.6) + np.random.default_rng(2).normal(0, 0.002, image.shape)
    return array_scene({"pan": image}, sensor=Sensor.OPTICAL, spacing_m=0.5, radiometry=Radiometry.REFLECTANCE)


def rectangle_at(col, row, length_m, beam_m, bow_m=0.0):
    v, u = np.mgrid[:260, :440]
    u, v = (u - col) / 2, (v - row) / 2
    narrow = np.clip((length_m / 2 - u) / bow_m, 0, 1) if bow_m else 1.0
    return (np.abs(u) < length_m / 2) & (np.abs(v) < beam_m / 2 * narrow)


def test_a_pier_that_was_outlined_gives_way_to_the_ship_at_it():
    light = alongside().read(Window(0, 0, 260, 440)).data[0] / WATER
    pier = Hull(
        HullFrame((110.0, 220.0), (0.0, 1.0), (0.5, 0.5)), 180.0, 28.0, 1.0, 1.0, 0.01, False, 0.9, (True, True),
        (1.0, 1.0), 0.3)  # fmt: skip
    found = ship_beside_pier(light, np.ones(light.shape, bool), light > 1.5, pier, (0, 0))
    assert found is not None
    (hull, *_), sea = found
    assert hull.length_m == pytest.approx(98.0, rel=0.02)
    assert hull.beam_m == pytest.approx(14.0, abs=1.0)
    assert not sea[110, 220]  # no water for a shadow
    bare = alongside(ship=False).read(Window(0, 0, 260, 440)).data[0] / WATER
    assert ship_beside_pier(bare, sea, light > 1.5, pier, (0, 0)) is None


def test_a_pier_taken_for_a_ship_says_that_its_ends_may_be_wrong():
    table, _ = detect(alongside(ship=False))
    assert all("doubtful_outline" in flags for flags in table.loc[table["length_m"] > 60, "flags"])
    assert (table["length_lo_m"] < 0.4 * table["length_m"]).all()
