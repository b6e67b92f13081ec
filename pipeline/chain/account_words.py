"""Wording for `capwatch account`: the account's sum, what it leaves out, and parsing of its `--as-of` day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, printable
from pipeline.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.config import CapConfig
    from pipeline.types import Headline

HALF_YEAR = timedelta(days=182)
MOST_NAMED = 5  # calls that one line names (our choice)
_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d")  # date.fromisoformat also accepts weeks, as their Monday


def account_lines(head: Headline, cap: CapConfig, ledger: pd.DataFrame, moved: str) -> list[str]:
    """The account in a few lines, rounded as in the report: its sum, and the counted calls that it leaves out.

    ``moved`` is what counted ships did: lifted or landed.
    """
    from pipeline.report.left_out import not_in_account_lines
    from pipeline.report.wording import barrels, interval_for_none, percent, tonnes_line
    from pipeline.volume import last_day_of

    hints = {year: f"--as-of {last_day_of(year, cap)} shows that year" for year in head.other_years}
    year = f"account year {cap.account_year_words(head.account_year)} as of {head.as_of}"
    if not head.calls_counted:  # a sum of 0 would read as "nothing was lifted"
        none = f"no counted call in {year}, so nothing is added up against {head.cap_title}"
        return [none, *not_in_account_lines(head, cap, hints), _watched_days_line(ledger, moved)]
    quantiles_text = " / ".join(barrels(value) for value in (head.barrels_p5, head.barrels_p50, head.barrels_p95))
    total_text = f"p5/p50/p95 {quantiles_text} bbl, {percent(head.share_p50)}"
    if not head.barrels_p50:
        total_text = f"{interval_for_none(head.barrels_p95, moved)}, up to {percent(head.share_p95)}"
    lines = [f"{number_of(head.calls_counted, 'call')} counted, {year}: {total_text} of {head.cap_title}"]
    if line := tonnes_line(head):
        lines.append(line)
    return lines + not_in_account_lines(head, cap, hints)


def year_turn_lines(head: Headline, cap: CapConfig, liftings: pd.DataFrame) -> list[str]:
    """Counted calls at a turn of this account's year: a whole cargo goes to one year, by a rule or a midpoint.

    Told for the accounts of both years, since either differs from a count by the other end of the stay.
    """
    from pipeline.tables.records import records_of
    from pipeline.volume.dates import YEAR_UNKNOWN
    from pipeline.volume.membership import ENDS, account_year, day_of

    dated = liftings["counts"].astype(bool) & liftings[["arrival", "departure"]].notna().any(axis=1)
    dated &= liftings["product"].map(lambda name: cap.counts_product(str(name))).astype(bool)
    across: dict[bool, list[str]] = {True: [], False: []}  # by whether this account has them
    unsure = []
    for row in records_of(liftings[dated]):
        call, day = str(row["call_id"]), day_of(row, cap)
        ends = {account_year(day_of(row, cap.model_copy(update={"counts_on": end})), cap)[0] for end in ENDS}
        nearest = {account_year(day + sign * HALF_YEAR, cap)[0] for sign in (-1, 1)}
        if f"the {cap.counts_on} lies between" in str(row["cause"]) and YEAR_UNKNOWN in str(row["cause"]):
            unsure += [call] if head.account_year in nearest and cap.year_starts == "01-01" else []
        elif len(ends) > 1 and head.account_year in ends:
            across[account_year(day, cap)[0] == head.account_year].append(call)
    lines = [
        f"{number_of(len(calls), 'counted call')} came in one account year and left in another: the cap counts by "
        f"{cap.counts_on}, which lies in {'this year' if is_here else 'the other year'} ({_named(calls)})"
        for is_here, calls in across.items()
        if calls
    ]
    if unsure:
        these, middle = number_of(len(unsure), "counted call"), f"the middle decides ({_named(unsure)})"
        lines.append(f"{these} may be of this account year or of the one beside it: {middle}")
    return lines


def _named(calls: Sequence[str]) -> str:
    """The ids of the first calls, and how many more there are."""
    more = f" and {len(calls) - MOST_NAMED:,} more" if len(calls) > MOST_NAMED else ""
    return ", ".join(printable(call) for call in calls[:MOST_NAMED]) + more


def _watched_days_line(ledger: pd.DataFrame, moved: str) -> str:
    """How well an account without calls was observed: the days on which a counted zone was looked at."""
    n_days, n_seen = len(ledger), int(ledger["looked"].isin(["usable", "partly"]).sum())
    if (ledger["looked"] == "not_given").all():
        return f"what was {moved} is unknown: no looks were given (--looks), so nothing shows that the port was watched"
    if not n_seen:
        cause = f"no look showed a counted zone on any of its {number_of(n_days, 'day')}"
        return f"what was {moved} is unknown: {cause}"
    unseen = f"; what happened on the other {n_days - n_seen:,} is unknown" if n_seen < n_days else ""
    return f"a counted zone was looked at on {n_seen:,} of {number_of(n_days, 'day')}{unseen}"


def unwatched_end_lines(ledger: pd.DataFrame, moved: str) -> list[str]:
    """A line if the account goes on after its last call and look: an unchanged sum on those days is not evidence.

    For an account without calls, `account_lines` says so for all its days.
    """
    if not ledger["calls"].iloc[-1]:
        return []
    called = ledger["calls"] > ledger["calls"].shift(fill_value=0)  # also on the year's first day
    evident = ledger["looked"].isin(["usable", "partly"]) | called
    after = len(ledger) - 1 - int(evident.to_numpy().nonzero()[0][-1])
    if not after:
        return []
    days = f"the {'day' if after == 1 else f'{after:,} days'} after {ledger['day'].iloc[-1 - after]}"
    if (ledger["looked"] == "not_given").all():
        why = "no looks were given (--looks), so nothing shows that the port was watched"
        return [f"what was {moved} on {days}, the last counted call, is unknown: {why}"]
    return [f"what was {moved} on {days}, the last look or counted call, is unknown: no look showed a counted zone"]


def excluded_row_lines(liftings: pd.DataFrame) -> list[str]:
    """Rows that are in no year's sum though they may have been meant for one: refused, or without a date."""
    refused = liftings["status"] == "refused"
    undated = ~refused & (liftings["status"] == "degraded") & liftings[["arrival", "departure"]].isna().all(axis=1)
    excluded = ((refused, "refused, see column cause"), (undated, "without a date"))
    return [f"{number_of(int(rows.sum()), 'row')} in no sum: {why}" for rows, why in excluded if rows.any()]


