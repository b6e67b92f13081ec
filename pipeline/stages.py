"""Each stage alone, on files: open the inputs, call the stage, write its table. The work behind the stage commands."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.chain.account_words import account_lines, as_of_day, unseen_lines
from pipeline.config import (
    CapConfig,
    DetectionConfig,
    RunConfig,
    VolumeConfig,
    build,
    load,
    load_cap,
    merged,
    read_yaml,
)
from pipeline.console import Console
from pipeline.errors import ConfigError, InputError, NothingUsable, printable
from pipeline.given_tables import looks_at_counted, read_calls, read_liftings, says_simulated, tell_doubts
from pipeline.longitudes import table_near
from pipeline.plurals import number_of
from pipeline.storage import cannot_write, marked, read_table, write_frames, write_json, write_table
from pipeline.tables import AIS_MESSAGES, DETECTIONS, LOOKS, MISSED, SCENES
from pipeline.types import ONLY_DATED
from pipeline.workspace import config_root

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.ingest.ais.messages import AisRead
    from pipeline.ingest.scenes import OpenOptions
    from pipeline.types import Place

FOLDER_FORMATS = ("csv", "parquet", "geojson")
UNLIMITED_BBOX = (-180.0, -90.0, 180.0, 90.0)


def open_options(
    sensor: str | None, pixel_spacing_m: float | None, bands: str | None, scaling: str, land: str
) -> OpenOptions:
    """How to open images, from the words of the command line."""
    from pipeline.ingest.radiometry import parse_scaling
    from pipeline.ingest.scenes import OpenOptions
    from pipeline.types import Sensor

    known = [str(s) for s in Sensor]
    if sensor is not None and sensor not in known:
        raise ConfigError(f"--sensor {printable(sensor)}: there are {', '.join(known)}")
    parse_scaling(scaling)
    indexes: dict[str, int] = {}
    for name, index in pairs("--bands", bands).items():
        if not index.isdigit() or int(index) < 1:
            raise ConfigError(f"--bands {name}={printable(index)}: a band's index is a whole number from 1 on")
        indexes[name] = int(index)
    return OpenOptions(
        sensor=Sensor(sensor) if sensor else None,
        pixel_spacing_m=pixel_spacing_m,
        bands=indexes or None,
        scaling=scaling,
        land=None if land in {"auto", "none"} else Path(land),
        search_land=land != "none",
    )


def pairs(option: str, text: str | None) -> dict[str, str]:
    """``a=1,b=2`` as a mapping.

    >>> pairs("--columns", "mmsi=ID,lon=X")
    {'mmsi': 'ID', 'lon': 'X'}
    """
    out: dict[str, str] = {}
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ConfigError(f"{option} {printable(part)}: write it as name=value,name=value")
        out[name.strip()] = value.strip()
    return out


def detect(
    images: Sequence[Path],
    out: Path,
    options: OpenOptions,
    settings: dict[str, object],
    console: Console,
    *,
    folder: bool,
    suffix: str,
) -> None:
    """Detect ships in images. One image writes ``out``; ``folder`` makes each write ``out/<stem>.<suffix>``."""
    config = build(DetectionConfig, settings, where="--set")
    if suffix not in FOLDER_FORMATS:
        raise ConfigError(f"--format {printable(suffix)}: there are {', '.join(FOLDER_FORMATS)}")
    if len(images) > 1 and not folder:
        raise ConfigError("several images need a folder to write to: end -o with a slash")
    targets = [out / f"{image.stem}.{suffix}" if folder else out for image in images]
    if len(set(targets)) < len(targets):
        raise ConfigError("two images have the same name, and would write the same table")
    done = 0
    with console.progress("detect", len(images)) as step:
        for image, target in zip(images, targets, strict=True):
            try:
                done += _detect_one(image, target, options, config, console)
            except ConfigError as error:  # an option, or the want of one, that does not fit this image
                if len(images) == 1:
                    raise
                console.problem(error, done="image skipped, no table written")
            step(image.name)
    if not done:
        raise NothingUsable(f"of {number_of(len(images), 'image')} none could be used (no table was written)")


def _detect_one(image: Path, target: Path, options: OpenOptions, config: DetectionConfig, console: Console) -> bool:
    from pipeline.detection import detect as detect_scene
    from pipeline.detection import load
    from pipeline.ingest.scenes import open_scene, settled

    try:
        scene = open_scene(image, options, meanwhile=partial(load, options.sensor), later=True)
        table, diagnostics = detect_scene(scene, place=None, config=config)
        scene = settled(scene)
    except InputError as error:
        console.problem(error, done="image skipped, no table written")
        return False
    for doubt in scene.degraded:
        console.problem(f"{printable(image)}: {doubt}", done="scene degraded")
    for note in diagnostics.get("notes", ()):
        console.note(f"{printable(image)}: {note}")
    write_table(marked(table, scene.simulated), target)
    return True


def decode_ais(
    files: Sequence[Path], out: Path, balance: Path | None, options: dict[str, Any], console: Console
) -> None:
    """Decode AIS files to one table; the balance counts every input line in one bucket."""
    from pipeline.ingest.ais.messages import notes_of, open_ais, problems_of

    with open_ais(files, **options) as store:
        for problem, done in problems_of(store.files):
            console.problem(problem, done)
        for note in notes_of(store.files):
            console.note(note)
        rows = write_frames(store.frames(), out, AIS_MESSAGES.empty())
        buckets = store.balance
    if balance is not None:
        write_json(balance, {"buckets": buckets})
    console.note("lines: " + ", ".join(f"{name} {count}" for name, count in sorted(buckets.items())))
    if not rows:
        raise NothingUsable(f"no message could be decoded from {number_of(len(files), 'file')}")


def _read(files: Sequence[Path], columns: dict[str, str], console: Console) -> AisRead:
    from pipeline.chain.sources import clocks_set_right
    from pipeline.ingest.ais.messages import problems_of, read_ais

    read = read_ais(files, columns=columns or None)
    for problem, done in problems_of(read.files):
        console.problem(problem, done)
    for note in read.notes:
        console.note(note)
    return clocks_set_right(read, console)


def match(detections: Path, ais: Sequence[Path], out: Path, settings: dict[str, object], console: Console) -> None:
    """Say which detection is which transponder, or none."""
    from pipeline import calls
    from pipeline.config import CallsConfig

    config = build(CallsConfig, settings, where="--set")
    found = read_table(detections)
    if "flags" in found and found["flags"].astype(str).str.contains(ONLY_DATED).any():
        console.note(f"{printable(detections)}: the time of day of some images is unknown; matched as at noon UTC")
    messages = _read(ais, {}, console).messages
    if not len(messages):
        raise NothingUsable("no AIS message could be used: no ship is dark for that (nothing was written)")
    try:
        association = calls.associate_tables(found, messages, config)
    except ConfigError as error:  # of the table's columns
        raise ConfigError(f"{printable(detections)}: {error}") from error
    for line in calls.check_lines(association.checks):
        console.note(line)
    write_table(marked(association.matches, says_simulated(detections)), out)


def port_calls(
    ais: Sequence[Path],
    detections: Path | None,
    scenes: Path | None,
    zones: Path,
    out: Path,
    settings: dict[str, object],
    console: Console,
    *,
    looks: Path | None = None,
) -> None:
    """Join transponder messages and detections into port calls at the given zones.

    ``looks`` tells what each scene showed of each zone; without it, what the scene's outline holds, less its cloud.
    """
    from pipeline import calls
    from pipeline.config import CallsConfig
    from pipeline.ingest.place import read_zones
    from pipeline.types import Place

    config = build(CallsConfig, settings, where="--set")
    if not ais and detections is None:
        raise ConfigError("neither AIS nor detections are given; use --ais, --detections or both")
    if looks is not None and scenes is None:
        raise ConfigError("--looks speaks of scenes; give --scenes too")
    outlines = read_zones(zones)
    middle = 180.0 if any(z.geometry.bounds[2] > 180 for z in outlines) else None
    place = Place("zones", printable(zones.stem), UNLIMITED_BBOX, None, read_zones(zones, middle))
    given = DETECTIONS.empty() if detections is None else read_table(detections, DETECTIONS)
    found = _in_zones(table_near(given, middle), place)
    table = SCENES.empty() if scenes is None else table_near(read_table(scenes, SCENES), middle)
    seen = {} if looks is None else calls.zone_covered(read_table(looks, LOOKS), table)
    if looks is None and (table["sensor"] != "sentinel-1").any():
        console.note("what cloud hid of each zone is not known (--looks, a run's looks.parquet, tells it)")
    messages = table_near(_read(ais, {}, console).messages, middle)
    if detections is None and not len(messages):
        raise NothingUsable("no AIS message could be used, and no detections are given (nothing was written)")
    tracks = calls.clean_tracks(messages, config)
    static = calls.static_reports(messages)
    matches = calls.match(found, tracks, static, config)
    result = calls.port_calls(
        detections=found,
        looks=calls.looks(table, seen, found, place),
        matches=matches,
        tracks=tracks,
        static=static,
        registry=None,
        place=place,
        config=config,
    )
    doubts = calls.findings(result, found, matches, static, config)
    called = doubts["call_ids"].map(len) > 0
    for doubt in doubts[called].itertuples():
        console.note(f"MMSI {doubt.mmsi} says {doubt.said}" + (f"; images show {doubt.seen}" if doubt.seen else ""))
    if elsewhere := doubts.loc[~called, "mmsi"].nunique():
        ships = "1 other ship, which" if elsewhere == 1 else f"{elsewhere} other ships, which"
        console.note(f"{ships} made no call here, said something odd of size, name or numbers")
    simulated = any(says_simulated(path) for path in (detections, scenes) if path is not None)
    write_table(marked(calls.flagged(result, doubts), simulated), out)


def _in_zones(detections: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Detections of `capwatch detect` know no zones, those of a run may know others: the hull lies in what is there."""
    from pipeline.detection.zones import zone_of

    known = {zone.zone_id for zone in place.zones}

    def zone_id(hull: Any, berth_id: str) -> str:
        if hull is None or berth_id in known:
            return berth_id if berth_id in known else ""
        zone = zone_of(hull, place)
        return zone.zone_id if zone else ""

    zones = [zone_id(*hull) for hull in zip(detections["geometry"], detections["berth_id"], strict=True)]
    return DETECTIONS.check(detections.assign(berth_id=zones))


