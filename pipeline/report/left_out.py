"""Counted calls that an account does not hold, in words: nothing is left out of a sum without a line that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.types import Headline


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


def _calls(count: int) -> str:
    return "1 counted call" if count == 1 else f"{count} counted calls"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
