"""Words for how many and which: a number with its noun, the first names of many."""

from __future__ import annotations

from collections.abc import Sequence


def number_of(count: int, thing: str) -> str:
    """A count with its noun, in the plural unless the count is 1.

    >>> number_of(1, "look"), number_of(0, "look"), number_of(1200, "usable look")
    ('1 look', '0 looks', '1,200 usable looks')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def first_of(names: Sequence[object], most: int) -> str:
    """The first ``most`` names in one line.

    >>> first_of(["a", "b"], 2), first_of([1, 2, 3], 2)
    ('a, b', '1, 2 ...')
    """
    return ", ".join(map(str, names[:most])) + (" ..." if len(names) > most else "")
