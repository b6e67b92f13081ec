"""Structures stand out in nearly every look; a ship that comes and goes is none."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import shapely
from pyproj import Geod
from scipy.spatial import cKDTree

from pipeline.config import DetectionConfig
from pipeline.detection.earlier.history import (
    BRIGHT,
    UNSEEN,
    WATER,
    CellLook,
    fixed_structures,
    history_group,
    look_at_cells,
    shore_cells,
)
from tests.builders import NOON, box_zone, place_of
from tests.detection.optical.hulls import painted

CONFIG = DetectionConfig()
JETTY = (200, 260, 240, 12, 0)  # row, col, length, beam, heading
SHIP = (200, 250, 98, 16, 0)


@pytest.fixture(scope="module")
def place():
    """Land east of the jetty; rows and columns of 3 m from 133.0 E, 42.75 N."""
    scene = painted([])
    (west, east), (north, south) = scene.geolocation.lonlat(np.array([0, 399]), np.array([263, 399]))
    corner_west, _ = scene.geolocation.lonlat(0, 0)
    land = shapely.box(west, south, east, north)
    berth = box_zone("pier", west - 0.0008, south, west, north)
    return place_of(berth, land=land, bbox=(float(corner_west), float(south), float(east), float(north)))


def looks(place, shown, first=NOON, step_d=4.0):
    cells = shore_cells(place, CONFIG, 0.0)
    out = []
    for n, ships in enumerate(shown):
        scene = painted(ships, seed=n, acquired=first + timedelta(days=n * step_d))
        out.append(look_at_cells(scene, cells, CONFIG))
    return cells, out


def area_m2(shape):
    return 0.0 if shape is None else shape.area * 111_320**2 * np.cos(np.radians(42.74))


def test_a_jetty_in_every_look_is_learnt_and_the_ship_is_not(place):
    cells, seen = looks(place, [[JETTY], [JETTY, SHIP], [JETTY], [JETTY, SHIP], [JETTY], [JETTY]])
    fixed = fixed_structures(seen, cells, CONFIG)["optical"]
    assert 0.5 * 240 * 9 < area_m2(fixed) < 240 * 30  # the part of the jetty outside the map's land, and a rim
    lon, lat = painted([]).geolocation.lonlat(200, 248)
    assert not fixed.contains(shapely.Point(lon, lat))


def test_too_few_looks_or_days_teach_nothing(place):
    cells, seen = looks(place, [[JETTY]] * 4)
    assert fixed_structures(seen, cells, CONFIG) == {}
    cells, seen = looks(place, [[JETTY]] * 6, step_d=1.0)
    assert fixed_structures(seen, cells, CONFIG) == {}


def test_a_ship_in_half_of_the_looks_is_a_ship(place):
    cells, seen = looks(place, [[SHIP], [], [SHIP], [], [SHIP], [SHIP], []])
    assert fixed_structures(seen, cells, CONFIG) == {}


def test_what_was_not_seen_does_not_count(place):
    cells, seen = looks(place, [[JETTY]] * 6)
    blind = [type(k)(k.group, k.acquired, np.full_like(k.state, UNSEEN)) for k in seen]
    assert fixed_structures(blind, cells, CONFIG) == {}
    assert area_m2(fixed_structures(seen + blind, cells, CONFIG)["optical"]) == pytest.approx(
        area_m2(fixed_structures(seen, cells, CONFIG)["optical"])
    )


def test_radar_takes_over_what_optical_looks_taught(place):
    cells, seen = looks(place, [[JETTY]] * 6)
    radar = type(seen[0])("radar-ascending", NOON, np.full_like(seen[0].state, UNSEEN))
    fixed = fixed_structures([*seen, radar], cells, CONFIG)
    assert fixed["radar-ascending"].equals(fixed["optical"])


def test_tiles_leave_no_trace(place):
    cells = shore_cells(place, CONFIG, 0.0)
    scene = painted([JETTY])
    states = [look_at_cells(scene, cells, DetectionConfig(tile_px=n)).state for n in (128, 4096)]
    assert (states[0] == states[1]).mean() > 0.999
    assert (states[0] == BRIGHT).any()


def test_no_land_known_no_structures():
    assert shore_cells(place_of(box_zone("pier", 133, 42.7, 133.1, 42.8)), CONFIG, 0.0) is None
    assert history_group(painted([])) == "optical"


@pytest.mark.parametrize("inland_m", [0.0, 40.0])
def test_each_cell_is_wet_as_the_map_says_and_dry_ones_lie_close_to_a_wet_one(inland_m):
    """An island with a lagoon and a rock, cell by cell; some blocks of cells lie on one side of every shore."""
    island = shapely.Point(133.005, 42.705).buffer(0.003)
    land = island - shapely.Point(133.0052, 42.7047).buffer(0.0012) | shapely.box(133.0005, 42.7005, 133.0007, 42.7006)
    cells = shore_cells(place_of(land=land, bbox=(133.0, 42.7, 133.01, 42.71)), CONFIG, inland_m)
    every = shore_cells(place_of(land=land, bbox=(133.0, 42.7, 133.01, 42.71)), CONFIG, 1e9)
    wet = ~shapely.contains_xy(land, every.lon, every.lat)
    np.testing.assert_array_equal(every.wet, wet)
    at = np.column_stack([every.row, every.col])
    away_m = cKDTree(at[wet]).query(at)[0] * CONFIG.history.cell_m
    np.testing.assert_array_equal(np.column_stack([cells.row, cells.col]), at[away_m <= inland_m])
    assert 0 < cells.wet.sum() <= len(cells.wet) < len(at)


@pytest.mark.parametrize("lat", [0.0, 42.7, 65.0])
def test_beside_a_berth_is_as_far_east_as_north(lat):
    """25 m on the ground, by Karney's geodesic; cells of 5 m."""
    step = 0.001
    berth = box_zone("pier", 133.0, lat, 133.0 + step, lat + step)
    box = (132.99, lat - 0.01, 133.01, lat + 0.01)
    near = shore_cells(
        place_of(berth, land=shapely.box(132.99, lat - 0.01, 132.991, lat + 0.01), bbox=box), CONFIG, 0.0
    )
    lon, north = near.lon[near.berth].max(), near.lat[near.berth].max()
    geod = Geod(ellps="WGS84")
    assert geod.inv(133.0 + step, lat, lon, lat)[2] == pytest.approx(22.5, abs=3.0)
    assert geod.inv(133.0, lat + step, 133.0, north)[2] == pytest.approx(22.5, abs=3.0)
    reach = max(geod.inv(133.0 + step, lat, near.lon.max(), lat)[2], 0.0)
    assert reach > CONFIG.history.reach_m


