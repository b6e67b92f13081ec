"""Uncertainty of the looks' recall and of stays must enter the interval of unseen calls.

The truth is simulated: recall is drawn from its Beta law and a factor on stays from its law, and known in each draw.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from pipeline.calls.exposure import exposure, seen_bounds
from pipeline.calls.missed import missed_calls
from pipeline.calls.recall import recall_table
from pipeline.calls.stay_law import StayLaw, stay_law
from pipeline.config import CallsConfig
from pipeline.tables import DETECTIONS, PORT_CALLS
from pipeline.tables.seen_law import seen_share
from tests.calls.traffic import at, harbour, looks_at

LOOKS_D = np.arange(0.7, 40, 2.3)
BELIEF = beta(8, 2)  # of the recall: 0.8, worth ten looks


def bounds_of(recall: tuple[float, float, float], stays: StayLaw):
    return seen_bounds(LOOKS_D, np.repeat(np.array(recall)[:, None], len(LOOKS_D), axis=1), stays, 40.0)


def test_what_is_known_exactly_has_no_width():
    seen, low, high = bounds_of((0.8, 0.8, 0.8), StayLaw(np.log(1.1), 0.3, 0.0))
    np.testing.assert_allclose(low, seen.p_seen, rtol=1e-9)
    np.testing.assert_allclose(high, seen.p_seen, rtol=1e-9)


def test_the_bounds_hold_nine_tenths_of_drawn_recalls_and_stays():
    """For the whole period's share seen, to a percent or two: the two errors are not quite normal."""
    days = np.array([0.8, 1.5, 3.0])
    stays = SimpleNamespace(days=days, at=lambda z: days * np.exp(0.25 * z))
    seen, low, high = bounds_of((BELIEF.ppf(0.05), 0.8, BELIEF.ppf(0.95)), stays)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(400):
        law = stays.at(rng.standard_normal())
        here = exposure(LOOKS_D, np.full(len(LOOKS_D), BELIEF.rvs(random_state=rng)), law, 40.0)
        drawn.append(here.total_seen_d / (here.total_seen_d + here.total_unseen_d))
    arrivals = seen.seen_d + seen.unseen_d
    told = [float((arrivals * share).sum() / arrivals.sum()) for share in (low, high)]
    assert told == pytest.approx(np.quantile(drawn, (0.05, 0.95)).tolist(), abs=0.025)


def table_of(config: CallsConfig, trials: pd.DataFrame, hours: np.ndarray, n_seen: int = 0) -> pd.DataFrame:
    seen = {"berth_id": "oil", "counts": True, "evidence_class": "D", "length_m": 96.0}
    calls = PORT_CALLS.from_rows([seen | {"call_id": f"c{n}"} for n in range(n_seen)])
    recalls = recall_table(trials, config)
    return missed_calls(looks=looks_at(*hours), calls=calls, detections=DETECTIONS.empty(), recalls=recalls,
                        place=harbour(), start=at(0), end=at(1440), config=config)  # fmt: skip


def trials_of(tries: int, found: int) -> pd.DataFrame:
    row = {"sensor": "optical", "context": "quay", "length_m": 96.0}
    return pd.DataFrame([row | {"found": n < found} for n in range(tries)], columns=[*row, "found"])


def test_ships_that_transmitted_make_the_share_that_is_seen_surer():
    hours = np.arange(5, 1440, 40)
    guessed, tried = (table_of(CallsConfig(stay_log_sd=0), trials_of(n, int(0.95 * n)), hours) for n in (0, 400))
    widths = [(table["p_seen_hi"] - table["p_seen_lo"]).iloc[3:55].mean() for table in (guessed, tried)]
    assert 0 < widths[1] < 0.3 * widths[0]
    assert (guessed["p_seen_lo"] <= guessed["p_seen"]).all()
    assert (guessed["p_seen"] <= guessed["p_seen_hi"]).all()
    np.testing.assert_allclose(guessed["seen_days"].sum(), guessed["rate_per_d"].iloc[0])


def drawn_share(rng: np.random.Generator, looks_d: np.ndarray, calls: int, recall: float, stays: np.ndarray):
    """Numbers of calls that looks saw and did not see, given stay lengths and recall."""
    arrival, stay = rng.uniform(-12, 60, calls), rng.choice(stays, calls)
    there = arrival + stay > 0
    during = np.searchsorted(looks_d, arrival + stay) - np.searchsorted(looks_d, arrival)
    seen = rng.random(calls) < 1 - (1 - recall) ** during
    return int((there & seen).sum()), int((there & ~seen).sum())


def test_nine_tenths_of_ports_with_other_recalls_and_stays_lie_within_the_interval():
    """Ports of some 60 calls; the estimate has prior laws only. Taken as exact, they would give half the coverage."""
    rng = np.random.default_rng(2)
    config = CallsConfig()
    hours, usual = np.arange(5, 1440, 55), stay_law(PORT_CALLS.empty(), config)
    prior = config.look_recall["optical"]
    table = table_of(config, trials_of(0, 0), hours).query("zone_id == 'oil'")
    error = rng.standard_normal(2_000)
    arrivals = (table["seen_days"] + table["unseen_days"]).to_numpy()[:, None]
    bounds = [table[name].to_numpy()[:, None] for name in ("p_seen", "p_seen_lo", "p_seen_hi")]
    ratio = {}
    for name, z in (("open", error), ("exact", np.zeros(2_000))):
        p = seen_share(*bounds, z)
        ratio[name] = (arrivals * (1 - p)).sum(axis=0) / (arrivals * p).sum(axis=0)
    holds: dict[str, list[bool]] = {name: [] for name in ratio}
    for _ in range(300):
        stays = usual.at(rng.standard_normal())
        recall = rng.beta(10 * prior, 10 * (1 - prior))
        seen, unseen = drawn_share(rng, hours / 24, rng.poisson(72), recall, stays)
        for name in ratio:
            drawn = rng.poisson(rng.standard_gamma(seen + table["rate_shape"].iloc[0], 2_000) * ratio[name])
            low, high = np.quantile(drawn, (0.05, 0.95))
            holds[name].append(low <= unseen <= high)
    assert 0.86 <= np.mean(holds["open"]) <= 0.96
    assert np.mean(holds["exact"]) < 0.75
