"""From bearings on the ground to directions in a picture, which may be turned or mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.times_places.longitudes import wrapped

if TYPE_CHECKING:
    from pipeline.types import Scene

REACH_PX = 50.0  # over which the directions of rows and columns are told


def toward(scene: Scene, at: tuple[float, float], azimuth_deg: float) -> tuple[float, float]:
    """Unit vector (down the rows, along the columns), in metres, that points to an azimuth at a pixel.

    Rows and columns are taken to be perpendicular. Grid north may lie some degrees off true north; rows may run north,
    as in a picture stored from south to north: then east lies on the other hand. North is up where nothing is known.
    """
    if scene.geolocation is None:
        up, mirrored = 0.0, False
    else:
        up = bearing_deg(scene, (at[0] + REACH_PX, at[1]), (at[0] - REACH_PX, at[1]))
        right = bearing_deg(scene, (at[0], at[1] - REACH_PX), (at[0], at[1] + REACH_PX))
        mirrored = bool(np.sin(np.radians(right - up)) < 0)
    angle = np.radians(azimuth_deg - up)
    return float(-np.cos(angle)), float(-np.sin(angle) if mirrored else np.sin(angle))


def bearing_deg(scene: Scene, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Azimuth of the way from one pixel to another near by, in a scene whose place is known; NaN where it is not."""
    assert scene.geolocation is not None
    lon, lat = scene.geolocation.lonlat(np.array([start[0], end[0]]), np.array([start[1], end[1]]))
    east = wrapped(lon[1] - lon[0]) * np.cos(np.radians(lat.mean()))
    return float(np.degrees(np.arctan2(east, lat[1] - lat[0])))
