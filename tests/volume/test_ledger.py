from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import CapConfig, VolumeConfig, load
from pipeline.config.volume import Notified
from pipeline.tables import LEDGER, LOOKS
from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.ledger import headline, ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.membership import account_year
from pipeline.volume.montecarlo import simulate_cargo

CAPS = Path(__file__).resolve().parents[2] / "configs" / "caps"
CONFIG = VolumeConfig(draws=2000)
SEED = 11


def cap(**more) -> CapConfig:
    fields = {"id": "cap", "title": "A cap", "barrels": 500_000, "year_starts": "01-01", "source": "here"}
    return CapConfig(**(fields | more))


def calls(*rows: dict) -> pd.DataFrame:
    return liftings(pd.DataFrame([{"call_id": f"c{n}"} | row for n, row in enumerate(rows)]), CONFIG, SEED)


def account(table: pd.DataFrame, rules: CapConfig | None = None, **more) -> pd.DataFrame:
    return ledger(table, rules or cap(), CONFIG, SEED, **more)


def looks(*rows: tuple[str, str]) -> pd.DataFrame:
    """Looks at one berth: (time, state)."""
    return LOOKS.from_rows(
        [
            {"look_id": f"s{n}/z", "scene_id": f"s{n}", "zone_id": "z", "acquired": t, "state": s, "n_detections": 0}
            for n, (t, s) in enumerate(rows)
        ]
    )


RUSI = [{"tonnes": 3000, "product": "unnamed", "arrival": f"2024-03-{d:02}T03:00:00Z"} for d in (7, 10, 14, 18, 22)]


def test_rusi_five_tankers_are_a_quarter_of_the_cap():
    table = calls(*RUSI)
    book = account(table)
    head = headline(table, book, cap(), CONFIG)
    assert (head.barrels_p5, head.barrels_p50, head.barrels_p95) == pytest.approx((124_950,) * 3)
    assert head.share_p50 == book["share_p50"].iloc[-1] == pytest.approx(124_950 / 500_000)
    assert (head.as_of, head.account_year, head.calls_counted) == ("2024-03-22", "2024", 5)
    assert head.break_even_fill == pytest.approx(500_000 / 124_950)


def test_43_visits_break_even_at_11628_barrels():
    """Open Source Centre, 2024: the cap is passed if the mean of 43 liftings exceeds 11,628 bbl, 39 % of 30,000."""
    table = calls(*[{"capacity_bbl": 30_000, "arrival": "2024-06-01"}] * 43)
    head = headline(table, account(table), cap(), CONFIG)
    assert round(head.break_even_bbl_per_call) == 11_628
    assert head.break_even_fill == pytest.approx(0.39, abs=0.003)


def test_us_2018_passes_the_cap_at_a_third():
    """506,529 bbl at one third of 1,519,587: the break-even fill lies just below one third."""
    table = calls(*[{"capacity_bbl": 1_519_587 / 89, "arrival": "2018-05-30"}] * 89)
    head = headline(table, account(table), cap(), CONFIG)
    assert head.scenario_bbl["33"] == pytest.approx(506_529, abs=1)
    assert head.scenario_bbl["90"] == pytest.approx(1_367_628, abs=1)
    assert 0.32 < head.break_even_fill < 1 / 3
    assert head.p_over_cap > 0.999


@given(st.dates(date(2017, 1, 1), date(2030, 12, 31)))
def test_calendar_year_is_the_days_own(day):
    assert account_year(day, cap()) == (str(day.year), date(day.year, 1, 1))


@given(st.dates(date(2017, 1, 1), date(2030, 12, 31)), st.sampled_from(["12-22", "03-01", "07-15"]))
def test_a_day_lies_within_its_account_year(day, starts):
    name, first = account_year(day, cap(year_starts=starts))
    assert first <= day < date(first.year + 1, first.month, first.day)
    assert name == str(first.year)
    assert f"{first:%m-%d}" == starts


