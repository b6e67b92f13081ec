"""Figures of liftings that disagree with the row's own columns are reported, whatever seed the table was drawn with."""

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.tables import LIFTINGS
from pipeline.volume import DrawCache, find_edits, ledger, liftings

CONFIG = VolumeConfig(draws=1000)
HULL = {"length_m": 98.0, "beam_m": 15.8}
CALLS = [
    {"call_id": "usual", "arrival": "2024-03-01", **HULL},
    {"call_id": "draughts", "arrival": "2024-03-03", "draught_in_m": 3.4, "draught_out_m": 5.5, **HULL},
    {"call_id": "freeboards", "arrival": "2024-03-04", "freeboard_in_m": 4.2, "freeboard_out_m": 2.0, **HULL},
    {"call_id": "stated", "arrival": "2024-03-05", "tonnes": 3000.0, "product": "unnamed"},
    {"call_id": "of the mix", "arrival": "2024-03-06", "tonnes": 3000.0},
    {"call_id": "full", "arrival": "2024-03-07", "capacity_bbl": 30_000.0, "product": "gas_oil"},
    {"call_id": "perhaps two", "arrival": "2024-03-08", "p_one_call": 0.7, "p_loading": 0.6, **HULL},
    {"call_id": "both", "arrival": "2024-03-09", "barrels": 22_000.0, "tonnes": 3000.0, "dwt_t": 3400.0},
]  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return liftings(pd.DataFrame(CALLS), CONFIG, 1)


def changed(table: pd.DataFrame, call: str, **cells) -> pd.DataFrame:
    """The table with some cells of one call replaced."""
    here = table["call_id"] == call
    return table.assign(**{name: table[name].mask(here, value) for name, value in cells.items()})


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_figure_of_an_unedited_table_is_told(table, seed):
    assert find_edits(table, DrawCache(CONFIG, seed)) == {}


def test_nor_where_the_account_draws_more_often_or_less(table):
    assert find_edits(table, DrawCache(VolumeConfig(draws=300), 1)) == {}
    assert find_edits(table, DrawCache(VolumeConfig(draws=4000), 1)) == {}


@pytest.mark.parametrize("draws", [300, 500])
def test_nor_of_a_table_of_fewer_draws_where_evidence_left_few_of_them(draws):
    """Evidence keeps a fixed share of the draws: with 500, a twentieth of those kept of 10,000."""
    loaded = [
        {"call_id": "deep", "arrival": "2024-03-03", "draught_in_m": 3.4, "draught_out_m": 6.5, **HULL},
        {"call_id": "low", "arrival": "2024-03-04", "freeboard_out_m": 2.0, "freeboard_out_sd_m": 0.2, **HULL},
    ]
    for seed in range(6):
        few = liftings(pd.DataFrame(loaded), VolumeConfig(draws=draws), seed)
        assert find_edits(few, DrawCache(VolumeConfig(draws=10_000), seed)) == {}


def test_nor_what_a_file_or_a_hand_rounded(table):
    whole = {name: table[name].round(0) for name in table if name.startswith(("barrels", "tonnes"))}
    assert find_edits(table.assign(**whole), DrawCache(CONFIG, 1)) == {}


@pytest.mark.parametrize("column", ["barrels_p5", "barrels_p50", "barrels_p95", "tonnes_p50", "barrels_mean"])
@pytest.mark.parametrize("call", [call["call_id"] for call in CALLS])
def test_a_figure_twice_as_large_is_told_under_any_seed(table, column, call):
    stated = float(table.loc[table["call_id"] == call, column].iloc[0])
    for seed in (1, 2):
        found = find_edits(changed(table, call, **{column: 2 * stated}), DrawCache(CONFIG, seed))
        assert list(found) == [call]
        assert [(edit.column, edit.stated) for edit in found[call]] == [(column, 2 * stated)]
        assert found[call][0].derived == pytest.approx(stated, rel=0.2)


def test_of_its_own_seed_a_percent_is_told(table):
    stated = float(table["barrels_p50"].iloc[0])
    (edit,) = find_edits(changed(table, "usual", barrels_p50=1.01 * stated), DrawCache(CONFIG, 1))["usual"]
    assert edit.derived == pytest.approx(stated, rel=1e-9)


def test_a_size_changed_without_what_follows_from_it_is_told(table):
    columns = [
        edit.column for edit in find_edits(changed(table, "usual", dwt_p50_t=8000.0), DrawCache(CONFIG, 1))["usual"]
    ]
    assert {"barrels_p50", "dwt_p95_t", "barrels_at_100"} <= set(columns)


def test_scenarios_are_shares_of_a_full_ship(table):
    (edit,) = find_edits(changed(table, "full", barrels_at_50=20_000.0), DrawCache(CONFIG, 1))["full"]
    assert (edit.column, edit.derived) == ("barrels_at_50", pytest.approx(15_000.0))


def test_a_row_that_does_not_count_or_states_nothing_is_not_asked(table):
    assert find_edits(changed(table, "usual", counts=False, barrels_p50=1.0), DrawCache(CONFIG, 1)) == {}
    empty = [c.name for c in LIFTINGS.columns if c.name.startswith(("barrels_p", "tonnes_p", "dwt_p5_", "dwt_p95"))]
    bare = changed(table, "usual", **dict.fromkeys([*empty, "barrels_mean", "fill_p50"], None), dwt_p50_t=8000.0)
    assert [e.column[:11] for e in find_edits(bare, DrawCache(CONFIG, 1))["usual"]] == ["barrels_at_"] * 5


def test_a_deadweight_without_any_spread_is_drawn(table):
    """A spreadsheet rounded the spread to zero: the deadweight is taken as known."""
    cap = CapConfig(id="c", title="t", barrels=500_000, year_starts="01-01", source="s")
    assert len(ledger(changed(table, "draughts", dwt_log_sd=0.0), cap, CONFIG, 1))
