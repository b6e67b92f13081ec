"""A permanent quay, a ship that comes and goes, and a misplaced coastline."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely
from scipy.ndimage import distance_transform_cdt, gaussian_filter

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.earlier import background
from pipeline.detection.earlier.history import Cells
from pipeline.types import RadarView, Window
from tests.builders import NOON, array_scene, box_zone, place_of

CONFIG = DetectionConfig()
SHAPE = (220, 220)
QUAY_COL = 150  # land from this column on in the picture
CHART_COL = 152  # and on the map
SEA = 0.02
SHIP = (slice(100, 112), slice(147, 149))  # 120 m by 20 m, at the quay wall


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


def cells_and_looks(place, scenes):
    cells = background.background_cells(place, CONFIG)
    looks = [background.look_at_power(scene, cells, CONFIG) for scene in scenes]
    return cells, looks


def flat(place, scenes, n=0):
    cells, looks = cells_and_looks(place, scenes)
    excess = background.usual_excess(looks[n], looks, CONFIG)
    return background.flatten_quays(scenes[n], looks[n], cells, excess)


def found(scene, place):
    table, _ = detect(scene, place=place, config=CONFIG)
    return table[table["accepted"]]


def test_a_ship_alongside_is_found_where_the_quay_hid_her(place):
    """Six earlier looks show an empty quay; today a hull lies at its wall."""
    scenes = [picture(36, [SHIP])] + [picture(6 * n) for n in range(6)]
    ships = found(flat(place, scenes), place)
    assert len(ships) == 1
    assert (ships.iloc[0].row, ships.iloc[0].col) == pytest.approx((105.5, 147.5), abs=2)
    assert ships.iloc[0].length_lo_m < 120 < ships.iloc[0].length_hi_m


def test_an_empty_quay_is_empty(place):
    scenes = [picture(6 * n) for n in range(7)]
    assert len(found(flat(place, scenes), place)) == 0


def test_a_berth_taken_every_other_time_is_still_seen_empty(place):
    """A ship present in half of the looks is no structure."""
    scenes = [picture(42, [SHIP])] + [picture(6 * n, [SHIP] if n % 2 else []) for n in range(7)]
    assert len(found(flat(place, scenes), place)) == 1


@pytest.mark.parametrize("gain", [0.25, 4.0])
def test_wind_of_other_days_is_no_structure(place, gain):
    """A sea brighter or darker than today's does not affect the quay."""
    scenes = [picture(36)] + [picture(6 * n, sea=SEA * gain) for n in range(6)]
    _, looks = cells_and_looks(place, scenes)
    cells = background.background_cells(place, CONFIG)
    excess = background.usual_excess(looks[0], looks, CONFIG)
    _, col = scenes[0].geolocation.rowcol(cells.lon, cells.lat)
    assert np.nanmedian(excess[:, col < QUAY_COL - 4]) < 0.3 * SEA * max(gain, 1)


def test_too_few_looks_or_days_or_another_orbit_teach_nothing(place):
    for others in (
        [picture(6 * n) for n in range(4)],
        [picture(1 + 0.1 * n) for n in range(6)],
        [picture(6 * n, orbit=8) for n in range(6)],
    ):
        _, looks = cells_and_looks(place, [picture(36), *others])
        assert background.usual_excess(looks[0], looks, CONFIG) is None


def test_a_scene_without_orbit_joins_no_history(place):
    scene = replace(picture(0), radar=RadarView(pass_direction="ascending"))
    assert background.look_at_power(scene, background.background_cells(place, CONFIG), CONFIG) is None


def test_flattened_windows_are_those_of_the_whole(place):
    """A pixel's value does not depend on the window it is read in."""
    scene = flat(place, [picture(6 * n) for n in range(7)])
    whole = scene.read(Window(0, 0, *SHAPE))
    part = scene.read(Window(90, 140, 40, 30))
    assert np.array_equal(part.data, whole.data[:, 90:130, 140:170])
    assert np.array_equal(part.water, whole.water[90:130, 140:170])


