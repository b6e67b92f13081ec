"""Joins times of tables that have the date in a separate column: ``Date,UTC`` or ``date,time``."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DAY_FIELD = "date"
"""The field of the column that tells the day, where the one of the time tells the time of day alone."""
CLOCK_NAMES = ("utc", "utc_time", "time_of_day", "gmt", "gmt_time", "time_gmt")
"""Names of a column of the time of day beside one of the day, in the form of ``ALIASES``; alone, they tell no time."""

CLOCK_PATTERN = r"^\d{1,2}:\d\d(:\d\d([.,]\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?\s?(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?$"
_SIX_DIGITS = r"^([01]\d|2[0-3])([0-5]\d)([0-5]\d)$"  # 142530
_MIDNIGHT = r"[T ]0{1,2}:00(:00(\.0+)?)?$"  # appended to dates by spreadsheets and databases
_EIGHT_DIGITS = r"^(\d{4})(\d\d)(\d\d)$"


def join_times(days: pa.Array, clocks: pa.Array) -> tuple[pa.Array, bool]:
    """Date and time of day joined where the latter is only that, else the time's text; and whether any was joined.

    >>> join_times(pa.array(["2024-03-07", "20240307", ""]), pa.array(["12:05", "142530", "12:05"]))[0].to_pylist()
    ['2024-03-07 12:05', '2024-03-07 14:25:30', '12:05']
    >>> join_times(pa.array(["2024-03-07"]), pa.array(["2024-03-07T12:05:00Z"]))[0].to_pylist()
    ['2024-03-07T12:05:00Z']
    """
    clock = pc.replace_substring_regex(clocks, _SIX_DIGITS, r"\1:\2:\3")
    day = pc.replace_substring_regex(pc.replace_substring_regex(days, _MIDNIGHT, ""), _EIGHT_DIGITS, r"\1-\2-\3")
    split = pc.and_(pc.match_substring_regex(clock, CLOCK_PATTERN), pc.not_equal(day, ""))
    both = pc.binary_join_element_wise(day, clock, pa.scalar(" ", day.type))
    return pc.if_else(split, both, clocks), bool(pc.any(split).as_py())


def join_coded_times(
    days: pa.DictionaryArray, clocks: pa.DictionaryArray, texts: tuple[pa.Array, pa.Array]
) -> tuple[pa.DictionaryArray, bool]:
    """As ``join_times`` for dictionary-encoded texts, each pair once; ``texts`` are the words of their codes."""
    pair = days.indices.to_numpy().astype(np.int64) * len(clocks.dictionary) + clocks.indices.to_numpy()
    pairs, code = np.unique(pair, return_inverse=True)
    day, clock = np.divmod(pairs, len(clocks.dictionary))
    both, any_joined = join_times(texts[0].take(pa.array(day)), texts[1].take(pa.array(clock)))
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), both), any_joined
