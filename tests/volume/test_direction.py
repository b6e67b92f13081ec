import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import VolumeConfig
from pipeline.ships.retyping import retyped_share
from pipeline.volume.cells import Refused
from pipeline.volume.direction import direction_of, habit_of, usable_evidence

LOADING = VolumeConfig()
DISCHARGING = VolumeConfig(counted="discharging")
draughts = st.floats(2.0, 7.0)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"draught_in_m": 3.8, "draught_out_m": 6.1}, "loading"),
        ({"draught_in_m": 6.1, "draught_out_m": 3.8}, "discharging"),
        ({"draught_in_m": 5.0, "draught_out_m": 5.0}, "unknown"),  # nobody typed the second one
        ({"draught_in_m": 5.0, "draught_out_m": 5.2}, "unknown"),  # within the habit of typing
        ({}, "unknown"),
        ({"p_loading": 0.9}, "loading"),
        ({"p_discharging": 0.8}, "discharging"),
        ({"p_loading": 0.1, "p_discharging": 0.1}, "neither"),
        ({"p_loading": 0.4, "p_discharging": 0.3}, "unknown"),
    ],
)
def test_direction_follows_what_speaks_of_it(row, name):
    assert direction_of(row, LOADING).name == name


def test_what_the_table_states_beats_the_draughts():
    row = {"p_loading": 0.2, "draught_in_m": 3.8, "draught_out_m": 6.1}
    assert direction_of(row, LOADING).p_loading == 0.2


def test_a_bare_call_is_what_the_account_counts():
    assert direction_of({}, LOADING).p_loading == 1.0
    assert direction_of({}, DISCHARGING).p_discharging == 1.0


@given(draughts, draughts)
def test_turned_round_she_did_the_opposite(into, out):
    there = direction_of({"draught_in_m": into, "draught_out_m": out}, LOADING)
    back = direction_of({"draught_in_m": out, "draught_out_m": into}, LOADING)
    if there.name in ("loading", "discharging"):
        assert (there.p_loading, there.p_discharging) == pytest.approx((back.p_discharging, back.p_loading))
    else:
        assert back.name == there.name


@pytest.mark.parametrize("row", [{"p_loading": 0.7, "p_discharging": 0.7}, {"p_loading": 1.2}, {"p_loading": "maybe"}])
def test_nonsense_is_refused(row):
    with pytest.raises(Refused):
        direction_of(row, LOADING)


@pytest.mark.parametrize("config", [LOADING, DISCHARGING], ids=["loading", "discharging"])
def test_a_movement_the_other_way_says_nothing_of_a_counted_cargo(config):
    row = {"draught_in_m": 3.8, "draught_out_m": 6.1}
    if config.counted == "loading":
        row = {"draught_in_m": 6.1, "draught_out_m": 3.8}
    seen = usable_evidence(row, 98.0, config)
    assert seen["draught_in_m"] is None
    assert seen["draught_out_m"] is None
    kept = usable_evidence({"draught_in_m": row["draught_out_m"], "draught_out_m": row["draught_in_m"]}, 98.0, config)
    assert kept["draught_in_m"] == row["draught_out_m"]


@pytest.mark.parametrize(
    ("row", "words"), [({"draught_out_m": 14.0}, "depth can be"), ({"draught_in_m": 7.2, "depth_m": 7.0}, "her depth")]
)
def test_a_draught_above_the_depth_names_both(row, words):
    with pytest.raises(Refused, match=words):
        usable_evidence(row, 98.0, LOADING)


def test_a_length_that_was_told_from_her_deadweight_stands_without_digits_that_nobody_knows():
    with pytest.raises(Refused, match=r"for a tanker of 97\.9 m$"):
        usable_evidence({"draught_in_m": 12.0}, 97.8933, VolumeConfig())


