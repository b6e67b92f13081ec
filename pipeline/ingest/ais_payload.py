"""Payloads to columns: pyais decodes each message once, and only the fields that the table has are kept.

Which message carries which field: ITU-R M.1371-5, annex 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pyais.bit_vector import bit_vector
from pyais.messages import MSG_CLASS, MessageType24PartA, MessageType24PartB

POSITION = {"lon": "lon", "lat": "lat"}
MOTION = POSITION | {"sog": "speed", "cog": "course"}
HULL = {"a": "to_bow", "b": "to_stern", "c": "to_port", "d": "to_starboard"}
CLASS_A = MOTION | {"heading": "heading", "nav": "status"}
CLASS_B = MOTION | {"heading": "heading"}

FIELDS: dict[int, dict[str, str]] = {
    1: CLASS_A,
    2: CLASS_A,
    3: CLASS_A,
    4: POSITION,
    5: {
        "imo": "imo",
        "callsign": "callsign",
        "name": "shipname",
        "ship_type": "ship_type",
        "draught": "draught",
        "dest": "destination",
    }
    | HULL,
    9: MOTION,
    11: POSITION,
    18: CLASS_B,
    19: CLASS_B | {"name": "shipname", "ship_type": "ship_type"} | HULL,
    21: POSITION | {"name": "full_name"} | HULL,
    24: {"callsign": "callsign", "name": "shipname", "ship_type": "ship_type"} | HULL,
    27: MOTION | {"nav": "status"},
}
"""Our column: pyais' field, for every message number that has any. The others give their number and MMSI;
so does 17, a reference station ashore, since pyais 3.3 reads its coordinates at ten times a minute and without sign."""

TEXTS = ("callsign", "name", "dest")
NUMBERS = ("lon", "lat", "sog", "cog", "heading", "nav", "imo", "ship_type", "a", "b", "c", "d", "draught")
_HEADER_BITS = 38  # number, repeat, MMSI


class Message(NamedTuple):
    """One decoded message and where it stood."""

    line: int
    time_s: float | None
    mmsi: int
    fingerprint: int
    """Of the payload: equal payloads within seconds are one transmission heard twice."""
    content: Any


def _bits_needed() -> dict[int, int]:
    """Where the last field that we read ends: a shorter payload would give wrong numbers, not missing ones."""
    needed = dict.fromkeys(range(1, 28), _HEADER_BITS)
    for kind, fields in FIELDS.items():
        plan = (MessageType24PartA if kind == 24 else MSG_CLASS[kind]).decoder_plan()
        needed[kind] = max(offset + width for name, offset, width, *_ in plan if name in fields.values())
    return needed


_NEEDED = _bits_needed()
_NEEDED_24B = max(
    offset + width for name, offset, width, *_ in MessageType24PartB.decoder_plan() if name in HULL.values()
)


class Decoder:
    """Collects messages by their kind, and turns each kind into columns at once."""

    def __init__(self) -> None:
        self._kinds: dict[int, list[Message]] = {}

    def add(self, line: int, time_s: float | None, payload: bytes, fill_bits: int) -> str:
        """Decode one payload; the name of the bucket that its line belongs in."""
        bits = bit_vector(payload, fill_bits)
        kind = bits.get(0, 6)
        length = len(bits)
        if length < _HEADER_BITS:
            return "bad_format"
        if not 1 <= kind <= 27:
            return "unsupported_type"
        if length < _NEEDED[kind]:
            return "bad_format"
        content, mmsi = None, 0
        if kind in FIELDS:
            try:
                content = MSG_CLASS[kind].from_vector(bits)
                mmsi = content.mmsi
            except Exception:  # whatever pyais cannot take is no message
                return "bad_format"
            if kind == 24 and bits.get(38, 2) == 1 and length < _NEEDED_24B:
                return "bad_format"
        else:
            mmsi = bits.get(8, 30)
        message = Message(line, time_s, mmsi, hash(payload), content)
        self._kinds.setdefault(kind, []).append(message)
        return "decoded"

    def take(self) -> pd.DataFrame | None:
        """The messages since the last call as columns (texts only where a kind has them), or None."""
        frames = [_columns(kind, messages) for kind, messages in sorted(self._kinds.items())]
        self._kinds = {}
        return pd.concat(frames, ignore_index=True) if frames else None


def _columns(kind: int, messages: list[Message]) -> pd.DataFrame:
    fields = FIELDS.get(kind, {})
    out: dict[str, Any] = {
        "line": np.array([m.line for m in messages], np.int64),
        "msg_type": np.full(len(messages), kind, np.int64),
        "mmsi": np.array([m.mmsi for m in messages], np.int64),
        "time_s": np.array([m.time_s for m in messages], float),
        "fingerprint": np.array([m.fingerprint for m in messages], np.int64),
    }
    contents = [m.content for m in messages]
    for ours in NUMBERS:
        name = fields.get(ours)
        out[ours] = _numbers(contents, name, kind) if name else np.full(len(messages), np.nan)
    for ours in TEXTS:
        name = fields.get(ours)
        out[ours] = pd.array(_texts(contents, name) if name else [""] * len(messages), dtype="str")
    return pd.DataFrame(out)


def _numbers(contents: list[Any], name: str, kind: int) -> np.ndarray:
    if kind == 24:  # parts A and B, and craft with a mother ship, have different fields
        return np.array([getattr(c, name, None) for c in contents], float)
    return np.array([getattr(c, name) for c in contents], float)


def _texts(contents: list[Any], name: str) -> Iterable[str]:
    """Six-bit text ends at the first '@'."""
    if name == "full_name":
        raw = [(c.name or "") + (c.name_ext or "") for c in contents]
    else:
        raw = [getattr(c, name, None) or "" for c in contents]
    return [text.split("@", 1)[0].strip() for text in raw]
