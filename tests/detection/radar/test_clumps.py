"""Pictures clipped below what a ship must exceed: hulls are white throughout, sea is not."""

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection import detect
from tests.builders import array_scene

SIDE = 700
SHIPS = ((120, 150, 4, 18), (300, 500, 15, 5), (560, 200, 3, 9), (480, 480, 5, 22))  # row, col, rows, cols


def sea(seed, order=None):
    """Speckle amplitude as wide as Sentinel-1's impulse response, with or without texture of 60 m, in pixels."""
    rng = np.random.default_rng(seed)
    looks = rng.standard_normal((2, 4, SIDE, SIDE))
    power = (ndimage.gaussian_filter(looks, (0, 0, 0.85, 0.85)) ** 2).sum(axis=(0, 1))
    if order is not None:
        texture = ndimage.gaussian_filter(rng.gamma(order, 1 / order, (SIDE, SIDE)), 2.5)
        power *= texture / texture.mean()
    return np.sqrt(power / power.mean())


def with_ships(amplitude, decibels=15.0):
    hulls = np.zeros((SIDE, SIDE))
    for row, col, rows, cols in SHIPS:
        hulls[row : row + rows, col : col + cols] = 1.0
    return np.maximum(amplitude, amplitude * (1 + (10 ** (decibels / 20) - 1) * hulls))


def stretched(amplitude, share):
    """Power of a picture whose brightest ``share`` is white, in 255 grey levels of amplitude."""
    white = np.quantile(amplitude, 1 - share)
    return (np.ceil(255 * np.minimum(amplitude / white, 1.0)) / 255) ** 2


def accepted(power):
    table, diagnostics = detect(array_scene({"VV": power}))
    assert diagnostics["unknown"], "the picture was cut off"
    return table[table["accepted"]]


def found(table):
    places = [(row + rows / 2, col + cols / 2) for row, col, rows, cols in SHIPS]
    return sum(np.hypot(table["row"] - r, table["col"] - c).min() < 6 for r, c in places) if len(table) else 0


@pytest.mark.parametrize("order", [None, 8])
@pytest.mark.parametrize("share", [0.02, 0.01])
def test_hulls_are_found_in_a_picture_whose_brightest_hundredth_is_white(order, share):
    table = accepted(stretched(with_ships(sea(1, order)), share))
    assert found(table) >= 3
    assert len(table) <= found(table) + 1
    assert table["flags"].map(lambda flags: "cut_off" in flags).all()


@pytest.mark.parametrize("order", [None, 8])
def test_a_sea_without_ships_stays_nearly_empty(order):
    """One alarm in ten million pixels is requested; six pictures have three million."""
    assert sum(len(accepted(stretched(sea(seed, order), 0.01))) for seed in range(2, 8)) <= 2


def test_a_turned_picture_shows_the_same_ships_turned():
    power = stretched(with_ships(sea(9)), 0.01)
    here, turned = accepted(power), accepted(np.rot90(power).copy())
    back = sorted(zip(turned["col"], SIDE - 1 - turned["row"], strict=True))
    assert len(back) == len(SHIPS)
    assert np.allclose(sorted(zip(here["row"], here["col"], strict=True)), back, atol=0.6)


def test_a_white_shore_is_no_row_of_ships():
    """Unrecognised land is white over a wide stretch."""
    amplitude = sea(11)
    amplitude[:, :120] *= 6.0
    amplitude[::9, 60:120] = 0.1  # streets
    table = accepted(stretched(amplitude, 0.2))
    assert (table["col"] < 125).sum() <= 1
