"""AOIs that make no sense are refused with the reason; every AOI of the project can be built."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import geopandas
import pytest

from pipeline.config import AoiConfig, RunConfig, load
from pipeline.errors import ConfigError
from pipeline.ingest.coast import clip_coast, read_land
from pipeline.ingest.place import load_place, read_zones

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
BOX = [[133.00, 42.74], [133.01, 42.74], [133.01, 42.75], [133.00, 42.75], [133.00, 42.74]]


def feature(rings=None, kind="Polygon", **properties):
    told = {"zone_id": "pier", "kind": "berth", "name": "Pier", "source": "test"} | properties
    return {"type": "Feature", "properties": told, "geometry": {"type": kind, "coordinates": rings or [BOX]}}


def zones(path, *features, **more):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)} | more))
    return path


def aoi(**more):
    told = {"id": "test", "name": "Test", "bbox": (132.95, 42.70, 133.10, 42.80), "zones": "zones.geojson"}
    return AoiConfig(**(told | more))


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_aoi_of_the_project_builds(path):
    place = load_place(load(RunConfig, path).aoi, CONFIGS)
    assert place.zones
    assert all(z.source for z in place.zones)


def test_a_zone_carries_its_facts(tmp_path):
    zones(tmp_path / "zones.geojson", feature(cargo="crude", counts=False, max_length_m=150))
    place = load_place(aoi(), tmp_path)
    zone = place.zone("pier")
    assert (zone.kind, zone.cargo, zone.counts, zone.max_length_m) == ("berth", "crude", False, 150)
    assert place.land is None


@pytest.mark.parametrize(
    ("suffix", "driver", "said"),
    [
        (".gpkg", "GPKG", "a GeoPackage"), (".shp", "ESRI Shapefile", "a shapefile"), (".kml", "KML", "KML"),
        (".fgb", "FlatGeobuf", "a FlatGeobuf file"), (".gml", "GML", "GML"),
    ],
)  # fmt: skip
def test_zones_in_another_format_are_named_and_read_once_saved_as_told(tmp_path, suffix, driver, said):
    """In UTM, as GIS users keep them; saved with geopandas as the message says, they are the same zones."""
    given = zones(tmp_path / "zones.geojson", feature(name="", source=""))
    table = geopandas.read_file(given)
    foreign = tmp_path / f"zones{suffix}"
    table.to_crs(4326 if driver == "KML" else 32652).to_file(foreign, driver=driver)
    told = (
        rf"zones\{suffix}: is {said}.*; save it as GeoJSON in EPSG:4326, by .*: ogr2ogr .* new.geojson zones\{suffix}$"
    )
    for reader in (read_zones, read_land):
        with pytest.raises(ConfigError, match=told):
            reader(foreign)
    geopandas.read_file(foreign).to_crs(4326).to_file(tmp_path / "new.geojson", driver="GeoJSON")
    before, after = read_land(given), read_land(tmp_path / "new.geojson")
    assert before.symmetric_difference(after).area < 1e-6 * before.area


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "is a ZIP archive"), (b"PAR1", "is a Parquet file"), (b"POLYGON ((1 2, 3 4))", "is WKT"),
        ("{}".encode("utf-16"), "is UTF-16 text; save it as UTF-8$"), (b"<html>", "is XML"),
        (b"zone,wkt", "is not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_geojson_is_called_what_it_is(tmp_path, content, said):
    (tmp_path / "zones.geojson").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_zones(tmp_path / "zones.geojson")


@pytest.mark.parametrize(
    ("properties", "cause"),
    [
        ({"cargo": "oil products"}, r"\(did you mean oil_products\?\); got oil products"),
        ({"cargo": "Crude"}, r"\(did you mean crude\?\); got Crude"),
        ({"cargo": "melons"}, r"cargo: must be oil_products, crude, .* or unknown; got melons"),
        ({"count": False}, r"count: no such key \(did you mean counts\?\)"),
        ({"max_length_m": 0}, r"max_length_m: must be above 0; got 0"),
    ],
)
def test_what_a_zone_cannot_say_is_refused_with_what_was_meant(tmp_path, properties, cause):
    """Otherwise one mistyped letter makes every ship there an unlikely tanker, and the sum 0."""
    path = zones(tmp_path / "zones.geojson", feature(**properties))
    with pytest.raises(ConfigError, match=rf"zones\.geojson: feature pier: .*{cause}$"):
        read_zones(path)


HOLE = [[133.004, 42.744], [133.006, 42.744], [133.006, 42.746], [133.004, 42.746], [133.004, 42.744]]


def test_holes_parts_and_heights_are_kept_or_dropped_rightly(tmp_path):
    high = [[[x, y, 12.0] for x, y in BOX]]
    path = zones(
        tmp_path / "z.geojson",
        feature([BOX, HOLE], zone_id="a"),
        feature(
            [[BOX], [[[133.02, 42.74], [133.03, 42.74], [133.03, 42.75], [133.02, 42.74]]]], "MultiPolygon", zone_id="b"
        ),
        feature(high, zone_id="c"),
    )
    a, b, c = read_zones(path)
    assert a.geometry.area == pytest.approx(1e-4 - 4e-6)
    assert len(b.geometry.geoms) == 2
    assert not c.geometry.has_z


BOW_TIE = [[133.0, 42.74], [133.01, 42.75], [133.01, 42.74], [133.0, 42.75], [133.0, 42.74]]
SWAPPED = [[y, x] for x, y in BOX]
METRES = [[500_000, 4_740_000], [500_100, 4_740_000], [500_100, 4_740_100], [500_000, 4_740_000]]
TINY = [[133.0, 42.74], [133.00001, 42.74], [133.00001, 42.74001], [133.0, 42.74]]
HUGE = [[100.0, 10.0], [140.0, 10.0], [140.0, 50.0], [100.0, 10.0]]


def test_a_coast_in_metres_is_called_that(tmp_path):
    """Not a coast with longitude and latitude swapped."""
    with pytest.raises(ConfigError, match=r"z\.geojson: feature pier has coordinates up to \d+; degrees .* are wanted"):
        read_land(zones(tmp_path / "z.geojson", feature([METRES])))


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ([feature([BOW_TIE])], r"feature pier: is not a valid polygon \(Self-intersection"),
        ([], "holds no features"),
        ([feature() | {"geometry": None}], "has no geometry"),
        ([feature([[]])], "geometry"),
        ([feature([SWAPPED])], "latitude beyond 90.*swapped"),
        ([feature([METRES])], r"degrees \(EPSG:4326\) are wanted"),
        ([feature([TINY])], "100 m2 or more"),
        ([feature([HUGE])], "spans 40 degrees"),
        ([feature([133.0, 42.0], "Point")], "is a Point"),
        ([feature(), feature()], "two zones are named pier"),
        ([feature(kind_="berth")], "kind_"),
        ([feature(max_length_m=-5)], "max_length_m"),
    ],
    ids=[
        "bow-tie",
        "empty",
        "null",
        "no points",
        "swapped",
        "metres",
        "tiny",
        "huge",
        "point",
        "twice",
        "key",
        "range",
    ],
)
def test_zones_that_make_no_sense(tmp_path, content, cause):
    with pytest.raises(ConfigError, match=cause):
        read_zones(zones(tmp_path / "z.geojson", *content))


def test_swapped_coordinates_that_are_still_on_earth_are_hinted_at(tmp_path):
    box = [[44.42, 8.83], [44.43, 8.83], [44.43, 8.84], [44.42, 8.83]]
    zones(tmp_path / "zones.geojson", feature([box]))
    with pytest.raises(ConfigError, match="lon and lat are swapped"):
        load_place(aoi(bbox=(8.75, 44.37, 8.95, 44.44)), tmp_path)


@pytest.mark.parametrize("name", ["http://127.0.0.1/crs", "EPSG:32652"])
def test_a_foreign_crs_is_refused(tmp_path, name):
    refuse_crs(tmp_path, {"type": "name", "properties": {"name": name}})


@pytest.mark.parametrize("crs", [{"properties": None}, {"properties": ["EPSG:4326"]}, {}, 4326])
def test_a_crs_in_no_form_is_refused(tmp_path, crs):
    refuse_crs(tmp_path, crs)


def refuse_crs(tmp_path, crs):
    with pytest.raises(ConfigError, match="EPSG:4326"):
        read_zones(zones(tmp_path / "z.geojson", feature(), crs=crs))


def test_a_file_that_is_not_there_or_no_json(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_zones(tmp_path / "none.geojson")
    (tmp_path / "bad.geojson").write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        read_zones(tmp_path / "bad.geojson")


def test_a_coast_is_credited_to_whom_its_file_names(tmp_path):
    """If the file names nobody, nobody is credited: which map it comes from cannot be guessed."""
    land = {"type": "FeatureCollection", "features": [feature()]}
    zones(tmp_path / "zones.geojson", feature())
    for told, credit in (({"attribution": "A. Surveyor"}, "A. Surveyor"), ({}, ""), ({"attribution": 5}, "")):
        (tmp_path / "coast.geojson").write_text(json.dumps(land | told))
        assert load_place(aoi(coast="coast.geojson"), tmp_path).coast_credit == credit
    nampo = load(RunConfig, CONFIGS / "nampo.yaml")
    assert load_place(nampo.aoi, CONFIGS).coast_credit.startswith("GSHHG")


def test_the_command_for_the_package_of_coasts_is_one_that_can_work(monkeypatch):
    """It calls this Python's own pip, for a package that is on an index, as capwatch is not."""
    monkeypatch.setitem(sys.modules, "roaring_landmask", None)
    with pytest.raises(ConfigError) as refused:
        clip_coast((127.38, 39.12, 127.52, 39.22))
    words = str(refused.value).split(": ")[-1].split()
    assert words == [sys.executable, "-m", "pip", "install", "roaring-landmask"]


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def test_two_counted_berths_on_the_same_water_are_refused(tmp_path):
    zones(tmp_path / "zones.geojson", feature(), feature(zone_id="pier2"))
    with pytest.raises(ConfigError, match="zones pier and pier2 share 100 %"):
        load_place(aoi(), tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        {"counts": False},
        {"kind_": "anchorage"},
        {"rings": [box(133.01, 42.74, 133.02, 42.75)]},
        {"rings": [box(133.0098, 42.74, 133.02, 42.75)]},
    ],
    ids=["one does not count", "a berth within an anchorage", "one edge", "two hundredths"],
)
def test_zones_that_are_apart_or_of_other_kinds_are_taken(tmp_path, other):
    rings, kind = other.pop("rings", None), other.pop("kind_", "berth")
    second = feature(rings, zone_id="pier2", **other)
    second["properties"]["kind"] = kind
    zones(tmp_path / "zones.geojson", feature(), second)
    assert len(load_place(aoi(), tmp_path).zones) == 2


