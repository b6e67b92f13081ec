"""Longitudes across 180 degrees: nothing is lost, moved or torn on the way there and back."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.geolocation import MapGeolocation
from pipeline.times_places.longitudes import (
    WrappedGeolocation,
    as_written,
    cut_at_antimeridian,
    split_box,
    wrap_centre,
    wrap_geometry,
    wrap_longitudes,
    wrap_near,
    wrap_table,
)

degrees = st.floats(-180, 180, allow_nan=False)


@given(degrees, degrees)
def test_near_is_the_same_meridian_within_half_a_turn(lon, middle):
    there = float(wrap_near(lon, middle))
    assert abs(there - middle) <= 180 + 1e-9
    assert (there - lon) % 360 == pytest.approx(0, abs=1e-9) or (there - lon) % 360 == pytest.approx(360, abs=1e-9)


@given(degrees)
def test_what_lies_on_the_map_stays_to_the_last_bit(lon):
    assert wrap_longitudes(lon) == lon


def test_only_a_box_that_goes_beyond_180_has_a_middle():
    assert wrap_centre((133.0, 42.0, 133.2, 43.0)) is None
    assert wrap_centre((179.9, 65.0, 180.3, 65.2)) == pytest.approx(180.1)


def test_a_box_across_180_is_searched_for_in_two_parts():
    parts = [(179.9, 65.0, 180.0, 65.2), (-180.0, 65.0, -179.5, 65.2)]
    assert split_box((179.9, 65.0, -179.5, 65.2)) == parts
    assert split_box((179.9, 65.0, 180.5, 65.2)) == parts
    assert split_box((10.0, 1.0, 11.0, 2.0)) == [(10.0, 1.0, 11.0, 2.0)]


@given(st.floats(170, 189), st.floats(0.01, 5), st.floats(-80, 80))
def test_cut_and_put_together_again(west, width, south):
    whole = shapely.box(west, south, west + width, south + 1)
    written = cut_at_antimeridian(whole)
    assert written.area == pytest.approx(whole.area)
    assert -180 <= written.bounds[0] <= written.bounds[2] <= 180
    assert wrap_geometry(written, 180.0).symmetric_difference(whole).area == pytest.approx(0, abs=1e-9)


def test_a_table_is_written_between_the_bounds_and_read_back():
    outline = shapely.box(179.999, 65.0, 180.001, 65.001)
    table = geopandas.GeoDataFrame(
        {"lon": [180.25, np.nan], "lat": [65.0, 65.0], "geometry": [outline, None]}, geometry="geometry", crs=4326
    )
    written = as_written(table)
    assert written["lon"][0] == -179.75
    assert np.isnan(written["lon"][1])
    assert len(shapely.get_parts(written.geometry[0])) == 2
    back = wrap_table(written, 180.0)
    assert back["lon"][0] == 180.25
    assert back.geometry[0].symmetric_difference(outline).area == pytest.approx(0, abs=1e-12)
    here = pd.DataFrame({"lon": [133.0]})
    assert as_written(here) is here
    assert wrap_table(here, None) is here


@pytest.mark.parametrize("left", [179.0, -181.0])
def test_a_grid_of_degrees_across_180_knows_its_pixels(left):
    """2 by 2 degrees in pixels of a hundredth: the middle of each is where its longitude says, however that is told."""
    there = MapGeolocation("EPSG:4326", (0.01, 0.0, left, 0.0, -0.01, 66.0), (200, 200))
    col = np.array([0.0, 99.0, 100.0, 199.0])
    lon, lat = WrappedGeolocation(there, 180.0).lonlat(np.zeros(4), col)
    np.testing.assert_allclose(lon, 179.005 + col * 0.01)
    for told in (lon, wrap_longitudes(lon)):
        np.testing.assert_allclose(there.rowcol(told, lat)[1], col, atol=1e-6)
        np.testing.assert_allclose(WrappedGeolocation(there, 180.0).rowcol(told, lat)[1], col, atol=1e-6)
