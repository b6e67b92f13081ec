"""Atomic writes: a file is written under a temporary name, synced, then renamed."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.checkpoints import checkpoint
from pipeline.errors import ConfigError, EnvironmentFault, is_utf8, printable


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``; renamed onto it, after a sync, when the block ends without an error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    checkpoint(f"begin {path.name}")
    try:
        yield part
        checkpoint(f"written {path.name}")
        _sync(part)
        checkpoint(f"synced {path.name}")
        os.replace(part, path)
        checkpoint(f"renamed {path.name}")
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def sweep(folder: Path, older_than_s: float = 0.0) -> None:
    """Remove temporary files left by killed writers. The caller holds the folder's lock."""
    for part in folder.rglob(".*.part"):
        with suppress(OSError):
            if part.is_file() and time.time() - part.stat().st_mtime >= older_than_s:
                part.unlink()


def megabytes(path: Path) -> float:
    """Size of a file, or of all files in a folder; 0 where there is neither."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files) / 1e6


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file atomically."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with sorted keys; NaN and infinity are refused."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """What `write_json` writes."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def require_writable(folder: Path) -> None:
    """Raise EnvironmentFault, before any work, if a folder is not writable; leaves nothing behind."""
    require_utf8(folder)
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    probe = existing / f".capwatch-{os.getpid()}.part"
    try:
        with probe.open("wb") as file:
            file.write(bytes(4096))
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def require_utf8(path: Path) -> None:
    """Raise ConfigError for an output name that is not UTF-8, which the libraries that write tables cannot handle."""
    if not is_utf8(path):
        raise ConfigError(f"{printable(path)}: cannot be written, since its name is not UTF-8; choose another")


def require_apart(out: Path, *read: Path | None) -> None:
    """Raise ConfigError if a command would overwrite one of the files that it reads."""
    for path in read:
        if path is not None and os.path.exists(out) and os.path.exists(path) and os.path.samefile(out, path):
            raise ConfigError(
                f"{printable(out)}: is read, and would be written over; name another (nothing was written)"
            )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def cannot_write(path: Path, error: OSError) -> EnvironmentFault:
    """The EnvironmentFault for a failed write, with its cause in words."""
    causes = {
        errno.ENOSPC: "the disk is full",
        errno.EACCES: "permission denied",
        errno.EROFS: "the file system is read-only",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "the file grew beyond a size limit",
    }
    cause = causes.get(error.errno or 0, error.strerror or str(error))
    return EnvironmentFault(f"{printable(path)}: cannot be written: {cause} (nothing was changed)")
