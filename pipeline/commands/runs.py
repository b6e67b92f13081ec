"""Commands on finished runs: list, compare, show, review, repeat, verify, archive. Parses arguments, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.session import Debug, Quiet, Run, Runs, session


def runs(
    aoi: Annotated[str | None, typer.Argument(metavar="AOI", help="Only runs of this AOI.")] = None,
    out: Runs = Path("runs"),
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """List runs as they were made, the latest last, with headline and what differs.

    Unfinished ones are listed too.

    Example: capwatch runs vostochny
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.overview_text import runs_table

        console.table(*runs_table(out, aoi))


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Folder of a finished run.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Folder of another one.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What differs between two runs, and why.

    Result, counted calls, config, inputs, verdicts, code. Barrels of calls are
    medians if a cargo was moved.

    Example: capwatch diff runs/vostochny/OLD runs/vostochny/NEW
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.overview_text import show_difference

        show_difference(before, after, console)


def report(
    folder: Run,
    pdf: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Print the report to this PDF (needs Chromium).")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print a run's headline and the path of its report.

    With --pdf the report is printed to a PDF. The folder of a case will do too.

    Example: capwatch report runs/vostochny/ID --pdf vostochny.pdf
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.repeat import show

        show(folder, console)
        if pdf is not None:
            from pipeline.commands.pdf import print_report
            from pipeline.finished.kinds import page_of, refuse_within

            refuse_within(folder, pdf)
            print_report(page_of(folder), pdf)
            console.result(f"pdf: {pdf}")


def review(
    aoi: Annotated[str, typer.Argument(metavar="AOI", help="AOI whose reviews/<aoi>.csv is meant.")],
    target: Annotated[
        str | None, typer.Argument(metavar="ID", help="detection_id or call_id; none lists the verdicts.")
    ] = None,
    verdict: Annotated[str | None, typer.Argument(metavar="VERDICT", help="confirm, reject, merge or rename.")] = None,
    value: Annotated[
        str, typer.Option(metavar="TEXT", help="merge: the id that it belongs to; rename: the name.")
    ] = "",
    who: Annotated[str, typer.Option(metavar="NAME", help="Who says so.")] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    when: Annotated[str | None, typer.Option(metavar="TIME", help="When, ISO 8601; now by default.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Keep it though no run here has this id.")] = False,
    withdraw: Annotated[int | None, typer.Option(metavar="LINE", help="Take the verdict of this line back.")] = None,
    out: Runs = Path("runs"),
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write an analyst's verdict into reviews/<aoi>.csv, or list them.

    The next run of the AOI from this folder applies it. With the AOI alone the
    verdicts are listed, with their lines. The report shows the ids.

    Example: capwatch review vostochny 690bb57135ea05a4 reject --who "A. Analyst" --why "a crane barge"
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.verdicts import NewVerdict, give_verdict, show_verdicts, withdraw_verdict

        if withdraw is not None:
            withdraw_verdict(aoi, withdraw, out, console)
        elif target is None:
            show_verdicts(aoi, out, console)
        else:
            given = NewVerdict(target, verdict or "", value, who, why, when)
            give_verdict(aoi, given, out, console, anyway=anyway)


def rerun(
    folder: Run,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Repeat a run from its own folder: does every byte agree?

    It is run again elsewhere, with the settings, place and cap that its folder
    keeps, on the inputs where they were; nothing in the folder changes.

    Example: capwatch rerun runs/vostochny/ID
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.repeat import rerun as repeat

        repeat(folder, console)


def verify(
    folder: Run,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare every file of a run with its manifest.

    What changed is named, with the rows of a table.

    Example: capwatch verify runs/vostochny/ID
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.repeat import verify as compare

        compare(folder, console)


def archive(
    folder: Run,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Zip to write.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Pack a run as an RO-Crate: one zip with hashes and origins.

    RO-Crate 1.1: every file, its hash and what it was made from.

    Example: capwatch archive runs/vostochny/ID -o vostochny-2024-03.zip
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.finished.crate import write_crate
        from pipeline.plurals import number_of

        console.result(f"{out}: {number_of(write_crate(folder, out), 'file')}")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (runs, diff, report, review, rerun, verify, archive):
        app.command()(command)
