"""Which zone a hull lies in, and what share of a zone an image shows. Truth: areas of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import box

from pipeline.detection.zones import valid_share, zone_of, zone_shares
from tests.builders import array_scene, box_zone, place_of

BERTH = box_zone("berth", 133.000, 42.740, 133.010, 42.745)
ROADS = box_zone("roads", 132.990, 42.730, 133.020, 42.750, kind="anchorage")


def hull(share_inside: float):
    """A hull across the berth's east side, with this share of it inside."""
    return box(133.010 - 0.001 * share_inside, 42.742, 133.011 - 0.001 * share_inside, 42.743)


@pytest.mark.parametrize(("share", "zone"), [(0.9, "berth"), (0.35, "berth"), (0.3, None), (0.0, None)])
def test_a_third_of_a_hull_is_enough_to_lie_in_a_zone(share, zone):
    """Hulls at a quay extend over the edges of hand-drawn boxes."""
    found = zone_of(hull(share), place_of(BERTH))
    assert (found and found.zone_id) == zone


def test_a_hull_larger_than_a_zone_lies_there_if_its_middle_does():
    small = box_zone("buoy", 133.0048, 42.7424, 133.0052, 42.7426)
    assert zone_of(box(133.004, 42.742, 133.006, 42.743), place_of(small)).zone_id == "buoy"
    assert zone_of(box(133.0049, 42.742, 133.0149, 42.743), place_of(small)) is None


@pytest.mark.parametrize("zones", [(BERTH, ROADS), (ROADS, BERTH)])
def test_a_berth_goes_before_the_anchorage_that_holds_more_of_the_hull(zones):
    assert zone_of(hull(0.4), place_of(*zones)).zone_id == "berth"
    assert zone_of(hull(0.2), place_of(*zones)).zone_id == "roads"


@pytest.mark.parametrize(("share", "zone"), [(0.6, "berth"), (0.4, "next")])
def test_of_two_berths_that_one_which_holds_more_of_the_hull(share, zone):
    beside = box_zone("next", 133.010, 42.740, 133.020, 42.745)
    assert zone_of(hull(share), place_of(BERTH, beside)).zone_id == zone


def test_of_a_zone_within_a_zone_the_inner_one():
    inner = box_zone("inner", 133.008, 42.741, 133.010, 42.744)
    for zones in ((BERTH, inner), (inner, BERTH)):
        assert zone_of(hull(0.8), place_of(*zones)).zone_id == "inner"
        assert zone_of(box(133.002, 42.742, 133.003, 42.743), place_of(*zones)).zone_id == "berth"


def test_the_share_of_a_zone_is_what_the_image_holds_of_it_with_data():
    """A square kilometre at 10 m whose first forty columns have no data."""
    picture = np.ones((100, 100))
    picture[:, :40] = np.nan
    scene = array_scene({"VV": picture}, origin=(133.0, 42.75))
    lon, lat = (np.array(v) for v in scene.geolocation.lonlat(np.array([-0.5, 99.5]), np.array([-0.5, 99.5])))
    west, east, south, north = lon[0], lon[1], lat[1], lat[0]
    whole = box_zone("whole", west, south, east, north)
    seaward = box_zone("seaward", east - (east - west) / 2, south, east + (east - west) / 2, north)
    elsewhere = box_zone("elsewhere", east + 0.1, south, east + 0.2, north)
    assert valid_share(scene, whole) == pytest.approx(0.6, abs=0.02)
    shares = zone_shares(scene, place_of(whole, seaward, elsewhere))
    assert shares == {"whole": pytest.approx(0.6, abs=0.02), "seaward": pytest.approx(0.5, abs=0.02), "elsewhere": 0.0}
    assert zone_shares(scene, None) == {}
    assert zone_of(hull(0.9), None) is None
