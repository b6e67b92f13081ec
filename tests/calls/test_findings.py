"""Static reports against the hull that images show under the same number, and against earlier reports."""

import pandas as pd
import pytest

from pipeline.calls import findings, flag_contradicted, static_reports
from pipeline.config import CallsConfig
from pipeline.tables import DETECTIONS, MATCHES, PORT_CALLS
from tests.calls.traffic import MMSI, at, detections, feed, said, sighting


def calls_with(*ids: str) -> pd.DataFrame:
    row = {
        "call_id": "c1", "vessel_id": f"mmsi:{MMSI}", "mmsi": MMSI, "identity_probability": 1.0, "berth_id": "oil",
        "berth_kind": "berth", "counts": True, "arrival_hi": at(5), "departure_lo": at(30), "evidence_class": "A",
        "n_looks": 1, "n_seen": len(ids), "detection_ids": list(ids), "p_tanker": 0.9, "p_loading": 0.9,
        "flags": ["left_open"],
    }  # fmt: skip
    return PORT_CALLS.check(PORT_CALLS.from_rows([row]))


def matched(*ids: str, probability: float = 0.99) -> pd.DataFrame:
    return MATCHES.check(MATCHES.from_rows([{"det_id": d, "mmsi": MMSI, "probability": probability} for d in ids]))


def findings_of(seen: pd.DataFrame, matches: pd.DataFrame, *reports: pd.DataFrame) -> pd.DataFrame:
    static = static_reports(feed(*reports))
    return findings(calls_with(*seen["detection_id"]), seen, matches, static, CallsConfig())


def test_a_hull_of_another_length_than_sent_is_a_finding_of_her_call():
    seen = detections(sighting("d1", 10, length_m=96.0), sighting("d2", 20, length_m=98.0))
    table = findings_of(seen, matched("d1", "d2"), said(1, a=150, b=33, c=8, d=8))
    row = table.iloc[0]
    assert row["kind"] == "length_disagrees"
    assert row["said"] == "length 183 m"
    assert "length 97 m" in row["seen"]
    assert "2 sightings" in row["seen"]
    assert row["call_ids"] == ["c1"]
    assert row["detection_ids"] == ["d1", "d2"]
    assert flag_contradicted(calls_with("d1"), table)["flags"].tolist() == [
        ["left_open", "size_contradicts_transponder"]
    ]


def test_sizes_within_their_errors_are_none():
    seen = detections(sighting("d1", 10, length_m=96.0))
    assert findings_of(seen, matched("d1"), said(1, a=80, b=20, c=8, d=8)).empty
    table = findings_of(seen, matched("d1"), said(1, a=80, b=20, c=8, d=8))
    assert flag_contradicted(calls_with("d1"), table)["flags"].tolist() == [["left_open"]]


def test_a_sighting_is_held_against_what_was_said_by_then():
    """Two ships under one number in turn, each as long as she said: the only finding is the changed length."""
    first, second = said(1, a=80, b=16, c=8, d=7), said(300, a=150, b=33, c=8, d=8)
    seen = detections(sighting("d1", 10, length_m=96.0), sighting("d2", 310, length_m=183.0))
    assert set(findings_of(seen, matched("d1", "d2"), first, second)["kind"]) == {"length_changed"}
    liar = detections(sighting("d1", 10, length_m=96.0), sighting("d2", 310, length_m=96.0))
    table = findings_of(liar, matched("d1", "d2"), first, second).set_index("kind")
    assert table.loc["length_disagrees", "said"] == "length 183 m"
    assert table.loc["length_disagrees", "detection_ids"] == ["d2"]


def test_a_doubtful_match_or_a_cut_hull_contradicts_nobody():
    liar = said(1, a=150, b=33, c=8, d=8)
    seen = detections(sighting("d1", 10))
    assert findings_of(seen, matched("d1", probability=0.6), liar).empty
    assert findings_of(detections(sighting("d1", 10, flags=["touches_edge"])), matched("d1"), liar).empty
    assert findings_of(detections(sighting("d1", 10, accepted=False)), matched("d1"), liar).empty


def test_contradictions_of_reports_are_listed_once_with_their_values():
    table = findings_of(
        DETECTIONS.empty(),
        MATCHES.empty(),
        said(1, imo=9129653, a=80, b=20, c=8, d=8),
        said(2, imo=9129654, a=80, b=20, c=8, d=8),
        said(3, imo=9074729, a=150, b=33, c=8, d=8),
    )
    told = dict(zip(table["kind"], table["said"], strict=True))
    assert set(told) == {"imo_check_digit", "imo_changed", "length_changed"}
    assert told["length_changed"] == "another length than before: 100, 183"
    assert "9129653, 9074729" in told["imo_changed"]
    assert table["call_ids"].map(lambda ids: ids == ["c1"]).all()


def test_nothing_said_and_nothing_seen_gives_an_empty_table():
    assert findings_of(DETECTIONS.empty(), MATCHES.empty()).empty


@pytest.mark.parametrize(("length_m", "error_m"), [(106.0, 0.5), (118.0, 15.0)], ids=["6 m, surely", "18 m, perhaps"])
def test_what_is_small_or_may_be_an_error_is_no_finding(length_m, error_m):
    """She says 100 m. A finding must exceed both the rounding by crews and the error of images."""
    seen = detections(
        sighting("d1", 10, length_m=length_m, length_lo_m=length_m - error_m, length_hi_m=length_m + error_m)
    )
    assert findings_of(seen, matched("d1"), said(1, a=80, b=20)).empty
