"""When in her stay a ship was looked at, and how much of her cargo was aboard by then."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.ships.stay_times import StayTimes, pumped, stay_times
from tests.calls.traffic import at

N = 200_000
RNG = np.random.default_rng(4)
CAME, LEFT = RNG.random(N), RNG.random(N)


def test_a_stay_that_is_known_to_the_hour_leaves_no_doubt():
    stay = stay_times((at(6), at(6)), (at(30), at(30)), at(12), at(28))
    assert stay == StayTimes(0.0, 24.0, 0.0, 6.0, 22.0)
    assert np.unique(stay.passed(6.0, CAME, LEFT)) == pytest.approx([0.25])
    assert np.unique(stay.passed(22.0, CAME, LEFT)) == pytest.approx([22 / 24])


def test_between_two_looks_without_her_she_came_and_left_at_any_time():
    """Against ships that come and leave at random times within the bounds."""
    stay = stay_times((at(0), at(20)), (at(26), at(50)), at(20), at(26))
    arrival, departure = RNG.uniform(0, 20, N), RNG.uniform(26, 50, N)
    for hour, look in ((20, stay.first_h), (26, stay.last_h)):
        shares = stay.passed(look, CAME, LEFT)
        assert stats.ks_2samp(shares, (hour - arrival) / (departure - arrival)).statistic < 0.01


@pytest.mark.parametrize("bounds", [((None, at(20)), (at(20), None)), ((at(20), at(20)), (at(20), at(20)))])
def test_of_a_stay_of_which_one_look_is_all_that_is_known_any_share_may_have_passed(bounds):
    shares = stay_times(*bounds, at(20), None).passed(0.0, CAME, LEFT)
    assert stats.kstest(shares, "uniform").statistic < 0.01


def test_an_end_that_nothing_bounds_lies_as_far_out_as_the_stay_is_known_to_be_long():
    assert stay_times((None, at(6)), (at(30), at(34)), at(6), at(30)) == StayTimes(28.0, 24.0, 4.0, 0.0, 24.0)


def test_she_was_there_at_each_look():
    assert stay_times((at(6), at(10)), (at(12), at(30)), at(8), at(20)) == StayTimes(2.0, 12.0, 10.0, 0.0, 12.0)
    assert stay_times((at(6), at(10)), (at(12), at(16)), at(2), None) == StayTimes(0.0, 10.0, 4.0, 0.0, None)


def test_a_look_of_which_the_day_alone_is_known_bounds_nothing():
    """It shows her there by the end of its day, and still there from its start on."""
    assert stay_times((at(0), at(48)), (at(24), at(72)), None, None).there_h == 0.0


def test_a_discharge_is_a_loading_turned_round():
    stay = StayTimes(3.0, 24.0, 9.0, 4.0, 20.0)
    back = stay.backwards()
    assert back.passed(back.first_h, LEFT, CAME) == pytest.approx(1 - stay.passed(20.0, CAME, LEFT))
    assert back.passed(back.last_h, LEFT, CAME) == pytest.approx(1 - stay.passed(4.0, CAME, LEFT))
    assert back.backwards() == stay


def test_nothing_is_pumped_before_and_after():
    shares = np.linspace(0, 1, 101)
    aboard = pumped(shares, np.full(101, 0.25), np.full(101, 0.25))
    assert aboard[[0, 25, 50, 75, 100]] == pytest.approx([0, 0, 0.5, 1, 1])
    assert (np.diff(aboard) >= 0).all()
