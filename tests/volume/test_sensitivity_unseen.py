"""Sensitivity of the sum with unseen calls, checked against the law of total variance of a compound sum."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, norm

from pipeline.config import CapConfig, VolumeConfig
from pipeline.quantiles import Z90
from pipeline.tables import MISSED
from pipeline.volume.ledger import ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.sensitivity import sensitivity
from pipeline.volume.sensitivity_unseen import AccountDraws, with_unseen

SEED = 3
CONFIG = VolumeConfig(draws=40_000)
CAP = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up")
CALENDAR = [date(2024, 1, 1) + timedelta(days=n) for n in range(20)]
SHAPE = 5.5


def missed(low: float = 0.5, high: float = 0.5, days: list[date] = CALENDAR, shape: float = SHAPE) -> pd.DataFrame:
    """About half of the arrivals are seen: ten days with ten seen calls, so ten unseen."""
    law = {"p_seen": 0.5, "p_seen_lo": low, "p_seen_hi": high, "seen_days": 0.5, "unseen_days": 0.5}
    law |= {"rate_shape": shape, "rate_per_d": 0.5 * len(days), "unseen_mean": shape / len(days), "n_seen": 5}
    rows = [
        {"missed_id": f"pier/{day}", "zone_id": "pier", "day": day.isoformat(), "state": "known"} | law for day in days
    ]
    return MISSED.check(MISSED.from_rows(rows))


def lognormal(calls: int, sd: float, seed: int = 8) -> np.ndarray:
    """Barrels of independent calls of mean 1, shape (calls, draws)."""
    return np.exp(sd * np.random.default_rng(seed).standard_normal((calls, CONFIG.draws)) - sd**2 / 2)


def told(barrels: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    config = CONFIG.model_copy(update={"draws": barrels.shape[1]})
    seen = AccountDraws(CALENDAR, barrels.sum(axis=0), barrels)
    return pd.DataFrame(with_unseen(seen, table, CAP, config, SEED)).set_index("name")


def odds_unseen(low: float, high: float) -> np.ndarray:
    """Equally likely values of U / E, where half is seen and the logit has those bounds."""
    z = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    below, above = (np.log(p / (1 - p)) for p in (low, high))
    return np.exp(-z / Z90 * np.where(z < 0, -below, above))


def test_parts_are_those_of_a_compound_of_lognormal_cargoes():
    """Five calls of mean 1 and variance v; N negative binomial, mean 5.5 and variance 11.

    E[sum | cargoes] = O (1 + E[N] / 5). Given N and the cargoes, the remaining standard deviation is s sqrt(N), with s
    that of a draw's five cargoes; its first-order part is E[s sqrt(N)]^2. The rest is var(N) times the mean cargo's
    variance.
    """
    v = np.exp(0.5**2) - 1
    n = nbinom(SHAPE, 0.5)
    root = np.sqrt(np.arange(200)) @ n.pmf(np.arange(200))
    number, seen, which = n.var(), 5 * v * (1 + n.mean() / 5) ** 2, 0.8 * v * n.mean()
    total = number + seen + which + n.var() * v / 5
    barrels = lognormal(5, 0.5)
    found = told(barrels, missed())["sobol"]
    assert found["number_unseen"] == pytest.approx(number / total, abs=0.02)
    assert found["calls_seen"] == pytest.approx(seen / total, abs=0.02)
    assert found["looks_and_stays"] == pytest.approx(0, abs=0.01)
    assert found["barrels_unseen"] == pytest.approx((barrels.std(axis=0).mean() * root) ** 2 / total, abs=0.01)


def test_looks_and_stays_and_the_number_given_them_are_two_parts():
    """One barrel per call: the sum is 1 + N. The looks' part of Var(N) is Var(a x); E Var(N | x) = E[a x (1 + x)]."""
    x = odds_unseen(0.3, 0.6)
    looks, given = SHAPE**2 * x.var(), SHAPE * (x + x**2).mean()
    found = told(np.ones((1, CONFIG.draws)), missed(0.3, 0.6))["sobol"]
    assert found["looks_and_stays"] == pytest.approx(looks / (looks + given), abs=0.02)
    by_rank = SHAPE * np.sqrt(x + x**2).mean() ** 2  # first order only: the effect of N's rank given x
    assert by_rank / (looks + given) - 0.04 < found["number_unseen"] < given / (looks + given)
    assert found[["barrels_unseen", "calls_seen"]].to_numpy() == pytest.approx(0, abs=0.01)


