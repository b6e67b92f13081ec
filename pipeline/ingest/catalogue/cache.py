"""The cache of cut-outs: bounded in size, keyed by everything that made an entry, sealed by the hashes of its files.

An entry is a folder ``<key>/`` with its files and ``seal.json``, the SHA-256 of each. It is made under a temporary name
and renamed, so a partial entry is never seen. An entry whose files do not match its seal is removed and made again. If
the cache exceeds its size limit, the least recently used entries are removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.loading import canonical_json
from pipeline.errors import EnvironmentFault, printable
from pipeline.ingest.hashing import sha256_of
from pipeline.storage import write_bytes

SEAL = "seal.json"
PART = ".part"
STALE_PART_S = 86_400.0  # our choice: no entry takes a day, and processes of other machines may write here too


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries below one folder."""

    root: Path
    limit_bytes: float

    def find(self, recipe: Any) -> Path | None:
        """The folder of a recipe (plain values), if it exists and is intact; else None."""
        folder = self.root / key_of(recipe)
        return folder if self._is_intact(folder) else None

    def entry(self, recipe: Any, make: Callable[[Path], None], *, refresh: bool = False) -> Path:
        """The folder of a recipe: an intact entry, or one made by ``make(folder)``.

        With ``refresh`` it is made in any case; if that fails, an existing entry stays.
        """
        return self.entry_of(key_of(recipe), make, refresh=refresh)

    def entry_of(self, key: str, make: Callable[[Path], None], *, refresh: bool = False) -> Path:
        """The same by the name of a folder, which holds all that the entry is made from."""
        folder = self.root / key
        if not refresh and self._is_intact(folder):
            _touch(folder)
            return folder
        self._remove_stale_parts()
        part = self.root / f".{folder.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}{PART}"
        try:
            part.mkdir(parents=True)
            make(part)
            _write_seal(part)
            if self._is_intact(folder) and _hashes(folder) == _hashes(part):  # others may be reading it: it stays
                _touch(folder)
                return folder
            shutil.rmtree(folder, ignore_errors=True)
            try:
                part.rename(folder)
            except OSError:
                if not self._is_intact(folder):  # else another process was faster
                    raise
        except OSError as error:
            if isinstance(error, EnvironmentFault):
                raise
            raise EnvironmentFault(
                f"{printable(folder)}: cannot be written: {error.strerror or error.__cause__ or error} "
                "(nothing was changed)"
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return folder

    def _is_intact(self, folder: Path) -> bool:
        """Do all files of the entry match its seal?"""
        try:
            seal = json.loads((folder / SEAL).read_text("utf-8"))
            return bool(seal) and seal == _hashes(folder)
        except (OSError, ValueError):
            return False

    def _remove_stale_parts(self) -> None:
        """Remove stale temporary folders left by killed processes."""
        for part in self.root.glob(f".*{PART}"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime >= STALE_PART_S:
                    shutil.rmtree(part)

    def prune(self, kept: Collection[Path] = ()) -> int:
        """Remove entries, least recently used first, until the rest fits; ``kept`` stay. Returns how many."""
        entries = []
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            with suppress(OSError):  # what is no entry has no seal, and another process may be removing this one
                used = (folder / SEAL).stat().st_mtime
                if not folder.name.startswith("."):
                    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
                    entries.append((used, size, folder))
        total = sum(size for _, size, _ in entries)
        removed = 0
        for _, size, folder in sorted(entries):
            if total <= self.limit_bytes:
                break
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)
                total, removed = total - size, removed + 1
        return removed


def key_of(recipe: Any) -> str:
    """The cache key of a recipe: the name of its entry."""
    return hashlib.sha256(canonical_json(recipe).encode()).hexdigest()[:24]


def _touch(folder: Path) -> None:
    """Note that an entry was used just now; in a cache that others keep, and we only read, they note it."""
    with suppress(OSError):
        os.utime(folder / SEAL)


def _hashes(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != SEAL)
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in files}


def _write_seal(folder: Path) -> None:
    """Sync every file, then write the seal with their hashes."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    write_bytes(folder / SEAL, (json.dumps(_hashes(folder), sort_keys=True, indent=1) + "\n").encode())
