"""Files for other programs: they open, say what they are, and validate without a network."""

from __future__ import annotations

import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from PIL import Image

from pipeline.errors import EnvironmentFault
from pipeline.ingest.simulated_mark import is_marked_simulated
from pipeline.report.cards import cards
from pipeline.report.exports import annex_table
from pipeline.report.geopackage import layers, write_geopackage
from pipeline.report.quicklooks import EARTH_RADIUS_M, latitude, mercator_y, read_quicklooks
from pipeline.table_files import read_table, write_table
from pipeline.tables import SCENES
from tests.cases.desk import Desk
from tests.test_table_files import full_disk

LAYERS = {"land", "structures", "looks", "zones", "tracks", "detections", "calls"}


def test_the_geopackage_has_every_layer_with_as_many_rows_as_the_tables(tiny_run):
    path = tiny_run / "run.gpkg"
    names = {name for name, kind in pyogrio.list_layers(path) if kind is not None}
    assert names >= LAYERS
    assert len(gpd.read_file(path, layer="detections")) == len(read_table(tiny_run / "detections.parquet"))
    assert len(gpd.read_file(path, layer="calls")) == len(read_table(tiny_run / "port_calls.parquet"))
    assert gpd.read_file(path, layer="zones").crs == "EPSG:4326"


def test_no_torn_geopackage_is_taken_where_the_folder_for_temporary_files_is_full(tiny_story, tmp_path):
    """GDAL reports nothing if its last writes find no room on disk, and otherwise not that the disk is full."""
    path = tmp_path / "run.gpkg"
    write_geopackage(tiny_story, path)
    size = path.stat().st_size
    for room in (0, 60_000, size - 4096, size - 1):
        with full_disk(room), pytest.raises(EnvironmentFault, match=r"run.gpkg: cannot be written: .* a size limit"):
            write_geopackage(tiny_story, tmp_path / "other.gpkg")
    assert [p.name for p in tmp_path.iterdir()] == ["run.gpkg"]


def test_times_in_the_geopackage_are_times_to_the_millisecond(tiny_run):
    """As texts, some with fractions of a second, QGIS could neither filter a layer by them nor animate it."""
    path = tiny_run / "run.gpkg"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for layer, column in (
            ("looks", "acquired"), ("detections", "acquired"), ("tracks", "from_utc"), ("tracks", "to_utc"),
            ("calls", "arrival_utc"), ("calls", "departure_not_before"), ("calls", "departure_not_after"),
        ):  # fmt: skip
            kinds = {name: kind for _, name, kind, *_ in database.execute(f"PRAGMA table_info({layer})")}
            assert kinds[column] == "DATETIME"
            for (moment,) in database.execute(f"SELECT {column} FROM {layer} WHERE {column} IS NOT NULL"):
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment), "as GeoPackage 1.3 has it"
    exact = read_table(tiny_run / "detections.parquet").set_index("detection_id")["acquired"]
    told = gpd.read_file(path, layer="detections").set_index("detection_id")["acquired"]
    assert (told - exact.reindex(told.index)).abs().max() < pd.Timedelta(milliseconds=1)


