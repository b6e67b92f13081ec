import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from pipeline.calls.geodesy import (
    distance_m,
    distance_to_zone_m,
    from_plane,
    metres_per_degree,
    to_plane,
)
from tests.builders import box_zone

EARTH = Geod(ellps="WGS84")
VOSTOCHNY = (133.083, 42.750)
ports = st.tuples(st.floats(-180, 180), st.floats(-70, 70))
azimuths = st.floats(0, 360)


@given(st.floats(-85, 85))
def test_degrees_are_those_of_the_ellipsoid(lat):
    east, north = metres_per_degree(lat)
    assert EARTH.inv(10, lat, 10.01, lat)[2] == pytest.approx(0.01 * east, rel=2e-5)
    assert EARTH.inv(10, lat - 0.005, 10, lat + 0.005)[2] == pytest.approx(0.01 * north, rel=2e-5)


@given(ports, azimuths, st.floats(1, 50_000))
def test_distances_are_geodesic_within_one_per_mille(port, azimuth, metres):
    lon, lat, _ = EARTH.fwd(*port, azimuth, metres)
    assert float(distance_m(*port, lon, lat)) == pytest.approx(metres, rel=1e-3, abs=1e-3)


@given(ports, azimuths, st.floats(1, 10_000))
def test_the_plane_of_a_port_keeps_distance_and_direction(port, azimuth, metres):
    lon, lat, _ = EARTH.fwd(*port, azimuth, metres)
    east, north = to_plane(lon, lat, port)
    truth = metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))
    assert np.hypot(east - truth[0], north - truth[1]) < 0.005 * metres + 0.01


@given(ports, st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))
def test_there_and_back(port, east, north):
    lon, lat = from_plane(east, north, port)
    assert -180 <= lon <= 180
    back = to_plane(lon, lat, port)
    assert np.hypot(back[0] - east, back[1] - north) < 1e-3


@given(ports, azimuths, st.floats(1, 30_000))
def test_distance_is_the_same_both_ways(port, azimuth, metres):
    lon, lat, _ = EARTH.fwd(*port, azimuth, metres)
    assert float(distance_m(*port, lon, lat)) == pytest.approx(float(distance_m(lon, lat, *port)), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("turn", [0, 360, -360])
def test_longitude_counts_modulo_a_full_turn(turn):
    """CASES: shifting the data by 360 degrees changes nothing."""
    assert float(distance_m(133.0 + turn, 42.7, 133.1, 42.8)) == pytest.approx(
        float(distance_m(133.0, 42.7, 133.1, 42.8))
    )
    assert to_plane(133.0 + turn, 42.7, VOSTOCHNY) == pytest.approx(to_plane(133.0, 42.7, VOSTOCHNY))


def test_over_the_antimeridian_the_short_way():
    assert float(distance_m(179.99, -17, -179.99, -17)) == pytest.approx(
        EARTH.inv(179.99, -17, -179.99, -17)[2], rel=1e-3
    )


def test_arrays_go_in_and_come_out():
    lon, lat = np.array([133.0, 133.1]), np.array([42.7, 42.8])
    assert distance_m(lon, lat, lon[::-1], lat[::-1]).shape == (2,)
    assert distance_m(lon[0], lat[0], lon, lat)[0] == 0


def test_inside_a_zone_is_no_distance():
    zone = box_zone("b", 133.00, 42.70, 133.02, 42.72)
    assert distance_to_zone_m(np.array([133.01]), np.array([42.71]), zone.geometry).tolist() == [0.0]


@pytest.mark.parametrize(
    ("lon", "lat", "edge"),
    [(133.03, 42.71, (133.02, 42.71)), (133.01, 42.73, (133.01, 42.72)), (133.03, 42.73, (133.02, 42.72))],
    ids=["beside", "above", "off the corner"],
)
def test_distance_to_a_zone_is_that_to_its_edge(lon, lat, edge):
    zone = box_zone("b", 133.00, 42.70, 133.02, 42.72)
    found = distance_to_zone_m(np.array([lon]), np.array([lat]), zone.geometry)[0]
    assert found == pytest.approx(EARTH.inv(lon, lat, *edge)[2], rel=2e-3)


def test_distance_to_a_zone_does_not_change_the_zone():
    zone = box_zone("b", 133.00, 42.70, 133.02, 42.72)
    before = shapely.to_wkb(zone.geometry)
    distance_to_zone_m(np.array([133.0]), np.array([42.0]), zone.geometry)
    assert shapely.to_wkb(zone.geometry) == before
