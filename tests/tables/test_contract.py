"""Contracts: what fits passes unchanged, the rest is refused by table and column, files give back what they got."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone

import geopandas
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from pipeline.errors import ContractError
from pipeline.storage import read_table, write_table
from pipeline.tables import ALL, DETECTIONS, LEDGER, LOOKS, MATCHES, PORT_CALLS, SCENES, TRACKS, Column, Contract
from tests.tables.rows import START, assert_same, good_rows, good_value, tables

each = pytest.mark.parametrize("contract", ALL, ids=lambda c: c.name)
GEOGRAPHIC = [c for c in ALL if c.geometry]
BORDERS = [(contract, suffix) for contract in ALL for suffix in (".parquet", ".csv")] + [
    (contract, suffix) for contract in GEOGRAPHIC for suffix in (".geojson", ".gpkg")
]
each_file = pytest.mark.parametrize(("contract", "suffix"), BORDERS, ids=lambda v: getattr(v, "name", v))
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def columns_of(kind: str | None = None, *, where=lambda column: True):
    """(contract, column) of the last such column of each kind in each contract: the rules are the same for all."""
    fitting = [(t, c) for t in ALL for c in t.columns if kind in {None, c.kind} and where(c)]
    found = {(t.name, c.kind): (t, c) for t, c in fitting}.values()
    assert found, "a test without cases"
    return pytest.mark.parametrize(("contract", "column"), found, ids=lambda v: v.name)


def refused(contract: Contract, column: str, table: pd.DataFrame) -> str:
    """The message with which the table is refused; it names table and column, in one line."""
    with pytest.raises(ContractError) as caught:
        contract.check(table)
    message = str(caught.value)
    assert re.search(rf"^table {contract.name}\b.*\b{column}\b", message), message
    assert len(message.splitlines()) == 1
    return message


def table_with(contract: Contract, column: str, value: object) -> pd.DataFrame:
    """A raw table whose second row has ``value`` in ``column``, everything else as it should be."""
    rows = good_rows(contract)
    rows[1][column] = value
    return pd.DataFrame(rows[:-1])


# the contracts themselves


def test_every_contract_has_its_own_name():
    assert len({c.name for c in ALL}) == len(ALL)


@each
def test_a_contract_describes_every_column_once(contract):
    assert contract.about
    assert len(set(contract.names)) == len(contract.names)
    assert all(c.about for c in contract.columns)
    assert sum(c.kind == "geometry" for c in contract.columns) <= 1
    key = next(c for c in contract.columns if c.name == contract.key)
    assert key.kind == ("int" if contract.name == "reviews" else "text")  # a verdict's key is its line in the file
    assert key.required


@each
def test_units_stand_in_the_names_and_agree_with_the_description(contract):
    units = {"_m": "m", "_km": "km", "_kn": "kn", "_t": "t", "_db": "dB", "_bbl": "bbl", "_s": "s", "_sd_m": "m"}
    for column in contract.columns:
        for ending, unit in units.items():
            if column.kind == "float" and column.name.endswith(ending) and "_per_" not in column.name:
                assert column.unit == unit, f"{column.name} says {column.unit!r}"


# what fits


@each
def test_the_empty_table_passes_its_own_check(contract):
    empty = contract.check(contract.empty())
    assert len(empty) == 0
    assert list(empty.columns) == contract.names
    assert isinstance(empty, geopandas.GeoDataFrame) == (contract.geometry is not None)
    assert_same(contract.check(pd.DataFrame()), empty, contract)
    assert_same(contract.from_rows([]), empty, contract)


@each
def test_good_rows_pass_and_keep_their_values(contract):
    rows = good_rows(contract)
    table = contract.check(contract.from_rows(rows))
    for n, row in enumerate(rows):
        for column in contract.columns:
            found = table[column.name].iloc[n]
            if column.name in row:
                assert found == row[column.name], column.name
            else:
                nothing = {"text": found == "", "list": found == []}
                assert nothing.get(column.kind, found is None or found is pd.NaT or pd.isna(found)), column.name


@each
@given(data=st.data())
@FEW
def test_conforming_is_idempotent_and_changes_nothing_given(contract, data):
    table = data.draw(tables(contract))
    before = table.copy(deep=True)
    once = contract.conform(table)
    assert_same(once, table, contract)
    assert_same(contract.check(once), once, contract)
    assert_same(table, before, contract)


@each
def test_columns_come_in_the_contracts_order_and_others_after_them(contract):
    rows = good_rows(contract)
    shuffled = pd.DataFrame(rows)[list(reversed(contract.names))].assign(remark="kept")
    table = contract.check(shuffled)
    assert list(table.columns) == [*contract.names, "remark"]
    assert (table["remark"] == "kept").all()


def test_the_tables_index_is_forgotten_but_not_its_order():
    table = MATCHES.from_rows([{"det_id": d, "probability": 0.5} for d in "abc"]).iloc[::-1]
    assert MATCHES.check(table)["det_id"].tolist() == ["c", "b", "a"]
    assert MATCHES.check(table).index.tolist() == [0, 1, 2]


def test_times_in_any_zone_and_form_become_utc():
    moments = [
        START,
        START.astimezone(timezone(timedelta(hours=10))),
        "2024-03-07T22:30:15.25+10:00",
        "2024-03-07T12:30:15.250Z",
        pd.Timestamp("2024-03-07T12:30:15.25Z"),
        np.nan,
        None,
        "",
    ]
    times = LOOKS.conform(pd.DataFrame({"acquired": moments}))["acquired"]
    assert str(times.dtype) == "datetime64[us, UTC]"
    assert (times[:5] == START).all()
    assert times[5:].isna().all()


def test_texts_of_times_may_differ_in_their_digits():
    """A CSV drops the fraction of a second where it is zero."""
    texts = pd.Series(["2024-03-07T12:30:15Z", "2024-03-07T12:30:15.250Z"], dtype="str")
    times = LOOKS.conform(pd.DataFrame({"acquired": texts}))["acquired"]
    assert (times.iloc[1] - times.iloc[0]) == timedelta(milliseconds=250)


@pytest.mark.parametrize("words", [["true", "False"], [1, 0], ["1", "0"], [1.0, 0.0], [np.True_, np.False_]])
def test_truth_is_read_from_the_words_of_a_file(words):
    table = DETECTIONS.conform(pd.DataFrame({"accepted": words}))
    assert table["accepted"].tolist() == [True, False]
    assert table["accepted"].dtype == bool


# what does not fit


@columns_of(where=lambda c: c.kind in {"float", "int"})
@pytest.mark.parametrize("value", ["much", [1], {"a": 1}], ids=["word", "list", "mapping"])
def test_a_number_that_is_none_is_refused(contract, column, value):
    refused(contract, column.name, table_with(contract, column.name, value))


@columns_of("int")
def test_a_fraction_is_no_whole_number(contract, column):
    refused(contract, column.name, table_with(contract, column.name, 1.5))


@columns_of("float")
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_is_no_measurement(contract, column, value):
    assert str(value) in refused(contract, column.name, table_with(contract, column.name, value))


@columns_of("bool")
@pytest.mark.parametrize("value", ["perhaps", None, math.nan, 2, ""])
def test_a_verdict_that_is_neither_true_nor_false_is_refused(contract, column, value):
    refused(contract, column.name, table_with(contract, column.name, value))


@columns_of("time")
@pytest.mark.parametrize(
    "value",
    [datetime(2024, 3, 7), "2024-03-07T12:30:15", "2024-03-07", 1709769600, 1.7e9, "noon", "2024-02-30T00:00:00Z"],  # noqa: DTZ001
    ids=["naive", "naive text", "day", "epoch", "float", "word", "no such day"],
)
def test_a_bare_time_or_what_is_none_is_refused(contract, column, value):
    refused(contract, column.name, table_with(contract, column.name, value))


@columns_of("time")
def test_a_whole_column_of_bare_times_is_refused(contract, column):
    rows = [row | {column.name: datetime(2024, 3, 7)} for row in good_rows(contract)]  # noqa: DTZ001
    table = pd.DataFrame(rows)
    assert str(table[column.name].dtype).startswith("datetime64")
    refused(contract, column.name, table)


@columns_of("list")
def test_a_text_is_no_list(contract, column):
    refused(contract, column.name, table_with(contract, column.name, "abc"))


@columns_of("geometry")
@pytest.mark.parametrize("value", ["POINT (1 2)", 5])
def test_what_is_no_geometry_is_refused(contract, column, value):
    refused(contract, column.name, table_with(contract, column.name, value))


@columns_of(where=lambda c: c.low is not None)
def test_a_value_below_its_bound_is_refused_and_the_bound_itself_is_not(contract, column):
    message = refused(contract, column.name, table_with(contract, column.name, column.low - 1))
    assert re.search(rf"failure cases: {re.escape(str(column.low - 1))}", message), message
    contract.check(table_with(contract, column.name, column.low).iloc[1:])  # alone: a key at its bound stands once


@columns_of(where=lambda c: c.high is not None)
def test_a_value_above_its_bound_is_refused_and_the_bound_itself_is_not(contract, column):
    refused(contract, column.name, table_with(contract, column.name, column.high + 1))
    contract.check(table_with(contract, column.name, column.high))


@columns_of(where=lambda c: bool(c.choices))
def test_a_word_that_is_not_among_the_choices_is_refused(contract, column):
    assert "nonsense" in refused(contract, column.name, table_with(contract, column.name, "nonsense"))


@columns_of(where=lambda c: c.required and c.kind in {"float", "int", "time", "text"})
def test_a_required_value_that_is_not_known_is_refused(contract, column):
    refused(contract, column.name, table_with(contract, column.name, None))


@columns_of(where=lambda c: not c.required)
def test_a_value_that_need_not_be_known_may_be_null(contract, column):
    contract.check(table_with(contract, column.name, None))


@columns_of(where=lambda c: c.required and c.kind not in {"list", "geometry"})
def test_a_missing_column_is_refused(contract, column):
    refused(contract, column.name, pd.DataFrame(good_rows(contract)).drop(columns=column.name))


@columns_of(where=lambda c: not c.required or c.kind == "list")
def test_a_missing_column_of_values_that_need_not_be_known_is_filled_with_nulls(contract, column):
    table = contract.check(pd.DataFrame(good_rows(contract)).drop(columns=column.name))
    nothing = {"text": [""], "list": [[]]}.get(column.kind, [None])
    assert table[column.name].map(
        lambda v: [v if isinstance(v, str | list) else None if pd.isna(v) else v]
    ).tolist() == ([nothing] * len(table))


@each
def test_a_right_table_needs_no_second_look(contract, monkeypatch):
    """Whole columns tell it; pandera, slow to load, is for saying what is wrong."""
    monkeypatch.setattr("pipeline.tables.contract._schema", lambda contract: pytest.fail("was asked"))
    contract.check(pd.DataFrame(good_rows(contract)))


@each
def test_a_double_key_is_refused_and_named(contract):
    rows = good_rows(contract)
    rows[2][contract.key] = rows[0][contract.key]
    message = refused(contract, contract.key, pd.DataFrame(rows))
    assert message.endswith("stands twice; a row has its own")
    assert str(rows[0][contract.key]) in message


def test_a_double_column_is_refused():
    rows = pd.DataFrame([["a", 0.5, 0.4]], columns=["det_id", "probability", "probability"])
    refused(MATCHES, "probability", rows)


def test_one_bad_row_among_many_is_found():
    rows = [{"det_id": str(n), "probability": 0.5} for n in range(5000)]
    rows[4321]["probability"] = 1.25
    assert "1.25" in refused(MATCHES, "probability", pd.DataFrame(rows))


def test_a_contract_may_be_written_for_a_table_of_ones_own():
    mine = Contract(
        "mine", "A table.", "id", (Column("id", "text", "Key."), Column("kind", "text", "", choices=("a",)))
    )
    assert mine.check(mine.from_rows([{"id": "1", "kind": "a"}]))["kind"].tolist() == ["a"]
    refused(mine, "kind", pd.DataFrame([{"id": "1", "kind": ""}]))


# files


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
