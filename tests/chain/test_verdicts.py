"""Analysts' verdicts: kept in a file, applied by the next run, never lost without a message."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from pipeline.chain.review_file import FIELDS, Verdict, add_review, read_reviews
from pipeline.chain.verdicts import as_table, report_verdicts, reviewed_calls, reviewed_detections
from pipeline.config import CapConfig, VolumeConfig, load
from pipeline.console import Console
from pipeline.errors import ConfigError
from pipeline.finished.overview import difference
from pipeline.finished.repeat import rerun
from pipeline.quantiles import Z90
from pipeline.report.wording import visits, without_ais_words
from pipeline.run import run
from pipeline.table_files import read_table
from pipeline.tables import DETECTIONS, PORT_CALLS, REVIEWS
from pipeline.volume import headline, ledger, liftings
from pipeline.workspace import configs_root, load_run_config
from tests.conftest import TINY

SAID = {"who": "A. Analyst", "when": "2024-04-02T09:00Z", "why": "looked at it"}


def verdict(target: str, what: str, value: str = "", line: int = 2) -> Verdict:
    return Verdict(line, target, what, value, SAID["who"], SAID["when"], SAID["why"])


def detections(*ids: str) -> pd.DataFrame:
    rows = [
        {"detection_id": i, "scene_id": "s", "sensor": "optical", "row": 1, "col": 1, "length_m": 90, "length_lo_m": 80,
         "length_hi_m": 99, "beam_m": 14, "beam_lo_m": 12, "beam_hi_m": 16, "score": 0.9, "tanker_score": 0.9,
         "accepted": True, "context": "berth", "n_pixels": 9, "method": "m", "heading_ambiguous": False}
        for i in ids
    ]  # fmt: skip
    return DETECTIONS.check(DETECTIONS.from_rows(rows))


def call(call_id: str, first: str, last: str, ids: list[str], **more: object) -> dict[str, object]:
    return {
        "call_id": call_id, "vessel_id": "anonymous", "identity_probability": 0.0, "berth_id": "pier",
        "berth_kind": "berth",
        "counts": True, "arrival_lo": first, "arrival_hi": first, "departure_lo": last, "departure_hi": last,
        "evidence_class": "C", "n_looks": 2, "n_seen": len(ids), "detection_ids": ids,
        "p_tanker": 0.7, "p_loading": 0.9, "p_one_call": 1.0,
    } | more  # fmt: skip


def judged_by(table: pd.DataFrame, before: pd.DataFrame, lines: list[Verdict]) -> tuple[pd.DataFrame, list[Verdict]]:
    """The calls as reviewed; the cargo of merged ones is tested elsewhere (test_merged_cargo)."""
    return reviewed_calls(table, before, lines, lambda visit, among: {})


def merged(table: pd.DataFrame, into: str) -> pd.Series:
    """The visit that a table's two calls become, under the name of either."""
    (which,) = {*table["call_id"]} - {into}
    return judged_by(table, table, [verdict(which, "merge", into)])[0].set_index("call_id").loc[into]


def calls(*rows: dict[str, object]) -> pd.DataFrame:
    return PORT_CALLS.check(PORT_CALLS.from_rows(list(rows)))


TWO = (
    call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], draught_in_m=3.0),
    call("two", "2024-03-08T12:00Z", "2024-03-09T00:00Z", ["b"], draught_out_m=5.0),
)


def test_a_rejected_detection_stays_in_the_table_with_its_measurements():
    before = detections("a", "b")
    after, tried = reviewed_detections(before, [verdict("a", "reject")])
    assert len(after) == 2
    assert after["accepted"].tolist() == [False, True]
    assert after["flags"].tolist() == [["review_rejected"], []]
    same = [c for c in after.columns if c not in ("accepted", "flags", "geometry")]
    pd.testing.assert_frame_equal(pd.DataFrame(after[same]), pd.DataFrame(before[same]))
    assert tried[0].outcome == "applied"
    assert before["accepted"].all(), "the table that was given is left alone"


