from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls.stays import stays
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from tests.builders import box_zone, place_of
from tests.calls.traffic import (
    ANCHORAGE,
    BERTH,
    MIDNIGHT,
    MMSI,
    at,
    feed,
    fixes,
    harbour,
    off_berth,
    visit,
    with_spikes,
)

CONFIG = CallsConfig()
STEP = pd.Timedelta(minutes=3)


def found(*parts: pd.DataFrame, place=None, config: CallsConfig = CONFIG):
    return stays(clean_tracks(feed(*parts)), place or harbour(), config)


def test_one_visit_is_one_stay_with_its_times():
    (stay,) = found(visit(5, 20))
    assert (stay.mmsi, stay.zone_id) == (MMSI, "oil")
    assert stay.arrival_lo < at(5) + STEP <= stay.arrival_hi + STEP
    assert stay.arrival_lo <= at(5) <= stay.arrival_hi
    assert abs(stay.departure_hi - at(20)) <= 2 * STEP
    assert stay.departure_lo <= at(20)
    assert stay.heard_arriving
    assert stay.heard_leaving


def test_she_is_stopped_from_the_lower_speed_until_the_upper_one():
    """Settings: stopped at or below 0.2 kn until at or above 0.5 kn; in between the state is kept."""
    speeds = [3.0, 0.3, 0.2, 0.3, 0.4, 0.4, 0.5, 0.4, 3.0]
    (stay,) = found(fixes(np.arange(len(speeds)) / 10, *BERTH, sog=speeds))
    assert (stay.arrival_lo, stay.arrival_hi) == (at(0.1), at(0.2))
    assert (stay.departure_lo, stay.departure_hi) == (at(0.5), at(0.6))


def test_after_a_long_silence_a_drifting_ship_is_not_taken_for_stopped():
    """Her state before five hours of silence says nothing; before three it does."""
    hours = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    for silent_h, until_h in ((3.0, 3.5), (5.0, 0.5)):
        parts = fixes(hours, *BERTH, sog=0.1), fixes(np.array(hours) + silent_h, *BERTH, sog=0.3)
        (stay,) = found(*parts)
        assert stay.departure_lo == at(until_h)


@given(st.floats(2, 60), st.floats(1, 90), st.sampled_from([1.0, 3.0, 10.0]))
@settings(max_examples=15, deadline=None)
def test_arrival_and_departure_lie_in_their_bounds(arrive, length, every):
    (stay,) = found(visit(arrive, arrive + length, every_min=every))
    second = pd.Timedelta(seconds=1)
    slack = pd.Timedelta(minutes=every, seconds=1)  # report times are whole seconds
    assert stay.arrival_lo - slack <= at(arrive) <= stay.arrival_hi + second
    assert stay.departure_lo - second <= at(arrive + length) <= stay.departure_hi + second
    assert stay.departure_hi - stay.departure_lo <= slack


@pytest.mark.parametrize("metres", [1000, 4000, 9000, 50_000])
@pytest.mark.parametrize("gap_min", [3, 60], ids=["in the stream", "after an hour's silence"])
def test_a_spike_never_splits_a_call(metres, gap_min):
    table = visit(5, 20)
    hour = (table["time_utc"] - at(0)).dt.total_seconds() / 3600
    table = table[(hour <= 12) | (hour >= 12 + gap_min / 60)].reset_index(drop=True)
    row = int((table["time_utc"] > at(12.001)).idxmax())
    table.loc[row, ["lon", "lat"]] = off_berth(-metres)
    spiked = found(table)
    assert len(spiked) == 1
    assert abs(spiked[0].departure_lo - at(20)) <= 2 * STEP


