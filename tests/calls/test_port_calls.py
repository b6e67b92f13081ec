from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.call_rows import BASE_TANKER_SHARE
from pipeline.calls.matching import match
from pipeline.calls.port_calls import port_calls
from pipeline.calls.sizes import LARGEST_M, size_of_hull
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.tables import PORT_CALLS
from tests.calls.traffic import (
    ANCHORAGE,
    BERTH,
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
    with_spikes,
)

CONFIG = CallsConfig()
HULL = {"a": 80.0, "b": 16.0, "c": 7.0, "d": 8.0, "ship_type": 80}


def calls_from(*messages: pd.DataFrame, seen=(), looks=None, registry=None, place=None, shuffle=False) -> pd.DataFrame:
    """Port calls from messages and sightings, with the same steps before as in a run."""
    table, found = feed(*messages), detections(*seen)
    if shuffle:
        table, found = (t.sample(frac=1, random_state=5).reset_index(drop=True) for t in (table, found))
    tracks, static = clean_tracks(table), static_reports(table)
    return port_calls(
        detections=found,
        looks=looks_at() if looks is None else looks,
        matches=match(found, tracks, static, CONFIG),
        tracks=tracks,
        static=static,
        registry=registry,
        place=place or harbour(),
        config=CONFIG,
    )


def only_call(*messages: pd.DataFrame, **more) -> pd.Series:
    (row,) = calls_from(*messages, **more).to_dict("records")
    return pd.Series(row)


def test_one_heard_visit_is_one_call_of_the_best_class():
    row = only_call(visit(5, 20), said(4, name="ALPHA", imo=9074729, **HULL))
    assert (row["evidence_class"], row["vessel_id"], row["name"]) == ("A", "imo:9074729", "ALPHA")
    assert row["arrival_lo"] <= at(5) <= row["arrival_hi"] <= row["departure_lo"] <= at(20) <= row["departure_hi"]
    assert row["counts"]
    assert row["flags"] == []


def test_sightings_of_a_heard_ship_are_evidence_and_no_further_calls():
    row = only_call(visit(5, 40), seen=[sighting(f"d{h}", h) for h in (8, 20, 32)], looks=looks_at(8, 20, 32))
    assert row["detection_ids"] == ["d8", "d20", "d32"]
    assert (row["n_seen"], row["n_looks"]) == (3, 3)


def test_the_table_holds_what_its_contract_tells_and_nothing_that_was_only_worked_with():
    table = calls_from(visit(5, 20), seen=[sighting("dark", 60)], looks=looks_at(60))
    assert list(table.columns) == PORT_CALLS.names


@pytest.mark.parametrize("hours", [4.6, 9.4])
def test_a_sighting_just_outside_of_what_was_heard_is_the_same_stay(hours):
    """Her transponder was on from 5 to 9 h; the image was taken half an hour outside of that."""
    row = only_call(fixes(np.arange(5, 9, 0.1), *BERTH), seen=[sighting("d", hours)], looks=looks_at(hours))
    assert row["detection_ids"] == ["d"]
    assert row["arrival_hi"] <= at(hours) <= row["departure_lo"]


@pytest.mark.parametrize("seed", range(3))
def test_spikes_and_repeats_make_no_call(seed):
    table = with_spikes(visit(5, 60, seed=seed), 0.05, seed)
    assert len(calls_from(table, table.iloc[::7])) == 1


def test_a_ship_that_no_one_heard_is_called_by_pictures():
    traffic = visit(5, 60, mmsi=MMSI + 7, spot=off_berth(-20_000))  # another ship is heard, so reception works: dark
    row = only_call(traffic, seen=[sighting("a", 24), sighting("b", 36)], looks=looks_at(12, 24, 36, 48))
    assert (row["evidence_class"], row["vessel_id"]) == ("C", "anonymous")
    assert row["identity_probability"] == 0
    assert "dark" in row["flags"]
    assert (row["arrival_lo"], row["arrival_hi"]) == (at(12), at(24))
    assert (row["departure_lo"], row["departure_hi"]) == (at(36), at(48))
    assert (row["n_looks"], row["n_seen"]) == (2, 2)


def test_where_no_transponder_was_heard_nobody_is_dark():
    row = only_call(seen=[sighting("a", 24)], looks=looks_at(12, 24, 48))
    assert "no_ais" in row["flags"]
    assert "dark" not in row["flags"]
    assert row["evidence_class"] == "D"