@pytest.mark.parametrize(("count", "learnt"), [(3, False), (4, True)])
def test_a_speck_that_is_always_bright_is_no_structure(place, count, learnt):
    """Cells in one line that are bright in six looks over three weeks."""
    cells = shore_cells(place, CONFIG, 0.0)
    row = np.bincount(cells.row).argmax()
    line = np.flatnonzero(cells.row == row)
    line = line[np.argsort(cells.col[line])]
    start = next(n for n in range(len(line)) if np.ptp(cells.col[line[n : n + 4]]) == 3)
    state = np.full(len(cells.row), WATER)
    state[line[start : start + count]] = BRIGHT
    seen = [CellLook("optical", NOON + timedelta(days=4 * n), state) for n in range(6)]
    assert ("optical" in fixed_structures(seen, cells, CONFIG)) == learnt


@pytest.mark.parametrize(("step", "days", "learnt"), [((0, 1), 4.0, True), ((1, 1), 4.0, True), ((0, 1), 2.0, False)])
def test_a_line_of_cells_is_a_structure_by_its_own_weeks_and_covers_half_a_cell_around(place, step, days, learnt):
    """Along a row or diagonally; other cells have looks over a longer time. Areas of squares by hand."""
    cells = shore_cells(place, CONFIG, 0.0)
    number = np.full(cells.shape, -1)
    number[cells.row, cells.col] = np.arange(len(cells.row))
    row, col = (v + s * np.arange(6) for v, s in zip(np.argwhere(number >= 0)[len(cells.row) // 2], step, strict=True))
    state = np.full(len(cells.row), WATER)
    state[number[row, col]] = BRIGHT
    elsewhere = np.where(state == BRIGHT, UNSEEN, WATER)
    seen = [CellLook("optical", NOON + timedelta(days=days * n), state) for n in range(6)]
    fixed = fixed_structures([*seen, CellLook("optical", NOON + timedelta(days=90), elsewhere)], cells, CONFIG)
    assert ("optical" in fixed) == learnt
    if learnt:
        in_cells = (6 + 1) * 2 if step == (0, 1) else 6 * 4 - 5  # overlapping squares of two cells a side
        assert fixed["optical"].area / np.prod(cells.step_deg) == pytest.approx(in_cells, rel=0.01)
        for lon, lat in zip(cells.lon[state == BRIGHT], cells.lat[state == BRIGHT], strict=True):
            assert fixed["optical"].contains(shapely.Point(lon, lat))