def test_a_key_that_stands_twice_is_refused(tmp_path):
    path = zones(tmp_path / "z.geojson", feature())
    path.write_text(path.read_text().replace('"kind": "berth"', '"kind": "berth", "kind": "anchorage"'))
    with pytest.raises(ConfigError, match="key kind appears twice"):
        read_zones(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "z.geojson")
    with pytest.raises(ConfigError, match="is not a regular file"):
        read_zones(tmp_path / "z.geojson")


def test_a_coast_that_says_a_thing_twice_is_refused(tmp_path):
    """Of two lists of land polygons only the last would be used, and half the coast would be sea."""
    zones(tmp_path / "zones.geojson", feature())
    coast = '{"type": "FeatureCollection", "features": [], "features": []}'
    (tmp_path / "coast.geojson").write_text(coast)
    with pytest.raises(ConfigError, match=r"coast\.geojson: key features appears twice"):
        load_place(aoi(coast="coast.geojson"), tmp_path)


@pytest.mark.parametrize(
    ("coast", "said"),
    [
        ("[" * 100_000, "is not a GeoJSON file of land polygons"),
        ('{"geometry":' * 100_000, "is not a GeoJSON file of land polygons"),
        ('{"type": "Polygon", "coordinates": []}', "its geometry is empty, no polygon"),
        ('{"type": "Point", "coordinates": [133, 42]}', "its geometry is a Point, no polygon"),
    ],
    ids=["nested lists", "nested mappings", "no corner", "a point"],
)
def test_a_coast_that_is_no_land_is_refused(tmp_path, coast, said):
    """Also for deep nesting and for an empty polygon, with a message that fits."""
    zones(tmp_path / "zones.geojson", feature())
    (tmp_path / "coast.geojson").write_text(coast)
    with pytest.raises(ConfigError, match=rf"coast\.geojson: {said}"):
        load_place(aoi(coast="coast.geojson"), tmp_path)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"name": "Isle"}, "feature Isle"),
        ({"id": 12}, "feature with id 12"),
        ({"name": "Quay"}, r"second feature \(Quay\)"),
        ({"kind": "land"}, r"second feature \(land\)"),
        (None, r"second feature \(Polygon\)"),
    ],
    ids=["name", "number", "name of another", "what it is", "nothing told"],
)
def test_a_coast_names_the_feature_that_is_wrong(tmp_path, properties, said):
    """By its own name, number or kind, else by its place in the file, never counted from 0."""
    good = feature() | {"properties": {"name": "Quay"}}
    path = zones(tmp_path / "coast.geojson", good, feature([BOW_TIE]) | {"properties": properties})
    with pytest.raises(ConfigError, match=rf"coast\.geojson: {said} is invalid: Self-intersection"):
        read_land(path)


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (None, "has no geometry"),
        ({"type": "Polygon"}, "has a geometry that cannot be read; a polygon is wanted"),
        ({"type": "Point", "coordinates": [133.0, 42.7]}, "is a Point, no polygon"),
    ],
    ids=["none", "no coordinates", "point"],
)
def test_one_bad_feature_does_not_make_a_coast_no_geojson(tmp_path, geometry, said):
    """One feature without a geometry among a thousand must not make the whole file "not a GeoJSON file"."""
    path = zones(tmp_path / "coast.geojson", feature(), {"type": "Feature", "properties": {}, "geometry": geometry})
    with pytest.raises(ConfigError, match=rf"coast\.geojson: second feature (\(\w+\) )?{said}$"):
        read_land(path)


def test_a_zone_without_a_name_of_its_own_is_counted_from_one(tmp_path):
    nameless = feature() | {"properties": {"kind": "berth"}}
    with pytest.raises(ConfigError, match=r"z\.geojson: second feature \(berth\): zone_id: is missing$"):
        read_zones(zones(tmp_path / "z.geojson", feature(), nameless))
    with pytest.raises(ConfigError, match=r"z\.geojson: second feature \(Polygon\): has no properties$"):
        read_zones(zones(tmp_path / "z.geojson", feature(), feature() | {"properties": None}))
