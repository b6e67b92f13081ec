"""Parses times in user-supplied tables by the formats given with ``--time-format`` (one or more)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, printable
from pipeline.tables.time_formats import literal_zone
from pipeline.types.times import without_leap_second

if TYPE_CHECKING:
    import pandas as pd

_DAY = re.compile(r"%[#-]?[cdDFjsux]")  # directives that give the day


def parse_times(column: pd.Series, forms: Sequence[str]) -> pd.Series:
    """Texts that match a strptime format, parsed as UTC; everything else unchanged.

    Ambiguous texts, which two formats read as different times, also stay unchanged. ConfigError if a format is invalid.
    """
    import pandas as pd

    out = column.astype(object)
    parsed = pd.DataFrame({n: _parse_with_form(column, form) for n, form in enumerate(forms)}, index=column.index)
    if parsed.empty:
        return out
    times = parsed.bfill(axis=1).iloc[:, 0]
    return out.where(times.isna() | (parsed.nunique(axis=1) > 1), times.astype(object))


def is_ambiguous(texts: Sequence[str], forms: Sequence[str]) -> bool:
    """Is every one of these texts ambiguous, read as different times by two of the formats?

    >>> is_ambiguous(["03/04/2024"], ["%d/%m/%Y", "%m/%d/%Y"]), is_ambiguous(["13/04/2024"], ["%d/%m/%Y", "%m/%d/%Y"])
    (True, False)
    """
    import pandas as pd

    column = pd.Series(list(texts), dtype=object)
    parsed = pd.DataFrame({n: _parse_with_form(column, form) for n, form in enumerate(forms)})
    return bool(len(texts) and len(forms) and (parsed.nunique(axis=1) > 1).all())


def _parse_with_form(column: pd.Series, form: str) -> pd.Series:
    """Times in UTC, NaT where a cell does not match the format; ConfigError if the format is invalid."""
    import pandas as pd

    texts = column.map(lambda cell: without_leap_second(cell.strip()) if isinstance(cell, str) else _digits(cell))
    try:
        times = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    except ValueError as error:
        cause = printable(error)[:80]
        raise ConfigError(f"--time-format {printable(form)}: is not a time format ({cause})") from error
    if zone := literal_zone(form):
        cause = f"the zone {printable(zone)} is plain text and would be read as UTC"
        how = "write offsets such as +0900 in the table, and %z for them"
        raise ConfigError(f"--time-format {printable(form)}: {cause}; {how}")
    if not _DAY.search(form):
        raise ConfigError(f"--time-format {printable(form)}: has no day; a month would be read as its first day")
    return times


def _digits(cell: object) -> str | None:
    """A whole number as text, such as 20240307; None for anything else."""
    return f"{cell:.0f}" if isinstance(cell, int | float) and cell % 1 == 0 else None
