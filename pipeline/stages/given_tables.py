"""Reads tables that users supply to a stage: recognises their columns, suggests likely meanings of unknown ones, and
detects simulated data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import VolumeConfig, assumptions_id
from pipeline.console import Console
from pipeline.errors import ConfigError, ContractError, InputError, PipelineError, printable
from pipeline.ingest.simulated_mark import is_marked_simulated
from pipeline.plurals import first_of
from pipeline.provenance import read_manifest
from pipeline.stages.given_times import parse_times
from pipeline.table_files import SIMULATED_COLUMN, read_table
from pipeline.tables import LIFTINGS, LOOKS, MISSED
from pipeline.tables.call_columns import CALLS_READ, KNOWN, TIMES, column_doubts, resembling_column
from pipeline.tables.delimited import plain_column_name
from pipeline.tables.operations import OPERATIONS, is_stated, stated_direction
from pipeline.tables.ship_numbers import SHIP_NUMBERS, read_ship_numbers
from pipeline.tables.time_formats import formats_of
from pipeline.tables.total_rows import is_total
from pipeline.types.ids import never_a_number

if TYPE_CHECKING:
    import pandas as pd

ANSWER = ("estimated_barrels", "counted", "p_lifting")  # of a run's calls.csv, which is not a table of calls
_NUMBER = re.compile(r"\d[\d.,\s]*[^\W\d]{0,3}\.?")  # followed by a unit of up to three letters
LIFTED = ("assumptions_id", "dwt_p50_t", "barrels_p50")  # of liftings; reading them as calls would lose a stated cargo
RATE_LAW = {"unseen_days": False, "rate_shape": True, "rate_per_d": True}  # of missed calls; True: above 0
NO_REAL_SHIP = "SIMULATED: no real ship is in it"
NEEDED = (
    "a call has a day (arrival) and a size (length_m and beam_m, or dwt_t) or a cargo (tonnes or barrels); "
    "capwatch volume --help names all columns"
)
NAMED_BY = ("call_id", "vessel_id", "name", "arrival", "departure")  # columns in which a row may be labelled a total
DAYS = ("arrival", "departure")  # one of them determines a call's account year
MOST_CALLS = 5  # named in one line (our choice)
MOST_NAMES = 12  # columns named in one line (our choice)


def read_calls(path: Path, console: Console, time_forms: Sequence[str] = (), counted: str = "loading") -> pd.DataFrame:
    """Read a table of calls with any of the columns that volume knows; reports what it leaves out.

    Times in one of ``time_forms`` (strptime formats) are parsed; others stay as written. Column names match whatever
    their case, blanks and brackets. A call whose row says that no cargo moved in the direction ``counted`` is not
    counted, nor is a row of totals. Raises InputError if no column is known.
    """
    table = _with_known_names(read_table(path, verbatim=SHIP_NUMBERS), path)
    sums = _rows_of_sums(table)
    table = _with_ship_numbers(table, path, console)
    if set(ANSWER) <= set(table.columns):
        raise InputError(path, "is a run's answer, rounded for documents; use port_calls.parquet of the same folder")
    if set(LIFTED) <= set(table.columns):
        raise InputError(path, "holds liftings already; give it to capwatch account, or give volume the table of calls")
    present = [str(name) for name in table.columns if name in _known_columns(table)]
    if not set(present) & (set(CALLS_READ) - set(SHIP_NUMBERS)):  # a ship number alone tells nothing about a lifting
        raise InputError(path, _nothing_known(table))
    table = _with_directions(table, path, console)
    doubts = _unknown_columns(table)
    for name, doubt in doubts.items():
        if doubt:
            console.problem(InputError(path, f"column {name} was left out: {doubt}"), done="the rest is used")
    if unused := [name for name, doubt in doubts.items() if not doubt]:
        console.note(printable(f"{path}: columns not used: {first_of(unused, MOST_NAMES)}"))
    if time_forms:
        table = table.assign(**{name: parse_times(table[name], time_forms) for name in present if name in TIMES})
    has_content = table.notna() & ~table.map(lambda cell: isinstance(cell, str) and not cell.strip())  # drop blank rows
    return _without_sums(_without_cargo(table[has_content.any(axis=1)], counted), sums, path, console)


def _nothing_known(table: pd.DataFrame) -> str:
    """Why a table is unusable: no known column, or ship numbers only; with likely meanings, or what a call needs."""
    numbers = [str(name) for name in table.columns if name in SHIP_NUMBERS]
    columns = {str(name): table[name] for name in table.columns if name not in numbers}
    names = list(columns)
    meant = {name: _suggestion(resembling_column(plain_column_name(name), numbers), columns[name]) for name in names}
    if not set(DAYS) & set(meant.values()):
        meant |= {name: " or ".join(DAYS) for name in names if not meant[name] and _has_days(columns[name])}
    meant = {name: ours for name, ours in meant.items() if ours}
    if not meant:
        return f"no known column among {first_of(names, MOST_NAMES)}; {NEEDED}"
    others = [name for name in names if name not in meant]
    unknown = f"; unknown: {first_of(others, MOST_NAMES)}" if others else ""
    may_be = first_of([f"{name} may be {ours}" for name, ours in meant.items()], MOST_NAMES)
    but = f"but {' and '.join(numbers)} " if numbers else ""
    return f"no column {but}has a known name: {may_be}; rename those that are{unknown}"


def _with_ship_numbers(table: pd.DataFrame, path: Path, console: Console) -> pd.DataFrame:
    """Read IMO numbers and MMSI, dropping those that lost digits, which two ships might share."""
    for name in SHIP_NUMBERS:
        if name not in table:
            continue
        numbers, rounded = read_ship_numbers(table[name])
        if rounded:
            console.problem(_lost_digits(path, name, rounded), done="rows kept without that number")
        table = table.assign(**{name: numbers})
    return table


def _lost_digits(path: Path, name: str, rounded: Sequence[str]) -> InputError:
    """The error for rounded numbers in a column, naming the first."""
    others = f" and {len(rounded) - 1} more" if len(rounded) > 1 else ""
    cause = f"column {name}: {rounded[0]}{others} lost digits, as spreadsheets do to long numbers"
    return InputError(path, f"{cause}; save it again with all digits")


def _without_cargo(table: pd.DataFrame, counted: str) -> pd.DataFrame:
    """Exclude calls whose ``operation`` says that no cargo moved in the counted direction, if the rest of the row
    agrees."""
    if "operation" not in table:
        return table
    directions = table["operation"].map(lambda cell: stated_direction(str(cell)), na_action="ignore")
    no_cargo = directions.map(
        lambda shares: isinstance(shares, tuple) and shares[counted == "discharging"] == 0
    ).astype(bool)
    return _excluded(table, no_cargo & (table[f"p_{counted}"] == 0), "other_direction")


def _rows_of_sums(table: pd.DataFrame) -> pd.Series:
    """The label (such as "Total") of each row that sums the table up, by index; looks at name and day columns only."""
    import pandas as pd

    labels = pd.Series("", table.index)
    for name in dict.fromkeys([*table.columns[:1], *(name for name in NAMED_BY if name in table)]):
        cells = table[name].astype(object)
        labels = labels.mask(cells.map(is_total).astype(bool) & (labels == ""), cells)
    return labels[labels != ""]


def _without_sums(table: pd.DataFrame, sums: pd.Series, path: Path, console: Console) -> pd.DataFrame:
    """The table with rows of totals excluded, which is reported."""
    which = table.index.isin(sums.index) & (table["counts"].isna() if "counts" in table else True)
    if which.any():
        words = first_of([repr(str(cell).strip()) for cell in sums[table.index[which]]], MOST_CALLS)
        number = "a total of the table" if which.sum() == 1 else f"{which.sum()} totals of the table"
        cause = f"{words}: {number}; if one is a call, write true under counts"
        kept = "row kept" if which.sum() == 1 else "rows kept"
        console.problem(InputError(path, cause), done=f"{kept}, not counted")
    return _excluded(table, which, "sums_up")


def _excluded(table: pd.DataFrame, which: pd.Series, flag: str) -> pd.DataFrame:
    """The table with these calls flagged and not counted, unless their rows state ``counts``."""
    import pandas as pd

    from pipeline.volume.cells import read_list

    columns = {name: table[name] if name in table else pd.Series(None, table.index) for name in ("counts", "flags")}
    which = which & columns["counts"].isna()
    flags = columns["flags"].map(lambda cell: ";".join([*read_list({"": cell}, ""), flag]))
    columns = {
        "counts": columns["counts"].astype(object).mask(which, False),
        "flags": columns["flags"].astype(object).mask(which, flags),
    }
    return table.assign(**columns) if which.any() else table


def _with_directions(table: pd.DataFrame, path: Path, console: Console) -> pd.DataFrame:
    """Turn directions in words into probabilities where the row has none; reports words that state no direction."""
    import pandas as pd

    from pipeline.volume.cells import is_empty

    names = {plain_column_name(str(name)): name for name in table.columns}
    column = next((names[name] for name in OPERATIONS if name in names), None)
    if column is None:
        return table
    words = table[column].map(lambda cell: str(cell).strip(), na_action="ignore")
    chances = {
        name: table[name] if name in table else pd.Series(None, table.index) for name in ("p_loading", "p_discharging")
    }
    unset = words[words.map(is_stated) & chances["p_loading"].map(is_empty) & chances["p_discharging"].map(is_empty)]
    directions = unset.map(stated_direction)
    if unclear := [repr(cell) for cell in dict.fromkeys(unset[directions.isna()])]:
        how = "write loading, discharging or neither, or their chances as p_loading and p_discharging"
        cause = f"column {column}: {first_of(unclear, MOST_CALLS)} states no direction; {how}"
        console.problem(InputError(path, cause), done="rows taken as going the counted way")
    stated = directions.dropna()
    for n, (name, chance_column) in enumerate(chances.items()):
        chances[name] = chance_column.astype(object).where(~table.index.isin(stated.index), stated.map(itemgetter(n)))
    return table.rename(columns={column: "operation"}).assign(**chances)


def report_unread_sizes(path: Path, calls: pd.DataFrame, liftings: pd.DataFrame, console: Console) -> None:
    """Report that every ship was assumed to be of the usual size; as an error if unread columns hold numbers.

    Otherwise sizes under an unrecognised column name would go unused with only a note.
    """
    methods = liftings.loc[liftings["status"] != "refused", "method"]
    usual = methods[~methods.str.endswith("; given")].str.startswith("dwt_prior")  # a stated cargo needs no size
    names = [name for name, doubt in _unknown_columns(calls).items() if not doubt and _has_number(calls[name])]
    if not len(usual) or not usual.all():
        return
    if not names:
        ships = "the one ship was" if len(usual) == 1 else f"all {len(usual):,} ships were"
        rows = "no row" if len(usual) == len(methods) else "no row without barrels or tonnes"
        console.note(f"{printable(path)}: {rows} states a size: {ships} assumed to be of the usual size")
        return
    shown = first_of(names, MOST_NAMES)
    cause = f"no ship size was read, and numbers in {shown} were ignored; name sizes length_m, beam_m or dwt_t"
    console.problem(InputError(path, cause), done="every ship assumed to be of the usual size")


def _unknown_columns(table: pd.DataFrame) -> dict[str, str]:
    """Unknown columns, by their names in the file, each with what it may have meant, or ""."""
    known = _known_columns(table)
    names = [str(name) for name in table.columns if name not in {*known, SIMULATED_COLUMN}]
    names = [name for name in names if not name.startswith("Unnamed")]
    present = [str(name) for name in table.columns if name in known]
    doubts = dict(zip(names, column_doubts([plain_column_name(name) for name in names], present), strict=True))
    if "product" not in present:
        doubts = {name: _suggestion(doubt, table[name]) for name, doubt in doubts.items()}
    if not any(name.startswith(DAYS) for name in present):
        days = [name for name, doubt in doubts.items() if not doubt and _has_days(table[name])]
        doubts |= dict.fromkeys(days, f"if it is {' or '.join(DAYS)}, rename it")
    if "operation" not in table:
        doubts |= {name: "if it is operation, rename it" for name in names if _has_directions(table[name])}
    return doubts


def _suggestion(meant: str, column: pd.Series) -> str:
    """The suggested meaning of a column named for a cargo: the product if no cell holds a number.

    >>> import pandas as pd
    >>> [_suggestion("if it is tonnes or barrels", pd.Series(cells)) for cells in (["Diesel"], ["2,000 t"])]
    ['if it is product', 'if it is tonnes or barrels']
    """
    named = column.notna().any() and not _has_number(column)
    return meant.replace("tonnes or barrels", "product") if named else meant


def _has_days(column: pd.Series) -> bool:
    """Are its first cells dates or times? They may be the call's only ones, whatever the column is called.

    >>> import pandas as pd
    >>> [_has_days(pd.Series(cells)) for cells in (["2024-03-07"], [None, "07.03.2024 14:05"], ["Nampo"], [20240307])]
    [True, True, False, False]
    """
    import pandas as pd

    texts = [cell for cell in column.dropna().unique()[:MOST_CALLS] if isinstance(cell, str) and not cell.isdigit()]
    return bool(pd.api.types.is_datetime64_any_dtype(column) or formats_of(texts))


def _has_directions(column: pd.Series) -> bool:
    """Does a cell say that cargo was loaded or discharged?"""
    return any(any(stated_direction(cell) or ()) for cell in column.unique() if isinstance(cell, str))


def _known_columns(table: pd.DataFrame) -> frozenset[str]:
    """Our column names. "counted" is the direction in a table of liftings (one with "counts"), elsewhere unknown."""
    return KNOWN if "counts" in table.columns else KNOWN - {"counted"}


def _has_number(column: pd.Series) -> bool:
    """Is any cell a number, with or without a unit?

    >>> import pandas as pd
    >>> [_has_number(pd.Series([cell])) for cell in (98, "98,5", "1 250 t", None, "2024-03-07", "berth 5")]
    [True, True, True, False, False, False]
    """
    return bool(column.dropna().map(lambda cell: bool(_NUMBER.fullmatch(str(cell).strip()))).any())


def _with_known_names(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Rename columns that match our names except for case, blanks and brackets; InputError if two would be the same."""
    ours = {
        name: plain_column_name(str(name))
        for name in table.columns
        if name not in KNOWN and plain_column_name(str(name)) in KNOWN
    }
    for name, known in ours.items():
        if known in table.columns or list(ours.values()).count(known) > 1:
            raise InputError(path, f"column {known} appears twice, once as {name}")
    return table.rename(columns=ours)


