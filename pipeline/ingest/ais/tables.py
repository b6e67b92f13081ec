"""Reads AIS tables (CSV and Parquet) as messages: every line is a row, every row is checked, in bounded blocks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.errors import ConfigError, InputError, printable
from pipeline.ingest.ais.cells import (
    as_csv_text,
    as_texts,
    clean_coded_text,
    clean_text,
    code_numbers,
    empty_coded_text,
    rounded_mask,
    ship_type_words,
    to_numbers,
    with_decimal_points,
)
from pipeline.ingest.ais.dialects import MOBILE_TEXT, NULLS, Layout, layout_of
from pipeline.ingest.ais.files import Block, has_cr_line_ends, read_blocks, read_head
from pipeline.ingest.ais.fingerprints import row_fingerprints
from pipeline.ingest.ais.headers import cut_at_header, find_header_line, header_below_message, split_header
from pipeline.ingest.ais.inconsistent_rows import STATIC_FIELDS
from pipeline.ingest.ais.lines import as_utf8, without_broken_lines
from pipeline.ingest.ais.names import KNOWN, NUMBERS, TEXTS, plain_name
from pipeline.ingest.ais.split_times import DAY_FIELD, join_coded_times, join_times
from pipeline.ingest.ais.table_read import TableRead
from pipeline.ingest.ais.times import TimeRule, date_order, parse_times, time_format_hint, to_utc
from pipeline.ingest.ais.typed_columns import MEASURED, UINT32_LIMIT, column_name, parse_rows, typed_columns
from pipeline.table_files import SIMULATED_COLUMN
from pipeline.tables.time_formats import literal_zone

ROUNDED = "may be rounded, as spreadsheets do to long numbers; save it again with all digits"
_MOST_ROWS_CHECKED = 100  # bad rows of a block that are checked for being headers
_MIN_HEADER_NAMES = 3  # known column names that make a row a header (our choice, as above)
_PARQUET_ROWS = 1 << 17  # rows in memory at once (our choice: some 30 MB)


@dataclass(frozen=True, slots=True)
class TableTop:
    """The beginning of a text table: its layout, and what is still to be read."""

    layout: Layout
    lines_before: int  # the header
    text: bytes  # up to the header's end
    rest: bytes  # of the first block
    stream: Iterator[Block]  # those after it


def begin_table(path: Path, columns: Mapping[str, str] | None) -> TableTop:
    """Read a text table to the end of its header. Raises InputError if the header is not understood."""
    stream = read_blocks(path, cr_ends_line=has_cr_line_ends(read_head(path)))
    first = next(stream, None)
    if first is None:
        raise InputError(path, "is empty")
    before, header_line, rest = cut_at_header(first.data, (columns or {}).values())
    try:
        header, separator = split_header(header_line)
    except csv.Error as error:
        raise InputError(path, f"its first line is no header ({error})") from error
    try:
        layout = layout_of(path, header, columns, separator)
    except InputError:
        if header_line_number := find_header_line(rest):
            raise InputError(path, header_below_message(before + 1 + header_line_number)) from None
        raise
    return TableTop(layout, before, first.data[: len(first.data) - len(rest)], rest, stream)


def read_csv_table(
    path: Path, columns: Mapping[str, str] | None, rule: TimeRule, read: TableRead
) -> Iterator[pd.DataFrame]:
    """The messages of a text AIS table, block by block; ``read`` is complete once the last was taken.

    Columns are separated by commas, semicolons, tabs or pipes; unless by commas, numbers may have decimal commas.

    Raises InputError for a header that cannot be understood.
    """
    top = begin_table(path, columns)
    layout, before, rest = top.layout, top.lines_before, top.rest
    read.mark.check_lines(top.text)
    read.note_header(layout)
    read.balance["no_data"] += before + 1
    rows = _RowReader(path, layout, rule, read)
    for block in chain([Block(before + 2, rest)] if rest else [], top.stream):
        read.last_line_unfinished = not block.data.endswith(b"\n")
        if (frame := rows.read_block(block)) is not None:
            yield frame


def read_parquet_table(
    path: Path, columns: Mapping[str, str] | None, rule: TimeRule, read: TableRead
) -> Iterator[pd.DataFrame]:
    """The messages of a Parquet AIS table; its lines are its rows, from 1. Raises InputError."""
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        layout = layout_of(path, file.schema_arrow.names, columns)
        read.note_header(layout)
        read.mark.check_schema(file.schema_arrow)
        if file.schema_arrow.field(layout.index["mmsi"]).type in (pa.float16(), pa.float32()):
            raise InputError(path, f"column {layout.name_of('mmsi')}: its kind of number holds no nine digits")
        rows, first = _RowReader(path, layout, rule, read), 1
        wanted = sorted({layout.header[i] for i in layout.index.values()})
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=wanted):
            texts = {f: as_csv_text(batch.column(layout.name_of(f))) for f in layout.index}
            yield rows.read_rows(np.arange(first, first + batch.num_rows), texts)
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(path, f"cannot be read as Parquet ({' '.join(str(error).split())[:120]})") from error


class _RowReader:
    """Turns blocks of one file into frames; decides the order of day and month on the first."""

    def __init__(self, path: Path, layout: Layout, rule: TimeRule, read: TableRead) -> None:
        self._path, self._layout, self._read = path, layout, read
        if rule.zone and layout.zone and rule.zone.utcoffset(None) != layout.zone.utcoffset(None):
            cause = f"column {layout.name_of('time_utc')}: its name states another zone than --time-zone"
            raise InputError(path, f"{cause}; read it without the option, or name the column otherwise")
        if not rule.zone and (zone := next(filter(None, map(literal_zone, rule.formats)), "")):
            cause = f"the zone {printable(zone)} is no more than letters; name it with --time-zone +09:00"
            raise ConfigError(f"--time-format {printable(' '.join(rule.formats))}: {cause}")
        documented = UTC if layout.dialect != "generic" else None
        self._rule = replace(rule, zone=rule.zone or layout.zone or documented)
        self._date_order_decided = False

    def read_block(self, block: Block) -> pd.DataFrame | None:
        """The messages of a block of CSV lines; None if it has none."""
        if (frame := self._read_typed(block)) is not None:
            return frame
        lines, texts = self._split_rows(block)
        return self.read_rows(lines, texts) if len(lines) else None

    def read_rows(self, lines: np.ndarray, texts: dict[str, pa.Array]) -> pd.DataFrame:
        """The messages of rows given as texts by field; ``lines`` are their line numbers in the file."""
        good = np.ones(len(lines), bool)
        self._read.mark.check_cells(texts.pop(SIMULATED_COLUMN, pa.array([])).unique().to_pylist())
        out: dict[str, object] = {"line": lines}
        out["mmsi"] = self._mmsi(texts["mmsi"], lines, good)
        self._refuse_other_header(texts, lines, ~good)
        numbers = {f: self._number(f, texts[f], lines, good) for f in texts if f in (*NUMBERS, "length_m", "beam_m")}
        if DAY_FIELD in texts:
            texts["time_utc"], any_joined = join_times(texts[DAY_FIELD], texts["time_utc"])
            self._read.note_joined_times(self._layout, any_joined)
        out["time_utc"] = self._times(texts["time_utc"], lines, good)
        out |= _with_hull_size(numbers, len(lines))
        for name in TEXTS:
            out[name] = clean_text(texts[name]) if name in texts else pd.array([""] * len(lines), dtype="str")
        if "ship_type" in texts and (words := ship_type_words(texts["ship_type"].dictionary_encode())) is not None:
            out["ship_words"] = words
        out["msg_type"] = self._message_type(texts, lines, good)
        self._read.balance["decoded"] += int(good.sum())
        return pd.DataFrame(out)[good].reset_index(drop=True)

    def _read_typed(self, block: Block) -> pd.DataFrame | None:
        """A block without any fault, with its columns converted as they are parsed; None for any other.

        It has fingerprints of its rows and of their static data: while texts are dictionary-encoded, each is hashed
        only once.
        """
        columns = typed_columns(block, self._layout, iso_times=not self._rule.formats)
        if columns is None or (moments := self._typed_moments(self._pop_times(columns))) is None:
            return None
        n, out = block.n_lines, {"mmsi": columns.pop("mmsi"), "time_utc": moments}
        numbers = {f: v for f, v in columns.items() if isinstance(v, np.ndarray)}
        coded = {f: v for f, v in columns.items() if f not in numbers}
        if SIMULATED_COLUMN in coded:
            self._read.mark.check_cells(as_texts(coded.pop(SIMULATED_COLUMN).dictionary).to_pylist())
        for name in set(coded) - set(TEXTS):
            texts = as_texts(coded[name].dictionary)
            code_of_text, bad = code_numbers(name, texts)
            if bad.any():
                return None
            if name == "ship_type":
                self._read.note_unknown_types(texts, code_of_text)
            numbers[name] = code_of_text[coded[name].indices.to_numpy()]
        kind = numbers.pop("mobile", numbers.get("msg_type", np.zeros(n)))
        if "msg_type" in numbers and not np.isin(kind := numbers.pop("msg_type"), np.arange(28)).all():
            return None
        out |= _with_hull_size(numbers, n)
        for name in TEXTS:
            out[name] = clean_coded_text(coded[name]) if name in coded else empty_coded_text(n)
        out["msg_type"] = np.nan_to_num(kind).astype(np.int64)
        fingerprints, static_fingerprints = (
            row_fingerprints(out),
            row_fingerprints({name: out[name] for name in ("mmsi", *STATIC_FIELDS)}),
        )
        for name in TEXTS:
            out[name] = pd.array(out[name].dictionary.take(out[name].indices), dtype="str")
        self._read.balance["decoded"] += n
        if "ship_type" in coded and (words := ship_type_words(coded["ship_type"])) is not None:
            out["ship_words"] = words
        lines = np.arange(block.first_line, block.first_line + n)
        return pd.DataFrame(
            out | {"line": lines, "fingerprint": fingerprints, "static_fingerprint": static_fingerprints}, copy=False
        )

    def _pop_times(self, columns: dict[str, Any]) -> pa.TimestampArray | pa.DictionaryArray:
        """Pop the time and date columns, and return the joined times."""
        times, days = columns.pop("time_utc"), columns.pop(DAY_FIELD, None)
        if days is None or not isinstance(times, pa.DictionaryArray):
            return times
        joined, any_joined = join_coded_times(days, times, (as_texts(days.dictionary), as_texts(times.dictionary)))
        self._read.note_joined_times(self._layout, any_joined)
        return joined

    def _typed_moments(self, times: pa.TimestampArray | pa.DictionaryArray) -> pd.Series | None:
        """The times of a block in UTC; None if one of them is invalid."""
        if not isinstance(times, pa.DictionaryArray):
            if self._rule.zoned:
                return None
            self._date_order_decided = True  # the year comes first
            name = self._layout.name_of("time_utc")
            moments = to_utc(self._path, name, pd.Series(times.to_numpy(zero_copy_only=False)), self._rule)
            return None if self._rule.only_possible(moments).isna().any() else moments
        texts = as_texts(times.dictionary).to_pandas().astype("str")
        if texts.str.lower().isin(NULLS).any():
            return None
        self._decide_date_order(texts)
        moments = self._parse(texts)
        return None if moments.isna().any() else pd.Series(moments.array[times.indices.to_numpy()])

    def _split_rows(self, block: Block) -> tuple[np.ndarray, dict[str, pa.Array]]:
        """Line numbers and field texts of the rows; lines that are not rows are counted here."""
        data, width = as_utf8(without_broken_lines(block.data)), len(self._layout.header)
        refused: list[tuple[int, str]] = []

        def note_refused(row: pacsv.InvalidRow) -> str:
            refused.append((row.number, row.text))
            return "skip"

        wanted = [column_name(i) for i in self._layout.index.values()]
        table = parse_rows(data, self._layout, dict.fromkeys(wanted, pa.binary()), note_refused)
        if table.num_rows + len(refused) != block.n_lines:
            raise InputError(
                self._path,
                f"{block.n_lines} lines from line {block.first_line} on hold {table.num_rows + len(refused)} rows: "
                "a quote is not closed (nothing of the file was used)",
            )
        keep = np.ones(block.n_lines, bool)
        for number, _text in refused:
            keep[number - 1] = False
        refused_lines = np.array([n for n, _ in refused], np.int64) + block.first_line - 1
        self._read.count_bad_rows(
            refused_lines, f"not {width} columns, as the header has (cut, or a quote that is not closed)"
        )
        lines = np.flatnonzero(keep) + block.first_line
        texts = {f: as_texts(table.column(column_name(i)).combine_chunks()) for f, i in self._layout.index.items()}
        not_empty = np.zeros(len(lines), bool)
        for text in texts.values():
            not_empty |= np.asarray(pc.binary_length(text)) > 0
        if not not_empty.all():  # a blank line is a row of empty fields to the parser
            self._read.balance["no_data"] += int((~not_empty).sum())
            texts = {f: text.filter(pa.array(not_empty)) for f, text in texts.items()}
        return lines[not_empty], texts

    def _refuse_rows(
        self, field: str, bad: np.ndarray, texts: pa.Array, lines: np.ndarray, good: np.ndarray, why: str
    ) -> None:
        bad = bad & good
        if bad.any():
            shown = texts[int(np.flatnonzero(bad)[0])].as_py()
            self._read.count_bad_rows(lines[bad], f"column {self._layout.name_of(field)}: {shown!r} {why}")
            good &= ~bad

    def _count_invalid(self, field: str, bad: np.ndarray, texts: pa.Array, lines: np.ndarray) -> None:
        """Count invalid values in rows that are otherwise used."""
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            why = ROUNDED if rounded_mask(texts)[first] else "is not a number"
            shown = f"column {self._layout.name_of(field)}: {texts[first].as_py()!r} {why}"
            self._read.count_invalid(field, int(bad.sum()), f"line {int(lines[first])}: {shown}")

    def _mmsi(self, texts: pa.Array, lines: np.ndarray, good: np.ndarray) -> np.ndarray:
        values, _ = to_numbers(texts)
        with np.errstate(invalid="ignore"):
            bad = ~(np.isfinite(values) & (values >= 0) & (values % 1 == 0) & (values < UINT32_LIMIT))
        rounded = rounded_mask(texts)
        self._refuse_rows("mmsi", rounded, texts, lines, good, ROUNDED)
        bad |= rounded
        self._refuse_rows("mmsi", bad, texts, lines, good, "is no MMSI")
        return np.where(bad, 0, values).astype(np.int64)

    def _refuse_other_header(self, texts: dict[str, pa.Array], lines: np.ndarray, bad: np.ndarray) -> None:
        """Raise InputError for a different header in the middle, as in concatenated files.

        A repeat of the same header is one bad row; after a different one the columns may have another order.
        """
        for row in np.flatnonzero(bad)[:_MOST_ROWS_CHECKED].tolist():
            names = {field: plain_name(text[row].as_py()) for field, text in texts.items()}
            known = sum(name in KNOWN for name in names.values())
            if known >= _MIN_HEADER_NAMES and any(names[f] != plain_name(self._layout.name_of(f)) for f in names):
                cause = (
                    f"line {int(lines[row])} is another header, of other columns than the first: part the file there"
                )
                raise InputError(self._path, cause)

    def _number(self, field: str, texts: pa.Array, lines: np.ndarray, good: np.ndarray) -> np.ndarray:
        with_points = with_decimal_points(texts) if self._layout.decimal_commas and field in MEASURED else texts
        values, bad = code_numbers(field, with_points)
        if field == "imo":  # position and draught are just as good without it
            self._count_invalid(field, bad & good, texts, lines)
            return np.where(bad, np.nan, values)
        self._refuse_rows(field, bad, texts, lines, good, "is not a number such as 129.5")
        if field == "ship_type":
            self._read.note_unknown_types(texts.filter(pa.array(~bad)), values[~bad])
        return values

    def _message_type(self, texts: dict[str, pa.Array], lines: np.ndarray, good: np.ndarray) -> np.ndarray:
        if "msg_type" in texts:
            values, bad = to_numbers(texts["msg_type"])
            bad |= ~np.isin(values, np.arange(28))
            self._refuse_rows("msg_type", bad, texts["msg_type"], lines, good, "is no message number of 1 to 27")
            return np.where(bad, 0, values).astype(np.int64)
        if "mobile" in texts:
            return np.nan_to_num(to_numbers(texts["mobile"], MOBILE_TEXT.get)[0]).astype(np.int64)
        return np.zeros(len(lines), np.int64)

    def _times(self, texts: pa.Array, lines: np.ndarray, good: np.ndarray) -> pd.Series:
        series = texts.to_pandas().astype("str")
        self._decide_date_order(series)
        given = ~series.str.lower().isin(NULLS)
        out = pd.Series(pd.NaT, index=series.index, dtype="datetime64[us, UTC]")
        if given.any():
            out[given] = self._parse(series[given])
        cause = "is no time with a zone" if self._rule.zone is None else "is no time of a message"
        if len(self._rule.formats) > 1:
            cause = "is no time of a message, or two by the --time-format named"
        elif given.any() and not self._rule.formats and out.isna().all():
            cause += time_format_hint(list(series[given].unique()))
        self._refuse_rows("time_utc", (given & out.isna()).to_numpy(), texts, lines, good, cause)
        return out

    def _parse(self, texts: pd.Series) -> pd.Series:
        """Times by the file's rule, which records whether a time zone was seen."""
        moments = parse_times(self._path, self._layout.name_of("time_utc"), texts, self._rule)
        if self._rule.zone is None and moments.notna().any():
            self._rule = replace(self._rule, zoned=True)
        return self._rule.only_possible(moments)

    def _decide_date_order(self, times: pd.Series) -> None:
        """Decide the order of day and month by the first block that has times."""
        if not self._date_order_decided:
            by_format = self._layout.dialect == "dma"
            self._rule = date_order(self._path, times, self._rule, day_first_by_format=by_format)
            self._date_order_decided = True


def _with_hull_size(numbers: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
    """Columns a-d; length and beam alone become b and d with a and c zero, ITU's convention for "antenna unknown"."""
    out = {name: numbers.get(name, np.full(n, np.nan)) for name in NUMBERS}
    for total, first, second in (("length_m", "a", "b"), ("beam_m", "c", "d")):
        if total not in numbers:
            continue
        size = np.where(numbers[total] > 0, numbers[total], np.nan)
        unfilled = ~(np.nan_to_num(out[first]) + np.nan_to_num(out[second]) > 0) & ~np.isnan(size)
        out[first] = np.where(unfilled, 0.0, out[first])
        out[second] = np.where(unfilled, size, out[second])
    return out