def test_a_day_that_nobody_looked_is_unknown_and_bounds_nothing():
    """The looks at 12 h and 48 h were cloudy: arrival and departure are open up to the longest stay."""
    row = only_call(seen=[sighting("a", 200)], looks=pd.concat([looks_at(200), looks_at(190, 210, state="unknown")]))
    assert row["arrival_lo"] == at(200 - 6 * 24)
    assert row["departure_hi"] == at(200 + 6 * 24)
    assert {"arrival_open", "left_open"} <= set(row["flags"])


@pytest.mark.parametrize(("step_h", "days"), [(12, 5), (12, 6), (12, 8), (6, 8), (24, 14)])
@pytest.mark.parametrize("hidden", [True, False])
def test_bounds_are_in_order_however_long_a_ship_is_seen(step_h, days, hidden):
    """Arrival and departure are intervals; a ship seen for longer than ``max_stay_d`` was there throughout."""
    hours = np.arange(48, 48 + 24 * days + 1, step_h).astype(float)
    seen = [sighting(f"d{h:g}", h, length_lo_m=95.0, length_hi_m=97.0) for h in hours]
    transmits = [] if hidden else [fixes(hours + 0.01, *BERTH), said(4, **HULL)]
    rows = calls_from(*transmits, seen=seen, looks=looks_at(0.0, *hours, 24.0 * (days + 5)))
    assert (rows["arrival_lo"].fillna(rows["arrival_hi"]) <= rows["arrival_hi"]).all()
    assert (rows["arrival_hi"] <= rows["departure_lo"]).all()
    assert (rows["departure_lo"] <= rows["departure_hi"].fillna(rows["departure_lo"])).all()
    assert rows["n_seen"].sum() == len(hours)


def test_the_longest_stay_does_not_bound_who_was_seen_for_longer():
    """Seen on eight days: each end is open by the longest stay, or up to a look that missed her.

    Six days as declared, and somewhat more since she stayed so long.
    """
    hours = np.arange(240, 240 + 24 * 8 + 1, 12).astype(float)
    seen = [sighting(f"d{h:g}", h, length_lo_m=95.0, length_hi_m=97.0) for h in hours]
    row = only_call(seen=seen, looks=looks_at(*hours))
    assert at(240 - 6.2 * 24) <= row["arrival_lo"] <= at(240 - 6 * 24)
    assert at(432 + 6 * 24) <= row["departure_hi"] <= at(432 + 6.2 * 24)
    row = only_call(seen=seen, looks=looks_at(200, *hours, 500))
    assert (row["arrival_lo"], row["departure_hi"]) == (at(200), at(500))


def test_rejected_sightings_and_those_at_no_berth_make_no_call():
    seen = [sighting("a", 8, accepted=False), sighting("b", 8, berth_id="")]
    assert calls_from(seen=seen, looks=looks_at(8)).empty


def test_anchoring_does_not_count():
    lon, lat = 133.0, 42.77
    row = only_call(fixes(np.arange(5, 20, 0.1), lon, lat), said(4, **HULL))
    assert (row["berth_kind"], row["counts"], row["p_loading"]) == ("anchorage", False, 0.0)


@pytest.mark.parametrize(("ship_type", "counts"), [(80, True), (89, True), (70, False), (31, False)])
def test_only_tankers_count(ship_type, counts):
    row = only_call(visit(5, 20), said(4, **(HULL | {"ship_type": ship_type})))
    assert row["counts"] == counts
    assert (row["p_tanker"] > 0.9) == counts


def test_of_a_dark_ship_the_berths_trade_and_what_looks_say_of_her_multiply_the_odds():
    """A neutral look leaves the berth's prior; away from a berth, that of the place applies."""

    def odds(score, cargo="oil_products"):
        place = replace(harbour(), zones=tuple(replace(zone, cargo=cargo) for zone in harbour().zones))
        p = only_call(seen=[sighting("a", 8, tanker_score=score)], looks=looks_at(8), place=place)["p_tanker"]
        return p / (1 - p)

    prior, base = CONFIG.prior_p_tanker_at_oil_berth, BASE_TANKER_SHARE
    assert odds(base) == pytest.approx(prior / (1 - prior))
    assert odds(base, "coal") == pytest.approx(base / (1 - base))
    for cargo in ("oil_products", "coal"):
        assert odds(0.6, cargo) / odds(0.2, cargo) == pytest.approx(1.5 / 0.25)


