"""Which calls two runs differ in: the same stay under another id is the same call."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.finished import overview
from pipeline.report.summary import counted_calls
from pipeline.storage import write_json
from pipeline.table_files import write_table
from pipeline.tables import DETECTIONS, SCENES
from pipeline.volume import liftings
from tests.chain.test_verdicts import call, calls

STAY = ("2024-03-07T00:00Z", "2024-03-08T00:00Z")


def run_of(folder, barrels=1000.0, call_id="one", stay=STAY, berth_id="pier", left_out=(), p_lifting=0.9):
    """A folder with one counted call of so many barrels."""
    table = calls(call(call_id, *stay, ["a"], berth_id=berth_id))
    lifted = liftings(table, VolumeConfig(draws=200), 0)
    return folder_of(folder, table, lifted.assign(barrels_p50=barrels, p_lifting=p_lifting, counts=True), left_out)


def run_of_names(folder, names):
    """A folder with one counted call at the same berth and time for each id, 1000 barrels the first, 2000 the next."""
    table = calls(*(call(i, *STAY, [i], name=name) for i, name in names.items()))
    bbl = {i: 1000.0 * n for n, i in enumerate(sorted(names), 1)}
    lifted = liftings(table, VolumeConfig(draws=200), 0)
    return folder_of(folder, table, lifted.assign(barrels_p50=lifted["call_id"].map(bbl), counts=True))


def folder_of(folder, table, lifted, left_out=()):
    folder.mkdir()
    tables = {"port_calls": table, "liftings": lifted, "detections": DETECTIONS.empty(), "scenes": SCENES.empty()}
    for name, content in tables.items():
        write_table(content, folder / f"{name}.parquet")
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


def test_another_chance_of_a_lifting_is_a_change(tmp_path):
    """The sum moved by a tenth, and no call was named."""
    both = run_of(tmp_path / "a", p_lifting=0.95), run_of(tmp_path / "b", p_lifting=0.7)
    (row,) = overview._calls(*both).to_dict("records")
    assert (row["before"], row["after"], row["p(lifted)"]) == (1000.0, 1000.0, "0.95 → 0.70")
    assert told(both[0], run_of(tmp_path / "c", p_lifting=0.9501)) == []


def test_a_call_that_both_have_is_not_taken_for_one_that_is_gone(tmp_path):
    """Of two ships at one berth the first one is gone: she took the other's place, and nothing was told to be gone."""
    both = run_of_names(tmp_path / "a", {"a": "", "b": ""}), run_of_names(tmp_path / "b", {"b": ""})
    both[1].joinpath("liftings.parquet").write_bytes(
        both[0].joinpath("liftings.parquet").read_bytes()
    )  # that of b, with the barrels that it has there
    assert told(*both) == [[1000.0, None]]
    assert told(*both[::-1]) == [[None, 1000.0]]


def test_of_two_ships_at_one_berth_each_is_paired_with_her_own_name(tmp_path):
    """Else one ship would read as having become the other."""
    old, new = (
        overview.account_calls(run_of_names(tmp_path / name, names))
        for name, names in (
            ("a", {"a1": "SIM A", "a2": "SIM B", "a3": ""}),
            ("b", {"b1": "", "b2": "SIM B", "b3": "SIM A"}),
        )
    )
    assert overview.same_calls(old, new) == {"a1": "b3", "a2": "b2", "a3": "b1"}
    assert overview.same_calls(new, old) == {"b1": "a3", "b2": "a2", "b3": "a1"}


def test_calls_of_one_stay_are_paired_whatever_their_ids(tmp_path):
    old, new = (overview.account_calls(run_of(tmp_path / name, call_id=name)) for name in ("one", "two"))
    assert overview.same_calls(old, new) == {"one": "two"}
    assert overview.same_calls(old, new, one_place=False) == {}


def test_a_call_of_another_account_year_is_in_no_account(tmp_path):
    both = run_of(tmp_path / "a"), run_of(tmp_path / "b", left_out=["one"])
    assert told(*both) == [[1000.0, None]]
    assert [len(counted_calls(folder)[2]) for folder in both] == [1, 0]
