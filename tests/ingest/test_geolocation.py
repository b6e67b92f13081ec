"""Positions of pixels, compared with rasterio's transforms, published geodesy, and round trips."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from pyproj import Geod
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine
from rasterio.warp import transform as warp_transform

from pipeline.errors import InputError
from pipeline.ingest.geolocation import (
    GridGeolocation,
    MapGeolocation,
    PointGeolocation,
    footprint_of,
    from_gcps,
    ground_spacing_m,
    wrap_longitudes,
)
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.watermask import geolocation_of

GEOD = Geod(ellps="WGS84")
UTM = (rasterio.CRS.from_epsg(32652).to_wkt(), (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_740_000.0), (1000, 1500))


def radar_grid(lines=6, pixels=7, lon0=133.0, bend=1e-9):
    """A rotated, slightly curved grid like a radar image's; returns the grid and its formula."""

    def formula(row, col):
        row, col = np.asarray(row, float), np.asarray(col, float)
        lon = lon0 + 1.2e-4 * col - 2e-5 * row + bend * row * col
        lat = 42.0 - 9e-5 * row - 1.5e-5 * col + bend * col * col
        return wrap_longitudes(lon), lat

    line, pixel = np.linspace(0, 999, lines), np.linspace(0, 1499, pixels)
    lon, lat = formula(*np.meshgrid(line, pixel, indexing="ij"))
    return GridGeolocation(line, pixel, lon, lat), formula


@pytest.mark.parametrize(
    ("epsg", "transform"),
    [
        (32652, Affine(10, 0, 500_000, 0, -10, 4_740_000)),
        (3857, Affine(10, 0, 14_700_000, 0, -10, 5_200_000)),
        (4326, Affine(1e-4, 0, 133.0, 0, -1e-4, 42.8)),
        (32652, Affine(8.0, 3.0, 500_000, 3.0, -8.0, 4_740_000)),
    ],
    ids=["utm", "web mercator", "degrees", "turned"],
)
def test_map_places_are_rasterios(epsg, transform):
    crs = rasterio.CRS.from_epsg(epsg)
    mapping = MapGeolocation(crs.to_wkt(), tuple(transform)[:6], (100, 300))
    x, y = rasterio.transform.xy(transform, [0, 17], [0, 230], offset="center")
    lon, lat = warp_transform(crs, rasterio.CRS.from_epsg(4326), x, y)
    found = mapping.lonlat([0, 17], [0, 230])
    np.testing.assert_allclose(found, (lon, lat), atol=1e-9)
    np.testing.assert_allclose(mapping.rowcol(*found), ([0, 17], [0, 230]), atol=1e-4)


def test_the_corner_of_the_first_pixel_is_at_minus_one_half():
    lon, lat = MapGeolocation(*UTM).lonlat(-0.5, -0.5)
    x, y = warp_transform(rasterio.CRS.from_epsg(4326), rasterio.CRS.from_epsg(32652), [float(lon)], [float(lat)])
    assert (x[0], y[0]) == pytest.approx((500_000, 4_740_000), abs=1e-3)


def test_web_mercator_pixels_are_shorter_than_they_say():
    """At 44.4 N ten projected metres are 7.1 on the ground; the two directions differ by the Earth's flattening."""
    mapping = MapGeolocation(
        rasterio.CRS.from_epsg(3857).to_wkt(), (10.0, 0, 974_916.0, 0, -10.0, 5_532_856.0), (871, 2201)
    )
    rows, cols = ground_spacing_m(mapping, (871, 2201))
    lon, lat = mapping.lonlat([435, 436, 435], [1100, 1100, 1101])
    assert rows == pytest.approx(GEOD.inv(lon[0], lat[0], lon[1], lat[1])[2], rel=1e-4)
    assert cols == pytest.approx(GEOD.inv(lon[0], lat[0], lon[2], lat[2])[2], rel=1e-4)
    assert cols == pytest.approx(10 * np.cos(np.radians(lat[0])), rel=0.004)


def test_degrees_are_no_metres():
    """A degree of latitude at 19.3 N is 110,683 m (WGS84, closed form from a and e^2)."""
    mapping = MapGeolocation(rasterio.CRS.from_epsg(4326).to_wkt(), (1e-4, 0, 72.19, 0, -1e-4, 19.3), (2, 2))
    rows, cols = ground_spacing_m(mapping, (2, 2))
    e2, phi = 0.00669437999014, np.radians(19.2999)
    meridian = 6_378_137 * (1 - e2) / (1 - e2 * np.sin(phi) ** 2) ** 1.5
    normal = 6_378_137 / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    assert rows == pytest.approx(np.radians(1e-4) * meridian, rel=1e-5)
    assert cols == pytest.approx(np.radians(1e-4) * normal * np.cos(phi), rel=1e-5)


