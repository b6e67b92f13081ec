"""The hull assumed for a load where a table states none."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import VolumeConfig
from pipeline.quantiles import Z90
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_at
from pipeline.volume.usual_hull import hull_for_loads
from tests.volume.test_liftings import only


@pytest.mark.parametrize("dwt_t", [1300.0, 4500.0, 6500.0, 40_000.0])
def test_the_usual_hull_carries_the_deadweight_it_was_asked_for(dwt_t):
    hull = hull_for_loads({"dwt_p50_t": dwt_t})
    back = np.exp(tanker_regression().log_dwt(np.array(hull.length_m), np.array(hull.beam_m)))
    assert back == pytest.approx(dwt_t, rel=0.01)
    assert not hull.stated


def test_published_ships_have_nearly_the_usual_hull():
    """YN Yeosu, 6,500 t: 109.4 x 18.2 m; Etsuzan Maru No. 8, 1,295 t: 65.0 x 10.95 m (docs/volume.md)."""
    for dwt_t, length_m, beam_m in ((6500.0, 109.4, 18.2), (1295.0, 65.0, 10.95)):
        hull = hull_for_loads({"dwt_p50_t": dwt_t})
        assert abs(np.log(hull.length_m * hull.beam_m / (length_m * beam_m))) < 2 * hull.log_sd


def test_what_is_stated_stays_and_nothing_known_is_no_hull():
    stated = hull_for_loads({"length_m": 98.0, "beam_m": 15.8, "hull_log_sd": 0.04, "dwt_p50_t": 900.0})
    assert (stated.length_m, stated.log_sd, stated.stated) == (98.0, 0.04, True)
    assert stated.beam_m == pytest.approx(15.8)
    half = hull_for_loads({"length_m": 98.0, "beam_m": np.nan, "dwt_p50_t": 900.0})
    assert half.length_m == 98.0
    assert half.beam_m == pytest.approx(15.8, rel=0.1)
    assert hull_for_loads({"length_m": None, "beam_m": None, "dwt_p50_t": np.nan}) is None


def test_a_beam_alone_tells_nothing_of_a_hull():
    assert hull_for_loads({"beam_m": 15.8}) is None
    assert hull_for_loads({"beam_m": 15.8, "dwt_p50_t": 900.0}) == hull_for_loads({"dwt_p50_t": 900.0})


@pytest.mark.parametrize("dwt_t", [4500.0, 6500.0])
def test_hulls_of_one_deadweight_spread_as_deadweights_of_one_hull_do(dwt_t):
    """A hull larger by its error carries more by the regression's slope, in both directions."""
    hull, model = hull_for_loads({"dwt_p50_t": dwt_t}), tanker_regression()
    ends = [np.exp(sign * hull.log_sd / 2) for sign in (-1, 1)]
    low, high = (model.log_dwt(np.array(hull.length_m * end), np.array(hull.beam_m * end)) for end in ends)
    assert (high - low) / 2 == pytest.approx(float(model.residual_sd(np.array(hull.length_m))), rel=0.15)


def test_an_uncertain_length_is_an_uncertain_hull_where_the_beam_is_told_from_it():
    """ln(L B) moves by 1 + b times ln L if B goes as L^b; the beam's own spread is independent."""
    sure, unsure = (hull_for_loads({"length_m": 90.0, "length_log_sd": sd}) for sd in (0.0, 0.06))
    usual_m = tanker_regression().beam_from_length(np.array([90.0, 90.0 * np.exp(0.06)]))[0]
    moved = 0.06 + np.log(usual_m[1] / usual_m[0])
    assert unsure.log_sd**2 - sure.log_sd**2 == pytest.approx(moved**2)


def test_a_wide_length_reaches_the_load_without_a_beam():
    """A freeboard is converted with the depth that fits the length."""
    side = {"length_m": 90.0, "dwt_t": 4500.0, "freeboard_out_m": 1.2, "freeboard_out_sd_m": 0.2}
    fine = {"config": VolumeConfig(draws=40_000)}
    sure, unsure = only(side, **fine), only(side | {"length_lo_m": 70.0, "length_hi_m": 110.0}, **fine)
    assert unsure["hull_log_sd"] == pytest.approx(40 / (2 * Z90) / 90)
    assert unsure["tonnes_p95"] - unsure["tonnes_p5"] > 1.05 * (sure["tonnes_p95"] - sure["tonnes_p5"])


@pytest.mark.parametrize(("sd_m", "seen_m"), [(12.0, None), (8.0, 11.0), (8.0, 14.0)])
def test_of_a_length_known_badly_the_load_is_that_of_ships_of_all_such_lengths(sd_m, seen_m):
    """Ships of 85 ± 20 m, each with the beam, form and weight of her own length, are simulated forwards: the load is
    that of those with these draughts and, where given, with that measured beam ± 5 m.

    With form and weight of 85 m for all, or with the measured beam, draughts would seem too informative.
    """
    rng, n, model = np.random.default_rng(5), 100_000, tanker_regression()
    beam_sd_m, came_m, left_m = 3.0, 3.0, 5.2
    length = 85.0 * np.exp(sd_m / 85 * rng.standard_normal(n))
    usual_m, beam_sd = model.beam_from_length(length)
    beam = usual_m * np.exp(beam_sd * rng.standard_normal(n))
    unusual = np.hypot(model.residual_sd(length), model.mean_sd(length, beam)) * rng.standard_normal(n)
    dwt = np.exp(model.log_dwt(length, beam) + unusual)
    x = np.log(length / 100)
    block = np.clip(0.69 + 0.105 * x + 0.04 * rng.standard_normal(n), 0.5, 0.88)  # docs/volume.md
    lightship = 0.345 * np.exp(-0.5 * x - 2 * np.clip(unusual, -0.6, 0.6) + 0.18 * rng.standard_normal(n))
    fill = np.where(rng.random(n) < 0.1, rng.uniform(0.1, 1, n), rng.beta(0.88 * 8, 0.12 * 8, n))
    ballast = np.clip(rng.normal(0.36, 0.1, n), 0, 0.6)
    left = ballast * np.clip(rng.normal(0.1, 0.08, n), 0, 1)
    hull = length * beam * 1.025 / dwt
    weights = np.ones(n) if seen_m is None else np.exp(-0.5 * (np.log(beam / seen_m) * seen_m / beam_sd_m) ** 2)
    for typed_m, mass in ((came_m, ballast), (left_m, left + 0.95 * fill)):
        afloat_m = draught_at((lightship + 0.05 + mass) / hull, (1 + lightship) / (block * hull), block)
        weights *= np.exp(-0.5 * ((afloat_m - typed_m) / 0.2) ** 2) + 0.01
    cargo = 0.95 * fill * dwt
    order = np.argsort(cargo)
    truth = np.interp([0.05, 0.5, 0.95], np.cumsum(weights[order]) / weights.sum(), cargo[order])
    size = {"length_m": 85.0, "length_lo_m": 85 - Z90 * sd_m, "length_hi_m": 85 + Z90 * sd_m}
    if seen_m is not None:
        size |= {"beam_m": seen_m, "beam_lo_m": seen_m - Z90 * beam_sd_m, "beam_hi_m": seen_m + Z90 * beam_sd_m}
    call = size | {"draught_in_m": came_m, "draught_out_m": left_m, "product": "gas_oil"}
    told = only(call, config=VolumeConfig(draws=20_000))
    assert told[["tonnes_p5", "tonnes_p50", "tonnes_p95"]].to_numpy(float) == pytest.approx(truth, rel=0.07)
