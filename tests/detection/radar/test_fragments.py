"""Two bright ends of a dark deck are one ship; two ships in line or side by side are two."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.candidates import Candidate
from pipeline.detection.radar.cutout import Cutout
from pipeline.detection.radar.fragments import join_fragments
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
    """140 m: a house of 40 m, a deck 4 dB over the sea, a bow of 40 m. The pieces are kept, and flagged as pieces."""
    rows = slice(250, 252)
    house, deck, bow = (rows, slice(200, 204), 300), (rows, slice(204, 210), 1.6), (rows, slice(210, 214), 200)
    ships, table = accepted(picture(house, deck, bow, seed=4))
    (ship,) = ships.itertuples()
    assert "joined" in ship.flags
    assert sum("part_of_hull" in f for f in table["flags"]) == 2
    assert (ship.row, ship.col) == pytest.approx((250.5, 206.5), abs=1)
    assert ship.length_lo_m < 140 < ship.length_hi_m


def test_two_ships_in_line_stay_two():
    """Each 120 m long, 100 m between them."""
    ships, _ = accepted(picture((np.s_[250:252], np.s_[200:212], 200), (np.s_[250:252], np.s_[222:234], 200)))
    assert len(ships) == 2
    assert not any("joined" in f for f in ships["flags"])


def test_two_ships_side_by_side_are_not_joined_in_line():
    ships, _ = accepted(picture((np.s_[240:242], np.s_[200:212], 200), (np.s_[252:254], np.s_[200:212], 200)))
    assert len(ships) == 2


def test_two_rafted_ships_are_two_and_say_so():
    """Centres 60 m apart: their light overlaps, with a dip of more than 6 dB between them."""
    ships, _ = accepted(picture((np.s_[240:242], np.s_[200:214], 300), (np.s_[247:249], np.s_[200:212], 200)))
    assert len(ships) == 2
    assert sorted(ships["row"]) == pytest.approx([240.5, 247.5], abs=1.5)


def test_one_long_ship_stays_one():
    """Scatterers of one hull vary; no part of her is split off."""
    rng = np.random.default_rng(8)
    parts = [(np.s_[250:253], np.s_[200 + n : 201 + n], 100 * rng.uniform(0.3, 1.0)) for n in range(30)]
    ships, _ = accepted(picture(*parts))
    assert len(ships) == 1


SPACING = (8.0, 12.0)  # of rows and of columns [m]
MIDDLE = (100.0, 100.0)
SEA, DECK = 1.0, 4.0  # power over the sea; 6 dB


def piece(heading_deg, along_m, length_m, aside_m=0.0):
    """A piece of the hull centred at `MIDDLE`, with its own centre this far ahead and to starboard."""
    h = np.radians(heading_deg)
    ahead, starboard = np.array([-np.cos(h), np.sin(h)]), np.array([np.sin(h), np.cos(h)])
    row, col = np.array(MIDDLE) + (along_m * ahead + aside_m * starboard) / SPACING
    axis = ahead if ahead[0] > 0 else -ahead  # it is unknown which end is the bow
    return Candidate(
        row=float(row), col=float(col), length_m=length_m, length_lo_m=length_m - 10, length_hi_m=length_m + 10,
        beam_m=20.0, beam_lo_m=15.0, beam_hi_m=25.0, axis=(float(axis[0]), float(axis[1])), axis_points_to_bow=False,
        outline=np.zeros((4, 2)), n_pixels=20, score=0.9, tanker_score=0.3, contrast_db=10.0, method="radar-cfar",
    )  # fmt: skip


def hulls_of(*pieces, between=DECK):
    level = np.full((1, 200, 200), between)
    cutout = Cutout(level, ("co",), level[0] > 0, level[0] > 0, 0, 0, SPACING, 20.0)
    scene = SimpleNamespace(pixel_spacing_m=SPACING)
    blobs = [SimpleNamespace(cutout=cutout) for _ in pieces]
    out = join_fragments(pieces, blobs, scene, DetectionConfig().screening)
    return out[len(pieces) :]


@pytest.mark.parametrize("heading_deg", [0.0, 37.0, 90.0, 141.0])
def test_a_hull_is_as_long_as_from_the_outer_end_of_one_piece_to_that_of_the_other(heading_deg):
    """130 m of hull: 40 m aft, 30 m of dark deck, 60 m forward. Place, length and direction are the whole ship's."""
    stern, bow = piece(heading_deg, -45.0, 40.0), piece(heading_deg, 35.0, 60.0)
    for pair in ((stern, bow), (bow, stern)):
        (hull,) = hulls_of(*pair)
        assert (hull.row, hull.col) == pytest.approx(MIDDLE)
        assert (hull.length_lo_m, hull.length_m, hull.length_hi_m) == pytest.approx((120.0, 130.0, 140.0))
        h = np.radians(heading_deg)
        assert abs(hull.axis[0] * -np.cos(h) + hull.axis[1] * np.sin(h)) == pytest.approx(1.0)
        corners = (hull.outline - MIDDLE) * SPACING @ np.array(hull.axis)
        assert np.abs(corners) == pytest.approx(65.0)


@pytest.mark.parametrize(
    ("pieces", "between"),
    [
        ((piece(20, -45, 40), piece(20, 35, 60)), SEA),
        ((piece(20, -50, 40), piece(20, 45, 60)), DECK),
        ((piece(20, -55, 80), piece(20, 55, 80)), DECK),
        ((piece(20, -40, 62), piece(20, 40, 62, aside_m=30)), DECK),
        ((piece(20, -190, 350), piece(20, 40, 70)), DECK),
    ],
    ids=["sea between", "45 m of gap", "two ships in line", "side by side", "longer than any ship"],
)
def test_what_may_be_two_ships_is_not_made_one(pieces, between):
    assert hulls_of(*pieces, between=between) == []
