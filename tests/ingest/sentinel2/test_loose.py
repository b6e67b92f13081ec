"""Sentinel-2 bands in separate files. Truth: the product that they were taken from, or the written values."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.side_files import side_files
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.scenes import open_scene
from pipeline.ingest.sentinel2.layers import stack_bands
from pipeline.ingest.unchanged import require_unchanged
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.sentinel2.safe_product import L1C, PLACE, SIDE, TILE, Recipe, reflectance, write_safe

WHOLE = Window(0, 0, SIDE, SIDE)
BANDS = ("B02", "B03", "B04", "B08", "B11")
GUESS = "radiometric scale by guess: DN / 10000"


def taken_out(root: Path, folder: Path, name=lambda name: name) -> Path:
    """A product's image files in one folder, as an analyst has them, without pixel masks."""
    folder.mkdir()
    for path in sorted(root.rglob("IMG_DATA/**/*.jp2")):
        shutil.copy(path, folder / name(path.name))
    return folder


def band(path: Path, seed: int = 0, pixel_m: int = 10, values=None, **more) -> Path:
    """One band as a GeoTIFF: reflectance times 10,000, without an offset, unless ``values`` are given."""
    data = np.round(reflectance(seed) * 1e4).astype(np.uint16) if values is None else values
    data = np.atleast_3d(data.T).T[:, :: pixel_m // 10, :: pixel_m // 10]
    at = Affine(pixel_m, 0, PLACE.c, 0, -pixel_m, PLACE.f)
    profile = {"driver": "GTiff", "crs": "EPSG:32653", "transform": at, "dtype": data.dtype, "count": len(data)}
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = more.pop("tags", {})
    scale = more.pop("scale", None)
    with rasterio.open(path, "w", height=data.shape[1], width=data.shape[2], **profile | more) as out:
        out.write(data)
        out.update_tags(**tags)
        if scale is not None:
            out.scales = (scale,)
    return path


@pytest.mark.parametrize("product", [Recipe(), Recipe(product=L1C)], ids=["L2A", "L1C"])
@pytest.mark.parametrize("name", [str, str.lower], ids=["as delivered", "lower case"])
def test_bands_of_a_product_lying_together_are_one_look_as_the_product_is(tmp_path, product, name):
    """Not a look each, of which all but the infrared one are duplicates, nor without the offset of their numbers."""
    root = write_safe(tmp_path, product)
    taken_out(root, tmp_path / "loose", name)
    (scene,), table = open_inputs([tmp_path / "loose"])
    assert list(table["scene_id"]) == [name(TILE)]
    assert (scene.scene_id, scene.bands, scene.sensor) == (name(TILE), BANDS, Sensor.SENTINEL2)
    assert scene.acquired == datetime(2024, 3, 7, 2, 5, 31, tzinfo=UTC)
    whole = open_scene(root).read(WHOLE)
    np.testing.assert_allclose(scene.read(WHOLE).data, whole.data, atol=1e-6)
    assert [doubt.split(",")[0] for doubt in scene.degraded] == [GUESS]


def test_the_product_and_its_bands_beside_it_are_one_look(tmp_path):
    """Their times differ: one is the tile's, the other the start of the pass."""
    taken_out(write_safe(tmp_path), tmp_path / "loose")
    (scene,), table = open_inputs([tmp_path])
    assert scene.source.verified
    assert sorted(table["status"]) == ["duplicate_of", "used"]
    assert "same tile and pass, in another file" in set(table["cause"])


def test_the_folders_of_a_level_2a_tile_without_its_product_are_one_look(tmp_path):
    root = write_safe(tmp_path / "safe")
    shutil.copytree(next(root.rglob("IMG_DATA")), tmp_path / "IMG_DATA")
    (scene,), table = open_inputs([tmp_path / "IMG_DATA"])
    assert (scene.bands, len(table)) == (BANDS, 1)
    assert scene.pixel_spacing_m == pytest.approx((10, 10), rel=1e-3)
    (row,) = table.itertuples()
    assert row.side_files[0].split("  ")[1] == f"../R20m/{TILE}_B11_20m.jp2"


def test_the_other_bands_are_evidence(tmp_path):
    """Each band's file is part of what was seen: it is hashed, and a change in it is noticed."""
    folder = taken_out(write_safe(tmp_path), tmp_path / "loose")
    (scene,), _ = open_inputs([folder])
    assert [one.name for one in scene.source.side_files] == [
        f"{TILE}_{end}.jp2" for end in ("B03_10m", "B04_10m", "B08_10m", "B11_20m")
    ]
    require_unchanged(scene.source)
    other = folder / f"{TILE}_B11_20m.jp2"
    other.write_bytes(other.read_bytes()[:-9] + b"\x00" * 9)
    with pytest.raises(InputError, match="changed while it was read"):
        require_unchanged(scene.source)


def test_two_dates_in_one_folder_are_two_looks_each_of_its_own_bands(tmp_path):
    for day, seed in (("20240307", 0), ("20240310", 5)):
        for n, name in enumerate(("B03", "B08")):
            band(tmp_path / f"T53TKJ_{day}T020531_{name}_10m.tif", seed + n)
    used, table = open_inputs([tmp_path])
    assert [s.acquired.day for s in used] == [7, 10]
    assert [s.bands for s in used] == [("B03", "B08")] * 2
    assert len(table) == 2
    for scene, seed in zip(used, (0, 5), strict=True):
        np.testing.assert_allclose(scene.read(WHOLE).data[1], reflectance(seed + 1), atol=1e-4)


def test_a_band_in_two_pixel_sizes_is_read_from_the_finer(tmp_path):
    for pixel_m in (60, 20, 10):
        band(tmp_path / f"{TILE}_B03_{pixel_m}m.tif", 1, pixel_m)
    band(tmp_path / f"{TILE}_B08_10m.tif", 2)
    (scene,), _ = open_inputs([tmp_path])
    assert scene.bands == ("B03", "B08")
    np.testing.assert_allclose(scene.read(WHOLE).data[0], reflectance(1), atol=1e-4)


def broken(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:400])


