import pandas as pd
import pytest

from pipeline.calls.static import lengths_at, reports_until, static_reports
from pipeline.tables import STATIC
from tests.calls.traffic import BERTH, MMSI, at, feed, fixes, said

HULL = {"a": 80.0, "b": 16.0, "c": 7.0, "d": 8.0, "ship_type": 80}


def reports(*parts: pd.DataFrame) -> pd.DataFrame:
    return static_reports(feed(*parts))


def test_a_short_number_is_no_imo_number_however_its_digits_add_up():
    """Padded with zeros, 24 has a valid check digit, and two transponders sending it would become one ship."""
    table = reports(*(said(1, mmsi=MMSI + n, imo=imo) for n, imo in enumerate((24, 62, 9074729))))
    assert table["imo"].fillna(0).tolist() == [0, 0, 9074729]
    assert table["flags"].map(list).tolist() == [["imo_check_digit"]] * 2 + [[]]


def test_dimensions_are_sums_about_the_antenna():
    row = reports(said(1, **HULL)).iloc[0]
    assert (row["length_m"], row["beam_m"]) == (96.0, 15.0)


def test_unknown_dimensions_are_not_zero():
    row = reports(said(1, a=0.0, b=0.0, c=0.0, d=0.0, name="ALPHA")).iloc[0]
    assert pd.isna(row["length_m"])
    assert pd.isna(row["beam_m"])


def test_one_row_for_each_change():
    table = reports(*[said(h, draught=5.0 if h < 6 else 6.5, **HULL) for h in range(12)])
    assert table["time_utc"].tolist() == [at(0), at(6)]
    assert table["draught_m"].tolist() == [5.0, 6.5]


def test_a_change_names_the_message_that_said_it_first():
    table = reports(*[said(h, draught=5.0 if h < 6 else 6.5, **HULL) for h in range(12)])
    assert table["message_id"].tolist() == ["file:0000001", "file:0000007"]


def test_halves_of_a_report_make_a_whole():
    """Type 24 comes in two parts: the name, then the size."""
    table = reports(said(1, name="ALPHA"), said(1.01, **HULL))
    assert table[["name", "length_m"]].iloc[-1].tolist() == ["ALPHA", 96.0]


def test_ships_do_not_lend_each_other_fields():
    table = reports(said(1, name="ALPHA", **HULL), said(2, mmsi=MMSI + 1, draught=5.0))
    other = table[table["mmsi"] == MMSI + 1].iloc[0]
    assert other["name"] == ""
    assert pd.isna(other["length_m"])


@pytest.mark.parametrize("who", [{"imo": 9331127}, {"callsign": "XY2"}])
def test_another_ship_under_the_same_number_inherits_nothing(who):
    """She types no draught; the ship before her had typed 6.5 m."""
    first = said(1, imo=9074729, callsign="XY1", draught=6.5, name="ALPHA", **HULL)
    table = reports(first, said(50, name="BETA", **who), said(51, name="BETA"))
    assert table["name"].tolist() == ["ALPHA", "BETA"]
    assert pd.isna(table["draught_m"].iloc[1])
    assert pd.isna(table["length_m"].iloc[1])


def test_a_wrong_number_is_voided_and_flagged():
    row = reports(said(1, imo=9074728, name="ALPHA")).iloc[0]
    assert pd.isna(row["imo"])
    assert row["flags"] == ["imo_check_digit"]


@pytest.mark.parametrize(("draught", "bad"), [(6.5, False), (12.0, False), (12.2, True), (25.5, True)])
def test_a_draught_deeper_than_the_hull_allows_is_flagged(draught, bad):
    """Limit: a tenth of 96 m plus 2.5 m, so 12.1 m."""
    row = reports(said(1, draught=draught, **HULL)).iloc[0]
    assert ("implausible_draught" in row["flags"]) == bad


@pytest.mark.parametrize(("draught", "bad"), [(0.3, True), (0.5, True), (0.7, False)])
def test_a_draught_at_which_the_hull_cannot_float_is_flagged(draught, bad):
    """Two such draughts, 0.3 and 0.6 m, would indicate a loading."""
    row = reports(said(1, draught=draught, **HULL)).iloc[0]
    assert ("implausible_draught" in row["flags"]) == bad


@pytest.mark.parametrize(("then_m", "other"), [(101.0, False), (91.0, False), (101.5, True), (90.5, True)])
def test_a_hull_that_grows_or_shrinks_is_another_one_and_rounding_is_not(then_m, other):
    """Changes from 96 m by 5 m, or by more; another ship's reports do not matter."""
    table = reports(
        said(1, **HULL), said(2, **HULL | {"a": then_m - HULL["b"]}), said(3, mmsi=MMSI + 1, a=40.0, b=10.0)
    )
    assert table["flags"].map(lambda f: "length_changed" in f).tolist() == [False, other, False]


def test_flapping_is_no_loading():
    table = reports(*[said(h, draught=5.0 + 2 * (h % 2), **HULL) for h in range(8)])
    assert table["flags"].map(lambda f: "flapping_draught" in f).sum() >= 6


def test_loading_is_no_flapping():
    table = reports(*[said(h, draught=d, **HULL) for h, d in ((0, 4.0), (30, 6.5), (80, 4.0))])
    assert table["flags"].tolist() == [[], [], []]


def test_lengths_are_those_of_the_moment():
    static = static_reports(feed(said(1, a=80, b=16), said(300, a=120, b=40), said(5, mmsi=MMSI + 1, a=50, b=10)))
    for hours, hers in ((0, 96), (1, 96), (299, 96), (300, 160)):
        assert lengths_at(static, at(hours)) == {(MMSI, 0): hers, (MMSI + 1, 0): 60}


def test_names_are_stripped():
    assert reports(said(1, name="  ALPHA  "))["name"].tolist() == ["ALPHA"]


def test_positions_alone_say_nothing():
    assert reports(fixes([1, 2], *BERTH)).empty
    assert list(static_reports(feed()).columns) == STATIC.names


def test_order_of_rows_does_not_matter():
    parts = [said(h, draught=4.0 + h / 10, name="ALPHA", **HULL) for h in range(10)]
    table = feed(*parts)
    pd.testing.assert_frame_equal(static_reports(table), static_reports(table.iloc[::-1].reset_index(drop=True)))


@pytest.mark.parametrize("unit", ["ns", "s"])
def test_the_unit_of_the_clock_does_not_matter(unit):
    table = feed(*[said(h, draught=5.0 + 2 * (h % 2), **HULL) for h in range(0, 40, 5)])
    other = table.assign(time_utc=table["time_utc"].astype(f"datetime64[{unit}, UTC]"))
    pd.testing.assert_frame_equal(static_reports(table), static_reports(other))


def test_of_a_ship_that_had_said_nothing_the_first_whole_report_counts():
    """Types 24 A and B, six minutes apart, hold half each; reports hours later may be another ship's."""
    table = reports(said(10, name="A"), said(10.1, a=80, b=20), said(15, a=150, b=30))
    assert reports_until(table, at(9))["length_m"].dropna().tolist() == [100]
    assert reports_until(table, at(20))["length_m"].dropna().tolist() == [100, 180]
