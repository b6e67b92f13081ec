"""Which calls an account holds: those that count, that can be drawn, whose cargo the cap may count, by their day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.ships.largest import BROADEST_M, DEEPEST_M, HIGHEST_M, LONGEST_M
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.tables.number_law import law_doubt
from pipeline.tables.records import records_of
from pipeline.volume.identity import with_tied_imos

if TYPE_CHECKING:
    from collections.abc import Mapping

UNNAMED = ("mix", "")  # no product is named: the config's shares say what it may be
ENDS = ("arrival", "departure")
GIVEN = ("given_barrels", "given_tonnes")
DEADWEIGHT = ("dwt_p50_t", "dwt_log_sd", "dwt_shared_sd")
ABOVE_ZERO = ("length_m", "beam_m", "depth_m", "design_draught_m", "freeboard_in_sd_m", "freeboard_out_sd_m")
# What the volume stage takes of a table of calls; of deadweight more, for a hull may tell it. Spreads are our choice:
# exp(3) is twenty times a size
AT_MOST = {
    "given_barrels": 5e6, "given_tonnes": 5e6, "dwt_p50_t": 1e6, "dwt_log_sd": 3.0, "dwt_shared_sd": 3.0,
    "length_m": LONGEST_M, "beam_m": BROADEST_M, "draught_in_m": DEEPEST_M, "draught_out_m": DEEPEST_M,
    "depth_m": HIGHEST_M, "design_draught_m": DEEPEST_M,
}  # fmt: skip
SCENARIOS = tuple(f"barrels_at_{name}" for name, _ in FILL_SCENARIOS)


def account_year(day: date, cap: CapConfig) -> tuple[str, date]:
    """Name and first day of the account year in which a day lies.

    The year is named after the calendar year in which it starts, as the cap's text does.
    """
    start = start_of_year(day, cap.year_starts)
    return str(start.year), start


def start_of_year(day: date, year_starts: str) -> date:
    """First day of the account year in which a day lies, where years start on that month and day (MM-DD).

    >>> start_of_year(date(2024, 1, 5), "12-22").isoformat()
    '2023-12-22'
    """
    start = _start(day.year, year_starts)
    return start if day >= start else _start(day.year - 1, year_starts)


def last_day_of(year: str, cap: CapConfig) -> date:
    """Last day of the account year of that name."""
    return _start(int(year) + 1, cap.year_starts) - timedelta(days=1)


def _start(year: int, year_starts: str) -> date:
    month, first = (int(part) for part in year_starts.split("-"))
    return date(year, month, first)


def day_of(row: Mapping[Any, Any], cap: CapConfig) -> date:
    """The UTC day that decides a call's account year; where that end of the stay is not known, the other end's."""
    other = "arrival" if cap.counts_on == "departure" else "departure"
    moment = row[cap.counts_on] if not pd.isna(row[cap.counts_on]) else row[other]
    return pd.Timestamp(moment).tz_convert("UTC").date()


def refusals(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> dict[str, str]:
    """Counted rows that no account can hold, by call_id, each with the cause."""
    counted = liftings[liftings["counts"].astype(bool)]
    causes = {str(row["call_id"]): _cause(row, cap, config) for row in records_of(counted)}
    return {call: cause for call, cause in causes.items() if cause}


def refused(liftings: pd.DataFrame, causes: dict[str, str]) -> pd.DataFrame:
    """The liftings with those rows kept as refused: they count no more, and say why."""
    hit = liftings["call_id"].isin(list(causes))
    return liftings.assign(
        counts=liftings["counts"].astype(bool) & ~hit,
        status=liftings["status"].mask(hit, "refused"),
        cause=liftings["cause"].mask(hit, liftings["call_id"].map(causes)),
    )


def _cause(row: Mapping[Any, Any], cap: CapConfig, config: VolumeConfig) -> str:
    """Why a counted row cannot be in an account; "" where it can."""
    if all(pd.isna(row[end]) for end in ENDS):
        return "it counts, but has neither arrival nor departure, so no account year"
    product = str(row["product"])
    known = {p.name for p in config.products} | {"unnamed", *UNNAMED}
    if product not in known and cap.counts_product(product):
        return f"product {product!r} is not among this account's assumptions; give it those of the liftings"
    if not any(pd.notna(row[name]) for name in GIVEN) and not _has_deadweight(row):
        return "it counts, but has neither barrels nor tonnes nor a deadweight with its spread"
    if doubt := _cells_doubt(row):
        return doubt
    one, mean = (None if pd.isna(row[name]) else float(row[name]) for name in ("p_one_call", "calls_mean"))
    if doubt := law_doubt(1.0 if one is None else one, mean):
        return doubt
    empty = [name for name in SCENARIOS if pd.isna(row[name])]
    return f"{empty[0]} is empty, so the fixed fills would leave it out" if empty else ""


def _cells_doubt(row: Mapping[Any, Any]) -> str:
    """A figure of a row's ship, load or their errors that no ship has; "" where there is none."""
    for name in ABOVE_ZERO:
        if pd.notna(row[name]) and row[name] <= 0:
            return f"{name} is {row[name]:g}; it is above 0, or empty"
    for name, most in AT_MOST.items():
        if pd.notna(row[name]) and row[name] > most:
            return f"{name} is {row[name]:,.12g}, more than {most:,.12g}; is it in another unit?"
    return ""


