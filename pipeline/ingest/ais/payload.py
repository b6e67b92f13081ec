"""Decodes AIS payloads to columns, a whole block at once: six-bit characters to numbers and texts, in compiled code.

Field offsets come from pyais, which also decodes rare messages (aids to navigation); the tests compare all others with
it. Which message carries which field: ITU-R M.1371-5, annex 8.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
from pyais.bit_vector import bit_vector
from pyais.messages import MSG_CLASS, MessageType24PartA, MessageType24PartB

from pipeline.ingest.ais.names import NUMBERS, TEXTS

POSITION = {"lon": "lon", "lat": "lat"}
MOTION = POSITION | {"sog": "speed", "cog": "course"}
HULL = {"a": "to_bow", "b": "to_stern", "c": "to_port", "d": "to_starboard"}
CLASS_A = MOTION | {"heading": "heading", "nav": "status"}
CLASS_B = MOTION | {"heading": "heading"}
VOYAGE = {
    "imo": "imo",
    "callsign": "callsign",
    "name": "shipname",
    "ship_type": "ship_type",
    "draught": "draught",
    "dest": "destination",
} | HULL

FIELDS: dict[int, dict[str, str]] = {
    1: CLASS_A,
    2: CLASS_A,
    3: CLASS_A,
    4: POSITION,
    5: VOYAGE,
    9: MOTION,
    11: POSITION,
    18: CLASS_B,
    19: CLASS_B | {"name": "shipname", "ship_type": "ship_type"} | HULL,
    27: MOTION | {"nav": "status"},
}
"""Our column: pyais' field, for messages with one layout. Message 24 has three, given below; 21 is left to pyais. All
others give only their number and MMSI, 17 (a reference station ashore) too, since pyais 3.3 reads its coordinates at
ten times a minute and without sign."""
PART_A = {"name": "shipname"}
PART_B = {"callsign": "callsign", "ship_type": "ship_type"}
AID_TO_NAVIGATION = 21  # message type (ITU-R M.1371)
_LAYOUTS: tuple[tuple[Any, dict[str, str]], ...] = (
    *((MSG_CLASS[kind] if kind in FIELDS else None, FIELDS.get(kind, {})) for kind in range(28)),
    (MessageType24PartA, PART_A),
    (MessageType24PartB, PART_B),
    (MessageType24PartB, PART_B | HULL),
)
_A, _B_OF_CRAFT, _B = 28, 29, 30  # layouts of message 24; auxiliary craft send the mother ship's MMSI, not their size

WIDTHS = (7, 34, 20)  # characters of the texts; the name of an aid to navigation may have 14 more
_HEADER_BITS = 38  # number, repeat, MMSI
_PLAIN, _TENTHS, _MINUTES_E4, _TENTH_MINUTES, _TEXT = range(5)  # conversions from a field's bits to its value
_SENT_IN_TENTHS = {"speed", "course", "draught"}

DECODED, BAD, UNSUPPORTED, LEFT_TO_PYAIS = range(4)
BUCKET_OF = {DECODED: "decoded", BAD: "bad_format", UNSUPPORTED: "unsupported_type"}


class Payloads(NamedTuple):
    """Messages to decode: one row each, with their payloads in one buffer from ``start`` to ``end``."""

    buffer: np.ndarray
    start: np.ndarray
    end: np.ndarray
    fill_bits: np.ndarray
    line: np.ndarray
    time_s: np.ndarray


def _conversion_of(kind: int, name: str) -> int:
    if name in {"lon", "lat"}:
        return _TENTH_MINUTES if kind == 27 else _MINUTES_E4
    in_whole_units = kind == 27 or (kind == 9 and name == "speed")
    return _TENTHS if name in _SENT_IN_TENTHS and not in_whole_units else _PLAIN


def _layout_table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fields (column, offset, width, signed, law) of all layouts, each layout's first row, and the bits it needs.

    A payload that ends before the last field read would give wrong values, not missing ones.
    """
    rows: list[tuple[int, ...]] = []
    first_rows, bits_needed = [0], []
    for kind, (message, fields) in enumerate(_LAYOUTS):
        plan = {name: place for name, *place in message.decoder_plan()} if message is not None else {}
        bits = _HEADER_BITS
        for field, pyais_name in fields.items():
            at, width, signed, *_ = plan[pyais_name]
            column = TEXTS.index(field) if field in TEXTS else NUMBERS.index(field)
            rows.append((column, at, width, int(signed), _TEXT if field in TEXTS else _conversion_of(kind, pyais_name)))
            bits = max(bits, at + width)
        first_rows.append(len(rows))
        bits_needed.append(bits)
    bits_needed[24] = bits_needed[_A]
    bits_needed[_B_OF_CRAFT] = bits_needed[_B]
    return np.array(rows, np.int64), np.array(first_rows, np.int64), np.array(bits_needed, np.int64)


