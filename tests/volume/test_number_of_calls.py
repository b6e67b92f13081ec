"""Uncertain numbers of calls enter the sum: a stay may be two ships', a call may continue the one before."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.ledger import ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.membership import refusals
from pipeline.volume.montecarlo import simulate, simulate_cargo
from pipeline.volume.sensitivity import sensitivity

SEED = 5
CONFIG = VolumeConfig(draws=20_000)
CAP = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up")


def table(**columns) -> pd.DataFrame:
    return liftings(pd.DataFrame({"arrival": ["2024-03-07", "2024-03-12"], "length_m": 96.0} | columns), CONFIG, SEED)


@pytest.mark.parametrize(
    ("doubt", "calls"),
    [({}, 2.0), ({"p_one_call": [0.4, 1.0]}, 2.6), ({"p_new_call": [1.0, 0.3]}, 1.3),
     ({"p_one_call": [0.4, 1.0], "p_new_call": [1.0, 0.3]}, 1.9),
     ({"p_one_call": [0.1, 1.0], "calls_mean": [3.5, 1.0]}, 4.5)],
)  # fmt: skip
def test_the_mean_sum_goes_with_the_expected_number_of_calls(doubt, calls):
    sure, doubted = (simulate(table(**d), CONFIG, SEED).sum(axis=0) for d in ({}, doubt))
    assert doubted.mean() == pytest.approx(sure.mean() * calls / 2, rel=0.02)
    assert doubted.std() >= sure.std() or calls < 2


def test_barrels_of_a_call_are_hers_however_many_there_were():
    """Doubt about the number of calls changes neither what one call carries nor what an unseen call carries."""
    sure, doubted = table(), table(p_one_call=[0.4, 1.0], p_new_call=[1.0, 0.3])
    assert sure["barrels_p50"].tolist() == doubted["barrels_p50"].tolist()
    one = simulate_cargo(doubted, CONFIG, DrawCache(CONFIG, SEED).ships).of_single_call
    assert (one == simulate(sure, CONFIG, SEED)).all()


def test_what_was_seen_of_one_ship_says_nothing_of_the_second():
    """Draughts that show a small cargo apply to one ship; a second one carries what unmeasured ships carry."""
    small = {"draught_in_m": 3.4, "draught_out_m": 4.0, "beam_m": 15.0, "p_loading": 1.0}
    measured, unmeasured = (
        simulate(table(**small), CONFIG, SEED)[0].mean(),
        simulate(table(beam_m=15.0), CONFIG, SEED)[0].mean(),
    )
    assert measured < 0.8 * unmeasured
    both = simulate(table(**small, p_one_call=[0.0, 1.0]), CONFIG, SEED)[0].mean()
    assert both == pytest.approx(measured + unmeasured, rel=0.05)


def test_the_account_holds_the_doubt_and_counts_the_calls_that_are_shown():
    last = ledger(table(p_one_call=[0.5, 0.5]), CAP, CONFIG, SEED).iloc[-1]
    plain = ledger(table(), CAP, CONFIG, SEED).iloc[-1]
    assert last["calls"] == plain["calls"] == 2
    assert last["observed_mean"] == pytest.approx(1.5 * plain["observed_mean"], rel=0.02)
    assert last["at_100"] == plain["at_100"]


def test_the_doubt_shows_among_what_makes_the_sum_uncertain():
    calls = table(p_one_call=[0.5, 0.5])
    inputs = sensitivity(calls, ledger(calls, CAP, CONFIG, SEED), CAP, CONFIG, SEED).set_index("name")
    assert inputs.loc["own_number", "sobol"] > 0.2
    assert inputs.loc["number_of_calls", "low_p50"] < inputs.loc["number_of_calls", "base_p50"]


def test_a_chance_beyond_one_is_refused():
    found = table(p_one_call=[1.4, 1.0])
    assert found["status"].tolist() == ["refused", "used"]
    assert "p_one_call is 1.4" in found["cause"].iloc[0]


def test_the_means_of_rows_add_up_to_that_of_the_account():
    doubted = table(p_one_call=[0.3, 1.0], calls_mean=[2.5, 1.0], p_new_call=[1.0, 0.3], p_loading=[0.9, 0.95])
    total = ledger(doubted, CAP, CONFIG, SEED).iloc[-1]["observed_mean"]
    assert doubted["barrels_mean"].sum() == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize(
    ("one", "mean"), [(1.0, 3.0), (None, 3.0), (0.5, 1.2), (0.5, 1000.0), (0.99, 2.0)],
    ids=["one alone", "not said", "a second, and yet fewer", "a thousand", "more than so small a chance can give"],
)  # fmt: skip
def test_a_chance_and_a_mean_that_contradict_each_other_are_refused(one, mean):
    """Refused before any draw, also if a table of liftings contains them."""
    row = table(p_one_call=[one, 1.0], calls_mean=[mean, 1.0]).iloc[0]
    assert row["status"] == "refused"
    assert "calls_mean" in row["cause"]
    by_hand = table().assign(p_one_call=[one, 1.0], calls_mean=[mean, 1.0])
    assert set(refusals(by_hand, CAP, CONFIG)) == {by_hand["call_id"].iloc[0]}


@pytest.mark.parametrize("mean", [1.5, 5.0, 16.0])
def test_a_mean_that_is_taken_is_the_mean_of_the_sum(mean):
    sure, doubted = table(), table(p_one_call=[0.5, 1.0], calls_mean=[mean, 1.0])
    one = simulate(sure, CONFIG, SEED).mean(axis=1)
    assert simulate(doubted, CONFIG, SEED).mean(axis=1) == pytest.approx(one * [mean, 1.0], rel=0.02)
