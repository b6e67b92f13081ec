"""A scene cut to a place: same pixels, same place on Earth, and detections at their place in the whole file."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import Geod
from rasterio.warp import transform_bounds

from pipeline.chain.slots import metadata_digest
from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.ingest.cut import OPTICAL_MARGIN_M, CutReader, _margin_px, cut_to
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.rasters import RasterFile
from pipeline.ingest.scenes import measured, once_decoded, open_scene, with_land
from pipeline.report.chips import plain_chip
from pipeline.types import RadarView, Sensor, Window, digest_of
from tests.builders import NOON, array_scene, box_zone, place_of
from tests.ingest.sentinel1.safe_product import write_safe as write_radar
from tests.ingest.sentinel2.safe_product import write_safe as write_optical
from tests.ingest.test_inputs import DEGREES, OPTICAL
from tests.ingest.test_rasters import write

SMALL = place_of(bbox=(133.05, 42.73, 133.06, 42.74))  # 820 x 1,110 m
PARTS = [Window(0, 0, 7, 9), Window(3, 5, 40, 30), Window(11, 2, 1, 55)]


def sea(shape=(600, 900), seed=0):
    return np.random.default_rng(seed).gamma(4.4, 0.01 / 4.4, shape)


def a_ship(row=200.0, col=450.0):
    """A radar image of 6 x 9 km with one hull of 130 m, which lies in the small place."""
    image = sea()
    image[int(row) : int(row) + 3, int(col) : int(col) + 13] = 3.0
    return array_scene({"VV": image, "VH": image / 10})


def raster(folder):
    data = np.random.default_rng(1).integers(1, 60_000, (2, 300, 1100)).astype(np.uint16)
    data[:, 120:140] = 0
    scene = open_scene(write(folder / "a_20240307.tif", data, nodata=0, **DEGREES), OPTICAL)
    return cut_to(scene, place_of(bbox=(133.01, 42.725, 133.02, 42.74))), scene


def radar_product(folder):
    scene = open_scene(write_radar(folder))
    return part_of(scene, Window(10, 20, scene.shape[0] - 30, scene.shape[1] - 40)), scene


def optical_product(folder):
    scene = open_scene(write_optical(folder))
    return part_of(scene, Window(22, 14, 80, 70)), scene


def part_of(scene, part):
    """The scene cut to a given window, however little is left out."""
    from pipeline.ingest import cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "MAX_SHARE", 1.0)
        patch.setattr(cut, "window_around", lambda *_: part)
        return cut_to(scene, SMALL)


@pytest.fixture(params=[raster, radar_product, optical_product])
def both(request, tmp_path):
    """A scene, cut and whole."""
    return request.param(tmp_path)


def test_a_part_shows_what_the_whole_shows_there(both):
    part, whole = both
    for window in PARTS:
        there = replace(window, row0=window.row0 + part.corner[0], col0=window.col0 + part.corner[1])
        mine, its = part.read(window), whole.read(there)
        assert mine.window == window
        for name in ("data", "valid", "water"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(its, name))
        np.testing.assert_array_equal(measured(part, window), measured(whole, there))


def test_a_part_lies_where_the_whole_lies(both):
    part, whole = both
    row, col = np.meshgrid(np.linspace(0, part.shape[0] - 1, 7), np.linspace(0, part.shape[1] - 1, 7))
    lon, lat = part.geolocation.lonlat(row, col)
    np.testing.assert_array_equal((lon, lat), whole.geolocation.lonlat(row + part.corner[0], col + part.corner[1]))
    np.testing.assert_allclose(part.geolocation.rowcol(lon, lat), (row, col), atol=0.01)
    if part.grid is not None:
        assert part.grid.shape == part.shape
        assert part.grid.affine @ (0, 0) == whole.grid.affine @ part.corner[::-1]
    assert part.footprint is whole.footprint


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_pixels_of_a_part_are_as_large_as_they_are_there(tmp_path, crs):
    """On an image from 60 to 70 degrees north, pixels in the north are a quarter narrower than in the middle."""
    left, bottom, right, top = transform_bounds("EPSG:4326", crs, 133.0, 60.0, 133.1, 70.0)
    step = (right - left) / 200
    grid = {"crs": crs, "transform": Affine(step, 0, left, 0, -step, top)}
    scene = open_scene(
        write(tmp_path / "tall.tif", np.ones((int((top - bottom) / step), 200), np.uint8), **grid), OPTICAL
    )
    part = cut_to(scene, place_of(bbox=(133.04, 69.0, 133.06, 69.01)))
    row, col = (n / 2 for n in part.shape)
    lon, lat = part.geolocation.lonlat(np.array([row, row]), np.array([col, col + 1]))
    _, _, metres = Geod(ellps="WGS84").inv(lon[0], lat[0], lon[1], lat[1])
    assert part.pixel_spacing_m[1] == pytest.approx(metres, rel=1e-3)
    assert part.pixel_spacing_m[1] < 0.9 * scene.pixel_spacing_m[1]


def test_a_part_was_seen_when_and_how_the_whole_was(tmp_path):
    part, whole = radar_product(tmp_path)
    row0, col0 = part.corner
    for row in (0, 17.5, part.shape[0] - 1):
        assert abs(part.time_of_row(row) - whole.time_of_row(row + row0)) < timedelta(microseconds=2)
    col = np.linspace(0, part.shape[1] - 1, 9)
    for name in ("incidence_deg", "slant_range_m"):
        mine, its = getattr(part.radar, name), getattr(whole.radar, name)
        np.testing.assert_allclose(np.interp(col, *mine), np.interp(col + col0, *its), rtol=1e-12)


def test_stored_pixels_of_a_part_are_those_of_the_whole(tmp_path):
    part, whole = radar_product(tmp_path)
    row0, col0 = part.corner
    mine, its = part.read.counts(PARTS[1]), whole.read.counts(replace(PARTS[1], row0=3 + row0, col0=5 + col0))
    for name in ("stored", "scale", "noise", "strip"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(its, name))


def test_land_that_is_learnt_is_land_in_the_part(tmp_path):
    part, _ = raster(tmp_path)
    lon, lat = part.geolocation.lonlat(np.array([10.0, 30.0]), np.array([10.0, 50.0]))
    pier = box_zone("p", lon[0], lat[1], lon[1], lat[0]).geometry
    water = with_land(part, pier).read(Window(0, 0, *part.shape)).water
    assert not water[12:28, 12:48].any()
    assert water[:8].all()
    assert digest_of(with_land(part, pier).read) != digest_of(part.read)


def test_a_find_is_named_and_placed_as_in_the_whole_file():
    scene = a_ship()
    part = cut_to(scene, SMALL)
    assert part.shape[0] * part.shape[1] < 0.5 * 600 * 900
    assert part.corner != (0, 0)
    found, whole = (t[t["accepted"]].reset_index(drop=True) for t in (detect(part)[0], detect(scene)[0]))
    assert len(found) == len(whole) == 1
    for name in ("row", "col"):
        assert found[name][0] == pytest.approx(whole[name][0], abs=0.3)
    assert (found["row"][0], found["col"][0]) == pytest.approx((201.0, 456.0), abs=1.0)
    assert found["lon"][0] == pytest.approx(whole["lon"][0], abs=1e-5)
    assert found["length_m"][0] == pytest.approx(whole["length_m"][0], rel=0.05)


def test_the_chip_of_a_find_shows_the_same_ship():
    scene = a_ship()
    part = cut_to(scene, SMALL)
    table, _ = detect(part)
    row = next(table[table["accepted"]].itertuples())
    (mine, about), (its, told) = plain_chip(part, row), plain_chip(scene, row)
    assert np.array_equal(np.asarray(mine), np.asarray(its))
    assert about == told


@pytest.mark.parametrize("spacing_m", [0.5, 3.0, 10.0])
def test_there_is_a_margin_around_the_place_and_no_more(spacing_m):
    scene = array_scene({"pan": np.zeros((40, 40))}, spacing_m=spacing_m, sensor=Sensor.OPTICAL)
    scene = replace(scene, shape=(40_000, 40_000), geolocation=replace(scene.geolocation, lat0=43.0, lon0=132.9))
    wide = place_of(bbox=(132.95, 42.94, 132.96, 42.95)) if spacing_m == 0.5 else SMALL
    part = cut_to(scene, wide)
    west, south, east, north = wide.bbox
    row, col = scene.geolocation.rowcol(np.array([west, east]), np.array([north, south]))
    for (low, high), corner, side in zip((row, col), part.corner, part.shape, strict=True):
        assert OPTICAL_MARGIN_M <= (low - corner) * spacing_m <= OPTICAL_MARGIN_M + 4 * spacing_m
        assert OPTICAL_MARGIN_M <= (corner + side - high) * spacing_m <= OPTICAL_MARGIN_M + 4 * spacing_m
        assert corner % 2 == 0


def test_a_radar_image_keeps_the_ships_whose_ghosts_fall_into_the_place():
    """They lie up to 6 km away along the track, not across it."""
    scene = array_scene({"VV": np.zeros((4, 4))}, spacing_m=10.0)
    scene = replace(scene, shape=(9000, 9000), geolocation=replace(scene.geolocation, lat0=43.0, lon0=132.8))
    scene = replace(scene, radar=RadarView(azimuth_time=(NOON, 0.001)))
    part = cut_to(scene, SMALL)
    row, col = scene.geolocation.rowcol(133.05, 42.74)
    assert (row - part.corner[0]) * 10 >= 6000
    assert 1000 <= (col - part.corner[1]) * 10 < 1100
    assert part.time_of_row(0) == scene.time_of_row(part.corner[0])


@pytest.mark.parametrize(("on_a_map", "margin_px"), [(False, (600, 50)), (True, (600, 300))])
def test_on_a_map_ghosts_may_fall_any_way(on_a_map, margin_px):
    """6 km along the track and 1 km across it, but a map's rows do not follow the track. Pixels of 10 by 20 m."""
    grid = object() if on_a_map else None
    scene = SimpleNamespace(sensor=Sensor.SENTINEL1, grid=grid, pixel_spacing_m=(10.0, 20.0))
    assert _margin_px(scene) == margin_px