def read_liftings(path: Path, config: VolumeConfig) -> pd.DataFrame:
    """A table of liftings made under these assumptions; ConfigError if it was made under others.

    A table of calls given by mistake is refused with a hint to run volume first.
    """
    try:
        table = read_table(path, LIFTINGS)
    except ContractError as error:
        if "is missing" not in str(error) and "assumptions_id" in read_table(path):
            raise
        cause = f"{error}; are these calls? Run capwatch volume on them first, and account on its liftings"
        raise ContractError(cause) from error
    # Ids of earlier versions could read as numbers
    table = table.assign(assumptions_id=table["assumptions_id"].map(never_a_number))
    _require_assumptions(path, table, config)
    return table


def read_missed(path: Path) -> pd.DataFrame:
    """A run's table of missed calls; ContractError if its rate distributions cannot be sampled.

    All days of a zone share one rate. Two runs in one file would have two, and a ship lying there between them would be
    in both.
    """
    table = read_table(path, MISSED)
    known = table[table["state"] == "known"]
    for name, positive in RATE_LAW.items():
        bad = known[known[name].isna() | (positive & (known[name] <= 0))]
        if len(bad):
            cause = (
                f"{name} of {bad['missed_id'].iloc[0]} is empty{' or 0' if positive else ''}, though its state is known"
            )
            raise ContractError(f"{printable(path)}: table missed: {printable(cause)}")
    laws = known.groupby("zone_id")[["n_seen", "rate_shape", "rate_per_d"]].nunique().max(axis=1)
    if several := [str(zone) for zone in laws.index[laws > 1]]:
        raise ContractError(
            f"{printable(path)}: table missed: the days of {printable(several[0])} have several rates (n_seen, "
            "rate_shape, rate_per_d), as rows of several runs do; use the table of one run over the whole period"
        )
    return table


