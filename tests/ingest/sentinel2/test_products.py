"""Sentinel-2 products as delivered. Truth: the written reflectance, time, sun and place."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.sentinel2.safe_product import L1C, L2A, PLACE, SIDE, Recipe, reflectance, write_safe, zipped

WHOLE = Window(0, 0, SIDE, SIDE)
HALF_STEP = 0.6e-4  # reflectance: half a step, and rounding


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(product=L1C),
        Recipe(product=L1C.replace("N0510", "N0209"), offset_dn=None),
        Recipe(quantification=20_000, offset_dn=-500),
        Recipe(checksum="MD5"),
    ],
    ids=["L2A", "L1C", "before 04.00", "other numbers", "MD5"],
)
def test_a_product_gives_the_reflectance_that_was_written(tmp_path, recipe):
    """20 m bands are repeated; true colour, classes and masks beside them are not bands."""
    scene = open_scene(write_safe(tmp_path, recipe))
    assert scene.bands == ("B02", "B03", "B04", "B08", "B11")
    assert (scene.sensor, scene.radiometry, scene.platform) == (Sensor.SENTINEL2, Radiometry.REFLECTANCE, "sentinel-2a")
    tile = scene.read(WHOLE)
    for n, band in enumerate(tile.data):
        np.testing.assert_allclose(band, reflectance(n), atol=HALF_STEP)
    assert tile.valid.all()
    assert scene.degraded == ()
    assert scene.source.verified


def test_an_early_l2a_product_gives_the_reflectance_that_was_written(tmp_path):
    """Before baseline 02.07, in 2017 and 2018, L2A's additional fields have L2A in their names, as do the files."""
    old = Recipe(product=L2A.replace("N0510", "N0206"), offset_dn=None, manifest=False)
    root = write_safe(tmp_path, old)
    path = root / "MTD_MSIL2A.xml"
    text = path.read_text().replace("PRODUCT_URI", "PRODUCT_URI_2A").replace("BOA_QUANT", "L2A_BOA_QUANT")
    path.write_text(re.sub("(</?)Product_I", r"\1L2A_Product_I", text))
    for band in list(root.rglob("*.jp2")):
        band.rename(band.with_name(f"L2A_{band.name}"))
    root = root.rename(tmp_path / "renamed")
    scene = open_scene(root)
    assert scene.product_id == old.product
    for n, band in enumerate(scene.read(WHOLE).data):
        np.testing.assert_allclose(band, reflectance(n), atol=HALF_STEP)


def test_time_sun_and_place_are_the_products(tmp_path):
    scene = open_scene(write_safe(tmp_path))
    assert scene.acquired == datetime(2024, 3, 7, 2, 10, 29, 24_000, tzinfo=UTC)
    assert scene.optical.sun_elevation_deg == pytest.approx(39.5)
    assert scene.optical.sun_azimuth_deg == pytest.approx(158.25)
    assert scene.product_id == L2A
    assert tuple(scene.grid.affine)[:6] == tuple(PLACE)[:6]
    assert scene.pixel_spacing_m == pytest.approx((10, 10), rel=1e-3)


@pytest.mark.parametrize("window", [Window(1, 3, 7, 5), Window(0, 0, 1, 1), Window(SIDE - 3, 11, 3, SIDE - 11)])
def test_a_window_is_a_part_of_the_whole(tmp_path, window):
    scene = open_scene(write_safe(tmp_path))
    part = np.s_[:, window.row0 : window.row1, window.col0 : window.col1]
    np.testing.assert_array_equal(scene.read(window).data, scene.read(WHOLE).data[part])


def test_a_zip_is_the_folder(tmp_path):
    root = write_safe(tmp_path)
    folder, packed = open_scene(root), open_scene(zipped(root))
    assert folder.source.sha256 == packed.source.sha256
    np.testing.assert_array_equal(folder.read(WHOLE).data, packed.read(WHOLE).data)
    _, table = open_inputs([tmp_path])
    assert sorted(table["status"]) == ["duplicate_of", "used"]


def test_a_pixel_without_data_is_none_in_any_band(tmp_path):
    values = {band: reflectance(n) for n, band in enumerate(("B02", "B08", "B11"))}
    for band in values.values():
        band[:20] = -0.1  # a zero with the offset of 1,000, as products mark missing pixels
    scene = open_scene(write_safe(tmp_path, values=values))
    valid = scene.read(WHOLE).valid
    assert not valid[:20].any()
    assert valid[20:].all()


def test_both_levels_of_a_pass_are_one_look(tmp_path):
    write_safe(tmp_path)
    write_safe(tmp_path, Recipe(product=L1C))
    used, table = open_inputs([tmp_path])
    assert [scene.product_id for scene in used] == [L2A]
    assert table.set_index("scene_id").loc[L1C, "cause"] == "same product, at another level of processing"


