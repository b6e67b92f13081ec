"""Converts cells of AIS tables: bytes or columns of any type to text, and text to numbers, codes and words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.ais.dialects import MOBILE_TEXT, NULLS, nav_code
from pipeline.ingest.ais.lines import decode_text
from pipeline.ships.words import ship_type_code, words_beyond_code

CodeOf = Callable[[str], int | None]
_CODE_OF_WORD: dict[str, CodeOf] = {"nav": nav_code, "ship_type": ship_type_code, "mobile": MOBILE_TEXT.get}


def code_numbers(field: str, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column that may also hold known words, and a mask of rows that are neither."""
    if field == "imo":
        texts = pc.replace_substring_regex(texts, r"(?i)^IMO\s*", "")
    values, bad = to_numbers(texts, _CODE_OF_WORD.get(field))
    return values, bad | rounded_mask(texts) if field == "imo" else bad


def rounded_mask(texts: pa.Array) -> np.ndarray:
    """Rows with numbers in scientific notation, of which a spreadsheet keeps only three digits."""
    return np.asarray(pc.match_substring_regex(texts, r"^[0-9.]+[eE][+-]?[0-9]+$"))


def with_decimal_points(texts: pa.Array) -> pa.Array:
    """Replace decimal commas by points. No AIS value reaches a thousand, so no comma is a thousands separator."""
    return pc.replace_substring_regex(texts, r"^([+-]?\d*),(\d+)$", r"\1.\2")


def to_numbers(texts: pa.Array, code_of: CodeOf | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Floats (NaN for nulls), and a mask of rows whose text is neither a number, a null, nor a known word."""
    empty = pc.equal(texts, "")
    try:
        values = pc.cast(pc.if_else(empty, pa.scalar(None, pa.string()), texts), pa.float64())
        out = values.to_numpy(zero_copy_only=False)
        return out, np.isinf(out)
    except pa.ArrowInvalid:
        series = texts.to_pandas().astype("str").str.strip().str.lower()
    out = pd.to_numeric(series, errors="coerce").to_numpy(float)
    missing = np.isnan(out)
    known = series.isin(NULLS).to_numpy()
    if code_of is not None:
        found = series.map({word: code_of(word) for word in series[missing].unique()}).to_numpy(float)
        out = np.where(missing, found, out)
        known = known | ~series.str.contains(r"\d", regex=True).to_numpy()  # words without a code: "not available"
    return np.where(np.isinf(out), np.nan, out), (np.isnan(out) & ~known) | np.isinf(out)


def clean_text(texts: pa.Array) -> pd.Series:
    """Free text, with words that mean "none" replaced by ""."""
    series = texts.to_pandas().astype("str")
    return series.where(~series.str.lower().isin(NULLS[1:]), "")


def clean_coded_text(coded: pa.DictionaryArray) -> pa.DictionaryArray:
    """As ``clean_text``, processing each distinct text once."""
    return pa.DictionaryArray.from_arrays(
        coded.indices, pa.array(clean_text(as_texts(coded.dictionary)), pa.large_string())
    )


def ship_type_words(coded: pa.DictionaryArray) -> pd.api.extensions.ExtensionArray | None:
    """Ship types in the file's words; None if all are codes, or say no more than a code does."""
    texts = as_texts(coded.dictionary).to_pylist()
    words = ["" if text.lower() in NULLS else words_beyond_code(text) for text in texts]
    return pd.array(pa.array(words, pa.large_string()).take(coded.indices), dtype="str") if any(words) else None


def empty_coded_text(n: int) -> pa.DictionaryArray:
    """A column of ``n`` empty texts."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([""], pa.large_string()))


def as_texts(values: pa.Array) -> pa.Array:
    """Bytes as stripped text: UTF-8, else Latin-1, in which every byte is a character."""
    try:
        texts = pc.cast(values, pa.string())
    except pa.ArrowInvalid:
        texts = pa.array([decode_text(v) for v in values.to_pylist()], pa.string())
    return pc.utf8_trim_whitespace(texts)


def as_csv_text(values: pa.Array) -> pa.Array:
    """A Parquet column of any type as text, as in a CSV."""
    if pa.types.is_timestamp(values.type):
        zoned = values.type.tz is not None
        moments = pc.cast(values, pa.timestamp("us", "UTC" if zoned else None))
        texts = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%S" + ("Z" if zoned else ""))
    elif pa.types.is_dictionary(values.type):
        texts = pc.cast(values.dictionary_decode(), pa.string())
    else:
        texts = pc.cast(values, pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(texts, ""))