def report_zones_of_two_places(tables: Mapping[Path, pd.Series], console: Console) -> None:
    """Warn of zone ids shared by runs of several AOIs (known for tables in run folders): a zone is identified by its id
    alone, so stays and looks at both would be taken for those of one zone."""
    places: dict[str, set[str]] = {}
    for path, zones in tables.items():
        try:
            aoi = str(read_manifest(path.parent)["aoi"])
        except (KeyError, PipelineError):  # not a table in a run folder: its place is unknown
            continue
        for zone in set(zones) - {""}:
            places.setdefault(str(zone), set()).add(aoi)
    for zone, aois in sorted(places.items()):
        if len(aois) > 1:
            names = printable(", ".join(sorted(aois)))
            note = f"zone {printable(zone)} is in the AOIs {names} and taken as one berth; if they are different berths"
            console.note(f"{note}, give each its own id in its zones file and run again")


def report_lost_digits(path: Path, console: Console) -> None:
    """Report ship numbers in a table of liftings that a spreadsheet rounded: they may be another ship's."""
    if path.suffix == ".parquet":
        return
    table = read_table(path, verbatim=SHIP_NUMBERS)
    for name in SHIP_NUMBERS:
        if name in table and (rounded := read_ship_numbers(table[name])[1]):
            console.problem(_lost_digits(path, name, rounded), done="rows kept unchanged")