def test_where_the_rate_is_known_the_looks_are_all_there_is():
    """With a thousand calls chance hardly matters: N is 1,000 x, and its ends are those of x."""
    x = odds_unseen(0.3, 0.6)
    row = told(np.ones((1, 8_000)), missed(0.3, 0.6, shape=1_000.0)).loc["looks_and_stays"]
    assert row["sobol"] == pytest.approx(1, abs=0.05)  # one draw beyond 4.5 deviations
    ends = 1 + 1_000 * np.quantile(x, [0.95, 0.5, 0.05])
    # with 8,000 normals the median errs by 0.014 sd, the ends by 0.024; one sd is a factor of 1.3 to 1.7 in the odds
    told_p50 = row[["low_p50", "base_p50", "high_p50"]].to_numpy(float)
    assert told_p50 == pytest.approx(ends, rel=0.03)


def test_which_cargo_matters_where_few_large_ones_lie_among_small():
    """Stated cargoes of 1 and 9 bbl (mean 5, sd 4): Var = 16 E[N] by which calls they are, 25 Var(N) by how many."""
    barrels = np.repeat([[1.0], [9.0]], CONFIG.draws, axis=1)
    found = told(barrels, missed())["sobol"]
    assert found["number_unseen"] == pytest.approx(25 * 11 / (25 * 11 + 16 * 5.5), abs=0.02)
    assert 0.8 * 0.24 < found["barrels_unseen"] < 0.25
    assert found["calls_seen"] == pytest.approx(0, abs=0.01)


def test_calls_that_may_be_none_move_the_sum_by_what_the_unseen_ones_carry_of_theirs():
    """A call that itself counts zero: sum = m N, with variance E[m^2] Var N + Var(m) E[N]^2."""
    m = lognormal(1, 0.5)
    found = pd.DataFrame(with_unseen(AccountDraws(CALENDAR, 0 * m[0], m), missed(), CAP, CONFIG, SEED))
    n = nbinom(SHAPE, 0.5)
    index = m.var() * n.mean() ** 2 / ((m**2).mean() * n.var() + m.var() * n.mean() ** 2)
    assert found.set_index("name").loc["calls_seen", "sobol"] == pytest.approx(index, abs=0.02)


def test_what_does_not_vary_has_no_smallest_and_no_largest():
    """One stated cargo: the sum is 1 + N; its constant cargo has no effect, whatever the order of draws."""
    found = told(np.ones((1, 2_000)), missed())
    fixed = found.loc[["barrels_unseen", "calls_seen"]]
    assert (fixed[["sobol", "sobol_se"]] == 0).all(axis=None)
    assert fixed[["low_p50", "high_p50"]].eq(fixed["base_p50"], axis=0).all(axis=None)
    assert found.loc["number_unseen", "low_p50"] < found.loc["number_unseen", "high_p50"]


ROWS = [{"call_id": f"c{n}", "arrival": "2024-01-07", "length_m": 90.0 + n, "berth_id": "pier"} for n in range(4)]


def test_its_base_is_the_account_and_the_observed_sums_rows_stay_as_they_are():
    config = CONFIG.model_copy(update={"draws": 4_000})
    lifted = liftings(pd.DataFrame(ROWS), config, SEED)
    table = missed(0.3, 0.6, days=[date(2024, 1, 1) + timedelta(days=n) for n in range(10)])
    account = ledger(lifted, CAP, config, SEED, as_of=date(2024, 1, 9), missed=table)
    plain, with_it = (sensitivity(lifted, account, CAP, config, SEED, missed=m) for m in (None, table))
    more = with_it[with_it["kind"] == "with_unseen"]
    assert more["base_p50"].to_numpy() == pytest.approx(account["corrected_p50"].iloc[-1], rel=1e-12)
    assert set(more["base_p_over_cap"]) == {account["corrected_p_over_cap"].iloc[-1]}
    pd.testing.assert_frame_equal(with_it[with_it["kind"] != "with_unseen"], plain)


def test_where_no_zone_is_known_there_is_no_such_sum():
    lifted = liftings(pd.DataFrame(ROWS), VolumeConfig(draws=2_000), SEED)
    account = ledger(lifted, CAP, VolumeConfig(draws=2_000), SEED)
    unknown = missed().assign(state="unknown")
    found = sensitivity(lifted, account, CAP, VolumeConfig(draws=2_000), SEED, missed=unknown)
    assert "with_unseen" not in set(found["kind"])
