import numpy as np
import pandas as pd
import pytest

from pipeline.volume.cells import (
    Refused,
    is_empty,
    read_bool,
    read_cargo,
    read_draught,
    read_list,
    read_number,
    read_sd,
    read_text,
)
from pipeline.volume.dates import read_dates
from pipeline.volume.other_trades import other_trade

EMPTY = [None, "", "  ", float("nan"), pd.NA, pd.NaT, np.float64("nan")]


@pytest.mark.parametrize("nothing", EMPTY, ids=repr)
def test_an_empty_cell_is_nothing_in_every_reading(nothing):
    assert is_empty(nothing)
    assert read_list({"x": nothing}, "x") == []
    assert read_number({"x": nothing}, "x") is None
    assert read_draught({"x": nothing}, "x") is None


@pytest.mark.parametrize("unsaid", ["-", " – ", "\u2212", "---", "...", "n/a", "Unknown", "not stated"])
def test_what_its_cell_does_not_know_is_unknown(unsaid):
    """As in annexes of Panel reports: her tonnes are "-", and she counts by her size."""
    assert read_number({"tonnes": unsaid}, "tonnes") is None
    assert read_text({"name": unsaid}, "name") == ""
    assert read_dates({"arrival": "2024-03-07", "departure": unsaid})[0]["departure"] is None
    assert other_trade({"ship_type": "Bulk carrier", "tonnes": unsaid}) == "Bulk carrier"


@pytest.mark.parametrize("unsaid", ["-", "unknown", "none"])
def test_whether_a_row_counts_is_said(unsaid):
    with pytest.raises(Refused, match="true or false"):
        read_bool({"counts": unsaid}, "counts")


@pytest.mark.parametrize("nothing", ["none", 0, "0"])
def test_no_cargo_is_not_taken_for_an_unknown_one(nothing):
    """She would count by her size."""
    with pytest.raises(Refused, match="so the row adds nothing"):
        read_cargo({"tonnes": nothing}, "tonnes", 5e6)


@pytest.mark.parametrize("held", [["a", "b"], ("a", "b"), np.array(["a", "b"], object), "a;b", "a;b;"], ids=repr)
def test_a_list_is_the_same_however_a_file_holds_it(held):
    assert read_list({"flags": held}, "flags") == ["a", "b"]


def test_a_list_of_none_and_a_single_word():
    assert read_list({}, "flags") == []
    assert read_list({"flags": []}, "flags") == []
    assert read_list({"flags": np.array([], object)}, "flags") == []
    assert read_list({"flags": "dark"}, "flags") == ["dark"]


@pytest.mark.parametrize("nothing", [0, 0.0, "0", "0.0"])
def test_draught_zero_is_a_transponders_not_available(nothing):
    assert read_draught({"draught_in_m": nothing}, "draught_in_m") is None


@pytest.mark.parametrize("nonsense", [-0.1, 26.0, "deep", float("inf")])
def test_a_draught_that_none_can_be_is_refused(nonsense):
    with pytest.raises(Refused, match="draught_in_m is "):
        read_draught({"draught_in_m": nonsense}, "draught_in_m")


def test_an_error_is_told_from_90_percent_bounds():
    """90 % of a normal law lies within 1.645 standard deviations of its mean."""
    assert read_sd(
        {"length_lo_m": 90 - 1.645 * 3, "length_hi_m": 90 + 1.645 * 3}, "length", 90.0, 500
    ) == pytest.approx(3.0, rel=1e-4)
    assert read_sd({}, "length", 90.0, 500) == 0.0


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-np.inf, np.inf, "length_lo_m is -inf"),
        (0, 1e6, "length_hi_m is 1e\\+06"),
        (-600, 90, "length_lo_m is -600"),
        (95, 90, "lies above"),
    ],
)
def test_bounds_that_none_can_have_are_refused(low, high, words):
    with pytest.raises(Refused, match=words):
        read_sd({"length_lo_m": low, "length_hi_m": high}, "length", 90.0, 500)


@pytest.mark.parametrize("words", ["26,110", "26\xa0110", "26\u202f110", "26'110", "26’110", "1 026 110,5"])
def test_thousands_separators_are_named_as_what_is_wrong(words):
    with pytest.raises(Refused, match="not a number; remove thousands separators"):
        read_number({"barrels": words}, "barrels")


@pytest.mark.parametrize("words", ["ca. 3500", "3500 t", "10000-30000"])
def test_words_beside_a_number_are_no_separators(words):
    with pytest.raises(Refused, match=r"not a number$"):
        read_number({"barrels": words}, "barrels")
