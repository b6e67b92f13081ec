"""Bytes of lines made fit for a parser: one encoding, and no line that takes its neighbours with it."""

from __future__ import annotations

import numpy as np

UNREADABLE = b"\x00"  # stands in for a line that no parser should see; every reader counts it as bad_format


def decoded(raw: bytes) -> str:
    """Text of bytes: UTF-8, else Latin-1, in which every byte is a letter."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_utf8(data: bytes) -> bytes:
    """The block with lines that are not UTF-8 read as Latin-1: the parser cannot speak of a bad row in other bytes."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return b"\n".join(decoded(line).encode() for line in data.split(b"\n"))
    return data


def replace_lines(data: bytes, bad: np.ndarray) -> bytes:
    """The block with the lines of these 0-based numbers made ``UNREADABLE``."""
    lines = data.split(b"\n")
    for number in bad:
        lines[number] = UNREADABLE
    return b"\n".join(lines)


def without_swallowers(data: bytes) -> bytes:
    """Lines that take neighbours with them or fall apart (odd quotes, a NUL, a bare return), made unreadable."""
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