def test_the_caps_of_the_resolution():
    """OP5: 500,000 bbl from 1 January; OP4, crude: 4 million bbl in periods of 12 months from 22 December."""
    refined, crude = (load(CapConfig, CAPS / f"{n}.yaml") for n in ("unscr-2397", "unscr-2397-crude"))
    assert (refined.barrels, refined.year_starts) == (500_000, "01-01")
    assert (crude.barrels, crude.year_starts) == (4_000_000, "12-22")
    assert account_year(date(2024, 12, 21), crude)[0] == "2023"
    assert account_year(date(2024, 12, 22), crude)[0] == "2024"


@pytest.mark.parametrize(
    ("departure", "year"),
    [
        ("2024-01-01T05:00:00+10:00", "2023"),  # New Year's morning in Vladivostok is the old year in UTC
        ("2023-12-31T23:59:59Z", "2023"),
        ("2024-01-01T00:00:00Z", "2024"),
        ("2023-12-31T20:00:00-05:00", "2024"),
    ],
)
def test_the_year_is_that_of_utc(departure, year):
    assert account(calls({"barrels": 1000, "departure": departure}))["account_year"].iloc[-1] == year


@pytest.mark.parametrize(("moment", "year"), [("departure", "2024"), ("arrival", "2023")])
def test_a_call_over_new_year_belongs_to_the_moment_that_the_cap_names(moment, year):
    table = calls({"barrels": 1000, "arrival": "2023-12-31T20:00:00Z", "departure": "2024-01-01T08:00:00Z"})
    book = account(table, cap(counts_on=moment))
    assert book["account_year"].unique().tolist() == [year]
    assert book["observed_p50"].iloc[-1] == 1000


def test_calls_of_other_years_are_in_other_accounts():
    table = calls({"barrels": 1000, "arrival": "2023-12-30"}, {"barrels": 500, "arrival": "2024-02-01"})
    assert account(table)["observed_p50"].iloc[-1] == 500
    assert account(table, as_of=date(2023, 12, 31))["observed_p50"].iloc[-1] == 1000


def test_one_row_a_day_from_the_first_of_january():
    book = account(calls({"barrels": 1000, "arrival": "2024-03-01"}))  # just after a 29 February
    days = [date.fromisoformat(d) for d in book["day"]]
    assert days[0] == date(2024, 1, 1)
    assert days[-1] == date(2024, 3, 1)
    assert all(b - a == timedelta(days=1) for a, b in pairwise(days))
    assert len(days) == 61


def test_sums_never_fall_and_step_on_the_day_of_the_call():
    book = account(calls(*RUSI)).set_index("day")
    assert book["observed_p50"].is_monotonic_increasing
    assert book["calls"].diff().fillna(0).loc[["2024-03-07", "2024-03-10"]].tolist() == [1, 1]
    assert book.loc["2024-03-06", "observed_p95"] == 0
    assert book.loc["2024-03-07", "observed_p50"] == pytest.approx(24_990)


def test_as_of_leaves_later_calls_out():
    book = account(calls(*RUSI), as_of=date(2024, 3, 14))
    assert book["day"].iloc[-1] == "2024-03-14"
    assert book["calls"].iloc[-1] == 3


def test_as_of_reaches_past_the_last_call():
    book = account(calls(*RUSI), as_of=date(2024, 4, 1))
    assert book["observed_p50"].iloc[-1] == pytest.approx(124_950)
    assert book["day"].iloc[-1] == "2024-04-01"


def test_what_does_not_count_is_not_in_the_account():
    table = calls(
        {"barrels": 1000, "arrival": "2024-03-01"},
        {"barrels": 1000, "arrival": "2024-03-01", "counts": False},
        {"barrels": -1000, "arrival": "2024-03-01"},
        {"barrels": 1000},
    )
    last = account(table).iloc[-1]
    assert (last["calls"], last["observed_p95"], last["at_100"]) == (1, 1000, 1000)
    assert headline(table, account(table), cap(), CONFIG).calls_seen == 4


def test_exactly_the_cap_is_not_over_it():
    table = calls({"barrels": 500_000, "arrival": "2024-03-01"}, {"barrels": 1, "arrival": "2024-03-02"})
    assert account(table)["p_over_cap"].iloc[-2:].tolist() == [0.0, 1.0]


