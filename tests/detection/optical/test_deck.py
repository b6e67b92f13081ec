"""A tanker's deck is recognised by what stands on it, not by how even its paint is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.deck import read_deck
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import Hull

PIXEL_M, LENGTH_M, BEAM_M = 0.5, 160.0, 25.0
HULL = Hull(
    HullFrame((200.0, 200.0), (-1.0, 0.0), (PIXEL_M, PIXEL_M)), LENGTH_M, BEAM_M, 0.8, 0.4, 0.001,
    bow_known=False, fill=0.9, free_sides=(True, True), straight=(0.95, 0.95), wander_m=0.1,
)  # fmt: skip


def tanker(*, paint: float) -> float:
    """Score of a north-going tanker with this variation of paint: rack, manifold, house aft; water is 1."""
    u, v = HULL.frame.metres((400, 400), (0, 0))
    noise = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(400, 400)), 1.5)
    deck = 2.0 * (1 + paint * noise / noise.std())
    deck = np.where((np.abs(v) < 1.5) & (u > -50) & (u < 60), 3.2, deck)  # the pipe rack
    deck = np.where((np.abs(v) < 10.5) & (np.abs(u - 2) < 2), 3.2, deck)  # the manifold across
    deck = np.where((np.abs(v) < 9.0) & (u > -68) & (u < -54), 8.0, deck)  # the house
    light = np.where((np.abs(u) < LENGTH_M / 2) & (np.abs(v) < BEAM_M / 2), deck, 1.0)
    return read_deck(ndimage.gaussian_filter(light, 0.6), HULL, (0, 0)).tanker


@pytest.mark.parametrize("even", [0.0, 0.005, 0.01])
def test_fresh_paint_makes_no_tanker_another_ship(even):
    """On a spotless deck the manifold stands out more, which is evidence for a tanker."""
    assert tanker(paint=even) > 0.6 * tanker(paint=0.08) > 0.3
