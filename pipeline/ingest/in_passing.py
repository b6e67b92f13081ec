"""Decodes a raster only once: the quarantine's helper passes on what it decodes, instead of decoding it in advance.

Until every row has passed through the helper, nothing is decoded in this process, so a file that crashes the helper
harms nothing else. Readers of such a raster must call `Passing.finish` before reporting anything from it: it decodes
the rest and reveals damage and doubts.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError, MemoryShort
from pipeline.ingest.quarantine import Helper, examine, idle_helper, return_helper
from pipeline.ingest.rasters import RasterFile, open_raster
from pipeline.types import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.types import FloatArray

MIN_PX = 16_000_000  # our choice: smaller images decode in a tenth of a second, so twice is fine
STRIP_ROWS = 512  # passed on at once per band: the usual tile height, so that each tile is decoded once
BUFFER_BYTES = 1 << 26  # for such a strip of all bands; our choice: it has 53 MB in a Sentinel-1 scene, 56 in a tile


def open_in_passing(path: Path, meanwhile: Callable[[], object] = lambda: None) -> RasterFile:
    """As `open_raster`, but of a large 16-bit raster only the ends are decoded now, the rest as it is read."""
    raster = open_raster(path, whole=False, meanwhile=meanwhile)
    rows, cols = raster.shape
    fits = rows * cols >= MIN_PX and 2 * raster.count * STRIP_ROWS * cols <= BUFFER_BYTES
    if fits and raster.driver == "GTiff" and raster.dtype == "uint16" and not raster.masked and _can_share():
        with suppress(OSError):  # no memory to share after all
            return PassingRaster(**raster.metadata(), passing=Passing(raster))
    return replace(raster, doubt=examine(raster.path, raster.item, raster.driver, whole=True))


def _can_share() -> bool:
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


class _SharedBuffer:
    """One thread's shared memory, into which the helper decodes, and the strip and bands that it holds."""

    def __init__(self, memory: int, number: int) -> None:
        self.start = number * BUFFER_BYTES
        self._map = mmap.mmap(memory, BUFFER_BYTES, offset=self.start)
        self.holds: tuple[Window, tuple[int, ...]] | None = None

    def image(self, count: int, window: Window) -> NDArray[np.uint16]:
        """Its content, shape (bands, rows, cols)."""
        shape = (count, window.rows, window.cols)
        return np.frombuffer(self._map, np.uint16, count * window.rows * window.cols).reshape(shape)


