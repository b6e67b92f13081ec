"""What sides seen above the water tell of the way a cargo went."""

import numpy as np
import pytest

from benchmarks.coverage import build_ships
from pipeline.config import VolumeConfig
from pipeline.ships.hull_depth import DEPTH_BY_LENGTH_LOG_SD, DEPTH_LOG_SD, depth_over_draught, usual_depth_m
from pipeline.ships.sides import (
    LADEN,
    LADEN_AT,
    LIGHT_AT_100_M,
    LIGHT_PER_LOG_LENGTH,
    LIGHT_SD,
    DirectionLikelihoods,
    Hull,
    side_likelihoods,
)
from pipeline.ships.stay_times import StayTimes

USUAL = (0.8, 3.0)
HULL = Hull(98.0, 0.03)
# depth 7.6 m, 6.0 m deep when full: she shows some 3.9 m in ballast and 2 m with cargo
HIGH, LOW = (4.0, 0.3), (1.9, 0.3)


def stay(first_h=None, last_h=None, bounds_h=3.0, there_h=30.0):
    return StayTimes(bounds_h, there_h, bounds_h, USUAL, first_h, last_h)


@pytest.mark.parametrize(
    ("first", "last", "way"),
    [
        (HIGH, None, "loading"),
        (None, LOW, "loading"),
        (HIGH, LOW, "loading"),
        (LOW, None, "discharging"),
        (None, HIGH, "discharging"),
        (LOW, HIGH, "discharging"),
    ],
)
def test_one_look_near_an_end_tells_the_way_and_two_at_both_ends_the_surer(first, last, way):
    looks = stay(None if first is None else 1.0, None if last is None else 29.0)
    p = side_likelihoods(HULL, looks, first, last).loading_likelihood(0.5)
    p = p if way == "loading" else 1 - p
    assert p > (0.95 if first and last else 0.8)


@pytest.mark.parametrize(("first", "last"), [(HIGH, None), (LOW, HIGH), ((3.0, 0.4), (2.6, 0.4))])
def test_a_discharge_is_a_loading_whose_time_runs_backwards(first, last):
    """The points by which the ends of a stay are drawn change places, so it holds to their number."""
    looks = stay(2.0, None if last is None else 25.0)
    there, back = (
        side_likelihoods(HULL, looks, first, last),
        side_likelihoods(HULL, looks.reversed_in_time(), last, first),
    )
    assert there.loading == pytest.approx(back.discharging, rel=0.06)
    assert there.discharging == pytest.approx(back.loading, rel=0.06)
    assert (there.laden, there.light) == pytest.approx((back.laden, back.light), rel=0.06)


def test_a_look_in_the_middle_of_a_stay_or_in_one_without_bounds_says_nothing_of_the_way():
    for height in (HIGH, LOW, (3.0, 0.3)):
        assert side_likelihoods(HULL, stay(15.0), height, None).loading_likelihood(0.5) == pytest.approx(0.5, abs=0.04)
        nowhere = stay(0.0, bounds_h=144.0, there_h=0.0)
        assert side_likelihoods(HULL, nowhere, height, None).loading_likelihood(0.5) == pytest.approx(0.5, abs=0.04)


def test_two_looks_of_one_hour_say_what_one_of_them_says():
    """Their change is nothing but error: 0.95 was said of one of 0.7 m, whatever the time between."""
    early = stay(1.0, 1.5)
    up, down = (
        side_likelihoods(HULL, early, *pair).loading_likelihood(0.5)
        for pair in (((4.3, 0.3), (3.6, 0.3)), ((3.6, 0.3), (4.3, 0.3)))
    )
    one = side_likelihoods(HULL, stay(1.0), (3.95, 0.3 / np.sqrt(2)), None).loading_likelihood(0.5)
    assert up == pytest.approx(one, abs=0.06)
    assert down == pytest.approx(one, abs=0.06)


