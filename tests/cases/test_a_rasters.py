"""Cases A: raster files that are damaged, foreign or huge. One bad file costs one line; the good one beside it none."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.scenes import open_scene
from pipeline.types import Window
from tests.cases.desk import ORIGIN, SHAPE, judged, radar

WHOLE = Window(0, 0, *SHAPE)
case = pytest.mark.case


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
