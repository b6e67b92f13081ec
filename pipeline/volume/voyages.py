"""Count a cargo once that is loaded at one AOI and discharged at another, and so is in both tables of liftings.

A discharge is the cargo of an earlier loading if the same ship can have brought it: by her numbers where both tables
have one of a kind, else by her size; and by the time between, mostly that of a voyage. Loadings and discharges are
paired by the most probable assignment, each at most once. Of a pair more probable than not, the row counts whose load
is measured or stated, if only one is; else the one more certain to have moved a cargo; if equal, the loading. The other
row names the call that counts. A ship that lands again elsewhere, before she can have loaded again, lands the rest of
that cargo.

A stay in two tables also counts once (``pipeline.volume.one_stay``). The result does not depend on the order of the
tables.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.config import VolumeConfig
from pipeline.tables import LIFTINGS
from pipeline.tables.records import records_of
from pipeline.volume.cut_stays import Row, span
from pipeline.volume.drawn_once import DrawnOnce
from pipeline.volume.identity import same_ship, tied
from pipeline.volume.liftings import with_quantiles
from pipeline.volume.lines import keyed_apart, name_products_apart, named_apart, size_log_sd, states_load
from pipeline.volume.one_stay import Told, join_stays, leave_out

if TYPE_CHECKING:
    from collections.abc import Callable

P_SAME_NUMBER = 0.98  # two rows with one number are one ship: numbers are forged now and then (our judgement)
P_COMES_HERE = 0.3  # prior that a ship that loaded is seen to discharge at the other AOI (our choice)
SIZE_SPREAD = 0.5  # of ln(deadweight) among the tankers of this trade: the weight of equal sizes
VOYAGE_D, VOYAGE_LOG_SD = 6.0, 0.5  # Vostochny to Nampo takes 5 to 6; with waiting 3 to 14 in nine of ten (our choice)
STRAIGHT = 0.7  # share of cargoes that sail straight; the others any time within max_voyage_d: second ports, transfers
SECOND_PORT_D = 3.0  # between two landings: too short to fetch another cargo (our choice)


def counted_once(
    tables: list[pd.DataFrame],
    config: VolumeConfig,
    year_starts: str,
    seed: int,
    counts_product: Callable[[str], bool] = lambda _: True,
) -> pd.DataFrame:
    """Liftings of several AOIs as one table in which a cargo or stay in two of them counts once.

    ``year_starts`` is the cap's (MM-DD): stays across account years need a higher probability to be joined. ``seed`` is
    for new draws of a stay whose parts together have more evidence on her load than any one. ``counts_product`` says
    which products the cap counts; a product that it counts is never paired with one that it does not.

    Each table is complete (``pipeline.volume.liftings`` of one AOI). Rows found to be another's keep their numbers,
    with ``counts`` false, status ``not_counted`` and the cause.
    """
    rows: list[Row] = []
    whence: list[int] = []
    for n, table in enumerate(tables):
        for row in records_of(LIFTINGS.conform(table)):
            rows.append(row)
            whence.append(n)
    rows = [row | {"imo": imo} for row, imo in zip(rows, tied(rows), strict=True)]
    drawn = np.array([pd.notna(row["barrels_p50"]) for row in rows], dtype=bool)
    told = [
        join_stays(rows, whence, year_starts, counts_product),
        _same_cargoes(rows, whence, config, counts_product),
    ]
    for row, name, key in zip(rows, named_apart(rows), keyed_apart(rows), strict=True):
        row |= {"call_id": name, "draw_key": key}
    for said in told:
        for n, (words, other) in said.items():
            rows[n]["cause"] = "; ".join(filter(None, (rows[n]["cause"], words.format(rows[other]["call_id"]))))
    once = LIFTINGS.from_rows(rows)
    anew = drawn & once["barrels_p50"].isna().to_numpy()  # loads estimated from the draughts of several parts
    if anew.any():
        once[anew] = with_quantiles(once[anew], DrawnOnce(config, seed, room_bytes=0))
    return LIFTINGS.check(once)


def _same_cargoes(
    rows: list[Row], whence: list[int], config: VolumeConfig, counts_product: Callable[[str], bool]
) -> Told:
    """Discharges paired with the loadings that they bring ashore."""
    told: Told = {}
    loads = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "loading"]
    lands = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "discharging"]
    if not loads or not lands:
        return told
    odds = np.zeros((len(loads), len(lands)))
    for i, load in enumerate(loads):
        for j, land in enumerate(lands):
            if whence[load] != whence[land] and not name_products_apart(rows[load], rows[land], counts_product):
                odds[i, j] = _odds_same(rows[load], rows[land], config)
    brought: dict[int, int] = {}  # landing: the row that counts for its cargo
    gain = np.maximum(np.log(np.maximum(odds, 1e-9)), 0.0)
    for i, j in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        p_same = odds[i, j] / (1 + odds[i, j])
        if p_same > 0.5:
            load, land = loads[i], lands[j]
            kept, other = sorted((load, land), key=lambda n: _worth(rows[n]))  # stable: alike, the loading
            rows[kept]["p_lifting"] = max(rows[n]["p_lifting"] for n in (load, land))  # it moved at both ends
            leave_out(told, rows, other, f"the cargo of call {{}}, counted there (probability {p_same:.2f})", kept)
            brought[land] = kept
    known = 0
    while known < len(brought):  # repeated, since a landing at a third port is the rest of that at the second
        known = len(brought)
        for land in lands:
            _leave_out_if_the_rest(told, rows, land, brought, loads, counts_product)
    return told


def _worth(row: Row) -> tuple[bool, float]:
    """Sort key of the two rows of a cargo: a measured or stated load first, then the more certain cargo.

    A measurement by which she took no cargo is not one of this cargo.
    """
    guessed = "fill_prior" in row["method"] or row["p_lifting"] <= 0.5
    return guessed, -row["p_lifting"]


def _leave_out_if_the_rest(
    told: Told,
    rows: list[Row],
    land: int,
    brought: dict[int, int],
    loads: list[int],
    counts_product: Callable[[str], bool],
) -> None:
    """Leave out a landing that is part of a cargo counted in another row."""
    if land in brought:
        return
    for first, kept in brought.items():
        parcels = rows[kept]["counted"] == "discharging" and states_load(rows[kept]) and states_load(rows[land])
        if parcels or name_products_apart(rows[kept], rows[land], counts_product):
            continue
        if _is_the_rest(rows, first, land, loads):
            leave_out(told, rows, land, "the rest of the cargo of call {}, counted there", kept)
            brought[land] = kept
            return


def _is_the_rest(rows: list[Row], one: int, other: int, loads: list[int]) -> bool:
    """Did one ship land twice, with neither time for nor a loading in between?"""
    first, then = sorted((one, other), key=lambda n: span(rows[n])[0])
    left, came = span(rows[first])[1], span(rows[then])[0]
    soon = came - left <= pd.Timedelta(days=SECOND_PORT_D)  # negative: two parcels of one call
    if not soon or not same_ship(rows[one], rows[other]):
        return False
    return not any(left <= span(rows[n])[1] <= came and same_ship(rows[n], rows[then]) for n in loads)


def _odds_same(load: Row, land: Row, config: VolumeConfig) -> float:
    """Odds that a discharge is the cargo of a loading; 0 where it cannot be."""
    (came, left), (landed, gone) = span(load), span(land)
    days = (landed - left) / pd.Timedelta(days=1)
    after = came < landed and left < gone  # middles of wide intervals
    if not after or days > config.max_voyage_d:
        return 0.0
    sailed = _like_a_voyage(days, config.max_voyage_d)
    same = same_ship(load, land)
    if same is not None:
        return P_SAME_NUMBER / (1 - P_SAME_NUMBER) * sailed if same else 0.0
    sd = math.hypot(size_log_sd(load), size_log_sd(land))
    apart = math.log(load["dwt_p50_t"] / land["dwt_p50_t"])
    near = math.exp(-0.5 * (apart / sd) ** 2) / sd
    any_ship = math.exp(-0.5 * (apart / math.hypot(sd, SIZE_SPREAD)) ** 2) / math.hypot(sd, SIZE_SPREAD)
    return P_COMES_HERE / (1 - P_COMES_HERE) * near / any_ship * sailed


def _like_a_voyage(days: float, most_d: float) -> float:
    """Likelihood ratio of this time from a loading to its landing against that between two unrelated calls.

    >>> [round(_like_a_voyage(days, 21.0), 2) for days in (0.0, 2.0, 5.5, 10.0, 20.0)]
    [0.3, 0.82, 2.4, 1.0, 0.33]
    """
    straight = 0.0
    if days > 0:
        z = math.log(days / VOYAGE_D) / VOYAGE_LOG_SD
        straight = math.exp(-0.5 * z**2) / (days * VOYAGE_LOG_SD * math.sqrt(2 * math.pi))
    return STRAIGHT * straight * most_d + 1 - STRAIGHT
