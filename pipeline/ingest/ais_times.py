"""Times of AIS tables: ISO 8601, DMA's day-first dates, epochs by range. What has two readings is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.ais_sentences import EARLIEST_S, LATEST_S

_SLASHED = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})"
_ZONED = r"(?:Z|[+-]\d{2}:?\d{2})$"
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2}):?(\d{2})?")
_EPOCH = r"^\d{9,16}(?:\.\d*)?$"


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How a file's times read: a strptime format where the user names one, and what a time without zone means."""

    format: str | None
    zone: timezone | None
    day_first: bool | None = None


def zone_of(text: str) -> timezone:
    """A fixed offset: ``UTC`` or ``+10:00``. Zone names with daylight saving are refused: an hour has two readings.

    >>> zone_of("+10:00")
    datetime.timezone(datetime.timedelta(seconds=36000))
    """
    if text.upper() in {"UTC", "Z"}:
        return UTC
    found = _OFFSET.fullmatch(text.strip())
    if not found or int(found[2]) > 14:
        raise ConfigError(f"time zone {text!r}: give UTC or a fixed offset such as +10:00")
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))


def date_order(item: object, texts: pd.Series, rule: TimeRule, *, day_first_by_format: bool) -> TimeRule:
    """The rule with the order of day and month settled, from a file's first block.

    Raises ConfigError where dates such as 03/04/2024 leave it open, and the format is not named.
    """
    if rule.format is not None:
        return rule
    written = texts[
        pc.match_substring_regex(pa.array(texts, pa.large_string()), _SLASHED).to_numpy(zero_copy_only=False)
    ]
    if written.empty:
        return rule
    slashed = written.str.extract(_SLASHED)
    if day_first_by_format:
        return TimeRule(rule.format, rule.zone, True)
    first, second = int(slashed[0].astype(int).max()), int(slashed[2].astype(int).max())
    if (first > 12) == (second > 12):
        raise ConfigError(
            f"{item}: dates such as {texts[slashed.index[0]]} are day-first or month-first, and the file does not say; "
            "name the format with --time-format '%d/%m/%Y %H:%M:%S' or '%m/%d/%Y %H:%M:%S'"
        )
    return TimeRule(rule.format, rule.zone, first > 12)


def parse_times(item: object, column: str, texts: pd.Series, rule: TimeRule) -> pd.Series:
    """Times in UTC (NaT where a text is no time), from texts without blanks around them.

    Raises InputError where times have no zone and the rule names none.
    """
    if rule.format is None and (moments := _plain_iso(texts)) is not None:
        return in_utc(item, column, moments, rule)
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    epochs = texts.str.fullmatch(_EPOCH)
    if epochs.any():
        out[epochs] = _from_epochs(texts[epochs])
    rest = texts[~epochs].str.replace(r"(?: ?\+0000)? ?UTC$", "Z", regex=True)
    if rest.empty:
        return out
    if rule.format is not None:
        parsed = pd.to_datetime(rest, format=rule.format, errors="coerce", utc="%z" in rule.format)
        out[~epochs] = in_utc(item, column, parsed, rule)
        return out
    slashed = rest.str.match(_SLASHED)
    if slashed.any() and rule.day_first is not None:
        parsed = _from_slashed(rest[slashed], day_first=rule.day_first)
        out[slashed[slashed].index] = in_utc(item, column, parsed, rule)
    rest = rest[~slashed]
    zoned = rest.str.contains(_ZONED, regex=True)
    if zoned.any():
        out[zoned[zoned].index] = pd.to_datetime(rest[zoned], format="ISO8601", errors="coerce", utc=True)
    if not zoned.all():
        parsed = pd.to_datetime(rest[~zoned], format="ISO8601", errors="coerce")
        out[parsed.index] = in_utc(item, column, parsed, rule)
    return out


def _plain_iso(texts: pd.Series) -> pd.Series | None:
    """Times without a zone where every text is one in ISO 8601, read at once; else None."""
    try:
        moments = pc.cast(pa.array(texts), pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    return pd.Series(moments.to_numpy(zero_copy_only=False), index=texts.index)


def _from_epochs(texts: pd.Series) -> pd.Series:
    """Seconds, milli- or microseconds, told apart by their range, which do not touch."""
    values = texts.astype("float64")
    seconds = pd.Series(float("nan"), index=values.index)
    for divisor in (1.0, 1e3, 1e6):
        scaled = values / divisor
        seconds = seconds.where(~scaled.between(EARLIEST_S, LATEST_S, inclusive="left"), scaled)
    return pd.to_datetime((seconds * 1e6).round(), unit="us", utc=True)


def _from_slashed(texts: pd.Series, *, day_first: bool) -> pd.Series:
    parts = texts.str.extract(_SLASHED + r"[ T]?(.*)$")
    day, month = (parts[0], parts[2]) if day_first else (parts[2], parts[0])
    iso = parts[3] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + "T" + parts[4]
    return pd.to_datetime(iso, format="ISO8601", errors="coerce")


def in_utc(item: object, column: str, parsed: pd.Series, rule: TimeRule) -> pd.Series:
    """Parsed times in UTC, those without a zone by the rule. Raises InputError where it names none."""
    if getattr(parsed.dtype, "tz", None) is not None:
        return parsed.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    if parsed.notna().any() and rule.zone is None:
        raise InputError(
            item, f"column {column}: times have no zone; name it with --time-zone UTC or --time-zone +10:00"
        )
    return parsed.dt.tz_localize(rule.zone).dt.tz_convert("UTC").astype("datetime64[us, UTC]")
