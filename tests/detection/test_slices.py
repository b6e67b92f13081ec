"""Two slices of one pass: every ship stays once, however near to each other ships lie."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from pipeline.detection.slices import FLAG, flag_repeats

START = pd.Timestamp("2024-03-08T02:00:00Z")
LAT, LON = 42.7, 133.0
DEGREES_PER_M = 1 / 111_320


def scenes(*coverage):
    return pd.DataFrame(
        {"scene_id": [f"S{n}" for n in range(len(coverage))], "sensor": "sentinel-1", "platform": "sentinel-1a",
         "acquired": [START + pd.Timedelta(seconds=25 * n) for n in range(len(coverage))], "status": "used",
         "aoi_coverage": list(coverage)}
    )  # fmt: skip


def sightings(*shown):
    """Each slice shows ships: name -> metres north; a name with ``-`` is cut by the image's edge."""
    rows = [
        {"detection_id": f"{name[0]}{n}", "scene_id": f"S{n}", "lon": LON, "lat": LAT + north_m * DEGREES_PER_M,
         "accepted": True, "flags": ["touches_edge"] if name.endswith("-") else []}
        for n, ships in enumerate(shown)
        for name, north_m in ships.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def kept(found):
    return sorted(found.loc[found["accepted"], "detection_id"])


@pytest.mark.parametrize(
    ("first", "second", "stay"),
    [
        ({"A": 0}, {"A": 8}, ["A0"]),
        ({"A-": 0}, {"A": 8}, ["A1"]),
        ({"A-": 0}, {"A-": 8}, ["A0"]),
        ({"A": 0}, {"B": 150}, ["A0", "B1"]),
        ({"A-": 0, "B": 60}, {"A": 3, "B": 62}, ["A1", "B0"]),
        ({"A": 0}, {"A": 4, "B": 60}, ["A0", "B1"]),
        ({"A": 0, "B": 60}, {"B": 61, "C": 120}, ["A0", "B0", "C1"]),
    ],
    ids=[
        "both see her",
        "one cuts her",
        "both cut her",
        "two ships",
        "a raft, one cut",
        "a raft, one seen once",
        "a raft, two at ends",
    ],
)
def test_each_ship_stays_once(first, second, stay):
    found = flag_repeats(sightings(first, second), scenes(0.9, 0.5))
    assert kept(found) == stay
    assert all((FLAG in flags) != ok for flags, ok in zip(found["flags"], found["accepted"], strict=True))


def test_a_raft_that_drifts_keeps_every_ship_whatever_the_order():
    """Three ships 30 m apart, seen 8 m further north by the second slice."""
    second = {"A": 8, "B": 38, "C": 68}
    for order in permutations(second):
        found = flag_repeats(sightings({"A": 0, "B": 30, "C": 60}, {k: second[k] for k in order}), scenes(0.9, 0.5))
        assert kept(found) == ["A0", "B0", "C0"]


def test_three_slices_leave_one_sighting():
    found = flag_repeats(sightings({"A-": 0}, {"A": 5}, {"A": 9}), scenes(0.9, 0.5, 0.4))
    assert kept(found) == ["A1"]


def test_distance_is_told_in_metres_east_too():
    """At 60 degrees north 150 m east are as many degrees as 300 m at the equator."""
    rows = sightings({"A": 0}, {"B": 0}).assign(lat=60.0)
    rows.loc[1, "lon"] += 150 * DEGREES_PER_M / np.cos(np.radians(60.0))
    assert kept(flag_repeats(rows, scenes(0.9, 0.5))) == ["A0", "B1"]
