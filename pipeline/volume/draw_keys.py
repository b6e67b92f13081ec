"""By what a call's random numbers are drawn: by its id, or, of a call without one, by what the table says of it.

The place of a row in its table says nothing of the call: sorted otherwise, or with a row more, the same calls are the
same barrels. Whose call it was, when and where is enough for most; so a draught that is edited moves the barrels by
what it says, not by other draws as well. Where several rows are alike in that, all that each says is asked, and of rows
that say the same in all each next one has a number.
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
# What is no word of the row on its call: names, what all rows share, and what follows from that and the rest
NOT_SAID = {"call_id", "draw_key", "assumptions_id", "p_retyped", "bbl_per_t", "status", "cause"}

_BY_PLACE = re.compile(r"row\d+'*")  # the name that a call without an id is given


def key_of(row: Mapping[Any, Any]) -> str:
    """The name of a call's streams of random numbers; its order in sums, too."""
    return str(row.get("draw_key") or row["call_id"])


def in_one_order(liftings: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table of liftings in the order of their keys: sums of floats hang on their order in the last digit."""
    keys = [key_of(row) for row in liftings[["call_id", "draw_key"]].to_dict("records")]
    return liftings.iloc[sorted(range(len(keys)), key=keys.__getitem__)].reset_index(drop=True)


def draw_keys(rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """A key for each of several rows without an id, no two alike; which of them has which does not hang on their order.

    >>> [key.split(" ")[0] for key in draw_keys([{"name": "A"}, {"name": "B"}, {"name": "A"}])]
    ['unnamed', 'unnamed', 'unnamed']
    """
    short = [_hash(said(row, WHO_AND_WHEN)) for row in rows]
    alike = Counter(short)
    keys = [key if alike[key] == 1 else f"{key} {_hash(said(row))}" for key, row in zip(short, rows, strict=True)]
    met: Counter[str] = Counter()
    out = []
    for key in keys:
        met[key] += 1
        out.append(f"unnamed {key}" + (f" {met[key]}" if met[key] > 1 else ""))
    return out


def with_keys_of_places(liftings: pd.DataFrame) -> pd.DataFrame:
    """Liftings of a table made before it had keys: calls named ``rowN`` by their place have one by what they say."""
    records = liftings.to_dict("records")
    unnamed = [n for n, row in enumerate(records) if _BY_PLACE.fullmatch(str(row["call_id"]))]
    keys = dict(zip(unnamed, draw_keys([records[n] for n in unnamed]), strict=True))
    return liftings.assign(draw_key=[keys.get(n, "") for n in range(len(records))])


def rank_of(row: Mapping[Any, Any]) -> int:
    """Which of several rows of its table a row without an id is that say the same in all.

    >>> [rank_of({"draw_key": key}) for key in draw_keys([{"name": "A"}, {"name": "A"}])]
    [1, 2]
    """
    words = str(row["draw_key"]).split(" ")
    return int(words[3]) if len(words) == len(("unnamed", "who", "what", "rank")) else 1


def fullest_first(call: Mapping[Any, Any]) -> tuple[int, str]:
    """Order of rows under one id, whatever the order of the table: the one that says most, then by what each says."""
    cells = _cells(call, sorted(map(str, call)))
    return -len(cells), "\x1f".join(cells)


def said(row: Mapping[Any, Any], names: Sequence[str] | None = None) -> str:
    """What a row says in some columns, or in all in which it says anything of its call, as one text."""
    return "\x1f".join(_cells(row, sorted(set(row) - NOT_SAID) if names is None else names))


def _cells(row: Mapping[Any, Any], names: Sequence[str]) -> list[str]:
    """The cells that hold something, each with its column."""
    filled = [(name, row[name]) for name in names if name in row and not is_empty(row[name])]
    return [f"{name}={';'.join(map(str, v)) if pd.api.types.is_list_like(v) else v}" for name, v in filled]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
