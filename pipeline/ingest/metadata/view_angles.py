"""Converts operators' view angles to those at the ground."""

from __future__ import annotations

import math

EARTH_KM = 6371.0  # mean radius
ORBIT_KM = {"planet": 475.0, "maxar": 620.0, "airbus": 694.0}  # usual heights, from the operators' fact sheets


def incidence_deg(off_nadir_deg: float, orbit_km: float) -> float:
    """Angle from the vertical at the ground for a satellite's off-nadir angle, Earth as a sphere.

    >>> round(incidence_deg(20.0, 500.0), 2)
    21.65
    """
    sine = math.sin(math.radians(off_nadir_deg)) * (EARTH_KM + orbit_km) / EARTH_KM
    return math.degrees(math.asin(min(1.0, sine)))


def azimuth_to_satellite_deg(scan_deg: float, along_deg: float, across_deg: float) -> float:
    """Azimuth from the scene to the satellite, from DIMAP's azimuth of the scan and the two parts of its incidence.

    The convention is that of the Orfeo Toolbox: scan azimuth - atan2(tan(across), tan(along)).

    >>> round(azimuth_to_satellite_deg(180.0, 10.0, 0.0), 6), round(azimuth_to_satellite_deg(180.0, 0.0, 10.0), 6)
    (180.0, 90.0)
    """
    turn = math.atan2(math.tan(math.radians(across_deg)), math.tan(math.radians(along_deg)))
    return (scan_deg - math.degrees(turn)) % 360.0