def test_longer_ships_are_another_trade():
    row = only_call(visit(5, 20), said(4, **(HULL | {"a": 200.0})), place=harbour(max_length_m=150.0))
    assert not row["counts"]
    assert "too_long_for_this_trade" in row["flags"]


@pytest.mark.parametrize(("shortest_m", "may_be"), [(100.0, True), (160.0, False)])
def test_a_hull_left_out_as_too_long_that_may_be_shorter_says_so(shortest_m, may_be):
    """Ship and pier measured as one: the length interval extends down to hers."""
    seen = [sighting("a", 8, length_m=189.0) | {"length_lo_m": shortest_m, "length_hi_m": 215.0}]
    row = only_call(seen=seen, looks=looks_at(8), place=harbour(max_length_m=150.0))
    assert not row["counts"]
    assert ("may_be_shorter" in row["flags"]) == may_be


@pytest.mark.parametrize(("length_m", "counts"), [(10.0, False), (20.0, False), (26.0, True), (64.0, True)])
def test_a_boat_at_an_oil_berth_is_no_tanker_whoever_says_so(length_m, counts):
    row = only_call(visit(5, 20), said(4, a=length_m - 5.0, b=5.0, c=2.0, d=2.0, ship_type=80))
    assert row["counts"] == counts
    assert ("too_short_for_this_trade" in row["flags"]) != counts


@pytest.mark.parametrize(
    ("into", "out", "low", "high"), [(4.0, 6.4, 0.95, 1.0), (6.4, 4.0, 0.3, 0.6), (5.0, 5.0, 0.92, 0.949)]
)
def test_draughts_tell_loading_from_discharging(into, out, low, high):
    row = only_call(visit(5, 20), said(4, draught=into, **HULL), said(22, draught=out, **HULL))
    assert row["draught_in_m"] == into
    assert low <= row["p_loading"] <= high


@pytest.mark.parametrize(("into", "out", "low", "high"), [(4.0, 6.2, 0.95, 1.0), (6.2, 4.0, 0.3, 0.6)])
def test_a_draught_typed_before_sailing_is_that_of_departure(into, out, low, high):
    row = only_call(visit(5, 20), said(4, draught=into, **HULL), said(19, draught=out, **HULL))
    assert (row["draught_in_m"], row["draught_out_m"]) == (into, out)
    assert low <= row["p_loading"] <= high


def test_a_draught_that_nobody_typed_anew_stands_at_both_ends_if_she_was_heard_after_sailing():
    row = only_call(visit(5, 20), said(4, draught=6.2, **HULL))
    assert (row["draught_in_m"], row["draught_out_m"]) == (6.2, 6.2)
    silent = only_call(fixes(np.arange(5, 20, 0.1), *BERTH), said(4, draught=6.2, **HULL))
    assert silent["draught_in_m"] == 6.2
    assert pd.isna(silent["draught_out_m"])


def test_what_she_loads_at_her_next_berth_is_not_of_the_stop_before():
    """A day in the roads, a day at the berth, draught typed after sailing: she left the roads as light as she came."""
    waits = fixes(np.arange(0, 10, 0.1), *ANCHORAGE)
    row = calls_from(waits, visit(12, 30), said(0, draught=4.0, **HULL), said(31, draught=6.2, **HULL)).set_index(
        "berth_id"
    )
    draughts = row[["draught_in_m", "draught_out_m"]]
    assert draughts.loc["roads"].tolist() == [4.0, 4.0]
    assert draughts.loc["oil"].tolist() == [4.0, 6.2]


def test_a_draught_typed_at_anchor_after_sailing_is_of_the_berth_that_she_left():
    lies = fixes(np.arange(21, 40, 0.1), *ANCHORAGE)
    row = calls_from(
        visit(5, 20)[lambda v: v["time_utc"] < at(20.2)],
        lies,
        said(4, draught=4.0, **HULL),
        said(30, draught=6.2, **HULL),
    )
    assert row.set_index("berth_id").loc["oil", ["draught_in_m", "draught_out_m"]].tolist() == [4.0, 6.2]


def test_an_impossible_draught_is_not_used():
    row = only_call(
        visit(5, 20), said(3, draught=4.0, **HULL), said(4, draught=20.0, **HULL), said(22, draught=6.4, **HULL)
    )
    assert (row["draught_in_m"], row["draught_out_m"]) == (4.0, 6.4)


def test_broadcast_and_seen_lengths_are_weighed():
    """The broadcast 96 m has an error of 2 m; a sighting at 110 m with 5 % bounds weighs less."""
    row = only_call(visit(5, 20), said(4, **HULL), seen=[sighting("d", 10, length_m=110.0)], looks=looks_at(10))
    assert 96 < row["length_m"] < 103
    assert row["length_lo_m"] < row["length_m"] < row["length_hi_m"]


