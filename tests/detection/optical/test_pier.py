"""A ship along a pier that goes on beyond her: outlined as one, told apart by the water beside the pier."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import Hull
from pipeline.detection.optical.pier import without_pier

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
    """A fit whose sides lie there."""
    row, col = MIDDLE[0] + (v0 + v1) / 2 / PIXEL_M, MIDDLE[1] + (u0 + u1) / 2 / PIXEL_M
    frame = HullFrame((row, col), (0.0, 1.0), (PIXEL_M, PIXEL_M))
    return Hull(frame, u1 - u0, v1 - v0, 1.0, 1.0, 0.01, False, 0.9, (True, True), (1.0, 1.0), 0.3)


PIER = (0.0, -12.0, 200.0, 12.0)  # its lower edge at -6 m
BOTH = outline(-100, 100, -18, 12)


@pytest.mark.parametrize("u", [-50.0, 0.0, 45.0], ids=["left", "middle", "right"])
def test_the_ship_is_measured_without_her_pier(u):
    """A hull of 99 m by 16 m, 2 m off a pier of twice her length."""
    found = without_pier(picture((u, 4.0, 99.0, 16.0), PIER), BOTH, NOISE, (0, 0))
    assert found is not None
    hull, mask = found
    assert hull.length_m == pytest.approx(99.0, abs=4.0)
    assert hull.beam_m == pytest.approx(17.0, abs=3.0)  # the gap and the pier's edge are one or two pixels
    assert (hull.frame.centre[1] - MIDDLE[1]) * PIXEL_M == pytest.approx(u, abs=3.0)
    assert mask[round(hull.frame.centre[0]), round(hull.frame.centre[1])]


def test_turned_by_half_it_is_the_same():
    light = picture((-40.0, 4.0, 99.0, 16.0), PIER)
    found = without_pier(light, BOTH, NOISE, (0, 0))
    turned = outline(-100, 100, -18, 12)
    back = without_pier(light, Hull(
        HullFrame(turned.frame.centre, (0.0, -1.0), turned.frame.spacing_m), 200.0, 30.0, 1.0, 1.0, 0.01, False, 0.9,
        (True, True), (1.0, 1.0), 0.3), NOISE, (0, 0))  # fmt: skip
    assert found is not None
    assert back is not None
    assert back[0].length_m == pytest.approx(found[0].length_m, abs=0.5)
    assert back[0].frame.centre == pytest.approx(found[0].frame.centre, abs=0.2)


def test_a_hull_alone_keeps_her_bow():
    light = picture((0.0, 0.0, 180.0, 28.0))
    assert without_pier(light, outline(-90, 90, -14, 14), NOISE, (0, 0)) is None


def test_a_ship_as_long_as_her_pier_has_no_bare_end():
    light = picture((0.0, 4.0, 190.0, 16.0), PIER)
    assert without_pier(light, BOTH, NOISE, (0, 0)) is None


def test_an_uneven_deck_is_no_pier():
    """Hatches along one half and a dark deck on the other: she would be cut in two."""
    light = picture((0.0, 4.0, 99.0, 16.0), PIER)
    hatches = np.where(np.arange(SHAPE[1]) // 3 % 2, 1.0, 1.8)
    rows = slice(24, 28)
    light[rows] = np.where(light[rows] > 1.5, 1 + (light[rows] - 1) * hatches, light[rows])
    assert without_pier(light, BOTH, NOISE, (0, 0)) is None


def test_a_pier_alone_is_left_to_others():
    assert without_pier(picture(None, PIER), outline(-100, 100, -18, -6), NOISE, (0, 0)) is None


def test_a_hull_is_no_pier_of_the_barge_beside_her():
    """An even deck of 180 m by 30 m, a bunker barge of 60 m by 12 m along it: what would be measured is the barge."""
    light = picture((-40.0, 12.0, 60.0, 12.0), (0.0, -9.0, 180.0, 30.0))
    assert without_pier(light, outline(-90, 90, -24, 18), NOISE, (0, 0)) is None