def test_of_two_looks_it_is_the_change_that_speaks_whatever_her_depth_is():
    """A hull deeper than usual shows more of it at both looks."""
    deep = side_likelihoods(HULL, stay(1.0, 29.0), (5.6, 0.3), (3.6, 0.3)).loading_likelihood(0.5)
    alone = side_likelihoods(HULL, stay(None, 29.0), None, (3.6, 0.3)).loading_likelihood(0.5)
    assert deep > 0.8
    assert alone < 0.3, "by that look alone she lies high"


def test_a_known_depth_tells_what_the_usual_one_does_not():
    deep = Hull(98.0, 0.03, depth_m=9.5, design_draught_m=7.4)
    assert side_likelihoods(HULL, stay(None, 29.0), None, (3.2, 0.3)).loading_likelihood(0.5) < 0.45
    assert side_likelihoods(deep, stay(None, 29.0), None, (2.4, 0.3)).loading_likelihood(0.5) > 0.85
    draught_alone = Hull(98.0, 0.03, design_draught_m=7.4)
    high = side_likelihoods(draught_alone, stay(None, 29.0), None, (3.0, 0.3))
    assert high.laden > side_likelihoods(HULL, stay(None, 29.0), None, (3.0, 0.3)).laden


def test_what_is_measured_badly_or_of_two_hulls_moves_nothing():
    assert side_likelihoods(HULL, stay(1.0, 29.0), (4.0, 50.0), (1.9, 50.0)).loading_likelihood(0.95) == pytest.approx(
        0.5, abs=0.01
    )
    sure = side_likelihoods(HULL, stay(1.0, 29.0), HIGH, LOW)
    assert sure.loading_likelihood(0.95, 0.0) == 0.5
    assert 0.5 < sure.loading_likelihood(0.95, 0.3) < sure.loading_likelihood(0.95)


def test_a_ship_that_lies_laden_all_the_time_did_not_load():
    """At a berth where hardly any discharge, every other one that does not load lies idle: laden, or light."""
    laden = side_likelihoods(HULL, stay(1.0, 29.0), LOW, LOW)
    assert laden.laden > 3 * max(laden.loading, laden.discharging, laden.light)
    assert laden.loading_likelihood(0.95) < 0.3


@pytest.mark.parametrize(("prior", "idle"), [(0.0, 0.05), (0.5, 0.1), (0.9, 0.5), (0.97, 0.5), (1.0, 0.5)])
def test_who_does_not_load_is_idle_as_far_as_the_prior_leaves_room_or_one_in_two(prior, idle):
    ways = DirectionLikelihoods(0.3, 0.2, 0.1, 0.5)
    otherwise = idle * 0.3 + (1 - idle) * 0.2
    assert ways.loading_likelihood(prior) == pytest.approx(0.02 + 0.96 * 0.3 / (0.3 + otherwise))


def test_depths_and_draughts_are_those_of_the_law_of_hull_forms():
    """Of ships that the volume stage's own laws build: how deep they are, and lie light and with cargo."""
    ships = build_ships(20_000, 20_000, VolumeConfig(), np.random.default_rng(5))
    usual = np.array([usual_depth_m(m) for m in ships.length_m])
    assert np.std(np.log(ships.depth_m / usual)) == pytest.approx(DEPTH_BY_LENGTH_LOG_SD, abs=0.03)
    over = np.log(ships.depth_m / ships.design_draught_m / np.array([depth_over_draught(m) for m in ships.length_m]))
    assert np.std(over) == pytest.approx(DEPTH_LOG_SD, abs=0.01)
    light, laden = (
        ships.draught_m(mass, VolumeConfig()) / ships.design_draught_m for mass in (ships.before_t, ships.after_t)
    )
    off = light - (LIGHT_AT_100_M + LIGHT_PER_LOG_LENGTH * np.log(ships.length_m / 100))
    assert (np.mean(off), np.std(off)) == pytest.approx((0.0, LIGHT_SD), abs=0.015)
    assert np.quantile(laden, LADEN_AT[1:-1]) == pytest.approx(LADEN[1:-1], abs=0.02)
