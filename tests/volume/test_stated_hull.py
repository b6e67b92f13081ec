"""Measured and listed sizes: the more certain one is used, and neither is hidden."""

import pytest

from pipeline.volume.stated_hull import hull_of, registry_source
from tests.volume.test_liftings import only

LISTED = {"listed_length_m": 105.0, "listed_beam_m": 16.0, "listed_source": "class register"}


def test_a_listed_size_serves_where_none_was_measured():
    hull, doubts = hull_of(LISTED)
    assert (hull.length_m, hull.beam_m, hull.listed) == (105.0, 16.0, ("length", "beam"))
    assert doubts == []
    assert registry_source(LISTED, hull, {}) == "length, beam: class register"


def test_a_listed_size_goes_before_a_worse_measured_one_only():
    radar = {"length_m": 98.0, "length_lo_m": 88.0, "length_hi_m": 108.0}
    assert hull_of(radar | LISTED)[0].length_m == 105.0
    sure = {"length_m": 104.0, "length_lo_m": 103.0, "length_hi_m": 105.0}
    assert hull_of(sure | LISTED)[0].length_m == 104.0
    assert hull_of(radar)[0].length_m == 98.0


def test_a_listed_size_of_another_ship_is_left_aside_and_told():
    hull, doubts = hull_of({"length_m": 150.0, "length_lo_m": 140.0, "length_hi_m": 160.0} | LISTED)
    assert (hull.length_m, hull.beam_m, hull.listed) == (150.0, None, ())  # the listed beam does not fit this length
    assert doubts == ["length 150 m is far from the 105 m that the registry lists; she may be another ship"]


def test_one_listed_size_that_contradicts_takes_the_other_with_it():
    """Else a ship measured at 150 m would get the beam of a 105 m ship, and half the deadweight of her length."""
    radar = {"length_m": 150.0, "length_lo_m": 140.0, "length_hi_m": 160.0}
    assert only(radar | LISTED)["dwt_p50_t"] == only(radar)["dwt_p50_t"]
    broad = {"length_m": 104.0, "length_lo_m": 98.0, "length_hi_m": 110.0, "beam_m": 24.0}
    assert (hull_of(broad | LISTED)[0].length_m, hull_of(broad | LISTED)[0].beam_m) == (104.0, 24.0)


def test_the_registry_narrows_the_deadweight_and_is_named():
    radar = {"length_m": 98.0, "length_lo_m": 85.0, "length_hi_m": 111.0, "beam_m": 15.5}
    alone, listed = only(radar), only(radar | LISTED | {"gt": 3000.0})
    assert listed["method"].startswith("dwt_from_gt_and_length_beam")
    assert listed["dwt_log_sd"] < alone["dwt_log_sd"]
    assert (alone["size_source"], listed["size_source"]) == ("", "gt, length: class register")


def test_a_size_typed_without_bounds_is_like_those_that_the_regression_was_fitted_to():
    """Errors of typed sizes are already in the regression's spread; adding them again would count them twice."""
    typed = {"length_m": 96.0, "beam_m": 15.0}
    exact = {f"{stem}_{end}_m": typed[f"{stem}_m"] for stem in ("length", "beam") for end in ("lo", "hi")}
    assert only(typed)["dwt_log_sd"] == only(typed | exact)["dwt_log_sd"]


@pytest.mark.parametrize("stem", ["length", "beam"])
@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"lo": 14.0}, "{stem}_lo_m is given without {stem}_hi_m"),
        ({"hi": 99.0}, "{stem}_hi_m is given without {stem}_lo_m"),
        ({"lo": 14.0, "hi": 99.0, "": None}, "{stem}_lo_m and {stem}_hi_m are given without {stem}_m"),
    ],
    ids=["low alone", "high alone", "no size"],
)
def test_half_an_interval_refuses_its_row(stem, bounds, words):
    """Treated as no interval, it would make the size known exactly."""
    row = {"length_m": 100.0, "beam_m": 16.0} | {f"{stem}_{b}_m" if b else f"{stem}_m": v for b, v in bounds.items()}
    found = only(row)
    assert (found["status"], found["counts"]) == ("refused", False)
    assert words.format(stem=stem) in found["cause"]


@pytest.mark.parametrize("tonnage", [{"dwt_t": 6000.0}, {"gt": 3000.0}])
def test_the_tonnage_of_a_ship_that_is_listed_with_another_size_is_believed_half(tonnage):
    """105 m listed, 150 m measured: the tonnage belongs to one of the two, and the interval holds both."""
    seen = {"length_m": 150.0, "length_lo_m": 140.0, "length_hi_m": 160.0}
    doubted, listed, measured = only(seen | LISTED | tonnage), only(LISTED | tonnage), only(seen)
    assert doubted["method"].startswith("dwt_doubtful")
    assert doubted["status"] == "degraded"
    assert "may be another ship's, like the listed size" in doubted["cause"]
    assert doubted["dwt_p5_t"] < listed["dwt_p50_t"] < doubted["dwt_p50_t"] < measured["dwt_p50_t"]
    assert measured["dwt_p50_t"] < doubted["dwt_p95_t"]
    agreeing = only(seen | {"listed_length_m": 152.0} | {"dwt_t": 17_000.0})
    assert agreeing["method"].startswith("dwt_given")
