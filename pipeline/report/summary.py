"""Summarises the answer of a run: a few lines for people, and numbers for programs that compare runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.config import MOVED
from pipeline.plurals import number_of
from pipeline.provenance import read_manifest
from pipeline.report.extrapolated import extrapolated_line
from pipeline.report.left_out import excluded_call_lines, no_estimate_line, not_in_account_lines, outside_period_lines
from pipeline.report.opening import caveats, changed_by_verdicts, opening_text, shown_alone
from pipeline.report.wording import (
    barrels,
    interval_for_none,
    outside_period_words,
    percent,
    tonnes_line,
    without_ais_words,
    zones_without_estimate,
)
from pipeline.table_files import read_table
from pipeline.tables import LIFTINGS, PORT_CALLS
from pipeline.times_places.moments import at_image_times, bounds_at_image_times, moment

if TYPE_CHECKING:
    from pipeline.report.story import Story


def headline_lines(story: Story) -> list[str]:
    """The answer in a few lines of text."""
    head = story.headline
    mark = "SIMULATED: " if story.simulated else ""
    calls = story.tables["port_calls"]
    of_these = ", ".join(words for words in (without_ais_words(calls), outside_period_words(calls)) if words)
    sums = " / ".join(f"{barrels(b)} bbl" for b in (head.barrels_p5, head.barrels_p50, head.barrels_p95))
    shown = shown_alone(story)
    changed = changed_by_verdicts(story)
    shares = " / ".join(percent(share) for share in (head.share_p5, head.share_p50, head.share_p95))
    observed = f"observed barrels p5/p50/p95: {sums}"
    if not head.barrels_p50:
        observed = f"observed barrels: {interval_for_none(head.barrels_p95, MOVED[story.config.volume.counted][0])}"
        shares = f"up to {percent(head.share_p95)}"
    seen = number_of(head.calls_seen, "port call")
    year = story.cap.account_year_words(head.account_year)
    opening = [
        f"{mark}{story.place.name}, account year {year} as of {head.as_of}",
        f"{mark}{seen} seen{f' ({of_these})' if of_these else ''}, {head.calls_counted} counted",
        *(f"{mark}{caveat}" for caveat in caveats(story)),
    ]
    left_out = outside_period_lines(calls) + excluded_call_lines(calls)
    if not head.calls_counted:  # a sum of 0 would read as "nothing was lifted"; what was not observed is unknown
        return [*opening, *(f"{mark}{line}" for line in (opening_text(story), *_unseen_lines(story), *left_out))]
    return [
        *opening,
        f"{mark}{observed}",
        *([f"{mark}that is {shown.says}"] if shown is not None else []),
        *([f"{mark}after analysts' verdicts: {changed}"] if changed else []),
        f"{mark}share of the cap of {head.cap_bbl:,.0f} bbl: {shares}",
        *(f"{mark}in the cap's tonnes: {line}" for line in [tonnes_line(head)] if line),
        *(f"{mark}{line}" for line in _unseen_lines(story)),
        *(f"{mark}{line}" for line in not_in_account_lines(head, story.cap) + left_out),
    ]


def _unseen_lines(story: Story) -> list[str]:
    """The sum with unseen calls, and the zones for which their number is unknown."""
    lines = []
    if story.headline.corrected_bbl is not None and story.headline.corrected_bbl[2] > 0:
        sums = f" p5/p50/p95: {' / '.join(f'{barrels(b)} bbl' for b in story.headline.corrected_bbl)}"
        if not story.headline.corrected_bbl[1]:
            sums = f": {interval_for_none(story.headline.corrected_bbl[2], '')}"
        lines.append(f"with the calls that nobody saw{sums}")
        if line := extrapolated_line(story):
            lines.append(line)
    if zones := zones_without_estimate(story):
        lines.append(no_estimate_line(zones))
    return lines


def counted_calls(folder: Path) -> tuple[str, list[str], list[list[str]]]:
    """Title, headings and rows of the counted calls of a finished run, in order of arrival."""
    sightings = read_table(folder / "detections.parquet")
    at_image_time = at_image_times(sightings, read_table(folder / "scenes.parquet"))
    calls = read_table(folder / "port_calls.parquet", PORT_CALLS)
    calls = bounds_at_image_times(calls, sightings, at_image_time).set_index("call_id")
    liftings = read_table(folder / "liftings.parquet", LIFTINGS)
    rows = []
    left_out = read_manifest(folder).get("left_out", {})
    counted = liftings[liftings["counts"] & ~liftings["call_id"].isin(list(left_out))]
    counted = counted.assign(there=calls["arrival_hi"].reindex(counted["call_id"]).to_numpy())
    for lifting in counted.sort_values(["there", "call_id"]).itertuples():
        call = calls.loc[lifting.call_id]
        quantiles = (lifting.barrels_p5, lifting.barrels_p50, lifting.barrels_p95)
        rows.append(
            [
                moment(call["arrival_hi"], call["flags"]),
                str(lifting.name or "not identified"),
                str(call["evidence_class"]),
                "" if pd.isna(lifting.length_m) else f"{lifting.length_m:.0f} m",
                " / ".join(map(barrels, quantiles)),
                "over 0.99" if lifting.p_lifting > 0.995 else f"{lifting.p_lifting:.2f}",  # never certain
            ]
        )
    moved = MOVED[counted["counted"].iloc[0] if len(counted) else "loading"][0]
    headings = ["arrived by (UTC)", "ship", "evidence", "length", f"barrels if she {moved}, p5/p50/p95", f"p({moved})"]
    return "Counted calls", headings, rows


def result_of(story: Story) -> dict[str, Any]:
    """The answer as numbers, for programs that compare runs.

    Sums are exact: a reader who rounds a rounded 99,150 to three digits gets 99,200, where the report has 99,100.
    """
    head, period = story.headline, story.config.period
    out: dict[str, Any] = {
        "period": [f"{period.start:%Y-%m-%d}", f"{period.end:%Y-%m-%d}"],
        "account_year": head.account_year,
        "as_of": head.as_of,
        "calls_seen": head.calls_seen,
        "calls_counted": head.calls_counted,
        "barrels": [float(b) for b in (head.barrels_p5, head.barrels_p50, head.barrels_p95)],
        "cap_bbl": head.cap_bbl,
        "looks": int(story.tables["scenes"]["status"].isin(["used", "degraded"]).sum()),
    }
    if story.as_detected is not None:
        before = story.as_detected.headline
        out["as_detected"] = [float(b) for b in (before.barrels_p5, before.barrels_p50, before.barrels_p95)]
        out["calls_as_detected"] = before.calls_counted
    return out


def verdicts_of(story: Story) -> list[dict[str, Any]]:
    """Analysts' verdicts with their outcomes."""
    table = story.tables.get("reviews")
    return [] if table is None else json.loads(table.to_json(orient="records"))
