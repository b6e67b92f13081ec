"""Input of the hull network: scaled by the image itself, with the same spread for every coast."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.optical.spectral import (
    BANDS,
    MOST_GAIN,
    USUAL_SPREAD,
    network_gain,
    network_input,
    scaled_bands,
)
from pipeline.detection.optical.water import survey_levels
from pipeline.types import Window
from tests.detection.optical.ten_metre import port
from tests.detection.optical.test_sentinel2 import scene_of


def coast(**more):
    """Four ports side by side and back to back: enough coast to measure, through the middle of its blocks."""
    return {k: np.tile(np.concatenate([v[40:], v[:39:-1]]), (1, 2)) for k, v in port(**more).items()}


def levels_of(bands):
    scene = scene_of(bands)
    return scene, survey_levels(scene, 1024)


def test_gain_and_offset_of_the_image_change_nothing_that_the_network_sees():
    seen = []
    for bands in (coast(), {k: 2.0 * v + 0.03 for k, v in coast().items()}):
        scene, levels = levels_of(bands)
        scaled, present = scaled_bands(scene.read(Window(0, 0, *scene.shape)), levels)
        seen.append(network_input(scaled, present, network_gain(levels, scene.bands)))
    assert np.abs(seen[0] - seen[1]).max() < 0.01


def test_a_coast_in_flatter_light_is_spread_as_the_training_ports_are():
    """Haze that takes a fifth of one band's contrast must not change the network's input."""
    bands = coast()
    flat = bands | {"B11": 0.8 * bands["B11"] + 0.02}
    spreads = []
    for these in (bands, flat):
        scene, levels = levels_of(these)
        scaled, present = scaled_bands(scene.read(Window(0, 0, *scene.shape)), levels)
        gain = network_gain(levels, scene.bands)
        spreads.append((network_input(scaled, present, gain)[4].std(), network_input(scaled, present)[4].std()))
    assert spreads[1][1] < 0.9 * spreads[0][1]
    assert spreads[1][0] == pytest.approx(spreads[0][0], rel=0.05)


def test_the_gain_has_bounds_and_is_one_where_there_is_no_coast():
    scene, levels = levels_of(coast())
    gain = network_gain(levels, scene.bands)
    assert gain.shape == (len(BANDS),)
    assert ((gain >= 1 / MOST_GAIN) & (gain <= MOST_GAIN)).all()
    inside = (gain > 1 / MOST_GAIN) & (gain < MOST_GAIN)
    spread = np.array([levels.coast_spread[scene.bands.index(names[0])] for names in BANDS])
    assert (gain * spread)[inside] == pytest.approx(np.array(USUAL_SPREAD)[inside])
    sea, of_sea = levels_of(coast(land=False))
    assert of_sea.coast_spread is None
    assert (network_gain(of_sea, sea.bands) == 1).all()


def test_a_missing_band_has_no_gain():
    scene, levels = levels_of({k: v for k, v in coast().items() if k in ("B02", "B08")})
    assert (network_gain(levels, scene.bands)[[1, 2, 4]] == 1).all()