@pytest.mark.parametrize("seed", range(8))
def test_spikes_gaps_and_repeats_make_no_call_and_take_none(seed):
    """Five per cent of reports displaced, a fifth lost, a tenth repeated, over a month with four calls."""
    rng = np.random.default_rng(seed)
    calls = [(20, 44), (200, 231), (390, 402), (600, 655)]
    table = pd.concat([visit(a, b, seed=seed) for a, b in calls], ignore_index=True)
    table = with_spikes(table, 0.05, seed)
    table = table[rng.random(len(table)) > 0.2]
    seen = found(table, table[rng.random(len(table)) < 0.1])
    assert len(seen) == len(calls)
    for stay, (arrive, leave) in zip(seen, calls, strict=True):
        assert abs(stay.arrival_hi - at(arrive)) < pd.Timedelta(minutes=30)
        assert abs(stay.departure_lo - at(leave)) < pd.Timedelta(minutes=30)


@pytest.mark.parametrize(("silence_h", "expected"), [(1, 1), (6, 1), (100, 1), (200, 2)])
def test_silence_alongside_is_one_stay_up_to_the_longest(silence_h, expected):
    """CallsConfig.max_stay_d: after 6 days she may have been away and come back."""
    hours = np.concatenate([np.arange(0, 5, 0.1), 4.9 + np.arange(silence_h, silence_h + 5, 0.1)])
    assert len(found(fixes(hours, *BERTH))) == expected


def test_speed_between_the_limits_keeps_the_state():
    """Stopped at 0.2 kn, moving at 0.5 kn: 0.4 kn from swell neither begins nor ends a stop."""
    hours = np.arange(0, 4, 0.1)
    rolling = np.where(hours < 1, 0.0, 0.4)
    assert len(found(fixes(hours, *BERTH, rolling))) == 1
    assert found(fixes(hours, *BERTH, 0.4)) == []


def test_passing_by_is_no_call():
    hours = np.arange(0, 2, 0.05)
    lon, lat = zip(*[off_berth((h - 1) * 10 * 1852) for h in hours], strict=True)
    assert found(fixes(hours, list(lon), list(lat), 10.0)) == []


@pytest.mark.parametrize(("east_m", "inside"), [(0, True), (280, True), (330, False), (1000, False)])
def test_a_berth_reaches_150_m_and_no_further(east_m, inside):
    """The berth's edge is 164 m east of its centre."""
    assert bool(found(fixes(np.arange(0, 5, 0.1), *off_berth(east_m)))) == inside


def test_berths_come_before_anchorages():
    lon, lat = BERTH
    roads = box_zone("around", lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02, kind="anchorage")
    both = place_of(roads, *harbour().zones)
    assert [s.zone_id for s in found(fixes(np.arange(0, 5, 0.1), *BERTH), place=both)] == ["oil"]


def test_waiting_and_berthing_are_two_stays():
    waits = fixes(np.arange(0, 10, 0.1), *ANCHORAGE)
    goes = fixes([10.1, 10.2, 10.3, 10.4], [133.01, 133.025, 133.04, 133.05], [42.762, 42.754, 42.746, 42.74], 8.0)
    lies = fixes(np.arange(10.5, 30, 0.1), *BERTH)
    assert [s.zone_id for s in found(waits, goes, lies)] == ["roads", "oil"]


@pytest.mark.parametrize(("break_h", "berths"), [(1.3, 1), (6.0, 2)])
@pytest.mark.parametrize("drawn", [True, False], ids=["roads drawn", "roads not drawn"])
def test_drawing_an_anchorage_that_does_not_count_cuts_no_stay_in_two(break_h, berths, drawn):
    """Berth, roads, berth: a short break is the same whether or not the roads are on the map."""
    away = 20 + break_h
    parts = [
        fixes(np.arange(5, 20, 0.05), *BERTH),
        fixes(np.arange(20.2, away, 0.05), *ANCHORAGE),
        fixes(np.arange(away + 0.2, 30, 0.05), *BERTH),
    ]
    shifts = [fixes([h], *(np.add(BERTH, ANCHORAGE) / 2), 12.0) for h in (20.1, away + 0.1)]
    oil, roads = harbour().zones
    zones = found(*parts, *shifts, place=place_of(oil, roads) if drawn else place_of(oil))
    assert [s.zone_id for s in zones].count("oil") == berths
    assert [s.zone_id for s in zones].count("roads") == drawn
    (first, *_) = (s for s in zones if s.zone_id == "oil")
    assert first.departure_lo == at(29.95 if berths == 1 else 19.95)


