"""The work of `capwatch review`: list, give and withdraw an AOI's verdicts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.chain.review_file import (
    FOLDER,
    add_review,
    find_reviews,
    read_reviews,
    superseded_of_others,
    withdraw_review,
)
from pipeline.console import Console
from pipeline.errors import ConfigError, printable
from pipeline.finished.overview import ids_in_runs
from pipeline.tables.reviews import VERDICTS
from pipeline.workspace import LATEST


def show_verdicts(aoi: str, out: Path, console: Console) -> None:
    """Print the verdicts in an AOI's review file, or how to give the first one."""
    aoi_id = _aoi_id(aoi, out)
    path = find_reviews(aoi_id)
    if path is None:
        how = f"capwatch review {printable(aoi)} ID {'|'.join(VERDICTS)} --who NAME --why REASON"
        console.result(f"{FOLDER}/{aoi_id}.csv: no verdicts yet; give one with: {how}")
        return
    rows = []
    for v in read_reviews(path):
        told = [printable(text) for text in (v.target, v.verdict, v.value, v.who, v.when, v.why)]
        rows.append([str(v.line), *told, v.outcome and f"{v.outcome}: {v.note}"])
    console.table(str(path), ["line", "target", "verdict", "value", "who", "when", "why", ""], rows)


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict from the command line; ``when`` None means now."""

    target: str
    verdict: str
    value: str
    who: str
    why: str
    when: str | None = None


def give_verdict(aoi: str, given: Given, out: Path, console: Console, *, anyway: bool = False) -> None:
    """Append a verdict to the AOI's review file; ConfigError if no run under ``out`` has its target."""
    aoi_id = _aoi_id(aoi, out)
    path = Path(FOLDER) / f"{aoi_id}.csv"
    known = ids_in_runs(out / aoi_id)
    ids = [given.target, *([given.value] if given.verdict == "merge" else [])]
    strange = [printable(id_) for id_ in ids if known and id_ not in known]
    if strange and not anyway:
        where = printable(out / aoi_id)
        there = "cards and calls.csv of a run tell its ids, and --anyway keeps this one"
        raise ConfigError(f"{strange[0]}: no run in {where} has this id (nothing was written; {there})")
    now = datetime.now(UTC)
    if given.when is not None and _is_yet_to_come(given.when, now):
        raise ConfigError(f"--when {printable(given.when)}: that day is still to come (nothing was written)")
    when = given.when or now.strftime("%Y-%m-%dT%H:%MZ")
    new = add_review(
        path, target=given.target, verdict=given.verdict, value=given.value, who=given.who, when=when, why=given.why
    )
    told = f"{new.verdict} {printable(new.target)}"
    console.result(f"{path} line {new.line}: {told}; the next run of {aoi} from this folder applies it")
    for other in superseded_of_others(read_reviews(path), new):
        theirs = f"line {other.line}, {other.verdict} of {printable(other.who)}"
        console.result(f"{path}: {theirs}, stands no more: the last line on a target does")
    if not known:
        console.note(f"{printable(out / aoi_id)}: no run here that could have this id; it was not checked")


def _is_yet_to_come(when: str, now: datetime) -> bool:
    """Is a time more than a day ahead, hence in the future in every time zone? False for text that is not a time."""
    try:
        told = datetime.fromisoformat(when)
    except ValueError:
        return False
    return (told if told.tzinfo else told.replace(tzinfo=UTC)) > now + timedelta(days=1)


def take_back(aoi: str, line: int, out: Path, console: Console) -> None:
    """Remove a verdict from the AOI's review file by its line."""
    aoi_id = _aoi_id(aoi, out)
    gone = withdraw_review(Path(FOLDER) / f"{aoi_id}.csv", line)
    told = f"{gone.verdict} {printable(gone.target)} of {printable(gone.who)}"
    console.result(f"{FOLDER}/{aoi_id}.csv: {told} withdrawn; the next run of {aoi} from this folder goes without it")


def _aoi_id(aoi: str, out: Path) -> str:
    """An AOI's id: the name itself if ``out`` has runs of it, else from the configs or a run file of that name."""
    from pipeline.workspace import find_config, load_run_config

    if aoi == Path(aoi).name and os.path.isfile(out / aoi / LATEST):  # its run file may be anywhere
        return aoi
    return load_run_config(find_config(aoi), {}).aoi.id
