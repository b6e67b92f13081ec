"""Runs, differences and verdicts as tables for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.chain.verdicts import FOLDER, add_review, find_reviews, read_reviews, withdraw_review
from pipeline.console import Console
from pipeline.errors import ConfigError, printable
from pipeline.finished.overview import difference, ids_in_runs, list_runs
from pipeline.report.summary import rounded
from pipeline.report.wording import percent
from pipeline.tables.reviews import VERDICTS

Table = tuple[str, list[str], list[list[str]]]  # title, headings, rows


def runs_table(out: Path, aoi: str | None) -> Table:
    """The runs of a folder; ConfigError where there is none."""
    found = list_runs(out, aoi)
    if not len(found):
        raise ConfigError(
            f"{printable(out / aoi if aoi else out)}: no runs here; start one with: capwatch run vostochny"
        )
    rows = []
    for r in found.itertuples():
        barrels = (
            "" if pd.isna(r.barrels_p50) else " / ".join(map(rounded, (r.barrels_p5, r.barrels_p50, r.barrels_p95)))
        )
        period = r.period if isinstance(r.period, str) else ""
        share = "" if pd.isna(r.share) else percent(r.share)
        mark = "SIMULATED" if r.simulated is True else ""
        made = _when(r.made) if r.state == "finished" else r.state
        other = printable(r.other) if isinstance(r.other, str) else ""
        rows.append([f"{r.aoi}/{r.run}", made, period, _count(r.looks), _count(r.calls), barrels, share, other, mark])
    headings = ["run", "made (UTC)", "period, end excluded", "looks", "counted", "barrels p5/p50/p95", "of cap"]
    return f"runs in {out}", [*headings, "other than before", ""], rows


def show_difference(before: Path, after: Path, console: Console) -> None:
    """Print what differs and why, the result first."""
    found = difference(before, after)
    tables: list[tuple[str, pd.DataFrame]] = [
        ("result", found.result),
        ("counted calls, barrels", found.calls),
        ("config", found.config),
        ("inputs", found.inputs),
        ("verdicts", found.verdicts),
    ]
    if not any(len(table) for _, table in tables):
        console.result(
            "no difference"
            if found.code[0] == found.code[1]
            else f"no difference but the code: {' and '.join(found.code)}"
        )
        return
    for title, table in tables:
        if len(table):
            console.table(
                title, list(table.columns), [[_cell(v) for v in row] for row in table.itertuples(index=False)]
            )
    console.result("why: " + ("; ".join(printable(r) for r in found.reasons) or "nothing that the manifests tell"))


def show_verdicts(aoi: str, console: Console) -> None:
    """Print the verdicts of an AOI's review file, or how the first one is given."""
    aoi_id = _aoi_id(aoi)
    path = find_reviews(aoi_id)
    if path is None:
        how = f"capwatch review {printable(aoi)} ID {'|'.join(VERDICTS)} --who NAME --why REASON"
        console.result(f"{FOLDER}/{aoi_id}.csv: no verdicts yet; give one with: {how}")
        return
    console.table(*verdicts_table(path))


def verdicts_table(path: Path) -> Table:
    """The verdicts of a review file."""
    rows = []
    for v in read_reviews(path):
        told = [printable(text) for text in (v.value, v.who, v.when, v.why)]
        rows.append(
            [str(v.line), printable(v.target), printable(v.verdict), *told, v.outcome and f"{v.outcome}: {v.note}"]
        )
    return str(path), ["line", "target", "verdict", "value", "who", "when", "why", ""], rows


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict as the command line gives it; ``when`` is now where nothing was said."""

    target: str
    verdict: str
    value: str
    who: str
    why: str
    when: str | None = None


def give_verdict(aoi: str, given: Given, out: Path, console: Console, *, anyway: bool = False) -> None:
    """Append a verdict to the AOI's review file; ConfigError where no run under ``out`` has what it is about."""
    aoi_id = _aoi_id(aoi)
    path = Path(FOLDER) / f"{aoi_id}.csv"
    known = ids_in_runs(out / aoi_id)
    ids = [given.target, *([given.value] if given.verdict == "merge" else [])]
    strange = [printable(id_) for id_ in ids if known and id_ not in known]
    if strange and not anyway:
        where = printable(out / aoi_id)
        there = "cards and calls.csv of a run tell its ids, and --anyway keeps this one"
        raise ConfigError(f"{strange[0]}: no run in {where} has this id (nothing was written; {there})")
    now = given.when or datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    new = add_review(
        path, target=given.target, verdict=given.verdict, value=given.value, who=given.who, when=now, why=given.why
    )
    told = f"{new.verdict} {printable(new.target)}"
    console.result(f"{path} line {new.line}: {told}; the next run of {aoi} from this folder applies it")
    if not known:
        console.note(f"{printable(out / aoi_id)}: no run here that could have this id; it was not checked")


def take_back(aoi: str, line: int, console: Console) -> None:
    """Remove a verdict from the AOI's review file by its line."""
    aoi_id = _aoi_id(aoi)
    gone = withdraw_review(Path(FOLDER) / f"{aoi_id}.csv", line)
    told = f"{gone.verdict} {printable(gone.target)} of {printable(gone.who)}"
    console.result(f"{FOLDER}/{aoi_id}.csv: {told} withdrawn; the next run of {aoi} from this folder goes without it")


def _aoi_id(aoi: str) -> str:
    """The id of an AOI by its name, or by a run file."""
    from pipeline.workspace import find_config, load_run_config

    return load_run_config(find_config(aoi), {}).aoi.id


def _when(made: Any) -> str:
    """When a run was made, to the minute; the log alone tells it, and may be lost."""
    return f"{made[:10]} {made[11:16]}" if isinstance(made, str) and made else "not known"


def _count(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{int(value)}"


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "–"
    return rounded(value) if isinstance(value, float) else printable(value)
