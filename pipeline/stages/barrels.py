"""`capwatch volume` and `capwatch account` on files: calls to liftings, and liftings to an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.account_words import (
    account_lines,
    excluded_row_lines,
    parse_as_of_day,
    unseen_lines,
    unwatched_end_lines,
    year_turn_lines,
)
from pipeline.config import (
    MOVED,
    CapConfig,
    RunConfig,
    VolumeConfig,
    build,
    cap_doubts,
    load_cap,
    merged,
    read_yaml,
)
from pipeline.console import Console
from pipeline.errors import ConfigError, NothingUsable, printable
from pipeline.ingest.simulated_mark import is_marked_simulated
from pipeline.plurals import number_of
from pipeline.stages.given_tables import (
    has_keys,
    looks_at_counted,
    read_calls,
    read_liftings,
    read_missed,
    report_lost_digits,
    report_simulated,
    report_unread_sizes,
    report_zones_of_two_places,
)
from pipeline.stages.table_doubts import (
    report_contradictions,
    report_doubts,
    report_edits,
    report_excluded_by_operation,
    report_future_calls,
    report_opposite_direction,
    report_other_trades,
    report_repeats,
    report_same_ship_calls,
    report_soon_again,
)
from pipeline.storage import require_apart
from pipeline.table_files import marked, write_table
from pipeline.workspace import find_cap

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.volume import DrawCache


def volume(
    table: Path,
    out: Path,
    assumptions: Path | None,
    settings: dict[str, object],
    seed: int,
    console: Console,
    *,
    time_forms: Sequence[str] = (),
) -> None:
    """Liftings of a table of calls with any subset of the known columns."""
    from pipeline import volume as stage

    require_apart(out, table, assumptions)
    config = _volume_config(assumptions, settings)
    calls = read_calls(table, console, time_forms, config.counted)
    liftings = stage.liftings(calls, config, seed)
    if not len(liftings):
        console.note(f"{printable(table)}: holds no call, so there is no lifting")
    report_other_trades(table, calls, console)
    report_excluded_by_operation(table, liftings, config.counted, console)
    report_unread_sizes(table, calls, liftings, console)
    report_doubts(table, liftings, console, time_forms)
    repeated = report_repeats(table, calls, liftings, console)
    twice = stage.possible_duplicates(liftings)
    report_same_ship_calls(table, {call: first for call, first in twice.items() if call not in repeated}, console)
    report_soon_again(stage.soon_again(liftings), console)
    report_opposite_direction(table, liftings, console)
    report_future_calls(table, liftings, datetime.now(UTC), console)
    write_table(marked(liftings, report_simulated([table], console)), out)


@dataclass(frozen=True, slots=True)
class WatchFiles:
    """Files of a run that say what was looked at, given beside its liftings."""

    missed: Path | None = None
    """Missed calls: what nobody saw."""
    looks: Path | None = None
    """Looks: which days were looked at."""
    zones: Path | None = None
    """The zones of these looks: which of them count."""


def account(
    liftings: list[Path],
    caps: Sequence[Path],
    out: Path,
    assumptions: Path | None,
    settings: dict[str, object],
    seed: int,
    console: Console,
    *,
    folder: bool = False,
    as_of: str | None = None,
    watch: WatchFiles,
) -> None:
    """The running account of liftings against a cap; the headline goes to standard output.

    Each of several caps gets its own account, ``out/<name of the cap's file>.csv``: their years and products differ.
    """
    from pipeline import volume as stage

    config = _volume_config(assumptions, settings)
    caps = [find_cap(cap) for cap in caps]
    targets = _targets(caps, out, folder=folder)
    for target in targets:
        require_apart(target, *liftings, *caps, assumptions, watch.missed, watch.looks, watch.zones)
    looks = looks_at_counted(watch.looks, watch.zones, console)
    rules = _load_rules(caps, config, console)
    simulated = _simulated(liftings, watch.missed, watch.looks)
    drawn = stage.DrawCache(config, seed, several_accounts=len(rules) > 1)
    given = [read_liftings(path, config) for path in liftings]
    tables = _usable_liftings(liftings, given, rules, drawn, console)
    _report_files(liftings, tables[0], drawn, console)
    unseen = read_missed(watch.missed) if watch.missed is not None else None
    zones_of = {path: table["berth_id"] for path, table in zip(liftings, given, strict=True)}
    if watch.missed is not None and unseen is not None:
        zones_of[watch.missed] = unseen["zone_id"]
    report_zones_of_two_places(zones_of, console)
    accounts = []
    for rule, cap_tables in zip(rules, tables, strict=True):
        table = _combine_tables(liftings, cap_tables, rule, drawn, console)
        ledger = stage.ledger_with_cache(table, rule, drawn, as_of=parse_as_of_day(as_of), looks=looks, missed=unseen)
        _require_an_account(ledger, table)  # for every cap, before anything is written
        accounts.append((table, ledger))
    only_path = liftings[0] if len(liftings) == 1 else None
    report_same_ship_calls(only_path, stage.possible_duplicates(accounts[0][0]), console)
    report_soon_again(stage.soon_again(accounts[0][0]), console)
    for rule, target, (table, ledger) in zip(rules, targets, accounts, strict=True):
        write_table(marked(ledger, simulated), target)
        lines = _lines_of(table, ledger, rule, unseen, config)
        for line in lines + (excluded_row_lines(table) if rule is rules[-1] else []):
            console.result(f"SIMULATED: {line}" if simulated else line)


def _load_rules(caps: Sequence[Path], config: VolumeConfig, console: Console) -> list[CapConfig]:
    """The caps; what is doubtful about them is told."""
    rules = [load_cap(cap, config) for cap in caps]
    for cap, rule in zip(caps, rules, strict=True):
        for doubt in cap_doubts(rule, datetime.now(UTC).date()):
            console.note(f"{printable(cap)}: {doubt}")
    return rules


def _targets(caps: Sequence[Path], out: Path, *, folder: bool) -> list[Path]:
    """The file to which the account of each cap is written; ConfigError if they would not be distinct."""
    if len(caps) > 1 and not folder:
        raise ConfigError("several caps need a folder to write to: end -o with a slash")
    targets = [out / f"{cap.stem}.csv" if folder else out for cap in caps]
    if len(set(targets)) < len(targets):
        raise ConfigError("two cap files have the same name and would write the same table")
    return targets


def _report_files(paths: list[Path], tables: list[pd.DataFrame], drawn: DrawCache, console: Console) -> None:
    """Report what is odd within each file of liftings."""
    from pipeline import volume as stage

    for path, table in zip(paths, tables, strict=True):
        report_lost_digits(path, console)
        report_contradictions(path, table, console)
        report_edits(path, stage.find_edits(table, drawn), console)


def _lines_of(
    table: pd.DataFrame, ledger: pd.DataFrame, cap: CapConfig, unseen: pd.DataFrame | None, config: VolumeConfig
) -> list[str]:
    """The account in words, with what nobody saw or, if that is not given, the days without a look."""
    from pipeline import volume as stage

    head, moved = stage.headline(table, ledger, cap, config), MOVED[config.counted][0]
    lines = account_lines(head, cap, ledger, moved) + year_turn_lines(head, cap, table)
    if unseen is None:
        return lines + unwatched_end_lines(ledger, moved)
    return lines + unseen_lines(head, set(ledger["day"]), set(unseen["day"]))


def _combine_tables(
    paths: Sequence[Path], tables: list[pd.DataFrame], cap: CapConfig, drawn: DrawCache, console: Console
) -> pd.DataFrame:
    """The tables combined, with a cargo or a stay found in several counted once; notes say what was combined."""
    from pipeline import volume as stage

    if len(tables) == 1:  # a single table keeps its draws, with keys or without
        return tables[0]
    keyed = [t if has_keys(path) else stage.with_content_keys(t) for path, t in zip(paths, tables, strict=True)]
    table = stage.merge_liftings(keyed, drawn.config, cap.year_starts, drawn.seed, cap.counts_product)
    known = {cause for given in tables for cause in given["cause"]}
    for row in table[~table["cause"].isin(known)].itertuples():
        console.note(f"call {row.call_id}: {row.cause}")
    return table


def _require_an_account(ledger: pd.DataFrame, liftings: pd.DataFrame) -> None:
    """Raise NothingUsable if the ledger is empty, since no call determines an account year."""
    if len(ledger):
        return
    refused = int((liftings["status"] == "refused").sum())
    why = f"; {number_of(refused, 'row')} refused, see column cause" if refused else ""
    raise NothingUsable(
        f"no counted call has a date, and --as-of is not given: no account year{why} (nothing was written)"
    )


def _simulated(liftings: list[Path], *beside: Path | None) -> bool:
    """Are these liftings simulated?

    ConfigError if only some are, or only a file given ``beside`` them: the account would mix real and simulated data.
    """
    given = [*liftings, *(path for path in beside if path is not None)]
    simulated = [path for path in given if is_marked_simulated(path)]
    if simulated and (other := next((path for path in liftings if path not in simulated), None)) is not None:
        raise ConfigError(
            f"{printable(simulated[0])}: is SIMULATED, {printable(other)} is not marked so; leave one out, or if both "
            "are simulated, make the other's liftings again (nothing was written)"
        )
    return bool(simulated)


def _usable_liftings(
    paths: Sequence[Path],
    given: Sequence[pd.DataFrame],
    caps: Sequence[CapConfig],
    drawn: DrawCache,
    console: Console,
) -> list[list[pd.DataFrame]]:
    """For each cap, the liftings of each file; rows that count but fit no account are reported and excluded."""
    from pipeline import volume as stage

    reported: set[tuple[Path, str, str]] = set()
    tables: list[list[pd.DataFrame]] = []
    for cap in caps:
        tables.append([])
        for path, table in zip(paths, given, strict=True):
            causes = stage.refusals(table, cap, drawn.config)
            for call, cause in causes.items():
                if (path, call, cause) not in reported:
                    console.problem(f"{path}: call {call}: {cause}", done="row left out of the account")
                reported.add((path, call, cause))
            tables[-1].append(stage.with_refusals(table, causes))
        if console.problems and not any(table["counts"].any() for table in tables[-1]):
            raise NothingUsable("none of the counted calls could be used (nothing was written)")
    return tables


def _volume_config(assumptions: Path | None, settings: dict[str, object]) -> VolumeConfig:
    """The volume config from a YAML file: a volume section, with or without its name, or a run file containing one."""
    if assumptions is None:
        return build(VolumeConfig, settings, where="--set")
    data, lines = read_yaml(assumptions)
    if "aoi" in data:
        return build(RunConfig, merged(data, {"volume": settings}), where=printable(assumptions), lines=lines).volume
    if set(data) == {"volume"} and isinstance(data["volume"], dict):  # copied with its name from `config show`
        data, lines = data["volume"], {path[1:]: line for path, line in lines.items() if path[1:]}
    return build(VolumeConfig, merged(data, settings), where=printable(assumptions), lines=lines)
