"""Radar images in dB, compared with the power that they were made from."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.ingest.decibel import SPECKLE_DB
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.radar_scaling import _span_by_speckle, radar_scaling
from pipeline.ingest.scenes import open_scene
from pipeline.ingest.speckle import Speckle
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.test_rasters import write

GRID = {"crs": "EPSG:32652", "transform": (10.0, 0.0, 440_000.0, 0.0, -10.0, 4_735_000.0)}
SHIPS = [(60, 90), (150, 210), (220, 120)]


def sea_with_ships(mean=0.02):
    """Power: speckle of 4.4 looks, and hulls whose edges fade like the radar's impulse response."""
    rng = np.random.default_rng(3)
    hulls = np.zeros((300, 300))
    for row, col in SHIPS:
        hulls[row : row + 3, col : col + 14] = 30.0
    return (mean + gaussian_filter(hulls, 0.9)) * rng.gamma(4.4, 1 / 4.4, hulls.shape)


def values(path, **options):
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, **options))
    return scene, scene.read(Window(0, 0, *scene.shape)).data[0]


@pytest.mark.parametrize("mean", [0.3, 0.02, 0.0005], ids=["rough", "usual", "noise"])
@pytest.mark.parametrize("steps", [1, 10, 100])
@pytest.mark.parametrize("scaling", ["auto", "db"])
def test_whole_numbers_in_steps_of_a_db_are_read_as_the_power_that_they_were(tmp_path, mean, steps, scaling):
    """If dB times 100 were read as dB, there would be no sea, no ship and no warning."""
    power = sea_with_ships(mean)
    stored = np.round(10 * np.log10(power) * steps).astype(np.int16)
    scene, found = values(write(tmp_path / "a.tif", stored, **GRID), scaling=scaling)
    at = np.isfinite(found)
    assert at.mean() > 0.94
    np.testing.assert_allclose(found[at], power[at], rtol=0.123 / steps)  # half a step is 0.5 dB / steps
    assert scene.radiometry is Radiometry.SIGMA0
    assert any("dB times" in doubt for doubt in scene.degraded) == (steps > 1)


@pytest.mark.parametrize("declared", [None, 0.0, -9999.0])
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_what_was_cut_off_at_0_db_is_bright_and_not_missing(tmp_path, declared, dtype):
    """Taken for "no data", the middle of each ship would be a hole and the rest pieces; a frame of zeros is missing."""
    power = sea_with_ships()
    stored = np.minimum(10 * np.log10(power) * (100 if dtype is np.int16 else 1), 0).round(2).astype(dtype)
    stored[:, :20] = 0
    scene, found = values(write(tmp_path / "a.tif", stored, **GRID, nodata=declared))
    assert np.isnan(found[:, :17]).all()
    np.testing.assert_allclose(found[:, 24:], np.minimum(power[:, 24:], 1.0), rtol=0.003)
    assert any("end at 0" in doubt for doubt in scene.degraded)


@pytest.mark.parametrize("how", ["holes in the sea", "holes, and nothing bright", "brighter than 0 dB"])
def test_a_zero_among_db_numbers_is_missing_where_nothing_was_cut_off(tmp_path, how):
    """Holes lie among values like any others; a file with values above 0 dB was not cut off there."""
    power = sea_with_ships()
    if how == "holes, and nothing bright":
        power = np.minimum(power, 0.5)
    stored = (10 * np.log10(power)).astype(np.float32)
    if how == "holes in the sea":
        stored = np.minimum(stored, -0.01)
    holes = np.zeros(power.shape, bool)
    for row in range(20, 280, 40):
        holes[row : row + 9, 30:44] = True
    stored[holes] = 0
    scene, found = values(write(tmp_path / "a.tif", stored, **GRID))
    np.testing.assert_array_equal(np.isnan(found), holes)
    assert not any("end at 0" in doubt for doubt in scene.degraded)


@pytest.mark.parametrize("low_db", [-50.0, -12.5])
def test_a_pictures_stretch_follows_from_the_spread_of_its_speckle(low_db):
    """The speckle spreads 2.2 dB, and a picture stretched to 0 dB shows that over a known number of its 255 steps."""
    stored = SPECKLE_DB / (-low_db / 255)
    span = _span_by_speckle(Speckle(0.0, 0.0, 0.0, 100, stored), highest=40.0)
    assert span == pytest.approx((low_db, 0.0))


def test_what_a_file_scales_to_tenths_of_a_db_is_read_in_db():
    """Stored in half tenths above -400: the file's gain and offset are both in tenths of a dB."""
    db = -15.0 + np.random.default_rng(4).normal(0.0, 2.2, (240, 240))
    raster = SimpleNamespace(tags={}, scales=(0.5,), offsets=(-400.0,), dtype="uint16")
    stored = np.round((10 * db + 400.0) / 0.5)[None]
    found = radar_scaling(SimpleNamespace(raster=raster, channels=SimpleNamespace(indexes=(1,))), "db", None, stored[0])
    np.testing.assert_allclose(10 * np.log10(found.apply(stored, 0)[0]), db, atol=0.03)
