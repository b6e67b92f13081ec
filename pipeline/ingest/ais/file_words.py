"""Words the report on one AIS file: its damage, and what in it is valid but odd."""

from __future__ import annotations

from pipeline.ingest.ais.doubts import Doubts
from pipeline.ingest.ais.likely import option
from pipeline.ingest.ais.table_read import TableRead
from pipeline.ingest.ais.untimed import Untimed
from pipeline.plurals import first_of

MOST_NAMES = 12  # columns named in one line; our choice
MOST_WORDS = 3  # ship types quoted in one line; our choice
MANY_ROWS = 100  # rows from which an empty column is reported; our choice


def noise(balance: dict[str, int]) -> str:
    """The doubt about a log with too many bad lines; some wrong checksums are normal in radio reception."""
    lines = sum(balance.values())
    bad = balance["bad_checksum"] + balance["bad_format"]
    if not balance["decoded"]:
        return f"no message could be decoded from {lines} lines ({bad} damaged)"
    return f"{bad} of {lines} lines are damaged" if bad > lines / 2 else ""


def bad_rows(read: TableRead) -> str:
    """Lines of a table that are not messages, invalid values, and columns that may be damaged."""
    lines, causes = sum(read.balance.values()), list(read.header_doubts)
    if read.bad_rows and not read.balance["decoded"]:
        causes = []  # of no use to anybody while no row is a message
    for name, (count, first) in read.void.items():
        number = "number is none and was" if count == 1 else "numbers are none and were"
        causes.insert(0, f"{count} {name.upper()} {number} left out, not the rows; {first}")
    if read.bad_rows:
        causes.insert(0, f"{read.bad_rows} of {lines} lines are no messages; {read.first_bad}")
    elif not read.balance["decoded"]:
        causes.insert(0, "has a header and no rows")
    return "; ".join(causes)


def noted(read: TableRead, impossible: dict[str, int], doubts: Doubts, untimed: Untimed) -> str:
    """Oddities that are not errors: they may occur in a good file as well as in a damaged one."""
    said = doubts.said()
    if untimed.n and not untimed.cause():
        said.insert(0, untimed.said())
    if impossible:
        counts = ", ".join(f"{name} {count}" for name, count in impossible.items())
        last = "; the draught typed before stands" if "draught" in impossible else ""
        said.insert(0, f"values that no transponder sends are taken for missing ({counts}{last})")
    if read.blank and read.balance["decoded"] >= MANY_ROWS:
        names = ", ".join(read.blank.values())
        said.insert(0, f"no row has a value in {'column' if len(read.blank) == 1 else 'columns'} {names}")
    if read.unused:
        said.append(f"columns not used: {first_of(read.unused, MOST_NAMES)}")
    if read.times_of:
        day, clock = read.times_of
        other = option({"date": "COLUMN", "time_utc": "COLUMN"})
        said.insert(0, f"columns {day!r} and {clock!r} are read as one time; {other} names others")
    if read.strange_types:
        told = ", ".join(list(read.strange_types)[:MOST_WORDS])
        more = f" and {len(read.strange_types) - MOST_WORDS} more" if len(read.strange_types) > MOST_WORDS else ""
        said.insert(0, f"types of ship without a code are taken for unknown ({told}{more})")
    if read.unfinished:
        said.insert(0, "its last line has no end and may be cut")
    return "; ".join(said)
