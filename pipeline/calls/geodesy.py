"""Distances within a port, on a plane that touches the WGS84 ellipsoid at its latitude.

Errors stay below 0.1 % of the distance where both latitudes are known, and below 0.5 % on the plane of a port within
10 km of its origin, up to latitude 70.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatArray


def metres_per_degree(lat: Any) -> tuple[FloatArray, FloatArray]:
    """Length of a degree of longitude and of latitude [m], WGS84; series of the radii of curvature, good to 0.1 m.

    >>> [round(float(metres)) for metres in metres_per_degree(0.0)]
    [111319, 110574]
    """
    p = np.radians(np.asarray(lat, float))
    east = 111_412.84 * np.cos(p) - 93.5 * np.cos(3 * p) + 0.118 * np.cos(5 * p)
    return east, 111_132.95 - 559.82 * np.cos(2 * p) + 1.175 * np.cos(4 * p)


def to_plane(lon: Any, lat: Any, origin: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """East and north [m] of an origin (lon, lat); the short way round the antimeridian."""
    per_lon, per_lat = metres_per_degree(origin[1])
    around = (np.asarray(lon, float) - origin[0] + 180) % 360 - 180
    return around * per_lon, (np.asarray(lat, float) - origin[1]) * per_lat


def from_plane(east: Any, north: Any, origin: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Inverse of :func:`to_plane`; longitudes from -180 to 180."""
    per_lon, per_lat = metres_per_degree(origin[1])
    lon = origin[0] + np.asarray(east, float) / per_lon
    return (lon + 180) % 360 - 180, origin[1] + np.asarray(north, float) / per_lat


def distance_m(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> FloatArray:
    """Distance [m] on the plane of the mean latitude."""
    around = (np.asarray(lon2, float) - np.asarray(lon1, float) + 180) % 360 - 180
    per_lon, per_lat = metres_per_degree((np.asarray(lat1, float) + np.asarray(lat2, float)) / 2)
    return np.hypot(around * per_lon, (np.asarray(lat2, float) - np.asarray(lat1, float)) * per_lat)


def distance_to_zone_m(lon: FloatArray, lat: FloatArray, zone: BaseGeometry) -> FloatArray:
    """Distance of points from a zone [m]; zero inside."""
    origin = (zone.centroid.x, zone.centroid.y)
    flat = shapely.transform(zone, lambda xy: np.column_stack(to_plane(xy[:, 0], xy[:, 1], origin)))
    shapely.prepare(flat)
    return shapely.distance(flat, shapely.points(*to_plane(lon, lat, origin)))
