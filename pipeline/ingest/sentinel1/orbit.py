"""Moves the geolocation grid of a Sentinel-1 product to sea level, using the orbit in its annotation.

The annotation's grid is at terrain height on land and on the ellipsoid at sea: where a grid point is on a hill, sea
pixels beside it would be misplaced by height / tan(incidence), hundreds of metres at a steep coast; at sea, where the
geoid is 30 m above the ellipsoid, by 37 m at 39 degrees. Solving the range-Doppler equations again at the sea's height
puts every grid point where the sea would be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.sentinel1.annotation import Annotation

if TYPE_CHECKING:
    from pipeline.types import FloatArray


WGS84_A_M = 6_378_137.0  # and the flattening: NIMA TR8350.2, World Geodetic System 1984
WGS84_B_M = WGS84_A_M * (1 - 1 / 298.257223563)
_MAX_ITERATIONS = 20  # at most; Newton's method needs a few
_CONVERGED_M = 1e-4  # a tenth of a millimetre (our choice)


def grid_at_height(annotation: Annotation, height_m: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """Longitude and latitude [deg] of the annotation's grid points if they were ``height_m`` above the ellipsoid.

    Zero-Doppler geometry in the Earth-fixed frame: the target T, seen from P with velocity V at slant range R, solves
    ``|T - P| = R``, ``(T - P) . V = 0`` and "T at that height". Newton's method, starting at the annotated position.
    """
    shape = annotation.grid_lon.shape
    position, velocity = state_at(annotation, annotation.grid_time_s.ravel())
    slant_range = annotation.grid_slant_range_m.ravel()
    height = np.broadcast_to(np.asarray(height_m, float), shape).ravel()
    target = to_ecef(annotation.grid_lon.ravel(), annotation.grid_lat.ravel(), height)
    a2, b2 = (WGS84_A_M + height) ** 2, (WGS84_B_M + height) ** 2
    for _ in range(_MAX_ITERATIONS):
        line = target - position
        axes = np.stack([1 / a2, 1 / a2, 1 / b2], axis=1)
        misses = np.stack(
            [
                (line**2).sum(axis=1) - slant_range**2,
                (line * velocity).sum(axis=1),
                (target**2 * axes).sum(axis=1) - 1,
            ],
            axis=1,
        )
        slopes = np.stack([2 * line, velocity, 2 * target * axes], axis=1)
        step = np.linalg.solve(slopes, -misses[..., None])[..., 0]
        target = target + step
        if np.abs(step).max() < _CONVERGED_M:
            break
    lon, lat = _to_lonlat(target)
    return lon.reshape(shape), lat.reshape(shape)


def state_at(annotation: Annotation, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Position [m] and velocity [m/s] of the satellite, Earth-fixed, (N, 3) each, ``seconds`` after the first line."""
    from scipy.interpolate import CubicHermiteSpline

    times = annotation.orbit_time_s
    track = CubicHermiteSpline(times, annotation.orbit_position_m, annotation.orbit_velocity_m_s)
    return track(seconds), track(seconds, 1)


def to_ecef(lon: Any, lat: Any, height: Any) -> FloatArray:
    """Earth-fixed coordinates [m], shape (N, 3), of geodetic ones."""
    lam, phi = np.radians(lon), np.radians(lat)
    e2 = 1 - (WGS84_B_M / WGS84_A_M) ** 2
    normal = WGS84_A_M / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    ring = (normal + height) * np.cos(phi)
    return np.stack([ring * np.cos(lam), ring * np.sin(lam), (normal * (1 - e2) + height) * np.sin(phi)], axis=-1)


def _to_lonlat(ecef: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Geodetic longitude and latitude [deg], by Bowring's closed formula (errors below 1e-9 deg near the ground)."""
    x, y, z = ecef.T
    e2 = 1 - (WGS84_B_M / WGS84_A_M) ** 2
    second_e2 = (WGS84_A_M / WGS84_B_M) ** 2 - 1
    ring = np.hypot(x, y)
    beta = np.arctan2(z * WGS84_A_M, ring * WGS84_B_M)
    top, bottom = z + second_e2 * WGS84_B_M * np.sin(beta) ** 3, ring - e2 * WGS84_A_M * np.cos(beta) ** 3
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(top, bottom))
