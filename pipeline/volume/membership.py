"""Select the calls of an account: those that count, can be drawn, may hold a counted product, and fall in its days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.ships.largest import BROADEST_M, DEEPEST_M, HIGHEST_M, LONGEST_M
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.tables.number_law import law_doubt
from pipeline.tables.records import records_of
from pipeline.volume.identity import with_linked_imos

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

UNNAMED = ("mix", "")  # no product is named: the config's shares apply
ENDS = ("arrival", "departure")
GIVEN = ("given_barrels", "given_tonnes")
DEADWEIGHT = ("dwt_p50_t", "dwt_log_sd", "dwt_shared_sd")
ABOVE_ZERO = ("length_m", "beam_m", "depth_m", "design_draught_m", "freeboard_in_sd_m", "freeboard_out_sd_m")
# Limits as for tables of calls; for deadweight more, since it may come from a hull. Spreads are our choice: exp(3) is
# twenty times a size
AT_MOST = {
    "given_barrels": 5e6, "given_tonnes": 5e6, "dwt_p50_t": 1e6, "dwt_log_sd": 3.0, "dwt_shared_sd": 3.0,
    "length_m": LONGEST_M, "beam_m": BROADEST_M, "draught_in_m": DEEPEST_M, "draught_out_m": DEEPEST_M,
    "depth_m": HIGHEST_M, "design_draught_m": DEEPEST_M,
}  # fmt: skip
SCENARIOS = tuple(f"barrels_at_{name}" for name, _ in FILL_SCENARIOS)


def account_year(day: date, cap: CapConfig) -> tuple[str, date]:
    """Name and first day of the account year that contains a day.

    The year is named after the calendar year in which it starts, as the cap's text does.
    """
    start = start_of_year(day, cap.year_starts)
    return str(start.year), start


def start_of_year(day: date, year_starts: str) -> date:
    """First day of the account year that contains a day, where years start on that month and day (MM-DD).

    >>> start_of_year(date(2024, 1, 5), "12-22").isoformat()
    '2023-12-22'
    """
    start = _start_in_year(day.year, year_starts)
    return start if day >= start else _start_in_year(day.year - 1, year_starts)


def last_day_of(year: str, cap: CapConfig) -> date:
    """Last day of the account year of that name."""
    return _start_in_year(int(year) + 1, cap.year_starts) - timedelta(days=1)


def _start_in_year(year: int, year_starts: str) -> date:
    month, first = (int(part) for part in year_starts.split("-"))
    return date(year, month, first)


def day_of(row: Mapping[Any, Any], cap: CapConfig) -> date:
    """The UTC day that decides a call's account year; if that end of the stay is unknown, the other end's."""
    other = "arrival" if cap.counts_on == "departure" else "departure"
    moment = row[cap.counts_on] if not pd.isna(row[cap.counts_on]) else row[other]
    return pd.Timestamp(moment).tz_convert("UTC").date()


def refusals(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> dict[str, str]:
    """Counted rows that cannot be in an account, by call_id, each with the cause."""
    counted = liftings[liftings["counts"].astype(bool)]
    causes = {str(row["call_id"]): _cause(row, cap, config) for row in records_of(counted)}
    return {call: cause for call, cause in causes.items() if cause}


def with_refusals(liftings: pd.DataFrame, causes: dict[str, str]) -> pd.DataFrame:
    """The liftings with those rows as refused: kept, not counted, with the cause."""
    is_refused = liftings["call_id"].isin(list(causes))
    return liftings.assign(
        counts=liftings["counts"].astype(bool) & ~is_refused,
        status=liftings["status"].mask(is_refused, "refused"),
        cause=liftings["cause"].mask(is_refused, liftings["call_id"].map(causes)),
    )


def _cause(row: Mapping[Any, Any], cap: CapConfig, config: VolumeConfig) -> str:
    """Why a counted row cannot be in an account; "" if it can."""
    if all(pd.isna(row[end]) for end in ENDS):
        return "it counts, but has neither arrival nor departure, so no account year"
    product = str(row["product"])
    known = {p.name for p in config.products} | {"unnamed", *UNNAMED}
    if product not in known and cap.counts_product(product):
        return f"product {product!r} is not in this account's assumptions; give account those of the liftings"
    if not any(pd.notna(row[name]) for name in GIVEN) and not _has_deadweight(row):
        return "it counts, but has neither barrels nor tonnes nor a deadweight with its spread"
    if doubt := _cells_doubt(row):
        return doubt
    p_one_call, calls_mean = (None if pd.isna(row[name]) else float(row[name]) for name in ("p_one_call", "calls_mean"))
    if doubt := law_doubt(1.0 if p_one_call is None else p_one_call, calls_mean):
        return doubt
    empty = [name for name in SCENARIOS if pd.isna(row[name])]
    return f"{empty[0]} is empty, so the fixed fills would leave it out" if empty else ""


def _cells_doubt(row: Mapping[Any, Any]) -> str:
    """Text for a figure of ship, load or their errors that is impossible; "" where there is none."""
    for name in ABOVE_ZERO:
        if pd.notna(row[name]) and row[name] <= 0:
            return f"{name} is {row[name]:g}; it must be above 0 or empty"
    for name, most in AT_MOST.items():
        if pd.notna(row[name]) and row[name] > most:
            return f"{name} is {row[name]:,.12g}, more than {most:,.12g}; is it in another unit?"
    return ""


def _has_deadweight(row: Mapping[Any, Any]) -> bool:
    return all(pd.notna(row[name]) for name in DEADWEIGHT) and row["dwt_p50_t"] > 0


def counted_share(product: str, cap: CapConfig, config: VolumeConfig) -> float:
    """Share of a cargo of that product that the cap counts; for an unnamed product, by the mix."""
    if product in UNNAMED:
        return sum(p.share for p in config.products if cap.counts_product(p.name))
    return float(cap.counts_product(product))


def which_may_count(rows: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> np.ndarray:
    """Which rows may hold a product that the cap counts (bool)."""
    return np.array([counted_share(str(name), cap, config) > 0 for name in rows["product"]], dtype=bool)


def counted_products(cap: CapConfig, config: VolumeConfig) -> np.ndarray:
    """For each product that a draw may give, and last for an unnamed one: does the cap count it (bool)?"""
    return np.array([cap.counts_product(name) for name in (*(p.name for p in config.products), "unnamed")])


def countable(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> pd.DataFrame:
    """Counted rows that can be in an account, of any day and product, in the table's order.

    Ships are identified by numbers from the whole table, including rows that do not count.
    """
    is_taken = liftings["counts"].astype(bool) & ~liftings["call_id"].isin(list(refusals(liftings, cap, config)))
    return with_linked_imos(liftings)[is_taken].reset_index(drop=True)


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Rows that can be in an account, of any day and product in the table's order, and which of them are."""

    rows: pd.DataFrame
    days: NDArray[np.object_]
    """The deciding day of each, shape (rows,)."""
    years: NDArray[np.object_]
    """Name of its account year."""
    may_count: NDArray[np.bool_]
    """Can it be a product that the cap counts?"""
    in_time: NDArray[np.bool_]
    """Is the day within the account?"""
    cap: CapConfig
    as_of: date | None
    """The account's last day; None without rows and without a day asked for."""
    year: str

    @property
    def in_account(self) -> pd.DataFrame:
        """The rows of the account."""
        return self.rows[self.in_time & self.may_count].reset_index(drop=True)

    @property
    def other_years(self) -> dict[str, int]:
        """How many rows each other account year holds."""
        return dict(sorted(Counter(self.years[self.may_count & (self.years != self.year)]).items()))

    @property
    def later(self) -> int:
        """How many rows of this account year are after the account's last day."""
        return int(np.sum(self.may_count & (self.years == self.year) & ~self.in_time))

    @property
    def other_product(self) -> int:
        """How many rows fall in the account's days with a product that the cap does not count."""
        return int(np.sum(self.in_time & ~self.may_count))

    @property
    def exclusion_causes(self) -> dict[str, str]:
        """Why a row is not in the account, by call_id of each such row."""
        out = {}
        for call, year, may_count, in_time in zip(
            self.rows["call_id"], self.years, self.may_count, self.in_time, strict=True
        ):
            if not may_count:
                out[str(call)] = "the cap does not count her product"
            elif year != self.year:
                words = self.cap.account_year_words(year)
                out[str(call)] = f"her {self.cap.counts_on} is in account year {words}"
            elif not in_time:
                out[str(call)] = f"after {self.as_of}, the last day of this account"
        return out


def members_of(liftings: pd.DataFrame, cap: CapConfig, config: VolumeConfig, as_of: date | None = None) -> Members:
    """Which rows are in the account of the account year that contains ``as_of``, up to that day.

    By default ``as_of`` is the day of the last call that the cap may count, else of the last call.
    """
    rows = countable(liftings, cap, config)
    days = np.array([day_of(row, cap) for row in records_of(rows)], dtype=object)
    years = np.array([account_year(day, cap)[0] for day in days], dtype=object)
    may_count = which_may_count(rows, cap, config)
    last = as_of or max(days[may_count] if may_count.any() else days, default=None)
    year = "" if last is None else account_year(last, cap)[0]
    in_time = (years == year) & np.array([last is not None and day <= last for day in days], dtype=bool)
    return Members(rows, days, years, may_count, in_time, cap, last, year)
