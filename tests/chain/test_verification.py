"""Rows compared by key and hash, so that changes in a table are named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from pipeline.chain.verification import CHAINED_TABLES, ROW_HASHES_FILE, differences, find_previous, rows_of
from pipeline.storage import write_json
from pipeline.table_files import read_table, write_table
from pipeline.tables import ALL
from pipeline.workspace import LATEST

CONTRACTS = {c.name: c for c in ALL if c.name in CHAINED_TABLES}


@pytest.fixture
def copy(tiny_run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_run, folder)
    return folder


def test_rows_are_the_same_from_memory_and_from_the_file(tiny_run):
    noted = json.loads((tiny_run / ROW_HASHES_FILE).read_text())
    assert set(noted) == set(CHAINED_TABLES)
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
    assert differences(copy) == ["ledger.parquet: changed (no longer readable as that table)"]


def test_a_geopackage_that_qgis_opened_is_told_with_what_helps(copy):
    """In write-ahead mode, as QGIS opens it, SQLite keeps two files beside it."""
    with closing(sqlite3.connect(copy / "run.gpkg")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE gpkg_contents SET last_change = last_change")
        found = differences(copy)
    assert [line.split(": ")[0] for line in found] == ["run.gpkg", "run.gpkg-shm", "run.gpkg-wal"]
    assert all("did QGIS open it and so write to it? Open a copy instead" in line for line in found)


def test_white_space_in_the_manifest_counts(copy):
    path = copy / "manifest.json"
    path.write_text(path.read_text() + "\n")
    assert differences(copy) == ["manifest.json: its bytes are not those that were written"]


def chain_of(folder, *runs: tuple[str, str]) -> None:
    """Finished runs, each with its predecessor; the last is the latest."""
    for name, before in runs:
        told = {"run_id": before, "self_sha256": f"hash of {before}"} if before else None
        manifest = {"capwatch": "0", "outputs": [], "previous": told, "self_sha256": f"hash of {name}"}
        write_json(folder / name / "manifest.json", manifest)
    (folder / LATEST).write_text(f"{runs[-1][0]}\n")


@pytest.mark.parametrize(
    ("left", "asked", "before"),
    [
        ([("b", "a")], "a", None),  # the first of two was removed, so nothing precedes it
        ([("b", "a"), ("c", "b")], "a", None),
        ([("z", ""), ("b", "a"), ("c", "b")], "a", "z"),
        ([("y", ""), ("z", "y"), ("b", "a")], "a", "z"),
        ([("z", ""), ("b", "a")], "new", "b"),
        ([("y", ""), ("z", ""), ("b", "a")], "a", None),  # either of two, nobody knows which
        ([("a", "b"), ("b", "a")], "new", "b"),  # each names the other; the search ends all the same
    ],
)
def test_a_run_made_anew_after_its_folder_was_removed_continues_none_that_came_after_it(tmp_path, left, asked, before):
    chain_of(tmp_path, *left)
    found = find_previous(tmp_path, asked)
    assert found == (before and {"run_id": before, "self_sha256": f"hash of {before}"})
