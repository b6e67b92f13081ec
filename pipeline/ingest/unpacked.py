"""Decodes a JPEG2000 image only once if it will be read repeatedly: the quarantine's helper writes its values to disk,
or those of a small part are kept in memory.

Decoding takes forty times as long as with deflate, and detection reads a whole image more than once, in windows that
cut across its tiles. The uncompressed copy is in an unnamed file, which disappears with this process however it ends.
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
from pipeline.ingest.rasters import RasterFile, gdal_address, open_raster, read_metadata
from pipeline.ingest.sentinel2.layers import BandStack, layer_window
from pipeline.types import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_SLOW = ("JP2OpenJPEG",)  # drivers for which it is worthwhile
MAX_SHARE_OF_FREE = 0.5  # of the free disk space; our choice
MAX_PART_BYTES = 128 << 20  # bytes of a part kept in memory: 35 x 35 km of five bands in 10 m pixels; our choice
_ON_DISK = "/var/tmp"  # noqa: S108  # by the Filesystem Hierarchy Standard; /tmp may be in memory


def open_unpacked(
    path: Path,
    *,
    member: str | None = None,
    whole: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> RasterFile:
    """As `open_raster`, but a slowly decoding file is fully decoded now, and its values kept on disk.

    If there is no room for them, the same as `open_raster`. The result can be read only in this process.
    """
    where, item, driver = gdal_address(path, member)
    if driver in _SLOW:
        examine(where, item, driver, whole=False, window=HEADER, meanwhile=meanwhile)
        raster = read_metadata(where, item, driver)
        with suppress(OSError):  # no room, or not accessible to the helper
            # verified bytes (not ``whole``) raise no doubt, as in `open_raster`
            return _unpacked(raster, with_doubt=whole)
    return open_raster(path, member=member, whole=whole, meanwhile=meanwhile)


def once_decoded(raster: RasterFile, part: Window | None) -> RasterFile:
    """An open raster, decoded now if that is slow, for a caller about to read all of it.

    If only a ``part`` will be read and it is small, only that is decoded. Returns the same raster if nothing is gained,
    or there is no room. Raises InputError if it can no longer be decoded.
    """
    if part is not None and raster.count * part.rows * part.cols * np.dtype(raster.dtype).itemsize > MAX_PART_BYTES:
        part = None
    if isinstance(raster, BandStack):
        parts = [None if part is None else layer_window(layer, part, raster.shape) for layer in raster.layers]
        layers = tuple(once_decoded(layer, layer_part) for layer, layer_part in zip(raster.layers, parts, strict=True))
        unchanged = all(new is old for new, old in zip(layers, raster.layers, strict=True))
        return raster if unchanged else replace(raster, layers=layers)
    if raster.driver not in _SLOW or isinstance(raster, UnpackedRaster):
        return raster
    if part is not None:
        return PartlyDecodedRaster(**raster.metadata(), part=part, values=raster.read(part))
    with suppress(OSError):  # as above
        return replace(_unpacked(raster, with_doubt=False), doubt=raster.doubt)
    return raster


def _unpacked(raster: RasterFile, *, with_doubt: bool) -> UnpackedRaster:
    """A raster with all its values on disk. Raises OSError if there is no room, InputError if it is damaged."""
    numbers = DiskArray(raster)
    doubt = examine(raster.path, raster.item, raster.driver, whole=True, into=numbers.address)
    return UnpackedRaster(**raster.metadata() | {"doubt": doubt if with_doubt else ""}, values=numbers)


def decodes_slowly(path: Path) -> bool:
    """Is a file slow to decode, so that it should be decoded only once? InputError if it is not an image."""
    return gdal_address(path)[2] in _SLOW


class DiskArray:
    """Disk space for all values of a raster, band by band, row by row. Raises OSError if there is none."""

    def __init__(self, raster: RasterFile) -> None:
        rows, cols = raster.shape
        self._type, self._cols = np.dtype(raster.dtype), cols
        self._band_bytes = rows * cols * self._type.itemsize
        size = raster.count * self._band_bytes
        folder = _spool_folder()
        if size > MAX_SHARE_OF_FREE * shutil.disk_usage(folder).free:
            raise OSError("not enough room on disk")
        if not hasattr(os, "posix_fallocate") or not os.path.isdir("/proc/self/fd"):
            raise OSError("no room can be set aside or shared on this system")
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # it ends with this object
        self._closed = weakref.finalize(self, file.close)
        self._number = file.fileno()
        os.posix_fallocate(self._number, 0, size)  # fails now if the disk is full

    @property
    def address(self) -> str:
        """The path by which another process of this user can open the file; ids in /proc may differ from ours."""
        return f"{os.path.realpath('/proc/self')}/fd/{self._number}"

    def read(self, window: Window, bands: tuple[int, ...]) -> NDArray[Any]:
        """Stored values of a window, shape (bands, rows, cols); ``bands`` are 1-based."""
        out = np.empty((len(bands), window.rows, window.cols), self._type)
        wide = self._cols * self._type.itemsize
        for picture, band in zip(out, bands, strict=True):
            start = (band - 1) * self._band_bytes + window.row0 * wide
            before = start % mmap.ALLOCATIONGRANULARITY
            length = before + window.rows * wide
            # mapped only for this window: pages that stay mapped would count as this process's memory
            with mmap.mmap(self._number, length, access=mmap.ACCESS_READ, offset=start - before) as held:
                stored = np.frombuffer(held, self._type, window.rows * self._cols, before).reshape(-1, self._cols)
                picture[:] = stored[:, window.col0 : window.col1]
                del stored  # its memory is about to be unmapped
        return out


def _spool_folder() -> str:
    """The folder for large unnamed files: $TMPDIR if set, else one on disk."""
    usual = tempfile.gettempdir()
    return _ON_DISK if "TMPDIR" not in os.environ and os.access(_ON_DISK, os.W_OK | os.X_OK) else usual


@dataclass(frozen=True, slots=True)
class UnpackedRaster(RasterFile):
    """A raster whose values are uncompressed on disk."""

    values: DiskArray = field(kw_only=True, compare=False, repr=False)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        return self.values.read(window, indexes or tuple(range(1, self.count + 1)))


@dataclass(frozen=True, slots=True)
class PartlyDecodedRaster(RasterFile):
    """A raster with a part decoded in memory; the rest is read as usual."""

    part: Window = field(kw_only=True)
    values: NDArray[Any] = field(kw_only=True, compare=False, repr=False)  # (bands, rows, cols) of the part

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        part, bands = self.part, indexes or tuple(range(1, self.count + 1))
        row0, col0 = window.row0 - part.row0, window.col0 - part.col0
        if min(row0, col0) < 0 or window.row1 > part.row1 or window.col1 > part.col1:
            return RasterFile.read(self, window, indexes, alone=alone)
        held = self.values[:, row0 : row0 + window.rows, col0 : col0 + window.cols]
        return held[[i - 1 for i in bands]]
