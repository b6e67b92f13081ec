"""Which calls two runs differ in: the same stay under another id is the same call."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.finished import overview
from pipeline.report.summary import counted_calls
from pipeline.storage import write_json
from pipeline.table_files import write_table
from pipeline.volume import liftings
from tests.chain.test_verdicts import call, calls

STAY = ("2024-03-07T00:00Z", "2024-03-08T00:00Z")


def run_of(folder, barrels=1000.0, call_id="one", stay=STAY, berth_id="pier", left_out=()):
    """A folder with one counted call of so many barrels."""
    table = calls(call(call_id, *stay, ["a"], berth_id=berth_id))
    lifted = liftings(table, VolumeConfig(draws=200), 0).assign(barrels_p50=barrels, counts=True)
    folder.mkdir()
    write_table(table, folder / "port_calls.parquet")
    write_table(lifted, folder / "liftings.parquet")
    other_year = dict.fromkeys(left_out, "of account year 2025")
    write_json(folder / "manifest.json", {"capwatch": "0", "outputs": [], "left_out": other_year})
    return folder


def told(before, after) -> list[list[float | None]]:
    rows = overview._calls(before, after)[["before", "after"]]
    return [[None if pd.isna(v) else v for v in row] for row in rows.to_numpy().tolist()]


@pytest.mark.parametrize(("barrels", "differs"), [(1000.9, False), (1001.0, True), (999.1, False), (999.0, True)])
def test_a_change_of_a_barrel_up_or_down_is_one(tmp_path, barrels, differs):
    both = run_of(tmp_path / "a"), run_of(tmp_path / "b", barrels)
    assert told(*both) == ([[1000.0, barrels]] if differs else [])


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"stay": ("2024-03-08T00:00Z", "2024-03-09T00:00Z")}, True),
        ({"stay": ("2024-03-06T00:00Z", "2024-03-07T00:00Z")}, True),
        ({"stay": ("2024-03-08T00:01Z", "2024-03-09T00:00Z")}, False),
        ({"stay": ("2024-03-06T00:00Z", "2024-03-06T23:59Z")}, False),
        ({"berth_id": "roads"}, False),
    ],
    ids=["from her end on", "up to her start", "later", "earlier", "elsewhere"],
)
def test_a_call_of_another_id_is_the_same_where_it_overlaps_at_her_berth(tmp_path, other, same):
    both = run_of(tmp_path / "a"), run_of(tmp_path / "b", call_id="two", **other)
    assert told(*both) == ([] if same else [[1000.0, None], [None, 1000.0]])


def test_calls_of_one_stay_are_paired_whatever_their_ids(tmp_path):
    old, new = (overview.held_calls(run_of(tmp_path / name, call_id=name)) for name in ("one", "two"))
    assert overview.same_calls(old, new) == {"one": "two"}
    assert overview.same_calls(old, new, one_place=False) == {}


def test_a_call_of_another_account_year_is_in_no_account(tmp_path):
    both = run_of(tmp_path / "a"), run_of(tmp_path / "b", left_out=["one"])
    assert told(*both) == [[1000.0, None]]
    assert [len(counted_calls(folder)[2]) for folder in both] == [1, 0]
