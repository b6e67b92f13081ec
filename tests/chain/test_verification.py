"""Rows by key and hash: what changed in a table is named."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from pipeline.chain.verification import CHAINED, ROWS, differences, rows_of
from pipeline.table_files import read_table, write_table
from pipeline.tables import ALL

CONTRACTS = {c.name: c for c in ALL if c.name in CHAINED}


@pytest.fixture
def copy(tiny_run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_run, folder)
    return folder


def test_rows_are_the_same_from_memory_and_from_the_file(tiny_run):
    noted = json.loads((tiny_run / ROWS).read_text())
    assert set(noted) == set(CHAINED)
    for name, contract in CONTRACTS.items():
        table = read_table(tiny_run / f"{name}.parquet", contract)
        assert rows_of(table, name) == noted[name]


def test_the_head_depends_on_every_row_and_their_order(tiny_run):
    table = read_table(tiny_run / "ledger.parquet", CONTRACTS["ledger"])
    edited = table.assign(calls=[table["calls"].iloc[0] + 1, *table["calls"].iloc[1:]])
    tables = (table, table.iloc[::-1], table.iloc[1:], table.iloc[:-1], pd.concat([table, table.iloc[:1]]), edited)
    assert len({rows_of(t, "ledger")["head"] for t in tables}) == len(tables)


def test_a_sound_run_has_no_differences(tiny_run):
    assert differences(tiny_run) == []


def test_a_changed_row_is_named_by_its_key(copy):
    table = read_table(copy / "scenes.parquet", CONTRACTS["scenes"])
    victim = table["scene_id"].iloc[0]
    write_table(table.assign(cause=["nobody saw it", *table["cause"].iloc[1:]]), copy / "scenes.parquet")
    assert differences(copy) == [f"scenes.parquet: changed (row scene_id={victim} changed)"]


def test_a_table_that_is_none_any_more_is_said_to_be_so(copy):
    (copy / "ledger.parquet").write_bytes(b"PAR1")
    assert differences(copy) == ["ledger.parquet: changed (no longer readable as the table that it was)"]


def test_white_space_in_the_manifest_counts(copy):
    path = copy / "manifest.json"
    path.write_text(path.read_text() + "\n")
    assert differences(copy) == ["manifest.json: its bytes are not those that were written"]
