"""Sentences in worlds that are seldom met: each is true of its world, and none claims more than is known."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.config import CapConfig, SourceConfig, VolumeConfig
from pipeline.report.left_out import not_in_account_lines
from pipeline.report.opening import Shown, opening_text
from pipeline.report.page import render
from pipeline.report.summary import counted_calls, headline_lines
from pipeline.report.warnings_list import warnings
from pipeline.storage import write_json
from pipeline.table_files import write_table
from pipeline.tables import DETECTIONS, SCENES
from pipeline.volume import liftings
from tests.chain.test_verdicts import call, calls
from tests.report.test_opening import NO_CALLS, StoryStub, looks_of


def words_of(story, folder) -> str:
    """What a reader sees of the page."""
    shown = re.sub(r"<(script|style|svg).*?</\1>", "", render(story, {}, folder), flags=re.S)
    return " ".join(re.sub("<[^>]*>", " ", shown).split())


@pytest.mark.parametrize(
    ("counted", "heard", "words"),
    [
        ("loading", True, "no call by transponder in the period: what was lifted there is unknown."),
        ("discharging", False, "no readable AIS in the period: what was landed there is unknown."),
    ],
)
def test_silence_is_told_of_transponders_only_where_somebody_listened(counted, heard, words):
    story = StoryStub(looks_of("unknown"), NO_CALLS)
    story.config.volume = VolumeConfig(counted=counted)
    story.tables["tracks"], story.ais_balance = pd.DataFrame(), {"decoded": int(heard)}
    assert opening_text(story).endswith(words)


def test_of_calls_without_a_usable_look_transponders_are_the_cover_only_where_there_was_ais():
    story = StoryStub(looks_of("unknown"), pd.DataFrame({"flags": [["no_ais"]], "counts": [True]}), 1)
    story.tables["tracks"], story.ais_balance = pd.DataFrame(), {}
    assert "transponders cover" not in opening_text(story)
    story.ais_balance = {"decoded": 9}
    assert "only transponders cover it" in opening_text(story)


@pytest.mark.parametrize(("counts_on", "came_or_left"), [("departure", "left"), ("arrival", "came")])
def test_a_call_that_began_before_the_last_day_is_not_said_to_be_after_it(counts_on, came_or_left):
    """She came the day before and left the day after: the end by which the cap counts decides."""
    cap = CapConfig(id="x", title="X", barrels=5e5, year_starts="01-01", counts_on=counts_on, source="x")
    known = SimpleNamespace(other_years={}, later_calls=1, other_product_calls=0, as_of="2024-03-14")
    (line,) = not_in_account_lines(known, cap)
    assert line == f"1 counted call that {came_or_left} after 2024-03-14 is not in this account"


def test_if_every_call_is_rejected_the_reviewed_account_is_empty_not_zero(tiny_story, tiny_run):
    before = replace(tiny_story.headline, calls_counted=5, barrels_p50=146_000.0)
    none = replace(
        tiny_story.headline, calls_counted=0, barrels_p5=0.0, barrels_p50=0.0, barrels_p95=0.0,
        corrected_bbl=(0.0, 0.0, 46_400.0),
    )  # fmt: skip
    story = replace(tiny_story, headline=none, as_detected=SimpleNamespace(headline=before, tables=tiny_story.tables))
    page = words_of(story, tiny_run)
    assert "as reviewed (this report) 0 no counted call, so nothing is added up" in page
    assert "0 to 0" not in page
    assert "Cumulative barrels of observed" not in page
    assert "match the pins" not in page
    line = next(line for line in headline_lines(story) if "with the calls that nobody saw" in line)
    assert line.endswith("0 to 46,400 bbl (90 % interval; that there were none is at least as likely as not)")


def test_only_of_the_demo_it_is_said_that_nothing_in_it_is_real(tiny_story, tiny_run):
    """A real image beside simulated AIS makes a run SIMULATED too."""
    own = tiny_story.config.model_copy(update={"source": SourceConfig(kind="files")})
    for config, nothing_real in ((tiny_story.config, True), (own, False)):
        story = replace(tiny_story, config=config)
        assert ("no real ship" in words_of(story, tiny_run)) is nothing_real
        assert any("No figure may be quoted as real" in line for line in warnings(story))


@pytest.mark.parametrize(
    ("product", "cargo", "doubted"),
    [
        ("gas_oil", "crude", True),
        ("crude", "crude", False),
        ("crude", "oil_products", True),
        ("fuel_oil", "oil_products", False),
        ("gas_oil", "coal", False),
    ],
)
def test_a_counted_berth_of_another_trade_than_the_cap_is_a_thing_to_know_first(tiny_story, product, cargo, doubted):
    """A crude jetty that counts would fill the cap on refined products by a single ship."""
    zones = tuple(replace(zone, cargo=cargo) if zone.counts else zone for zone in tiny_story.place.zones)
    cap = tiny_story.cap.model_copy(update={"products": (product,), "excluded_products": ()})
    story = replace(tiny_story, place=replace(tiny_story.place, zones=zones), cap=cap)
    assert any("which this cap does not count" in line for line in warnings(story)) is doubted


def test_where_the_median_is_0_no_factor_is_multiplied_with_it(tiny_story, tiny_run):
    story = replace(tiny_story, headline=replace(tiny_story.headline, barrels_p50=0.0))
    assert "The same tonnes at one factor" not in words_of(story, tiny_run)
    assert "The same tonnes at one factor" in words_of(tiny_story, tiny_run)


def test_a_part_of_a_difference_of_medians_is_about_right_either_way():
    assert Shown(84_000, -12_000).says.startswith("about 12,000 less than the calls shown alone")


def test_no_lifting_is_listed_as_certain(tmp_path):
    table = calls(call("a", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"]))
    for name, content in (("port_calls", table), ("detections", DETECTIONS.empty()), ("scenes", SCENES.empty())):
        write_table(content, tmp_path / f"{name}.parquet")
    write_table(liftings(table, VolumeConfig(draws=200), 0).assign(p_lifting=0.998), tmp_path / "liftings.parquet")
    write_json(tmp_path / "manifest.json", {"capwatch": "0", "outputs": []})
    assert counted_calls(tmp_path)[2][0][-1] == "over 0.99"
