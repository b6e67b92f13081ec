"""Parses times of AIS tables: ISO 8601, DMA's day-first dates, epochs by range. Ambiguous times are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ConfigError, InputError, printable
from pipeline.ingest.ais.sentences import EARLIEST_S, LATEST_S
from pipeline.ingest.ais.split_times import CLOCK_PATTERN
from pipeline.tables.time_formats import time_format_option
from pipeline.types.times import LEAP_SECOND

_SLASHED = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})"
_ISO = r"^[0-9]{4}(?:-[0-9]{1,2}-|[0-9]{4})"  # not "now", nor a month alone, nor digits of another script
_ZONED = r"(?:[Zz]|[+-]\d{2}:?\d{2}|[Tt ]\d.*[+-]\d{1,2}(?::?\d{2})?)$"
_TWELVE_HOUR = re.compile(r"(?<=[ T])(\d{1,2})(:\d\d(?::\d\d(?:\.\d+)?)?)\s?([AaPp])\.?[Mm]\.?")  # 02:15:00 PM
_AM_OR_PM = r"\d\s?[AaPp]\.?[Mm]"
_UNDERSCORED = r"^(\d{8})_(\d{6})$"  # exactEarth's form
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2}):?(\d{2})?")
EARLIEST, LATEST = (datetime.fromtimestamp(s, UTC) for s in (EARLIEST_S, LATEST_S))
MAX_TEXTS_TRIED = 1000  # times on which a format is tried before it is suggested (our choice)
MOST_AHEAD = timedelta(days=1)  # tolerance for this computer's clock, which may be wrong; our choice
_DAY = r"\d{4}-?\d{2}-?\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}"
_DAY_CHARACTERS = 10  # at most
_EPOCH = r"^\d{9,19}(?:\.\d*)?$"


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How to read a file's times: strptime formats if the user names them, and the zone of times without one."""

    formats: tuple[str, ...]
    zone: timezone | None
    day_first: bool | None = None
    zoned: bool = False
    """Does the file have times with a zone? Then one without is damaged, but no reason to refuse the file."""
    latest: datetime = LATEST
    """Messages can only have been sent before this."""

    def only_possible(self, moments: pd.Series) -> pd.Series:
        """Times in UTC, NaT for those at which no message can have been sent."""
        return moments.where(moments.between(EARLIEST, self.latest, inclusive="left"))


def latest_possible_time() -> datetime:
    """The latest time at which a message can have been sent."""
    return datetime.now(UTC) + MOST_AHEAD


def parse_zone(text: str) -> timezone:
    """A fixed offset: ``UTC`` or ``+10:00``. Zone names with daylight saving are refused: one hour is ambiguous.

    >>> parse_zone("+10:00")
    datetime.timezone(datetime.timedelta(seconds=36000))
    """
    if text.upper() in {"UTC", "Z"}:
        return UTC
    found = _OFFSET.fullmatch(text.strip())
    if not found or int(found[2]) > 14:
        raise ConfigError(f"time zone {text!r}: give UTC or a fixed offset such as +10:00")
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))


def zone_in_name(name: str) -> timezone | None:
    """The zone stated in a time column's name; None if there is none, or it is unclear.

    >>> zone_in_name("DT_POS_UTC") == UTC, str(zone_in_name("Time (UTC+9)")), zone_in_name("Time..UTC.9.")
    (True, 'UTC+09:00', None)
    """
    found = re.search(r"(?<![a-z])(?:utc|gmt)(?![a-z])([^a-z]*)", name.lower())
    offset = re.sub(r"[^\d+:-]", "", found[1]) if found else ""
    if not found or not re.search(r"\d", offset):
        return UTC if found else None
    return parse_zone(offset) if re.fullmatch(r"[+-](0?\d|1[0-4])(:?[0-5]\d)?", offset) else None