def volume(
    table: Path,
    out: Path,
    assumptions: Path | None,
    settings: dict[str, object],
    seed: int,
    console: Console,
    *,
    time_format: str | None = None,
) -> None:
    """Liftings of a table of calls with any subset of the known columns."""
    from pipeline import volume as stage

    config = _volume_config(assumptions, settings)
    liftings = stage.liftings(read_calls(table, console, time_format), config, seed)
    if not len(liftings):
        console.note(f"{printable(table)}: holds no call, so there is no lifting")
    tell_doubts(table, liftings, console)
    if simulated := says_simulated(table):
        console.note(f"{printable(table)}: SIMULATED: no real ship is in it")
    write_table(marked(liftings, simulated), out)


def account(
    liftings: list[Path],
    cap: Path,
    out: Path,
    assumptions: Path | None,
    settings: dict[str, object],
    seed: int,
    console: Console,
    *,
    as_of: str | None = None,
    missed: Path | None = None,
    looks: Path | None = None,
    zones: Path | None = None,
) -> None:
    """The running account of liftings against a cap; the headline goes to standard output."""
    from pipeline import volume as stage

    looked = looks_at_counted(looks, zones)
    config = _volume_config(assumptions, settings)
    rules = load_cap(cap, config)
    simulated = _simulated(liftings)
    tables = [_accountable(path, rules, config, console) for path in liftings]
    if console.problems and not any(table["counts"].any() for table in tables):
        raise NothingUsable("none of the counted calls could be used (nothing was written)")
    table = tables[0] if len(tables) == 1 else stage.counted_once(tables, config, rules.year_starts, seed)
    known = {cause for given in tables for cause in given["cause"]}
    for row in table[~table["cause"].isin(known)].itertuples():  # what the tables say together
        console.note(f"call {row.call_id}: {row.cause}")
    unseen = read_table(missed, MISSED) if missed is not None else None
    ledger = stage.ledger(table, rules, config, seed, as_of=as_of_day(as_of), looks=looked, missed=unseen)
    if not len(ledger):
        raise NothingUsable(
            "no counted call with a day, and no --as-of: there is no account year (nothing was written)"
        )
    write_table(marked(ledger, simulated), out)
    head = stage.headline(table, ledger, rules, config)
    lines = account_lines(head, rules)
    if unseen is not None:
        lines += unseen_lines(head, set(ledger["day"]), set(unseen["day"]))
    for line in lines:
        console.result(f"SIMULATED: {line}" if simulated else line)


