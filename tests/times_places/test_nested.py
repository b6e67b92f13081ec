"""Zones drawn on each other: a hull in an image and a transponder lie in the same one, by whatever names and order."""

import itertools

import numpy as np
import pytest
from shapely.geometry import box

from pipeline.calls import clean_tracks, stays
from pipeline.config import CallsConfig
from pipeline.detection.zones import zone_of
from pipeline.times_places.nested import inner_first
from tests.builders import box_zone, place_of
from tests.calls.traffic import feed, fixes, off_berth

CONFIG = CallsConfig()


def pier(zone_id="oil", half_m=150.0, **more):
    """A square berth about the centre of the test harbour's."""
    (west, south), (east, north) = off_berth(-half_m, -half_m), off_berth(half_m, half_m)
    return box_zone(zone_id, west, south, east, north, **more)


def hull(east_m=0.0, length_m=100.0):
    """A hull that lies east and west, 16 m wide."""
    (west, south), (east, north) = off_berth(east_m - length_m / 2, -8.0), off_berth(east_m + length_m / 2, 8.0)
    return box(west, south, east, north)


def both(zones, east_m=0.0):
    """The zone of a hull in an image, and of her transponder amidships."""
    place = place_of(*zones)
    (stay,) = stays(clean_tracks(feed(fixes(np.arange(0, 5, 0.1), *off_berth(east_m)))), place, CONFIG)
    return zone_of(hull(east_m), place).zone_id, stay.zone_id


@pytest.mark.parametrize("name", ["a_port", "zz_port"])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("turned", [True, False], ids=["first in the file", "last"])
def test_a_port_drawn_around_a_berth_takes_no_ship_of_the_berth(name, counts, turned):
    """Before, the zone whose name came first took the transponder and the one whose name came last the hull."""
    zones = [pier(counts=not counts), pier(name, half_m=800.0, counts=counts)]
    assert both(zones[::-1] if turned else zones) == ("oil", "oil")


def test_a_hull_that_hardly_lies_in_the_inner_zone_is_in_the_outer_one():
    zones = [pier(), pier("port", half_m=800.0, counts=False)]
    assert both(zones, east_m=148.0)[0] == "oil"
    assert both(zones, east_m=152.0)[0] == "port"
    assert both(zones, east_m=400.0) == ("port", "port")


def test_of_two_zones_of_one_outline_the_one_that_counts_is_meant():
    twins = [pier("a", counts=False), pier("b")]
    assert both(twins) == both(twins[::-1]) == ("b", "b")


def test_a_berth_comes_before_the_smallest_anchorage():
    zones = [pier("roads", half_m=100.0, kind="anchorage"), pier()]
    assert both(zones) == ("oil", "oil")


def test_beside_each_other_each_hull_is_where_most_of_her_lies():
    """Two berths end to end, as long as two ships, of which the one is the larger."""
    (lon, _), (_, south), (_, north) = off_berth(0.0), off_berth(0.0, -150.0), off_berth(0.0, 150.0)
    west = box_zone("west", lon - 0.004, south, lon, north)
    east = box_zone("east", lon, south, lon + 0.002, north)
    for order in itertools.permutations([west, east]):
        assert both(order, east_m=-20.0) == ("west", "west")
        assert both(order, east_m=20.0) == ("east", "east")


def test_the_order_holds_every_zone_once():
    zones = [pier("roads", kind="anchorage"), pier("port", half_m=800.0), pier()]
    for order in itertools.permutations(zones):
        assert [z.zone_id for z in inner_first(order)] == ["oil", "port", "roads"]
