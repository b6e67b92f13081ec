"""Timeline and account on paper: berths by name, stays side by side, sums apart, readable days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from pipeline.config import PeriodConfig
from pipeline.report.drawing import GREEN, GREY, ORANGE, to_png, to_svg
from pipeline.report.figures import figures
from pipeline.report.wording import zones_in_order
from pipeline.tables import SENSITIVITY


def at(day, hour=0):
    return pd.Timestamp(f"2024-03-{day:02}T{hour:02}:00Z")


@pytest.fixture
def bars_of(tiny_story):
    """Boxes (x0, y0, x1, y1) of the stays in the timeline, for calls that lasted from one time to another."""

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


def test_where_nothing_bounds_a_stay_the_line_of_what_is_possible_runs_to_the_ends_of_the_period(tiny_story):
    call, period = tiny_story.tables["port_calls"].head(1), tiny_story.config.period
    unbounded = call.assign(arrival_lo=pd.NaT, departure_hi=pd.NaT)
    story = replace(tiny_story, tables={**tiny_story.tables, "port_calls": unbounded})
    (possible,) = figures(story)["timeline"].axes[0].lines
    assert list(possible.get_xdata(orig=True)) == [period.start, period.end]


def test_rows_have_the_names_of_their_zones(tiny_story):
    axes = figures(tiny_story)["timeline"].axes[0]
    named = [label.get_text() for label in axes.get_yticklabels()]
    assert named == [zone.name for zone in zones_in_order(tiny_story)]


def test_a_third_is_a_third(tiny_story):
    """33 % of the cargo capacity would not agree with the table beside the chart."""
    assert "if all were ⅓ full" in {line.get_label() for line in figures(tiny_story)["account"].axes[0].lines}


def test_the_fixed_fills_have_the_sum_beside_them_that_they_are_compared_with(tiny_story):
    """A dot for the calls shown alone, since the line above also includes possible further ships."""
    head, row = tiny_story.headline, {"item": "choice:number_of_calls", "kind": "choice", "name": "number_of_calls"}
    row |= {"what": "x", "base_p50": head.barrels_p50, "base_p_over_cap": 0.0, "low_p50": 0.8 * head.barrels_p50}
    doubted = {**tiny_story.tables, "sensitivity": SENSITIVITY.check(SENSITIVITY.from_rows([row]))}
    axes = figures(replace(tiny_story, tables=doubted))["account"].axes[0]
    dot = next(line for line in axes.lines if line.get_label() == "calls shown alone, median")
    assert dot.get_ydata() == pytest.approx(0.8 * head.barrels_p50)


@pytest.mark.parametrize(("times", "drawn"), [(1.5, True), (6.0, False), (None, False)])
def test_the_sum_with_unseen_calls_stands_apart_unless_it_is_no_finding(tiny_story, times, drawn):
    """A dashed line with its own band; left out if most of it is extrapolated, or if there is none."""
    ledger = tiny_story.tables["ledger"]
    sums = {
        f"corrected_{end}": ledger[f"observed_{end}"] * (np.nan if times is None else times)
        for end in ("p5", "p50", "p95")
    }
    head = tiny_story.headline
    observed = (head.barrels_p50, head.barrels_p50, 2 * head.barrels_p50)
    told = replace(head, corrected_bbl=None if times is None else tuple(times * value for value in observed))
    story = replace(tiny_story, headline=told, tables={**tiny_story.tables, "ledger": ledger.assign(**sums)})
    axes = figures(story)["account"].axes[0]
    assert ("with unseen calls, median" in {line.get_label() for line in axes.lines}) == drawn
    if drawn:
        assert axes.get_ylim()[1] > times * ledger["observed_p95"].max()


@pytest.mark.parametrize("end", ["2024-03-15T00:00Z", "2024-04-01T00:00Z", "2024-07-01T00:00Z", "2025-01-01T00:00Z"])
def test_days_below_a_figure_do_not_crowd_one_another(tiny_story, end):
    period = PeriodConfig(start="2024-03-01T00:00Z", end=end)
    story = replace(tiny_story, config=tiny_story.config.model_copy(update={"period": period}))
    figure = figures(story)["timeline"]
    figure.canvas.draw()
    axes = figure.axes[0]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
    assert len(boxes) >= 3
    for a, b in pairwise(boxes):
        assert b.x0 - a.x1 > a.height


def test_the_account_is_drawn_to_the_end_of_its_last_day(tiny_story):
    """If the line stopped at the start of the day, that day's departures would be missing."""
    axes = figures(tiny_story)["account"].axes[0]
    (line,) = (line for line in axes.lines if line.get_label() == "observed, median")
    ledger = tiny_story.tables["ledger"]
    assert pd.Timestamp(line.get_xdata()[-1]).date() == date.fromisoformat(ledger["day"].iloc[-1]) + timedelta(days=1)
    assert line.get_ydata()[-1] == ledger["observed_p50"].iloc[-1]


def test_the_account_begins_with_its_year(tiny_story):
    """Days of the year before are in no account, and would fill half of the figure as if observed."""
    period = tiny_story.config.period
    tables = tiny_story.tables
    tables["ledger"] = tables["ledger"][tables["ledger"]["day"] >= "2024-03-08"].reset_index(drop=True)
    left, right = figures(replace(tiny_story, tables=tables))["account"].axes[0].get_xlim()
    assert right - left == pytest.approx((period.end - pd.Timestamp("2024-03-08", tz="UTC")).days)


@pytest.mark.parametrize("name", ["map", "timeline", "account"])
def test_a_figure_has_room_for_its_labels_in_each_format(tiny_story, name):
    """The layout is made once, before saving: no format changes it, and no label is cut off in any."""
    figure = figures(tiny_story)[name]
    place = figure.axes[0].get_position().bounds
    width_in, height_in = figure.get_size_inches()
    to_svg(figure, name)
    to_png(figure)
    assert figure.axes[0].get_position().bounds == place
    for dpi in (72, 150):
        figure.set_dpi(dpi)
        box = figure.get_tightbbox()
        assert 0 <= box.x0 < box.x1 <= width_in
        assert 0 <= box.y0 < box.y1 <= height_in


def test_an_account_without_a_call_draws_no_line_along_zero(tiny_story):
    """It would read as "nothing was lifted", when nothing is known."""
    ledger = tiny_story.tables["ledger"]
    sums = {name: 0.0 for name in ledger if name.startswith(("observed_", "at_"))}
    tables = {**tiny_story.tables, "ledger": ledger.assign(calls=0, **sums)}
    story = replace(tiny_story, headline=replace(tiny_story.headline, calls_counted=0), tables=tables)
    axes = figures(story)["account"].axes[0]
    assert not {"observed, median", "if all were ⅓ full"} & {line.get_label() for line in axes.lines}
    assert "no counted call, so nothing is added up" in {text.get_text() for text in axes.texts}
