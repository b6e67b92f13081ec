"""Acquisition time and satellite of an image, from its tags or its name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pipeline.types import TIME_OF_DAY_UNKNOWN
from pipeline.types.times import without_leap_second

TIME_TAGS = ("TIME_UTC", "ACQUISITIONDATETIME", "ACQUIRED")
WRITTEN_TAG = "TIFFTAG_DATETIME"  # of TIFF itself: some operators put the acquisition there, most programs the writing
FIRST_YEAR = 2014  # launch of Sentinel-1A; no sensor that this reads is older
FILE_DATE = f"{TIME_OF_DAY_UNKNOWN}; the file gives the date"
ONLY_DATE = f"{TIME_OF_DAY_UNKNOWN}; the file name gives the date"
MAYBE_WRITTEN = f"acquisition time from {WRITTEN_TAG}, which may be the time of writing"
# As the Copernicus and Sentinel Hub browsers name what they export: the days that were searched
_SEARCHED = re.compile(r"(?<!\d)(20\d\d-\d\d-\d\d)-\d\d\D\d\d_(20\d\d-\d\d-\d\d)-\d\d\D\d\d(?!\d)")
_MINUTES = timedelta(minutes=10)  # our choice: names give the start of a pass or its middle
_HALF_DAY = timedelta(hours=12)


def acquired_of(tags: dict[str, str], name: str) -> tuple[datetime | None, str]:
    """UTC time of an image and what is doubtful about it.

    From a tag for it, else from a full time in the name, else from TIFF's own time where no date speaks against it,
    else noon of a date.
    """
    for key in TIME_TAGS:
        if key in tags and (moment := parse_time(tags[key])) is not None:
            return moment, ""
    named, written = _time_in(name), parse_time(tags.get(WRITTEN_TAG, ""))
    if named is not None:
        apart = written is not None and abs(written - named) > _MINUTES
        return named, f"time from its name; {WRITTEN_TAG} says {written:%Y-%m-%dT%H:%M:%SZ}" if apart else ""
    day, doubt = _noon_of(tags, name)
    if written is not None and (day is None or abs(written - day) <= _HALF_DAY):
        return written, MAYBE_WRITTEN
    return day, doubt


def _time_in(name: str) -> datetime | None:
    """Date and time of day in a file's name; the date may be a day of the year, as in NASA's names.

    >>> _time_in("HLS.S30.T52SXX.2024070T020621.v2.0.B03").isoformat()
    '2024-03-10T02:06:21+00:00'
    """
    whole = re.search(r"(?<!\d)(20\d{6})[Tt_-]?(\d{6})(?!\d)", name)
    if whole is not None:
        return parse_time(f"{whole.group(1)}T{whole.group(2)}")
    counted = re.search(r"(?<!\d)(20\d\d)(\d{3})[Tt](\d{6})(?!\d)", name)
    if counted is None or not 1 <= int(counted[2]) <= 366:
        return None
    at = parse_time(f"{counted[1]}0101T{counted[3]}")
    return at + timedelta(days=int(counted[2]) - 1) if at is not None else None


def _noon_of(tags: dict[str, str], name: str) -> tuple[datetime | None, str]:
    """Noon of the date that the file or its name gives, and what is doubtful about it."""
    if (day := parse_time(tags.get("DATE", "") + "T12:00:00")) is not None:
        return day, FILE_DATE
    searched = _SEARCHED.search(name)
    if searched is not None and searched[1] != searched[2]:
        return None, f"acquisition time unknown: its name gives the days {searched[1]} to {searched[2]}"
    date = re.search(r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)", name)
    if date and (day := parse_time("-".join(date.groups()) + "T12:00:00")) is not None:
        return day, ONLY_DATE
    return None, "acquisition time unknown"


def parse_time(text: str) -> datetime | None:
    """A UTC time in one of the formats used by image files, else None; a time without a zone is UTC.

    >>> parse_time("2015/9/2.10:25:20").isoformat()
    '2015-09-02T10:25:20+00:00'
    >>> parse_time("2024:03:08 02:10:00").isoformat()
    '2024-03-08T02:10:00+00:00'
    """
    spelled = re.fullmatch(
        r"(\d{4})[/:](\d{1,2})[/:](\d{1,2})[. T](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?Z?", text.strip()
    )
    if spelled:
        year, *parts, fraction = spelled.groups()
        month, day, hour, minute, second = (f"{int(part):02d}" for part in parts)
        text = f"{year}-{month}-{day}T{hour}:{minute}:{second}{fraction or ''}"
    try:
        moment = datetime.fromisoformat(without_leap_second(text.strip()))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def implausible(moment: datetime | None, now: datetime) -> str:
    """Why a time cannot be an acquisition's, or ""."""
    if moment is None:
        return ""
    if moment.year < FIRST_YEAR:
        return f"acquired {moment:%Y-%m-%d}, before any satellite that is read here"
    if moment > now:
        return f"acquired {moment:%Y-%m-%dT%H:%MZ}, which lies in the future"
    return ""


def platform_of(text: str) -> str:
    """Satellite by the start of a Sentinel product name, else "".

    >>> platform_of("S1A_IW_GRDH_1SDV_20150902T102505"), platform_of("s1b-iw-grd-vv"), platform_of("genoa")
    ('sentinel-1a', 'sentinel-1b', '')
    """
    found = re.match(r"S([12])([A-Z])[_-]", text.upper())
    return f"sentinel-{found.group(1)}{found.group(2).lower()}" if found else ""
