"""Land polygons: reads and makes an AOI's coast file, and rasterises it to an image's water mask."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ConfigError, printable
from pipeline.ingest.features import feature_words
from pipeline.ingest.geolocation import outline_points, unwrapped
from pipeline.ingest.json_text import RepeatedKey, parse_json
from pipeline.ingest.vector_formats import format_and_conversion
from pipeline.times_places.longitudes import shifted_copies, split_box

if TYPE_CHECKING:
    from pipeline.types import BoolImage, Geolocation, Window

ATTRIBUTION = {
    "Osm": "© OpenStreetMap contributors, ODbL 1.0",
    "Gshhg": "GSHHG, Wessel and Smith 1996, LGPL 3.0",
}
GEOMETRIES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_WGS84 = re.compile(r"(urn:ogc:def:crs:OGC:1\.3:CRS84|OGC:CRS84|EPSG:4326|urn:ogc:def:crs:EPSG::4326)", re.IGNORECASE)
_DECIMALS = 6  # 0.1 m on the ground: finer than any coast is drawn
_GROWTH_SHARE = 0.1  # share of an image's size by which its outline is grown to select land
_SIDE_POINTS = 17  # along each side of its outline: straight pieces deviate by less than it is grown
_EDGE_PX = 8.0  # edges are split to this length before they are transformed to radar geometry


def read_land(path: Path) -> BaseGeometry:
    """Land polygons of a GeoJSON file as one geometry, EPSG:4326.

    Raises ConfigError if the file is not GeoJSON, repeats a key or states another CRS, or if a feature is not a
    polygon, is invalid, or has latitudes beyond 90 degrees.
    """
    no_land = "is not a GeoJSON file of land polygons"
    content = read_json(path, no_land)
    if (found := _features(content)) is None:
        raise ConfigError(f"{printable(path)}: {format_and_conversion(path) or no_land}")
    features, words = found
    require_degrees(content, path)
    named = zip(words, features, strict=True)
    return shapely.union_all([_checked_land(f"{printable(path)}: {words}", feature) for words, feature in named])


def read_json(path: Path, otherwise: str = "") -> Any:
    """The content of a JSON file; ConfigError saying what it is instead if recognised, else ``otherwise``."""
    try:
        return parse_json(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except RepeatedKey as error:
        raise ConfigError(f"{printable(path)}: {error}") from error
    except ValueError as error:
        cause = format_and_conversion(path) or otherwise or f"is not JSON ({' '.join(str(error).split())[:80]})"
        raise ConfigError(f"{printable(path)}: {cause}") from error


def _features(content: Any) -> tuple[list[Any], list[str]] | None:
    """The features of a GeoJSON text with their names in words; a lone geometry or feature counts as one."""
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "FeatureCollection" and isinstance(features := content.get("features"), list):
        return features, feature_words(features)
    if kind == "Feature":
        return [content], feature_words([content])
    if kind in GEOMETRIES:
        return [{"geometry": content}], ["its geometry"]
    return None


def require_degrees(content: dict[str, Any], path: Path) -> None:
    """Refuse GeoJSON with a ``crs`` other than WGS84, as GIS programs write it: degrees of an older datum look alike
    but are up to some 500 m off.
    """
    crs = content.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name", "") if isinstance(properties, dict) else crs
    if crs is not None and not (isinstance(name, str) and _WGS84.fullmatch(name)):
        raise ConfigError(f"{printable(path)}: its crs is {printable(name)[:60]}; write coordinates in EPSG:4326")


def _checked_land(where: str, feature: Any) -> BaseGeometry:
    """The polygons of one feature, checked; ``where`` names it."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not geometry:
        raise ConfigError(f"{where} has no geometry")
    try:
        part = shape(geometry)
    except (shapely.errors.ShapelyError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ConfigError(f"{where} has a geometry that cannot be read; a polygon is wanted") from error
    if part.is_empty or part.geom_type not in {"Polygon", "MultiPolygon"}:
        raise ConfigError(f"{where} is {_kind(part)}, no polygon")
    if not part.is_valid:
        raise ConfigError(f"{where} is invalid: {shapely.is_valid_reason(part)}")
    if (far := max(map(abs, part.bounds))) > 360:
        raise ConfigError(f"{where} has coordinates up to {far:.0f}; degrees (EPSG:4326) are wanted")
    if max(abs(part.bounds[1]), abs(part.bounds[3])) > 90:
        raise ConfigError(f"{where} has latitudes beyond 90; lon and lat may be swapped")
    return part


def _kind(part: BaseGeometry) -> str:
    return "empty" if part.is_empty else f"a {part.geom_type}"


def read_credit(path: Path) -> str:
    """The ``attribution`` of a GeoJSON file of land; "" if it has none."""
    content = read_json(path)
    stated = content.get("attribution") if isinstance(content, dict) else None
    return printable(stated) if isinstance(stated, str) else ""


def clip_coast(
    bbox: tuple[float, float, float, float], margin_deg: float = 0.03, provider: str = "Osm"
) -> dict[str, Any]:
    """The land of a box (west, south, east, north [deg], grown by a margin) as a GeoJSON dictionary.

    The polygons come with the package ``roaring-landmask`` (extra ``coast``): OpenStreetMap ("Osm"), or GSHHG
    ("Gshhg"), which also has estuaries that OpenStreetMap maps as rivers (Nampo lies on one).
    """
    try:
        from importlib.metadata import version

        import roaring_landmask
    except ImportError as error:
        how = f"{sys.executable} -m pip install roaring-landmask"
        raise ConfigError(f"clipping a coast needs a package that is not installed: {printable(how)}") from error
    chosen = getattr(roaring_landmask.LandmaskProvider, provider)
    world = shapely.get_parts(shapely.from_wkb(roaring_landmask.Shapes.wkb(chosen)))
    west, south, east, north = bbox
    clip = (west - margin_deg, south - margin_deg, east + margin_deg, north + margin_deg)
    tree = shapely.STRtree(world)
    land = [
        p
        for box in split_box(clip)
        for part in world[tree.query(shapely.box(*box))]
        for p in shapely.get_parts(_clipped(part, box))
        if p.geom_type == "Polygon"
    ]
    land.sort(key=lambda p: (-p.area, p.bounds))
    return {
        "type": "FeatureCollection",
        "attribution": ATTRIBUTION[provider],
        "source": f"{provider} land polygons by way of roaring-landmask {version('roaring-landmask')}",
        "clip_bbox": [round(v, _DECIMALS) for v in clip],
        "features": [{"type": "Feature", "properties": {"kind": "land"}, "geometry": mapping(p)} for p in land],
    }


def _clipped(part: BaseGeometry, clip: tuple[float, float, float, float]) -> BaseGeometry:
    """The part of a polygon inside a box, valid, with coordinates rounded to 1e-6 degrees."""
    # clip_by_rect is fast on polygons of half a million points, but does not promise a valid result
    cut = shapely.make_valid(shapely.clip_by_rect(part, *clip))
    return shapely.set_precision(cut, 10.0**-_DECIMALS)


def water_mask(
    land: BaseGeometry | None, geolocation: Geolocation | None, window: Window, shape: tuple[int, int]
) -> BoolImage:
    """True where a ship could float, for one window of an image of ``shape``; (rows, cols) of the window.

    The coast is transformed to pixel coordinates (also in radar geometry) and rasterised there, so no image is
    resampled. A pixel is land if its centre is. All True if land or geolocation is unknown.
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    out_shape = (window.rows, window.cols)
    if land is None or land.is_empty or geolocation is None or 0 in out_shape:
        return np.ones(out_shape, bool)
    polygons = _in_pixels(land, geolocation, shape)
    if not polygons:
        return np.ones(out_shape, bool)
    # polygons are (col, row) with pixel centres at whole numbers; rasterize has pixel corners there
    to_pixels = Affine.translation(window.col0 - 0.5, window.row0 - 0.5)
    burnt = rasterize([(p, 1) for p in polygons], out_shape=out_shape, transform=to_pixels, fill=0, dtype="uint8")
    return burnt == 0


def _in_pixels(land: BaseGeometry, geolocation: Geolocation, shape: tuple[int, int]) -> list[BaseGeometry]:
    """Land polygons near the image in (col, row) coordinates."""
    near, step_deg = _surroundings(geolocation, shape)
    fine = shapely.segmentize(shapely.intersection(land, near), step_deg)
    polygons = np.array([p for p in shapely.get_parts(fine) if p.geom_type == "Polygon" and not p.is_empty], object)
    lonlat, of_polygon = shapely.get_coordinates(polygons, return_index=True)
    row, col = geolocation.rowcol(lonlat[:, 0], lonlat[:, 1])
    outside = np.zeros(len(polygons), bool)
    outside[of_polygon[~(np.isfinite(row) & np.isfinite(col))]] = True
    col_row = np.column_stack([col, row])[~outside[of_polygon]]
    return list(shapely.set_coordinates(polygons[~outside], col_row))


def _surroundings(geolocation: Geolocation, shape: tuple[int, int]) -> tuple[BaseGeometry, float]:
    """The image's outline grown by a tenth, repeated at -360 and +360 degrees, and how finely to split edges [deg].

    The mapping need not be valid farther out, which the bounding box of a narrow rotated image would include.
    """
    row, col = (np.linspace(-_GROWTH_SHARE * n - 1, (1 + _GROWTH_SHARE) * n, _SIDE_POINTS) for n in shape)
    lon, lat = geolocation.lonlat(*outline_points(row, col))
    known = np.isfinite(lon) & np.isfinite(lat)  # a map projection may end beyond the image
    lon, lat = unwrapped(lon[known]), lat[known]
    outline = shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat])))
    step_deg = _EDGE_PX * max(np.ptp(lat) / np.ptp(row), np.ptp(lon) / np.ptp(col), 1e-7)
    return shapely.union_all(shifted_copies(outline)), step_deg
