"""Scans all lines of a block of an NMEA log at once: checksums, fields and times of sentences, in compiled code.

Gives the same result for a line as ``sentences.SentenceReader``, which handles what this leaves (ASK): lines without a
sentence, times that a logger wrote before it, and the sentence that a proprietary time line belongs to.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from pipeline.ingest.ais.sentences import EARLIEST_S, LATEST_S

NEEDS_READER, SINGLE, PART, BAD_CHECKSUM, BAD_FORMAT, NO_DATA = range(6)
"""What a line is: to be asked of the reader, a whole message's only sentence, one of several, or in a bucket."""

NEWLINE, BACKSLASH, BANG, STAR, COMMA, HASH, DOLLAR, COLON = (ord(c) for c in "\n\\!*,#$:")
_LETTER_C, _LETTER_S, _LETTER_V, _LETTER_D, _LETTER_M, _LETTER_O, _DOT = (ord(c) for c in "csVDMO.")
_LONGEST_EPOCH = 18  # digits; longer ones are beyond every range, and would overflow


class Scanned(NamedTuple):
    """One row per line: its kind, its time [s, NaN for none], and where its parts are in the block (start, end)."""

    kind: np.ndarray
    time_s: np.ndarray
    spans: np.ndarray
    """Shape (lines, 4, 2): the payload, the sequence number, the channel, the station of the tag block."""
    numbers: np.ndarray
    """Shape (lines, 3): parts, number of this part, fill bits."""
    bounds: np.ndarray
    """Shape (lines, 2): the line itself without its line end."""


def scan(data: bytes, *, time_announced: bool, line_limit: int) -> Scanned:
    """Scan every line of a block; ``time_announced``: a time line before the block awaits its sentence."""
    return Scanned(*_scan(np.frombuffer(data, np.uint8), time_announced, line_limit))


@numba.njit(cache=True)
def _is_blank(c):  # type: ignore[no-untyped-def]
    return c == 32 or 9 <= c <= 13


@numba.njit(cache=True)
def _hex_value(c):  # type: ignore[no-untyped-def]
    if 48 <= c <= 57:
        return c - 48
    if 65 <= c <= 70:
        return c - 55
    if 97 <= c <= 102:
        return c - 87
    return -1


@numba.njit(cache=True)
def _checksum_at(data, at, end):  # type: ignore[no-untyped-def]
    """The value of two hexadecimal digits at a position; -1 if there are none."""
    if at + 2 > end:
        return -1
    high, low = _hex_value(data[at]), _hex_value(data[at + 1])
    return -1 if high < 0 or low < 0 else 16 * high + low


@numba.njit(cache=True)
def _find(data, byte, at, end):  # type: ignore[no-untyped-def]
    while at < end:
        if data[at] == byte:
            return at
        at += 1
    return -1


@numba.njit(cache=True)
def _xor(data, at, end):  # type: ignore[no-untyped-def]
    out = 0
    for k in range(at, end):
        out ^= data[k]
    return out


@numba.njit(cache=True)
def _epoch(data, at, end):  # type: ignore[no-untyped-def]
    """Seconds from digits in seconds, milli- or microseconds; NaN outside all ranges."""
    if end - at > _LONGEST_EPOCH:
        return np.nan
    value = np.int64(0)
    for k in range(at, end):
        value = value * 10 + (data[k] - 48)
    for divisor in (1.0, 1e3, 1e6):
        seconds = value / divisor
        if EARLIEST_S <= seconds < LATEST_S:
            return seconds
    return np.nan


@numba.njit(cache=True)
def _all_digits(data, at, end):  # type: ignore[no-untyped-def]
    for k in range(at, end):
        if not 48 <= data[k] <= 57:
            return False
    return end > at


@numba.njit(cache=True)
def _trailing_time(data, at, end):  # type: ignore[no-untyped-def]
    """Time in a receiver's trailer: the first of its fields that is 9 to 16 digits, with or without a fraction."""
    while at < end:
        stop = at
        while stop < end and data[stop] != COMMA and not _is_blank(data[stop]):
            stop += 1
        digits_end = at
        while digits_end < stop and 48 <= data[digits_end] <= 57:
            digits_end += 1
        fraction_start = digits_end + 1 if digits_end < stop and data[digits_end] == _DOT else digits_end
        if 9 <= digits_end - at <= 16 and (fraction_start == stop or _all_digits(data, fraction_start, stop)):
            return True, _epoch(data, at, digits_end)
        at = stop + 1
    return False, np.nan


@numba.njit(cache=True)
def _is_alphanumeric(c):  # type: ignore[no-untyped-def]
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122


@numba.njit(cache=True)
def _has_another_sentence(data, at, end):  # type: ignore[no-untyped-def]
    """Does another AIS sentence begin here?"""
    for k in range(at, end - 6):
        if data[k] == BANG and data[k + 3] == _LETTER_V and data[k + 4] == _LETTER_D and data[k + 6] == COMMA:
            is_vdm_or_vdo = data[k + 5] == _LETTER_M or data[k + 5] == _LETTER_O
            if is_vdm_or_vdo and _is_alphanumeric(data[k + 1]) and _is_alphanumeric(data[k + 2]):
                return True
    return False


