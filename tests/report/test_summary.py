"""The answer on the terminal: no empty table, and the sum's parts beside the sum."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.calls import count_line
from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.aoi import Fact
from pipeline.report.summary import counted_calls, headline_lines, result_of
from pipeline.report.wording import barrels, percent
from pipeline.storage import write_json
from pipeline.table_files import write_table
from pipeline.tables import DETECTIONS, PORT_CALLS, SCENES
from pipeline.volume import liftings
from tests.chain.test_verdicts import call, calls


def test_where_no_call_counts_no_doubt_is_spoken_of():
    assert count_line(PORT_CALLS.empty()) == "counted calls: 0"


def test_a_sum_rounded_from_the_manifest_is_the_sum_of_the_headline(tiny_story):
    """99,149.9 is 99,100 to three digits; a whole 99,150 on the way would make the list of runs say 99,200."""
    story = replace(tiny_story, headline=replace(tiny_story.headline, barrels_p5=99_149.9))
    told = barrels(result_of(story)["barrels"][0])
    assert told == "99,100"
    assert any(told in line for line in headline_lines(story))


@pytest.mark.parametrize("value", [0.4, 5.46, 94.9, 99.6, 844.0, 999.4, 1004.9, 9994.0, 124_950.0, 3_780_000.0])
def test_barrels_and_shares_in_words_are_no_farther_off_than_half_their_last_digit(value):
    """Two significant digits, three from a thousand on; at most three for shares, and "0 %" only for nothing."""
    said = float(barrels(value).replace(",", ""))
    digits = 3 if value >= 1000 else 2
    assert abs(said - value) <= max(0.5, 0.5 * 10 ** (math.floor(math.log10(value)) - digits + 1))
    share = value / 100_000
    words = percent(share).removesuffix(" %")
    if words == "under 0.1":
        assert 0 < share < 0.001
    else:
        shown = float(words.replace(",", ""))
        assert 0 < shown == pytest.approx(100 * share, abs=0.05 if share < 0.0995 else max(0.5, 0.005 * shown))


def test_the_counted_calls_of_a_run_are_listed_as_they_came(tmp_path):
    """Each with its amount if she loaded, and how likely that is; calls outside the account are not listed."""
    table = calls(
        call("late", "2024-03-08T06:00Z", "2024-03-09T00:00Z", ["b"], name="SIM B", length_m=98.4, evidence_class="B"),
        call("soon", "2024-03-07T00:00Z", "2024-03-08T00:00Z", ["a"]),
        call("aside", "2024-03-06T00:00Z", "2024-03-07T00:00Z", ["c"], counts=False),
    )
    lifted = liftings(table, VolumeConfig(draws=200), 0)
    lifted = lifted.assign(barrels_p5=845.0, barrels_p50=24_990.0, barrels_p95=31_249.0, p_lifting=0.9)
    write_table(table, tmp_path / "port_calls.parquet")
    write_table(lifted, tmp_path / "liftings.parquet")
    for contract in (DETECTIONS, SCENES):
        write_table(contract.empty(), tmp_path / f"{contract.name}.parquet")
    write_json(tmp_path / "manifest.json", {"capwatch": "0", "outputs": []})
    _, headings, rows = counted_calls(tmp_path)
    assert [row[:4] for row in rows] == [
        ["2024-03-07 00:00", "not identified", "C", ""],
        ["2024-03-08 06:00", "SIM B", "B", "98 m"],
    ]
    assert {tuple(row[4:]) for row in rows} == {("840 / 25,000 / 31,200", "0.90")}
    assert headings[-1] == "p(lifted)"


def test_the_parts_stand_under_the_sum(monkeypatch):
    """An analyst who adds up the table above must find what the rest is."""
    from pipeline.report.opening import Shown
    from pipeline.types import Headline

    head = Headline(
        "x", "cap", 500_000.0, "2024", "2024-03-31", 1, 1, 90_000.0, 137_000.0, 187_000.0, 138_000.0, 0.0, {}, {}, {},
        None, None, None, None, "a",
    )  # fmt: skip
    story = SimpleNamespace(
        headline=head,
        cap=CapConfig(id="refined", title="Refined", barrels=5e5, year_starts="01-01", source="x"),
        simulated=False,
        place=SimpleNamespace(name="Testport"),
        config=SimpleNamespace(aoi=SimpleNamespace(facts=())),
        tables={"port_calls": PORT_CALLS.empty()},
        as_detected=None,
    )
    monkeypatch.setattr("pipeline.report.summary.shown_alone", lambda _: Shown(115_000, 22_000))
    lines = headline_lines(story)
    assert lines[1] == "1 port call seen, 1 counted"
    assert lines[3] == "that is about 115,000 for the calls shown, about 22,000 for possible further ships"
    monkeypatch.setattr("pipeline.report.summary.shown_alone", lambda _: None)
    assert len(headline_lines(SimpleNamespace(**vars(story) | {"headline": replace(head, calls_seen=2)}))) == 4
    detected = SimpleNamespace(headline=replace(head, calls_counted=2, barrels_p50=150_000.0))
    lines = headline_lines(SimpleNamespace(**vars(story) | {"as_detected": detected}))
    assert "after analysts' verdicts: 150,000 barrels before, 137,000 after; 2 and 1 counted call" in lines
    facts = (Fact(what="This is an exercise.", source="us", caveat=True), Fact(what="Ships wait here.", source="us"))
    exercise = SimpleNamespace(**vars(story) | {"config": SimpleNamespace(aoi=SimpleNamespace(facts=facts))})
    assert headline_lines(exercise)[2:4] == ["This is an exercise.", headline_lines(story)[2]]
