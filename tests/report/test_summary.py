"""The answer on the terminal: no table of nothing, and the sum's parts beside the sum."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from pipeline.calls import count_line
from pipeline.config import CapConfig
from pipeline.config.aoi import Fact
from pipeline.report.summary import headline_lines
from pipeline.tables import PORT_CALLS


def test_where_no_call_counts_no_doubt_is_spoken_of():
    assert count_line(PORT_CALLS.empty()) == "counted calls: 0"


def test_the_parts_stand_under_the_sum(monkeypatch):
    """An analyst who adds up the table above them finds what the rest is."""
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
    told = headline_lines(story)
    assert told[1] == "1 port call seen, 1 counted"
    assert told[3] == "that is about 115,000 for the calls shown, about 22,000 for possible further ships"
    monkeypatch.setattr("pipeline.report.summary.shown_alone", lambda _: None)
    assert len(headline_lines(SimpleNamespace(**vars(story) | {"headline": replace(head, calls_seen=2)}))) == 4
    detected = SimpleNamespace(headline=replace(head, calls_counted=2, barrels_p50=150_000.0))
    told = headline_lines(SimpleNamespace(**vars(story) | {"as_detected": detected}))
    assert "after analysts' verdicts: 150,000 barrels before, 137,000 after; 2 and 1 counted call" in told
    facts = (Fact(what="This is an exercise.", source="us", caveat=True), Fact(what="Ships wait here.", source="us"))
    exercise = SimpleNamespace(**vars(story) | {"config": SimpleNamespace(aoi=SimpleNamespace(facts=facts))})
    assert headline_lines(exercise)[2:4] == ["This is an exercise.", headline_lines(story)[2]]
