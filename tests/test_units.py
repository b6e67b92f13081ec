"""Units against those of SciPy and of the ellipsoid."""

import pytest
from pyproj import Geod
from scipy import constants

from pipeline.units import EARTH_RADIUS_M, KNOT_M_S, LIGHT_M_S, METRES_PER_DEGREE

EARTH = Geod(ellps="WGS84")


def test_knot_and_light_are_those_of_scipy():
    assert (constants.knot, constants.speed_of_light) == (KNOT_M_S, LIGHT_M_S)


def test_a_degree_is_the_equators_to_the_metre_and_a_meridians_to_seven_in_a_thousand():
    assert EARTH.inv(0, 0, 1, 0)[2] == pytest.approx(METRES_PER_DEGREE, abs=1)
    for lat in range(0, 90, 5):
        assert EARTH.inv(0, lat, 0, lat + 1)[2] == pytest.approx(METRES_PER_DEGREE, rel=7e-3)


def test_the_mean_radius_is_two_equatorial_ones_and_a_polar_one_over_three():
    assert pytest.approx((2 * EARTH.a + EARTH.b) / 3, abs=0.05) == EARTH_RADIUS_M
