"""The map on paper has the same marks as the map on the screen, and no name or pin overlaps another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import shapely.affinity

from pipeline.report.drawing import to_png
from pipeline.report.map_figure import map_figure
from pipeline.report.wording import call_numbers


def written(axes, *, pins):
    """Texts by content: pins have a round box, names none."""
    texts = [t for t in axes.texts if t.get_text() != "SIMULATED"]
    return [t for t in texts if (t.get_bbox_patch() is not None) == pins]


@pytest.fixture
def close(tiny_story):
    """Three counted berths within 80 m with six calls each, like the slips of one oil port."""
    berth = next(zone for zone in tiny_story.place.zones if zone.counts)
    calls, liftings = tiny_story.tables["port_calls"], tiny_story.tables["liftings"]
    call = liftings.loc[liftings["counts"], "call_id"].iloc[0]
    zones, more, lifted = [], [], []
    for n, side in enumerate(("western", "central", "eastern")):
        moved = shapely.affinity.translate(berth.geometry, 5e-4 * n, 0.0)
        zones.append(replace(berth, zone_id=side, name=f"Oil-product port, {side} slip $", geometry=moved))
        for k in range(6):
            own = {"call_id": f"{side}{k}"}
            more.append(calls[calls["call_id"] == call].assign(**own, berth_id=side))
            lifted.append(liftings[liftings["call_id"] == call].assign(**own))
    tables = {**tiny_story.tables, "port_calls": pd.concat(more), "liftings": pd.concat(lifted)}
    return replace(tiny_story, tables=tables, place=replace(tiny_story.place, zones=tuple(zones)))


def test_zones_have_their_names_and_only_counted_ones_a_solid_line(tiny_story):
    quay = tiny_story.place.zones[0]
    roads = replace(quay, zone_id="b", name="", counts=False,
                    geometry=shapely.affinity.translate(quay.geometry, -0.02, 0.0))  # fmt: skip
    story = replace(tiny_story, place=replace(tiny_story.place, zones=(replace(quay, counts=True), roads)))
    axes = map_figure(story).axes[0]
    assert [t.get_text() for t in written(axes, pins=False)] == [quay.name, "b"]
    assert [line.get_linestyle() for line in axes.lines if line.get_zorder() == 4] == ["-", "--"]


def test_pins_have_the_numbers_of_the_table_and_ships_are_told_apart_by_their_transponder(tiny_story):
    axes = map_figure(tiny_story).axes[0]
    assert sorted(t.get_text() for t in written(axes, pins=True)) == sorted(map(str, call_numbers(tiny_story).values()))
    seen = tiny_story.tables["detections"]
    seen = seen[seen["accepted"] & seen["lon"].notna()]
    drawn = {made.get_label(): len(made.get_offsets()) for made in axes.collections}
    matched = tiny_story.tables["matches"].dropna(subset="mmsi")["det_id"]
    heard = int(seen["detection_id"].isin(matched).sum())
    assert drawn == {
        k: n for k, n in {"ship with transponder": heard, "ship without transponder": len(seen) - heard}.items() if n
    }


def test_a_map_across_180_degrees_has_the_longitudes_of_a_chart(tiny_story):
    """No chart has degrees beyond 180, such as 179.98, 180.00, 180.02."""
    west, south, east, north = tiny_story.place.bbox
    far = 180.0 - (west + east) / 2
    zones = tuple(replace(z, geometry=shapely.affinity.translate(z.geometry, far, 0.0)) for z in tiny_story.place.zones)
    place = replace(tiny_story.place, bbox=(west + far, south, east + far, north), zones=zones, land=None)
    axes = map_figure(replace(tiny_story, place=place)).axes[0]
    drawn = [(at, label.get_text()) for at, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)]
    assert [float(text) for _, text in drawn] == pytest.approx([at if at <= 180 else at - 360 for at, _ in drawn])
    assert any(float(text) < -179 for _, text in drawn)


def test_names_and_pins_of_berths_that_lie_close_stand_apart(close):
    figure = map_figure(close)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [t.get_bbox_patch().get_window_extent().padded(-3) for t in written(axes, pins=True)]
    assert len(boxes) == 18
    boxes += [t.get_window_extent() for t in written(axes, pins=False)]
    told = [t.get_text() for t in (*written(axes, pins=True), *written(axes, pins=False))]
    assert not [
        (a, b) for (a, one), (b, other) in combinations(zip(told, boxes, strict=True), 2) if one.overlaps(other)
    ]
    inside = axes.get_window_extent()
    assert all(inside.x0 <= b.x0 and b.x1 <= inside.x1 and inside.y0 <= b.y0 and b.y1 <= inside.y1 for b in boxes)


def named(story, name):
    """The story with only its first zone, under that name."""
    return replace(story, place=replace(story.place, zones=(replace(story.place.zones[0], name=name),)))


@pytest.mark.filterwarnings("error")
def test_a_name_lies_on_no_ship(tiny_story):
    """Where there is room, a name keeps off ships: a mark must not hide a letter of "Coal berths"."""
    quay = tiny_story.place.zones[0]
    seen = tiny_story.tables["detections"]
    west, south, east, north = quay.geometry.bounds
    beside = seen[seen["accepted"]].iloc[:1].assign(lon=(west + east) / 2 + 0.006, lat=(south + north) / 2)
    tables = {**tiny_story.tables, "detections": pd.concat([seen, beside])}
    figure = map_figure(replace(tiny_story, tables=tables, place=replace(tiny_story.place, zones=(quay,))))
    axes = figure.axes[0]
    (name,) = written(axes, pins=False)
    box = name.get_window_extent()
    marks = [axes.transData.transform(at) for made in axes.collections for at in made.get_offsets()]
    assert [at for at in marks if box.contains(*at)] == []


def test_a_name_in_letters_that_no_picture_can_show_gives_way_to_the_short_name(tiny_story):
    """A Korean name would be a row of boxes in the PNG, with a warning for every letter."""
    for name, shown in (("원유 부두", tiny_story.place.zones[0].zone_id), ("Причал № 1", "Причал № 1")):
        figure = map_figure(named(tiny_story, name))
        assert [t.get_text() for t in written(figure.axes[0], pins=False)] == [shown]
        to_png(figure)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.7, 0.98])
def test_a_long_name_stays_on_the_map_wherever_its_berth_lies(tiny_story, share):
    """From the western to the eastern edge of a tall map, with ships everywhere, so that no place is free."""
    west, south, east, north = 133.03, 42.60, 133.10, 42.90
    quay = replace(tiny_story.place.zones[0], name="Oil-product berth " * 12)
    middle = quay.geometry.centroid
    moved = shapely.affinity.translate(quay.geometry, west + share * (east - west) - middle.x, 0.0)
    seen = tiny_story.tables["detections"]
    ship = seen[seen["accepted"]].iloc[:1]
    fleet = [ship.assign(lon=x, lat=y) for x in np.linspace(west, east, 25) for y in np.linspace(south, north, 25)]
    tables = {**tiny_story.tables, "detections": pd.concat([seen, *fleet])}
    place = replace(tiny_story.place, bbox=(west, south, east, north), zones=(replace(quay, geometry=moved),))
    axes = map_figure(replace(tiny_story, tables=tables, place=place)).axes[0]
    (name,) = written(axes, pins=False)
    inside, box = axes.get_window_extent(), name.get_window_extent()
    assert inside.x0 <= box.x0
    assert box.x1 <= inside.x1


@pytest.mark.filterwarnings("error")
def test_a_long_name_ends_on_the_map_and_takes_no_room_from_it(tiny_story):
    usual, long = (map_figure(named(tiny_story, name)) for name in ("Oil", "Oil-product berth " * 12))
    assert to_png(long)  # lays out the figure once more
    assert long.axes[0].get_position().bounds == pytest.approx(usual.axes[0].get_position().bounds, abs=1e-3)
    (name,) = written(long.axes[0], pins=False)
    assert name.get_text().startswith("Oil-product berth Oil")
    assert name.get_text().endswith("…")
    inside, box = long.axes[0].get_window_extent(), name.get_window_extent()
    assert inside.x0 <= box.x0
    assert box.x1 <= inside.x1
