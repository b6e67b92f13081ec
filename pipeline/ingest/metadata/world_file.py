"""World files: six numbers beside an image that give its geotransform, as exported by viewers and browsers.

They do not state a CRS. That comes from a ``.prj`` beside them, from the ``SRS`` of an ``.aux.xml``, or from the
sidecar; without one the numbers are meaningless. Nothing else in an ``.aux.xml`` is read.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from pipeline.errors import InputError, printable
from pipeline.ingest.metadata.operator_text import files_in_folder, first_text, read_text, read_xml
from pipeline.ingest.rasters import RasterFile

if TYPE_CHECKING:
    from pyproj import CRS

    from pipeline.ingest.metadata.sidecar import Sidecar

# pyproj's confidence from which a system in ESRI's spelling is taken for one of EPSG's (its default)
MIN_CONFIDENCE_PERCENT = 70


def place_files(image: Path, *, stated: bool = False) -> tuple[Path, ...]:
    """The world file of an image and the file that states its CRS; empty if either is missing.

    ``stated``: does the sidecar state a CRS?
    """
    world = _world_file(image)
    if world is None:
        return ()
    try:
        named = _crs_file(image)
    except InputError:
        return (world,)
    return (world, named[0]) if named else (world,) if stated else ()


def placed_by_world_file(raster: RasterFile, image: Path, sidecar: Sidecar | None) -> tuple[RasterFile, str]:
    """The raster, which says nothing of its place, on the map grid of its world file; and why that is not used.

    Raises InputError for a world file, or a coordinate system beside it, that is none.
    """
    world = _world_file(image)
    if world is None:
        return raster, ""
    transform = _read_transform(world)
    stated = sidecar.crs if sidecar is not None else None
    named = _crs_file(image)
    if named is None and stated is None:
        sidecar_name = printable(f"{image.stem}.json")
        hint = f'write {{"crs": "EPSG:..."}} with its code into {sidecar_name}'
        return raster, f"its world file names no coordinate system, so it is not used; {hint}"
    wkt = named[1] if named else str(_parse_crs(str(stated), image.name).to_wkt())
    return replace(raster, crs_wkt=wkt, transform=transform), ""


def _world_file(image: Path) -> Path | None:
    """``a.pgw`` (the ending's first and last letter, and w), ``a.pngw`` or ``a.wld`` of ``a.png``."""
    ending = image.suffix[1:]
    if not ending:
        return None
    folder_files = files_in_folder(image)
    wanted = [f"{image.stem}.{e}".upper() for e in (f"{ending[0]}{ending[-1]}w", f"{ending}w", "wld")]
    return next((folder_files[name] for name in wanted if name in folder_files), None)


def _read_transform(world: Path) -> tuple[float, float, float, float, float, float]:
    """The geotransform, referred to pixel corners; a world file refers to the centre of the first pixel."""
    try:
        a, d, b, e, x, y = (float(number) for number in read_text(world).split())
    except (OSError, ValueError):
        raise InputError(world.name, "is no world file: six numbers are wanted") from None
    if not all(math.isfinite(v) for v in (a, b, d, e, x, y)) or a * e == b * d:
        raise InputError(world.name, "is no world file: its numbers give pixels no area")
    return a, b, x - (a + b) / 2, d, e, y - (d + e) / 2


def _crs_file(image: Path) -> tuple[Path, str] | None:
    """The file that states the CRS, and the CRS as WKT."""
    folder_files = files_in_folder(image)
    if (path := folder_files.get(f"{image.stem}.PRJ".upper())) is not None:
        return path, _parse_crs(_read_text_or_empty(path), path.name).to_wkt()
    if (path := folder_files.get(f"{image.name}.AUX.XML".upper())) is not None:
        try:
            text = first_text(read_xml(path), "SRS")
        except (OSError, ValueError, ElementTree.ParseError):
            return None
        return None if text is None else (path, _parse_crs(text, path.name).to_wkt())
    return None


def _read_text_or_empty(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError):
        return ""


def _parse_crs(text: str, item: str) -> CRS:
    """A coordinate system by its WKT or EPSG code; EPSG's own words for it where it is one of theirs."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_epsg(text[5:]) if text.startswith("EPSG:") else CRS.from_wkt(text.strip())
        code = found.to_epsg(min_confidence=MIN_CONFIDENCE_PERCENT)
    except CRSError:
        raise InputError(item, "names no coordinate system that is known") from None
    return found if code is None else CRS.from_epsg(code)
