"""Two ships side by side in a fine image are two, and the quay beside a ship is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection import detect
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene
from tests.detection.optical.hulls import WATER, mask_of

SHAPE, MIDDLE = (220, 220), (110.0, 110.0)
FIRST = (120.0, 18.0)  # length and beam [m]


def beside(size_m, heading_deg, gap_m, spacing_m, *, along_m=0.0):
    """Centre of a hull that lies to starboard of the first one."""
    off, turn = FIRST[1] / 2 + gap_m + size_m[1] / 2, np.radians(heading_deg)
    south = off * np.sin(turn) - along_m * np.cos(turn)
    east = off * np.cos(turn) + along_m * np.sin(turn)
    return MIDDLE[0] + south / spacing_m, MIDDLE[1] + east / spacing_m


def picture(hulls, *, quays=(), spacing_m, seed=0):
    """A scene of (centre, (length, beam), heading): decks with gear of uneven light; quays even and square."""
    rng = np.random.default_rng(seed)
    image = np.full(SHAPE, WATER)
    for centre, (length_m, beam_m), heading in hulls:
        gear = ndimage.gaussian_filter(rng.normal(0, 1, SHAPE), 2.0 / spacing_m)
        cover = mask_of(SHAPE, centre, length_m, beam_m, heading, spacing_m, 0.15 * length_m)
        image = image * (1 - cover) + 0.22 * np.exp(0.4 * gear / gear.std()) * cover
    for centre, (length_m, beam_m), heading in quays:
        cover = mask_of(SHAPE, centre, length_m, beam_m, heading, spacing_m)
        image = image * (1 - cover) + 0.18 * cover
    image = ndimage.gaussian_filter(image, 0.6) + rng.normal(0, 0.002, SHAPE)
    return array_scene({"pan": image}, sensor=Sensor.OPTICAL, spacing_m=spacing_m, radiometry=Radiometry.REFLECTANCE)


@pytest.mark.parametrize("heading_deg", [20.0, 75.0, 130.0])
@pytest.mark.parametrize("second", [(112.0, 17.0), (62.0, 11.0)], ids=["her like", "barge"])
def test_two_ships_with_fenders_between_them_are_two(heading_deg, second):
    """A gap as wide as a pixel shows no water."""
    spacing_m = 1.5
    at = beside(second, heading_deg, spacing_m, spacing_m, along_m=8.0)
    scene = picture([(MIDDLE, FIRST, heading_deg), (at, second, heading_deg)], spacing_m=spacing_m)
    found, _ = detect(scene)
    ships = found[found["accepted"]].sort_values("length_m", ascending=False)
    assert len(ships) == 2
    for ship, (centre, size_m) in zip(ships.itertuples(), ((MIDDLE, FIRST), (at, second)), strict=True):
        assert ship.length_m == pytest.approx(size_m[0], rel=0.08)
        assert ship.beam_m == pytest.approx(size_m[1], abs=1.5 * spacing_m)
        assert np.hypot(ship.row - centre[0], ship.col - centre[1]) * spacing_m < 6.0
    assert ["split_off" in flags for flags in found["flags"]].count(True) == 1


def test_one_ship_is_one():
    found, _ = detect(picture([(MIDDLE, FIRST, 40.0)], spacing_m=3.0))
    assert len(found) == 1
    assert "split_off" not in found["flags"].iloc[0]


@pytest.mark.parametrize("heading_deg", [20.0, 75.0, 130.0])
def test_a_quay_beside_a_ship_does_not_count_as_one(heading_deg):
    """No map shows it; it is as long and as straight as a hull."""
    size_m = (100.0, 16.0)
    quay = (beside(size_m, heading_deg, 2.0, 3.0), size_m, heading_deg)
    found, _ = detect(picture([(MIDDLE, FIRST, heading_deg)], quays=[quay], spacing_m=3.0))
    ships = found[found["accepted"]]
    assert len(ships) == 1
    assert ships["length_m"].iloc[0] == pytest.approx(FIRST[0], rel=0.08)
