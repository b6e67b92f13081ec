"""Files that were decoded whole before need not be decoded again to know that they are sound: their hash says so.

To decode a Sentinel-2 tile that came without a manifest takes a hundred times what it takes to hash it, and every run
over a folder opens it anew. A note says what came of it, under the hash of the bytes, the code and the libraries; one
that is torn or was edited is no note. What was refused is never noted: the next run looks at it again.
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

_LARGEST_NOTE = 10_000  # bytes; our choice: a doubt is a line


def open_proven(path: Path, notes: Path | None, meanwhile: Callable[[], object] = lambda: None) -> RasterFile:
    """As `open_raster`, but a file that decodes slowly is decoded whole once, and noted in the folder ``notes``.

    Without a folder, or where it takes no note, it is what `open_raster` gives.
    """
    require_file(path, path.name)
    if notes is None or not decodes_slowly(path):
        return open_raster(path, meanwhile=meanwhile)
    before, digest = stamp_of(path), sha256_of(path)
    note = notes / f"{_key(digest)}.json"
    doubt = _noted(note)
    if doubt is not None:
        return replace(open_raster(path, whole=False, meanwhile=meanwhile), doubt=doubt)
    raster = open_raster(path, meanwhile=meanwhile)
    if stamp_of(path) == before:  # else other bytes may have been decoded than were hashed
        with suppress(OSError, PipelineError):
            write_json(note, {"doubt": raster.doubt, "self": _seal(note, raster.doubt)})
    return raster


def _key(digest: str) -> str:
    return sha256_of_value([digest, code_version(), dict(library_versions())])[:32]


def _noted(note: Path) -> str | None:
    """What was doubtful about a file, "" where nothing was; None where nobody knows."""
    try:
        if os.path.getsize(note) > _LARGEST_NOTE:
            return None
        told: Any = json.loads(note.read_text("utf-8"))
        doubt = told["doubt"]
        return doubt if isinstance(doubt, str) and told["self"] == _seal(note, doubt) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _seal(note: Path, doubt: str) -> str:
    return sha256_of_value([note.stem, doubt])