@pytest.mark.parametrize(
    ("what", "value", "accepted", "outcome"),
    [
        ("confirm", "", True, "applied"),
        ("reject", "", False, "applied"),
        ("merge", "b", False, "applied"),
        ("merge", "gone", True, "orphaned"),
        ("merge", "a", True, "orphaned"),
        ("rename", "SIM", True, "refused"),
    ],
)
def test_of_detections_one_that_is_part_of_another_leaves_and_none_has_a_name(what, value, accepted, outcome):
    """Merging a ghost into its ship counts her once; with a mistyped id, merging must not remove a ship."""
    after, (tried,) = reviewed_detections(detections("a", "b"), [verdict("a", what, value)])
    assert after["accepted"].tolist() == [accepted, True]
    assert [len(flags) for flags in after["flags"]] == [outcome == "applied", 0]
    assert (tried.outcome, tried.target_kind) == (outcome, "detection")
    assert tried.note


def test_a_merged_call_keeps_the_whole_stay_and_counts_once():
    after, tried = judged_by(calls(*TWO), calls(*TWO), [verdict("two", "merge", "one")])
    kept, gone = after.iloc[0], after.iloc[1]
    assert (kept["counts"], gone["counts"]) == (True, False)
    assert kept["departure_lo"] == pd.Timestamp("2024-03-09T00:00Z")
    assert (kept["draught_in_m"], kept["draught_out_m"]) == (3.0, 5.0)
    assert kept["detection_ids"] == ["a", "b"]
    assert tried[0].outcome == "applied"


@pytest.mark.parametrize("counts", [True, False])
def test_a_merged_call_is_seen_once_wherever_calls_are_told(counts):
    """Even if neither counts: two rows are one visit in the headline and in the words beside it."""
    two = [row | {"counts": counts, "flags": ["dark", "unlikely_tanker"]} for row in TWO]
    after, _ = judged_by(calls(*two), calls(*two), [verdict("two", "merge", "one")])
    config, cap = VolumeConfig(draws=200), load(CapConfig, configs_root() / "caps" / "unscr-2397.yaml")
    table = liftings(after, config, 0)
    book = ledger(table, cap, config, 0, as_of=date(2024, 3, 31))
    assert headline(table, book, cap, config).calls_seen == len(visits(after)) == 1
    assert without_ais_words(after) == "without AIS"


@pytest.mark.parametrize("order", [1, -1])
def test_two_sizes_of_one_visit_that_contradict_each_other_are_not_averaged(order):
    """One includes the quay; their mean, 145 m, fits no ship. The surer one stands; its interval covers the other."""
    size = {"length_m": 99.0, "length_lo_m": 96.0, "length_hi_m": 102.0}
    quay = {"length_m": 191.0, "length_lo_m": 180.0, "length_hi_m": 202.0}
    table = calls(*(row | more for row, more in zip(TWO, (size, quay)[::order], strict=True)))
    whole = merged(table, "two")
    assert whole[["length_m", "length_lo_m", "length_hi_m"]].tolist() == [99.0, 96.0, 202.0]


def test_who_is_named_first_in_a_merge_changes_nothing_that_is_measured():
    """A stay within a longer one, with another length, seen by a finer image and heard by AIS."""
    long = call("one", "2024-03-05T00:00Z", "2024-03-15T00:00Z", ["a"], draught_in_m=3.0, p_one_call=0.4,
                calls_mean=1.7, length_m=84.0, length_lo_m=79.0, length_hi_m=90.0, p_tanker=0.7)  # fmt: skip
    short = call("two", "2024-03-08T12:00Z", "2024-03-09T00:00Z", ["b"], mmsi=999000001, name="SIM", p_tanker=0.98,
                 length_m=94.0, length_lo_m=93.0, length_hi_m=96.0, draught_out_m=5.0, counts=False)  # fmt: skip
    table = calls(long, short)
    into_long = merged(table, "one")
    into_short = merged(table, "two")
    same = [name for name in table.columns if name not in ("call_id", "flags", "evidence_class")]
    pd.testing.assert_series_equal(into_long[same], into_short[same], check_names=False)
    assert into_long["departure_lo"] == pd.Timestamp("2024-03-15T00:00Z")
    assert (into_long["p_one_call"], into_long["calls_mean"]) == (1.0, 1.0)
    assert into_long["counts"]
    assert into_long["mmsi"] == 999000001
    assert 92 < into_long["length_m"] < 94.5
    assert into_long["length_hi_m"] - into_long["length_lo_m"] == pytest.approx(3.0)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("what", "scale"), [("length", 1.0), ("beam", 0.2)])
