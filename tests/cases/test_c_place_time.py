"""Cases C: georeferencing, time, coverage, duplicates. The same acquisition counts once, every time is UTC."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import Geod
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine

from pipeline.errors import ConfigError
from pipeline.ingest.ais.messages import read_ais
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.place import load_place, read_zones
from pipeline.ingest.scenes import open_scene
from tests.builders import place_of
from tests.cases.desk import LOOKS, SHAPE, describe, lonlat, radar, speckle, stamp, zones
from tests.cases.test_b_safe import relisted
from tests.ingest.sentinel1.safe_product import PRODUCT, Recipe, write_safe, zipped

case = pytest.mark.case
GEOD = Geod(ellps="WGS84")


def numbers(outcome) -> pd.DataFrame:
    """The account of a run: what must not change."""
    return pd.read_parquet(outcome.folder / "ledger.parquet")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The account of the desk as it is."""
    from tests.cases.desk import Desk

    desk = Desk(tmp_path_factory.mktemp("clean") / "desk").furnished()
    return numbers(desk.run())


@case("C-01")
def test_the_same_image_under_two_names(desk, clean, saw):
    first = sorted(desk.images.glob("*.tif"))[0]
    again = desk.images / "sub" / f"again_vv_{stamp(LOOKS[0])}.tif"
    again.parent.mkdir()
    shutil.copy(first, again)
    describe(again)
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet")
    assert sorted(scenes["status"]) == ["duplicate_of", "used", "used"]
    row = scenes[scenes["status"] == "duplicate_of"].iloc[0]
    assert row["duplicate_of"] in set(scenes.loc[scenes["status"] == "used", "scene_id"])
    pd.testing.assert_frame_equal(numbers(outcome), clean)
    saw(f"duplicate_of {row['duplicate_of']}: {row['cause']}; no number changes")


@case("C-02")
def test_a_product_processed_again(tmp_path, saw):
    write_safe(tmp_path, Recipe(processed="2024-03-07T10:00:00"))
    newer = PRODUCT[:-4] + "0001"
    write_safe(tmp_path, Recipe(product=newer, processed="2024-06-01T10:00:00"))
    used, table = open_inputs([tmp_path])
    assert [s.scene_id for s in used] == [newer]
    row = table[table["scene_id"] == PRODUCT].iloc[0]
    assert (row["status"], row["duplicate_of"]) == ("duplicate_of", newer)
    saw(f"duplicate_of the newer: {row['cause']}")


@case("C-03")
def test_a_data_take_cut_again(tmp_path, saw):
    write_safe(tmp_path / "1", Recipe(slice_number=3))
    again = PRODUCT.replace("20240307T092025", "20240307T092027")
    write_safe(tmp_path / "2", Recipe(product=again, seconds=0.03, slice_number=0))
    used, table = open_inputs([tmp_path])
    assert len(used) == 1
    row = table[table["status"] == "duplicate_of"].iloc[0]
    assert row["cause"] == "same data take, cut at other lines"
    saw(f"one look; the other: {row['cause']}")


@case("C-04")
def test_neighbouring_slices_that_both_show_the_berth(desk, saw):
    """The second slice begins some lines above the pier, seconds later in the same pass."""
    first = sorted(desk.images.glob("*.tif"))[0]
    whole = open_scene(first)
    with rasterio.open(first) as image:
        data, transform = image.read(1), image.transform
    later = LOOKS[0] + timedelta(seconds=20)
    cut = desk.images / f"look_vv_{stamp(later)}.tif"
    radar(cut, data[60:], transform=Affine(*transform[:5], transform[5] - 600), sidecar=True)
    outcome = desk.run()
    detections = pd.read_parquet(outcome.folder / "detections.parquet")
    near = detections[(detections["berth_id"] == "pier") & (detections["acquired"] < "2024-03-08")]
    assert len(near) == 2
    assert near["accepted"].sum() == 1
    assert [list(f) for f in near.loc[~near["accepted"], "flags"]] == [["neighbouring_slice"]]
    looks = pd.read_parquet(outcome.folder / "looks.parquet")
    looks = looks[(looks["zone_id"] == "pier") & (looks["acquired"] < "2024-03-08")]
    assert list(looks["scene_id"]) == [whole.scene_id]
    calls = pd.read_parquet(outcome.folder / "port_calls.parquet")
    assert (calls["n_seen"].sum(), calls["n_looks"].sum()) == (2, 2)
    saw("one accepted detection, the other flagged neighbouring_slice; one look")


