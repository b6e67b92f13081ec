"""Makes lines safe for a CSV parser: one encoding, and no line that swallows its neighbours."""

from __future__ import annotations

import numpy as np

UNREADABLE = b"\x00"  # replaces a line that no parser should see; every reader counts it as bad_format


def decode_text(raw: bytes) -> str:
    """Bytes as text: UTF-8, else Latin-1, in which every byte is a character."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_utf8(data: bytes) -> bytes:
    """The block with lines that are not UTF-8 converted from Latin-1: the parser can report bad rows only in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return b"\n".join(decode_text(line).encode() for line in data.split(b"\n"))
    return data


def replace_lines(data: bytes, bad: np.ndarray) -> bytes:
    """The block with these lines (0-based numbers) replaced by ``UNREADABLE``."""
    lines = data.split(b"\n")
    for number in bad:
        lines[number] = UNREADABLE
    return b"\n".join(lines)


def without_broken_lines(data: bytes) -> bytes:
    """Replace lines that swallow neighbours or split (odd quotes, a NUL, a bare CR) by ``UNREADABLE``."""
    bare = b"\r" in data.replace(b"\r\n", b"\n")
    if b'"' not in data and b"\x00" not in data and not bare:
        return data
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    returns = np.flatnonzero(octets == ord("\r"))
    torn = np.searchsorted(ends, returns[~np.isin(returns + 1, ends)])
    line_of_quote = np.searchsorted(ends, np.flatnonzero(octets == ord('"')))
    line_of_nul = np.searchsorted(ends, np.flatnonzero(octets == 0))
    quotes = np.bincount(line_of_quote, minlength=len(ends) + 1)
    bad = np.unique(np.concatenate([np.flatnonzero(quotes % 2), line_of_nul, torn]))
    return replace_lines(data, bad) if len(bad) else data
