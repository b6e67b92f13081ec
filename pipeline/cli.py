"""The command line: parses arguments, nothing else. Heavy imports wait until a command runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.commands import runs as cli_runs
from pipeline.commands import stages as cli_stages
from pipeline.commands import usage
from pipeline.commands.session import CaseSettings, Debug, Quiet, Settings, option_settings, parse_overrides, session
from pipeline.commands.usage import App

app = App(
    name="capwatch",
    help="From satellite images and AIS of a port to barrels counted against a cap, with error bars and evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def run(
    aoi: Annotated[
        list[str],
        typer.Argument(
            metavar="AOI", help="AOIs (vostochny), run files (my.yaml) or folders of run files; one or more."
        ),
    ],
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="demo, files or stac; the config's own choice by default.")
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Image, SAFE folder, or folder of them (files); once for each."),
    ] = None,
    ais: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="AIS file or folder (files); once for each.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="First day, UTC, e.g. 2024-03-01.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="Day after the last one, UTC.")] = None,
    years: Annotated[
        str | None, typer.Option(metavar="YEARS", help="Calendar years, a run each: 2023, 2019-2023 or 2019,2021.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of runs.")] = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing that former runs made.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each step why it runs, or is skipped.")] = False,
    reviews: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Analysts' verdicts; reviews/<aoi>.csv in this folder by default."),
    ] = None,
    engine: Annotated[str | None, typer.Option(metavar="ENGINE", help="serial, threads, processes or dask.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="How many scenes at once.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of a running Dask scheduler.")
    ] = None,
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run the whole chain for a place and a period.

    Its last line says where the report is.

    Example: capwatch run vostochny --set volume.fill.mean=0.9
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.batch import load_questions, require_single_verdict_file
        from pipeline.config import merged

        options = option_settings(source=source, images=images, ais=ais, start=start, end=end, engine=engine,
                          workers=workers, scheduler=scheduler)  # fmt: skip
        questions = load_questions(aoi, merged(options, parse_overrides(settings)), years, console)
        verdicts = require_single_verdict_file(reviews, questions)
        if dry_run:
            from pipeline.commands.plan import AnswerLookup, plan_lines

            for line in plan_lines(questions, console, AnswerLookup(out, verdicts, fresh)):
                console.result(line)
            return
        from pipeline.commands.answer import answer

        console.explaining = explain
        if code := answer(questions, out, console, fresh=fresh, reviews=verdicts):
            raise typer.Exit(code)


cli_stages.register(app)


@app.command()
def case(
    name: Annotated[
        str, typer.Argument(metavar="CASE", help="Name of a published case (rusi-2024-03) or path of a case file.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder of runs; the case is written to cases/ in it.")
    ] = Path("runs"),
    settings: CaseSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Recompute what others published from their calls [bbl].

    Published against computed, from their own table of calls.

    Example: capwatch case rusi-2024-03
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.cases import run_case

        for line in run_case(name, parse_overrides(settings), out, console).lines:
            console.result(line)


cli_runs.register(app)


@app.command()
def doctor(quiet: Quiet = False, debug: Debug = False) -> None:
    """Versions, drivers, folders: to send along with a question.

    Which credentials are set is said, never their value.

    Example: capwatch doctor
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.commands.doctor import doctor_lines

        for line in doctor_lines():
            console.result(line)


@app.command()
def prepare(
    aoi: Annotated[
        list[str] | None, typer.Argument(metavar="AOI", help="AOIs (run files) whose demo to simulate.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compile the hot loops now, and simulate a demo's images, so that the first run need not.

    It takes some half a minute, and half a minute more for the demo of vostochny; `make setup` does both.

    Example: capwatch prepare vostochny
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.commands.prepare import compile_loops, simulate_demos

        compile_loops()
        console.result("compiled: the first run is as fast as the next")
        simulate_demos(aoi or (), console)


config_app = App(help="See what a run file comes to, defaults included.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command("show")
def config_show(
    aoi: Annotated[str, typer.Argument(metavar="AOI", help="Name of an AOI or path of a run file.")],
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print a run file with every default filled in.

    Example: capwatch config show vostochny
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.config.writing import as_yaml
        from pipeline.workspace import find_config, load_run_config

        for line in as_yaml(load_run_config(find_config(aoi), parse_overrides(settings))).rstrip().split("\n"):
            console.result(line)


aoi_app = App(help="Make the files of a new place.", no_args_is_help=True)
app.add_typer(aoi_app, name="aoi")


@aoi_app.command("add")
def aoi_add(
    aoi: Annotated[str, typer.Argument(metavar="ID", help="Short name, lower case: it names files and runs.")],
    bbox: Annotated[
        str, typer.Option(metavar="BOX", help="West,south,east,north [deg]; write --bbox=-0.1,... if west is negative.")
    ],
    start: Annotated[str, typer.Option(metavar="DAY", help="First day, UTC, e.g. 2024-03-01.")],
    end: Annotated[str, typer.Option(metavar="DAY", help="Day after the last one, UTC.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name for people; the short one by default.")] = None,
    coast: Annotated[
        str,
        typer.Option(metavar="COAST", help="osm or gshhg (needs the extra coast), none, or a GeoJSON file of land."),
    ] = "osm",
    zones: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="GeoJSON of berths and anchorages; the whole box, uncounted, by default."),
    ] = None,
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of configs.")] = Path("configs"),
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a run file, coast and zones of a new place.

    They are checked as a run would read them; no file that is there is written over.

    Example: capwatch aoi add wonsan --bbox 127.38,39.12,127.52,39.22 --start 2024-03-01 --end 2024-04-01 --coast none
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.commands.new_place import NewPlace, add_place

        run_file = add_place(NewPlace(aoi, name or aoi, bbox, start, end, coast, zones), into, console)
        quoted = shlex.quote(str(run_file))  # a line to copy, whatever blanks the folder has
        console.result(
            f"{run_file}: see it with capwatch config show {quoted}; run it with capwatch run {quoted} --images ..."
        )


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"capwatch {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Entry point of the ``capwatch`` command."""
    raise SystemExit(usage.run(app, "capwatch"))  # the same name however it was started


if __name__ == "__main__":
    main()
