"""Position of the sun by the Astronomical Almanac's low-precision formulas, good to 0.01 degrees for 1950-2050."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_position(time: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Elevation and azimuth [deg, azimuth clockwise from north] of the sun, without refraction.

    Formulas: Astronomical Almanac, section C, "low-precision formulas for the Sun"; sidereal time to first order.
    """
    days = (time - _J2000).total_seconds() / 86_400
    mean_longitude = np.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = mean_longitude + np.radians(1.915) * np.sin(anomaly) + np.radians(0.020) * np.sin(2 * anomaly)
    obliquity = np.radians(23.439 - 4e-7 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    sidereal = np.radians((280.46062 + 360.985647366 * days + lon) % 360)
    hour = sidereal - right_ascension
    phi = np.radians(lat)
    up = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour)
    east = -np.cos(declination) * np.sin(hour)
    north = np.cos(phi) * np.sin(declination) - np.sin(phi) * np.cos(declination) * np.cos(hour)
    return float(np.degrees(np.arcsin(up))), float(np.degrees(np.arctan2(east, north)) % 360)
