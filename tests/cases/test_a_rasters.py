"""Cases A: raster files. One bad file costs one line; the good one beside it is read as if it were alone."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.place import load_place
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tests.cases.desk import LOOKS, ORIGIN, SHAPE, radar, speckle, stamp
from tests.ingest.sentinel1.safe_product import Recipe, write_safe

WHOLE = Window(0, 0, *SHAPE)
NAME = f"bad_vv_{stamp(LOOKS[0])}.tif"
case = pytest.mark.case


@pytest.fixture
def bad(desk) -> Path:
    """Where the bad image goes: beside the good ones."""
    return desk.images / NAME


@pytest.fixture
def refused(capwatch, desk, bad, saw):
    """The bad image is refused for this cause, by the command and by a run's inputs; nothing else is lost."""

    def check(cause: str, image: Path = bad) -> str:
        good = sorted(p for p in desk.images.glob("look_*.tif"))
        done = capwatch("detect", image, *good, "--sensor", "sentinel-1", "-o", f"{desk.root}/out/", "--quiet")
        assert done.code == 3
        line = done.error(image.name.encode("unicode_escape").decode() if "\n" in image.name else image.name)
        assert cause in line, line
        assert line.endswith("(image skipped, no table written)")
        assert sorted(p.name for p in (desk.root / "out").iterdir()) == [f"{p.stem}.csv" for p in good]
        used, table = open_inputs([desk.images, image])
        assert [s.scene_id for s in used] == [p.stem for p in good]
        row = table[~table["scene_id"].isin([p.stem for p in good])].iloc[0]
        assert row["status"] == "skipped"
        assert cause in row["cause"]
        saw(line)
        return line

    return check


def judged(desk, image):
    """The row that a run's scenes table has for one image."""
    config = desk.config()
    place = load_place(config.aoi, desk.root)
    used, table = open_inputs([image], OpenOptions(), place, config.period.start, config.period.end)
    return used, table.iloc[0]


@case("A-01")
def test_an_empty_file(refused, bad):
    bad.touch()
    refused("is empty (0 bytes)")


@case("A-02")
@pytest.mark.parametrize("share", [0.01, 0.08, 0.5, 0.99], ids="{:.0%}".format)
@pytest.mark.parametrize("compress", [None, "deflate"], ids=["plain", "deflate"])
def test_a_truncated_file(refused, bad, tmp_path, share, compress):
    whole = radar(tmp_path / "whole.tif", compress=compress).read_bytes()
    bad.write_bytes(whole[: int(len(whole) * share)])
    refused("is damaged")


