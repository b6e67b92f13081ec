"""Counted calls that an account does not hold, in words: nothing is left out of a sum without a line that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.plurals import number_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.types import Headline

NOT_COUNTED = {"outside_period", "zone_not_counted", "too_long_for_this_trade", "unlikely_tanker"}  # flags of calls


def not_held_lines(head: Headline, hints: Mapping[str, str] | None = None) -> list[str]:
    """A line for each cause, without a full stop; ``hints`` say by account year how to see that year's account."""
    out = []
    for year, count in head.other_years.items():
        hint = f" ({hints[year]})" if hints and year in hints else ""
        out.append(f"{_calls(count)} of account year {year} {_are(count)} not in this account{hint}")
    if count := head.later_calls:
        out.append(f"{_calls(count)} after {head.as_of} {_are(count)} not in this account")
    if count := head.other_product_calls:
        out.append(f"{_calls(count)} {_are(count)} not in this account: the cap does not count that product")
    return out


def outside_lines(calls: pd.DataFrame) -> list[str]:
    """A line on PORT_CALLS that count for nothing but their time, without a full stop; none where there are none."""
    alone = sum(NOT_COUNTED & set(flags) == {"outside_period"} for flags in calls["flags"])
    if not alone:
        return []
    return [f"{number_of(alone, 'call')} of the AIS files {_are(alone)} not counted: outside the period"]


def no_estimate(zones: str) -> str:
    """Of whose unseen calls nothing is known, without a full stop."""
    return f"what nobody saw at {zones} is unknown, and in no sum"


def _calls(count: int) -> str:
    return "1 counted call" if count == 1 else f"{count} counted calls"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
