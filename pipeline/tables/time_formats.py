"""Finds the format of a table's times: the strptime formats that can read its texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST_SHAPES = 20  # texts from which formats are derived; the others mostly look alike (our choice)
_CLOCK = re.compile(r"\d{1,2}:\d\d(?P<seconds>:\d\d)?(?P<part>\.\d+)?(?P<half>\s?[AaPp][Mm])?")
_TAIL = re.compile(r"\s?(?:Z|UTC|GMT|(?P<offset>[+-]\d\d:?\d\d))?")
_DATES = (  # a date, and possible orders of its parts; a and b are the separators
    # 2024年3月7日 too, but not 2024-W10-4, a Thursday in March
    (r"\d{4}(?P<a>[^\dA-Za-z]+)\d{1,2}(?P<b>\D+)\d{1,2}(?P<c>[^\dA-Za-z]*)", ("%Y{a}%m{b}%d{c}",)),
    (r"\d{1,2}(?P<a>\W+)\d{1,2}(?P<b>\W+)\d{4}", ("%d{a}%m{b}%Y", "%m{a}%d{b}%Y")),
    (r"\d{1,2}(?P<a>\W+)\d{1,2}(?P<b>\W+)\d\d", ("%d{a}%m{b}%y", "%m{a}%d{b}%y", "%y{a}%m{b}%d")),
    (r"\d{1,2}(?P<a>\W*)[^\W\d]+(?P<b>\W*)\d{4}", ("%d{a}%b{b}%Y", "%d{a}%B{b}%Y")),
    (r"\d{1,2}(?P<a>\W*)[^\W\d]+(?P<b>\W*)\d\d", ("%d{a}%b{b}%y", "%d{a}%B{b}%y")),
    (r"[^\W\d]+(?P<a>\W+)\d{1,2}(?P<b>\W+)\d{4}", ("%b{a}%d{b}%Y", "%B{a}%d{b}%Y")),
    (r"\d{8}(?P<a>)(?P<b>)", ("%Y%m%d", "%d%m%Y", "%m%d%Y")),
)

_NO_ZONE = re.compile(r"%[#-]?.|UTC|GMT|HRS|UHR|[+-]00?(?::?00)?(?!\d)")
_ZONE = re.compile(r"[A-ZА-Я]{2,}.*|[+-]\d.*")  # in the rest of a format: capital letters or an offset


def literal_zone(time_format: str) -> str:
    """A zone other than UTC that a strptime format contains as plain text, and which is thus ignored; else "".

    >>> literal_zone("%d.%m.%Y %H:%M KST"), literal_zone("%H:%M UTC+9"), literal_zone("%Y年%m月%d日 %H:%M UTC+00")
    ('KST', '+9', '')
    """
    found = _ZONE.search(_NO_ZONE.sub("%", time_format))
    return found[0] if found else ""


def formats_of(texts: Sequence[str]) -> list[str]:
    """The strptime formats that read most of the texts: several if the order of day and month is open.

    Empty if none reads any text. The letters of a time zone are in a format only if they mean UTC.

    >>> formats_of(["19.05.2024", "Total"]), formats_of(["19 March 2024 07:05 PM"]), formats_of(["03/04/24"])
    (['%d.%m.%Y'], ['%d %B %Y %I:%M %p'], ['%d/%m/%y', '%m/%d/%y', '%y/%m/%d'])
    >>> [formats_of([text]) for text in ("19 May 2024 10:00 PST", "2024-05-19 KST", "2024-05-19+09:00", "2024-W10-4")]
    [[], [], [], []]
    >>> formats_of(["45.45.2024"]), formats_of(["10 % 12 % 24"])
    ([], [])
    >>> formats_of(["2024-03-30 12:00 +01:00", "2024-03-31 12:00 +02:00"])  # summer time begins
    ['%Y-%m-%d %H:%M %z']
    """
    import pandas as pd

    distinct = list(dict.fromkeys(text.strip() for text in texts))
    n_read = {
        time_format: int(
            pd.to_datetime(pd.Series(distinct), format=time_format, errors="coerce", utc=True).notna().sum()
        )
        for time_format in dict.fromkeys(
            time_format for text in distinct[:MOST_SHAPES] for time_format in _possible_formats(text)
        )
    }
    most = max(n_read.values(), default=0)
    best = [time_format for time_format, count in n_read.items() if count == most > 0]
    return [
        time_format
        for time_format in best
        if time_format.replace("%B", "%b") == time_format or time_format.replace("%B", "%b") not in best
    ]


def time_format_option(texts: Sequence[str]) -> str:
    """The option that reads the texts; "" if none does.

    >>> time_format_option(["03/04/2024 05:06"])
    "--time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'"
    """
    formats = " or ".join(f"'{time_format}'" for time_format in formats_of(texts))
    return f"--time-format {formats}" if formats else ""


def _possible_formats(text: str) -> Iterator[str]:
    """The formats that a text may have, judging by its characters."""
    if "%" in text:
        return
    date, clock = text, ""
    if found := _CLOCK.search(text):
        tail = _TAIL.fullmatch(text, found.end())
        date = text[: found.start()].rstrip(" T,_")
        if tail is None or date.endswith(("+", "-")):  # 2024-03-07+09:00 is a day with a zone
            return
        zone = tail[0].replace(tail["offset"], "%z") if tail["offset"] else tail[0]
        clock = text[len(date) : found.start()] + _clock_form(found) + zone
    for pattern, orders in _DATES:
        if parts := re.fullmatch(pattern, date):
            yield from (order.format(**parts.groupdict()) + clock for order in orders)


def _clock_form(found: re.Match[str]) -> str:
    """The format of a time of day."""
    half = found["half"]
    hour, noon = ("%I", f"{half[:-2]}%p") if half else ("%H", "")
    return f"{hour}:%M{':%S' if found['seconds'] else ''}{'.%f' if found['part'] else ''}{noon}"
