"""The AIS part of an evidence card, and the warning of a contradiction: what was stated and seen, without a reason."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.report.ais_extract import Transponders, call_extract, silence_words
from pipeline.report.page_data import tracks
from pipeline.report.warnings_list import warnings
from pipeline.tables import FINDINGS, LIFTINGS, LOOKS, PORT_CALLS, SCENES, SILENCES, STATIC, TRACKS
from tests.calls.traffic import BERTH, MMSI, at

FINDING = {
    "finding_id": f"{MMSI}/length_disagrees", "kind": "length_disagrees", "mmsi": MMSI, "time_utc": at(10),
    "said": "length 183 m", "seen": "length 97 m (93 to 101), 2 sightings", "apart_sd": 12.0,
    "detection_ids": ["d1"], "call_ids": ["c1"],
}  # fmt: skip
SILENCE = {
    "silence_id": f"{MMSI}/x", "track_id": str(MMSI), "mmsi": MMSI, "start": at(10), "end": at(17.2), "hours": 7.2,
    "lon": BERTH[0], "lat": BERTH[1], "lon_after": BERTH[0], "lat_after": BERTH[1], "others_before": 4,
    "others_during": 3, "messages_during": 120, "quiet_h": 0.4, "reception": "others",
}  # fmt: skip


def story(findings=(), silences=()):
    tables = {
        "findings": FINDINGS.from_rows(list(findings)),
        "silences": SILENCES.from_rows(list(silences)),
        "tracks": TRACKS.empty(),
        "static": STATIC.empty(),
    }
    return SimpleNamespace(tables=tables)


CALL = {"call_id": "c1", "mmsi": MMSI, "arrival_lo": at(5), "arrival_hi": at(6), "departure_lo": at(30),
        "departure_hi": at(31), "berth_kind": "berth"}  # fmt: skip


def test_a_contradiction_stands_on_the_card_of_its_call():
    card = call_extract(CALL, Transponders(story([FINDING])))
    assert "She sent length 183 m; images show length 97 m (93 to 101), 2 sightings." in card["sentence"]
    assert "183" not in call_extract(CALL, Transponders(story([FINDING | {"call_ids": ["c2"]}])))["sentence"]


@pytest.mark.parametrize(("fixes", "words"), [(1, "1 clean position within"), (2, "2 clean positions within")])
def test_her_fixes_are_counted_and_placed_where_she_lay(fixes, words):
    run_story = story()
    moments = [{"mmsi": MMSI, "time_utc": at(6 + 24 * n), "track_id": "t", "sog_kn": 0.1} for n in range(fixes)]
    run_story.tables["tracks"] = TRACKS.from_rows(moments)
    card = call_extract(CALL | {"berth_kind": "anchorage"}, Transponders(run_story))
    assert words in card["sentence"]
    assert "first position at the anchorage" in [row["what"] for row in card["rows"]]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ((-19, 55), "2 transponders were heard here within a day of this stay; none fits"),
        ((-20, 55), "1 transponder was heard here within a day of this stay; none fits"),
        ((-20, 56), "No transponder was heard at that time"),
    ],
)
def test_of_a_call_without_a_transponder_those_heard_within_a_day_are_told(hours, words):
    """She came after hour 5 and was gone by hour 31: from a day before the former to a day after the latter."""
    run_story = story()
    fixes = [{"mmsi": MMSI + n, "time_utc": at(h), "track_id": str(n), "sog_kn": 9.0} for n, h in enumerate(hours)]
    run_story.tables["tracks"] = TRACKS.from_rows(fixes[::-1])
    assert call_extract(CALL | {"mmsi": None}, Transponders(run_story))["sentence"].startswith(words)


def test_a_border_of_a_stay_has_the_fix_that_lies_nearest_and_a_card_no_more_rows_than_it_holds():
    """Hourly fixes in any order, with the hour as their speed; of 26 reports the first rows are shown."""
    run_story = story()
    fixes = [{"mmsi": MMSI, "time_utc": at(h + 0.2), "track_id": "t", "sog_kn": float(h)} for h in range(33)]
    run_story.tables["tracks"] = TRACKS.from_rows(fixes[::-1])
    rows = call_extract(CALL, Transponders(run_story))["rows"]
    assert [row["speed"] for row in rows] == ["5.0 kn", "6.0 kn", "30.0 kn", "31.0 kn"]
    run_story.tables["static"] = STATIC.from_rows(
        [{"mmsi": MMSI, "time_utc": at(h), "dest": f"P{h}"} for h in range(26)]
    )
    card = call_extract(CALL, Transponders(run_story))
    assert "33 clean positions within a day of the stay. 16 further rows are in " in card["sentence"]
    assert [row["dest"] for row in card["rows"] if row["dest"]] == [f"P{h}" for h in range(12)]


def test_fixes_and_reports_name_their_messages():
    """A card's row leads to a line of a file; a silence has no message."""
    run_story = story(silences=[SILENCE])
    fix = {"mmsi": MMSI, "time_utc": at(6), "track_id": "t", "sog_kn": 0.1, "message_id": "0123456789ab-17"}
    report = {"mmsi": MMSI, "time_utc": at(7), "draught_m": 5.0, "message_id": "0123456789ab-19"}
    run_story.tables |= {"tracks": TRACKS.from_rows([fix]), "static": STATIC.from_rows([report])}
    rows = call_extract(CALL, Transponders(run_story))["rows"]
    assert {row["message"] for row in rows if row["speed"]} == {"0123456789ab-17"}
    assert [row["message"] for row in rows if row["draught"]] == ["0123456789ab-19"]
    assert [row["message"] for row in rows if "heard again" in row["what"]] == [""]


