"""Files of kinds that are not read: those that may hold images, by their names; and what a file is, by its bytes."""

from __future__ import annotations

import os

PACKED = (".tar", ".tgz", ".7z", ".rar")
PACKED_ALONE = (".gz", ".bz2", ".xz", ".zst")  # one file each, which may be anything: what it was stands before
IMAGES = (
    ".vrt", ".nc", ".h5", ".he5", ".hdf", ".img", ".ntf", ".nitf", ".ecw", ".sid", ".heic", ".webp", ".bmp", ".gif",
    ".kmz", ".hdr", ".dim", ".gpkg", ".mbtiles",
)  # fmt: skip
_BY_BYTES = (  # what a file begins with, and what it is then, with what to do about it
    (b"version https://git-lfs", "a pointer of Git LFS (git lfs pull fetches the image)"),
    (b"<!doctype html", "a web page (a download that failed, or wanted a login)"),
    (b"<html", "a web page (a download that failed, or wanted a login)"),
    (b"<vrtdataset", "a GDAL VRT, which only points at images"),
    (b"<?xml", "XML"),
    (b"{", "JSON text"),
    (b"%pdf", "a PDF"),
    (b"pk\x03\x04", "a zip archive under another name"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"\x89hdf", "HDF5, as netCDF files are"),
    (b"cdf", "netCDF"),
    (b"ehfa_header_tag", "an ERDAS image"),
    (b"sqlite format 3", "a GeoPackage or another SQLite file"),
    (b"gif8", "a GIF"),
    (b"riff", "a WebP picture"),
    (b"bm", "a BMP picture"),
)
_HELD = (".tar", ".tif", ".tiff", ".jp2", ".safe", ".png", ".jpg", ".jpeg")


def is_of_another_kind(name: str) -> bool:
    """May a file of that name hold images, although it is not read?

    >>> [is_of_another_kind(n) for n in ("a.tar.gz", "a.TIF.gz", "ais.csv.gz", "a.7z", "a.nc", "a.tif", "notes.txt")]
    [True, True, False, True, True, False, False]
    """
    stem, suffix = os.path.splitext(name.lower())
    return suffix in (*PACKED, *IMAGES) or (suffix in PACKED_ALONE and os.path.splitext(stem)[1] in _HELD)


def kind_of(head: bytes) -> str:
    """What a file that begins so is, in words; "" where that cannot be told.

    >>> kind_of(b"%PDF-1.7"), kind_of(b" <HTML><body>")[:10], kind_of(bytes(16))
    ('a PDF', 'a web page', '')
    """
    head = head.lstrip().lower()
    return next((words for start, words in _BY_BYTES if head.startswith(start)), "")
