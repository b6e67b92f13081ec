"""Cases A: sound files whose pixels, bands or georeference mean nothing, or not what their names say."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tests.cases.desk import LOOKS, ORIGIN, SHAPE, judged, radar, speckle, stamp
from tests.ingest.sentinel1.safe_product import Recipe, write_safe

WHOLE = Window(0, 0, *SHAPE)
case = pytest.mark.case


def without_tag(path: Path, tag: int) -> None:
    """Rename one tag of a little-endian TIFF's first directory to a private number, so that it is missing."""
    raw = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, at)
    for n in range(count):
        if struct.unpack_from("<H", raw, at + 2 + 12 * n)[0] == tag:
            struct.pack_into("<H", raw, at + 2 + 12 * n, 65_001)
    path.write_bytes(raw)


@case("A-12")
@pytest.mark.parametrize(("tag", "tiled"), [(324, True), (273, False)], ids=["TileOffsets", "StripOffsets"])
def test_missing_offsets(refused, bad, tag, tiled):
    radar(bad, tiled=tiled, **({"blockxsize": 64, "blockysize": 64} if tiled else {}))
    without_tag(bad, tag)
    refused("is damaged")


@case("A-13")
def test_a_type_that_is_no_amplitude(refused, bad, tmp_path, saw):
    radar(bad, np.ones(SHAPE, np.complex64))
    refused("holds complex64; a detected (amplitude or intensity) image is needed")
    with pytest.raises(InputError, match=r"holds 1 x float32; one band of uint16 amplitude is wanted") as caught:
        open_scene(_product_of_floats(tmp_path))
    saw(caught.value)


def _product_of_floats(folder: Path) -> Path:
    from tests.ingest.sentinel1.safe_product import PRODUCT, write_manifest

    root = write_safe(folder)
    tiff = next((root / "measurement").glob("*-vv-*"))
    radar(tiff, np.ones((80, 100), np.float32), tags=False)
    kinds = {"measurement": "s1Level1MeasurementSchema"}
    names = [str(p.relative_to(root)) for p in sorted(root.rglob("*")) if p.is_file() and p.name != "manifest.safe"]
    write_manifest(root, [(n, kinds.get(n.split("/")[0], "other")) for n in names], "2024-03-07T10:00:00")
    assert root.name == f"{PRODUCT}.SAFE"
    return root


@case("A-14")
def test_an_image_of_nothing_is_no_look(desk, bad, saw):
    radar(bad, np.full(SHAPE, np.nan, np.float32))
    _, row = judged(desk, bad)
    assert row["status"] == "degraded"
    assert row["aoi_coverage"] == 0
    for image in desk.images.glob("look_*"):
        image.unlink()
    outcome = desk.run()
    looks = pd.read_parquet(outcome.folder / "looks.parquet")
    assert set(looks["state"]) <= {"unknown"}
    saw(f"degraded, coverage 0, every zone unknown: {row['cause']}")


@case("A-15")
def test_an_image_that_is_mostly_empty(desk, bad, saw):
    data = speckle()
    data[: int(0.6 * SHAPE[0])] = np.nan
    radar(bad, data)
    _, row = judged(desk, bad)
    assert row["status"] == "degraded"
    assert row["aoi_coverage"] == pytest.approx(0.4, abs=0.02)
    saw(f"coverage {row['aoi_coverage']:.2f}: {row['cause']}")


@case("A-16")
def test_numbers_that_are_none(desk, capwatch, bad, saw):
    data = speckle()
    data[10:14, 10:60], data[20:24, 10:60], data[30:34, 10:60] = np.nan, np.inf, -np.inf
    radar(bad, data)
    tile = open_scene(bad).read(WHOLE)
    assert not tile.valid[10:14, 10:60].any()
    assert not tile.valid[20:24, 10:60].any()
    assert np.isfinite(tile.data[:, tile.valid]).all()
    done = capwatch("detect", bad, "-o", desk.root / "bad.csv", "--quiet")
    assert done.code in (0, 3)
    table = pd.read_csv(desk.root / "bad.csv")
    assert table["accepted"].sum() == 1
    numbers = table[["row", "col", "lon", "lat", "length_m", "beam_m", "score"]].to_numpy(float)
    assert np.isfinite(numbers).all()
    saw("masked; the ship is found, every number finite")


