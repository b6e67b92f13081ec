"""Files in a folder of images that may be images, of kinds that are not read: nobody should take them for looks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.ingest.junk import is_junk
from pipeline.plurals import number_of

PACKED = (".tar", ".tgz", ".7z", ".rar")
PACKED_ALONE = (".gz", ".bz2", ".xz", ".zst")  # one file each, which may be anything: what it was stands before
IMAGES = (".vrt", ".nc", ".h5", ".he5", ".hdf", ".img", ".ntf", ".nitf", ".ecw", ".sid", ".heic", ".webp", ".bmp")
_HELD = (".tar", ".tif", ".tiff", ".jp2", ".safe", ".png", ".jpg", ".jpeg")


def is_of_another_kind(name: str) -> bool:
    """May a file of that name hold images, although it is not read?

    >>> [is_of_another_kind(n) for n in ("a.tar.gz", "a.TIF.gz", "ais.csv.gz", "a.7z", "a.nc", "a.tif", "notes.txt")]
    [True, True, False, True, True, False, False]
    """
    stem, suffix = os.path.splitext(name.lower())
    return suffix in (*PACKED, *IMAGES) or (suffix in PACKED_ALONE and os.path.splitext(stem)[1] in _HELD)


def told(folders: Iterable[Path]) -> list[str]:
    """One line for each folder that holds such files; what lies inside a product is its own."""
    out = []
    for folder in dict.fromkeys(folders):
        found: list[str] = []
        for here, inside, files in os.walk(folder):
            inside[:] = sorted(n for n in inside if not is_junk(Path(n)) and not n.upper().endswith(".SAFE"))
            found += [
                str(Path(here, name).relative_to(folder))
                for name in sorted(files)
                if is_of_another_kind(name) and not is_junk(Path(name))
            ]
        if found:
            out.append(
                f"{folder}: {number_of(len(found), 'file')} of kinds that are not read (the first: {found[0]}); unpack "
                "archives but zip, save images as GeoTIFF"
            )
    return out
