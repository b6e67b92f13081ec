"""`capwatch ais`, `match` and `calls` on files: decode AIS, match it with detections, join both into port calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import build
from pipeline.console import Console
from pipeline.errors import ConfigError, NothingUsable, printable
from pipeline.plurals import number_of
from pipeline.stages.given_tables import NO_REAL_SHIP, tell_simulated
from pipeline.stages.given_times import in_forms
from pipeline.stages.table_in_pieces import write_frames
from pipeline.storage import require_apart, write_json
from pipeline.table_files import marked, read_table, write_table
from pipeline.tables import AIS_MESSAGES, DETECTIONS, LOOKS, SCENES
from pipeline.times_places.longitudes import wrap_table
from pipeline.types import ONLY_DATED, RADARS

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.ingest.ais.messages import AisFile, AisRead
    from pipeline.types import Place

UNLIMITED_BBOX = (-180.0, -90.0, 180.0, 90.0)  # the whole Earth: only the zones limit the search


def decode_ais(
    files: Sequence[Path], out: Path, balance: Path | None, options: dict[str, Any], console: Console
) -> None:
    """Decode AIS files to one table; the balance assigns every input line to exactly one bucket."""
    from pipeline.ingest.ais.messages import any_simulated, notes_of, open_ais, problems_of

    require_apart(out, *files)
    with open_ais(files, **options) as store:
        for problem, done in problems_of(store.files):
            console.problem(problem, done)
        for note in notes_of(store.files):
            console.note(note)
        _tell_simulated_ais(store.files, console)
        rows = write_frames(store.frames(), out, AIS_MESSAGES.empty(), simulated=any_simulated(store.files))
        buckets = store.balance
    if balance is not None:
        write_json(balance, {"buckets": buckets})
    console.note("lines: " + ", ".join(f"{name} {count}" for name, count in sorted(buckets.items())))
    if not rows:
        raise NothingUsable(f"no message could be decoded from {number_of(len(files), 'file')}")


@dataclass(frozen=True, slots=True)
class TimesOfTables:
    """How to read ambiguous times in tables: strptime formats, and the time zone of AIS times that state none."""

    forms: tuple[str, ...] = ()
    zone: str | None = None


def _read(files: Sequence[Path], console: Console, times: TimesOfTables) -> AisRead:
    from pipeline.chain.sources import correct_clocks
    from pipeline.ingest.ais.messages import problems_of, read_ais

    read = read_ais(files, time_format=times.forms, time_zone=times.zone)
    for problem, done in problems_of(read.files):
        console.problem(problem, done)
    for note in read.notes:
        console.note(note)
    _tell_simulated_ais(read.files, console)
    return correct_clocks(read, console)


def _tell_simulated_ais(files: Sequence[AisFile], console: Console) -> None:
    for file in files:
        if file.simulated:
            console.note(f"{printable(file.path)}: {NO_REAL_SHIP}")


def match(
    detections: Path,
    ais: Sequence[Path],
    out: Path,
    settings: dict[str, object],
    console: Console,
    times: TimesOfTables = TimesOfTables(),
) -> None:
    """Match each detection to an AIS transponder, or to none."""
    from pipeline import calls
    from pipeline.calls.given_detections import TIMES, with_plain_names
    from pipeline.config import CallsConfig
    from pipeline.ingest.ais.messages import any_simulated

    require_apart(out, detections, *ais)
    config = build(CallsConfig, settings, where="--set")
    found = with_plain_names(read_table(detections))
    if times.forms:
        found = found.assign(**{name: in_forms(found[name], times.forms) for name in TIMES if name in found})
    if "flags" in found and found["flags"].astype(str).str.contains(ONLY_DATED).any():
        told = f"{printable(detections)}: the time of day of some images is unknown; matched as at noon UTC"
        console.note(told, unknown=True)
    heard = _read(ais, console, times)
    messages = heard.messages
    if not len(messages):
        raise NothingUsable("no AIS message could be used, so no ship can be called dark (nothing was written)")
    try:
        association = calls.associate_tables(found, messages, config)
    except ConfigError as error:  # about the table's columns
        raise ConfigError(f"{printable(detections)}: {error}") from error
    for line in calls.check_lines(association.checks):
        console.note(line)
    simulated = tell_simulated([detections], console) or any_simulated(heard.files)
    write_table(marked(association.matches, simulated), out)


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
    times: TimesOfTables = TimesOfTables(),
) -> None:
    """Join AIS messages and detections into port calls at the given zones.

    ``looks`` gives what each scene showed of each zone; without it, the scene's footprint less its cloud is used.
    """
    from pipeline import calls
    from pipeline.config import CallsConfig
    from pipeline.ingest.ais.messages import any_simulated

    require_apart(out, detections, scenes, zones, looks, *ais)
    config = build(CallsConfig, settings, where="--set")
    if not ais and detections is None:
        raise ConfigError("neither AIS nor detections are given; use --ais, --detections or both")
    if looks is not None and scenes is None:
        raise ConfigError("--looks refers to scenes; give --scenes too")
    place, middle = _place_of(zones)
    given = DETECTIONS.empty() if detections is None else read_table(detections, DETECTIONS)
    found = _in_zones(wrap_table(given, middle), place)
    table = SCENES.empty() if scenes is None else wrap_table(read_table(scenes, SCENES), middle)
    seen = _zone_covered(looks, table, console)
    heard = _read(ais, console, times)
    messages = wrap_table(heard.messages, middle)
    if detections is None and not len(messages):
        raise NothingUsable("no AIS message could be used, and no detections are given (nothing was written)")
    tracks = calls.clean_tracks(messages)
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
    _tell(doubts, console)
    simulated = tell_simulated([detections, scenes, looks], console) or any_simulated(heard.files)
    write_table(marked(calls.flag_contradicted(result, doubts), simulated), out)


def _zone_covered(looks: Path | None, scenes: pd.DataFrame, console: Console) -> dict[str, dict[str, float]]:
    """What each scene showed of each zone, from a run's table of looks; empty without one."""
    from pipeline.calls import zone_covered

    if looks is not None:
        return zone_covered(read_table(looks, LOOKS), scenes)
    if not scenes["sensor"].isin(RADARS).all():
        console.note("how much of each zone cloud hid is unknown (give --looks, a run's looks.parquet)", unknown=True)
    return {}