def test_ordinary_quay_becomes_sea(place):
    """Power over its usual value looks like water, with speckle's spread."""
    scene = flat(place, [picture(6 * n) for n in range(9)], n=4)
    tile = scene.read(Window(0, 0, *SHAPE))
    strip = tile.data[0][70:150, QUAY_COL - 1 : QUAY_COL + 3]
    assert 0.4 * SEA < np.median(strip) < 1.3 * SEA


def power_look(day, power, sea):
    """A look whose cells have these powers, (bands, cells); rounding loses a quarter of a decibel."""
    codes = background.encode_power(np.asarray(power))
    return background.PowerLook("ascending-7-VV+VH", NOON + timedelta(days=day), codes, np.array(sea))


@pytest.mark.parametrize("n", [6, 7, 12])
def test_what_usually_stands_there_is_numpys_quantile_of_the_other_looks(n):
    """Of powers minus each look's sea, by Hazen's plotting positions; never negative."""
    rng = np.random.default_rng(n)
    sea = rng.uniform(0.01, 0.05, (n, 2))
    power = sea[:, :, None] + rng.uniform(0.2, 2.0, (n, 2, 500)) * (np.arange(500) < 400)
    power[:, :, 450:] = 0.005
    looks = [power_look(6 * k, power[k], sea[k]) for k in range(n)]
    usual = background.usual_excess(looks[0], looks, CONFIG)
    truth = np.quantile(power[1:] - sea[1:, :, None], background.USUAL_QUANTILE, axis=0, method="hazen")
    np.testing.assert_allclose(usual[:, :400], truth[:, :400], rtol=0.035)
    assert np.abs(usual[:, 400:450]).max() < 0.03 * 0.05
    assert (usual[:, 450:] == 0).all()


def cells_at(scene, row, col):
    """Cells of a berth on water at these pixels."""
    lon, lat = scene.geolocation.lonlat(row, col)
    at, yes = np.zeros(len(row), np.intp), np.ones(len(row), bool)
    return Cells(lon, lat, at, at, (1, 1), (1.0, 1.0), (0.0, 0.0), yes, yes)


def test_the_sea_of_a_look_is_the_mean_of_its_water():
    rng = np.random.default_rng(1)
    power = np.where(np.arange(200) < 80, 0.02, 0.5) * rng.gamma(4.4, 1 / 4.4, (300, 200))
    scene = array_scene({"VV": power}, radar=RadarView(relative_orbit=7))
    cells = cells_at(scene, *(v.ravel().astype(float) for v in np.indices((300, 200))))
    look = background.look_at_power(scene, replace(cells, wet=cells.wet & (np.indices((300, 200))[1].ravel() < 80)),
                                    CONFIG)  # fmt: skip
    assert look.sea == pytest.approx([0.02], rel=0.01)


def test_a_pixel_is_divided_by_the_mean_of_its_cells_over_its_bands_sea():
    """Or, if it contains no cell, by that of cells in the eight pixels around."""
    rng = np.random.default_rng(2)
    row, col = rng.uniform(40, 60, 300), rng.uniform(70, 90, 300)
    scene = array_scene({"VV": np.ones((100, 120)), "VH": np.ones((100, 120))})
    excess, sea = rng.uniform(0, 1, (2, 300)), [0.02, 0.005]
    look = power_look(0, np.ones((2, 300)), sea)
    reader = background.flatten_quays(scene, look, cells_at(scene, row, col), excess, 9).read
    usual, known = reader.usual_in(Window(0, 0, 100, 120))
    r, c = np.rint(row), np.rint(col)
    for at_row, at_col in np.ndindex(100, 120):
        away = np.maximum(np.abs(r - at_row), np.abs(c - at_col))
        assert known[at_row, at_col] == (away.min() <= 1)
        if known[at_row, at_col]:
            truth = excess[:, away == min(away.min(), 1)].mean(axis=1) / sea * background.GUARD
            assert usual[:, at_row, at_col] == pytest.approx(truth, rel=1e-5)
    assert np.array_equal(reader.land_beside, distance_transform_cdt(~reader.known, "taxicab") <= background.LEAK_PX)
    assert reader.n_looks == 9
