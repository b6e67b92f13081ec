import pandas as pd
import pytest

from pipeline.volume.cells import Refused
from pipeline.volume.dates import read_dates, seen_duration_d

CAME = "2024-03-07T20:00:00Z"


def when(**call):
    """Arrival and departure of a call, and the doubts about them."""
    times, doubts = read_dates(call)
    return times["arrival"], times["departure"], doubts


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-12-31T23:59:60Z", "2024-12-31T23:59:59Z"),
        ("2025-01-01T09:59:60+10:00", "2024-12-31T23:59:59Z"),
        ("2024-12-31T23:59:59.5Z", "2024-12-31T23:59:59.5Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        (pd.Timestamp("2024-03-07T02:00:00.123456789+10:00"), "2024-03-06T16:00:00.123456Z"),
    ],
    ids=["leap second", "the same in Vladivostok", "last half second", "leap day", "nanoseconds"],
)
def test_rare_moments_are_the_utc_ones(written, moment):
    arrival, departure, doubts = when(arrival=written)
    assert arrival == pd.Timestamp(moment)
    assert departure is None, "nobody said it"
    assert arrival.unit == "us"
    assert doubts == []


@pytest.mark.parametrize(
    "written",
    ["0001-01-01T00:00:00+10:00", "9999-12-31T23:00:00-10:00", "2924-03-07", "1924-03-07", pd.Timestamp("2924-03-07")],
    ids=str,
)
def test_a_year_that_cannot_be_is_refused_and_wraps_to_no_other(written):
    with pytest.raises(Refused, match="outside the years 1950 to 2100"):
        when(arrival=written)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            {"arrival": CAME, "departure": "2024-03-01T00:00:00Z"},
            "the departure 2024-03-01T00:00Z lies before the arrival 2024-03-07T20:00Z",
        ),
        (
            {"arrival_lo": "2024-03-09", "arrival_hi": "2024-03-07"},
            "arrival_lo 2024-03-09T00:00Z lies after arrival_hi 2024-03-07T00:00Z",
        ),
        (
            {"arrival": CAME, "departure_lo": "2024-03-12", "departure_hi": "2024-03-10"},
            "departure_lo 2024-03-12T00:00Z lies after departure_hi 2024-03-10T00:00Z",
        ),
    ],
)
def test_times_in_the_wrong_order_are_told(call, words):
    assert when(**call)[2] == [words]


@pytest.mark.parametrize(
    "call",
    [
        {"arrival": CAME, "departure": CAME},
        {"arrival": CAME, "departure": "2024-03-07"},  # a bare date: any time of that day
        {"arrival": "2024-03-07", "departure": "2024-03-07"},
        {"arrival_lo": CAME, "arrival_hi": CAME, "departure_lo": CAME, "departure_hi": CAME},
        {"departure": "2024-03-01"},
    ],
)
def test_times_in_order_are_not(call):
    assert when(**call)[2] == []


@pytest.mark.parametrize("column", ["arrival", "arrival_date", "arrival_lo", "departure_hi"])
@pytest.mark.parametrize("short", ["2024-03", "2024", " 2024/03 ", "2024-3", "2024.03", "2024 03"])
def test_a_month_or_a_year_is_no_day(column, short):
    """Read as its first day, a year would put all its calls on 1 January."""
    with pytest.raises(Refused, match=f"{column} '{short.strip()}' names no day; write it as YYYY-MM-DD"):
        when(**{column: short})


EARLY, LATE, MIDDLE = "2024-03-07T02:00:00Z", "2024-03-07T12:00:00Z", "2024-03-07T07:00:00Z"


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (("", EARLY, LATE), MIDDLE),
        (("", EARLY, None), EARLY),
        (("", None, LATE), LATE),
        ((CAME, EARLY, LATE), CAME),
        ((None, None, None), None),
    ],
)
@pytest.mark.parametrize("end", ["arrival", "departure"])
def test_a_time_is_the_stated_one_else_the_middle_of_its_bounds_else_the_one_that_is_known(end, bounds, expected):
    call = dict(zip((end, f"{end}_lo", f"{end}_hi"), bounds, strict=True))
    found = read_dates(call)[0]
    assert found[end] == (None if expected is None else pd.Timestamp(expected))
    day = read_dates(call | {f"{end}_date": "2024-03-05"})[0][end]
    assert day == pd.Timestamp(CAME if bounds[0] == CAME else "2024-03-05T00:00Z"), "a day is stated, too"


def test_a_bound_that_no_look_gave_is_left_aside():
    """Such a bound is only the longest possible stay; the first and last sightings say more."""
    both = {f"{end}_{bound}": when for end in ("arrival", "departure") for bound, when in (("lo", EARLY), ("hi", LATE))}
    closed = when(**both)
    assert closed[:2] == (pd.Timestamp(MIDDLE), pd.Timestamp(MIDDLE))
    opened = when(**both, flags="dark;arrival_open;left_open")
    assert opened[:2] == (pd.Timestamp(LATE), pd.Timestamp(EARLY))


@pytest.mark.parametrize(("days", "doubted"), [(180, False), (181, True)])
def test_a_stay_of_half_a_year_may_be_a_slip_of_a_digit(days, doubted):
    left = pd.Timestamp(CAME) + pd.Timedelta(days=days)
    doubts = when(arrival=CAME, departure=left)[2]
    assert [f"{days} days after" in doubt and "is a year wrong?" in doubt for doubt in doubts] == [True] * doubted


def test_how_long_she_was_seen_is_between_sightings_and_never_less_than_nothing():
    assert seen_duration_d({"arrival_hi": EARLY, "departure_lo": LATE, "arrival_lo": "2024-03-01"}) == 10 / 24
    assert seen_duration_d({"arrival_hi": LATE, "departure_lo": EARLY}) == 0.0
    assert seen_duration_d({"arrival_hi": EARLY}) is None
    assert seen_duration_d({"departure_lo": LATE}) is None


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"departure_lo": "2023-12-25", "departure_hi": "2024-01-07"}, 1),
        ({"arrival_lo": "2023-12-25", "arrival_hi": "2024-01-07"}, 1),
        ({"arrival_lo": "2023-12-25", "arrival_hi": "2024-01-07", "departure": "2024-01-08"}, 0),
        ({"arrival": "2024-01-01", "departure_lo": "2023-12-30", "departure_hi": "2024-01-07"}, 0),
        ({"departure_lo": "2023-12-25", "departure_hi": "2024-01-01"}, 0),
        ({"departure_lo": "2024-01-02", "departure_hi": "2024-01-07"}, 0),
        ({"departure": "2024-01-02", "departure_lo": "2023-12-25", "departure_hi": "2024-01-07"}, 0),
        ({"departure_lo": "2023-12-25", "departure_hi": "2024-01-07", "flags": "left_open"}, 0),
    ],
    ids=[
        "departure",
        "arrival alone",
        "her departure decides",
        "she came after it",
        "until it",
        "within a year",
        "stated",
        "no look bounds it",
    ],
)
def test_a_time_of_which_the_year_is_not_known_is_told(bounds, expected):
    """The midpoint decides which account holds her; the reader must know that it could be the other."""
    doubts = when(**bounds)[2]
    assert len(doubts) == expected
    assert all("so its year is not known" in doubt for doubt in doubts)
