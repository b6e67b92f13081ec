"""Tables that people bring to a stage: their columns recognised, told where one of ours may have been meant, and asked
whether they are of a simulation."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import VolumeConfig, assumptions_id
from pipeline.console import Console
from pipeline.errors import ConfigError, ContractError, InputError, printable
from pipeline.storage import SIMULATED, SIMULATED_COLUMN, read_table
from pipeline.tables import LIFTINGS, LOOKS
from pipeline.tables.contract import TRUTH
from pipeline.tables.delimited import plain
from pipeline.tables.given import CALLS_READ, KNOWN, TIMES, column_doubts

if TYPE_CHECKING:
    import pandas as pd

ANSWER = ("estimated_barrels", "counted", "p_lifting")  # of a run's calls.csv; read as calls, what counts would be lost
_DAY = re.compile(r"%[#-]?[cdDFjsux]")  # what tells the day in a format of times
MOST_CALLS = 5  # named in one line (our choice)
MOST_NAMES = 12  # of columns in one line (our choice)


def read_calls(path: Path, console: Console, time_format: str | None = None) -> pd.DataFrame:
    """A table of calls with any of the columns that volume reads; what it leaves out is told.

    Times written in ``time_format`` (as strptime has it) are read as such; others stay as they stand. Case, blanks and
    brackets make no other name. Raises InputError where no column is known.
    """
    table = _our_names(read_table(path), path)
    if set(ANSWER) <= set(table.columns):
        raise InputError(path, "is a run's answer, rounded for documents; take port_calls.parquet of the same folder")
    # "counted" says of a table of liftings what the account counts, of other tables, ours too, whether the call does
    known = KNOWN if "counts" in table.columns else KNOWN - {"counted"}
    present = [str(name) for name in table.columns if name in known]
    if not set(present) & set(CALLS_READ):
        shown = ", ".join(map(str, table.columns[:MOST_NAMES]))
        raise InputError(path, f"no column is known among {shown}; see capwatch volume --help")
    foreign = [str(name) for name in table.columns if name not in {*known, SIMULATED_COLUMN}]
    doubts = column_doubts([plain(name) for name in foreign], present)
    for name, doubt in zip(foreign, doubts, strict=True):
        if doubt:
            console.problem(InputError(path, f"column {name} was left out: {doubt}"), done="the rest is used")
    unused = [name for name, doubt in zip(foreign, doubts, strict=True) if not doubt and not name.startswith("Unnamed")]
    if unused:
        more = " ..." if len(unused) > MOST_NAMES else ""
        console.note(printable(f"{path}: columns not used: {', '.join(unused[:MOST_NAMES])}{more}"))
    if time_format is not None:
        table = table.assign(**{name: _in_form(table[name], time_format) for name in present if name in TIMES})
    return table.dropna(how="all")


def _in_form(column: pd.Series, form: str) -> pd.Series:
    """Texts of that form as times in UTC; everything else as it is. ConfigError where it is no form of times."""
    import pandas as pd

    texts = column.map(lambda cell: cell.strip() if isinstance(cell, str) else None)
    try:
        read = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    except ValueError as error:
        cause = printable(error)[:80]
        raise ConfigError(f"--time-format {printable(form)}: is no format of times ({cause})") from error
    if not _DAY.search(form):
        raise ConfigError(f"--time-format {printable(form)}: names no day; a month would be taken for its first")
    return column.astype(object).where(read.isna(), read.astype(object))


def _our_names(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Columns whose names are ours but for case, blanks and brackets, by our names."""
    ours = {name: plain(str(name)) for name in table.columns if name not in KNOWN and plain(str(name)) in KNOWN}
    for name, known in ours.items():
        if known in table.columns or list(ours.values()).count(known) > 1:
            raise InputError(path, f"column {known} stands twice, once as {name}")
    return table.rename(columns=ours)


def tell_doubts(table: Path, liftings: pd.DataFrame, console: Console) -> None:
    """Rows that were refused or degraded, each cause once: what differs in the quoted values alone is one."""
    from pipeline.volume.dates import NO_TIME

    doubted = liftings[liftings["status"].isin(["refused", "degraded"])]
    kinds = doubted["cause"].str.replace(r"'[^']*'", "''", regex=True)
    for (status, kind), rows in doubted.groupby([doubted["status"], kinds], sort=False):
        names, cause = list(rows["call_id"]), rows["cause"].iloc[0]
        more = f" and {len(names) - MOST_CALLS} more" if len(names) > MOST_CALLS else ""
        which = f"{'call' if len(names) == 1 else 'calls'} {', '.join(names[:MOST_CALLS])}{more}"
        hint = "; name theirs with --time-format '%d.%m.%Y'" if kind == f"time '' {NO_TIME}" else ""
        done = "row kept" if len(names) == 1 else "rows kept"
        console.problem(f"{table}: {which}: {cause}{hint}", done=f"{done}, {status}")


def read_liftings(path: Path, config: VolumeConfig) -> pd.DataFrame:
    """A table of liftings made under these assumptions; ConfigError where it was made under others.

    A table of calls, which people take for one, is refused with what to do first.
    """
    try:
        table = read_table(path, LIFTINGS)
    except ContractError as error:
        if "is missing" not in str(error):
            raise
        cause = f"{error}; are these calls? Run capwatch volume on them first, and account on its liftings"
        raise ContractError(cause) from error
    _require_assumptions(path, table, config)
    return table


def _require_assumptions(path: Path, liftings: pd.DataFrame, config: VolumeConfig) -> None:
    """Refuse liftings made under others than these: the account draws them again, and would give another sum."""
    mine, theirs = assumptions_id(config), sorted(set(liftings["assumptions_id"]))
    if others := [name for name in theirs if name != mine]:
        raise ConfigError(
            f"{printable(path)}: its liftings rest on other assumptions ({printable(', '.join(others))}) than this "
            f"account ({mine}): give account the --assumptions and --set that capwatch volume had, or for liftings of "
            "a run --assumptions with its config.yaml (nothing was written)"
        )


def says_simulated(path: Path) -> bool:
    """Does a file say that its table is of a simulation, by the word that `marked` gives or by a column ``simulated``?

    Raises InputError where it is no table that can be read.
    """
    import pyarrow.parquet

    if path.suffix.lower() == ".parquet":
        with suppress(OSError, ValueError):
            schema = pyarrow.parquet.read_schema(path)
            told = json.loads((schema.metadata or {}).get(b"PANDAS_ATTRS", b"{}"))
            if isinstance(told, dict) and told.get(SIMULATED):
                return True
            if SIMULATED_COLUMN not in schema.names:
                return False
    said = read_table(path).get(SIMULATED_COLUMN, ())
    return any(TRUTH.get(str(value).strip().lower(), False) for value in said)


def looks_at_counted(looks: Path | None, zones: Path | None) -> pd.DataFrame | None:
    """Looks at the zones whose stays count; None where none are given, ConfigError where one file lacks the other."""
    from pipeline.ingest.place import read_zones

    if (looks is None) != (zones is None):
        raise ConfigError("--looks and --zones go together: zones that do not count say nothing of an account's days")
    if looks is None or zones is None:
        return None
    counted = {zone.zone_id for zone in read_zones(zones) if zone.counts}
    table = read_table(looks, LOOKS)
    return table[table["zone_id"].isin(counted)]
