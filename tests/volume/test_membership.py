"""Which calls an account includes. Truth: the calendar and the cap's text."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.volume import Product
from pipeline.tables import LIFTINGS
from pipeline.volume.ledger import headline, ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.membership import countable, day_of, last_day_of, refusals, with_refusals

CONFIG = VolumeConfig(draws=400)
WITH_CRUDE = VolumeConfig(
    draws=400,
    products=(
        Product(name="gas_oil", bbl_per_t=7.46, t_per_m3=0.843, share=0.9),
        Product(name="crude", bbl_per_t=7.32, t_per_m3=0.859, share=0.1),
    ),
)
CAP = CapConfig(
    id="x", title="x", barrels=500_000, year_starts="01-01", excluded_products=("crude",), source="made up"
)  # fmt: skip
SEED = 3


def calls(*rows: dict, config: VolumeConfig = CONFIG) -> pd.DataFrame:
    numbered = [{"call_id": f"c{n}", "barrels": 1000.0, "arrival": "2024-03-01"} | row for n, row in enumerate(rows)]
    return liftings(pd.DataFrame(numbered), config, SEED)


def head_of(table: pd.DataFrame, config: VolumeConfig = CONFIG, **more):
    return headline(table, ledger(table, CAP, config, SEED, **more), CAP, config)


@pytest.mark.parametrize("counts_on", ["arrival", "departure"])
@pytest.mark.parametrize("known", ["arrival", "departure"])
def test_one_end_of_a_stay_is_enough(counts_on, known):
    """A table from another program may know only one end; that end's day decides."""
    other = "departure" if known == "arrival" else "arrival"
    table = calls({}).assign(**{known: pd.Timestamp("2024-03-08T23:30Z"), other: pd.NaT})
    cap = CAP.model_copy(update={"counts_on": counts_on})
    assert day_of(table.iloc[0], cap) == date(2024, 3, 8)
    account = ledger(table, cap, CONFIG, SEED)
    assert account["day"].iloc[-1] == "2024-03-08"
    assert headline(table, account, cap, CONFIG).across_years == ()


SPOILED = {
    "dates": ({"arrival": pd.NaT, "departure": pd.NaT}, "neither arrival nor departure"),
    "deadweight": ({"given_barrels": np.nan, "dwt_p50_t": np.nan}, "nor a deadweight"),
    "no-spread": ({"given_barrels": np.nan, "dwt_log_sd": np.nan}, "nor a deadweight"),
    "zero": ({"given_barrels": np.nan, "dwt_p50_t": 0.0}, "nor a deadweight"),
    "scenario": ({"barrels_at_50": np.nan}, "barrels_at_50 is empty"),
    "product": ({"product": "naphtha"}, "'naphtha' is not in this account's"),
}


@pytest.mark.parametrize(("fields", "cause"), SPOILED.values(), ids=SPOILED)
def test_a_row_that_no_account_can_hold_is_refused_and_the_rest_goes_on(fields, cause):
    table = calls({}, {}, {})
    bad = pd.concat([table.iloc[:2], table.iloc[2:].assign(**fields)], ignore_index=True)
    causes = refusals(bad, CAP, CONFIG)
    assert list(causes) == ["c2"]
    assert cause in causes["c2"]
    kept = LIFTINGS.check(with_refusals(bad, causes))
    assert kept["status"].tolist() == ["used", "used", "refused"]
    assert kept["cause"].tolist() == ["", "", causes["c2"]]
    for given in (bad, kept):
        last = ledger(given, CAP, CONFIG, SEED).iloc[-1]
        assert (last["calls"], last["observed_p5"], last["observed_p95"], last["at_100"]) == (2, 2000, 2000, 2000)


def test_rows_that_do_not_count_need_nothing():
    table = calls({}, {"counts": False}).assign(arrival=pd.NaT, departure=pd.NaT)
    assert list(refusals(table, CAP, CONFIG)) == ["c0"]


