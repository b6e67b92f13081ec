"""A scene with clouds, shadows, land and ships gives the same table and cloud share for every tiling."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import object_mask_reader, search
from pipeline.detection.optical.clouds import WhiteCells, cloud_map
from pipeline.detection.optical.first_look import FirstLook, take_first_look
from pipeline.detection.optical.water import survey_levels
from pipeline.types import OpticalView, Radiometry, Sensor, Window, tiles
from tests.builders import array_scene, box_zone, place_of

NAMES = {Sensor.OPTICAL: "BGRN", Sensor.SENTINEL2: ("B02", "B03", "B04", "B08")}
SUN = OpticalView(sun_elevation_deg=50.0, sun_azimuth_deg=180.0)
SIDES_PX = (96, 200, 347)  # none divides the image side


def clouded(sensor, spacing_m, radiometry=Radiometry.REFLECTANCE, side=560):
    """Land in the west, boats and ships, clouds east of it, a bank of haze, and dim water north of each cloud."""
    rng = np.random.default_rng(4)
    row, col = np.mgrid[:side, :side]
    image = np.stack([np.full((side, side), level) for level in (0.06, 0.05, 0.04, 0.02)])
    image += rng.normal(0, 0.002, image.shape)
    clouds = np.zeros((side, side))
    shade = np.zeros((side, side))
    for _ in range(max(4, round(1.4 * spacing_m))):
        y, x, reach = rng.uniform(0, side), rng.uniform(0.2 * side, side), rng.uniform(80, 240) / spacing_m
        clouds = np.maximum(clouds, np.clip((reach - np.hypot(row - y, col - x)) * spacing_m / 20, 0, 1))
        north = rng.uniform(400, 2500) / spacing_m
        shade = np.maximum(shade, np.hypot(row - y + north, col - x) < reach)
    for _ in range(round(side**2 / 19_600)):
        y, x = rng.integers(20, side - 60, 2)
        length, beam = max(3, round(rng.uniform(40, 160) / spacing_m)), max(2, round(20 / spacing_m))
        image[:, y : y + beam, x : x + length] = rng.uniform(0.12, 0.3)
    image[:, :, : side // 10] = np.array([0.1, 0.1, 0.12, 0.3])[:, None, None] + rng.normal(
        0, 0.01, (4, side, side // 10)
    )
    bank = (np.hypot(row - 0.7 * side, col - 0.8 * side) * spacing_m < 300)[None]
    image = np.where(bank, 0.18 + 0.1 * image, image * (1 - 0.6 * shade))
    image = image * (1 - clouds) + 0.9 * clouds
    bands = dict(zip(NAMES[sensor], image, strict=True))
    return array_scene(bands, sensor=sensor, spacing_m=spacing_m, radiometry=radiometry, optical=SUN)


SCENES = {
    "1.5 m": (Sensor.OPTICAL, 1.5, Radiometry.REFLECTANCE, 700),  # in a smaller image all lies under cloud
    "3 m": (Sensor.OPTICAL, 3.0),
    "3 m, no reflectance": (Sensor.OPTICAL, 3.0, Radiometry.RELATIVE),
    "5.3 m": (Sensor.OPTICAL, 5.3),
    "10 m": (Sensor.SENTINEL2, 10.0),
}


@pytest.fixture(scope="module", params=SCENES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def scene(name):
    return clouded(*SCENES[name])


def everywhere(scene):
    """Zones that cover the scene like chessboard squares."""
    edges = np.linspace(-0.4, scene.shape[0] - 0.6, 6)
    lon, lat = scene.geolocation.lonlat(edges, edges)
    boxes = [box_zone(f"z{i}{j}", lon[j], lat[i + 1], lon[j + 1], lat[i]) for i in range(5) for j in range(5)]
    return place_of(*boxes)


@cache
def detect_in_tiles(name, tile_px, threads):
    """Table and account of a scene for one tiling; cached for the tests that compare them."""
    scene = clouded(*SCENES[name])
    settings = DetectionConfig(tile_px=tile_px, threads=threads)
    table, diagnostics = detect(scene, place=everywhere(scene), config=settings)
    return pd.DataFrame(table.drop(columns="geometry")), diagnostics


def test_tables_and_cloud_are_those_of_the_whole(name):
    whole, diagnostics = detect_in_tiles(name, 4096, 1)
    assert 0.01 < diagnostics["cloud_fraction"] < 0.6
    assert whole["accepted"].sum() >= 8
    for side in SIDES_PX:
        tiled, other_diagnostics = detect_in_tiles(name, side, 1)
        pd.testing.assert_frame_equal(tiled, whole)
        assert other_diagnostics == diagnostics


def test_threads_leave_no_trace(name):
    one, diagnostics = detect_in_tiles(name, 200, 1)
    four, other_diagnostics = detect_in_tiles(name, 200, 4)
    pd.testing.assert_frame_equal(four, one)
    assert other_diagnostics == diagnostics


def test_white_cells_of_the_first_pass_hide_no_cloud(scene):
    """Cells that are not read again contain no cloud: the map equals the one from reading everything."""
    white = WhiteCells(scene)
    levels = survey_levels(scene, 200, also=white.add, threads=2)
    whole = Window(0, 0, *scene.shape)
    assert (
        cloud_map(scene, levels, 96, white.may_be_cloud).within(whole) == cloud_map(scene, levels, 96).within(whole)
    ).all()


def test_a_first_look_that_was_kept_finds_what_its_own_finds(scene):
    """Also if the map's land has grown since, as by structures along the shore."""
    place, settings = everywhere(scene), DetectionConfig(tile_px=347)
    kept = FirstLook.from_bytes(take_first_look(scene, settings).as_bytes())

    def grown(window):
        tile = scene.read(window)
        east = np.arange(window.col0, window.col1) > 0.9 * scene.shape[1]
        return replace(tile, water=tile.water & ~east)

    later = replace(scene, read=grown)
    own, diagnostics = detect(later, place=place, config=settings)
    with_it, other_diagnostics = detect(later, place=place, config=settings, first_look=kept)
    pd.testing.assert_frame_equal(*(pd.DataFrame(t.drop(columns="geometry")) for t in (with_it, own)))
    assert other_diagnostics == diagnostics


