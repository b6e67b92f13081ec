"""Times of a table that somebody brings, in the forms that ``--time-format`` names: once, or once for each form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, printable
from pipeline.tables.time_forms import literal_zone
from pipeline.types.times import without_leap_second

if TYPE_CHECKING:
    import pandas as pd

_DAY = re.compile(r"%[#-]?[cdDFjsux]")  # what tells the day in a format of times


def in_forms(column: pd.Series, forms: Sequence[str]) -> pd.Series:
    """Texts that one of the forms of strptime reads, as times in UTC; everything else as it is.

    What two of them read as two times stays as it is, too: nobody knows which of them was meant. ConfigError where one
    is no form of times.
    """
    import pandas as pd

    out = column.astype(object)
    read = pd.DataFrame({n: _by_form(column, form) for n, form in enumerate(forms)}, index=column.index)
    if read.empty:
        return out
    times = read.bfill(axis=1).iloc[:, 0]
    return out.where(times.isna() | (read.nunique(axis=1) > 1), times.astype(object))


def read_as_two(texts: Sequence[str], forms: Sequence[str]) -> bool:
    """Does each text of some stay no time because two of the forms read it as two?

    >>> read_as_two(["03/04/2024"], ["%d/%m/%Y", "%m/%d/%Y"]), read_as_two(["13/04/2024"], ["%d/%m/%Y", "%m/%d/%Y"])
    (True, False)
    """
    import pandas as pd

    column = pd.Series(list(texts), dtype=object)
    read = pd.DataFrame({n: _by_form(column, form) for n, form in enumerate(forms)})
    return bool(len(texts) and len(forms) and (read.nunique(axis=1) > 1).all())


def _by_form(column: pd.Series, form: str) -> pd.Series:
    """Times in UTC, NaT where a cell is not of that form; ConfigError where it is no form of times."""
    import pandas as pd

    texts = column.map(lambda cell: without_leap_second(cell.strip()) if isinstance(cell, str) else _digits(cell))
    try:
        read = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    except ValueError as error:
        cause = printable(error)[:80]
        raise ConfigError(f"--time-format {printable(form)}: is no format of times ({cause})") from error
    if zone := literal_zone(form):
        cause = f"the zone {printable(zone)} is no more than letters, and times are UTC"
        how = "write offsets such as +0900 in the table, and %z for them"
        raise ConfigError(f"--time-format {printable(form)}: {cause}; {how}")
    if not _DAY.search(form):
        raise ConfigError(f"--time-format {printable(form)}: names no day; a month would be taken for its first")
    return read


def _digits(cell: object) -> str | None:
    """A whole number as it was written, such as 20240307."""
    return f"{cell:.0f}" if isinstance(cell, int | float) and cell % 1 == 0 else None
