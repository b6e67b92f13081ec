"""Recall of looks, learned from transmitting ships, by sensor, place and length."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from pipeline.calls import clean_tracks, look_trials, recall_lines, recall_table, static_reports
from pipeline.calls.recall import recall_at
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.tables import MATCHES, RECALLS, SCENES
from tests.builders import box_zone, place_of
from tests.calls.traffic import (
    ANCHORAGE,
    BERTH,
    MMSI,
    at,
    detections,
    feed,
    fixes,
    harbour,
    looks_at,
    off_berth,
    said,
    sighting,
)

CONFIG = CallsConfig()
HERE = box(132.9, 42.6, 133.2, 42.9)


def scene(hours=10.0, **more):
    row = {"scene_id": f"scene-{hours:g}", "sensor": "optical", "acquired": at(hours), "footprint": HERE}
    row |= {"status": "used", "href": "memory", "verified": False, "simulated": True}
    return SCENES.from_rows([row | more])


def trials(*parts, looks=None, scenes=None, found=(), accepted=True, probability=0.9, place=None):
    messages = feed(*parts)
    seen = detections(*[sighting(f"d{m}", 10, accepted=accepted) for m in found])
    matches = MATCHES.from_rows([{"det_id": f"d{m}", "mmsi": m, "probability": probability} for m in found])
    return look_trials(
        looks_at(10) if looks is None else looks,
        scene() if scenes is None else scenes,
        clean_tracks(messages),
        static_reports(messages),
        seen,
        matches,
        place or harbour(),
        CONFIG,
    )


def test_a_trial_is_as_long_as_she_said_by_then():
    """Another ship has her number later."""
    table = trials(lying(BERTH), said(1, a=80, b=20), said(300, a=150, b=33))
    assert table["length_m"].tolist() == [100]


def lying(spot, mmsi=MMSI, hours=(9.9, 10.0, 10.1)):
    return fixes(hours, *spot, mmsi=mmsi)


def test_every_ship_heard_in_a_usable_look_is_a_trial_in_its_context():
    both = pd.concat([looks_at(10), looks_at(10, zone="roads")])
    table = trials(
        lying(BERTH), said(1, a=80, b=20), lying(ANCHORAGE, MMSI + 1), lying((133.03, 42.75), MMSI + 2),
        looks=both, found=[MMSI, MMSI + 2],
    )  # fmt: skip
    assert table.set_index("mmsi")["context"].to_dict() == {
        MMSI: "quay",
        MMSI + 1: "anchorage",
        MMSI + 2: "open_water",
    }
    assert table.set_index("mmsi")["found"].to_dict() == {MMSI: True, MMSI + 1: False, MMSI + 2: True}
    assert table.set_index("mmsi")["length_m"][MMSI] == 100


@pytest.mark.parametrize(
    "more",
    [
        {"looks": looks_at(10, state="partly")},
        {"scenes": scene(status="skipped")},
        {"looks": looks_at(12), "scenes": scene(12)},
    ],
    ids=["not usable", "not read", "heard hours before"],
)
def test_what_no_look_could_show_is_no_trial(more):
    assert trials(lying(BERTH), **more).empty


def test_just_off_her_berth_she_lies_at_it_and_just_off_the_roads_at_sea():
    """Berths are drawn along the quay, and ships lie beside that line; the roads have sharp edges."""
    both = pd.concat([looks_at(10), looks_at(10, zone="roads")])
    off = {"quay": off_berth(165 + 100), "open_water": (ANCHORAGE[0] + 0.0205, ANCHORAGE[1])}
    for context, spot in off.items():
        assert trials(lying(spot), looks=both)["context"].tolist() == [context]


def test_a_berth_within_the_roads_is_a_berth():
    """Whatever the order of the zones."""
    pier, roads = harbour().zones[0], box_zone("roads", 133.0, 42.7, 133.1, 42.8, kind="anchorage", counts=False)
    messages = feed(lying(BERTH))
    both = pd.concat([looks_at(10), looks_at(10, zone="roads")])
    for zones in ((pier, roads), (roads, pier)):
        table = look_trials(
            both, scene(), clean_tracks(messages), static_reports(messages), detections(), MATCHES.empty(),
            place_of(*zones), CONFIG,
        )  # fmt: skip
        assert table["context"].tolist() == ["quay"]


def test_outside_the_image_or_under_cloud_open_water_is_no_trial():
    sea = lying((133.03, 42.75))
    assert len(trials(sea)) == 1
    assert trials(sea, scenes=scene(footprint=box(132.9, 42.76, 133.2, 42.9))).empty
    assert trials(sea, scenes=scene(cloud_fraction=0.2)).empty
    assert len(trials(sea, scenes=scene(cloud_fraction=0.05))) == 1


def test_beyond_the_box_of_the_place_an_image_shows_ships_that_nobody_looked_for():
    """The footprint extends further, but detection stays within the box."""
    beyond = replace(harbour(), bbox=(133.05, 42.7, 133.1, 42.8))
    assert trials(lying((133.03, 42.75)), place=beyond).empty
    assert len(trials(lying((133.07, 42.75)), place=beyond)) == 1


def test_she_was_found_where_either_of_two_sightings_is_hers():
    assert trials(lying(BERTH), found=[MMSI], probability=0.45)["found"].tolist() == [True]


def test_an_image_of_unknown_outline_tells_nothing_of_open_water():
    """A usable look shows her berth all the same."""
    unknown = scene(footprint=None)
    assert trials(lying((133.03, 42.75)), scenes=unknown).empty
    assert trials(lying(BERTH), scenes=unknown)["context"].tolist() == ["quay"]


def test_where_a_spike_throws_her_she_does_not_lie():
    """A report from the roads amid hours at the berth: the look's trial is at the berth."""
    hours = np.arange(9, 11, 0.1)
    lon = np.where(np.abs(hours - 10) < 0.01, ANCHORAGE[0], BERTH[0])
    lat = np.where(np.abs(hours - 10) < 0.01, ANCHORAGE[1], BERTH[1])
    assert trials(fixes(hours, lon, lat))["context"].tolist() == ["quay"]