def test_a_counted_berth_between_ends_a_stay():
    """She left one berth for the other and came back: three calls."""
    lon, lat = off_berth(3000)
    other = box_zone("other", lon - 0.002, lat - 0.001, lon + 0.002, lat + 0.001, cargo="oil_products")
    parts = [
        fixes(np.arange(5, 20, 0.05), *BERTH),
        fixes([20.1], *off_berth(1500), 8.0),
        fixes(np.arange(20.2, 21.5, 0.05), lon, lat),
        fixes([21.6], *off_berth(1500), 8.0),
        fixes(np.arange(21.7, 30, 0.05), *BERTH),
    ]
    stays_ = found(*parts, place=place_of(*harbour().zones, other))
    assert [s.zone_id for s in stays_] == ["oil", "other", "oil"]


def lying(spot, first_h, last_h, every_h=1.1):
    hours = np.arange(first_h, last_h, every_h)
    return fixes(hours, *spot, 0.0)


@pytest.mark.parametrize("silence_h", [0.5, 3, 9])
@pytest.mark.parametrize("waited_h", [3, 70])
def test_who_shifts_unheard_lies_at_both_places(silence_h, waited_h):
    """However long she waited, and whether or not a report came between roads and berth."""
    alongside = waited_h + silence_h
    table = feed(lying(ANCHORAGE, 0, waited_h), lying(BERTH, alongside, alongside + 30))
    one, two = stays(clean_tracks(table), harbour(), CONFIG)
    assert (one.zone_id, two.zone_id) == ("roads", "oil")
    assert one.departure_lo == two.arrival_lo < two.arrival_hi == one.departure_hi == at(alongside)