_ROWS, _FIRST_ROWS, _BITS_NEEDED = _layout_table()
_BITS_NEEDED_21 = max(at + width for name, at, width, *_ in MSG_CLASS[21].decoder_plan() if name in HULL.values())


def decode(messages: Payloads) -> tuple[pd.DataFrame | None, dict[str, int]]:
    """The messages as columns in their order (None if there are none), and the number in each bucket."""
    n = len(messages.line)
    numbers = np.full((n, len(NUMBERS)), np.nan)
    chars = [np.zeros((n, width), np.uint8) for width in WIDTHS]
    lengths = np.zeros((n, len(TEXTS)), np.int64)
    verdict, kind, mmsi, fingerprints = _decode(
        messages.buffer, messages.start, messages.end, messages.fill_bits,
        _ROWS, _FIRST_ROWS, _BITS_NEEDED, numbers, *chars, lengths,
    )  # fmt: skip
    for row in np.flatnonzero(verdict == LEFT_TO_PYAIS):
        payload = messages.buffer[messages.start[row] : messages.end[row]].tobytes()
        verdict[row] = _decode_with_pyais(
            payload, int(messages.fill_bits[row]), numbers[row], [c[row] for c in chars], lengths[row]
        )
    counts = {name: int((verdict == code).sum()) for code, name in BUCKET_OF.items()}
    good = verdict == DECODED
    if not good.any():
        return None, counts
    out: dict[str, Any] = {
        "line": messages.line[good],
        "msg_type": kind[good],
        "mmsi": mmsi[good],
        "time_s": messages.time_s[good],
        "fingerprint": fingerprints[good],
    }
    out |= {name: numbers[good, k] for k, name in enumerate(NUMBERS)}
    out |= {name: _strings(chars[k][good], lengths[good, k]) for k, name in enumerate(TEXTS)}
    return pd.DataFrame(out, copy=False), counts


