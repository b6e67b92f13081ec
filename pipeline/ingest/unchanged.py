"""Is an input still what it was when it was hashed?"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.metadata.beside import side_files
from pipeline.ingest.rasters import stamp_of
from pipeline.ingest.safe.files import is_safe, open_files
from pipeline.types import Source


def digest_of(path: Path) -> str:
    """The hash that the scenes table states for an input: of a product's files, or of one file's bytes."""
    return open_files(path).sha256() if is_safe(path) else sha256_of(path)


def require_unchanged(source: Source) -> None:
    """Raise InputError where a file, or one beside it, is not the one that was hashed: its pixels fit no hash then.

    Files with their old stamps are taken for unchanged; those with others are hashed again.
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
    if found != source.sha256 or (source.beside and side_files(Path(source.href)) != source.beside):
        raise InputError(item, "changed while it was read")
