"""Recognises rows of totals, as people write below a list: not calls, whatever stands beside the word."""

from __future__ import annotations

import re

_TOTAL = (
    "total totals subtotal sum summe zwischensumme gesamt gesamtsumme insgesamt somme suma totale "
    "итого всего сумма 합계 총계 소계 合計 総計 小計 合计 总计 小计"
)
_BESIDE = "grand sub of all for the year calls ships vessels tankers cargo barrels bbl tonnes tons t mt"
_SUMS_UP, _SAY_NOTHING = frozenset(_TOTAL.split()), frozenset(_BESIDE.split())


def sums_up(cell: object) -> bool:
    """Does a cell say only that its row is a total? Numbers beside the word do not matter.

    >>> [sums_up(cell) for cell in ("TOTAL:", "Grand total 2023 (5 calls)", "Итого", "Total Spirit", "5", None)]
    [True, True, True, False, False, False]
    """
    words = re.findall(r"[^\W\d_]+", cell.casefold()) if isinstance(cell, str) else []
    return not _SUMS_UP.isdisjoint(words) and _SUMS_UP.union(_SAY_NOTHING).issuperset(words)
