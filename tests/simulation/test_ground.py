"""Simulated land stays where it is, however a frame is laid over it."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.ground import land_power

BOX = (133.0, 42.70, 133.03, 42.72)


def test_frames_that_begin_elsewhere_cut_the_same_land():
    frame, other = (RadarFrame.over((BOX[0] + d, BOX[1] + d / 2, *BOX[2:]), 348.0, 10.0) for d in (0.0, 0.0004))
    row, col = np.meshgrid(np.arange(60, 160), np.arange(60, 160), indexing="ij")
    there = map_coordinates(land_power(frame, 0.85), frame.rowcol(*other.lonlat(row, col)), order=1)
    here = land_power(other, 0.85)[60:160, 60:160]
    assert np.corrcoef(np.log(there).ravel(), np.log(here).ravel())[0, 1] > 0.99


def test_the_other_pass_sees_other_land():
    one, two = (land_power(RadarFrame.over(BOX, h, 10.0), 0.85)[:150, :150] for h in (348.0, 192.0))
    assert abs(np.corrcoef(np.log(one).ravel(), np.log(two).ravel())[0, 1]) < 0.4


def test_hills_have_the_stated_spread():
    """ln power: two normal fields, 0.6 and 0.5, and a few buildings."""
    land = np.log(land_power(RadarFrame.over((133.0, 42.6, 133.1, 42.7), 348.0, 10.0), 0.0))
    assert np.median(np.abs(land - np.median(land))) * 1.4826 == pytest.approx(np.hypot(0.6, 0.5), rel=0.15)