def _simulated(liftings: list[Path]) -> bool:
    """Are these liftings of a simulation? ConfigError where some are: their sum would count ships that never were."""
    made = [path for path in liftings if says_simulated(path)]
    if made and len(made) < len(liftings):
        other = next(path for path in liftings if path not in made)
        raise ConfigError(
            f"{printable(made[0])}: is SIMULATED, {printable(other)} does not say so; leave one out, or if both "
            "are, make the other one's liftings again (nothing was written)"
        )
    return bool(made)


def _accountable(path: Path, cap: CapConfig, config: VolumeConfig, console: Console) -> pd.DataFrame:
    """Liftings of one file; rows that count but cannot be in an account are told and count no more."""
    from pipeline import volume as stage

    table = read_liftings(path, config)
    causes = stage.refusals(table, cap, config)
    for call, cause in causes.items():
        console.problem(f"{path}: call {call}: {cause}", done="row left out of the account")
    return stage.refused(table, causes)


def _volume_config(assumptions: Path | None, settings: dict[str, object]) -> VolumeConfig:
    """Assumptions: a YAML file that is a volume section, with its name or without, or a run file that has one."""
    if assumptions is None:
        return build(VolumeConfig, settings, where="--set")
    data, lines = read_yaml(assumptions)
    if "aoi" in data:
        return build(RunConfig, merged(data, {"volume": settings}), where=printable(assumptions), lines=lines).volume
    if set(data) == {"volume"} and isinstance(data["volume"], dict):  # copied with its name from `config show`
        data, lines = data["volume"], {path[1:]: line for path, line in lines.items() if path[1:]}
    return build(VolumeConfig, merged(data, settings), where=printable(assumptions), lines=lines)


def simulate(scenario: Path, aoi_config: Path, out: Path, seed: int, console: Console) -> None:
    """Write the images, AIS and truth of a scenario to a folder."""
    from pipeline.ingest.place import load_place
    from pipeline.simulation.scenario import Scenario
    from pipeline.simulation.simulate import simulate as write

    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{printable(out)}: exists and is not empty (nothing was written)")
    content = load(Scenario, scenario)
    config = load(RunConfig, aoi_config)
    place = load_place(config.aoi, config_root(aoi_config, config))
    try:
        with console.progress("simulate", len(content.looks)) as step:
            write(content, place, out, seed=seed, progress=step)
    except BaseException as error:  # half a simulation would be taken for a whole one
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot_write(out, error) from error
        raise


__all__ = [
    "LOOKS",
    "account",
    "decode_ais",
    "detect",
    "match",
    "port_calls",
    "simulate",
    "volume",
]
