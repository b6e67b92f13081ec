"""Geometry of berths in metres on the ground: the area in and beside one, and its axes along and across the quay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatArray, Zone

BESIDE_BERTH_M = 25.0  # a hull alongside lies in the berth's polygon, or that near (our choice)


def grown_berth_m(zone: Zone, margin_m: float = BESIDE_BERTH_M) -> BaseGeometry:
    """A berth grown by ``margin_m``, in metres east and north of its centroid."""
    return shapely.transform(zone.geometry, lambda xy: to_metres(zone, xy)).buffer(margin_m)


def grown_berth(zone: Zone, margin_m: float = BESIDE_BERTH_M) -> BaseGeometry:
    """A berth grown by ``margin_m`` on the ground in all directions, in longitude and latitude."""
    return shapely.transform(grown_berth_m(zone, margin_m), lambda xy: to_lonlat(zone, xy))


def berth_axes(zone: Zone) -> tuple[FloatArray, FloatArray, FloatArray, float, float]:
    """Origin [m] of the smallest rectangle around a berth and what lies beside it, the unit vectors (east, north) along
    and across, its length and its width [m]. Metres are from the berth's centroid.
    """
    corners = np.asarray(shapely.minimum_rotated_rectangle(grown_berth_m(zone)).exterior.coords)[:4]
    short, long = sorted((corners[1] - corners[0], corners[3] - corners[0]), key=lambda side: float(np.hypot(*side)))
    length, width = float(np.hypot(*long)), float(np.hypot(*short))
    return corners[0], long / length, short / width, length, width


def to_metres(zone: Zone, lonlat: FloatArray) -> FloatArray:
    """Longitudes and latitudes, (..., 2), as metres east and north of a berth's centroid."""
    middle = zone.geometry.centroid
    return np.asarray((lonlat - [middle.x, middle.y]) * _scale(zone))


def to_lonlat(zone: Zone, xy: FloatArray) -> FloatArray:
    """Metres east and north of a berth's centroid, (..., 2), as longitudes and latitudes."""
    middle = zone.geometry.centroid
    return np.asarray(xy / _scale(zone) + [middle.x, middle.y])


def _scale(zone: Zone) -> FloatArray:
    return np.array([METRES_PER_DEGREE * np.cos(np.radians(zone.geometry.centroid.y)), METRES_PER_DEGREE])