@case("A-03")
def test_a_flipped_byte_against_a_known_checksum(refused, bad):
    radar(bad, sidecar=True)
    raw = bytearray(bad.read_bytes())
    raw[len(raw) // 2] ^= 4
    bad.write_bytes(raw)
    refused("differs from the SHA-256 in its sidecar")


@case("A-04")
def test_an_image_without_any_checksum_is_counted_as_unverified(desk, saw):
    for image in desk.images.glob("*.tif"):
        image.with_suffix(".json").unlink()
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet")
    assert list(scenes["verified"]) == [False, False]
    assert set(scenes["status"]) <= {"used", "degraded"}
    page = (outcome.folder / "report.html").read_text()
    assert "2 of 2 images carry no checksum" in page
    saw("used; the report says: 2 of 2 images carry no checksum that could be compared: unverified")


@case("A-05")
def test_a_lost_sector_is_told_by_its_checksum_or_by_its_zeros(refused, desk, bad, saw):
    radar(bad, sidecar=True)
    raw = bytearray(bad.read_bytes())
    raw[40_960:41_472] = bytes(512)
    bad.write_bytes(raw)
    refused("differs from the SHA-256 in its sidecar")
    bad.with_suffix(".json").unlink()
    _, row = judged(desk, bad)
    assert row["status"] == "degraded"
    assert "zeros in a row" in row["cause"]
    saw(f"without a checksum: degraded, {row['cause']}")


VRT = """<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1" {kind}>
<SimpleSource><SourceFilename relativetoVRT="0">{source}</SourceFilename></SimpleSource>
<SourceFilename relativetoVRT="0">{source}</SourceFilename></VRTRasterBand></VRTDataset>"""


@case("A-06")
def test_a_vrt_by_another_name(refused, bad, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("s" * 1000)
    bad.write_text(VRT.format(kind='subClass="VRTRawRasterBand"', source=secret))
    refused("is no GeoTIFF, PNG, JPEG or JPEG2000 file")


@case("A-07")
def test_a_vrt_asks_no_server(refused, bad, listener):
    bad.write_text(VRT.format(kind="", source=f"/vsicurl/http://127.0.0.1:{listener.port}/x.tif"))
    refused("is no GeoTIFF")
    bad.write_bytes(b"II*\0" + bad.read_bytes())  # as a TIFF by its first bytes
    refused("is damaged")
    assert listener.requests == 0


@case("A-08")
def test_foreign_side_files(desk, saw):
    image = next(desk.images.glob("look_*.tif"))
    before = open_scene(image).read(WHOLE)
    Path(f"{image}.aux.xml").write_text(
        '<PAMDataset><Metadata><MDI key="SCALING">db</MDI></Metadata>'
        '<PAMRasterBand band="1"><NoDataValue>1</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    radar(Path(f"{image}.msk"), np.zeros(SHAPE, np.uint8))
    radar(Path(f"{image}.ovr"), np.zeros((80, 80), np.float32))
    image.with_suffix(".tfw").write_text("10\n0\n0\n-10\n1\n1\n")
    after = open_scene(image)
    np.testing.assert_array_equal(after.read(WHOLE).data, before.data)
    np.testing.assert_array_equal(after.read(WHOLE).valid, before.valid)
    assert after.geolocation.transform[2] == ORIGIN[0]
    used, _ = open_inputs([desk.images])
    assert len(used) == 2
    saw("same pixels, same place")


@case("A-09")
def test_a_giant_that_is_not_there(refused, bad):
    with rasterio.open(
        bad, "w", driver="GTiff", width=200_000, height=200_000, count=1, dtype="uint8", SPARSE_OK=True,
        tiled=True, compress="deflate", BIGTIFF="YES",
    ):  # fmt: skip
        pass
    refused("declares 160 GB of pixels (limit 40 GB)")


@case("A-10")
def test_a_bomb_of_one_tile(refused, bad):
    side = 16_384
    with rasterio.open(
        bad, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", tiled=True, blockxsize=side,
        blockysize=side, compress="deflate",
    ) as out:  # fmt: skip
        out.write(np.ones((1, side, side), np.uint8))
    assert bad.stat().st_size < side * side / 500
    refused("unpacks")


@case("A-11")
def test_a_corrupted_lzw_stream(refused, bad):
    radar(bad, compress="lzw")
    raw = bytearray(bad.read_bytes())
    raw[3000:3400] = b"\xff" * 400
    bad.write_bytes(raw)
    refused("is damaged")


@case("A-11")
def test_the_cause_of_a_damage_is_the_same_in_every_run(bad):
    """GDAL unpacks tiles in files of its own, with a number that goes up, and names them in what it says."""
    radar(bad, np.random.default_rng(0).integers(1, 60_000, (512, 512)).astype("uint16"), compress="lzw", tiled=True)
    raw = bytearray(bad.read_bytes())
    for at in range(3000, len(raw) - 400, len(raw) // 12):
        raw[at : at + 400] = b"\xff" * 400
    bad.write_bytes(raw)
    causes = [open_inputs([bad])[1].loc[0, "cause"] for _ in range(3)]
    assert set(causes) == {"is damaged, or no true GTiff file (Using code not yet in table)"}


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
    assert tile.valid.mean() == pytest.approx(1 if value == 3e38 else 1 - 200 / data.size)
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


def big_tiff(path: Path, value: int) -> int:
    """A BigTIFF of 64 x 64 bytes whose only strip lies beyond 4 GiB; a sparse file. Returns its size."""
    strip_at = 2**32 + 4096
    entries = [
        (256, 3, 64), (257, 3, 64), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 16, strip_at), (277, 3, 1),
        (278, 3, 64), (279, 16, 64 * 64),
    ]  # fmt: skip
    head = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + struct.pack("<Q", len(entries))
    body = b"".join(struct.pack("<HHQQ", tag, kind, 1, number) for tag, kind, number in entries)
    with path.open("wb") as file:
        file.write(head + body + struct.pack("<Q", 0))
        file.seek(strip_at)
        file.write(bytes([value]) * 64 * 64)
    return path.stat().st_size


@case("A-22")
def test_a_tiff_beyond_four_gigabytes(tmp_path, saw):
    path = tmp_path / "big.tif"
    assert big_tiff(path, 7) > 2**32
    assert (open_raster(path).read(Window(60, 60, 4, 4)) == 7).all()
    saw("read")


@case("A-23")
@pytest.mark.parametrize(
    "name",
    [b"a b.tif", b"it's;rm.tif", b"two\nlines.tif", b"caf\xe9_\xff.tif"],
    ids=["space", "quote", "line", "latin"],
)
def test_names_of_every_kind(desk, tmp_path, name, saw):
    image = Path(os.fsdecode(os.fsencode(desk.images) + b"/" + name))
    try:
        shutil.copy(next(desk.images.glob("look_*.tif")), image)
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    command = [sys.executable, "-m", "pipeline.cli", "detect", os.fsencode(image), "--sensor", "sentinel-1"]
    done = subprocess.run([*command, "-o", tmp_path / "t.csv", "--quiet"], capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "backslashreplace")
    assert "Traceback" not in said
    assert (done.returncode in (0, 3) and (tmp_path / "t.csv").is_file()) or said.startswith("error: ")
    assert all(line.isprintable() for line in said.splitlines())
    saw(f"exit {done.returncode}" + (f": {said.splitlines()[0]}" if said else ""))


@case("A-23")
def test_a_run_goes_on_without_what_it_cannot_name(desk, capwatch, saw):
    """Images whose name no table can hold are told and left out; AIS is read, and named with escapes. Outputs too."""
    images = os.fsencode(desk.images)
    odd = Path(os.fsdecode(images + b"/caf\xe9_vv_20240308T060000.tif"))
    below = Path(os.fsdecode(images + b"/d\xff/look_vv_20240308T070000.tif"))
    told = Path(os.fsdecode(os.fsencode(desk.root) + b"/ais_\xe9.csv"))
    try:
        below.parent.mkdir()
        for copy in (odd, below):
            shutil.copy(next(desk.images.glob("look_*.tif")), copy)
        shutil.copy(desk.ais, told)
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    done = capwatch(*desk.words, "--dry-run", "--ais", told)
    assert done.code == 0
    assert "caf\\udce9_vv_20240308T060000.tif, 0.1 MB: has a name that is not UTF-8" in done.out
    done = capwatch(*desk.words, "--ais", told)
    assert done.code == 3
    cause = "has a name that is not UTF-8 (rename it, or the folder that it lies in) (scene skipped)"
    assert all(cause in done.error(name) for name in ("caf\\udce9_vv", "d\\udcff/look_vv"))
    saw(done.error("caf").replace(str(desk.root), ""))
    folder = next(desk.runs.glob("pier/*/manifest.json")).parent
    scenes = pd.read_parquet(folder / "scenes.parquet")
    assert list(scenes["status"]) == ["used", "used", "skipped", "skipped"]
    assert scenes["sha256"].str.len().eq(64).all()
    assert len(pd.read_csv(folder / "calls.csv")) == 1
    assert capwatch("verify", folder).code == 0
    named = Path(os.fsdecode(b"out_\xe9"))
    assert "is not UTF-8; choose another" in capwatch(*desk.words[:2], "--out", desk.root / named, "--quiet").error()
    given = ("account", folder / "liftings.parquet", "--cap", desk.root / "cap.yaml", "--quiet")
    done = capwatch(*given, "-o", desk.root / named.with_suffix(".parquet"))
    assert (done.code, "is not UTF-8; choose another" in done.error()) == (2, True)


@case("A-23")
def test_an_image_below_a_folder_that_cannot_be_named(tmp_path, monkeypatch):
    """Its own name is fine, and GDAL is given the whole: the image was called damaged."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff"))
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    radar(tmp_path / "look.tif").rename(folder / "look.tif")
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=r"^look\.tif: has a name that is not UTF-8 \(rename it, or the folder"):
        open_raster(Path("look.tif"))


@case("A-24")
def test_a_link_out_of_the_folder(desk, bad, tmp_path, saw):
    outside = radar(tmp_path / "outside.tif")
    bad.symlink_to(outside)
    used, table = open_inputs([desk.images])
    assert len(used) == 2
    row = table[table["scene_id"] == bad.name].iloc[0]
    assert "link that leads out of the folder (refused)" in row["cause"]
    assert row["sha256"] == ""
    used, _ = open_inputs([bad])  # named by the user, so allowed
    assert len(used) == 1
    saw(f"skipped: {row['cause']}")
