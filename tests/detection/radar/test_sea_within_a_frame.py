"""The stated false-alarm rate in an image with less sea: a no-data frame, as around a rotated map grid.

Truth: the same water without a frame is judged alike.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection.radar.survey import survey_scene
from pipeline.types import RadarView
from tests.builders import array_scene

SIDE_PX = 1600  # all sampled: 2.6 million pixels, of which 26 are expected beyond 1e-5
SPIKES = 3e-4  # share of pixels with something four times as bright: a tail that follows no law


def spiky_sea():
    rng = np.random.default_rng(5)
    power = 0.02 * rng.gamma(4.4, 1 / 4.4, (SIDE_PX, SIDE_PX))
    power[rng.random(power.shape) < SPIKES] *= 4
    return power


@pytest.mark.parametrize("frame_px", [400, 900])
def test_a_frame_without_data_leaves_the_tail_its_bend(frame_px):
    power = spiky_sea()
    _, bare = survey_scene(array_scene({"VV": power}, radar=RadarView()), DetectionConfig())
    wider = np.pad(power, frame_px, constant_values=np.nan)
    _, framed = survey_scene(array_scene({"VV": wider}, radar=RadarView()), DetectionConfig())
    assert framed.law == bare.law
    assert framed.tail_exponent == pytest.approx(bare.tail_exponent, abs=0.02)
