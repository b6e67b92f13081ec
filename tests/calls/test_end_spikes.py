import numpy as np
import pytest

from pipeline.calls import stays
from pipeline.calls.end_spikes import ACCELERATION_M_S2, MAX_SPEED_M_S, end_spikes
from pipeline.calls.tracks import FORGET_S, clean_tracks
from pipeline.config import CallsConfig
from tests.calls.traffic import ANCHORAGE, BERTH, at, feed, fixes, harbour, off_berth, visit


def spikes(table):
    tracks = clean_tracks(feed(table))
    return tracks.loc[tracks["flags"].map(lambda f: "spike" in f), "time_utc"].tolist()


def moored(every_min=3.0):
    table = visit(5, 20, every_min=every_min)
    return table[table["sog"] < 1].reset_index(drop=True)


@pytest.mark.parametrize("row", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize(("every_min", "moved_m"), [(1, 2000), (3, 3000), (6, 5000)])
@pytest.mark.parametrize("table", [visit(5, 20), moored()], ids=["under way", "alongside"])
def test_a_fix_moved_by_some_km_at_an_end_is_a_spike(table, row, every_min, moved_m):
    """The jump is as fast as a ship at 50 kn, so speed alone does not tell; she reports being at rest, or 10 kn."""
    thinned = table.copy()
    thinned["time_utc"] = at(0) + (thinned["time_utc"] - at(0)) * every_min / 3
    thinned = thinned if table["sog"].max() < 1 or every_min == 3 else visit(5, 20, every_min=every_min)
    where = thinned.index[row]
    thinned.loc[where, "lat"] += moved_m / 111_000
    assert spikes(thinned) == [thinned.loc[where, "time_utc"]]


@pytest.mark.parametrize("row", [0, -1], ids=["first", "last"])
def test_heard_twice_it_is_no_sounder(row):
    table = moored()
    where = table.index[row]
    table.loc[where, "lat"] += 0.03
    again = table.loc[[where]]
    assert spikes(table) == [table.loc[where, "time_utc"]]
    tracks = clean_tracks(feed(table, again))
    astray = tracks[tracks["time_utc"] == table.loc[where, "time_utc"]]
    assert astray["flags"].map(len).all()


@pytest.mark.parametrize("row", [40, 41], ids=["before", "after"])
def test_a_long_silence_is_an_end_too(row):
    table = moored().iloc[:80].reset_index(drop=True)
    table.loc[41:, "time_utc"] += np.timedelta64(3, "D")
    table.loc[row, "lat"] += 0.03
    assert spikes(table) == [table.loc[row, "time_utc"]]


def test_who_shifted_while_nobody_heard_her_is_no_spike():
    """Half an hour of silence is enough to move 4 km."""
    table = moored()
    last = fixes(table["time_utc"].iloc[-1:].sub(at(0)).dt.total_seconds() / 3600 + 0.5, *off_berth(4000), 0.0)
    assert not spikes(feed(table, last))


def test_a_report_that_fits_nothing_belongs_to_the_second_ship_of_the_number():
    """Two ships lie 2.5 km apart; the last report is the second ship's, not a spike of the first."""
    hours = np.arange(0, 5, 0.05)
    assert not spikes(feed(fixes(hours, *BERTH, 0.0), fixes(hours + 0.025, *off_berth(2500), 0.0)))


def test_a_last_word_moved_out_of_the_port_is_no_departure():
    """The feed ends with her at the berth, except for a last position 4 km away."""
    table = moored()
    place, config = harbour(), CallsConfig()
    whole = stays(clean_tracks(feed(table)), place, config)
    table.loc[table.index[-1], ["lon", "lat"]] = off_berth(4000)
    (stay,) = stays(clean_tracks(feed(table)), place, config)
    assert (stay.departure_hi, stay.heard_leaving) == (None, False)
    assert stay.arrival_hi == whole[0].arrival_hi


def test_a_first_word_moved_to_another_place_is_no_arrival_from_there():
    table = moored()
    place, config = harbour(), CallsConfig()
    table.loc[0, ["lon", "lat"]] = [ANCHORAGE[0] + 0.03, ANCHORAGE[1]]
    (stay,) = stays(clean_tracks(feed(table)), place, config)
    assert (stay.zone_id, stay.arrival_lo, stay.heard_arriving) == ("oil", None, False)


@pytest.mark.parametrize("took_s", [60.0, 180.0, 360.0, 900.0])
def test_the_way_from_rest_to_rest_is_that_of_even_acceleration(took_s):
    """Half the time accelerating and half decelerating: a t^2 / 4, until top speed is reached."""
    peak = ACCELERATION_M_S2 * took_s / 2
    way_m = peak * took_s / 2 if peak < MAX_SPEED_M_S else MAX_SPEED_M_S * (took_s - MAX_SPEED_M_S / ACCELERATION_M_S2)
    for share, found in ((0.99, False), (1.01, True)):
        steps = np.array([0.0, 0.0, 0.0, way_m * share])
        last = end_spikes(
            np.zeros(4),
            np.array([0.0, 60, 120, 120 + took_s]),
            steps,
            np.zeros(4),
            np.array([False, True, True, False]),
            slack_m=0.0,
            silence_s=FORGET_S,
            min_fixes=3,
        )
        assert last.tolist() == [False, False, False, found]