def _place_of(zones: Path) -> tuple[Place, float | None]:
    """A place with only these zones; and the longitude [deg] about which to wrap all others, None if no zone crosses
    180."""
    from pipeline.ingest.place import read_zones
    from pipeline.types import Place

    outlines = read_zones(zones)
    middle = 180.0 if any(z.geometry.bounds[2] > 180 for z in outlines) else None
    return Place("zones", printable(zones.stem), UNLIMITED_BBOX, None, read_zones(zones, middle)), middle


def _tell(doubts: pd.DataFrame, console: Console) -> None:
    """Report doubtful AIS statements of each ship that called, and the number of other ships with such statements."""
    called = doubts["call_ids"].map(len) > 0
    for doubt in doubts[called].itertuples():
        console.note(f"MMSI {doubt.mmsi} reports {doubt.said}" + (f"; images show {doubt.seen}" if doubt.seen else ""))
    if elsewhere := doubts.loc[~called, "mmsi"].nunique():
        ships = "1 other ship" if elsewhere == 1 else f"{elsewhere} other ships"
        console.note(f"{ships} without a call here reported odd sizes, names or numbers")


def _in_zones(detections: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Assign zones by hull geometry to detections with none (`capwatch detect`) or with ids of other zones (a run)."""
    from pipeline.detection.zones import zone_of

    known = {zone.zone_id for zone in place.zones}

    def zone_id(hull: Any, berth_id: str) -> str:
        if hull is None or berth_id in known:
            return berth_id if berth_id in known else ""
        zone = zone_of(hull, place)
        return zone.zone_id if zone else ""

    zones = [zone_id(*hull) for hull in zip(detections["geometry"], detections["berth_id"], strict=True)]
    return DETECTIONS.check(detections.assign(berth_id=zones))
