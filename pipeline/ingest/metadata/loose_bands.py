"""Finds the bands of one Sentinel-2 image in separate files outside a product, by file name.

Names of one image's files differ only in the band (``T53TKJ_20240307T020531_B02_10m.jp2``), or are just a band's name
(``B02.tif``, ``nir.tif``) in a folder named after the image. A link, or a file with its own sidecar, was put there as
an image by itself, and stays one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.metadata.band_names import S2_USED, S2_WORDS, s2_number
from pipeline.ingest.metadata.sensors import names_sentinel2
from pipeline.ingest.metadata.sidecar import read_sidecar

SUFFIXES = (".jp2", ".j2k", ".tif", ".tiff")  # not pictures such as PNG: nobody knows how their values were changed
_BAND = re.compile(
    r"(?<![A-Z0-9])(?P<band>B(?:8A|0?[1-9]|1[0-2])|TCI)(?:_(?P<size_m>10|20|60)M)?(?![A-Z0-9])", re.IGNORECASE
)
_BESIDE = ("TCI", "VISUAL", "SCL", "AOT", "WVP", "CLOUD", "SNOW", "PREVIEW", "THUMBNAIL")  # beside bands in a folder
_BY_SIZE = re.compile(r"R(10|20|60)m", re.IGNORECASE)  # Level-2A's folders, which have a band once for each pixel size
_UNKNOWN_SIZE_M = 0  # marks an unstated size; sorts first, as a band without a size exists once


@dataclass(frozen=True, slots=True)
class LooseBands:
    """The files of one image; ``name`` is the common part of their names, or their folder's name."""

    name: str
    files: dict[str, Path]  # files to read, by band, in the order of `S2_USED`
    others: tuple[Path, ...]  # bands not used for detection, and coarser copies of bands

    @property
    def first(self) -> Path:
        """The file that stands for the image."""
        return next(iter(self.files.values()))

    @property
    def as_one(self) -> Path:
        """The path the image would have as one file; files beside that path belong to the image."""
        return self.first.with_name(self.name + self.first.suffix)


@dataclass(frozen=True, slots=True)
class _BandName:
    """What one file's name says. ``image_key`` is equal for files of one image and one processing level.

    Their names all begin with ``prefix`` (upper case), a quick test that rules out most files of a large folder.
    """

    image_key: tuple[str, ...]
    prefix: str
    name: str
    band: str  # "" if it is not a band
    size_m: int


def loose_bands(path: Path) -> LooseBands | None:
    """The image of which a file is a band, with its other bands; None if the file is an image by itself."""
    name = _parse_name(path)
    if name is None:
        return None
    candidates = ((_parse_name(file), file) for file in _candidate_files(path, name.prefix))
    found = [
        (other_name, file)
        for other_name, file in candidates
        if other_name is not None and other_name.image_key == name.image_key
    ]
    found = sorted(
        ((t, f) for t, f in found if not _has_sidecar(f)),
        key=lambda name_and_file: (name_and_file[0].size_m, name_and_file[1]),
    )
    if path not in (file for _, file in found):
        return None
    finest: dict[str, Path] = {}
    for other_name, file in found:
        finest.setdefault(other_name.band, file)
    files = {band: finest[band] for band in S2_USED if band in finest}
    if len(files) < 2:
        return None
    read = set(files.values())
    return LooseBands(name.name, files, tuple(sorted(file for _, file in found if file not in read)))


def _parse_name(path: Path) -> _BandName | None:
    """The image and band given by a file's name; None if it gives none."""
    if path.suffix.lower() not in SUFFIXES:
        return None
    by_size = _BY_SIZE.fullmatch(path.parent.name)
    image_folder = path.parent.parent if by_size else path.parent
    size_m = int(by_size[1]) if by_size else _UNKNOWN_SIZE_M
    word = path.stem.upper()
    if (word in _BESIDE or _band_of_name(path.stem)) and names_sentinel2(image_folder.absolute().name):
        return _BandName((str(image_folder),), "", image_folder.absolute().name, _band_of_name(path.stem), size_m)
    places = list(_BAND.finditer(path.stem))
    if len(places) != 1:
        return None
    place = places[0]
    before, after = path.stem[: place.start()].rstrip("_-. "), path.stem[place.end() :].lstrip("_-. ")
    name = "_".join(part for part in (before, after) if part)
    if not names_sentinel2(name):
        return None
    band = "" if place["band"].upper() == "TCI" else s2_number(place["band"]) or ""
    level = "by size" if place["size_m"] else ""  # Level-1C has no sizes in its names
    begin = path.stem[: place.start()].upper()
    return _BandName((str(image_folder), name.upper(), level), begin, name, band, int(place["size_m"] or size_m))


def _band_of_name(stem: str) -> str:
    """The band meant by a whole name, which may be its number or its word in catalogues; "" if it is neither."""
    found = _BAND.fullmatch(stem)
    return (s2_number(found["band"]) or "") if found else S2_WORDS.get(stem.upper(), "")


def _candidate_files(path: Path, prefix: str) -> Iterator[Path]:
    """Regular files that may be the other bands: in the same folder, or in the folders for each pixel size."""
    folders = [path.parent]
    if _BY_SIZE.fullmatch(path.parent.name):
        with suppress(OSError), os.scandir(path.parent.parent) as entries:
            folders = [Path(e) for e in entries if e.is_dir(follow_symlinks=False) and _BY_SIZE.fullmatch(e.name)]
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:
            alike = [e for e in entries if e.name.upper().startswith(prefix)]
            yield from (folder / e.name for e in alike if e.is_file(follow_symlinks=False))


def _has_sidecar(file: Path) -> bool:
    """Does it have its own sidecar, even one that cannot be read?"""
    try:
        return read_sidecar(file)[0] is not None
    except InputError:
        return True
