"""Planet's usable data mask: found beside its image, read by its documented bands, and part of the evidence."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from rasterio.transform import Affine

from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.side_files import side_files
from pipeline.ingest.metadata.usable_data import mask_beside
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tests.ingest.test_rasters import write

FINE = {"crs": "EPSG:32652", "transform": Affine(3, 0, 500_000, 0, -3, 4_740_000)}
ITEM = "20240308_021000_1003_3B"
SIDE = 40
WHOLE = Window(0, 0, SIDE, SIDE)
OPTICAL = OpenOptions(sensor=Sensor.OPTICAL)


def mask(*parts):
    """An 8-band mask, clear except for the given parts: band counted from 1, rows, value."""
    bands = np.zeros((8, SIDE, SIDE), np.uint8)
    for band, rows, value in parts:
        bands[band - 1, slice(*rows)] = value
    bands[0] = ~bands[1:6].any(axis=0)
    bands[6] = 90
    return bands


@pytest.fixture
def image(tmp_path):
    dn = np.random.default_rng(0).integers(200, 3000, (4, SIDE, SIDE)).astype(np.uint16)
    return write(tmp_path / f"{ITEM}_AnalyticMS_SR.tif", dn, **FINE)


def test_unusable_pixels_are_no_measurement_and_cloud_is_told(image):
    """Blackfill (bit 0) and a missing red band (bit 4) are unusable, cloud by the older method (bit 1) is not."""
    hidden = (6, (10, 20), 1), (5, (20, 25), 1), (4, (25, 30), 1)
    unusable = (8, (0, 5), 0b1), (8, (5, 8), 0b10000), (8, (35, 40), 0b10)
    write(image.with_name(f"{ITEM}_udm2.tif"), mask(*hidden, *unusable), **FINE)
    scene = open_scene(image, OPTICAL)
    tile, rows = scene.read(WHOLE), np.arange(SIDE)
    np.testing.assert_array_equal(tile.valid, np.broadcast_to(rows[:, None] >= 8, (SIDE, SIDE)))
    told = (rows >= 10) & (rows < 25)  # cloud and heavy haze; light haze is transparent
    np.testing.assert_array_equal(tile.clouded, np.broadcast_to(told[:, None], (SIDE, SIDE)))
    part = scene.read(Window(6, 3, 10, 7))
    np.testing.assert_array_equal(part.clouded, tile.clouded[6:16, 3:10])
    np.testing.assert_array_equal(part.data, tile.data[:, 6:16, 3:10])
    assert not any("mask" in doubt for doubt in scene.degraded)


def test_a_mask_is_a_file_beside_its_image(image):
    path = write(image.with_name(f"{ITEM}_udm2.tif"), mask(), **FINE)
    told = {one.name: one.sha256 for one in side_files(image)}
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    assert open_scene(image, OPTICAL).source.side_files == side_files(image)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{ITEM}_AnalyticMS.tif", f"{ITEM}_udm2.tif"),
        (f"{ITEM}_AnalyticMS_clip.tif", f"{ITEM}_udm2_clip.tif"),
        (f"{ITEM}_udm2.tif", None),
        ("20240308_021001_1003_3B_AnalyticMS.tif", None),
        (f"{ITEM}2_AnalyticMS.tif", None),
    ],
)
def test_each_image_has_the_mask_of_its_own_item(tmp_path, name, expected):
    for one in (f"{ITEM}_udm2.tif", f"{ITEM}_udm2_clip.tif", name):
        (tmp_path / one).touch()
    found = mask_beside(tmp_path / name)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("content", "profile", "said"),
    [
        (mask(), {"crs": "EPSG:32652", "transform": Affine(3, 0, 500_030, 0, -3, 4_740_000)}, "has other pixels"),
        (mask()[:, 1:], FINE, "has other pixels"),
        (mask()[:3], FINE, "has no 8 bands"),
        (None, {}, "is no GeoTIFF"),
    ],
    ids=["elsewhere", "smaller", "of other bands", "broken"],
)
def test_a_mask_that_does_not_fit_is_left_aside_and_that_is_said(image, content, profile, said):
    path = image.with_name(f"{ITEM}_udm2.tif")
    if content is None:
        path.write_text("no mask at all, but longer than sixteen bytes")
    else:
        write(path, content, **profile)
    scene = open_scene(image, OPTICAL)
    assert scene.read(WHOLE).valid.all()
    assert scene.read(WHOLE).clouded is None
    assert [d for d in scene.degraded if "its mask is not used" in d and path.name in d and said in d]
