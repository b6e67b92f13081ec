"""Wording for `capwatch account`: the account's sum, what it leaves out, and parsing of its `--as-of` day."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, printable
from pipeline.plurals import number_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import CapConfig
    from pipeline.types import Headline

_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d")  # date.fromisoformat also accepts weeks, as their Monday


def account_lines(head: Headline, cap: CapConfig, ledger: pd.DataFrame) -> list[str]:
    """The account in a few lines, rounded as in the report: its sum, and the counted calls that it leaves out."""
    from pipeline.report.left_out import not_held_lines
    from pipeline.report.wording import barrels, interval_for_none, percent, tonnes_line
    from pipeline.volume import last_day_of

    hints = {year: f"--as-of {last_day_of(year, cap)} shows that year" for year in head.other_years}
    year = f"account year {cap.account_year_words(head.account_year)} as of {head.as_of}"
    if not head.calls_counted:  # a sum of 0 would read as "nothing was lifted"
        none = f"no counted call in {year}, so nothing is added up against {head.cap_title}"
        return [none, *not_held_lines(head, cap, hints), _watched(ledger)]
    sums = " / ".join(barrels(value) for value in (head.barrels_p5, head.barrels_p50, head.barrels_p95))
    told = f"p5/p50/p95 {sums} bbl, {percent(head.share_p50)}"
    if not head.barrels_p50:
        told = f"{interval_for_none(head.barrels_p95, 'moved')}, up to {percent(head.share_p95)}"
    lines = [f"{number_of(head.calls_counted, 'call')} counted, {year}: {told} of {head.cap_title}"]
    if line := tonnes_line(head):
        lines.append(line)
    return lines + not_held_lines(head, cap, hints)


def _watched(ledger: pd.DataFrame) -> str:
    """How well an account without calls was observed: the days on which a counted zone was looked at."""
    days, seen = len(ledger), int(ledger["looked"].isin(["usable", "partly"]).sum())
    if (ledger["looked"] == "not_given").all():
        return "what was lifted is unknown: no looks were given (--looks), so nothing shows that the port was watched"
    if not seen:
        watched = f"no look showed a counted zone on any of its {number_of(days, 'day')}"
        return f"what was lifted is unknown: {watched}"
    unseen = f"; what happened on the other {days - seen:,} is unknown" if seen < days else ""
    return f"a counted zone was looked at on {seen:,} of {number_of(days, 'day')}{unseen}"


def unwatched_end_lines(ledger: pd.DataFrame) -> list[str]:
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
        return [f"what was lifted on {days}, the last counted call, is unknown: {why}"]
    return [f"what was lifted on {days}, the last look or counted call, is unknown: no look showed a counted zone"]


def without_part_lines(liftings: pd.DataFrame) -> list[str]:
    """Rows that are in no year's sum though they may have been meant for one: refused, or without a date."""
    refused = liftings["status"] == "refused"
    undated = ~refused & (liftings["status"] == "degraded") & liftings[["arrival", "departure"]].isna().all(axis=1)
    told = ((refused, "refused, see column cause"), (undated, "without a date"))
    return [f"{number_of(int(rows.sum()), 'row')} in no sum: {why}" for rows, why in told if rows.any()]


def unseen_lines(head: Headline, days: set[str], told: set[str]) -> list[str]:
    """The account with the estimated unseen calls, and what remains unknown: zones, and days without a row.

    ``days`` are those of the account, ``told`` those that the table of missed calls covers (YYYY-MM-DD).
    """
    from pipeline.report.left_out import no_estimate
    from pipeline.report.wording import barrels

    lines = []
    if head.corrected_bbl is not None:
        sums = " / ".join(barrels(value) for value in head.corrected_bbl)
        lines.append(f"with the calls that nobody saw: p5/p50/p95 {sums} bbl")
    if head.corrected_without:
        lines.append(no_estimate(", ".join(printable(zone) for zone in head.corrected_without)))
    if untold := len(days - told):
        which = f"{untold} of {len(days)} days"
        lines.append(f"calls that nobody saw on {which} are unknown, and in no sum: --missed lacks these days")
    return lines


def as_of_day(said: str | None) -> date | None:
    """The day given by ``--as-of``, UTC; ConfigError if it is not a date.

    >>> as_of_day("2024-03-31")
    datetime.date(2024, 3, 31)
    """
    from pipeline.volume.dates import YEARS

    if said is None:
        return None
    try:
        if not _DAY.fullmatch(said):
            raise ValueError(said)
        day = date.fromisoformat(said)
        if not YEARS[0] <= day.year <= YEARS[1]:
            raise ValueError(said)
        return day
    except ValueError as error:
        raise ConfigError(f"--as-of {printable(said)}: is not a day; write it as 2024-03-31") from error
