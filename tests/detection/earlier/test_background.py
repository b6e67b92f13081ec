"""A quay that always stands there, a ship that comes and goes, a coast line that lies wrong."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.earlier import background
from pipeline.types import RadarView, Window
from tests.builders import NOON, array_scene, box_zone, place_of

CONFIG = DetectionConfig()
SHAPE = (220, 220)
QUAY_COL = 150  # land from here on in the picture
CHART_COL = 152  # ... and on the map
SEA = 0.02
SHIP = (slice(100, 112), slice(147, 149))  # 120 m by 20 m, at the quay's wall


def picture(day: float, ships=(), sea=SEA, orbit=7, seed=None):
    """Speckled sea, bright land with a brighter wall, and hulls; pixels of 10 m."""
    rng = np.random.default_rng(int(day * 10) if seed is None else seed)
    mean = np.full(SHAPE, sea)
    mean[:, QUAY_COL:] = 0.2
    hard = np.zeros(SHAPE)
    hard[60:160, QUAY_COL] = 4.0
    for ship in ships:
        hard[ship] = 6.0
    hard = gaussian_filter(hard, 0.9)
    bands = {n: ((mean + hard) * rng.gamma(4.4, 1 / 4.4, SHAPE)).astype(np.float32) for n in ("VV", "VH")}
    water = np.ones(SHAPE, bool)
    water[:, CHART_COL:] = False
    view = RadarView(pass_direction="ascending", relative_orbit=orbit)
    return array_scene(bands, water=water, scene_id=f"day{day:g}", acquired=NOON + timedelta(days=day), radar=view)


@pytest.fixture(scope="module")
def place():
    scene = picture(0)
    (west, east), (north, south) = scene.geolocation.lonlat(np.array([0, 219]), np.array([CHART_COL - 0.5, 219]))
    corner, _ = scene.geolocation.lonlat(0, 0)
    berth = box_zone("pier", west - 0.0006, south, west, north)
    return place_of(
        berth, land=shapely.box(west, south, east, north), bbox=(float(corner), float(south), float(east), float(north))
    )


def taught(place, scenes):
    cells = background.strip_cells(place, CONFIG)
    looks = [background.look_at_power(scene, cells, CONFIG) for scene in scenes]
    return cells, looks


def flat(place, scenes, n=0):
    cells, looks = taught(place, scenes)
    excess = background.usual_excess(looks[n], looks, CONFIG)
    return background.flattened(scenes[n], looks[n], cells, excess)


def found(scene, place):
    table, _ = detect(scene, place=place, config=CONFIG)
    return table[table["accepted"]]


def test_a_ship_alongside_is_found_where_the_quay_hid_her(place):
    """Six earlier looks at an empty quay; today a hull lies at its wall."""
    scenes = [picture(36, [SHIP])] + [picture(6 * n) for n in range(6)]
    ships = found(flat(place, scenes), place)
    assert len(ships) == 1
    assert (ships.iloc[0].row, ships.iloc[0].col) == pytest.approx((105.5, 147.5), abs=2)
    assert ships.iloc[0].length_lo_m < 120 < ships.iloc[0].length_hi_m


def test_an_empty_quay_is_empty(place):
    scenes = [picture(6 * n) for n in range(7)]
    assert len(found(flat(place, scenes), place)) == 0


def test_a_berth_taken_every_other_time_is_still_seen_empty(place):
    """What lies there on half of the looks is no structure."""
    scenes = [picture(42, [SHIP])] + [picture(6 * n, [SHIP] if n % 2 else []) for n in range(7)]
    assert len(found(flat(place, scenes), place)) == 1


@pytest.mark.parametrize("gain", [0.25, 4.0])
def test_wind_of_other_days_is_no_structure(place, gain):
    """Sea brighter or darker than today's says nothing of the quay."""
    scenes = [picture(36)] + [picture(6 * n, sea=SEA * gain) for n in range(6)]
    _, looks = taught(place, scenes)
    cells = background.strip_cells(place, CONFIG)
    excess = background.usual_excess(looks[0], looks, CONFIG)
    _, col = scenes[0].geolocation.rowcol(cells.lon, cells.lat)
    assert np.nanmedian(excess[:, col < QUAY_COL - 4]) < 0.3 * SEA * max(gain, 1)


def test_too_few_looks_or_days_or_another_orbit_teach_nothing(place):
    for others in (
        [picture(6 * n) for n in range(4)],
        [picture(1 + 0.1 * n) for n in range(6)],
        [picture(6 * n, orbit=8) for n in range(6)],
    ):
        _, looks = taught(place, [picture(36), *others])
        assert background.usual_excess(looks[0], looks, CONFIG) is None


def test_a_scene_without_orbit_joins_no_history(place):
    scene = replace(picture(0), radar=RadarView(pass_direction="ascending"))
    assert background.look_at_power(scene, background.strip_cells(place, CONFIG), CONFIG) is None


def test_flattened_windows_are_those_of_the_whole(place):
    """However it is read, a pixel is the same."""
    scene = flat(place, [picture(6 * n) for n in range(7)])
    whole = scene.read(Window(0, 0, *SHAPE))
    part = scene.read(Window(90, 140, 40, 30))
    assert np.array_equal(part.data, whole.data[:, 90:130, 140:170])
    assert np.array_equal(part.water, whole.water[90:130, 140:170])


def test_ordinary_quay_becomes_sea(place):
    """Power over its usual self is that of water, with speckle's own spread."""
    scene = flat(place, [picture(6 * n) for n in range(9)], n=4)
    tile = scene.read(Window(0, 0, *SHAPE))
    strip = tile.data[0][70:150, QUAY_COL - 1 : QUAY_COL + 3]
    assert 0.4 * SEA < np.median(strip) < 1.3 * SEA
