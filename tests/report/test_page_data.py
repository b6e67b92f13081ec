"""What the page's scripts draw agrees with the tables: days, barrels, outlines, tracks, and whose a dot is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.report.page_data import (
    _calls,
    _coast,
    _land,
    _looks,
    _scenes,
    account,
    detections,
    rings,
    seconds,
    tracks,
)
from pipeline.tables import LIFTINGS, PORT_CALLS, STATIC, TRACKS
from pipeline.volume import ledger, liftings
from pipeline.workspace import configs_root
from tests.builders import place_of
from tests.calls.traffic import MMSI, at
from tests.chain.test_verdicts import call, calls
from tests.chain.test_verdicts import detections as found


def story_stub(**tables: pd.DataFrame) -> SimpleNamespace:
    """As much of a story as one layer of the page needs."""
    return SimpleNamespace(tables=tables, place=place_of(), as_detected=None)


def test_the_account_drawn_is_the_ledger_of_the_period():
    """A ledger begins with its year, but only the period is drawn; verdicts change no other day's barrels."""
    from pipeline.config import CapConfig, PeriodConfig, VolumeConfig, load

    cap, config = load(CapConfig, configs_root() / "caps" / "unscr-2397.yaml"), VolumeConfig(draws=200)
    rows = pd.DataFrame({"call_id": ["a", "b"], "departure": ["2024-03-02", "2024-03-04"], "barrels": 24_990.0})
    books = [ledger(liftings(rows[:n], config, 0), cap, config, 0, as_of=at(0).date()) for n in (2, 1)]
    story = story_stub(ledger=books[0])
    story.headline = SimpleNamespace(cap_bbl=5e5, barrels_p50=49_980.0, corrected_bbl=None)
    period = PeriodConfig(start="2024-03-01T00:00Z", end="2024-03-08T00:00Z")
    story.config, story.as_detected = SimpleNamespace(period=period), SimpleNamespace(tables={"ledger": books[1]})
    drawn = account(story)
    assert (drawn["days"][0], drawn["days"][-1], len(drawn["days"])) == ("2024-03-01", "2024-03-07", 7)
    sums = [0, 24_990, 24_990, 49_980, 49_980, 49_980, 49_980]
    assert drawn["series"]["observed_p5"] == drawn["series"]["observed_p95"] == sums
    assert drawn["series"]["as_detected_p50"] == [min(bbl, 24_990) for bbl in sums]
    assert set(drawn["series"]["corrected_p50"]) == {None}, "not known, which is no zero"
    assert drawn["series"]["at_100"] == sums
    assert drawn["series"]["at_33"] == [bbl // 3 for bbl in sums]
    assert drawn["looked"] == books[0]["looked"].tail(7).tolist()
    assert {len(of) for of in drawn["series"].values()} == {7}
    assert (drawn["cap"], drawn["alone"], drawn["extrapolated"]) == (5e5, None, False)


def test_an_outline_is_latitude_first_with_its_holes_to_a_metre():
    shape = shapely.box(133.0, 42.0, 133.3, 42.1).difference(shapely.box(133.1, 42.04, 133.2, 42.06))
    told = rings(shape)
    assert [len(ring) for ring in told] == [5, 5]
    again = shapely.Polygon([(x, y) for y, x in told[0]], [[(x, y) for y, x in told[1]]])
    assert again.equals(shape)
    assert rings(shapely.Point(133.123456, 42.0).buffer(0.1))[0][0][1] == 133.22346
    assert rings(None) == rings(shapely.Polygon()) == []


def test_the_edges_at_which_a_coast_file_was_cut_are_no_shore():
    """Land in the north of a clipped file: its only shore is the southern line, drawn once."""
    land = shapely.Polygon([(132.9, 42.9), (133.2, 42.9), (133.2, 42.74), (133.05, 42.78), (132.9, 42.75)])
    story = SimpleNamespace(place=place_of(land=land))
    shore = [(x, y) for line in _coast(story) for y, x in line]
    assert {(133.05, 42.78)} <= set(shore)
    assert max(y for _, y in shore) == 42.78
    assert _land(SimpleNamespace(place=place_of())) == _coast(SimpleNamespace(place=place_of())) == []


def test_land_is_drawn_to_half_a_map_beyond_the_box():
    """From a coast file of a whole sea no more than that, or the page would be too large to mail."""
    story = SimpleNamespace(place=place_of(land=shapely.box(130, 42.78, 136, 45), bbox=(132.9, 42.7, 133.1, 42.8)))
    ((outline,),) = _land(story)
    lat, lon = np.transpose(outline)
    assert (lon.min(), lon.max(), lat.min(), lat.max()) == pytest.approx((132.8, 133.2, 42.78, 42.9))


def test_of_a_look_that_could_not_tell_nothing_is_said_of_its_berth():
    """A look without a comparison says neither "empty" nor "not known"; one without a time is not listed."""
    looks = pd.DataFrame({
        "look_id": list("abcd"), "zone_id": "oil", "scene_id": list("stuv"), "acquired": [at(9), at(5), at(7), pd.NaT],
        "state": "usable", "covered": [0.996, np.nan, 1.0, 1.0], "cause": "", "n_detections": [1, 0, 0, 0],
    })  # fmt: skip
    occupancy = pd.DataFrame({
        "look_id": list("abc"), "basis": ["earlier", "none", "earlier"], "verdict": ["occupied", "unknown", "empty"],
        "probability": [0.98765, np.nan, np.nan],
    })  # fmt: skip
    drawn = _looks(story_stub(looks=looks, occupancy=occupancy))
    assert [look["scene"] for look in drawn] == ["t", "u", "s"]
    assert [look["covered"] for look in drawn] == [None, 1.0, 1.0]
    assert [{key: look.get(key) for key in ("berth", "p")} for look in drawn] == [
        {"berth": None, "p": None}, {"berth": "empty", "p": None}, {"berth": "occupied", "p": 0.9877},
    ]  # fmt: skip
    assert "berth" not in drawn[0]
    assert not [look for look in _looks(story_stub(looks=looks)) if "berth" in look]


def test_a_page_stops_taking_pictures_before_it_is_too_large_to_mail(tmp_path, monkeypatch):
    """Every look stays in the list, in order of time; one of which only the day is known has no hour."""
    monkeypatch.setattr("pipeline.report.page_data.MOST_PICTURE_BYTES", 1000)
    (folder := tmp_path / "quicklooks").mkdir()
    held = {name: {"file": f"{name}.webp", "bounds": [0, 0, 1, 1]} for name in "abc"}
    monkeypatch.setattr("pipeline.report.page_data.read_quicklooks", lambda of: held if of == folder else {})
    for name in "abc":
        (folder / f"{name}.webp").write_bytes(bytes(600))
    scenes = pd.DataFrame({
        "scene_id": list("cbad"), "acquired": [at(3), at(2), at(1), at(4)], "sensor": "optical", "status": "used",
        "footprint": shapely.box(0, 0, 1, 1), "pixel_spacing_m": [10.0, 0.30078, np.nan, 10.0],
        "acquired_precision": ["time", "day", "time", "time"],
    })  # fmt: skip
    drawn = _scenes(story_stub(scenes=scenes), tmp_path)
    assert ["".join(scene["id"] for scene in drawn if key in scene) for key in ("id", "image", "bounds", "dated")] == [
        "abcd", "ab", "ab", "b",
    ]  # fmt: skip
    assert [scene["pixel_m"] for scene in drawn] == [None, 0.301, 10.0, 10.0]


def test_a_dot_is_a_transponders_only_where_it_was_accepted_and_matched(monkeypatch):
    """Of the detections not accepted the best are drawn, with their flags; an object without a place is not."""
    table = found(*"abcd").assign(
        lon=[133.0, 133.0, 133.0, np.nan], lat=42.7, accepted=[True, True, False, True], score=[0.5, 0.9, 0.8, 0.9]
    )
    matches = pd.DataFrame({"det_id": ["a", "c"], "mmsi": pd.array([MMSI, MMSI], dtype="Int64")})
    held = calls(call("one", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["b"]))
    dots = {dot["id"]: dot for dot in detections(story_stub(detections=table, matches=matches, port_calls=held))}
    assert list(dots) == ["b", "a", "c"]
    assert {name: (dot["kind"], dot["mmsi"], dot["call"]) for name, dot in dots.items()} == {
        "a": ("ais", MMSI, ""), "b": ("none", None, "one"), "c": ("flagged", MMSI, ""),
    }  # fmt: skip
    assert dots["a"]["at"] == [42.7, 133.0]
    assert dots["a"]["length"] == [90, 80, 99]
    sure = detections(story_stub(detections=found("a").assign(lon=133.0, lat=42.7, score=0.992), matches=matches,
                                 port_calls=held))  # fmt: skip
    assert sure[0]["score"] > 0.99, "over 99 %, as on her card"
    monkeypatch.setattr("pipeline.report.page_data.MOST_FLAGGED", 2)
    many = found(*"wxyz").assign(lon=133.0, lat=42.7, accepted=[False, False, True, False], score=[0.7, 0.2, 0.1, 0.6])
    shown = detections(story_stub(detections=many, matches=matches, port_calls=held))
    assert [dot["id"] for dot in shown] == ["y", "w", "z"]


def test_a_track_is_a_line_where_it_was_heard_and_none_through_a_silence_of_more_than_two_hours():
    """A straight course is drawn by its ends alone; a flagged fix is not where she was."""
    hours = np.array([0.0, 0.5, 1.0, 3.0, 5.001, 5.5, 6.0, 12.0])
    fixes = {"time_utc": [at(h) for h in hours], "lon": 133 + hours / 100, "lat": 42.7, "sog": 4.0, "mmsi": MMSI}
    table = pd.DataFrame(fixes | {"track_id": str(MMSI), "flags": [[] for _ in hours]})
    table.at[5, "flags"], table.at[5, "lat"] = ["jump"], 43.0
    drawn = tracks(story_stub(tracks=table.reindex(columns=TRACKS.empty().columns), static=STATIC.empty()))
    lines = [piece["line"] for piece in drawn]
    assert [(line[0][2], line[-1][2]) for line in lines] == [
        (seconds(at(0)), seconds(at(3))), (seconds(at(5.001)), seconds(at(6))),
        (seconds(at(12)), seconds(at(12))),
    ]  # fmt: skip
    assert [[point[:2] for point in line] for line in lines] == [
        [[42.7, 133.0], [42.7, 133.03]],
        [[42.7, 133.05001], [42.7, 133.06]],
        [[42.7, 133.12]],
    ]
    assert {piece["mmsi"] for piece in drawn} == {MMSI}


def test_a_stay_runs_from_its_first_bound_to_its_last_whichever_sighting_is_known_first():
    """A call seen once has bounds around one moment; a missing bound stays missing, and is not 1970."""
    table = calls(
        call("b", "2024-03-08T00:00Z", "2024-03-07T06:00Z", ["x"], departure_hi=None, counts=False),
        call("a", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["y"]),
    )
    from pipeline.config import VolumeConfig
    from pipeline.report.story import Story

    lifted = liftings(table, VolumeConfig(draws=200), 0)
    story = story_stub(port_calls=PORT_CALLS.check(table), liftings=LIFTINGS.check(lifted))
    story.headline = SimpleNamespace(left_out={})
    for name in ("calls_with_liftings", "in_account"):
        setattr(story, name, getattr(Story, name).__get__(story))
    one, two = _calls(story)
    assert (one["id"], one["number"], one["counts"], one["name"]) == ("a", 1, True, "not identified")
    assert one["bbl"] == pytest.approx(lifted.set_index("call_id").loc["a", "barrels_p50"], abs=0.01)
    assert (two["id"], two["number"], two["counts"], two["bbl"]) == ("b", None, False, None)
    assert two["t"] == [seconds("2024-03-08T00:00Z"), seconds("2024-03-07T06:00Z"), seconds("2024-03-08T00:00Z"), None]
    assert seconds("1970-01-02T00:00Z") == 86_400