def test_crossing_days_come_in_order_of_probability():
    table = calls(*[{"dwt_t": 5000, "arrival": f"2024-03-{d:02}"} for d in range(1, 29)])
    book = account(table)
    days = headline(table, book, cap(), CONFIG).crossing_days
    assert days["5"] <= days["50"] <= days["95"]
    assert days["5"] < days["95"]
    on = book.set_index("day")["p_over_cap"]
    for percent, day in days.items():
        before = str(date.fromisoformat(day) - timedelta(days=1))
        assert on[before] < int(percent) / 100 <= on[day]


def test_a_cap_is_crossed_on_the_day_on_which_the_chance_is_reached():
    """Exactly 5, 50 and 95 % are enough."""
    table = calls({"barrels": 1000, "arrival": "2024-01-05"})
    book = account(table).assign(p_over_cap=[0.049, 0.05, 0.5, 0.949, 0.95])
    days = headline(table, book, cap(), CONFIG).crossing_days
    assert days == {"5": "2024-01-02", "50": "2024-01-03", "95": "2024-01-05"}


def test_no_crossing_where_the_cap_is_not_reached():
    head = headline(calls(*RUSI), account(calls(*RUSI)), cap(), CONFIG)
    assert set(head.crossing_days.values()) == {None}
    assert head.p_over_cap == 0


def test_notified_totals_stand_beside_and_are_not_added():
    totals = ((2024, 15_279, date(2024, 3, 10)), (2024, 168_679, date(2024, 12, 4)), (2023, 325_267, date(2024, 3, 1)))
    notes = tuple(Notified(year=year, barrels=barrels, as_of=day, source="here") for year, barrels, day in totals)
    table = calls(*RUSI)
    plain, noted = account(table), account(table, cap(notified=notes))
    published = noted.set_index("day")["notified_bbl"]
    assert published[:"2024-03-09"].isna().all()
    assert set(published["2024-03-10":]) == {15_279}  # as known on that day; the headline has the newest figure
    pd.testing.assert_frame_equal(plain.drop(columns="notified_bbl"), noted.drop(columns="notified_bbl"))
    assert plain["notified_bbl"].isna().all()
    assert headline(table, noted, cap(notified=notes), CONFIG).notified_as_of == "2024-12-04"


def test_a_total_in_tonnes_is_kept_as_published():
    note = Notified(year=2024, tonnes=48_430, as_of=date(2024, 12, 4), source="here")
    of_tonnes = cap(notified=(note,))
    head = headline(calls(*RUSI), account(calls(*RUSI), of_tonnes), of_tonnes, CONFIG)
    assert (head.notified_t, head.notified_source) == (48_430, "here")
    assert head.notified_bbl == pytest.approx(403_421.9)


def test_a_day_without_a_usable_look_is_unknown_and_not_empty():
    seen = looks(
        ("2024-03-01T02:00:00Z", "unknown"),
        ("2024-03-02T02:00:00Z", "partly"),
        ("2024-03-02T21:00:00Z", "usable"),
        ("2024-03-02T22:00:00Z", "unknown"),
        ("2024-03-03T23:30:00Z", "usable"),
    )
    book = account(calls({"barrels": 1000, "arrival": "2024-03-04"}), looks=seen).set_index("day")["looked"]
    assert book["2024-03-01":].tolist() == ["unknown", "usable", "usable", "unknown"]
    assert set(book[:"2024-02-29"]) == {"unknown"}


def test_without_looks_nothing_is_said_of_days():
    assert set(account(calls(*RUSI))["looked"]) == {"not_given"}


def test_no_calls_make_an_account_of_zeros_up_to_the_day_asked_for():
    book = account(calls(), as_of=date(2024, 1, 10))
    assert book["observed_p95"].tolist() == [0.0] * 10
    assert book["p_over_cap"].tolist() == [0.0] * 10


def test_no_calls_and_no_day_make_no_account():
    book = account(calls())
    assert len(book) == 0
    assert list(book.columns) == LEDGER.names
    head = headline(calls(), book, cap(), CONFIG)
    assert (head.barrels_p95, head.break_even_fill, head.as_of) == (0.0, None, "")


