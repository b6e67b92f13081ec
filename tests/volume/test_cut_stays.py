"""Stays split by the border between two tables: one cargo, two ships, or a probability of each."""

import pandas as pd
import pytest

from pipeline.config import CallsConfig
from pipeline.ships.turnover import Pair, chance_of_one_stay, turnover
from pipeline.volume import ledger, merge_liftings, simulate
from tests.volume.two_tables import CAP, LOADING, counted, load, table


def test_the_same_dark_stay_in_overlapping_runs_counts_once_by_its_images():
    """Another run of the port begins later: her stay there has another name and arrival, and one image in common."""
    whole = table(LOADING, load(7) | {"detection_ids": ["a", "b"]})
    part = table(LOADING, load(8) | {"detection_ids": ["b"]}).assign(call_id="later")
    other = table(LOADING, load(7) | {"detection_ids": ["c"]}).assign(call_id="other")
    assert counted(whole, part)["counts"].sum() == 1
    assert counted(whole, whole)["counts"].sum() == 1
    assert counted(whole, other)["counts"].sum() == 2


def test_one_stay_in_two_tables_of_one_ship_counts_once():
    first = table(LOADING, load(7, vessel="imo:9000003"))
    once = merge_liftings([first, first], LOADING, CAP.year_starts, 1)
    assert once["counts"].tolist() == [True, False]
    assert "same stay" in once["cause"].iloc[1]


def part(name, start, end, **more):
    """A stay at the pier as one month's data show it."""
    when = {"arrival": f"2024-{start}:00Z", "departure": f"2024-{end}:00Z"}
    return table(LOADING, {"call_id": name, "berth_id": "pier", "length_m": 98.0, "beam_m": 15.8} | when | more)


@pytest.mark.parametrize("ship", [{"mmsi": 999000001}, {"detection_ids": ["x"]}], ids=["heard", "seen"])
@pytest.mark.parametrize(("april", "cargoes"), [("04-01T00", 1), ("04-01T15", 1), ("04-06T00", 2)])
def test_a_stay_cut_in_two_by_the_end_of_a_month_counts_once(ship, april, cargoes):
    one = part("one", "03-30T12", "03-31T22", **ship)
    two = part("two", april, "04-07T00", **({"detection_ids": ["y"]} if "detection_ids" in ship else ship))
    for tables in ([one, two], [two, one]):
        assert counted(*tables)["counts"].sum() == cargoes


@pytest.mark.parametrize(("april", "cargoes"), [("04-01T21", 1), ("04-01T23", 2)], ids=["23 h", "25 h"])
def test_a_ship_who_is_back_after_more_than_a_day_has_another_cargo(april, cargoes):
    """A shuttle tanker: by the documented rule, gaps of up to a day are one visit."""
    one = part("one", "03-30T12", "03-31T22", mmsi=999000001)
    two = part("two", april, "04-03T00", mmsi=999000001)
    assert counted(one, two)["counts"].sum() == cargoes


@pytest.mark.parametrize("measured", range(4))
def test_a_stay_of_a_month_in_tables_of_a_week_counts_once(measured):
    """Whichever part has the best measured load; the first and the last part are weeks apart."""
    loads = [{"draught_in_m": 4.0, "draught_out_m": 6.0} if n == measured else {} for n in range(4)]
    parts = [
        part(f"week {n}", f"03-{1 + 7 * n:02d}T00", f"03-{7 + 7 * n:02d}T22", mmsi=999000001, **load)
        for n, load in enumerate(loads)
    ]
    for tables in (parts, parts[::-1], [parts[2], parts[0], parts[3], parts[1]]):
        once = counted(*tables)
        assert once["counts"].sum() == 1
        assert once["counts"][f"week {measured}"]


def test_what_one_table_holds_apart_another_does_not_join():
    """A stay in another table that overlaps two calls of one table stands for only one of them."""
    calls = [part("one", "03-01T00", "03-03T00", mmsi=999000001), part("two", "03-03T18", "03-05T00", mmsi=999000001)]
    both = pd.concat(calls, ignore_index=True)
    between = part("between", "03-03T02", "03-03T10", mmsi=999000001)
    for tables in ([both, between], [between, both]):
        once = counted(*tables)
        assert once["counts"][["one", "two"]].all() != once["counts"]["between"]


