"""A simulated port may lie across 180 degrees: its pictures are in a UTM zone there is, its fixes on the Earth."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.simulation.ais import _position_message
from pipeline.simulation.optical_files import map_frame
from pipeline.simulation.ships import Hull, ShipState


@pytest.mark.parametrize(
    ("bbox", "epsg"),
    [
        ((179.98, -16.82, 180.02, -16.79), 32701),  # the middle is 180: zone 1 begins there
        ((179.97, 52.0, 180.01, 52.1), 32660),
        ((179.99, 52.0, 180.03, 52.1), 32601),
        ((132.95, 42.70, 133.10, 42.80), 32653),
    ],
)
def test_a_picture_lies_in_the_utm_zone_of_its_middle(bbox, epsg):
    frame = map_frame(SimpleNamespace(), SimpleNamespace(bbox=bbox, pixel_m=3.0))
    assert frame.epsg == epsg


def test_no_transponder_sends_a_longitude_beyond_180_degrees():
    """Sent so they would read as no position, and half the track of a ship that lies at 180 degrees would be gone."""
    hull = Hull("a", "product_tanker", 100.0, 16.0, 8.0, 6.2, "aft", 0.2)
    state = ShipState(hull, datetime(2024, 6, 2, tzinfo=UTC), 180.0, -16.8, 90.0, 90.0, 0.0, 4.0, "")
    rng = np.random.default_rng(1)
    lons = [_position_message(state, None, rng, sd_m=8.0, spike_share=0.0).lon for _ in range(40)]
    assert max(map(abs, lons)) <= 180.0
    assert min(lons) < -179.99
    assert max(lons) > 179.99
