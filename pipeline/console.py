"""What a user sees while a command works: progress on a terminal, plain lines elsewhere, errors as one line each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from pipeline.errors import DEGRADED, EnvironmentFault, PipelineError, printable


def to_stderr(line: str) -> None:
    """Write a line to standard error. A closed pipe or a full disk is ignored: the work goes on and keeps its own exit
    code."""
    if sys.stderr is None:  # closed by the shell
        return
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _to_nowhere(sys.stderr)
    except OSError:
        pass


def _to_nowhere(stream: TextIO) -> None:
    """Discard what is still buffered in a stream, and all later output to it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Console:
    """Writes progress to standard error and results to standard output; collects problems."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.explaining = False  # say why each step runs or is skipped
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self.listener: Callable[..., None] | None = None  # receives every event: the run's log

    def _emit(self, event: str, **facts: str) -> None:
        if self.listener is not None:
            self.listener(event, **facts)

    def result(self, text: str) -> None:
        """A line of the answer, on standard output, also when quiet."""
        if sys.stdout is None:  # closed by the shell
            return
        try:
            sys.stdout.write(printable(text) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # the reader, such as `head`, has stopped reading: the work itself goes on
            _to_nowhere(sys.stdout)
        except OSError as error:
            _to_nowhere(sys.stdout)  # else the interpreter flushes again at exit and sets its own exit code
            raise EnvironmentFault(f"standard output: cannot be written: {error.strerror or error}") from error

    def note(self, text: str, *, unknown: bool = False) -> None:
        """An informative line on standard error.

        With ``unknown`` it is printed even when quiet: without it, "nothing found" would read as "nothing there".
        """
        if unknown or not self.quiet:
            to_stderr(printable(text))

    def remark(self, text: str, *, unknown: bool = False) -> None:
        """Something odd about an input that was nevertheless used: printed like a `note`, and kept for the report."""
        self.remarks.append(printable(text))
        self.note(text, unknown=unknown)

    def explain(self, step: str, why: Callable[[], str] | None = None) -> None:
        """Say why a step runs or is skipped; ``why`` is called only when explanations are on."""
        if self.explaining:
            to_stderr(f"explain: {printable(step)}{f': {printable(why())}' if why else ''}")

    def table(self, title: str, headings: list[str], rows: list[list[str]]) -> None:
        """A table of the answer: drawn on a terminal (without colour where NO_COLOR is set), aligned text elsewhere."""
        rows = [[printable(cell) for cell in row] for row in rows]
        if sys.stdout is not None and sys.stdout.isatty():
            from rich.console import Console as RichConsole
            from rich.table import Table
            from rich.text import Text

            drawn = Table(*headings, title=Text(title), title_justify="left", header_style="bold")
            for row in rows:
                drawn.add_row(*(Text(cell) for cell in row))  # Text: brackets in a ship's name are no markup
            RichConsole().print(drawn)
            return
        widths = [max(len(h), *(len(r[n]) for r in rows)) if rows else len(h) for n, h in enumerate(headings)]
        for row in (headings, *rows):
            self.result("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def problem(self, error: PipelineError | str, done: str = "skipped") -> None:
        """Report one failed input while the rest goes on: ``error: <item>: <cause> (<what was done>)``."""
        self._problem(f"error: {printable(error)} ({done})")

    def known_problems(self, lines: Iterable[str]) -> None:
        """Repeat ``problem`` lines stored by an earlier run, which still apply to its answer, each once."""
        for line in lines:
            if line not in self.problems:
                self._problem(line)

    def _problem(self, line: str) -> None:
        self.problems.append(line)
        self._emit("problem", line=line)
        to_stderr(line)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[str], None]]:
        """``with console.progress("detect", 5) as step: step("scene name")``."""
        if self.quiet or total == 0:
            yield lambda name: self._emit(label, item=name)
        elif sys.stderr is not None and sys.stderr.isatty():
            yield from self._bar(label, total)
        else:
            yield from self._lines(label, total)

    def _lines(self, label: str, total: int) -> Iterator[Callable[[str], None]]:
        count = 0

        def step(name: str) -> None:
            nonlocal count
            count += 1
            self.note(f"{label} {count}/{total} {printable(name)}")
            self._emit(label, item=name)

        yield step

    def _bar(self, label: str, total: int) -> Iterator[Callable[[str], None]]:
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description:<16}", markup=False), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False), TimeRemainingColumn(), TextColumn("left", markup=False),
            TextColumn("{task.fields[item]}", style="dim", markup=False),
        )  # fmt: skip
        with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total, rate="", item="")

            def step(name: str) -> None:
                bar.advance(task)
                speed = bar.tasks[0].speed
                rate = f"{60 * speed:.0f}/min" if speed else ""
                bar.update(task, rate=rate, item=printable(name)[-40:])
                self._emit(label, item=name)

            yield step

    @property
    def exit_code(self) -> int:
        """0 where all went well, 3 where something was skipped or degraded."""
        return DEGRADED if self.problems else 0
