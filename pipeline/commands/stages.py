"""The stages one by one, each from files to a table. Parses arguments, nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.session import (
    CallsSettings,
    Debug,
    DetectionSettings,
    Quiet,
    Seed,
    TimeForms,
    TimeZone,
    VolumeSettings,
    parse_overrides,
    session,
)


def detect(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE", help="Images: GeoTIFF, PNG, JPEG2000, SAFE folder or zip.")
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="PATH", help="Table to write; a folder (ending in /) for several images."),
    ],
    sensor: Annotated[str | None, typer.Option(metavar="SENSOR", help="sentinel-1, sentinel-2 or optical.")] = None,
    pixel_spacing: Annotated[
        float | None, typer.Option(metavar="METRES", help="Ground metres per pixel, where the image has none.")
    ] = None,
    bands: Annotated[
        str | None,
        typer.Option(metavar="NAME=INDEX,...", help="Bands of a stack, indexes from 1, e.g. B03=2,B08=4."),
    ] = None,
    scaling: Annotated[
        str, typer.Option(metavar="SCALING", help="auto, amplitude, intensity, db, db:LO:HI, sigma0 or reflectance.")
    ] = "auto",
    land: Annotated[
        str, typer.Option(metavar="LAND", help="auto, none, MASK.tif (non-zero = land) or LAND.geojson.")
    ] = "auto",
    min_length: Annotated[
        float | None, typer.Option(metavar="METRES", help="Objects certainly shorter are flagged too_small [m].")
    ] = None,
    table_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="csv (default), parquet or geojson, for a folder."),
    ] = None,
    settings: DetectionSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find ships in images: one table for each image.

    Lengths in metres with 90 % intervals, positions in pixels and degrees.

    Example: capwatch detect scene.tif --sensor sentinel-1 -o ships.csv
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import images as stage

        changes = parse_overrides(settings, "detection")
        if min_length is not None:
            changes = {**changes, "screening": {**changes.get("screening", {}), "min_length_m": min_length}}
        options = stage.open_options(sensor, pixel_spacing, bands, scaling, land)
        stage.detect(images, out, options, changes, console, folder=_is_folder(out), suffix=table_format)


def _is_folder(out: Path) -> bool:
    """Is ``--out`` an existing folder, or was it given with a trailing slash, which Path drops?"""
    words = sys.argv[1:]
    values = [words[n + 1] for n, w in enumerate(words[:-1]) if w in ("-o", "--out")]
    values += [w.split("=", 1)[1] for w in words if w.startswith(("-o=", "--out="))]
    return out.is_dir() or any(v.endswith("/") for v in values)


def ais(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="NMEA, DMA CSV, MarineCadastre CSV, other CSV or Parquet.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Table of messages to write.")],
    balance: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON that counts every input line in one bucket.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="OURS=THEIRS,...", help="Column names of other CSV, e.g. mmsi=ID,lon=X,lat=Y."),
    ] = None,
    time_forms: TimeForms = None,
    time_zone: TimeZone = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Decode AIS, with every line accounted for.

    Checksums are verified; codes for 'not available' are left empty.

    Example: capwatch ais day.nmea -o messages.parquet --balance balance.json
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import calls as stage
        from pipeline.stages.option_pairs import parse_pairs

        options = {"columns": parse_pairs("--columns", columns) or None, "time_format": time_forms}
        stage.decode_ais(files, out, balance, options | {"time_zone": time_zone}, console)


def match(
    detections: Annotated[
        Path, typer.Option(metavar="FILE", help="Detections: det_id or detection_id, time, lon, lat, length.")
    ],
    ais: Annotated[list[Path], typer.Option(metavar="FILE", help="AIS file; once for each.")],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="FILE", help="Table to write: det_id, mmsi (empty: none), probability."),
    ],
    time_forms: TimeForms = None,
    time_zone: TimeZone = None,
    settings: CallsSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say which detection is which transponder, or none.

    Example: capwatch match --detections ships.csv --ais day.nmea -o matches.csv
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import calls as stage

        times = stage.TimesOfTables(tuple(time_forms or ()), time_zone)
        stage.match(detections, ais, out, parse_overrides(settings, "calls"), console, times)


def calls(
    zones: Annotated[Path, typer.Option(metavar="FILE", help="GeoJSON of berths and anchorages.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Table of port calls to write.")],
    ais: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="AIS file; once for each.")] = None,
    detections: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Detections with positions and times.")
    ] = None,
    scenes: Annotated[Path | None, typer.Option(metavar="FILE", help="Scenes table: what was looked at.")] = None,
    looks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A run's looks: what each scene showed of each zone.")
    ] = None,
    time_forms: TimeForms = None,
    time_zone: TimeZone = None,
    settings: CallsSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Join transponder messages and detections into port calls.

    Example: capwatch calls --ais day.nmea --zones configs/zones/vostochny.geojson -o calls.csv
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import calls as stage

        times = stage.TimesOfTables(tuple(time_forms or ()), time_zone)
        stage.port_calls(
            ais or [],
            detections,
            scenes,
            zones,
            out,
            parse_overrides(settings, "calls"),
            console,
            looks=looks,
            times=times,
        )


def volume(
    table: Annotated[Path, typer.Argument(metavar="CALLS", help="Table of calls, any subset of the known columns.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Liftings to write.")],
    assumptions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML: a volume section, or a run file.")
    ] = None,
    time_forms: TimeForms = None,
    seed: Seed = 0,
    settings: VolumeSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Barrels of each call, with intervals and at fixed fills.

    In t and bbl; the fixed fills are those that others have published.

    Example: capwatch volume calls.csv -o liftings.csv

    Known columns: call_id, vessel_id, name, imo, mmsi, ship_type, berth_id, arrival, arrival_date, arrival_lo,
    arrival_hi, departure, departure_date, departure_lo, departure_hi, length_m, length_lo_m, length_hi_m, beam_m,
    beam_lo_m, beam_hi_m, dwt_t, gt, tonnage_kind, listed_length_m, listed_beam_m, listed_source, depth_m,
    design_draught_m, draught_in_m, draught_out_m, freeboard_in_m, freeboard_in_sd_m, freeboard_in_at,
    freeboard_out_m, freeboard_out_sd_m, freeboard_out_at, p_same_hull, product, tonnes, barrels, capacity_bbl,
    operation, p_loading, p_discharging, p_tanker, p_ship, p_one_call, calls_mean, p_new_call, turns_slope, counts,
    flags, detection_ids.
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import barrels as stage

        stage.volume(
            table, out, assumptions, parse_overrides(settings, "volume"), seed, console, time_forms=time_forms or ()
        )


def account(
    liftings: Annotated[
        list[Path],
        typer.Argument(
            metavar="LIFTINGS", help="Liftings, as written by capwatch volume; of several AOIs, each cargo once."
        ),
    ],
    cap: Annotated[
        list[Path],
        typer.Option(metavar="CAP", help="The cap: unscr-2397, unscr-2397-crude, or a file; once for each of several."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="PATH",
            help="Ledger to write: one row a day; a folder (ending in /) for several caps.",
        ),
    ],
    as_of: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day of the account, UTC; the last call's by default.")
    ] = None,
    missed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A run's missed.parquet: adds what nobody saw.")
    ] = None,
    looks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A run's looks.parquet: which days were looked at.")
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Zones GeoJSON of these looks: which of them count.")
    ] = None,
    assumptions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML: a volume section, or a run file.")
    ] = None,
    seed: Seed = 0,
    settings: VolumeSettings = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Sum liftings over the account year against a cap [bbl]; of several caps each has an account of its own.

    Example: capwatch account vostochny.parquet chongjin.parquet --cap configs/caps/unscr-2397.yaml -o ledger.csv
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import barrels as stage

        stage.account(
            liftings, cap, out, assumptions, parse_overrides(settings, "volume"), seed, console, folder=_is_folder(out),
            as_of=as_of, watch=stage.WatchFiles(missed, looks, zones),
        )  # fmt: skip


def simulate(
    scenario: Annotated[
        Path, typer.Argument(metavar="SCENARIO", help="Scenario file, e.g. configs/scenarios/tiny.yaml.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder to write; must be new or empty.")],
    aoi: Annotated[str, typer.Option(metavar="AOI", help="AOI whose coast and zones are used.")] = "vostochny",
    seed: Seed = 0,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write simulated images, AIS and their truth. No real ship is in them.

    Example: capwatch simulate configs/scenarios/tiny.yaml -o tiny
    """
    with session(quiet=quiet, debug=debug) as console:
        from pipeline.stages import images as stage
        from pipeline.workspace import find_config

        stage.simulate(scenario, find_config(aoi), out, seed, console)


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (detect, ais, match, calls, volume, account, simulate):
        app.command()(command)
