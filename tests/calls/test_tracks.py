import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls.geodesy import distance_m, from_plane
from pipeline.calls.stays import stays
from pipeline.calls.tracks import ashore_line, clean_tracks, good_fixes
from pipeline.config import CallsConfig
from pipeline.tables import TRACKS
from tests.builders import box_zone, place_of
from tests.calls.traffic import BERTH, MMSI, feed, fixes, harbour, off_berth, said, visit, with_spikes

CONFIG = CallsConfig()


def clean(*parts: pd.DataFrame) -> pd.DataFrame:
    return clean_tracks(feed(*parts))


def flagged(tracks: pd.DataFrame, flag: str) -> pd.DataFrame:
    return tracks[tracks["flags"].map(lambda f: flag in f)]


def test_a_clean_track_stays_whole_and_unflagged():
    tracks = clean(visit(5, 20))
    assert tracks["track_id"].unique().tolist() == [str(MMSI)]
    assert len(good_fixes(tracks)) == len(tracks) == len(visit(5, 20))
    assert tracks["time_utc"].is_monotonic_increasing


def test_one_jump_of_9_km_is_a_spike_and_nothing_else_is():
    """A case in which a published state machine splits one call in two."""
    table = visit(5, 20)
    row = len(table) // 2
    table.loc[row, ["lon", "lat"]] = off_berth(9000)
    tracks = clean(table)
    assert flagged(tracks, "spike")["time_utc"].tolist() == [table.loc[row, "time_utc"]]
    assert tracks["track_id"].nunique() == 1


@pytest.mark.parametrize("seed", range(5))
def test_one_report_in_twenty_astray_for_days_makes_no_second_ship(seed):
    table = with_spikes(visit(5, 101, seed=seed), 0.05, seed)
    tracks = clean(table)
    assert good_fixes(tracks)["track_id"].nunique() == 1
    astray = np.hypot(table["lon"] - BERTH[0], table["lat"] - BERTH[1])[table["sog"] < 1] > 0.02
    assert len(flagged(tracks, "spike")) >= 0.95 * astray.sum()
    assert len(good_fixes(tracks)) >= 0.9 * len(table)


@pytest.mark.parametrize("speed", [True, False], ids=["speed sent", "no speed sent"])
def test_who_left_and_came_back_days_later_was_away(speed):
    """With a report every 45 minutes, her way out and in are real, although she returns to the same berth."""
    table = pd.concat([visit(arrive, arrive + 15, every_min=45) for arrive in (5, 110)], ignore_index=True)
    assert not len(flagged(clean(table if speed else table.assign(sog=np.nan, cog=np.nan)), "spike"))


def test_nothing_is_deleted():
    table = with_spikes(visit(5, 20), 0.1)
    tracks = clean(table, table.iloc[::4])
    assert len(tracks) == len(table) + len(table.iloc[::4])


def test_repeats_are_flagged_once_each():
    table = visit(5, 20)
    tracks = clean(table, table.iloc[::3])
    assert len(flagged(tracks, "duplicate")) == len(table.iloc[::3])
    assert len(good_fixes(tracks)) == len(table)


def test_two_ships_on_one_number_are_two_tracks():
    """40 km apart at the same time: impossible for one ship."""
    there = fixes(np.arange(5, 20, 0.05), *off_berth(-40_000), 0.1)
    tracks = clean(visit(5, 20), there)
    assert sorted(tracks["track_id"].unique()) == [str(MMSI), f"{MMSI}-2"]
    assert not tracks["flags"].map(len).any()
    spread = tracks.groupby("track_id")["lon"].agg(np.ptp)
    assert (spread < 0.25).all()  # 10 kn for an hour is 18 km


def test_a_fast_ship_is_no_spike():
    hours = np.arange(0, 3, 0.05)
    lon = 133.0 + hours * 40 * 1852 / 81_800  # 40 kn along a parallel at 42.7 N
    assert not clean(fixes(hours, lon, 42.7, 40.0))["flags"].map(len).any()


