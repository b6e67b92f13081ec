"""Images of transmitting ships belong to the heard stay, whatever zone or silence they fall into."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import heard
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.stays import Stay
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.ships.turnover import Turnover
from pipeline.tables import STATIC, TRACKS
from tests.builders import box_zone, place_of
from tests.calls.test_port_calls import HULL, calls_from, only_call
from tests.calls.traffic import BERTH, MMSI, at, fixes, harbour, looks_at, off_berth, said, sighting, visit

STAY_D = CallsConfig().stay_d


def without_messages(table: pd.DataFrame, start_h: float, end_h: float) -> pd.DataFrame:
    """The reports without those of some hours."""
    return table[(table["time_utc"] < at(start_h)) | (table["time_utc"] > at(end_h))]


@pytest.mark.parametrize("hole", [(19.2, 20.8), (18.5, 21.5), (15, 25), (10, 55)])
def test_a_picture_in_a_silence_of_her_stay_makes_no_second_call(hole):
    """She was there throughout, however long her transponder was off."""
    row = only_call(
        without_messages(visit(5, 60), *hole), said(4, **HULL), seen=[sighting("d", 20)], looks=looks_at(20)
    )
    assert row["detection_ids"] == ["d"]
    assert ("seen_while_silent" in row["flags"]) == (hole[0] < 19)


def test_a_feed_of_one_fix_in_three_hours_counts_a_stay_once():
    lies = fixes(np.arange(4.0, 61, 3.0), *BERTH)
    away = [fixes(h, *off_berth(9000), 10.0) for h in (3, 62)]
    hours = (11.5, 35.5, 59.5)
    row = only_call(lies, *away, said(4, **HULL), seen=[sighting(f"d{h}", h) for h in hours], looks=looks_at(*hours))
    assert row["n_seen"] == 3


@pytest.mark.parametrize(
    "other",
    [
        {"length_m": 140.0},  # another hull
        {"spot": off_berth(160)},  # farther than half her length and both position errors
    ],
    ids=["another length", "beside her"],
)
def test_another_ship_in_her_silence_is_a_call_of_its_own(other):
    table = calls_from(
        without_messages(visit(5, 60), 15, 25), said(4, **HULL), seen=[sighting("d", 20, **other)], looks=looks_at(20)
    )
    assert len(table) == 2
    assert set(table["p_new_call"]) == {1.0}


def test_who_is_not_matched_though_she_speaks_is_another():
    """Her transponder was heard that very minute, and matching did not assign the sighting to it."""
    neighbour = visit(5, 60, mmsi=MMSI + 9, spot=off_berth(0, 40))
    seen = [sighting("hers", 20), sighting("other", 20, spot=off_berth(0, 41), length_m=150.0)]
    table = calls_from(visit(5, 60), neighbour, said(4, **HULL), said(4, mmsi=MMSI + 9, **HULL), seen=seen,
                   looks=looks_at(20))  # fmt: skip
    assert sorted(n for names in table["detection_ids"] for n in names) == ["hers", "other"]
    assert "seen_while_silent" not in {flag for flags in table["flags"] for flag in flags}


def test_two_in_one_picture_are_two_ships_though_both_fit():
    seen = [sighting("a", 20), sighting("b", 20, spot=off_berth(60))]
    table = calls_from(without_messages(visit(5, 60), 15, 25), said(4, **HULL), seen=seen, looks=looks_at(20))
    assert [list(names) for names in table["detection_ids"]] == [["a"], ["b"]]


@pytest.mark.parametrize(("hours", "low", "high"), [(26, 0.0, 0.1), (80, 0.15, 0.9)])
def test_seen_after_the_last_word_she_may_be_there_still(hours, low, high):
    """The later the image, the likelier another ship; so soon after her it hardly ever is."""
    table = calls_from(fixes(np.arange(5, 20, 0.1), *BERTH), said(4, **HULL), seen=[sighting("d", hours)],
                   looks=looks_at(hours))  # fmt: skip
    assert table["detection_ids"].map(len).tolist() == [0, 1]
    assert low <= table["p_new_call"].iloc[1] <= high


def test_seen_before_the_first_word_is_as_doubtful_as_after_the_last():
    """The same with time reversed."""
    lies = fixes(np.arange(105, 120, 0.1), *BERTH)
    after = calls_from(lies, said(104, **HULL), seen=[sighting("d", 134.9)], looks=looks_at(134.9))
    before = calls_from(lies, said(80, **HULL), seen=[sighting("d", 90)], looks=looks_at(90))
    assert before["p_new_call"].min() == pytest.approx(after["p_new_call"].min(), abs=1e-3)


@pytest.mark.parametrize("turned_round", [False, True])
@pytest.mark.parametrize("then_h", [0.0, 24.0])
def test_who_was_heard_to_come_is_there_still_as_often_as_in_drawn_turns(then_h, turned_round):
    """Heard for half a day from her arrival (or to her departure), seen half a day later, and ``then_h`` after that."""
    rng, (low, high) = np.random.default_rng(9), np.log(STAY_D)
    stay = np.exp(rng.normal((low + high) / 2, (high - low) / (2 * Z90), (200_000, 12)))
    free = rng.exponential(2.0, stay.shape)
    left = np.cumsum(stay + free, axis=1) - free[:, :1]
    there = (left - stay <= 1.0) & (left > 1.0 + then_h / 24) & (left[:, :1] > 0.5)

    seen = [sighting(f"d{h}", 36.0 - h if turned_round else 36.0 + h) for h in sorted({0.0, then_h})]
    sightings = sorted(seen, key=lambda s: s["acquired"])
    came_lo, came, last, left_hi = (
        (None, at(48), at(60), at(60.001)) if turned_round else (at(11.999), at(12), at(24), None)
    )
    stays = [Stay(MMSI, "oil", came_lo, came, last, left_hi, not turned_round, turned_round, BERTH)]
    known = heard.Heard(stays, TRACKS.empty(), STATIC.empty(), harbour())
    found, chance = known.continued_stay(DarkStay("oil", Turnover(STAY_D, 2.0), sightings), CallsConfig())
    assert found == 0
    assert chance == pytest.approx(there[:, 0].sum() / there.sum(), abs=0.015)


def test_the_middle_of_her_hull_may_lie_in_the_next_zone():
    """Her antenna is on one side of the line between two berths, the hull's centre on the other."""
    lon, lat = BERTH
    here = box_zone("oil", lon - 0.002, lat - 0.001, lon + 0.002, lat + 0.001, cargo="oil_products")
    there = box_zone("oil2", lon + 0.002, lat - 0.001, lon + 0.006, lat + 0.001, cargo="oil_products")
    seen = [sighting(f"d{h}", h, spot=off_berth(175), berth_id="oil2") for h in (20, 40)]
    looks = pd.concat([looks_at(20, 40), looks_at(20, 40, zone="oil2")])
    row = only_call(
        visit(5, 60, spot=off_berth(150)), said(4, **HULL), seen=seen, looks=looks, place=place_of(here, there)
    )
    assert (row["berth_id"], row["detection_ids"]) == ("oil", ["d20", "d40"])


