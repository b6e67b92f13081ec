"""The section on what moves the answer: the right assumption is named, and the chart is readable."""

import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from pipeline.report.drawing import BLUE, ORANGE
from pipeline.report.sensitivity_section import (
    WIDTH_IN,
    largest_effect_sentence,
    largest_first,
    section_content,
    sensitivity_figures,
    tornado,
)
from pipeline.table_files import read_table
from pipeline.tables import LIFTINGS, PORT_CALLS, SENSITIVITY


def row(name, low, high, kind="assumption", base=100_000.0):
    return {
        "item": f"{kind}:{name}", "kind": kind, "name": name, "what": f"the {name}", "low_setting": "low end",
        "high_setting": "high end", "base_p50": base, "base_p_over_cap": 0.0, "low_p50": low, "high_p50": high,
        "low_p_over_cap": 0.0, "high_p_over_cap": 0.0,
    }  # fmt: skip


def drawn(name, sobol, kind="input", **more):
    held = {"item": f"{kind}:{name}", "kind": kind, "name": name, "what": f"the {name}", "sobol": sobol}
    return held | {"sobol_se": 0.01, "base_p50": 100_000.0, "base_p_over_cap": 0.0} | more


def table(*rows):
    return SENSITIVITY.check(SENSITIVITY.from_rows(list(rows)))


def story(held):
    return SimpleNamespace(simulated=True, tables={"sensitivity": held, "port_calls": PORT_CALLS.empty()})


SMALL = table(
    row("tanks", 99_000, 101_000),
    row("fill", 80_000, 110_000),
    row("left-out", 60_000, 100_000, "choice"),
    row("published", 40_000, 110_000, "published"),
    row("idle", 100_000, 100_000),
)


def test_the_largest_of_our_own_assumptions_is_named():
    """Not a choice of rule; the range that others published is only named beside it."""
    text = largest_effect_sentence(SMALL)
    assert text.startswith("Of our own assumptions, the fill moves the answer most")
    assert "80,000" in text
    assert "with low end as the assumed mean fill the sum would be 40,000 barrels" in text


def test_of_the_published_range_the_end_is_named_that_lies_farther_off():
    """With a mean fill of 40 % the lowest published one is close, and a full ship is far from the sum."""
    assert "with high end as the assumed mean fill the sum would be 190,000 barrels" in largest_effect_sentence(
        table(row("fill", 80_000, 120_000), row("published", 85_000, 190_000, "published"))
    )


def test_a_narrower_published_range_is_not_worth_a_sentence():
    assert "published" not in largest_effect_sentence(
        table(row("fill", 50_000, 120_000), row("published", 90_000, 99_000, "published"))
    )


def test_stated_barrels_rest_on_no_assumption():
    assert largest_effect_sentence(table(row("fill", 100_000, 100_000))).startswith("No assumption")


def test_bars_stand_largest_first_and_idle_ones_fall_out():
    assert list(largest_first(SMALL)["name"]) == ["published", "left-out", "fill", "tanks"]
    assert list(largest_first(SMALL, bars=1)["name"]) == ["published"]


def test_a_bar_of_less_than_a_thousandth_is_not_drawn():
    shown = largest_first(table(row("sure", 100_000, 100_090), row("seen", 99_890, 100_000)))
    assert list(shown["name"]) == ["seen"]


@pytest.mark.parametrize(("low", "high"), [(80_000, 120_000), (104_000, 120_000), (80_000, 96_000)])
def test_bars_of_the_page_lie_as_far_apart_as_their_barrels(low, high):
    """Across the page from the lowest to the highest value, the median as assumed among them."""
    (bar,) = (bars := section_content(story(table(row("fill", low, high))))["bars"])["rows"]
    least, most = min(low, 100_000), max(high, 100_000)
    places = [(least, 14.0), (low, bar["low_at"]), (100_000, bars["base_at"]), (high, bar["high_at"]), (most, 86.0)]
    assert [at for _, at in places] == pytest.approx([14 + 72 * (bbl - least) / (most - least) for bbl, _ in places])


