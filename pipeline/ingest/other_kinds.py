"""Files of kinds that are not read and may hold images, by their names."""

from __future__ import annotations

import os

PACKED = (".tar", ".tgz", ".7z", ".rar")
PACKED_ALONE = (".gz", ".bz2", ".xz", ".zst")  # one file each, which may be anything: what it was stands before
IMAGES = (
    ".vrt", ".nc", ".h5", ".he5", ".hdf", ".img", ".ntf", ".nitf", ".ecw", ".sid", ".heic", ".webp", ".bmp", ".gif",
    ".kmz", ".hdr", ".dim", ".gpkg", ".mbtiles",
)  # fmt: skip
_HELD = (".tar", ".tif", ".tiff", ".jp2", ".safe", ".png", ".jpg", ".jpeg")


def is_of_another_kind(name: str) -> bool:
    """May a file of that name hold images, although it is not read?

    >>> [is_of_another_kind(n) for n in ("a.tar.gz", "a.TIF.gz", "ais.csv.gz", "a.7z", "a.nc", "a.tif", "notes.txt")]
    [True, True, False, True, True, False, False]
    """
    stem, suffix = os.path.splitext(name.lower())
    return suffix in (*PACKED, *IMAGES) or (suffix in PACKED_ALONE and os.path.splitext(stem)[1] in _HELD)
