from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from pipeline.config import VolumeConfig
from pipeline.tables import MISSED
from pipeline.volume import liftings
from pipeline.volume.unseen import barrels_unseen, zones_left_out

CONFIG, FEW = VolumeConfig(draws=20_000), VolumeConfig(draws=1_000)
CALENDAR = [date(2024, 3, 1) + timedelta(days=n) for n in range(20)]


def missed(shape=5.5, exposed_d=10.0, unseen_d=0.5, state="known", zone="pier"):
    rows = []
    for n, day in enumerate(CALENDAR):
        row = {"missed_id": f"{zone}/{n}", "zone_id": zone, "day": day.isoformat(), "state": state, "n_seen": 5}
        if state == "known":
            row |= {
                "p_seen": 0.5,
                "unseen_days": unseen_d,
                "rate_shape": shape,
                "rate_per_d": exposed_d,
                "unseen_mean": 0.25,
            }
        rows.append(row)
    return MISSED.check(MISSED.from_rows(rows))


def test_mean_and_spread_are_those_of_a_gamma_poisson_sum():
    """With one barrel per missed call the sum is negative binomial: mean a U / E, variance mean (1 + U / E)."""
    total = barrels_unseen(missed(), CALENDAR, np.ones((1, CONFIG.draws)), CONFIG, 1)[-1]
    share = 20 * 0.5 / 10.0
    assert total.mean() == pytest.approx(5.5 * share, rel=0.03)
    assert total.var() == pytest.approx(5.5 * share * (1 + share), rel=0.06)


def test_the_corrected_account_never_falls():
    daily = barrels_unseen(missed(), CALENDAR, np.ones((3, CONFIG.draws)), CONFIG, 1)
    assert (np.diff(daily, axis=0) >= 0).all()


def test_a_zone_that_no_look_could_see_is_unknown_and_not_zero():
    assert barrels_unseen(missed(state="unknown"), CALENDAR, np.ones((1, CONFIG.draws)), CONFIG, 1) is None


def test_where_no_call_was_seen_a_missed_one_is_a_tanker_of_which_nothing_is_known():
    rare = missed(shape=0.5)
    total = barrels_unseen(rare, CALENDAR, np.zeros((0, CONFIG.draws)), CONFIG, 1)[-1]
    assert 0.2 * 22_000 < total.mean() < 2 * 22_000


def test_two_zones_add_up():
    one = barrels_unseen(missed(), CALENDAR, np.ones((1, CONFIG.draws)), CONFIG, 1)[-1].mean()
    both = pd.concat([missed(), missed(zone="buoy")], ignore_index=True)
    assert barrels_unseen(both, CALENDAR, np.ones((1, CONFIG.draws)), CONFIG, 1)[-1].mean() == pytest.approx(
        2 * one, rel=0.05
    )


def days_from(first: date, n: int) -> list[date]:
    return [first + timedelta(days=k) for k in range(n)]


SIZES = np.random.default_rng(4).uniform(1_000, 9_000, (7, CONFIG.draws))


def test_a_longer_account_does_not_change_its_earlier_days():
    long = barrels_unseen(missed(), CALENDAR, SIZES, CONFIG, 1)
    for days in (1, 7, 19):
        short = barrels_unseen(missed(), CALENDAR[:days], SIZES, CONFIG, 1)
        np.testing.assert_array_equal(short, long[:days])


def test_days_without_a_row_change_nothing():
    wide = days_from(date(2024, 1, 1), 120)
    inside = barrels_unseen(missed(), wide, SIZES, CONFIG, 1)[wide.index(CALENDAR[0]) :][: len(CALENDAR)]
    np.testing.assert_array_equal(inside, barrels_unseen(missed(), CALENDAR, SIZES, CONFIG, 1))


def test_the_order_of_rows_changes_nothing():
    both = pd.concat([missed(), missed(zone="buoy")], ignore_index=True)
    turned = both.sample(frac=1, random_state=5)
    first, again = (barrels_unseen(table, CALENDAR, SIZES, CONFIG, 1) for table in (both, turned))
    np.testing.assert_array_equal(first, again)


def test_zones_add_up_draw_by_draw():
    """Each zone has its own stream, so its calls do not depend on whether there is another zone."""
    one, other = missed(), missed(zone="buoy")
    apart = [barrels_unseen(table, CALENDAR, SIZES, CONFIG, 1) for table in (one, other)]
    both = barrels_unseen(pd.concat([one, other], ignore_index=True), CALENDAR, SIZES, CONFIG, 1)
    np.testing.assert_allclose(both, apart[0] + apart[1], rtol=1e-12)
    assert not np.array_equal(apart[0], apart[1])


