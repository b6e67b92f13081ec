"""The work of `capwatch run`: a single question is shown in full, several get one line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.batch import Question, run_all
from pipeline.chain.review_file import find_reviews
from pipeline.console import Console
from pipeline.run import run


def answer(
    questions: Sequence[Question], out: Path, console: Console, *, fresh: bool = False, reviews: Path | None = None
) -> int:
    """Run every question and show its result; returns the exit code, apart from the console's own problems.

    ``reviews`` is the verdict file of a single question; by default the AOI's own.
    """
    if len(questions) > 1:
        return run_all(questions, out, console, fresh=fresh)
    question = questions[0]
    reviews = reviews or find_reviews(question.config.aoi.id)
    outcome = run(question.config, question.root, out, console, fresh=fresh, reviews=reviews)
    if not console.quiet:
        _show_calls(outcome.folder, console)
    for line in outcome.lines:
        console.result(line)
    return 0


def _show_calls(folder: Path, console: Console) -> None:
    """Show a table of the counted calls, if there are any."""
    from pipeline.report.summary import counted_calls

    title, headings, rows = counted_calls(folder)
    if rows:
        console.table(title, headings, rows)
