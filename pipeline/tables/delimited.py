"""Reads text tables as programs of any country save them: commas, semicolons, tabs or pipes; decimal points or commas.

Nothing is guessed: a table that could be read in two ways is refused, and so is a row that does not fit its header.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from pipeline.errors import InputError
from pipeline.first_bytes import GZIP, HEAD_BYTES, not_text_table_cause

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
MOST_CELL_CHARACTERS = 1 << 24  # our choice: room for a detailed coast as WKT
MOST_HEADER_LINES = 100  # our choice: spreadsheets break a name into a few lines
MOST_TITLE_LINES = 20  # our choice: a title, author, date and blank lines
_SEP_LINE = re.compile(r"sep=(.)")  # Excel's own first line
_NUMBER = re.compile(r"[+-]?\d+([.,])\d+(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+")  # 3.000 or 3,000: three or three thousand
_BOTH_MARKS = re.compile(r"[+-]?[\d.,]*(?:\.[\d.]*,|,[\d,]*\.|\.\d+\.|,\d+,)[\d.,]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written: its separator, its stripped column names, and the 1-based line where the header ends."""

    separator: str
    header: tuple[str, ...]
    line: int


@dataclass(slots=True)
class Marks:
    """The decimal marks in a table's numbers, each with an example and its place."""

    certain: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, str] = field(default_factory=dict)  # followed by three digits: may be a thousands separator
    grouped: str = ""
    places: dict[str, str] = field(default_factory=dict)

    def add(self, cell: str, line: int, column: str) -> None:
        """Take one cell of a numeric column into account."""
        cell = cell.strip()
        if found := _NUMBER.fullmatch(cell):
            example = (self.ambiguous if _GROUPED.fullmatch(cell) else self.certain).setdefault(found.group(1), cell)
        elif not self.grouped and _BOTH_MARKS.fullmatch(cell):
            example = self.grouped = cell
        else:
            return
        if example is cell:
            self.places.setdefault(cell, f"line {line}, column {column}")

    def decimal(self, path: Path) -> str:
        """The decimal mark; InputError if the numbers could be read in two ways."""
        if self.grouped:
            raise InputError(
                path, f"{self._with_place(self.grouped)} has thousands separators; remove them from all numbers"
            )
        examples = self.certain | {mark: cell for mark, cell in self.ambiguous.items() if mark not in self.certain}
        if len(examples) > 1:
            shown = " and ".join(f"{examples[mark]} in {self.places[examples[mark]]}" for mark in ".,")
            raise InputError(path, f"holds decimal points and commas ({shown}); use one of them")
        if not self.certain and self.ambiguous:
            cell = next(iter(self.ambiguous.values()))
            whole, decimals = re.split("[.,]", cell)
            decimal = f"{whole}.{decimals}".rstrip("0").rstrip(".")
            raise InputError(
                path,
                f"{self._with_place(cell)} may be {decimal} or {whole}{decimals}; write {whole}{decimals} or {cell}0",
            )
        return next(iter(self.certain), ".")

    def _with_place(self, cell: str) -> str:
        return f"{self.places[cell]}: the number {cell}"


def read_delimited(path: Path, numbers: Collection[str], **options: Any) -> pd.DataFrame:
    """A text table read by pandas, once its format is clear; ``numbers`` names the columns that hold only numbers.

    ``options`` is passed to pandas. Raises InputError, and whatever pandas raises.
    """
    import pandas as pd

    layout = read_layout(path)
    names = _column_names(path, layout)
    comma_separated = layout.separator == ","  # then no decimal comma is possible
    marks, widest = Marks(), len(names)
    number_columns = (
        [] if comma_separated else [n for n, name in enumerate(names) if {name, plain_column_name(name)} & set(numbers)]
    )
    for line, row in _rows(path, layout):
        widest = max(widest, len(row))
        for n in number_columns:
            marks.add(row[n], line, names[n])
    mark = marks.decimal(path)
    beyond = range(len(names), widest)  # columns of empty cells beyond the header, in any row
    text_dtypes = dict.fromkeys((names[n] for n in number_columns), "str")
    dtypes = {name: kind for name, kind in (options.pop("dtype", {}) | text_dtypes).items() if name in names}
    with _open_text(path) as file:
        for _ in range(layout.line):  # pandas' own skipping loses rows after a quote left open in the header
            file.readline()
        table = pd.read_csv(
            file, sep=layout.separator, header=None, names=[*names, *beyond], index_col=False, dtype=dtypes,
            low_memory=False, **options,
        )  # fmt: skip
    for name in text_dtypes:
        table[name] = _numbers(table[name], mark)
    empty = [name for name in names if name.startswith("Unnamed: ") and table[name].isna().all()]
    return table.drop(columns=[*empty, *beyond])


def plain_column_name(name: str) -> str:
    """A column's name in lower case, without blanks and brackets.

    >>> plain_column_name("Length (m)"), plain_column_name("DWT_T")
    ('length_m', 'dwt_t')
    >>> plain_column_name("Länge [m]"), plain_column_name("载重吨（吨）")
    ('länge_m', '载重吨_吨')
    """
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).strip().lower()).strip("_")


