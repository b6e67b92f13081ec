"""An error of the law of stays moves the number of calls of all rows together; without one nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import call_counts, count_range
from pipeline.config import VolumeConfig
from pipeline.tables.number_law import MOST_CALLS, calls_if_turned, number_law, stay_errors, turned
from pipeline.volume.liftings import liftings
from pipeline.volume.montecarlo import draw_call_number, simulate

SEED, CONFIG = 5, VolumeConfig(draws=20_000)
DOUBTED = {"p_one_call": 0.3, "calls_mean": 2.5, "p_new_call": 0.7}


def rows(n: int, **columns: float) -> pd.DataFrame:
    names = [f"call {k}" for k in range(n)]
    return pd.DataFrame({"call_id": names, "arrival": "2024-03-07", "length_m": 96.0, "counts": True} | columns)


def drawn_numbers(calls: pd.DataFrame) -> np.ndarray:
    numbers = [draw_call_number(row, CONFIG, SEED) for row in calls.to_dict("records")]
    return np.array([is_new + further for is_new, further in numbers])


def test_what_is_certain_remains_so_and_no_error_changes_nothing():
    for turning in (-2.0, 0.5, 50.0):
        p_new, law = turned(1.0, 1.0, 1.0, turning)
        assert (p_new, law.tolist()) == (1.0, [1.0])
        assert turned(0.0, 1.0, None, turning)[0] == 0.0
    p_new, law = turned(0.7, 0.3, 2.5, 0.0)
    assert p_new == 0.7
    assert (law == number_law(0.3, 2.5)).all()


@pytest.mark.parametrize("turning", [-1.0, 0.4, 1.0, 9.0])
@pytest.mark.parametrize(("p_one", "mean"), [(0.3, 2.5), (0.6, 1.4), (0.0, 6.0), (0.001, 25.0)])
def test_the_law_of_a_row_has_the_expected_number_by_its_hazard(turning, p_one, mean):
    p_new, law = turned(0.7, p_one, mean, turning)
    assert law.sum() == pytest.approx(1)
    expected = p_new + float(law @ np.arange(len(law)))
    if expected < MOST_CALLS - 2:  # a draw ends at a largest number
        assert expected == pytest.approx(calls_if_turned(0.7, p_one, mean, turning), rel=1e-3)
    assert law[0] == pytest.approx(p_one ** np.exp(min(6.0, turning)))


def test_the_errors_of_the_law_of_stays_are_standard():
    assert stay_errors().mean() == pytest.approx(0, abs=1e-12)
    assert stay_errors().var() == pytest.approx(1)


def test_draws_and_the_distribution_of_the_number_agree():
    """Rows share one error: their number is spread as the mixture over it, wider than of independent rows."""
    uncertain, exact = rows(20, **DOUBTED, turns_slope=-0.5), rows(20, **DOUBTED)
    for calls in (uncertain, exact):
        numbers, law = call_counts(calls)
        total = drawn_numbers(calls).sum(axis=0)
        mean = float(numbers @ law)
        assert total.mean() == pytest.approx(mean, rel=0.01)
        assert total.std() == pytest.approx(float(((numbers - mean) ** 2 @ law) ** 0.5), rel=0.03)
    low, high = count_range(exact)
    assert count_range(uncertain)[0] < low < high < count_range(uncertain)[1]


def test_longer_stays_are_fewer_calls_of_all_rows_together():
    first, second = drawn_numbers(rows(2, **DOUBTED, turns_slope=-1.0))
    assert np.corrcoef(first, second)[0, 1] > 0.1
    first, second = drawn_numbers(rows(2, **DOUBTED))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


@pytest.mark.parametrize("empty", [{}, {"turns_slope": 0.0}, {"turns_slope": np.nan}])
def test_a_table_without_slopes_takes_stays_as_exact(empty):
    calls, plain = rows(3, **DOUBTED, **empty), rows(3, **DOUBTED)
    assert (drawn_numbers(calls) == drawn_numbers(plain)).all()
    few = VolumeConfig(draws=500)
    barrels = [simulate(liftings(table, few, SEED), few, SEED) for table in (calls, plain)]
    assert (barrels[0] == barrels[1]).all()


def test_an_impossible_slope_is_refused():
    row = liftings(rows(1, **DOUBTED, turns_slope=30.0), VolumeConfig(draws=200), SEED).iloc[0]
    assert not row["counts"]
    assert "turns_slope is 30" in row["cause"]
