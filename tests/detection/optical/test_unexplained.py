"""A berth of a fine image is empty only where no bright water is left that may be a ship."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.detection.optical.unexplained import LEAST_HULL_M, longest_excess_m
from pipeline.types import Sensor
from tests.builders import array_scene, box_zone, place_of

SPACING_M, SHAPE = 3.0, (260, 200)
QUAY_ROW = 150  # land lies below; the berth is the 14 rows (42 m) above
WATER, APRON, DECK = (0.055, 0.05, 0.035, 0.018), (0.15, 0.17, 0.19, 0.23), (0.06, 0.07, 0.15, 0.20)
ROW, COL = np.mgrid[: SHAPE[0], : SHAPE[1]]


def berth(*, ship=False, coast_off_m=None, quay=lambda col: 0.0, reaches_ashore_m=0.0):
    """Verdict, detections accepted and share seen at a berth of 240 m; the ship is 90 by 15 m, and touches the quay.

    ``coast_off_m``: by how much the map's coast lies too far out; None: no map. ``quay`` is the depth [px] by which
    the quay reaches into the berth at a column.
    """
    land = ROW + quay(COL) >= QUAY_ROW
    hull = (ROW >= QUAY_ROW - 5) & (ROW < QUAY_ROW) & (COL >= 80) & (COL < 110)
    image = np.where(land, np.array(APRON)[:, None, None], np.array(WATER)[:, None, None])
    image = np.where(hull & ship, np.array(DECK)[:, None, None], image)
    image = image + np.random.default_rng(3).normal(0, 0.002, image.shape)
    water = None if coast_off_m is None else QUAY_ROW - coast_off_m / SPACING_M > ROW + 0.5
    scene = array_scene(dict(zip("BGRN", image, strict=True)), sensor=Sensor.OPTICAL, spacing_m=SPACING_M, water=water)
    rows = np.array([QUAY_ROW - 14.5, QUAY_ROW - 0.5 + reaches_ashore_m / SPACING_M])
    (lon0, lon1), (lat0, lat1) = scene.geolocation.lonlat(rows, np.array([55.5, 135.5]))
    zone = box_zone("quay", min(lon0, lon1), min(lat0, lat1), max(lon0, lon1), max(lat0, lat1))
    found, diagnostics = detect(scene, place=place_of(zone))
    (row,) = diagnostics["berths"]
    return row["verdict"], int(found["accepted"].sum()), diagnostics["unknown"]


@pytest.mark.parametrize("coast_off_m", [None, 21.0, 45.0, -21.0, -45.0])
def test_a_berth_with_a_ship_that_may_not_be_told_from_the_quay_is_not_empty_and_without_her_it_is(coast_off_m):
    verdict, accepted, why = berth(ship=True, coast_off_m=coast_off_m)
    assert verdict == ("occupied" if accepted else "unknown")
    assert accepted or any("quay something as large as a hull" in line for line in why)
    assert berth(coast_off_m=coast_off_m) == ("empty", 0, [])


@pytest.mark.parametrize("quay", [lambda col: 3 + 0 * col, lambda col: (col - 55) * 0.06], ids=["strip", "oblique"])
def test_a_quay_along_all_of_a_berth_drawn_over_it_is_no_ship(quay):
    assert berth(quay=quay)[0] == "empty"


def test_a_berth_drawn_over_mapped_ground_is_empty():
    assert berth(coast_off_m=0.0, reaches_ashore_m=15.0)[0] == "empty"


@pytest.mark.parametrize(
    ("length_m", "beam_m", "may_be_hull"), [(30, 6, True), (27, 9, False), (60, 3, False), (162, 12, True)]
)
def test_a_hull_is_what_reaches_her_beam_beyond_the_quay_along_her_length(length_m, beam_m, may_be_hull):
    """By hand: runs of 30 m and more, 6 m and more deep, in a berth of 189 m at a quay 6 m deep."""
    bright = np.zeros((12, 63), bool)
    bright[:2] = True
    bright[: 2 + beam_m // 3, 2 : 2 + length_m // 3] = True
    assert (longest_excess_m(bright, bright, np.ones_like(bright), 3.0) >= LEAST_HULL_M[0]) == may_be_hull