def test_each_layer_brings_a_default_style_whose_symbols_are_all_there(tiny_run):
    with closing(sqlite3.connect(f"file:{tiny_run / 'run.gpkg'}?mode=ro", uri=True)) as database:
        styles = database.execute("SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles")
        found = {name: (column, qml, default) for name, column, qml, default in styles}
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
        kinds = dict(database.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns").fetchall())
        about = dict(database.execute("SELECT table_name, description FROM gpkg_contents").fetchall())
    assert set(found) == LAYERS
    others = {"calls": "POINT", "tracks": "LINESTRING"}  # an empty layer has its geometry type all the same
    assert {name: kinds[name] for name in LAYERS} == dict.fromkeys(LAYERS, "MULTIPOLYGON") | others
    for name, (column, qml, default) in found.items():
        assert default == 1
        assert column == columns[name]
        assert about[name].startswith("SIMULATED")
        root = ET.fromstring(qml)
        drawn = {symbol.get("name") for symbol in root.iter("symbol")}
        assert {category.get("symbol") for category in root.iter("category")} <= drawn
        renderer = root.find("renderer-v2")
        for placement in root.iter("placement"):
            assert int(placement.get("priority")) > 0, "QGIS draws no label of priority zero"
        if renderer.get("type") == "categorizedSymbol":
            values = {category.get("value") for category in root.iter("category")}
            layer = gpd.read_file(tiny_run / "run.gpkg", layer=name)
            assert set(layer[renderer.get("attr")].dropna()) <= values
            if name == "looks":
                statuses = next(c.choices for c in SCENES.columns if c.name == "status")
                assert values == set(statuses), "also those that this run has none of"


def test_stac_validates_with_the_core_schemas_that_pystac_brings(tiny_run):
    pystac = pytest.importorskip("pystac")
    pytest.importorskip("jsonschema", reason="pystac validates with jsonschema")
    collection = pystac.Collection.from_file(str(tiny_run / "stac" / "collection.json"))
    assert collection.validate()
    items = list(collection.get_items(recursive=True))
    assert items
    for item in items:
        assert item.validate()
        assert item.properties["capwatch:simulated"] is True
    assert collection.title.startswith("SIMULATED")


def test_the_extent_of_the_collection_holds_the_box_of_every_item(tiny_run):
    """STAC: a collection's first box covers everything in it; looks reach beyond the place."""
    stac = tiny_run / "stac"
    (box,) = json.loads((stac / "collection.json").read_text("utf-8"))["extent"]["spatial"]["bbox"]
    items = [json.loads(path.read_text("utf-8"))["bbox"] for path in stac.glob("*/*.json")]
    assert items
    west, south, east, north = zip(*items, strict=True)
    assert box[0] <= min(west)
    assert box[1] <= min(south)
    assert box[2] >= max(east)
    assert box[3] >= max(north)


def test_stac_links_lead_to_files_of_the_run(tiny_run):
    for path in (tiny_run / "stac").rglob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        for link in content["links"]:
            assert (path.parent / link["href"]).exists(), link
        for name, asset in content["assets"].items():
            assert (path.parent / asset["href"]).exists(), asset
            assert name != "source", "what the cache made has no address"


def test_the_image_of_an_item_is_found_by_pystac_or_not_linked(tmp_path, monkeypatch):
    """Truth: the file itself. A path relative to the working folder would lead nowhere from the item's folder."""
    pystac = pytest.importorskip("pystac")
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path / "a desk").furnished()
    first, second = sorted(desk.images.glob("*.tif"))
    relative = str(first.relative_to(tmp_path))
    run = desk.run(source={"kind": "files", "images": [relative, str(second)], "ais": []}).folder
    items = list(pystac.Collection.from_file(str(run / "stac" / "collection.json")).get_items())
    by_name = {item.properties["capwatch:href"]: item for item in items}
    assert set(by_name) == {relative, str(second)}
    assert "source" not in by_name[relative].assets
    href = by_name[str(second)].assets["source"].get_absolute_href()
    assert href.startswith("file:///")
    assert Path(unquote(urlparse(href).path)) == second


@pytest.mark.parametrize("name", ["map", "timeline", "account"])
def test_figures_come_as_svg_and_as_png(tiny_run, name):
    assert (tiny_run / "figures" / f"{name}.svg").read_text("utf-8").startswith("<svg")
    with Image.open(tiny_run / "figures" / f"{name}.png") as picture:
        assert min(picture.size) > 300


def test_a_table_with_a_geometry_is_geoparquet_with_a_box_for_each_row(tiny_run):
    table = gpd.read_parquet(tiny_run / "detections.parquet")
    west, south, east, north = table.total_bounds
    inside = gpd.read_parquet(tiny_run / "detections.parquet", bbox=(west, south, east, north))
    assert len(inside) == len(table)
    assert table.crs == "EPSG:4326"