def test_both_ends_on_one_side_span_to_the_base():
    ends = largest_first(table(row("factor", 101_000, 112_000)))
    assert ends["swing"].iloc[0] == 12_000


def test_bars_end_at_the_medians():
    axes = Figure().add_subplot()
    tornado(axes, largest_first(table(row("fill", 80_000, 110_000))))
    ends = sorted(bar.get_x() + bar.get_width() for bar in axes.patches)
    assert ends == pytest.approx([80_000, 110_000])
    assert {text.get_text() for text in axes.texts} >= {"−20 %", "+10 %", "The fill", "low end | high end"}


def test_the_two_ends_differ_without_colour():
    """Their relative luminance (WCAG) differs, and one is hatched."""
    luminance = [0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2 for r, g, b in map(to_rgb, (BLUE, ORANGE))]
    assert luminance[1] - luminance[0] > 0.2
    axes = Figure().add_subplot()
    tornado(axes, largest_first(table(row("fill", 80_000, 110_000))))
    assert sorted(bar.get_hatch() or "" for bar in axes.patches) == ["", "////"]


def test_the_chart_is_well_formed_marked_and_the_same_twice():
    first, again = (sensitivity_figures(story(SMALL))["sensitivity"] for _ in range(2))
    assert first == again
    ET.fromstring(first)
    assert "SIMULATED" in first


def test_phone_width_needs_no_scrolling():
    """At most 4 inches wide: on a phone of 390 px, 8 pt stay about 8 px or more."""
    width = ET.fromstring(sensitivity_figures(story(SMALL))["sensitivity"]).get("width")
    assert float(width.removesuffix("pt")) <= 4 * 72


def test_a_long_label_stands_in_two_lines_and_no_line_crosses_it():
    what = "largest call (2024-03-20, not identified, with possible further ships)"
    figure = Figure(figsize=(WIDTH_IN, 2))
    tornado(figure.add_subplot(), largest_first(table(row(what, 80_000, 110_000))))
    label = next(text for text in figure.axes[0].texts if text.get_text().startswith("The largest"))
    assert label.get_text().replace("\n", " ") == f"The {what}"
    assert label.get_window_extent().x1 <= figure.bbox.x1
    assert label.get_bbox_patch().get_facecolor()[:3] == to_rgb("white")


def test_no_call_no_section():
    assert section_content(story(SENSITIVITY.empty())) is None
    assert sensitivity_figures(story(SENSITIVITY.empty())) == {}
    assert section_content(SimpleNamespace(tables={})) is None


def test_inputs_stand_largest_first_with_what_is_left():
    held = section_content(
        story(table(row("fill", 80_000, 110_000), drawn("a", 0.2), drawn("b", 0.7), drawn("c", -0.001)))
    )
    assert [(i["what"], i["share"]) for i in held["inputs"]] == [
        ("the b", "70 %"), ("the a", "20 %"), ("the c", "0 %"), ("several of these at once", "10 %"),
    ]  # fmt: skip


def test_errors_have_a_unit_and_what_is_left_is_explained():
    held = section_content(story(table(row("fill", 80_000, 110_000), drawn("a", 0.2), drawn("b", 0.7))))
    assert held["inputs"][0]["error"] == "± 1.6 points"
    assert held["alone"] == "90 %"


