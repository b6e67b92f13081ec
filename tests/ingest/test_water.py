"""Where a ship could float: land polygons and masks laid over an image."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from pyproj import CRS
from rasterio.transform import Affine

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.coast import read_land, water_mask
from pipeline.ingest.geolocation import GridGeolocation, MapGeolocation
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window, tiles
from tests.ingest.test_rasters import write

UTM = {"crs": "EPSG:32652", "transform": Affine(10, 0, 500_000, 0, -10, 4_740_000)}
RADAR = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)


def noise(shape=(120, 90)):
    return np.random.default_rng(0).integers(20, 250, shape)


def test_land_masks(tmp_path):
    image = write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM)
    land = np.zeros((120, 90), np.uint8)
    land[:40] = 3
    same = write(tmp_path / "same.tif", land)
    coarse = write(
        tmp_path / "coarse.tif", land[::4, ::3], crs="EPSG:32652", transform=Affine(30, 0, 500_000, 0, -40, 4_740_000)
    )
    for path in (same, coarse):
        scene = open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, land=path))
        np.testing.assert_array_equal(scene.read(Window(30, 10, 30, 20)).water, land[30:60, 10:30] == 0)
    wrong = write(tmp_path / "wrong.tif", land[:50])
    with pytest.raises(InputError, match="they must agree"):
        open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, land=wrong))


def test_a_land_mask_of_the_images_size_lies_where_its_georeference_says(tmp_path):
    """Truth: the same mask with one more row, which can only be placed by its georeference."""
    image = write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM)
    land = np.ones((120, 90), np.uint8)
    said = {}
    for east_px in (0, 45, 5000):
        grid = {"crs": "EPSG:32652", "transform": Affine(10, 0, 500_000 + 10 * east_px, 0, -10, 4_740_000)}
        water = []
        for name, mask in (("same", land), ("taller", np.pad(land, ((0, 1), (0, 0)), mode="edge"))):
            path = write(tmp_path / f"{name}{east_px}.tif", mask, **grid)
            scene = open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, land=path))
            said[east_px] = scene.degraded
            water.append(scene.read(Window(0, 0, 120, 90)).water)
        np.testing.assert_array_equal(*water)
        np.testing.assert_array_equal(water[0], np.broadcast_to(np.arange(90) < east_px, (120, 90)))
    assert not any("covers" in doubt for doubt in said[0])
    assert any("covers 50 % of the image" in doubt for doubt in said[45])
    assert any("covers 0 % of the image" in doubt for doubt in said[5000])


def test_land_around_a_narrow_turned_image_is_laid_over_it_wherever_its_outline_starts():
    """A strip in sensor geometry. Truth: each pixel's own position tested by itself."""
    shape, turn = (100, 2000), np.radians(12)
    line, pixel = np.linspace(0, 99, 4), np.linspace(0, 1999, 12)

    def place(row, col):
        east, north = (col * np.cos(turn) + row * np.sin(turn)) * 10, (col * np.sin(turn) - row * np.cos(turn)) * 10
        return 132 + east / (111_320 * np.cos(np.radians(42.7))), 42.7 + north / 111_320

    strip = GridGeolocation(line, pixel, *place(*np.meshgrid(line, pixel, indexing="ij")))
    lon, lat = place(*np.mgrid[: shape[0], : shape[1]])
    middle, (south, north) = lon.mean(), (lat.min() - 0.05, lat.max() + 0.05)
    ring = [
        (middle, south),
        (middle, lat.mean()),
        (middle, north),
        (lon.min() - 0.05, north),
        (lon.min() - 0.05, south),
    ]
    for first in range(len(ring)):
        land = shapely.Polygon(ring[first:] + ring[:first])
        found = ~water_mask(land, strip, Window(0, 0, *shape), shape)
        assert (found != shapely.contains_xy(land, lon, lat)).mean() < 1e-3
        across = shapely.transform(land, lambda xy: xy + np.array([360.0, 0.0]))  # the same place, written differently
        np.testing.assert_array_equal(~water_mask(across, strip, Window(0, 0, *shape), shape), found)


