"""Draughts and freeboards of ships of known cargo: computed by one formula, inverted by the likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import VolumeConfig
from pipeline.ships.hull_depth import usual_depth_m
from pipeline.ships.retyping import TYPED_STEP_M
from pipeline.volume import liftings
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.direction import usable_evidence
from pipeline.volume.displacement import draught_at
from pipeline.volume.evidence import Evidence, evidence_of
from pipeline.volume.hull_form import BLOCK_SD, LIGHTSHIP_LOG_SD, block_coefficient, lightship_share
from pipeline.volume.likelihood import SizeError, effective_draws, log_weights, reweighted
from pipeline.volume.possible_voyages import BALLAST_LEFT, BALLAST_SHARE, Voyages

CONFIG = VolumeConfig(draws=4000)
LENGTH, BEAM, DWT = 96.0, 15.0, 4500.0
USUAL_LOG_DWT = float(tanker_regression().log_dwt(np.array(LENGTH), np.array(BEAM)))
LIGHTSHIP = float(lightship_share(LENGTH, np.log(DWT) - USUAL_LOG_DWT))  # over deadweight
BLOCK = block_coefficient(LENGTH)


def weighed(told, dwt_t, cargo_t, rng, size_error=None, **rounds):
    """Log-weights, with freshly drawn voyages."""
    voyages = Voyages(len(dwt_t), CONFIG.constants_share, int(rng.integers(2**32)))
    return log_weights(told, dwt_t, cargo_t, CONFIG, voyages, rng, size_error, **rounds)


def voyage(cargo_t, ballast_t=1500.0, left=0.1):
    """Arrival and departure draughts, and freeboards, of the average ship with this cargo."""
    hull = LENGTH * BEAM * CONFIG.water_t_per_m3
    design = np.array(DWT * (1 + LIGHTSHIP) / (BLOCK * hull))
    light = DWT * (LIGHTSHIP + CONFIG.constants_share)
    into, out = (
        float(draught_at(np.array(m / hull), design, np.array(BLOCK)))
        for m in (light + ballast_t, light + left * ballast_t + cargo_t)
    )
    depth = usual_depth_m(LENGTH)
    return {"draught_in_m": into, "draught_out_m": out}, {
        "freeboard_in_m": depth - into,
        "freeboard_out_m": depth - out,
    }


def lifted(config=CONFIG, **columns):
    call = {"call_id": "a", "arrival": "2024-03-07", "dwt_t": DWT, "length_m": LENGTH, "beam_m": BEAM} | columns
    return liftings(pd.DataFrame([call]), config, 7).iloc[0]


@pytest.mark.parametrize("cargo_t", [2200.0, 3000.0, 4200.0])
def test_both_draughts_give_the_cargo_back(cargo_t):
    draughts, _ = voyage(cargo_t)
    row = lifted(**draughts)
    assert row["method"] == "dwt_given; load_from_draughts"
    assert row["tonnes_p5"] < cargo_t < row["tonnes_p95"]
    assert row["tonnes_p50"] == pytest.approx(cargo_t, abs=0.15 * DWT)


def test_ballast_pumped_out_is_seen_as_cargo():
    """Displacement grows by cargo less discharged ballast, so the raw draught change understates the load."""
    draughts, _ = voyage(4000.0, ballast_t=1500.0)
    hull = LENGTH * BEAM * CONFIG.water_t_per_m3
    gained = hull * BLOCK * (draughts["draught_out_m"] - draughts["draught_in_m"])
    assert lifted(**draughts)["tonnes_p50"] > 1.15 * gained


def test_each_kind_of_evidence_narrows_the_prior():
    draughts, sides = voyage(2800.0)
    errors = {"freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2}
    prior = lifted()
    width = lambda row: row["tonnes_p95"] - row["tonnes_p5"]  # noqa: E731
    one = lifted(draught_out_m=draughts["draught_out_m"])
    both = lifted(**draughts)
    freeboards = lifted(**sides, **errors)
    everything = lifted(**draughts, **sides, **errors)
    assert width(one) < width(prior)
    assert width(freeboards) < width(prior)
    assert width(both) < width(one)
    assert width(everything) < min(width(both), width(freeboards)) * 1.1  # margin: few effective draws
    assert everything["method"] == "dwt_given; load_from_draughts_and_freeboards"
    assert one["method"] == "dwt_given; load_from_draught"


def test_one_garbled_draught_does_not_decide():
    """8 m is typed where freeboards indicate 5 m: the mixture's flat part lets the better evidence prevail."""
    _, sides = voyage(3000.0)
    errors = {"freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2}
    clean, wrong = lifted(**sides, **errors), lifted(**sides, **errors, draught_out_m=7.0)
    assert wrong["tonnes_p50"] == pytest.approx(clean["tonnes_p50"], rel=0.15)


def test_the_cargo_is_that_of_the_ships_that_would_have_shown_these_draughts():
    """Simulate many ships of that hull forwards, and keep those whose draughts come out as typed.

    Only the hull gives the deadweight: small ships are likely a priori, and excluded by the draughts.
    """
    exact = {f"length{end}_m": LENGTH for end in ("", "_lo", "_hi")} | {
        f"beam{end}_m": BEAM for end in ("", "_lo", "_hi")
    }
    row = {"call_id": "a", "arrival": "2024-03-07"} | exact
    hull_alone = liftings(pd.DataFrame([row]), CONFIG, 7).iloc[0]
    rng, n = np.random.default_rng(13), 400_000
    dwt = hull_alone["dwt_p50_t"] * np.exp(
        np.hypot(hull_alone["dwt_log_sd"], hull_alone["dwt_shared_sd"]) * rng.standard_normal(n)
    )
    habit = np.clip(rng.normal(CONFIG.fill.mean, CONFIG.fill.shared_sd, n), 0.05, 0.98) * CONFIG.fill.concentration
    fill = rng.beta(habit, CONFIG.fill.concentration - habit)
    fill = np.where(rng.random(n) < CONFIG.fill.part_cargo_share, rng.uniform(0.1, 1.0, n), fill)
    cargo = fill * dwt * (1 - CONFIG.constants_share)
    block = np.clip(rng.normal(BLOCK, BLOCK_SD, n), 0.5, 0.88)
    share = lightship_share(LENGTH, np.log(dwt) - USUAL_LOG_DWT) * np.exp(rng.normal(0, LIGHTSHIP_LOG_SD, n))
    ballast = np.clip(rng.normal(*BALLAST_SHARE, n), 0, 0.6) * dwt
    left = np.clip(rng.normal(*BALLAST_LEFT, n), 0, 1) * ballast
    light = dwt * (share + CONFIG.constants_share)
    hull = LENGTH * BEAM * CONFIG.water_t_per_m3
    draughts = [
        draught_at(mass / hull, dwt * (1 + share) / (block * hull), block) + rng.normal(0, CONFIG.draught_sd_m, n)
        for mass in (light + ballast, light + left + cargo)
    ]
    like = (abs(draughts[0] - 4.6) < 0.1) & (abs(draughts[1] - 6.9) < 0.1)
    told = liftings(pd.DataFrame([row | {"draught_in_m": 4.6, "draught_out_m": 6.9}]), VolumeConfig(), 7).iloc[0]
    truth = np.percentile(cargo[like], (5, 50, 95))
    assert like.sum() > 300
    assert told[["tonnes_p5", "tonnes_p50", "tonnes_p95"]].to_numpy(float) == pytest.approx(truth, rel=0.06)
    full = dwt * (1 - CONFIG.constants_share)
    assert told["fill_p50"] == pytest.approx(np.median((cargo / full)[like]), abs=0.02)
    assert told["tonnes_p50"] > told["dwt_p50_t"] * (1 - CONFIG.constants_share)  # more than the usual ship's full load


def test_a_better_reading_is_surer():
    _, sides = voyage(3000.0)
    good, poor = (lifted(**sides, freeboard_in_sd_m=s, freeboard_out_sd_m=s) for s in (0.1, 1.5))
    assert good["tonnes_p95"] - good["tonnes_p5"] < poor["tonnes_p95"] - poor["tonnes_p5"]


@pytest.mark.parametrize(
    "columns",
    [
        {"draught_in_m": 6.0, "draught_out_m": 4.0},
        {"freeboard_in_m": 2.0, "freeboard_out_m": 5.0, "freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2},
    ],
    ids=["left lighter", "rose"],
)
def test_what_speaks_of_no_loading_leaves_the_prior(columns):
    assert lifted(**columns)["method"] == "dwt_given; load_from_fill_prior"


def test_equal_draughts_say_more_where_the_other_crews_type_new_ones():
    """Alone, equal draughts hardly move the median; among thirty ships that retype, small cargoes become likelier."""
    into = round(voyage(3000.0)[0]["draught_in_m"], 1)
    equal = {"draught_in_m": into, "draught_out_m": into}
    call = {"call_id": "a", "arrival": "2024-03-07", "dwt_t": DWT, "length_m": LENGTH, "beam_m": BEAM}
    others = [call | {"call_id": f"o{n}", "draught_in_m": into, "draught_out_m": into + 2} for n in range(30)]
    alone, beside = lifted(**equal), liftings(pd.DataFrame([*others, call | equal]), CONFIG, 7).iloc[-1]
    prior = lifted()
    assert alone["tonnes_p50"] == pytest.approx(prior["tonnes_p50"], rel=0.05)
    assert beside["barrels_mean"] < 0.85 * prior["barrels_mean"]
    assert alone["p_retyped"] < 0.38 < 0.85 < beside["p_retyped"]
    assert np.isnan(prior["p_retyped"])


def quantiles_t(into: float, out: float) -> np.ndarray:
    """5, 50 and 95 % points of cargo from two draughts, always with the same draws."""
    rng = np.random.default_rng(11)
    cargo = rng.beta(7.0, 1.0, 4000) * 0.95 * DWT
    row = {"length_m": LENGTH, "beam_m": BEAM, "draught_in_m": into, "draught_out_m": out}
    told = evidence_of(row | usable_evidence(row, CONFIG))
    if told is not None:
        cargo = reweighted(cargo, weighed(told, np.full(len(cargo), DWT), cargo, rng))
    return np.percentile(cargo, (5, 50, 95))


@pytest.mark.parametrize("into", [4.0, 5.0, 6.0])
def test_a_second_draught_that_was_hardly_retyped_says_hardly_anything(into):
    """Equal draughts leave the prior; a difference of 0.1 m, usual when typing, must not be evidence."""
    prior = quantiles_t(into, into)
    for step in (-0.1, 0.1, 0.2):
        assert quantiles_t(into, into + step) == pytest.approx(prior, rel=0.15), step


@pytest.mark.parametrize("into", [4.0, 5.0, 6.0])
def test_no_hundredth_of_a_metre_makes_a_cargo(into):
    """The median changes smoothly with the draught: there is no threshold."""
    medians = np.array([quantiles_t(into, into + step)[1] for step in np.arange(-0.1, 1.0, 0.01)])
    assert np.abs(np.diff(medians)).max() < 0.04 * DWT


def test_a_second_draught_that_was_plainly_typed_speaks_in_full():
    """Two metres deeper cannot be the first number left standing: the weights are those of two typed draughts."""
    draughts = {"draught_in_m": 4.0, "draught_out_m": 6.0}
    dwt, cargo = np.full(500, DWT), np.linspace(500, 4200, 500)

    def weights(readings):
        logs = weighed(Evidence(LENGTH, BEAM, **readings), dwt, cargo, np.random.default_rng(5), most_rounds=1)
        return np.exp(logs - logs.max())

    of_this_voyage = {"p_retyped": 1.0}
    apart = weights({"draught_in_m": 4.0} | of_this_voyage) * weights({"draught_out_m": 6.0} | of_this_voyage)
    assert weights(draughts) == pytest.approx(apart / apart.max(), rel=1e-6)


def test_reweighting_is_the_theory_of_normals():
    """Normal prior and normal measurement: precisions add, and the mean is precision-weighted."""
    prior = np.random.default_rng(3).normal(0, 2.0, 40_000)
    post = reweighted(prior, -0.5 * ((prior - 3.0) / 1.0) ** 2)
    precision = 1 / 2.0**2 + 1 / 1.0**2
    assert post.mean() == pytest.approx(3.0 / precision, abs=0.05)
    assert post.std() == pytest.approx(precision**-0.5, rel=0.03)
    assert (np.argsort(post, kind="stable") == np.argsort(prior, kind="stable")).all()


def test_nothing_seen_is_no_evidence():
    assert evidence_of({"length_m": 96.0, "beam_m": 15.0}) is None
    assert evidence_of({"length_m": np.nan, "beam_m": 15.0, "draught_in_m": 4.0}) is None
    assert Evidence(96.0, 15.0).method == ""


def test_the_same_seed_gives_the_same_weights():
    draughts, _ = voyage(3000.0)
    told = Evidence(LENGTH, BEAM, 0.05, **draughts)
    dwt, cargo = np.full(500, DWT), np.linspace(500, 4200, 500)
    a, b = (weighed(told, dwt, cargo, np.random.default_rng(5)) for _ in range(2))
    assert (a == b).all()


def test_two_freeboards_of_a_hull_deeper_than_usual_still_give_her_cargo():
    """Their change does not depend on depth: a hull 1.2 m deeper than usual misleads one freeboard, not two."""
    cargo_t = 3800.0
    _, sides = voyage(cargo_t)
    deeper = {name: value + 1.2 for name, value in sides.items()}
    errors = {"freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2}
    usual, one, both = (
        lifted(**sides, **errors),
        lifted(freeboard_out_m=deeper["freeboard_out_m"], freeboard_out_sd_m=0.2),
        lifted(**deeper, **errors),
    )
    assert both["tonnes_p5"] < cargo_t < both["tonnes_p95"]
    assert abs(both["tonnes_p50"] - usual["tonnes_p50"]) < abs(one["tonnes_p50"] - usual["tonnes_p50"])


def test_a_last_look_at_another_hull_says_nothing():
    _, sides = voyage(1500.0)
    errors = {"freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2}
    first = lifted(freeboard_in_m=sides["freeboard_in_m"], freeboard_in_sd_m=0.2)
    other = lifted(**sides, **errors, p_same_hull=0.0)
    same = lifted(**sides, **errors, p_same_hull=1.0)
    assert other["tonnes_p50"] == pytest.approx(first["tonnes_p50"], rel=0.05)
    assert same["tonnes_p50"] < 0.85 * other["tonnes_p50"]


def test_a_table_with_freeboards_alone_tells_the_direction():
    _, sides = voyage(3500.0)
    loading = lifted(**sides)
    swapped = {"freeboard_in_m": sides["freeboard_out_m"], "freeboard_out_m": sides["freeboard_in_m"]}
    assert (loading["direction"], lifted(**swapped)["direction"]) == ("loading", "discharging")
    assert lifted(**swapped, p_same_hull=0.2)["direction"] == "unknown"


def test_effective_draws_are_all_of_equal_weights_and_one_of_a_single():
    assert effective_draws(np.full(500, -7.0)) == pytest.approx(500)
    assert effective_draws(np.array([0.0, -800.0, -900.0])) == pytest.approx(1.0)
    assert effective_draws(np.log([0.5, 0.5, 1e-300])) == pytest.approx(2.0)


def test_sharp_evidence_gives_the_same_cargo_by_any_seed():
    """With one voyage per draw, two draughts and two freeboards leave a hundred effective draws of ten thousand.

    With many voyages per ship and cargo, quantiles vary half to three quarters as much between seeds.
    """
    draughts, sides = voyage(3500.0)
    told = Evidence(
        LENGTH, BEAM, 0.05, *draughts.values(), (sides["freeboard_in_m"], 0.3), (sides["freeboard_out_m"], 0.3)
    )  # fmt: skip

    def points_t(rounds, seed):
        rng = np.random.default_rng(seed)
        dwt = DWT * np.exp(rng.normal(0, 0.2, 4000))
        cargo = rng.beta(7.0, 1.0, 4000) * 0.95 * dwt
        weights = weighed(told, dwt, cargo, rng, most_rounds=rounds)
        return np.percentile(reweighted(cargo, weights), (5, 50, 95))

    once, often = (np.std([points_t(rounds, seed) for seed in range(24)], axis=0) for rounds in (1, 16))
    assert (often[1:] < 0.8 * once[1:]).all()


def test_draughts_speak_of_a_ship_whose_dimensions_nobody_states():
    """Without dimensions, length times beam is known to a tenth: the load is slightly less certain, and still right."""
    draughts, _ = voyage(2600.0)
    fine = VolumeConfig(draws=20_000)  # medians of two seeds then differ by 1 %
    stated, usual, prior = (
        lifted(fine, **draughts),
        lifted(fine, **draughts, length_m=None, beam_m=None),
        lifted(fine, length_m=None, beam_m=None),
    )
    assert usual["method"] == "dwt_given; load_from_draughts_by_usual_hull"
    assert usual["tonnes_p5"] < 2600.0 < usual["tonnes_p95"]
    assert usual["tonnes_p50"] == pytest.approx(stated["tonnes_p50"], rel=0.12)
    assert usual["tonnes_p50"] < 0.9 * prior["tonnes_p50"]


def test_a_stated_length_without_a_beam_reads_draughts_too():
    draughts, _ = voyage(2600.0)
    assert lifted(**draughts, beam_m=None)["method"] == "dwt_given; load_from_draughts_by_usual_hull"


def test_the_side_of_a_ship_of_unknown_size_grows_with_her():
    """A ship a quarter longer, broader and deeper carries about twice as much, and shows that much more freeboard.

    With one depth for all draws, larger ships would float deeper than their deck. (Her lightship is slightly more than
    proportional, since she carries less than other ships of her length and beam, and her form is a thirtieth fuller, as
    in longer ships.)
    """
    n, dwt = 40_000, 3650.0

    def likely(scale, side_m):
        told = evidence_of({"dwt_p50_t": dwt, "freeboard_out_m": side_m, "freeboard_out_sd_m": 0.3 * scale})
        ships, rng = np.full(n, dwt * scale**3), np.random.default_rng(3)
        logs = weighed(told, ships, 0.8 * ships, rng, SizeError(2 * np.log(scale)))
        return float(np.exp(logs).mean())

    for side_m in (1.0, 1.5, 2.0):  # the density is lower over a longer range
        assert 1.25 * likely(1.25, 1.25 * side_m) == pytest.approx(likely(1.0, side_m), rel=0.18)


def test_a_draught_that_no_ship_of_that_deadweight_has_is_told_and_the_other_one_stays():
    hull = {"length_m": None, "beam_m": None}
    row, other = lifted(draught_in_m=4.0, draught_out_m=11.0, **hull), lifted(draught_in_m=4.0, **hull)
    assert (row["status"], row["barrels_p50"]) == ("degraded", other["barrels_p50"])
    assert row["cause"].startswith("draught_out_m 11 m is more than the depth of a tanker of ")


def test_a_load_that_rests_on_few_draws_says_so():
    """A freeboard with a 5 cm error beside draughts that disagree leaves hardly a draw."""
    sharp = {"freeboard_in_m": 5.5, "freeboard_out_m": 0.3, "freeboard_in_sd_m": 0.05, "freeboard_out_sd_m": 0.05}
    row = lifted(draught_in_m=5.5, draught_out_m=8.2, **sharp)
    assert row["status"] == "degraded"
    assert "few draws" in row["cause"]


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=40), st.integers(0, 9))
def test_without_evidence_no_draw_moves_and_up_is_as_good_as_down(prior, seed):
    draws, weights = np.array(prior), np.random.default_rng(seed).normal(0, 3, len(prior))
    assert reweighted(draws, np.zeros(len(prior))) == pytest.approx(draws, rel=1e-9, abs=1e-9)
    distinct = np.sort(draws) + np.arange(len(prior))  # ties would break the mirror symmetry
    assert reweighted(-distinct, weights) == pytest.approx(-reweighted(distinct, weights), rel=1e-9, abs=1e-9)


def test_a_draught_left_as_it_was_is_unlikely_to_be_a_step_off():
    """A step is two standard deviations of an unchanged draught: exp(-2) times the likelihood of no difference."""

    def log_of(step_m):
        left = Evidence(LENGTH, BEAM, draught_in_m=5.0, draught_out_m=5.0 + step_m, p_retyped=0.0)
        return weighed(left, np.full(9, DWT), np.full(9, 3500.0), np.random.default_rng(1))

    assert log_of(TYPED_STEP_M) - log_of(0.0) == pytest.approx(-2.0)
    assert log_of(-TYPED_STEP_M) == pytest.approx(log_of(TYPED_STEP_M))


@pytest.mark.parametrize(("others", "heeded"), [({}, True), ({"freeboard_first_m": (4.5, 0.3)}, False)])
def test_that_two_looks_may_show_two_hulls_takes_nothing_from_a_single_one(others, heeded):
    """``p_same_hull`` compares the last look with the first: a single look is always of the ship in question."""
    ships = np.full(500, DWT)

    def spread(p_same_hull):
        seen = Evidence(LENGTH, BEAM, freeboard_last_m=(1.5, 0.2), p_same_hull=p_same_hull, **others)
        return weighed(seen, ships, np.linspace(500, 4200, 500), np.random.default_rng(1))

    assert np.array_equal(spread(0.0), spread(1.0)) == heeded