def has_keys(path: Path) -> bool:
    """Does a file of liftings have draw keys? Older files identify a call without an id by its place alone."""
    return "draw_key" in read_table(path).columns


def _require_assumptions(path: Path, liftings: pd.DataFrame, config: VolumeConfig) -> None:
    """Refuse liftings made under other assumptions: the account samples them again, and its sum would differ."""
    own, found = assumptions_id(config), sorted(set(liftings["assumptions_id"]))
    if others := [name for name in found if name != own]:
        raise ConfigError(
            f"{printable(path)}: its liftings rest on other assumptions ({printable(', '.join(others))}) than this "
            f"account ({own}): give account the --assumptions and --set that capwatch volume had, or for liftings of "
            "a run --assumptions with its config.yaml (nothing was written)"
        )


def report_simulated(paths: Iterable[Path | None], console: Console) -> bool:
    """Is any of the files marked as simulated, so that results made with it are too? Reports those that are."""
    simulated = [path for path in paths if path is not None and is_marked_simulated(path)]
    for path in simulated:
        console.note(f"{printable(path)}: {NO_REAL_SHIP}")
    return bool(simulated)


def looks_at_counted(looks: Path | None, zones: Path | None, console: Console) -> pd.DataFrame | None:
    """Looks at the zones whose stays count; None if none are given, ConfigError if only one of the files is given.

    Counted zones without a look are reported: the files may come from two runs between which a zone was renamed.
    """
    from pipeline.ingest.place import read_zones

    if (looks is None) != (zones is None):
        raise ConfigError("give --looks and --zones together: the zones say which looks count")
    if looks is None or zones is None:
        return None
    counted = {zone.zone_id for zone in read_zones(zones) if zone.counts}
    table = read_table(looks, LOOKS)
    known = set(table["zone_id"])
    if known and (unseen := sorted(counted - known)):
        cause = f"no look of {printable(looks)} is at {printable(', '.join(unseen))}; its looks are at "
        fault = InputError(zones, cause + printable(", ".join(sorted(known))))
        if counted & known:
            console.note(str(fault))
        else:
            console.problem(fault, done="no day counts as looked at")
    return table[table["zone_id"].isin(counted)]
