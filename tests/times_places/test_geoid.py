"""The geoid's table against heights published by those who computed it."""

import numpy as np
import pytest

from pipeline.times_places.geoid import geoid_height_m


@pytest.mark.parametrize(
    ("lat", "lon", "height_m"),
    [
        (37.0, 241.0, -26.151),
        (37.0, -119.0, -26.151),
        (36.0, 242.983333, -29.171),
        (90.0, 0.0, 14.899),
        (-90.0, 359.983333, -30.150),
        (-90.0, 0.0, -30.150),
    ],
)
def test_the_agencys_own_examples(lat, lon, height_m):
    """``OUTPUT.DAT`` of EGM2008's harmonic synthesis, National Geospatial-Intelligence Agency."""
    assert geoid_height_m(lon, lat) == pytest.approx(height_m, abs=0.15)  # a decimetre's rounding, half a degree


@pytest.mark.parametrize(
    ("lat", "lon", "height_m"),
    [
        (38.628155, 269.779155, -31.628),
        (-14.621217, 305.021114, -2.969),
        (46.874319, 102.448729, -43.575),
        (-23.617446, 133.874712, 15.871),
        (38.625473, 359.9995, 50.066),
        (-0.466744, 0.0023, 17.329),
    ],
)
def test_the_older_model_is_within_a_metre(lat, lon, height_m):
    """``OUTINTPT.DAT`` of EGM96, an independent solution, off Brazil, in Mongolia and Australia, in Spain, at 0, 0."""
    assert geoid_height_m(lon, lat) == pytest.approx(height_m, abs=1.0)


def test_longitudes_go_round_the_earth():
    lon = np.array([-180.0, -90.3, -0.01, 0.0, 179.99])
    assert geoid_height_m(lon + 360, 10.0) == pytest.approx(geoid_height_m(lon, 10.0), abs=1e-9)
    assert geoid_height_m(-1e-6, 50.0) == pytest.approx(float(geoid_height_m(1e-6, 50.0)), abs=1e-3)


def test_its_extremes_are_south_of_india_and_on_new_guinea():
    """-106.9 and 85.8 m (EGM2008)."""
    lat, lon = np.mgrid[-89:90:0.5, -180:180:0.5]
    height_m = geoid_height_m(lon, lat)
    low, high = np.unravel_index(height_m.argmin(), lon.shape), np.unravel_index(height_m.argmax(), lon.shape)
    assert height_m[low] == pytest.approx(-106.9, abs=0.3)
    assert height_m[high] == pytest.approx(85.8, abs=0.7)
    assert (lon[low], lat[low]) == pytest.approx((79, 5), abs=3)
    assert (lon[high], lat[high]) == pytest.approx((140, -6), abs=10)


def test_nowhere_has_no_height():
    assert np.isnan(geoid_height_m([np.nan, 0.0, np.inf], [0.0, 95.0, 0.0])).all()
    assert geoid_height_m(0.0, 0.0).shape == ()
    assert geoid_height_m([[0.0, 1.0]], 4.0).shape == (1, 2)
