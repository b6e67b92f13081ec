"""Stored numbers of a large file, sampled without decoding all of it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest import stored as stored_module
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.nodata import NodataRule
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.test_rasters import write


@pytest.mark.parametrize("large_px", [0, 10**9], ids=["a quarter of the blocks", "all"])
def test_scattered_pixels_spread_as_the_image_does_and_gaps_stay_gaps(tmp_path, monkeypatch, large_px):
    """Percentiles of a uniform distribution are known; the share of missing pixels is the image's."""
    numbers = np.random.default_rng(0).integers(1, 5000, (3, 1300, 2100)).astype(np.uint16)
    numbers[:, :, ::7] = 0
    path = tmp_path / "image.tif"
    write(path, numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2))
    monkeypatch.setattr(stored_module, "LARGE_PX", large_px)
    picture, gap = scene.read.stored.scattered_sample(128)
    assert picture.shape == gap.shape
    assert 128**2 / 4 < picture.shape[1] < 8 * 128**2
    assert gap.mean() == pytest.approx(1 / 7, abs=0.05)
    assert (picture[gap] == 0).all()
    assert np.percentile(picture[~gap], [1, 50, 99]) == pytest.approx([50, 2500, 4950], rel=0.05, abs=20)


@pytest.mark.parametrize(
    ("sensor", "dtype", "most", "said"),
    [
        (Sensor.SENTINEL2, np.uint16, 60_000, "DN / 65535 by its range"),
        (Sensor.OPTICAL, np.uint16, 60_000, "relative brightness, DN / 65535"),
        (Sensor.OPTICAL, np.float32, 9_000, "relative brightness"),
    ],
    ids=["Sentinel-2", "sub-metre", "decimal"],
)
def test_an_image_in_one_corner_of_a_large_file_tells_its_scale(tmp_path, monkeypatch, sensor, dtype, most, said):
    """All measured pixels lie in a block that no quarter point hits: taken for empty, the image would be read 6.5 times
    too bright, or numbers in the thousands as reflectances."""
    numbers = np.zeros((4, 1100, 1100), dtype)
    numbers[:, 600:900, 600:900] = np.random.default_rng(0).integers(most // 3, most, (4, 300, 300))
    path = tmp_path / "image.tif"
    write(path, numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    monkeypatch.setattr(stored_module, "LARGE_PX", 0)
    scene = open_scene(path, OpenOptions(sensor=sensor))
    assert scene.read.scaling.reason == said
    assert (scene.radiometry is Radiometry.REFLECTANCE) == (sensor is Sensor.SENTINEL2)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("dtype", "fill"), [(np.int16, -9999), (np.int32, -10000), (np.float32, -9999), (np.int16, -32768)]
)
def test_a_fill_that_nobody_declares_is_missing_all_the_same(tmp_path, dtype, fill, declared):
    """One stripe of it would take every ship out of a Sentinel-2 image."""
    numbers = np.random.default_rng(0).integers(100, 5000, (3, 200, 300)).astype(dtype)
    numbers[:, :, :40] = fill
    told = {"nodata": fill} if declared else {}
    path = write(tmp_path / "i.tif", numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6), **told)
    tile = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2)).read(Window(0, 0, 200, 300))
    assert not tile.valid[:, :40].any()
    assert tile.valid[:, 40:].all()
    assert np.nanmin(tile.data) > 0


@pytest.mark.parametrize("fill", [-1.0, -999.0, 1e20, 9.969209968386869e36, -3.4028234663852886e38])
def test_a_decimal_number_far_from_all_others_is_no_reflectance(tmp_path, fill):
    """One of them in a frame would take every ship out of a Sentinel-2 image, without a warning."""
    numbers = np.random.default_rng(0).uniform(0.01, 0.4, (3, 200, 300)).astype(np.float32)
    numbers[:, :, :40] = fill
    path = write(tmp_path / "i.tif", numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    tile = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2)).read(Window(0, 0, 200, 300))
    np.testing.assert_array_equal(tile.valid, np.broadcast_to(np.arange(300) >= 40, (200, 300)))
    np.testing.assert_allclose(tile.data[:, :, 40:], numbers[:, :, 40:], rtol=1e-6)


@pytest.mark.parametrize("fill", [-99.0, -999.0, -9999.9, 1e20])
def test_a_number_far_below_all_db_is_none_and_does_not_change_what_a_db_is(tmp_path, fill):
    """A frame of -99 would make dB read as "dB times 10", and a ship of 180 m 51 m long; one of -999 would hide her."""
    power = 0.01 * np.random.default_rng(0).gamma(4.4, 1 / 4.4, (200, 300))
    numbers = (10 * np.log10(power)).astype(np.float32)
    numbers[:, :160] = fill
    path = write(tmp_path / "i.tif", numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1))
    tile = scene.read(Window(0, 0, 200, 300))
    np.testing.assert_array_equal(tile.valid, np.broadcast_to(np.arange(300) >= 160, (200, 300)))
    np.testing.assert_allclose(tile.data[0, :, 160:], power[:, 160:], rtol=1e-4)
    assert not any("dB times" in doubt for doubt in scene.degraded)


def test_db_that_were_cut_off_below_are_measured_there(tmp_path):
    """The noise floor of calm water is a measurement, however many pixels have it."""
    power = 0.003 * np.random.default_rng(0).gamma(4.4, 1 / 4.4, (200, 300))
    numbers = np.maximum(10 * np.log10(power), -27).astype(np.float32)
    assert (numbers == -27).mean() > 0.1
    path = write(tmp_path / "i.tif", numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    assert open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1)).read(Window(0, 0, 200, 300)).valid.all()


def test_a_fill_of_a_radar_amplitude_is_no_bright_target(tmp_path):
    """Squared, it would be 40 dB above the sea."""
    amplitude = 100 * np.sqrt(np.random.default_rng(0).gamma(4.4, 1 / 4.4, (200, 300))).astype(np.float32)
    amplitude[:, :40] = -9999
    path = write(tmp_path / "i.tif", amplitude, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6))
    tile = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1)).read(Window(0, 0, 200, 300))
    assert not tile.valid[:, :40].any()
    assert np.nanmax(tile.data) < 1e6


def test_a_zero_in_one_band_is_dark_water_for_light_and_no_measurement_for_radar():
    bands = np.array([[[0, 0, 7]], [[0, 5, 0]]], np.uint16)
    masks = {radar: NodataRule(None, zero=True).mask(bands, Window(0, 0, 1, 3), radar=radar) for radar in (False, True)}
    assert np.broadcast_to(masks[False], bands.shape)[:, 0].tolist() == [[True, False, False]] * 2
    assert masks[True][:, 0].tolist() == [[True, True, False], [True, False, True]]