def test_a_ship_after_a_week_of_silence_is_the_same_track():
    tracks = clean(fixes(np.arange(0, 2, 0.1), *BERTH), fixes(np.arange(170, 172, 0.1), 129.8, 41.7))
    assert tracks["track_id"].nunique() == 1
    assert not tracks["flags"].map(len).any()


def test_over_the_antimeridian_without_a_jump():
    hours = np.arange(0, 2, 0.05)
    lon = (179.9 + hours * 0.2 + 180) % 360 - 180
    assert not clean(fixes(hours, lon, 0.0, 12.0))["flags"].map(len).any()


@pytest.mark.parametrize("number", [0, 1, 12345678, 1193046000])
def test_numbers_that_are_no_mmsi_are_flagged(number):
    tracks = clean(fixes(np.arange(0, 1, 0.1), *BERTH, mmsi=number))
    assert len(flagged(tracks, "bad_mmsi")) == 10
    assert good_fixes(tracks).empty


def test_reports_that_are_no_positions_of_ships_take_no_part():
    aircraft, base = (fixes(np.arange(0, 1, 0.1), *BERTH, msg_type=t) for t in (9, 4))
    nowhere = fixes(np.arange(0, 1, 0.1), np.nan, np.nan)
    tracks = clean(aircraft, base, nowhere, said(1, name="ALPHA"))
    assert len(tracks) == 0
    assert list(tracks.columns) == TRACKS.names


def test_no_messages_no_tracks():
    assert clean_tracks(feed()).equals(TRACKS.empty())


