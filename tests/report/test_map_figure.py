"""The map on paper has the marks of the map on the screen, and no name or pin of it lies on another one."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
import shapely.affinity

from pipeline.report.map_figure import map_figure
from pipeline.report.wording import call_numbers


def written(axes, *, pins):
    """Texts by what they say: pins have a round box, names none."""
    texts = [t for t in axes.texts if t.get_text() != "SIMULATED"]
    return [t for t in texts if (t.get_bbox_patch() is not None) == pins]


@pytest.fixture
def close(tiny_story):
    """Three counted berths within 80 m, each with six calls: slips of one oil port."""
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
