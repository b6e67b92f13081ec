"""Access to the files of a Sentinel-1 or -2 product, in a folder or a zip, by their names inside the product.

An archive is checked before anything is read from it: names that lead out of it, repeated names, links, encryption and
zip bombs are refused. No file is ever extracted to disk.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

from pipeline.errors import InputError, printable
from pipeline.ingest.hashing import hashing, pieces
from pipeline.ingest.junk import is_junk
from pipeline.ingest.rasters import RasterFile, open_raster, stamp_of
from pipeline.ingest.unpacked import open_unpacked
from pipeline.types import Stamp

MANIFEST = "manifest.safe"
MARKS = (MANIFEST, "MTD_MSIL1C.xml", "MTD_MSIL2A.xml")  # a product folder contains one of them, whatever its name
MAX_MEMBERS = 10_000  # our choice: a GRD product has some 30 files
MAX_RATIO = 200.0  # CASES 2: a bomb reaches 1,000; a GRD measurement some 2
MAX_TOTAL = 20_000_000_000  # bytes; our choice: a GRD product has 2e9
HASH_THREADS = 2  # files at once; our choice: a product has two large ones
MAX_XML = 64 << 20  # bytes; our choice: the largest annotation has some 3 MiB
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # methods that both Python and GDAL read; Windows uses another too


def is_safe(path: Path) -> bool:
    """Is this a SAFE folder, its manifest, or a zip? A folder that may not be entered is judged by its name."""
    if path.is_dir():  # `isfile` is False where it may not be asked
        return path.suffix.upper() == ".SAFE" or any(os.path.isfile(path / mark) for mark in MARKS)
    return path.name == MANIFEST or path.suffix.lower() == ".zip"


def open_files(path: Path) -> SafeFiles:
    """The files of a product; InputError if it is not a product, or an untrustworthy archive."""
    if path.name == MANIFEST:
        path = path.parent
    if path.is_dir():
        return FolderFiles(path)
    if not path.is_file():
        raise InputError(path.name, "there is no such file or folder")
    return ZipFiles(path)


def is_sentinel2(files: SafeFiles) -> bool:
    """Is it a Sentinel-2 product? Both missions use the same folder suffix and manifest name.

    Judged by content rather than by name, which users may have changed.
    """
    if any(name.startswith("MTD_MSI") for name in files.sizes):
        return True
    return files.product.upper().startswith("S2") and not any(n.startswith("measurement/") for n in files.sizes)


class SafeFiles:
    """Names (relative to the product, ``/`` between folders) and bytes of a product's files."""

    path: Path
    product: str  # name of the SAFE folder, without .SAFE
    sizes: dict[str, int]

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """One file, open for reading; raises InputError naming it if opening or reading it fails."""
        try:
            with self._open_file(name) as source:
                yield source
        except _UNREADABLE as error:
            raise InputError(self.item(name), f"cannot be read ({printable(error)[:100]})") from error

    def _open_file(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The open bytes of one file."""
        raise NotImplementedError

    def raster(self, name: str, *, verified: bool = False, all_read: bool = False) -> RasterFile:
        """One file as a raster; ``verified``: its checksum was compared; ``all_read``: all of it will be read."""
        path, member = self._location(name)
        open_ = open_unpacked if all_read else open_raster
        return open_(path, member=member, whole=not verified)

    def _location(self, name: str) -> tuple[Path, str | None]:
        """The file on disk that holds it, and if that is an archive the member's name."""
        raise NotImplementedError

    def stamps(self) -> tuple[Stamp, ...]:
        """Sizes and times of the files on disk."""
        raise NotImplementedError

    def text(self, name: str) -> bytes:
        """The bytes of a small file."""
        if name not in self.sizes:
            raise InputError(self.item(name), "is missing")
        if self.sizes[name] > MAX_XML:
            raise InputError(self.item(name), f"has {self.sizes[name]} bytes; too large for XML (limit {MAX_XML})")
        with self.stream(name) as source:
            return source.read(MAX_XML + 1)

    def item(self, name: str) -> str:
        """A file's name in messages."""
        return f"{self.product}/{name}"

    def digest(self, name: str) -> _Digest:
        """MD5 and SHA-256 of one file, read once."""
        return self._digests[name]

    @cached_property
    def _digests(self) -> dict[str, _Digest]:
        names = sorted(self.sizes)
        with hashing(HASH_THREADS) as begin:  # the two measurements are nearly all of a product
            waiting = [begin(partial(self._digest_of, name)) for name in names]
            return {name: digest.result() for name, digest in zip(names, waiting, strict=True)}

    def _digest_of(self, name: str, given_up: threading.Event) -> _Digest:
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        with self.stream(name) as source:
            for piece in pieces(source, given_up):
                md5.update(piece)
                sha256.update(piece)
        return _Digest(md5.hexdigest(), sha256.hexdigest())

    def sha256(self) -> str:
        """Hash of the whole product, from its sorted file names and their hashes; the same for folder and zip."""
        lines = "".join(f"{self.digest(name).sha256}  {name}\n" for name in sorted(self.sizes))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Digest:
    md5: str
    sha256: str


class FolderFiles(SafeFiles):
    """A SAFE folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.product = folder.absolute().name.removesuffix(".SAFE")
        self.sizes = {}
        root = folder.resolve()
        for found in sorted(folder.rglob("*")):
            if _is_junk_inside(found.relative_to(folder)):
                continue
            if found.is_symlink() and not Path(os.path.realpath(found)).is_relative_to(root):
                raise InputError(self.item(found.name), "is a link that leads out of the product")
            if found.is_file():
                self.sizes[found.relative_to(folder).as_posix()] = found.stat().st_size
            if len(self.sizes) > MAX_MEMBERS:
                raise InputError(folder.name, f"has more than {MAX_MEMBERS} files")

    def _open_file(self, name: str) -> AbstractContextManager[IO[bytes]]:
        return (self.path / name).open("rb")

    def _location(self, name: str) -> tuple[Path, str | None]:
        return self.path / name, None

    def stamps(self) -> tuple[Stamp, ...]:
        """One for each file."""
        return tuple(stamp_of(self.path / name) for name in sorted(self.sizes))


class ZipFiles(SafeFiles):
    """A zip that holds one SAFE folder."""

    def __init__(self, archive: Path) -> None:
        self.path = archive
        if archive.stat().st_size == 0:
            raise InputError(archive.name, "is empty (0 bytes)")
        try:
            with zipfile.ZipFile(archive) as opened:
                members = opened.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(archive.name, f"is no whole zip ({printable(error)[:80]})") from error
        _refuse_untrustworthy(members, archive.name)
        folders = _product_folders([m.filename for m in members])
        if not folders:
            raise InputError(archive.name, f"holds no product (no {MANIFEST}); unpack it, if it holds images or zips")
        if len(folders) > 1:
            raise InputError(archive.name, f"holds {len(folders)} products; unpack it and give its folder")
        self.prefix = folders[0]
        folder = self.prefix.strip("/").rsplit("/", 1)[-1]
        self.product = (folder or archive.stem).removesuffix(".SAFE")
        inside = [m for m in members if m.filename.startswith(self.prefix) and not m.is_dir()]
        named = {m.filename.removeprefix(self.prefix): m.file_size for m in inside}
        self.sizes = {name: size for name, size in named.items() if not _is_junk_inside(PurePosixPath(name))}

    @contextmanager
    def _open_file(self, name: str) -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(self.path) as opened, opened.open(self.prefix + name) as source:
            yield source

    def _location(self, name: str) -> tuple[Path, str | None]:
        return self.path, self.prefix + name

    def stamps(self) -> tuple[Stamp, ...]:
        """That of the archive."""
        return (stamp_of(self.path),)


def _product_folders(names: list[str]) -> list[str]:
    """The folders of an archive that contain one of `MARKS`, each with a trailing slash.

    >>> _product_folders(["a/P.SAFE/manifest.safe", "a/P.SAFE/MTD_MSIL2A.xml", "a/P.SAFE/GRANULE/T/MTD_TL.xml"])
    ['a/P.SAFE/']
    """
    parted = [name.rpartition("/") for name in names]
    return sorted({folder + slash for folder, slash, file in parted if file in MARKS})


def _is_junk_inside(inside: PurePath) -> bool:
    """Is a file, or a folder above it, junk left by an operating system? A copy without it counts as equal."""
    return any(is_junk(Path(part)) for part in inside.parts)


def _refuse_untrustworthy(members: list[zipfile.ZipInfo], item: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise InputError(item, f"has {len(members)} members (limit {MAX_MEMBERS}; archive refused)")
    seen: dict[str, int] = {}
    total = 0
    for member in members:
        name = member.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in member.orig_filename:
            raise InputError(item, f"has a member named {printable(name)[:80]} (archive refused)")
        if any(c in name for c in "{}\\") or not name.isprintable():
            raise InputError(item, f"has a member with a name that is not plain: {printable(name)[:80]}")
        key = "/".join(p for p in parts if p not in ("", ".")).casefold()
        if key in seen:
            raise InputError(item, f"has two members named {printable(name)[:80]} (archive refused)")
        seen[key] = 1
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(item, f"has a link as member {printable(name)[:80]} (archive refused)")
        if member.flag_bits & 0x1:
            raise InputError(item, "is encrypted")
        if member.compress_type not in _PACKED:
            raise InputError(item, "is packed in another way than by deflate; unpack it and give its folder")
        total += member.file_size
        if member.file_size > 1 << 20 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise InputError(item, f"member {printable(name)[:80]} grows over {MAX_RATIO:g}-fold (archive refused)")
    if total > MAX_TOTAL:
        raise InputError(item, f"unpacks to {total / 1e9:.0f} GB (limit {MAX_TOTAL / 1e9:.0f} GB; archive refused)")
