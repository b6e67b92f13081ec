"""Reads the analyst's vessel registry: a hand-edited CSV, so every line is checked, and wrong ones are reported.

A renamed hull stays one line: its other names are in ``aka``.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import InputError
from pipeline.ships.imo import imo_is_valid
from pipeline.ships.largest import BROADEST_M, DEEPEST_M, HIGHEST_M, LARGEST_T, LONGEST_M
from pipeline.ships.mmsi import mmsi_is_possible
from pipeline.tables.call_columns import resembling_column
from pipeline.tables.delimited import SEPARATORS, plain_column_name

TONNAGE_KINDS = ("DWT", "GT", "UNKNOWN")
_MOST_SHOWN = 3  # wrong rows named in an error (our choice)


@dataclass(frozen=True, slots=True)
class _Size:
    low: float
    high: float
    about: str


SIZES: dict[str, _Size] = {
    "dwt_t": _Size(1, LARGEST_T, "deadweight [t], or what tonnage_kind says"),
    "length_m": _Size(3, LONGEST_M, "length over all [m]"),
    "beam_m": _Size(1, BROADEST_M, "moulded beam [m]"),
    "depth_m": _Size(0.5, HIGHEST_M, "moulded depth, keel to deck [m]"),
    "design_draught_m": _Size(0.3, DEEPEST_M, "summer draught [m]"),
    "gt": _Size(1, LARGEST_T, "gross tonnage"),
}
"""Size columns with the range beyond which a value is a typing error."""

COLUMNS = ("imo", "mmsi", "name", "aka", "ship_type", *SIZES, "tonnage_kind", "source")
_REQUIRED = ("name", "source")


def read_registry(path: Path) -> pd.DataFrame:
    """Read a vessel registry: one row per hull, in the file's order.

    Columns of the file, in any order: ``imo``, ``mmsi``, ``name``, ``aka`` (other names, separated by ``;``),
    ``ship_type`` (in words, such as "LPG carrier": decides what she may carry), ``dwt_t``, ``length_m``, ``beam_m``,
    ``depth_m``, ``design_draught_m``, ``gt``, ``tonnage_kind`` (what ``dwt_t`` is: DWT, GT or UNKNOWN, since press and
    registers mix them), ``source`` (where the line is from; required). An empty cell means "not known"; lines that
    start with ``#`` are comments. A quoted cell must end in its line: an open quote would swallow the ships below it.

    Returns
    -------
    registry : those columns; ``aka`` a list, ``imo`` and ``mmsi`` nullable integers, sizes floats. Where
        ``tonnage_kind`` is GT the value of ``dwt_t`` is moved to ``gt``, and ``dwt_t`` is null: a gross tonnage is not
        a weight. An added column ``line`` has the line in the file.

    Raises InputError naming the first wrong lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read as UTF-8 text ({error})") from error
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip() and not line.startswith("#")]
    if not lines:
        raise InputError(path, f"has no header; the columns are {', '.join(COLUMNS)}")
    header, fault = _cells(lines[0][1])
    if fault:
        raise InputError(path, f"line {lines[0][0]}: {fault}")
    _check_header(path, header)
    wrong: list[str] = []
    out = []
    for number, line in lines[1:]:
        cells, fault = _cells(line)
        if not fault and len(cells) != len(header):
            fault = f"{len(cells)} columns, the header has {len(header)}"
        if fault:
            wrong.append(f"line {number}: {fault}")
            continue
        row, faults = _vessel(dict(zip(header, cells, strict=True)))
        wrong += [f"line {number}: {fault}" for fault in faults]
        out.append(row | {"line": number})
    wrong += _repeats(out)
    if wrong:
        more = f" (and {len(wrong) - _MOST_SHOWN} more)" if len(wrong) > _MOST_SHOWN else ""
        raise InputError(path, "; ".join(wrong[:_MOST_SHOWN]) + more)
    return _table(out)


def shared_numbers(registry: pd.DataFrame) -> list[str]:
    """MMSIs that appear in more than one line, each in words: such a number identifies no ship.

    IMO numbers cannot be shared, since they are a hull's for life: a file with one in two lines is refused.
    """
    with_mmsi = registry[registry["mmsi"].notna()]
    groups = with_mmsi.groupby("mmsi", sort=False)
    return [
        f"mmsi {mmsi} stands in lines "
        + " and ".join(f"{line} ({name})" for line, name in zip(lines["line"], lines["name"], strict=True))
        for mmsi, lines in groups
        if len(lines) > 1
    ]


