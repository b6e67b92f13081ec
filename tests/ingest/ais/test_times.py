"""Times of tables: effect of zone offsets, and units of epochs, compared with the standard library."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from pipeline.errors import ConfigError
from pipeline.ingest.ais.times import TimeRule, date_order, parse_times, parse_zone

NOON = datetime(2024, 3, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["+05:30", "-03:30", "+10:00", "-10:00", "UTC+05:30", "+0545"])
def test_a_zone_is_the_one_that_iso_8601_writes_so(text):
    local = datetime.fromisoformat(f"2024-03-07T12:00:00{text.removeprefix('UTC')}")
    assert parse_zone(text).utcoffset(None) == local.utcoffset()
    (found,) = parse_times("t", "time", pd.Series(["2024-03-07T12:00:00"]), TimeRule((), parse_zone(text)))
    assert found == local


@pytest.mark.parametrize("text", ["Europe/Oslo", "+15:00", "10"])
def test_what_is_no_fixed_offset_is_refused(text):
    with pytest.raises(ConfigError, match="time zone"):
        parse_zone(text)


@pytest.mark.parametrize("digits", ["1709812800.25", "1709812800250", "1709812800250000"], ids=["s", "ms", "us"])
def test_an_epoch_has_the_unit_that_its_size_tells(digits):
    (found,) = parse_times("t", "time", pd.Series([digits]), TimeRule((), None))
    assert found == NOON + timedelta(seconds=0.25)


@pytest.mark.parametrize("behind", ["Z", "+00:00", " +0000 UTC", ""], ids=["Z", "offset", "as Go writes it", "named"])
@pytest.mark.parametrize("digits", ["25", "2500000", "250000000"], ids=["hundredths", "as .NET", "billionths"])
def test_a_second_may_be_written_to_any_digit(digits, behind):
    """Also beside times of whole seconds; digits beyond a millionth are of no use here."""
    texts = pd.Series([f"2024-03-07 12:00:00.{digits}{behind}", f"2024-03-07 12:00:00{behind}"])
    found = parse_times("t", "time", texts, TimeRule((), None if behind else UTC))
    assert found.tolist() == [NOON + timedelta(seconds=0.25), NOON]


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [
        (["07/03/2024", "13/12/2024"], True),
        (["07/03/2024", "12/31/2024"], False),
        (["07/03/2024", "12/12/2024"], None),
        (["07/03/2024", "17/45/2024"], None),
        (["07/03/2024", "17/13/2024"], None),
        (["07/03/2024", "32/12/2024"], None),
    ],
)
def test_only_a_date_settles_the_order_of_day_and_month(texts, day_first):
    """There is no month 45 or 13 and no day 32, so such dates leave 07/03 open."""
    dates, rule = pd.Series([f"{text} 12:00" for text in texts]), TimeRule((), UTC)
    if day_first is None:
        with pytest.raises(ConfigError, match="day-first or month-first"):
            date_order("t", dates, rule, day_first_by_format=False)
    else:
        assert date_order("t", dates, rule, day_first_by_format=False).day_first == day_first


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("2016-12-31T23:59:60Z", ()),
        ("2016-12-31 23:59:60.5+00:00", ()),
        ("31.12.2016 23:59:60", ("%d.%m.%Y %H:%M:%S",)),
    ],
)
def test_a_leap_second_belongs_to_the_year_that_it_ends(text, formats):
    """IERS Bulletin C 52: the second 23:59:60 of 31 December 2016 comes before 1 January 2017, 0h."""
    (found,) = parse_times("t", "time", pd.Series([text]), TimeRule(formats, UTC))
    assert found.floor("s") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