@pytest.mark.parametrize("turn_h", [1, 6])
def test_a_hull_that_swings_at_anchor_lies_at_one_place(turn_h):
    """Also across the zone's edge: the tide swings her from one side of her anchor to the other."""
    hours = np.arange(0, 48, 0.5)
    lon = ANCHORAGE[0] + 0.02 + np.where(hours // turn_h % 2, 1, -1.2) * 250 / 81_900
    (stay,) = found(fixes(hours, lon, ANCHORAGE[1], 0.1))
    assert stay.departure_lo == at(hours[-1])


def test_stray_words_of_a_moored_ship_are_no_stop_elsewhere():
    hours = np.arange(0, 48, 0.5)
    lon, lat = np.full(len(hours), BERTH[0]), np.full(len(hours), BERTH[1])
    for n in (20, 21, 50, 70):
        lon[n], lat[n] = ANCHORAGE
    fixed = clean_tracks(feed(fixes(hours, lon, lat, 0.0))).assign(flags=[[] for _ in hours])
    (stay,) = stays(fixed, harbour(), CONFIG)
    assert (stay.zone_id, stay.departure_lo) == ("oil", at(hours[-1]))


@pytest.mark.parametrize("bad", [0, -1], ids=["the first", "the last"])
def test_a_position_that_lies_still_too_far_away_moves_no_end_of_a_stay(bad):
    """After a silence that includes her arrival, or before one that includes her departure: she was alongside then."""
    hours = np.arange(10, 30, 0.05)
    lon, lat = np.full(len(hours), BERTH[0]), np.full(len(hours), BERTH[1])
    lat[bad] += 4000 / 111_000
    way = [fixes([h], BERTH[0] + 0.3, BERTH[1], 10.0) for h in (8.0, 32.0)]
    table = clean_tracks(feed(way[0], fixes(hours, lon, lat, 0.0), way[1]))
    (stay,) = stays(table.assign(flags=[[] for _ in range(len(table))]), harbour(), CONFIG)
    assert stay.arrival_lo == at(8)
    assert stay.departure_hi == at(32)


def test_what_nobody_heard_is_not_claimed():
    (stay,) = found(fixes(np.arange(5, 9, 0.1), *BERTH))
    assert (stay.arrival_lo, stay.departure_hi) == (None, None)
    assert not stay.heard_arriving
    assert not stay.heard_leaving


def test_two_ships_at_once_are_two_stays():
    both = found(visit(5, 20), visit(6, 19, mmsi=MMSI + 1))
    assert [s.mmsi for s in both] == [MMSI, MMSI + 1]


@pytest.mark.parametrize("every_min", [1 / 6, 3, 45])
def test_a_ship_without_speed_is_judged_by_her_way(every_min):
    """Position errors seconds apart are no movement, and a long way between two reports is no rest."""
    trips = [visit(arrive, arrive + 15, every_min=every_min) for arrive in (5, 110)]
    told, derived = found(*trips), found(*(trip.assign(sog=np.nan, cog=np.nan) for trip in trips))
    assert len(told) == len(derived) == 2
    for one, other in zip(told, derived, strict=True):
        for end in ("arrival_lo", "arrival_hi", "departure_lo", "departure_hi"):
            assert abs(getattr(one, end) - getattr(other, end)) <= STEP


def test_a_silent_way_does_not_look_like_rest():
    """Under way through the roads when last heard, and alongside when heard days later."""
    hours = [0.0, 0.25, 0.5, 60.0, 60.5, 61.0]
    lon = [ANCHORAGE[0] - 0.1, ANCHORAGE[0] - 0.05, ANCHORAGE[0], *[BERTH[0]] * 3]
    (stay,) = found(fixes(hours, lon, [ANCHORAGE[1]] * 3 + [BERTH[1]] * 3, np.nan))
    assert stay.zone_id == "oil"


def test_order_of_rows_does_not_matter():
    table = feed(with_spikes(visit(5, 20), 0.05), visit(7, 30, mmsi=MMSI + 1))
    turned = clean_tracks(table.sample(frac=1, random_state=1)).sample(frac=1, random_state=2)
    straight = stays(clean_tracks(table), harbour(), CONFIG)
    again = stays(turned, harbour(), CONFIG)
    assert [astuple(s) for s in straight] == [astuple(s) for s in again]


def test_no_tracks_no_stays():
    assert found() == []


def test_no_zones_no_stays():
    assert found(visit(5, 20), place=place_of()) == []


def test_a_bad_fix_that_found_a_broken_way_is_no_stay():
    """Her approach became a separate track, continued by one displaced fix at rest in the roads."""
    way = visit(10, 40)
    thrown = fixes([11.01], *ANCHORAGE, 0.0)
    tracks = clean_tracks(feed(way, thrown))
    hours = (tracks["time_utc"] - MIDNIGHT).dt.total_seconds() / 3600
    apart = (hours < 10) | ((hours > 11) & (hours < 11.02))
    broken = tracks.assign(
        track_id=np.where(apart, f"{MMSI}-2", tracks["track_id"]), flags=[[] for _ in range(len(tracks))]
    )
    assert [s.zone_id for s in stays(broken, harbour(), CONFIG)] == ["oil"]


def test_two_ships_under_one_number_stay_two():
    tracks = clean_tracks(feed(visit(10, 40), visit(10, 40, spot=ANCHORAGE, seed=1)))
    assert sorted(s.zone_id for s in stays(tracks, harbour(), CONFIG)) == ["oil", "roads"]


def test_a_silence_in_which_another_track_took_over_ends_no_stay():
    """Her first track resumes only after she left; the second track's reports at the berth are also hers."""
    tracks = clean_tracks(feed(visit(10, 40)))
    hours = (tracks["time_utc"] - MIDNIGHT).dt.total_seconds() / 3600
    second = (hours > 32) & (hours < 39)
    kept = tracks[(hours < 25) | second | (hours > 40)]
    broken = kept.assign(track_id=np.where(second[kept.index], f"{MMSI}-2", kept["track_id"]))
    (stay,) = stays(broken, harbour(), CONFIG)
    assert stay.departure_lo >= at(38.9)
    assert stay.departure_hi >= at(40)