def _cells(line: str) -> tuple[list[str], str]:
    """The cells of a line, and what is wrong with it, such as an open quote, which would swallow the lines below."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))], ""
    except csv.Error as error:
        fault = "a quote is not closed in its line" if "unexpected end" in str(error) else str(error)
        return [], fault


def _check_header(path: Path, header: list[str]) -> None:
    if len(header) == 1 and (mark := next((mark for mark in SEPARATORS if mark != "," and mark in header[0]), "")):
        cause = f"its columns stand between {SEPARATORS[mark]}; write commas between them"
    elif unknown := [name for name in header if name not in COLUMNS]:
        cause = f"unknown {_columns([f'{name}{_typo_hint(name)}' for name in unknown])}"
    elif missing := [name for name in _REQUIRED if name not in header]:
        cause = f"{_columns(missing)} missing"
    elif len(set(header)) < len(header):
        cause = f"column {next(name for name in header if header.count(name) > 1)} appears twice"
    else:
        return
    raise InputError(path, f"line 1: {cause}; the columns are {', '.join(COLUMNS)}")


def _columns(names: list[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _typo_hint(name: str) -> str:
    """Which known column an unknown one may be, in brackets; "" if it resembles none.

    >>> _typo_hint("Tragfähigkeit"), _typo_hint("Ship Type"), _typo_hint("colour")
    (' (did you mean dwt_t?)', ' (did you mean ship_type?)', '')
    """
    close = [
        resembling_column(plain_column_name(name), ()),
        *difflib.get_close_matches(plain_column_name(name), COLUMNS, n=1),
    ]
    return next((f" (did you mean {one}?)" for one in close if one in COLUMNS), "")


def _vessel(cells: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The values of one line, and what is wrong with it."""
    faults: list[str] = []

    def value(name: str, convert: Callable[[str], Any]) -> Any:
        text = cells.get(name, "")
        if not text:
            return None
        try:
            return convert(text)
        except ValueError as error:
            faults.append(f"{name} {text!r} {error}")
            return None

    row: dict[str, Any] = {"imo": value("imo", _imo), "mmsi": value("mmsi", _mmsi)}
    row["name"], row["source"] = cells["name"], cells["source"]
    faults += [f"{name} is empty" for name in _REQUIRED if not cells[name]]
    row["aka"] = [alias.strip() for alias in cells.get("aka", "").split(";") if alias.strip()]
    row |= {name: value(name, _number_within(size)) for name, size in SIZES.items()}
    row["ship_type"] = cells.get("ship_type", "")
    row["tonnage_kind"] = cells.get("tonnage_kind", "").upper()
    if row["tonnage_kind"] not in ("", *TONNAGE_KINDS):
        faults.append(f"tonnage_kind {cells['tonnage_kind']!r} is none of {', '.join(TONNAGE_KINDS)}")
    if row["dwt_t"] is not None and not row["tonnage_kind"]:
        faults.append(f"dwt_t is given, but tonnage_kind does not say which it is: {', '.join(TONNAGE_KINDS)}")
    if row["dwt_t"] is not None and row["gt"] is not None and row["tonnage_kind"] == "GT":
        faults.append("dwt_t is a gross tonnage by its tonnage_kind, and gt is given too")
    for small, large in (("beam_m", "length_m"), ("design_draught_m", "depth_m"), ("depth_m", "length_m")):
        if row[small] is not None and row[large] is not None and row[small] >= row[large]:
            faults.append(f"{small} ({row[small]:g}) is not below {large} ({row[large]:g})")
    return row, faults


def _imo(text: str) -> int:
    digits = text.upper().removeprefix("IMO").strip()
    if not digits.isdigit() or len(digits) != 7:
        raise ValueError("is not seven digits")
    if not imo_is_valid(int(digits)):
        raise ValueError("has a wrong check digit")
    return int(digits)


def _mmsi(text: str) -> int:
    if not text.isdigit() or len(text) != 9:
        raise ValueError("is not nine digits")
    if not mmsi_is_possible(int(text)):
        raise ValueError("is no ship's number")
    return int(text)


def _number_within(size: _Size) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            number = float(text.replace("_", "?"))  # Python reads 1_5 as 15; the writer meant 1.5
        except ValueError:
            raise ValueError("is not a number") from None
        if not size.low <= number <= size.high:  # also refuses nan
            raise ValueError(f"is outside {size.low:g} to {size.high:g}: {size.about}")
        return number

    return convert


def _repeats(rows: list[dict[str, Any]]) -> list[str]:
    """IMO numbers in more than one line: a hull must have one line, whatever its names."""
    first: dict[int, int] = {}
    out = []
    for row in rows:
        if row["imo"] is not None and row["imo"] in first:
            out.append(f"line {row['line']}: imo {row['imo']} stands in line {first[row['imo']]} already; use aka")
        elif row["imo"] is not None:
            first[row["imo"]] = row["line"]
    return out


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[*COLUMNS, "line"])
    for name in ("imo", "mmsi"):
        table[name] = table[name].astype("Int64")
    for name in SIZES:
        table[name] = table[name].astype("float64")
    gross = table["tonnage_kind"] == "GT"
    table["gt"] = table["dwt_t"].where(gross, table["gt"])
    table["dwt_t"] = table["dwt_t"].where(~gross)
    return table