def test_a_product_without_a_manifest_is_unverified_and_read(tmp_path):
    scene = open_scene(write_safe(tmp_path, Recipe(manifest=False)))
    assert scene.degraded == ("the manifest holds no checksum of the measurements: unverified",)
    assert not scene.source.verified


@pytest.mark.parametrize("product", [L1C, L2A])
def test_a_zip_without_a_manifest_is_the_folder_without_one(tmp_path, product):
    root = write_safe(tmp_path, Recipe(product=product, manifest=False))
    folder, packed = open_scene(root), open_scene(zipped(root))
    assert (folder.source.sha256, folder.product_id) == (packed.source.sha256, packed.product_id)
    assert folder.degraded == packed.degraded
    np.testing.assert_array_equal(folder.read(WHOLE).data, packed.read(WHOLE).data)


def test_a_folder_that_was_renamed_is_known_by_its_metadata(tmp_path):
    root = write_safe(tmp_path, Recipe(manifest=False))
    root.rename(tmp_path / "port, March")
    used, table = open_inputs([tmp_path])
    assert [scene.product_id for scene in used] == [L2A]
    assert len(table) == 1


def test_a_band_that_was_not_copied_is_told(tmp_path):
    root = write_safe(tmp_path)
    next(root.rglob("*_B11_20m.jp2")).unlink()
    scene = open_scene(root)
    assert scene.bands == ("B02", "B03", "B04", "B08")
    assert scene.degraded == ("without B11: listed in manifest.safe, but missing",)


def test_a_band_whose_finest_file_was_not_copied_is_told(tmp_path):
    """For example if only the 20 m folder was kept: the image is not the one that was delivered."""
    root = write_safe(tmp_path)
    next(root.rglob("*_B04_10m.jp2")).unlink()
    scene = open_scene(root)
    assert scene.bands == ("B02", "B03", "B04", "B08", "B11")
    assert scene.degraded == ("B04 in coarser pixels: the finest are listed in manifest.safe, but missing",)
    shutil.rmtree(next(root.rglob("R10m")))
    scene = open_scene(root)
    assert scene.pixel_spacing_m == pytest.approx((20, 20), rel=1e-3)
    assert "; ".join(scene.degraded) == (
        "without B08: listed in manifest.safe, but missing; "
        "B02, B03, B04 in coarser pixels: the finest are listed in manifest.safe, but missing"
    )


def test_a_band_that_was_altered_is_refused(tmp_path):
    root = write_safe(tmp_path)
    path = next(root.rglob("*_B08_10m.jp2"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InputError, match=r"B08_10m.jp2: SHA3-256 differs from manifest.safe"):
        open_scene(root)


def _no_metadata(root):
    (root / "MTD_MSIL2A.xml").unlink()


def _no_scale(root):
    path = root / "MTD_MSIL2A.xml"
    path.write_text(path.read_text().replace("QUANTIFICATION", "QUALIFICATION"))


def _two_tiles(root):
    tile = next(root.glob("GRANULE/*"))
    shutil.copytree(tile, tile.with_name("L2A_T53TLJ"))


def _no_time(root):
    path = next(root.glob("GRANULE/*/MTD_TL.xml"))
    path.write_text(path.read_text().replace("SENSING_TIME", "TIME"))


def _no_bands(root):
    shutil.rmtree(next(root.glob("GRANULE/*/IMG_DATA")))


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (_no_metadata, "has no MTD_MSIL1C.xml or MTD_MSIL2A.xml"),
        (_no_scale, "has no BOA_QUANTIFICATION_VALUE"),
        (_two_tiles, "holds 2 tiles"),
        (_no_time, "has no SENSING_TIME"),
        (_no_bands, "holds none of the bands"),
    ],
)
def test_a_product_that_cannot_be_read_says_why(tmp_path, spoil, cause):
    root = write_safe(tmp_path)
    spoil(root)
    with pytest.raises(InputError, match=cause):
        open_scene(root)


def test_a_band_on_another_grid_is_refused(tmp_path):
    """For example another tile's file put into the folder."""
    values = {"B03": reflectance(0), "B08": reflectance(1, side=SIDE - 20)}
    with pytest.raises(InputError, match="does not lie on the grid of"):
        open_scene(write_safe(tmp_path, values=values))


def test_another_sensor_that_is_asked_for_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is a Sentinel-2 product; --sensor says sentinel-1"):
        open_scene(write_safe(tmp_path), OpenOptions(sensor=Sensor.SENTINEL1))
