"""Runs and differences as tables for a terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.chain.verification import altered_since
from pipeline.console import Console
from pipeline.errors import ConfigError, EnvironmentFault, printable
from pipeline.finished.overview import NO_CALL, difference, list_runs, sum_words, to_the_barrel
from pipeline.finished.shortened import shortened
from pipeline.report.wording import barrels, percent

MOVED_INPUTS = "the same inputs lie in another folder, and tables name their paths"


def runs_table(out: Path, aoi: str | None) -> tuple[str, list[str], list[list[str]]]:
    """Title, headings and rows of the runs in a folder; ConfigError if there are none."""
    found = list_runs(out, aoi)
    if not len(found):
        raise ConfigError(_no_runs(out, aoi))
    rows = []
    for r in found.itertuples():
        sums, share = _answer(r)
        period = r.period if isinstance(r.period, str) else ""
        marks = (("SIMULATED", r.simulated), ("manifest changed by hand", r.altered))
        mark = ", ".join(words for words, is_marked in marks if is_marked is True)
        made = _when(r.made) if r.state == "finished" else r.state
        other = printable(r.other) if isinstance(r.other, str) else ""
        rows.append([f"{r.aoi}/{r.run}", made, period, _count(r.looks), _count(r.calls), sums, share, other, mark])
    headings = ["run", "made (UTC)", "period, end excluded", "looks", "counted", "barrels p5/p50/p95", "of cap"]
    return f"runs in {out}", [*headings, "changed from previous", ""], rows


def _answer(run: Any) -> tuple[str, str]:
    """The sum of a listed run and its share of the cap, in words; empty if it has none."""
    if pd.isna(run.barrels_p50):
        return "", ""
    if run.calls == 0:
        return NO_CALL, ""
    share = percent(run.share) if run.barrels_p50 else ""  # a median of 0 is no finding of 0 %
    return sum_words((run.barrels_p5, run.barrels_p50, run.barrels_p95), barrels), share


def _no_runs(out: Path, aoi: str | None) -> str:
    """Says that there are no runs, and for which AOIs there are some, or how to start one."""
    if out.exists() and not out.is_dir():
        return f"{printable(out)}: is a file, not a folder of runs"
    if out.is_dir() and not os.access(out, os.R_OK | os.X_OK):  # a search of it would silently find nothing
        raise EnvironmentFault(f"{printable(out)}: may not be read (permission denied)")
    others = sorted({str(name) for name in list_runs(out)["aoi"]}) if aoi else []
    if not others:
        return (
            f"{printable(out / aoi if aoi else out)}: no runs here; start one with: capwatch run {aoi or 'vostochny'}"
        )
    return f"{printable(out)}: no runs of {printable(aoi)} here; there are runs of {printable(', '.join(others))}"


def show_difference(before: Path, after: Path, console: Console) -> None:
    """Print what differs and why, the result first."""
    found = difference(before, after)
    for folder in dict.fromkeys((before, after)):
        if altered := altered_since(folder):
            console.problem(f"{printable(folder)}: {altered}", done="compared as far as the manifest allows")
    tables: list[tuple[str, pd.DataFrame]] = [
        ("result", found.result),
        ("counted calls, barrels", found.calls),
        ("config", found.config),
        ("inputs", found.inputs),
        ("verdicts", found.verdicts),
        ("libraries", found.libraries),
    ]
    if not found.tables and not any(len(table) for _, table in tables):
        console.result(
            "no difference"
            if found.code[0] == found.code[1]
            else f"no difference except the code: {' and '.join(found.code)}"
        )
        return
    if found.different_questions:
        questions = printable("; ".join(found.different_questions))
        console.result(f"two different questions: {questions}. Differences are listed, but are not changes")
    if any(found.simulated):
        simulated = [
            str(folder) for folder, is_simulated in zip((before, after), found.simulated, strict=True) if is_simulated
        ]
        console.result(
            f"SIMULATED: {'both runs' if len(simulated) == 2 else f'{printable(simulated[0])}, and not the other run'}"
        )
    for title, table in tables:
        if len(table):
            console.table(title, list(table.columns), [_cells(row) for row in table.to_dict("records")])
    if found.tables:
        console.result(f"result tables that differ: {printable(', '.join(found.tables))}")
    otherwise = MOVED_INPUTS if found.moved else "nothing that the manifests record"
    console.result("why: " + ("; ".join(printable(r) for r in found.reasons) or otherwise))


def _when(made: Any) -> str:
    """When a run was made, to the minute; only the log records it, and that may be lost."""
    return f"{made[:10]} {made[11:16]}" if isinstance(made, str) and made else "not known"


def _count(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{int(value)}"


def _cells(row: dict[Any, Any]) -> list[str]:
    """A row in words; long values are cut to where they differ, and barrels equal to three digits given in full."""
    cells = {name: _cell(value) for name, value in row.items()}
    ends = [row["before"], row["after"]]
    if cells["before"] == cells["after"] and all(isinstance(end, float) for end in ends) and ends[0] != ends[1]:
        cells |= dict(zip(("before", "after"), map(to_the_barrel, ends), strict=True))
    return list(
        (cells | dict(zip(("before", "after"), shortened(cells["before"], cells["after"]), strict=True))).values()
    )


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "–"
    return barrels(value) if isinstance(value, float) else printable(value)