def unseen_lines(head: Headline, account_days: set[str], covered_days: set[str]) -> list[str]:
    """The account with the estimated unseen calls, and what remains unknown: zones, and days without a row.

    ``account_days`` are those of the account, ``covered_days`` those of the table of missed calls (YYYY-MM-DD).
    """
    from pipeline.report.left_out import no_estimate_line
    from pipeline.report.wording import barrels, interval_for_none

    lines = []
    if head.corrected_bbl is not None and head.corrected_bbl[2] > 0:
        sums = f"p5/p50/p95 {' / '.join(barrels(value) for value in head.corrected_bbl)} bbl"
        if not head.corrected_bbl[1]:
            sums = interval_for_none(head.corrected_bbl[2], "")
        lines.append(f"with the calls that nobody saw: {sums}")
    if head.corrected_without:
        lines.append(no_estimate_line(", ".join(printable(zone) for zone in head.corrected_without)))
    if n_uncovered := len(account_days - covered_days):
        which = f"{n_uncovered} of {len(account_days)} days"
        lines.append(f"calls that nobody saw on {which} are unknown, and in no sum: --missed lacks these days")
    return lines


def parse_as_of_day(text: str | None) -> date | None:
    """The day given by ``--as-of``, UTC; ConfigError if it is not a date.

    >>> parse_as_of_day("2024-03-31")
    datetime.date(2024, 3, 31)
    """
    from pipeline.volume.dates import YEARS

    if text is None:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
        if not YEARS[0] <= day.year <= YEARS[1]:
            raise ValueError(text)
        return day
    except ValueError as error:
        raise ConfigError(f"--as-of {printable(text)}: is not a day; write it as 2024-03-31") from error
