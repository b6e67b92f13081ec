"""Draws of a row are made once for liftings, the check for edited figures and accounts, and equal fresh ones."""

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume import DrawCache, find_edits, ledger, ledger_with_cache, liftings, liftings_with_cache, montecarlo

CONFIG = VolumeConfig(draws=300)
SEED = 4
CAP = CapConfig(id="c", title="t", barrels=500_000, year_starts="01-01", source="s")
OIL = CAP.model_copy(update={"excluded_products": ("gasoline",)})
CALLS = [
    {"call_id": "usual", "arrival": "2024-03-01", "length_m": 98.0, "beam_m": 15.8},
    {"call_id": "draughts", "arrival": "2024-03-03", "draught_in_m": 3.4, "draught_out_m": 5.5, "length_m": 98.0},
    {"call_id": "perhaps two", "arrival": "2024-03-08", "p_one_call": 0.5, "p_loading": 0.6, "length_m": 90.0},
]  # fmt: skip


@pytest.fixture
def drawings(monkeypatch) -> list[str]:
    """Names of the ships for which draws are made, in order."""
    names: list[str] = []

    def counted(row, *rest, **more):
        names.append(str(row["draw_key"] or row["call_id"]))
        return draw(row, *rest, **more)

    draw = montecarlo.draw_call
    monkeypatch.setattr(montecarlo, "draw_call", counted)
    return names


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return liftings(pd.DataFrame(CALLS), CONFIG, SEED)


def test_an_account_draws_no_ship_twice(table, drawings):
    drawn = DrawCache(CONFIG, SEED)
    assert find_edits(table, drawn) == {}
    ledger_with_cache(table, CAP, drawn)
    assert {"usual", "draughts", "perhaps two"} < set(drawings)
    assert len(drawings) == len(set(drawings))


@pytest.mark.parametrize("cap", [CAP, OIL], ids=["all products", "some"])
def test_its_sum_is_the_same_to_the_last_bit(table, cap):
    drawn = DrawCache(CONFIG, SEED)
    find_edits(table, drawn)
    anew = ledger(table, cap, CONFIG, SEED)
    pd.testing.assert_frame_equal(ledger_with_cache(table, cap, drawn), anew, check_exact=True)


def test_a_row_that_was_changed_since_is_drawn_anew(table):
    drawn = DrawCache(CONFIG, SEED)
    find_edits(table, drawn)
    larger = table.assign(dwt_p50_t=2 * table["dwt_p50_t"])
    anew = ledger(larger, CAP, CONFIG, SEED)
    pd.testing.assert_frame_equal(ledger_with_cache(larger, CAP, drawn), anew, check_exact=True)


def test_liftings_and_their_account_draw_no_ship_twice(table, drawings):
    drawn = DrawCache(CONFIG, SEED)
    made = liftings_with_cache(pd.DataFrame(CALLS), drawn)
    ledger_with_cache(made, CAP, drawn)
    assert len(drawings) == len(set(drawings))
    pd.testing.assert_frame_equal(made, table, check_exact=True)


def test_of_several_accounts_only_what_changed_is_drawn_again(drawings):
    drawn = DrawCache(CONFIG, SEED, several_accounts=True)
    less = [CALLS[0], CALLS[1] | {"draught_out_m": None}, CALLS[2]]
    first, second = (ledger_with_cache(liftings_with_cache(pd.DataFrame(c), drawn), CAP, drawn) for c in (CALLS, less))
    assert drawings.count("usual") == drawings.count("perhaps two") == 1
    assert drawings.count("draughts") == 2
    anew = [ledger(liftings(pd.DataFrame(calls), CONFIG, SEED), CAP, CONFIG, SEED) for calls in (CALLS, less)]
    pd.testing.assert_frame_equal(first, anew[0], check_exact=True)
    pd.testing.assert_frame_equal(second, anew[1], check_exact=True)


def test_beyond_its_room_rows_are_drawn_again(table, drawings):
    drawn = DrawCache(CONFIG, SEED, room_bytes=0)
    row = table.iloc[0].to_dict()
    first, again = drawn.ships(row), drawn.take(row)
    assert first.first.barrels.tolist() == again.first.barrels.tolist()
    assert drawings == ["usual", "usual"]


def test_the_last_day_alone_is_the_last_row_of_the_whole_account(table):
    whole = ledger_with_cache(table, CAP, DrawCache(CONFIG, SEED))
    last = ledger_with_cache(table, CAP, DrawCache(CONFIG, SEED), last_day_alone=True)
    pd.testing.assert_frame_equal(last, whole.tail(1).reset_index(drop=True), check_exact=True)
    assert len(whole) > 1


def test_without_rows_that_take_no_part_what_counts_is_the_same(drawings):
    calls = pd.DataFrame([*CALLS, CALLS[0] | {"call_id": "passing", "counts": False}])
    whole = liftings_with_cache(calls, DrawCache(CONFIG, SEED))
    drawings.clear()
    less = liftings_with_cache(calls, DrawCache(CONFIG, SEED), counted_alone=True)
    assert "passing" not in drawings
    counts = whole["counts"].astype(bool)
    pd.testing.assert_frame_equal(less[counts], whole[counts], check_exact=True)
    assert less.loc[~counts, "barrels_p50"].isna().all()
    assert whole.loc[~counts, "barrels_p50"].notna().all()
