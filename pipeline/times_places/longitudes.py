"""Longitudes at the antimeridian: a place across 180 degrees is processed in one piece and written in two.

Within a run, a box across 180 degrees has an east side beyond it (west 179.9, east 180.1), and all longitudes are
wrapped to within 180 degrees of its middle, so that medians, outlines and grids stay in one piece. Files hold -180 to
180, with geometries cut there, as RFC 7946 requires (section 3.1.9).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatArray, Geolocation, Place


BBox = tuple[float, float, float, float]
_EARTH = shapely.box(-180.0, -90.0, 180.0, 90.0)


def wrap_centre(bbox: BBox) -> float | None:
    """The longitude [deg] about which others are wrapped: the middle of a box across 180 degrees; else None."""
    return (bbox[0] + bbox[2]) / 2 if bbox[2] > 180.0 else None


def wrap_near(lon: Any, middle: float) -> FloatArray:
    """Longitudes wrapped to within 180 degrees of ``middle``.

    >>> wrap_near([179.5, -179.5], 180.0).tolist()
    [179.5, 180.5]
    """
    return middle + wrap_longitudes(np.asarray(lon, float) - middle)


def wrap_longitudes(lon: Any) -> FloatArray:
    """Longitudes wrapped to -180..180; values already in that range stay identical to the last bit."""
    lon = np.asarray(lon, float)
    with np.errstate(invalid="ignore"):
        return np.where((lon >= -180.0) & (lon <= 180.0), lon, (lon + 180.0) % 360.0 - 180.0)


def wrap_geometry(geometry: BaseGeometry, middle: float | None) -> BaseGeometry:
    """A geometry wrapped about ``middle``, rejoined if it was cut at 180 degrees; unchanged if ``middle`` is None.

    A ring that jumps from 179.9 to -179.9, as many programs write it, is taken to cross by the short way.
    """
    if middle is None or geometry is None:
        return geometry
    there = shapely.transform(geometry, lambda xy: np.column_stack([wrap_near(xy[:, 0], middle), xy[:, 1]]))
    return shapely.union_all(shapely.get_parts(there)) if there.geom_type.startswith("Multi") else there


def cut_at_antimeridian(geometry: BaseGeometry | None) -> BaseGeometry | None:
    """A geometry within -180..180, cut at 180 degrees; the same object if it is already within."""
    if geometry is None or geometry.is_empty or (geometry.bounds[0] >= -180.0 and geometry.bounds[2] <= 180.0):
        return geometry
    parts = [shapely.intersection(there, _EARTH) for there in shifted_copies(geometry)]
    wanted = shapely.get_dimensions(geometry)
    return shapely.union_all([p for p in parts if not p.is_empty and shapely.get_dimensions(p) == wanted])


def shifted_copies(geometry: BaseGeometry) -> list[BaseGeometry]:
    """A geometry shifted by -360, 0 and +360 degrees."""
    return [shapely.transform(geometry, lambda xy, by=turn: xy + np.array([by, 0.0])) for turn in (-360.0, 0.0, 360.0)]


def as_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """A geometry as RFC 7946 requires: cut at 180 degrees, outer rings counterclockwise, holes clockwise (3.1.6).

    >>> as_geojson(shapely.Polygon([(0, 0), (0, 1), (1, 1)]))["coordinates"]
    [[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]
    """
    geojson: dict[str, Any] = json.loads(shapely.to_geojson(shapely.orient_polygons(cut_at_antimeridian(geometry))))
    return geojson


def as_written(table: pd.DataFrame) -> pd.DataFrame:
    """A table as written to files: longitudes within -180..180, geometries cut; the same object if none is beyond."""
    changed: dict[str, Any] = {}
    if "lon" in table and (table["lon"].abs() > 180.0).any():
        changed["lon"] = wrap_longitudes(table["lon"].to_numpy(float)).round(7)
    for name in table.columns:
        if str(table[name].dtype) == "geometry" and len(table):
            bounds = table[name].total_bounds
            if bounds[0] < -180.0 or bounds[2] > 180.0:
                changed[name] = table[name].map(cut_at_antimeridian)
    return table.assign(**changed) if changed else table


def wrap_table(table: pd.DataFrame, middle: float | None) -> pd.DataFrame:
    """A table with longitudes and geometries wrapped about ``middle``; the same object if that is None."""
    if middle is None:
        return table
    changed: dict[str, Any] = {"lon": wrap_near(table["lon"].to_numpy(float), middle)} if "lon" in table else {}
    for name in table.columns:
        if str(table[name].dtype) == "geometry":
            changed[name] = table[name].map(lambda g: wrap_geometry(g, middle))
    return table.assign(**changed)


def split_box(bbox: BBox) -> list[BBox]:
    """A box as one or two boxes within -180..180; it crosses 180 if ``west > east`` or ``east > 180``."""
    west, south, east, north = bbox
    east = east if east <= 180.0 else east - 360.0
    return [(west, south, east, north)] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]


@dataclass(frozen=True, slots=True, eq=False)
class WrappedGeolocation:
    """A geolocation that returns longitudes wrapped about ``middle``, and accepts any."""

    geolocation: Any
    middle: float

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        lon, lat = self.geolocation.lonlat(row, col)
        return wrap_near(lon, self.middle), lat

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN where the mapping has no answer."""
        return self.geolocation.rowcol(wrap_longitudes(lon), lat)


def wrap_geolocation(geolocation: Geolocation | None, place: Place | None) -> Any:
    """A scene's geolocation with longitudes as used at a place: unchanged unless the place lies across 180 degrees."""
    middle = None if place is None else wrap_centre(place.bbox)
    return geolocation if geolocation is None or middle is None else WrappedGeolocation(geolocation, middle)
