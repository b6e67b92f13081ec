"""An NMEA log to a table of messages: every line read once and counted in one bucket."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.ingest.ais_buckets import empty_balance
from pipeline.ingest.ais_files import LINE_LIMIT, Block, blocks
from pipeline.ingest.ais_multipart import Reassembly
from pipeline.ingest.ais_payload import Decoder
from pipeline.ingest.ais_sentences import SentenceReader


def read_nmea(path: Path) -> tuple[pd.DataFrame | None, dict[str, int]]:
    """Messages in the order of their last line, with codes still in (``ais_payload``'s columns), and the balance.

    None for the table where nothing could be decoded.
    """
    log = _Log()
    frames = []
    for block in blocks(path):
        log.read(block)
        if (frame := log.decoder.take()) is not None:
            frames.append(frame)
    log.reassembly.finish()
    if not frames:
        return None, log.balance
    return pd.concat(frames, ignore_index=True).sort_values("line", ignore_index=True), log.balance


class _Log:
    """What is remembered from line to line."""

    def __init__(self) -> None:
        self.balance = empty_balance()
        self.reassembly = Reassembly(self.balance)
        self.decoder = Decoder()
        self._sentences = SentenceReader()

    def read(self, block: Block) -> None:
        balance, decode, read = self.balance, self.decoder.add, self._sentences.read
        lines = block.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for number, line in enumerate(lines, block.first_line):
            found = read(line) if len(line) <= LINE_LIMIT else "bad_format"
            if isinstance(found, str):
                balance[found] += 1
            elif found.parts == 1:
                balance[decode(number, found.time_s, found.payload, found.fill_bits)] += 1
            elif (whole := self.reassembly.add(number, found)) is not None:
                balance[decode(whole.line, whole.time_s, whole.payload, whole.fill_bits)] += 1