def test_a_silence_stands_on_the_card_with_who_else_was_heard():
    (row,) = call_extract(CALL, Transponders(story(silences=[SILENCE])))["rows"]
    assert row["what"] == (
        "heard again after 7 hours; meanwhile 3 others were heard within 20 km, the longest pause of all 0.4 h"
    )
    later = SILENCE | {"start": at(100), "end": at(110)}
    assert call_extract(CALL, Transponders(story(silences=[later])))["rows"] == []


@pytest.mark.parametrize(("reception", "words"), [("nobody", "nobody else was heard"), ("others", "1 other was heard")])
def test_words_of_a_silence_name_no_reason(reception, words):
    (row,) = SILENCES.from_rows([SILENCE | {"reception": reception, "others_during": 1}]).itertuples()
    text = silence_words(row)
    assert words in text
    assert not any(word in text for word in ("intention", "switched", "dark", "hid"))


def test_a_counted_call_with_a_contradiction_is_a_warning(monkeypatch):
    for other in ("_about_looks", "_about_the_cap"):
        monkeypatch.setattr(f"pipeline.report.warnings_list.{other}", lambda _: [])
    monkeypatch.setattr("pipeline.report.warnings_list.with_short_names", lambda story: story)
    monkeypatch.setattr("pipeline.report.warnings_list.shortener", lambda _: str)
    liftings = pd.DataFrame({"call_id": ["c1"], "counts": [True], "method": ["x"], "status": ["used"], "cause": [""]})
    tables = {
        "findings": FINDINGS.from_rows([FINDING]), "scenes": SCENES.empty(), "looks": LOOKS.empty(),
        "port_calls": PORT_CALLS.empty(), "liftings": liftings,
    }  # fmt: skip
    about = SimpleNamespace(
        simulated=False, problems=(), tables=tables, as_detected=None,
        headline=SimpleNamespace(across_years=(), other_years={}, later_calls=0, other_product_calls=0),
        config=SimpleNamespace(aoi=SimpleNamespace(facts=())), in_account=lambda table: table[table["counts"]],
        cap=SimpleNamespace(counts_on="departure", year_starts="01-01"),
    )  # fmt: skip
    (line,) = [w for w in warnings(about) if "MMSI" in w]
    assert "says length 183 m, images show length 97 m" in line
    tables["liftings"] = liftings.assign(counts=False)
    assert not [w for w in warnings(about) if "MMSI" in w]
    assert set(LIFTINGS.names) >= set(liftings.columns)


def test_a_track_is_drawn_through_no_silence_and_by_no_doubtful_fix():
    """Fixes at 0, 1, 3 and 5.5 h: two hours are no silence, two and a half are. A bend of 100 m stays in the line."""
    when = pd.to_datetime(["2024-03-07T00:00Z", "2024-03-07T01:00Z", "2024-03-07T02:00Z", "2024-03-07T03:00Z",
                           "2024-03-07T05:30Z"])  # fmt: skip
    track = pd.DataFrame({"track_id": "t", "mmsi": 999000001, "time_utc": when, "lat": [42.0, 42.001, 50.0, 42.0, 42.2],
                          "lon": [133.0, 133.1, 133.1, 133.2, 133.3], "flags": [[], [], ["leap"], [], []]})  # fmt: skip
    story = SimpleNamespace(tables={"tracks": track, "static": pd.DataFrame({"name": [], "mmsi": []})})
    first, then = (piece["line"] for piece in tracks(story))
    at = [int(t.timestamp()) for t in when]
    assert first == [[42.0, 133.0, at[0]], [42.001, 133.1, at[1]], [42.0, 133.2, at[3]]]
    assert then == [[42.2, 133.3, at[4]]]
