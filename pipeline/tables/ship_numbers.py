"""Reads IMO numbers and MMSIs in tables. If a spreadsheet saved one as 5.63E+08, its last digits are lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SHIP_NUMBERS = ("imo", "mmsi")
LETTERS = re.compile(r"^\s*(?:IMO|MMSI)[\s:.#]*(?:(?:No\.?|number)[\s:.#]*)?", re.IGNORECASE)  # "IMO No. 9074729"
_SCIENTIFIC = re.compile(r"\d(?:[.,](\d*))?[eE]\+?(\d+)")


def is_rounded(text: str) -> bool:
    """Has a number in scientific notation too few digits to be exact to the last one?

    >>> is_rounded("5.630E+08"), is_rounded("5.63123456E+08"), is_rounded("563123456")
    (True, False, False)
    """
    found = _SCIENTIFIC.fullmatch(text.strip())
    return found is not None and len(found[1] or "") < int(found[2])


def read_ship_numbers(texts: pd.Series) -> tuple[pd.Series, list[str]]:
    """A column's numbers, null for rounded ones, and the rounded ones; texts if any other cell is not a number."""
    import pandas as pd

    rounded = texts.map(lambda cell: isinstance(cell, str) and is_rounded(cell)).astype(bool)
    whole = texts.mask(rounded).replace(LETTERS, "", regex=True)
    numbers = pd.to_numeric(whole.map(lambda cell: cell.replace(",", ".") if isinstance(cell, str) else cell), "coerce")
    return (numbers if (numbers.isna() == whole.isna()).all() else whole), list(texts[rounded])
