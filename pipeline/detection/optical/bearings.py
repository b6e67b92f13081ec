"""Convert bearings on the ground to directions in an image, which may be rotated or mirrored, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.times_places.longitudes import wrap_longitudes

if TYPE_CHECKING:
    from pipeline.types import Scene

REACH_PX = 50.0  # to each side: baseline for the directions of rows and columns


def toward(scene: Scene, at: tuple[float, float], azimuth_deg: float) -> tuple[float, float]:
    """Unit vector (down the rows, along the columns), in metres, that points to an azimuth at a pixel.

    Assumes perpendicular rows and columns. Handles grid convergence and images stored from south to north, where east
    is mirrored. Without geolocation north is taken to be up.
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
    """Azimuth [deg] from one pixel to another nearby, in a geolocated scene; NaN where the geolocation is."""
    assert scene.geolocation is not None
    lon, lat = scene.geolocation.lonlat(np.array([start[0], end[0]]), np.array([start[1], end[1]]))
    east = wrap_longitudes(lon[1] - lon[0]) * np.cos(np.radians(lat.mean()))
    return float(np.degrees(np.arctan2(east, lat[1] - lat[0])))
