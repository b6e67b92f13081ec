"""AIS files of any known kind to one table of messages, with an account of every line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.errors import InputError, printable
from pipeline.ingest.ais_buckets import added, empty_balance
from pipeline.ingest.ais_files import blocks, file_digest, head_of, kind_of
from pipeline.ingest.ais_nmea import read_nmea
from pipeline.ingest.ais_tables import TableRead, read_csv_table, read_parquet_table
from pipeline.ingest.ais_times import TimeRule, zone_of
from pipeline.ingest.ais_values import without_codes
from pipeline.tables import AIS_MESSAGES

SAME_TRANSMISSION_S = 10.0
"""Our choice: an equal payload within this time is one transmission heard twice. Equal ones are never sent closer:
positions carry their second, and what carries none is sent every three minutes or less often (ITU-R M.1371-5)."""

_VALUES = ("time_utc", "msg_type", "mmsi", "lon", "lat", "sog", "cog", "heading", "nav", "imo", "callsign", "name")
_MORE_VALUES = ("ship_type", "a", "b", "c", "d", "draught", "dest")


@dataclass(frozen=True, slots=True)
class AisFile:
    """What became of one file."""

    path: Path
    sha256: str
    kind: str
    """nmea, dma, marinecadastre, generic, or "" where it could not be told."""
    status: str
    """used, degraded, skipped, or duplicate_of."""
    cause: str
    balance: dict[str, int]
    n_without_time: int = 0
    impossible: dict[str, int] | None = None
    """Values that no transponder can mean, made null: how many of each column."""


@dataclass(frozen=True, slots=True)
class AisRead:
    """The messages of all files, ordered by file name and line; the balance of all their lines; what went wrong."""

    messages: pd.DataFrame
    balance: dict[str, int]
    problems: list[InputError]
    files: tuple[AisFile, ...] = ()


def read_ais(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    time_format: str | None = None,
    time_zone: str | None = None,
) -> AisRead:
    """Read AIS files, each told by its content; the order of ``paths`` does not matter.

    Parameters
    ----------
    paths : NMEA logs, DMA, MarineCadastre or other CSV, or Parquet; plain, gzip or zstd
    columns : for tables with other names: our field (``ais_dialects.ALIASES``) to the file's column
    time_format : strptime format of a table's times, where dates have two readings
    time_zone : ``UTC`` or an offset such as ``+10:00`` for times of generic tables that state none

    Returns
    -------
    AisRead : messages per ``tables.AIS_MESSAGES`` (``message_id`` is the file's hash, shortened, and the line). A file
        that cannot be used is a problem, and the others are still read.

    Raises ConfigError where dates are ambiguous, or an option makes no sense.
    """
    rule = TimeRule(time_format, zone_of(time_zone) if time_zone else None)
    files: list[AisFile] = []
    frames: list[pd.DataFrame] = []
    problems: list[InputError] = []
    for path, digest in _in_order(paths, files, problems):
        twin = next((f for f in files if f.sha256 == digest and f.status != "skipped"), None)
        try:
            if twin is not None:
                file, frame = _repeated(path, digest, twin), None
            else:
                file, frame = _read_one(path, digest, columns, rule)
        except InputError as error:
            file, frame = AisFile(path, digest, "", "skipped", error.cause, _unused(path)), None
        if file.cause:
            problems.append(InputError(path, file.cause))
        if frame is not None:
            frames.append(frame.assign(file=np.int32(len(files))))
        files.append(file)
    messages, files = _without_repeats(frames, files)
    balance = added(empty_balance(), *(f.balance for f in files))
    return AisRead(_checked(messages, files), balance, problems, tuple(files))


def _in_order(paths: Sequence[Path], files: list[AisFile], problems: list[InputError]) -> list[tuple[Path, str]]:
    """Paths with their hashes, ordered by name and content: the same files in any order give the same table."""
    out = []
    for path in dict.fromkeys(paths):
        try:
            out.append((path, file_digest(path)))
        except InputError as error:
            problems.append(error)
            files.append(AisFile(path, "", "", "skipped", error.cause, empty_balance()))
    return sorted(out, key=lambda p: (p[0].name, p[1], str(p[0])))


def _read_one(
    path: Path, digest: str, columns: Mapping[str, str] | None, rule: TimeRule
) -> tuple[AisFile, pd.DataFrame | None]:
    head = head_of(path)
    if not head.strip():
        raise InputError(path, "is empty")
    kind = kind_of(path, head)
    before = path.stat()
    if kind == "nmea":
        frame, balance = read_nmea(path)
        dialect, cause = "nmea", _noise(balance)
    else:
        read = (read_parquet_table if kind == "parquet" else read_csv_table)(path, columns, rule)
        frame, balance, dialect, cause = read.messages, read.balance, read.dialect, _bad_rows(read)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(path, "changed while it was read")
    file = AisFile(path, digest, dialect, "degraded" if cause else "used", cause, balance)
    if frame is None or frame.empty:
        return file, None
    frame, impossible = without_codes(_with_times(frame))
    return replace(file, n_without_time=int(frame["time_utc"].isna().sum()), impossible=impossible), frame


def _with_times(frame: pd.DataFrame) -> pd.DataFrame:
    """NMEA's seconds as times; a fingerprint for tables, whose repeats are rows with the same time and values."""
    if "time_s" in frame:
        micros = (frame["time_s"] * 1e6).round()
        return frame.drop(columns="time_s").assign(time_utc=pd.to_datetime(micros, unit="us", utc=True))
    hashes = pd.util.hash_pandas_object(frame[[*_VALUES, *_MORE_VALUES]], index=False)
    return frame.assign(fingerprint=hashes.to_numpy().view(np.int64))


def _noise(balance: dict[str, int]) -> str:
    """Wrong checksums are normal on the air; a log where they are the rule is broken."""
    lines = sum(balance.values())
    bad = balance["bad_checksum"] + balance["bad_format"]
    if not balance["decoded"]:
        return f"no message could be decoded from {lines} lines ({bad} damaged)"
    return f"{bad} of {lines} lines are damaged" if bad > lines / 2 else ""


def _bad_rows(read: TableRead) -> str:
    lines = sum(read.balance.values())
    if read.bad_rows:
        return f"{read.bad_rows} of {lines} lines are no messages; {read.first_bad}"
    return "" if read.balance["decoded"] else "has a header and no rows"


def _unused(path: Path) -> dict[str, int]:
    """The balance of a file that gave nothing: as many lines as can be counted, all bad."""
    lines = 0
    with suppress(InputError, OSError):
        for block in blocks(path):
            lines += block.n_lines
    return empty_balance() | {"bad_format": lines}


def _repeated(path: Path, digest: str, twin: AisFile) -> AisFile:
    """A file with the bytes of one that was read: all its lines are duplicates."""
    cause = f"duplicate_of {printable(twin.path)}: the same bytes"
    return AisFile(
        path, digest, twin.kind, "duplicate_of", cause, empty_balance() | {"duplicate": sum(twin.balance.values())}
    )


def _without_repeats(frames: list[pd.DataFrame], files: list[AisFile]) -> tuple[pd.DataFrame | None, list[AisFile]]:
    """Transmissions that two receivers heard, and rows that stand twice, once; their lines move to ``duplicate``."""
    if not frames:
        return None, files
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    timed = np.flatnonzero(table["time_utc"].notna().to_numpy())
    micros = table["time_utc"].to_numpy("datetime64[us]")[timed].astype(np.int64)
    prints = table["fingerprint"].to_numpy()[timed]
    order = np.lexsort((timed, micros, prints))
    again = (np.diff(prints[order]) == 0) & (np.diff(micros[order]) <= SAME_TRANSMISSION_S * 1e6)
    repeated = np.zeros(len(table), bool)
    repeated[timed[order[1:][again]]] = True
    counts = np.bincount(table["file"].to_numpy()[repeated], minlength=len(files))
    moved = [
        replace(f, balance=f.balance | {"decoded": f.balance["decoded"] - n, "duplicate": f.balance["duplicate"] + n})
        for f, n in zip(files, counts.tolist(), strict=True)
    ]
    return table[~repeated].reset_index(drop=True) if repeated.any() else table, moved


def _checked(table: pd.DataFrame | None, files: list[AisFile]) -> pd.DataFrame:
    if table is None:
        return AIS_MESSAGES.empty()
    prefixes = [f.sha256[:12] for f in files]
    numbers = zip(table["file"].to_list(), table["line"].to_list(), strict=True)
    names = np.array([printable(f.path.name) for f in files], dtype=object)
    named = table.assign(
        message_id=pd.array([f"{prefixes[file]}-{line}" for file, line in numbers], dtype="str"),
        source_file=pd.array(names[table["file"].to_numpy()], dtype="str"),
    )
    return AIS_MESSAGES.check(named[AIS_MESSAGES.names])
