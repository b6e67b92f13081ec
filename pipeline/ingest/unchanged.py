"""Checks that an input has not changed since it was hashed."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.metadata.side_files import side_files
from pipeline.ingest.rasters import stamp_of
from pipeline.ingest.safe.files import is_safe, open_files
from pipeline.types import Source


def digest_of(path: Path) -> str:
    """An input's hash as in the scenes table: of a product's files, or of one file's bytes."""
    return open_files(path).sha256() if is_safe(path) else sha256_of(path)


def require_unchanged(source: Source) -> None:
    """Raise InputError if a file or one of its sidecars is no longer the one that was hashed.

    Files whose size and times are unchanged are not hashed again.
    """
    item = Path(source.href).name
    try:
        same = all(stamp_of(Path(stamp.path)) == stamp for stamp in source.stamps)
    except InputError as error:
        raise InputError(item, "vanished while it was read") from error
    if same:
        return
    try:
        found = digest_of(Path(source.href))
    except InputError as error:
        raise InputError(item, f"changed while it was read ({error.cause})") from error
    if found != source.sha256 or (source.side_files and side_files(Path(source.href)) != source.side_files):
        raise InputError(item, "changed while it was read")
