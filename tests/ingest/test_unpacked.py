"""A JPEG2000 image kept unpacked gives the same numbers, causes and tables as one decoded at each read."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.detection import detect
from pipeline.errors import InputError
from pipeline.ingest import unpacked
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.rasters import RasterFile, open_raster
from pipeline.ingest.scenes import once_decoded, open_scene
from pipeline.ingest.unpacked import UnpackedRaster, open_unpacked
from pipeline.types import Sensor, Window
from tests.ingest.sentinel2.safe_product import L1C, Recipe, write_safe, zipped
from tests.ingest.test_rasters import write

SHAPE = (150, 130)
LOSSLESS = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES", "BLOCKXSIZE": "64", "BLOCKYSIZE": "64"}


def numbers(bands: int, dtype) -> np.ndarray:
    return np.random.default_rng(bands).integers(0, np.iinfo(dtype).max, (bands, *SHAPE)).astype(dtype)


@pytest.fixture(params=[(1, np.uint16), (4, np.uint8), (5, np.uint16)], ids=["one band", "bytes", "five bands"])
def stored(request):
    return numbers(*request.param)


@pytest.fixture
def image(tmp_path, stored):
    return write(tmp_path / "a.jp2", stored, **LOSSLESS)


@pytest.fixture
def never_decoded_here(monkeypatch):
    """Decoding a window in this process fails the test."""
    monkeypatch.setattr(RasterFile, "read", lambda *_, **__: pytest.fail("decoded once more"))


def test_windows_hold_what_was_written_and_are_not_decoded_again(image, stored, never_decoded_here):
    raster = open_unpacked(image)
    rng = np.random.default_rng(0)
    for _ in range(20):
        (top, below), (left, right) = (np.sort(rng.choice(side + 1, 2, replace=False)) for side in SHAPE)
        window = Window(int(top), int(left), int(below - top), int(right - left))
        bands = tuple(int(b) for b in rng.integers(1, len(stored) + 1, 3))
        wanted = stored[np.array(bands) - 1, top:below, left:right]
        np.testing.assert_array_equal(raster.read(window, bands), wanted)
    np.testing.assert_array_equal(raster.read(Window(0, 0, *SHAPE)), stored)


def test_what_the_file_says_of_itself_stays(image):
    raster, usual = open_unpacked(image), open_raster(image)
    assert isinstance(raster, UnpackedRaster)
    for name in RasterFile.__dataclass_fields__:
        assert name == "number" or getattr(raster, name) == getattr(usual, name), name
    np.testing.assert_array_equal(raster.sample(40), usual.sample(40))


@pytest.mark.parametrize("whole", [True, False], ids=["unverified", "verified"])
def test_only_an_unverified_file_is_doubted_for_a_line_of_zeros(tmp_path, whole):
    sea = np.full(SHAPE, 7, np.uint16)
    sea[SHAPE[0] // 2] = 0
    sea = np.concatenate([sea, sea, sea], axis=1)  # longer than half a sector of a disk
    path = write(tmp_path / "a.jp2", sea, **LOSSLESS)
    assert open_unpacked(path, whole=whole).doubt == open_raster(path, whole=whole).doubt
    assert bool(open_unpacked(path, whole=whole).doubt) == whole


def test_nobody_finds_the_numbers_on_disk_and_they_go_with_the_raster(image, tmp_path, monkeypatch):
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(unpacked.tempfile, "tempdir", None)  # asked only once per process
    raster = open_unpacked(image)
    assert not list(folder.iterdir())
    file = raster.values.address
    assert Path(os.readlink(file)).parent == folder
    inode = os.stat(file).st_ino
    del raster
    gc.collect()
    assert not os.path.exists(file) or os.stat(file).st_ino != inode


@pytest.mark.parametrize("folder", ["/var/tmp", "/nowhere/at/all"], ids=["a disk", "no such folder"])
def test_large_files_go_to_a_disk_unless_the_user_says_where(monkeypatch, folder):
    monkeypatch.setattr(unpacked, "_ON_DISK", folder)
    monkeypatch.delenv("TMPDIR", raising=False)
    there = os.access(folder, os.W_OK)
    assert unpacked._spool_folder() == (folder if there else unpacked.tempfile.gettempdir())
    monkeypatch.setenv("TMPDIR", "/somewhere")
    assert unpacked._spool_folder() == unpacked.tempfile.gettempdir()


def full(monkeypatch):
    monkeypatch.setattr(unpacked.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))


def refused(monkeypatch):
    monkeypatch.setattr(unpacked.os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError("no space left")))


def lost(monkeypatch):
    """The disk is full, which the helper is the first to find out."""
    monkeypatch.setattr(unpacked.DiskArray, "address", "/dev/full")


@pytest.mark.parametrize("why", [full, refused, lost])
def test_without_room_on_disk_it_is_decoded_at_each_read(image, stored, monkeypatch, why):
    why(monkeypatch)
    raster = open_unpacked(image)
    assert not isinstance(raster, UnpackedRaster)
    np.testing.assert_array_equal(raster.read(Window(3, 5, 100, 90)), stored[:, 3:103, 5:95])


def test_a_file_that_decodes_fast_is_read_as_ever(tmp_path):
    path = write(tmp_path / "a.tif", numbers(2, np.uint16), compress="deflate")
    assert not isinstance(open_unpacked(path), UnpackedRaster)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def last_tile_lost(path: Path) -> None:
    """GDAL's own threads decode it without an error, and leave zeros in place of the tile."""
    path.write_bytes(path.read_bytes()[: int(0.98 * path.stat().st_size)])


