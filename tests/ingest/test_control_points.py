"""Ground control points made by a known formula, which is the truth that the mapping is compared with."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pyproj import Geod

from pipeline.errors import InputError
from pipeline.ingest.control_points import _residuals, without_outliers
from pipeline.ingest.geolocation import from_gcps
from pipeline.ingest.watermask import locate_raster
from tests.ingest.test_geolocation import write_gcps

SHAPE = (1000, 1500)


def formula(row, col):
    """Lon and lat [deg] of a rotated, slightly curved view."""
    return 133.0 + 1.2e-4 * col - 2e-5 * row + 1e-9 * row * col, 42.0 - 9e-5 * row - 1.5e-5 * col + 1e-9 * col * col


def points(rows=5, cols=6, height_m=0.0):
    """A regular grid of control points (K, 5)."""
    row, col = (v.ravel() for v in np.meshgrid(np.linspace(0, 999, rows), np.linspace(0, 1499, cols), indexing="ij"))
    return np.column_stack([row, col, *formula(row, col), np.full(row.shape, height_m)])


@pytest.mark.parametrize("which", [0, 2, 13, 29], ids=["corner", "edge", "inside", "last corner"])
@pytest.mark.parametrize("axis", [2, 3], ids=["lon", "lat"])
@pytest.mark.parametrize("by_deg", [3.0, -0.05])
def test_one_point_far_off_is_left_out_and_the_rest_places_the_image(which, axis, by_deg):
    wrong = points()
    wrong[which, axis] += by_deg
    kept, doubt = without_outliers(wrong, "x", SHAPE)
    assert "1 of 30 ground control points lies far from where the others put it" in doubt
    np.testing.assert_array_equal(kept, np.delete(wrong, which, axis=0))
    by, unit = re.search(r"\(by ([\d,]+) (k?m)\)", doubt).groups()
    _, _, off_m = Geod(ellps="WGS84").inv(*wrong[which, 2:4], *formula(*wrong[which, :2]))
    assert float(by.replace(",", "")) * (1000 if unit == "km" else 1) == pytest.approx(off_m, rel=0.02)
    row, col = wrong[which, :2]
    lon, lat = from_gcps(kept[:, :4], "x", SHAPE).lonlat(row, col)
    truth = formula(row, col)
    assert np.hypot(lon - truth[0], lat - truth[1]) < 20 * 1e-4  # 20 pixels, beyond all other points


@pytest.mark.parametrize(("rows", "cols"), [(2, 3), (3, 3), (5, 6), (10, 21)])
def test_points_that_agree_all_stay(rows, cols):
    told = points(rows, cols)
    told[:, 2:4] += np.random.default_rng(0).normal(0, 3e-5, (len(told), 2))  # placed by hand: a third of a pixel off
    kept, doubt = without_outliers(told, "x", SHAPE)
    assert (len(kept), doubt) == (len(told), "")


def test_points_across_180_degrees_agree():
    told = points()
    told[:, 2] = (told[:, 2] - 133.0 + 179.95 + 180) % 360 - 180
    assert without_outliers(told, "x", SHAPE)[1] == ""


def test_points_on_mountains_stay_and_that_is_said():
    """A radar image shifts a point 2,000 m up by some 2.5 km towards the satellite."""
    told = points(10, 21)
    told[40:60, 4] = np.linspace(100, 2000, 20)
    told[:, 2] += 1.2e-5 * told[:, 4] * np.random.default_rng(0).uniform(0.8, 1.2, len(told))
    kept, doubt = without_outliers(told, "x", SHAPE)
    assert len(kept) == len(told)
    assert "not moved to sea level" in doubt


@pytest.mark.parametrize("count", [4, 9])
def test_points_of_which_nobody_knows_the_wrong_ones_are_refused(count):
    told = points(2, 2) if count == 4 else points(3, 3)
    told[::3, 3] += np.arange(1, len(told[::3]) + 1)
    with pytest.raises(InputError, match=r"ground control points contradict .*by \d+ km"):
        without_outliers(told, "x", SHAPE)


def test_the_doubt_reaches_who_opens_the_file(tmp_path):
    from rasterio.control import GroundControlPoint

    told = [GroundControlPoint(r, c, 133 + c * 1e-4, 42 - r * 1e-4) for r in (0, 50, 100) for c in (0, 100, 200)]
    told[4] = GroundControlPoint(50, 100, 135.0, 42.0)
    mapping, doubt = locate_raster(write_gcps(tmp_path / "a.tif", told))
    assert "left out" in doubt
    lon, lat = mapping.lonlat(49.5, 99.5)
    assert (float(lon), float(lat)) == pytest.approx((133.01, 41.995), abs=1e-6)


def test_a_pixel_is_as_large_as_it_is_on_the_ground():
    """The longer side: 9e-5 degrees of latitude, with 2e-5 of longitude, down the rows."""
    _, _, down_m = Geod(ellps="WGS84").inv(*formula(500, 750), *formula(501, 750))
    assert _residuals(points(), SHAPE)[1] == pytest.approx(down_m, rel=0.02)
