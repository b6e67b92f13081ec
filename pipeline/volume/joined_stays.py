"""Count a stay that is in several tables of liftings once, from its first arrival to its last departure.

It may be there whole, from overlapping runs of one AOI, or in parts, from runs of consecutive months where the data of
one end while she lies there. Ship numbers, common images or equal lines make it certain that two rows are one stay;
from images alone there is a probability. If that is at least what a pair of sightings within one table needs, one row
counts, and the other possible ship enters the number of calls; if it is less, both count, and the later one enters the
sum with the probability that she is another ship. Across account years one half is needed: one row would move both
ships' cargo into the later year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from pipeline.ships.turnover import UNLIKELY
from pipeline.tables.number_law import MOST_CALLS
from pipeline.volume.compared_rows import are_parcels, cap_counts_one_of_two, content, is_same_row
from pipeline.volume.cut_stays import (
    ONE_VISIT,
    Row,
    continuation_chance,
    gap_between,
    span,
    spot_turnover,
    turnover_by_berth,
)
from pipeline.volume.draw_keys import key_of
from pipeline.volume.identity import same_ship
from pipeline.volume.joined_loads import stay_load
from pipeline.volume.membership import start_of_year
from pipeline.volume.near_rows import near_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

AS_LIKELY_AS_NOT = 0.5  # probability needed across account years
NEGLIGIBLE = 0.01  # probability of one stay below which a pair is ignored (our choice)
Causes = dict[int, tuple[str, int]]  # by row: the text on it, with a gap for the name, and the row that it names


def leave_out(causes: Causes, rows: list[Row], row: int, cause: str, kept: int) -> None:
    """Stop counting a row, since another one counts; the gap in ``cause`` is for the other one's name."""
    rows[row] |= {"counts": False, "status": "not_counted", "cause": ""}
    causes[row] = cause, kept


class _Doubt(NamedTuple):
    """How many ships' stays one row may be."""

    p_one_call: float
    beyond: float
    """Expected number of ships beyond one."""
    slope: float
    """``turns_slope``."""


@dataclass(slots=True)
class _Stay:
    """Rows taken as one stay, the most informative first."""

    rows: list[int]
    doubt: _Doubt
    chance: float = 1.0  # probability that they are one stay
    uncertain: list[int] = field(default_factory=list)  # rows joined by a probability below 1


def join_stays(rows: list[Row], table_of: list[int], year_starts: str, counts_product: Callable[[str], bool]) -> Causes:
    """Of one stay in several tables, let only the most informative row count, extended over all of them.

    ``table_of`` gives the table of each row, ``year_starts`` the day (MM-DD) on which the cap's account year begins,
    ``counts_product`` which products it counts. Weekly tables split a long stay into many parts: the first and last are
    joined through those between. Stays that are separate in the table of the row that counts remain separate.
    """
    causes: Causes = {}
    best_first = sorted((n for n, row in enumerate(rows) if row["counts"]), key=lambda n: _informative_key(rows[n]))
    chances = _chances(rows, table_of, best_first, counts_product)
    stays = _stays(rows, table_of, best_first, chances, year_starts)
    parts: dict[int, list[int]] = {}
    for n in best_first:
        stay, kept = stays[n], stays[n].rows[0]
        if table_of[n] != table_of[kept]:
            words = "the same stay as {} of another table"
            if n in stay.uncertain:
                words = f"taken as {words}, continued (probability {stay.chance:.2f})"
            leave_out(causes, rows, n, words, kept)
            parts.setdefault(kept, []).append(n)
    for kept, others in parts.items():
        certain = [n for n in others if same_ship(rows[kept], rows[n])]
        tables = {table_of[n] for n in (kept, *certain)}
        counting = [rows[n] for n in best_first if rows[n]["counts"] and table_of[n] in tables]
        if new_load := stay_load(rows[kept], [rows[n] for n in certain], counting):
            causes |= {n: (f"{causes[n][0]}, with the draughts and freeboards of all parts", kept) for n in certain}
        rows[kept] |= new_load | _joined_columns(rows[kept], [rows[n] for n in others], stays[kept].doubt)
    return causes | _possible_continuations(rows, table_of, chances, stays)


def _stays(
    rows: list[Row],
    table_of: list[int],
    best_first: list[int],
    chances: dict[tuple[int, int], float],
    year_starts: str,
) -> dict[int, _Stay]:
    """The stay of each row; the likeliest pairs are joined first."""
    rank = {n: position for position, n in enumerate(best_first)}
    stays = {n: _Stay([n], _doubt(rows[n])) for n in best_first}
    for (m, n), chance in sorted(chances.items(), key=lambda link: -link[1]):  # stable: of equal ones the best first
        better, worse = sorted((stays[m], stays[n]), key=lambda stay: rank[stay.rows[0]])
        if better is worse or chance < _required_chance(rows[m], rows[n], year_starts):
            continue
        if chance < 1:
            if _share_table(better, worse, table_of):
                continue
            better.doubt = _joined_doubt(better.doubt, worse.doubt, chance)
            better.chance *= worse.chance * chance
            better.uncertain += worse.rows
        better.rows += worse.rows
        stays |= dict.fromkeys(worse.rows, better)
    return stays


def _chances(
    rows: list[Row], table_of: list[int], best_first: list[int], counts_product: Callable[[str], bool]
) -> dict[tuple[int, int], float]:
    """Probability that two counted rows of two tables are one stay, for pairs above the threshold."""
    turnovers = turnover_by_berth(rows)
    dated = [n for n in best_first if not pd.isna(span(rows[n])[0])]
    near = [
        (m, n)
        for m, n in near_pairs(rows, table_of, dated)
        if not cap_counts_one_of_two(rows[m], rows[n], counts_product) and not are_parcels(rows[m], rows[n])
    ]
    chances = {(m, n): _chance(rows[m], rows[n], turnovers) for m, n in near}
    return {pair: chance for pair, chance in chances.items() if chance >= NEGLIGIBLE}


