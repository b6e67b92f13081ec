"""Hulls drawn at each band's acquisition time give their speed back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats

from pipeline.detection.optical.motion import Motion, estimate_motion, estimate_shift_px
from pipeline.units import KNOT_M_S
from tests.detection.optical.hulls import mask_of

HEADING = 40.0
AXIS = (-np.cos(np.radians(HEADING)), np.sin(np.radians(HEADING)))  # south, east
SEEN_S = {"B02": 0.0, "B08": 0.264, "B03": 0.527, "B04": 1.005}  # ESA, Sentinel-2 User Handbook


def bands_of(speed_kn, course_deg=HEADING, names=("B02", "B08", "B03", "B04"), seed=0, noise=0.01):
    """A hull of 180 m at 10 m pixels, brighter in some bands than in others."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, light in zip(names, (0.3, 0.8, 0.4, 0.6), strict=False):
        step = speed_kn * KNOT_M_S * SEEN_S[name] / 10.0
        centre = (24 - step * np.cos(np.radians(course_deg)), 24 + step * np.sin(np.radians(course_deg)))
        hull = ndimage.gaussian_filter(mask_of((48, 48), centre, 180, 30, HEADING, 10.0, 20.0), 0.6)
        out[name] = light * hull + rng.normal(0, noise, hull.shape)
    return out


def around(bands):
    return ndimage.binary_dilation(bands["B08"] > 0.2, iterations=3).astype(np.float32)


@pytest.mark.parametrize("speed_kn", [0, 8, 20])
def test_speed_comes_back_within_its_error(speed_kn):
    bands = bands_of(speed_kn)
    motion = estimate_motion(bands, around(bands), AXIS, (10.0, 10.0))
    assert motion.along_kn == pytest.approx(speed_kn, abs=3)
    low, _, high = motion.speed_kn
    assert low <= speed_kn <= high
    assert not motion.off_axis


@pytest.mark.parametrize("names", [("B02", "B03"), ("B02", "B08", "B03", "B04")])
def test_without_noise_a_speed_is_that_by_the_published_delays(names):
    bands = bands_of(20, names=names, noise=0.0)
    inside = ndimage.binary_dilation(bands["B02"] > 0.1, iterations=3).astype(np.float32)
    assert estimate_motion(bands, inside, AXIS, (10.0, 10.0)).along_kn == pytest.approx(20, rel=0.05)


def test_the_same_shift_over_pixels_twice_as_tall_is_twice_the_way_south():
    bands = bands_of(20)
    square, tall = (estimate_motion(bands, around(bands), (1.0, 0.0), (rows_m, 10.0)) for rows_m in (10.0, 20.0))
    assert (tall.along_kn, tall.along_se_kn) == pytest.approx((2 * square.along_kn, 2 * square.along_se_kn))
    assert tall.across_kn == pytest.approx(square.across_kn)


def test_a_speed_has_the_90_percent_interval_of_a_normal_law():
    assert Motion(-10.0, 0.0, 1.5, 1.0).speed_kn == pytest.approx(stats.norm(10.0, 1.5).ppf([0.05, 0.5, 0.95]))
    assert Motion(1.0, 0.0, 1.5, 1.0).speed_kn[0] == 0.0


def test_bands_registered_each_by_itself_leave_the_error_of_a_line_through_their_places():
    """Each band's place errs by 0.15 px over root two; velocity is the slope of place over time, by least squares."""
    times = np.array([SEEN_S[name] for name in ("B02", "B03", "B04")])
    expected_kn = 10 * 0.15 / np.sqrt(2) / np.sqrt(np.sum((times - times.mean()) ** 2)) / KNOT_M_S
    bands = bands_of(12, noise=0.0)
    assert estimate_motion(bands, around(bands), AXIS, (10.0, 10.0)).along_se_kn == pytest.approx(expected_kn, rel=0.05)


def test_what_flies_sideways_is_no_ship_either():
    bands = bands_of(60, course_deg=HEADING + 90)
    assert estimate_motion(bands, ndimage.binary_dilation(around(bands), iterations=3), AXIS, (10.0, 10.0)) is None


def test_the_error_of_a_shift_is_the_scatter_of_many_where_four_pixels_err_together():
    """Common errors of four pixels partly cancel over a slanted hull: the stated error may be twice the scatter."""
    rng = np.random.default_rng(5)
    hull = 0.5 * ndimage.gaussian_filter(mask_of((48, 48), (24, 24), 180, 30, HEADING, 10.0, 20.0), 0.6)
    inside = ndimage.binary_dilation(hull > 0.1, iterations=3).astype(np.float32)
    looks = [np.kron(rng.normal(0, 0.02, (24, 24)), np.ones((2, 2))) for _ in range(60)]
    found, errors = zip(*(estimate_shift_px(hull, hull + noise, inside) for noise in looks), strict=True)
    stated_errors = np.sqrt(np.mean([np.diag(error) for error in errors], axis=0))
    assert (stated_errors > np.std(found, axis=0)).all()
    assert (stated_errors < 2 * np.std(found, axis=0)).all()


def test_what_drifts_sideways_is_told():
    bands = bands_of(30, course_deg=HEADING + 90)
    assert estimate_motion(bands, around(bands), AXIS, (10.0, 10.0)).off_axis


@pytest.mark.parametrize("names", [("B08",), ("B02", "B08"), ("B11", "B08")])
def test_bands_too_near_in_time_say_nothing(names):
    bands = {name: bands_of(10)["B08"] for name in names}
    assert estimate_motion(bands, around(bands_of(10)), AXIS, (10.0, 10.0)) is None


def test_shift_is_measured_to_a_twentieth_of_a_pixel():
    one = ndimage.gaussian_filter(mask_of((40, 40), (20, 20), 12, 3, 30, 1.0), 0.7)
    two = ndimage.gaussian_filter(mask_of((40, 40), (20.37, 19.46), 12, 3, 30, 1.0), 0.7)
    shift, _ = estimate_shift_px(one, 0.5 * two + 0.1, np.ones((40, 40), np.float32))
    assert shift == pytest.approx([0.37, -0.54], abs=0.05)


@pytest.mark.parametrize("gains", [(1.0, 5.0), (5.0, 1.0)])
def test_a_shift_and_its_error_do_not_depend_on_how_bright_a_band_is(gains):
    bands = bands_of(20)
    inside = around(bands)
    shift, covariance = estimate_shift_px(bands["B02"], bands["B04"], inside)
    again, error = estimate_shift_px(gains[0] * bands["B02"], gains[1] * bands["B04"], inside)
    assert again == pytest.approx(shift, abs=1e-3)
    assert error == pytest.approx(covariance, rel=1e-2)
