"""The account in words, as `capwatch account` tells it: its sum, what it does not hold, and the day it is asked for."""

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

_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d")  # Python would also take a week for its Monday


def account_lines(head: Headline, cap: CapConfig) -> list[str]:
    """The account in a few lines, rounded as a report is: its sum, and the counted calls that it does not hold."""
    from pipeline.report.left_out import not_held_lines
    from pipeline.report.wording import barrels, percent, tonnes_line
    from pipeline.volume import last_day_of

    calls = "1 call" if head.calls_counted == 1 else f"{head.calls_counted} calls"
    sums = " / ".join(barrels(value) for value in (head.barrels_p5, head.barrels_p50, head.barrels_p95))
    year = f"account year {head.account_year} as of {head.as_of}"
    lines = [f"{calls} counted, {year}: p5/p50/p95 {sums} bbl, {percent(head.share_p50)} of {head.cap_title}"]
    if line := tonnes_line(head):
        lines.append(line)
    hints = {year: f"--as-of {last_day_of(year, cap)} shows that year" for year in head.other_years}
    return lines + not_held_lines(head, hints)


def without_part_lines(liftings: pd.DataFrame) -> list[str]:
    """What is in no sum of any year though it may have been meant for one: rows that were refused, or have no date."""
    refused = liftings["status"] == "refused"
    undated = ~refused & (liftings["status"] == "degraded") & liftings[["arrival", "departure"]].isna().all(axis=1)
    told = ((refused, "refused, for what the column cause says"), (undated, "without a date"))
    return [f"{number_of(int(rows.sum()), 'row')} in no sum: {why}" for rows, why in told if rows.any()]


def unseen_lines(head: Headline, days: set[str], told: set[str]) -> list[str]:
    """The account with the calls that nobody saw, and what is unknown even so: zones, and days without a row.

    ``days`` are those of the account, ``told`` those of which the table of missed calls speaks (YYYY-MM-DD).
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
        lines.append(
            f"what nobody saw on {untold} of {len(days)} days is unknown, and in no sum: --missed has no such day"
        )
    return lines


def as_of_day(said: str | None) -> date | None:
    """The day of ``--as-of``, UTC; ConfigError where it names none.

    >>> as_of_day("2024-03-31")
    datetime.date(2024, 3, 31)
    """
    if said is None:
        return None
    try:
        if not _DAY.fullmatch(said):
            raise ValueError(said)
        return date.fromisoformat(said)
    except ValueError as error:
        raise ConfigError(f"--as-of {printable(said)}: is not a day; write it as 2024-03-31") from error
