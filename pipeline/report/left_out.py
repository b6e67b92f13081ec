"""Reports calls left out of an account: nothing is left out of a sum without a line that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.plurals import number_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import CapConfig
    from pipeline.types import Headline

NOT_COUNTED = {  # flags of calls
    "outside_period",
    "zone_not_counted",
    "too_long_for_this_trade",
    "too_short_for_this_trade",
    "unlikely_tanker",
}
AT_COUNTED_ZONES = {  # those that exclude calls at zones whose stays count, perhaps by a wrong setting
    "too_long_for_this_trade": "longer than ships of this trade (max_length_m of the zone)",
    "too_short_for_this_trade": "boats, shorter than any tanker at sea",
    "unlikely_tanker": "not likely a tanker",
}


def not_in_account_lines(head: Headline, cap: CapConfig, hints: Mapping[str, str] | None = None) -> list[str]:
    """A line per cause, without a full stop; ``hints`` say for each account year how to get that year's account."""
    out = []
    for year, count in head.other_years.items():
        hint = f" ({hints[year]})" if hints and year in hints else ""
        these = f"{_calls(count)} of account year {cap.account_year_words(year)}"
        out.append(f"{these} {_are(count)} not in this account{hint}")
    if count := head.later_calls:
        end = "left" if cap.counts_on == "departure" else "came"
        out.append(f"{_calls(count)} that {end} after {head.as_of} {_are(count)} not in this account")
    if count := head.other_product_calls:
        out.append(f"{_calls(count)} {_are(count)} not in this account: the cap does not count that product")
    return out


def outside_period_lines(calls: pd.DataFrame) -> list[str]:
    """A line on calls at counted zones excluded only by their time, without a full stop; empty if there are none."""
    if not (n_outside := _count_excluded(calls, "outside_period")):
        return []
    these = f"{number_of(n_outside, 'call')} of the AIS files at counted zones"
    return [f"{these} {_are(n_outside)} not counted: outside the period"]


def excluded_call_lines(calls: pd.DataFrame) -> list[str]:
    """A line for each cause that excludes calls at counted zones from the account, without a full stop.

    Without it, a zone whose ``max_length_m`` lacks a digit would look like a berth that nobody visited.
    """
    counts = {flag: _count_excluded(calls, flag) for flag in AT_COUNTED_ZONES}
    shorter = calls["flags"].map(lambda flags: "may_be_shorter" in flags).astype(bool)
    n_unsure = _count_excluded(calls[shorter], "too_long_for_this_trade")
    doubts = {"too_long_for_this_trade": f"; for {n_unsure} the length interval begins below it"} if n_unsure else {}
    return [
        f"{number_of(count, 'call')} at counted zones {_are(count)} not counted: {AT_COUNTED_ZONES[flag]}"
        f"{doubts.get(flag, '')}"
        for flag, count in counts.items()
        if count
    ]


def _count_excluded(calls: pd.DataFrame, flag: str) -> int:
    """Number of calls excluded by this cause alone."""
    return sum(NOT_COUNTED & set(flags) == {flag} for flags in calls["flags"])


def no_estimate_line(zones: str) -> str:
    """Says that unseen calls at these zones are unknown, without a full stop."""
    return f"calls that nobody saw at {zones} are unknown, and in no sum"


def _calls(count: int) -> str:
    return "1 counted call" if count == 1 else f"{count} counted calls"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
