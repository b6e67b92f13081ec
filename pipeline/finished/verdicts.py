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
        cells = [printable(text) for text in (v.target, v.verdict, v.value, v.who, v.when, v.why)]
        rows.append([str(v.line), *cells, v.outcome and f"{v.outcome}: {v.note}"])
    console.table(str(path), ["line", "target", "verdict", "value", "who", "when", "why", ""], rows)


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A verdict from the command line; ``when`` None means now."""

    target: str
    verdict: str
    value: str
    who: str
    why: str
    when: str | None = None


def give_verdict(aoi: str, verdict: NewVerdict, out: Path, console: Console, *, anyway: bool = False) -> None:
    """Append a verdict to the AOI's review file; ConfigError if no run under ``out`` has its target."""
    aoi_id = _aoi_id(aoi, out)
    path = Path(FOLDER) / f"{aoi_id}.csv"
    known = ids_in_runs(out / aoi_id)
    ids = [verdict.target, *([verdict.value] if verdict.verdict == "merge" else [])]
    unknown = [printable(id_) for id_ in ids if known and id_ not in known]
    if unknown and not anyway:
        where = printable(out / aoi_id)
        hint = "cards and calls.csv of a run tell its ids, and --anyway keeps this one"
        raise ConfigError(f"{unknown[0]}: no run in {where} has this id (nothing was written; {hint})")
    now = datetime.now(UTC)
    if verdict.when is not None and _is_in_future(verdict.when, now):
        raise ConfigError(f"--when {printable(verdict.when)}: that day is still to come (nothing was written)")
    when = verdict.when or now.strftime("%Y-%m-%dT%H:%MZ")
    new = add_review(
        path,
        target=verdict.target,
        verdict=verdict.verdict,
        value=verdict.value,
        who=verdict.who,
        when=when,
        why=verdict.why,
    )
    words = f"{new.verdict} {printable(new.target)}"
    console.result(f"{path} line {new.line}: {words}; the next run of {aoi} from this folder applies it")
    for earlier in superseded_of_others(read_reviews(path), new):
        earlier_words = f"line {earlier.line}, {earlier.verdict} of {printable(earlier.who)}"
        console.result(f"{path}: {earlier_words}, stands no more: the last line on a target does")
    if not known:
        console.note(f"{printable(out / aoi_id)}: no run here that could have this id; it was not checked")


def _is_in_future(when: str, now: datetime) -> bool:
    """Is a time more than a day ahead, hence in the future in every time zone? False for text that is not a time."""
    try:
        stated = datetime.fromisoformat(when)
    except ValueError:
        return False
    return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)) > now + timedelta(days=1)


def withdraw_verdict(aoi: str, line: int, out: Path, console: Console) -> None:
    """Remove a verdict from the AOI's review file by its line."""
    aoi_id = _aoi_id(aoi, out)
    withdrawn = withdraw_review(Path(FOLDER) / f"{aoi_id}.csv", line)
    words = f"{withdrawn.verdict} {printable(withdrawn.target)} of {printable(withdrawn.who)}"
    console.result(f"{FOLDER}/{aoi_id}.csv: {words} withdrawn; the next run of {aoi} from this folder goes without it")


def _aoi_id(aoi: str, out: Path) -> str:
    """An AOI's id: the name itself if ``out`` has runs of it, else from the configs or a run file of that name."""
    from pipeline.workspace import find_config, load_run_config

    if aoi == Path(aoi).name and os.path.isfile(out / aoi / LATEST):  # its run file may be anywhere
        return aoi
    return load_run_config(find_config(aoi), {}).aoi.id
