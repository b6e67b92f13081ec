"""The inputs below paths: folders are walked, a product is one input, and what will not be opened has its cause."""

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
UNDER_WAY = (".part", ".partial", ".crdownload", ".tmp", ".download", ".filepart", ".aria2")


@dataclass(frozen=True, slots=True)
class Found:
    """One input: where it lies, and why it will not even be opened.

    What a catalogue says of an input that could not be had dates the look that is unknown because of it; of a local
    file that cannot be used its sidecar or its name does.
    """

    path: Path
    refused: str = ""
    name: str = ""  # the row's scene_id; the file's name where it is empty
    acquired: datetime | None = None
    sensor: Sensor | None = None
    platform: str = ""
    footprint: BaseGeometry | None = None
    doubt: str = ""  # what was odd about it when it was fetched, and again when it was fetched anew


def find_inputs(paths: Sequence[Path | Found]) -> list[Found]:
    """Every image below the given paths, sorted, each once; what is found already stays as it is.

    Of a file and a link to it the file stays: its own name and the files beside it tell of it.
    """
    found: dict[str, Found] = {}
    for path in paths:
        for one in [path] if isinstance(path, Found) else _walk(Path(path)):
            key = os.path.realpath(one.path)
            if key not in found or _links_in(one.path) < _links_in(found[key].path):
                found[key] = one
    each = _stacked(found.values())
    return [_tellable(f) for f in sorted(each, key=lambda f: (f.name or f.path.name, str(f.path)))]


def _stacked(found: Iterable[Found]) -> list[Found]:
    """Of the bands of one Sentinel-2 image in files of their own, one that stands for all, by the image's name."""
    out: list[Found] = []
    told: set[str] = set()
    for one in found:
        if os.path.realpath(one.path) in told:
            continue
        bands = None if one.refused else loose_bands(one.path)
        if bands is not None:
            told.update(map(os.path.realpath, (*bands.files.values(), *bands.others)))
            one = replace(one, path=bands.first, name=one.name or bands.name)
        out.append(one)
    return out


def _tellable(found: Found) -> Found:
    """An input as a table can name it. Tables are UTF-8: what has another name is refused, and escaped in its row."""
    if is_utf8(found.path):
        return found
    return replace(found, refused=found.refused or FOREIGN_NAME, name=found.name or printable(found.path.name))


def _links_in(path: Path) -> int:
    """How many links lead to a file: it and the folders that it lies in."""
    return sum(os.path.islink(part) for part in (path, *path.parents))


def _walk(path: Path, above: tuple[Path, ...] = ()) -> Iterator[Found]:
    """The inputs below a path; ``above`` are the folders, without links, that it is being walked from."""
    if not path.is_dir() or is_safe(path):
        yield Found(path.parent if path.name == MANIFEST else path)
        return
    above = (*above, path.resolve())
    try:
        entries = sorted(path.iterdir(), key=lambda p: p.name)
    except OSError as error:
        yield Found(path, f"cannot be read ({error.strerror})")
        return
    if not os.access(path, os.X_OK):
        yield Found(path, "cannot be read (its files may not be reached)")
        return
    for entry in (e for e in entries if not is_junk(e)):
        if entry.is_symlink() and (refused := _bad_link(entry, above)) is not None:
            yield from refused
        elif entry.suffix.lower() in UNDER_WAY and Path(entry.stem).suffix.lower() in (*IMAGE_SUFFIXES, ".safe"):
            yield Found(entry, "is a download under way")
        elif entry.is_dir():
            yield from _walk(entry, above)
        elif entry.suffix.lower() in IMAGE_SUFFIXES and not is_mask_file(entry.name):  # a mask belongs to its image
            yield Found(entry)


def _bad_link(link: Path, above: tuple[Path, ...]) -> list[Found] | None:
    """Of a link that is not followed: its row, if it has one; None of one that is. ``above``: see `_walk`."""
    image = link.suffix.lower() in IMAGE_SUFFIXES
    if not os.path.exists(link):  # its end is missing, or it leads to itself
        return [Found(link, "is a link that leads nowhere")] if image else []
    if link.resolve() in above:  # what is there is met under its own name
        return []
    if link.resolve().is_relative_to(above[-1]):
        return None
    return [Found(link, "is a link that leads out of the folder (refused)")] if image or link.is_dir() else []
