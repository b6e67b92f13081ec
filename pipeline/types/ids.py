"""Ids of detections and calls: hex digits of a hash that no spreadsheet takes for a number.

One id of twelve hex digits in 140 consists of decimal digits alone, or of these around one ``e``. A spreadsheet opens
``12e456789012`` as a power of ten and drops the zeros of ``004512345678``; what it saves names nothing any more.
"""

from __future__ import annotations

import re

_LIKE_A_NUMBER = re.compile(r"(?=([0-9a-f]{12}|[0-9a-f]{16})(-|$))\d+(e\d+)?(-\d+)?")
_LETTERS = "ghijklmnop"  # for 0 to 9: letters that are no hex digits, so no other hash gives the same id


def never_a_number(hex_id: str) -> str:
    """The id, its first digit replaced by a letter if it reads as a number; other ids and texts are unchanged.

    Ids of earlier versions lack the letter: verdicts are read through this function, so those on such ids still apply.

    >>> never_a_number("12e456789012"), never_a_number("004512345678"), never_a_number("12e4567890ab")
    ('h2e456789012', 'g04512345678', '12e4567890ab')
    """
    return _LETTERS[int(hex_id[0])] + hex_id[1:] if _LIKE_A_NUMBER.fullmatch(hex_id) else hex_id
