"""When in her stay a ship was looked at, and how much of her cargo was aboard by then."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.ships.stay_times import StayTimes, cargo_share, stay_times
from tests.calls.traffic import at

USUAL = (0.8, 3.0)  # days
N = 200_000
RNG = np.random.default_rng(4)
CAME, LEFT = RNG.random(N), RNG.random(N)


def test_a_stay_that_is_known_to_the_hour_leaves_no_doubt():
    stay = stay_times((at(6), at(6)), (at(30), at(30)), at(12), at(28), USUAL)
    assert stay == StayTimes(0.0, 24.0, 0.0, USUAL, 6.0, 22.0)
    assert np.unique(stay.share_passed(6.0, CAME, LEFT)) == pytest.approx([0.25])
    assert np.unique(stay.share_passed(22.0, CAME, LEFT)) == pytest.approx([22 / 24])


def shares_of(stay: StayTimes, look_h: float, rng: np.random.Generator) -> np.ndarray:
    """Shares that had passed, drawn with ends as likely as the law of stays makes them."""
    weights = stay.relative_likelihood(CAME, LEFT)
    picks = rng.choice(N, N, p=weights / weights.sum())
    return stay.share_passed(look_h, CAME[picks], LEFT[picks])


@pytest.mark.parametrize(("bounds", "looks"), [((0, 20, 26, 50), (20, 26)), ((-80, 20, 26, 120), (20, 26)),
                                               ((0, 20, 20, 40), (20, 20))])  # fmt: skip
def test_she_came_and_left_as_ships_do_that_are_seen_and_missed_like_her(bounds, looks):
    """Against ships that come at any time and stay as the law has it: those of them that the looks show so."""
    rng = np.random.default_rng(11)
    arrival = rng.uniform(-200, 60, 4_000_000)
    middle, spread = np.log(USUAL).mean(), np.diff(np.log(USUAL))[0] / (2 * 1.6449)
    departure = arrival + 24 * np.exp(rng.normal(middle, spread, len(arrival)))
    low, high, still, gone = bounds
    like = (arrival > low) & (arrival < high) & (departure > still) & (departure < gone)
    stay = stay_times((at(low), at(high)), (at(still), at(gone)), at(looks[0]), at(looks[1]), USUAL)
    assert like.sum() > 20_000
    for hour, look in zip(looks, (stay.first_h, stay.last_h), strict=True):
        seen = (hour - arrival[like]) / (departure[like] - arrival[like])
        assert stats.ks_2samp(shares_of(stay, look, rng), seen).statistic < 0.02
        assert stay.share_quantiles(look) == pytest.approx(np.percentile(seen, (5, 50, 95)), abs=0.02)


def test_of_a_stay_of_which_one_look_is_all_that_is_known_any_share_may_have_passed():
    stay = stay_times((None, at(20)), (at(20), None), at(20), None, USUAL)
    assert stats.kstest(shares_of(stay, 0.0, RNG), "uniform").statistic < 0.015
    same = stay_times((at(20), at(20)), (at(20), at(20)), at(20), None, USUAL)
    assert stats.kstest(same.share_passed(0.0, CAME, LEFT), "uniform").statistic < 0.01, "no length at all"


def test_of_an_end_that_nothing_bounds_the_law_of_stays_tells():
    open_end = stay_times((None, at(6)), (at(6), at(6)), at(6), None, USUAL)
    hours = open_end.arrival_window_h * CAME
    weights = open_end.relative_likelihood(CAME, LEFT)
    assert np.average(hours < 24 * USUAL[0], weights=weights) == pytest.approx(0.05, abs=0.005)
    assert np.average(hours < 24 * USUAL[1], weights=weights) == pytest.approx(0.95, abs=0.01), (
        "cut at its longest stays"
    )


def test_she_was_there_at_each_look():
    early = stay_times((at(6), at(10)), (at(12), at(30)), at(8), at(20), USUAL)
    assert early == StayTimes(2.0, 12.0, 10.0, USUAL, 0.0, 12.0)
    before = stay_times((at(6), at(10)), (at(12), at(16)), at(2), None, USUAL)
    assert before == StayTimes(0.0, 10.0, 4.0, USUAL, 0.0, None)


def test_a_look_of_which_the_day_alone_is_known_bounds_nothing():
    """It shows her there by the end of its day, and still there from its start on."""
    assert stay_times((at(0), at(48)), (at(24), at(72)), None, None, USUAL).surely_there_h == 0.0


def test_a_discharge_is_a_loading_turned_round():
    stay = StayTimes(3.0, 24.0, 9.0, USUAL, 4.0, 20.0)
    back = stay.reversed_in_time()
    assert back.share_passed(back.first_h, LEFT, CAME) == pytest.approx(1 - stay.share_passed(20.0, CAME, LEFT))
    assert back.share_passed(back.last_h, LEFT, CAME) == pytest.approx(1 - stay.share_passed(4.0, CAME, LEFT))
    assert back.reversed_in_time() == stay


def test_nothing_is_pumped_before_and_after():
    shares = np.linspace(0, 1, 101)
    aboard = cargo_share(shares, np.full(101, 0.25), np.full(101, 0.25))
    assert aboard[[0, 25, 50, 75, 100]] == pytest.approx([0, 0, 0.5, 1, 1])
    assert (np.diff(aboard) >= 0).all()
