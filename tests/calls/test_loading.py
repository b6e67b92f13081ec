"""Probability that a call loaded: the prior from zones and crews, before her own draughts and freeboards."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.direction import p_loading
from pipeline.calls.loading import OF_TWO_HULLS, WEAK, chance_of_loading, freeboard_flags, habits_of
from pipeline.config import CallsConfig
from pipeline.ships.retyping import RETYPED, retyped_share
from pipeline.ships.signs_of_cargo import freeboard_change_likelihood
from pipeline.ships.stay_times import BOUNDS
from tests.builders import box_zone

CONFIG, HOUR = CallsConfig(), pd.Timedelta(hours=1)
BOX = (133.0, 42.7, 133.1, 42.8)
DEEPER = {"draught_in_m": 4.0, "draught_out_m": 6.2}
SEEN = {"freeboard_change_m": -1.6, "freeboard_change_lo_m": -2.0, "freeboard_change_hi_m": -1.2}


def test_nobody_loads_in_roads_that_do_not_count():
    """There draughts change for other reasons: bunkers, ballast, a draught for another port's cargo typed late."""
    roads = box_zone("roads", *BOX, kind="anchorage", counts=False)
    assert chance_of_loading(DEEPER | SEEN, roads, CONFIG) == 0.0


def test_of_two_ships_side_by_side_at_sea_she_that_leaves_lighter_gave_the_cargo():
    """One cargo, two counted stays: together they make about one lifting, not two."""
    transfers = box_zone("transfers", *BOX, kind="anchorage", counts=True)
    config = CONFIG.model_copy(update={"prior_p_loading": 0.5})
    gave = chance_of_loading({"draught_in_m": 8.0, "draught_out_m": 6.2}, transfers, config)
    took = chance_of_loading({"draught_in_m": 3.2, "draught_out_m": 5.4}, transfers, config)
    assert gave < 0.1
    assert took > 0.9
    assert gave + took == pytest.approx(1.0, abs=0.05)
    assert chance_of_loading({}, transfers, config) == 0.5


@pytest.mark.parametrize("same_hull", [None, float("nan"), 0.8])
def test_at_a_berth_draughts_and_freeboards_speak_as_far_as_they_are_one_hulls(same_hull):
    berth = box_zone("oil", *BOX)
    counted = 0.8 if same_hull == 0.8 else 1.0
    error = 0.8 / (2 * 1.6448536)
    expected = p_loading(CONFIG.prior_p_loading, 2.2, freeboard_change_likelihood(1.6, error, counted), RETYPED)
    assert chance_of_loading(DEEPER | SEEN | {"p_same_hull": same_hull}, berth, CONFIG) == pytest.approx(expected)
    assert chance_of_loading({"draught_in_m": 4.0}, berth, CONFIG) == CONFIG.prior_p_loading


@pytest.mark.parametrize(("hours", "low_m", "rises"), [((1, 27), 2.2, True), ((26, 27), 3.6, False)])
def test_of_a_ship_with_a_length_sides_speak_by_when_in_her_stay_they_were_seen(hours, low_m, rises):
    """Two high sides at the end of a stay indicate a ship that took nothing, even if the last is lower."""
    came = pd.Timestamp("2024-03-07T06:00Z")
    stay = dict(zip(BOUNDS, (came, came, came + 28 * HOUR, came + 28 * HOUR), strict=True))
    looks = {
        f"freeboard_{end}_{k}": value
        for end, height, hour in zip(("in", "out"), (4.0, low_m), hours, strict=True)
        for k, value in (("m", height), ("sd_m", 0.3), ("at", came + hour * HOUR))
    }
    row = looks | stay | SEEN | {"length_m": 98.0, "length_lo_m": 93.0, "length_hi_m": 103.0, "p_same_hull": 1.0}
    berth = box_zone("oil", *BOX)
    assert (chance_of_loading(row, berth, CONFIG) > CONFIG.prior_p_loading) is rises
    assert chance_of_loading(row | {"p_same_hull": 0.0}, berth, CONFIG) == pytest.approx(CONFIG.prior_p_loading)
    single = row | {"freeboard_out_m": float("nan")}
    early = chance_of_loading(single | {"freeboard_in_at": came + HOUR}, berth, CONFIG)
    assert (
        early
        > CONFIG.prior_p_loading
        > chance_of_loading(single | {"freeboard_in_at": came + 27 * HOUR}, berth, CONFIG)
    )


def test_the_habit_of_crews_is_told_by_other_calls_that_count_and_have_both_draughts():
    """Her own draughts are weighed by the habit, so they are not used to estimate it."""
    steps = (2.2, 0.0, 0.0)
    rows = [{"counts": True, "draught_in_m": 4.0, "draught_out_m": 4.0 + step} for step in steps]
    others = [rows[0] | {"counts": False}, {"counts": True, "draught_in_m": 4.0}, {"counts": True}]
    told = habits_of([*rows, *others])
    assert told[:3] == [retyped_share(np.array(rest)) for rest in ((0.0, 0.0), (2.2, 0.0), (2.2, 0.0))]
    assert set(told[3:]) == {retyped_share(np.array(steps))}


@pytest.mark.parametrize("prior", [0.1, 0.5, 0.9])
def test_a_draught_that_changed_says_the_same_however_much_it_changed(prior):
    """Nineteen to one for cargo from the smallest change that counts, and the same against it for a decrease."""
    odds = prior / (1 - prior)
    for deeper_m in (0.3, 0.9, 4.0):
        up, down = p_loading(prior, deeper_m), p_loading(prior, -deeper_m)
        assert (up / (1 - up), down / (1 - down)) == pytest.approx((19 * odds, odds / 19))


@pytest.mark.parametrize("prior", [0.0, 0.1, 0.5, 0.9, 0.97, 1.0])
@pytest.mark.parametrize("retyped", [0.0, 0.38, 1.0])
def test_a_draught_that_stays_weighs_three_kinds_of_calls_by_bayes_rule(prior, retyped):
    """Counted among 100,000 calls: one in twenty moves no cargo, the others load or discharge.

    Without retyping, 95 of 100 draughts stay within the step; with it, 4 of 100 with cargo and 56 without.
    """
    loaded = 100_000 * prior
    idle = min(5_000.0, 100_000 - loaded)
    discharged = 100_000 - loaded - idle

    def same(kind: str) -> float:
        return (1 - retyped) * 0.95 + retyped * {"cargo": 0.04, "none": 0.56}[kind]

    stay = loaded * same("cargo"), discharged * same("cargo"), idle * same("none")
    assert p_loading(prior, 0.1, retyped_share=retyped) == pytest.approx(stay[0] / sum(stay))


@pytest.mark.parametrize(
    ("row", "up"),
    [
        ({}, []),
        ({"p_same_hull": 0.49}, [OF_TWO_HULLS]),
        ({"p_same_hull": 0.5}, []),
        ({"draught_seen_out_m": 3.0}, [WEAK]),
        ({"draught_seen_in_m": 3.0, "p_same_hull": float("nan")}, [WEAK]),
    ],
)
def test_what_is_doubtful_of_freeboards_is_flagged(row, up):
    assert [flag for flag, on in freeboard_flags(row).items() if on] == up