def _strings(chars: np.ndarray, lengths: np.ndarray) -> Any:
    """Rows of characters as a text column, without creating Python objects."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = chars[np.arange(chars.shape[1]) < lengths[:, None]].tobytes()
    texts = pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets.tobytes()), pa.py_buffer(flat))
    return pd.array(texts, dtype="str")


def _decode_with_pyais(
    payload: bytes, fill_bits: int, numbers: np.ndarray, chars: list[np.ndarray], lengths: np.ndarray
) -> int:
    """Decode an aid to navigation, whose name may have an extension at its end."""
    bits = bit_vector(payload, fill_bits)
    if len(bits) < _BITS_NEEDED_21:
        return BAD
    try:
        content: Any = MSG_CLASS[AID_TO_NAVIGATION].from_vector(bits)
    except Exception:  # what pyais cannot decode is not a message
        return BAD
    for field, pyais_name in (POSITION | HULL).items():
        numbers[NUMBERS.index(field)] = getattr(content, pyais_name)
    name = TEXTS.index("name")
    text = ((content.name or "") + (content.name_ext or ""))[: WIDTHS[name]]
    raw = text.split("@", 1)[0].strip().encode("ascii")
    chars[name][: len(raw)] = list(raw)
    lengths[name] = len(raw)
    return DECODED


@numba.njit(cache=True)
def _read_bits(buffer, start, offset, width):  # type: ignore[no-untyped-def]
    """An unsigned number of up to 57 bits from six-bit characters."""
    first, last = offset // 6, (offset + width - 1) // 6
    value = np.int64(0)
    for k in range(first, last + 1):
        sixbit = np.int64(buffer[start + k]) - 48
        value = (value << 6) | (sixbit - 8 if sixbit > 40 else sixbit)
    value >>= 6 * (last + 1) - (offset + width)
    return value & ((np.int64(1) << width) - 1)


@numba.njit(cache=True)
def _read_text(buffer, start, offset, width, out):  # type: ignore[no-untyped-def]
    """Six-bit text up to the first '@', stripped; returns its length."""
    n = 0
    for k in range(width // 6):
        sixbit = _read_bits(buffer, start, offset + 6 * k, 6)
        if sixbit == 0 or n == len(out):
            break
        character = sixbit + 64 if sixbit < 32 else sixbit
        if n or character != 32:
            out[n] = character
            n += 1
    while n and out[n - 1] == 32:
        n -= 1
    return n


@numba.njit(cache=True)
def _convert(raw, conversion):  # type: ignore[no-untyped-def]
    """The value of raw bits; degrees are rounded to six decimals, as in other decoders."""
    if conversion == _TENTHS:
        return raw / 10.0
    if conversion == _MINUTES_E4:
        return ((10 * raw + 3) // 6) / 1e6
    if conversion == _TENTH_MINUTES:
        return ((10_000 * raw + 3) // 6) / 1e6
    return np.float64(raw)


@numba.njit(cache=True)
def _fingerprint(buffer, start, end):  # type: ignore[no-untyped-def]
    """64-bit FNV-1a: equal payloads within seconds are one transmission heard twice."""
    value = np.uint64(0xCBF29CE484222325)
    for k in range(start, end):
        value = (value ^ np.uint64(buffer[k])) * np.uint64(0x100000001B3)
    return np.int64(value)


@numba.njit(cache=True)
def _layout_of(buffer, start, kind, mmsi):  # type: ignore[no-untyped-def]
    """Index of the message's layout; -1 for a nonexistent part of message 24."""
    if kind != 24:
        return kind
    part = _read_bits(buffer, start, 38, 2)
    if part > 1:
        return -1
    if part == 0:
        return _A
    return _B_OF_CRAFT if 980_000_000 <= mmsi <= 989_999_999 else _B


@numba.njit(cache=True)
def _decode(buffer, starts, ends, fills, rows, first_rows, bits_needed, numbers, callsigns, names, dests, lengths):  # type: ignore[no-untyped-def]
    n = len(starts)
    verdict, kinds = np.empty(n, np.int8), np.zeros(n, np.int64)
    mmsis, fingerprints = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for i in range(n):
        start, bits = starts[i], 6 * (ends[i] - starts[i]) - fills[i]
        if bits < _HEADER_BITS:
            verdict[i] = BAD
            continue
        kind = _read_bits(buffer, start, 0, 6)
        if kind < 1 or kind > 27:
            verdict[i] = UNSUPPORTED
            continue
        mmsi = _read_bits(buffer, start, 8, 30)
        kinds[i], mmsis[i], fingerprints[i] = kind, mmsi, _fingerprint(buffer, start, ends[i])
        if kind == AID_TO_NAVIGATION:
            verdict[i] = LEFT_TO_PYAIS
            continue
        layout = _layout_of(buffer, start, kind, mmsi) if bits >= bits_needed[kind] else -1
        if layout < 0 or bits < bits_needed[layout]:
            verdict[i] = BAD
            continue
        verdict[i] = DECODED
        for r in range(first_rows[layout], first_rows[layout + 1]):
            column, at, width, conversion = rows[r, 0], rows[r, 1], rows[r, 2], rows[r, 4]
            if conversion == _TEXT:
                out = callsigns[i] if column == 0 else names[i] if column == 1 else dests[i]
                lengths[i, column] = _read_text(buffer, start, at, width, out)
                continue
            raw = _read_bits(buffer, start, at, width)
            if rows[r, 3] and raw >> (width - 1):
                raw -= np.int64(1) << width
            numbers[i, column] = _convert(raw, conversion)
    return verdict, kinds, mmsis, fingerprints
