"""The first sentences: unknown is never none, verdicts come first, what is shown is apart from what is possible."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.report.opening import opening_text, shown_alone
from pipeline.report.page import render
from pipeline.report.warnings_list import warnings
from pipeline.report.wording import day_counts
from pipeline.tables import SENSITIVITY

NO_CALLS = pd.DataFrame({"flags": [], "counts": []})
CALLS = pd.DataFrame({"flags": [["dark"], ["dark"], []], "counts": [True, True, False]})


class StoryStub:
    """As much of a story as the sentences need."""

    def __init__(self, looks, calls, counted=0, *, p50=100_000.0, zone_counts=True, piers=("pier",), kind="berth"):
        zones = tuple(SimpleNamespace(zone_id=pier, counts=zone_counts, kind=kind) for pier in piers)
        self.tables = {"looks": looks, "port_calls": calls, "ledger": pd.DataFrame({"day": ["2024-01-01"]})}
        self.place = SimpleNamespace(name="Testport", zones=zones)
        self.headline = head(counted, p50)
        self.as_detected = self.call_range = None
        self.cap = cap_of_years("01-01")
        day = pd.Timestamp("2024-03-01", tz="UTC")
        period = SimpleNamespace(start=day, end=day + pd.Timedelta(days=10))
        self.config = SimpleNamespace(period=period, volume=VolumeConfig())

    def in_account(self, table):
        return table[table["counts"].astype(bool)]


def cap_of_years(starts):
    return CapConfig(id="refined", title="Refined", barrels=5e5, year_starts=starts, source="x")


def head(counted, p50):
    return SimpleNamespace(
        calls_counted=counted, barrels_p5=0.8 * p50, barrels_p50=p50, barrels_p95=1.2 * p50, cap_bbl=500_000.0,
        share_p5=p50 / 625_000, share_p50=p50 / 500_000, share_p95=p50 / 420_000,
        other_years={}, later_calls=0, other_product_calls=0,
    )  # fmt: skip


def looks_of(*states):
    day = pd.Timestamp("2024-03-02T10:00Z")
    rows = [{"zone_id": "pier", "state": s, "acquired": day + pd.Timedelta(days=n)} for n, s in enumerate(states)]
    return pd.DataFrame(rows, columns=["zone_id", "state", "acquired"])


def test_a_look_at_one_berth_of_two_is_no_look_at_both():
    one, two = (
        opening_text(StoryStub(looks_of("usable"), CALLS, 2, piers=piers)) for piers in (["pier"], ["pier", "jetty"])
    )
    assert "The counted berth was seen on 1 of 10 days; what else happened on the other 9 is unknown." in one
    assert "At least one of 2 counted berths was seen on 1 of 10 days; what else" in two
    roads = opening_text(StoryStub(looks_of("usable"), CALLS, 2, kind="anchorage"))
    assert "The counted zone was seen on 1 of 10 days; what" in roads  # not a berth


def in_doubt(base, alone):
    """A sensitivity table in which the calls shown account for ``alone`` of ``base``."""
    row = {"item": "choice:number_of_calls", "kind": "choice", "name": "number_of_calls", "what": "how many calls"}
    row |= {"low_setting": "as shown", "high_setting": "as assumed", "base_p50": base, "base_p_over_cap": 0.0}
    row |= {"low_p50": alone, "high_p50": base, "low_p_over_cap": 0.0, "high_p_over_cap": 0.0}
    other = row | {"item": "choice:largest_call", "name": "largest_call", "low_p50": base / 3}
    return SENSITIVITY.check(SENSITIVITY.from_rows([other, row]))


def test_no_look_and_no_call_is_unknown_never_none():
    assert "unknown" in opening_text(StoryStub(looks_of("unknown"), NO_CALLS))
    text = opening_text(StoryStub(looks_of("usable", "unknown"), NO_CALLS))
    assert "No counted call was observed" in text
    assert "in 1 usable look;" in text
    assert "unknown, not empty" in text


def test_days_are_counted_once_by_their_best_look():
    looks = pd.concat([looks_of("usable", "partly", "unknown"), looks_of("unknown", "usable")])
    assert day_counts(StoryStub(looks, NO_CALLS)) == {"usable": 2, "partly": 0, "unknown": 8, "total": 10}


def test_an_account_of_transponders_alone_does_not_speak_of_days_that_were_seen():
    text = opening_text(StoryStub(looks_of("unknown"), CALLS, 2))
    assert "No usable look showed a counted berth on any of the 10 days: only transponders cover it" in text
    assert "0 of 10" not in text
    assert "seen on 1 of 10 days" in opening_text(StoryStub(looks_of("usable"), CALLS, 2))


@pytest.mark.parametrize(
    ("first", "starts", "words"),
    [
        ("2024-01-01", "01-01", "2 counted calls at Testport"),
        ("2024-03-01", "03-01", "2 counted calls at Testport"),
        ("2024-03-08", "03-08", "2 counted calls of account year 2024 (from 2024-03-08) at Testport"),
    ],
)
def test_a_sum_of_less_than_the_period_says_of_which_year_it_is(first, starts, words):
    """For a period of December and January the account holds only January, and must not read as both."""
    story = StoryStub(looks_of("usable"), CALLS, 2)
    story.tables["ledger"] = pd.DataFrame({"day": [first, "2024-03-10"]})
    story.headline.account_year, story.cap = "2024", cap_of_years(starts)
    assert opening_text(story).startswith(words)


def test_of_one_day_is_one_day():
    story, day = StoryStub(looks_of("usable"), CALLS, 2), pd.Timestamp("2024-03-02", tz="UTC")
    story.config.period = SimpleNamespace(start=day, end=day + pd.Timedelta(days=1))
    assert opening_text(story).endswith("seen on 1 of 1 day.")


def test_a_place_that_counts_no_zone_is_not_called_unseen():
    story = StoryStub(looks_of("usable"), CALLS, zone_counts=False)
    assert (
        opening_text(story)
        == "No zone of Testport takes part in the account, so nothing is added up; 3 port calls were seen."
    )


def test_the_sum_says_how_much_of_it_is_the_calls_shown():
    """A reader who adds up the cards must not wonder what the rest is."""
    story = StoryStub(looks_of("usable"), CALLS, counted=2)
    story.tables["sensitivity"] = in_doubt(100_000.0, 80_000.0)
    story.call_range = (2, 3)
    text = opening_text(story)
    assert text.startswith("2 counted calls at Testport (all without AIS) and possible further ships lifted ")
    assert "about 80,000 for the calls shown, about 20,000 for possible further ships" in text
    assert "as two looks may show the same ship or two, the sightings amount to 2 to 3 calls (90 % interval)" in text
    del story.tables["sensitivity"]
    assert " As two looks may show the same ship or two, " in opening_text(story)


def test_a_call_that_may_be_the_one_before_makes_the_sum_less_than_the_calls_shown():
    story = StoryStub(looks_of("usable"), CALLS, counted=2)
    story.tables["sensitivity"] = in_doubt(100_000.0, 110_000.0)
    assert "10,000 less than the calls shown alone" in opening_text(story)
    story.tables["sensitivity"] = in_doubt(101_000.0, 110_000.0)  # from fewer draws: the same sum
    assert "10,000 less than the calls shown alone" in opening_text(story)
    story.call_range = (2, 2)
    assert "two looks may show" not in opening_text(story)
    assert "further ships" not in opening_text(story)


@pytest.mark.parametrize(
    "table", [None, in_doubt(100_000.0, 100_000.0), in_doubt(100_000.0, 99_100.0), in_doubt(60_000.0, 50_000.0)]
)
def test_nothing_is_split_where_the_number_is_sure_or_the_table_is_of_another_sum(table):
    """Without a table, without a doubt, or if the cap counts other products than the table's sum."""
    story = StoryStub(looks_of("usable"), CALLS, counted=2)
    if table is not None:
        story.tables["sensitivity"] = table
    assert shown_alone(story) is None
    assert "further ships" not in opening_text(story)


