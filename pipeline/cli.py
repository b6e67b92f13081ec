"""The command line: parses arguments, nothing else. Heavy imports wait until a command runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import __version__
from pipeline.cli_runs import register
from pipeline.errors import EnvironmentFault, PipelineError, printable

app = typer.Typer(
    name="capwatch",
    help="From satellite images and AIS of a port to barrels counted against a cap, with error bars and evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes; errors and results only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Override any config field, e.g. detection.radar.false_alarm_rate=1e-7."
    ),
]
Seed = Annotated[int, typer.Option(help="Every random number comes from this.")]


@contextmanager
def _session(*, quiet: bool, debug: bool) -> Iterator[Any]:
    """Run a command: errors become one line and an exit code, unless a traceback is wanted."""
    from pipeline.console import Console
    from pipeline.stopping import Stopped, stoppable

    console = Console(quiet=quiet)
    try:
        with stoppable():
            yield console
    except Stopped as stop:
        stop.told = True
        sys.stderr.write(f"{stop.line}\n")
        raise typer.Exit(stop.exit_code) from None
    except PipelineError as error:
        if debug:
            raise
        sys.stderr.write(f"error: {printable(error)}\n")
        raise typer.Exit(error.exit_code) from None
    except MemoryError:
        if debug:
            raise
        sys.stderr.write("error: not enough memory (nothing was changed)\n")
        raise typer.Exit(EnvironmentFault.exit_code) from None
    except OSError as error:
        if debug:
            raise
        where = f"{printable(error.filename)}: " if error.filename else ""
        sys.stderr.write(f"error: {where}{error.strerror or printable(error)} (what was finished is kept)\n")
        raise typer.Exit(EnvironmentFault.exit_code) from None
    if console.exit_code:
        raise typer.Exit(console.exit_code)


def _overrides(settings: list[str] | None, section: str | None = None) -> dict[str, Any]:
    """The overrides as a mapping. A stage command takes the fields of its own section, with its name or without."""
    from pipeline.config import merged, overrides

    found = overrides(settings or [])
    inner = found.pop(section, {}) if section is not None else {}
    return merged(found, inner) if isinstance(inner, dict) else found


@app.command()
def run(
    aoi: Annotated[
        list[str], typer.Argument(help="AOIs (vostochny), run files (my.yaml) or folders of run files; one or more.")
    ],
    source: Annotated[str | None, typer.Option(help="demo, files or stac; the config's own choice by default.")] = None,
    images: Annotated[list[Path] | None, typer.Option(help="Image, SAFE folder, or folder of them (files).")] = None,
    ais: Annotated[list[Path] | None, typer.Option(help="AIS file or folder (files).")] = None,
    start: Annotated[str | None, typer.Option(help="First day, UTC, e.g. 2024-03-01.")] = None,
    end: Annotated[str | None, typer.Option(help="Day after the last one, UTC.")] = None,
    years: Annotated[str | None, typer.Option(help="Calendar years, a run each: 2023, 2019-2023 or 2019,2021.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing that former runs made.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each step why it runs, or is skipped.")] = False,
    reviews: Annotated[
        Path | None, typer.Option(help="Analysts' verdicts; reviews/<aoi>.csv in this folder by default.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="serial, threads, processes or dask.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many scenes at once.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a running Dask scheduler.")] = None,
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run the whole chain for a place and a period, and print where the report is.

    Example: capwatch run vostochny --set volume.fill.mean=0.9
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline.batch import questions, run_all
        from pipeline.config import merged
        from pipeline.workspace import requested

        given = requested(source, images, ais, start, end, engine, workers, scheduler)
        asked = questions(aoi, merged(given, _overrides(settings)), years)
        if dry_run:
            from pipeline.plan import plan_lines

            for line in plan_lines(asked, console):
                console.result(line)
            return
        console.explaining = explain
        if len(asked) > 1:
            code = run_all(asked, out, console, fresh=fresh)
            if code:
                raise typer.Exit(code)
            return
        from pipeline.run import run as run_chain
        from pipeline.verdicts import find_reviews

        question = asked[0]
        verdicts = reviews or find_reviews(question.config.aoi.id)
        outcome = run_chain(question.config, question.root, out, console, fresh=fresh, reviews=verdicts)
        if not quiet:
            from pipeline.summary import counted_calls

            console.table(*counted_calls(outcome.folder))
        for line in outcome.lines:
            console.result(line)


@app.command()
def detect(
    images: Annotated[list[Path], typer.Argument(help="Images: GeoTIFF, PNG, JPEG2000, SAFE folder or zip.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Table to write; a folder (ending in /) for several images.")
    ],
    sensor: Annotated[str | None, typer.Option(help="sentinel-1, sentinel-2 or optical.")] = None,
    pixel_spacing: Annotated[
        float | None, typer.Option(help="Ground metres per pixel, where the image has none.")
    ] = None,
    bands: Annotated[str | None, typer.Option(help="name=index,... with 1-based indexes, e.g. B03=2,B08=4.")] = None,
    scaling: Annotated[
        str, typer.Option(help="auto, amplitude, intensity, db, db:LO:HI, sigma0 or reflectance.")
    ] = "auto",
    land: Annotated[str, typer.Option(help="auto, none, MASK.tif (non-zero = land) or LAND.geojson.")] = "auto",
    min_length: Annotated[float | None, typer.Option(help="Shorter objects are flagged too_small [m].")] = None,
    table_format: Annotated[str, typer.Option("--format", help="csv, parquet or geojson, for a folder.")] = "csv",
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find ships in images: one table per image, lengths in metres with 90 % intervals, positions in pixels, degrees.

    Example: capwatch detect scene.tif --sensor sentinel-1 -o ships.csv
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        changes = _overrides(settings, "detection")
        if min_length is not None:
            changes = {**changes, "screening": {**changes.get("screening", {}), "min_length_m": min_length}}
        options = stages.open_options(sensor, pixel_spacing, bands, scaling, land)
        folder = str(out).endswith("/") or out.is_dir() or _ends_in_slash("-o", "--out")
        stages.detect(images, out, options, changes, console, folder=folder, suffix=table_format)


def _ends_in_slash(*names: str) -> bool:
    """Did the user end the option's value in a slash? Paths forget it."""
    words = sys.argv[1:]
    values = [words[n + 1] for n, w in enumerate(words[:-1]) if w in names]
    values += [w.split("=", 1)[1] for w in words if w.startswith(tuple(f"{n}=" for n in names))]
    return any(v.endswith("/") for v in values)


