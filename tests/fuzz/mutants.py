"""Seeded damage to valid files, as caused by disks, downloads and people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SPECIAL = (b"\0", b"\xff", b"\n", b"\r", b'"', b"'", b",", b";", b"-", b"9", b"e", b"{", b"[", b"\xe2\x80\xae")
NUMBERS = (
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"1e309",
    b"4294967296",
    b"999999999999",
    b"null",
    b"true",
    b"[]",
    b"91",
    b"181",
)


def mutants(whole: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """``count`` damaged copies, each with the name of the damage; none equals the original."""
    rng = np.random.default_rng(seed)
    kinds = (flip, overwrite, cut, zeros, splice, swap, special, number)
    made = 0
    while made < count:
        kind = kinds[rng.integers(len(kinds))]
        changed = kind(whole, rng)
        if changed != whole:
            made += 1
            yield kind.__name__, changed


def flip(whole: bytes, rng: np.random.Generator) -> bytes:
    """Flip one bit."""
    raw = bytearray(whole)
    raw[_at(whole, rng)] ^= 1 << int(rng.integers(8))
    return bytes(raw)


def overwrite(whole: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite up to eight bytes with noise."""
    raw, at = bytearray(whole), _at(whole, rng)
    length = int(rng.integers(1, 9))
    raw[at : at + length] = rng.bytes(len(raw[at : at + length]))
    return bytes(raw)


def cut(whole: bytes, rng: np.random.Generator) -> bytes:
    """Cut off the end."""
    return whole[: int(rng.integers(len(whole)))]


def zeros(whole: bytes, rng: np.random.Generator) -> bytes:
    """Zero a block, as a lost sector does."""
    raw, at = bytearray(whole), _at(whole, rng)
    length = min(int(rng.integers(1, 513)), len(raw) - at)
    raw[at : at + length] = bytes(length)
    return bytes(raw)


def splice(whole: bytes, rng: np.random.Generator) -> bytes:
    """Copy a piece over another place, or delete it."""
    start, to = sorted(int(v) for v in rng.integers(0, len(whole), 2))
    piece = whole[start : start + int(rng.integers(1, 65))]
    return whole[:to] + piece + whole[to + (len(piece) if rng.random() < 0.5 else 0) :]


def swap(whole: bytes, rng: np.random.Generator) -> bytes:
    """Swap two pieces."""
    size = int(rng.integers(1, 17))
    a, b = sorted(int(v) for v in rng.integers(0, max(1, len(whole) - size), 2))
    if b - a < size:
        return whole
    return whole[:a] + whole[b : b + size] + whole[a + size : b] + whole[a : a + size] + whole[b + size :]


def special(whole: bytes, rng: np.random.Generator) -> bytes:
    """Insert a byte with a special meaning, or write it over another."""
    at = _at(whole, rng)
    return whole[:at] + SPECIAL[rng.integers(len(SPECIAL))] + whole[at + int(rng.integers(2)) :]


def number(whole: bytes, rng: np.random.Generator) -> bytes:
    """Replace some bytes by an extreme number."""
    at = _at(whole, rng)
    word = NUMBERS[rng.integers(len(NUMBERS))]
    return whole[:at] + word + whole[at + len(word) :]


def _at(whole: bytes, rng: np.random.Generator) -> int:
    """A random position; every other one among the first bytes, where headers are."""
    return int(rng.integers(min(len(whole), 512) if rng.random() < 0.5 else len(whole)))
