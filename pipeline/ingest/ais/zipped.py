"""The one AIS file inside a zip, as MarineCadastre and the Danish Maritime Authority deliver theirs.

It is read as it is unpacked, like gzip: nothing is written, and no more of it is in memory than a block.
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.ingest.junk import is_junk

MAGIC = b"PK\x03\x04"
MAX_RATIO = 200.0  # CASES 2: a bomb reaches 1,000; a table of AIS some 10
MOST_LOOKED_AT = 10_000  # entries; our choice


class ZipRefused(ValueError):
    """Why an archive is not read, in words."""


def open_member(path: Path) -> IO[bytes]:
    """The content of a zip with one file; what systems put beside it does not count. Raises ZipRefused, BadZipFile."""
    with zipfile.ZipFile(path) as archive:  # an open member keeps the file open
        members = archive.infolist()
        if len(members) > MOST_LOOKED_AT:
            raise ZipRefused(f"has {len(members)} members; one AIS file in a zip is read")
        files = [m for m in members if not m.is_dir() and not any(is_junk(Path(p)) for p in _parts(m))]
        if len(files) != 1:
            raise ZipRefused(f"holds {len(files)} files; one AIS file in a zip is read")
        member = files[0]
        if member.flag_bits & 0x1:
            raise ZipRefused("is encrypted")
        if member.file_size > 1 << 20 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise ZipRefused(f"grows over {MAX_RATIO:g}-fold (a bomb?)")
        return archive.open(member)


def holds_product(path: Path) -> bool:
    """Is a zip one of Sentinel-1, and no matter of AIS?"""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("manifest.safe") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(member.filename).parts
