"""A stay that stands in several tables of liftings counts once, from its first arrival to its last departure.

Whole, as overlapping runs of one AOI give it, or in parts, as runs of one month and the next do where the one's data
end while she lies there. Numbers, common images or one line say surely that two rows are one stay; where images alone
tell, it is a chance. Where that is no less than a pair of sightings within one table needs, one of the rows counts, and
the other ship that may have been there enters the number of calls; where it is less both count, and the later one is in
the sum as far as she is another ship. From one account year to the next as likely as not is needed: one row would take
both ships' cargo into the later year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.ships.turnover import UNLIKELY
from pipeline.tables.number_law import MOST_CALLS
from pipeline.volume.cut_stays import ONE_VISIT, Row, between, chance_that_it_goes_on, span, turns_at_berths, turns_of
from pipeline.volume.draw_keys import key_of
from pipeline.volume.identity import same_ship
from pipeline.volume.joined_loads import with_whole_load
from pipeline.volume.lines import are_parcels, content, name_products_apart, same_line
from pipeline.volume.membership import start_of_year
from pipeline.volume.near_rows import near_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

AS_LIKELY_AS_NOT = 0.5  # such a chance is needed from one account year to the next
NEGLIGIBLE = 0.01  # chance of one stay that is not followed (our choice)
Told = dict[int, tuple[str, int]]  # of a row: what to say of it, with a gap for the name of the row that it names


def leave_out(told: Told, rows: list[Row], which: int, words: str, kept: int) -> None:
    """A row counts no more, since another one does; in ``words`` the gap is for the other one's name."""
    rows[which] |= {"counts": False, "status": "not_counted", "cause": ""}
    told[which] = words, kept


@dataclass(slots=True)
class _Stay:
    """Rows that hang together as one stay, the one that knows most of it first."""

    rows: list[int]
    doubt: tuple[float, float]  # as `_doubt` has it
    chance: float = 1.0  # that they are one stay
    perhaps: list[int] = field(default_factory=list)  # those of them that are so by chance


def join_stays(rows: list[Row], whence: list[int], year_starts: str, counts_product: Callable[[str], bool]) -> Told:
    """Of one stay in several tables the row counts that knows most of it, and it spans all of them.

    ``whence`` says of which table each row is, ``year_starts`` with which day (MM-DD) the cap's account year begins,
    ``counts_product`` which products it counts.
    Weekly tables cut a long stay in many parts: the first and the last hang together by those between. What stands
    apart in the table of the row that counts stays apart.
    """
    told: Told = {}
    best_first = sorted((n for n, row in enumerate(rows) if row["counts"]), key=lambda n: _worth(rows[n]))
    chances = _chances(rows, whence, best_first, counts_product)
    stays = _stays(rows, whence, best_first, chances, year_starts)
    parts: dict[int, list[int]] = {}
    for n in best_first:
        stay, kept = stays[n], stays[n].rows[0]
        if whence[n] != whence[kept]:
            words = "the same stay as {} of another table"
            if n in stay.perhaps:
                words = f"taken for {words}, gone on (probability {stay.chance:.2f})"
            leave_out(told, rows, n, words, kept)
            parts.setdefault(kept, []).append(n)
    for kept, others in parts.items():
        surely = [n for n in others if same_ship(rows[kept], rows[n])]
        tables = {whence[n] for n in (kept, *surely)}
        counting = [rows[n] for n in best_first if rows[n]["counts"] and whence[n] in tables]
        if read_anew := with_whole_load(rows[kept], [rows[n] for n in surely], counting):
            told |= {n: (f"{told[n][0]}, with the draughts and freeboards of all parts", kept) for n in surely}
        rows[kept] |= read_anew | _whole(rows[kept], [rows[n] for n in others]) | _number(stays[kept].doubt)
    return told | _perhaps_the_same(rows, whence, chances, stays)


def _stays(
    rows: list[Row],
    whence: list[int],
    best_first: list[int],
    chances: dict[tuple[int, int], float],
    year_starts: str,
) -> dict[int, _Stay]:
    """Of each row the stay that it is of; the likeliest pairs hang together first."""
    place = {n: at for at, n in enumerate(best_first)}
    stays = {n: _Stay([n], _doubt(rows[n])) for n in best_first}
    for (m, n), chance in sorted(chances.items(), key=lambda link: -link[1]):  # stable: of equal ones the best first
        one, other = sorted((stays[m], stays[n]), key=lambda stay: place[stay.rows[0]])
        if one is other or chance < _needed(rows[m], rows[n], year_starts):
            continue
        if chance < 1:
            if _share_a_table(one, other, whence):
                continue
            one.doubt = _linked(one.doubt, other.doubt, chance)
            one.chance *= other.chance * chance
            one.perhaps += other.rows
        one.rows += other.rows
        stays |= dict.fromkeys(other.rows, one)
    return stays


