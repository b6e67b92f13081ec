"""A hull's ends lie where she ends, whatever stands on her deck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import fit_hull
from tests.detection.optical.hulls import mask_of

PIXEL_M = 3.0
CENTRE = (60.0, 60.0)


@pytest.mark.parametrize("gear", [1.0, 2.5, 5.0])
@pytest.mark.parametrize("heading_deg", [0.0, 33.0, 130.0])
def test_bright_gear_amidships_does_not_draw_the_ends_in(heading_deg, gear):
    """A deck three times as bright as water, gear brighter still up to 5 m from both ends: her length, within a metre
    and a half, is that of the drawn rectangle."""
    hull = mask_of((120, 120), CENTRE, 90.0, 15.0, heading_deg, PIXEL_M)
    pipes = mask_of((120, 120), CENTRE, 80.0, 6.0, heading_deg, PIXEL_M)
    light = ndimage.gaussian_filter(1.0 + 2.0 * hull + (gear - 1) * 2.0 * pipes, 0.6)
    angle = np.radians(heading_deg)
    frame = HullFrame(CENTRE, (-np.cos(angle), np.sin(angle)), (PIXEL_M, PIXEL_M))
    fitted = fit_hull(light, (light > 1.3).astype(np.float32), frame, 95.0, 18.0, (0, 0))
    assert fitted is not None
    assert fitted.length_m == pytest.approx(90.0, abs=1.5)
