"""Recognises junk files that operating systems and downloads leave in folders."""

from __future__ import annotations

from pathlib import Path

NAMES = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"}


def is_junk(path: Path) -> bool:
    """Is a file or folder hidden, or a system's metadata about the folder?

    >>> [is_junk(Path(name)) for name in ("._x.tif", ".DS_Store", "Thumbs.db", "__MACOSX", "x.tif")]
    [True, True, True, True, False]
    """
    return path.name.startswith(".") or path.name.lower() in NAMES
