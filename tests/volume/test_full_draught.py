"""A registered summer draught or depth: what it implies for deadweight and load, against simulated ships."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.ships.hull_depth import DEPTH_LOG_SD, depth_over_draught
from pipeline.volume import liftings
from pipeline.volume.capacity import Capacity, capacity_of, tanker_regression
from pipeline.volume.displacement import draught_at
from pipeline.volume.full_draught import SUMMER_LOG_SD, FullDraught, listed_full_draught, updated_by_draught
from pipeline.volume.hull_form import (
    BLOCK_RANGE,
    BLOCK_SD,
    LIGHTSHIP_LOG_SD,
    block_coefficient,
    lightship_share,
)
from pipeline.volume.possible_voyages import FullDraughtRatio, HullForms, Voyages
from pipeline.volume.usual_hull import UsualHull

CONFIG = VolumeConfig(draws=4000)
LENGTH, BEAM, DWT = 96.0, 15.0, 4500.0
HULL = UsualHull(LENGTH, BEAM, 0.0, stated=True)
HULL_T_PER_M = 1.025 * LENGTH * BEAM
USUAL_LOG_DWT = float(tanker_regression().log_dwt(np.array(LENGTH), np.array(BEAM)))


def lifted(config=CONFIG, **columns):
    call = {"call_id": "a", "arrival": "2024-03-07", "length_m": LENGTH, "beam_m": BEAM} | columns
    return liftings(pd.DataFrame([call]), config, 7).iloc[0]


def built(n, rng, log_dwt):
    """Block coefficients, lightships over deadweight and full draughts [m] of simulated ships of these deadweights."""
    block = np.clip(rng.normal(block_coefficient(LENGTH), BLOCK_SD, n), *BLOCK_RANGE)
    share = lightship_share(LENGTH, log_dwt - USUAL_LOG_DWT) * np.exp(LIGHTSHIP_LOG_SD * rng.standard_normal(n))
    return block, share, np.exp(log_dwt) * (1 + share) / (block * HULL_T_PER_M)


@pytest.mark.parametrize("draught_m", [5.2, 6.0, 6.9])
def test_the_deadweight_is_that_of_ships_which_are_built_so_deep(draught_m):
    """Of a million ships of that length and beam, keep those with the listed full draught."""
    before = capacity_of(None, LENGTH, BEAM)
    rng, n = np.random.default_rng(5), 1_000_000
    log_dwt = before.log_dwt + np.hypot(before.log_sd, before.shared_sd) * rng.standard_normal(n)
    _, _, deep = built(n, rng, log_dwt)
    like = abs(np.log(deep / draught_m) + SUMMER_LOG_SD * rng.standard_normal(n)) < 0.01
    after = updated_by_draught(before, FullDraught(draught_m, SUMMER_LOG_SD), HULL)
    assert like.sum() > 3000
    assert after.log_dwt == pytest.approx(log_dwt[like].mean(), abs=0.02)
    assert np.hypot(after.log_sd, after.shared_sd) == pytest.approx(log_dwt[like].std(), rel=0.06)


def test_an_error_of_the_measured_hull_goes_with_that_of_the_deadweight():
    """A hull larger than measured carries more, and floats less deep with it than one of the measured size."""
    sd, rng, n = 0.06, np.random.default_rng(5), 1_000_000
    before = capacity_of(None, LENGTH, BEAM, sd * LENGTH / np.sqrt(2), sd * BEAM / np.sqrt(2))
    larger = sd * rng.standard_normal(n)
    own = np.sqrt(before.log_sd**2 - (1.6 * sd) ** 2)
    log_dwt = before.log_dwt + 1.6 * larger + np.hypot(own, before.shared_sd) * rng.standard_normal(n)
    _, _, deep = built(n, rng, log_dwt - 1.6 * larger)  # at her true size
    deep = deep * np.exp(0.6 * larger)
    like = abs(np.log(deep / 6.4) + SUMMER_LOG_SD * rng.standard_normal(n)) < 0.01
    after = updated_by_draught(before, FullDraught(6.4, SUMMER_LOG_SD), UsualHull(LENGTH, BEAM, sd, stated=True))
    assert after.log_dwt == pytest.approx(log_dwt[like].mean(), abs=0.02)
    assert np.hypot(after.log_sd, after.shared_sd) == pytest.approx(log_dwt[like].std(), rel=0.06)


def test_a_stated_deadweight_is_left_as_it_is():
    stated = Capacity(np.log(4500.0), 0.02, 0.0, "dwt_given")
    assert updated_by_draught(stated, FullDraught(5.0, SUMMER_LOG_SD), HULL) == stated
    row, plain = lifted(dwt_t=DWT, design_draught_m=6.0), lifted(dwt_t=DWT)
    assert (row["method"], row["dwt_p50_t"]) == (plain["method"], plain["dwt_p50_t"])


@pytest.mark.parametrize("log_sd", [SUMMER_LOG_SD, DEPTH_LOG_SD])
def test_forms_and_lightships_are_those_of_ships_that_lie_as_deep(log_sd):
    """Ships dealt for a given full draught, against random ships filtered to that draught.

    For ships of less draught than most, the dealt ones spread up to a seventh more.
    """
    n, given_m = 60_000, 5.6
    rng = np.random.default_rng(2)
    block, share, deep = built(1_500_000, rng, np.full(1_500_000, np.log(DWT)))
    noisy = deep * np.exp(log_sd * rng.standard_normal(len(deep)))
    like = abs(np.log(noisy / given_m)) < 0.01
    usual = np.full(n, float(lightship_share(LENGTH, np.log(DWT) - USUAL_LOG_DWT)))
    full = FullDraughtRatio(np.full(n, np.log(given_m * HULL_T_PER_M / DWT)), log_sd)
    forms = HullForms(block_coefficient(LENGTH), usual, 0.0, full)
    voyage = next(Voyages(n, 0.05, 3).deal(forms, np.random.default_rng(8)))
    lightship = voyage.light - 0.05
    dealt_block = (1 + lightship) / voyage.full_draught_ratio * voyage.size_ratio
    assert lightship.mean() == pytest.approx(share[like].mean(), rel=0.03)
    assert lightship.std() == pytest.approx(share[like].std(), rel=0.15)
    assert dealt_block.mean() == pytest.approx(block[like].mean(), rel=0.01)
    assert dealt_block.std() == pytest.approx(block[like].std(), rel=0.15)
    depths = voyage.full_draught_ratio * DWT / HULL_T_PER_M
    assert np.median(depths) == pytest.approx(np.median(deep[like]), rel=0.01)


@pytest.mark.parametrize(("shown_m", "of_full"), [(6.1, 1.0), (5.2, 0.78)])
def test_a_laden_draught_beside_her_summer_draught_tells_how_full_she_is(shown_m, of_full):
    """At the summer draught the full deadweight is aboard; below it, less by the difference in displacement."""
    config = VolumeConfig(draws=20_000, constants_share=0.05)
    sent = {"dwt_t": DWT, "draught_in_m": 3.4, "draught_out_m": shown_m}
    plain, listed = lifted(config, **sent), lifted(config, **sent, design_draught_m=6.1)
    assert listed["tonnes_p95"] - listed["tonnes_p5"] < 0.9 * (plain["tonnes_p95"] - plain["tonnes_p5"])
    assert listed["fill_p50"] == pytest.approx(of_full, abs=0.08)
    block = block_coefficient(LENGTH)
    lighter = draught_at(
        np.array(block * 6.1 - (1 - of_full) * DWT * 0.95 / HULL_T_PER_M), np.array(6.1), np.array(block)
    )
    assert float(lighter) == pytest.approx(shown_m, abs=0.12), "the share, by displacement"


def test_a_freeboard_of_known_depth_is_a_draught():
    """With 7.9 m of depth, 2.6 m above the water is 5.3 m below it."""
    side = {"dwt_t": DWT, "design_draught_m": 6.1, "freeboard_out_m": 2.6, "freeboard_out_sd_m": 0.2}
    plain, deep = lifted(**side), lifted(**side, depth_m=7.9)
    assert deep["method"] == "dwt_given; load_from_freeboard"
    assert deep["tonnes_p50"] < plain["tonnes_p50"], "such hulls are 7.8 m deep; one more decimetre is below the water"
    shallow = lifted(**side, depth_m=7.0)
    assert shallow["tonnes_p50"] < 0.9 * deep["tonnes_p50"]


def test_a_depth_tells_the_full_draught_worse_than_a_draught_does():
    depth, draught = (
        listed_full_draught({"depth_m": 7.9}, LENGTH),
        listed_full_draught({"design_draught_m": 6.1}, LENGTH),
    )
    assert depth.draught_m == pytest.approx(7.9 / depth_over_draught(LENGTH))
    assert depth.log_sd > draught.log_sd
    assert listed_full_draught({"depth_m": 7.9, "design_draught_m": 6.1}, LENGTH) == draught
    assert listed_full_draught({"depth_m": np.nan, "design_draught_m": None}, LENGTH) is None
    spread = {name: lifted(**given)["dwt_log_sd"] for name, given in (
        ("none", {}), ("depth", {"depth_m": 7.9}), ("draught", {"design_draught_m": 6.1}))}  # fmt: skip
    assert spread["draught"] < spread["depth"] < 0.8 * spread["none"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"design_draught_m": 6.5, "depth_m": 6.1},
            "design_draught_m 6.5 m is not below depth_m 6.1 m: neither is used",
        ),
        ({"design_draught_m": 20.0}, "design_draught_m 20 m does not fit a tanker of 96 x 15 m"),
        ({"depth_m": 26.0}, "depth_m 26 m does not fit a tanker of 96 x 15 m"),
    ],
    ids=["swapped", "feet", "depth in feet"],
)
def test_a_draught_that_cannot_be_hers_is_told_and_left_aside(columns, words):
    row, plain = lifted(**columns), lifted()
    assert row["status"] == "degraded"
    assert words in row["cause"]
    assert (row["dwt_p50_t"], row["tonnes_p50"]) == (plain["dwt_p50_t"], plain["tonnes_p50"])
    assert pd.isna(row["design_draught_m"])
    assert pd.isna(row["depth_m"])


@pytest.mark.parametrize("name", ["depth_m", "design_draught_m"])
@pytest.mark.parametrize("value", [0.0, -3.0, 99.0, "deep"])
@pytest.mark.parametrize("stated", [{}, {"barrels": 30_000.0}], ids=["hull alone", "barrels stated"])
def test_no_size_of_a_ship_is_told_and_costs_no_cargo(name, value, stated):
    row, plain = lifted(**stated, **{name: value}), lifted(**stated)
    assert (row["status"], row["tonnes_p50"]) == ("degraded", plain["tonnes_p50"])
    assert row["cause"].startswith(f"{name} is ")
    assert row["cause"].endswith(": not used")


def test_a_slip_in_a_listed_depth_costs_neither_draughts_nor_freeboards():
    """2.9 for 7.9 m: draughts and freeboards above that depth stay valid, the depth is dropped."""
    sent = {"draught_in_m": 3.4, "draught_out_m": 5.9, "freeboard_in_m": 4.5, "freeboard_out_m": 2.1}
    row, plain = lifted(**sent, depth_m=2.9), lifted(**sent)
    assert (row["status"], row["tonnes_p50"]) == ("degraded", plain["tonnes_p50"])
    assert "depth_m 2.9 m does not fit a tanker of 96 x 15 m" in row["cause"]


@pytest.mark.parametrize(("out_m", "expected"), [(6.1, False), (6.5, False), (7.0, True)])
def test_a_draught_deeper_than_the_load_line_is_told_and_still_counts(out_m, expected):
    row = lifted(dwt_t=DWT, draught_in_m=3.4, draught_out_m=out_m, design_draught_m=6.1)
    assert ("draught_out_m 7 m is deeper than her summer draught (6.1 m)" in row["cause"]) == expected
    assert row["status"] == ("degraded" if expected else "used")
    assert row["method"] == "dwt_given; load_from_draughts"
    assert row["fill_p50"] > 0.85


def test_of_a_ship_that_may_be_another_one_neither_depth_nor_draught_is_taken():
    """Her listed length is not the measured one."""
    measured = {"length_m": 150.0, "length_lo_m": 140.0, "length_hi_m": 160.0, "beam_m": 23.0}
    listed = {"listed_length_m": 96.0, "listed_source": "class register"}
    row = lifted(**measured, **listed, design_draught_m=6.1, depth_m=7.9)
    assert row["dwt_p50_t"] == lifted(**measured, **listed)["dwt_p50_t"]
    assert pd.isna(row["design_draught_m"])
    assert row["size_source"] == ""


def test_who_told_the_depth_is_named():
    row = lifted(depth_m=7.9, design_draught_m=6.1, listed_source="class register")
    assert row["size_source"] == "depth 7.9 m, summer draught 6.1 m: class register"
    assert row["method"] == "dwt_from_length_beam_and_draught; load_from_fill_prior"
    assert (row["depth_m"], row["design_draught_m"]) == (7.9, 6.1)


def test_a_draught_says_nothing_of_a_ship_of_no_known_size():
    alone = {"length_m": None, "beam_m": None}
    row, plain = lifted(**alone, design_draught_m=6.1), lifted(**alone)
    assert (row["dwt_p50_t"], row["tonnes_p50"]) == (plain["dwt_p50_t"], plain["tonnes_p50"])
    assert row["cause"] == "design_draught_m without a length or a deadweight: not used"


def test_a_length_alone_is_told_apart_by_the_draught_as_well():
    """With the usual beam for the length: of a million such ships, keep those with this draught."""
    usual_m, beam_sd = tanker_regression().beam_from_length(np.array(LENGTH))
    before = capacity_of(None, LENGTH, None)
    rng, n = np.random.default_rng(5), 1_000_000
    broader = float(beam_sd) * rng.standard_normal(n)
    own = np.sqrt(before.log_sd**2 - (1.6 * beam_sd) ** 2)
    log_dwt = before.log_dwt + 1.6 * broader + np.hypot(own, before.shared_sd) * rng.standard_normal(n)
    usual = float(tanker_regression().log_dwt(np.array(LENGTH), usual_m)) + 1.6 * broader
    share = lightship_share(LENGTH, log_dwt - usual) * np.exp(LIGHTSHIP_LOG_SD * rng.standard_normal(n))
    block = rng.normal(block_coefficient(LENGTH), BLOCK_SD, n)
    deep = np.exp(log_dwt) * (1 + share) / (block * 1.025 * LENGTH * usual_m * np.exp(broader))
    like = abs(np.log(deep / 5.4)) < 0.02
    row = lifted(beam_m=None, design_draught_m=5.4)
    assert row["method"] == "dwt_from_length_and_draught; load_from_fill_prior"
    assert np.log(row["dwt_p50_t"]) == pytest.approx(log_dwt[like].mean(), abs=0.03)
    assert np.hypot(row["dwt_log_sd"], row["dwt_shared_sd"]) == pytest.approx(log_dwt[like].std(), rel=0.06)


def test_a_number_that_may_be_either_tonnage_is_told_apart_by_how_deep_she_is():
    """3,000 as deadweight or as gross tonnage (some 4,900 t): the deeper she is built, the more she carries."""
    sent = {"dwt_t": 3000.0, "tonnage_kind": "unknown", "draught_in_m": 3.6, "draught_out_m": 5.4}
    shallow, deep = (lifted(VolumeConfig(draws=20_000), **sent, design_draught_m=d)["tonnes_p50"] for d in (5.5, 6.6))
    assert shallow != pytest.approx(deep, rel=0.03)