def _has_deadweight(row: Mapping[Any, Any]) -> bool:
    return all(pd.notna(row[name]) for name in DEADWEIGHT) and row["dwt_p50_t"] > 0


def countable(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> pd.DataFrame:
    """Counted rows that an account can hold, of any day and product, in the table's order.

    Their ships are known by what the whole table tells of their numbers, be it in a row that does not count.
    """
    taken = liftings["counts"].astype(bool) & ~liftings["call_id"].isin(list(refusals(liftings, cap, config)))
    return with_tied_imos(liftings)[taken].reset_index(drop=True)


def days_of(rows: pd.DataFrame, cap: CapConfig) -> list[date]:
    """The deciding day of each row."""
    return [day_of(row, cap) for row in records_of(rows)]


def between(rows: pd.DataFrame, cap: CapConfig, first: date, last: date) -> pd.DataFrame:
    """Rows whose deciding day lies from the first to the last day, both included."""
    inside = np.array([first <= day <= last for day in days_of(rows, cap)], dtype=bool)
    return rows[inside].reset_index(drop=True)


def share_under(product: str, cap: CapConfig, config: VolumeConfig) -> float:
    """Share of a cargo of that product that the cap counts; of one without a named product, by the mix."""
    if product in UNNAMED:
        return sum(p.share for p in config.products if cap.counts_product(p.name))
    return float(cap.counts_product(product))


def under_cap(rows: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> np.ndarray:
    """Which rows may hold a product that the cap counts (bool)."""
    return np.array([share_under(str(name), cap, config) > 0 for name in rows["product"]], dtype=bool)


def drawn_under(cap: CapConfig, config: VolumeConfig) -> np.ndarray:
    """Of each product that a draw may give, and last of one without a name, whether the cap counts it (bool)."""
    return np.array([cap.counts_product(name) for name in (*(p.name for p in config.products), "unnamed")])


def left_out(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig, as_of: date) -> dict[str, str]:
    """Counted calls that the account as of that day does not hold, by call_id, each with the cause."""
    rows = countable(liftings, cap, config)
    year = account_year(as_of, cap)[0]
    causes = {}
    for call, day, under in zip(rows["call_id"], days_of(rows, cap), under_cap(rows, cap, config), strict=True):
        its_year = account_year(day, cap)[0]
        if not under:
            causes[str(call)] = "the cap does not count her product"
        elif its_year != year:
            causes[str(call)] = f"by her {cap.counts_on} she is of account year {cap.account_year_words(its_year)}"
        elif day > as_of:
            causes[str(call)] = f"after {as_of}, the last day of this account"
    return causes


def not_held(
    liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig, as_of: date
) -> tuple[dict[str, int], int, int]:
    """Counted calls that the account as of that day does not hold.

    By other account year, how many; how many of this year later than ``as_of``; how many of this year by then of a
    product that the cap does not count.
    """
    rows = countable(liftings, cap, config)
    year = account_year(as_of, cap)[0]
    years: Counter[str] = Counter()
    later = other_product = 0
    for day, under in zip(days_of(rows, cap), under_cap(rows, cap, config), strict=True):
        its_year = account_year(day, cap)[0]
        if not under:
            other_product += its_year == year and day <= as_of
        elif its_year != year:
            years[its_year] += 1
        else:
            later += day > as_of
    return dict(sorted(years.items())), later, other_product