@case("C-05")
@case("C-06")
@pytest.mark.parametrize("other", ["S1C, hours later", "ascending, hours later"])
def test_two_passes_of_a_day_are_two_looks(tmp_path, saw, other):
    write_safe(tmp_path / "1")
    second = write_safe(tmp_path / "2", Recipe(seconds=11.5 * 3600, data_take=5))
    name = "S1A_IW_GRDH_1SDV_20240307T205000_20240307T205025_052877_066650_0002"
    for path in (second / "annotation").glob("*.xml"):
        text = path.read_text().replace("Descending", "Ascending" if "asc" in other else "Descending")
        if "asc" in other:
            text = text.replace("<platformHeading>-168.0<", "<platformHeading>-12.0<")
        path.write_text(text.replace("S1A<", "S1C<") if "S1C" in other else text)
    relisted(second)
    second.rename(second.with_name((name.replace("S1A", "S1C") if "S1C" in other else name) + ".SAFE"))
    used, table = open_inputs([tmp_path])
    assert len(used) == 2
    assert set(table["status"]) == {"used"}
    saw("two looks")


@case("C-07")
def test_one_name_with_two_contents(tmp_path, saw):
    write_safe(tmp_path / "1")
    second = write_safe(tmp_path / "2", Recipe(dn={"VV": np.full((80, 100), 7, np.uint16)}))
    used, table = open_inputs([tmp_path])
    assert used == []
    assert set(table["cause"]) == {"another product of the same name has other bytes"}
    tiff = next((second / "measurement").glob("*vv*"))
    tiff.write_bytes(tiff.read_bytes()[:-1] + b"\x99")
    used, _ = open_inputs([tmp_path])
    assert len(used) == 1
    saw(f"both skipped: {table['cause'].iloc[0]}; where one fits its own checksums, that one is used")


@case("C-08")
def test_an_image_of_elsewhere(desk, clean, saw):
    radar(desk.images / f"far_vv_{stamp(LOOKS[0])}.tif", transform=Affine(10, 0, 500_000, 0, -10, 4_000_000))
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet").set_index("scene_id")
    row = scenes.loc[f"far_vv_{stamp(LOOKS[0])}"]
    assert (row["status"], row["cause"]) == ("skipped", "shows nothing of the AOI")
    pd.testing.assert_frame_equal(numbers(outcome), clean)
    saw(f"skipped: {row['cause']}; no number changes")


@case("C-09")
def test_half_of_the_aoi(desk, saw):
    image = sorted(desk.images.glob("*.tif"))[0]
    data = speckle(0)
    data[:, 60:] = np.nan
    radar(image, data, sidecar=True)
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet").set_index("scene_id")
    assert scenes.loc[image.stem, "aoi_coverage"] == pytest.approx(0.37, abs=0.03)
    looks = pd.read_parquet(outcome.folder / "looks.parquet").set_index(["scene_id", "zone_id"])
    assert looks.loc[(image.stem, "pier"), "state"] == "unknown"
    assert looks.loc[(image.stem, "roads"), "state"] == "usable"
    saw(f"coverage {scenes.loc[image.stem, 'aoi_coverage']:.2f}; the pier is unknown, the roads usable")


BOX = [[133.00, 42.74], [133.01, 42.74], [133.01, 42.75], [133.00, 42.75], [133.00, 42.74]]
BOW_TIE = [BOX[0], BOX[2], BOX[1], BOX[3], BOX[0]]
METRES = [[x * 1e5, y * 1e5] for x, y in BOX]
TINY = [[133.0, 42.74], [133.00001, 42.74], [133.00001, 42.74001], [133.0, 42.74]]
EARTH = [[-179, -85], [179, -85], [179, 85], [-179, 85], [-179, -85]]


