"""Sorting a table of calls changes nothing: no estimate or sum depends on the position of a row."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume import headline, ledger, liftings, merge_liftings
from pipeline.volume.sensitivity import sensitivity

CONFIG = VolumeConfig(draws=1500)
CAP = CapConfig(id="cap", title="A cap", barrels=500_000, year_starts="01-01", source="a test")
SEED = 7
ROWS = (
    {"name": "A", "arrival": "2024-03-01", "length_m": 96.0, "beam_m": 15.0, "draught_in_m": 4.0, "draught_out_m": 6.0},
    {"name": "B", "arrival": "2024-03-02", "dwt_t": 3000.0, "product": "gas_oil"},
    {"name": "C", "arrival": "2024-03-02", "length_m": 120.0, "p_one_call": 0.7},
    {"arrival": "2024-03-05", "length_m": 120.0},
    {"arrival": "2024-03-05", "length_m": 120.0},  # two calls with identical contents
    {"arrival": "2024-03-05", "length_m": 120.0, "p_tanker": 0.5},
    {"name": "D", "arrival": "2024-03-09", "gt": 2500.0},
)
SAID = ["name", "arrival", "length_m", "dwt_p50_t", "p_lifting", "method", "barrels_p5", "barrels_p50", "barrels_p95"]


def table(rows=ROWS) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def lift(calls: pd.DataFrame) -> pd.DataFrame:
    return liftings(calls, CONFIG, SEED)


def estimates(lifted: pd.DataFrame) -> pd.DataFrame:
    """All figures of each call, in a canonical order."""
    return lifted[[*SAID, "barrels_mean"]].sort_values([*SAID, "barrels_mean"], ignore_index=True)


def shuffled(calls: pd.DataFrame, seed: int) -> pd.DataFrame:
    return calls.iloc[np.random.default_rng(seed).permutation(len(calls))].reset_index(drop=True)


@pytest.mark.parametrize("seed", range(4))
def test_calls_without_an_id_in_another_order_are_the_same_barrels(seed):
    one, other = lift(table()), lift(shuffled(table(), seed))
    pd.testing.assert_frame_equal(estimates(other), estimates(one), check_exact=True)
    accounts = [ledger(lifted, CAP, CONFIG, SEED, as_of=date(2024, 3, 31)) for lifted in (one, other)]
    pd.testing.assert_frame_equal(accounts[1], accounts[0], check_exact=True)
    heads = [headline(lifted, account, CAP, CONFIG) for lifted, account in zip((one, other), accounts, strict=True)]
    assert heads[0] == heads[1]


def test_calls_that_nobody_saw_do_not_know_the_order_either():
    day = {"zone_id": "berth", "state": "known", "rate_shape": 3.0, "rate_per_d": 30.0, "unseen_days": 5.0}
    missed = pd.DataFrame([day | {"day": "2024-03-10"}])
    one, other = (
        ledger(lift(calls), CAP, CONFIG, SEED, as_of=date(2024, 3, 31), missed=missed)
        for calls in (table(), shuffled(table(), 1))
    )
    assert one["corrected_p50"].iloc[-1] > one["observed_p50"].iloc[-1]
    pd.testing.assert_frame_equal(other, one, check_exact=True)


def test_equal_rows_are_two_calls_with_draws_of_their_own():
    both = lift(table(ROWS[3:5]))
    assert both["draw_key"].is_unique
    assert both["barrels_p50"].nunique() == 2


def test_a_further_row_changes_no_other_one():
    first = lift(table(ROWS[:3]))
    more = lift(table([{"name": "Z", "arrival": "2024-02-01", "length_m": 80.0}, *ROWS[:3]]))
    columns = ["barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean"]
    assert more[columns][1:].values.tolist() == first[columns].values.tolist()


def test_a_cell_that_is_edited_keeps_the_draws_of_its_call():
    """Else a what-if would also differ by sampling noise: the ship and the time select the random stream."""
    keys = [lift(table([row, *ROWS[2:]]))["draw_key"].iloc[0] for row in (ROWS[0], ROWS[0] | {"draught_out_m": 5.8})]
    assert keys[0] == keys[1]


def test_what_is_stated_under_an_id_is_drawn_by_the_id():
    named = lift(table().assign(call_id=[f"c{n}" for n in range(len(ROWS))]))
    assert (named["draw_key"] == "").all()


@pytest.mark.parametrize("rows", [(0, 1), (1, 0)])
def test_of_two_rows_under_one_id_the_fuller_one_counts_wherever_it_stands(rows):
    two = ({"dwt_t": 3000.0}, {"dwt_t": 3000.0, "draught_in_m": 4.0, "draught_out_m": 5.5})
    lifted = lift(pd.DataFrame([{"call_id": "c", "arrival": "2024-03-02", "length_m": 96.0} | two[n] for n in rows]))
    by_status = lifted.set_index("status")
    assert sorted(by_status.index) == ["refused", "used"]
    assert by_status.loc["used", "call_id"] == "c"
    assert by_status.loc["used", "draught_out_m"] == 5.5
    assert "another row has this call_id" in by_status.loc["refused", "cause"]


def test_lines_without_an_id_are_one_in_two_tables_wherever_they_stand():
    """The second table is the first reordered: each call counts once, and the two identical ones count as two."""
    tables = [lift(table()), lift(shuffled(table(), 2))]
    once = merge_liftings(tables, CONFIG, CAP.year_starts, SEED)
    assert int(once["counts"].sum()) == len(ROWS)
    alone, both = (ledger(t, CAP, CONFIG, SEED, as_of=date(2024, 3, 31)) for t in (tables[0], once))
    pd.testing.assert_frame_equal(both, alone, check_exact=True)


def test_what_moves_the_answer_most_does_not_know_the_order():
    rows = []
    for calls in (table(), shuffled(table(), 3)):
        lifted = lift(calls)
        account = ledger(lifted, CAP, CONFIG, SEED, as_of=date(2024, 3, 31))
        rows_of_run = sensitivity(lifted, account, CAP, CONFIG, SEED)
        rows.append(rows_of_run[rows_of_run["kind"] != "call"].set_index("item").sort_index())
    pd.testing.assert_frame_equal(rows[0], rows[1], rtol=1e-9)
