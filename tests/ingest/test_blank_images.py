"""Radar images that do not show the sea are looks that saw nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest.blank_images import blank_cause
from pipeline.ingest.inputs import open_inputs
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene, place_of
from tests.cases.desk import SHAPE, lonlat, radar, speckle

WEST, NORTH = lonlat(4, 4)
EAST, SOUTH = lonlat(SHAPE[0] - 5, SHAPE[1] - 5)
HERE = place_of(bbox=(WEST, SOUTH, EAST, NORTH))


def row(tmp_path, data):
    """The scenes table's row for a radar image with these pixels."""
    _, table = open_inputs([radar(tmp_path / "x_vv_20240307T092000.tif", data, sidecar=True)], place=HERE)
    return table.iloc[0]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (np.full(SHAPE, 0.01, np.float32), "one value fills the AOI"),
        (speckle() * np.float32(1e15), "130 dB"),
        (speckle() * np.float32(1e-10), "-120 dB"),
    ],
    ids=["one value", "far too bright", "far too dark"],
)
def test_an_image_without_a_sea_is_not_used(tmp_path, data, cause):
    found = row(tmp_path, data)
    assert found["status"] == "skipped"
    assert cause in found["cause"]


@pytest.mark.parametrize("level_db", [-25, 0, 15])
def test_every_level_of_sea_and_land_is_used(tmp_path, level_db):
    """From a calm sea (-20 dB and 25 below) to a city."""
    found = row(tmp_path, speckle() * np.float32(10 ** (level_db / 10)))
    assert (found["status"], found["cause"]) == ("used", "")


def test_land_of_one_value_beside_the_sea_is_used(tmp_path):
    data = speckle()
    data[:, : SHAPE[1] // 2] = 1e-4
    assert row(tmp_path, data)["status"] == "used"


SEA = np.full((300, 200), 0.05, np.float32)


def optical(*bands, **more):
    """A Sentinel-2 scene with these bands."""
    named = dict(zip(("B03", "B08"), bands, strict=False))
    return array_scene(named, sensor=Sensor.SENTINEL2, radiometry=Radiometry.REFLECTANCE, **more)


def test_an_optical_image_of_one_value_is_no_look(tmp_path):
    """It must not count as a usable look at an empty berth."""
    path = radar(tmp_path / "x_20240307T092000.tif", np.full(SHAPE, 90, np.uint8), tags=False)
    (tmp_path / "x_20240307T092000.json").write_text('{"sensor": "optical"}')
    _, table = open_inputs([path], place=HERE)
    assert (table.iloc[0]["status"], table.iloc[0]["cause"]) == ("skipped", "is no picture: one value fills the AOI")


@pytest.mark.parametrize("place", [None, place_of(bbox=(133.0, 42.73, 133.02, 42.75))], ids=["image", "AOI"])
def test_dark_water_of_one_value_is_a_look_where_anything_else_is_seen(place):
    """Stretched pictures clip water to one shade; anything that floats on it still shows."""
    ship = SEA.copy()
    ship[2:4, 3:9] = 0.4  # in a corner, missed by the sampled pixels
    assert blank_cause(optical(ship, SEA), place) == ""
    assert "one value" in blank_cause(optical(SEA, SEA), place)


def test_one_band_with_a_picture_is_enough():
    noise = SEA * np.random.default_rng(0).uniform(0.9, 1.1, SEA.shape).astype(np.float32)
    assert blank_cause(optical(SEA, noise), None) == ""


def test_an_image_without_a_measurement_says_so():
    """Otherwise ships would be looked for in it, and none found."""
    none = np.full((300, 200), np.nan, np.float32)
    assert "no measurement" in blank_cause(optical(none), None)
    none[299, 199] = 0.1
    assert blank_cause(optical(none), None) == ""


@pytest.mark.parametrize("scale", [1e-4, 1e4], ids=["divided twice", "never divided"])
def test_reflectances_that_nothing_under_the_sun_has_are_no_look(scale):
    """With another file's scale, an image of ships shows none, and every berth in it would seem empty."""
    rng = np.random.default_rng(0)
    ground = SEA * rng.gamma(4.0, 0.25, SEA.shape).astype(np.float32)
    assert blank_cause(optical(ground, ground), None) == ""
    assert "are no ground's" in blank_cause(optical(ground * scale, ground * scale), None)
