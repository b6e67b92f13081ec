"""Bright objects on water that are no ships: recognised by colour and place, flagged with words, never deleted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection import detect
from pipeline.detection.optical import network
from pipeline.detection.optical.clouds import CloudMap, cloud_map
from pipeline.detection.optical.lookalikes import Traits, lookalike_flags, measure_traits
from pipeline.detection.optical.shadows import cast_shadows, shadow_mask
from pipeline.detection.optical.water import survey_levels
from pipeline.types import OpticalView, Radiometry, Sensor, Window
from tests.builders import array_scene
from tests.detection.optical.hulls import mask_of
from tests.detection.optical.ten_metre import DECK, GRASS, QUAY, QUAY_ROW, SHAPE, port

FOAM = {"B02": 0.30, "B03": 0.30, "B04": 0.29, "B08": 0.19, "B11": 0.05}  # decreases as Frouin et al. (1996) measured
HULL = Traits(1.0, 0.1, 3.0, 0.0, None, 0.3, 0.0)


@pytest.fixture(autouse=True)
def _contrast_alone(monkeypatch):
    monkeypatch.setattr(network, "is_available", lambda: False)


def scene_with(*things, ships=()):
    """A port with painted objects, each (colours, mask)."""
    image = port(ships)
    for colours, mask in things:
        for band, level in colours.items():
            soft = ndimage.gaussian_filter(mask.astype(float), 1.0 if band == "B11" else 0.6)
            image[band] = image[band] * (1 - soft) + level * soft
    return array_scene(image, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE)


def at(scene, row, col, reach=4.0):
    table, _ = detect(scene)
    near = table[np.hypot(table["row"] - row, table["col"] - col) < reach]
    assert len(near) == 1
    return near.iloc[0]


def test_a_streak_of_foam_is_a_wake_and_says_why():
    found = at(scene_with((FOAM, mask_of(SHAPE, (60, 120), 260.0, 20.0, 70.0, 10.0))), 60, 120)
    assert "wake" in found["flags"]
    assert not found["accepted"]
    assert "1.6 um" in found["flag_evidence"]


def test_a_deck_of_the_same_size_is_no_foam():
    found = at(scene_with((DECK, mask_of(SHAPE, (60, 120), 180.0, 30.0, 70.0, 10.0))), 60, 120)
    assert not {"wake", "foam", "white_cap", "islet", "breakwater_head"} & set(found["flags"])
    assert found["accepted"]


def test_a_green_islet_is_no_ship():
    found = at(scene_with((GRASS, mask_of(SHAPE, (60, 120), 140.0, 50.0, 20.0, 10.0))), 60, 120)
    assert "islet" in found["flags"]
    assert not found["accepted"]


def test_a_breakwater_stands_out_from_the_shore_and_a_ship_lies_along_it():
    pier = mask_of(SHAPE, (QUAY_ROW - 9, 60), 200.0, 30.0, 0.0, 10.0)
    found = at(scene_with((QUAY, pier)), QUAY_ROW - 9, 60, reach=7.0)
    assert {"breakwater_head", "unlike_a_ship"} <= set(found["flags"])
    along = mask_of(SHAPE, (QUAY_ROW - 2.2, 120), 180.0, 28.0, 90.0, 10.0)
    table, _ = detect(scene_with((DECK, along)))
    assert not any("breakwater_head" in flags for flags in table["flags"])


def test_a_crane_crosses_the_shore_of_the_map():
    traits = Traits(1.0, 0.1, 3.0, 0.2, 0.9, 0.3, 0.4)
    assert "crane" in lookalike_flags(traits, 60.0, 15.0)
    assert "breakwater_head" in lookalike_flags(traits, 160.0, 25.0)
    for on_land in (0.0, 1.0):  # all off it, or all on it
        assert "crane" not in lookalike_flags(replace(traits, on_land=on_land), 60.0, 15.0)


@pytest.mark.parametrize(
    ("uneven", "length_m", "name"), [(0.05, 45.0, "pontoon"), (0.3, 45.0, "like_quay"), (0.05, 160.0, "like_quay")]
)
def test_what_has_the_quays_colour_is_a_pontoon_or_a_piece_of_it(uneven, length_m, name):
    assert lookalike_flags(Traits(1.0, 0.1, 0.4, 0.5, 0.5, uneven, 0.0), length_m, 20.0).keys() == {name}


def test_small_foam_is_a_white_cap_and_a_hull_has_no_other_name():
    assert lookalike_flags(Traits(0.1, 0.0, None, 0.0, None, 0.3, 0.0), 20.0, 12.0).keys() == {"white_cap"}
    assert lookalike_flags(HULL, 120.0, 20.0) == {}


def test_without_the_bands_nothing_is_said_of_colour():
    image = port([])
    mask = mask_of(SHAPE, (60, 120), 260.0, 20.0, 70.0, 10.0)
    green = image["B03"] * (1 - mask) + 0.3 * mask
    scene = array_scene({"B03": green}, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE)
    tile = scene.read(Window(0, 0, *SHAPE))
    rows, cols = np.nonzero(mask > 0.5)
    traits = measure_traits(tile, survey_levels(scene, 2048), rows, cols, (-0.34, 0.94), 26.0)
    assert (traits.swir_share, traits.plants) == (None, None)


def test_a_cloud_throws_its_shadow_away_from_the_sun():
    """Sun in the south-east, 45 degrees high: the shadow is to the north-west, as far away as the cloud is high."""
    cloud, dark = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    cloud[100:130, 180:210] = True
    dark[40:70, 120:150] = True  # shadow of a cloud 850 m high
    dark[100:130, 20:50] = True  # beside the cloud: other dark water
    water = {name: np.where(dark, 0.7 * band, band) for name, band in port([]).items()}
    image = {name: np.where(cloud, 0.5, band) for name, band in water.items()}
    scene = array_scene(image, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE,
                        optical=OpticalView(sun_elevation_deg=45.0, sun_azimuth_deg=135.0))  # fmt: skip
    tile, levels = scene.read(Window(0, 0, *SHAPE)), survey_levels(scene, 2048)
    clouds = cloud_map(scene, levels, 2048)
    shadow = shadow_mask(scene, tile, levels, cast_shadows(scene, clouds), clouds.within(tile.window))
    assert shadow[48:62, 128:142].mean() > 0.8
    assert not shadow[100:130, 20:50].any()
    assert cast_shadows(replace(scene, optical=OpticalView()), clouds) is None
    clear = array_scene(water, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE, optical=scene.optical)
    assert cast_shadows(clear, cloud_map(clear, levels, 2048)) is None


@pytest.mark.parametrize("elevation_deg", [30.0, 60.0])
def test_shadows_lie_as_far_as_clouds_are_high_over_the_tangent_of_the_sun(elevation_deg):
    """Sun in the east: shadows to the west, of clouds at 300 m to 4,000 m, in cells of 80 m."""
    cloud = np.zeros((64, 960), bool)
    cloud[24:32, 840:880] = True
    view = OpticalView(sun_elevation_deg=elevation_deg, sun_azimuth_deg=90.0)
    scene = array_scene({"B04": np.zeros(cloud.shape)}, sensor=Sensor.SENTINEL2, optical=view)
    rows, cols = np.nonzero(cast_shadows(scene, CloudMap(1, np.packbits(cloud, axis=1))))
    reach = np.array([4000.0, 300.0]) / np.tan(np.radians(elevation_deg)) / 80.0
    assert (cols.min(), cols.max()) == pytest.approx([105, 109] - reach, abs=1.5)
    assert np.abs(rows - 3).max() <= 2  # the map's north is off by a degree