def test_two_sizes_of_one_visit_weigh_by_the_inverse_of_their_variance(order, what, scale):
    """100 m to 3 m and 106 m to 6 m: weights of four to one. The interval is the better one's, as lopsided as both."""
    names = [f"{what}_m", f"{what}_lo_m", f"{what}_hi_m"]
    both = [{n: scale * m for n, m in zip(names, size, strict=True)} for size in ((100, 97, 103), (106, 97, 109))]
    whole = merged(calls(*(row | more for row, more in zip(TWO, both[::order], strict=True))), "two")
    below = 6 * (0.8 * 0.5 + 0.2 * 0.75)
    wanted = [101.2, 101.2 - below, 101.2 - below + 6]
    assert whole[names].tolist() == pytest.approx([scale * m for m in wanted])


@pytest.mark.parametrize(("errors", "one_hull"), [(2.4, True), (2.6, False)])
def test_two_sizes_contradict_each_other_from_two_and_a_half_errors_on(errors, one_hull):
    """The error of the difference: a metre for each, and the 3 % of the longer one that is common to all looks."""
    apart = errors * (2 + (0.03 * 100) ** 2) ** 0.5
    sizes = [{"length_m": m, "length_lo_m": m - Z90, "length_hi_m": m + Z90} for m in (100.0, 100.0 - apart)]
    table = calls(*(row | size for row, size in zip(TWO, sizes, strict=True)))
    whole = merged(table, "two")
    wide = 2 * Z90 if one_hull else 2 * Z90 + apart
    assert whole["length_hi_m"] - whole["length_lo_m"] == pytest.approx(wide)


@pytest.mark.parametrize("into", ["one", "two"])
def test_a_visit_has_its_first_draught_its_last_and_the_surer_ship(into):
    draughts = ({"draught_in_m": 3.0, "draught_out_m": 3.5}, {"draught_in_m": 4.0, "draught_out_m": 5.0})
    table = calls(*(row | m | {"p_ship": p} for row, m, p in zip(TWO, draughts, (0.9, 0.6), strict=True)))
    whole = merged(table, into)
    assert whole[["draught_in_m", "draught_out_m", "p_ship"]].tolist() == [3.0, 5.0, 0.9]


@pytest.mark.parametrize("into", ["one", "two"])
def test_a_visit_came_with_its_first_call_and_left_with_its_last(into):
    """Her arrival is the first call's; if either was heard it is not a dark visit; each look counts once."""
    bounds = (
        {"arrival_lo": "2024-03-06T00:00Z", "departure_hi": "2024-03-08T06:00Z", "p_new_call": 0.4, "flags": ["dark"]},
        {"arrival_lo": "2024-03-08T06:00Z", "departure_hi": "2024-03-10T00:00Z", "p_new_call": 0.9, "mmsi": 999000001},
    )
    whole = merged(calls(*(row | more for row, more in zip(TWO, bounds, strict=True))), into)
    ends = [f"{whole[name]:%d %H}" for name in ("arrival_lo", "arrival_hi", "departure_lo", "departure_hi")]
    assert ends == ["06 00", "07 00", "09 00", "10 00"]
    assert (whole["p_new_call"], whole["n_looks"], whole["n_seen"]) == (0.4, 4, 2)
    assert not {"dark", "single_sighting"} & set(whole["flags"])