def test_a_broken_band_is_left_out_and_said(tmp_path):
    folder = taken_out(write_safe(tmp_path), tmp_path / "loose")
    broken(folder / f"{TILE}_B11_20m.jp2")
    (scene,), table = open_inputs([folder])
    assert scene.bands == ("B02", "B03", "B04", "B08")
    assert len(table) == 1
    assert f"without B11: {TILE}_B11_20m.jp2: is damaged" in table["cause"][0]


def test_where_no_band_can_be_read_the_look_is_one_row_that_says_why(tmp_path):
    folder = taken_out(write_safe(tmp_path, Recipe(bands=("B03", "B08"))), tmp_path / "loose")
    for path in folder.iterdir():
        broken(path)
    used, table = open_inputs([folder])
    assert used == []
    assert table["scene_id"][0] == TILE
    assert "none of its bands can be read" in table["cause"][0]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"transform": Affine(10, 0, PLACE.c + 4, 0, -10, PLACE.f)}, "does not lie on the grid of"),
        ({"crs": "EPSG:32652"}, "does not lie on the grid of"),
        ({"values": np.full((SIDE, SIDE), 0.02, np.float32)}, "holds float32 where"),
        ({"values": np.full((2, SIDE, SIDE), 200, np.uint16)}, "holds 2 bands, not the one in its name"),
        ({"tags": {"TIME_UTC": "2024-03-08T02:05:31Z"}}, "was taken at another time than"),
    ],
    ids=["shifted by 4 m", "another zone", "another type", "two bands", "another time"],
)
def test_a_band_that_does_not_agree_is_left_out_and_said(tmp_path, odd, said):
    for n, name in enumerate(("B02", "B03", "B08")):
        more = odd if name == "B02" else {"tags": {"TIME_UTC": "2024-03-07T02:05:31Z"}}
        band(tmp_path / f"{TILE}_{name}_10m.tif", n, **more)
    (scene,), table = open_inputs([tmp_path])
    assert scene.bands == ("B03", "B08")
    assert f"without B02: {TILE}_B02_10m.tif: {said}" in table["cause"][0]


def test_what_has_a_sidecar_or_is_a_link_stays_an_image_by_itself(tmp_path):
    described = band(tmp_path / f"{TILE}_B02_10m.tif")
    described.with_suffix(".json").write_text('{"sensor": "sentinel-2", "bands": ["B02"]}')
    elsewhere = band(tmp_path / "store" / "x.tif", 7)
    (tmp_path / f"{TILE}_B04_10m.tif").symlink_to(elsewhere)
    band(tmp_path / f"{TILE}_B03_10m.tif", 3)
    band(tmp_path / f"{TILE}_B08_10m.tif", 4)
    _, table = open_inputs([tmp_path])
    assert {tuple(bands) for bands in table["bands"] if bands is not None} >= {("B03", "B08"), ("B02",)}


def test_a_sidecar_by_the_images_name_speaks_for_all_bands(tmp_path):
    for n, name in enumerate(("B03", "B08")):
        band(tmp_path / f"{TILE}_{name}_10m.tif", n)
    (tmp_path / f"{TILE}.json").write_text(
        '{"sun_elevation_deg": 40, "scale": 0.0001, "acquired": "2024-03-07T02:10:29Z"}'
    )
    (scene,), table = open_inputs([tmp_path])
    assert (scene.optical.sun_elevation_deg, scene.acquired.minute) == (40, 10)
    assert scene.degraded == ()
    assert f"{TILE}.json" in "".join(table["side_files"][0])


