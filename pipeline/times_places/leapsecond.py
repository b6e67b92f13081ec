"""The second 23:59:60, which calendars have now and then and most software cannot say."""

from __future__ import annotations

import re
from datetime import timedelta


def without_leap_second(text: str) -> tuple[str, timedelta]:
    """An ISO 8601 time without second 60, and what to add to it: a leap second is the first one of the next minute.

    >>> without_leap_second("2016-12-31T23:59:60Z")
    ('2016-12-31T23:59:59Z', datetime.timedelta(seconds=1))
    >>> without_leap_second("2024-03-07T02:00:00Z")
    ('2024-03-07T02:00:00Z', datetime.timedelta(0))
    """
    sayable, leap = re.subn(r"(:\d\d):60(?=$|[.Zz+-])", r"\1:59", text)
    return sayable, timedelta(seconds=leap)