@pytest.mark.parametrize("into", ["one", "two"])
def test_a_visit_is_of_the_ship_that_was_identified_with_all_that_is_listed_of_her(into):
    """Otherwise her tonnage would be lost with the call that had it, and barrels would come from a measured length."""
    ship = {"vessel_id": "v", "identity_probability": 0.9, "name": "SIM", "mmsi": 999000001, "imo": 9074729}
    ship |= {"dwt_t": 6000.0, "tonnage_kind": "dwt", "gt": 4000.0, "listed_length_m": 99.0, "listed_beam_m": 16.0}
    ship |= {"depth_m": 8.0, "design_draught_m": 6.5, "listed_source": "a registry", "ship_type": "tanker"}
    size = {"length_m": 98.0, "length_lo_m": 95.0, "length_hi_m": 101.0}
    nameless = TWO[0] | size | {"flags": ["no_ais", "left_open", "single_sighting"]}
    whole = merged(calls(nameless, TWO[1] | ship | {"flags": ["arrival_open"]}), into)
    assert whole[list(ship)].to_dict() == ship
    assert whole[list(size)].tolist() == pytest.approx(list(size.values())), "of the only look that measured her"
    assert whole["flags"] == ["review_joined"], "she was heard and seen twice, and her stay is bounded at both its ends"
    other = ship | {"mmsi": 999000002, "name": "OTHER"}
    both = merged(calls(TWO[0] | other, TWO[1] | ship), into)
    assert both["name"] == {"one": "OTHER", "two": "SIM"}[into], "an analyst names the one that it is"


@pytest.mark.parametrize("into", ["closed", "open"])
def test_a_visit_whose_end_no_look_gave_ends_with_its_last_sighting_whoever_is_named_first(into):
    """The bound after New Year is only the end of the images: her cargo is of 2024, whichever call's name is kept."""
    table = calls(
        call("closed", "2024-12-29T10:00Z", "2024-12-29T12:00Z", ["a"], flags=["arrival_open"]),
        call("open", "2024-12-30T16:00Z", "2024-12-30T16:00Z", ["b"], flags=["left_open", "dark"],
             departure_hi="2025-01-05T16:00Z"),
    )  # fmt: skip
    after = merged(table, into)
    assert {"arrival_open", "left_open", "review_joined"} <= set(after["flags"])
    config = VolumeConfig(draws=200)
    lifted = liftings(pd.DataFrame([{"call_id": into} | after.to_dict()]), config, 0).iloc[0]
    assert lifted["departure"] == pd.Timestamp("2024-12-30T16:00Z")


THREE = [call(name, f"2024-03-0{k}T00:00Z", f"2024-03-0{k}T12:00Z", [name]) for k, name in enumerate("abc", start=1)]


def judged(*lines: tuple[str, str, str]) -> tuple[pd.DataFrame, list[str]]:
    """The three calls by id after these verdicts, and the outcome of each verdict."""
    said = [verdict(*line, line=n) for n, line in enumerate(lines, start=2)]
    after, tried = judged_by(calls(*THREE), calls(*THREE), said)
    return after.set_index("call_id"), [v.outcome for v in tried]