def test_a_zone_that_reaches_over_the_box_is_looked_at_whole():
    scene = array_scene({"VV": np.zeros((4, 4))}, sensor=Sensor.OPTICAL)
    scene = replace(scene, shape=(9000, 9000), geolocation=replace(scene.geolocation, lat0=43.0, lon0=132.8))
    far = box_zone("anchorage", 133.055, 42.70, 133.12, 42.735, kind="anchorage")
    part = cut_to(scene, replace(SMALL, zones=(far,)))
    row, col = part.geolocation.rowcol(133.12, 42.70)
    assert row < part.shape[0]
    assert col < part.shape[1]


def test_an_image_of_little_else_stays_whole_and_so_does_one_that_lies_nowhere():
    scene = a_ship()
    assert cut_to(scene, None) is scene
    assert cut_to(scene, place_of(bbox=(133.0, 42.70, 133.10, 42.75))) is scene
    nowhere = replace(scene, geolocation=None)
    assert cut_to(nowhere, SMALL) is nowhere


def test_what_is_kept_of_a_part_is_not_taken_for_that_of_another(tmp_path):
    whole = a_ship()
    parts = [part_of(whole, Window(*corner, 300, 300)) for corner in ((0, 0), (0, 100), (100, 0))]
    assert len({metadata_digest(scene) for scene in (whole, *parts)}) == 4
    assert len({digest_of(scene.read) for scene in (whole, *parts)}) == 4