@pytest.mark.parametrize("other", [{"length_m": 120.0}, {"berth_id": "jetty"}, {"mmsi": 999000002}])
def test_another_ship_that_comes_as_she_leaves_is_another_cargo(other):
    one = part("one", "03-30T12", "03-31T22", mmsi=999000001, detection_ids=["x"])
    unnamed = {} if "mmsi" in other else {"mmsi": None}
    two = part("two", "04-01T00", "04-02T12", **({"detection_ids": ["y"]} | unnamed | other))
    assert counted(one, two)["counts"].all()


OPEN = {"detection_ids": ["x"], "flags": ["dark", "arrival_open", "left_open"]}
LAST_LOOKS = ("03-30T00", "03-31T00")  # of the first table; the next table's first look is a day and a half later


def next_month(start="04-01T12", end="04-02T00", **more):
    return part("two", start, end, **OPEN | {"detection_ids": ["y"]} | more)


def drawn_number(table):
    """Number of ships that the sum expects."""
    counts = table[table["counts"]]
    return float((counts["calls_mean"].fillna(2 - counts["p_one_call"]) + counts["p_new_call"] - 1).sum())


def test_a_dark_stay_that_goes_on_more_than_a_day_beyond_the_border_counts_once():
    """By the law of stays, as between looks of one table; the chance of a second ship is in the sum."""
    one, two = part("one", *LAST_LOOKS, **OPEN), next_month()
    for tables in ([one, two], [two, one]):
        once = counted(*tables)
        assert once["counts"].tolist().count(True) == 1
        (cause,) = once.loc[~once["counts"], "cause"]
        assert "the same stay as" in cause
        assert 1.0 < drawn_number(once) < 1.75
        assert f"probability {2 - drawn_number(once):.2f}" in cause
        sums = simulate(once.reset_index(), LOADING, 1)
        assert (sums[0] > 0).mean() == pytest.approx(1.0, abs=0.01)


def test_a_sister_ship_beside_her_in_the_other_table_is_not_taken_for_her():
    """The common image identifies her; the sister's equal length does not make them one stay."""
    alone = part("hers", "03-28T00", "03-31T00", **OPEN, draught_out_m=6.0)
    again = part("again", "03-28T12", "04-01T00", **OPEN | {"detection_ids": ["x", "x2"]})
    beside = part("beside", "03-29T00", "04-02T00", **OPEN | {"detection_ids": ["y"]})
    both = pd.concat([again, beside], ignore_index=True)
    for tables in ([alone, both], [both, alone]):
        assert counted(*tables)["counts"].to_dict() == {"hers": True, "again": False, "beside": True}


def test_two_ships_side_by_side_in_two_tables_without_a_common_image_are_two():
    tables = [
        pd.concat(
            [part(f"{ship}{n}", "03-28T00", "03-31T00", **OPEN | {"detection_ids": [f"{ship}{n}"]}) for ship in "ab"]
        )
        for n in (1, 2)
    ]
    assert counted(*tables)["counts"].sum() == 2


def test_the_chance_that_a_stay_goes_on_from_a_part_that_counts_no_more_is_in_the_sum():
    """Three tables: the second table's sightings show the ship of the first, who may stay on into the third."""
    parts = [
        part("one", *LAST_LOOKS, **OPEN, draught_out_m=6.0),
        next_month("03-31T06", "04-01T06"),
        part("three", "04-05T00", "04-05T06", **OPEN | {"detection_ids": ["z"]}),
    ]
    pair = counted(*parts[1:])["p_new_call"]["three"]
    assert pair < 0.98
    for tables in (parts, parts[::-1], [parts[1], parts[2], parts[0]]):
        once = counted(*tables)
        assert once["counts"].to_dict() == {"one": True, "two": False, "three": True}
        assert once["p_new_call"]["three"] == pytest.approx(pair, abs=0.02)
        assert "may be the stay of one of another table" in once["cause"]["three"]