def test_every_counted_call_is_in_the_account_or_told_as_left_out():
    rows = [
        *[{"arrival": f"2022-0{m}-01"} for m in (4, 5)],
        *[{"arrival": f"2024-0{m}-01"} for m in (1, 2, 3, 4)],
        {"arrival": "2024-02-01", "product": "crude"},
        {"arrival": "2025-01-01"},
    ]
    beside = [{"arrival": day, "product": "crude"} for day in ("2023-02-01", "2024-06-01")]  # in no account yet
    head = head_of(calls(*rows, *beside, config=WITH_CRUDE), WITH_CRUDE, as_of=date(2024, 3, 15))
    assert head.calls_counted == 3
    assert head.other_years == {"2022": 2, "2025": 1}
    assert (head.later_calls, head.other_product_calls) == (1, 1)
    assert head.calls_counted + sum(head.other_years.values()) + 1 + 1 == len(rows)
    assert head.calls_counted + len(head.left_out) == len(rows) + len(beside)
    assert head.left_out["c0"] == "her departure is in account year 2022"
    assert head.left_out["c5"] == "after 2024-03-15, the last day of this account"
    assert head.left_out["c6"] == "the cap does not count her product"


def test_nothing_is_left_out_where_all_calls_are_in():
    head = head_of(calls({}, {}))
    assert (head.other_years, head.later_calls, head.other_product_calls) == ({}, 0, 0)


def test_a_cargo_of_another_product_is_no_call_of_the_account():
    """Ten refined calls and one of crude under the refined cap, which ten cargoes of 50,000 bbl reach."""
    rows = [{}] * 10 + [{"product": "crude", "barrels": 900_000.0, "arrival": "2025-03-20"}]
    table = calls(*rows, config=WITH_CRUDE)
    head = head_of(table, WITH_CRUDE)
    assert (head.calls_counted, head.break_even_bbl_per_call, head.barrels_p95) == (10, 50_000, 10_000)
    assert head.account_year == "2024"  # of the last call the cap can count, not of the last call in the table
    assert ledger(table, CAP, WITH_CRUDE, SEED)["calls"].iloc[-1] == 10


def test_a_product_that_the_cap_does_not_count_needs_no_assumptions():
    """Crude is no refined product, even if the config does not list it."""
    table = calls({}, {"product": "crude", "barrels": 900_000.0}, config=WITH_CRUDE)
    assert refusals(table, CAP, CONFIG) == {}
    assert head_of(table, CONFIG).barrels_p95 == 1000


@pytest.mark.parametrize(("starts", "last"), [("01-01", date(2024, 12, 31)), ("12-22", date(2025, 12, 21))])
def test_the_last_day_of_an_account_year(starts, last):
    assert last_day_of("2024", CAP.model_copy(update={"year_starts": starts})) == last


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"length_m": 0.0, "draught_in_m": 3.0, "draught_out_m": 5.0}, "length_m is 0"),
        ({"freeboard_in_m": 4.0, "freeboard_in_sd_m": 0.0}, "freeboard_in_sd_m is 0"),
        ({"draught_in_m": 3.0, "draught_out_m": 99.0}, "draught_out_m is 99, more than 25.5"),
        ({"dwt_log_sd": 30.0}, "dwt_log_sd is 30"),
        ({"given_tonnes": 3e9}, "given_tonnes is 3,000,000,000"),
    ],
)
def test_a_cell_edited_to_what_no_ship_has_leaves_its_row_out_and_the_others_count(cells, expected):
    """Such a cell must neither make the sum NaN (or 3e9 tonnes) nor end the account without naming its row."""
    hull = {"length_m": 98.0, "beam_m": 15.8}
    two = liftings(pd.DataFrame([{"call_id": name, "arrival": "2024-03-01", **hull} for name in "ab"]), CONFIG, 1)
    edited = two.assign(**{name: two[name].astype(float).mask(two["call_id"] == "a", to) for name, to in cells.items()})
    (cause,) = refusals(edited, CAP, CONFIG).items()
    assert cause[0] == "a"
    assert cause[1].startswith(expected)
    assert len(countable(edited, CAP, CONFIG)) == 1
