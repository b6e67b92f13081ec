"""Reads windows of a remote image by HTTP byte ranges: the header, then exactly the blocks needed.

GDAL is given a file object over ranges that our own client fetched; it makes no request itself. From the header GDAL
knows where each block lies, so the blocks of a window are asked for at once, neighbours in one request, before they are
decoded. What a file without such a table needs (JPEG2000) is fetched piece by piece as GDAL asks for it. The header
and each window are decoded in the helper process first, from the copy that holds what was fetched.
"""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import EnvironmentFault, InputError, in_words
from pipeline.ingest.catalogue.products import RemoteFile
from pipeline.ingest.catalogue.signing import Access
from pipeline.ingest.catalogue.web import Damaged, Deadline
from pipeline.ingest.gdal_settings import SETTINGS
from pipeline.ingest.hashing import pieces
from pipeline.ingest.quarantine import HEADER, examine
from pipeline.ingest.rasters import MAGIC, rasterio_window, refuse_unsupported
from pipeline.types import Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

HEAD_BYTES = 1 << 16  # bytes first asked for: the header of a cloud-optimised GRD with its 1,700 blocks has some 30 kB
PIECE_BYTES = 1 << 18  # bytes asked for where GDAL wants what was not foreseen
GAP_BYTES = 1 << 16  # blocks no further apart than this come in one request: 64 kB take less time than a round trip
MAX_REQUEST_BYTES = 8 << 20  # bytes of one request; longer spans are shared among connections
DIFFERS = "differs from the checksum in its catalogue"


