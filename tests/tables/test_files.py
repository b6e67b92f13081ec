"""Tables as files: each format returns what was written, with the same bytes each time, or says what it cannot hold."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from pipeline.errors import ContractError
from pipeline.table_files import read_table, write_table
from pipeline.tables import ALL, DETECTIONS, LEDGER, PORT_CALLS, SCENES, TRACKS
from tests.tables.rows import START, assert_same, good_rows, good_value, tables

GEOGRAPHIC = [c for c in ALL if c.geometry]
BORDERS = [(contract, suffix) for contract in ALL for suffix in (".parquet", ".csv")] + [
    (contract, suffix) for contract in GEOGRAPHIC for suffix in (".geojson", ".gpkg")
]
each_file = pytest.mark.parametrize(("contract", "suffix"), BORDERS, ids=lambda v: getattr(v, "name", v))
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@each_file
def test_a_file_gives_back_the_table(contract, suffix, tmp_path):
    table = contract.check(contract.from_rows(good_rows(contract)))
    path = tmp_path / f"{contract.name}{suffix}"
    write_table(table, path)
    assert_same(read_table(path, contract), table, contract, rel=0 if suffix == ".parquet" else 1e-9)


@each_file
def test_a_file_gives_back_the_empty_table(contract, suffix, tmp_path):
    path = tmp_path / f"{contract.name}{suffix}"
    write_table(contract.empty(), path)
    assert_same(read_table(path, contract), contract.empty(), contract)


@each_file
@given(data=st.data())
@FEW
def test_a_file_gives_back_any_table(contract, suffix, data, tmp_path_factory):
    table = contract.check(data.draw(tables(contract)))
    path = tmp_path_factory.getbasetemp() / f"any-{contract.name}{suffix}"
    write_table(table, path)
    assert_same(read_table(path, contract), table, contract, rel=0 if suffix == ".parquet" else 1e-9)


@each_file
def test_the_same_table_makes_the_same_bytes(contract, suffix, tmp_path):
    path = tmp_path / f"{contract.name}{suffix}"
    made = []
    for _ in range(2):
        write_table(contract.from_rows(good_rows(contract)), path)
        made.append(path.read_bytes())
    assert made[0] == made[1]


TROUBLESOME = [
    "007", "1e5", "12345678901234567890", "0x10", "NA", "null", "None", "nan", "True", "2024-03-07", "2024/03/07",
    "2024-03-07T00:00:00Z", "=1+1", "+5", "-5", "@a", "\ttab", "'=1+1", "'quoted'", "''=1", 'a"b,c;d',
    "two\nlines", "<script>", "Приморье", "船", " spaces ", "{}", "[1]", "inf",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
@pytest.mark.parametrize("text", TROUBLESOME, ids=repr)
def test_text_stays_text_whatever_it_looks_like(text, suffix, tmp_path):
    row = {c.name: good_value(c, 0) for c in SCENES.columns}
    table = SCENES.from_rows([row | {"scene_id": text, "platform": text, "cause": text, "href": text}])
    path = tmp_path / f"t{suffix}"
    write_table(table, path)
    assert_same(read_table(path, SCENES), table, SCENES, rel=1e-9)


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
@pytest.mark.parametrize("text", ["two\rlines", "two\r\nlines", "\rreturn"], ids=repr)
def test_a_carriage_return_tears_no_row(text, suffix, tmp_path):
    rows = good_rows(SCENES)
    rows[1]["cause"] = text
    path = tmp_path / f"t{suffix}"
    write_table(SCENES.from_rows(rows), path)
    read = read_table(path, SCENES)
    assert read["cause"].iloc[1].splitlines() == text.splitlines()
    assert read["scene_id"].tolist() == [r["scene_id"] for r in rows]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_list_that_begins_like_a_formula_comes_back(suffix, tmp_path):
    rows = [{"fix_id": "1", "track_id": "1", "mmsi": 1, "time_utc": START, "lon": 1, "lat": 2, "flags": ["=a", "-b"]}]
    path = tmp_path / f"t{suffix}"
    write_table(TRACKS.from_rows(rows), path)
    assert read_table(path, TRACKS)["flags"].tolist() == [["=a", "-b"]]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".geojson", ".gpkg"])
def test_objects_without_an_outline_keep_their_place_in_the_file(suffix, tmp_path):
    rows = good_rows(DETECTIONS)
    rows[0]["geometry"] = None
    table = DETECTIONS.check(DETECTIONS.from_rows(rows))
    path = tmp_path / f"t{suffix}"
    write_table(table, path)
    assert_same(read_table(path, DETECTIONS), table, DETECTIONS, rel=1e-9)


def test_a_geoparquet_says_where_it_lies_and_others_can_read_it(tmp_path):
    table = DETECTIONS.from_rows(good_rows(DETECTIONS))
    write_table(table, tmp_path / "d.parquet")
    read = geopandas.read_parquet(tmp_path / "d.parquet")
    assert read.crs == "EPSG:4326"
    assert read.geometry.iloc[0].contains(Point(133.0005, 42.7505))


def test_a_file_of_another_table_is_refused_by_table_and_column(tmp_path):
    write_table(LEDGER.from_rows(good_rows(LEDGER)), tmp_path / "ledger.csv")
    with pytest.raises(ContractError, match=r"table port_calls.*"):
        read_table(tmp_path / "ledger.csv", PORT_CALLS)


def test_times_of_a_csv_end_in_z(tmp_path):
    write_table(TRACKS.from_rows(good_rows(TRACKS)), tmp_path / "t.csv")
    first = pd.read_csv(tmp_path / "t.csv")["time_utc"].iloc[0]
    assert first == "2024-03-07T12:30:15.250000Z"
    assert datetime.fromisoformat(first) == START.astimezone(UTC)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_scenes_that_an_earlier_version_wrote_are_read(suffix, tmp_path):
    """Only their cause tells how well a time is known."""
    rows = [
        good_rows(SCENES, 1)[0] | {"scene_id": name, "acquired": acquired, "cause": cause}
        for name, acquired, cause in (
            ("a", START, "time of day unknown; the file gives the date"),
            ("b", START, "a quarter of it is cloud; time of day unknown; the file name gives the date"),
            ("c", START, ""),
            ("d", None, "is no GeoTIFF"),
        )
    ]
    earlier = SCENES.from_rows(rows).drop(columns="acquired_precision")
    write_table(earlier, tmp_path / f"scenes{suffix}")
    read = read_table(tmp_path / f"scenes{suffix}", SCENES)
    assert list(read["acquired_precision"]) == ["day", "day", "moment", ""]
