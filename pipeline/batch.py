"""Several questions in one command: every AOI for every year, one run each, on workers shared by all runs.

A question that fails does not stop the others. ``<out>/questions.csv`` lists the outcome of each.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import RunConfig, merged
from pipeline.console import Console
from pipeline.engine import reused_workers
from pipeline.errors import DEGRADED, ConfigError, EnvironmentFault, PipelineError, ending_code, in_words, printable
from pipeline.plurals import number_of
from pipeline.storage import write_text
from pipeline.workspace import config_root, find_config, load_run_config

QUESTIONS = "questions.csv"
FIRST_YEAR, LAST_YEAR = 2014, 2100  # launch of Sentinel-1A; an arbitrary upper bound


@dataclass(frozen=True, slots=True)
class Question:
    """One run to be made."""

    config: RunConfig
    root: Path  # the folder that the config's file names are relative to

    @property
    def name(self) -> str:
        """AOI and period."""
        period = self.config.period
        return f"{self.config.aoi.id} {period.start:%Y-%m-%d}/{period.end:%Y-%m-%d}"

    def fault(self, error: PipelineError) -> str:
        """The error message without the AOI's id, which the question's name already gives."""
        return printable(error).removeprefix(f"{self.config.aoi.id}: ")


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a question."""

    question: Question
    exit_code: int
    folder: str = ""
    cause: str = ""


def load_questions(
    names: Sequence[str], settings: dict[str, Any], years: str | None, console: Console | None = None
) -> list[Question]:
    """Every AOI (name, run file, or folder of run files) for every year; without years, for its configured period."""
    if years is not None and "period" in settings:
        raise ConfigError("give --years or --start and --end, not both")
    settings_by_year = [settings]
    if years is not None:
        settings_by_year = [
            merged(settings, {"period": {"start": f"{year}-01-01T00:00:00Z", "end": f"{year + 1}-01-01T00:00:00Z"}})
            for year in parse_years(years)
        ]
    loaded = [
        _question(path, year_settings, console)
        for name in names
        for path in _config_paths(name)
        for year_settings in settings_by_year
    ]
    same = {(q.config.aoi.id, q.config.period.start, q.config.period.end) for q in loaded}
    if len(same) < len(loaded):
        raise ConfigError("two of these run files have the same aoi.id; their runs would lie in one folder")
    return loaded


def _question(path: Path, settings: dict[str, Any], console: Console | None) -> Question:
    config = load_run_config(path, settings)
    root = config_root(path, config)
    if console is not None and root != path.parent:
        console.note(f"{printable(path)}: none of its files lies beside it; those in {printable(root)} are used")
    return Question(config, root)


def require_single_verdict_file(path: Path | None, questions: Sequence[Question]) -> Path | None:
    """The verdict file given by --reviews; ConfigError if it does not exist or there are several questions."""
    if path is not None and not path.is_file():
        raise ConfigError(f"--reviews {printable(path)}: no such file")
    if path is not None and len(questions) > 1:
        raise ConfigError("--reviews belongs to one question; of several each takes its own reviews/<aoi>.csv")
    return path


def parse_years(text: str) -> list[int]:
    """Calendar years: one, a range, or several.

    >>> parse_years("2019-2021,2024")
    [2019, 2020, 2021, 2024]
    """
    out: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{4})(?:-(\d{4}))?\s*", part)
        first = int(found.group(1)) if found else 0
        last = int(found.group(2) or first) if found else -1
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            wanted = f"write 2023, 2019-2023 or 2019,2021, from {FIRST_YEAR} to {LAST_YEAR}"
            raise ConfigError(f"--years {printable(text)[:60]}: {wanted}")
        out.update(range(first, last + 1))
    return sorted(out)


def run_all(questions: Sequence[Question], out: Path, console: Console, *, fresh: bool = False) -> int:
    """Run every question; returns 0 if all succeeded, 3 if some were answered, else the first failure's exit code."""
    answers: list[Answer] = []
    with reused_workers(questions[0].config.engine):
        for number, question in enumerate(questions, 1):
            console.note(f"question {number}/{len(questions)}: {question.name}")
            answers.append(_answer_question(question, out, console, fresh=fresh))
            write_text(out / QUESTIONS, _table(answers))
    done = [a for a in answers if a.folder]
    console.result(f"{len(done)} of {number_of(len(answers), 'question')} answered: {out / QUESTIONS}")
    if all(a.exit_code == 0 for a in answers):
        return 0
    return DEGRADED if done else answers[0].exit_code


def _answer_question(question: Question, out: Path, console: Console, *, fresh: bool) -> Answer:
    from pipeline.chain.review_file import find_reviews
    from pipeline.run import run

    own = Console(quiet=console.quiet)  # collects the problems of this run only
    own.explaining = console.explaining
    try:
        reviews = find_reviews(question.config.aoi.id)
        outcome = run(question.config, question.root, out, own, fresh=fresh, reviews=reviews)
    except PipelineError as error:
        code, cause = ending_code(error), question.fault(error)
    except (OSError, MemoryError) as error:
        code, cause = EnvironmentFault.exit_code, in_words(error)
    else:
        for line in outcome.lines:
            console.result(line)
        return Answer(question, outcome.exit_code, str(outcome.folder))
    console.problem(f"{question.name}: {cause}", done="question not answered, the others go on")
    return Answer(question, code, cause=cause)


def _table(answers: Sequence[Answer]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["aoi", "start", "end", "exit_code", "folder", "cause"])
    for answer in answers:
        config = answer.question.config
        start, end = f"{config.period.start:%Y-%m-%d}", f"{config.period.end:%Y-%m-%d}"
        writer.writerow([config.aoi.id, start, end, answer.exit_code, answer.folder, answer.cause])
    return text.getvalue()


def _config_paths(name: str) -> list[Path]:
    """The run files in a folder; if it holds none, the config of that name (a folder of images may share the name)."""
    folder = Path(name)
    inside = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in inside if p.suffix in (".yaml", ".yml") and p.is_file()) or [find_config(name)]
