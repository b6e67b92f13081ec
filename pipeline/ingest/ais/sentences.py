"""Reads single lines of an NMEA log: checksum, AIVDM fields, and the time from a tag block, prefix or trailer.

Sentences follow NMEA 0183: ``!AIVDM,parts,number,sequence,channel,payload,fill*hh``; tag blocks NMEA 4.10:
``\\s:station,c:1709251200*hh\\``. The checksum is the XOR of all characters between ``!`` (or ``\\``) and ``*``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timezone
from functools import reduce
from operator import xor
from typing import Literal, NamedTuple

Verdict = Literal["bad_checksum", "bad_format", "no_data"]

_HEX: dict[bytes, int] = {
    bytes((x, y)): int(bytes((x, y)), 16) for x in b"0123456789ABCDEFabcdef" for y in b"0123456789ABCDEFabcdef"
}
_ARMOUR = bytes((*range(48, 88), *range(96, 120)))  # the 64 characters of a payload, ITU-R M.1371
_DIGITS: dict[bytes, int] = {str(i).encode(): i for i in range(10)}
_EPOCH = re.compile(rb"(?<![^,\s])(\d{9,16})(?:\.\d*)?(?=[,\s]|$)")
_ISO = re.compile(rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?(Z|UTC|[+-]\d\d:?\d\d)|(?![\d:.]| ?[Z+-]))")

_NEXT_SENTENCE = re.compile(rb"![A-Za-z0-9]{2}VD[MO],")

EARLIEST_S, LATEST_S = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100: AIS did not exist before 2000


class Sentence(NamedTuple):
    """One checked AIVDM/AIVDO sentence."""

    parts: int
    number: int
    sequence: bytes
    channel: bytes
    payload: bytes
    fill_bits: int
    station: bytes
    time_s: float | None


def xor_of(data: bytes) -> int:
    """XOR of all bytes."""
    return reduce(xor, data, 0)


def epoch_seconds(digits: bytes | str) -> float | None:
    """Seconds since 1970 from a count of seconds, milli- or microseconds, decided by range; None outside all.

    >>> epoch_seconds("1709251200"), epoch_seconds("1709251200123"), epoch_seconds("17092512")
    (1709251200.0, 1709251200.123, None)
    """
    value = int(digits)
    for divisor in (1.0, 1e3, 1e6):
        if EARLIEST_S <= value / divisor < LATEST_S:
            return value / divisor
    return None


class SentenceReader:
    """Reads lines one after the other; remembers a time line that belongs to the next sentence.

    ``zone``: the time zone of a logger's times that state none; without it they are ignored.
    """

    def __init__(self, zone: timezone | None = None) -> None:
        self._zone = zone
        self._tags: dict[bytes, tuple[bytes, float | None]] = {}
        self._announced_s: float | None = None

    @property
    def time_announced(self) -> bool:
        """Does a proprietary time line await its sentence?"""
        return self._announced_s is not None

    def read(self, line: bytes) -> Sentence | Verdict:
        """The line's sentence, or the bucket that it belongs in."""
        line = line.strip()
        station, time_s, start = b"", None, 0
        while line.startswith(b"\\", start):  # there may be several blocks, each between two of them
            end = line.find(b"\\", start + 1)
            if end < 0 and start == 0:
                return "bad_format"
            if end < 0:
                break
            block = self._read_tag_block(line[start + 1 : end])
            station, time_s = block[0] or station, time_s if block[1] is None else block[1]
            start = end + 1
        start = line.find(b"!", start) if not line.startswith(b"#") else -1
        if start < 0:
            return self._verdict_without_sentence(line)
        star = line.find(b"*", start)
        if star < 0 or (expected := _HEX.get(line[star + 1 : star + 3])) is None:
            return "bad_format"
        if xor_of(line[start + 1 : star]) != expected:
            return "bad_checksum"
        if _NEXT_SENTENCE.search(line, star + 3):
            return "bad_format"  # two lines that lost the end between them: no line is in two buckets
        if time_s is None:
            time_s = self._time_around(line[:start], line[star + 3 :])
        return _parse_fields(line[start + 1 : star], station, time_s)

    def _time_around(self, prefix: bytes, trailer: bytes) -> float | None:
        announced, self._announced_s = self._announced_s, None
        if trailer and (found := _EPOCH.search(trailer)):
            return epoch_seconds(found[1])
        if prefix and not prefix.startswith(b"\\"):
            return _parse_prefix_time(prefix, self._zone)
        return announced

    def _read_tag_block(self, tag: bytes) -> tuple[bytes, float | None]:
        known = self._tags.get(tag)
        if known is None:
            if len(self._tags) > 4096:
                self._tags.clear()
            known = self._tags[tag] = _parse_tag_block(tag)
        return known

    def _verdict_without_sentence(self, line: bytes) -> Verdict:
        if not line or line.startswith((b"#", b"\\")):
            return "no_data"
        if line.startswith(b"$"):
            if line.startswith(b"$PGHP,"):
                self._announced_s = _parse_gatehouse_time(line)
            return "no_data"
        return "bad_format"


def _parse_fields(body: bytes, station: bytes, time_s: float | None) -> Sentence | Verdict:
    fields = body.split(b",")
    if fields[0][2:] not in (b"VDM", b"VDO"):
        return "no_data"
    if len(fields) != 7:
        return "bad_format"
    parts, number, fill = _DIGITS.get(fields[1]), _DIGITS.get(fields[2]), _DIGITS.get(fields[6])
    payload = fields[5]
    if not parts or not number or number > parts or fill is None or fill > 5 or payload.translate(None, _ARMOUR):
        return "bad_format"
    if len(fields[3]) > 2 or len(fields[4]) > 2:  # sequence and channel: one character each, two on odd receivers
        return "bad_format"
    if not payload:
        return "no_data"
    return Sentence(parts, number, fields[3], fields[4], payload, fill, station, time_s)


def _parse_tag_block(tag: bytes) -> tuple[bytes, float | None]:
    """Station and time of a tag block; empty if its checksum is wrong."""
    body, star, checksum = tag.rpartition(b"*")
    if not star or _HEX.get(checksum[:2]) != xor_of(body):
        return b"", None
    station, time_s = b"", None
    for field in body.split(b","):
        if field.startswith(b"s:"):
            station = field[2:] or station
        elif field.startswith(b"c:") and field[2:].isdigit():
            time_s = epoch_seconds(field[2:])
    return station, time_s


def _parse_prefix_time(prefix: bytes, zone: timezone | None) -> float | None:
    """Time that a logger wrote before the sentence: ISO 8601, or an epoch; None if it has no time zone."""
    if found := _ISO.search(prefix):
        offset = b"+00:00" if found[2] in (b"Z", b"UTC") else found[2] or b""
        try:
            time = datetime.fromisoformat((found[1] + offset).decode())
        except ValueError:
            return None
        time = time if time.tzinfo else time.replace(tzinfo=zone)
        return time.timestamp() if time.tzinfo else None
    found = _EPOCH.search(prefix)
    return epoch_seconds(found[1]) if found else None


def _parse_gatehouse_time(line: bytes) -> float | None:
    """``$PGHP,1,year,month,day,hour,minute,second,millisecond,...*hh``: the time of the sentence that follows."""
    star = line.rfind(b"*")
    if star < 0 or _HEX.get(line[star + 1 : star + 3]) != xor_of(line[1:star]):
        return None
    try:
        year, month, day, hour, minute, second, ms = (int(x) for x in line[:star].split(b",")[2:9])
        return datetime(year, month, day, hour, minute, second, ms * 1000, tzinfo=UTC).timestamp()
    except ValueError:
        return None