class RemoteImage:
    """Byte ranges of one remote file, kept while it is `opened` in a copy that is empty but for them."""

    def __init__(self, file: RemoteFile, item: str, access: Access, deadline: Deadline, connections: int = 4) -> None:
        self.file = file
        self.item = item
        self.access = access
        self.deadline = deadline
        self.connections = connections
        self.failure: BaseException | None = None
        self._copy = Path()
        self._held: list[tuple[int, int]] = []  # spans of the copy, in order and apart
        self._lock = threading.Lock()
        first = access.get(file.href, item, deadline, span=(0, HEAD_BYTES))
        if first.total is None:
            raise InputError(item, "its server does not say how long it is")
        self.size = first.total
        self.etag = first.etag
        if file.size is not None and file.size != self.size:
            raise InputError(item, f"has {self.size} bytes; its catalogue says {file.size}")
        self.driver = _driver_of(first.body, first.kind, item)
        self._head = first.body

    def read(self, start: int, count: int) -> bytes:
        """Bytes of the file, fetched if not yet held."""
        end = min(start + count, self.size)
        if start >= end:
            return b""
        if missing := self._missing(start, end):
            self.fetch([(a, min(self.size, max(b, a + PIECE_BYTES))) for a, b in missing])
        with self._copy.open("rb") as copy:
            copy.seek(start)
            return copy.read(end - start)

    def fetch(self, spans: list[tuple[int, int]]) -> None:
        """Fetch these spans (start, end), merging neighbours into one request, with several requests at once."""
        wanted = [gap for a, b in merge_spans(spans) for gap in self._missing(a, min(b, self.size))]
        requests = list(_split_spans(merge_spans(wanted)))
        if len(requests) < 2:
            for span in requests:
                self._fetch(span)
            return
        with ThreadPoolExecutor(min(self.connections, len(requests))) as pool:
            list(pool.map(self._fetch, requests))

    def _fetch(self, span: tuple[int, int]) -> None:
        response = self.access.get(self.file.href, self.item, self.deadline, span=(span[0], span[1] - span[0]))
        if response.total != self.size or response.etag != self.etag:
            raise Damaged(self.item, "changed while it was read")
        if len(response.body) != span[1] - span[0]:
            raise Damaged(self.item, f"sends {len(response.body)} bytes where {span[1] - span[0]} were asked for")
        self._store(span[0], response.body)

    def _store(self, start: int, body: bytes) -> None:
        """Write what is new of a range to the copy: what the helper has decoded stays as it is."""
        try:
            with self._lock, self._copy.open("r+b") as copy:
                new = self._missing(start, start + len(body))
                for a, b in new:
                    copy.seek(a)
                    copy.write(body[a - start : b - start])
                self._held = merge_spans([*self._held, *new], gap_bytes=0)
        except OSError as error:
            raise EnvironmentFault(f"{self._copy}: cannot be written: {error.strerror}") from error

    def _missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a span that are not held."""
        out, at = [], start
        for held_start, held_end in self._held:
            if held_start >= end:
                break
            if held_start > at:
                out.append((at, held_start))
            at = max(at, held_end)
        return [*out, (at, end)] if at < end else out

    def _decode_in_helper(self, window: tuple[int, int, int, int] = HEADER) -> None:
        """Have the helper decode a window (row, column, rows, columns) first; it asks for what it needs."""
        try:
            examine(str(self._copy), self.item, self.driver, whole=False, window=window, supply=self._supply)
        except InputError as error:
            if self.failure is not None:
                raise self.failure from None
            raise Damaged(self.item, error.cause) from error

    def _supply(self, start: int, count: int) -> None:
        """Have a span of the file in the copy."""
        try:
            self.read(start, count)
        except InputError as error:
            self.failure = error
            raise

    def _require_checksum(self) -> None:
        """Compare the file with the checksum in its catalogue, where half of it is held: the rest is fetched then."""
        multihash = _parse_multihash(self.file.checksum)
        if multihash is None:
            return
        rest = self._missing(0, self.size)
        if 2 * sum(end - start for start, end in rest) > self.size:
            return
        self.fetch(rest)
        with self._copy.open("rb") as copy:
            for piece in pieces(copy):
                multihash[0].update(piece)
        if multihash[0].hexdigest() != multihash[1]:
            raise Damaged(self.item, DIFFERS)

    @contextmanager
    def opened(self) -> Iterator[DatasetReader]:
        """The file as a dataset; whatever went wrong on the way is raised as what it was."""
        import rasterio
        from rasterio.errors import RasterioError

        try:
            with rasterio.Env(**SETTINGS), tempfile.TemporaryDirectory(prefix="capwatch-") as folder:
                self._copy, self._held = Path(folder, "remote.tif"), []  # causes hold the name: alike in each run
                with self._copy.open("wb") as copy:
                    copy.truncate(self.size)  # a sparse file: only what is fetched takes room
                self._store(0, self._head)
                self._decode_in_helper()
                with rasterio.open("remote", driver=self.driver, sharing=False, opener=self._opener) as dataset:
                    refuse_unsupported(dataset, self.item)
                    yield dataset
                self._require_checksum()
        except (RasterioError, ValueError, OSError) as error:
            if self.failure is not None:
                raise self.failure from None
            if isinstance(error, EnvironmentFault):
                raise
            if isinstance(error, OSError) and error.errno is not None:  # of this machine; GDAL's own have no number
                raise EnvironmentFault(in_words(error)) from error
            reason = " ".join(str(error.__cause__ or error).split())[:100]
            raise Damaged(self.item, f"is damaged, or no true {self.driver} file ({reason})") from error

    def window(self, dataset: DatasetReader, window: Window) -> NDArray[np.uint16]:
        """Numbers of the first band in a window, shape (rows, cols)."""
        from rasterio.errors import RasterioError

        self.fetch(blocks_of(dataset, window))
        self._decode_in_helper((window.row0, window.col0, window.rows, window.cols))
        try:
            return dataset.read(1, window=rasterio_window(window))
        except (RasterioError, OSError):
            if self.failure is not None:
                raise self.failure from None
            raise

    def _opener(self, path: str, mode: str = "rb") -> _Stream:
        del path, mode
        return _Stream(self)


class _Stream(io.RawIOBase):
    """The file object given to GDAL. It must not raise, or GDAL loses the cause: it stores the error and returns
    nothing."""

    def __init__(self, image: RemoteImage) -> None:
        self.image = image
        self.at = 0

    def read(self, count: int = -1) -> bytes:
        try:
            count = self.image.size - self.at if count < 0 else count
            body = self.image.read(self.at, count) if self.image.failure is None else b""
        except Exception as error:
            self.image.failure = error
            return b""
        self.at += len(body)
        return body

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.image.size}[whence]
        self.at = base + offset
        return self.at

    def tell(self) -> int:
        return self.at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def blocks_of(dataset: DatasetReader, window: Window) -> list[tuple[int, int]]:
    """Byte spans (start, end) of a window's blocks in the file; empty if the format does not give them."""
    if dataset.driver != "GTiff":
        return []
    height, width = dataset.block_shapes[0]
    spans = []
    for row in range(window.row0 // height, -(-window.row1 // height)):
        for col in range(window.col0 // width, -(-window.col1 // width)):
            tags = [dataset.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE")]
            if all(t is not None and t.isdigit() for t in tags):
                start, size = int(tags[0]), int(tags[1])
                # GDAL reads some bytes around a block when it looks for a block's own header
                spans.append((max(0, start - 4), start + size + 4))
    return spans


def merge_spans(spans: list[tuple[int, int]], gap_bytes: int = GAP_BYTES) -> list[tuple[int, int]]:
    """Spans in order, those at most ``gap_bytes`` apart as one.

    >>> merge_spans([(100, 200), (0, 50), (150, 220), (900, 950)], gap_bytes=60)
    [(0, 220), (900, 950)]
    """
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start - out[-1][1] <= gap_bytes:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _split_spans(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        for at in range(start, end, MAX_REQUEST_BYTES):
            yield at, min(end, at + MAX_REQUEST_BYTES)


def _driver_of(head: bytes, kind: str, item: str) -> str:
    for magic, driver in MAGIC:
        if head.startswith(magic) and driver in ("GTiff", "JP2OpenJPEG"):
            return driver
    if kind == "text/html" or head.lstrip()[:1] == b"<":
        raise InputError(item, "is a page of text (HTML or XML) instead of an image")
    raise InputError(item, "is no GeoTIFF or JPEG2000 file")


def read_small(file: RemoteFile, item: str, access: Access, deadline: Deadline, **request_options: Any) -> bytes:
    """The whole of a small file, compared with the size and checksum that its catalogue states, if it does."""
    response = access.get(file.href, item, deadline, **request_options)
    body = response.body
    if response.kind == "text/html":
        raise InputError(item, "answers with an HTML page instead of the file")
    if file.size is not None and file.size != len(body):
        raise Damaged(item, f"has {len(body)} bytes; its catalogue says {file.size}")
    if not matches_multihash(body, file.checksum):
        raise Damaged(item, DIFFERS)
    return body


def matches_multihash(body: bytes, multihash: str) -> bool:
    """Does a multihash (hex) fit these bytes? One of a kind that is not known here cannot be compared, and fits.

    >>> multihash = "d50110d41d8cd98f00b204e9800998ecf8427e"
    >>> matches_multihash(b"", multihash), matches_multihash(b"x", multihash)
    (True, False)
    """
    parsed = _parse_multihash(multihash)
    if parsed is None:
        return True
    parsed[0].update(body)
    return bool(parsed[0].hexdigest() == parsed[1])


def _parse_multihash(text: str) -> tuple[Any, str] | None:
    """What makes hashes of that kind, and the one that is wanted (hex); None for a kind that is not known here."""
    import hashlib

    for prefix, name in (("d50110", "md5"), ("1220", "sha256"), ("1114", "sha1"), ("1340", "sha512")):
        if text.startswith(prefix):
            return hashlib.new(name, usedforsecurity=False), text.removeprefix(prefix)
    return None
