"""A transponder heard where unnamed ships lie before and after: its ship came between them, and bounds their stays.

Truth: two hulls cannot lie at one place at once.
"""

import numpy as np
import pytest

from pipeline.calls.listened import Listened
from pipeline.calls.sightings import link
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from tests.builders import box_zone, place_of
from tests.calls.test_port_calls import HULL, calls_from
from tests.calls.traffic import (
    ANCHORAGE,
    MMSI,
    at,
    detections,
    feed,
    fixes,
    harbour,
    looks_at,
    off_berth,
    said,
    sighting,
    visit,
)

HERS = visit(46, 70), said(45, **HULL)
FIRST, SECOND = sighting("first", 40), sighting("second", 76)


def of_images(table):
    """Calls based on images alone, in order of time."""
    return table[table["mmsi"].isna()].reset_index(drop=True)


def test_a_ship_heard_at_the_spot_between_two_sightings_makes_them_two_ships():
    """No look fell in her stay. The first ship's stay ends where hers begins, the second's begins where hers ends."""
    table = of_images(calls_from(*HERS, seen=[FIRST, SECOND], looks=looks_at(40, 76)))
    assert table["detection_ids"].tolist() == [["first"], ["second"]]
    assert table["p_new_call"].min() > 0.95
    assert at(46) <= table["departure_hi"][0] <= at(46.1)
    assert at(69.9) <= table["arrival_lo"][1] <= at(70)
    without = of_images(calls_from(seen=[FIRST, SECOND], looks=looks_at(40, 76)))
    assert without["detection_ids"].tolist() == [["first", "second"]]


@pytest.mark.parametrize(
    ("hers", "more", "hours"),
    [
        ((visit(46, 70, spot=off_berth(150)), said(45, **HULL)), (), (40, 76)),  # at the next place along the quay
        ((visit(50, 58), said(49, **HULL)), (), (40, 76)),  # a bunker vessel, gone sooner than a loading ship
        ((visit(46, 70), said(45, a=40.0, b=20.0, c=5.0, d=5.0, ship_type=80)), (), (40, 76)),
        # In one look together with the unnamed ship, which is longer: they lie side by side
        (HERS, (sighting("both", 58, length_m=140.0), sighting("hers", 58, spot=off_berth(0, 20))), (40, 58, 76)),
    ],
    ids=["beside", "bunkers", "barge", "seen together"],
)
def test_a_ship_heard_beside_her_says_nothing_of_her(hers, more, hours):
    seen = [sighting("first", 40, length_m=140.0), *more, sighting("second", 76, length_m=140.0)]
    (row,) = of_images(calls_from(*hers, seen=seen, looks=looks_at(*hours))).to_dict("records")
    assert {"first", "second"} <= {*row["detection_ids"]}


def test_who_is_heard_there_after_the_last_sighting_tells_that_she_had_left():
    (row,) = of_images(calls_from(*HERS, seen=[FIRST], looks=looks_at(40))).to_dict("records")
    assert at(46) <= row["departure_hi"] <= at(46.1)


def test_who_is_heard_at_the_other_berth_of_a_jetty_says_nothing_of_a_ship_at_this_one():
    """The jetty is 20 m wide, so two hulls of 15 m on its two sides have centres 35 m apart."""
    (west, south), (east, north) = off_berth(-150, -60), off_berth(150, 0)
    one = box_zone("oil", west, south, east, north, cargo="oil_products")
    other = box_zone("other", west, north, east, off_berth(0, 60)[1], cargo="oil_products")
    seen = [sighting("first", 40, spot=off_berth(0, -17.5)), sighting("second", 76, spot=off_berth(0, -17.5))]
    hers = visit(46, 70, spot=off_berth(0, 17.5)), said(45, **HULL)
    row = of_images(calls_from(*hers, seen=seen, looks=looks_at(40, 76), place=place_of(one, other)))
    assert row["detection_ids"].tolist() == [["first", "second"]]


def turns(*messages):
    """Turnover at the spot of two sightings, from ten looks a day apart."""
    table, config = feed(*messages), CallsConfig()
    tracks, static = clean_tracks(table), static_reports(table)
    known = Listened(tracks=tracks, static=static, registry=None, place=harbour(), config=config)
    seen = detections(sighting("a", 36), sighting("b", 228))
    return link(seen, looks_at(*np.arange(12, 252, 24)), config, known.heard)[0].turns


def test_ships_that_are_heard_take_turns_with_the_others():
    """Two of ten looks show an unnamed ship; a heard ship occupies the spot at four: a third of ships are unheard."""
    all_the_while = fixes(np.arange(0, 260, 1.0), *ANCHORAGE, mmsi=MMSI + 1)
    heard = visit(50, 90), visit(120, 160, mmsi=MMSI + 2)
    nobody, known = turns(all_the_while), turns(*heard, all_the_while)
    assert nobody.unheard == 1
    assert known.unheard == pytest.approx(1 / 3, abs=0.02)
    assert known.free_d < nobody.free_d / 3
    assert turns(*heard) == nobody  # the receiver was off half of the time: ships not heard may have been there
