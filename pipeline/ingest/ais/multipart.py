"""Reassembles multi-sentence messages: parts in any order, from several receivers, within a window."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.ingest.ais.sentences import Sentence

WINDOW_LINES = 200  # our choice, no source: merged feeds put other ships' sentences between the parts of one message
WINDOW_S = 20.0  # our choice: a message takes at most five slots of 26.7 ms on air; the rest is for slow networks
LATE_LINES = 20  # our choice: parts that were overtaken, or are heard again, arrive within so many lines
_MAX_KEYS = 1024  # messages held before stale or finished ones are removed (our choice: bounds memory)


class CompleteMessage(NamedTuple):
    """A complete message: ``line`` is its last source line."""

    line: int
    payload: bytes
    fill_bits: int
    time_s: float | None


class _Group:
    __slots__ = ("first_line", "lines", "parts", "station", "time_s")

    def __init__(self, line: int, sentence: Sentence) -> None:
        self.first_line = line
        self.station = sentence.station
        self.time_s = sentence.time_s
        self.lines: list[int] = []
        self.parts: dict[int, Sentence] = {}

    def fits(self, sentence: Sentence) -> bool:
        return not self.station or not sentence.station or self.station == sentence.station

    def ended_before(self, line: int, sentence: Sentence) -> bool:
        """Does the part belong to a later message with the same sequence number: a different part in its place, or an
        earlier one long after?"""
        if (present := self.parts.get(sentence.number)) is not None:
            return present.payload != sentence.payload
        return sentence.number < min(self.parts) and line - self.first_line > LATE_LINES

    def is_stale(self, line: int, time_s: float | None) -> bool:
        if line - self.first_line > WINDOW_LINES:
            return True
        return time_s is not None and self.time_s is not None and abs(time_s - self.time_s) > WINDOW_S

    def add(self, line: int, sentence: Sentence) -> None:
        self.lines.append(line)
        self.parts[sentence.number] = sentence
        self.station = self.station or sentence.station
        self.time_s = sentence.time_s if self.time_s is None else self.time_s

    def message(self) -> CompleteMessage:
        ordered = [self.parts[number] for number in sorted(self.parts)]
        payload = b"".join(part.payload for part in ordered)
        return CompleteMessage(self.lines[-1], payload, ordered[-1].fill_bits, self.time_s)


class Reassembly:
    """Takes parts as they come, returns a message when its last missing part arrives, and counts every line."""

    def __init__(self, balance: dict[str, int]) -> None:
        self._balance = balance
        self._waiting: dict[tuple[int, bytes, bytes], list[_Group]] = {}
        self._completed: dict[tuple[int, bytes, bytes], _Group] = {}

    def add(self, line: int, sentence: Sentence) -> CompleteMessage | None:
        """The message that this part completes, or None. The caller must count the completing line."""
        key = (sentence.parts, sentence.sequence, sentence.channel)
        groups = self._current_groups(key, line, sentence.time_s)
        group = next((g for g in groups if g.fits(sentence)), None)
        if group is not None and group.ended_before(line, sentence):
            # The sequence number came round again: what the old group waited for was never received.
            self._give_up(groups, group)
            group = None
        if (group is not None and sentence.number in group.parts) or (
            group is None and self._is_late_duplicate(key, line, sentence)
        ):
            self._balance["duplicate"] += 1
            return None
        if group is None:
            group = _Group(line, sentence)
            groups.append(group)
        group.add(line, sentence)
        if len(group.parts) < sentence.parts:
            return None
        groups.remove(group)
        if len(self._completed) > _MAX_KEYS:
            self._completed.clear()
        self._completed[key] = group
        self._balance["part"] += sentence.parts - 1
        return group.message()

    def _is_late_duplicate(self, key: tuple[int, bytes, bytes], line: int, sentence: Sentence) -> bool:
        """Is it another part of a message just completed, heard again like its first part (order x, x, y, y)?"""
        completed = self._completed.get(key)
        if sentence.number == 1 or completed is None or line - completed.lines[-1] > LATE_LINES:
            return False
        return completed.parts[sentence.number].payload == sentence.payload and not completed.is_stale(
            line, sentence.time_s
        )

    def finish(self) -> None:
        """End of input: count the parts still waiting as incomplete."""
        for groups in self._waiting.values():
            for group in list(groups):
                self._give_up(groups, group)
        self._waiting.clear()

    def _current_groups(self, key: tuple[int, bytes, bytes], line: int, time_s: float | None) -> list[_Group]:
        if len(self._waiting) > _MAX_KEYS:
            for waiting_key in list(self._waiting):
                self._drop_stale(self._waiting[waiting_key], line, time_s)
                if not self._waiting[waiting_key]:
                    del self._waiting[waiting_key]
        groups = self._waiting.setdefault(key, [])
        self._drop_stale(groups, line, time_s)
        return groups

    def _drop_stale(self, groups: list[_Group], line: int, time_s: float | None) -> None:
        for group in [g for g in groups if g.is_stale(line, time_s)]:
            self._give_up(groups, group)

    def _give_up(self, groups: list[_Group], group: _Group) -> None:
        groups.remove(group)
        self._balance["incomplete_multipart"] += len(group.lines)
