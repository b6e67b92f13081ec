"""Reads the single AIS file inside a zip, the form in which MarineCadastre and the Danish Maritime Authority deliver.

It is decompressed as it is read, like gzip: nothing is written to disk, and only a block is in memory.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.ingest.junk import is_junk
from pipeline.plurals import number_of

MAGIC = b"PK\x03\x04"
MAX_RATIO = 200.0  # CASES 2: a bomb reaches 1,000; a table of AIS some 10
MAX_MEMBERS = 10_000  # entries; our choice


class ZipRefused(ValueError):
    """An archive is refused; the message says why."""


def open_member(path: Path) -> IO[bytes]:
    """The content of a zip with one file, not counting junk of operating systems. Raises ZipRefused, BadZipFile."""
    with zipfile.ZipFile(path) as archive:  # an open member keeps the file open
        members = archive.infolist()
        if any(m.filename.startswith("xl/") for m in members):
            raise ZipRefused("a spreadsheet; save its sheet as CSV")
        if len(members) > MAX_MEMBERS:
            raise ZipRefused(f"has {len(members)} members; one AIS file in a zip is read")
        if outside := next((m.filename for m in members if _leads_out(m)), None):
            raise ZipRefused(f"has a member named {outside[:80]!r}, which leads out of the archive")
        content = [m for m in members if not m.is_dir()]
        files = [m for m in content if not any(is_junk(Path(p)) for p in _parts(m))]
        if content and not files:
            hidden = number_of(len(content), "hidden file")
            raise ZipRefused(f"holds {hidden} and no other, the first {content[0].filename[:80]!r}")
        if len(files) != 1:
            several = ": unpack it and give its folder" if files else ""
            raise ZipRefused(f"holds {len(files)} files; one AIS file in a zip is read{several}")
        member = files[0]
        if member.flag_bits & 0x1:
            raise ZipRefused("is encrypted")
        if member.file_size > 1 << 20 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise ZipRefused(f"grows over {MAX_RATIO:g}-fold (a bomb?)")
        return archive.open(member)


def holds_product(path: Path) -> bool:
    """Does a zip hold a Sentinel product, and so no AIS?"""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("manifest.safe") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _leads_out(member: zipfile.ZipInfo) -> bool:
    """Does the name lead out of the archive, by ``..`` or an absolute path?"""
    name = member.filename.replace("\\", "/")
    return ".." in name.split("/") or name.startswith("/") or re.match(r"[A-Za-z]:", name) is not None


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(member.filename).parts
