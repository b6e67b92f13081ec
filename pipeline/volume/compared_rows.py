"""Compare lines of several tables of liftings, find duplicates, and give the others distinct names.

A name is the key of a call's random numbers (``draw_keys``), so it depends only on what the line says, not on which
table was named first.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.volume.draw_keys import rank_of
from pipeline.volume.membership import GIVEN, UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[Any, Any]
STATED = (
    "counted", "vessel_id", "imo", "mmsi", "name", "arrival", "departure", "berth_id", "product", "length_m", "beam_m",
    "dwt_p50_t", "dwt_log_sd", "given_barrels", "given_tonnes", "barrels_at_100", "draught_in_m", "draught_out_m",
    "freeboard_in_m", "freeboard_out_m",
)  # fmt: skip
APART_SD = 2.0  # standard deviations apart beyond which two sizes are of two ships
STATED_LOG_SD = 0.02  # no size is known better than this


def is_same_row(a: Row, b: Row) -> bool:
    """Are both the same line? By name, place and times where the table gives them, else by equal content.

    A made-up name is only the line's position in its table and no evidence; nor is an empty berth. Lines without a name
    and with equal content are matched by their rank in each table.
    """
    if a["draw_key"] or b["draw_key"]:
        return bool(a["draw_key"] and b["draw_key"]) and rank_of(a) == rank_of(b) and content(a) == content(b)
    if a["call_id"] != b["call_id"]:
        return False
    if content(a) == content(b):
        return True
    if not a["berth_id"]:
        return False
    where = ("berth_id", "arrival", "departure")
    return all(_cell(a[name]) == _cell(b[name]) for name in where) and _sizes_agree(a, b)


def states_load(row: Row) -> bool:
    """Does the table state barrels or tonnes, which the row then holds instead of what the ship can carry?"""
    return any(pd.notna(row[name]) for name in GIVEN)


def cap_counts_one_of_two(a: Row, b: Row, counts_product: Callable[[str], bool]) -> bool:
    """Do two rows name products of which the cap counts only one? A crude oil loaded is not the gas oil landed."""
    if not {a["product"], b["product"]}.isdisjoint(("unnamed", *UNNAMED)):
        return False
    return counts_product(a["product"]) != counts_product(b["product"])


def are_parcels(a: Row, b: Row) -> bool:
    """Do two rows of one stay state amounts of two products?"""
    named = {a["product"], b["product"]}
    return len(named) == 2 and named.isdisjoint(("unnamed", *UNNAMED)) and states_load(a) and states_load(b)


def content(row: Row) -> str:
    """Short hash of a line's content, without its name."""
    cells = [_cell(row[name]) for name in STATED] + [str(i) for i in row["evidence"]]
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:8]


def unique_names(rows: list[Row]) -> list[str]:
    """A unique name for each row: its own, extended by its content where others have the same.

    If just one row of a name counts, it keeps the name, and so the draws of its own table.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        by_name[row["call_id"]].append(n)
    names, taken = [str(row["call_id"]) for row in rows], set(by_name)
    for same_named in by_name.values():
        counted = [n for n in same_named if rows[n]["counts"]]
        name_keeper = counted[0] if len(counted) == 1 else None
        for n in same_named if len(same_named) > 1 else []:
            if n == name_keeper:
                continue
            names[n] = f"{rows[n]['call_id']}@{content(rows[n])}"
            while names[n] in taken:
                names[n] += "'"
            taken.add(names[n])
    return names


def unique_keys(rows: list[Row]) -> list[str]:
    """A unique key for each row without a name of its own, "" for the others. Most are unique already."""
    shared = Counter(row["draw_key"] for row in rows if row["counts"] and row["draw_key"])
    return [row["draw_key"] + (f" {content(row)}" if shared[row["draw_key"]] > 1 else "") for row in rows]


def _sizes_agree(a: Row, b: Row) -> bool:
    """Can both sizes be of one ship? An unknown size agrees with any."""
    if pd.isna(a["dwt_p50_t"]) or pd.isna(b["dwt_p50_t"]):
        return True
    sd = math.hypot(size_log_sd(a), size_log_sd(b))
    return abs(math.log(a["dwt_p50_t"] / b["dwt_p50_t"])) <= APART_SD * sd


def size_log_sd(row: Row) -> float:
    """Standard error of ln of a row's deadweight, including the error that rows share: two hulls may not share it."""
    shared = row["dwt_shared_sd"]
    return max(STATED_LOG_SD, math.hypot(float(row["dwt_log_sd"]), 0.0 if pd.isna(shared) else float(shared)))


def _cell(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
