"""Rectangles drawn with subpixel accuracy are recovered with their size, place and direction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, optimize, special

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


def test_no_worse_than_a_general_solver():
    """SciPy's bounded least squares on the same model, written independently, finds no smaller sum of squares."""
    rng = np.random.default_rng(7)
    clean = ndimage.gaussian_filter(mask_of((48, 48), (22.6, 25.1), 14.4, 2.9, 63.0, 1.0), 0.8)
    cover = np.clip(clean + ndimage.gaussian_filter(rng.normal(0, 0.2, clean.shape), 1), 0, 1).astype(np.float32)
    rows, cols = np.nonzero(clean > 0.5)
    box = fit_rectangle(cover, rows, cols)
    low, high = (rows.min() - 4, cols.min() - 4), (rows.max() + 5, cols.max() + 5)
    at_row, at_col = np.mgrid[low[0] : high[0], low[1] : high[1]]

    def rest(p):
        turn = np.array([[np.sin(p[2]), np.cos(p[2])], [np.cos(p[2]), -np.sin(p[2])]])
        edges = [
            special.ndtr((half - x) / p[5]) + special.ndtr((half + x) / p[5]) - 1
            for half, x in zip((p[3] / 2, p[4] / 2), np.tensordot(turn, [at_row - p[0], at_col - p[1]], 1), strict=True)
        ]
        return (edges[0] * edges[1] - cover[low[0] : high[0], low[1] : high[1]]).ravel()

    start = [box.row, box.col, np.arctan2(*box.axis), box.length_px, box.beam_px, 0.9]
    found = optimize.least_squares(rest, start)
    assert box.misfit <= np.sqrt(np.mean(found.fun**2)) * (1 + 1e-5)
    assert (box.length_px, box.beam_px) == pytest.approx(found.x[3:5], rel=2e-3)


def test_one_pixel_wide_is_no_error():
    cover = np.zeros((20, 20), np.float32)
    cover[10, 5:12] = 1
    box = fit_rectangle(cover, *np.nonzero(cover))
    assert 5 < box.length_px < 9
    assert 0.3 < box.beam_px < 2
