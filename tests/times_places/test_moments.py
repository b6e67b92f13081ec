"""One image has one time, whichever of its rows saw the ship."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.times_places.moments import BOUNDS, at_image_times, bounds_at_image_times, moment

MIDDLE = pd.Timestamp("2024-03-21T21:21:59.999Z")
ROW = pd.Timestamp("2024-03-21T21:22:00.102Z")  # of the same image, a tenth of a second later
BEFORE, AFTER = pd.Timestamp("2024-03-18T01:46Z"), pd.Timestamp("2024-03-24T01:55Z")


def tables(image_time=MIDDLE):
    """One image, two sightings on one of its rows, of which the first belongs to the one call."""
    scenes = pd.DataFrame({"scene_id": ["s"], "acquired": pd.to_datetime([image_time], utc=True)})
    seen = pd.DataFrame({"detection_id": ["hers", "other"], "scene_id": "s", "acquired": [ROW, ROW]})
    bounds = dict(zip(BOUNDS, (BEFORE, ROW, ROW, AFTER), strict=True))
    return scenes, seen, pd.DataFrame([{"call_id": "c", "detection_ids": ["hers"]} | bounds])


def test_a_sighting_and_its_bound_read_as_their_image_does():
    scenes, seen, calls = tables()
    told = at_image_times(seen, scenes)
    shown = bounds_at_image_times(calls, seen, told).iloc[0]
    assert moment(ROW) != moment(MIDDLE)
    assert {moment(t) for t in told["acquired"]} == {moment(MIDDLE)}
    assert [shown[name] for name in BOUNDS] == [BEFORE, MIDDLE, MIDDLE, AFTER]
    assert seen["acquired"].tolist() == [ROW, ROW]


@pytest.mark.parametrize("detection_ids", [[], ["gone"]], ids=["by transponder", "sighting unknown"])
def test_a_bound_that_is_no_sighting_of_hers_stays(detection_ids):
    """Another ship may be seen in the very second in which her transponder was heard."""
    scenes, seen, calls = tables()
    calls["detection_ids"] = [detection_ids]
    shown = bounds_at_image_times(calls, seen, at_image_times(seen, scenes))
    pd.testing.assert_frame_equal(shown, calls)


def test_without_the_image_s_time_a_sighting_keeps_its_own():
    scenes, seen, _ = tables(image_time=pd.NaT)
    assert at_image_times(seen, scenes)["acquired"].tolist() == [ROW, ROW]
    assert at_image_times(seen, scenes.iloc[:0])["acquired"].tolist() == [ROW, ROW]


def test_nothing_seen_and_nobody_called_is_no_fault():
    scenes, seen, calls = (table.iloc[:0] for table in tables())
    told = at_image_times(seen, scenes)
    assert not len(told)
    assert bounds_at_image_times(calls, seen, told).dtypes.equals(calls.dtypes)
