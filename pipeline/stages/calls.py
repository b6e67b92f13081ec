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
from pipeline.stages.given_tables import NO_REAL_SHIP, report_simulated
from pipeline.stages.given_times import parse_times
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
        _report_simulated_ais(store.files, console)
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


def _read_ais(files: Sequence[Path], console: Console, times: TimesOfTables) -> AisRead:
    from pipeline.chain.sources import correct_clocks
    from pipeline.ingest.ais.messages import problems_of, read_ais

    read = read_ais(files, time_format=times.forms, time_zone=times.zone)
    for problem, done in problems_of(read.files):
        console.problem(problem, done)
    for note in read.notes:
        console.note(note)
    _report_simulated_ais(read.files, console)
    return correct_clocks(read, console)


def _report_simulated_ais(files: Sequence[AisFile], console: Console) -> None:
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
    table = with_plain_names(read_table(detections))
    if times.forms:
        table = table.assign(**{name: parse_times(table[name], times.forms) for name in TIMES if name in table})
    if "flags" in table and table["flags"].astype(str).str.contains(ONLY_DATED).any():
        note = f"{printable(detections)}: the time of day of some images is unknown; matched as at noon UTC"
        console.note(note, unknown=True)
    ais_read = _read_ais(ais, console, times)
    messages = ais_read.messages
    if not len(messages):
        raise NothingUsable("no AIS message could be used, so no ship can be called dark (nothing was written)")
    try:
        association = calls.associate_tables(table, messages, config)
    except ConfigError as error:  # about the table's columns
        raise ConfigError(f"{printable(detections)}: {error}") from error
    for line in calls.check_lines(association.checks):
        console.note(line)
    simulated = report_simulated([detections], console) or any_simulated(ais_read.files)
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
    all_detections = DETECTIONS.empty() if detections is None else read_table(detections, DETECTIONS)
    detections_here = _in_zones(wrap_table(all_detections, middle), place)
    scenes_table = SCENES.empty() if scenes is None else wrap_table(read_table(scenes, SCENES), middle)
    covered = _zone_covered(looks, scenes_table, console)
    ais_read = _read_ais(ais, console, times)
    messages = wrap_table(ais_read.messages, middle)
    if detections is None and not len(messages):
        raise NothingUsable("no AIS message could be used, and no detections are given (nothing was written)")
    tracks = calls.clean_tracks(messages)
    static = calls.static_reports(messages)
    matches = calls.match(detections_here, tracks, static, config)
    looks_here = calls.looks(scenes_table, covered, detections_here, place)
    seen = {"detections": detections_here, "looks": looks_here, "matches": matches}
    listened = calls.listen(tracks=tracks, static=static, registry=None, place=place, config=config)
    listened = calls.learn_stays(listened, **seen)
    if stays := calls.stay_line(calls.stay_table(listened.stays, config)):
        console.note(stays)
    result = calls.port_calls_with(listened, **seen)
    doubts = calls.findings(result, detections_here, matches, static, config)
    _report_doubts(doubts, console)
    simulated = report_simulated([detections, scenes, looks], console) or any_simulated(ais_read.files)
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


def _report_doubts(doubts: pd.DataFrame, console: Console) -> None:
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
