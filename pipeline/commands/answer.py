"""What `capwatch run` does with its questions: one is shown in full, of many each is told in a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.batch import Question, run_all
from pipeline.chain.review_file import find_reviews
from pipeline.console import Console
from pipeline.run import run


def answer(
    asked: Sequence[Question], out: Path, console: Console, *, fresh: bool = False, reviews: Path | None = None
) -> int:
    """Run every question and say what came of it; the exit code, but for what the console has of its own.

    ``reviews`` is the verdicts' file of a single question; the AOI's own where it is None.
    """
    if len(asked) > 1:
        return run_all(asked, out, console, fresh=fresh)
    question = asked[0]
    reviews = reviews or find_reviews(question.config.aoi.id)
    outcome = run(question.config, question.root, out, console, fresh=fresh, reviews=reviews)
    if not console.quiet:
        _show_calls(outcome.folder, console)
    for line in outcome.lines:
        console.result(line)
    return 0


def _show_calls(folder: Path, console: Console) -> None:
    """The calls that count as a table, where there are any."""
    from pipeline.report.summary import counted_calls

    title, headings, rows = counted_calls(folder)
    if rows:
        console.table(title, headings, rows)