def no_image(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:12] + bytes(500))


@pytest.mark.parametrize("harm", [cut_off, last_tile_lost, no_image])
def test_damage_is_told_as_ever(image, harm):
    harm(image)
    with pytest.raises(InputError) as usual:
        open_raster(image)
    with pytest.raises(InputError) as told:
        open_unpacked(image)
    assert str(told.value) == str(usual.value)


def with_a_ship(root: Path) -> Path:
    """The product with a bright hull on its water in all bands."""
    dark, bright = np.full((120, 120), 0.02), np.s_[50:54, 40:60]
    values = {}
    for n, band in enumerate(("B02", "B03", "B04", "B08", "B11")):
        values[band] = dark + 0.002 * np.random.default_rng(n).normal(0, 1, (60, 60)).repeat(2, 0).repeat(2, 1)
        values[band][bright] = 0.25
    return write_safe(root, Recipe(product=L1C), values)


@pytest.mark.parametrize("as_delivered", [lambda root: root, zipped], ids=["folder", "zip"])
def test_a_product_that_is_searched_whole_is_decoded_once_and_tells_the_same(tmp_path, monkeypatch, as_delivered):
    path = as_delivered(with_a_ship(tmp_path))
    usual, _ = detect(open_scene(path))
    monkeypatch.setattr(RasterFile, "read", lambda *_, **__: pytest.fail("decoded once more"))
    table, _ = detect(open_scene(path, all_read=True))
    assert len(table) == 1
    pd.testing.assert_frame_equal(table, usual)


def loose_tile(folder: Path) -> Path:
    """Five bands as ESA delivers them, without a manifest."""
    from affine import Affine

    rng = np.random.default_rng(7)
    folder.mkdir()
    for band, size in (("B02", 10), ("B03", 10), ("B04", 10), ("B08", 10), ("B11", 20)):
        sea = rng.integers(150, 190, (1, 2400 // size, 2400 // size)).astype(np.uint16)
        where = {"crs": "EPSG:32653", "transform": Affine(size, 0, 500000, 0, -size, 4800000)}
        write(folder / f"T52SXX_20240310T020621_{band}_{size}m.jp2", sea, **LOSSLESS, **where)
    return folder


def test_a_scene_that_was_opened_is_decoded_once_for_whoever_searches_it(tmp_path, monkeypatch):
    """With loose bands as a run opens them, the detector's many windows come from disk and hold the same numbers."""
    scene = open_scene(loose_tile(tmp_path / "set") / "T52SXX_20240310T020621_B02_10m.jp2")
    windows = [Window(0, 0, 240, 240), Window(17, 101, 64, 99)]
    plain = [scene.read(window) for window in windows]
    ready = once_decoded(scene)
    monkeypatch.setattr(RasterFile, "read", lambda *_, **__: pytest.fail("decoded once more"))
    for window, wanted in zip(windows, plain, strict=True):
        np.testing.assert_array_equal(ready.read(window).data, wanted.data)
    assert ready.degraded == scene.degraded
    assert once_decoded(ready) is ready


def test_a_file_that_broke_since_it_was_opened_is_refused(image):
    scene = open_scene(image, OpenOptions(sensor=Sensor.OPTICAL, pixel_spacing_m=10.0))
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        once_decoded(scene)
