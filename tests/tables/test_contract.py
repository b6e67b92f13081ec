"""Contracts: what fits passes unchanged, the rest is refused, naming table and column."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone

import geopandas
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.tables import ALL, DETECTIONS, LIFTINGS, LOOKS, MATCHES, Column, Contract
from tests.tables.rows import START, assert_same, good_rows, tables

each = pytest.mark.parametrize("contract", ALL, ids=lambda c: c.name)
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def columns_of(kind: str | None = None, *, where=lambda column: True):
    """(contract, column) of each contract's last column of each such kind: the rules are the same for all."""
    fitting = [(t, c) for t in ALL for c in t.columns if kind in {None, c.kind} and where(c)]
    found = {(t.name, c.kind): (t, c) for t, c in fitting}.values()
    assert found, "a test without cases"
    return pytest.mark.parametrize(("contract", "column"), found, ids=lambda v: v.name)


def refused(contract: Contract, column: str, table: pd.DataFrame) -> str:
    """The message that refuses the table; it names table and column, in one line."""
    with pytest.raises(ContractError) as caught:
        contract.check(table)
    message = str(caught.value)
    assert re.search(rf"^table {contract.name}\b.*\b{column}\b", message), message
    assert len(message.splitlines()) == 1
    return message


def table_with(contract: Contract, column: str, value: object) -> pd.DataFrame:
    """A raw table whose second row has ``value`` in ``column``, and is otherwise valid."""
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
        "2024-03-07T22:30:15.25+1000",
        "2024-03-07 22:30:15.25+10",
        "2024-03-07T09:00:15.25-03:30",
        " 2024-03-07T12:30:15.25Z ",
        "2024-03-07T12:30:15.250Z",
        pd.Timestamp("2024-03-07T12:30:15.25Z"),
        np.nan,
        None,
        "",
    ]
    times = LOOKS.conform(pd.DataFrame({"acquired": moments}))["acquired"]
    assert str(times.dtype) == "datetime64[us, UTC]"
    assert (times[:9] == START).all()
    assert times[9:].isna().all()


def test_texts_of_times_may_differ_in_their_digits():
    """A CSV omits the fraction of a second if it is zero."""
    texts = pd.Series(["2024-03-07T12:30:15Z", "2024-03-07T12:30:15.250Z"], dtype="str")
    times = LOOKS.conform(pd.DataFrame({"acquired": texts}))["acquired"]
    assert (times.iloc[1] - times.iloc[0]) == timedelta(milliseconds=250)


@pytest.mark.parametrize(
    "words",
    [
        ["true", "False"], ["TRUE", " false "], ["yes", "No"], ["Y", "n"], ["t", "F"], [1, 0], ["1", "0"],
        [1.0, 0.0], ["1.0", "0.0"], [np.True_, np.False_],
    ],
)  # fmt: skip
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


@pytest.mark.parametrize("cell", [None, float("nan"), "", " "], ids=["none", "nan", "empty", "blank"])
def test_an_empty_verdict_is_told_with_its_row(cell):
    """For example a row of totals below an account's liftings; "nan is neither true nor false" would not tell where."""
    rows = pd.DataFrame(LIFTINGS.from_rows(good_rows(LIFTINGS))).astype({"counts": "object"})
    rows["call_id"] = [f"c{n}" for n in range(len(rows))]
    rows.loc[len(rows) - 1, "counts"] = cell
    assert f"an empty cell in row {len(rows)} " in refused(LIFTINGS, "counts", rows)


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
@pytest.mark.parametrize("text", ["abc", ""])
def test_a_text_is_no_list(contract, column, text):
    refused(contract, column.name, table_with(contract, column.name, text))


@columns_of("geometry")
@pytest.mark.parametrize("value", ["POINT (1 2)", 5])
def test_what_is_no_geometry_is_refused(contract, column, value):
    refused(contract, column.name, table_with(contract, column.name, value))


@columns_of(where=lambda c: c.low is not None)
def test_a_value_below_its_bound_is_refused_and_the_bound_itself_is_not(contract, column):
    message = refused(contract, column.name, table_with(contract, column.name, column.low - 1))
    told = (
        rf"must be at least {re.escape(str(column.low))}; got {re.escape(str(column.low - 1))}(\.0)? \({contract.key} "
    )
    assert re.search(told, message), message
    contract.check(table_with(contract, column.name, column.low).iloc[1:])  # alone: a key at its bound must be unique


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
    """It is checked by whole columns; pandera, slow to load, only words what is wrong."""
    monkeypatch.setattr("pipeline.tables.contract._schema", lambda contract: pytest.fail("was asked"))
    contract.check(pd.DataFrame(good_rows(contract)))


@each
def test_a_double_key_is_refused_and_named(contract):
    rows = good_rows(contract)
    rows[2][contract.key] = rows[0][contract.key]
    message = refused(contract, contract.key, pd.DataFrame(rows))
    assert message.endswith("appears twice; each row needs its own")
    assert str(rows[0][contract.key]) in message


def test_a_double_column_is_refused():
    rows = pd.DataFrame([["a", 0.5, 0.4]], columns=["det_id", "probability", "probability"])
    refused(MATCHES, "probability", rows)


def test_one_bad_row_among_many_is_found():
    rows = [{"det_id": str(n), "probability": 0.5} for n in range(5000)]
    rows[4321]["probability"] = 1.25
    assert "1.25" in refused(MATCHES, "probability", pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("barrels_p5", "12 000", "'12 000' is not a number (row 2)"),
        ("spot_looks", "many", "'many' is not a number (row 2)"),
        ("status", "usd", "must be one of used, degraded, not_counted, refused; got usd (call_id call_id 1)"),
        ("method", "", "must not be empty (call_id call_id 1)"),
        ("p_lifting", None, "must not be empty (call_id call_id 1)"),
    ],
)
def test_a_slip_in_a_table_edited_by_hand_is_told_with_its_row(column, value, expected):
    assert refused(LIFTINGS, column, table_with(LIFTINGS, column, value)).endswith(expected)


def test_a_contract_may_be_written_for_a_table_of_ones_own():
    mine = Contract(
        "mine", "A table.", "id", (Column("id", "text", "Key."), Column("kind", "text", "", choices=("a",)))
    )
    assert mine.check(mine.from_rows([{"id": "1", "kind": "a"}]))["kind"].tolist() == ["a"]
    refused(mine, "kind", pd.DataFrame([{"id": "1", "kind": ""}]))
