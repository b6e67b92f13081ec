"""Decodes an NMEA log to a table of messages: every line is read once and counted in one bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.ingest.ais.files import LINE_LIMIT, Block, read_blocks
from pipeline.ingest.ais.multipart import CompleteMessage, Reassembly
from pipeline.ingest.ais.payload import Payloads, decode
from pipeline.ingest.ais.scan import BAD_CHECKSUM, BAD_FORMAT, NEEDS_READER, NO_DATA, PART, SINGLE, Scanned, scan
from pipeline.ingest.ais.sentences import Sentence, SentenceReader
from pipeline.ingest.simulated_mark import SimulatedMark

_BUCKETS = {BAD_CHECKSUM: "bad_checksum", BAD_FORMAT: "bad_format", NO_DATA: "no_data"}


def read_nmea(
    path: Path, balance: dict[str, int], zone: timezone | None = None, mark: SimulatedMark | None = None
) -> Iterator[pd.DataFrame]:
    """Messages, block by block, in the order of their last line, not-available codes included (``payload``'s columns).

    ``balance`` counts every line; it is complete once the last frame was taken. ``zone``: the time zone of a logger's
    times that state none; ``mark`` sees every line.
    """
    log = _LogReader(balance, zone)
    for block in read_blocks(path, cr_ends_line=True):
        if mark is not None:
            mark.check_lines(block.data)
        if (frame := log.read(block)) is not None:
            yield frame
    log.reassembly.finish()


class _LogReader:
    """State kept from block to block."""

    def __init__(self, balance: dict[str, int], zone: timezone | None) -> None:
        self.balance = balance
        self.reassembly = Reassembly(balance)
        self._sentences = SentenceReader(zone)

    def read(self, block: Block) -> pd.DataFrame | None:
        """The messages completed by the block's lines, in order."""
        lines = scan(block.data, time_announced=self._sentences.time_announced, line_limit=LINE_LIMIT)
        for code, count in zip(*np.unique(lines.kind, return_counts=True), strict=True):
            if int(code) in _BUCKETS:
                self.balance[_BUCKETS[int(code)]] += int(count)
        singles = lines.kind == SINGLE
        reassembled = list(self._reassemble(block, lines))
        frame, counts = decode(_payloads(block, lines, singles, reassembled))
        for name, count in counts.items():
            self.balance[name] += count
        if frame is not None and reassembled:
            frame = frame.sort_values("line", ignore_index=True)
        return frame

    def _reassemble(self, block: Block, lines: Scanned) -> Iterator[CompleteMessage]:
        """Multi-sentence messages, and those of lines that only the line-by-line reader understands."""
        for row in np.flatnonzero((lines.kind == PART) | (lines.kind == NEEDS_READER)).tolist():
            number = block.first_line + row
            sentence = (
                self._read_line(block, lines, row)
                if lines.kind[row] == NEEDS_READER
                else _sentence_part(block, lines, row)
            )
            if isinstance(sentence, str):
                self.balance[sentence] += 1
            elif sentence.parts == 1:
                yield CompleteMessage(number, sentence.payload, sentence.fill_bits, sentence.time_s)
            elif (message := self.reassembly.add(number, sentence)) is not None:
                yield message

    def _read_line(self, block: Block, lines: Scanned, row: int) -> Sentence | str:
        start, end = lines.bounds[row].tolist()
        return self._sentences.read(block.data[start:end])


def _sentence_part(block: Block, lines: Scanned, row: int) -> Sentence:
    """One of several sentences of a message, cut from the block."""
    payload, sequence, channel, station = (block.data[a:b] for a, b in lines.spans[row].tolist())
    parts, number, fill_bits = lines.numbers[row].tolist()
    time_s = float(lines.time_s[row])
    return Sentence(parts, number, sequence, channel, payload, fill_bits, station, None if np.isnan(time_s) else time_s)


def _payloads(block: Block, lines: Scanned, singles: np.ndarray, reassembled: list[CompleteMessage]) -> Payloads:
    """Single-sentence payloads in place in the block, followed in the same buffer by the reassembled ones."""
    rows = np.flatnonzero(singles)
    lengths = np.array([len(w.payload) for w in reassembled], np.int64)
    ends = len(block.data) + np.cumsum(lengths)
    buffer = np.frombuffer(block.data + b"".join(w.payload for w in reassembled), np.uint8)
    return Payloads(
        buffer,
        np.concatenate([lines.spans[rows, 0, 0], ends - lengths]),
        np.concatenate([lines.spans[rows, 0, 1], ends]),
        np.concatenate(
            [lines.numbers[rows, 2].astype(np.int64), np.array([w.fill_bits for w in reassembled], np.int64)]
        ),
        np.concatenate([rows + block.first_line, np.array([w.line for w in reassembled], np.int64)]),
        np.concatenate([lines.time_s[rows], np.array([w.time_s for w in reassembled], float)]),
    )
