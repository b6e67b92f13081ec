"""The offset in Sentinel-2's numbers: DN = 10,000 * reflectance + 1,000 since processing baseline 04.00.

ESA, Sentinel-2 Products Specification Document, January 2022.
"""

from __future__ import annotations

# As above
OFFSET_DN = 1000
FIRST_BASELINE = (4, 0)


def baseline_of(text: str) -> tuple[int, ...]:
    """The numbers of a baseline; none where it is not written as one.

    >>> baseline_of("05.09"), baseline_of(" 2.14"), baseline_of("N0400"), baseline_of("")
    ((5, 9), (2, 14), (), ())
    """
    major, point, minor = text.strip().partition(".")
    return (int(major), int(minor)) if point and major.isdecimal() and minor.isdecimal() else ()