def _chances(
    rows: list[Row], whence: list[int], best_first: list[int], counts_product: Callable[[str], bool]
) -> dict[tuple[int, int], float]:
    """Of each two counted rows of two tables the chance that they are one stay, where it is worth following."""
    turns = turns_at_berths(rows)
    dated = [n for n in best_first if not pd.isna(span(rows[n])[0])]
    near = [
        (m, n)
        for m, n in near_pairs(rows, whence, dated)
        if not name_products_apart(rows[m], rows[n], counts_product) and not are_parcels(rows[m], rows[n])
    ]
    chances = {(m, n): _chance(rows[m], rows[n], turns) for m, n in near}
    return {pair: chance for pair, chance in chances.items() if chance >= NEGLIGIBLE}


def _chance(a: Row, b: Row, turns: dict[str, Any]) -> float:
    """One ship by her numbers in one visit; without numbers, the same images, the same line, or a stay that goes on."""
    if a["counted"] != b["counted"]:
        return 0.0  # a loading and a discharge whose times are wide may well overlap
    same = same_ship(a, b)
    if same is not None:
        return float(same and between(a, b) <= ONE_VISIT)
    if set(a["evidence"]) & set(b["evidence"]) or same_line(a, b):
        return 1.0
    return chance_that_it_goes_on(a, b, turns_of(a, b, turns[a["berth_id"]]))


def _needed(a: Row, b: Row, year_starts: str) -> float:
    """The chance of one stay from which one of two rows counts."""
    days = (moment.tz_convert("UTC").date() for row in (a, b) for moment in span(row))
    years = {start_of_year(day, year_starts) for day in days}
    return UNLIKELY if len(years) == 1 else AS_LIKELY_AS_NOT


def _worth(row: Row) -> tuple[bool, float, str, str]:
    """Order of rows of one stay: a measured or stated load first, then the surer cargo, then by name and content."""
    return "fill_prior" in row["method"], -row["p_lifting"], key_of(row), content(row)


def _share_a_table(one: _Stay, other: _Stay, whence: list[int]) -> bool:
    """Do both hold rows of one table? What a table shows as two stays, no chance makes one."""
    return not {whence[row] for row in one.rows}.isdisjoint(whence[row] for row in other.rows)


def _doubt(row: Row) -> tuple[float, float]:
    """That a row is one ship's stay, and the expected number of ships beyond one."""
    one = 1.0 if pd.isna(row["p_one_call"]) else float(row["p_one_call"])
    return one, 1 - one if pd.isna(row["calls_mean"]) else float(row["calls_mean"]) - 1


def _linked(first: tuple[float, float], then: tuple[float, float], chance: float) -> tuple[float, float]:
    """The doubt of two parts of a stay that are one with that chance."""
    return first[0] * then[0] * chance, first[1] + then[1] + 1 - chance


def _number(doubt: tuple[float, float]) -> Row:
    one, beyond = doubt
    return {"p_one_call": one, "calls_mean": 1 + min(beyond, (1 - one) * (MOST_CALLS - 1))}


def _whole(kept: Row, others: list[Row]) -> Row:
    """Times and images of a stay as all its rows tell them; ends that are no moment's news stay as they were."""
    members = [kept, *others]
    came, left = min(span(row)[0] for row in members), max(span(row)[1] for row in members)
    first, last = (min(members, key=lambda row: span(row)[0]), max(members, key=lambda row: span(row)[1]))
    out: Row = {"p_new_call": first["p_new_call"], "seen_d": None}
    if came < span(kept)[0]:
        out["arrival"] = came
    if left > span(kept)[1]:
        out["departure"] = left
    ends = (("arrival", first), ("departure", last))
    out["open_ends"] = [end for end, row in ends if end in row["open_ends"]]
    out["evidence"] = list(dict.fromkeys(name for row in members for name in row["evidence"]))
    return out


def _perhaps_the_same(
    rows: list[Row], whence: list[int], chances: dict[tuple[int, int], float], stays: dict[int, _Stay]
) -> Told:
    """Rows that both count though they may be one stay: the later one is in the sum as far as she is another ship.

    Of a stay in parts any part may be the one that goes on.
    """
    former: dict[int, tuple[float, int]] = {}
    for (m, n), chance in chances.items():
        if not _share_a_table(stays[m], stays[n], whence):
            counting = (row if rows[row]["counts"] else stays[row].rows[0] for row in (m, n))
            first, then = sorted(counting, key=lambda row: (span(rows[row]), content(rows[row])))
            former[then] = max(former.get(then, (0.0, first)), (chance, first), key=lambda pair: pair[0])
    told: Told = {}
    for then, (chance, first) in former.items():
        new = 1.0 if pd.isna(rows[then]["p_new_call"]) else float(rows[then]["p_new_call"])
        rows[then]["p_new_call"] = new * (1 - chance)
        rows[then]["status"] = "degraded" if rows[then]["status"] == "used" else rows[then]["status"]
        told[then] = f"may be the stay of {{}} of another table, gone on (probability {chance:.2f})", first
    return told