def _chance(a: Row, b: Row, turnovers: dict[str, Any]) -> float:
    """Probability of one stay: by her numbers 1 or 0; without numbers by common images, equal lines, or sightings."""
    if a["counted"] != b["counted"]:
        return 0.0  # a loading and a discharge whose times are wide may well overlap
    by_number = same_ship(a, b)
    if by_number is not None:
        return float(by_number and gap_between(a, b) <= ONE_VISIT)
    if set(a["evidence"]) & set(b["evidence"]) or is_same_row(a, b):
        return 1.0
    return continuation_chance(a, b, spot_turnover(a, b, turnovers[a["berth_id"]]))


def _required_chance(a: Row, b: Row, year_starts: str) -> float:
    """Probability of one stay from which only one of two rows counts."""
    days = (moment.tz_convert("UTC").date() for row in (a, b) for moment in span(row))
    years = {start_of_year(day, year_starts) for day in days}
    return UNLIKELY if len(years) == 1 else AS_LIKELY_AS_NOT


def _informative_key(row: Row) -> tuple[bool, float, str, str]:
    """Sort key of rows of one stay: a measured or stated load first, then the surer cargo, then name and content."""
    return "fill_prior" in row["method"], -row["p_lifting"], key_of(row), content(row)


def _share_table(a: _Stay, b: _Stay, table_of: list[int]) -> bool:
    """Do both hold rows of one table? Two stays in one table are never joined by probability."""
    return not {table_of[row] for row in a.rows}.isdisjoint(table_of[row] for row in b.rows)


def _doubt(row: Row) -> _Doubt:
    p_one_call = 1.0 if pd.isna(row["p_one_call"]) else float(row["p_one_call"])
    beyond = 1 - p_one_call if pd.isna(row["calls_mean"]) else float(row["calls_mean"]) - 1
    return _Doubt(p_one_call, beyond, 0.0 if pd.isna(row["turns_slope"]) else float(row["turns_slope"]))


def _joined_doubt(first: _Doubt, second: _Doubt, chance: float) -> _Doubt:
    """The doubt of two parts of a stay that are one with this probability.

    The slope is the mean of the parts', each weighted by its further ships; of the link between them it is not known.
    """
    beyond = first.beyond + second.beyond + 1 - chance
    slope = (first.beyond * first.slope + second.beyond * second.slope) / beyond if beyond > 0 else 0.0
    return _Doubt(first.p_one_call * second.p_one_call * chance, beyond, slope)


def _number_columns(doubt: _Doubt, first: Row) -> Row:
    """The number of ships of a joined stay; whether she is new is known of its first row, with the slope of that."""
    most = (1 - doubt.p_one_call) * (MOST_CALLS - 1)
    p_former = 0.0 if pd.isna(first["p_new_call"]) else 1 - float(first["p_new_call"])
    weight = doubt.beyond + p_former
    slope = (doubt.beyond * doubt.slope + p_former * _doubt(first).slope) / weight if weight > 0 else 0.0
    return {
        "p_new_call": first["p_new_call"],
        "p_one_call": doubt.p_one_call,
        "calls_mean": 1 + min(doubt.beyond, most),
        "turns_slope": slope,
    }


def _joined_columns(kept: Row, others: list[Row], doubt: _Doubt) -> Row:
    """Number, times and images of a stay from all its rows; ends that others do not extend stay as they were."""
    parts = [kept, *others]
    arrival, departure = min(span(row)[0] for row in parts), max(span(row)[1] for row in parts)
    first, last = (min(parts, key=lambda row: span(row)[0]), max(parts, key=lambda row: span(row)[1]))
    out: Row = _number_columns(doubt, first) | {"seen_d": None}
    if arrival < span(kept)[0]:
        out["arrival"] = arrival
    if departure > span(kept)[1]:
        out["departure"] = departure
    ends = (("arrival", first), ("departure", last))
    out["open_ends"] = [end for end, row in ends if end in row["open_ends"]]
    out["evidence"] = list(dict.fromkeys(name for row in parts for name in row["evidence"]))
    return out


def _possible_continuations(
    rows: list[Row], table_of: list[int], chances: dict[tuple[int, int], float], stays: dict[int, _Stay]
) -> Causes:
    """Pairs that both count though they may be one stay: the later row counts with the probability of another ship.

    Any part of a stay may be the one that continues.
    """
    earlier: dict[int, tuple[float, int]] = {}
    for (m, n), chance in chances.items():
        if not _share_table(stays[m], stays[n], table_of):
            counting = (row if rows[row]["counts"] else stays[row].rows[0] for row in (m, n))
            first, second = sorted(counting, key=lambda row: (span(rows[row]), content(rows[row])))
            earlier[second] = max(earlier.get(second, (0.0, first)), (chance, first), key=lambda pair: pair[0])
    causes: Causes = {}
    for second, (chance, first) in earlier.items():
        p_new_call = 1.0 if pd.isna(rows[second]["p_new_call"]) else float(rows[second]["p_new_call"])
        rows[second]["p_new_call"] = p_new_call * (1 - chance)
        rows[second]["status"] = "degraded" if rows[second]["status"] == "used" else rows[second]["status"]
        causes[second] = f"may be the stay of {{}} of another table, continued (probability {chance:.2f})", first
    return causes
