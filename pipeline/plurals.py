"""A number with its noun, in the singular where it is one."""

from __future__ import annotations


def number_of(count: int, thing: str) -> str:
    """So many things, one of them without its s.

    >>> number_of(1, "look"), number_of(0, "look"), number_of(1200, "usable look")
    ('1 look', '0 looks', '1,200 usable looks')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
