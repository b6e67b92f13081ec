"""Reads and writes analysts' verdicts, ``reviews/<aoi>.csv``: kept across runs, edited by hand or by `add_review`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError, printable
from pipeline.storage import write_text
from pipeline.table_files import neutral, unguarded
from pipeline.tables.reviews import VERDICTS
from pipeline.types.ids import never_a_number

FOLDER = "reviews"
TOO_MANY_CELLS = "has more cells than columns; put text that contains a comma in quotes"
UNREADABLE = "is not readable as UTF-8 text"
FIELDS = ("target", "verdict", "value", "who", "when", "why")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of a review file. ``outcome`` is empty until the verdict has been tried."""

    line: int
    target: str
    verdict: str
    value: str
    who: str
    when: str
    why: str
    target_kind: str = ""
    outcome: str = ""
    note: str = ""


def find_reviews(aoi_id: str, root: Path | None = None) -> Path | None:
    """``reviews/<aoi>.csv`` in a folder (by default the working folder); None if there is none."""
    path = (root or Path()) / FOLDER / f"{aoi_id}.csv"
    return path if path.is_file() else None


def review_bytes(path: Path) -> bytes:
    """The bytes of a review file: a run reads it only once, since analysts may edit it during the run."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{printable(path)}: {UNREADABLE}") from error


def read_reviews(path: Path, content: bytes | None = None) -> list[Verdict]:
    """Every line of a review file; an incomplete one has the outcome ``refused`` and a note saying why.

    ``content``: the file's bytes, if already read.
    """
    try:
        decoded = (review_bytes(path) if content is None else content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{printable(path)}: {UNREADABLE}") from error
    text = io.StringIO(decoded, newline=None).read()  # line ends as a text file's are read
    reader = csv.DictReader(io.StringIO(text), strict=True)  # else an unclosed quote swallows the lines below
    verdicts = []
    try:
        missing = [field for field in FIELDS if field not in (reader.fieldnames or [])]
        if missing:
            raise ConfigError(
                f"{printable(path)}: no column {', '.join(missing)}; a review file starts with {','.join(FIELDS)}"
            )
        for row in reader:
            fields = {field: unguarded((row[field] or "").strip()) for field in FIELDS}
            if any(fields.values()):
                verdict = _with_present_ids(Verdict(reader.line_num, **fields))
                verdicts.append(
                    replace(verdict, outcome="refused", note=TOO_MANY_CELLS) if None in row else _validated(verdict)
                )
    except csv.Error as error:
        cause = f"line {reader.line_num + 1}: a quote is not closed, or text follows a closed one ({error})"
        raise ConfigError(f"{printable(path)}: {cause}") from error
    return _mark_superseded(verdicts)


def _with_present_ids(verdict: Verdict) -> Verdict:
    """The verdict with its ids as they are made now: those of earlier versions could read as numbers."""
    value = never_a_number(verdict.value) if verdict.verdict == "merge" else verdict.value
    return replace(verdict, target=never_a_number(verdict.target), value=value)


def _validated(verdict: Verdict) -> Verdict:
    """The verdict, refused if it is incomplete or could have no effect."""
    empty = [f for f in ("target", "who", "when", "why") if not getattr(verdict, f)]
    if verdict.verdict not in VERDICTS:
        return replace(verdict, outcome="refused", note=f"the verdict must be one of {', '.join(VERDICTS)}")
    if empty:
        return replace(verdict, outcome="refused", note=f"no {', '.join(empty)}")
    try:
        datetime.fromisoformat(verdict.when)
    except ValueError:
        return replace(verdict, outcome="refused", note="when is not an ISO 8601 date or time")
    if verdict.verdict in {"merge", "rename"} and not verdict.value:
        return replace(verdict, outcome="refused", note=f"{verdict.verdict} needs a value")
    if verdict.verdict in {"confirm", "reject"} and verdict.value:
        return replace(verdict, outcome="refused", note=f"{verdict.verdict} takes no value; the reason goes in why")
    if verdict.verdict == "merge" and verdict.value == verdict.target:
        return replace(verdict, outcome="refused", note="merge needs the id of another one as its value")
    return verdict


def _mark_superseded(verdicts: list[Verdict]) -> list[Verdict]:
    """Mark all but the last of several verdicts on one target as superseded; renames are treated separately."""
    last: dict[tuple[str, bool], int] = {}
    for v in verdicts:
        if not v.outcome:
            last[v.target, v.verdict == "rename"] = v.line
    return [
        v if v.outcome or last[v.target, v.verdict == "rename"] == v.line
        else replace(v, outcome="superseded", note=f"line {last[v.target, v.verdict == 'rename']} says otherwise")
        for v in verdicts
    ]  # fmt: skip


def add_review(path: Path, *, target: str, verdict: str, who: str, when: str, why: str, value: str = "") -> Verdict:
    """Append one verdict to a review file, creating it if needed; ConfigError if the verdict is refused."""
    new = _validated(Verdict(0, target, verdict, value, who, when, why))
    if new.outcome:
        raise ConfigError(f"review of {printable(target)}: {new.note} (nothing was written)")
    if path.is_file():
        read_reviews(path)  # raises if the file cannot be read, before anything is added
    before = path.read_text("utf-8-sig") if path.is_file() else ",".join(FIELDS) + "\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([neutral(getattr(new, f)) for f in FIELDS])
    write_text(path, before + ("" if before.endswith("\n") else "\n") + line.getvalue())
    return read_reviews(path)[-1]


def superseded_of_others(verdicts: Sequence[Verdict], last: Verdict) -> list[Verdict]:
    """Other analysts' verdicts that this one superseded: the last line on a target stands, whoever wrote it."""
    note = f"line {last.line} says otherwise"
    return [v for v in verdicts if v.outcome == "superseded" and v.note == note and v.who != last.who]


def withdraw_review(path: Path, line: int) -> Verdict:
    """Remove the verdict that ends at this line from a review file, and return it; ConfigError if there is none."""
    verdicts = read_reviews(path) if path.is_file() else []
    ends = [v.line for v in verdicts]
    if line not in ends:
        known_lines = f"there are {', '.join(map(str, ends))}" if ends else "there are none"
        raise ConfigError(f"{printable(path)}: no verdict at line {line}; {known_lines} (nothing was changed)")
    text = list(io.StringIO(path.read_text("utf-8-sig")))
    reader, begin = csv.reader(text), 0
    for _ in reader:  # a quoted reason may span several lines
        if reader.line_num >= line:
            break
        begin = reader.line_num
    write_text(path, "".join(text[:begin] + text[line:]))
    return verdicts[ends.index(line)]
