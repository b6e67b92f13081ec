"""Ships side by side in the roads. Truth: the simulated positions."""

import numpy as np
import pandas as pd

from pipeline.calls import encounters, port_calls, static_reports
from pipeline.calls.geodesy import from_plane
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.tables import DETECTIONS, LOOKS, MATCHES
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, feed, fixes, harbour, off_berth

CONFIG = CallsConfig()
PAPERS = [{"imo": 9074729, "name": "SIM ALPHA"}, {"imo": 9331127, "name": "SIM BETA"}]
HOURS = np.arange(10, 16, 0.1)


def at_anchor(east_deg: float = 0.0, *, mmsi: int = MMSI, after_h: float = 0.0) -> pd.DataFrame:
    """Six hours in the roads, offset to the east of their centre."""
    lon, lat = ANCHORAGE
    return fixes(HOURS + after_h, lon + east_deg, lat, mmsi=mmsi)


def test_side_by_side_in_the_roads_is_an_encounter_and_alongside_is_none():
    hours = HOURS
    lon, lat = ANCHORAGE
    roads = feed(fixes(hours, lon, lat), fixes(hours, lon + 0.001, lat, mmsi=MMSI + 1))
    (met,) = encounters(clean_tracks(roads), harbour(), CONFIG)
    assert (met.mmsi, met.zone_id) == ((MMSI, MMSI + 1), "roads")
    assert (met.end - met.start) >= pd.Timedelta(hours=5)
    quay = feed(fixes(hours, *off_berth(0)), fixes(hours, *off_berth(60), mmsi=MMSI + 1))
    assert encounters(clean_tracks(quay), harbour(), CONFIG) == []
    passing = feed(fixes(hours, lon, lat), fixes(hours, lon + 0.001 + 0.02 * (hours - 13), lat, 1.5, mmsi=MMSI + 1))
    assert encounters(clean_tracks(passing), harbour(), CONFIG) == []


def test_two_in_convoy_meet_nowhere_though_their_table_has_no_speeds():
    """Ten knots on one course for six hours, 300 m apart: a missing speed must not be taken for zero."""
    away_m = (HOURS - HOURS[0]) * 10 * 1852
    for sent in (10.0, np.nan):
        two = [fixes(HOURS, *from_plane(away_m, 300.0 * n, BERTH), sent, mmsi=MMSI + n, cog=90.0) for n in (0, 1)]
        assert encounters(clean_tracks(feed(*two)), harbour(), CONFIG) == []
    lying = [at_anchor(0.001 * n, mmsi=MMSI + n).assign(sog=np.nan) for n in (0, 1)]
    assert len(encounters(clean_tracks(feed(*lying)), harbour(), CONFIG)) == 1


def test_of_a_number_that_two_ships_send_each_is_where_she_is():
    """They send in turn, every three minutes, 1.6 km apart: neither lies at the midpoint."""
    shared = [at_anchor(-0.01), at_anchor(0.01, after_h=0.05)]
    beside, between = at_anchor(0.011, mmsi=MMSI + 1), at_anchor(0.0, mmsi=MMSI + 2)
    (met,) = encounters(clean_tracks(feed(*shared, beside)), harbour(), CONFIG)
    assert (met.mmsi, round(met.lon - ANCHORAGE[0], 6)) == ((MMSI, MMSI + 1), 0.0105)
    assert encounters(clean_tracks(feed(*shared, between)), harbour(), CONFIG) == []


def test_two_ships_of_one_number_meet_where_their_words_tell_them_apart():
    """Without static reports, two places 80 m apart under one number may be one ship with position errors."""
    two = clean_tracks(feed(at_anchor(), at_anchor(0.001, mmsi=MMSI + 1)))
    tracks = two.assign(mmsi=MMSI, ship=(two["mmsi"] - MMSI + 1).astype("Int64"))
    (met,) = encounters(tracks, harbour(), CONFIG)
    assert (met.mmsi, met.ship) == ((MMSI, MMSI), (1, 2))
    assert encounters(tracks.assign(ship=pd.array([pd.NA] * len(two), "Int64")), harbour(), CONFIG) == []


def test_only_the_ship_of_a_number_that_met_another_is_flagged():
    """Both lie in the roads for six hours; each sends static reports with her positions."""
    shared = [at_anchor(0.01 * (2 * n - 1), after_h=0.05 * n).assign(**PAPERS[n]) for n in (0, 1)]
    messages = feed(*shared, at_anchor(0.011, mmsi=MMSI + 1))
    calls = port_calls(
        detections=DETECTIONS.empty(),
        looks=LOOKS.empty(),
        matches=MATCHES.empty(),
        tracks=clean_tracks(messages),
        static=static_reports(messages),
        registry=None,
        place=harbour(),
        config=CONFIG,
    )
    met = calls["flags"].map(lambda flags: "encounter" in flags)
    assert set(calls.loc[met, "name"]) == {PAPERS[1]["name"], ""}
    assert len(calls) == 3
