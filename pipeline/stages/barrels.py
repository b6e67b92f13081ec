"""Tables of calls to liftings, and liftings to an account, on files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.account_words import account_lines, as_of_day, unseen_lines
from pipeline.config import (
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
from pipeline.ingest.simulated_mark import says_simulated
from pipeline.plurals import number_of
from pipeline.stages.given_tables import (
    has_keys,
    looks_at_counted,
    read_calls,
    read_liftings,
    tell_simulated,
    tell_unread_sizes,
)
from pipeline.stages.table_doubts import (
    tell_contradictions,
    tell_doubts,
    tell_edits,
    tell_not_yet,
    tell_other_trades,
    tell_other_way,
    tell_repeats,
)
from pipeline.storage import marked, read_table, require_apart, write_table
from pipeline.tables import MISSED

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.volume import DrawnOnce


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
    tell_other_trades(table, calls, console)
    tell_unread_sizes(table, calls, liftings, console)
    tell_doubts(table, liftings, console, time_forms)
    tell_repeats(table, calls, liftings, console)
    tell_other_way(table, liftings, console)
    tell_not_yet(table, liftings, datetime.now(UTC), console)
    write_table(marked(liftings, tell_simulated([table], console)), out)


def account(
    liftings: list[Path],
    cap: Path,
    out: Path,
    assumptions: Path | None,
    settings: dict[str, object],
    seed: int,
    console: Console,
    *,
    as_of: str | None = None,
    missed: Path | None = None,
    looks: Path | None = None,
    zones: Path | None = None,
) -> None:
    """The running account of liftings against a cap; the headline goes to standard output."""
    from pipeline import volume as stage

    require_apart(out, *liftings, cap, assumptions, missed, looks, zones)
    looked = looks_at_counted(looks, zones)
    config = _volume_config(assumptions, settings)
    rules = load_cap(cap, config)
    for doubt in cap_doubts(rules, datetime.now(UTC).date()):
        console.note(f"{printable(cap)}: {doubt}")
    simulated = _simulated(liftings, missed, looks)
    drawn = stage.DrawnOnce(config, seed)
    tables = [_accountable(path, rules, drawn, console) for path in liftings]
    if console.problems and not any(table["counts"].any() for table in tables):
        raise NothingUsable("none of the counted calls could be used (nothing was written)")
    if len(tables) > 1:  # alone, such a table keeps the draws that it had
        tables = [
            table if has_keys(path) else stage.with_keys_of_places(table)
            for path, table in zip(liftings, tables, strict=True)
        ]
    table = tables[0] if len(tables) == 1 else stage.counted_once(tables, config, rules.year_starts, seed)
    known = {cause for given in tables for cause in given["cause"]}
    for row in table[~table["cause"].isin(known)].itertuples():  # what the tables say together
        console.note(f"call {row.call_id}: {row.cause}")
    unseen = read_table(missed, MISSED) if missed is not None else None
    ledger = stage.ledger_of_draws(table, rules, drawn, as_of=as_of_day(as_of), looks=looked, missed=unseen)
    if not len(ledger):
        refused = int((table["status"] == "refused").sum())
        why = f"; {number_of(refused, 'row')} refused, for what the column cause says" if refused else ""
        raise NothingUsable(
            f"no counted call with a day, and no --as-of: there is no account year{why} (nothing was written)"
        )
    write_table(marked(ledger, simulated), out)
    head = stage.headline(table, ledger, rules, config)
    lines = account_lines(head, rules)
    if unseen is not None:
        lines += unseen_lines(head, set(ledger["day"]), set(unseen["day"]))
    for line in lines:
        console.result(f"SIMULATED: {line}" if simulated else line)


def _simulated(liftings: list[Path], *beside: Path | None) -> bool:
    """Are these liftings of a simulation?

    ConfigError where some are, or what stands ``beside`` them is: the account would count ships, and looks, that never
    were.
    """
    given = [*liftings, *(path for path in beside if path is not None)]
    made = [path for path in given if says_simulated(path)]
    if made and (other := next((path for path in liftings if path not in made), None)) is not None:
        raise ConfigError(
            f"{printable(made[0])}: is SIMULATED, {printable(other)} does not say so; leave one out, or if both "
            "are, make the other one's liftings again (nothing was written)"
        )
    return bool(made)


def _accountable(path: Path, cap: CapConfig, drawn: DrawnOnce, console: Console) -> pd.DataFrame:
    """Liftings of one file; rows that count but cannot be in an account are told and count no more."""
    from pipeline import volume as stage

    config = drawn.config
    table = read_liftings(path, config)
    causes = stage.refusals(table, cap, config)
    for call, cause in causes.items():
        console.problem(f"{path}: call {call}: {cause}", done="row left out of the account")
    table = stage.refused(table, causes)
    tell_contradictions(path, table, console)
    tell_edits(path, stage.edits(table, drawn), console)
    return table


def _volume_config(assumptions: Path | None, settings: dict[str, object]) -> VolumeConfig:
    """Assumptions: a YAML file that is a volume section, with its name or without, or a run file that has one."""
    if assumptions is None:
        return build(VolumeConfig, settings, where="--set")
    data, lines = read_yaml(assumptions)
    if "aoi" in data:
        return build(RunConfig, merged(data, {"volume": settings}), where=printable(assumptions), lines=lines).volume
    if set(data) == {"volume"} and isinstance(data["volume"], dict):  # copied with its name from `config show`
        data, lines = data["volume"], {path[1:]: line for path, line in lines.items() if path[1:]}
    return build(VolumeConfig, merged(data, settings), where=printable(assumptions), lines=lines)