@pytest.mark.parametrize(
    ("geometry", "more", "cause"),
    [
        pytest.param({"type": "Polygon", "coordinates": [BOW_TIE]}, {}, "(pier): is not a valid polygon (Self",
                     id="bow tie", marks=case("C-10")),
        pytest.param(None, {}, "feature 0 (pier): has no geometry", id="null", marks=case("C-11")),
        pytest.param({"type": "Polygon", "coordinates": []}, {}, "feature 0 (pier): its geometry is empty", id="empty",
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


@case("C-25")
@pytest.mark.parametrize("text", ["2024-03-07T09:20:00Z", "2024-03-07T19:20:00+10:00", "2024:03:07 09:20:00"])
def test_one_moment_in_three_spellings(desk, text):
    image = radar(desk.images / "when_vv.tif")
    with rasterio.open(image, "r+") as out:
        out.update_tags(TIME_UTC=text)
    assert open_scene(image).acquired == LOOKS[0]


@case("C-25")
def test_a_bare_time_is_utc_or_refused(desk, capwatch, saw):
    """A tag named TIME_UTC is UTC; a sidecar and a run file must say so."""
    image = radar(desk.images / "when_vv.tif")
    describe(image, acquired="2024-03-07T09:20:00")
    _, table = open_inputs([image])
    assert "write the time as 2024-03-08T02:10:00Z" in table["cause"].iloc[0]
    image.unlink()
    image.with_suffix(".json").unlink()
    desk.file.write_text(desk.file.read_text().replace("2024-03-06T00:00:00Z", "2024-03-06T00:00:00"))
    done = capwatch(*desk.words)
    assert done.code == 2
    assert "has no zone; write it in UTC" in done.error("period.start")
    saw(done.error())


@case("C-26")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2023-12-31T23:59:59.5Z", datetime(2023, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)),
    ],
    ids=["leap day", "leap second", "last second of a year"],
)
def test_days_and_seconds_that_are_rare(desk, text, moment):
    image = radar(desk.images / "when_vv.tif")
    with rasterio.open(image, "r+") as out:
        out.update_tags(TIME_UTC=text)
    assert open_scene(image).acquired == moment


@case("C-26")
def test_an_acquisition_over_new_year_belongs_to_the_year_of_its_middle(tmp_path):
    start = datetime(2023, 12, 31, 23, 59, 59, 970_000, tzinfo=UTC)
    seconds = (start - datetime(2024, 3, 7, 9, 20, tzinfo=UTC)).total_seconds()
    name = "S1A_IW_GRDH_1SDV_20231231T235959_20240101T000000_052870_066610_ABCD"
    scene = open_scene(write_safe(tmp_path, Recipe(product=name, seconds=seconds)))
    assert scene.time_of_row(0).year == 2023
    assert scene.acquired.year == 2024
    assert (scene.time_of_row(79) - scene.time_of_row(0)).total_seconds() == pytest.approx(79 * 1.5e-3, abs=1e-6)


@case("C-27")
@pytest.mark.parametrize(
    ("moment", "cause"),
    [
        (datetime.now(UTC) + timedelta(days=9), "lies in the future"),
        (datetime(2009, 1, 1, tzinfo=UTC), "before any satellite"),
    ],
    ids=["future", "before 2014"],
)
def test_a_time_that_cannot_be(desk, saw, moment, cause):
    image = radar(desk.images / f"when_vv_{stamp(moment)}.tif")
    used, table = open_inputs([desk.images])
    assert len(used) == 2
    row = table[table["href"] == str(image)].iloc[0]
    assert (row["status"], cause in row["cause"]) == ("skipped", True)
    saw(f"skipped: {row['cause']}")


@case("C-28")
@pytest.mark.parametrize("zone", ["Asia/Vladivostok", "VLAT", "CEST"])
def test_names_of_zones(desk, capwatch, saw, zone):
    with pytest.raises(ConfigError, match=r"UTC"):
        read_ais([desk.ais], time_zone=zone)
    desk.file.write_text(desk.file.read_text().replace("2024-03-06T00:00:00Z", f"'2024-03-06T00:00:00 {zone}'"))
    done = capwatch(*desk.words)
    assert done.code == 2
    saw(done.error("period.start"))


@case("C-03")
def test_a_zip_and_its_folder_are_one(tmp_path):
    zipped(write_safe(tmp_path), tmp_path / "again.zip")
    used, table = open_inputs([tmp_path], None, place_of(bbox=(133.0, 42.745, 133.01, 42.75)))
    assert len(used) == 1
    assert sorted(table["status"]) == ["duplicate_of", "used"]


@case("C-12")
def test_zones_elsewhere_than_the_box(desk, capwatch, saw):
    west, south = lonlat(100, 0)
    desk.write_run_file(west=south, south=west - 90, east=south + 0.02, north=west - 89.98)
    done = capwatch(*desk.words)
    assert done.code == 2
    assert "zones lies in the AOI" in done.error()
    saw(done.error())
