"""Draughts and freeboards impossible for a ship of that size are reported and not used as evidence."""

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings
from pipeline.volume.possible_evidence import drop_impossible

HULL = {"arrival": "2024-03-01", "call_id": "c", "length_m": 98.0, "beam_m": 15.8}
SAME = ("p_lifting", "direction", "barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean", "method")


def lift(**cells) -> pd.Series:
    return liftings(pd.DataFrame([HULL | cells]), VolumeConfig(draws=400), 1).iloc[0]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ({"draught_in_m": 0.3, "draught_out_m": 0.3}, {}),
        ({"draught_in_m": 0.2, "draught_out_m": 0.6}, {}),
        ({"draught_in_m": 0.3, "draught_out_m": 5.5}, {"draught_out_m": 5.5}),
        ({"draught_in_m": 3.4, "draught_out_m": 0.5}, {"draught_in_m": 3.4}),
    ],
)
def test_a_draught_too_shallow_for_the_hull_is_as_none(typed, left):
    """Else 0.2 m on arrival and 0.6 m on departure would be a loading with probability 0.95."""
    row, without = lift(**typed), lift(**left)
    assert row[list(SAME)].tolist() == without[list(SAME)].tolist()
    assert (row["status"], without["status"]) == ("degraded", "used")
    assert "draws (0.61 m): not used" in row["cause"]


def test_nor_where_her_deadweight_alone_is_stated():
    table = pd.DataFrame([{"arrival": "2024-03-01", "dwt_t": 5000.0, "draught_in_m": 0.3, "draught_out_m": 0.9}])
    row = liftings(table, VolumeConfig(draws=400), 1).iloc[0]
    assert row["cause"].startswith("draught_in_m 0.3 m is less than an empty tanker of ")
    assert row["p_lifting"] == 1.0


def test_a_small_tanker_may_draw_little():
    assert lift(length_m=20.0, beam_m=5.0, draught_in_m=0.6, draught_out_m=1.2)["status"] == "used"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"draught_out_m": 14.0}, "more than the depth of a tanker of 98 m can be (9.1 m)"),
        ({"draught_out_m": 7.2, "depth_m": 7.0}, "more than her depth (7.0 m)"),
        ({"draught_out_m": 40.0}, "draught_out_m is 40; it must be above 0 and at most 25.5"),
        ({"draught_out_m": "deep"}, "draught_out_m is 'deep', not a number"),
        ({"draught_out_m": -3.0}, "draught_out_m is -3"),
        ({"freeboard_out_m": -3.0}, "freeboard_out_m is -3"),
    ],
)
@pytest.mark.parametrize("arrival_m", [None, 3.6])
def test_a_draught_that_reaches_the_deck_takes_no_call_out_of_the_sum(cells, words, arrival_m):
    """One typing slip, or a draught typed to hide her, must not remove 30,000 barrels."""
    row = lift(**cells, draught_in_m=arrival_m)
    without = lift(draught_in_m=arrival_m, **{name: value for name, value in cells.items() if name == "depth_m"})
    assert row[list(SAME)].tolist() == without[list(SAME)].tolist()
    assert (row["status"], row["counts"]) == ("degraded", True)
    assert words in row["cause"]
    assert row["cause"].endswith(": not used")


def left(**cells):
    """Draughts and freeboards that remain as evidence."""
    call, _ = drop_impossible(cells)
    return {name: call[name] for name in cells if name.startswith(("draught", "freeboard")) and call[name] is not None}


def test_her_own_depth_is_asked_without_a_length():
    assert left(draught_out_m=15.5, depth_m=6.0) == {}
    assert left(draught_out_m=5.5, freeboard_in_m=5.9, depth_m=6.0) == {"draught_out_m": 5.5, "freeboard_in_m": 5.9}


def test_a_length_that_was_told_from_her_deadweight_stands_without_digits_that_nobody_knows():
    _, doubts = drop_impossible({"draught_in_m": 13.0, "dwt_t": 5000.0})
    assert doubts[0].endswith(" m): not used")


@pytest.mark.parametrize(
    "tonnage", [{"dwt_t": 962.0, "tonnage_kind": "GT"}, {"gt": 962.0}, {"dwt_t": 962.0, "gt": 962.0}]
)
def test_a_number_that_may_be_a_gross_tonnage_bounds_no_draught(tonnage):
    """A tanker of 962 gross tons carries some 1,600 t, and floats deeper than one of 962 t."""
    assert left(**tonnage, draught_out_m=7.0) == {"draught_out_m": 7.0}
    assert left(dwt_t=962.0, draught_out_m=7.0) == {}


@pytest.mark.parametrize(("length_m", "draught_m"), [(12.0, 0.9), (20.0, 1.5), (40.0, 2.7)])
def test_small_craft_float(length_m, draught_m):
    """Actual draughts of launches, barges and coasters, near a thirteenth of the length."""
    assert left(length_m=length_m, draught_out_m=draught_m) == {"draught_out_m": draught_m}


@pytest.mark.parametrize(("deeper", "kept"), [(0.19, True), (0.21, False)])
def test_a_hull_may_be_deeper_than_usual_by_two_and_a_half_spreads(deeper, kept):
    """At 98 m both published formulas give 7.61 m on average, with a spread of 8 % among ships."""
    draught_m = (1 + deeper) * (0.5 * (0.0775 * 98 - 0.4337 + 0.0958 * 98 - 1.3162))
    assert bool(left(length_m=98.0, draught_out_m=draught_m)) == kept


def test_a_length_that_is_known_badly_bounds_no_draught_by_itself():
    """At 70 ± 20 m she may be 90 m long, with 6.9 m up to her deck by both published formulas."""
    assert left(length_m=70.0, draught_out_m=6.7) == {}
    bounds = {"length_lo_m": 50.0, "length_hi_m": 90.0}
    assert left(length_m=70.0, draught_out_m=6.7, **bounds) == {"draught_out_m": 6.7}


@pytest.mark.parametrize("depth_m", [2.9, 26.0, -8.0, "deep"])
def test_a_listed_depth_that_is_not_hers_leaves_the_usual_one(depth_m):
    typed = {"length_m": 98.0, "draught_out_m": 5.9, "freeboard_in_m": 4.5}
    assert left(**typed, depth_m=depth_m) == left(**typed)
    assert left(length_m=98.0, draught_out_m=9.5, depth_m=depth_m) == {}


def test_nor_is_the_depth_of_a_ship_that_may_be_another_one():
    typed = {"length_m": 98.0, "length_lo_m": 96.0, "length_hi_m": 100.0, "freeboard_in_m": 5.5}
    assert left(**typed, listed_length_m=60.0, depth_m=5.2) == {"freeboard_in_m": 5.5}
    assert left(**typed, depth_m=5.2) == {}
