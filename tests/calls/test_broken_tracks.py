"""Stays of a ship whose path is broken into tracks: all tracks bound the stay, and time reversal changes nothing."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.stays import Stay, stays
from pipeline.config import CallsConfig
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, at, fixes, harbour, off_berth

CONFIG = CallsConfig()
OFF = off_berth(30_000)
END_H = 100.0


def track(first_h: float, last_h: float, spot=BERTH, *, came_h=None, gone_h=None, every_h: float = 1.0) -> pd.DataFrame:
    """At rest at a spot, optionally with one report under way 30 km off before and after."""
    parts = [fixes(np.arange(first_h, last_h + every_h / 2, every_h), *spot)]
    parts += [fixes([hour], *OFF, 10.0) for hour in (came_h, gone_h) if hour is not None]
    return pd.concat(parts).sort_values("time_utc", ignore_index=True)


def stays_of(*tracks: pd.DataFrame) -> list[Stay]:
    named = [part.assign(track_id=f"{MMSI}-{n}") for n, part in enumerate(tracks)]
    table = pd.concat(named, ignore_index=True).rename(columns={"sog": "sog_kn"})
    table = table.assign(flags=[[] for _ in table.index], fix_id=table.index.astype(str), ship=pd.NA)
    return stays(table, harbour(), CONFIG)


def bounds_h(stay: Stay) -> tuple[float | None, ...]:
    ends = (stay.arrival_lo, stay.arrival_hi, stay.departure_lo, stay.departure_hi)
    return tuple(None if end is None else (end - at(0)) / pd.Timedelta(hours=1) for end in ends)


@pytest.mark.parametrize(
    ("tracks", "bounds", "heard"),
    [
        ([track(33, 48), track(45, 51, came_h=30, gone_h=53)], (30, 33, 51, 53), (True, True)),
        ([track(5, 15, gone_h=40), track(10, 20, gone_h=20.1)], (None, 5, 20, 20.1), (False, True)),
        ([track(5, 20, gone_h=20.1), track(10, 15, gone_h=40)], (None, 5, 20, 20.1), (False, True)),
        ([track(5, 12, gone_h=13), track(10, 20, gone_h=40)], (None, 5, 20, 40), (False, False)),
        ([track(5, 12), track(5, 20, came_h=4)], (4, 5, 20, None), (True, False)),
        ([track(5, 12, came_h=1.5), track(8, 20, came_h=6)], (1.5, 5, 20, None), (True, False)),
    ],
)
def test_the_nearest_word_from_elsewhere_bounds_a_stay_whichever_track_heard_it(tracks, bounds, heard):
    """Reports of her coming must count also if the later track has them, else the arrival would be open."""
    for order in (tracks, tracks[::-1]):
        (stay,) = stays_of(*order)
        assert bounds_h(stay) == pytest.approx(bounds)
        assert (stay.heard_arriving, stay.heard_leaving) == heard


@pytest.mark.parametrize(("came_h", "calls"), [(None, 1), (25.0, 1), (38.0, 2)])
def test_who_was_heard_elsewhere_between_two_silences_left_and_came_back(came_h, calls):
    """At the berth to 30 h and again from 44 h; the report in between may belong to either track."""
    assert len(stays_of(track(21, 30), track(44, 59, came_h=came_h))) == calls


def random_tracks(seed: int) -> list[pd.DataFrame]:
    """Two tracks that overlap or follow each other, with or without reports from elsewhere before and after."""
    rng = np.random.default_rng(seed)

    def word() -> float | None:
        return float(rng.choice([0.5, 2.0, 6.0, 15.0])) if rng.random() < 0.7 else None

    out = []
    for _ in range(2):
        first, last = sorted(rng.choice(np.arange(20, 60), 2, replace=False).tolist())
        before, after = word(), word()
        out.append(track(first, last, came_h=before and first - before, gone_h=after and last + after))
    return out


@pytest.mark.parametrize("seed", range(30))
def test_time_turned_round_turns_the_stays_round(seed):
    """Reversed, arrivals become departures: both ends of a stay must follow the same rule."""
    tracks = random_tracks(seed)
    turned = [part.assign(time_utc=at(END_H) - (part["time_utc"] - at(0))) for part in tracks]
    straight = [(*bounds_h(s), s.heard_arriving, s.heard_leaving) for s in stays_of(*tracks)]
    back = [
        (*(None if h is None else END_H - h for h in bounds_h(s)[::-1]), s.heard_leaving, s.heard_arriving)
        for s in stays_of(*turned)
    ]
    assert sorted(back, key=str) == sorted(straight, key=str)


def test_two_ships_under_one_number_in_one_anchorage_are_two_stays():
    """1.6 km apart at the same time, neither heard arriving or leaving."""
    west, east = ((ANCHORAGE[0] + step, ANCHORAGE[1]) for step in (-0.01, 0.01))
    assert [s.zone_id for s in stays_of(track(5, 40, west), track(6, 42, east))] == ["roads", "roads"]


def test_her_stay_goes_on_though_another_ship_under_her_number_lies_elsewhere_meanwhile():
    west, east = ((ANCHORAGE[0] + step, ANCHORAGE[1]) for step in (-0.01, 0.01))
    ends = [bounds_h(s)[1:3] for s in stays_of(track(5, 20, west), track(10, 40, east), track(30, 35, west))]
    assert ends == [(5, 35), (10, 40)]


@pytest.mark.parametrize(("minutes", "berthed"), [(3, ["oil"]), (30, ["oil", "roads"])])
def test_a_word_from_elsewhere_is_a_stop_there_where_she_had_time_to_shift(minutes, berthed):
    """After hours alongside with a fix every three minutes, one fix at rest in the roads, 7 km from the berth."""
    later = 20 + minutes / 60
    here = track(10, 20, every_h=0.05)
    assert [s.zone_id for s in stays_of(here, track(later, later, ANCHORAGE))] == berthed


def test_a_word_of_another_track_at_the_same_berth_is_of_her_stay():
    (stay,) = stays_of(track(10, 20, every_h=0.05), track(20.05, 20.05))
    assert stay.departure_lo == at(20.05)
