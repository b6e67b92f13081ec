"""A hull that a berth's verdict tells and no call holds must not go unsaid."""

import pandas as pd
import pytest

from pipeline.report.hulls_without_a_call import hull_lines


def without_calls(story, **changes):
    """The story with no detection in any call, and its calls changed."""
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
    assert "a hull at oil_pier of which no call came" in line
    assert line.endswith("if she lifted, it is in no sum.")


@pytest.mark.parametrize(("left", "lines"), [("departure_hi", 0), ("departure_lo", 0), (None, 1)])
def test_a_stay_that_a_transponder_tells_covers_her(tiny_story, left, lines):
    story = without_calls(tiny_story)
    calls = story.tables["port_calls"]
    for end in ("departure_lo", "departure_hi"):
        when = "2024-03-08T22:00Z" if end == left else None
        calls[end] = pd.Series([when] * len(calls), calls.index, dtype="datetime64[us, UTC]")
    assert len(hull_lines(story)) == lines
