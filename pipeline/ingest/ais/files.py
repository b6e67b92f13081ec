"""AIS files as bytes: hash, decompression, kind by content, and blocks of whole lines in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

import numpy as np

from pipeline.errors import InputError
from pipeline.first_bytes import GZIP, HEAD_BYTES, not_text_table_cause
from pipeline.ingest.ais.headers import find_header_line, header_below_message
from pipeline.ingest.ais.lines import UNREADABLE, replace_lines
from pipeline.ingest.ais.zipped import MAGIC as ZIP_MAGIC
from pipeline.ingest.ais.zipped import open_member
from pipeline.tables.delimited import SEPARATORS

Kind = Literal["nmea", "csv", "parquet"]

LINE_LIMIT = 1 << 16  # bytes; our choice: NMEA 0183 allows 82, the widest public CSV rows stay below 2,000
BLOCK_BYTES = 1 << 22  # bytes: 45,000 rows of a table, whose columns take about 20 MB; our choice
CHANGED = "changed while it was read"

_SENTENCE = re.compile(rb"![A-Z]{2}VD[MO],")
_PACKED = {
    b"PK\x03\x04": "a zip archive inside another; unpack it first",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "packed twice, with gzip inside; unpack it first",
    b"\x28\xb5\x2f\xfd": "packed twice, with zstd inside; unpack it first",
    b"BZh": "packed with bzip2, which is not read; unpack it first",
    b"\xfd7zXZ": "packed with xz, which is not read; unpack it first",
    b"7z\xbc\xaf": "a 7-Zip archive, which is not read; unpack it first",
    b"Rar!": "a RAR archive, which is not read; unpack it first",
}
"""First bytes of content that is still packed."""
_UTF8_BOM = b"\xef\xbb\xbf"
_UNPACK_ERRORS = (OSError, EOFError, zlib.error, ValueError, zipfile.BadZipFile, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file; ``first_line`` is 1-based. Every line ends in ``\\n``, except perhaps the file's last."""

    first_line: int
    data: bytes
    n_lines: int = field(init=False)
    """Number of physical lines, including an unfinished last one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_lines", self.data.count(b"\n") + (not self.data.endswith(b"\n")))


def file_digest(path: Path) -> str:
    """Hex SHA-256 of the file on disk, still compressed. Raises InputError if it cannot be read.

    Pipes and devices are refused: they may never end, and cannot be read again after hashing.
    """
    require_readable(path)
    with _readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file, the hash of its bytes, and its size and times before it was read."""

    path: Path
    sha256: str
    stamp: tuple[int, int, int]

    @classmethod
    def from_path(cls, path: Path) -> HashedFile:
        """The file as it is now. Raises InputError when it cannot be read."""
        stamp = _stamp_of(path)
        return cls(path, file_digest(path), stamp)

    def require_unchanged(self) -> None:
        """Raise InputError if the file changed since it was hashed; it is not hashed again if size and times are the
        same."""
        if _stamp_of(self.path) != self.stamp and file_digest(self.path) != self.sha256:
            raise InputError(self.path, CHANGED)


def _stamp_of(path: Path) -> tuple[int, int, int]:
    with _readable(path):
        found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def require_readable(path: Path) -> None:
    """Raise InputError if a path is not a regular file, or may not be read."""
    with _readable(path):
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(path, "is not a regular file; save its content as one first")
        path.open("rb").close()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})") from error


def read_head(path: Path) -> bytes:
    """The first bytes of the decompressed content, without a UTF-8 byte-order mark. Raises InputError."""
    try:
        with _open_content(path) as file:
            head = file.read(1 << 16)
    except _UNPACK_ERRORS as error:
        raise InputError(path, f"cannot be unpacked ({_error_text(error)})") from error
    return head.removeprefix(_UTF8_BOM)


