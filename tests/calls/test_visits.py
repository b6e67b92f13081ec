"""A visit is one cargo however often she shifts berth; and no cargo is loaded within minutes."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import clean_tracks
from pipeline.calls.stays import Stay
from pipeline.calls.visits import visits
from tests.builders import box_zone, place_of
from tests.calls.test_port_calls import HULL, calls_from, only_call
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, at, feed, fixes, looks_at, off_berth, said, sighting, visit

NEXT = off_berth(410)


def two_berths(**second):
    """Two counted berths with centres 410 m apart, and roads that do not count."""
    zones = [
        box_zone(name, lon - 0.002, lat - 0.001, lon + 0.002, lat + 0.001, cargo="oil_products", **more)
        for name, (lon, lat), more in (("oil", BERTH, {}), ("oil2", NEXT, second))
    ]
    lon, lat = ANCHORAGE
    return place_of(*zones, box_zone("roads", lon - 0.02, lat - 0.01, lon + 0.02, lat + 0.01, kind="anchorage",
                                     counts=False))  # fmt: skip


def shifts(*way: pd.DataFrame, second_h: float, until_h: float = 90.0) -> list[pd.DataFrame]:
    """At the first berth from 5 to 30 h, along the given way, then at the second until she sails."""
    first = visit(5, 30)[lambda v: v["time_utc"] <= at(30)]
    second = visit(second_h, until_h, spot=NEXT)[lambda v: v["time_utc"] >= at(second_h)]
    return [first, *way, second]


def along(start_h: float, end_h: float, spots, knots: float = 1.5) -> pd.DataFrame:
    """A fix every three minutes from spot to spot."""
    hours = np.arange(start_h + 0.05, end_h, 0.05)
    corners = np.linspace(start_h, end_h, len(spots))
    lon, lat = (np.interp(hours, corners, [s[n] for s in spots]) for n in (0, 1))
    return fixes(hours, lon, lat, knots)


TYPED = [said(4, draught=4.0, **HULL), said(88, draught=6.5, **HULL)]


@pytest.mark.parametrize(
    ("way", "second_h"),
    [
        ([along(30, 31, [BERTH, NEXT])], 31),
        ([], 36),  # not heard while shifting
        ([along(30, 32, [BERTH, ANCHORAGE], 3.0), fixes(np.arange(32, 44, 0.1), *ANCHORAGE),
          along(44, 46, [ANCHORAGE, NEXT], 3.0)], 46),
    ],
    ids=["along the quay", "unheard", "by the roads"],
)  # fmt: skip
def test_a_shift_is_no_second_cargo(way, second_h):
    table = calls_from(*shifts(*way, second_h=second_h), *TYPED, place=two_berths())
    berths = table[table["berth_kind"] == "berth"].set_index("berth_id")
    assert berths["counts"].to_dict() == {"oil": False, "oil2": True}  # her longest stay was at the second
    assert berths["flags"].map(list).map(lambda f: [w for w in f if w in {"same_visit", "shifted"}]).to_dict() == {
        "oil": ["same_visit"],
        "oil2": ["shifted"],
    }


def test_her_cargo_is_what_came_aboard_from_the_first_arrival_to_the_last_departure():
    """4.0 m typed before the first berth, 6.5 m after the last: the counted stay has the whole cargo."""
    way = [along(30, 31, [BERTH, NEXT])]
    for until_h in (90.0, 40.0):  # the second stay is longer, or the first
        table = calls_from(*shifts(*way, second_h=31, until_h=until_h), said(4, draught=4.0, **HULL),
                       said(until_h + 1, draught=6.5, **HULL), place=two_berths())  # fmt: skip
        (row,) = table[table["counts"].astype(bool)].to_dict("records")
        assert row["berth_id"] == ("oil2" if until_h == 90 else "oil")
        assert (row["draught_in_m"], row["draught_out_m"]) == (4.0, 6.5)


def test_a_third_berth_is_still_the_same_visit():
    """To the next berth and back again."""
    first = visit(5, 30)[lambda v: v["time_utc"] <= at(30)]
    second = fixes(np.arange(31, 50, 0.05), *NEXT, 0.0)
    third = visit(51, 70)[lambda v: v["time_utc"] >= at(51)]
    way = [along(30, 31, [BERTH, NEXT]), along(50, 51, [NEXT, BERTH])]
    table = calls_from(first, second, third, *way, said(4, **HULL), place=two_berths())
    assert table["berth_id"].tolist() == ["oil", "oil2", "oil"]
    assert table["counts"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("way", "second_h"),
    [
        ([along(30, 32, [BERTH, off_berth(9000), NEXT], 5.0)], 32),  # out to sea and back
        ([along(30, 31, [BERTH, NEXT]), fixes(np.arange(31, 56, 0.1), *ANCHORAGE)], 60),  # two days later
    ],
    ids=["she left the port", "more than a day"],
)
def test_who_left_or_waited_for_longer_may_have_two_cargoes(way, second_h):
    table = calls_from(*shifts(*way, second_h=second_h), *TYPED, place=two_berths())
    assert int(table["counts"].sum()) == 2


def stay(zone_id: str, first_h: float, last_h: float) -> Stay:
    return Stay(MMSI, zone_id, None, at(first_h), at(last_h), None, True, True, BERTH)


@pytest.mark.parametrize(
    ("out_m", "heard_h", "second_h", "one"),
    [
        (3900, 30.5, 31.0, True),
        (4100, 30.5, 31.0, False),
        (4100, 29.5, 31.0, True),  # a stray report while she lay at the first
        (4100, 31.5, 31.0, True),  # or at the second
        (100, 30.5, 54.0, True),
        (100, 30.5, 54.1, False),
        (100, 30.5, 29.9, False),  # two ships
    ],
)
def test_between_two_stays_she_left_where_she_was_heard_four_kilometres_out_or_after_a_day(
    out_m, heard_h, second_h, one
):
    """Measured from the edge of the nearer berth, 164 m from its centre; she is at the first until hour 30."""
    port = two_berths()
    port = place_of(*[zone for zone in port.zones if zone.counts])
    heard = clean_tracks(feed(fixes([heard_h], *off_berth(410 + 164 + out_m), 5.0)))
    both = [stay("oil", 5, 30), stay("oil2", second_h, 90)]
    assert visits(both, heard, port) == ([[0, 1]] if one else [])


def test_two_ships_under_one_number_at_the_same_time_are_no_visit():
    place = place_of(*(box_zone(n, lon - 0.002, lat - 0.001, lon + 0.002, lat + 0.001, cargo="oil_products")
                       for n, (lon, lat) in (("oil", BERTH), ("far", off_berth(-8000)))))  # fmt: skip
    table = calls_from(visit(5, 60), visit(5.02, 60, spot=off_berth(-8000), seed=3), said(4, **HULL), place=place)
    assert table["counts"].tolist() == [True, True]


def test_of_stays_that_do_not_count_anyway_none_speaks_for_the_visit():
    """The second berth accepts small ships only."""
    table = calls_from(*shifts(along(30, 31, [BERTH, NEXT]), second_h=31), *TYPED, place=two_berths(max_length_m=50.0))
    assert table.set_index("berth_id")["counts"].to_dict() == {"oil": True, "oil2": False}
    assert "shifted" not in table["flags"].iloc[0]


@pytest.mark.parametrize(("hours", "counts"), [(0.05, False), (1, False), (2.7, False), (3, True), (12, True)])
def test_no_cargo_comes_aboard_in_minutes(hours, counts):
    row = only_call(visit(5, 5 + hours), said(4, **HULL))
    assert (row["counts"], row["flags"]) == (counts, [] if counts else ["short_stay"])


def test_a_stay_of_unknown_length_may_be_long():
    """One fix alongside, or one every three hours: her time there is open, as for a ship seen once."""
    assert only_call(fixes([10.0], *BERTH), said(4, **HULL))["counts"]
    assert only_call(fixes([7, 13], *off_berth(9000), 10.0), fixes([10.0], *BERTH), said(4, **HULL))["counts"]
    assert only_call(visit(5, 60, mmsi=MMSI + 7, spot=off_berth(-20_000)), seen=[sighting("d", 24)],
                looks=looks_at(23, 24, 25))["counts"]  # fmt: skip


def test_one_freeboard_of_a_visit_is_one_freeboard():
    """Early in the counted stay but late in the visit: it must not be used at both ends, as if no cargo had moved."""
    side = {"freeboard_m": 2.0, "freeboard_lo_m": 1.5, "freeboard_hi_m": 2.5}
    before = [sighting(f"d{n}", h) for n, h in enumerate((8, 12, 20, 26))]
    hers = [sighting("x", 55, spot=NEXT, berth_id="oil2", **side), sighting("y", 80, spot=NEXT, berth_id="oil2")]
    seen = [*before, *hers]
    looks = looks_at(8, 12, 20, 26, 55, 80)
    way = [along(30, 31, [BERTH, NEXT])]
    table = calls_from(*shifts(*way, second_h=31), *TYPED, seen=seen, looks=looks, place=two_berths())
    (row,) = table[table["counts"].astype(bool)].to_dict("records")
    assert row["berth_id"] == "oil2"
    assert row["freeboard_out_m"] == 2.0
    assert pd.isna(row["freeboard_in_m"])


def renumbered(
    change_h: float, *, until_h: float | None = None, silent_h: float = 0.0, imo: int = 9074729
) -> list[pd.DataFrame]:
    """One stay from 10 to 40 h in which the transponder's number changes, with draughts typed under both."""
    whole, new = visit(10, 40), {"mmsi": MMSI + 1, "imo": imo}
    old = whole[whole["time_utc"] < at(change_h if until_h is None else until_h)]
    later = whole[whole["time_utc"] >= at(change_h + silent_h)].assign(mmsi=MMSI + 1)
    typed = [said(change_h + silent_h + 0.1, draught=4.0, **HULL, **new), said(39, draught=6.5, **HULL, **new)]
    return [old, later, said(9, draught=4.0, imo=9074729, **HULL), *typed]


@pytest.mark.parametrize("change_h", [15, 25, 35])
@pytest.mark.parametrize("silent_h", [0.0, 3.0])
def test_a_ship_that_changes_her_number_at_the_berth_brings_one_cargo(change_h, silent_h):
    table = calls_from(*renumbered(change_h, silent_h=silent_h))
    assert len(table) == 2
    (counted,) = table[table["counts"]].to_dict("records")
    assert {"shifted", "mmsi_changed"} <= set(counted["flags"])
    assert (counted["draught_in_m"], counted["draught_out_m"]) == (4.0, 6.5)


@pytest.mark.parametrize(
    "reports", [renumbered(25, until_h=35), renumbered(25, imo=9166778)], ids=["both send at once", "other IMO number"]
)
def test_two_numbers_are_two_ships_where_they_speak_at_once_or_name_two_hulls(reports):
    table = calls_from(*reports)
    assert table["counts"].tolist() == [True, True]
    assert not any("mmsi_changed" in flags for flags in table["flags"])
