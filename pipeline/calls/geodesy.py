"""Small distances: a port is flat enough for a plane at its own latitude; errors stay below 0.3 % over 50 km."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatArray

METRES_PER_DEGREE = 111_320.0
KNOT_M_S = 0.514444


def to_plane(lon: Any, lat: Any, origin: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """East and north [m] of an origin (lon, lat); the short way round the antimeridian."""
    around = (np.asarray(lon, float) - origin[0] + 180) % 360 - 180
    east = around * METRES_PER_DEGREE * np.cos(np.radians(origin[1]))
    return east, (np.asarray(lat, float) - origin[1]) * METRES_PER_DEGREE


def from_plane(east: Any, north: Any, origin: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Inverse of :func:`to_plane`."""
    lat = origin[1] + np.asarray(north, float) / METRES_PER_DEGREE
    lon = origin[0] + np.asarray(east, float) / (METRES_PER_DEGREE * np.cos(np.radians(origin[1])))
    return lon, lat


def distance_m(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> FloatArray:
    """Distance on the plane of the mean latitude."""
    around = (np.asarray(lon2, float) - np.asarray(lon1, float) + 180) % 360 - 180
    middle = np.radians((np.asarray(lat1, float) + np.asarray(lat2, float)) / 2)
    north = np.asarray(lat2, float) - np.asarray(lat1, float)
    return METRES_PER_DEGREE * np.hypot(around * np.cos(middle), north)


def distance_to_zone_m(lon: FloatArray, lat: FloatArray, zone: BaseGeometry) -> FloatArray:
    """Distance of points from a zone; zero inside."""
    origin = (zone.centroid.x, zone.centroid.y)
    flat = shapely.transform(zone, lambda xy: np.column_stack(to_plane(xy[:, 0], xy[:, 1], origin)))
    shapely.prepare(flat)
    return shapely.distance(flat, shapely.points(*to_plane(lon, lat, origin)))