def test_quicklooks_lie_where_they_say(tiny_run):
    index = read_quicklooks(tiny_run / "quicklooks")
    scenes = read_table(tiny_run / "scenes.parquet").set_index("scene_id")
    assert set(index) == set(scenes.index)
    for name, look in index.items():
        west, south, east, north = look["bounds"]
        box = scenes.loc[name, "footprint"].bounds
        assert west >= box[0] - 1e-6
        assert north <= box[3] + 1e-6
        with Image.open(tiny_run / "quicklooks" / look["file"]) as picture:
            assert picture.mode == "RGBA"
            wide = np.radians(east - west) * EARTH_RADIUS_M / (mercator_y(north) - mercator_y(south))
            assert picture.size[0] / picture.size[1] == pytest.approx(wide, rel=0.02)


def test_mercator_there_and_back():
    """The equator is at 0; in EPSG:3857, 45 degrees north is at 5,621,521 m."""
    assert mercator_y(0.0) == pytest.approx(0, abs=1e-6)
    assert mercator_y(45.0) == pytest.approx(5_621_521.486, abs=0.01)
    assert latitude(mercator_y(42.7)) == pytest.approx(42.7)


def test_annex_starts_with_the_columns_that_the_annex_has(tiny_run):
    columns = list(pd.read_csv(tiny_run / "calls.csv").columns)
    assert [c for c in columns if c in ("ship", "arrival_date", "dwt_t", "estimated_barrels")] == [
        "ship", "arrival_date", "dwt_t", "estimated_barrels",
    ]  # fmt: skip
    assert "simulated" in columns


def test_the_annex_has_the_deadweight_and_the_times_of_the_cards(tiny_story, tmp_path):
    """A reader with both in hand must not find 72,500 t beside 72,000 t, nor one sighting in two minutes."""
    liftings, detections = tiny_story.tables["liftings"], tiny_story.tables["detections"]
    seen = tiny_story.tables["port_calls"]["detection_ids"].iloc[0][0]
    scene = detections.set_index("detection_id").loc[seen, "scene_id"]
    scenes = tiny_story.tables["scenes"]
    image = scenes.set_index("scene_id").loc[scene, "acquired"].floor("min") + pd.Timedelta(seconds=59)
    row_time = image + pd.Timedelta(seconds=2)  # of the ship's row, in the next minute
    tables = dict(tiny_story.tables) | {
        "liftings": liftings.assign(dwt_p50_t=72_460.0),
        "scenes": scenes.assign(acquired=scenes["acquired"].mask(scenes["scene_id"] == scene, image)),
        "detections": detections.assign(
            acquired=detections["acquired"].mask(detections["detection_id"] == seen, row_time)
        ),
        "port_calls": tiny_story.tables["port_calls"].head(1).assign(arrival_hi=row_time),
    }
    story = replace(tiny_story, tables=tables)
    (row,), (card,) = annex_table(story).itertuples(), cards(story.at_image_times(), tmp_path)
    assert card["dwt"].startswith(f"{row.dwt_t:,.0f} t")
    assert (row.arrival_not_after, f"{image:%H:%M}") == (image, card["arrival"][-5:])
    assert layers(story)["calls"]["arrival_utc"].tolist() == [image]


def test_a_name_that_is_a_formula_is_text_in_every_layer(tiny_story):
    """QGIS saves a layer's attributes as a table."""
    tables = dict(tiny_story.tables)
    for name in ("port_calls", "static"):
        tables[name] = tables[name].assign(name='=HYPERLINK("x")')
    told = layers(replace(tiny_story, tables=tables))
    assert set(told["calls"]["ship"]) == {'\'=HYPERLINK("x")'}
    assert set(told["tracks"]["name"]) <= {'\'=HYPERLINK("x")', ""}