@pytest.mark.parametrize(
    ("counted", "p50", "words"),
    [
        (5, 200_000.0, "200,000 barrels before, 100,000 after; 5 and 2 counted calls"),
        (2, 200_000.0, "200,000 barrels before, 100,000 after; 2 counted calls in both"),
        (0, 0.0, "no call counted before, 100,000 barrels after; 0 and 2 counted calls"),
    ],
)
def test_what_verdicts_changed_is_said_first(counted, p50, words):
    story = StoryStub(looks_of("usable"), CALLS, counted=2)
    story.as_detected = SimpleNamespace(headline=head(counted, p50))
    assert opening_text(story).startswith(f"After analysts' verdicts ({words}): 2 counted calls")


def test_verdicts_that_left_no_call_leave_no_sum_of_nought():
    story = StoryStub(looks_of("usable"), CALLS, counted=0)
    story.as_detected = SimpleNamespace(headline=head(2, 100_000.0))
    text = opening_text(story)
    assert text.startswith(
        "After analysts' verdicts (100,000 barrels before, no call counted after; 2 and 0 counted calls)"
    )


def test_verdicts_that_changed_no_sum_are_not_worth_the_first_sentence():
    story = StoryStub(looks_of("usable"), CALLS, counted=2)
    story.as_detected = SimpleNamespace(headline=head(2, 100_000.0))
    assert opening_text(story).startswith("2 counted calls")


