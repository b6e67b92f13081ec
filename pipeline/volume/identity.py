"""Identify the ship of a row by her numbers or those of the table's other rows, and compare the ships of two rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.ships.imo import imo_is_valid
from pipeline.ships.mmsi import mmsi_is_possible
from pipeline.tables.records import records_of
from pipeline.tables.ship_numbers import LETTERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBERS = ("imo", "mmsi")  # in order of trust: the first is a hull's for life
PLACEHOLDERS = {"1234567", "123456789"}  # placeholders for an unknown number, like one digit repeated
POSSIBLE = {"imo": imo_is_valid, "mmsi": mmsi_is_possible}
WORDS = {"imo": "IMO number", "mmsi": "MMSI"}
IMPOSSIBLE = {"imo": "IMO number {} has a wrong check digit", "mmsi": "MMSI {} cannot be a ship's"}


def numbers_of(row: Mapping[Any, Any]) -> dict[str, int | None]:
    """IMO number and MMSI, from their columns or from a ``vessel_id`` like ``imo:9074729``; None where unknown.

    An IMO number may be written with its letters. Placeholders for an unknown number count as none, and so do numbers
    that no ship can have: mistyped, they may be another ship's.

    >>> numbers_of({"vessel_id": "imo:9074729", "mmsi": 273000000})
    {'imo': 9074729, 'mmsi': 273000000}
    >>> numbers_of({"imo": "IMO 9074729", "mmsi": 999999999})
    {'imo': 9074729, 'mmsi': None}
    >>> numbers_of({"imo": 9074728})
    {'imo': None, 'mmsi': None}
    """
    stated = _stated_numbers(row)
    return {name: next((n for n in stated[name] if POSSIBLE[name](n)), None) for name in NUMBERS}


def numbers_doubt(row: Mapping[Any, Any]) -> str:
    """What is wrong with a ship's stated numbers, in words; "" for nothing.

    A placeholder is reported only for a ship without any other number; an IMO number of 0 is not, since many ships have
    none.

    >>> numbers_doubt({"imo": 9074728}), numbers_doubt({"imo": 9074729})
    ('IMO number 9074728 has a wrong check digit: not used to join rows', '')
    >>> numbers_doubt({"mmsi": 999999999}), numbers_doubt({"mmsi": 0, "imo": 9074729})
    ('MMSI 999999999 is only a placeholder: the ship is not identified', '')
    """
    stated = _stated_numbers(row)
    wrong = [
        IMPOSSIBLE[name].format(n) for name in NUMBERS for n in dict.fromkeys(stated[name]) if not POSSIBLE[name](n)
    ]
    if wrong:
        return f"{', '.join(wrong)}: not used to join rows"
    placeholders = [
        f"{WORDS[name]} {n}" for name in NUMBERS if (n := _digits(row.get(name))) is not None and _is_placeholder(n)
    ]
    placeholders = [] if any(stated.values()) else [words for words in placeholders if words != f"{WORDS['imo']} 0"]
    return f"{' and '.join(placeholders)} is only a placeholder: the ship is not identified" if placeholders else ""


def _stated_numbers(row: Mapping[Any, Any]) -> dict[str, list[int]]:
    """Numbers of each kind stated in a row, in its column and in its ``vessel_id``."""
    kind, _, id_number = str(row.get("vessel_id") or "").partition(":")
    stated = {
        name: [_ship_number(row.get(name)), _ship_number(id_number) if kind == name else None] for name in NUMBERS
    }
    return {name: [n for n in numbers if n] for name, numbers in stated.items()}


def linked_imos(rows: Sequence[Mapping[Any, Any]]) -> list[int | None]:
    """The IMO number of each row's ship: the row's own, else the one that other rows link to her MMSI.

    An MMSI with several IMO numbers was several ships' and links none of them to a row without.

    >>> linked_imos([{"imo": 9074729, "mmsi": 273000000}, {"mmsi": 273000000}, {"mmsi": 273000001}])
    [9074729, 9074729, None]
    """
    numbers = [numbers_of(row) for row in rows]
    imos_by_mmsi: dict[int, set[int]] = {}
    for known in numbers:
        if known["imo"] and known["mmsi"]:
            imos_by_mmsi.setdefault(known["mmsi"], set()).add(known["imo"])
    unique = {mmsi: next(iter(imos)) for mmsi, imos in imos_by_mmsi.items() if len(imos) == 1}
    return [known["imo"] or unique.get(known["mmsi"] or 0) for known in numbers]


def with_linked_imos(table: pd.DataFrame) -> pd.DataFrame:
    """Liftings in which a ship has her IMO number in all rows, where some of them link it to her MMSI.

    So her deadweight is the same in all her calls, whichever of them are drawn: those of an account year may lack the
    row that has the link.
    """
    return table.assign(imo=pd.array(linked_imos(records_of(table)), dtype="Int64"))


def same_ship(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> bool | None:
    """Do the numbers of two rows name one ship? The first kind that both have decides; None without a common kind."""
    numbers_a, numbers_b = numbers_of(a), numbers_of(b)
    for name in NUMBERS:
        if numbers_a[name] and numbers_b[name]:
            return numbers_a[name] == numbers_b[name]
    return None


def _ship_number(value: Any) -> int | None:
    """The number of a ship in a cell; None for an empty cell or a placeholder."""
    found = _digits(value)
    return None if found is None or _is_placeholder(found) else found


def _digits(value: Any) -> int | None:
    """The whole number in a cell; None if it is none."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    try:
        number = float(LETTERS.sub("", value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return None
    return int(number) if 0 <= number < 1e10 and number == number // 1 else None


def _is_placeholder(number: int) -> bool:
    """Is it a placeholder for an unknown number?"""
    return len(set(str(number))) == 1 or str(number) in PLACEHOLDERS