class Passing:
    """A helper with one raster open, and which rows of it have passed. Threads may share it; each has its own buffer.

    Raises OSError if memory cannot be shared with the helper, InputError if the raster cannot be opened.
    """

    def __init__(self, raster: RasterFile) -> None:
        self.finished = False
        self._raster = raster
        self._passed = np.zeros((raster.count, raster.shape[0]), bool)
        self._doubts: list[tuple[int, int, str]] = []
        self._cause = ""  # why it failed; not the exception, whose traceback would keep all this alive
        self._helper_lock = threading.Lock()
        self._thread = threading.local()
        self._n_buffers = 0
        self._free_numbers: SimpleQueue[int] = SimpleQueue()  # numbers of buffers whose threads have ended
        self._memory = os.memfd_create("decoded")
        self._closed = weakref.finalize(self, os.close, self._memory)
        try:
            os.ftruncate(self._memory, BUFFER_BYTES)
            self._helper = idle_helper()
            self._dropped = weakref.finalize(self, Helper.close, self._helper)  # it waits for requests
            # process ids in /proc may differ from ours
            memory_path = f"{os.path.realpath('/proc/self')}/fd/{self._memory}"
            file = {"path": raster.path, "item": raster.item, "driver": raster.driver}
            if self._ask(file | {"memory_path": memory_path, "buffer_bytes": BUFFER_BYTES}):
                self._dropped.detach()
                return_helper(self._helper)
                raise OSError("the helper cannot reach this memory")
        except BaseException:
            self._closed()
            raise

    def read(self, window: Window, bands: tuple[int, ...], *, alone: bool = False) -> NDArray[np.uint16] | None:
        """Stored values of a window, shape (bands, rows, cols); None if all has passed and may be read directly.

        For a window as high as a strip the whole strip is passed on, for the neighbours that this thread reads next,
        unless it is read ``alone``.
        """
        strip, buffer = self._strip_at(window.row0), self._thread_buffer()
        beside = not alone and (window.row0, window.rows) == (strip.row0, strip.rows)
        if (
            beside
            and buffer is not None
            and (buffer.holds == (strip, bands) or self._decode_into(strip, bands, buffer))
        ):
            return buffer.image(len(bands), strip)[..., window.col0 : window.col1].copy()
        if self.finished or buffer is None:
            self._thread.buffer = None
            return None
        out = np.empty((len(bands), window.rows, window.cols), np.uint16)
        for part in _parts(window, len(bands)):
            if not self._decode_into(part, bands, buffer):
                return None
            top = part.row0 - window.row0
            out[:, top : top + part.rows] = buffer.image(len(bands), part)
        return out

    def finish(self) -> str:
        """Decode the rest; returns what is doubtful about the raster, or "". Raises InputError if it is damaged."""
        for band, seen in enumerate(self._passed.copy(), 1):
            row = 0
            for known, run in groupby(seen):
                rows = len(list(run))
                for part in [] if known else _parts(Window(row, 0, rows, self._raster.shape[1]), 1):
                    if (buffer := self._thread_buffer()) is not None:
                        self._decode_into(part, (band,), buffer)
                row += rows
        self._raise_failure()
        return min(self._doubts)[2] if self._doubts else ""

    def _strip_at(self, row: int) -> Window:
        """The strip that a row lies in."""
        rows, cols = self._raster.shape
        top = row // STRIP_ROWS * STRIP_ROWS
        return Window(top, 0, min(STRIP_ROWS, rows - top), cols)

    def _thread_buffer(self) -> _SharedBuffer | None:
        """This thread's buffer; None if it has none and no longer needs one."""
        buffer: _SharedBuffer | None = getattr(self._thread, "buffer", None)
        if buffer is None and not self.finished:
            with self._helper_lock:
                number = self._n_buffers if self._free_numbers.empty() else self._free_numbers.get()
                self._n_buffers = max(self._n_buffers, number + 1)
                try:
                    os.ftruncate(self._memory, self._n_buffers * BUFFER_BYTES)
                    buffer = self._thread.buffer = _SharedBuffer(self._memory, number)
                except OSError as error:
                    raise MemoryShort(f"{self._raster.item}: not enough memory to read it") from error
            weakref.finalize(buffer, self._free_numbers.put, number)
        return buffer

    def _decode_into(self, part: Window, bands: tuple[int, ...], buffer: _SharedBuffer) -> bool:
        """Have a part of some bands decoded into a buffer; False if everything has passed and the helper is gone."""
        whole = part.cols == self._raster.shape[1]
        where, buffer.holds = (part.row0, part.col0, part.rows, part.cols), None
        for n, band in enumerate(bands):
            with self._helper_lock:
                self._raise_failure()
                if self.finished:
                    return False
                at = 2 * n * part.rows * part.cols
                doubt = self._ask({"band": band, "window": where, "start": buffer.start, "at": at})
                if whole:
                    self._passed[band - 1, part.row0 : part.row1] = True
                    if doubt:
                        self._doubts.append((band, part.row0, doubt))
                    if self._passed.all():
                        self._release_helper()
        buffer.holds = (part, bands)
        return True

    def _ask(self, request: dict[str, object]) -> str:
        found = self._helper.ask(request)
        if found is None:
            self._cause = f"cannot be decoded: {self._helper.end()}"
        elif found["cause"]:
            self._cause = found["cause"]
            self._dropped.detach()
            return_helper(self._helper)
        self._raise_failure()
        assert found is not None
        return found["doubt"]

    def _raise_failure(self) -> None:
        if self._cause:
            raise InputError(self._raster.item, self._cause)

    def _release_helper(self) -> None:
        """Everything has passed: release the helper for others."""
        self._ask({})
        self.finished = True
        self._dropped.detach()
        return_helper(self._helper)


def _parts(window: Window, bands: int) -> list[Window]:
    """A window split into parts that fit a buffer, at tile boundaries if possible."""
    most = max(1, BUFFER_BYTES // (2 * bands * window.cols))
    step = most // STRIP_ROWS * STRIP_ROWS or most
    return [
        Window(row, window.col0, min(step, window.row1 - row), window.cols)
        for row in range(window.row0, window.row1, step)
    ]


@dataclass(frozen=True, slots=True)
class PassingRaster(RasterFile):
    """A 16-bit raster whose windows come from the helper until all of it has passed."""

    passing: Passing = field(kw_only=True, compare=False, repr=False)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        bands = indexes or tuple(range(1, self.count + 1))
        found = self.passing.read(window, bands, alone=alone)
        return RasterFile.read(self, window, bands) if found is None else found

    def sample(self, side: int = 1024, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """At most side x side pixels of the whole image, shape (bands, rows, cols), once all of it has passed."""
        self.passing.finish()
        return RasterFile.sample(self, side, indexes)

    def palette(self) -> FloatArray | None:
        """None: a 16-bit raster has no palette."""
        return None
