"""A hull in a berth's verdict that belongs to no call must be mentioned."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.report.hulls_without_a_call import hull_lines


def without_calls(story, **changes):
    """The story with no detection in any call, and with its calls changed."""
    calls = story.tables["port_calls"]
    calls["detection_ids"] = [[] for _ in range(len(calls))]
    story.tables["port_calls"] = calls.assign(**changes)
    return story


def test_hulls_that_calls_hold_need_no_line(tiny_story):
    assert (tiny_story.tables["occupancy"]["verdict"] == "occupied").any()
    assert hull_lines(tiny_story) == []


def test_a_hull_at_a_counted_berth_of_which_no_call_came_is_told(tiny_story):
    story = without_calls(tiny_story)
    story.tables["port_calls"] = story.tables["port_calls"].iloc[:0]
    occupied = story.tables["occupancy"].query("verdict == 'occupied' and zone_id == 'oil_pier'")
    (line,) = hull_lines(story)
    assert line.startswith(f"{len(occupied)} look")
    assert "a hull at oil_pier that belongs to no call" in line
    assert line.endswith("if she lifted, no sum includes it.")


@pytest.mark.parametrize(("left", "lines"), [("departure_hi", 0), ("departure_lo", 0), (None, 1)])
def test_a_stay_that_a_transponder_tells_covers_her(tiny_story, left, lines):
    story = without_calls(tiny_story)
    calls = story.tables["port_calls"]
    for end in ("departure_lo", "departure_hi"):
        when = "2024-03-08T22:00Z" if end == left else None
        calls[end] = pd.Series([when] * len(calls), calls.index, dtype="datetime64[us, UTC]")
    assert len(hull_lines(story)) == lines


def hour(h):
    return None if h is None else pd.Timestamp("2024-03-07T00:00Z") + pd.Timedelta(hours=h)


@pytest.mark.parametrize(
    ("stay", "expected"),
    [
        ((6, 8, 10, 12), False),
        ((None, 12, 15, 16), False),
        ((12, 14, 15, 16), False),
        ((6, 8, 12, None), False),
        ((6, 8, 10, 11), True),
        ((None, 8, 13, None), False),
        ((None, 8, 11, None), True),
        ((11, 14, 15, 16), False),
        ((13, 14, 15, 16), True),
        ((None, 13, 15, 16), True),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_stay_covers_a_look_from_where_she_may_have_come_to_where_she_may_have_left(stay, expected, elsewhere):
    """An end without a bound is the first or last moment that she surely was there. Only her own berth counts."""
    ends = zip(("arrival_lo", "arrival_hi", "departure_lo", "departure_hi"), map(hour, stay), strict=True)
    calls = pd.DataFrame([dict(ends) | {"berth_id": "roads" if elsewhere else "pier", "detection_ids": ["d9"]}])
    calls[["arrival_lo", "departure_hi"]] = calls[["arrival_lo", "departure_hi"]].astype("datetime64[us, UTC]")
    look = {"zone_id": "pier", "verdict": "occupied", "acquired": hour(12), "detection_ids": ["d1"]}
    others = ({"detection_ids": ["d1", "d9"]}, {"verdict": "empty"}, {"verdict": "unknown"}, {"zone_id": "roads"})
    seen = [look, *(look | other for other in others), look | {"acquired": hour(24)}]
    story = SimpleNamespace(
        tables={"occupancy": pd.DataFrame(seen), "port_calls": calls},
        config=SimpleNamespace(
            period=SimpleNamespace(start=hour(12), end=hour(24)), volume=SimpleNamespace(counted="loading")
        ),
        place=SimpleNamespace(zones=[SimpleNamespace(zone_id=z, counts=z == "pier") for z in ("pier", "roads")]),
    )
    lines = [line.partition(" that belongs")[0] for line in hull_lines(story)]
    assert lines == (["1 look shows a hull at pier"] if expected or elsewhere else [])
