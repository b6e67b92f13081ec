"""Finds image inputs below paths: folders are walked, a product is one input, and refused files have a cause."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import is_utf8, printable
from pipeline.ingest.junk import is_junk
from pipeline.ingest.metadata.loose_bands import loose_bands
from pipeline.ingest.metadata.sensors import is_mask_file
from pipeline.ingest.rasters import FOREIGN_NAME
from pipeline.ingest.safe.files import MANIFEST, is_safe
from pipeline.types import Sensor

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

IMAGE_SUFFIXES = (".tif", ".tiff", ".png", ".jp2", ".j2k", ".jpg", ".jpeg", ".zip")
DOWNLOAD_SUFFIXES = (".part", ".partial", ".crdownload", ".tmp", ".download", ".filepart", ".aria2")


@dataclass(frozen=True, slots=True)
class Found:
    """One input: its path, and why it will not even be opened.

    For an input that could not be fetched, the catalogue's metadata date the look that is therefore unknown; for a
    local file that cannot be used, its sidecar or name does.
    """

    path: Path
    refused: str = ""
    name: str = ""  # the row's scene_id; if empty, the file's name
    acquired: datetime | None = None
    sensor: Sensor | None = None
    platform: str = ""
    footprint: BaseGeometry | None = None
    doubt: str = ""  # what was odd about it when fetched, and again when refetched


def find_inputs(paths: Sequence[Path | Found]) -> list[Found]:
    """Every image below the given paths, sorted, each once; `Found` items are kept as they are.

    Of a file and a link to it the file is kept, since its name and sidecars give its metadata.
    """
    found: dict[str, Found] = {}
    for path in paths:
        for candidate in [path] if isinstance(path, Found) else _walk(Path(path)):
            key = os.path.realpath(candidate.path)
            if key not in found or _count_links(candidate.path) < _count_links(found[key].path):
                found[key] = candidate
    merged = _merged_bands(found.values())
    return [_with_printable_name(f) for f in sorted(merged, key=lambda f: (f.name or f.path.name, str(f.path)))]


def _merged_bands(found: Iterable[Found]) -> list[Found]:
    """Merge the single-band files of one Sentinel-2 image into one input, under the image's name."""
    out: list[Found] = []
    merged_paths: set[str] = set()
    for item in found:
        if os.path.realpath(item.path) in merged_paths:
            continue
        bands = None if item.refused else loose_bands(item.path)
        if bands is not None:
            merged_paths.update(map(os.path.realpath, (*bands.files.values(), *bands.others)))
            item = replace(item, path=bands.first, name=item.name or bands.name)
        out.append(item)
    return out


def _with_printable_name(found: Found) -> Found:
    """An input whose name a table can hold: names that are not UTF-8 are refused, and escaped in their row."""
    if is_utf8(found.path):
        return found
    return replace(found, refused=found.refused or FOREIGN_NAME, name=found.name or printable(found.path.name))


def _count_links(path: Path) -> int:
    """Number of symbolic links in a path: the file and its parent folders."""
    return sum(os.path.islink(part) for part in (path, *path.parents))


def _walk(path: Path, ancestors: tuple[Path, ...] = ()) -> Iterator[Found]:
    """The inputs below a path; ``ancestors`` are the resolved folders on the way to it."""
    if not path.is_dir() or is_safe(path):
        yield Found(path.parent if path.name == MANIFEST else path)
        return
    ancestors = (*ancestors, path.resolve())
    try:
        entries = sorted(path.iterdir(), key=lambda p: p.name)
    except OSError as error:
        yield Found(path, f"cannot be read ({error.strerror})")
        return
    if not os.access(path, os.X_OK):
        yield Found(path, "cannot be read (its files may not be reached)")
        return
    for entry in (e for e in entries if not is_junk(e)):
        if entry.is_symlink() and (refused := _refused_link(entry, ancestors)) is not None:
            yield from refused
        elif entry.suffix.lower() in DOWNLOAD_SUFFIXES and Path(entry.stem).suffix.lower() in (
            *IMAGE_SUFFIXES,
            ".safe",
        ):
            yield Found(entry, "is a download under way")
        elif entry.is_dir():
            yield from _walk(entry, ancestors)
        elif entry.suffix.lower() in IMAGE_SUFFIXES and not is_mask_file(entry.name):  # a mask belongs to its image
            yield Found(entry)


def _refused_link(link: Path, ancestors: tuple[Path, ...]) -> list[Found] | None:
    """For a link that is not followed, its row, if any; None for a link to follow. ``ancestors``: see `_walk`."""
    image = link.suffix.lower() in IMAGE_SUFFIXES
    if not os.path.exists(link):  # its target is missing, or it is circular
        return [Found(link, "is a link that leads nowhere")] if image else []
    if link.resolve() in ancestors:  # its target is found under its own name
        return []
    if link.resolve().is_relative_to(ancestors[-1]):
        return None
    return [Found(link, "is a link that leads out of the folder (refused)")] if image or link.is_dir() else []
