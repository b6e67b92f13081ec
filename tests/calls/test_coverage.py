import pandas as pd
import pytest
from shapely.geometry import box

from pipeline.calls.coverage import looks, zone_covered
from pipeline.tables import LOOKS, SCENES
from tests.calls.traffic import BERTH, at, detections, harbour, sighting

EVERYWHERE = box(132.9, 42.6, 133.2, 42.9)
ELSEWHERE = box(129.0, 41.0, 129.5, 41.5)


def scenes(*rows: dict):
    base = {"sensor": "optical", "status": "used", "href": "memory", "footprint": EVERYWHERE}
    return SCENES.from_rows([base | {"scene_id": f"scene-{n}", "acquired": at(n)} | row for n, row in enumerate(rows)])


def looks_of(*rows: dict, covered=None, seen=()):
    return looks(scenes(*rows), covered or {}, detections(*seen), harbour())


def state(table, zone="oil"):
    return table[table["zone_id"] == zone]["state"].tolist()


def test_a_scene_is_one_look_at_each_zone():
    table = looks_of({}, {})
    assert table["look_id"].tolist() == ["scene-0/oil", "scene-0/roads", "scene-1/oil", "scene-1/roads"]
    assert set(table["state"]) == {"usable"}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(1.0, "usable"), (0.9, "usable"), (0.89, "partly"), (0.3, "partly"), (0.29, "unknown"), (0, "unknown")],
)
def test_state_follows_what_was_validly_seen(share, expected):
    table = looks_of({}, covered={"scene-0": {"oil": share, "roads": 1.0}})
    assert state(table) == [expected]
    assert state(table, "roads") == ["usable"]
    assert (table["cause"] == "").tolist() == (table["state"] == "usable").tolist()


def test_a_zone_that_the_scene_does_not_speak_of_is_unknown():
    assert state(looks_of({}, covered={"scene-0": {"roads": 1.0}})) == ["unknown"]


def test_an_unread_image_over_the_berth_is_an_unknown_look_with_its_cause():
    table = looks_of({"status": "skipped", "cause": "truncated file"})
    assert set(table["state"]) == {"unknown"}
    assert set(table["cause"]) == {"truncated file"}
    assert set(table["covered"]) == {0.0}


def test_an_unread_image_of_another_place_is_no_look():
    assert looks_of({"status": "skipped", "cause": "x", "footprint": ELSEWHERE}).empty


def test_an_unread_image_of_nobody_knows_where_counts_as_unknown_here():
    assert set(looks_of({"status": "skipped", "cause": "x", "footprint": None})["state"]) == {"unknown"}


def test_a_duplicate_is_no_second_look():
    table = looks_of({}, {"status": "duplicate_of", "duplicate_of": "scene-0"})
    assert set(table["scene_id"]) == {"scene-0"}


def test_half_a_zone_inside_the_image_is_seen_in_part():
    """The image ends at the middle of the berth."""
    (share,) = looks_of({"footprint": box(132.9, 42.6, BERTH[0], 42.9)}).query("zone_id == 'oil'")["covered"]
    assert share == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("cloud", "expected"), [(None, "usable"), (0.0, "usable"), (0.4, "partly"), (1.0, "unknown")])
def test_where_nobody_tells_of_zones_a_scene_under_cloud_saw_no_more_than_its_clear_share(cloud, expected):
    """Else an outline over the berth would count as a full look, and an empty one would end stays."""
    table = looks_of({"cloud_fraction": cloud})
    assert state(table) == [expected]
    assert table["covered"].tolist() == pytest.approx([1.0 - (cloud or 0.0)] * 2)


def test_looks_made_again_from_their_own_table_are_the_same():
    """Three images of a pass, two of them cut, one cloudy, one unread, and an image of elsewhere."""
    table = scenes(
        {},
        {"acquired": at(0) + pd.Timedelta("3s"), "footprint": box(132.9, 42.6, BERTH[0], 42.9)},
        {"acquired": at(0) + pd.Timedelta("6s"), "footprint": box(BERTH[0], 42.6, 133.2, 42.9)},
        {"cloud_fraction": 0.7},
        {"status": "skipped", "cause": "truncated file"},
        {"footprint": ELSEWHERE},
    )
    told = {"scene-0": {"oil": 0.4, "roads": 0.95}, "scene-3": {"oil": 0.0, "roads": 0.31}}
    seen = detections(sighting("d", 0, scene_id="scene-0"))
    first = looks(table, told, seen, harbour())
    assert len(set(first["state"])) == 3
    assert looks(table, zone_covered(first, table), seen, harbour()).equals(first)


@pytest.mark.parametrize("expected", ["usable", "partly", "unknown"])
def test_a_table_of_states_without_shares_keeps_them(expected):
    """Else every such look would become usable, and an unseen berth an empty one."""
    table = scenes({})
    told = looks(table, {}, detections(), harbour()).assign(covered=float("nan"), state=expected)
    assert state(looks(table, zone_covered(told, table), detections(), harbour())) == [expected]


def test_cloud_and_edge_are_told_apart():
    cut = {"scene-0": {"oil": 0.1, "roads": 0.1}}
    hidden = {"hidden (cloud, haze, silt, glint) or outside the image"}
    assert set(looks_of({"cloud_fraction": 0.8}, covered=cut)["cause"]) == hidden
    hidden = "not measured, or the sea there hides small tankers from radar"
    assert set(looks_of({"sensor": "sentinel-1"}, covered=cut)["cause"]) == {hidden}
    half = {"sensor": "sentinel-1", "footprint": box(132.9, 42.6, BERTH[0], 42.9)}
    assert set(looks_of(half, covered=cut).query("zone_id == 'oil'")["cause"]) == {f"outside the image, or {hidden}"}
    blind = {"cloud_fraction": 0.0, "cause": "no infrared band: what ships are there is unknown"}
    assert set(looks_of(blind, covered=cut)["cause"]) == {"outside the image, or " + blind["cause"]}
    low_sun = {"cloud_fraction": 0.2, "cause": "the sun stood 8 degrees high"}  # the cloud may cover the anchorage
    assert set(looks_of(low_sun, covered=cut)["cause"]) == {
        "hidden (cloud, haze, silt, glint), outside the image, or " + low_sun["cause"]
    }
    assert set(looks_of({"sensor": "optical"}, covered=cut)["cause"]) == {
        "outside the image, or no usable water was found in it"
    }


