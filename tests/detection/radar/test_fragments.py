"""Two bright ends of a dark deck are one ship; two ships in line, or side by side, are two."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from tests.builders import array_scene

SIDE = 500


def picture(*parts, seed=3):
    """Sea with bright rectangles: (rows, cols, power over the sea)."""
    rng = np.random.default_rng(seed)
    hard = np.zeros((SIDE, SIDE))
    for rows, cols, power in parts:
        hard[rows, cols] = power
    mean = 0.02 * (1 + gaussian_filter(hard, 0.9))
    speckle = lambda: rng.gamma(4.4, 1 / 4.4, (SIDE, SIDE))  # noqa: E731
    return array_scene({"VV": mean * speckle(), "VH": mean * speckle()})


def accepted(scene):
    table, _ = detect(scene, config=DetectionConfig())
    return table[table["accepted"]], table


def test_bow_and_house_of_one_ship_are_joined():
    """160 m: house of 40 m, a deck 5 dB over the sea, a bow of 30 m."""
    ships, table = accepted(
        picture((np.s_[250:252], np.s_[200:204], 300), (np.s_[250:252], np.s_[204:208], 3),
                (np.s_[250:252], np.s_[208:211], 200))
    )  # fmt: skip
    assert len(ships) == 1
    ship = ships.iloc[0]
    assert (ship.row, ship.col) == pytest.approx((250.5, 205), abs=2)
    assert ship.length_lo_m < 110 < ship.length_hi_m
    if "joined" in ship["flags"]:  # the pieces stay, and say what they are
        assert sum("part_of_hull" in f for f in table["flags"]) == 2


def test_two_ships_in_line_stay_two():
    """Each 120 m long, 100 m between them."""
    ships, _ = accepted(picture((np.s_[250:252], np.s_[200:212], 200), (np.s_[250:252], np.s_[222:234], 200)))
    assert len(ships) == 2
    assert not any("joined" in f for f in ships["flags"])


def test_two_ships_side_by_side_are_not_joined_in_line():
    ships, _ = accepted(picture((np.s_[240:242], np.s_[200:212], 200), (np.s_[252:254], np.s_[200:212], 200)))
    assert len(ships) == 2


def test_two_rafted_ships_are_two_and_say_so():
    """60 m between their middles: their light runs together, and sinks by more than 6 dB between them."""
    ships, _ = accepted(picture((np.s_[240:242], np.s_[200:214], 300), (np.s_[247:249], np.s_[200:212], 200)))
    assert len(ships) == 2
    assert sorted(ships["row"]) == pytest.approx([240.5, 247.5], abs=1.5)


def test_one_long_ship_stays_one():
    """Scatterers of one hull vary; no part of her is split off."""
    rng = np.random.default_rng(8)
    parts = [(np.s_[250:253], np.s_[200 + n : 201 + n], 100 * rng.uniform(0.3, 1.0)) for n in range(30)]
    ships, _ = accepted(picture(*parts))
    assert len(ships) == 1
