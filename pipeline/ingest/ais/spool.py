"""Stores messages between the two passes over AIS files: decode everything, then leave out what was heard twice.

Repeats can be found only after all files were read, since lines may be in any order. Up to ``IN_MEMORY`` rows are kept
in memory, more in a temporary folder (``TMPDIR``), so that a day of ten gigabytes needs only a byte of memory per
message and the largest group that is compared at once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather

IN_MEMORY = 1 << 20  # rows (about 200 MB, twice that while they are written); our choice
_GROUPS = 64  # by fingerprint; a hundred million messages make groups of forty megabytes
_KEY = np.dtype([("print", np.int64), ("micros", np.int64), ("row", np.int64)])


class Spool:
    """Stores frames and returns them in order with row numbers; `repeats` marks rows that repeat an earlier one."""

    def __init__(self, same_within_s: float, in_memory: int = IN_MEMORY) -> None:
        self._same_us = int(same_within_s * 1e6)
        self._limit = in_memory
        self._frames: list[pd.DataFrame | Path] = []
        self._keys: list[np.ndarray] = []
        self._folder: Path | None = None
        self._rows_in_memory = 0
        self._dropped: list[tuple[int, int]] = []
        self.rows = 0

    def close(self) -> None:
        """Delete everything, also on disk."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._frames, self._keys, self._folder = [], [], None

    def add(self, frame: pd.DataFrame) -> None:
        """Add a frame with ``fingerprint`` and ``time_utc``; rows without a time are never repeats."""
        micros = frame["time_utc"].to_numpy("datetime64[us]").astype(np.int64)
        timed = np.flatnonzero(frame["time_utc"].notna().to_numpy())
        key = np.empty(len(timed), _KEY)
        key["print"], key["micros"], key["row"] = (
            frame["fingerprint"].to_numpy()[timed],
            micros[timed],
            timed + self.rows,
        )
        self.rows += len(frame)
        self._rows_in_memory += len(frame)
        self._frames.append(frame.drop(columns="fingerprint"))
        self._keys.append(key)
        if self._rows_in_memory > self._limit:
            self._to_disk()

    def drop_since(self, row: int) -> None:
        """Drop the rows from that number on, of a file that proved unusable."""
        if row < self.rows:
            self._dropped.append((row, self.rows))

    def repeats(self) -> np.ndarray:
        """For every row added: does it repeat one that is at most ``same_within_s`` older?"""
        out = np.zeros(self.rows, bool)
        for keys in self._groups():
            _mark_repeats(keys, self._same_us, out)
        return out

    def frames(self) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
        """The stored frames in order, with the number of each row."""
        at = 0
        for held in self._frames:
            for frame in [held] if isinstance(held, pd.DataFrame) else _read_pieces(held):
                rows = np.arange(at, at + len(frame))
                at += len(frame)
                keep = self._not_dropped(rows)
                yield (frame, rows) if keep.all() else (frame[keep], rows[keep])

    def _groups(self) -> Iterator[np.ndarray]:
        if self._folder is None:
            if self._keys:
                keys = np.concatenate(self._keys)
                yield keys[self._not_dropped(keys["row"])]
            return
        self._to_disk()
        for path in sorted(self._folder.glob("*.keys")):
            keys = np.fromfile(path, _KEY)
            yield keys[self._not_dropped(keys["row"])]

    def _not_dropped(self, rows: np.ndarray) -> np.ndarray:
        keep = np.ones(len(rows), bool)
        for first, end in self._dropped:
            keep &= (rows < first) | (rows >= end)
        return keep

    def _to_disk(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="capwatch-ais-"))
        held = [f for f in self._frames if isinstance(f, pd.DataFrame)]
        if held:
            path = self._folder / f"{self.rows:012}.arrow"
            table = pa.Table.from_pandas(pd.concat(held, ignore_index=True), preserve_index=False)
            feather.write_feather(table, path, compression="lz4", chunksize=1 << 17)
            self._frames = [f for f in self._frames if isinstance(f, Path)] + [path]
        keys = np.concatenate(self._keys) if self._keys else np.empty(0, _KEY)
        group = keys["print"].view(np.uint64) >> np.uint64(64 - _GROUPS.bit_length() + 1)
        order = np.argsort(group, kind="stable")
        edges = np.searchsorted(group[order], np.arange(_GROUPS + 1))
        for k in np.flatnonzero(np.diff(edges)):
            with (self._folder / f"{k:02}.keys").open("ab") as file:
                keys[order[edges[k] : edges[k + 1]]].tofile(file)
        self._keys, self._rows_in_memory = [], 0


def _read_pieces(path: Path) -> Iterator[pd.DataFrame]:
    """A file of frames, piece by piece: the whole would take too much memory beside what is made of it."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        for number in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(number)]).to_pandas()


def _mark_repeats(keys: np.ndarray, same_us: int, out: np.ndarray) -> None:
    """Mark rows that follow another with the same fingerprint within the time as repeats."""
    several = pd.Series(keys["print"]).duplicated(keep=False).to_numpy()
    if not several.any():
        return
    prints, micros, rows = (keys[name][several] for name in ("print", "micros", "row"))
    order = np.lexsort((rows, micros, prints))
    repeated = (np.diff(prints[order]) == 0) & (np.diff(micros[order]) <= same_us)
    out[rows[order[1:][repeated]]] = True
