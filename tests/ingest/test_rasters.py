"""What raster files may do: drivers, side files, sizes, damage."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Geod
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.rasters import MAX_BYTES, MAX_OPEN, open_raster, opened
from pipeline.ingest.watermask import geolocation_of
from pipeline.types import Window

VRT = """<VRTDataset rasterXSize="20" rasterYSize="20">
<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">
<SourceFilename relativetoVRT="0">{secret}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset>
<LineOffset>20</LineOffset></VRTRasterBand></VRTDataset>"""

GRID = Affine(10, 0, 500_000, 0, -10, 4_700_000)


def write(path, data, **profile):
    bands = data if data.ndim == 3 else data[None]
    with rasterio.open(
        path, "w", driver=profile.pop("driver", "GTiff"), count=bands.shape[0], height=bands.shape[1],
        width=bands.shape[2], dtype=bands.dtype.name, **profile,
    ) as out:  # fmt: skip
        out.write(bands)
    return path


def test_a_vrt_under_another_name_reads_nothing(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("x" * 1000)
    image = tmp_path / "scene.tif"
    image.write_text(VRT.format(secret=secret))
    with pytest.raises(InputError, match=r"scene.tif: is no GeoTIFF, PNG, JPEG or JPEG2000"):
        open_raster(image)


def test_side_files_change_nothing(tmp_path):
    """A foreign .aux.xml would set nodata, a .msk would hide pixels, a .tfw would move the image."""
    image = write(tmp_path / "a.tif", np.full((20, 20), 7, np.uint8))
    before = open_raster(image)
    (tmp_path / "a.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>7</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    write(tmp_path / "a.tif.msk", np.zeros((20, 20), np.uint8))
    (tmp_path / "a.tfw").write_text("10\n0\n0\n-10\n500000\n4000000\n")
    (tmp_path / "a.prj").write_text('LOCAL_CS["x"]')
    after = open_raster(image)
    assert (after.nodata, after.transform, after.crs_wkt, after.tags) == (None, None, None, before.tags)
    np.testing.assert_array_equal(after.read(Window(0, 0, 20, 20))[0], 7)


def test_a_sparse_giant_is_refused_by_what_it_declares(tmp_path):
    image = tmp_path / "giant.tif"
    with rasterio.open(
        image, "w", driver="GTiff", width=200_000, height=200_000, count=1, dtype="uint8", SPARSE_OK=True,
        tiled=True, compress="deflate", BIGTIFF="YES",
    ):  # fmt: skip
        pass
    assert image.stat().st_size < MAX_BYTES / 1000
    with pytest.raises(InputError, match="declares 160 GB"):
        open_raster(image)


def test_complex_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="complex64"):
        open_raster(write(tmp_path / "slc.tif", np.zeros((4, 4), np.complex64)))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99], ids=lambda s: f"{s:.0%}")
@pytest.mark.parametrize("compress", [None, "deflate"])
def test_truncated_files_are_refused(tmp_path, share, compress):
    data = np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)
    whole = write(tmp_path / "whole.tif", data, **({"compress": compress} if compress else {}))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    with pytest.raises(InputError, match=r"cut.tif"):
        open_raster(cut).read(Window(0, 0, 200, 200))


def retagged(path: Path, tag: int, value: int) -> None:
    """The file with another number in one entry of its little-endian TIFF directory."""
    content = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", content, 4)[0]
    for n in range(struct.unpack_from("<H", content, first)[0]):
        at = first + 2 + 12 * n
        if struct.unpack_from("<H", content, at)[0] == tag:
            struct.pack_into("<H", content, at + 8, value)
    path.write_bytes(content)


def test_a_compression_that_is_not_built_in_is_named_and_no_damage(tmp_path):
    """Sound files from other programs must not be called damaged."""
    jxl = write(tmp_path / "jxl.tif", np.ones((64, 64), np.uint16), compress="deflate")
    retagged(jxl, 259, 50002)
    with pytest.raises(InputError, match="is packed as JXL, which cannot be decoded here; write it anew"):
        open_raster(jxl)


def test_a_jpeg_of_more_bits_than_gdal_decodes_is_named_and_no_damage(tmp_path):
    jpeg = write(tmp_path / "jpeg.tif", np.full((64, 64), 9, np.uint8), compress="jpeg")
    retagged(jpeg, 258, 12)  # bits
    frame = bytes.fromhex("ffc0000b08")  # frame header of one component; the last byte says 8 bits
    jpeg.write_bytes(jpeg.read_bytes().replace(frame, frame[:-1] + b"\x0c"))
    with suppress(rasterio.errors.RasterioIOError), rasterio.open(jpeg) as image:
        image.read()
        pytest.skip("this GDAL decodes JPEG of 12 bits")
    with pytest.raises(InputError, match="is packed as JPEG of 12 bits, which cannot be decoded here"):
        open_raster(jpeg)


def test_what_is_not_there_or_no_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_raster(tmp_path / "none.tif")
    with pytest.raises(InputError, match="not a regular file"):
        open_raster(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        open_raster(tmp_path / "/vsicurl/http:" / "127.0.0.1" / "x.tif")


def test_a_fault_of_ours_while_a_file_is_open_is_no_damage_of_the_file(tmp_path):
    image = write(tmp_path / "a.tif", np.full((20, 20), 7, np.uint8))
    with pytest.raises(ValueError, match=r"^ours$"), opened(str(image), "a.tif", "GTiff"):
        raise ValueError("ours")
    with pytest.raises(InputError, match=r"a.tif: is damaged"), opened(str(image), "a.tif", "GTiff") as dataset:
        dataset.read(1, out=np.zeros((20, 20), np.uint8), out_shape=(20, 20))  # rasterio's own ValueError


def test_names_of_every_kind_open(tmp_path):
    for name in ("a b.tif", "it's;.tif", "zip!x.tif", "höhe.tif", "{x}.tif", "a\nb.tif"):
        path = write(tmp_path / "plain.tif", np.full((4, 5), 3, np.uint8)).rename(tmp_path / name)
        assert open_raster(path).read(Window(0, 0, 4, 5)).sum() == 60


def test_a_tie_point_on_a_pixel_centre_is_half_a_pixel_from_one_on_a_corner(tmp_path):
    """The same tie point means the pixel's corner (Area) or centre (Point) (GeoTIFF 1.1)."""
    raw = write(tmp_path / "area.tif", np.zeros((4, 4), np.uint8), crs="EPSG:32652", transform=GRID).read_bytes()
    area = struct.pack("<HHHH", 1025, 0, 1, 1)  # key GTRasterType = RasterPixelIsArea
    assert raw.count(area) == 1
    (tmp_path / "point.tif").write_bytes(raw.replace(area, struct.pack("<HHHH", 1025, 0, 1, 2)))
    area_at, point_at = (geolocation_of(open_raster(tmp_path / f"{n}.tif")).lonlat([0], [0]) for n in ("area", "point"))
    apart_m = Geod(ellps="WGS84").inv(area_at[0][0], area_at[1][0], point_at[0][0], point_at[1][0])[2]
    assert apart_m == pytest.approx(5 * np.sqrt(2), rel=1e-3)


