"""The balance of an AIS file: every physical line is in exactly one of these buckets."""

from __future__ import annotations

BUCKETS: dict[str, str] = {
    "decoded": "the line that completes a message (or holds a table's row) which is in the output",
    "part": "an earlier sentence of a message whose last line was judged",
    "duplicate": "the same message again within seconds, the same row again, or a whole file again",
    "bad_checksum": "the sentence does not fit its own checksum",
    "bad_format": "neither a sentence nor a row: cut, overlong, or a value that is no value",
    "unsupported_type": "a message number outside 1-27",
    "incomplete_multipart": "a part whose other parts never came",
    "no_data": "comment, blank line, header, empty payload, or a sentence that is not AIS",
}
"""Name of each bucket and what a line in it was."""


def empty_balance() -> dict[str, int]:
    """All buckets, each with count 0."""
    return dict.fromkeys(BUCKETS, 0)


def sum_balances(*balances: dict[str, int]) -> dict[str, int]:
    """The sum, bucket by bucket."""
    return {name: sum(b[name] for b in balances) for name in BUCKETS}