def test_row_order_does_not_matter():
    table = calls(*[{"dwt_t": 4000 + 100 * d, "arrival": f"2024-03-{d:02}"} for d in range(1, 9)])
    turned = table.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(account(table), account(turned), rtol=1e-12)


def test_same_seed_same_bytes_other_seed_other():
    table = calls(*[{"dwt_t": 5000, "arrival": "2024-03-01"}] * 3)
    first, again = account(table), account(table)
    other = ledger(table, cap(), CONFIG, SEED + 1)
    assert first.to_csv() == again.to_csv() != other.to_csv()


def test_the_year_sum_is_wider_than_of_independent_calls():
    """With independent errors only, n equal calls would have a band sqrt(n) times one call's."""
    many = account(calls(*[{"dwt_t": 5000, "arrival": "2024-03-01"}] * 36)).iloc[-1]
    single = account(calls({"dwt_t": 5000, "arrival": "2024-03-01"})).iloc[-1]
    band = {n: row["observed_p95"] - row["observed_p5"] for n, row in (("many", many), ("one", single))}
    assert band["many"] > 1.5 * 36**0.5 * band["one"]
    assert band["many"] < 36 * band["one"]


def test_both_factors_stand_beside_the_median():
    """The same tonnes with gas oil's factor and with the unnamed product's: 11.7 % apart."""
    table = calls(*[{"dwt_t": 5000, "arrival": "2024-03-01"}] * 3)
    head = headline(table, account(table), cap(), CONFIG)
    assert head.factor_bbl["8.33"] / head.factor_bbl["7.46"] == pytest.approx(8.33 / 7.46)


@pytest.mark.parametrize("stated", [{"dwt_t": 4000}, {"tonnes": 3000}, {"capacity_bbl": 30_000}, {"barrels": 20_000}])
@pytest.mark.parametrize("products", [("fuel_oil",), ("gasoline", "kerosene"), ("gas_oil", "gasoline", "kerosene")])
def test_a_fixed_fill_of_an_unnamed_cargo_is_the_mean_over_what_counts(stated, products):
    """As if each product had been named in turn, weighted by its probability; products that do not count add 0."""
    config = VolumeConfig(draws=200)
    shares = {p.name: p.share for p in config.products}
    cap = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up", products=products)
    row = {"call_id": "a", "arrival": "2024-03-07"} | stated

    def at_100(product: str) -> float:
        table = liftings(pd.DataFrame([row | {"product": product}]), config, 1)
        return float(ledger(table, cap, config, 1).iloc[-1]["at_100"])

    assert at_100("mix") == pytest.approx(sum(shares[name] * at_100(name) for name in products))


def test_the_account_is_the_sum_of_what_each_call_may_have_lifted():
    """Summed by draw: quantiles of the sum, never sums of quantiles; the chance is the share of draws over the cap."""
    table = calls(
        *[{"length_m": 98.0, "beam_m": 15.8, "arrival": f"2024-03-0{n}", "p_loading": 0.7} for n in (1, 2, 3)]
    )
    barrels, tonnes = drawn(table)
    rules = cap(barrels=int(np.percentile(barrels, 70)), tonnes=float(np.percentile(tonnes, 40)))
    last = account(table, rules).iloc[-1]
    told = last[["observed_p5", "observed_p50", "observed_p95", "observed_mean", "tonnes_p50"]].tolist()
    assert told == pytest.approx([*np.percentile(barrels, (5, 50, 95)), barrels.mean(), np.median(tonnes)])
    assert (last["p_over_cap"], last["p_over_cap_tonnes"]) == pytest.approx((0.3, 0.6), abs=0.002)
    assert last["share_p50"] == pytest.approx(np.median(barrels) / rules.barrels)


def drawn(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Total barrels and tonnes of all calls in each draw."""
    cargo = simulate_cargo(table, CONFIG, DrawCache(CONFIG, SEED).ships)
    return cargo.barrels.sum(axis=0), cargo.tonnes.sum(axis=0)
