"""Commands on finished runs: list, compare, show, print, review. Parses arguments, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

Session = Callable[..., AbstractContextManager[Any]]
Out = Annotated[Path, typer.Option("--out", help="Folder of runs.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes; errors and results only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails.")]


class RunCommands:
    """The commands; each runs within the session that it is given."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def runs(
        self,
        aoi: Annotated[str | None, typer.Argument(help="Only runs of this AOI.")] = None,
        out: Out = Path("runs"),
        debug: Debug = False,
    ) -> None:
        """List runs with their headline, unfinished ones too.

        Example: capwatch runs vostochny
        """
        with self.session(quiet=False, debug=debug) as console:
            from pipeline.overview_text import runs_table

            console.table(*runs_table(out, aoi))

    def diff(
        self,
        before: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
        after: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of another one.")],
        debug: Debug = False,
    ) -> None:
        """What differs between two runs, and why: config, inputs, code, result, calls.

        Example: capwatch diff runs/vostochny/OLD runs/vostochny/NEW
        """
        with self.session(quiet=False, debug=debug) as console:
            from pipeline.overview_text import show_difference

            show_difference(before, after, console)

    def report(
        self,
        folder: Run,
        pdf: Annotated[Path | None, typer.Option(help="Print the report to this PDF (needs Chromium).")] = None,
        quiet: Quiet = False,
        debug: Debug = False,
    ) -> None:
        """Print a finished run's headline and where its report is; with --pdf, print the report.

        Example: capwatch report runs/vostochny/ID --pdf vostochny.pdf
        """
        with self.session(quiet=quiet, debug=debug) as console:
            from pipeline.repeat import show

            show(folder, console)
            if pdf is not None:
                from pipeline.pdf import print_report

                print_report(folder / "report.html", pdf)
                console.result(f"pdf: {pdf}")

    def review(
        self,
        aoi: Annotated[str, typer.Argument(help="AOI whose reviews/<aoi>.csv is meant.")],
        target: Annotated[str | None, typer.Argument(help="detection_id or call_id; none lists the verdicts.")] = None,
        verdict: Annotated[str | None, typer.Argument(help="confirm, reject, merge or rename.")] = None,
        value: Annotated[str, typer.Option(help="merge: the id that it belongs to; rename: the name.")] = "",
        who: Annotated[str, typer.Option(help="Who says so.")] = "",
        why: Annotated[str, typer.Option(help="Why.")] = "",
        when: Annotated[str | None, typer.Option(help="When, ISO 8601; now by default.")] = None,
        debug: Debug = False,
    ) -> None:
        """Write an analyst's verdict into reviews/<aoi>.csv; the next run applies it.

        Example: capwatch review vostochny 690bb57135ea05a4 reject --who "A. Analyst" --why "a crane barge"
        """
        with self.session(quiet=False, debug=debug) as console:
            from pipeline.overview_text import give_verdict, verdicts_table

            if target is None:
                console.table(*verdicts_table(aoi))
                return
            give_verdict(aoi, target, verdict or "", value, who, why, when, console)


def register(app: typer.Typer, session: Session) -> None:
    """Add the commands to the app."""
    commands = RunCommands(session)
    for command in (commands.runs, commands.diff, commands.report, commands.review):
        app.command()(command)
