"""The timeline on paper: berths by their names, and stays at one place beside one another, never over one another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest

from pipeline.report.drawing import GREEN, GREY, ORANGE
from pipeline.report.figures import figures
from pipeline.report.wording import zones_in_order


def at(day, hour=0):
    return pd.Timestamp(f"2024-03-{day:02}T{hour:02}:00Z")


@pytest.fixture
def bars_of(tiny_story):
    """Boxes (x0, y0, x1, y1) of the stays in the timeline of calls that lasted from one time to another."""

    def drawn(*stays):
        call = tiny_story.tables["port_calls"]
        calls = pd.concat([
            call.assign(call_id=f"c{n}", arrival_lo=a, arrival_hi=a, departure_lo=b, departure_hi=b)
            for n, (a, b) in enumerate(stays)
        ])  # fmt: skip
        story = replace(tiny_story, tables={**tiny_story.tables, "port_calls": calls})
        axes = figures(story)["timeline"].axes[0]
        return [bar.get_bbox().extents for bar in axes.patches if bar.get_facecolor()[:3] not in (GREEN, ORANGE, GREY)]

    return drawn


def test_stays_at_one_place_lie_beside_one_another(bars_of):
    boxes = bars_of((at(5), at(9)), (at(7), at(12)), (at(8), at(10)), (at(13), at(14)))
    assert len(boxes) == 4
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_stays_one_after_the_other_share_a_row(bars_of):
    first, second = bars_of((at(5), at(7)), (at(8), at(9)))
    assert (first[1], first[3]) == (second[1], second[3])


def test_rows_have_the_names_of_their_zones(tiny_story):
    axes = figures(tiny_story)["timeline"].axes[0]
    named = [label.get_text() for label in axes.get_yticklabels()]
    assert named == [zone.name for zone in zones_in_order(tiny_story)]


def test_a_third_is_a_third(tiny_story):
    """33 % of the cargo capacity is not what the table beside the chart says."""
    assert "if all were ⅓ full" in {line.get_label() for line in figures(tiny_story)["account"].axes[0].lines}
