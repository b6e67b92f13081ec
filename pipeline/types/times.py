"""Times as the project takes them: with a zone, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pipeline.errors import ConfigError, printable

LAST_OF_DAY = timedelta(days=1) - timedelta(microseconds=1)


def utc(text: str | datetime) -> datetime:
    """A time as UTC. Text must be ISO 8601 with a zone (``Z`` or an offset); a bare time is refused.

    >>> utc("2024-03-07T12:00:00+10:00").isoformat()
    '2024-03-07T02:00:00+00:00'
    """
    try:
        if isinstance(text, str):
            sayable, leap = without_leap_second(text)
            moment = datetime.fromisoformat(sayable) + leap
        else:
            moment = text
    except ValueError as error:
        raise ConfigError(f"{printable(text)} is not a time; write it in UTC, as in 2024-03-07T02:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigError(f"time {text!s} has no zone; write it in UTC with a Z, as in 2024-03-07T02:00:00Z")
    return moment.astimezone(UTC)


def without_leap_second(text: str) -> tuple[str, timedelta]:
    """An ISO 8601 time without second 60, and what to add to it: a leap second is the first one of the next minute.

    Calendars have one now and then, and most software cannot say it.

    >>> without_leap_second("2016-12-31T23:59:60Z")
    ('2016-12-31T23:59:59Z', datetime.timedelta(seconds=1))
    >>> without_leap_second("2024-03-07T02:00:00Z")
    ('2024-03-07T02:00:00Z', datetime.timedelta(0))
    """
    sayable, leap = re.subn(r"(:\d\d):60(?=$|[.Zz+-])", r"\1:59", text)
    return sayable, timedelta(seconds=leap)
