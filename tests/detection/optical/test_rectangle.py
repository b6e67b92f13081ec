"""Rectangles drawn at fractions of a pixel come back with their size, place and direction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.rectangle import fit_rectangle
from tests.detection.optical.hulls import mask_of


@pytest.mark.parametrize("heading_deg", [0, 17, 45, 90, 128])
@pytest.mark.parametrize(("length_px", "beam_px"), [(9.3, 2.1), (21.7, 3.4), (38.2, 5.6)])
def test_size_to_a_fifth_of_a_pixel(heading_deg, length_px, beam_px):
    cover = ndimage.gaussian_filter(mask_of((64, 64), (31.3, 32.4), length_px, beam_px, heading_deg, 1.0), 0.7)
    rows, cols = np.nonzero(cover > 0.5)
    box = fit_rectangle(cover.astype(np.float32), rows, cols)
    assert box.length_px == pytest.approx(length_px, abs=0.25)
    assert box.beam_px == pytest.approx(beam_px, abs=0.2)
    assert (box.row, box.col) == pytest.approx((31.3, 32.4), abs=0.1)
    heading = np.degrees(np.arctan2(box.axis[1], -box.axis[0]))
    assert np.sin(np.radians(heading - heading_deg)) == pytest.approx(0, abs=0.02)


def test_one_pixel_wide_is_no_error():
    cover = np.zeros((20, 20), np.float32)
    cover[10, 5:12] = 1
    box = fit_rectangle(cover, *np.nonzero(cover))
    assert 5 < box.length_px < 9
    assert 0.3 < box.beam_px < 2
