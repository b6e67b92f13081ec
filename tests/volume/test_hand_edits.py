"""Typing slips in a table of calls that change barrels: each is reported, and impossible values are not used."""

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings

HULL = {"length_m": 98.0, "beam_m": 15.8}
FT = 3.2808


def lift(*calls: dict[str, object]) -> pd.DataFrame:
    return liftings(pd.DataFrame(calls), VolumeConfig(draws=400), 3)


def only(**cells: object) -> pd.Series:
    return lift({"call_id": "a", "arrival": "2024-03-01", **cells}).iloc[0]


def test_blanks_around_an_id_make_no_second_call():
    rows = lift(*({"call_id": name, "arrival": "2024-03-01", "tonnes": 3000.0} for name in ("a", " a ")))
    assert sorted(rows["counts"]) == [False, True]
    assert rows.loc[~rows["counts"], "cause"].tolist() == ["another row has this call_id"]


@pytest.mark.parametrize("high", [4.0 * FT, 30.0])
def test_a_freeboard_higher_than_the_ship_is_deep_is_told_and_not_used(high):
    """Feet in a column of metres: 4.0 m empty and 2.0 m laden."""
    row = only(**HULL, freeboard_in_m=high, freeboard_out_m=2.0)
    alone = only(**HULL, freeboard_out_m=2.0)
    assert (row["status"], row["method"]) == ("degraded", alone["method"])
    assert row["cause"].startswith(f"freeboard_in_m {high:g} m is more than the depth of a tanker of 98 m can be")
    assert row["barrels_p50"] == alone["barrels_p50"]
    assert only(**HULL, freeboard_in_m=4.0, freeboard_out_m=2.0)["status"] == "used"


def test_her_own_depth_bounds_a_freeboard_before_the_usual_one():
    assert "more than her depth (7.0 m)" in only(**HULL, depth_m=7.0, freeboard_in_m=7.5)["cause"]
    assert only(**HULL, depth_m=8.0, freeboard_in_m=7.5)["status"] == "used"


@pytest.mark.parametrize("size", [{"dwt_t": 3500.0}, HULL, {"gt": 2000.0}])
@pytest.mark.parametrize("unit", [6.29, 7.46], ids=["m3", "t"])
def test_a_capacity_in_another_unit_is_told_where_her_size_is_known(size, unit):
    full_bbl = only(**size)["barrels_at_100"]
    assert only(**size, capacity_bbl=full_bbl)["status"] == "used"
    row = only(**size, capacity_bbl=full_bbl / unit)
    assert row["status"] == "degraded"
    assert "is it in another unit?" in row["cause"]


def test_a_gross_tonnage_that_no_hull_of_that_size_has_is_told_and_both_readings_stay():
    row = only(**HULL, gt=9000.0)
    assert row["cause"].startswith("the gross tonnage of 9,000 is far above that of 98 x 15.8 m")
    assert row["method"].startswith("dwt_doubtful")
    hull, gross = (only(**cells)["dwt_p50_t"] for cells in (HULL, {"gt": 9000.0}))
    assert row["dwt_p5_t"] <= hull < row["dwt_p50_t"] < gross <= row["dwt_p95_t"]
    assert only(**HULL, gt=2900.0)["status"] == "used"


@pytest.mark.parametrize(("departure", "expected"), [("2042-03-03", True), ("2025-03-03", True), ("2024-07-01", False)])
def test_a_stay_of_half_a_year_is_told_for_a_digit_moves_her_into_another_account(departure, expected):
    row = only(tonnes=3000.0, departure=departure)
    assert (row["status"] == "degraded") is expected
    assert ("is a year wrong?" in str(row["cause"])) is expected