@pytest.mark.parametrize(("minutes_off", "tried"), [(-9.9, 1), (9.9, 1), (-10.1, 0), (10.1, 0)])
def test_who_was_heard_within_ten_minutes_of_a_look_before_or_after_is_a_trial(minutes_off, tried):
    """With a longer gap it is unknown whether she was still there."""
    assert len(trials(lying(BERTH, hours=(10 + minutes_off / 60,)))) == tried


@pytest.mark.parametrize("sign", [-1, 1])
def test_she_lies_where_she_was_heard_nearest_in_time(sign):
    moved = [fixes([10 + sign * minutes / 60], *spot) for minutes, spot in ((1, BERTH), (-9, ANCHORAGE))]
    assert trials(*moved)["context"].tolist() == ["quay"]


def test_where_nobody_transmits_the_declared_recall_stands():
    nobody = pd.DataFrame(columns=["sensor", "context", "length_m", "found"])
    table = recall_table(nobody, CONFIG)
    for row in table.itertuples():
        assert row.recall == pytest.approx(CONFIG.look_recall[row.sensor])
        assert row.recall_lo < row.recall < row.recall_hi
    assert recall_lines(table) == []
    blind = recall_table(nobody, CallsConfig(look_recall={"optical": 0})).query("sensor == 'optical'")
    assert (blind[["recall_lo", "recall", "recall_hi"]] == 0).all(axis=None)


def many(n, share, length, sensor="sentinel-1", context="quay"):
    found = np.arange(n) < share * n
    return pd.DataFrame({"sensor": sensor, "context": context, "length_m": float(length), "found": found})


def test_many_looks_at_ships_of_all_lengths_tell_each_recall():
    table = recall_table(pd.concat([many(2000, 0.3, 40), many(2000, 0.9, 200)]), CONFIG).set_index("recall_id")
    assert table.loc["sentinel-1/quay/short", "recall"] == pytest.approx(0.3, abs=0.01)
    assert table.loc["sentinel-1/quay/long", "recall"] == pytest.approx(0.9, abs=0.01)
    assert table.loc["sentinel-1/quay/all", "recall"] == pytest.approx(0.6, abs=0.01)
    assert table.loc["sentinel-1/quay/middle", "recall"] == pytest.approx(0.6, abs=0.01)  # no ship of that length
    assert table.loc["sentinel-1/open_water/all", "recall"] == pytest.approx(CONFIG.look_recall["sentinel-1"])
    assert table.loc["optical/quay/all", "tries"] == 0


