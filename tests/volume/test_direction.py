import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import VolumeConfig
from pipeline.ships.retyping import retyped_share
from pipeline.volume.cells import Refused
from pipeline.volume.direction import direction_of, retyped_shares, usable_evidence

LOADING = VolumeConfig()
DISCHARGING = VolumeConfig(counted="discharging")
draughts = st.floats(2.0, 7.0)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"draught_in_m": 3.8, "draught_out_m": 6.1}, "loading"),
        ({"draught_in_m": 6.1, "draught_out_m": 3.8}, "discharging"),
        ({"draught_in_m": 5.0, "draught_out_m": 5.0}, "unknown"),  # the second was not retyped
        ({"draught_in_m": 5.0, "draught_out_m": 5.2}, "unknown"),  # within typing error
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


@pytest.mark.parametrize("counted", [LOADING, DISCHARGING])
@pytest.mark.parametrize(
    "row", [{"draught_in_m": 3.6, "draught_out_m": 6.0}, {"freeboard_in_m": 5.0, "freeboard_out_m": 2.0}]
)
def test_what_speaks_for_a_cargo_never_makes_it_less_likely(counted, row):
    """A table's stated direction is taken as certain; draughts that agree must not lower its probability."""
    turned = {a.replace("_in_", "_x_").replace("_out_", "_in_").replace("_x_", "_out_"): b for a, b in row.items()}
    agrees, contradicts = (row, turned) if counted is LOADING else (turned, row)
    ways = ("p_loading", "p_discharging") if counted is LOADING else ("p_discharging", "p_loading")
    assert getattr(direction_of(agrees, counted), ways[0]) == 1.0
    assert getattr(direction_of(contradicts, counted), ways[0]) == pytest.approx(0.05)


@given(draughts, draughts)
def test_turned_round_she_did_the_opposite(into, out):
    there = direction_of({"draught_in_m": into, "draught_out_m": out}, LOADING)
    back = direction_of({"draught_in_m": out, "draught_out_m": into}, DISCHARGING)
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
    seen = usable_evidence(row, config)
    assert seen["draught_in_m"] is None
    assert seen["draught_out_m"] is None
    kept = usable_evidence({"draught_in_m": row["draught_out_m"], "draught_out_m": row["draught_in_m"]}, config)
    assert kept["draught_in_m"] == row["draught_out_m"]


@pytest.mark.parametrize("p", [1.5, -1, "same"])
def test_a_probability_of_one_hull_is_one_with_a_single_freeboard_too(p):
    with pytest.raises(Refused, match="p_same_hull"):
        usable_evidence({"freeboard_in_m": 3.0, "p_same_hull": p}, LOADING)


ERRORS = {"freeboard_in_sd_m": 0.3, "freeboard_out_sd_m": 0.4}  # the difference has 0.5 m, twice which is a metre


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
    seen = usable_evidence({"freeboard_in_m": 4.0, "freeboard_out_m": 4.0 - deeper_m} | ERRORS, config)
    assert (seen["freeboard_in_m"], seen["freeboard_out_m"]) == ((4.0, 4.0 - deeper_m) if kept else (None, None))


def test_the_habit_of_crews_is_told_by_other_counted_calls_with_two_draughts_alone():
    """A call's own draughts are weighed by the habit, so they are not used to estimate it."""
    steps = (2.1, 0.0, 1.4)
    calls = [{"draught_in_m": 4.0, "draught_out_m": 4.0 + step} for step in steps]
    others = [calls[0] | {"counts": False}, {"draught_in_m": 4.0}, {"draught_out_m": 6.0}, {"draught_in_m": "deep"}]
    shares = retyped_shares([*calls, *others, None])
    assert shares[:3] == [retyped_share(np.array(rest)) for rest in ((0.0, 1.4), (2.1, 1.4), (2.1, 0.0))]
    assert set(shares[3:]) == {retyped_share(np.array(steps))}
    assert retyped_shares(calls[:1]) == [retyped_share(np.array([]))]
