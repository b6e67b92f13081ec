"""Words the report on one AIS file: its damage, and what in it is valid but odd."""

from __future__ import annotations

from pipeline.ingest.ais.inconsistent_rows import InconsistentRows
from pipeline.ingest.ais.likely_columns import columns_option
from pipeline.ingest.ais.table_read import TableRead
from pipeline.ingest.ais.untimed import UntimedCount
from pipeline.plurals import first_of

MOST_NAMES = 12  # columns named in one line; our choice
MOST_TYPES = 3  # ship types quoted in one line; our choice
MANY_ROWS = 100  # rows from which an empty column is reported; our choice


def log_damage(balance: dict[str, int]) -> str:
    """The doubt about a log with too many bad lines; some wrong checksums are normal in radio reception."""
    lines = sum(balance.values())
    bad = balance["bad_checksum"] + balance["bad_format"]
    if not balance["decoded"]:
        return f"no message could be decoded from {lines} lines ({bad} damaged)"
    return f"{bad} of {lines} lines are damaged" if bad > lines / 2 else ""


def table_damage(read: TableRead) -> str:
    """Lines of a table that are not messages, invalid values, and columns that may be damaged."""
    lines, causes = sum(read.balance.values()), list(read.header_doubts)
    if read.bad_rows and not read.balance["decoded"]:
        causes = []  # of no use to anybody while no row is a message
    for name, (count, first) in read.invalid_values.items():
        number = "number is none and was" if count == 1 else "numbers are none and were"
        causes.insert(0, f"{count} {name.upper()} {number} left out, not the rows; {first}")
    if read.bad_rows:
        causes.insert(0, f"{read.bad_rows} of {lines} lines are no messages; {read.first_bad_row}")
    elif not read.balance["decoded"]:
        causes.insert(0, "has a header and no rows")
    return "; ".join(causes)


def oddities(read: TableRead, impossible: dict[str, int], inconsistent: InconsistentRows, untimed: UntimedCount) -> str:
    """Oddities that are not errors: they may occur in a good file as well as in a damaged one."""
    remarks = inconsistent.remarks()
    if untimed.n and not untimed.cause():
        remarks.insert(0, untimed.remark())
    if impossible:
        counts = ", ".join(f"{name} {count}" for name, count in impossible.items())
        suffix = "; the draught typed before stands" if "draught" in impossible else ""
        remarks.insert(0, f"values that no transponder sends are taken for missing ({counts}{suffix})")
    if read.empty_columns and read.balance["decoded"] >= MANY_ROWS:
        names = ", ".join(read.empty_columns.values())
        remarks.insert(0, f"no row has a value in {'column' if len(read.empty_columns) == 1 else 'columns'} {names}")
    if read.unused_columns:
        remarks.append(f"columns not used: {first_of(read.unused_columns, MOST_NAMES)}")
    if read.joined_time_columns:
        day, clock = read.joined_time_columns
        option = columns_option({"date": "COLUMN", "time_utc": "COLUMN"})
        remarks.insert(0, f"columns {day!r} and {clock!r} are read as one time; {option} names others")
    if read.unknown_types:
        shown = ", ".join(list(read.unknown_types)[:MOST_TYPES])
        more = f" and {len(read.unknown_types) - MOST_TYPES} more" if len(read.unknown_types) > MOST_TYPES else ""
        remarks.insert(0, f"types of ship without a code are taken for unknown ({shown}{more})")
    if read.last_line_unfinished:
        remarks.insert(0, "its last line has no end and may be cut")
    return "; ".join(remarks)
