"""Recognises rows of totals, as people write below a list: not calls, whatever stands beside the word."""

from __future__ import annotations

import re

_TOTAL = (
    "total totals subtotal sum summe zwischensumme gesamt gesamtsumme insgesamt somme suma totale "
    "итого всего сумма 합계 총계 소계 合計 総計 小計 合计 总计 小计"
)
_FILLERS = "grand sub of all for the year calls ships vessels tankers cargo barrels bbl tonnes tons t mt"
_TOTAL_WORDS, _FILLER_WORDS = frozenset(_TOTAL.split()), frozenset(_FILLERS.split())


def is_total(cell: object) -> bool:
    """Does a cell say only that its row is a total? Numbers beside the word do not matter.

    >>> [is_total(cell) for cell in ("TOTAL:", "Grand total 2023 (5 calls)", "Итого", "Total Spirit", "5", None)]
    [True, True, True, False, False, False]
    """
    words = re.findall(r"[^\W\d_]+", cell.casefold()) if isinstance(cell, str) else []
    return not _TOTAL_WORDS.isdisjoint(words) and _TOTAL_WORDS.union(_FILLER_WORDS).issuperset(words)
