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
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.quarantine import Helper, examine, given_back, idle_helper
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_PX = 16_000_000  # our choice: what decodes in a tenth of a second may be decoded twice
SLOT_BYTES = 1 << 25  # handed over at once; our choice: a strip of 512 rows of a Sentinel-1 band has 27 MB
SLOTS = 2  # one is filled while the other is emptied
STRIP_ROWS = 512  # of files' own tiles


def in_passing(raster: RasterFile) -> RasterFile:
    """The raster, of which only the ends were decoded so far, to be decoded as it is read; a small one at once."""
    rows, cols = raster.shape
    large = rows * cols >= SMALLEST_PX and 2 * cols <= SLOT_BYTES
    if large and raster.driver == "GTiff" and raster.dtype == "uint16" and not raster.masked and _can_share():
        known = {f.name: getattr(raster, f.name) for f in fields(RasterFile)}
        with suppress(OSError):  # no memory to share after all
            return PassingRaster(**known, passing=Passing(raster))
    return replace(raster, doubt=examine(raster.path, raster.item, raster.driver, whole=True))


def _can_share() -> bool:
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


class Passing:
    """A helper that has one raster open, and what of it has passed. Threads may share it.

    Raises OSError where this process and the helper cannot share memory, InputError where the raster cannot be opened.
    """

    def __init__(self, raster: RasterFile) -> None:
        self.over = False
        self._raster = raster
        self._seen = np.zeros((raster.count, raster.shape[0]), bool)
        self._doubts: list[tuple[int, int, str]] = []
        self._cause = ""  # why it failed; no exception, whose traceback would keep all this alive
        self._talk = threading.Lock()
        self._slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(SLOTS):
            self._slots.put(slot)
        memory = os.memfd_create("decoded")
        try:
            os.ftruncate(memory, SLOTS * SLOT_BYTES)
            self._room = mmap.mmap(memory, SLOTS * SLOT_BYTES)
            self._helper = idle_helper()
            self._dropped = weakref.finalize(self, Helper.close, self._helper)  # it waits for requests
            room = f"{os.path.realpath('/proc/self')}/fd/{memory}"  # /proc may count processes otherwise than we do
            if self._ask({"path": raster.path, "item": raster.item, "driver": raster.driver, "room": room}):
                self._dropped.detach()
                given_back(self._helper)
                raise OSError("the helper cannot reach this memory")
        finally:
            os.close(memory)  # the mappings hold it

    def read(self, window: Window, bands: tuple[int, ...]) -> NDArray[np.uint16] | None:
        """Stored numbers of a window, shape (bands, rows, cols); None where all has passed and may be read plainly."""
        out = np.empty((len(bands), window.rows, window.cols), np.uint16)
        for n, band in enumerate(bands):
            for part in _parts(window):
                slot = self._slots.get()
                try:
                    if not self._hand_over(band, part, slot):
                        return None
                    view = np.frombuffer(self._room, np.uint16, part.rows * part.cols, slot * SLOT_BYTES)
                    top = part.row0 - window.row0
                    out[n, top : top + part.rows] = view.reshape(part.rows, part.cols)
                finally:
                    self._slots.put(slot)
        return out

    def finish(self) -> str:
        """Have the rest decoded; what is doubtful about the raster, "" where nothing is. Raises InputError."""
        slot = self._slots.get()
        try:
            for band, seen in enumerate(self._seen.copy(), 1):
                row = 0
                for known, run in groupby(seen):
                    rows = len(list(run))
                    if not known:
                        for part in _parts(Window(row, 0, rows, self._raster.shape[1])):
                            self._hand_over(band, part, slot)
                    row += rows
        finally:
            self._slots.put(slot)
        self._refuse_failed()
        return min(self._doubts)[2] if self._doubts else ""

    def _hand_over(self, band: int, part: Window, slot: int) -> bool:
        """Have a part put into a slot; False where everything has passed, and the helper is gone."""
        with self._talk:
            self._refuse_failed()
            if self.over:
                return False
            whole = part.cols == self._raster.shape[1]
            where = (part.row0, part.col0, part.rows, part.cols)
            doubt = self._ask({"band": band, "window": where, "at": slot * SLOT_BYTES})
            if whole:
                self._seen[band - 1, part.row0 : part.row1] = True
                if doubt:
                    self._doubts.append((band, part.row0, doubt))
                if self._seen.all():
                    self._leave()
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


def _parts(window: Window) -> list[Window]:
    """A window cut into what fits a slot, at rows where files' own tiles end if it may be."""
    most = max(1, SLOT_BYTES // (2 * window.cols))
    step = most // STRIP_ROWS * STRIP_ROWS or most
    return [
        Window(row, window.col0, min(step, window.row1 - row), window.cols)
        for row in range(window.row0, window.row1, step)
    ]


@dataclass(frozen=True, slots=True)
class PassingRaster(RasterFile):
    """A raster of 16-bit numbers whose windows come from the helper until all of it has passed."""

    passing: Passing = field(kw_only=True, compare=False, repr=False)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        bands = indexes or tuple(range(1, self.count + 1))
        found = None if self.passing.over else self.passing.read(window, bands)
        return RasterFile.read(self, window, bands) if found is None else found

    def sample(self, side: int = 1024, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """At most side x side pixels of the whole image, shape (bands, rows, cols), once all of it has passed."""
        self.passing.finish()
        return RasterFile.sample(self, side, indexes)

    def palette(self) -> NDArray[np.float64] | None:
        """None: 16-bit numbers are no colours."""
        return None
