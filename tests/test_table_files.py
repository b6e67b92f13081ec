"""Tables in and out of files, by their suffix, and what a spreadsheet gets of them."""

from __future__ import annotations

import json
import os
import resource
import warnings
from contextlib import contextmanager
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from shapely.geometry import Point

from pipeline.errors import ConfigError, EnvironmentFault, InputError
from pipeline.table_files import flat_table, neutral, read_table, unguarded, write_table
from pipeline.tables import Column, Contract, contract_of

FORMATS = (".parquet", ".csv", ".geojson", ".gpkg")


def points(count: int = 3) -> geopandas.GeoDataFrame:
    rng = np.random.default_rng(0)
    columns = {"name": [f"ship {n}" for n in range(count)], "length_m": rng.uniform(20, 300, count)}
    return geopandas.GeoDataFrame(columns, geometry=[Point(133 + n * 1e-3, 42.75) for n in range(count)], crs=4326)


@contextmanager
def full_disk(after_bytes: int):
    """Every write beyond so many bytes of a file fails, as where the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("missing_bytes", [1, 100, 5000], ids="{} bytes too few".format)
def test_a_full_disk_leaves_the_old_file(tmp_path, suffix, missing_bytes):
    """A few bytes too few are the hard case: some writers notice it on closing only, or never."""
    path = tmp_path / f"t{suffix}"
    table = points(500)
    write_table(table, path)
    size = path.stat().st_size
    path.write_text("old")
    with full_disk(size - missing_bytes), pytest.raises(EnvironmentFault, match="nothing was changed") as caught:
        write_table(table, path)
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [*FORMATS, ".CSV", ".GeoJSON"])
def test_a_table_comes_back_without_a_contract_too(tmp_path, suffix):
    write_table(points(), tmp_path / f"t{suffix}")
    read = read_table(tmp_path / f"t{suffix}")
    assert read["name"].tolist() == points()["name"].tolist()
    np.testing.assert_allclose(read["length_m"], points()["length_m"], rtol=1e-9)
    where = read["geometry"] if suffix.lower() != ".csv" else geopandas.GeoSeries.from_wkt(read["geometry"])
    assert where.tolist() == points().geometry.tolist()


def test_json_in_some_rows_of_a_column_is_json_or_null_in_geojson_and_the_same_text_when_read_again(tmp_path):
    """GDAL writes text in braces as JSON; an empty text beside it made every reader warn."""
    lines = '{"type":"FeatureCollection","features":[{"kind":"deck_edge","at":[133.0684538,42.7367967]}]}'
    write_table(points(2).assign(drawn=[lines, ""]), tmp_path / "t.geojson")
    held = [f["properties"]["drawn"] for f in json.loads((tmp_path / "t.geojson").read_text())["features"]]
    assert held == [json.loads(lines), None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        geopandas.read_file(tmp_path / "t.geojson")
    kept = Contract(
        "t",
        "",
        "name",
        (Column("name", "text", ""), Column("drawn", "text", "", required=False), Column("geometry", "geometry", "")),
    )
    drawn = read_table(tmp_path / "t.geojson", kept)["drawn"].tolist()
    assert [json.loads(drawn[0]), drawn[1]] == [json.loads(lines), ""]


@pytest.mark.parametrize("name", ["t.doc", "t", "t.xlsx", "t.parquet.gz"])
def test_an_unknown_format_is_refused_with_those_that_there_are(tmp_path, name):
    with pytest.raises(ConfigError, match=r"end the name in \.parquet, \.csv, \.geojson, \.gpkg"):
        write_table(points(), tmp_path / name)
    (tmp_path / name).write_text("a\n1\n")
    with pytest.raises(InputError, match="not a table that can be read") as told:
        read_table(tmp_path / name)
    assert str(told.value).endswith("save its sheet as CSV UTF-8") == name.endswith("xlsx")
    assert str(told.value).endswith("unpack it first") == name.endswith("gz")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg"])
def test_a_table_without_a_place_is_no_map(tmp_path, suffix):
    with pytest.raises(ConfigError, match="no geometry"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / f"t{suffix}")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe\x00\x00", b"PAR1" + b"\0" * 20, None])
def test_a_file_that_is_no_table_is_refused_by_its_name(tmp_path, suffix, content):
    if suffix == ".csv" and content in {b"nonsense", b"PAR1" + b"\0" * 20}:
        pytest.skip("any text is a CSV of one column")
    path = tmp_path / f"bad{suffix}"
    if content is not None:
        path.write_bytes(content)
    cause = "no such file" if content is None else "cannot be read as a table|is empty|is UTF-"
    with pytest.raises(InputError, match=cause) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("suffix", [".parquet", ".geojson"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_torn_file_is_refused(tmp_path, suffix, share):
    path = tmp_path / f"t{suffix}"
    write_table(points(200), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_table(path)


def test_ids_of_a_foreign_csv_are_not_taken_for_numbers(tmp_path):
    (tmp_path / "calls.csv").write_text("call_id,det_id,length_m\n007,1e5,99.5\n008,2e5,\n")
    read = read_table(tmp_path / "calls.csv")
    assert read["call_id"].tolist() == ["007", "008"]
    assert read["det_id"].tolist() == ["1e5", "2e5"]
    assert read["length_m"].isna().tolist() == [False, True]


# what a spreadsheet gets


@pytest.mark.parametrize("text", ["=1+1", "+5", "-5", "@SUM(A1)", "\tx", "\x00x", "='[1]'!A1"])
def test_a_name_cannot_be_a_formula(text):
    assert neutral(text)[0] == "'"
    assert unguarded(neutral(text)) == text


@pytest.mark.parametrize("text", ["", "SIM TANKER 1", "5-2", "a=b", "'quoted'", "ß"])
def test_harmless_text_is_left_alone(text):
    assert neutral(text) == text
    assert unguarded(text) == text


@given(st.text(st.characters(exclude_characters="\r")) | st.text("'=+-@\t\x00a", max_size=6))
def test_the_guard_can_be_taken_off_again(text):
    assert unguarded(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r", "\x00"))


def test_a_flat_table_holds_only_what_a_spreadsheet_can():
    table = points(2).assign(
        flags=[["a", "b"], []],
        when=pd.to_datetime(["2024-03-07T12:00:00Z", None], utc=True),
        name=["=cmd", "SIM"],
    )
    flat = flat_table(table)
    assert flat["flags"].tolist() == ["a;b", ""]
    assert flat["when"].iloc[0] == "2024-03-07T12:00:00Z"
    assert pd.isna(flat["when"].iloc[1])
    assert flat["name"].tolist() == ["'=cmd", "SIM"]
    assert flat["geometry"].tolist() == ["POINT (133 42.75)", "POINT (133.001 42.75)"]
    assert table["flags"].iloc[0] == ["a", "b"], "the table itself must not change"


def test_a_pipe_is_not_waited_for(tmp_path):
    """Nobody writes into it: to open it would never end."""
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"x\.csv: is not a regular file"):
        read_table(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["ledger", "findings", "detections", "scenes", "static", "liftings"])
@pytest.mark.parametrize("rows", [0, 2])
def test_a_list_has_one_type_whether_any_row_has_a_text_in_it(name, rows, tmp_path):
    """It was null, or a list of nulls: pyarrow refused to read the ledgers of two runs as one."""
    contract = contract_of(name)
    lists = [c.name for c in contract.columns if c.kind == "list"]
    row = {c.name: False for c in contract.columns if c.kind == "bool"}
    write_table(contract.from_rows([row] * rows), tmp_path / "none.parquet")
    schema = parquet.read_schema(tmp_path / "none.parquet")
    assert {str(schema.field(column).type) for column in lists} == {"list<element: string>"}
    assert (b"geo" in schema.metadata) == bool(contract.geometry)
    back = pd.read_parquet(tmp_path / "none.parquet")
    assert all(len(cell) == 0 for column in lists for cell in back[column])
    assert [path.name for path in tmp_path.iterdir()] == ["none.parquet"]