def read_layout(path: Path) -> Layout:
    """Separator and header of a table; InputError if there is no header, or it could be split in two ways."""
    stated = ""
    with _open_text(path) as file:
        for number, line in enumerate(file, 1):
            if found := _SEP_LINE.fullmatch(line.strip("\r\n ")):
                stated = found.group(1)
            elif line.strip():
                lines = _header_lines(line, file)
                separator = stated or _separator(path, "".join(lines))
                header = next(csv.reader(lines, delimiter=separator))
                return Layout(separator, tuple(name.strip() for name in header), number + len(lines) - 1)
    raise InputError(path, "is empty")


def _header_lines(line: str, further: Iterator[str]) -> list[str]:
    """A header's lines: quoted names may contain line breaks. Only the first line if its quote is never closed."""
    lines = [line]
    while sum(part.count('"') for part in lines) % 2:
        next_line = next(further, "") if len(lines) < MOST_HEADER_LINES else ""
        if not next_line:
            return [line]
        lines.append(next_line)
    return lines


def require_header_first(path: Path, known: Callable[[str], bool]) -> None:
    """Raise InputError if a line further down looks like the header, below a title as in many workbooks.

    ``known`` is called with names as `plain_column_name` writes them. A line with two known names is taken for a
    header.
    """
    layout = read_layout(path)
    if sum(known(plain_column_name(name)) for name in layout.header) > 1:
        return
    with _open_text(path) as file:
        for number, line in enumerate(islice(file, layout.line + MOST_TITLE_LINES), 1):
            names = (next(csv.reader([line], delimiter=mark), []) for mark in SEPARATORS if mark in line)
            if number > layout.line and any(sum(known(plain_column_name(name)) for name in row) > 1 for row in names):
                raise InputError(path, f"its header seems to be in line {number}; remove the lines above it")


def _separator(path: Path, header: str) -> str:
    """The separator of a header's names, outside quotes; a comma if there is only one column."""
    unquoted = re.sub(r'"[^"]*"', "", header)
    found = [mark for mark in SEPARATORS if mark in unquoted]
    if len(found) > 1:
        separator_words = " and ".join(SEPARATORS[mark] for mark in found)
        raise InputError(
            path, f"its header holds {separator_words}; use one between columns, and quote names that contain another"
        )
    return found[0] if found else ","


def _column_names(path: Path, layout: Layout) -> list[str]:
    """The header's names, with pandas' substitute for an empty one; a repeated name is refused."""
    repeated = next((name for name in layout.header if name and layout.header.count(name) > 1), None)
    if repeated is not None:
        raise InputError(path, f"column {repeated} appears twice")
    return [name or f"Unnamed: {n}" for n, name in enumerate(layout.header)]


def _rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the 1-based line that ends it; cells missing at a row's end become empty.

    Spreadsheets omit those, and write empty cells beyond the header, each in some rows only. InputError names the first
    line with anything else beyond the header, or a last line that is cut off.
    """
    width, is_short = len(layout.header), False
    with _open_text(path) as file:
        rows = csv.reader(file, delimiter=layout.separator)
        for row in rows:
            if rows.line_num <= layout.line or not row:
                continue
            if any(cell.strip() for cell in row[width:]):
                hint = "; write decimals with a point" if layout.separator == "," else ""
                raise InputError(path, f"line {rows.line_num} has {len(row)} cells, its header {width}{hint}")
            is_short = len(row) < width
            yield rows.line_num, row + [""] * (width - len(row))
    if is_short and not _ends_with_newline(path):
        raise InputError(path, "its last line is cut off")


def _numbers(texts: pd.Series, mark: str) -> pd.Series:
    """A column of texts as numbers; left as texts if one is not a number, for the reader of the row to refuse."""
    import pandas as pd

    plain = texts.str.strip()
    if mark == ",":
        plain = plain.where(~plain.str.fullmatch(_NUMBER.pattern).fillna(False), plain.str.replace(",", "."))
    found = pd.to_numeric(plain, errors="coerce")
    return found if (found.isna() == plain.isna()).all() else plain


def _ends_with_newline(path: Path) -> bool:
    last = b""
    with _open_bytes(path) as file:  # gzipped data cannot be read from their end
        while chunk := file.read(io.DEFAULT_BUFFER_SIZE):
            last = chunk[-1:]
    return last in (b"\r", b"\n")


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    """The file as text, without a byte-order mark; InputError if it is not text."""
    limit = csv.field_size_limit(MOST_CELL_CHARACTERS)
    try:
        with _open_bytes(path) as file:
            not_text = not_text_table_cause(file.read(HEAD_BYTES))
        if not_text:
            raise InputError(path, not_text)
        with _open_bytes(path) as file:
            yield io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    except UnicodeDecodeError as error:
        raise InputError(path, "is not UTF-8 text; save it as CSV UTF-8") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, f"cannot be unpacked: its gzip data are cut off or damaged ({error})") from error
    except csv.Error as error:
        raise InputError(path, f"cannot be read as a table ({error})") from error
    finally:
        csv.field_size_limit(limit)


def _open_bytes(path: Path) -> BinaryIO:
    """The bytes of the file, decompressed if gzipped; recognised by its first bytes, as for AIS, not by its name."""
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if is_gzip else path.open("rb")
