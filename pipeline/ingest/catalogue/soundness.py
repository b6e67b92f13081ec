"""Checks a cut-out before it is sealed, and fetches it once more if it is damaged.

Catalogues have no checksum for part of a file, and a server or a cache on the way can send wrong bytes with the right
length and ETag. This module finds what can be found: blocks that do not decode, wrong checksums of files fetched whole,
lost rows. Wrong pixels that look like an image cannot be told from right ones.

If the same bytes come twice, they are used and the doubt is kept beside them (``DOUBT``). Later runs report it and
fetch again, since a server's fault may last an hour without being a property of the image.
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
_STRIP_ROWS = 2048  # rows checked at once
_SPARE_BYTES = 1 << 20  # written to test that a disk is not full; our choice


def make_checked(make: Callable[[Path], object], folder: Path) -> None:
    """Have ``make`` fill a folder, and do so again if the result is damaged or doubtful.

    If the same bytes are doubtful twice, the image itself is taken to be so, and the doubt is written to ``DOUBT``.
    Raises InputError if the second result is damaged, or doubtful with other bytes than the first.
    """
    try:
        make(folder)
    except Damaged:
        doubt, hashes_before = "damaged", None
    else:
        doubt, hashes_before = find_doubt(folder), _hashes(folder)
    if not doubt:
        return
    for found in folder.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    try:
        make(folder)
    except Damaged as error:
        raise InputError(error.item, f"{error.cause} (also when fetched anew)") from error
    if doubt_again := find_doubt(folder):
        if _hashes(folder) != hashes_before:
            raise InputError(_images(folder)[0].name, f"{doubt_again} (other bytes when fetched anew)")
        (folder / DOUBT).write_text(doubt_again + "\n", "utf-8")


def recorded_doubt(folder: Path) -> str:
    """What was odd about a cut-out when it was made; "" if nothing was."""
    path = folder / DOUBT
    return path.read_text("utf-8").strip() if path.is_file() else ""


def find_doubt(folder: Path) -> str:
    """What is odd about the images in a folder, found by decoding every pixel; "" if nothing is."""
    for path in _images(folder):
        try:
            raster = open_raster(path)
            doubt = raster.doubt or _lost_rows_doubt(raster)
        except InputError:
            _require_disk_space(folder)
            raise
        if doubt:
            _require_disk_space(folder)
            return doubt
    return ""


def _require_disk_space(folder: Path) -> None:
    """Raise OSError if the disk is full: GDAL writes the end of a file on closing it, and reports no failure there."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_SPARE_BYTES))


def _lost_rows_doubt(raster: RasterFile) -> str:
    """Rows of zeros between measured rows, in words: true gaps in the data lie only at the edges of a scene."""
    rows, cols = raster.shape
    # not kept open: the folder is renamed later, and thousands of files, each read once, would fragment memory
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
