"""A ship under way, drawn with the wake that she trails, is as long as the same ship lying still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.simulation.optical import Light, MapFrame, draw
from pipeline.simulation.ships import Hull, ShipState
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene

TIME = datetime(2024, 3, 8, 2, tzinfo=UTC)
FRAME = MapFrame(32653, 500_000.0, 4_730_000.0, 3.0, (240, 300))
MIDDLE = (500_450.0, 4_729_640.0)
BULKER = Hull("sim", "SIM", 0, "bulk_carrier", 190.0, 30.0, 16.0, 11.5, 0.0, 0.0, "aft", 0.15)
STILL = ShipState(BULKER, TIME, 0.0, 0.0, 72.0, 72.0, 0.0, 8.0, "")


@pytest.mark.parametrize("heading_deg", [72.0, 200.0])
def test_a_wake_is_no_part_of_the_hull(heading_deg):
    lengths = {}
    for speed_kn in (0.0, 8.0):
        ship = replace(STILL, heading_deg=heading_deg, course_deg=heading_deg, speed_kn=speed_kn)
        water, light = np.ones(FRAME.shape, bool), Light(35.0, 150.0, 8.0, 90.0)
        image = draw(FRAME, water, [(ship, MIDDLE)], [], light, 0.0, 4.0, np.random.SeedSequence(3))
        scene = array_scene(
            dict(zip("BGRN", image, strict=True)),
            sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0,
        )  # fmt: skip
        found, _ = detect(scene)
        lengths[speed_kn] = found[found["accepted"]]["length_m"].max()
    assert lengths[8.0] == pytest.approx(BULKER.length_m, rel=0.05)
    assert lengths[8.0] == pytest.approx(lengths[0.0], rel=0.03)