@pytest.mark.filterwarnings("error")
def test_land_far_from_an_image_leaves_it_all_water_without_a_word():
    grid = MapGeolocation(CRS.from_epsg(32652).to_wkt(), (10, 0, 500_000, 0, -10, 4_740_000), (120, 90))
    assert water_mask(shapely.box(10, 10, 11, 11), grid, Window(0, 0, 120, 90), (120, 90)).all()


@pytest.mark.parametrize(
    ("land", "told"),
    [
        (shapely.box(128.5, 42.5, 129.5, 43.5), ""),  # an image at sea, within a map of the region
        (shapely.box(10, 10, 11, 11), "no land near the image; all of it"),
        (shapely.Polygon(), "no land near the image; all of it"),
    ],
)
def test_a_file_of_land_that_is_about_elsewhere_is_told(tmp_path, land, told):
    """As for a mask raster that does not reach the image; otherwise quays would be ships, without a warning."""
    image = write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM)
    parts = [] if land.is_empty else [{"type": "Feature", "geometry": shapely.geometry.mapping(land)}]
    (tmp_path / "land.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": parts}))
    scene = open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, land=tmp_path / "land.geojson"))
    assert any(told in doubt for doubt in scene.degraded if "land.geojson" in doubt) == bool(told)


def test_a_file_of_land_with_lon_and_lat_swapped_is_told(tmp_path):
    """Genoa lies at 44.4 N 8.9 E, which is still on Earth when swapped."""
    image = write(
        tmp_path / "a.tif",
        noise().astype(np.uint16),
        crs="EPSG:32632",
        transform=Affine(10, 0, 490_000, 0, -10, 4_917_000),
    )
    for name, box in (("right", (8.8, 44.3, 9.0, 44.5)), ("swapped", (44.3, 8.8, 44.5, 9.0))):
        (tmp_path / f"{name}.geojson").write_text(json.dumps(shapely.geometry.mapping(shapely.box(*box))))
        scene = open_scene(image, OpenOptions(sensor=Sensor.SENTINEL1, land=tmp_path / f"{name}.geojson"))
        assert any("lon and lat are swapped" in doubt for doubt in scene.degraded) == (name == "swapped")


def test_land_in_degrees_of_an_older_datum_is_refused(tmp_path):
    """Pulkovo 1942 is off by some 100 m, Tokyo by some 400 m; such a file looks like ours."""
    content = {"type": "FeatureCollection", "features": [], "crs": {"type": "name"}}
    for code, sound in (("EPSG::4284", False), ("OGC:1.3:CRS84", True)):
        content["crs"]["properties"] = {"name": f"urn:ogc:def:crs:{code}"}
        (tmp_path / "land.geojson").write_text(json.dumps(content))
        if sound:
            assert read_land(tmp_path / "land.geojson").is_empty
            continue
        with pytest.raises(ConfigError, match="4284; write coordinates in EPSG:4326"):
            read_land(tmp_path / "land.geojson")


def test_land_polygons_are_cut_per_tile_without_a_trace(tmp_path):
    scene = open_scene(write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM), RADAR)
    lon, lat = scene.geolocation.lonlat([-300, 50.2, 80.7, 30.1], [-300, 20.3, 70.9, 80.4])
    land = shapely.MultiPolygon([shapely.Polygon(zip(lon, lat, strict=True)), shapely.box(10, 10, 11, 11)])
    scene = open_scene(tmp_path / "a.tif", RADAR, land)
    whole = scene.read(Window(0, 0, 120, 90)).water
    assert 0.05 < (~whole).mean() < 0.95
    for window in tiles(scene.shape, 33):
        cut = np.s_[window.row0 : window.row1, window.col0 : window.col1]
        np.testing.assert_array_equal(scene.read(window).water, whole[cut])
    file = tmp_path / "land.geojson"
    file.write_text(json.dumps(shapely.geometry.mapping(land)))
    again = open_scene(tmp_path / "a.tif", OpenOptions(sensor=Sensor.SENTINEL1, land=file))
    np.testing.assert_array_equal(again.read(Window(0, 0, 120, 90)).water, whole)
