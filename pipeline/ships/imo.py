"""Validity of IMO ship numbers."""

from __future__ import annotations


def imo_is_valid(imo: int) -> bool:
    """Is it seven digits whose last is the check digit: the first six times 7, 6, 5, 4, 3, 2, summed, modulo 10?

    IMO resolution A.1117(30).

    >>> imo_is_valid(9074729), imo_is_valid(9074728)
    (True, False)
    """
    digits = str(imo)
    if len(digits) != 7 or digits[0] == "0":
        return False
    return sum(int(d) * weight for d, weight in zip(digits, range(7, 1, -1), strict=False)) % 10 == int(digits[6])