def test_the_things_to_know_start_with_what_verdicts_changed(tiny_story):
    """A place without a counted zone is described as such, not as days without a look."""
    from dataclasses import replace

    before = replace(tiny_story.headline, calls_counted=tiny_story.headline.calls_counted + 2)
    lines = warnings(replace(tiny_story, as_detected=SimpleNamespace(headline=before, tables={})))
    assert lines[0].startswith("Analysts' verdicts changed the account: ")
    zones = tuple(replace(z, counts=False) for z in tiny_story.place.zones)
    lines = warnings(replace(tiny_story, place=replace(tiny_story.place, zones=zones)))
    assert any(w.startswith("No zone of this place counts") for w in lines)
    assert not any("nobody looked" in w for w in lines)


def test_problems_with_one_cause_are_told_in_one_line(tiny_story):
    """Otherwise six masks beside six images would make six of the fourteen things to know first."""
    from dataclasses import replace

    masks = [f"error: masks/{n}.tif: one band of whole numbers: a mask (skipped)" for n in range(6)]
    lines = warnings(replace(tiny_story, problems=(*masks, "error: torn.tif: is cut off (skipped)")))
    assert [w for w in lines if ".tif" in w] == [
        "masks/0.tif and 5 more: one band of whole numbers: a mask (skipped)",
        "torn.tif: is cut off (skipped)",
    ]


def test_files_beside_the_question_are_told_last_and_in_one_line(tiny_story):
    """Masks of six other ports, each with its own cause, must not come before the days without a look."""
    from dataclasses import replace

    scenes = tiny_story.tables["scenes"]
    unopened = {"status": "skipped", "sensor": "", "acquired": pd.NaT, "footprint": None}
    names = ["algiers", "busan", "klang"]
    masks = [scenes.iloc[0].to_dict() | unopened | {"scene_id": n, "href": f"masks/{n}.tif"} for n in names]
    tables = tiny_story.tables | {"scenes": pd.concat([scenes, pd.DataFrame(masks)], ignore_index=True)}
    tables["liftings"] = tables["liftings"].assign(method="fill_prior")
    problems = [f"error: masks/{n}.tif: no sensor; write it into {n}.json beside it (scene skipped)" for n in names]
    problems.append("error: used.tif: time of day unknown (scene degraded)")
    lines = warnings(replace(tiny_story, tables=tables, problems=tuple(problems)))
    assert lines[-1].startswith("masks/algiers.tif and 2 more: no sensor; write it into algiers.json")
    assert sum("masks" in w for w in lines) == 1
    words = ("SIMULATED", "too few looks", "load was not measured", "used.tif", "masks")
    order = [next(n for n, w in enumerate(lines) if word in w) for word in words]
    assert order == sorted(order)


def test_without_a_usable_look_a_call_elsewhere_makes_no_berth_looked_at():
    """For calls at zones that do not count, "in 0 usable looks" would read as if somebody had looked."""
    text = opening_text(StoryStub(looks_of("unknown"), CALLS))
    assert "usable looks" not in text
    assert text.endswith("no usable look showed a counted berth: what was lifted there is unknown.")


def test_that_no_ais_was_given_is_a_thing_to_know_first(tiny_story):
    silent = {**tiny_story.tables, "tracks": tiny_story.tables["tracks"].iloc[:0]}
    for nothing in ({}, {"decoded": 0, "bad_format": 0}):  # a run without AIS has all buckets, empty
        lines = warnings(replace(tiny_story, tables=silent, ais_balance=nothing))
        assert any("No readable AIS was given" in w for w in lines)
    assert not any("No readable AIS was given" in w for w in warnings(replace(tiny_story, ais_balance={"decoded": 9})))


def test_at_a_port_of_discharge_cargo_is_landed_not_lifted(tiny_story, tiny_run):
    """At a port of the country under the cap, "lifted" would mean that it exported oil."""
    told = {}
    for counted in ("loading", "discharging"):
        volume = tiny_story.config.volume.model_copy(update={"counted": counted})
        config = tiny_story.config.model_copy(update={"volume": volume})
        story = replace(tiny_story, config=config)
        shown = re.sub(r"<(script|style).*?</\1>", "", render(story, {}, tiny_run), flags=re.S)
        shown, _, method = shown.partition('id="method"')
        assert not re.search(r"\b(lift|loads)", method)
        told[counted] = shown
    said = told["discharging"]
    assert " landed an estimated " in said
    assert "cargo, if she landed" in said
    assert "lifted" not in said.partition("What moves the answer")[0]
    assert " lifted an estimated " in told["loading"]
    assert "landed" not in told["loading"]
