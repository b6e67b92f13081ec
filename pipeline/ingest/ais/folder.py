"""Finds the AIS files in a folder, and says why other files in it are not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.ingest.junk import is_junk

AIS_SUFFIXES = (".csv", ".tsv", ".nmea", ".aivdm", ".txt", ".gz", ".zst", ".zip", ".parquet")
_OTHER_FORMATS = {  # formats in which other programs save AIS, and how to convert them
    ".xlsx": "is a spreadsheet; save its sheet as CSV",
    ".xls": "is a spreadsheet; save its sheet as CSV",
    ".ods": "is a spreadsheet; save its sheet as CSV",
    ".geojson": "is a map layer; save it as CSV with columns for longitude and latitude",
    ".gpkg": "is a map layer; save it as CSV with columns for longitude and latitude",
    ".kml": "is a map layer; save it as CSV with columns for longitude and latitude",
    ".shp": "is a map layer; save it as CSV with columns for longitude and latitude",
}
OTHER = f"is no AIS by its name ({', '.join(AIS_SUFFIXES)})"


def ais_files(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Files below a folder that may be AIS, and the others with the cause; hidden ones are ignored."""
    found = sorted(_walk(folder, folder.resolve()))
    return [p for p, cause in found if not cause], [(p, cause) for p, cause in found if cause]


def _walk(folder: Path, root: Path) -> Iterator[tuple[Path, str]]:
    try:
        entries = [p for p in folder.iterdir() if not is_junk(p)]
    except OSError as error:
        yield folder, f"cannot be read ({error.strerror})"
        return
    for entry in entries:
        try:
            entry.lstat()
        except OSError as error:  # a folder that can be listed but not entered
            yield entry, f"cannot be read ({error.strerror})"
            continue
        if entry.is_symlink() and (cause := _link_fault(entry, root)):
            yield entry, cause
        elif entry.is_dir():
            if not entry.is_symlink():  # what is below is met under its own name
                yield from _walk(entry, root)
        elif not entry.is_file():
            yield entry, "is not a regular file"
        else:
            suffix = entry.suffix.lower()
            yield entry, "" if suffix in AIS_SUFFIXES else _OTHER_FORMATS.get(suffix, OTHER)


def _link_fault(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # broken, or circular
        return "is a link that leads nowhere"
    return "" if target.is_relative_to(root) else "is a link that leads out of the folder (refused)"
