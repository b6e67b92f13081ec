"""Cases C: georeferences, zones and boxes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Geod
from rasterio.control import GroundControlPoint

from pipeline.errors import ConfigError
from pipeline.ingest.ais.messages import read_ais
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.place import load_place, read_zones
from pipeline.ingest.scenes import open_scene
from tests.cases.desk import LOOKS, SHAPE, describe, lonlat, radar, speckle, stamp, zones
from tests.ingest.sentinel1.safe_product import PRODUCT, write_safe

case = pytest.mark.case
GEOD = Geod(ellps="WGS84")
BOX = [[133.00, 42.74], [133.01, 42.74], [133.01, 42.75], [133.00, 42.75], [133.00, 42.74]]
BOW_TIE = [BOX[0], BOX[2], BOX[1], BOX[3], BOX[0]]
METRES = [[x * 1e5, y * 1e5] for x, y in BOX]
TINY = [[133.0, 42.74], [133.00001, 42.74], [133.00001, 42.74001], [133.0, 42.74]]
EARTH = [[-179, -85], [179, -85], [179, 85], [-179, 85], [-179, -85]]


@pytest.mark.parametrize(
    ("geometry", "more", "cause"),
    [
        pytest.param({"type": "Polygon", "coordinates": [BOW_TIE]}, {}, "feature pier: is not a valid polygon (Self",
                     id="bow tie", marks=case("C-10")),
        pytest.param(None, {}, "feature pier: has no geometry", id="null", marks=case("C-11")),
        pytest.param({"type": "Polygon", "coordinates": []}, {}, "feature pier: its geometry is empty", id="empty",
                     marks=case("C-11")),
        pytest.param({"type": "Polygon", "coordinates": [[[y, x] for x, y in BOX]]}, {}, "lon and lat may be swapped",
                     id="swapped", marks=case("C-12")),
        pytest.param({"type": "Polygon", "coordinates": [METRES]}, {}, "degrees (EPSG:4326) are wanted", id="metres",
                     marks=case("C-13")),
        pytest.param({"type": "Polygon", "coordinates": [BOX]},
                     {"crs": {"type": "name", "properties": {"name": "http://127.0.0.1:{port}/crs"}}},
                     "write coordinates in EPSG:4326", id="crs is an address", marks=case("C-17")),
        pytest.param({"type": "Polygon", "coordinates": [TINY]}, {}, "a zone has 100 m2 or more", id="1 m2",
                     marks=case("C-18")),
        pytest.param({"type": "Polygon", "coordinates": [EARTH]}, {}, "(limit 5)", id="Earth", marks=case("C-18")),
    ],
)  # fmt: skip
def test_a_zone_that_makes_no_sense(desk, capwatch, listener, saw, geometry, more, cause):
    told = zones()
    told["features"][0]["geometry"] = geometry
    text = json.dumps(told | more).replace("{port}", str(listener.port))
    (desk.root / "zones.geojson").write_text(text)
    done = capwatch(*desk.words)
    assert done.code == 2
    line = done.error("zones.geojson")
    assert cause in line
    assert done.errors == [line]
    assert not desk.runs.exists()
    assert listener.requests == 0
    saw(line)


@case("C-12")
@case("C-18")
@pytest.mark.parametrize(
    ("box", "cause"),
    [("[42.7, 132.9, 42.8, 133.1]", "lon and lat may be swapped"), ("[-180, -90, 180, 90]", "must lie between"),
     ("[133.0, 42.7, 133.00001, 42.70001]", "must lie between")],
    ids=["swapped", "Earth", "1 m2"],
)  # fmt: skip
def test_a_box_that_makes_no_sense(desk, capwatch, saw, box, cause):
    desk.file.write_text(re.sub(r"bbox: \[.*?\]", f"bbox: {box}", desk.file.read_text()))
    done = capwatch(*desk.words)
    assert done.code == 2
    assert cause in done.error("bbox")
    saw(done.error())


@case("C-15")
@case("C-16")
def test_holes_parts_and_heights(tmp_path):
    hole = [[133.004, 42.744], [133.006, 42.744], [133.006, 42.746], [133.004, 42.746], [133.004, 42.744]]
    other = [[x + 0.02, y] for x, y in BOX]

    def zone(name: str, kind: str, coordinates: object) -> dict:
        properties = {"zone_id": name, "kind": "berth"}
        return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}

    path = tmp_path / "z.geojson"
    features = [
        zone("island", "Polygon", [BOX, hole]),
        zone("high", "Polygon", [[[*p, 12.5] for p in BOX]]),
        zone("parts", "MultiPolygon", [[BOX], [other]]),
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    island, high, parts = (z.geometry for z in read_zones(path))
    area = 1e-4
    assert island.area == pytest.approx(area - 4e-6)
    assert not high.has_z
    assert high.area == pytest.approx(area)
    assert parts.area == pytest.approx(2 * area)


@case("C-19")
def test_no_place_at_all(desk, saw):
    image = radar(desk.images / f"bare_vv_{stamp(LOOKS[0])}.tif", crs=None, transform=None, sidecar=True)
    place = load_place(desk.config().aoi, desk.root)
    used, table = open_inputs([desk.images], None, place)
    assert len(used) == 2
    row = table[table["href"] == str(image)].iloc[0]
    assert row["status"] == "skipped"
    assert "has no georeference" in row["cause"]
    saw(f"skipped: {row['cause']}")


@case("C-20")
def test_two_coordinate_systems(desk, saw):
    image = radar(desk.images / f"odd_vv_{stamp(LOOKS[0] + timedelta(hours=1))}.tif", speckle(9))
    describe(image, crs="EPSG:32652")
    used, table = open_inputs([desk.images])
    assert len(used) == 2
    row = table[table["href"] == str(image)].iloc[0]
    assert (row["status"], "its sidecar says EPSG:32652, the file EPSG:32653" in row["cause"]) == ("skipped", True)
    describe(image, crs="EPSG:32653")
    assert len(open_inputs([desk.images])[0]) == 3
    saw(f"skipped: {row['cause']}")


def with_gcps(path: Path, lon0: float, step: int = 20) -> Path:
    """A picture whose places are known at a grid of points only; columns go east by 1e-4 degrees, rows south."""
    data = speckle()
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=SHAPE[0], width=SHAPE[1], dtype="float32"
    ) as out:  # fmt: skip
        out.write(data, 1)
        points = [
            GroundControlPoint(r, c, wrapped(lon0 + 1e-4 * c + 2e-6 * r), 42.75 - 8e-5 * r + 1e-8 * c * c)
            for r in range(0, SHAPE[0] + 1, step)
            for c in range(0, SHAPE[1] + 1, step)
        ]
        out.gcps = (points, rasterio.CRS.from_epsg(4326))
        out.update_tags(SENSOR="SENTINEL-1", SCALING="sigma0")
    return path


def wrapped(lon: float) -> float:
    return (lon + 180) % 360 - 180


@pytest.mark.parametrize(
    "lon0",
    [pytest.param(133.0, marks=case("C-21")), pytest.param(179.992, marks=case("C-23"))],
    ids=["in the middle", "across 180"],
)
def test_places_by_ground_control_points(tmp_path, saw, lon0):
    scene = open_scene(with_gcps(tmp_path / "gcp.tif", lon0))
    rng = np.random.default_rng(0)
    row, col = rng.uniform(0, SHAPE[0] - 1, 200), rng.uniform(0, SHAPE[1] - 1, 200)
    r, c = row + 0.5, col + 0.5  # GDAL counts from the pixel's corner
    lon, lat = scene.geolocation.lonlat(row, col)
    truth_lon = np.vectorize(wrapped)(lon0 + 1e-4 * c + 2e-6 * r)
    _, _, off_m = GEOD.inv(lon, lat, truth_lon, 42.75 - 8e-5 * r + 1e-8 * c * c)
    assert off_m.max() < 8.0  # a pixel is 8 m by 9 m
    back_row, back_col = scene.geolocation.rowcol(lon, lat)
    assert np.hypot(back_row - row, back_col - col).max() < 0.01
    assert scene.footprint.area < 1
    saw(f"within {off_m.max():.3f} m")


@case("C-22")
def test_a_made_up_transform_in_a_catalogue_item(tmp_path):
    root = write_safe(tmp_path)
    before = open_scene(root).geolocation.lonlat([10], [10])
    item = {"type": "Feature", "properties": {"proj:transform": [10, 0, 0, 0, -10, 0], "proj:epsg": 32653}}
    for path in (root.with_suffix(".json"), root / "item.json", tmp_path / f"{PRODUCT}.json"):
        path.write_text(json.dumps(item))
    np.testing.assert_array_equal(open_scene(root).geolocation.lonlat([10], [10]), before)


@case("C-24")
def test_points_and_areas_are_half_a_pixel_apart(tmp_path):
    from tests.ingest.test_rasters import test_a_tie_point_on_a_pixel_centre_is_half_a_pixel_from_one_on_a_corner as it

    it(tmp_path)


@case("C-28")
@pytest.mark.parametrize("zone", ["Asia/Vladivostok", "VLAT", "CEST"])
def test_names_of_zones(desk, capwatch, saw, zone):
    with pytest.raises(ConfigError, match=r"UTC"):
        read_ais([desk.ais], time_zone=zone)
    desk.file.write_text(desk.file.read_text().replace("2024-03-06T00:00:00Z", f"'2024-03-06T00:00:00 {zone}'"))
    done = capwatch(*desk.words)
    assert done.code == 2
    saw(done.error("period.start"))


@case("C-12")
def test_zones_elsewhere_than_the_box(desk, capwatch, saw):
    west, south = lonlat(100, 0)
    desk.write_run_file(west=south, south=west - 90, east=south + 0.02, north=west - 89.98)
    done = capwatch(*desk.words)
    assert done.code == 2
    assert "zones lies in the AOI" in done.error()
    saw(done.error())