def seen_at(*zones: str) -> pd.DataFrame:
    return pd.DataFrame({"berth_id": list(zones)})


def test_zones_of_which_nothing_is_known_are_named_with_the_day_from_which_it_matters():
    table = pd.concat([missed(), missed(state="unknown", zone="buoy")], ignore_index=True)
    assert zones_left_out(missed(), seen_at("pier", ""), [CALENDAR[0]] * 2) == {}
    assert zones_left_out(table, seen_at(), []) == {"buoy": CALENDAR[0]}
    other_aoi = seen_at("pier", "nampo", "nampo", "nampo")
    found = zones_left_out(table, other_aoi, [CALENDAR[n] for n in (0, 9, 4, 7)])
    assert found == {"buoy": CALENDAR[0], "nampo": CALENDAR[4]}


def test_a_missed_call_carries_what_a_random_one_of_those_seen_did():
    """Two seen calls carried 1,000 and 3,000 bbl: a missed one is either equally often, whichever is listed first."""
    number = 5.5 * 20 * 0.5 / 10.0
    for cargoes in ([1_000.0, 3_000.0], [3_000.0, 1_000.0]):
        each = np.repeat(np.array(cargoes)[:, None], CONFIG.draws, axis=1)
        total = barrels_unseen(missed(), CALENDAR, each, CONFIG, 1)[-1]
        assert total.mean() == pytest.approx(number * 2_000, rel=0.03)


def with_bounds(low: float, high: float, zone: str = "pier") -> pd.DataFrame:
    """About half of the arrivals are seen: ten days with ten seen calls, so ten unseen."""
    return MISSED.check(missed(exposed_d=10.0, zone=zone).assign(seen_days=0.5, p_seen_lo=low, p_seen_hi=high))


def test_what_is_not_known_of_looks_widens_the_number_as_the_law_of_total_variance_says():
    """Given its error the number is negative binomial, mean a x and variance a x (1 + x) with x = U / E."""
    total = barrels_unseen(with_bounds(0.3, 0.6), CALENDAR, np.ones((1, CONFIG.draws)), CONFIG, 1)[-1]
    z = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    low, high = (np.log(p / (1 - p)) for p in (0.3, 0.6))
    x = np.exp(-z / 1.6448536 * np.where(z < 0, -low, high))  # (1 - p) / p of every day, thus U / E
    a = 5.5
    assert total.mean() == pytest.approx(a * x.mean(), rel=0.03)
    assert total.var() == pytest.approx(a * (x + x**2).mean() + a**2 * x.var(), rel=0.08)


def test_bounds_that_meet_change_nothing():
    plain, met = missed(), with_bounds(0.5, 0.5)
    draws = [barrels_unseen(table, CALENDAR, SIZES, CONFIG, 1) for table in (plain, met)]
    np.testing.assert_allclose(draws[1].mean(axis=1), draws[0].mean(axis=1), rtol=1e-6)


def test_zones_and_days_err_together():
    """Where little else varies, as with hundreds of calls, the two zones' numbers are correlated."""
    many = [with_bounds(0.3, 0.6, zone).assign(rate_shape=400.0) for zone in ("pier", "buoy")]
    pier, buoy = (barrels_unseen(table, CALENDAR, np.ones((1, 1_000)), FEW, 1) for table in many)
    assert np.corrcoef(pier[-1], buoy[-1])[0, 1] > 0.9
    assert np.corrcoef(pier[9], pier[-1] - pier[9])[0, 1] > 0.9


def test_an_account_of_some_days_knows_the_rate_from_all():
    """The rate uses all days of the table, whichever days the account covers."""
    uneven = with_bounds(0.3, 0.6).assign(p_seen=[0.5] * 10 + [0.3] * 10)
    long = barrels_unseen(uneven, CALENDAR, SIZES, CONFIG, 1)
    np.testing.assert_array_equal(barrels_unseen(uneven, CALENDAR[:7], SIZES, CONFIG, 1), long[:7])


def test_a_missed_call_of_which_nothing_is_known_carries_what_a_lifting_of_no_stated_size_does():
    """Surely a lifting: a listed call without a size carries the same per lifting, by another way through the code."""
    number = 5.5 * 20 * 0.5 / 10.0
    total = barrels_unseen(missed(), CALENDAR, np.zeros((0, CONFIG.draws)), CONFIG, 1)[-1]
    (row,) = liftings(pd.DataFrame([{"call_id": "x", "arrival": "2024-03-07"}]), CONFIG, 1).to_dict("records")
    assert total.mean() / number == pytest.approx(row["barrels_mean"] / row["p_lifting"], rel=0.04)
