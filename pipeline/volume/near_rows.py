"""Find pairs of rows of several tables that are worth comparing, so that large tables are not compared row by row.

Two rows can be one stay if they share a ship's number, a berth, a name or an image and are close in time; all others
are skipped.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pipeline.volume.compared_rows import content
from pipeline.volume.cut_stays import DEFAULTS, ONE_VISIT, Row, span
from pipeline.volume.identity import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key = tuple[str, Any]
DAY_S = 86_400.0  # seconds of a day
REACH_S = {  # by what two rows share: how far apart in time they may lie
    "imo": ONE_VISIT.total_seconds(),
    "mmsi": ONE_VISIT.total_seconds(),
    "berth": DEFAULTS.max_stay_d * DAY_S,
    "image": float("inf"),
    "name": float("inf"),
}
ROUNDED_S = 1.0  # rounding of seconds as floats


def near_pairs(rows: Sequence[Row], table_of: Sequence[int], indices: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of dated rows of two tables that share a key and are near enough in time, in the order of ``indices``."""
    spans = {n: tuple(moment.timestamp() for moment in span(rows[n])) for n in indices}
    by_arrival: dict[Key, list[int]] = defaultdict(list)
    for n in sorted(indices, key=lambda n: spans[n]):
        for key in _keys(rows[n]):
            by_arrival[key].append(n)
    rank = {n: position for position, n in enumerate(indices)}
    found = set()
    for (kind, _), group in by_arrival.items():
        active: list[int] = []  # earlier rows that end late enough
        for n in group:
            active = [m for m in active if spans[n][0] - max(spans[m]) <= REACH_S[kind] + ROUNDED_S]
            found |= {(m, n) if rank[m] < rank[n] else (n, m) for m in active if table_of[m] != table_of[n]}
            active.append(n)
    return sorted(found, key=lambda pair: (rank[pair[0]], rank[pair[1]]))


def _keys(row: Row) -> Iterator[Key]:
    """Keys that a row may share with others of its stay; a berth only where images show it."""
    numbers = [(kind, number) for kind, number in numbers_of(row).items() if number]
    berth = [("berth", row["berth_id"])] if row["berth_id"] and len(row["evidence"]) else []
    images = [("image", name) for name in dict.fromkeys(row["evidence"])]
    name = content(row) if row["draw_key"] else row["call_id"]
    yield from (*numbers, *berth, *images, ("name", name))
