"""Position of a ship whose messages lack speed or course, and local planes at different latitudes."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.geodesy import from_plane
from pipeline.calls.matching import match
from pipeline.calls.motion import DRIFT_M_S, PRIOR_PAIRS, TrackOnPlane, fit_drift_m_s
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.units import KNOT_M_S
from tests.calls.traffic import BERTH, MMSI, detections, feed, fixes, sighting

SPEED_M_S = 5.0


def heading_east(*, spot=BERTH, mmsi: int = MMSI, **unsent) -> pd.DataFrame:
    """Fixes every ten minutes of the first hour, moving due east at 5 m/s from a spot."""
    hours = np.arange(7) / 6
    lon, lat = from_plane(SPEED_M_S * hours * 3600, 0.0, spot)
    return fixes(hours, lon, lat, SPEED_M_S / KNOT_M_S, mmsi=mmsi, cog=90.0).assign(**unsent)


def track_of(table: pd.DataFrame) -> TrackOnPlane:
    return TrackOnPlane.of(clean_tracks(feed(table)), BERTH)


UNSENT = {"no course": {"cog": np.nan}, "no speed": {"sog": np.nan}, "neither": {"sog": np.nan, "cog": np.nan}}


@pytest.mark.parametrize("unsent", UNSENT.values(), ids=UNSENT)
@pytest.mark.parametrize("minutes", [-10.0, 52.5, 70.0], ids=["before", "between", "beyond"])
def test_what_a_table_does_not_say_of_her_way_is_told_by_her_way(unsent, minutes):
    """Else she would be predicted due north without courses, and 280 m off a straight, even path without speeds."""
    track = track_of(heading_east(**unsent))
    there = track.at(track.seconds[0] + minutes * 60)
    assert there is not None
    assert (there.east[0], there.north[0]) == pytest.approx((SPEED_M_S * minutes * 60, 0.0), abs=5)


def test_a_single_fix_without_course_and_one_of_a_ship_that_lies_still_go_nowhere():
    for table in (heading_east(cog=np.nan).iloc[:1], heading_east(cog=np.nan, sog=0.1, lon=BERTH[0]).iloc[:2]):
        there = track_of(table).at(track_of(table).seconds[-1] + 600)
        assert there is not None
        assert np.hypot(there.east[0], there.north[0]) < 100


def test_no_spread_of_a_silence_is_learned_where_no_courses_were_sent():
    assert fit_drift_m_s([track_of(heading_east(cog=np.nan))]) == fit_drift_m_s([])


def test_a_scene_in_the_tropics_changes_nothing_of_one_in_the_north():
    """Each scene needs its own plane: on a common one, a degree east at 62 N would be half as long again."""
    north, tropics = (10.0, 62.0), (10.0, 1.0)
    there = tuple(float(v) for v in from_plane(SPEED_M_S * 4200, 0.0, north))
    lain = fixes(np.arange(0, 2, 0.1), *tropics, mmsi=MMSI + 1)
    messages = feed(heading_east(spot=north), lain)
    tracks, static = clean_tracks(messages), static_reports(messages)
    seen = sighting("d", 7 / 6, there)

    def verdict(*rows) -> dict:
        return match(detections(*rows), tracks, static, CallsConfig()).set_index("det_id").loc["d"].to_dict()

    alone = verdict(seen)
    assert alone["mmsi"] == MMSI
    assert verdict(sighting("b", 1.0, tropics), seen) == pytest.approx(alone)


def test_at_a_fix_she_is_where_she_said_and_between_two_she_may_have_turned():
    track = track_of(heading_east())
    before, after = track.seconds[1:3]
    at_fix, midway, at_next = (track.at(t).sd_m[0] for t in (before + 0.01, (before + after) / 2, after - 0.01))
    assert (at_fix, at_next) == pytest.approx((0.0, 0.0), abs=0.1)
    assert midway > 50


def test_a_ship_that_lies_still_strays_a_fifth_as_far_in_a_silence_as_one_under_way():
    still, moving = (track_of(heading_east(sog=knots)) for knots in (0.0, 10.0))
    for gap_s in (600.0, 1200.0):
        lying, sailing = (track.at(track.seconds[-1] + gap_s).sd_m[0] for track in (still, moving))
        assert (lying, sailing) == pytest.approx((0.2 * DRIFT_M_S * gap_s, DRIFT_M_S * gap_s))


def test_as_many_pairs_as_the_prior_weighs_meet_the_declared_spread_half_way():
    """Each pair misses by 2 m per second, the median of a Rayleigh law of 2 / sqrt(2 ln 2) on each axis."""
    n = np.arange(PRIOR_PAIRS + 1) * 60.0
    track = TrackOnPlane(MMSI, n, 5.0 * n, 2.0 * n, 0 * n + 5.0, 0 * n)
    told = 2.0 / np.sqrt(2 * np.log(2))
    assert fit_drift_m_s([track]) == pytest.approx(np.sqrt(told * DRIFT_M_S), rel=1e-3)


def test_between_fixes_that_belie_their_speeds_she_is_on_the_straight_way():
    """In ten minutes, 10 m/s to the north by her reports, 300 m to the east by her positions."""
    ends, sent = np.array([0.0, 300.0]), np.array([10.0, 10.0])
    track = TrackOnPlane(MMSI, np.array([0.0, 600.0]), ends, 0 * ends, 0 * sent, sent)
    there = track.at(150.0)
    assert (there.east[0], there.north[0]) == pytest.approx((75.0, 0.0))
