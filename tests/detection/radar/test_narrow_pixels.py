"""Narrow pixels of a degree grid, which repeat each sensor pixel several times. Truth: results with square pixels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.config import DetectionConfig
from pipeline.detection.radar import detect_radar
from pipeline.types import RadarView
from tests.builders import array_scene

TIMES = 3  # as at 70 degrees north
SPECKS = [(120 + 200 * row, 120 + 200 * col) for row in range(4) for col in range(4)]
NARROW = {0: (10.0 / TIMES, 10.0), 1: (10.0, 10.0 / TIMES)}  # by the axis along which pixels are repeated


def sea():
    return np.random.default_rng(3).gamma(4.4, 0.02 / 4.4, (900, 900))


def found(power, spacing_m=10.0):
    return detect_radar(array_scene({"VV": power}, spacing_m=spacing_m, radar=RadarView()), DetectionConfig())


@pytest.mark.parametrize("axis", NARROW)
def test_as_many_looks_are_told(axis):
    """With speckle correlated over two sensor pixels, as in a GRD."""
    power = ndimage.uniform_filter(sea(), 2)
    once, thrice = found(power), found(np.repeat(power, TIMES, axis), NARROW[axis])
    assert thrice.diagnostics["enl"] == pytest.approx(once.diagnostics["enl"], rel=0.03)


@pytest.mark.parametrize("axis", NARROW)
def test_specks_are_as_likely_to_be_ships(axis):
    """Repeating pixels three times must not raise the odds (else by a factor of 3.5)."""
    power = sea()
    for row, col in SPECKS:
        power[row, col : col + 2] = 0.02 * 7.0
    once, thrice = found(power), found(np.repeat(power, TIMES, axis), NARROW[axis])

    def odds(candidates):
        return float(np.exp(np.median([np.log(c.score / (1 - c.score)) for c in candidates])))

    assert len(once.candidates) >= len(SPECKS) / 2
    assert odds(thrice.candidates) == pytest.approx(odds(once.candidates), rel=0.4)
