"""A raster that is decoded once: the quarantine's helper hands over what it decodes, instead of decoding it in advance.

Until every row has passed through the helper nothing is decoded here, so a file that crashes it still costs only
itself. Whoever reads such a raster calls `Passing.finish` before anything is told of it: what was not read is decoded
then, and what is damaged or doubtful comes out.
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
from pipeline.ingest.quarantine import Helper, examine, given_back, idle_helper
from pipeline.ingest.rasters import RasterFile, open_raster
from pipeline.types import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.types import FloatArray

SMALLEST_PX = 16_000_000  # our choice: what decodes in a tenth of a second may be decoded twice
STRIP_ROWS = 512  # of files' own tiles: what is handed over at once, of a band, so that each is decoded once
ROOM_BYTES = 1 << 26  # for such a strip of all bands; our choice: of a Sentinel-1 scene it has 53 MB, of a tile 56


def open_in_passing(path: Path, meanwhile: Callable[[], object] = lambda: None) -> RasterFile:
    """As `open_raster`, but a large raster of 16-bit numbers is decoded as it is read, after its ends."""
    raster = open_raster(path, whole=False, meanwhile=meanwhile)
    rows, cols = raster.shape
    fits = rows * cols >= SMALLEST_PX and 2 * raster.count * STRIP_ROWS * cols <= ROOM_BYTES
    if fits and raster.driver == "GTiff" and raster.dtype == "uint16" and not raster.masked and _can_share():
        with suppress(OSError):  # no memory to share after all
            return PassingRaster(**raster.said(), passing=Passing(raster))
    return replace(raster, doubt=examine(raster.path, raster.item, raster.driver, whole=True))


def _can_share() -> bool:
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


class _Room:
    """Shared memory of one thread, into which the helper decodes; and the strip that stands in it, with its bands."""

    def __init__(self, memory: int, number: int) -> None:
        self.start = number * ROOM_BYTES
        self._map = mmap.mmap(memory, ROOM_BYTES, offset=self.start)
        self.holds: tuple[Window, tuple[int, ...]] | None = None

    def image(self, count: int, window: Window) -> NDArray[np.uint16]:
        """What stands in it, shape (bands, rows, cols)."""
        shape = (count, window.rows, window.cols)
        return np.frombuffer(self._map, np.uint16, count * window.rows * window.cols).reshape(shape)


class Passing:
    """A helper that has one raster open, and what of it has passed. Threads may share it, and have a room each.

    Raises OSError where this process and the helper cannot share memory, InputError where the raster cannot be opened.
    """

    def __init__(self, raster: RasterFile) -> None:
        self.over = False
        self._raster = raster
        self._seen = np.zeros((raster.count, raster.shape[0]), bool)
        self._doubts: list[tuple[int, int, str]] = []
        self._cause = ""  # why it failed; no exception, whose traceback would keep all this alive
        self._talk = threading.Lock()
        self._mine = threading.local()
        self._rooms = 0
        self._empty: SimpleQueue[int] = SimpleQueue()  # numbers of rooms whose threads have ended
        self._memory = os.memfd_create("decoded")
        self._closed = weakref.finalize(self, os.close, self._memory)
        try:
            os.ftruncate(self._memory, ROOM_BYTES)
            self._helper = idle_helper()
            self._dropped = weakref.finalize(self, Helper.close, self._helper)  # it waits for requests
            # /proc may count processes otherwise than we do
            room = f"{os.path.realpath('/proc/self')}/fd/{self._memory}"
            file = {"path": raster.path, "item": raster.item, "driver": raster.driver}
            if self._ask(file | {"room": room, "room_bytes": ROOM_BYTES}):
                self._dropped.detach()
                given_back(self._helper)
                raise OSError("the helper cannot reach this memory")
        except BaseException:
            self._closed()
            raise

    def read(self, window: Window, bands: tuple[int, ...], *, alone: bool = False) -> NDArray[np.uint16] | None:
        """Stored numbers of a window, shape (bands, rows, cols); None where all has passed and may be read plainly.

        One as high as a strip has all of the strip handed over, for those beside it that this thread reads next, unless
        it is read ``alone``.
        """
        strip, room = self._strip_at(window.row0), self._room()
        beside = not alone and (window.row0, window.rows) == (strip.row0, strip.rows)
        if beside and room is not None and (room.holds == (strip, bands) or self._bring(strip, bands, room)):
            return room.image(len(bands), strip)[..., window.col0 : window.col1].copy()
        if self.over or room is None:
            self._mine.room = None
            return None
        out = np.empty((len(bands), window.rows, window.cols), np.uint16)
        for part in _parts(window, len(bands)):
            if not self._bring(part, bands, room):
                return None
            top = part.row0 - window.row0
            out[:, top : top + part.rows] = room.image(len(bands), part)
        return out

    def finish(self) -> str:
        """Have the rest decoded; what is doubtful about the raster, "" where nothing is. Raises InputError."""
        for band, seen in enumerate(self._seen.copy(), 1):
            row = 0
            for known, run in groupby(seen):
                rows = len(list(run))
                for part in [] if known else _parts(Window(row, 0, rows, self._raster.shape[1]), 1):
                    if (room := self._room()) is not None:
                        self._bring(part, (band,), room)
                row += rows
        self._refuse_failed()
        return min(self._doubts)[2] if self._doubts else ""

    def _strip_at(self, row: int) -> Window:
        """The strip that a row lies in."""
        rows, cols = self._raster.shape
        top = row // STRIP_ROWS * STRIP_ROWS
        return Window(top, 0, min(STRIP_ROWS, rows - top), cols)

    def _room(self) -> _Room | None:
        """The room of this thread; None where it has none and needs none any more."""
        room: _Room | None = getattr(self._mine, "room", None)
        if room is None and not self.over:
            with self._talk:
                number = self._rooms if self._empty.empty() else self._empty.get()
                self._rooms = max(self._rooms, number + 1)
                try:
                    os.ftruncate(self._memory, self._rooms * ROOM_BYTES)
                    room = self._mine.room = _Room(self._memory, number)
                except OSError as error:
                    raise MemoryShort(f"{self._raster.item}: not enough memory to read it") from error
            weakref.finalize(room, self._empty.put, number)
        return room

    def _bring(self, part: Window, bands: tuple[int, ...], room: _Room) -> bool:
        """Have a part of some bands put into a room; False where everything has passed, and the helper is gone."""
        whole = part.cols == self._raster.shape[1]
        where, room.holds = (part.row0, part.col0, part.rows, part.cols), None
        for n, band in enumerate(bands):
            with self._talk:
                self._refuse_failed()
                if self.over:
                    return False
                at = 2 * n * part.rows * part.cols
                doubt = self._ask({"band": band, "window": where, "start": room.start, "at": at})
                if whole:
                    self._seen[band - 1, part.row0 : part.row1] = True
                    if doubt:
                        self._doubts.append((band, part.row0, doubt))
                    if self._seen.all():
                        self._leave()
        room.holds = (part, bands)
        return True

    def _ask(self, request: dict[str, object]) -> str:
        found = self._helper.ask(request)
        if found is None:
            self._cause = f"cannot be decoded: {self._helper.end()}"
        elif found["cause"]:
            self._cause = found["cause"]
            self._dropped.detach()
            given_back(self._helper)
        self._refuse_failed()
        assert found is not None
        return found["doubt"]

    def _refuse_failed(self) -> None:
        if self._cause:
            raise InputError(self._raster.item, self._cause)

    def _leave(self) -> None:
        """All has passed: the helper is free for others."""
        self._ask({})
        self.over = True
        self._dropped.detach()
        given_back(self._helper)


def _parts(window: Window, bands: int) -> list[Window]:
    """A window cut into what fits a room, at rows where files' own tiles end if it may be."""
    most = max(1, ROOM_BYTES // (2 * bands * window.cols))
    step = most // STRIP_ROWS * STRIP_ROWS or most
    return [
        Window(row, window.col0, min(step, window.row1 - row), window.cols)
        for row in range(window.row0, window.row1, step)
    ]


@dataclass(frozen=True, slots=True)
class PassingRaster(RasterFile):
    """A raster of 16-bit numbers whose windows come from the helper until all of it has passed."""

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
        """None: 16-bit numbers are no colours."""
        return None
