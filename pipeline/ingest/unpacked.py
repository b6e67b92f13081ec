"""A JPEG2000 image that will be read more than once is decoded once: the quarantine's helper leaves its numbers on disk
for us, or, of a small part, they are kept in memory.

To decode it takes forty times what deflate takes, and whoever searches a whole image reads it more than once, in
windows that cut its tiles. What is kept is as large as the image is, unpacked, and lies in a file without a name, which
ends with this process however that ends.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.quarantine import HEADER, examine
from pipeline.ingest.rasters import RasterFile, address, described, open_raster
from pipeline.ingest.sentinel2.layers import BandStack, on_layer
from pipeline.types import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_SLOW = ("JP2OpenJPEG",)  # drivers whose files are worth it
MOST_OF_FREE = 0.5  # of what is free on disk; our choice
MOST_HELD = 128 << 20  # bytes of a part that stay in memory: 35 x 35 km of five bands in 10 m pixels; our choice
_ON_DISK = "/var/tmp"  # noqa: S108  # by the Filesystem Hierarchy Standard; /tmp may lie in memory


def open_unpacked(
    path: Path,
    *,
    member: str | None = None,
    whole: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> RasterFile:
    """As `open_raster`, but one that decodes slowly is decoded here and now, all of it, and its numbers are kept.

    Where there is no room for them it is what `open_raster` gives. What reads it belongs to this process.
    """
    where, item, driver = address(path, member)
    if driver in _SLOW:
        examine(where, item, driver, whole=False, window=HEADER, meanwhile=meanwhile)
        raster = described(where, item, driver)
        with suppress(OSError):  # no room, or none that the helper reaches
            # of bytes that are known to be those that the producer wrote nothing is doubtful, as `open_raster` has it
            return _unpacked(raster, doubted=whole)
    return open_raster(path, member=member, whole=whole, meanwhile=meanwhile)


def once_decoded(raster: RasterFile, part: Window | None) -> RasterFile:
    """A raster that was opened before, decoded here and now where that is slow, for whoever is about to read all of it.

    Where only a ``part`` will be read that alone is decoded, if it is small. The raster is as it was where nothing is
    gained, or there is no room. Raises InputError where it cannot be decoded any more.
    """
    if part is not None and raster.count * part.rows * part.cols * np.dtype(raster.dtype).itemsize > MOST_HELD:
        part = None
    if isinstance(raster, BandStack):
        parts = [None if part is None else on_layer(layer, part, raster.shape) for layer in raster.layers]
        layers = tuple(once_decoded(layer, its) for layer, its in zip(raster.layers, parts, strict=True))
        as_before = all(new is old for new, old in zip(layers, raster.layers, strict=True))
        return raster if as_before else replace(raster, layers=layers)
    if raster.driver not in _SLOW or isinstance(raster, UnpackedRaster):
        return raster
    if part is not None:
        return HeldRaster(**raster.said(), part=part, numbers=raster.read(part))
    with suppress(OSError):  # as above
        return replace(_unpacked(raster, doubted=False), doubt=raster.doubt)
    return raster


def _unpacked(raster: RasterFile, *, doubted: bool) -> UnpackedRaster:
    """A raster with all its numbers on disk. Raises OSError where these find no room, InputError for a damaged one."""
    numbers = Numbers(raster)
    doubt = examine(raster.path, raster.item, raster.driver, whole=True, into=numbers.address)
    return UnpackedRaster(**raster.said() | {"doubt": doubt if doubted else ""}, numbers=numbers)


def decodes_slowly(path: Path) -> bool:
    """Is a file worth being decoded but once? InputError where it is no image."""
    return address(path)[2] in _SLOW


class Numbers:
    """Room on disk for all numbers of a raster: band by band, row by row. Raises OSError where there is none."""

    def __init__(self, raster: RasterFile) -> None:
        rows, cols = raster.shape
        self._type, self._cols = np.dtype(raster.dtype), cols
        self._band_bytes = rows * cols * self._type.itemsize
        size = raster.count * self._band_bytes
        folder = _folder()
        if size > MOST_OF_FREE * shutil.disk_usage(folder).free:
            raise OSError("not enough room on disk")
        if not hasattr(os, "posix_fallocate") or not os.path.isdir("/proc/self/fd"):
            raise OSError("no room can be set aside or shared on this system")
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # it ends with this object
        self._closed = weakref.finalize(self, file.close)
        self._number = file.fileno()
        os.posix_fallocate(self._number, 0, size)  # a disk that is full says so now

    @property
    def address(self) -> str:
        """Where another process of this user finds the file; /proc may count processes otherwise than we do."""
        return f"{os.path.realpath('/proc/self')}/fd/{self._number}"

    def read(self, window: Window, bands: tuple[int, ...]) -> NDArray[Any]:
        """Numbers of a window, shape (bands, rows, cols); ``bands`` are 1-based."""
        out = np.empty((len(bands), window.rows, window.cols), self._type)
        wide = self._cols * self._type.itemsize
        for picture, band in zip(out, bands, strict=True):
            start = (band - 1) * self._band_bytes + window.row0 * wide
            before = start % mmap.ALLOCATIONGRANULARITY
            length = before + window.rows * wide
            # mapped for this window alone: pages that stay mapped would count as this process's memory
            with mmap.mmap(self._number, length, access=mmap.ACCESS_READ, offset=start - before) as held:
                stored = np.frombuffer(held, self._type, window.rows * self._cols, before).reshape(-1, self._cols)
                picture[:] = stored[:, window.col0 : window.col1]
                del stored  # what it shows is about to go
        return out


def _folder() -> str:
    """Where large files without a name go: where the user says, else on a disk."""
    usual = tempfile.gettempdir()
    return _ON_DISK if "TMPDIR" not in os.environ and os.access(_ON_DISK, os.W_OK | os.X_OK) else usual


@dataclass(frozen=True, slots=True)
class UnpackedRaster(RasterFile):
    """A raster whose numbers lie unpacked on disk."""

    numbers: Numbers = field(kw_only=True, compare=False, repr=False)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        return self.numbers.read(window, indexes or tuple(range(1, self.count + 1)))


@dataclass(frozen=True, slots=True)
class HeldRaster(RasterFile):
    """A raster of which a part lies decoded in memory; the rest is read as ever."""

    part: Window = field(kw_only=True)
    numbers: NDArray[Any] = field(kw_only=True, compare=False, repr=False)  # (bands, rows, cols) of the part

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        part, bands = self.part, indexes or tuple(range(1, self.count + 1))
        row0, col0 = window.row0 - part.row0, window.col0 - part.col0
        if min(row0, col0) < 0 or window.row1 > part.row1 or window.col1 > part.col1:
            return RasterFile.read(self, window, indexes, alone=alone)
        held = self.numbers[:, row0 : row0 + window.rows, col0 : col0 + window.cols]
        return held[[i - 1 for i in bands]]