def test_a_line_given_twice_is_not_told_by_a_chance_that_another_row_has():
    one, two = part("one", *LAST_LOOKS, **OPEN, draught_out_m=6.0), next_month()
    causes = counted(one, one, two).query("not counts")["cause"]
    assert causes.str.startswith("taken as the same stay as").tolist().count(True) == 1
    assert causes.str.fullmatch("the same stay as one of another table").tolist().count(True) == 1


@pytest.mark.parametrize(
    ("first", "year_starts", "one_row"),
    [
        ("2024-02-01", "01-01", True),
        ("2024-01-01", "01-01", False),
        ("2024-01-01", "12-22", True),
        ("2023-12-22", "12-22", False),
    ],
    ids=["month", "year", "crude's month", "crude's year"],
)
def test_over_new_year_who_is_likelier_another_ship_is_no_part_of_the_stay_before(first, year_starts, one_row):
    """Else a cap by departures would move December's cargo into the year in which another ship left."""
    border = pd.Timestamp(first, tz="UTC")

    def seen(name, start_d, end_d):
        times = (border + pd.Timedelta(days=days) for days in (start_d, end_d))
        when = dict(zip(("arrival", "departure"), (f"{moment:%Y-%m-%dT%H:%MZ}" for moment in times), strict=True))
        hull = {"call_id": name, "berth_id": "pier", "length_m": 98.0, "beam_m": 15.8}
        return table(LOADING, OPEN | hull | when | {"detection_ids": [name]})

    one, two = seen("one", -2.0, -1.0), seen("two", 1.0, 1.5)
    for tables in ([one, two], [two, one]):
        once = counted(*tables, year_starts=year_starts)
        assert bool(once["counts"].all()) != one_row
        assert 1.5 < drawn_number(once) < 1.75


def test_what_may_be_one_stay_and_counts_as_two_is_told_and_in_the_sum_as_a_chance():
    one, two = part("one", *LAST_LOOKS, **OPEN), next_month("04-03T18", "04-05T06")
    for tables in ([one, two], [two, one]):
        once = counted(*tables)
        assert once["counts"].all()
        assert once["status"].to_dict() == {"one": "used", "two": "degraded"}
        assert (
            f"may be the stay of one of another table, continued (probability {1 - once['p_new_call']['two']:.2f})"
            in (once["cause"]["two"])
        )
        assert 1.75 <= drawn_number(once) < 2.0


@pytest.mark.parametrize(
    "more",
    [
        {"flags": ["dark"]},
        {"flags": ["dark", "left_open"]},
        {"length_m": 120.0},
        {"berth_id": "jetty"},
    ],
    ids=["times stated", "a look before without her", "another hull", "another berth"],
)
def test_a_later_stay_that_cannot_be_the_same_is_another_cargo(more):
    once = counted(part("one", *LAST_LOOKS, **OPEN), next_month(**more))
    assert once["counts"].all()
    assert drawn_number(once) == 2.0


def test_a_ship_that_lies_higher_than_the_one_before_is_less_likely_the_same():
    def number(freeboard_m):
        seen = {"freeboard_in_m": freeboard_m, "freeboard_in_sd_m": 0.3}
        first = part("one", *LAST_LOOKS, **OPEN, freeboard_out_m=2.5, freeboard_out_sd_m=0.3)
        return drawn_number(counted(first, next_month(**seen)))

    assert number(1.5) < number(2.5) < number(4.0)


def test_a_long_busy_berth_says_sooner_than_a_quiet_one_that_it_is_another_ship():
    def number(days):
        others = [part(f"other {n}", f"03-{n:02d}T00", f"03-{n:02d}T20", mmsi=999000000 + n) for n in days]
        first = pd.concat([*others, part("one", *LAST_LOOKS, **OPEN)], ignore_index=True)
        return drawn_number(counted(first, next_month())) - len(others)

    assert number([1]) < number(range(1, 29))


