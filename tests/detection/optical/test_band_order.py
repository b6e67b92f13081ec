"""Wrongly labelled bands are recognised because no ground has such a spectrum."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.detection.optical.band_order import impossible_order, only_possible_order

BANDS = ("B02", "B03", "B04", "B08", "B11")
# Reflectance by band: water, silty water, soil, concrete and leaves as in spectral libraries, to a hundredth
SURFACES = {
    "clear water": (0.030, 0.025, 0.012, 0.005, 0.002),
    "silty water": (0.060, 0.090, 0.100, 0.040, 0.008),
    "soil": (0.080, 0.120, 0.170, 0.240, 0.310),
    "concrete": (0.150, 0.180, 0.200, 0.240, 0.250),
    "leaves": (0.030, 0.060, 0.035, 0.380, 0.180),
}
PORT = ("clear water", "silty water", "soil", "concrete", "leaves")


def image(surfaces=PORT, *, each=60_000, offset=0.0, seed=0):
    """Samples, shape (5, n): each surface equally often, with 15 % noise, common to all bands and per band."""
    rng = np.random.default_rng(seed)
    parts = []
    for name in surfaces:
        shade = np.exp(0.15 * rng.normal(size=each))
        parts.append(np.array(SURFACES[name])[:, None] * shade * np.exp(0.05 * rng.normal(size=(5, each))))
    return np.concatenate(parts, axis=1).astype(np.float32) + np.asarray(offset, np.float32).reshape(-1, 1)


@pytest.mark.parametrize("offset", [0.0, 0.1, (0.08, 0.05, 0.03, 0.02, 0.0)], ids=["none", "told by nobody", "haze"])
def test_bands_in_their_order_give_no_line(offset):
    assert impossible_order(image(offset=offset), BANDS) is None


@pytest.mark.parametrize(
    "surfaces", [("clear water",), ("silty water", "leaves"), ("silty water", "soil"), ("leaves",)]
)
def test_what_a_coast_may_consist_of_gives_no_line(surfaces):
    assert impossible_order(image(surfaces), BANDS) is None


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(range(5), 2)))
def test_two_bands_exchanged_give_one_line_that_names_them(first, second):
    order = list(range(5))
    order[first], order[second] = second, first
    line = impossible_order(image()[order], BANDS)
    assert line is not None
    assert "\n" not in line
    assert BANDS[first] in line or BANDS[second] in line


def test_a_small_image_says_nothing():
    """A roof or a cloud may fill it."""
    assert impossible_order(image(each=2_000)[[2, 1, 0, 3, 4]], BANDS) is None


def test_a_panchromatic_image_says_nothing():
    assert impossible_order(np.ones((1, 1000), np.float32), ("pan",)) is None


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (2, 1, 0, 3, 4), (4, 3, 2, 1, 0), (3, 2, 1, 0, 4)])
def test_where_one_order_alone_fits_the_ground_it_is_the_right_one(order):
    assert only_possible_order(image()[list(order)], BANDS) == tuple(BANDS[k] for k in order)


@pytest.mark.parametrize("surfaces", [("clear water",), ("clear water", "leaves")])
def test_where_the_ground_leaves_several_orders_none_is_taken(surfaces):
    assert only_possible_order(image(surfaces), BANDS) is None