def test_a_part_of_an_image_that_decodes_slowly_is_decoded_once(tmp_path, monkeypatch):
    part, _ = optical_product(tmp_path)
    usual = part.read(Window(0, 0, *part.shape))
    held = once_decoded(part)
    monkeypatch.setattr(RasterFile, "read", lambda *_, **__: pytest.fail("decoded once more"))
    for window in (*PARTS, Window(0, 0, *part.shape)):
        cut = np.s_[:, window.row0 : window.row1, window.col0 : window.col1]
        np.testing.assert_array_equal(held.read(window).data, usual.data[cut])


def test_a_large_part_is_decoded_as_the_whole_is(tmp_path, monkeypatch):
    from pipeline.ingest import unpacked

    part, _ = optical_product(tmp_path)
    usual = part.read(Window(0, 0, *part.shape))
    monkeypatch.setattr(unpacked, "MAX_PART_BYTES", 1000)
    held = once_decoded(part)
    monkeypatch.setattr(RasterFile, "read", lambda *_, **__: pytest.fail("decoded once more"))
    np.testing.assert_array_equal(held.read(Window(0, 0, *part.shape)).data, usual.data)


def test_nothing_is_read_beyond_the_part():
    part = cut_to(a_ship(), SMALL)
    for window in (Window(0, 0, part.shape[0] + 1, 3), Window(0, part.shape[1], 2, 1)):
        with pytest.raises(ValueError, match="leaves the part"):
            part.read(window)


def test_a_run_looks_at_its_place_alone(tmp_path):
    data = np.random.default_rng(0).integers(20, 250, (400, 3000)).astype(np.uint8)
    write(tmp_path / "wide_20240307.tif", data, **DEGREES)
    place = place_of(bbox=(133.14, 42.715, 133.16, 42.745))
    (scene,), table = open_inputs([tmp_path], OPTICAL, place)
    assert isinstance(scene.read, CutReader)
    assert scene.shape[1] < 500
    assert table["footprint"][0].bounds[2] - table["footprint"][0].bounds[0] == pytest.approx(0.3, abs=0.001)
    again = pickle.loads(pickle.dumps(scene))  # as when sent to another process
    np.testing.assert_array_equal(again.read(PARTS[1]).data, scene.read(PARTS[1]).data)
    assert isinstance(detect(again, config=DetectionConfig())[0], pd.DataFrame)


@pytest.mark.parametrize("beyond", [(0.30, 0.0), (0.0, 0.30), (0.31, 0.31), (1.0, 1.0)])
def test_of_an_aoi_that_reaches_over_the_image_all_that_is_on_it_is_looked_at(beyond):
    """Its points are sampled some way apart: a berth may lie between the last one on the image and the edge."""
    scene = array_scene({"pan": np.zeros((4, 4))}, sensor=Sensor.OPTICAL, spacing_m=10.0)
    scene = replace(scene, shape=(9000, 9000), geolocation=replace(scene.geolocation, lat0=43.5, lon0=132.0))
    lon, lat = scene.geolocation.lonlat(8999, 8999)
    for inside_deg in np.linspace(0.05, 0.3, 11):
        bbox = (lon - inside_deg, lat - beyond[1], lon + beyond[0], lat + inside_deg)
        part = cut_to(scene, place_of(bbox=tuple(float(v) for v in bbox)))
        ends = tuple(corner + side for corner, side in zip(part.corner, part.shape, strict=True))
        assert ends == (9000, 9000)
