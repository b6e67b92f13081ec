"""A hull's ends are measured where she ends, whatever stands on her deck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical import outline
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import TouchedSide, fit_hull
from tests.detection.optical.hulls import mask_of

PIXEL_M = 3.0
CENTRE = (60.0, 60.0)


@pytest.mark.parametrize("gear", [1.0, 2.5, 5.0])
@pytest.mark.parametrize("heading_deg", [0.0, 33.0, 130.0])
def test_bright_gear_amidships_does_not_draw_the_ends_in(heading_deg, gear):
    """A deck three times as bright as water, with brighter gear up to 5 m from both ends: her length is that of the
    drawn rectangle to a metre and a half."""
    hull = mask_of((120, 120), CENTRE, 90.0, 15.0, heading_deg, PIXEL_M)
    pipes = mask_of((120, 120), CENTRE, 80.0, 6.0, heading_deg, PIXEL_M)
    light = ndimage.gaussian_filter(1.0 + 2.0 * hull + (gear - 1) * 2.0 * pipes, 0.6)
    angle = np.radians(heading_deg)
    frame = HullFrame(CENTRE, (-np.cos(angle), np.sin(angle)), (PIXEL_M, PIXEL_M))
    fitted = fit_hull(light, (light > 1.3).astype(np.float32), frame, 95.0, 18.0, (0, 0))
    assert fitted is not None
    assert fitted.length_m == pytest.approx(90.0, abs=1.5)


@pytest.mark.parametrize("side", [0, 1])
def test_a_touched_side_stays_on_its_line_and_says_that_it_is_vague(side):
    """A quay as bright as the deck at one side: the beam is that of the given line, with a larger error than afloat."""
    length_m, beam_m, heading_deg = 150.0, 24.0, 0.0
    hull = mask_of((160, 160), (80.0, 80.0), length_m, beam_m, heading_deg, 1.5)
    out = 1 if side else -1
    east = 80.0 + out * (beam_m / 2 + 10.0) / 1.5
    quay = mask_of((160, 160), (80.0, east), 110.0, 20.0, heading_deg, 1.5)
    light = ndimage.gaussian_filter(1.0 + np.clip(hull + quay, 0, 1), 0.6)
    frame = HullFrame((80.0, 80.0), (-1.0, 0.0), (1.5, 1.5))  # north-going: v > 0 lies to the west
    touched_side = TouchedSide(tuple(float(x) for x in frame.pixels(np.array(0.0), np.array(-out * beam_m / 2))), 1.0)
    touched = (None, touched_side) if out < 0 else (touched_side, None)
    alone = fit_hull(1.0 + hull, (hull > 0.5).astype(np.float32), frame, length_m, beam_m, (0, 0), touched=(None, None))
    fitted = fit_hull(light, (light > 1.5).astype(np.float32), frame, length_m, beam_m, (0, 0), touched=touched)
    assert alone is not None
    assert fitted is not None
    assert fitted.beam_m == pytest.approx(beam_m, abs=1.0)
    assert fitted.beam_se_m > alone.beam_se_m


@pytest.mark.parametrize("se_m", [0.5, 4.0])
def test_a_measured_beam_and_the_usual_one_weigh_by_their_errors(se_m):
    """Two normal laws: the mean by inverse variance, and the combined error; her centre line stays."""
    frame = HullFrame((80.0, 80.0), (-1.0, 0.0), (1.5, 1.5))
    usual, spread = outline.usual_beam(150.0)
    measured = usual + 5.0
    low, high, error = outline._constrained_sides(frame, (3.0, 3.0 + measured), (se_m, 0.0), 150.0, (None, None))
    weights = np.array([se_m, spread]) ** -2.0
    assert high - low == pytest.approx(weights @ [measured, usual] / weights.sum())
    assert error == pytest.approx(weights.sum() ** -0.5)
    assert low + high == pytest.approx(6.0 + measured)