@pytest.mark.parametrize(
    "transform",
    [
        Affine.translation(134.0, 43.0) @ Affine.scale(-0.001, -0.001),
        Affine.translation(134.0, 43.0) @ Affine.rotation(240.0) @ Affine.scale(0.001, -0.001),
        Affine.translation(180.5, 43.0) @ Affine.scale(-0.001, -0.001),
    ],
    ids=["mirrored", "turned", "mirrored across 180"],
)
def test_a_grid_of_degrees_may_lie_west_of_its_origin(transform):
    """Round trip for pixels more than a degree west of the first one's corner."""
    mapping = MapGeolocation("EPSG:4326", tuple(transform)[:6], (2000, 2000))
    row, col = np.array([0.0, 100.0, 1500.0, 1999.0]), np.array([1999.0, 1500.0, 100.0, 0.0])
    lon, lat = mapping.lonlat(row, col)
    assert lon.min() < transform.c - 1
    for told in (lon, lon % 360):
        np.testing.assert_allclose(mapping.rowcol(told, lat), (row, col), atol=1e-6)


def test_a_grid_that_counts_from_0_to_360_lies_where_its_twin_does():
    """Otherwise no ship on it would lie in any zone, and its berths would pass for empty."""
    row, col = np.array([0.0, 999.0]), np.array([1499.0, 0.0])
    twins = [MapGeolocation("EPSG:4326", (1e-4, 0, west, 0, -1e-4, -18.1), (1000, 1500)) for west in (200.0, -160.0)]
    lonlat = [twin.lonlat(row, col) for twin in twins]
    np.testing.assert_allclose(lonlat[0], lonlat[1], atol=1e-9)
    np.testing.assert_allclose([twin.rowcol(*lonlat[1]) for twin in twins], [(row, col)] * 2, atol=1e-6)


def test_a_grid_round_the_earth_has_a_place_for_every_longitude():
    """Pixels of one degree from Greenwich eastward: 90.5 W is in the 270th, 179.5 E in the 180th."""
    world = MapGeolocation(rasterio.CRS.from_epsg(4326).to_wkt(), (1.0, 0.0, 0.0, 0.0, -1.0, 90.0), (180, 360))
    row, col = world.rowcol([-90.5, 179.5, 0.5], [0.5, 0.5, 0.5])
    np.testing.assert_allclose((row, col), ([89, 89, 89], [269, 179, 0]), atol=1e-9)


def test_a_footprint_reaches_to_the_outer_edges_of_its_pixels():
    """With 10 m pixels on a map of scale factor 0.9996."""
    outline = footprint_of(MapGeolocation(*UTM), UTM[2], "x")
    area_m2 = abs(GEOD.geometry_area_perimeter(outline)[0])
    assert area_m2 == pytest.approx(UTM[2][0] * UTM[2][1] * 100 / 0.9996**2, rel=1e-4)


def test_grid_follows_its_formula_between_the_points_and_a_little_beyond():
    grid, formula = radar_grid()
    row, col = np.random.default_rng(1).uniform(-200, 1200, 300), np.random.default_rng(2).uniform(-200, 1700, 300)
    lon, lat = grid.lonlat(row, col)
    _, _, off_m = GEOD.inv(lon, lat, *formula(row, col))
    inside = (row >= 0) & (row <= 999) & (col >= 0) & (col <= 1499)
    assert off_m[inside].max() < 1e-3
    assert off_m.max() < 20  # extrapolated straight where the formula curves
    np.testing.assert_allclose(grid.rowcol(lon, lat), (row, col), atol=1e-3)


@pytest.mark.parametrize(("lines", "pixels"), [(2, 2), (2, 7), (6, 2)])
def test_a_grid_of_two_lines_goes_on_straight_beyond_its_ends(lines, pixels):
    """As for the four corners of an image, given a little inside it; a coast beyond its edge is placed as well."""
    mapping, formula = radar_grid(lines, pixels, bend=0.0)
    row, col = np.array([-0.5, -80.0, 500.0, 1_050.0]), np.array([-0.5, 1_600.0, -100.0, 700.0])
    np.testing.assert_allclose(mapping.lonlat(row, col), formula(row, col), atol=1e-9)
    np.testing.assert_allclose(mapping.rowcol(*formula(row, col)), (row, col), atol=1e-3)


