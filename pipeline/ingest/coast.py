"""Land: the AOI's own small coast file, made once from OpenStreetMap, and the water mask it gives an image."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ConfigError, printable
from pipeline.longitudes import boxes

if TYPE_CHECKING:
    from pipeline.types import BoolImage, Geolocation, Window

ATTRIBUTION = {
    "Osm": "© OpenStreetMap contributors, ODbL 1.0",
    "Gshhg": "GSHHG, Wessel and Smith 1996, LGPL 3.0",
}
_DECIMALS = 6  # 0.1 m on the ground: finer than the coast was ever drawn
_EDGE_PX = 8.0  # edges are cut this fine before they are bent into a radar image's own geometry


def read_land(path: Path) -> BaseGeometry:
    """Land polygons of a GeoJSON file as one geometry, EPSG:4326.

    Raises ConfigError for a file that is not GeoJSON, holds no polygon, an invalid one, or latitudes beyond 90 degrees.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        features = content["features"] if content.get("type") == "FeatureCollection" else [content]
        parts = [shape(f.get("geometry", f)) for f in features]
    except OSError as error:
        raise ConfigError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(f"{printable(path)}: is not a GeoJSON file of land polygons") from error
    for number, part in enumerate(parts):
        if part.is_empty or part.geom_type not in {"Polygon", "MultiPolygon"}:
            raise ConfigError(f"{printable(path)}: feature {number} is no polygon but {part.geom_type or 'empty'}")
        if not part.is_valid:
            raise ConfigError(f"{printable(path)}: feature {number} is invalid: {shapely.is_valid_reason(part)}")
        if max(abs(part.bounds[1]), abs(part.bounds[3])) > 90:
            raise ConfigError(
                f"{printable(path)}: feature {number} has latitudes beyond 90; lon and lat may be swapped"
            )
    return shapely.union_all(parts)


def read_credit(path: Path) -> str:
    """Whom a GeoJSON file of land names as its source, in its ``attribution``; empty where it names nobody."""
    content = json.loads(path.read_text("utf-8"))
    told = content.get("attribution") if isinstance(content, dict) else None
    return printable(told) if isinstance(told, str) else ""


def clip_coast(
    bbox: tuple[float, float, float, float], margin_deg: float = 0.03, provider: str = "Osm"
) -> dict[str, Any]:
    """The land of a box (west, south, east, north [deg], grown by a margin) as a GeoJSON dictionary.

    The polygons are those that the package ``roaring-landmask`` (extra ``coast``) carries: OpenStreetMap's ("Osm"),
    or GSHHG's ("Gshhg"), which also draws estuaries that OpenStreetMap maps as rivers (Nampo lies on one).
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
        for box in boxes(clip)
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
    """Part of a polygon inside a box, on a grid of 1e-6 degrees, valid."""
    # clip_by_rect is fast on polygons of half a million points, but does not promise a valid result
    cut = shapely.make_valid(shapely.clip_by_rect(part, *clip))
    return shapely.set_precision(cut, 10.0**-_DECIMALS)


def water_mask(
    land: BaseGeometry | None, geolocation: Geolocation | None, window: Window, shape: tuple[int, int]
) -> BoolImage:
    """True where a ship could float, for one window of an image of ``shape``; (rows, cols) of the window.

    The coast is bent into the image's own pixels (radar geometry included) and burnt there, so no image is resampled.
    A pixel is land where its centre is. All True where land or geolocation is unknown.
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    out_shape = (window.rows, window.cols)
    if land is None or land.is_empty or geolocation is None or 0 in out_shape:
        return np.ones(out_shape, bool)
    polygons = _in_pixels(land, geolocation, shape)
    # polygons are (col, row) with pixel centres at whole numbers; rasterize has pixel corners there
    to_pixels = Affine.translation(window.col0 - 0.5, window.row0 - 0.5)
    burnt = rasterize([(p, 1) for p in polygons], out_shape=out_shape, transform=to_pixels, fill=0, dtype="uint8")
    return burnt == 0 if polygons else np.ones(out_shape, bool)


def _in_pixels(land: BaseGeometry, geolocation: Geolocation, shape: tuple[int, int]) -> list[BaseGeometry]:
    """Land polygons near the image with (col, row) coordinates."""
    rows, cols = shape
    edge_row = np.array([0, 0, rows - 1, rows - 1, (rows - 1) / 2, (rows - 1) / 2, 0, rows - 1])
    edge_col = np.array([0, cols - 1, 0, cols - 1, 0, cols - 1, (cols - 1) / 2, (cols - 1) / 2])
    lon, lat = geolocation.lonlat(edge_row, edge_col)
    span_lon, span_lat = np.ptp(lon), np.ptp(lat)
    # The image's own outline, grown by a tenth: outside of it the mapping need not hold.
    near = shapely.box(
        lon.min() - 0.1 * span_lon, lat.min() - 0.1 * span_lat, lon.max() + 0.1 * span_lon, lat.max() + 0.1 * span_lat
    )
    step_deg = _EDGE_PX * max(span_lat / max(rows, 1), span_lon / max(cols, 1), 1e-7)
    fine = shapely.segmentize(shapely.intersection(land, near), step_deg)

    def bend(lonlat: np.ndarray) -> np.ndarray:
        row, col = geolocation.rowcol(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([col, row])

    bent = shapely.transform(fine, bend)
    return [p for p in shapely.get_parts(bent) if p.geom_type == "Polygon" and np.isfinite(p.bounds).all()]
