"""What a raster file may and may not do: drivers, side files, sizes, damage."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import rasterio
from pyproj import Geod
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.rasters import MAX_BYTES, open_raster
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


def test_what_is_not_there_or_no_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_raster(tmp_path / "none.tif")
    with pytest.raises(InputError, match="not a regular file"):
        open_raster(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        open_raster(tmp_path / "/vsicurl/http:" / "127.0.0.1" / "x.tif")


def test_names_of_every_kind_open(tmp_path):
    for name in ("a b.tif", "it's;.tif", "zip!x.tif", "höhe.tif", "{x}.tif", "a\nb.tif"):
        path = write(tmp_path / "plain.tif", np.full((4, 5), 3, np.uint8)).rename(tmp_path / name)
        assert open_raster(path).read(Window(0, 0, 4, 5)).sum() == 60


def test_a_tie_point_on_a_pixel_centre_is_half_a_pixel_from_one_on_a_corner(tmp_path):
    """The same tie point in the file means the corner (Area) or the centre (Point) of its pixel (GeoTIFF 1.1)."""
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