def test_looks_of_the_tables_say_how_busy_the_spot_is_where_rows_are_few():
    """Two rows, each seen once, in thirty looks: judged by the rows' days alone, the berth would look full.

    Expected is the chance of simulated turns at a spot as busy as its looks say (``tests/ships/test_turnover.py``).
    """

    def chance(**looks):
        one, two = part("one", "03-31T06", "03-31T06", **OPEN | looks), next_month("04-02T06", "04-02T06", **looks)
        once = counted(one, two)
        said = once["cause"].str.extract(r"probability ([\d.]+)")[0].dropna()
        return float(said.iloc[0])

    told = {taken: chance(spot_looks=15, spot_taken=taken) for taken in (1, 7, 14)}
    for taken, said in told.items():
        turns = turnover(CallsConfig().stay_d, 2 * taken - 1, 29)  # at least one of the two shows a ship anyway
        spread = CallsConfig().same_ship_length_share * 98.0
        assert said == pytest.approx(chance_of_one_stay(turns, Pair(0.0, 2.0, 0.0, spread)), abs=0.006)
    assert told[1] > told[7] > told[14]
    assert chance() < told[7]  # ships on two of three days: as for tables that do not list their looks


def test_looks_that_missed_her_do_not_lengthen_the_time_for_which_she_was_seen():
    """Seen for a day on each side of the border; an arrival up to three days before does not lengthen her stay."""

    def seen(name, came, first, last, gone):
        bounds = {"arrival_lo": came, "arrival_hi": first, "departure_lo": last, "departure_hi": gone}
        bounds = {end: f"2024-{when}:00Z" for end, when in bounds.items()}
        hull = {"call_id": name, "berth_id": "pier", "length_m": 98.0, "beam_m": 15.8, "detection_ids": [name]}
        return table(LOADING, hull | bounds | {"spot_looks": 10, "spot_taken": 3})

    one = seen("one", "03-27T06", "03-30T06", "03-31T06", "04-06T06").assign(open_ends=[["departure"]])
    one["departure"] = pd.Timestamp("2024-03-31T06:00Z")
    two = seen("two", "03-27T06", "04-02T06", "04-03T06", "04-06T06").assign(open_ends=[["arrival"]])
    two["arrival"] = pd.Timestamp("2024-04-02T06:00Z")
    assert (one["arrival"] < pd.Timestamp("2024-03-29T00:00Z")).all()
    probability = counted(one, two)["cause"].str.extract(r"probability ([\d.]+)")[0].dropna()
    spread = CallsConfig().same_ship_length_share * 98.0
    expected = chance_of_one_stay(turnover(CallsConfig().stay_d, 5, 19), Pair(1.0, 2.0, 0.0, spread, second_seen_d=1.0))
    assert float(probability.iloc[0]) == pytest.approx(expected, abs=0.006)


def test_two_stays_of_one_table_are_not_made_one_by_a_third_of_another():
    both = pd.concat([part("one", *LAST_LOOKS, **OPEN), part("at once", *LAST_LOOKS, **OPEN)], ignore_index=True)
    for tables in ([both, next_month()], [next_month(), both]):
        once = counted(*tables)
        assert once["counts"].sum() == 2
        assert drawn_number(once) < 2.75


@pytest.mark.parametrize("measured", ["one", "two"])
def test_a_stay_over_new_year_lasts_from_its_first_arrival_to_its_last_departure(measured):
    """Whichever part has the load: she left in January, and a cap by departures counts her then."""
    parts = {
        "one": {"arrival": "2023-12-30T12:00Z", "departure": "2023-12-31T22:00Z", "detection_ids": ["x"]},
        "two": {"arrival": "2024-01-01T04:00Z", "departure": "2024-01-02T06:00Z", "detection_ids": ["y"]},
    }
    parts[measured] |= {"draught_in_m": 4.0, "draught_out_m": 6.0}
    ship = {"berth_id": "pier", "length_m": 98.0, "beam_m": 15.8, "mmsi": 999000001}
    one, two = (table(LOADING, {"call_id": name} | ship | told) for name, told in parts.items())
    for tables in ([one, two], [two, one]):
        once = merge_liftings(tables, LOADING, CAP.year_starts, 1)
        kept = once[once["counts"]].iloc[0]
        assert kept["call_id"] == measured
        assert (kept["arrival"], kept["departure"]) == (one["arrival"][0], two["departure"][0])
        assert set(kept["evidence"]) == {"x", "y"}
        assert ledger(once, CAP, LOADING, 1)["account_year"].unique().tolist() == ["2024"]
