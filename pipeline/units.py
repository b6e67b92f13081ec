"""What a knot, a degree and the speed of light are, once for the whole house."""

from __future__ import annotations

KNOT_M_S = 1852.0 / 3600.0  # a nautical mile an hour, by definition
METRES_PER_DEGREE = 111_320.0  # of latitude to 0.7 %, of the equator to the metre: where a sphere will do
LIGHT_M_S = 299_792_458.0  # speed of light, by definition
EARTH_RADIUS_M = 6_371_008.8  # the mean one (IUGG)
