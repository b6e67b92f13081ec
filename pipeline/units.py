"""Unit conversions and physical constants used across the package."""

from __future__ import annotations

KNOT_M_S = 1852.0 / 3600.0  # one nautical mile per hour, by definition
METRES_PER_DEGREE = 111_320.0  # of latitude, within 0.7 %; of longitude at the equator, to the metre
LIGHT_M_S = 299_792_458.0  # speed of light, by definition
EARTH_RADIUS_M = 6_371_008.8  # mean radius (IUGG)
