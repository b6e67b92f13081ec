"""Objects that are no single hull say so."""

from __future__ import annotations

import numpy as np

from pipeline.detection import detect
from tests.builders import array_scene


def sea(seed=0):
    return np.random.default_rng(seed).gamma(4.4, 0.02 / 4.4, (400, 400))


def only(image):
    table, _ = detect(array_scene({"VV": image}, tags={"land": "none"}))
    return table.sort_values("contrast_db").iloc[-1]


def test_an_islet_is_no_hull():
    image = sea()
    rows, cols = np.indices(image.shape)
    image[np.hypot(rows - 200, cols - 200) < 13] *= 100
    assert "no_hull_shape" in only(image)["flags"]
    assert not only(image)["accepted"]


def test_two_ships_at_right_angles_are_said_to_be_merged():
    image = sea()
    image[200:204, 150:180] = 3.0
    image[204:224, 150:154] = 3.0
    assert "merged" in only(image)["flags"]


def test_one_ship_is_not():
    image = sea()
    image[200:204, 150:180] = 3.0
    ship = only(image)
    assert list(ship["flags"]) == []
    assert ship["flag_evidence"] == ""