def detect_kind(path: Path, head: bytes) -> Kind:
    """The kind of content, whatever the name says. Raises InputError if it cannot be AIS."""
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what in _PACKED.items():  # gzip, zstd and zip were unpacked once before
        if head.startswith(magic):
            raise InputError(path, f"is {what}")
    if _SENTENCE.search(head):
        return "nmea"
    if cause := not_text_table_cause(head[:HEAD_BYTES]):
        raise InputError(path, cause)
    first = _first_line(head)
    if any(mark.encode() in first for mark in SEPARATORS):
        return "csv"
    if first[:1] in (b"!", b"$", b"\\", b"#"):
        return "nmea"
    if line := find_header_line(head):
        raise InputError(path, header_below_message(line))
    table = "no header line with columns between commas, semicolons, tabs or pipes"
    raise InputError(path, f"holds neither AIS sentences nor a table: no '!AIVDM' and {table}")


def _first_line(head: bytes) -> bytes:
    """The first line that is neither blank nor a comment; a comment if there is nothing else."""
    lines = [line for line in re.split(rb"[\r\n]+", head) if line.strip()]
    return next((line for line in lines if not line.startswith(b"#")), lines[0] if lines else b"")


def read_blocks(path: Path, size: int = BLOCK_BYTES, *, cr_ends_line: bool = False) -> Iterator[Block]:
    """The content in blocks of whole lines, decompressed as it is read; with ``cr_ends_line`` a lone CR ends a line.

    A line longer than ``LINE_LIMIT`` is replaced by ``UNREADABLE``: it still counts as one line, and a gigabyte without
    a newline takes no more memory than a block. Raises InputError if decompression fails.
    """
    line, tail, dropping, first = 1, b"", False, True
    try:
        with _open_content(path) as file:
            for piece in _read_with_newlines(file, size) if cr_ends_line else iter(lambda: file.read(size), b""):
                if first:
                    piece, first = piece.removeprefix(_UTF8_BOM), False
                if dropping:
                    cut = piece.find(b"\n")
                    if cut < 0:
                        piece = b""
                        continue
                    piece, dropping = UNREADABLE + piece[cut:], False
                data = tail + piece
                end = data.rfind(b"\n") + 1
                data, tail = data[:end], data[end:]
                if len(tail) > LINE_LIMIT:
                    tail, dropping = b"", True
                if data:
                    block = Block(line, _without_long_lines(data))
                    line += block.n_lines
                    yield block
                piece = data = b""  # freed before the next is read
    except _UNPACK_ERRORS as error:
        raise InputError(path, f"breaks off after line {line - 1} ({_error_text(error)})") from error
    if dropping or tail:
        yield Block(line, UNREADABLE if dropping else tail)


def has_cr_line_ends(head: bytes) -> bool:
    """Do the lines of a table end in a lone CR, as on old Macs?"""
    return b"\r" in head and b"\n" not in head


def _read_with_newlines(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The content in pieces, with lone CRs converted to newlines; a CR at the end of a piece waits for the next."""
    held = b""
    while data := file.read(size):
        piece = held + data
        held = piece[-1:] if piece.endswith(b"\r") else b""
        piece = piece[: len(piece) - len(held)]
        if piece.count(b"\r") != piece.count(b"\r\n"):
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if piece:
            yield piece
    if held:
        yield b"\n"


def _without_long_lines(data: bytes) -> bytes:
    half = LINE_LIMIT // 2  # an overlong line fills at least one such stretch; nearly every block has none
    if all(data.find(b"\n", at, at + half) >= 0 for at in range(0, len(data) - half, half)):
        return data
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1) - 1
    too_long = np.flatnonzero(lengths > LINE_LIMIT)
    return replace_lines(data, too_long) if too_long.size else data


def _open_content(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(GZIP):
        return cast(IO[bytes], gzip.open(path, "rb"))
    if magic == ZIP_MAGIC:
        return open_member(path)
    if magic == b"\x28\xb5\x2f\xfd":
        import pyarrow as pa

        return cast(IO[bytes], pa.CompressedInputStream(path.open("rb"), "zstd"))
    return path.open("rb")


def _error_text(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
