"""Recognises vector files other than GeoJSON by their first bytes, and says how to convert them."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import printable

_HEAD_BYTES = 2048  # enough to recognise a format (our choice)
_BY_BYTES = (  # first bytes, and the format
    (b"SQLite format 3\x00", "a GeoPackage or another SQLite file"),
    (b"\x00\x00\x27\x0a", "a shapefile"),
    (b"PK\x03\x04", "a ZIP archive, as KMZ and packed shapefiles are"),
    (b"PAR1", "a Parquet file"),
    (b"fgb", "a FlatGeobuf file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_BY_TAG = (("kml", "KML"), ("gpx", "GPX"), ("osm", "OpenStreetMap XML"), ("FeatureCollection", "GML"))
_PART_OF_SHAPEFILE = {".dbf", ".shx", ".prj", ".cpg"}
_WKT = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POLYGON|POINT|LINESTRING)\s*Z?\s*\(", re.IGNORECASE)
CONVERSION = "save it as GeoJSON in EPSG:4326, by a GIS or by: ogr2ogr -f GeoJSON -t_srs EPSG:4326 new.geojson"


def format_and_conversion(path: Path) -> str:
    """The format of a file that is not GeoJSON, and how to convert it; "" if unknown."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    kind = _kind(head, path.suffix.lower())
    if kind == "UTF-16 text":
        return f"is {kind}; save it as UTF-8"
    return f"is {kind}; {CONVERSION} {printable(path.name)}" if kind else ""


def _kind(head: bytes, suffix: str) -> str:
    """The format in words, with its article.

    >>> _kind(b'<?xml version="1.0"?><kml xmlns="...">', ".kml"), _kind(b"WKT;name", ".csv"), _kind(b"{}", ".json")
    ('KML', '', '')
    """
    if found := next((kind for start, kind in _BY_BYTES if head.startswith(start)), ""):
        return found
    if suffix in _PART_OF_SHAPEFILE:
        return "a part of a shapefile"
    text = head.decode("utf-8-sig", "replace").lstrip()
    if text.startswith("<"):
        return next((kind for tag, kind in _BY_TAG if re.search(rf"<(?:\w+:)?{tag}[\s>]", text)), "XML")
    return "WKT" if _WKT.match(text) else ""