def test_short_is_below_60_m_and_long_from_120_m():
    """The classes of docs/method.md."""
    seen = [many(n, 1.0, length) for n, length in ((1, 59.9), (2, 60.0), (4, 119.9), (8, 120.0))]
    tries = recall_table(pd.concat(seen), CONFIG).set_index("recall_id")["tries"]
    found = [tries[f"sentinel-1/quay/{size}"] for size in ("short", "middle", "long", "all")]
    assert found == [1, 6, 8, 15]


def test_the_interval_of_a_recall_is_that_of_its_looks():
    """With many looks, 90 % of a share's distribution lies within 1.645 standard errors."""
    row = recall_table(many(4000, 0.3, 40), CONFIG).set_index("recall_id").loc["sentinel-1/quay/all"]
    reach = Z90 * np.sqrt(0.3 * 0.7 / 4000)
    assert (row["recall_lo"], row["recall_hi"]) == pytest.approx((0.3 - reach, 0.3 + reach), abs=0.002)


def test_a_zone_takes_the_recall_of_the_lengths_that_call_there():
    table = recall_table(pd.concat([many(2000, 0.3, 40), many(2000, 0.9, 200)]), CONFIG)
    assert recall_at(table, "quay", pd.Series([200.0, 250.0]))["sentinel-1"] == pytest.approx(0.9, abs=0.01)
    assert recall_at(table, "quay", pd.Series([40.0, 200.0]))["sentinel-1"] == pytest.approx(0.6, abs=0.01)
    assert recall_at(table, "quay", pd.Series([], dtype=float))["sentinel-1"] == pytest.approx(0.6, abs=0.01)


def test_where_no_sensor_is_declared_no_recall_is_known():
    """An empty table of recalls means none is known, and is no error."""
    assert recall_at(RECALLS.empty(), "quay", pd.Series([200.0])) == {}
    assert recall_at(RECALLS.empty(), "quay", pd.Series([], dtype=float)) == {}


def test_the_lines_say_how_many_and_where():
    trials = pd.concat([many(10, 0.5, 40), many(1, 1.0, 200, context="anchorage")])
    quay, roads = recall_lines(recall_table(trials, CONFIG))
    assert quay.startswith("sentinel-1, quay: 5 of 10 ships that transmitted were found (short 5 of 10); recall 0.65")
    assert roads.startswith("sentinel-1, anchorage: 1 of 1 ships that transmitted were found (long 1 of 1)")


@pytest.mark.parametrize("found_in", [10.0, 10.01])
def test_a_ship_found_in_any_picture_of_a_pass_is_one_trial_that_succeeded(found_in):
    """Two slices 36 s apart; the look has the first one's name."""
    messages = feed(lying(BERTH), lying((133.03, 42.75), MMSI + 1))
    seen = detections(sighting("d", found_in), sighting("e", found_in, spot=(133.03, 42.75), berth_id=""))
    pairs = [("d", MMSI), ("e", MMSI + 1)]
    table = look_trials(
        looks_at(10), pd.concat([scene(10.0), scene(10.01)], ignore_index=True), clean_tracks(messages),
        static_reports(messages), seen,
        MATCHES.from_rows([{"det_id": d, "mmsi": m, "probability": 0.9} for d, m in pairs]), harbour(), CONFIG,
    )  # fmt: skip
    assert table.set_index("context")["found"].to_dict() == {"quay": True, "open_water": True}
    assert len(table) == 2


def test_a_hull_that_was_rejected_was_not_found():
    assert trials(lying(BERTH), found=[MMSI], accepted=False)["found"].tolist() == [False]
    assert trials(lying(BERTH), found=[MMSI])["found"].tolist() == [True]
