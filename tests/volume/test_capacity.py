import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import CapConfig, VolumeConfig
from pipeline.quantiles import Z90
from pipeline.volume.capacity import (
    KNOTS_M,
    UNKNOWN_LOG_DWT,
    UNKNOWN_LOG_SD,
    UNKNOWN_SHARED_SD,
    capacity_of,
    tanker_regression,
)
from pipeline.volume.ledger import ledger
from pipeline.volume.liftings import liftings
from tests.builders import REAL_DATA, needs_real_data

CAP = CapConfig(id="cap", title="cap", barrels=500_000, year_starts="01-01", source="made up")
lengths = st.floats(40, 330)
slenderness = st.floats(4, 9)


def test_z90_is_the_normal_quantile():
    from scipy.stats import norm

    assert norm.ppf(0.95) == pytest.approx(Z90, abs=1e-6)


def test_stated_deadweight_beats_every_size():
    known = capacity_of(6500, 300.0, 50.0)
    assert np.exp(known.log_dwt) == pytest.approx(6500)
    assert known.method == "dwt_given"
    assert known.log_sd < 0.05
    assert known.shared_sd == 0


@pytest.mark.parametrize(
    ("length_m", "beam_m", "dwt_t"),
    # usual hulls of the size classes, each with its nominal deadweight
    [(183, 32.2, 50_000), (250, 44.0, 113_000), (274, 48.0, 158_000), (333, 60.0, 310_000), (109.5, 16.2, 6_500)],
    ids=["MR", "aframax", "suezmax", "VLCC", "coastal"],
)
def test_standard_classes_lie_inside_their_interval(length_m, beam_m, dwt_t):
    low, _, high = tanker_regression().quantiles(np.array(length_m), np.array(beam_m))
    assert low < dwt_t < high


@given(st.floats(40, 225), slenderness)
def test_longer_or_wider_hulls_carry_more(length_m, ratio):
    """Up to 236 m; beyond that the longer ships are gas carriers, which carry half of an oil tanker's weight."""
    beam_m = length_m / ratio
    dwt = capacity_of(None, length_m, beam_m).log_dwt
    assert capacity_of(None, length_m * 1.05, beam_m).log_dwt > dwt
    assert capacity_of(None, length_m, beam_m * 1.05).log_dwt > dwt


@given(st.floats(45, 110))
def test_deadweight_of_like_hulls_grows_about_as_the_cube(length_m):
    """By geometry a ship twice as long, wide and deep holds eight times as much; registers give exponents near 3."""
    small, large = (capacity_of(None, k * length_m, k * length_m / 6).log_dwt for k in (1, 2))
    assert (large - small) / np.log(2) == pytest.approx(3, abs=0.45)


@given(st.floats(50, 140), st.floats(5, 7.5), st.floats(0.02, 0.1))
def test_measurement_errors_widen_the_spread_and_keep_the_centre(length_m, ratio, share):
    exact = capacity_of(None, length_m, length_m / ratio)
    rough = capacity_of(None, length_m, length_m / ratio, length_sd_m=share * length_m)
    assert rough.log_sd > exact.log_sd
    assert abs(rough.log_dwt - exact.log_dwt) < rough.log_sd  # the mean over a curve differs slightly from its middle


def test_error_of_length_is_carried_at_first_order():
    """Against simulation: the spread of ln DWT over noisy lengths, plus the residual."""
    rng = np.random.default_rng(1)
    model = tanker_regression()
    noisy = rng.normal(95, 4, 200_000)
    logs = model.log_dwt(noisy, np.full_like(noisy, 15.0)) + model.residual_sd(noisy) * rng.standard_normal(noisy.size)
    assert capacity_of(None, 95, 15, length_sd_m=4).log_sd == pytest.approx(logs.std(), rel=0.02)


def test_less_knowledge_is_wider():
    both = capacity_of(None, 95, 15.2)
    length_only = capacity_of(None, 95, None)
    nothing = capacity_of(None, None, None)
    assert both.log_sd < length_only.log_sd < nothing.log_sd
    assert [c.method for c in (both, length_only, nothing)] == ["dwt_from_length_beam", "dwt_from_length", "dwt_prior"]


def test_a_beam_alone_tells_nothing_without_a_length():
    assert capacity_of(None, None, 15.0) == capacity_of(None, None, None)


@given(lengths, slenderness)
def test_a_useless_beam_counts_as_none(length_m, ratio):
    """As a beam's error grows without bound, the result must approach that without a beam."""
    useless = capacity_of(None, length_m, length_m / ratio, beam_sd_m=1e6)
    unknown = capacity_of(None, length_m, None)
    assert useless.log_dwt == pytest.approx(unknown.log_dwt, abs=1e-3)
    assert useless.log_sd == pytest.approx(unknown.log_sd, rel=1e-3)


