"""Choose the key of a call's random numbers: its id or, without one, what the row says of it.

The position of a row is no property of the call: sorted differently, or with a row more, the same calls give the same
barrels. Ship, time and place suffice for most, so an edited draught moves the barrels by its meaning and not by other
random numbers as well. Where several rows are alike in that, the whole content is used, and rows alike in everything
are numbered.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.volume.cells import is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHO_AND_WHEN = ("vessel_id", "imo", "mmsi", "name", "berth_id", "arrival", "departure")
# Columns that say nothing of the call: names, values that all rows share, and values derived from the others
NOT_CONTENT = {"call_id", "draw_key", "assumptions_id", "p_retyped", "bbl_per_t", "status", "cause"}

_POSITION_NAME = re.compile(r"row\d+'*")  # the name given to a call without an id


def key_of(row: Mapping[Any, Any]) -> str:
    """The key of a call's random numbers, and of its order in sums."""
    return str(row.get("draw_key") or row["call_id"])


def sorted_by_key(liftings: pd.DataFrame) -> pd.DataFrame:
    """Liftings in the order of their keys, since the last digit of a sum of floats depends on their order."""
    keys = [key_of(row) for row in liftings[["call_id", "draw_key"]].to_dict("records")]
    return liftings.iloc[sorted(range(len(keys)), key=keys.__getitem__)].reset_index(drop=True)


def draw_keys(rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """A unique key for each of several rows without an id, independent of their order.

    >>> [key.split(" ")[0] for key in draw_keys([{"name": "A"}, {"name": "B"}, {"name": "A"}])]
    ['unnamed', 'unnamed', 'unnamed']
    """
    short_keys = [_hash(row_text(row, WHO_AND_WHEN)) for row in rows]
    key_counts = Counter(short_keys)
    keys = [
        key if key_counts[key] == 1 else f"{key} {_hash(row_text(row))}"
        for key, row in zip(short_keys, rows, strict=True)
    ]
    count: Counter[str] = Counter()
    out = []
    for key in keys:
        count[key] += 1
        out.append(f"unnamed {key}" + (f" {count[key]}" if count[key] > 1 else ""))
    return out


def with_content_keys(liftings: pd.DataFrame) -> pd.DataFrame:
    """Liftings of a table without keys: calls named ``rowN`` by their position get one from their content."""
    records = liftings.to_dict("records")
    unnamed = [n for n, row in enumerate(records) if _POSITION_NAME.fullmatch(str(row["call_id"]))]
    keys = dict(zip(unnamed, draw_keys([records[n] for n in unnamed]), strict=True))
    return liftings.assign(draw_key=[keys.get(n, "") for n in range(len(records))])


def rank_of(row: Mapping[Any, Any]) -> int:
    """The number of a row without an id among the rows of its table with the same content.

    >>> [rank_of({"draw_key": key}) for key in draw_keys([{"name": "A"}, {"name": "A"}])]
    [1, 2]
    """
    words = str(row["draw_key"]).split(" ")
    return int(words[3]) if len(words) == len(("unnamed", "who", "what", "rank")) else 1


def fullest_first(call: Mapping[Any, Any]) -> tuple[int, str]:
    """Sort key of rows under one id, independent of the table's order: most filled cells first, then by content."""
    cells = _filled_cells(call, sorted(map(str, call)))
    return -len(cells), "\x1f".join(cells)


def row_text(row: Mapping[Any, Any], names: Sequence[str] | None = None) -> str:
    """Content of a row in these columns, or in all that describe its call, as one text."""
    return "\x1f".join(_filled_cells(row, sorted(set(row) - NOT_CONTENT) if names is None else names))


def _filled_cells(row: Mapping[Any, Any], names: Sequence[str]) -> list[str]:
    """The non-empty cells, each with its column."""
    filled = [(name, row[name]) for name in names if name in row and not is_empty(row[name])]
    return [f"{name}={';'.join(map(str, v)) if pd.api.types.is_list_like(v) else v}" for name, v in filled]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