def test_her_own_depth_is_asked_without_a_length():
    row = {"draught_out_m": 15.5, "depth_m": 6.0}
    with pytest.raises(Refused, match=r"draught_out_m 15.5 m is above her depth \(6.0 m\)"):
        usable_evidence(row, None, LOADING)
    assert usable_evidence({"draught_out_m": 5.5, "depth_m": 6.0}, None, LOADING)["draught_out_m"] == 5.5


@pytest.mark.parametrize(("length_m", "draught_m"), [(12.0, 0.9), (20.0, 1.5), (40.0, 2.7)])
def test_small_craft_float(length_m, draught_m):
    """Draughts of launches, barges and coasters as they are built, near a thirteenth of the length."""
    seen = usable_evidence({"draught_out_m": draught_m}, length_m, LOADING)
    assert seen["draught_out_m"] == draught_m


@pytest.mark.parametrize("p", [1.5, -1, "same"])
def test_a_probability_of_one_hull_is_one_with_a_single_freeboard_too(p):
    with pytest.raises(Refused, match="p_same_hull"):
        usable_evidence({"freeboard_in_m": 3.0, "p_same_hull": p}, 98.0, LOADING)


ERRORS = {"freeboard_in_sd_m": 0.3, "freeboard_out_sd_m": 0.4}  # of the difference 0.5 m, so two of them are a metre


@pytest.mark.parametrize(
    ("deeper_m", "name"), [(1.05, "loading"), (0.95, "unknown"), (-0.95, "unknown"), (-1.05, "discharging")]
)
def test_freeboards_tell_the_direction_beyond_two_errors_of_their_difference(deeper_m, name):
    row = {"freeboard_in_m": 4.0, "freeboard_out_m": 4.0 - deeper_m} | ERRORS
    assert direction_of(row, LOADING).name == name
    assert direction_of(row | {"p_same_hull": 0.4}, LOADING).name == "unknown", "of two hulls they tell nothing"
    assert direction_of(row | {"draught_in_m": 6.1, "draught_out_m": 3.8}, LOADING).name == "discharging"


@pytest.mark.parametrize(("deeper_m", "kept"), [(1.05, True), (-0.95, True), (-1.05, False)])
@pytest.mark.parametrize("config", [LOADING, DISCHARGING], ids=["loading", "discharging"])
def test_freeboards_of_a_movement_the_other_way_say_nothing_of_a_counted_cargo(config, deeper_m, kept):
    if config.counted == "discharging":
        deeper_m = -deeper_m
    seen = usable_evidence({"freeboard_in_m": 4.0, "freeboard_out_m": 4.0 - deeper_m} | ERRORS, 98.0, config)
    assert (seen["freeboard_in_m"], seen["freeboard_out_m"]) == ((4.0, 4.0 - deeper_m) if kept else (None, None))


def test_the_habit_of_crews_is_told_by_counted_calls_with_two_draughts_alone():
    steps = (2.1, 0.0, 1.4)
    calls = [{"draught_in_m": 4.0, "draught_out_m": 4.0 + step} for step in steps]
    others = [calls[0] | {"counts": False}, {"draught_in_m": 4.0}, {"draught_out_m": 6.0}, {"draught_in_m": "deep"}]
    assert habit_of([*calls, *others]) == retyped_share(np.array(steps))


@pytest.mark.parametrize(("deeper", "refused"), [(0.19, False), (0.21, True)])
def test_a_hull_may_be_deeper_than_usual_by_two_and_a_half_spreads(deeper, refused):
    """Of 98 m both published lines have 7.61 m on average, and ships about them a spread of 8 %."""
    row = {"draught_out_m": (1 + deeper) * (0.5 * (0.0775 * 98 - 0.4337 + 0.0958 * 98 - 1.3162))}
    if refused:
        with pytest.raises(Refused, match="depth can be"):
            usable_evidence(row, 98.0, LOADING)
    else:
        assert usable_evidence(row, 98.0, LOADING)["draught_out_m"] == row["draught_out_m"]