def test_the_sample_is_small_and_from_the_image(tmp_path):
    raster = open_raster(write(tmp_path / "a.tif", np.arange(100 * 300, dtype=np.uint16).reshape(100, 300)))
    sample = raster.sample(50)
    assert sample.shape == (1, 16, 50)
    assert np.isin(sample, np.arange(30000)).all()


def test_a_file_that_was_replaced_between_two_reads_is_read_as_it_is_now(tmp_path):
    image = write(tmp_path / "a.tif", np.full((20, 20), 7, np.uint8))
    raster = open_raster(image)
    assert (raster.read(Window(0, 0, 20, 20)) == 7).all()
    write(tmp_path / "b.tif", np.full((20, 20), 8, np.uint8)).replace(image)
    assert (raster.read(Window(0, 0, 20, 20)) == 8).all()
    image.unlink()
    with pytest.raises(InputError, match=r"a.tif: is damaged, or no true GTiff file \(.*No such file"):
        raster.read(Window(0, 0, 20, 20))


def test_a_file_that_is_written_over_at_once_is_another_one(tmp_path):
    """File times advance in steps of some milliseconds, so for a file just written they are not trusted."""
    for value in range(40):
        raster = open_raster(write(tmp_path / "a.tif", np.full((20, 20), value, np.uint8)), whole=False)
        assert (raster.read(Window(0, 0, 20, 20)) == value).all()


def test_a_thread_keeps_few_files_open(tmp_path):
    """A year of scenes must not run out of file descriptors."""
    for n in range(3 * MAX_OPEN):
        raster = open_raster(write(tmp_path / f"kept-{n}.tif", np.full((8, 8), n, np.uint8)))
        assert (raster.read(Window(2, 2, 4, 4)) == n).all()
    opened = [name for fd in Path("/proc/self/fd").iterdir() if "kept-" in (name := os.path.realpath(fd))]
    assert len(opened) <= MAX_OPEN


def test_a_program_that_ends_has_closed_its_files(tmp_path):
    """When the interpreter exits, rasterio can no longer close a file, and from Python 3.13 on it says so."""
    path = write(tmp_path / "a.tif", np.ones((8, 8), np.uint8))
    program = f"""
import atexit
kept = []
atexit.register(lambda: print([dataset.closed for dataset in kept]))  # the first one registered is the last one called
from pathlib import Path
from pipeline.ingest import rasters
from pipeline.types import Window
rasters.open_raster(Path({str(path)!r})).read(Window(0, 0, 8, 8))
kept += rasters._OPEN.files.values()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[True]\n", "")


def test_threads_that_read_one_file_at_once_read_the_same(tmp_path):
    data = np.random.default_rng(3).integers(0, 60_000, (300, 300), dtype=np.uint16)
    raster = open_raster(write(tmp_path / "a.tif", data, compress="deflate", tiled=True, blockxsize=64, blockysize=64))
    windows = [Window(r, c, 90, 70) for r in range(0, 210, 13) for c in range(0, 230, 17)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda w: raster.read(w)[0], windows))
    for window, part in zip(windows, found, strict=True):
        np.testing.assert_array_equal(part, data[window.row0 : window.row1, window.col0 : window.col1])
