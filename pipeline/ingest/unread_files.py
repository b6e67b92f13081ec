"""Finds files in input folders that are not read: hidden files, and possible images in unsupported formats.

They are reported, so that nobody takes them for looks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.junk import is_junk
from pipeline.plurals import number_of

_PACKED = (".tar", ".tgz", ".7z", ".rar")
_PACKED_ALONE = (".gz", ".bz2", ".xz", ".zst")  # compress a single file, whose type is in the suffix before
_IMAGES = (
    ".vrt", ".nc", ".h5", ".he5", ".hdf", ".img", ".ntf", ".nitf", ".ecw", ".sid", ".heic", ".webp", ".bmp", ".gif",
    ".kmz", ".hdr", ".dim", ".gpkg", ".mbtiles",
)  # fmt: skip
_HELD = (".tar", ".tif", ".tiff", ".jp2", ".safe", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Unread:
    """Unread files of one folder, relative to it; those in junk folders or products are not listed one by one."""

    hidden: tuple[Path, ...]
    unsupported: tuple[Path, ...]


def unread_in(folder: Path) -> Unread:
    """The unread files in a folder, sorted; none if it is a file."""
    hidden: list[Path] = []
    others: list[Path] = []
    for current, inside, files in os.walk(folder):
        relative = Path(current).relative_to(folder)
        hidden += [relative / name for name in (*inside, *files) if is_junk(Path(name))]
        others += [relative / name for name in sorted(files) if _may_hold_images(name) and not is_junk(Path(name))]
        inside[:] = sorted(n for n in inside if not is_junk(Path(n)) and not n.upper().endswith(".SAFE"))
    return Unread(tuple(sorted(hidden)), tuple(others))


def _may_hold_images(name: str) -> bool:
    """May a file with that name hold images, although it is not read?

    >>> [_may_hold_images(n) for n in ("a.tar.gz", "a.TIF.gz", "ais.csv.gz", "a.7z", "a.nc", "a.tif", "notes.txt")]
    [True, True, False, True, True, False, False]
    """
    stem, suffix = os.path.splitext(name.lower())
    return suffix in (*_PACKED, *_IMAGES) or (suffix in _PACKED_ALONE and os.path.splitext(stem)[1] in _HELD)


def unread_messages(images: Iterable[Path], others: Iterable[Path]) -> list[tuple[str, bool]]:
    """One line for each folder with hidden files, and for each image folder with unread files.

    Each with a flag: may a look be missing because of it?
    """
    images = list(images)
    found = {folder: unread_in(folder) for folder in dict.fromkeys((*images, *others))}
    lines = [
        (f"{folder}: hidden files are left out ({len(unread.hidden)}, the first: {unread.hidden[0]})", False)
        for folder, unread in found.items()
        if unread.hidden
    ]
    for folder in dict.fromkeys(images):
        if kinds := found[folder].unsupported:
            count_text = f"{number_of(len(kinds), 'file')} of kinds that are not read (the first: {kinds[0]})"
            lines.append((f"{folder}: {count_text}; unpack archives but zip, save images as GeoTIFF", True))
    return lines
