"""Fingerprints of table rows: equal for equal rows, almost never for different ones."""

from __future__ import annotations

from collections.abc import Mapping

import numba
import numpy as np
import pandas as pd
import pyarrow as pa


def row_fingerprints(table: pd.DataFrame | Mapping[str, pd.Series | np.ndarray | pa.DictionaryArray]) -> np.ndarray:
    """64-bit fingerprints of the rows, whatever the order of their columns; times, numbers and texts, coded or not.

    >>> rows = pd.DataFrame({"mmsi": [1, 1, 2], "sog": [0.5, 0.5, np.nan], "name": ["A", "A", "A"]})
    >>> one, again, other = row_fingerprints(rows)
    >>> bool(one == again), bool(one == other)
    (True, False)
    """
    names = sorted(table)
    out = np.zeros(len(table[names[0]]) if names else 0, np.uint64)
    for name in names:
        _mix_column(out, _as_bits(table[name]))
    return out.view(np.int64)


def _as_bits(values: pd.Series | np.ndarray | pa.DictionaryArray) -> np.ndarray:
    """64 bits for each value."""
    if isinstance(values, pa.DictionaryArray):
        words = pd.util.hash_array(np.array(values.dictionary.to_pylist(), dtype=object), categorize=False)
        return words[values.indices.to_numpy()]
    if isinstance(values, np.ndarray):
        return (
            _float_bits(values) if values.dtype == np.float64 else values.astype(np.int64, copy=False).view(np.uint64)
        )
    if isinstance(values.dtype, pd.StringDtype):
        coded = pa.array(values).dictionary_encode()
        return _as_bits(coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.to_numpy("datetime64[us]").view(np.uint64)
    return _as_bits(values.to_numpy())


@numba.njit(cache=True)
def _float_bits(values):  # type: ignore[no-untyped-def]
    """The bits of floats, with a single NaN and a single zero."""
    out = (values + 0.0).view(np.uint64)
    for i in range(len(values)):
        if np.isnan(values[i]):
            out[i] = np.uint64(0x7FF8000000000000)
    return out


@numba.njit(cache=True)
def _mix_column(out, bits):  # type: ignore[no-untyped-def]
    """Mix a column into the rows' fingerprints, by the finaliser of MurmurHash3 (A. Appleby, public domain)."""
    for i in range(len(out)):
        value = (out[i] * np.uint64(0x9E3779B97F4A7C15)) ^ bits[i]
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xFF51AFD7ED558CCD)
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xC4CEB9FE1A85EC53)
        out[i] = value ^ (value >> np.uint64(33))