@given(lengths, st.floats(5, 9), st.lists(st.floats(0, 0.5), min_size=2, max_size=2))
def test_a_worse_beam_is_never_surer(length_m, ratio, errors):
    """For the trade's hulls, up to the widest error of a row; the correction bends by less than 0.01."""
    better, worse = (
        capacity_of(None, length_m, length_m / ratio, beam_sd_m=error * length_m / ratio) for error in sorted(errors)
    )
    assert worse.log_sd >= better.log_sd - 0.01


# Calls and barrels of full ships, derived from published sums at stated fills (US, 2018; Panel of Experts, 2022 to
# 2024), and the published sum of 43 visits in 2024 without a fill
@pytest.mark.parametrize(
    ("calls", "full_bbl"),
    [
        (89, 1_519_587),
        (263, 3_780_000),
        (45, 888_889),
        (46, 868_330),
        (87, 1_692_646),
        (43, 1_000_000),
        (43, 1_300_000),
    ],
)
def test_sums_that_were_published_lie_within_those_of_as_many_unknown_ships(calls, full_bbl):
    rng = np.random.default_rng(2)
    fleet, ships = rng.standard_normal((4000, 1)), rng.standard_normal((4000, calls))
    dwt = np.exp(UNKNOWN_LOG_DWT + UNKNOWN_SHARED_SD * fleet + UNKNOWN_LOG_SD * ships)
    low, high = np.quantile((0.95 * 7.46 * dwt).sum(axis=1), (0.05, 0.95))
    assert low < full_bbl < high


def test_how_large_unknown_ships_are_is_one_error_of_all_calls():
    """43 calls without a size: the error of their sum is nearly one shared size error, not sqrt(43) times smaller."""
    rows = pd.DataFrame({"call_id": [f"c{n}" for n in range(43)], "departure": "2024-03-01", "product": "gas_oil"})
    config = VolumeConfig(draws=2000)
    last = ledger(liftings(rows, config, 1), CAP, config, 1).iloc[-1]
    assert 0.25 < np.log(last["observed_p95"] / last["observed_p5"]) / (2 * Z90) < 0.35


def test_spread_of_the_regression_mean_shrinks_towards_its_data():
    """The shared error is smallest among the fitted ships and grows for shapes that nobody built."""
    model = tanker_regression()
    usual, odd = model.mean_sd(np.array([110.0, 110.0]), np.array([17.5, 45.0]))
    assert usual < 0.06 < odd
    assert model.ships > 100


def test_residual_spread_is_the_stated_one_at_its_knots():
    model = tanker_regression()
    assert model.residual_sd(np.array(KNOTS_M)) == pytest.approx(np.array(model.log_sd))
    assert model.residual_sd(np.array([10.0, 500.0])) == pytest.approx([model.log_sd[0], model.log_sd[-1]])


@needs_real_data
def test_regression_on_public_registers():
    """Tankers with registered length, beam and deadweight: error, and coverage of the 90 % interval."""
    ships = pd.read_csv(REAL_DATA / "ship_particulars" / "particulars.csv", low_memory=False)
    ships = ships[(ships["tanker"] == 1) & (ships["ok_lb"] == 1)].dropna(subset=["length_m", "beam_m", "dwt"])
    assert len(ships) > 150
    length, beam, dwt = (ships[c].to_numpy(float) for c in ("length_m", "beam_m", "dwt"))
    low, middle, high = tanker_regression().quantiles(length, beam)
    assert np.median(np.abs(middle / dwt - 1)) <= 0.09
    assert 0.85 <= np.mean((low <= dwt) & (dwt <= high)) <= 0.95


def test_gross_tonnage_and_hull_are_combined_as_two_estimates_whose_errors_go_together():
    """The optimal mix of two correlated estimates: better than either, worse than if their errors were independent."""
    hull, gross = capacity_of(None, 98.0, 15.5, 3.0, 0.5), capacity_of(None, None, None, gt=2300.0)
    both = capacity_of(None, 98.0, 15.5, 3.0, 0.5, gt=2300.0)
    apart = (hull.log_sd**-2 + gross.log_sd**-2) ** -0.5
    assert 1.02 * apart < both.log_sd < min(hull.log_sd, gross.log_sd)
    of_hull = (both.log_dwt - gross.log_dwt) / (hull.log_dwt - gross.log_dwt)  # the hull's weight in the mix
    assert both.shared_sd == pytest.approx(of_hull * hull.shared_sd)
    shared = tanker_regression().gross_correlation * gross.log_sd * hull.log_sd
    weights = np.linalg.solve([[gross.log_sd**2, shared], [shared, hull.log_sd**2]], [1.0, 1.0])  # Gauss-Markov
    assert of_hull == pytest.approx(weights[1] / weights.sum())
    assert both.log_sd == pytest.approx(weights.sum() ** -0.5)