def date_order(item: object, texts: pd.Series, rule: TimeRule, *, day_first_by_format: bool) -> TimeRule:
    """The rule with the order of day and month decided from a file's first block.

    Raises ConfigError if dates such as 03/04/2024 leave it open, and no format is named.
    """
    if rule.formats:
        return rule
    written = texts[
        pc.match_substring_regex(pa.array(texts, pa.large_string()), _SLASHED).to_numpy(zero_copy_only=False)
    ]
    if written.empty:
        return rule
    if day_first_by_format:
        return replace(rule, day_first=True)
    if 2 * len(written) < len(texts):
        return rule  # a few dates in a form that the file has not: they are no times
    parts = written.str.extract(_SLASHED)
    first, second = parts[0].astype(int), parts[2].astype(int)
    day_first, month_first = (
        (first_number.between(13, 31) & (second_number <= 12)).any()
        for first_number, second_number in ((first, second), (second, first))
    )
    if day_first == month_first:
        shown = texts[written.index[0]]
        option = time_format_option(list(written[:MAX_TEXTS_TRIED])) or "--time-format"
        raise ConfigError(
            f"{item}: dates such as {shown} are day-first or month-first, and the file does not say; "
            f"name the format with capwatch ais {option}"
        )
    return replace(rule, day_first=bool(day_first))


def time_format_hint(texts: Sequence[str]) -> str:
    """How to get texts parsed of which none was read as a time; "" if no way is known.

    >>> time_format_hint(["07-Mar-2024 10:00"]), time_format_hint(["45358.4167"])
    ("; name it with capwatch ais --time-format '%d-%b-%Y %H:%M'", '; a spreadsheet counts days so: save them as dates')
    """
    if all(re.fullmatch(r"\d{5}(?:[.,]\d+)?", text) for text in texts):
        return "; a spreadsheet counts days so: save them as dates"
    if all(re.fullmatch(CLOCK_PATTERN, text) for text in texts):
        named = "name its column with capwatch ais --columns date=COLUMN"
        return f"; it names no day: {named}, or write day and time in one column"
    forms = time_format_option(texts[:MAX_TEXTS_TRIED])
    return f"; name it with capwatch ais {forms}" if forms else ""


def parse_times(item: object, column: str, texts: pd.Series, rule: TimeRule) -> pd.Series:
    """Times in UTC (NaT for invalid texts), from stripped texts.

    If some times state a zone, those without one are invalid. So are dates without a time of day, if most are such (a
    few are midnight, as some programs write it). Raises InputError if none states a zone and the rule has none.
    """
    timed = texts if rule.formats else _without_bare_dates(texts)
    timed = timed.str.replace(LEAP_SECOND, r"\1:59", regex=True)
    return _parse_timed(item, column, timed, rule).reindex(texts.index)