@pytest.mark.parametrize(
    "name", [f"{TILE}_B08_10m.jp2", f"R10m/{TILE}_B08_10m.jp2", "S2A_53TKJ_20240310_0_L2A/B08.tif"]
)
def test_a_band_that_is_not_there_is_said(tmp_path, name):
    _, table = open_inputs([tmp_path / "gone" / name])
    assert "there is no such file" in table["cause"][0]


def test_one_band_alone_is_what_it_was(tmp_path):
    """If the bands beside it do not show ships, it has nothing to be stacked with."""
    for name in ("B05", "B08", "B8A"):
        band(tmp_path / f"{TILE}_{name}.tif")
    used, table = open_inputs([tmp_path])
    assert len(table) == 3
    assert all(len(scene.bands) == 1 for scene in used)


def test_bands_named_by_the_user_are_those_of_the_one_file(tmp_path):
    path = band(tmp_path / f"{TILE}_B02_10m.tif")
    band(tmp_path / f"{TILE}_B08_10m.tif")
    assert open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2, bands={"B08": 1})).bands == ("B08",)
    assert open_scene(path).bands == ("B02", "B08")
    assert [one.name for one in side_files(path)] == [f"{TILE}_B08_10m.tif"]


FORMS = {
    "Copernicus Browser": ("2024-03-10-00:00_2024-03-10-23:59_Sentinel-2_L2A_{}_(Raw).tiff", BANDS, {}),
    "saved under Windows": ("2024-03-10-00_00_2024-03-10-23_59_Sentinel-2_L2A_{}_(Raw).tiff", BANDS, {}),
    "Earth Search": ("S2A_53TKJ_20240310_0_L2A/{}.tif", BANDS, {}),
    "Earth Search, by colours": ("S2A_53TKJ_20240310_0_L2A/{}.tif", ("blue", "green", "red", "nir", "swir16"), {}),
    "Earth Engine": (
        "20240310T020621_20240310T021030_T53TKJ.{}.tif", ("B2", "B3", "B4", "B8", "B11"), {"minute": 6, "second": 21},
    ),
    "HLS": ("HLS.S30.T53TKJ.2024070T020621.v2.0.{}.tif", BANDS, {"minute": 6, "second": 21}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_in_which_bands_are_downloaded(tmp_path, form):
    """Names as each service gives them, with numbers in its own scale."""
    pattern, names, time = FORMS[form]
    web, hls = "Raw" in pattern, form == "HLS"
    for n, name in enumerate(names):
        values = reflectance(n) if not web else reflectance(n) + 0.2 * (n == 3)  # land, as a port has
        stored = np.round(values * (65535 if web else 1e4)).astype(np.int16 if hls else np.uint16)
        band(tmp_path / pattern.format(name), values=stored, **({"scale": 1e-4, "nodata": -9999} if hls else {}))
    if hls:
        band(tmp_path / pattern.format("Fmask"), values=np.full((SIDE, SIDE), 64, np.uint8))
        band(tmp_path / pattern.format("SZA"), values=np.full((SIDE, SIDE), 4500, np.uint16))
    if "Earth Search" in form:
        for name in ("scl", "visual", "aot", "B8A", "nir08"):
            band(tmp_path / pattern.format(name), values=np.full((SIDE, SIDE), 6, np.uint8))
    (scene,), table = open_inputs([tmp_path])
    assert (len(table), scene.bands, scene.radiometry) == (1, BANDS, Radiometry.REFLECTANCE)
    assert (scene.acquired.date().isoformat(), scene.only_dated) == ("2024-03-10", not time)
    assert all(getattr(scene.acquired, unit) == value for unit, value in time.items())
    np.testing.assert_allclose(scene.read(WHOLE).data[0], reflectance(0), atol=1e-4)


@pytest.mark.parametrize(
    "name", ["LC08_L2SP_107030_20240310_20240316_02_T1_SR_B{}.TIF", "HLS.L30.T53TKJ.2024070T013000.v2.0.B0{}.tif"]
)
def test_bands_of_another_satellite_are_not_stacked(tmp_path, name):
    """Their numbers mean other colours."""
    for n in (2, 3, 5):
        band(tmp_path / name.format(n))
    used, table = open_inputs([tmp_path])
    assert (used, len(table)) == ([], 3)
    assert table["cause"].str.contains("tells its sensor").all()


def test_each_file_keeps_its_own_scale_and_offset(tmp_path):
    layers = {}
    for name, gain, offset in (("B02", 1e-4, -0.1), ("B03", 2e-4, 0.0), ("B04", 3e-4, 0.02)):
        path = band(tmp_path / f"{name}.tif")
        with rasterio.open(path, "r+") as out:
            out.scales, out.offsets = [gain], [offset]
        layers[name] = open_raster(path)
    one = stack_bands(layers, "all", "all")
    assert (one.scales, one.offsets) == ((1e-4, 2e-4, 3e-4), (-0.1, 0.0, 0.02))
