"""Sea level near a front: the ring's, unless the sea nearby is far brighter."""

import numpy as np
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection.radar import objects, two_waters
from pipeline.detection.radar.survey import survey_scene
from pipeline.types import Window
from tests.builders import array_scene

FRONT, SIDE = 250, 500


def levels(brighter: float) -> tuple[np.ndarray, np.ndarray]:
    """The sea's level in a view and in the ring, ln over the dark sea; behind a front it is brighter."""
    mean = np.where(np.arange(SIDE) < FRONT, 0.02, 0.02 * brighter)
    rng = np.random.default_rng(2)
    config = DetectionConfig()
    scene, survey = survey_scene(array_scene({"VV": mean * rng.gamma(4.4, 1 / 4.4, (SIDE, SIDE))}), config)
    window = Window(0, 0, SIDE, SIDE)
    rows, cols = survey.blocks.blocks_of_pixels(window)
    ring = survey.clutter.log_mean[np.ix_(rows, cols)]
    view = np.log(objects.view_pixels(scene, survey, config, window).sea)
    dark = np.median(ring[:, :50])
    return view - dark, ring - dark


@pytest.mark.parametrize("brighter", [1.0, 1.4])
def test_a_sea_hardly_brighter_than_the_ring_says_has_the_level_of_the_ring(brighter):
    """Less than half a unit of ln is texture, which the ring's law already includes."""
    view, ring = levels(brighter)
    np.testing.assert_allclose(view, ring, atol=1e-5)


def test_behind_a_front_the_sea_has_its_own_level_where_the_ring_lies_half_before_it(monkeypatch):
    """Also if the ring's two waters are not told apart."""
    monkeypatch.setattr(two_waters, "resolve_mixed_rings", lambda _blocks, clutter, *_rest, **_more: clutter)
    view, ring = levels(8.0)
    near = np.s_[100:400, FRONT + 22 : FRONT + 34]  # a patch of 40 pixels reaches the front, the ring goes beyond it
    assert np.median(ring[near]) < np.log(8) - 0.5
    assert np.median(view[near]) == pytest.approx(np.log(8), abs=0.1)
