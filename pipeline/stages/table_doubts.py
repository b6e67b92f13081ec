"""Reports refused, degraded or doubtful rows of a table of calls: each cause once, with how to fix it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from pipeline.console import Console
from pipeline.errors import printable
from pipeline.plurals import first_of, number_of
from pipeline.stages.given_times import is_ambiguous
from pipeline.tables.time_formats import time_format_option
from pipeline.volume.dates import NOT_A_TIME
from pipeline.volume.edited import Edit
from pipeline.volume.liftings import FLAG_CAUSES
from pipeline.volume.other_trades import other_trade

MOST_CALLS = 5  # named in one line (our choice)
MOST_COLUMNS = 4  # named in one line (our choice)
MOST_TRADES = 12  # named in one line (our choice)
FEWEST_OTHER_WAY, MOSTLY = 3, 0.9  # calls, and share of them, that make a table look swapped (our choice)
DAYS_OF_SHEETS = (18_000, 74_000)  # spreadsheet day numbers since 30 December 1899: 1949 to 2102
_QUOTED = r"'[^']*'"
_VALUE = rf"{_QUOTED}|\b\d[\d.]*"
_TIME_IN_CAUSE = re.compile(rf"time '?(.*?)'? (?:is a bare number, and )?{NOT_A_TIME}")


def report_doubts(table: Path, liftings: pd.DataFrame, console: Console, time_forms: Sequence[str] = ()) -> None:
    """Report refused or degraded rows, each cause once; causes that differ only in quoted values and numbers are one.

    If unquoted numbers differ, the first row's are given. ``time_forms``: the formats used to parse times.
    """
    doubted = liftings[liftings["status"].isin(["refused", "degraded"])]
    kinds = doubted["cause"].str.replace(_VALUE, "''", regex=True)
    for (status, _), rows in doubted.groupby([doubted["status"], kinds], sort=False):
        names, cause = list(rows["call_id"]), rows["cause"].iloc[0]
        which = _calls(names)
        which += ", the first" if rows["cause"].str.replace(_QUOTED, "''", regex=True).nunique() > 1 else ""
        hint = _hint_of_times(list(rows["cause"]), time_forms)
        done = "row kept" if len(names) == 1 else "rows kept"
        console.problem(f"{table}: {which}: {cause}{hint}", done=f"{done}, {status}")


def report_repeats(table: Path, calls: pd.DataFrame, liftings: pd.DataFrame, console: Console) -> list[str]:
    """Report calls of a named ship equal in all columns but their id: one call written twice counts as two cargoes.

    They are kept, and their ids returned. Ships without name or number are exempt: two may be alike.
    """
    names = [name for name in ("name", "imo", "mmsi", "vessel_id") if name in calls]
    rest = calls.drop(columns="call_id", errors="ignore").astype(str)  # lists of a Parquet file too
    rest = rest.apply(lambda column: column.str.strip().str.casefold())
    is_repeat = rest.duplicated() & calls[names].notna().any(axis=1)
    ids = list(liftings["call_id"][is_repeat.to_numpy()])
    if ids:
        cause = f"{_calls(ids)}: the same ship, times and numbers as an earlier call; is it one call written twice?"
        console.problem(f"{table}: {cause}", done="both kept" if len(ids) == 1 else "all kept")
    return ids


def report_same_ship_calls(table: Path | None, earlier_of: Mapping[str, str], console: Console) -> None:
    """Report calls of one ship within a day: sources that date one visit differently would count it as two cargoes.

    ``earlier_of`` maps the call_id of the later to that of the earlier one. Both are kept: they may be two parcels.
    """
    if earlier_of:
        which = f"{_calls(list(earlier_of))}: the same ship within a day of {_calls(list(earlier_of.values()))}"
        where = "" if table is None else f"{table}: "
        cause = f"{where}{which}; is it one call recorded twice? If so, keep one row"
        console.problem(cause, done="both counted" if len(earlier_of) == 1 else "all counted")


def report_soon_again(earlier_of: Mapping[str, str], console: Console) -> None:
    """Note calls of one ship one to three days apart: each counts as a whole cargo, as if there were time for two.

    ``earlier_of`` maps the call_id of the later to that of the earlier one.
    """
    if earlier_of:
        which = f"{_calls(list(earlier_of))}: the same ship within three days of {_calls(list(earlier_of.values()))}"
        console.note(f"{which}; each counts as a whole cargo: was there time for two, or is it one in two parts?")


def report_opposite_direction(table: Path, liftings: pd.DataFrame, console: Console) -> None:
    """Report if nearly all calls went in the other direction: the draught columns may be swapped."""
    counted = liftings[liftings["counts"].astype(bool)]
    has_direction = counted["direction"].isin(["loading", "discharging"])
    opposite = has_direction & (counted["direction"] != counted["counted"])
    if opposite.sum() >= FEWEST_OTHER_WAY and opposite.sum() >= MOSTLY * has_direction.sum():
        direction, wanted = counted["direction"][opposite].iloc[0], counted["counted"].iloc[0]
        which = (
            f"{opposite.sum()} of {has_direction.sum()} calls with a direction are {direction}, but {wanted} is counted"
        )
        console.note(f"{printable(table)}: {which}; are columns swapped, or is --set counted={direction} meant?")


def report_excluded_by_operation(table: Path, liftings: pd.DataFrame, counted: str, console: Console) -> None:
    """Report calls excluded by ``operation`` alone: for a table of a discharge port these are all of them."""
    n_excluded = int((liftings["cause"] == FLAG_CAUSES["other_direction"]).sum())
    if n_excluded:
        what = f"{number_of(n_excluded, 'call')} not counted: by operation no counted cargo moved"
        console.note(f"{printable(table)}: {what} ({counted} is counted, by --set counted={counted})")


def report_future_calls(table: Path, liftings: pd.DataFrame, now: datetime, console: Console) -> None:
    """Report calls more than a day after ``now`` (clocks and time zones may differ by a day): the year may be wrong."""
    first_end = liftings["arrival"].fillna(liftings["departure"])
    ahead = liftings[(first_end > now + timedelta(days=1)) & (liftings["status"] != "refused")]
    if len(ahead):
        end = "departure" if pd.isna(ahead["arrival"].iloc[0]) else "arrival"
        when = f"{end} {ahead[end].iloc[0]:%Y-%m-%d}"
        cause = f"{_calls(list(ahead['call_id']))}: {when} has not come yet; is its year right?"
        console.problem(f"{table}: {cause}", done="row kept" if len(ahead) == 1 else "rows kept")


def report_other_trades(table: Path, calls: pd.DataFrame, console: Console) -> None:
    """Report ships excluded by ``ship_type`` alone, so that nobody misses their barrels."""
    counted = Counter(trade for row in calls.to_dict("records") if (trade := other_trade(row)))
    if counted:
        shown = first_of([f"{trade} ({count})" for trade, count in counted.most_common()], MOST_TRADES)
        number = number_of(counted.total(), "call")
        console.note(printable(f"{table}: {number} not counted, as ship_type is not a tanker: {shown}"))


def report_contradictions(table: Path, liftings: pd.DataFrame, console: Console) -> None:
    """Report liftings that do not count by status but do by ``counts``; ``counts`` decides."""
    odd = liftings[liftings["counts"].astype(bool) & liftings["status"].isin(["refused", "not_counted"])]
    if len(odd):
        cause = f"{_calls(list(odd['call_id']))}: status is {odd['status'].iloc[0]}, but counts is true"
        done = "counted" if len(odd) == 1 else "all counted"
        console.problem(f"{table}: {cause}; to leave a call out, write false there", done=done)


def report_edits(table: Path, edits: Mapping[str, Sequence[Edit]], console: Console) -> None:
    """Report liftings with figures that do not follow from their own columns, one line per set of such figures."""
    calls_by_columns: dict[tuple[str, ...], list[str]] = {}
    for call, found in edits.items():
        calls_by_columns.setdefault(tuple(edit.column for edit in found), []).append(call)
    for columns, calls in calls_by_columns.items():
        first = edits[calls[0]][0]
        more = f" ({first_of(columns[1:], MOST_COLUMNS)} too)" if len(columns) > 1 else ""
        which = _calls(calls) + (", the first" if len(calls) > 1 else "")
        cause = f"edited: {first.column} is {_amount(first.stated)}"
        cause += f", but the row's other columns give {_amount(first.derived)}{more}"
        hint = "to change a cargo, state barrels or tonnes in the table of calls and run capwatch volume again"
        console.problem(f"{table}: {which}: {cause}; {hint}", done="counted by its other columns")


def _amount(value: float) -> str:
    """A figure in words: a whole number from 100 up (cargo), else four significant digits (a ratio).

    >>> _amount(60000.0), _amount(7.4612)
    ('60,000', '7.461')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def _calls(names: Sequence[str]) -> str:
    """Calls in one line: the first ids, and the number of the rest."""
    more = f" and {len(names) - MOST_CALLS} more" if len(names) > MOST_CALLS else ""
    return f"{'call' if len(names) == 1 else 'calls'} {', '.join(names[:MOST_CALLS])}{more}"


def _hint_of_times(causes: Sequence[str], time_forms: Sequence[str] = ()) -> str:
    """How to get unread times parsed; "" if times are not the fault, or no format fits them.

    >>> _hint_of_times([f"time '19.05.2024' {NOT_A_TIME}"])
    "; add --time-format '%d.%m.%Y'"
    >>> _hint_of_times([f"time 45358 is a bare number, and {NOT_A_TIME}"])
    '; spreadsheets store dates as such numbers: format the column as dates and save it again'
    """
    texts = [found[1] for cause in causes if (found := _TIME_IN_CAUSE.fullmatch(cause))]
    if is_ambiguous(texts, time_forms):
        return "; two of the given --time-format read it differently"
    if form := time_format_option(texts):
        return f"; add {form}"
    if texts and all(text.isdigit() and DAYS_OF_SHEETS[0] < int(text) < DAYS_OF_SHEETS[1] for text in texts):
        return "; spreadsheets store dates as such numbers: format the column as dates and save it again"
    return ""
