"""White caps are no hulls, and a sea full of them is not reported empty."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.clouds import Coverage
from pipeline.detection.optical.hulls import is_hull_of_object
from pipeline.detection.optical.objects import Blob
from pipeline.detection.optical.rough_water import (
    FLAG,
    REACH_M,
    ROUGH_COUNT,
    ContrastObject,
    crowded_cells,
    may_be_waves,
    rough_water_notes,
    unresolved_cells,
)
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.ships import Hull, ShipState
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import array_scene, box_zone, place_of

PIXEL_M, SIDE_PX = 1.0, 400
ORIGIN = (500_000.0, 4_730_000.0)
SHIP_M = 98.0


@cache
def caps_and_a_ship(per_km2: float, seed: int = 4):
    """Open sea with one tanker at its centre and white caps at random, 2 to 8 m across, as bright as foam."""
    rng = np.random.default_rng(seed)
    hull = Hull("sim", "product_tanker", SHIP_M, 15.6, 8.3, 5.9, "aft", 0.15)
    time = datetime(2024, 3, 8, 2, tzinfo=UTC)
    ship = ShipState(hull, time, 0.0, 0.0, 70.0, 70.0, 0.0, 4.4, "")
    frame, shape = MapFrame(32653, *ORIGIN, PIXEL_M, (SIDE_PX, SIDE_PX)), (SIDE_PX, SIDE_PX)
    middle = (ORIGIN[0] + SIDE_PX / 2 * PIXEL_M, ORIGIN[1] - SIDE_PX / 2 * PIXEL_M)
    light = Light(35.0, 150.0, 8.0, 90.0)
    image = render(frame, np.ones(shape, bool), [(ship, middle)], [], light, 0.0, 6.0, np.random.SeedSequence(seed))
    row, col = np.mgrid[:SIDE_PX, :SIDE_PX]
    for _ in range(round(per_km2 * (SIDE_PX * PIXEL_M / 1000) ** 2)):
        y, x = rng.uniform(0, SIDE_PX, 2)
        if np.hypot(y - SIDE_PX / 2, x - SIDE_PX / 2) * PIXEL_M < 0.7 * SHIP_M:
            continue
        along, across = rng.uniform(1.0, 4.0, 2) / PIXEL_M
        cap = np.exp(-(((row - y) / along) ** 2) - ((col - x) / across) ** 2)
        image += (0.35 * cap).astype(np.float32)
    return array_scene(
        dict(zip("BGRN", image, strict=True)),
        sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=PIXEL_M,
    )  # fmt: skip


@pytest.mark.parametrize("per_km2", [25, 250], ids=["some", "thick"])
def test_white_caps_are_no_ships_and_a_ship_among_them_is_one(per_km2):
    """Else lines between crests give false hulls: 30 of 25 to 112 m beside five ships in a simulated sea at 6 m/s."""
    found, diagnostics = detect(caps_and_a_ship(per_km2))
    assert found.loc[found["accepted"], "length_m"].to_numpy() == pytest.approx([SHIP_M], rel=0.05)
    assert len(found) > 0.3 * per_km2 * (SIDE_PX * PIXEL_M / 1000) ** 2  # flagged, not deleted
    thick = any("stand thick" in line for line in diagnostics["unknown"])
    assert thick == (per_km2 > 100)
    assert any("rough_water" in flags for flags in found["flags"]) == thick


def contrast_object(row: float, col: float, *, length_m: float = 6.0, moored: bool = False) -> ContrastObject:
    at = np.array([row]), np.array([col])
    blob = Blob(*at, np.array([row, col, 1.0, 0.0, length_m, 3.0]), 20.0, moored, 0.0, 0.5, cut_from_land=False)
    return ContrastObject(blob, Window(0, 0, 1, 1), row, col, length_m, 0.0)


def seen(length_m: float, *flags: str) -> Candidate:
    return Candidate(
        row=1000.0, col=1000.0, length_m=length_m, length_lo_m=0.0, length_hi_m=0.0, beam_m=10.0, beam_lo_m=0.0,
        beam_hi_m=0.0, axis=(0.0, 1.0), axis_points_to_bow=False, outline=np.zeros((4, 2)), n_pixels=9, score=1.0,
        tanker_score=0.5, contrast_db=9.0, method="optical-edges", flags=flags,
    )  # fmt: skip


def cluster(count: int, row: float, col: float, **more) -> list[ContrastObject]:
    return [contrast_object(row + k % 5, col + k // 5, **more) for k in range(count)]


def test_so_many_small_things_within_reach_are_rough_water_and_no_more():
    shape, spacing = (2000, 3000), (1.0, 1.0)
    assert not crowded_cells(cluster(ROUGH_COUNT - 1, 1000, 1000), shape, spacing).chosen.any()
    cells = crowded_cells(cluster(ROUGH_COUNT, 1000, 1000), shape, spacing)
    assert cells.share * 6e6 == pytest.approx(np.pi * REACH_M**2, rel=0.1)  # a circle of radius REACH_M
    assert contrast_object(1000, 1200).lies_in_cells(cells)
    assert not contrast_object(1000, 1300).lies_in_cells(cells)
    assert rough_water_notes(cells, crowded_cells([], shape, spacing))[0].startswith(
        "white caps, glint or small craft stand thick"
    )


@pytest.mark.parametrize("more", [{"length_m": 60.0}, {"moored": True}], ids=["long", "at a quay"])
def test_ships_and_what_lies_at_a_quay_are_not_counted(more):
    cells = crowded_cells(cluster(3 * ROUGH_COUNT, 1000, 1000, **more), (2000, 2000), (1.0, 1.0))
    assert not cells.chosen.any()
    assert rough_water_notes(cells, cells) == []


def test_at_the_edge_of_an_image_half_as_many_are_as_thick():
    cells = crowded_cells(cluster(ROUGH_COUNT // 2 + 1, 5, 1000), (2000, 2000), (1.0, 1.0))
    assert contrast_object(5, 1000).lies_in_cells(cells)
    assert not contrast_object(200, 1000).lies_in_cells(cells)
    assert not crowded_cells(cluster(ROUGH_COUNT // 2 - 1, 5, 5), (2000, 2000), (1.0, 1.0)).chosen.any()


def test_around_what_may_be_a_ship_or_a_wave_nothing_is_known():
    """But not around a white cap, nor around a part of a hull that was found whole."""
    shape, spacing = (2000, 2000), (1.0, 1.0)
    assert contrast_object(1100, 1100).lies_in_cells(unresolved_cells([seen(60.0, FLAG)], [], shape, spacing))
    for other in (seen(20.0, FLAG), seen(60.0), seen(60.0, FLAG, "part_of_hull")):
        assert not unresolved_cells([other], [], shape, spacing).chosen.any()


def test_a_zone_there_is_not_seen():
    scene = array_scene({"pan": np.full((200, 200), 0.05)}, sensor=Sensor.OPTICAL, spacing_m=1.0)
    lon, lat = scene.geolocation.lonlat(np.array([20.0, 180.0]), np.array([20.0, 180.0]))
    zone = box_zone("roads", min(lon), min(lat), max(lon), max(lat), kind="anchorage")
    coverage = Coverage(scene, place_of(zone))
    clear, hidden = np.ones((200, 200), bool), np.zeros((200, 200), bool)
    coverage.add(Window(0, 0, 200, 200), clear, hidden, clear, hidden, hidden)
    coverage.hide_where(lambda rows, cols: cols < 60)
    assert coverage.zone_covered["roads"] == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize(
    ("hull_m", "odds", "believed"),
    [(112.0, 25.0, False), (112.0, 28.0, True), (12.0, 25.0, True), (25.0, 26.9, True), (40.0, 26.9, False)],
)
def test_a_hull_far_longer_than_what_stood_out_is_sure_or_none(hull_m, odds, believed):
    """Lines of 25 to 112 m beside white caps of 3 to 10 m are false; beside houses of dark ships odds are higher."""
    fine = SimpleNamespace(hull=SimpleNamespace(length_m=hull_m), odds=odds, good=True)
    assert is_hull_of_object(fine, 10.0) is believed


@pytest.mark.parametrize(
    ("length_m", "odds", "straight", "waves"),
    [
        (98.0, 30.0, (0.95, 0.9), False),
        (98.0, 30.0, (0.0, 0.9), False),
        (98.0, 24.0, (0.95, 0.9), False),
        (98.0, 24.0, (0.75, 0.94), True),
        (57.0, 26.0, (0.58, 0.46), True),
        (27.0, 30.0, (1.0, 1.0), True),
        (98.0, None, (0.0, 0.0), True),
    ],
    ids=["ship", "ship beside another", "ship at bad odds", "bad odds", "streak of foam", "short", "no edges"],
)
def test_among_waves_a_hull_is_long_and_has_straight_sides(length_m, odds, straight, waves):
    """Ships below 45 m are not reported there, as the image says; a row of crests has no straight end line."""
    measured = SimpleNamespace(length_m=(length_m - 2, length_m, length_m + 2), odds=odds, straight=straight)
    assert may_be_waves(measured) is waves
