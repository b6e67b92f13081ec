"""Checks a cut-out before it is sealed, and fetches it once more if it is damaged.

Catalogues have no checksum for a part of a file, and a server or a cache on the way can send wrong bytes under the
right length and ETag. What can be told is told here: blocks that do not decode, checksums of what was fetched whole,
rows that were lost. Wrong pixels that look like an image cannot be told from right ones.

What came alike twice is used, and its doubt is kept beside it (``DOUBT``): later runs tell of it, and ask again, since
a fault that lasts for an hour is no property of an image.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.catalogue.web import Damaged
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.rasters import RasterFile, open_raster, opened
from pipeline.plurals import number_of

DOUBT = "doubt.txt"  # in a cut-out's folder: what is odd about it
_STRIP_ROWS = 2048  # rows that are looked at at once
_ROOM_BYTES = 1 << 20  # that a disk takes unless it is full; our choice


def soundly(make: Callable[[Path], object], folder: Path) -> None:
    """Have ``make`` fill a folder, and once more where what came is damaged or doubtful.

    The same doubt about the same bytes twice is how the image is, as far as one can tell: it is written to ``DOUBT``.
    Raises InputError where it comes damaged again, or otherwise than before.
    """
    try:
        make(folder)
    except Damaged:
        doubt, before = "damaged", None
    else:
        doubt, before = doubt_of(folder), _hashes(folder)
    if not doubt:
        return
    for found in folder.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    try:
        make(folder)
    except Damaged as error:
        raise InputError(error.item, f"{error.cause} (also when fetched anew)") from error
    if again := doubt_of(folder):
        if _hashes(folder) != before:
            raise InputError(_images(folder)[0].name, f"{again} (other bytes when fetched anew)")
        (folder / DOUBT).write_text(again + "\n", "utf-8")


def kept_doubt(folder: Path) -> str:
    """What was odd about a cut-out when it was made; "" where nothing was."""
    path = folder / DOUBT
    return path.read_text("utf-8").strip() if path.is_file() else ""


def doubt_of(folder: Path) -> str:
    """What is odd about the images in a folder, of which each pixel is decoded; "" where nothing is."""
    for path in _images(folder):
        try:
            raster = open_raster(path)
            doubt = raster.doubt or _lost_rows(raster)
        except InputError:
            _require_room(folder)
            raise
        if doubt:
            _require_room(folder)
            return doubt
    return ""


def _require_room(folder: Path) -> None:
    """Raise OSError where the disk is full: GDAL writes the last of a file as it closes it, and fails there unheard."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_ROOM_BYTES))


def _lost_rows(raster: RasterFile) -> str:
    """Rows of zeros alone between others: what is not measured lies at the edges of a scene."""
    rows, cols = raster.shape
    # not kept open: the folder gets another name, and thousands of files that are read once would leave memory in bits
    with opened(raster.path, raster.item, raster.driver) as dataset:
        parts = [
            dataset.read(window=((row, min(row + _STRIP_ROWS, rows)), (0, cols))).any(axis=2)
            for row in range(0, rows, _STRIP_ROWS)
        ]
    for band, holds in enumerate(np.concatenate(parts, axis=1), 1):
        where = np.flatnonzero(holds)
        lost = np.setdiff1d(np.arange(where[0], where[-1]), where) if where.size else np.arange(rows)
        if lost.size:
            held = (
                f"holds {number_of(lost.size, 'row')} of zeros between measured rows" if where.size else "is all zeros"
            )
            return f"band {band} {held}"
    return ""


def _images(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".tif", ".tiff"))


def _hashes(folder: Path) -> list[str]:
    return [sha256_of(path) for path in _images(folder)]
