"""A hull corrected for the camera's view angle: her waterline, her deck's width, her length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.detection.optical.fine import reversed_hull
from pipeline.detection.optical.freeboard import no_freeboard
from pipeline.detection.optical.upright import FACE, SHEER, as_seen_from_above
from tests.detection.optical.boxes import Box, light_from

HEIGHT_M, BEAM_M = 5.0, 16.0
BOX = Box(HEIGHT_M, 30.0, 100.0, BEAM_M)
MIDDLE = ((BOX.pixels - 1) / 2,) * 2


def freeboard_of(deck_edges):
    return replace(no_freeboard(""), value_m=HEIGHT_M, lo_m=HEIGHT_M - 0.3, hi_m=HEIGHT_M + 0.3, deck_edges=deck_edges)


@pytest.mark.parametrize("azimuth_deg", [120.0, 300.0])
@pytest.mark.parametrize("off_nadir_deg", [5.0, 25.0])
def test_seen_from_abeam_her_waterline_is_under_her_deck(azimuth_deg, off_nadir_deg):
    """Dark side: the outline is the deck's, h tan(off nadir) from its place. Beam and length are the deck's."""
    light = light_from((30, 90), (off_nadir_deg, azimuth_deg))
    outline = BOX.outline(light)
    found = as_seen_from_above(outline, freeboard_of({1: BEAM_M / 2, -1: BEAM_M / 2}), light)
    assert found.frame.centre == pytest.approx(MIDDLE, abs=0.01)
    assert (found.beam_m, found.length_m) == pytest.approx((BEAM_M, 100.0))


@pytest.mark.parametrize("side", [-1, 1])
def test_a_bright_side_is_no_part_of_the_beam(side):
    """The outline extends to the waterline; the beam is that of the deck, whose edge is h k_v inside. v > 0 is port."""
    light = light_from((30, 90), (25.0, 30.0 - 90.0 * side))
    shown_m = HEIGHT_M * np.tan(np.radians(25.0))
    deck = BOX.outline(light)
    outline = replace(deck, frame=deck.frame.moved(0.0, side * shown_m / 2), beam_m=BEAM_M + shown_m)
    found = as_seen_from_above(outline, freeboard_of({side: BEAM_M / 2 - shown_m / 2}), light)
    assert found.beam_m == pytest.approx(BEAM_M)
    assert found.frame.centre == pytest.approx(MIDDLE, abs=0.01)


@pytest.mark.parametrize("side", [-1, 1])
def test_where_the_decks_edge_is_not_told_half_of_the_side_may_be_in_the_beam(side):
    light = light_from((30, 90), (25.0, 30.0 - 90.0 * side))
    shown_m = HEIGHT_M * np.tan(np.radians(25.0))
    outline = BOX.outline(light)
    found = as_seen_from_above(outline, freeboard_of({}), light)
    assert found.beam_m == pytest.approx(BEAM_M - shown_m / 2)
    assert 1.645 * found.beam_se_m > shown_m / 2 > 0, "neither a dark nor a bright side is ruled out"


@pytest.mark.parametrize(("from_deg", "extra"), [(210.0, FACE), (30.0, -SHEER)])
def test_seen_from_astern_her_stern_lengthens_her(from_deg, extra):
    """docs/submetre.md: by 0.8 of the height times its lean; from ahead she looks slightly shorter."""
    light = light_from((30, 90), (20.0, from_deg))
    shown_m = HEIGHT_M * np.tan(np.radians(20.0))
    found = as_seen_from_above(BOX.outline(light), freeboard_of({}), light)
    assert found.length_m == pytest.approx(100.0 - extra * shown_m)
    assert found.length_se_m**2 - 0.5**2 > (0.35 * shown_m) ** 2
    assert found.beam_m == pytest.approx(BEAM_M, abs=0.1)


def test_her_sterns_face_is_cut_off_at_the_stern():
    """An outline that includes all of the stern's face has its centre half of that too far aft."""
    light = light_from((30, 90), (20.0, 210.0))
    shown_m = HEIGHT_M * np.tan(np.radians(20.0))
    deck = BOX.outline(light)
    face = FACE * shown_m
    found = as_seen_from_above(
        replace(deck, frame=deck.frame.moved(-face / 2, 0.0), length_m=100.0 + face), freeboard_of({}), light
    )
    assert found.length_m == pytest.approx(100.0)
    assert found.frame.centre == pytest.approx(MIDDLE, abs=0.01)


def test_seen_from_above_nothing_is_set_right():
    outline = BOX.outline(light_from((30, 90)))
    assert as_seen_from_above(outline, freeboard_of({}), light_from((30, 90), (0.4, 77.0))) is outline
    assert as_seen_from_above(outline, freeboard_of({}), None) is outline


def test_turned_about_she_is_the_same_hull_with_her_sides_exchanged():
    hull = replace(BOX.outline(light_from((30, 90))), free_sides=(True, False), straight=(0.9, 0.4))
    about = reversed_hull(hull)
    assert about.free_sides == (False, True)
    assert about.straight == (0.4, 0.9)
    one, other = hull.frame.pixels(np.array(20.0), np.array(3.0)), about.frame.pixels(np.array(-20.0), np.array(-3.0))
    assert one == pytest.approx(other)
    assert reversed_hull(about).frame.axis == pytest.approx(hull.frame.axis)