@numba.njit(cache=True)
def _read_tag_block(data, at, end, station):  # type: ignore[no-untyped-def]
    """Time of a tag block, NaN for none; writes the station's span to ``station``. Ignored if its checksum is wrong."""
    star = end - 1
    while star >= at and data[star] != STAR:
        star -= 1
    if star < at or _checksum_at(data, star + 1, end) != _xor(data, at, star):
        return np.nan
    time_s = np.nan
    while at <= star:
        stop = _find(data, COMMA, at, star)
        stop = star if stop < 0 else stop
        if data[at + 1] == COLON:
            if data[at] == _LETTER_S and stop > at + 2:
                station[0], station[1] = at + 2, stop
            elif data[at] == _LETTER_C and _all_digits(data, at + 2, stop):
                time_s = _epoch(data, at + 2, stop)
        at = stop + 1
    return time_s


@numba.njit(cache=True)
def _read_tag_blocks(data, at, end, station):  # type: ignore[no-untyped-def]
    """Combined time of all tag blocks at a position, and where the last of them ends."""
    time_s = np.nan
    while at < end and data[at] == BACKSLASH:
        close = _find(data, BACKSLASH, at + 1, end)
        if close < 0:
            break
        block_time_s = _read_tag_block(data, at + 1, close, station)
        time_s = time_s if np.isnan(block_time_s) else block_time_s
        at = close + 1
    return time_s, at


@numba.njit(cache=True)
def _single_digit(data, at, end):  # type: ignore[no-untyped-def]
    return data[at] - 48 if end - at == 1 and 48 <= data[at] <= 57 else -1


@numba.njit(cache=True)
def _read_fields(data, at, end, spans, numbers):  # type: ignore[no-untyped-def]
    """Kind of a sentence whose checksum is correct; writes its payload, sequence, channel and numbers."""
    commas = np.empty(8, np.int64)
    n = 0
    for k in range(at, end):
        if data[k] == COMMA:
            if n < 8:
                commas[n] = k
            n += 1
    talker = commas[0] if n else end
    is_ais = talker - at == 5 and data[at + 2] == _LETTER_V and data[at + 3] == _LETTER_D
    if not is_ais or (data[at + 4] != _LETTER_M and data[at + 4] != _LETTER_O):
        return NO_DATA
    if n != 6:
        return BAD_FORMAT
    parts, number = _single_digit(data, commas[0] + 1, commas[1]), _single_digit(data, commas[1] + 1, commas[2])
    fill = _single_digit(data, commas[5] + 1, end)
    if parts <= 0 or number <= 0 or number > parts or fill < 0 or fill > 5:
        return BAD_FORMAT
    for k in range(commas[4] + 1, commas[5]):
        if not (48 <= data[k] <= 87 or 96 <= data[k] <= 119):
            return BAD_FORMAT
    if commas[3] - commas[2] > 3 or commas[4] - commas[3] > 3:
        return BAD_FORMAT
    if commas[5] == commas[4] + 1:
        return NO_DATA
    spans[0, 0], spans[0, 1] = commas[4] + 1, commas[5]
    spans[1, 0], spans[1, 1] = commas[2] + 1, commas[3]
    spans[2, 0], spans[2, 1] = commas[3] + 1, commas[4]
    numbers[0], numbers[1], numbers[2] = parts, number, fill
    return SINGLE if parts == 1 else PART


@numba.njit(cache=True)
def _scan_line(data, at, end, announced, spans, numbers):  # type: ignore[no-untyped-def]
    """Kind of one line, its time, and whether an announced time still awaits its sentence."""
    while at < end and _is_blank(data[at]):
        at += 1
    while end > at and _is_blank(data[end - 1]):
        end -= 1
    first = at
    tagged = at < end and data[at] == BACKSLASH
    time_s, after_tag = _read_tag_blocks(data, at, end, spans[3])
    if tagged and after_tag == at:
        return BAD_FORMAT, np.nan, announced
    start = -1 if at < end and data[at] == HASH else _find(data, BANG, after_tag, end)
    if start < 0:
        return NEEDS_READER, np.nan, announced or (first < end and data[first] == DOLLAR)
    star = _find(data, STAR, start, end)
    expected = _checksum_at(data, star + 1, end) if star >= 0 else -1
    if expected < 0:
        return BAD_FORMAT, np.nan, announced
    if _xor(data, start + 1, star) != expected:
        return BAD_CHECKSUM, np.nan, announced
    if _has_another_sentence(data, star + 3, end):
        return BAD_FORMAT, np.nan, announced
    if np.isnan(time_s):
        if announced or (start > first and not tagged):
            return NEEDS_READER, np.nan, False
        if star + 3 < end:
            _, time_s = _trailing_time(data, star + 3, end)
    return _read_fields(data, start + 1, star, spans, numbers), time_s, announced


@numba.njit(cache=True)
def _scan(data, announced, line_limit):  # type: ignore[no-untyped-def]
    n = 0
    for c in data:
        n += c == NEWLINE
    if len(data) and data[-1] != NEWLINE:
        n += 1
    kinds, time_s = np.empty(n, np.int8), np.empty(n, np.float64)
    spans, numbers = np.zeros((n, 4, 2), np.int64), np.zeros((n, 3), np.int8)
    bounds = np.empty((n, 2), np.int64)
    at = 0
    for k in range(n):
        end = at
        while end < len(data) and data[end] != NEWLINE:
            end += 1
        bounds[k, 0], bounds[k, 1] = at, end
        if end - at > line_limit:
            kinds[k], time_s[k] = BAD_FORMAT, np.nan
        else:
            kinds[k], time_s[k], announced = _scan_line(data, at, end, announced, spans[k], numbers[k])
        at = end + 1
    return kinds, time_s, spans, numbers, bounds