def _parse_timed(item: object, column: str, texts: pd.Series, rule: TimeRule) -> pd.Series:
    """As `parse_times`, for texts without bare dates."""
    if not rule.formats and (moments := _parse_plain_iso(texts)) is not None:
        return to_utc(item, column, moments, rule)
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    epochs = texts.str.fullmatch(_EPOCH)
    if epochs.any():
        out[epochs] = _parse_epochs(texts[epochs])
    rest = texts[~epochs]
    if rule.formats:
        out[~epochs] = _parse_by_formats(item, column, rest, rule)
        return out
    rest = _to_iso(rest, rule.day_first)
    zoned = rest.str.contains(_ZONED, regex=True)
    stated = pd.to_datetime(rest[zoned], format="ISO8601", errors="coerce", utc=True)
    out[rest.index[zoned]] = stated.dt.as_unit("us")  # some write billionths of a second
    bare = rest[~zoned]
    if bare.empty or (rule.zone is None and (rule.zoned or out.notna().any())):
        return out
    # utc=True: other than without, it raises for no text
    parsed = pd.to_datetime(bare, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    out[bare.index] = to_utc(item, column, parsed, rule)
    return out


def _without_bare_dates(texts: pd.Series) -> pd.Series:
    """The texts, with bare dates removed if more than half are such."""
    short = pc.less_equal(pc.utf8_length(pa.array(texts, pa.large_string())), _DAY_CHARACTERS)
    if 2 * (pc.sum(short).as_py() or 0) <= len(texts):
        return texts
    days = texts.str.fullmatch(_DAY)
    return texts[~days] if 2 * days.sum() > len(texts) else texts


def _to_iso(texts: pd.Series, day_first: bool | None) -> pd.Series:
    """Texts converted to ISO 8601; those of unknown form, and dates of unknown order, are left out."""
    texts = texts.str.replace(r"(?: ?\+0000)? ?(?:UTC|GMT)$", "Z", regex=True).str.replace(
        _UNDERSCORED, r"\1T\2", regex=True
    )
    if (is_12_hour := texts.str.contains(_AM_OR_PM, regex=True)).any():
        texts = texts.where(~is_12_hour, texts.str.replace(_TWELVE_HOUR, _to_24_hours, regex=True))
    slashed = texts.str.match(_SLASHED)
    if slashed.any() and day_first is not None:
        texts = texts.where(~slashed, _slashed_to_iso(texts[slashed], day_first=day_first))
    return texts[texts.str.match(_ISO)]


def _to_24_hours(found: re.Match[str]) -> str:
    """A 12-hour time converted to 24 hours: 12:15 AM is 00:15; impossible ones stay unchanged.

    >>> [_TWELVE_HOUR.sub(_to_24_hours, f" {t}") for t in ("12:15 AM", "12:15:30 p.m.", "1:05PM", "13:05 PM")]
    [' 00:15', ' 12:15:30', ' 13:05', ' 13:05 PM']
    """
    hour = int(found[1])
    if not 1 <= hour <= 12:
        return found[0]
    return f"{hour % 12 + 12 * (found[3] in 'Pp'):02d}{found[2]}"


def _parse_by_formats(item: object, column: str, texts: pd.Series, rule: TimeRule) -> pd.Series:
    """Times in UTC, each text by the format that matches; NaT if two formats give different times."""
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    ambiguous = pd.Series(False, index=texts.index)
    for form in rule.formats:
        found = to_utc(item, column, _parse_by_format(texts, form), rule)
        ambiguous |= out.notna() & found.notna() & (out != found)
        out = out.where(out.notna(), found)
    return out.mask(ambiguous)


def _parse_by_format(texts: pd.Series, form: str) -> pd.Series:
    """Times in the user's format; ConfigError if that is invalid."""
    try:
        return pd.to_datetime(texts, format=form, errors="coerce", utc="%z" in form.lower())
    except ValueError as error:
        raise ConfigError(
            f"--time-format {printable(form)}: is no format of times ({printable(error)[:80]})"
        ) from error


def _parse_plain_iso(texts: pd.Series) -> pd.Series | None:
    """Times without a zone, parsed at once, if every text is ISO 8601; else None."""
    try:
        moments = pc.cast(pa.array(texts), pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    return pd.Series(moments.to_numpy(zero_copy_only=False), index=texts.index)


def _parse_epochs(texts: pd.Series) -> pd.Series:
    """Times from seconds, milli-, micro- or nanoseconds, decided by their disjoint ranges."""
    values = texts.astype("float64")
    seconds = pd.Series(float("nan"), index=values.index)
    for divisor in (1.0, 1e3, 1e6, 1e9):
        scaled = values / divisor
        seconds = seconds.where(~scaled.between(EARLIEST_S, LATEST_S, inclusive="left"), scaled)
    return pd.to_datetime((seconds * 1e6).round(), unit="us", utc=True)


def _slashed_to_iso(texts: pd.Series, *, day_first: bool) -> pd.Series:
    """Dates such as 07/03/2024, with any time after them, as ISO 8601."""
    parts = texts.str.extract(_SLASHED + r"[ T]?(.*)$")
    day, month = (parts[0], parts[2]) if day_first else (parts[2], parts[0])
    return parts[3] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + "T" + parts[4]


def to_utc(item: object, column: str, parsed: pd.Series, rule: TimeRule) -> pd.Series:
    """Parsed times in UTC, those without a zone by the rule's. Raises InputError if it has none."""
    if getattr(parsed.dtype, "tz", None) is not None:
        return parsed.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    if parsed.isna().all():  # of no time nobody asks the zone
        return pd.Series(pd.NaT, index=parsed.index, dtype="datetime64[us, UTC]")
    if rule.zone is None:
        raise InputError(
            item,
            f"column {column}: times have no zone; name it with capwatch ais --time-zone UTC or --time-zone +10:00",
        )
    return parsed.dt.tz_localize(rule.zone).dt.tz_convert("UTC").astype("datetime64[us, UTC]")
