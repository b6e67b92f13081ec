"""The stated false-alarm rate in textured seas. Truth: the requested share.

Texture is drawn per pixel, so that neighbours cannot tell it from speckle, or constant over 80 m.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection.radar import objects
from pipeline.detection.radar.survey import survey_scene
from pipeline.types import RadarView, Window
from tests.builders import array_scene

LOOKS, SIDE_PX = 4.4, 800
RATE = 1e-4  # 64 pixels per image
TEXTURES = {
    "K of order 1.5": lambda rng, shape: rng.gamma(1.5, 1 / 1.5, shape),
    "log-normal, 0.3": lambda rng, shape: np.exp(rng.normal(0, 0.3, shape)),
    "log-normal, 0.6": lambda rng, shape: np.exp(rng.normal(0, 0.6, shape)),
}


def sea(texture, alike_px, seed=2):
    rng = np.random.default_rng(seed)
    cells = -(-SIDE_PX // alike_px)
    level = np.kron(TEXTURES[texture](rng, (cells, cells)), np.ones((alike_px, alike_px)))[:SIDE_PX, :SIDE_PX]
    return array_scene({"VV": 0.02 * level * rng.gamma(LOOKS, 1 / LOOKS, level.shape)}, radar=RadarView())


def share_over(scene):
    """Share of an image's pixels over the threshold."""
    config = DetectionConfig(radar={"false_alarm_rate": RATE})
    scene, known = survey_scene(scene, config)
    return objects.view_pixels(scene, known, config, Window(0, 0, SIDE_PX, SIDE_PX)).seeds.mean()


@pytest.mark.parametrize("alike_px", [1, 8])
@pytest.mark.parametrize("texture", TEXTURES)
def test_as_much_of_the_sea_is_over_the_threshold_as_was_asked_for(texture, alike_px):
    """Within a factor of 2; if texture passed for speckle, the share would be more than twice as large."""
    assert RATE / 2 < share_over(sea(texture, alike_px)) < RATE * 2
