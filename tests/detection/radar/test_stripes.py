"""Lines of an image that another transmitter fills, and ships that lie in line and are none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.detection import detect
from tests.builders import array_scene

LOOKS = 4.4
SHIPS = ((150, 200, 4, 18), (420, 600, 20, 3))  # row, col, rows, cols


def sea(*, ships=SHIPS, seed=2, shape=(600, 800)):
    """Speckle of a mean of 1, with ships of 20 dB blurred as by the sensor."""
    rng = np.random.default_rng(seed)
    level = np.ones(shape)
    for row, col, rows, cols in ships:
        level[row : row + rows, col : col + cols] = 100.0
    return gaussian_filter(level, 0.93) * rng.gamma(LOOKS, 1 / LOOKS, shape)


def with_stripe(image, over_db, *, row=300, rows=3, cols=slice(0, 800), seed=3):
    rng = np.random.default_rng(seed)
    out = image.copy()
    noise = rng.gamma(LOOKS, 1 / LOOKS, (rows, image.shape[1]))
    out[row : row + rows, cols] += (10 ** (over_db / 10) * np.sqrt(noise * np.roll(noise, 1, 1)))[:, cols]
    return out


@pytest.mark.parametrize("turned", [False, True], ids=["row", "column"])
@pytest.mark.parametrize("over_db", [11.0, 20.0])
def test_a_stripe_gives_no_ships_and_takes_none_elsewhere(over_db, turned):
    image = with_stripe(sea(), over_db)
    table, told = detect(array_scene({"VV": image.T.copy() if turned else image}))
    accepted = table[table["accepted"]]
    assert len(accepted) == len(SHIPS)
    line = table["col" if turned else "row"]
    of_stripe = table[(line - 301).abs() < 4]
    assert len(of_stripe)
    assert all("interference" in flags for flags in of_stripe["flags"])
    assert any("stripes of interference" in note for note in told["notes"])


def test_ships_in_line_are_no_stripe():
    """Six ships of 240 m heading along one row, 60 m apart: a hull's breadth and blur reach the lines beside."""
    ships = tuple((300, 100 + 30 * n, 4, 24) for n in range(6))
    table, told = detect(array_scene({"VV": sea(ships=ships)}))
    assert not any("interference" in flags for flags in table["flags"])
    assert not any("stripes" in note for note in told["notes"])
