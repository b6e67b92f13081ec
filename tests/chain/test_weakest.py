"""Each counted call without its weakest evidence: what is removed, and what remains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.chain.weakest import Chain, weakest, without_weakest
from pipeline.table_files import read_table
from pipeline.tables import ROBUSTNESS, SCENES
from tests.chain.test_verdicts import call, calls, detections


def seen(**scores: float) -> pd.DataFrame:
    table = detections(*scores)
    return table.assign(score=list(scores.values()))


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("dwt_given; load_from_freeboard", "freeboard"),
        ("dwt_given; load_from_draughts_and_freeboards", "freeboard"),
        ("dwt_given; load_from_draughts", "draught"),
        ("dwt_given; load_from_fill_prior", "sighting"),
    ],
)
def test_a_shadow_is_weaker_than_a_typed_draught_and_that_weaker_than_a_sighting(method, kind):
    one = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a", "b"])).iloc[0]
    found, _, detection = weakest(one, method, seen(a=0.9, b=0.6))
    assert found == kind
    assert detection == ("b" if kind == "sighting" else "")


def test_a_call_by_transponder_alone_rests_on_it():
    one = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", [], mmsi=999000001)).iloc[0]
    assert weakest(one, "dwt_given; load_from_fill_prior", seen(a=0.9))[0] == "transponder"


def test_an_image_that_tells_its_day_alone_gives_no_hour_to_its_sighting():
    """Tables give noon for the day; in a sentence it would read as measured."""
    one = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"])).iloc[0]
    noon = pd.Timestamp("2024-03-07T12:00Z")
    dated = seen(a=0.9).assign(acquired=noon, flags=[["time_of_day_unknown"]])
    assert weakest(one, "load_from_fill_prior", dated)[1].startswith("the optical sighting of 2024-03-07, the only one")
    assert " of 2024-03-07 12:00" in weakest(one, "load_from_fill_prior", dated.assign(flags=[[]]))[1]


def test_without_its_only_evidence_a_call_is_gone_and_the_sum_falls():
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", [], mmsi=999000001))
    liftings = pd.DataFrame(
        {"call_id": ["one"], "counts": [True], "barrels_mean": [9.0], "method": ["x"]}
        | {f"barrels_{p}": [10.0] for p in ("p5", "p50", "p95")}
    )
    chain = Chain(
        calls=lambda *_tables: port_calls,
        account=lambda c: (liftings[liftings["call_id"].isin(c["call_id"])], 10.0 * len(c)),
        loading=lambda call: 0.9,
    )
    tables = {"liftings": liftings, "port_calls": port_calls, "detections": seen(a=0.9), "scenes": SCENES.empty()}
    row = without_weakest(tables, chain).iloc[0]
    assert not row["still_counts"]
    assert np.isnan(row["barrels_p50"])
    assert (row["base_sum_p50"], row["sum_p50"]) == (10.0, 0.0)


def test_without_her_draughts_nobody_says_that_she_loaded_by_them_either():
    """The typed draughts say that she left lighter: one half. Without them the berth's own probability stands again."""
    one = call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", [], mmsi=999000001, p_loading=0.5)
    port_calls = calls(one | {"draught_in_m": 5.0, "draught_out_m": 3.0})
    held: list[pd.DataFrame] = []

    def account(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        held.append(table)
        return liftings.assign(call_id=table["call_id"]), 0.0

    liftings = pd.DataFrame(
        {"call_id": ["one"], "counts": [True], "barrels_mean": [9.0], "method": ["x; load_from_draughts"]}
        | {f"barrels_{p}": [10.0] for p in ("p5", "p50", "p95")}
    )
    chain = Chain(
        calls=lambda *_tables: port_calls,
        account=account,
        loading=lambda call: 0.5 if pd.notna(call["draught_in_m"]) else 0.95,
    )
    tables = {"liftings": liftings, "port_calls": port_calls, "detections": seen(a=0.9), "scenes": SCENES.empty()}
    assert without_weakest(tables, chain)["removed_kind"].tolist() == ["draught"]
    assert held[-1][["p_loading", "draught_in_m"]].iloc[0].tolist() == pytest.approx([0.95, np.nan], nan_ok=True)


def test_of_sightings_with_one_score_the_one_of_the_widest_length_is_weakest():
    one = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a", "b", "c"])).iloc[0]
    wide = seen(a=0.8, b=0.8, c=0.8).assign(length_lo_m=[88.0, 50.0, 90.0], length_hi_m=[99.0, 95.0, 140.0])
    assert weakest(one, "dwt_given; load_from_fill_prior", wide)[2] == "c"
    assert weakest(one, "dwt_given; load_from_fill_prior", wide.assign(length_hi_m=[99.0, 95.0, 100.0]))[2] == "b"


@pytest.mark.parametrize(("mmsi", "only"), [(None, True), (999000001, False)])
def test_one_sighting_of_a_ship_that_was_heard_is_not_all_there_is(mmsi, only):
    one = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], mmsi=mmsi)).iloc[0]
    assert (", the only one" in weakest(one, "load_from_fill_prior", seen(a=0.9))[1]) == only


