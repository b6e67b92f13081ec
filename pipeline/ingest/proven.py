"""Records files that were fully decoded before, so that they need not be decoded again to know that they are sound.

Decoding a Sentinel-2 tile without a manifest takes a hundred times as long as hashing it, and every run over a folder
opens it again. A note with the result is stored under the hash of bytes, code and libraries; a torn or edited note is
ignored. Refused files are never noted: the next run checks them again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.rasters import open_raster, require_file, stamp_of
from pipeline.ingest.unpacked import decodes_slowly
from pipeline.provenance import code_version, library_versions
from pipeline.provenance import sha256_of as sha256_of_value
from pipeline.storage import write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.ingest.rasters import RasterFile

_MAX_NOTE_BYTES = 10_000  # bytes; our choice: a doubt is a line


def open_proven(path: Path, notes: Path | None, meanwhile: Callable[[], object] = lambda: None) -> RasterFile:
    """As `open_raster`, but a slowly decoding file is fully decoded only once, which is noted in the folder ``notes``.

    Without a folder, or if no note can be written, the same as `open_raster`.
    """
    require_file(path, path.name)
    if notes is None or not decodes_slowly(path):
        return open_raster(path, meanwhile=meanwhile)
    before, digest = stamp_of(path), sha256_of(path)
    note = notes / f"{_key(digest)}.json"
    doubt = _read_note(note)
    if doubt is not None:
        return replace(open_raster(path, whole=False, meanwhile=meanwhile), doubt=doubt)
    raster = open_raster(path, meanwhile=meanwhile)
    if stamp_of(path) == before:  # else the bytes decoded may not be those hashed
        with suppress(OSError, PipelineError):
            write_json(note, {"doubt": raster.doubt, "self": _seal(note, raster.doubt)})
    return raster


def _key(digest: str) -> str:
    return sha256_of_value([digest, code_version(), dict(library_versions())])[:32]


def _read_note(note: Path) -> str | None:
    """What was doubtful about a file, "" if nothing was; None without a valid note."""
    try:
        if os.path.getsize(note) > _MAX_NOTE_BYTES:
            return None
        content: Any = json.loads(note.read_text("utf-8"))
        doubt = content["doubt"]
        return doubt if isinstance(doubt, str) and content["self"] == _seal(note, doubt) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _seal(note: Path, doubt: str) -> str:
    return sha256_of_value([note.stem, doubt])
