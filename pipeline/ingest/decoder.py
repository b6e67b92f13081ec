"""Decodes rasters in a separate process with resource limits, so that a file that makes GDAL crash, hang or run out of
memory harms nothing else.

Run as ``python -m pipeline.ingest.decoder``: one JSON request per line on standard input, one answer per line on
standard output, until the input ends. `pipeline.ingest.quarantine` is the other end.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.rasters import has_mask, opened, refuse_unsupported

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from pipeline.types import BoolImage, FloatArray

# Address space; our choice: twice what one tile of a Sentinel-2 JPEG 2000 needs, libraries included.
MEMORY_BYTES = 4 << 30
CPU_S = 60  # for opening and the first gigabyte; our choice: deflate unpacks some 200 MB/s
CPU_S_PER_GB = 30  # ... and for each more: six times what deflate takes; our choice
SLOW_S_PER_GB = {"JP2OpenJPEG": 600}  # the same for slow drivers: lossless Sentinel-2 bands take 105
SECTOR = 512  # bytes in a disk sector, the unit in which data are lost
_CHUNK = 1 << 26  # bytes decoded at once
MAX_BUFFERS = 8  # mapped at once, 64 MB each: a small part of the memory limit; our choice
THREADS = 2  # our choice: halves the time for a whole file on two cores
# Drivers whose own threads skip undecodable tiles and leave zeros: each of our threads opens the file itself instead.
# Seen with GDAL 3.10.3: a JPEG2000 truncated within its last tiles is decoded without an error by two threads.
OPENED_PER_THREAD = ("JP2OpenJPEG",)


def main() -> None:
    """Answer requests until there are no more."""
    sys.modules["boto3"] = None  # type: ignore[assignment]  # rasterio would load it for buckets that are never read here
    resource.setrlimit(resource.RLIMIT_AS, (memory_allowed(), memory_allowed()))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _send({"ready": True})  # if it ends after this, a file may be the cause
    while line := sys.stdin.readline():
        request = json.loads(line)
        _send(serve_windows(**request) if "memory_path" in request else examine_raster(**request))


def memory_allowed() -> int:
    """Address space limit [bytes]: ours, or a lower one set from outside, which only root could raise."""
    set_before = resource.getrlimit(resource.RLIMIT_AS)
    return min([MEMORY_BYTES, *(limit for limit in set_before if limit != resource.RLIM_INFINITY)])


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def examine_raster(
    path: str,
    item: str,
    driver: str,
    whole: bool,
    window: tuple[int, int, int, int] | None = None,
    supplied: bool = False,
    into: str | None = None,
) -> dict[str, str]:
    """What is wrong with a raster: ``cause`` refuses it, ``doubt`` is a warning; both are "" if nothing is wrong.

    ``unwritten`` says why its values could not be written to the file ``into``.
    """

    def examine() -> str:
        opener = (lambda *_, **__: _SuppliedFile(path)) if supplied else None
        with opened(
            path, item, driver, opener, threads=1 if supplied or driver in OPENED_PER_THREAD else THREADS
        ) as dataset:
            refuse_unsupported(dataset, item)
            if window is not None:
                row, col, rows, cols = window
                if rows and cols:
                    dataset.read(1, window=((row, row + rows), (col, col + cols)))
                return ""
            _limit_cpu(_cpu_limit_s(dataset))
            if not whole:
                return _decode_ends(dataset)
            reopen = partial(opened, path, item, driver) if driver in OPENED_PER_THREAD else None
            return _decode_all(dataset, into, reopen)

    try:
        return _outcome_of(examine)
    except _UnwrittenError as error:
        return {"cause": "", "doubt": "", "unwritten": str(error)}


def serve_windows(path: str, item: str, driver: str, memory_path: str, buffer_bytes: int) -> dict[str, str]:
    """Open a 16-bit raster and decode the requested windows into the shared memory ``memory_path``.

    The memory grows by ``buffer_bytes`` for each thread at the other end. Opening and each window are answered as in
    `examine_raster`; it ends with an empty request, with a cause, or with a doubt on opening, which means that
    ``memory_path`` cannot be accessed.
    """
    buffers: dict[int, mmap.mmap] = {}  # by offset of their first byte
    try:
        memory = os.open(memory_path, os.O_RDWR)
    except OSError as error:
        return {"cause": "", "doubt": f"{memory_path} cannot be reached ({error.strerror})"}

    def serve() -> str:
        with opened(path, item, driver, threads=THREADS) as dataset:
            refuse_unsupported(dataset, item)
            _limit_cpu(_cpu_limit_s(dataset))
            doubt = ""
            while True:
                _send({"cause": "", "doubt": doubt})
                request = json.loads(sys.stdin.readline() or "{}")
                if not request:
                    return ""
                start = request.pop("start")
                if start not in buffers:
                    if len(buffers) == MAX_BUFFERS:
                        buffers.pop(next(iter(buffers)))
                    buffers[start] = mmap.mmap(memory, buffer_bytes, offset=start)
                doubt = _decode_window(dataset, buffers[start], **request)

    try:
        return _outcome_of(serve)
    finally:
        os.close(memory)


def _decode_window(
    dataset: DatasetReader, buffer: mmap.mmap, band: int, window: tuple[int, int, int, int], at: int
) -> str:
    """Decode a window into a buffer at byte offset ``at``; returns a doubt about it if it spans the image's width."""
    row, col, rows, cols = window
    chunk = np.frombuffer(buffer, np.uint16, rows * cols, at).reshape(rows, cols)
    dataset.read(band, window=((row, row + rows), (col, col + cols)), out=chunk)
    return _find_doubt(dataset, band, row, chunk) if cols == dataset.width else ""


