"""Pictures with a world file. Truth: rasterio with the same pixels in a GeoTIFF on that map grid."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.errors import InputError
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.metadata.side_files import side_files
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor
from tests.ingest.test_rasters import write

SYSTEM = "EPSG:32653"
TURNED = Affine(9.8, 1.9, 338_000, 1.9, -9.8, 4_736_000)
OPTIONS = OpenOptions(sensor=Sensor.SENTINEL1)
SHAPE = (40, 50)
ESRI = (
    'PROJCS["WGS_1984_UTM_Zone_53N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,'
    '298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",135.0],'
    'PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def pixels():
    return np.random.default_rng(0).integers(1, 255, (1, *SHAPE), np.uint8)


def picture(folder, ending="png", world="pgw"):
    """A picture and its world file, whose origin is the centre of the first pixel."""
    image = write(folder / f"a.{ending}", pixels(), driver={"png": "PNG", "jpg": "JPEG", "tif": "GTiff"}[ending])
    for left_over in folder.glob("*.aux.xml"):
        left_over.unlink()
    t = TURNED
    x, y = t @ (0.5, 0.5)
    (folder / f"a.{world}").write_text("\n".join(map(str, (t.a, t.d, t.b, t.e, x, y))) + "\n")
    return image


def by_prj(folder):
    (folder / "a.prj").write_text(ESRI)


def by_aux_xml(folder):
    wkt = rasterio.crs.CRS.from_string(SYSTEM).to_wkt()
    (folder / "a.png.aux.xml").write_text(f"<PAMDataset><SRS>{wkt.replace('<', '&lt;')}</SRS></PAMDataset>")


def by_sidecar(folder):
    (folder / "a.json").write_text(json.dumps({"crs": SYSTEM, "sensor": "sentinel-1"}))


@pytest.mark.parametrize("name_system", [by_prj, by_aux_xml, by_sidecar])
def test_a_world_file_places_a_picture_as_a_geotiff_with_its_grid(tmp_path, name_system):
    image = picture(tmp_path)
    name_system(tmp_path)
    scene = open_scene(image, OPTIONS)
    (tmp_path / "same").mkdir()
    same = open_scene(write(tmp_path / "same" / "a.tif", pixels(), crs=SYSTEM, transform=TURNED), OPTIONS)
    for row, col in ((0, 0), (39, 49), (13, 7)):
        there, truth = (s.geolocation.lonlat(row, col) for s in (scene, same))
        np.testing.assert_allclose(there, truth, rtol=0, atol=1e-9)
    assert scene.pixel_spacing_m == pytest.approx(same.pixel_spacing_m)
    assert tuple(scene.grid.affine) == pytest.approx(tuple(same.grid.affine))


@pytest.mark.parametrize(
    ("ending", "world"), [("png", "PGW"), ("png", "pngw"), ("png", "wld"), ("jpg", "jgw"), ("tif", "tfw")]
)
def test_world_files_have_many_names(tmp_path, ending, world):
    image = picture(tmp_path, ending, world)
    by_prj(tmp_path)
    assert open_scene(image, OPTIONS).grid.crs.epsg == 32653
    assert {one.name for one in side_files(image)} == {"a.prj", f"a.{world}"}


def test_without_a_coordinate_system_it_is_not_used_and_that_is_said(tmp_path):
    image = picture(tmp_path)
    with pytest.raises(InputError, match=r"its world file names no coordinate system.*\"crs\".*into a.json"):
        open_scene(image, OPTIONS)
    scene = open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0))
    assert scene.geolocation is None
    assert any("names no coordinate system" in doubt for doubt in scene.degraded)
    assert side_files(image) == ()


def test_the_images_own_place_goes_before_it(tmp_path):
    elsewhere = Affine(10, 0, 500_000, 0, -10, 4_000_000)
    picture(tmp_path, "tif", "tfw")
    image = write(tmp_path / "a.tif", pixels(), crs=SYSTEM, transform=elsewhere)
    by_prj(tmp_path)
    assert open_scene(image, OPTIONS).geolocation.transform == tuple(elsewhere)[:6]


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("a.pgw", "10\n0\n0\n-10\n338005\n", "a.pgw: is no world file: six numbers"),
        ("a.pgw", "10\n0\n0\n-10\nnan\n4736000\n", "a.pgw: is no world file: its numbers"),
        ("a.pgw", "0\n0\n0\n-10\n338005\n4735995\n", "a.pgw: is no world file: its numbers"),
        ("a.prj", "UTM 53 N", "a.prj: names no coordinate system"),
    ],
)
def test_what_is_no_world_file_is_refused_by_name(tmp_path, name, text, cause):
    image = picture(tmp_path)
    by_prj(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=cause):
        open_scene(image, OPTIONS)


def test_two_coordinate_systems_are_refused(tmp_path):
    image = picture(tmp_path)
    by_prj(tmp_path)
    (tmp_path / "a.json").write_text('{"crs": "EPSG:32654", "sensor": "sentinel-1"}')
    with pytest.raises(InputError, match="its sidecar says EPSG:32654, the file EPSG:32653"):
        open_scene(image, OPTIONS)
