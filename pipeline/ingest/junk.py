"""Files that nobody meant to give: what systems and downloads leave behind in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

NAMES = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"}


def is_junk(path: Path) -> bool:
    """Is a file or folder hidden, or a system's own note about the folder?

    >>> [is_junk(Path(name)) for name in ("._x.tif", ".DS_Store", "Thumbs.db", "__MACOSX", "x.tif")]
    [True, True, True, True, False]
    """
    return path.name.startswith(".") or path.name.lower() in NAMES


def junk_below(folder: Path) -> list[Path]:
    """Junk in a folder of inputs, in order; what lies in junk, or inside a product, is not listed one by one."""
    out: list[Path] = []
    for here, folders, files in os.walk(folder):
        out += [Path(here, name) for name in (*folders, *files) if is_junk(Path(name))]
        folders[:] = [name for name in folders if not is_junk(Path(name)) and not name.upper().endswith(".SAFE")]
    return sorted(out)


def told(folders: Iterable[Path]) -> list[str]:
    """One line for each folder that holds junk."""
    out = []
    for folder in dict.fromkeys(folders):
        if folder.is_dir() and (junk := junk_below(folder)):
            first = junk[0].relative_to(folder)
            out.append(f"{folder}: hidden files are left out ({len(junk)}, the first: {first})")
    return out