@app.command()
def ais(
    files: Annotated[list[Path], typer.Argument(help="NMEA, DMA CSV, MarineCadastre CSV, other CSV or Parquet.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Table of messages to write.")],
    balance: Annotated[Path | None, typer.Option(help="JSON that counts every input line in one bucket.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="ours=theirs,... for other CSV, e.g. mmsi=ID,lon=X,lat=Y.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="How a table's times read where that is open, e.g. '%d/%m/%Y %H:%M:%S'.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of a table's times that state none: UTC or an offset such as +10:00.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Decode AIS: checksums verified, 'not available' codes left empty, every line accounted for.

    Example: capwatch ais day.nmea -o messages.parquet --balance balance.json
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        options = {"columns": stages.pairs("--columns", columns) or None, "time_format": time_format}
        stages.decode_ais(files, out, balance, options | {"time_zone": time_zone}, console)


@app.command()
def match(
    detections: Annotated[Path, typer.Option(help="Detections: det_id or detection_id, time, lon, lat, length.")],
    ais: Annotated[list[Path], typer.Option(help="AIS files.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Table to write: det_id, mmsi (empty: none), probability.")],
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say which detection is which transponder, or that it has none.

    Example: capwatch match --detections ships.csv --ais day.nmea -o matches.csv
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        stages.match(detections, ais, out, _overrides(settings, "calls"), console)


@app.command()
def calls(
    zones: Annotated[Path, typer.Option(help="GeoJSON of berths and anchorages.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Table of port calls to write.")],
    ais: Annotated[list[Path] | None, typer.Option(help="AIS files.")] = None,
    detections: Annotated[Path | None, typer.Option(help="Detections with positions and times.")] = None,
    scenes: Annotated[Path | None, typer.Option(help="Scenes table: what was looked at.")] = None,
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Join transponder messages and detections into port calls.

    Example: capwatch calls --ais day.nmea --zones configs/zones/vostochny.geojson -o calls.csv
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        stages.port_calls(ais or [], detections, scenes, zones, out, _overrides(settings, "calls"), console)


@app.command()
def volume(
    table: Annotated[Path, typer.Argument(metavar="CALLS", help="Table of calls, any subset of the known columns.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Liftings to write.")],
    assumptions: Annotated[Path | None, typer.Option(help="YAML: a volume section, or a run file.")] = None,
    seed: Seed = 0,
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Barrels of each call, as a distribution and at the published fills [t, bbl].

    Example: capwatch volume calls.csv -o liftings.csv

    Known columns: call_id, arrival, departure (or arrival_date, departure_date), length_m, beam_m, dwt_t, gt,
    tonnage_kind, depth_m, draught_in_m, draught_out_m, freeboard_in_m, freeboard_out_m, product, tonnes, barrels,
    capacity_bbl, p_loading, p_discharging, p_tanker, counts.
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        stages.volume(table, out, assumptions, _overrides(settings, "volume"), seed, console)


@app.command()
def account(
    liftings: Annotated[
        list[Path], typer.Argument(help="Liftings, as written by capwatch volume; of several AOIs, each cargo once.")
    ],
    cap: Annotated[Path, typer.Option(help="The cap, e.g. configs/caps/unscr-2397.yaml.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Ledger to write: one row a day.")],
    as_of: Annotated[str | None, typer.Option(help="Last day of the account, UTC; the last call's by default.")] = None,
    missed: Annotated[Path | None, typer.Option(help="A run's missed.parquet: adds what nobody saw.")] = None,
    assumptions: Annotated[Path | None, typer.Option(help="YAML: a volume section, or a run file.")] = None,
    seed: Seed = 0,
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Sum liftings over the account year against a cap [bbl].

    Example: capwatch account vostochny.parquet chongjin.parquet --cap configs/caps/unscr-2397.yaml -o ledger.csv
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages

        stages.account(
            liftings, cap, out, assumptions, _overrides(settings, "volume"), seed, console, as_of=as_of, missed=missed
        )


@app.command()
def case(
    name: Annotated[str, typer.Argument(help="Name of a published case (rusi-2024-03) or path of a case file.")],
    out: Annotated[Path, typer.Option(help="Folder of runs; the case is written to cases/ in it.")] = Path("runs"),
    settings: Settings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Recompute what others published, from their table of calls: published against computed [bbl].

    Example: capwatch case rusi-2024-03
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline.cases import run_case

        for line in run_case(name, _overrides(settings), out, console).lines:
            console.result(line)


@app.command()
def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file, e.g. configs/scenarios/tiny.yaml.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; must be new or empty.")],
    aoi: Annotated[str, typer.Option(help="AOI whose coast and zones are used.")] = "vostochny",
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write simulated images, AIS and their truth. No real ship is in them.

    Example: capwatch simulate configs/scenarios/tiny.yaml -o tiny
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline import stages
        from pipeline.workspace import find_config

        stages.simulate(scenario, find_config(aoi), out, seed, console)


def _on_run(folder: Path, work: Callable[[Path, Any], None], *, quiet: bool, debug: bool) -> None:
    with _session(quiet=quiet, debug=debug) as console:
        work(folder, console)


@app.command()
def rerun(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Repeat a finished run from its own folder and say whether every byte agrees.

    Example: capwatch rerun runs/vostochny/ID
    """
    from pipeline.repeat import rerun as work

    _on_run(folder, work, quiet=quiet, debug=debug)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare every file of a run with its manifest and name what changed.

    Example: capwatch verify runs/vostochny/ID
    """
    from pipeline.repeat import verify as work

    _on_run(folder, work, quiet=quiet, debug=debug)


@app.command()
def archive(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Zip to write.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Pack a finished run as an RO-Crate (1.1): one zip with every file, its hash and what it was made from.

    Example: capwatch archive runs/vostochny/ID -o vostochny-2024-03.zip
    """
    with _session(quiet=quiet, debug=debug) as console:
        from pipeline.crate import write_crate

        console.result(f"{out}: {write_crate(folder, out)} files")


@app.command()
def doctor(debug: Debug = False) -> None:
    """Versions, GDAL drivers, cache, disk, which credentials are set: what to send along with a question.

    Example: capwatch doctor
    """
    with _session(quiet=False, debug=debug) as console:
        from pipeline.doctor import lines

        for line in lines():
            console.result(line)


register(app, _session)
config_app = typer.Typer(help="Look at configs.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command("show")
def config_show(
    aoi: Annotated[str, typer.Argument(help="Name of an AOI or path of a run file.")],
    settings: Settings = None,
    debug: Debug = False,
) -> None:
    """Print a run file with every default filled in.

    Example: capwatch config show vostochny
    """
    with _session(quiet=False, debug=debug) as console:
        from pipeline.workspace import config_yaml, find_config, load_run_config

        console.result(config_yaml(load_run_config(find_config(aoi), _overrides(settings))).rstrip())


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
    app(prog_name="capwatch")  # the same name however it was started


if __name__ == "__main__":
    main()
