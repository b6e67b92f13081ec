"""A cargo ship in a table of calls is no tanker, whatever her size (type codes: ITU-R M.1371-5, table 53)."""

import pytest

from tests.volume.test_liftings import lift, only

SHIP = {"length_m": 96.0, "beam_m": 15.0}


@pytest.mark.parametrize(
    "words",
    [
        "Bulk carrier",
        "General Cargo Ship",
        "cargo",
        "70",
        "79.0",
        71,
        "Tug",
        "Fishing",
        "Water tanker",
        "Fruit Juice Tanker",
        "Vegetable oil tanker",
    ],
)
def test_a_ship_of_another_trade_does_not_count(words):
    row = only(SHIP | {"ship_type": words})
    assert (row["status"], row["counts"]) == ("not_counted", False)
    assert row["cause"].startswith("not a tanker by her type (")


@pytest.mark.parametrize(
    "words",
    [
        "Tanker",
        "Oil/Chemical Tanker",
        "80",
        "89.0",
        "Bunkering vessel",
        "other",
        "0",
        "",
        None,
        "Supply vessel",
        "Oil Tanker",
        "Chemical/edible oil tanker",
    ],
)
def test_a_tanker_and_what_no_word_tells_count(words):
    assert only(SHIP | {"ship_type": words})["counts"]


@pytest.mark.parametrize(
    "expected", [{"product": "gas oil"}, {"tonnes": 3000.0}, {"barrels": 20_000.0}, {"p_tanker": 0.9}]
)
def test_what_the_table_tells_of_her_cargo_stands_before_her_type(expected):
    assert only(SHIP | {"ship_type": "Cargo"} | expected)["counts"]


@pytest.mark.parametrize("words", ["unknown", "-", "?", "n/a", ""])
def test_a_product_that_nobody_knows_says_nothing_of_her_trade(words):
    """Else a dash under product would make a bulk carrier a tanker with some 20,000 barrels."""
    assert not only(SHIP | {"ship_type": "Bulk carrier", "product": words})["counts"]


def test_a_row_of_another_trade_changes_no_other():
    alone = lift(SHIP).iloc[0]
    beside = lift(SHIP, SHIP | {"ship_type": "Cargo"}).iloc[0]
    assert alone["barrels_mean"] == beside["barrels_mean"]


def test_crews_of_other_trades_say_nothing_of_how_often_tankers_type_a_draught():
    same = SHIP | {"draught_in_m": 5.0, "draught_out_m": 5.0}
    others = [SHIP | {"ship_type": "Cargo", "draught_in_m": 4.0, "draught_out_m": 6.0}] * 9
    assert lift(same, *others).iloc[0]["p_retyped"] == lift(same).iloc[0]["p_retyped"]
