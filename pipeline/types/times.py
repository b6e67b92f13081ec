"""Parsing of times: timezone-aware, in UTC."""

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
        moment = datetime.fromisoformat(without_leap_second(text)) if isinstance(text, str) else text
    except ValueError as error:
        raise ConfigError(f"{printable(text)} is not a time; write it in UTC, as in 2024-03-07T02:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigError(f"time {text!s} has no zone; write it in UTC with a Z, as in 2024-03-07T02:00:00Z")
    return moment.astimezone(UTC)


LEAP_SECOND = r"(:\d\d):60(?!\d)"


def without_leap_second(text: str) -> str:
    """A time with second 59 in place of a leap second (60), which most software cannot represent.

    The time stays in the same day, month and year.

    >>> without_leap_second("2016-12-31T23:59:60Z"), without_leap_second("2024-03-07T02:00:00Z")
    ('2016-12-31T23:59:59Z', '2024-03-07T02:00:00Z')
    """
    return re.sub(LEAP_SECOND, r"\1:59", text)
