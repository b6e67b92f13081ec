"""Finds and hashes an image's sidecar files: its metadata, and its other bands, which are evidence as well.

GDAL itself reads none (`gdal_settings.SETTINGS`). What is read is the analyst's sidecar, the operator's metadata,
rational polynomials, Planet's mask of usable data, a world file with what names its coordinate system, and the bands
of Sentinel-2 that lie in files of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.metadata.loose_bands import loose_bands
from pipeline.ingest.metadata.operators import operator_files
from pipeline.ingest.metadata.sidecar import read_sidecar, sidecar_path
from pipeline.ingest.metadata.usable_data import mask_beside
from pipeline.ingest.metadata.world_file import place_files
from pipeline.ingest.rasters import stamp_of
from pipeline.ingest.rpc import rpc_beside
from pipeline.types import SideFile


def side_files(image: Path) -> tuple[SideFile, ...]:
    """The sidecar files of an image, with their hashes, by name; also if the image itself cannot be used.

    RPC and world files count even if the image's own map grid overrides them: a file that claims to georeference an
    image is part of what was known about it.
    """
    if not image.is_file() or image.suffix.lower() == ".zip":  # a zipped product has its own metadata
        return ()
    bands = loose_bands(image)
    named = image if bands is None else bands.as_one
    sidecar, states_crs = _sidecar_file(named)
    found = [sidecar, *operator_files(named), rpc_beside(named), mask_beside(named)]
    found += place_files(named, stated=states_crs)
    found += [] if bands is None else [band for band in bands.files.values() if band != image]
    path_of_name = {os.path.relpath(path, image.parent): path for path in found if path is not None}
    return tuple(
        side_file
        for name in sorted(path_of_name)
        if (side_file := _hashed_side_file(path_of_name[name], name)) is not None
    )


def to_lines(files: Iterable[SideFile]) -> list[str]:
    """Lines for the scenes table: hash, two blanks, name, as written by ``sha256sum``."""
    return [f"{file.sha256}  {file.name}" for file in files]


def parse_line(line: str) -> tuple[str, str]:
    """Hash and name of what `to_lines` wrote.

    >>> parse_line("ab12  my image.json")
    ('ab12', 'my image.json')
    """
    sha256, _, name = line.partition("  ")
    return sha256, name


def _sidecar_file(image: Path) -> tuple[Path | None, bool]:
    """The sidecar, and whether it names a coordinate system; also one that cannot be read, as the image is then skipped
    because of it."""
    try:
        sidecar, _ = read_sidecar(image)
    except InputError:
        return sidecar_path(image), False
    return (None, False) if sidecar is None else (sidecar_path(image), sidecar.crs is not None)


def _hashed_side_file(path: Path, name: str) -> SideFile | None:
    """A file with its hash, and its name as seen from the image; None where it has gone.

    One that cannot be read has none: nobody opens an image with such a file.
    """
    try:
        stamp = stamp_of(path)
    except InputError:
        return None
    try:
        return SideFile(name, sha256_of(path), stamp)
    except InputError:
        return SideFile(name, "", stamp)