@given(st.randoms(use_true_random=False), st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_order_of_rows_does_not_matter(random, seed):
    table = feed(with_spikes(visit(5, 20, seed=seed), 0.05, seed), visit(6, 9, mmsi=MMSI + 1))
    order = list(range(len(table)))
    random.shuffle(order)
    direct, turned = (clean_tracks(t) for t in (table, table.iloc[order].reset_index(drop=True)))
    pd.testing.assert_frame_equal(direct, turned)


def test_other_ships_change_nothing():
    table = with_spikes(visit(5, 20), 0.05)
    alone = clean(table)
    together = clean(table, visit(5, 20, mmsi=MMSI + 1), visit(5, 20, mmsi=MMSI - 1))
    hers = together[together["mmsi"] == MMSI].reset_index(drop=True)
    columns = ["track_id", "time_utc", "lon", "lat", "flags"]
    pd.testing.assert_frame_equal(alone[columns], hers[columns])


@pytest.mark.parametrize("unit", ["ns", "ms", "s"])
def test_the_unit_of_the_clock_does_not_matter(unit):
    table = feed(with_spikes(visit(5, 20), 0.05))
    other = table.assign(time_utc=table["time_utc"].astype(f"datetime64[{unit}, UTC]"))
    pd.testing.assert_frame_equal(clean_tracks(table), clean_tracks(other))


def test_each_fix_names_the_message_that_sent_it():
    """Traceable from a stay to a line of the file: shuffled, with a spike and a second ship under the same number."""
    table = feed(with_spikes(visit(5, 20), 0.05), visit(6, 9, spot=(133.5, 42.9)), said(7, draught=5.0))
    sent = table.sample(frac=1, random_state=1).set_index("message_id", drop=False)
    tracks = clean_tracks(sent.reset_index(drop=True))
    there = sent.loc[tracks["message_id"], ["time_utc", "lon", "lat"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(tracks[["time_utc", "lon", "lat"]], there)
    assert tracks["message_id"].is_unique


def test_values_as_sent_are_kept():
    tracks = clean(fixes([0, 1, 2], 133.0, 42.7, [0.1, np.nan, 7.5], cog=[10.0, np.nan, 350.0], heading=12.0))
    assert tracks["sog_kn"].tolist()[::2] == [0.1, 7.5]
    assert tracks["sog_kn"].isna().tolist() == [False, True, False]
    assert tracks["cog_deg"].isna().tolist() == [False, True, False]
    assert tracks["heading_deg"].unique().tolist() == [12.0]


@pytest.mark.parametrize("apart_m", [600, 1000, 2500, 3000])
def test_two_ships_on_one_number_that_lie_near_each_other_are_two(apart_m):
    """Each sends every three minutes; a ship at 50 kn could move between the two places in that time."""
    hours = np.arange(0, 24, 0.05)
    rng = np.random.default_rng(1)
    ships = []
    for n in range(2):
        east, north = rng.normal(0, 5, (2, len(hours)))
        lon, lat = from_plane(east + n * apart_m, north, BERTH)
        ships.append(fixes(hours + 0.025 * n, lon, lat, 0.0))
    tracks = clean(*ships)
    assert not tracks["flags"].map(len).any()
    assert tracks.groupby("track_id").size().tolist() == pytest.approx([len(hours)] * 2, abs=1)  # the first fix is open
    middle = tracks.groupby("track_id")["lon"].median()
    assert distance_m(*middle.iloc[[0]], BERTH[1], *middle.iloc[[1]], BERTH[1]) == pytest.approx(apart_m, abs=5)


@pytest.mark.parametrize("copies", [1, 2, 3, 4, 6])
def test_how_many_receivers_heard_them_makes_no_ship_of_two_vanish(copies):
    both = [visit(5, 30), visit(5.02, 30, spot=off_berth(-8000, 3000), seed=3)]
    later = [pd.Timedelta(seconds=0.2 * n) for n in range(copies)]
    tracks = clean(*(ship.assign(time_utc=ship["time_utc"] + delay) for delay in later for ship in both))
    assert good_fixes(tracks).groupby("track_id").size().tolist() == [len(ship) for ship in both]


@pytest.mark.parametrize("seed", range(5))
def test_reports_astray_in_reach_of_her_make_no_second_ship(seed):
    """A fast ship could have reached each of them, but taken together they make no plausible ship."""
    tracks = clean(with_spikes(visit(5, 101, seed=seed), 0.05, seed, 4000.0))
    assert good_fixes(tracks)["track_id"].nunique() == 1


def test_a_ship_whose_log_is_broken_stays_one_track():
    """She sends 0 kn throughout: each fix contradicts her speed, but none is another ship's."""
    tracks = clean(visit(5, 20).assign(sog=0.0))
    assert tracks["track_id"].nunique() == 1
    assert not tracks["flags"].map(len).any()


def test_a_berth_on_a_river_that_the_coast_leaves_out_has_its_calls():
    """Houston's ship channel is land in a sea coastline: without this, 408 positions of 30 ships there make no call."""
    lon, lat = BERTH
    land = box_zone("land", lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05).geometry
    place = place_of(*harbour().zones, land=land)
    tracks = clean_tracks(feed(visit(5, 20)), place.dry)
    (stay,) = stays(tracks, place, CONFIG)
    assert (stay.zone_id, round((stay.departure_lo - stay.arrival_hi) / pd.Timedelta("1h"))) == ("oil", 15)
    passing = flagged(tracks, "on_land")  # the river itself remains land, and is flagged
    assert 0 < len(passing) < len(tracks)
    assert ashore_line(tracks).startswith(f"{len(passing)} positions of 1 transponder lie 300 m or more inland")
    assert not ashore_line(clean_tracks(feed(visit(5, 20)), None))


@pytest.mark.parametrize("mmsi", [111273001, 970123456, 972123456, 974123456, 992731234])
def test_equipment_is_no_ship_whatever_message_it_sends(mmsi):
    """A beacon tested at a berth reports like a ship, and a table may not give the message type."""
    tracks = clean_tracks(feed(fixes(np.arange(10, 12, 0.1), *BERTH, mmsi=mmsi)))
    assert all("bad_mmsi" in flags for flags in tracks["flags"])
