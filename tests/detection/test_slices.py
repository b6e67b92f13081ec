"""Two slices of one pass: every ship is kept once, however close ships lie."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import shapely

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


def sighting(name, scene_id, north_m, east_m=0.0, length_m=40.0, beam_m=10.0, berth_id=""):
    """A hull lying north to south; ``-`` in the name: cut by the image's edge."""
    lon, lat = LON + east_m * DEGREES_PER_M / np.cos(np.radians(LAT)), LAT + north_m * DEGREES_PER_M
    half = length_m / 2 * DEGREES_PER_M, beam_m / 2 * DEGREES_PER_M / np.cos(np.radians(LAT))
    return {
        "detection_id": f"{name[0]}{scene_id[1:]}", "scene_id": scene_id, "lon": lon, "lat": lat, "accepted": True,
        "geometry": shapely.box(lon - half[1], lat - half[0], lon + half[1], lat + half[0]),
        "length_m": length_m, "length_lo_m": 0.8 * length_m, "length_hi_m": 1.5 * length_m,
        "beam_m": beam_m, "beam_hi_m": 1.5 * beam_m, "berth_id": berth_id, "tanker_score": 0.1,
        "context": "berth" if berth_id else "open_water",
        "flags": ["touches_edge"] if name.endswith("-") else [], "flag_evidence": "",
    }  # fmt: skip


def sightings(*shown):
    """Ships of each slice: name -> metres north."""
    return pd.DataFrame(
        [sighting(name, f"S{n}", north_m) for n, ships in enumerate(shown) for name, north_m in ships.items()]
    )


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
    """Three ships 30 m apart, 8 m further north in the second slice."""
    second = {"A": 8, "B": 38, "C": 68}
    for order in permutations(second):
        found = flag_repeats(sightings({"A": 0, "B": 30, "C": 60}, {k: second[k] for k in order}), scenes(0.9, 0.5))
        assert kept(found) == ["A0", "B0", "C0"]


def test_three_slices_leave_one_sighting():
    found = flag_repeats(sightings({"A-": 0}, {"A": 5}, {"A": 9}), scenes(0.9, 0.5, 0.4))
    assert kept(found) == ["A1"]


def test_distance_is_told_in_metres_east_too():
    """At 60 degrees north, 150 m east is as many degrees as 300 m at the equator."""
    rows = sightings({"A": 0}, {"B": 0}).assign(lat=60.0)
    rows.loc[1, "lon"] += 150 * DEGREES_PER_M / np.cos(np.radians(60.0))
    assert kept(flag_repeats(rows, scenes(0.9, 0.5))) == ["A0", "B1"]


# --- hulls cut by the seam


def cut_at_the_seam(*ships):
    """Two slices without overlap of ships given as (name, metres south of the seam, north of it, and east)."""
    rows = []
    for name, south_m, north_m, east_m in ships:
        rows.append(sighting(f"{name}-", "S0", north_m / 2, east_m, north_m, berth_id="pier"))
        rows.append(sighting(f"{name}-", "S1", -south_m / 2, east_m, south_m))
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("south_m", "north_m"), [(90, 110), (110, 90), (40, 200), (20, 30)])
def test_the_parts_of_a_hull_on_the_seam_are_one_ship_of_their_length(south_m, north_m):
    found = flag_repeats(cut_at_the_seam(("A", south_m, north_m, 0)), scenes(0.9, 0.5))
    assert kept(found) == ["A0" if north_m > south_m else "A1"]
    ship = found[found["accepted"]].iloc[0]
    assert ship["length_m"] == pytest.approx(south_m + north_m, rel=0.01)
    assert ship["length_lo_m"] < ship["length_m"] < ship["length_hi_m"]
    assert ship["lat"] == pytest.approx(LAT + (north_m - south_m) / 2 * DEGREES_PER_M, abs=1e-6)
    assert (ship["berth_id"], ship["context"]) == ("pier", "berth")
    assert ship["flags"] == ["touches_edge", "joined"]
    assert f"{max(south_m, north_m)} m here" in ship["flag_evidence"]


def test_ships_side_by_side_on_the_seam_are_each_one():
    raft = cut_at_the_seam(("A", 90, 110, 0), ("B", 80, 130, 40), ("C", 60, 50, 80))
    found = flag_repeats(raft, scenes(0.9, 0.5))
    assert kept(found) == ["A0", "B0", "C1"]
    lengths = found[found["accepted"]].set_index("detection_id")["length_m"]
    assert list(lengths[["A0", "B0", "C1"]]) == pytest.approx([200, 210, 110], rel=0.01)


@pytest.mark.parametrize(
    "other",
    [sighting("B-", "S1", -150, 200, 60), sighting("B", "S1", -140, 0, 60), sighting("B-", "S1", -400, 0, 60)],
    ids=["beside", "not cut", "far along"],
)
def test_other_ships_at_the_seam_stay_themselves(other):
    shown = pd.DataFrame([sighting("A-", "S0", 55, 0, 110), other])
    found = flag_repeats(shown, scenes(0.9, 0.5))
    assert kept(found) == ["A0", "B1"]
    assert list(found["length_m"]) == [110, 60]


def test_the_end_of_a_long_hull_is_no_ship_beside_the_whole():
    """Its centre is 125 m from hers."""
    shown = pd.DataFrame([sighting("A-", "S0", 125, 0, 50), sighting("A", "S1", 0, 0, 300)])
    found = flag_repeats(shown, scenes(0.9, 0.5))
    assert kept(found) == ["A1"]
    assert found.loc[found["accepted"], "length_m"].tolist() == [300]
