"""Berths in metres on the ground: what lies in one or beside it, and how it lies along its quay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatArray, Zone

BESIDE_BERTH_M = 25.0  # a hull alongside lies in the berth's polygon, or that near (our choice)


def beside_m(zone: Zone, by_m: float = BESIDE_BERTH_M) -> BaseGeometry:
    """A berth and what lies within so many metres of it, in metres east and north of its centroid."""
    return shapely.transform(zone.geometry, lambda xy: to_metres(zone, xy)).buffer(by_m)


def beside(zone: Zone, by_m: float = BESIDE_BERTH_M) -> BaseGeometry:
    """The same in longitude and latitude: as far east and west on the ground as north and south."""
    return shapely.transform(beside_m(zone, by_m), lambda xy: to_lonlat(zone, xy))


def along_axes(zone: Zone) -> tuple[FloatArray, FloatArray, FloatArray, float, float]:
    """Origin and unit vectors (east, north) [m] along and across a berth's smallest rectangle, and its two sides [m].

    Metres are from the berth's centroid; the rectangle holds what lies beside the berth too.
    """
    corners = np.asarray(shapely.minimum_rotated_rectangle(beside_m(zone)).exterior.coords)[:4]
    short, long = sorted((corners[1] - corners[0], corners[3] - corners[0]), key=lambda side: float(np.hypot(*side)))
    length, width = float(np.hypot(*long)), float(np.hypot(*short))
    return corners[0], long / length, short / width, length, width


def to_metres(zone: Zone, lonlat: FloatArray) -> FloatArray:
    """Longitudes and latitudes, (..., 2), as metres east and north of a berth's centroid."""
    middle = zone.geometry.centroid
    return np.asarray((lonlat - [middle.x, middle.y]) * _scale(zone))


def to_lonlat(zone: Zone, xy: FloatArray) -> FloatArray:
    """The other way round."""
    middle = zone.geometry.centroid
    return np.asarray(xy / _scale(zone) + [middle.x, middle.y])


def _scale(zone: Zone) -> FloatArray:
    return np.array([METRES_PER_DEGREE * np.cos(np.radians(zone.geometry.centroid.y)), METRES_PER_DEGREE])
