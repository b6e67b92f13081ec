"""Shared by all commands: common options, config overrides, and turning an error into one line and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.errors import EnvironmentFault, PipelineError, ending_code, in_words, printable

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Errors, results and what is unknown only: no progress, no notes.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails.")]


def _setting(example: str, section: str = "") -> Any:
    """The option --set, with an example valid for the command; ``section``: the config section it is limited to."""
    of = f"a field of the config's {section} section" if section else "any config field"
    return typer.Option("--set", metavar="FIELD=VALUE", help=f"Override {of}, e.g. {example}.")


Settings = Annotated[list[str] | None, _setting("detection.radar.false_alarm_rate=1e-7")]
DetectionSettings = Annotated[list[str] | None, _setting("radar.false_alarm_rate=1e-7", "detection")]
CallsSettings = Annotated[list[str] | None, _setting("gap_h=6", "calls")]
VolumeSettings = Annotated[list[str] | None, _setting("fill.mean=0.6", "volume")]
CaseSettings = Annotated[list[str] | None, _setting("volume.fill.mean=0.6")]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Every random number comes from this.")]
TimeForms = Annotated[
    list[str] | None,
    typer.Option(
        "--time-format",
        metavar="FORM",
        help="How a table's times read where that is open, e.g. '%d/%m/%Y %H:%M:%S'; once for each form.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        metavar="ZONE",
        help="Zone of an AIS table's times that state none: UTC or an offset such as +10:00.",
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]
Runs = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder of runs.")]


@contextmanager
def session(*, quiet: bool, debug: bool) -> Iterator[Any]:
    """Run a command, turning errors into one line and an exit code, or into a traceback with ``debug``."""
    import pipeline.ingest.gdal_settings  # noqa: F401 (before any library that holds GDAL or PROJ is imported)
    from pipeline.commands.numba_cache import set_cache_folder
    from pipeline.console import Console, to_stderr
    from pipeline.execution.stopping import Stopped, stoppable

    console = Console(quiet=quiet)
    try:
        set_cache_folder()
        with stoppable():
            yield console
    except Stopped as stop:
        stop.reported = True
        to_stderr(stop.line)
        raise typer.Exit(stop.exit_code) from None
    except PipelineError as error:
        if debug:
            raise
        to_stderr(f"error: {printable(error)}")
        raise typer.Exit(ending_code(error)) from None
    except (OSError, MemoryError) as error:
        if debug:
            raise
        to_stderr(f"error: {in_words(error)} (what was finished is kept)")
        raise typer.Exit(EnvironmentFault.exit_code) from None
    if console.exit_code:
        raise typer.Exit(console.exit_code)


def parse_overrides(settings: list[str] | None, section: str | None = None) -> dict[str, Any]:
    """The --set overrides as a mapping. A stage command takes fields of its section, with or without its name."""
    from pipeline.config import RunConfig, merged, parse_overrides
    from pipeline.errors import ConfigError

    found = parse_overrides(settings or [])
    foreign = [name for name in found if section is not None and name in RunConfig.model_fields and name != section]
    if foreign:
        raise ConfigError(f"--set {foreign[0]}: this command knows the fields of {section} alone; capwatch run has all")
    inner = found.pop(section, {}) if section is not None else {}
    return merged(found, inner) if isinstance(inner, dict) else found


def option_settings(
    *,
    source: str | None = None,
    images: list[Path] | None = None,
    ais: list[Path] | None = None,
    start: str | None = None,
    end: str | None = None,
    engine: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> dict[str, object]:
    """The command line's options as settings that override a run file."""
    if (images or ais) and source is None:
        source = "files"
    if scheduler is not None and engine is None:
        engine = "dask"
    sections: dict[str, dict[str, object]] = {
        "source": {
            "kind": source,
            "images": [str(p) for p in images] if images else None,
            "ais": [str(p) for p in ais] if ais else None,
        },
        "period": {"start": start, "end": end},
        "engine": {"kind": engine, "workers": workers, "scheduler": scheduler},
    }
    given = {section: {k: v for k, v in fields.items() if v is not None} for section, fields in sections.items()}
    return {section: fields for section, fields in given.items() if fields}
