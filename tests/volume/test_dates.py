import pandas as pd
import pytest

from pipeline.volume.cells import Refused
from pipeline.volume.dates import dates

CAME = "2024-03-07T20:00:00Z"


def when(**call):
    """Arrival and departure of a call, and what is odd about them."""
    told, doubts = dates(call)
    return told["arrival"], told["departure"], doubts


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-12-31T23:59:60Z", "2025-01-01T00:00:00Z"),
        ("2025-01-01T09:59:60+10:00", "2025-01-01T00:00:00Z"),
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
        {"arrival": CAME, "departure": "2024-03-07"},  # a bare date: some time of that day
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
    """Read as its first day, a whole year's calls would lie on the first of January."""
    with pytest.raises(Refused, match=f"{column} '{short.strip()}' names no day; write it as YYYY-MM-DD"):
        when(**{column: short})
