"""Land recognised in the image: its neighbourhood operations against scipy's filters, and what counts as land."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.radar.shoreline import _neighbourhood, land_blocks


@pytest.mark.parametrize("shape", [(1, 7), (6, 1), (2, 2), (30, 41)], ids=str)
def test_a_neighbourhood_is_that_of_a_mirrored_image(shape):
    values = np.random.default_rng(0).normal(3.0, 2.0, shape)
    mean, spread = _neighbourhood(values)
    square = ndimage.uniform_filter(values**2, 5, mode="reflect")
    assert mean == pytest.approx(ndimage.uniform_filter(values, 3, mode="reflect"), abs=1e-12)
    wanted = np.sqrt(np.maximum(square - ndimage.uniform_filter(values, 5, mode="reflect") ** 2, 0.0))
    assert spread == pytest.approx(wanted, abs=1e-6)


def test_bright_and_uneven_is_land_where_it_is_large():
    rng = np.random.default_rng(1)
    sea = rng.normal(0.0, 0.4, (120, 150))
    sea[:5, :9] = np.nan
    assert not land_blocks(sea, 80.0).any()
    island = sea.copy()
    island[40:80, 50:100] += 8.0 + rng.normal(0.0, 2.5, (40, 50))
    found = land_blocks(island, 80.0)
    assert found[42:78, 52:98].all()
    assert found.sum() < 1.2 * 40 * 50
    ship = sea.copy()
    ship[60:62, 70:74] += 20.0
    assert not land_blocks(ship, 80.0).any()


@pytest.mark.parametrize("sea_share", [0.2, 0.25, 0.5, 0.8])
def test_land_is_found_however_much_of_the_image_it_fills(sea_share):
    """Land 10 dB brighter, as uneven everywhere. Truth: where it was drawn."""
    rng = np.random.default_rng(2)
    values = rng.normal(0.0, 0.5, (100, 120))
    coast = round(120 * sea_share)
    values[:, coast:] += 10.0 + rng.normal(0.0, 2.0, (100, 120 - coast))
    found = land_blocks(values, 80.0)
    assert found[:, coast:].all()
    assert not found[:, : coast - 2].any()