def test_many_looks_do_not_make_a_length_certain():
    """Errors common to all looks remain: the interval does not shrink to zero."""
    row = only_call(seen=[sighting(f"d{n:02}", 6 * n) for n in range(20)], looks=looks_at(*range(0, 120, 6)))
    assert row["length_hi_m"] - row["length_lo_m"] > 2 * 1.64 * 0.029 * 96


def test_the_registry_gives_deadweight():
    registry = pd.DataFrame([{"imo": 9074729, "mmsi": 0, "name": "BETA", "dwt_t": 5100.0, "tonnage_kind": "DWT"}])
    row = only_call(visit(5, 20), said(4, imo=9074729, name="ALPHA", **HULL), registry=registry)
    assert (row["dwt_t"], row["name"]) == (5100.0, "BETA")
    other = only_call(visit(5, 20), said(4, imo=9331127, **HULL), registry=registry)
    assert pd.isna(other["dwt_t"])


def test_who_has_the_number_later_is_not_who_called():
    """Two ships under one number, twelve days apart: each call has the name broadcast at its time."""
    alpha = said(4, name="ALPHA", imo=9074729, draught=4.0, **HULL)
    bravo = said(300, name="BRAVO", imo=9129653, a=120.0, b=40.0, c=10.0, d=12.0, ship_type=70)
    alone = only_call(visit(5, 20), alpha)
    first, second = calls_from(visit(5, 20), alpha, visit(305, 320), bravo).to_dict("records")
    same = ["name", "imo", "length_m", "beam_m", "p_tanker", "counts", "draught_in_m", "draught_out_m"]
    assert {k: first[k] for k in same} == alone[same].to_dict()
    assert (second["name"], second["imo"], second["length_m"], second["counts"]) == ("BRAVO", 9129653, 160.0, False)


def test_a_ship_that_names_herself_days_later_only_is_taken_at_her_first_word():
    halves = (said(100, name="ALPHA"), said(100.01, **HULL))
    other = said(300, name="BRAVO", a=120.0, b=40.0, c=10.0, d=12.0, ship_type=70)
    row = only_call(visit(5, 20), *halves, other)
    assert (row["name"], row["length_m"], row["counts"]) == ("ALPHA", 96.0, True)


def test_gross_tonnage_is_not_deadweight():
    registry = pd.DataFrame([{"imo": 9074729, "mmsi": 0, "name": "", "dwt_t": 3000.0, "tonnage_kind": "GT"}])
    assert pd.isna(only_call(visit(5, 20), said(4, imo=9074729, **HULL), registry=registry)["dwt_t"])


def test_same_input_same_table_whatever_the_order():
    messages = (visit(5, 20), said(4, **HULL), visit(30, 50, mmsi=MMSI + 1), said(29, mmsi=MMSI + 1, **HULL))
    seen = [sighting("a", 10), sighting("b", 60, length_m=120.0), sighting("c", 70, length_m=121.0)]
    looks = looks_at(10, 60, 70, 90)
    first = calls_from(*messages, seen=seen, looks=looks)
    assert len(first) == 3
    pd.testing.assert_frame_equal(first, calls_from(*messages, seen=seen, looks=looks))
    pd.testing.assert_frame_equal(first, calls_from(*messages, seen=seen, looks=looks, shuffle=True))


def test_calls_come_in_order_of_arrival_with_names_of_their_own():
    table = calls_from(visit(50, 60), visit(5, 20, mmsi=MMSI + 1), visit(100, 120))
    assert table["arrival_hi"].is_monotonic_increasing
    assert table["call_id"].is_unique


def test_another_ship_does_not_rename_a_call():
    alone = calls_from(visit(5, 20))
    both = calls_from(visit(5, 20), visit(30, 50, mmsi=MMSI + 1))
    assert alone["call_id"].iloc[0] in set(both["call_id"])


@pytest.mark.parametrize("microseconds", [-100, -2, 2, 100])
def test_a_hull_measured_a_hair_off_does_not_rename_a_call_seen_by_radar(microseconds):
    """A satellite moves 7 m over ground in a millisecond: 0.1 ms is less than a metre, so the call is the same."""
    seen = sighting("a", 10.0001, sensor="sentinel-1")  # not at a full second
    later = seen | {"acquired": seen["acquired"] + pd.Timedelta(microseconds=microseconds)}
    first, second = (calls_from(seen=[one], looks=looks_at(10.0001, 60)) for one in (seen, later))
    assert first["call_id"].tolist() == second["call_id"].tolist()