def test_a_sighting_is_evidence_of_one_stay_alone():
    """Two ships under one number, 3 km apart, each seen once."""
    lon, lat = BERTH
    place = place_of(box_zone("oil", lon - 0.05, lat - 0.001, lon + 0.05, lat + 0.001, cargo="oil_products"))
    spots = off_berth(-1500), off_berth(1500)
    both = [visit(5 + n / 50, 60, spot=spot, seed=n) for n, spot in enumerate(spots)]
    table = calls_from(*both, said(4, **HULL), place=place, looks=looks_at(20),
                   seen=[sighting(f"d{n}", 20, spot=spot) for n, spot in enumerate(spots)])  # fmt: skip
    assert sorted(map(list, table["detection_ids"])) == [["d0"], ["d1"]]


@pytest.mark.parametrize(
    ("bounds", "at_most", "first_h", "last_h"),
    [
        ((8, 22), False, 8, 22),  # heard elsewhere before and after: she was there in between at most
        ((None, None), False, 4, 26),  # not heard arriving or leaving: up to the longest silence before and after
        ((1, 40), False, 1, 40),
        ((1, 40), True, 4, 26),
        ((8, 22), True, 8, 22),
        ((None, 22), True, 4, 22),
    ],
)
def test_she_may_have_been_there_between_her_bounds_or_for_as_long_as_nobody_heard(bounds, at_most, first_h, last_h):
    """A stay heard from 10 h to 20 h, and a silence of at most six hours on either side."""
    came, left = (None if hour is None else at(hour) for hour in bounds)
    stay = SimpleNamespace(arrival_lo=came, arrival_hi=at(10), departure_lo=at(20), departure_hi=left)
    hours = np.arange(0, 48.25, 0.25)
    there = [hour for hour in hours if heard._may_be_present(stay, at(hour), pd.Timedelta(hours=6), at_most=at_most)]
    assert (there[0], there[-1], len(there)) == (first_h, last_h, 4 * (last_h - first_h) + 1)


@pytest.mark.parametrize("end", ["arrival", "departure"])
def test_an_end_that_her_messages_leave_open_is_flagged_as_one_that_no_look_bounds(end):
    whole = visit(5, 20)
    cut = whole[whole["time_utc"] > at(7)] if end == "arrival" else whole[whole["time_utc"] < at(18)]
    row = only_call(cut.reset_index(drop=True))
    assert pd.isna(row[{"arrival": "arrival_lo", "departure": "departure_hi"}[end]])
    assert row["flags"] == [{"arrival": "arrival_open", "departure": "left_open"}[end], "ais_gap"]