def test_a_first_look_of_an_image_without_water_is_kept_as_such():
    cloud = {name: np.full((120, 120), 0.9) for name in "BGRN"}
    scene = array_scene(cloud, sensor=Sensor.OPTICAL, spacing_m=3.0, radiometry=Radiometry.REFLECTANCE)
    look = take_first_look(scene, DetectionConfig())
    kept = FirstLook.from_bytes(look.as_bytes())
    assert look.clouds is kept.clouds is None
    for field in fields(look.levels):
        np.testing.assert_array_equal(getattr(kept.levels, field.name), getattr(look.levels, field.name))


def test_what_teaches_structures_is_that_of_the_whole(scene):
    seen = []
    for side in (*SIDES_PX, 4096):
        look = object_mask_reader(scene, DetectionConfig(tile_px=side))
        out = np.zeros((2, *scene.shape), bool)
        for window in tiles(scene.shape, side):
            out[:, window.row0 : window.row1, window.col0 : window.col1] = look(window)
        seen.append(out)
    assert all(np.array_equal(one, seen[-1]) for one in seen)
    assert 0.01 < 1 - seen[-1][1].mean() < 0.6


@pytest.mark.parametrize("tile_px", [64, 4096])
def test_a_shadow_reaches_into_other_tiles(tile_px):
    """A cloud 2.3 km high with the sun 30 degrees high in the south: its shadow, with a ship in it, is 4 km north."""
    row, col = np.mgrid[:1000, :400]
    dim = np.where(np.hypot(row - 500, col - 200) < 30, 0.5, 1.0)
    image = np.stack([np.full(row.shape, level) for level in (0.06, 0.05, 0.04, 0.02)])
    image = image * dim + np.random.default_rng(0).normal(0, 0.001, image.shape)
    image[:, :, :40] = np.array([0.1, 0.1, 0.12, 0.3])[:, None, None]
    image[:, 499:501, 194:206] = 0.08
    image[:, np.hypot(row - 900, col - 200) < 30] = 0.5
    bands = dict(zip(NAMES[Sensor.SENTINEL2], image, strict=True))
    sun = OpticalView(sun_elevation_deg=30.0, sun_azimuth_deg=180.0)
    scene = array_scene(bands, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE, optical=sun)
    table, _ = detect(scene, config=DetectionConfig(tile_px=tile_px))
    (ship,) = table[np.abs(table["row"] - 499.5) < 3].to_dict("records")
    assert "cloud_shadow" in ship["flags"]


def test_coarse_pixels_without_a_network_are_searched_in_pieces_too(monkeypatch):
    """So that a thread holds no more than one piece and its margin, whatever ``tile_px``."""
    scene, searched = clouded(Sensor.OPTICAL, 10.0), []
    whole, _ = detect(scene, config=DetectionConfig(tile_px=4096))
    monkeypatch.setattr(search, "SEARCH_PX", (150, 200))
    add = search.Coverage.add
    monkeypatch.setattr(search.Coverage, "add", lambda self, core, *a: searched.append(core) or add(self, core, *a))
    table, _ = detect(scene, config=DetectionConfig(tile_px=4096))
    assert (max(w.rows for w in searched), max(w.cols for w in searched)) == (150, 200)
    pd.testing.assert_frame_equal(*(pd.DataFrame(t.drop(columns="geometry")) for t in (table, whole)))
