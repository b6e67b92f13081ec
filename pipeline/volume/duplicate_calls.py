"""Find calls that may not be two whole cargoes: the same ship, and the same time, or too soon after.

A table compiled from several sources has one visit with the dates of each source, and both rows would count. Two tables
are compared by ``pipeline.volume.joined_stays``, which joins what ship numbers make certain; within one table nothing
is joined, since two rows may be meant as two parcels. A ship that loads at one port and some days later at another may
have filled up there, or may have landed the first cargo to a ship nearby.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.tables.records import records_of
from pipeline.volume.cut_stays import ONE_VISIT, SECOND_PORT, Row, gap_between, span
from pipeline.volume.identity import NUMBERS, same_ship
from pipeline.volume.membership import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLACEHOLDER_NAMES = frozenset(
    ("unknown", "unnamed", "unidentified", "not identified", "not known", "anonymous", "none", "n/a", "na", "nan",
     "null", "tbc", "tbd", "tanker", "vessel", "ship", "-", "?")
)  # fmt: skip
"""What people write for an unknown name."""


def possible_duplicates(liftings: pd.DataFrame) -> dict[str, str]:
    """Counted calls within a day of an earlier call of the same ship: later call_id, earlier one.

    Ships are compared by number; where two rows share none, by name, if it is one. Parcels of two products are two
    cargoes. Left out are calls that probably moved no counted cargo, since a ship may land one and load the next, and
    calls that already count only as far as they are not the call before.
    """
    return {later: earlier for later, (earlier, gap) in _soon_after(liftings).items() if gap <= ONE_VISIT}


def soon_again(liftings: pd.DataFrame) -> dict[str, str]:
    """Counted calls of a ship one to three days after her last one, compared as in `possible_duplicates`.

    In that time she can hardly have taken the first cargo elsewhere and come for another, yet both count in whole.
    """
    return {later: earlier for later, (earlier, gap) in _soon_after(liftings).items() if gap > ONE_VISIT}


def _soon_after(liftings: pd.DataFrame) -> dict[str, tuple[str, pd.Timedelta]]:
    """For each counted call within `SECOND_PORT` of one of the same ship: the earlier call_id, and the time between."""
    takes_part = liftings["counts"].astype(bool) & (liftings["p_lifting"] >= 0.5)
    counted = records_of(liftings[takes_part & ~(liftings["p_new_call"] < 1)])
    dated = sorted((row for row in counted if not pd.isna(span(row)[0])), key=lambda row: (span(row), row["call_id"]))
    found: dict[str, tuple[str, pd.Timedelta]] = {}
    for rows in _group_by_ship(dated):
        last = rows[0]  # the row so far with the latest departure
        for row in rows[1:]:
            gap = gap_between(last, row)
            if gap <= SECOND_PORT and same_ship(last, row) is not False and _may_be_one_product(last, row):
                found.setdefault(str(row["call_id"]), (str(last["call_id"]), gap))
            last = max(last, row, key=lambda candidate: span(candidate)[1])
    return found


def _may_be_one_product(a: Row, b: Row) -> bool:
    products = {a["product"], b["product"]}
    return len(products) == 1 or not products.isdisjoint(("unnamed", *UNNAMED))


def _group_by_ship(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows that share a number or a name, in their order."""
    groups: dict[tuple[str, object], list[Row]] = {}
    for row in rows:
        keys = [(kind, int(row[kind])) for kind in NUMBERS if not pd.isna(row[kind])]
        for key in [*keys, *([("name", name)] if (name := ship_name(row)) else [])]:
            groups.setdefault(key, []).append(row)
    yield from groups.values()


def ship_name(row: Mapping[str, object]) -> str:
    """A ship's name, normalised for comparison; "" for what is no name.

    >>> ship_name({"name": "M/T  Anon-1"}), ship_name({"name": "anon 1"}), ship_name({"name": "Unknown"})
    ('anon 1', 'anon 1', '')
    """
    name = " ".join(str(row.get("name") or "").casefold().replace("-", " ").replace('"', " ").split())
    for prefix in ("m/t ", "mt ", "m/v ", "mv "):
        name = name.removeprefix(prefix)
    return "" if name in PLACEHOLDER_NAMES else name
