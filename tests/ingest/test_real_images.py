"""Every real image opens, with the right size and units."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import REAL_DATA, needs_real_data

pytestmark = needs_real_data
CHIPS = REAL_DATA / "s1_opensarship_chips"


def table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def whole(scene):
    return scene.read(Window(0, 0, *scene.shape))


@pytest.mark.parametrize("row", table(REAL_DATA / "s2_ports" / "images.csv"), ids=lambda r: r["file"])
def test_sentinel2_ports(row):
    scene = open_scene(REAL_DATA / "s2_ports" / row["file"])
    assert (scene.sensor, scene.radiometry) == (Sensor.SENTINEL2, Radiometry.REFLECTANCE)
    assert scene.bands == tuple(row["bands"].split())
    assert scene.shape == (int(row["height"]), int(row["width"]))
    # the table has 10 cos(latitude), for a sphere; the ellipsoid differs by up to 0.7 %
    assert np.mean(scene.pixel_spacing_m) == pytest.approx(float(row["ground_m_per_px"]), rel=0.007)
    assert f"{scene.acquired:%Y-%m-%d}" == row["date"]
    darkest = np.nanpercentile(whole(scene).data[-1], 5)
    assert 0 <= darkest < 0.06  # shortwave infrared over water


@pytest.mark.parametrize("row", table(REAL_DATA / "s2_ports" / "images.csv"), ids=lambda r: r["file"])
def test_positions_of_labelled_ships(row):
    """The labels' lon and lat against ours; half a pixel is allowed, in case conventions for centres differ."""
    scene = open_scene(REAL_DATA / "s2_ports" / row["file"])
    for ship in table(REAL_DATA / "s2_ports" / "labels.csv"):
        if ship["file"] == row["file"]:
            lon, lat = scene.geolocation.lonlat(float(ship["cy"]), float(ship["cx"]))
            assert float(lon) == pytest.approx(float(ship["lon"]), abs=1.0e-4)
            assert float(lat) == pytest.approx(float(ship["lat"]), abs=1.0e-4)


@pytest.mark.parametrize("row", table(REAL_DATA / "s1_scenes" / "images.csv"), ids=lambda r: r["file"])
def test_real_radar_scenes(row):
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=float(row["gsd_m"]))
    scene = open_scene(REAL_DATA / "s1_scenes" / row["file"], options)
    tile = whole(scene)
    assert tile.valid.mean() > 0.999
    assert np.nanmin(tile.data) > 0
    wanted = "amplitude" if "amp" in row["file"] else "dB"
    assert scene.tags["scaling"].startswith(wanted)


@pytest.mark.parametrize("name", ["20150902T102505", "20160131T101646"])
def test_composites_are_calibrated_and_placed(name):
    scene = open_scene(REAL_DATA / "s1_composites" / f"{name}_grd.tif")
    assert (scene.radiometry, scene.bands, scene.platform) == (Radiometry.SIGMA0, ("VH", "VV"), "sentinel-1a")
    assert scene.degraded == ()
    medians_db = dict(zip(scene.bands, 10 * np.log10(np.median(whole(scene).data, axis=(1, 2))), strict=True))
    assert -25 < medians_db["VV"] < -10
    assert -30 < medians_db["VH"] < medians_db["VV"] - 3
    ships = table(REAL_DATA / "s1_composites" / f"{name}_ships.csv")
    row, col = scene.geolocation.rowcol([float(s["lon"]) for s in ships], [float(s["lat"]) for s in ships])
    off = np.array([row, col]) - [[float(s["row"]) for s in ships], [float(s["col"]) for s in ships]]
    # single labels scatter by a pixel; confusing corners with centres would shift the average by half a pixel
    assert np.abs(off.mean(axis=1)).max() < 0.25
    assert np.abs(off).max() < 3


def test_all_chips_open_and_sigma0_is_dn_squared_up_to_one_gain():
    """sigma0 chips are DN^2 / A^2, and A hardly changes over a one-kilometre chip."""
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)
    paths = sorted((CHIPS / "dn").glob("*.tif"))
    assert len(paths) == 110
    for path in paths:
        dn, sigma0 = open_scene(path, options), open_scene(CHIPS / "sigma0" / path.name, options)
        assert dn.bands == sigma0.bands
        assert sigma0.radiometry is Radiometry.SIGMA0, sigma0.tags["scaling"]
        ratio_db = 10 * np.log10(whole(sigma0).data / whole(dn).data)
        assert np.nanpercentile(np.abs(ratio_db - np.nanmedian(ratio_db)), 95) < 0.5


def test_windows_are_what_rasterio_reads():
    path = REAL_DATA / "s2_ports" / "genoa_20230710.tif"
    with rasterio.open(path) as dataset:
        expected = dataset.read(4, window=rasterio.windows.Window(1500, 300, 70, 40)) / 65535
    found = open_scene(path).read(Window(300, 1500, 40, 70)).band("B08")
    np.testing.assert_allclose(found, expected, rtol=1e-6)