def test_accepted_detections_are_counted_in_their_zone_and_scene():
    here = [sighting(f"d{n}", 0, scene_id="scene-0") for n in range(3)]
    here += [
        sighting("x", 0, scene_id="scene-0", accepted=False),
        sighting("y", 1, scene_id="scene-1", berth_id="roads"),
    ]
    counts = looks_of({}, {}, seen=here).set_index("look_id")["n_detections"]
    assert counts.to_dict() == {"scene-0/oil": 3, "scene-0/roads": 0, "scene-1/oil": 0, "scene-1/roads": 1}


def test_no_ship_seen_is_still_a_look():
    assert looks_of({})["n_detections"].tolist() == [0, 0]


def test_order_of_scenes_does_not_matter():
    table = scenes({}, {"status": "degraded"}, {})
    args = ({}, detections(), harbour())
    assert looks(table, *args).equals(looks(table.iloc[::-1], *args))


def test_no_scenes_no_looks():
    table = looks(SCENES.empty(), {}, detections(), harbour())
    assert len(table) == 0
    assert set(LOOKS.names) <= set(table.columns)


@pytest.mark.parametrize("shares", [(0.95, 0.6), (0.6, 0.95)])
def test_of_the_pictures_of_a_pass_the_one_that_shows_most_of_a_zone_is_its_look(shares):
    """The slices of one pass, half a minute apart."""
    covered = {f"scene-{n}": {"oil": share} for n, share in enumerate(shares)}
    table = looks_of({"acquired": at(10)}, {"acquired": at(10 + 30 / 3600)}, covered=covered)
    here = table[table["zone_id"] == "oil"]
    assert here["covered"].tolist() == [0.95]
    assert here["state"].tolist() == ["usable"]


WEST, EAST = box(132.9, 42.6, BERTH[0], 42.9), box(BERTH[0], 42.6, 133.2, 42.9)


@pytest.mark.parametrize(
    ("outlines", "covered", "expected"),
    [
        ((WEST, EAST), (0.5, 0.5), 1.0),  # split at the middle of the berth
        ((WEST, EAST), (0.5, 0.3), 0.8),  # two fifths of the eastern half are cloudy, or outside the image
        ((WEST, WEST), (0.5, 0.5), 0.5),
        ((EVERYWHERE, EVERYWHERE), (0.7, 0.6), 0.7),  # the same cloud in both
        ((EVERYWHERE, EAST), (0.6, 0.5), 0.8),  # 0.6 of the western half, all of the eastern one
        ((None, EAST), (0.5, 0.5), 0.5),  # it is unknown which half that is
        ((WEST, EAST), (0.9, 0.0), 0.9),  # more than its outline holds, so the outline is wrong
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_slices_of_a_pass_show_together_is_seen(outlines, covered, expected, turned):
    order = (1, 0) if turned else (0, 1)
    slices = [{"acquired": at(10 + n / 120), "footprint": outlines[k]} for n, k in enumerate(order)]
    told = {f"scene-{n}": {"oil": covered[k]} for n, k in enumerate(order)}
    (here,) = looks_of(*slices, covered=told).query("zone_id == 'oil'").to_dict("records")
    assert here["covered"] == pytest.approx(expected, abs=1e-6)
    assert here["state"] == ("usable" if expected >= 0.9 else "partly")
    assert (here["cause"] == "") == (expected >= 0.9)


def test_halves_of_a_berth_days_apart_are_two_looks_at_a_part_of_it():
    assert state(looks_of({"footprint": WEST}, {"footprint": EAST, "acquired": at(48)})) == ["partly", "partly"]


@pytest.mark.parametrize("of_aoi", [(0.9, 0.5), (0.5, 0.9)])
def test_of_those_that_show_a_zone_alike_the_one_that_shows_most_of_the_place_is_its_look(of_aoi):
    """So that one look serves all zones of a place if one image shows them all."""
    slices = [{"acquired": at(10 + n * 30 / 3600), "aoi_coverage": share} for n, share in enumerate(of_aoi)]
    table = looks_of(*slices, covered={f"scene-{n}": {"oil": 1.0, "roads": 1.0} for n in (0, 1)})
    assert set(table["scene_id"]) == {f"scene-{of_aoi.index(0.9)}"}


def test_each_unread_picture_of_a_pass_tells_its_cause():
    """If one image shows the zone it is the look; if none does, each cause is given."""
    unread = [{"status": "skipped", "cause": cause, "acquired": at(10 + n / 120)} for n, cause in enumerate("ab")]
    assert looks_of(*unread).query("zone_id == 'oil'")["cause"].tolist() == ["a", "b"]
    shown = looks_of(*unread, {"acquired": at(10 + 2 / 120)}).query("zone_id == 'oil'")
    assert shown["scene_id"].tolist() == ["scene-2"]


def test_a_zone_seen_whole_is_no_more_than_whole_however_areas_are_rounded():
    assert looks_of({}, covered={"scene-0": {"oil": 1 + 1e-12, "roads": 1.0}})["covered"].tolist() == [1.0, 1.0]