A_CHAIN = (("a", "merge", "b"), ("b", "merge", "c"), ("a", "rename", "SIM"), ("c", "confirm", ""))


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_chain_of_merges_is_one_visit_in_whatever_order_it_is_written(order):
    after, outcomes = judged(*(A_CHAIN[n] for n in order))
    assert outcomes == ["applied"] * 4
    assert after["counts"].to_dict() == {"a": False, "b": False, "c": True}
    whole = after.loc["c"]
    assert (whole["n_seen"], whole["name"], whole["p_tanker"]) == (3, "SIM", 1.0)
    assert (whole["arrival_hi"], whole["departure_lo"]) == (
        after.loc["a", "arrival_hi"],
        after.loc["c", "departure_lo"],
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_rejected_call_comes_back_by_no_merge(order):
    lines = (("b", "reject", ""), ("a", "merge", "b"))
    after, outcomes = judged(*(lines[n] for n in order))
    assert after["counts"].to_dict() == {"a": True, "b": False, "c": True}
    assert [outcomes[n] for n in order] == ["applied", "refused"]


def test_two_calls_each_merged_into_the_other_are_one_visit():
    after, outcomes = judged(("a", "merge", "b"), ("b", "merge", "a"))
    assert outcomes == ["applied", "applied"]
    assert after["counts"].sum() == 2
    assert after["n_seen"].max() == 2


@pytest.mark.parametrize(
    ("flag", "counts", "why"),
    [
        ("unlikely_tanker", True, "and it took no part"),
        ("zone_not_counted", False, "it still takes no part: stays at its zone do not count"),
        ("outside_period", False, "it still takes no part: it lies outside the period"),
        ("same_visit", False, "it still takes no part: another stay of that visit counts for it"),
    ],
)
def test_a_confirmed_call_counts_unless_its_place_or_its_time_keeps_it_out(flag, counts, why):
    """The analyst knows that a tanker lay there, not that stays there count or that she came in March."""
    unsure = {"p_ship": 0.6, "p_new_call": 0.4, "counts": False, "flags": [flag]}
    table = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"], **unsure))
    after, tried = judged_by(table, table, [verdict("one", "confirm")])
    assert after["counts"].tolist() == [counts]
    assert after[["p_tanker", "p_ship", "p_new_call"]].iloc[0].tolist() == [1.0, 1.0, 1.0]
    assert tried[0].note.endswith(why)


def test_what_a_call_was_before_she_was_confirmed_is_no_certainty_and_not_called_as_detected():
    """If a rejected sighting turned 0.985 into 0.997, the note must say neither "as detected" nor 1.00."""
    before, now = (calls(*TWO).assign(p_tanker=p) for p in (0.985, 0.997))
    _, tried = judged_by(now, before, [verdict("one", "confirm")])
    assert tried[0].note == "certainly a tanker's call; without this verdict over 99 %"


@pytest.mark.parametrize(
    ("what", "value", "column", "now"),
    [
        ("reject", "", "counts", False),
        ("confirm", "", "p_tanker", 1.0),
        ("rename", "=HYPERLINK()", "name", "=HYPERLINK()"),
    ],
)
def test_a_verdict_changes_what_it_names_and_leaves_the_other_call(what, value, column, now):
    after, _ = judged_by(calls(*TWO), calls(*TWO), [verdict("one", what, value)])
    assert after[column].iloc[0] == now
    assert after[column].iloc[1] == calls(*TWO)[column].iloc[1]


def test_a_call_whose_id_changed_is_found_by_its_evidence():
    """Rejecting a detection leaves another call, with another id."""
    now = calls(call("new", "2024-03-07T06:00Z", "2024-03-08T00:00Z", ["a2"]))
    then = calls(call("old", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a", "a2"]))
    after, tried = judged_by(now, then, [verdict("old", "reject")])
    assert not after["counts"].iloc[0]
    assert "now call new" in tried[0].note


HERS = call("old", "2024-03-07T00:00Z", "2024-03-09T00:00Z", ["a", "b", "c"], mmsi=999000001)


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([("few", ["a"], "pier", 7), ("most", ["b", "c"], "pier", 7)], "most"),
        ([("elsewhere", ["a", "b"], "roads", 7), ("here", ["c"], "pier", 7)], "here"),
        ([("heard", [], "pier", 7)], "heard"),
        ([("heard later", [], "pier", 10)], None),
        ([("heard before", [], "pier", 5)], None),
        ([("another's", ["x"], "pier", 7)], None),
    ],
)
def test_a_verdict_follows_its_ship_to_the_stay_that_has_most_of_its_evidence(others, found):
    """Not to another berth or another of her visits: a stray rejection would remove another ship's barrels."""
    now = calls(
        *(
            call(name, f"2024-03-{day:02d}T00:00Z", f"2024-03-{day:02d}T18:00Z", ids, berth_id=berth)
            | ({"mmsi": 999000001} if "heard" in name else {})
            for name, ids, berth, day in others
        )
    )
    after, (tried,) = judged_by(now, calls(HERS), [verdict("old", "reject")])
    assert after.loc[~after["counts"], "call_id"].tolist() == ([found] if found else [])
    assert (tried.outcome, tried.target_kind) == (("applied", "call") if found else ("orphaned", ""))


def test_a_merge_says_with_which_call_it_is_one_visit_now():
    """The visit has its last name, and verdicts on a former id state the present one."""
    said = [verdict("a", "merge", "b"), verdict("b", "merge", "c", line=3), verdict("a", "rename", "SIM", line=4)]
    _, tried = judged_by(calls(*THREE), calls(*THREE), said)
    assert [v.note for v in tried[:2]] == ["one visit with call c"] * 2
    assert tried[2].note.endswith("(now call c)")
    each = [verdict("a", "merge", "b"), verdict("b", "merge", "a", line=3)]
    _, tried = judged_by(calls(*THREE), calls(*THREE), each)
    assert [v.note for v in tried] == ["one visit with call b", "one visit with call a"]


@pytest.mark.parametrize("other", ["gone", "a"])
def test_a_call_merged_into_none_goes_on_counting(other):
    """Otherwise a mistyped second id would remove the first call's barrels from the sum."""
    after, outcomes = judged(("a", "merge", other))
    assert outcomes == ["orphaned"]
    assert after["counts"].all()
    pd.testing.assert_frame_equal(after, calls(*THREE).set_index("call_id"))


def test_every_verdict_that_came_to_nothing_is_told_with_its_line_and_no_other():
    said = [verdict("a", "reject"), verdict("b", "merge", "a", line=3)]
    said += [verdict("gone", "reject", line=4), verdict("c", "merge", "gone", line=5)]
    said += [replace(verdict("c", "reject", line=6), outcome="refused", note="no who")]
    after, tried = judged_by(calls(*THREE), calls(*THREE), said)
    console = Console(quiet=True)
    report_verdicts(tried, "port", console)
    lines = [": ".join(line.split(": ")[1:3]) for line in console.problems]
    file = "reviews/port.csv line"
    assert lines == [f"{file} 3: merge b", f"{file} 4: reject gone", f"{file} 5: merge c", f"{file} 6: reject c"]
    assert after["counts"].tolist() == [False, True, True]
    assert all(v.note for v in tried)
    assert [line.rsplit("(", 1)[1] for line in console.problems] == [
        f"verdict {outcome}, not applied)" for outcome in ("refused", "orphaned", "orphaned", "refused")
    ]


@pytest.mark.parametrize(("first", "last", "counts"), [("reject", "confirm", True), ("confirm", "reject", False)])
def test_of_verdicts_under_an_old_and_a_new_id_of_one_call_the_last_stands(first, last, counts):
    """As under a single id. A call that counts but is flagged as rejected would give its ship no size."""
    before = calls(call("old", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a", "b"]))
    now = calls(call("new", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"]))
    after, tried = judged_by(now, before, [verdict("old", first, line=2), verdict("new", last, line=3)])
    alone, _ = judged_by(now, before, [verdict("new", last, line=3)])
    pd.testing.assert_frame_equal(after, alone)
    assert bool(after.iloc[0]["counts"]) is counts
    assert [v.outcome for v in tried] == ["superseded", "applied"]
    named, tried = judged_by(now, before, [verdict("old", "rename", "SIM", line=2), verdict("new", last, line=3)])
    assert (named.iloc[0]["name"], [v.outcome for v in tried]) == ("SIM", ["applied"] * 2)


def test_what_is_no_longer_there_is_reported():
    _, tried = reviewed_detections(detections("a"), [verdict("gone", "reject")])
    _, tried = judged_by(calls(*TWO), calls(*TWO), tried)
    assert [v.outcome for v in tried] == ["orphaned"]
    assert len(as_table(tried)) == 1


def test_the_last_verdict_on_a_target_stands(tmp_path):
    file = tmp_path / "x.csv"
    add_review(file, target="a", verdict="reject", **SAID)
    add_review(file, target="a", verdict="rename", value="سفينة", **SAID)
    add_review(file, target="a", verdict="confirm", **SAID)
    assert [v.outcome for v in read_reviews(file)] == ["superseded", "", ""]
    assert read_reviews(file)[1].value == "سفينة"


@pytest.mark.parametrize("value", ["=1+1", "@cmd", 'a "quoted", name', "two\nlines"])
def test_a_name_comes_back_as_it_was_written_and_no_spreadsheet_runs_it(tmp_path, value):
    file = tmp_path / "x.csv"
    add_review(file, target="a", verdict="rename", value=value, **SAID)
    assert read_reviews(file)[0].value == value
    with file.open(newline="", encoding="utf-8") as opened:
        assert not next(iter(csv.DictReader(opened)))["value"].startswith(("=", "@"))


@pytest.mark.parametrize(
    ("row", "note"),
    [
        ("a,reject,,,2024-04-02,why", "no who"),
        ("a,reject,,me,2024-04-02,", "no why"),
        ("a,reject,,me,yesterday,why", "ISO 8601"),
        ("a,delete,,me,2024-04-02,why", "confirm, reject, merge, rename"),
        ("a,merge,,me,2024-04-02,why", "needs a value"),
    ],
)
def test_a_verdict_that_nobody_can_stand_for_is_refused_and_named(tmp_path, row, note):
    file = tmp_path / "x.csv"
    file.write_text(",".join(FIELDS) + f"\n{row}\nb,reject,,me,2024-04-02,why\n", "utf-8")
    first, second = read_reviews(file)
    assert (first.outcome, second.outcome) == ("refused", "")
    assert note in first.note


@pytest.mark.parametrize("content", [b"target,verdict\na,reject\n", b"\xff\xfe\x00"], ids=["columns", "bytes"])
def test_a_file_that_is_no_review_file_is_named(tmp_path, content):
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"x\.csv"):
        read_reviews(file)


@pytest.fixture(scope="module")
def reviewed_run(tiny_run, tmp_path_factory):
    """The small scenario again, with the counted call's only ship rejected and one verdict on nothing."""
    home = tmp_path_factory.mktemp("reviewed")
    counted = read_table(tiny_run / "port_calls.parquet").query("counts").iloc[0]
    file = home / "verdicts.csv"
    add_review(file, target=counted["call_id"], verdict="reject", **SAID)
    add_review(file, target="0123456789abcdef", verdict="reject", **SAID)
    console = Console(quiet=True)
    config = load_run_config(configs_root() / "vostochny.yaml", TINY)
    outcome = run(config, configs_root(), home / "runs", console, reviews=file)
    return outcome, console


def test_a_run_applies_verdicts_and_shows_both_accounts(reviewed_run, tiny_run):
    outcome, console = reviewed_run
    table = read_table(outcome.folder / "reviews.parquet", REVIEWS)
    assert table["outcome"].tolist() == ["applied", "orphaned"]
    assert outcome.exit_code == 3
    assert any("0123456789abcdef" in p for p in console.problems)
    manifest = json.loads((outcome.folder / "manifest.json").read_text("utf-8"))
    before = json.loads((tiny_run / "manifest.json").read_text("utf-8"))["result"]["barrels"]
    assert manifest["result"]["as_detected"] == before
    assert manifest["result"]["barrels"][1] < before[1]
    assert [r["outcome"] for r in manifest["reviews"]] == ["applied", "orphaned"]
    page = (outcome.folder / "report.html").read_text("utf-8")
    assert "As detected and as reviewed" in page
    assert "0123456789abcdef" in page
    found = difference(tiny_run, outcome.folder)
    assert found.reasons == ["verdicts of analysts: 2 not the same"]
    old = read_table(outcome.folder / "as_detected" / "liftings.parquet")
    assert old["counts"].sum() > read_table(outcome.folder / "liftings.parquet")["counts"].sum()
    assert outcome.folder.name != tiny_run.name, "verdicts are part of the question"


def test_a_reviewed_run_repeats_from_its_own_folder(reviewed_run, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rerun(Path(reviewed_run[0].folder), Console(quiet=True))
    assert "agree byte for byte" in capsys.readouterr().out