def test_only_a_call_that_counts_has_an_amount(tiny_story):
    """Nobody estimates a coal ship full of oil; the column adds up to the sum of the counted calls."""
    amounts, liftings = ["estimated_barrels", "barrels_p5", "barrels_p95"], tiny_story.tables["liftings"]
    assert annex_table(tiny_story)[amounts].notna().all(axis=None)
    tables = dict(tiny_story.tables) | {"liftings": liftings.assign(counts=False)}
    aside = annex_table(replace(tiny_story, tables=tables))
    assert aside[amounts].isna().all(axis=None)
    assert aside["dwt_t"].notna().all(), "her size was measured all the same"
    on_the_map = layers(replace(tiny_story, tables=tables))["calls"]
    assert on_the_map[["barrels_p5", "barrels_p50", "barrels_p95"]].isna().all(axis=None)
    assert (layers(tiny_story)["calls"]["barrels_p50"] > 0).all()


def test_a_call_at_no_known_berth_is_on_the_map_all_the_same(tiny_story):
    """It is in the report, so also in QGIS: where looks saw her, else in the middle of the box."""
    calls, seen = tiny_story.tables["port_calls"], tiny_story.tables["detections"].set_index("detection_id")
    west, south, east, north = tiny_story.place.bbox
    hers = [d for d in calls["detection_ids"].iloc[0] if d in seen.index]
    assert hers
    middle = seen.loc[hers, "lon"].mean(), seen.loc[hers, "lat"].mean()
    for ids, at in ((hers, middle), ([], ((west + east) / 2, (south + north) / 2))):
        lost = calls.head(1).assign(berth_id="a zone that is gone", detection_ids=[ids])
        (row,) = layers(replace(tiny_story, tables={**tiny_story.tables, "port_calls": lost}))["calls"].itertuples()
        assert (row.geometry.x, row.geometry.y) == pytest.approx(at)
        assert row.placed.startswith("middle of her sightings" if ids else "middle of the box")


def test_times_of_the_annex_have_one_form(tiny_story, tmp_path):
    """A table reader that expects the format of the first time throughout would refuse fractions of a second."""
    calls = tiny_story.tables["port_calls"]
    odd = calls["arrival_hi"] + pd.to_timedelta(675984, "us")
    twice = pd.concat([calls, calls.assign(call_id="second", arrival_hi=odd, departure_hi=pd.NaT)], ignore_index=True)
    liftings = tiny_story.tables["liftings"]
    both = pd.concat([liftings, liftings.assign(call_id="second")], ignore_index=True)
    tables = dict(tiny_story.tables) | {"port_calls": twice, "liftings": both}
    write_table(annex_table(replace(tiny_story, tables=tables)), tmp_path / "calls.csv")
    read = pd.read_csv(tmp_path / "calls.csv")
    for name in ("arrival_not_before", "arrival_not_after", "departure_not_before", "departure_not_after"):
        assert pd.to_datetime(read[name]).notna().any()
        assert read[name].dropna().str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()


def test_outer_rings_turn_left_as_rfc_7946_asks(tiny_run):
    """To a program that follows the standard, a clockwise ring is all of the Earth except the ship."""
    files = [tiny_run / "detections.geojson", *(tiny_run / "stac").glob("*/*.json")]
    told = [json.loads(path.read_text("utf-8")) for path in files]
    shapes = [shapely.geometry.shape(f["geometry"]) for one in told for f in one.get("features", [one])]
    rings = [part.exterior for shape in shapes for part in shapely.get_parts(shape)]
    assert len(rings) > len(told) > 2
    assert all(ring.is_ccw for ring in rings)


def test_every_table_of_a_simulated_run_says_so(tiny_run):
    """Tables travel alone: without a mark, the demo's liftings would pass for real ones."""
    tables = sorted(tiny_run.rglob("*.parquet"))
    assert len(tables) > 10
    assert [path.name for path in tables if not is_marked_simulated(path)] == []
    for name in ("detections.geojson", "structures.geojson"):
        assert json.loads((tiny_run / name).read_text("utf-8"))["description"].startswith("SIMULATED")
    assert set(pd.read_csv(tiny_run / "sensitivity.csv")["simulated"]) == {True}
