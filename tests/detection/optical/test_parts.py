"""The parts of a block shown to the network: every mark is covered once, with its surroundings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical import network
from pipeline.detection.optical.parts import CELL_PX, HALO_CELLS, cover_marks

SIDE = network.BLOCK_PX


def lone():
    marks = np.zeros((SIDE, SIDE), bool)
    marks[200:203, 100:112] = True
    return marks


def two_far_apart():
    return lone() | lone()[::-1, ::-1]


def slanting_coast():
    row, col = np.mgrid[:SIDE, :SIDE]
    return np.abs(row - col) < 6


def scattered(seed):
    return np.random.default_rng(seed).random((SIDE, SIDE)) < 3e-4


MARKS = {
    "none": np.zeros((SIDE, SIDE), bool),
    "all": np.ones((SIDE, SIDE), bool),
    "lone": lone(),
    "two": two_far_apart(),
    "coast": slanting_coast(),
    "corner": np.pad(np.ones((1, 1), bool), ((0, SIDE - 1), (SIDE - 1, 0))),
    "scattered": scattered(0),
    "more": scattered(1),
}


@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_every_mark_and_its_rim_is_asked_about_once(marks):
    times = np.zeros(marks.shape, int)
    for part in cover_marks(marks):
        times[part.core] += 1
    assert times.max(initial=0) <= 1
    assert (times[ndimage.binary_dilation(marks, np.ones((3, 3), bool), iterations=CELL_PX)] == 1).all()


@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_what_is_asked_is_seen_with_its_surroundings_as_far_as_the_block_goes(marks):
    for part in cover_marks(marks):
        for core, padded in zip(part.core, part.padded, strict=True):
            assert padded.start == max(0, core.start - HALO_CELLS * CELL_PX)
            assert padded.stop == min(SIDE, core.stop + HALO_CELLS * CELL_PX)
            assert (padded.stop - padded.start) % CELL_PX == 0


def seen_px(marks):
    return sum(
        (p.padded[0].stop - p.padded[0].start) * (p.padded[1].stop - p.padded[1].start) for p in cover_marks(marks)
    )


def test_never_more_is_seen_than_the_block_and_less_where_little_is_asked():
    assert seen_px(np.ones((SIDE, SIDE), bool)) == SIDE**2
    assert seen_px(lone()) < SIDE**2 / 10
    assert seen_px(two_far_apart()) == pytest.approx(2 * seen_px(lone()), rel=0.1)
    assert max(map(seen_px, MARKS.values())) <= SIDE**2


def test_the_network_says_of_a_part_what_it_says_of_the_whole():
    """The hull is at the same place with nearly the same log-odds; nothing is reported where nothing was asked."""
    if not network.is_available():
        pytest.skip("the hull network needs ONNX Runtime")
    image = np.zeros((5, SIDE, SIDE), np.float32)
    image[:] = np.random.default_rng(0).normal(0, 0.01, image.shape)
    image[:, lone()] = 0.6
    whole = network.run_ensemble(image, (True,) * 5)
    part = network.run_ensemble(image, (True,) * 5, marked=lone())
    assert (part[0] > 0).sum() >= 20
    assert ((part[0] > 0) == (whole[0] > 0)).all()
    assert np.abs(part - whole)[:, whole[0] > 0].max() < 0.5
    assert (part[:2, :100] == network.SURELY_NOTHING).all()