def test_where_calls_are_many_the_largest_are_told(monkeypatch):
    monkeypatch.setattr("pipeline.chain.weakest.MOST_CALLS", 2)
    port_calls = calls(*(call(n, "2024-03-07T00:00Z", "2024-03-08T00:00Z", [], mmsi=999000001) for n in "abc"))
    liftings = account(port_calls)[0].assign(barrels_mean=[1.0, 9.0, 5.0])
    tables = {"liftings": liftings, "port_calls": port_calls, "detections": seen(z=0.9), "scenes": SCENES.empty()}
    told = without_weakest(tables, Chain(lambda *_: port_calls, account, lambda call: call["p_loading"]))
    assert told["call_id"].tolist() == ["b", "c"]
    assert told["sum_p50"].tolist() == [20.0, 20.0]


def account(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Ten barrels for each call."""
    ids = {"call_id": table["call_id"], "counts": True, "barrels_mean": 9.0, "method": "load_from_fill_prior"}
    return pd.DataFrame(ids | {f"barrels_{p}": 10.0 for p in ("p5", "p50", "p95")}), 10.0 * len(table)


def without(port_calls: pd.DataFrame, looks: pd.DataFrame, rest) -> pd.DataFrame:
    tables = {"liftings": account(port_calls)[0], "port_calls": port_calls, "looks": looks, "scenes": SCENES.empty(),
              "detections": seen(a=0.9), "matches": pd.DataFrame({"det_id": ["a"]})}  # fmt: skip
    return without_weakest(tables, Chain(rest, account, loading=lambda call: call["p_loading"]))


LOOKS = pd.DataFrame(
    {"scene_id": ["s", "s", "t"], "zone_id": ["pier", "roads", "pier"], "state": "usable", "sensor": "optical"}
    | {"acquired": pd.to_datetime(["2024-03-07T12:00Z", "2024-03-07T12:00Z", "2024-03-09T12:00Z"])}
)


def test_a_sighting_goes_with_its_look_at_her_berth_and_with_no_other():
    given = []
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"]))
    without(port_calls, LOOKS, lambda *tables: given.append(tables) or port_calls.iloc[:0])
    ((found, looks, matches),) = given
    assert (len(found), len(matches)) == (0, 0)
    assert looks["state"].tolist() == ["unknown", "usable", "usable"]
    assert LOOKS["state"].eq("usable").all()


def test_without_her_freeboards_her_sightings_stay_and_the_others_keep_theirs():
    given = []
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"]))
    sides = seen(a=0.9, b=0.9).assign(freeboard_m=3.0, freeboard_lo_m=2.0, freeboard_hi_m=4.0)
    tables = {"liftings": account(port_calls)[0].assign(method="load_from_freeboard"), "port_calls": port_calls}
    tables |= {"looks": LOOKS, "scenes": SCENES.empty(), "detections": sides, "matches": pd.DataFrame({"det_id": []})}
    without_weakest(tables, Chain(lambda *t: given.append(t) or port_calls, account, lambda call: call["p_loading"]))
    ((found, looks, _),) = given
    assert found[["freeboard_m", "freeboard_lo_m", "freeboard_hi_m"]].isna().to_numpy().tolist() == [
        [True] * 3,
        [False] * 3,
    ]
    assert found["length_m"].notna().all()
    assert looks["state"].eq("usable").all()


def test_what_is_left_at_another_berth_is_not_hers():
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], mmsi=999000001))
    rest = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], mmsi=999000001, berth_id="roads"))
    assert without(port_calls, LOOKS, lambda *_: rest)["still_counts"].tolist() == [False]


@pytest.mark.parametrize(
    ("stay", "hers"),
    [
        (("2024-03-08T00:00Z", "2024-03-09T00:00Z"), True),
        (("2024-03-06T00:00Z", "2024-03-07T00:00Z"), True),
        (("2024-03-08T00:01Z", "2024-03-09T00:00Z"), False),
        (("2024-03-06T00:00Z", "2024-03-06T23:59Z"), False),
    ],
)
def test_a_call_is_still_hers_by_her_transponder_while_it_overlaps(stay, hers):
    """Her next visit, or the one before, is another call and counts already."""
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], mmsi=999000001))
    rest = calls(call("other", *stay, ["z"], mmsi=999000001))
    assert without(port_calls, LOOKS, lambda *_: rest)["still_counts"].tolist() == [hers]


@pytest.mark.parametrize(
    ("mmsi", "other"), [(999000001, 999000002), (999000001, None), (None, 999000001), (None, None)]
)
def test_another_ship_at_her_berth_meanwhile_is_not_she(mmsi, other):
    port_calls = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], mmsi=mmsi))
    rest = calls(call("other", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["z"], mmsi=other))
    assert without(port_calls, LOOKS, lambda *_: rest)["still_counts"].tolist() == [False]


def test_a_run_says_it_for_every_counted_call(tiny_run):
    table = read_table(tiny_run / "robustness.parquet", ROBUSTNESS)
    liftings = read_table(tiny_run / "liftings.parquet")
    assert set(table["call_id"]) == set(liftings.loc[liftings["counts"], "call_id"])
    assert len(table)
