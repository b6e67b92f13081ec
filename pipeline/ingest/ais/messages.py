"""Reads AIS files of any known kind into one table of messages, accounting for every line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError, printable, shortened
from pipeline.ingest.ais.buckets import empty_balance, sum_balances
from pipeline.ingest.ais.file_remarks import log_damage, oddities, table_damage
from pipeline.ingest.ais.files import CHANGED, HashedFile, detect_kind, read_blocks, read_head
from pipeline.ingest.ais.fingerprints import row_fingerprints
from pipeline.ingest.ais.impossible import ImpossibleValues
from pipeline.ingest.ais.inconsistent_rows import InconsistentRows
from pipeline.ingest.ais.nmea import read_nmea
from pipeline.ingest.ais.speeds import SpeedUnitCheck
from pipeline.ingest.ais.spool import Spool
from pipeline.ingest.ais.table_read import TableRead
from pipeline.ingest.ais.tables import read_csv_table, read_parquet_table
from pipeline.ingest.ais.times import TimeRule, latest_possible_time, parse_zone
from pipeline.ingest.ais.untimed import UntimedCount
from pipeline.ingest.ais.values import without_codes
from pipeline.tables import AIS_MESSAGES

SAME_TRANSMISSION_S = 10.0
"""Our choice: an equal payload within this time is one transmission heard twice. Equal ones are never sent closer:
positions carry their second, and what carries none is sent every three minutes or less often (ITU-R M.1371-5)."""

ROWS_AT_ONCE = 1 << 17  # rows per piece (about 200 MB); our choice

ACTION_OF_STATUS = {"skipped": "skipped", "degraded": "the rest is used", "duplicate_of": "counted once"}
"""What became of a file with a problem, by its status."""

Region = tuple[float, float, float, float]
"""West, south, east, north [degrees]."""


@dataclass(frozen=True, slots=True)
class AisFile:
    """One file and its outcome."""

    path: Path
    sha256: str
    kind: str
    """nmea, dma, marinecadastre, generic, or "" if unknown."""
    status: str
    """used, degraded, skipped, or duplicate_of."""
    cause: str
    balance: dict[str, int]
    fault: bool = False
    """Could the system not read it, or did it change meanwhile? Then it may be readable later."""
    simulated: bool = False
    other_speeds: bool = False
    """Are its speeds in another unit than knots? Then they are withheld."""
    note: str = ""
    """What in a used file is valid but odd, and may not be what was sent; "" if nothing is."""


@dataclass(frozen=True, slots=True)
class AisRead:
    """The messages of all files, ordered by file name and line; the balance of all their lines; the problems."""

    messages: pd.DataFrame
    balance: dict[str, int]
    problems: list[InputError]
    files: tuple[AisFile, ...] = ()

    @property
    def notes(self) -> list[str]:
        """A line for each file with values that are valid but odd."""
        return notes_of(self.files)


def any_simulated(files: Sequence[AisFile]) -> bool:
    """Is any of the files marked as simulated?"""
    return any(f.simulated for f in files)


def problems_of(files: Sequence[AisFile]) -> list[tuple[InputError, str]]:
    """For each file with a problem: what is wrong, and what was done about it."""
    return [(InputError(f.path, f.cause), _action_on(f)) for f in files if f.cause]


def _action_on(file: AisFile) -> str:
    """What was done about a file with a problem; "the rest is used" does not apply if nothing was left."""
    if file.status == "degraded" and not file.balance["decoded"] + file.balance["duplicate"]:
        return "nothing of it is used"
    return ACTION_OF_STATUS[file.status]


def notes_of(files: Sequence[AisFile]) -> list[str]:
    """A line for each file that has a note."""
    return [shortened(f"{printable(f.path)}: {printable(f.note)}") for f in files if f.note]


def read_ais(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    time_format: str | Sequence[str] | None = None,
    time_zone: str | None = None,
    region: Region | None = None,
    digests: Mapping[Path, str] | None = None,
) -> AisRead:
    """Read AIS files, each recognised by its content; the order of ``paths`` does not matter.

    Parameters
    ----------
    paths : NMEA logs, DMA, MarineCadastre or other CSV, or Parquet; plain, gzip or zstd
    columns : for tables with other names: our field (``names.ALIASES``) to the file's column
    time_format : strptime format of a table's times, or several, if dates are ambiguous; a time that two of them read
        differently is invalid
    time_zone : ``UTC`` or an offset such as ``+10:00`` for times of generic tables that state none
    region : keep positions inside it, and all other messages of those transponders; everything by default
    digests : the hash that each file had before; files whose hash differs now are not used

    Returns
    -------
    AisRead : messages per ``tables.AIS_MESSAGES`` (``message_id`` is the file's shortened hash and the line). A file
        that cannot be used is a problem, and the others are still read.

    Raises ConfigError if dates are ambiguous, or an option is invalid.
    """
    with open_ais(paths, columns=columns, time_format=time_format, time_zone=time_zone, digests=digests) as store:
        messages = next(store.frames(region, at_once=None), None)
        if region is not None:
            store.report_swapped(region)
    return AisRead(
        AIS_MESSAGES.empty() if messages is None else messages, store.balance, store.problems, tuple(store.files)
    )


@dataclass(slots=True)
class AisStore:
    """Decoded files that have not been returned yet, on disk if they are large."""

    spool: Spool
    files: list[AisFile] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    repeats: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    @property
    def balance(self) -> dict[str, int]:
        """Lines of all files by bucket."""
        return sum_balances(empty_balance(), *(f.balance for f in self.files))

    def frames(self, region: Region | None = None, at_once: int | None = ROWS_AT_ONCE) -> Iterator[pd.DataFrame]:
        """The messages in pieces, per ``tables.AIS_MESSAGES``, ordered by file name and line, without repeats.

        Pieces have slightly more than ``at_once`` rows; if that is None there is at most one.
        """
        mmsi_inside = None if region is None else self._transponders_inside(region)
        pending: list[pd.DataFrame] = []
        files_without_speeds = [number for number, file in enumerate(self.files) if file.other_speeds]
        for frame, rows in self.spool.frames():
            if files_without_speeds:
                frame = frame.assign(sog=frame["sog"].mask(frame["file"].isin(files_without_speeds)))
            keep = ~self.repeats[rows]
            if region is not None and mmsi_inside is not None:
                is_inside = _is_inside(frame, region)
                keep &= is_inside | (frame["lon"].isna() & frame["mmsi"].isin(mmsi_inside)).to_numpy()
            pending.append(frame if keep.all() else frame[keep])
            if at_once is not None and sum(map(len, pending)) > at_once:
                yield _with_message_ids(pd.concat(pending, ignore_index=True), self.files)
                pending = []
        if any(map(len, pending)):
            yield _with_message_ids(pd.concat(pending, ignore_index=True), self.files)

    def report_swapped(self, region: Region) -> None:
        """Report tables without a position in a region but with most there if longitude and latitude were swapped."""
        n_positions, n_inside, n_swapped = (np.zeros(len(self.files), np.int64) for _ in range(3))
        for frame, _ in self.spool.frames():
            file = frame["file"].to_numpy()
            swapped = frame[["lon", "lat"]].set_axis(["lat", "lon"], axis=1)
            for count, rows in (
                (n_positions, frame["lon"].notna()),
                (n_inside, _is_inside(frame, region)),
                (n_swapped, _is_inside(swapped, region)),
            ):
                count += np.bincount(file[rows], minlength=len(n_positions))
        for k in np.flatnonzero((n_inside == 0) & (2 * n_swapped > n_positions)).tolist():
            counts = f"none of {n_positions[k]} positions is near the place, but {n_swapped[k]}"
            remark = f"{counts} with latitude and longitude swapped"
            cause = "; ".join(filter(None, [self.files[k].cause, remark]))
            self.files[k] = replace(self.files[k], status="degraded", cause=cause)
            self.problems.append(InputError(self.files[k].path, remark))

    def _transponders_inside(self, region: Region) -> np.ndarray:
        """The transponders that have a position in a region."""
        found = [frame.loc[_is_inside(frame, region), "mmsi"].unique() for frame, _ in self.spool.frames()]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


@contextmanager
def open_ais(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    time_format: str | Sequence[str] | None = None,
    time_zone: str | None = None,
    digests: Mapping[Path, str] | None = None,
) -> Iterator[AisStore]:
    """Decode AIS files as ``read_ais`` does, in bounded memory."""
    formats = (time_format,) if isinstance(time_format, str) else tuple(time_format or ())
    rule = TimeRule(formats, parse_zone(time_zone) if time_zone else None, latest=latest_possible_time())
    spool = Spool(SAME_TRANSMISSION_S)
    store = AisStore(spool)
    try:
        for hashed in _hashed_in_order(paths, digests, store):
            twin = next((f for f in store.files if f.sha256 == hashed.sha256 and f.status != "skipped"), None)
            if twin is not None:
                file = _duplicate_file(hashed.path, hashed.sha256, twin)
            else:
                file = _read_file(hashed, columns, rule, spool, len(store.files))
            if file.cause:
                store.problems.append(InputError(file.path, file.cause))
            store.files.append(file)
        _mark_repeats(store)
        yield store
    finally:
        spool.close()


def _hashed_in_order(paths: Sequence[Path], digests: Mapping[Path, str] | None, store: AisStore) -> list[HashedFile]:
    """Files with their hashes, ordered by name and content, so that the same files in any order give the same table.

    Files that cannot be read, or whose hash changed, are added to the store's problems.
    """
    out = []
    for path in dict.fromkeys(paths):
        try:
            hashed = HashedFile.from_path(path)
            if digests is not None and digests[path] != hashed.sha256:
                raise InputError(path, CHANGED)
            out.append(hashed)
        except InputError as error:
            store.problems.append(error)
            store.files.append(
                AisFile(path, "", "", "skipped", error.cause, empty_balance(), fault=_is_transient(error))
            )
    return sorted(out, key=lambda h: (h.path.name, h.sha256, str(h.path)))


def _read_file(
    hashed: HashedFile, columns: Mapping[str, str] | None, rule: TimeRule, spool: Spool, number: int
) -> AisFile:
    """Decode a file into the spool; if it fails half way, nothing of the file is kept."""
    first_row, path = spool.rows, hashed.path
    try:
        return _decode(hashed, columns, rule, spool, number)
    except InputError as error:
        spool.drop_since(first_row)
        return AisFile(
            path, hashed.sha256, "", "skipped", error.cause, _unusable_balance(path), fault=_is_transient(error)
        )


def _is_transient(error: InputError) -> bool:
    """Is the fault transient: a failed system call, or a changed file? Damaged content has no errno."""
    is_system_error = isinstance(error.__cause__, OSError) and error.__cause__.errno is not None
    return is_system_error or error.cause == CHANGED


def _decode(
    hashed: HashedFile, columns: Mapping[str, str] | None, rule: TimeRule, spool: Spool, number: int
) -> AisFile:
    path = hashed.path
    head = read_head(path)
    if not head.strip():
        raise InputError(path, "is empty")
    kind = detect_kind(path, head)
    read = TableRead("nmea", empty_balance())
    if kind == "nmea":
        frames = read_nmea(path, read.balance, rule.zone, read.mark)
    else:
        frames = (read_parquet_table if kind == "parquet" else read_csv_table)(path, columns, rule, read)
    untimed, impossible, inconsistent, speeds = UntimedCount(), ImpossibleValues(), InconsistentRows(), SpeedUnitCheck()
    for frame in frames:
        read.note_values(frame)
        clean, wrong = without_codes(raw := _with_times(frame, rule))
        impossible.add(raw, clean, wrong)
        untimed.add(clean)
        if kind != "nmea":  # whose checksums say that what arrived was sent
            inconsistent.add(clean)
            speeds.add(raw)
        spool.add(clean.drop(columns="static_fingerprint", errors="ignore").assign(file=np.int32(number)))
    hashed.require_unchanged()
    nmea = [log_damage(read.balance), impossible.no_position_cause()]
    causes = nmea if kind == "nmea" else [table_damage(read), *impossible.causes(), speeds.cause()]
    cause = "; ".join(filter(None, [*causes, untimed.cause()]))
    status = "degraded" if cause else "used"
    note = oddities(read, {} if kind == "nmea" else impossible.counts, inconsistent, untimed)
    return AisFile(
        path,
        hashed.sha256,
        read.dialect,
        status,
        cause,
        read.balance,
        note=note,
        simulated=read.mark.simulated,
        other_speeds=bool(speeds.cause()),
    )


def _with_times(frame: pd.DataFrame, rule: TimeRule) -> pd.DataFrame:
    """Convert NMEA's seconds to times; add a fingerprint to table rows, which repeat if time and values are equal."""
    if "time_s" in frame:
        times = pd.to_datetime((frame["time_s"] * 1e6).round(), unit="us", utc=True)
        return frame.drop(columns="time_s").assign(time_utc=rule.only_possible(times))
    if "fingerprint" in frame:
        return frame
    values = frame.drop(columns=["line", "ship_words"], errors="ignore")  # words go with their code
    return frame.assign(fingerprint=row_fingerprints(values))


def _unusable_balance(path: Path) -> dict[str, int]:
    """The balance of an unusable file: as many lines as can be counted, all bad."""
    lines = 0
    with suppress(InputError, OSError):
        for block in read_blocks(path):
            lines += block.n_lines
    return empty_balance() | {"bad_format": lines}


def _duplicate_file(path: Path, digest: str, twin: AisFile) -> AisFile:
    """A file with the same bytes as one already read: all its lines are duplicates."""
    cause = f"duplicate_of {printable(twin.path)}: the same bytes"
    return AisFile(
        path,
        digest,
        twin.kind,
        "duplicate_of",
        cause,
        empty_balance() | {"duplicate": sum(twin.balance.values())},
        simulated=twin.simulated,
    )


def _mark_repeats(store: AisStore) -> None:
    """Keep transmissions heard by two receivers, and repeated rows, once; the others' lines count as ``duplicate``."""
    store.repeats = store.spool.repeats()
    if not store.repeats.any():
        return
    counts = np.zeros(len(store.files), np.int64)
    for frame, rows in store.spool.frames():
        counts += np.bincount(frame["file"].to_numpy()[store.repeats[rows]], minlength=len(store.files))
    for k, n in enumerate(counts.tolist()):
        file = store.files[k]
        moved = {"decoded": file.balance["decoded"] - n, "duplicate": file.balance["duplicate"] + n}
        store.files[k] = replace(file, balance=file.balance | moved)


def _is_inside(frame: pd.DataFrame, region: Region) -> np.ndarray:
    west, south, east, north = region
    lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    is_lon_inside = (lon >= west) | (lon <= east) if west > east else (lon >= west) & (lon <= east)
    return is_lon_inside & (lat >= south) & (lat <= north)


def _with_message_ids(table: pd.DataFrame, files: list[AisFile]) -> pd.DataFrame:
    """Messages with ids, each the shortened hash of its file and its line."""
    number = pa.array(table["file"].to_numpy())
    prefixes = pa.array([f"{f.sha256[:12]}-" for f in files], pa.large_string())
    lines = pc.cast(pa.array(table["line"].to_numpy()), pa.large_string())
    names = pa.array([printable(f.path.name) for f in files], pa.large_string())
    named = table.assign(
        message_id=pd.array(
            pc.binary_join_element_wise(prefixes.take(number), lines, pa.scalar("", pa.large_string())), dtype="str"
        ),
        source_file=pd.array(names.take(number), dtype="str"),
    )
    if "ship_words" not in named:
        named["ship_words"] = pd.array([""] * len(named), dtype="str")
    return AIS_MESSAGES.check(named[AIS_MESSAGES.names])