def test_shapes_are_kept_and_far_points_have_no_answer():
    grid, _ = radar_grid()
    lon, lat = grid.lonlat(np.zeros((2, 3)), 5.0)
    assert lon.shape == lat.shape == (2, 3)
    row, col = grid.rowcol([133.05, 20.0, np.nan], [41.97, -60.0, 42.0])
    assert np.isfinite(row[0])
    assert np.isnan(row[1:]).all()
    assert np.isnan(col[1:]).all()


def test_a_grid_across_180_degrees_is_the_same_grid_shifted():
    across, _ = radar_grid(lon0=179.95)
    east, _ = radar_grid(lon0=133.0)
    row, col = np.array([3.0, 500.0, 990.0]), np.array([10.0, 700.0, 1490.0])
    lon, lat = across.lonlat(row, col)
    other_lon, other_lat = east.lonlat(row, col)
    np.testing.assert_allclose(wrap_longitudes(lon - 46.95), other_lon, atol=1e-9)
    np.testing.assert_allclose(lat, other_lat, atol=1e-12)
    np.testing.assert_allclose(across.rowcol(lon, lat), (row, col), atol=1e-3)
    outline = footprint_of(across, (1000, 1500), "x")
    assert outline.geom_type == "MultiPolygon"
    assert outline.area == pytest.approx(footprint_of(east, (1000, 1500), "x").area, rel=1e-9)


def write_gcps(path, points, shape=(100, 200)):
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype="uint16",
        gcps=points, crs="EPSG:4326",
    ) as out:  # fmt: skip
        out.write(np.ones((1, *shape), np.uint16))
    return open_raster(path)


def test_gcps_counted_from_corners_as_gdal_does(tmp_path):
    points = [GroundControlPoint(r, c, 133 + c * 1e-4, 42 - r * 1e-4) for r in (0, 50, 100) for c in (0, 100, 200)]
    mapping = geolocation_of(write_gcps(tmp_path / "a.tif", points))
    assert isinstance(mapping, GridGeolocation)
    lon, lat = mapping.lonlat(-0.5, -0.5)  # the corner of the image
    assert (float(lon), float(lat)) == pytest.approx((133, 42), abs=1e-9)


def test_gcps_that_end_on_the_last_pixel_count_from_centres(tmp_path):
    points = [GroundControlPoint(r, c, 133 + c * 1e-4, 42 - r * 1e-4) for r in (0, 50, 99) for c in (0, 100, 199)]
    lon, lat = geolocation_of(write_gcps(tmp_path / "a.tif", points)).lonlat(0, 0)
    assert (float(lon), float(lat)) == pytest.approx((133, 42), abs=1e-9)


def test_gcps_without_a_place_in_the_image_are_refused(tmp_path):
    """Otherwise the solver would fail with an error of its own, and end the run."""
    points = [GroundControlPoint(np.nan, c, 133 + c * 1e-4, 42 + n * 1e-4) for n, c in enumerate((0, 50, 100, 150))]
    with pytest.raises(InputError, match="its ground control points have no place in the image"):
        write_gcps(tmp_path / "a.tif", points)


def test_scattered_gcps_bend_like_a_thin_plate_and_go_through_their_points():
    rng = np.random.default_rng(3)
    row, col = rng.uniform(0, 100, 15), rng.uniform(0, 200, 15)
    lon, lat = 133 + col * 1e-4 + row * 2e-5, 42 - row * 1e-4 + col * 1e-5
    mapping = from_gcps(np.column_stack([row, col, lon, lat]), "x", (101, 201))
    assert isinstance(mapping, PointGeolocation)
    np.testing.assert_allclose(mapping.lonlat(row, col), (lon, lat), atol=1e-9)
    np.testing.assert_allclose(mapping.rowcol(lon, lat), (row, col), atol=1e-2)


@pytest.mark.parametrize(
    "rowcol", [[(0, 0), (10, 10)], [(0, 0), (10, 10), (20, 20), (30, 30)]], ids=["two", "in a line"]
)
def test_gcps_that_cannot_place_an_image_are_refused(rowcol):
    gcps = np.array([(r, c, 133 + c * 1e-4, 42 - r * 1e-4) for r, c in rowcol], float)
    with pytest.raises(InputError, match="cannot place it"):
        from_gcps(gcps, "x", (100, 100))


def test_mappings_travel_and_are_shared_between_threads():
    grid, _ = radar_grid()
    row, col = np.arange(0, 900.0, 7), np.arange(0, 1290.0, 10)
    for mapping in (grid, MapGeolocation(*UTM)):
        expected = mapping.rowcol(*mapping.lonlat(row, col))
        copy = pickle.loads(pickle.dumps(mapping))
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _, m=copy: m.rowcol(*m.lonlat(row, col)), range(8)):
                np.testing.assert_array_equal(found, expected)
