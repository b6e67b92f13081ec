"""A ship under way, drawn with her wake, is as long as the same ship at rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from pipeline.detection import detect
from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.wakes import flag_wakes
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.ships import Hull, ShipState
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene

TIME = datetime(2024, 3, 8, 2, tzinfo=UTC)
FRAME = MapFrame(32653, 500_000.0, 4_730_000.0, 3.0, (240, 300))
MIDDLE = (500_450.0, 4_729_640.0)


def drawn(length_m: float, heading_deg: float, speed_kn: float) -> pd.DataFrame:
    """Accepted detections in a simulated 3 m image of one ship in open water."""
    hull = Hull("sim", "product_tanker", length_m, length_m / 6.3, 0.085 * length_m, 0.06 * length_m, "aft", 0.15)
    ship = ShipState(hull, TIME, 0.0, 0.0, heading_deg, heading_deg, speed_kn, 0.045 * length_m, "")
    water, light = np.ones(FRAME.shape, bool), Light(35.0, 150.0, 8.0, 90.0)
    image = render(FRAME, water, [(ship, MIDDLE)], [], light, 0.0, 4.0, np.random.SeedSequence(3))
    scene = array_scene(
        dict(zip("BGRN", image, strict=True)),
        sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0,
    )  # fmt: skip
    found, _ = detect(scene)
    return found


@pytest.mark.parametrize(("length_m", "heading_deg"), [(131.0, 250.0), (190.0, 72.0), (98.0, 20.0)])
def test_a_ship_under_way_is_one_ship_as_long_as_lying_still(length_m, heading_deg):
    (still,) = drawn(length_m, heading_deg, 0.0).query("accepted")["length_m"]
    (under_way,) = drawn(length_m, heading_deg, 8.0).query("accepted")["length_m"]
    assert still == pytest.approx(length_m, rel=0.05)
    assert under_way == pytest.approx(length_m, rel=0.05)


def test_what_trails_her_is_kept_and_named():
    found = drawn(131.0, 250.0, 8.0)
    assert [flags for flags in found[~found["accepted"]]["flags"] if "wake" in flags]


def candidate(col: float, length_m: float, contrast_db: float, *flags: str) -> Candidate:
    """A hull of usual beam pointing east; pixels of 1 m."""
    return Candidate(
        row=0.0, col=col, length_m=length_m, length_lo_m=0.0, length_hi_m=0.0, beam_m=20.0, beam_lo_m=0.0,
        beam_hi_m=0.0, axis=(0.0, 1.0), axis_points_to_bow=False, outline=np.zeros((4, 2)), n_pixels=9, score=1.0,
        tanker_score=0.5, contrast_db=contrast_db, method="optical-edges", flags=flags,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "wake"),
    [
        (candidate(-170.0, 200.0, 10.0), True),
        (candidate(-170.0, 200.0, 18.5), False),  # equally bright: a tow, or two ships in line
        (candidate(-400.0, 200.0, 10.0), False),  # too far behind
        (candidate(-170.0, 200.0, 10.0, "moored"), False),
        (replace(candidate(-170.0, 200.0, 10.0), row=60.0), False),  # not in her line
        (replace(candidate(-170.0, 200.0, 10.0), axis=(1.0, 0.0)), False),
    ],
)
def test_a_wake_is_dim_near_and_in_line(other, wake):
    ship, flagged = flag_wakes([candidate(0.0, 130.0, 19.0), other], (1.0, 1.0))
    assert ship.flags == ()
    assert ("wake" in flagged.flags) is wake


def test_a_ship_is_no_wake_of_the_pier_that_was_outlined_with_her():
    pier, ship = candidate(0.0, 208.0, 19.0, "holds_a_hull"), candidate(-54.0, 99.0, 15.0)
    assert [c.flags for c in flag_wakes([pier, ship], (1.0, 1.0))] == [("holds_a_hull",), ()]