@case("A-16")
@pytest.mark.parametrize("value", [1e305, -1e305, 1e39, 3e38])
@pytest.mark.parametrize("sensor", ["sentinel-1", "optical"])
def test_numbers_too_large_to_mean_anything(bad, value, sensor, saw):
    """They are masked as infinity is; squares and scales of them overflowed with a warning that named no file."""
    data = speckle().astype("float64")
    data[10:14, 10:60] = value
    tile = open_scene(radar(bad, data, tags=False), OpenOptions(sensor=Sensor(sensor), pixel_spacing_m=10.0)).read(
        WHOLE
    )
    assert tile.valid.mean() == pytest.approx(1 - 200 / data.size)
    assert np.isfinite(tile.data[:, tile.valid]).all()
    data[:] = value
    radar(bad, data, tags=False)
    row = open_inputs([bad], OpenOptions(sensor=Sensor(sensor), pixel_spacing_m=10.0))[1].iloc[0]
    assert row["status"] in ("degraded", "skipped")
    saw(row["cause"])


@case("C-19")
@pytest.mark.parametrize(
    ("grid", "cause"),
    [
        ((1e308, 0, ORIGIN[0], 0, -1e308, ORIGIN[1]), "does not lie on Earth"),
        ((10, 10, ORIGIN[0], 10, 10, ORIGIN[1]), "gives it no area: all its pixels lie on a line"),
        ((0, 0, ORIGIN[0], 0, 0, ORIGIN[1]), "does not lie on Earth"),
    ],
    ids=["infinite", "singular", "a point"],
)
def test_a_georeference_that_is_void(desk, bad, grid, cause, saw):
    """Of one that holds no area it was said that the image shows nothing of the AOI: a fault, taken for a place."""
    radar(bad, transform=Affine(*grid))
    _, row = judged(desk, bad)
    assert (row["status"], row["cause"]) == ("skipped", f"its georeference {cause}")
    saw(row["cause"])


@case("A-17")
def test_power_of_zero_or_less(desk, bad, saw):
    data = speckle()
    data[100:116], data[116:124] = -0.01, 0.0
    radar(bad, data)
    tile = open_scene(bad).read(WHOLE)
    assert not tile.valid[100:124].any()
    _, row = judged(desk, bad)
    assert row["aoi_coverage"] == pytest.approx(1 - 24 / (SHAPE[0] - 9), abs=0.02)
    saw(f"masked, and not seen: coverage {row['aoi_coverage']:.2f}")


@case("A-18")
def test_polarisations_of_different_size(tmp_path, saw):
    root = write_safe(tmp_path, Recipe(dn={"VH": np.full((80, 90), 100, np.uint16)}))
    _, table = open_inputs([root])
    assert table["status"].iloc[0] == "skipped"
    assert "its annotation says (80, 100)" in table["cause"].iloc[0]
    saw(f"skipped: {table['cause'].iloc[0]}")


def _single_polarisation(folder: Path) -> Path:
    from tests.ingest.sentinel1.safe_product import write_manifest

    root = write_safe(folder, Recipe(product=Recipe().product.replace("1SDV", "1SSV")))
    for path in list(root.rglob("*-vh-*")):
        path.unlink()
    kinds = {"measurement": "s1Level1MeasurementSchema"}
    names = [str(p.relative_to(root)) for p in sorted(root.rglob("*")) if p.is_file() and p.name != "manifest.safe"]
    write_manifest(root, [(n, kinds.get(n.split("/")[0], "other")) for n in names], "2024-03-07T10:00:00")
    return root


@case("A-19")
def test_one_polarisation_alone(tmp_path, saw):
    used, table = open_inputs([_single_polarisation(tmp_path)])
    assert used[0].bands == ("VV",)
    assert table["status"].iloc[0] == "degraded"
    assert "single polarisation: VV" in table["cause"].iloc[0]
    saw(f"degraded: {table['cause'].iloc[0]}")


@case("A-20")
def test_horizontal_polarisation(desk, capwatch, saw):
    image = desk.images / f"polar_{stamp(LOOKS[0])}.tif"
    radar(image, np.stack([speckle(3), speckle(4, ship=False) / 5]))
    with rasterio.open(image, "r+") as out:
        out.descriptions = ("HH", "HV")
    assert open_scene(image).bands == ("HH", "HV")
    done = capwatch("detect", image, "-o", desk.root / "t.csv", "--quiet")
    assert done.code in (0, 3)
    assert pd.read_csv(desk.root / "t.csv")["accepted"].sum() == 1
    saw("read as HH and HV; the ship is found")


@case("A-21")
def test_swapped_polarisations(tmp_path, saw):
    root = write_safe(tmp_path)
    annotation = next((root / "annotation").glob("*-vv-*.xml"))
    annotation.write_text(annotation.read_text().replace("<polarisation>VV", "<polarisation>VH"))
    manifest = (root / "manifest.safe").read_text()
    import re

    (root / "manifest.safe").write_text(re.sub(r"<checksum.*?</checksum>", "", manifest))
    _, table = open_inputs([root])
    assert table["status"].iloc[0] == "skipped"
    assert "its annotation says VH, its name does not" in table["cause"].iloc[0]
    saw(f"skipped: {table['cause'].iloc[0]}")