def test_sightings_a_minute_apart_are_calls_of_other_names():
    first, second = (calls_from(seen=[sighting("a", h)], looks=looks_at(h, 60)) for h in (10, 10 + 1 / 60))
    assert first["call_id"].tolist() != second["call_id"].tolist()


def test_nothing_in_nothing_out():
    table = calls_from()
    assert len(table) == 0
    assert list(table.columns) == PORT_CALLS.names


def test_a_quay_taken_for_a_hull_makes_no_call_longer_than_ships_are():
    """Intervals stay ordered and within the table's limits, so that one bad outline does not end a run."""
    looks = pd.DataFrame({"length_m": [495.0], "length_lo_m": [410.0], "length_hi_m": [660.0],
                          "beam_m": [95.0], "beam_lo_m": [70.0], "beam_hi_m": [130.0]})  # fmt: skip
    said = size_of_hull(looks, pd.DataFrame({"length_m": [], "beam_m": []}))
    for name, most in LARGEST_M.items():
        assert 0 <= said[f"{name}_lo_m"] <= said[f"{name}_m"] <= said[f"{name}_hi_m"] == most


def test_a_sighting_without_a_time_of_day_bounds_a_stay_by_its_day():
    """The image may be from any moment of its day: the bounds must hold for all, and noon is not assumed."""
    seen = [sighting("d", 60, flags=["time_of_day_unknown"])]
    row = only_call(seen=seen, looks=looks_at(60))
    assert row["arrival_hi"] == at(72) - pd.Timedelta(microseconds=1)
    assert row["departure_lo"] == at(48)
    assert "time_of_day_unknown" in row["flags"]
    assert (row["n_looks"], row["n_seen"]) == (1, 1)
    for hour in range(48, 72):  # the same ship, seen at a known hour of that day
        known = only_call(seen=[sighting("d", hour)], looks=looks_at(hour))
        assert row["arrival_lo"] <= known["arrival_lo"] <= known["arrival_hi"] <= row["arrival_hi"]
        assert row["departure_lo"] <= known["departure_lo"] <= known["departure_hi"] <= row["departure_hi"]


def test_a_timed_sighting_beside_it_keeps_its_hour():
    seen = [sighting("a", 60, flags=["time_of_day_unknown"]), sighting("b", 66)]
    row = only_call(seen=seen, looks=looks_at(60, 66))
    assert (row["arrival_hi"], row["departure_lo"]) == (at(66), at(66))


def test_two_rafted_ships_in_two_pictures_of_a_pass_are_two_calls():
    """60 m apart: each ship's second sighting is merged only with her own first, whichever is more certain."""
    beside = off_berth(0, 60)
    score = {"a10": 0.95, "b10": 0.90, "a10.02": 0.92, "b10.02": 0.97}
    seen = [
        sighting(f"{ship}{h:g}", h, spot=spot, length_m=length_m, score=score[f"{ship}{h:g}"])
        for h in (10, 10.02)
        for ship, spot, length_m in (("a", BERTH, 96.0), ("b", beside, 70.0))
    ]
    table = calls_from(seen=seen, looks=looks_at(10, 10.02))
    assert sorted(map(list, table["detection_ids"])) == [["a10"], ["b10.02"]]


def test_a_draught_that_stays_speaks_against_a_loading_where_all_others_change_theirs():
    """Twelve ships type a deeper draught on sailing and one does not: that makes her loading less likely than alone."""

    def heard(n, out):
        into = (
            said(36 * n + 4, mmsi=MMSI + n, draught=4.0, **HULL),
            said(36 * n + 22, mmsi=MMSI + n, draught=out, **HULL),
        )
        return [visit(36 * n + 5, 36 * n + 20, mmsi=MMSI + n, every_min=20), *into]

    alone = only_call(*heard(0, 4.0))["p_loading"]
    others = [part for n in range(1, 13) for part in heard(n, 6.4)]
    together = calls_from(*heard(0, 4.0), *others)
    stayed = together[together["draught_out_m"] == 4.0]
    assert len(together) == 13
    assert len(stayed) == 1
    assert stayed["p_loading"].iloc[0] < 0.88 < alone < 0.95
    assert (together.drop(stayed.index)["p_loading"] > 0.95).all()
