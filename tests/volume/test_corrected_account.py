"""The account including unseen calls: what may change it and what may not. Truth: invariance."""

from datetime import date

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.tables import MISSED
from pipeline.volume.ledger import headline, ledger
from pipeline.volume.liftings import liftings

CONFIG = VolumeConfig(draws=1000)
CAP = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up")
SEED = 5
CALLS = [
    {
        "call_id": f"c{n}",
        "arrival": f"2024-02-{3 + 2 * n:02d}",
        "length_m": 80.0 + n,
        "beam_m": 14.0,
        "berth_id": "pier",
    }
    for n in range(10)
]
BIG = {"call_id": "big", "dwt_t": 500_000.0, "berth_id": "pier"}


def missed_at(zone: str = "pier", state: str = "known", first: str = "2024-01-01") -> pd.DataFrame:
    law = {"p_seen": 0.5, "unseen_days": 0.5, "rate_shape": 10.5, "rate_per_d": 40.0, "unseen_mean": 0.13}
    rows = [
        {"missed_id": f"{zone}/{day:%F}", "zone_id": zone, "day": f"{day:%F}", "state": state, "n_seen": 10}
        | (law if state == "known" else {})
        for day in pd.date_range(first, "2024-06-30")
    ]
    return MISSED.check(MISSED.from_rows(rows))


def account(rows=CALLS, missed=None, as_of=date(2024, 3, 31), cap=CAP) -> pd.DataFrame:
    table = liftings(pd.DataFrame(rows), CONFIG, SEED)
    return ledger(table, cap, CONFIG, SEED, as_of=as_of, missed=missed_at() if missed is None else missed)


@pytest.mark.parametrize("day", ["2023-06-01", "2025-02-01", "2024-04-01"], ids=["before", "after", "later"])
def test_a_call_outside_the_account_changes_no_byte_of_it(day):
    """A call of another year or after the as-of day is outside the account and must not affect it."""
    with_it = account([*CALLS, BIG | {"arrival": day}])
    assert with_it.to_csv() == account().to_csv()


def test_the_order_of_rows_changes_no_byte():
    assert account(CALLS[::-1]).to_csv() == account().to_csv()
    assert account(missed=missed_at().iloc[::-1]).to_csv() == account().to_csv()


def test_later_days_change_no_byte_of_earlier_ones():
    long = account(as_of=date(2024, 6, 30))
    assert long.iloc[: len(account())].to_csv() == account().to_csv()


def test_no_sum_falls_and_unseen_calls_only_add():
    book = account(as_of=date(2024, 6, 30))
    for name in ("p5", "p50", "p95", "mean"):
        assert book[f"corrected_{name}"].is_monotonic_increasing
        assert (book[f"corrected_{name}"] >= book[f"observed_{name}"]).all()


def test_a_zone_of_which_nothing_is_known_is_named_and_is_no_zero():
    both = pd.concat([missed_at(), missed_at("buoy", "unknown", first="2024-02-01")], ignore_index=True)
    book = account(missed=both)
    named = dict(zip(book["day"], book["corrected_without"], strict=True))
    assert (named["2024-01-31"], named["2024-02-01"], named["2024-03-31"]) == ([], ["buoy"], ["buoy"])
    assert book["corrected_p50"].tolist() == account()["corrected_p50"].tolist()
    table = liftings(pd.DataFrame(CALLS), CONFIG, SEED)
    assert headline(table, book, CAP, CONFIG).corrected_without == ("buoy",)
    assert headline(table, account(), CAP, CONFIG).corrected_without == ()


def test_where_nothing_is_known_of_any_zone_there_is_no_number():
    book = account(missed=missed_at(state="unknown"))
    assert book["corrected_p50"].isna().all()
    assert book["corrected_without"].iloc[-1] == ["pier"]


def test_a_table_of_other_days_gives_no_number():
    """If no day of the account was looked at, its unseen calls are unknown, not zero."""
    for first, as_of in (("2024-04-01", date(2024, 3, 31)), ("2024-01-01", date(2023, 12, 31))):
        book = account(missed=missed_at(first=first), as_of=as_of)
        assert book["corrected_p50"].isna().all()
        assert headline(liftings(pd.DataFrame(CALLS), CONFIG, SEED), book, CAP, CONFIG).corrected_bbl is None


def test_without_the_table_nothing_is_said_of_what_nobody_saw():
    book = ledger(liftings(pd.DataFrame(CALLS), CONFIG, SEED), CAP, CONFIG, SEED)
    assert book["corrected_p50"].isna().all()
    assert set(map(tuple, book["corrected_without"])) == {()}


def test_what_is_likely_with_the_calls_that_nobody_saw_goes_by_their_sum():
    """Half of the draws exceed the corrected sum's median; fewer draws of the smaller observed sum do."""
    book = account()
    last = account(cap=CAP.model_copy(update={"barrels": book["corrected_p50"].iloc[-1]})).iloc[-1]
    assert last["corrected_p_over_cap"] == pytest.approx(0.5, abs=0.01)
    assert last["p_over_cap"] < 0.3
    table = liftings(pd.DataFrame(CALLS), CONFIG, SEED)
    corrected_bbl = headline(table, book, CAP, CONFIG).corrected_bbl
    assert corrected_bbl == tuple(book[f"corrected_p{percent}"].iloc[-1] for percent in (5, 50, 95))
    assert headline(table, account(missed=missed_at(state="unknown")), CAP, CONFIG).corrected_bbl is None