def test_the_largest_call_has_its_day_and_nobody_is_called_anonymous():
    calls = [drawn(n, None, "call", what=w, share_of_mean=0.5) for n, w in (("c1", "anonymous"), ("c2", "SIM A"))]
    shown_story = story(table(row("largest_call", 60_000, 100_000, "choice"), *calls))
    shown_story.tables["port_calls"] = pd.DataFrame(
        {"call_id": ["c1", "c2"], "arrival_hi": pd.to_datetime(["2024-03-07T05:00Z", "2024-03-09T05:00Z"])}
    )
    liftings = pd.DataFrame({"call_id": ["c1", "c2"], "barrels_mean": [30_000.0, 20_000.0], "calls_mean": 1.0})
    shown_story.tables["liftings"] = liftings
    held = section_content(shown_story)
    assert held["bars"]["rows"][0]["what"] == "The largest call (2024-03-07, not identified)"
    shown_story.tables["liftings"] = liftings.assign(calls_mean=[1.5, 1.0])  # half a second ship is possible
    what = section_content(shown_story)["bars"]["rows"][0]["what"]
    assert what == "The largest call (2024-03-07, not identified, with possible further ships)"
    assert {c["ship"] for c in held["calls"]} == {"not identified", "SIM A"}
    shown_story.tables["liftings"] = liftings.assign(barrels_mean=[np.nan, 20_000.0])  # her barrels are unknown
    assert section_content(shown_story)["bars"]["rows"][0]["what"] == "The largest call (2024-03-09, SIM A)"


def test_at_most_ten_calls_by_their_share_of_the_mean():
    calls = [drawn(f"c{k:02d}", None, "call", share_of_mean=k / 66, share_of_variance=0.1) for k in range(12)]
    held = section_content(story(table(row("fill", 80_000, 110_000), *calls)))["calls"]
    assert [c["id"] for c in held] == [f"c{k:02d}" for k in range(11, 1, -1)]


def test_a_run_tells_what_moves_its_answer(tiny_run):
    held = read_table(tiny_run / "sensitivity.parquet", SENSITIVITY)
    page = (tiny_run / "report.html").read_text("utf-8")
    assert largest_effect_sentence(held).split(" moves")[0] in page
    assert len(pd.read_csv(tiny_run / "sensitivity.csv")) == len(held)
    liftings = read_table(tiny_run / "liftings.parquet", LIFTINGS)
    assert set(held.loc[held["kind"] == "call", "name"]) <= set(liftings.loc[liftings["counts"], "call_id"])


def test_the_sum_with_unseen_calls_is_told_apart():
    """It has its own base, and none of its rows is a bar of the observed sum."""
    ends = {"low_setting": "fewest", "high_setting": "most", "low_p50": 150_000.0, "high_p50": 320_000.0}
    unseen = [
        drawn(name, share, "with_unseen", base_p50=214_000.0, **ends)
        for name, share in (("looks", 0.2), ("number", 0.5))
    ]
    told = table(row("fill", 80_000, 110_000), drawn("luck", 0.45), *unseen)
    held = section_content(story(told))
    assert largest_effect_sentence(told).endswith(
        "Of the variance with unseen calls, the largest part comes from the number (50 %)."
    )
    assert [i["what"] for i in held["inputs"]] == ["the luck", "several of these at once"]
    assert held["unseen"]["base"] == "214,000"
    assert [(i["what"], i["share"]) for i in held["unseen"]["rows"]] == [
        ("the number", "50 %"), ("the looks", "20 %"), ("several of these at once", "30 %"),
    ]  # fmt: skip
    assert list(largest_first(told)["name"]) == ["fill"]
    assert section_content(story(SMALL))["unseen"] is None


def test_a_median_of_0_is_not_said_to_rest_on_stated_barrels():
    told = table(row("fill", 0.0, 0.0, base=0.0), drawn("luck", 0.8, base_p50=0.0))
    assert largest_effect_sentence(told).startswith(
        "The median of the sum is 0: the chance that nothing was moved decides it. The"
    )


def test_what_the_variance_comes_from_is_told_apart_from_what_moves_the_middle():
    text = largest_effect_sentence(table(row("fill", 80_000, 110_000), drawn("luck", 0.45), drawn("size", 0.2)))
    assert text.endswith("The largest part of the sum's variance comes from the luck (45 %).")