def _outcome_of(work: Callable[[], str]) -> dict[str, str]:
    """The doubt that ``work`` returns, or the cause of its failure."""
    _limit_cpu(CPU_S)
    try:
        return {"cause": "", "doubt": work()}
    except InputError as error:
        return {"cause": error.cause, "doubt": ""}
    except MemoryError:
        allowed = memory_allowed()
        needed = f"needs more than {allowed / 2**30:.3g} GiB of memory to decode"
        outside = "" if allowed == MEMORY_BYTES else ", which a memory limit set from outside does not allow"
        return {"cause": needed + outside, "doubt": ""}


class _UnwrittenError(Exception):
    """Decoded values could not be written, which is not the image's fault."""


class _SuppliedFile(io.RawIOBase):
    """A partly filled copy of a file: before each read, the other end is asked to fill in that part."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self._size = os.fstat(self._file.fileno()).st_size
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = left if count < 0 else min(count, left)
        if not count:
            return b""
        _send({"need": [self._at, count]})
        if not sys.stdin.readline():
            raise SystemExit  # the other end is gone
        body = os.pread(self._file.fileno(), count, self._at)
        self._at += len(body)
        return body

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _cpu_limit_s(dataset: DatasetReader) -> float:
    """Processor time allowed for a whole file [s]."""
    size = dataset.width * dataset.height * sum(np.dtype(d).itemsize for d in dataset.dtypes)
    return CPU_S + SLOW_S_PER_GB.get(dataset.driver, CPU_S_PER_GB) * size / 1e9


def _limit_cpu(cpu_s: float) -> None:
    """Limit this process to ``cpu_s`` of processor time from now on; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + cpu_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _decode_ends(dataset: DatasetReader) -> str:
    """Decode the first and the last block of each band: enough to detect a false header."""
    rows, cols = dataset.block_shapes[0]
    for row, col in ((0, 0), ((dataset.height - 1) // rows, (dataset.width - 1) // cols)):
        dataset.read(window=dataset.block_window(1, row, col))
        if has_mask(dataset):
            dataset.read_masks(1, window=dataset.block_window(1, row, col))
    return ""


Part = tuple[int, int, int]  # of an image: band, first row, rows


def _decode_all(
    dataset: DatasetReader, into: str | None, reopen: Callable[[], AbstractContextManager[DatasetReader]] | None
) -> str:
    """Decode everything, and write it to ``into``; returns a doubt if a run of zeros looks like a lost disk sector.

    With ``reopen``, threads reopen the file for each part. Reports progress after each part.
    """
    doubt = ""
    if reopen is None:
        parts = _parts(dataset)
        first = parts[0]
        buffer = np.empty((first[2], dataset.width), dataset.dtypes[0])  # fresh memory costs as much as unpacking
        for part in parts:
            doubt = doubt or _decode_part(dataset, part, into, buffer)
            _send({"rows": part})
        return doubt

    def decode_own(part: Part) -> str:
        with reopen() as own:
            return _decode_part(own, part, into)

    with ThreadPoolExecutor(THREADS) as pool:
        parts = _parts(dataset)
        try:
            for part, found in zip(parts, pool.map(decode_own, parts), strict=True):
                doubt = doubt or found
                _send({"rows": part})
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return doubt


def _parts(dataset: DatasetReader) -> list[Part]:
    """The image band by band, in parts aligned with its tiles if possible."""
    height = dataset.block_shapes[0][0]
    row_bytes = dataset.width * np.dtype(dataset.dtypes[0]).itemsize
    step = min(max(height, _CHUNK // max(row_bytes, 1) // height * height), dataset.height)
    tops = range(0, dataset.height, step)
    return [(band, top, min(step, dataset.height - top)) for band in range(1, dataset.count + 1) for top in tops]


def _decode_part(dataset: DatasetReader, part: Part, into: str | None, buffer: NDArray[Any] | None = None) -> str:
    """Decode a part, and write it to ``into``; returns a doubt about it, or ""."""
    band, top, rows = part
    window = ((top, top + rows), (0, dataset.width))
    chunk = dataset.read(band, window=window, out=None if buffer is None else buffer[:rows])
    if into is not None:
        _write(into, chunk, ((band - 1) * dataset.height + top) * dataset.width * chunk.dtype.itemsize)
    if band == 1 and has_mask(dataset):
        dataset.read_masks(1, window=window)
    return _find_doubt(dataset, band, top, chunk)


def _write(into: str, chunk: NDArray[Any], start: int) -> None:
    """Write values to an existing file at byte offset ``start``."""
    left = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data
    try:
        with open(into, "r+b", buffering=0) as file:
            while left:
                done = os.pwrite(file.fileno(), left, start)
                left, start = left[done:], start + done
    except OSError as error:
        raise _UnwrittenError(error.strerror) from error


def _find_doubt(dataset: DatasetReader, band: int, top: int, chunk: NDArray[Any]) -> str:
    """What is doubtful about rows from ``top`` on; if anything is, they are reread with the rows above and below."""
    if dataset.driver == "JPEG" or str(dataset.profile.get("compress", "")).lower() == "jpeg":
        return ""  # a damaged JPEG has whole blocks of wrong shades: its black lines are just dark
    if len(chunk) > 1 and not lost_sector(chunk, top):
        return ""
    rows = range(max(0, top - 1), min(dataset.height, top + len(chunk) + 1))
    around = dataset.read(band, window=((rows.start, rows.stop), (0, dataset.width)))
    return lost_sector(around, rows.start, range(top, top + len(chunk)), dataset.height)


def lost_sector(chunk: NDArray[Any], top: int = 0, lines: range | None = None, height: int | None = None) -> str:
    """Describes a run of exact zeros in one line, at least half a disk sector long, between measured lines; else "".

    A sector lost in an uncompressed file leaves zeros in one line, or at the end of one and the start of the next;
    land, borders and slicks have zeros in neighbouring lines as well. ``top`` is the first line's number in the file;
    ``lines`` are those to check, by default all. The first and last line of a file of ``height`` have only one
    neighbour: zeros at their ends are the border of a slightly rotated image.

    >>> sea = np.ones((3, 400), np.uint16)
    >>> sea[1, 50:306] = 0
    >>> lost_sector(sea)
    'line 1 holds 256 zeros in a row between measured lines: a lost disk sector?'
    """
    if chunk.dtype.kind == "u" and chunk.size and chunk.min() > 0:
        return ""  # faster than comparing each
    zero = chunk == 0
    if not zero.any():
        return ""
    edges = np.diff(np.pad(zero, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    stop = np.nonzero(edges == -1)[1]
    long = (stop - start) * chunk.dtype.itemsize >= SECTOR // 2
    if lines is not None:
        long &= (row + top >= lines.start) & (row + top < lines.stop)
    at_image_edge = (row + top == 0) | (row + top + 1 == height)
    long &= ~(at_image_edge & ((start == 0) | (stop == chunk.shape[1])))
    lost = np.flatnonzero(long)[_zeros_beside(row, start, stop, chunk.shape, long) < 0.5]
    if not len(lost):
        return ""
    n = lost[0]
    run = int(stop[n] - start[n])
    return f"line {top + row[n]} holds {run} zeros in a row between measured lines: a lost disk sector?"


def _zeros_beside(
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    shape: tuple[int, ...],
    these: BoolImage,
) -> FloatArray:
    """The larger share of zeros above or below ``these`` runs of zeros; NaN if there is no other line."""
    rows, cols = shape
    first, before = row * cols + start, np.append(0, np.cumsum(stop - start))  # runs are in pixel order
    line, cut = row[these], np.stack([start[these], stop[these]])

    def share(beside: NDArray[np.int64]) -> FloatArray:
        ends = beside * cols + cut
        run = np.searchsorted(first, ends, side="right") - 1  # the last that begins no later
        passed = np.where(run < 0, 0, before[run] + np.minimum(ends - first[run], before[run + 1] - before[run]))
        return np.where((beside >= 0) & (beside < rows), (passed[1] - passed[0]) / (cut[1] - cut[0]), np.nan)

    return np.asarray(np.fmax(share(line - 1), share(line + 1)))


if __name__ == "__main__":
    main()
