"""Count a cargo once that is loaded at one AOI and discharged at another, and so is in both tables of liftings.

A discharge is the cargo of an earlier loading if the same ship can have brought it: by her numbers where both tables
have one of a kind, else by her size; and by the time between, mostly that of a voyage. Loadings and discharges are
paired by the most probable assignment, each at most once. Of a pair more probable than not, the row counts whose load
is measured or stated, if only one is; else the one more certain to have moved a cargo; if equal, the loading. The other
row names the call that counts. A ship that lands again elsewhere, before she can have loaded again, lands the rest of
that cargo.

A stay in two tables also counts once (``pipeline.volume.joined_stays``). The result does not depend on the order of the
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
from pipeline.volume.compared_rows import cap_counts_one_of_two, size_log_sd, states_load, unique_keys, unique_names
from pipeline.volume.cut_stays import SECOND_PORT, Row, span
from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.identity import linked_imos, same_ship
from pipeline.volume.joined_stays import Causes, join_stays, leave_out
from pipeline.volume.liftings import with_quantiles

if TYPE_CHECKING:
    from collections.abc import Callable

P_SAME_NUMBER = 0.98  # two rows with one number are one ship: numbers are forged now and then (our judgement)
P_DISCHARGES_HERE = 0.3  # prior that a ship that loaded is seen to discharge at the other AOI (our choice)
SIZE_SPREAD = 0.5  # of ln(deadweight) among the tankers of this trade: the weight of equal sizes
VOYAGE_D, VOYAGE_LOG_SD = 6.0, 0.5  # Vostochny to Nampo takes 5 to 6; with waiting 3 to 14 in nine of ten (our choice)
# Share of cargoes that sail straight; the others any time within max_voyage_d: second ports, transfers
DIRECT_SHARE = 0.7


def merge_liftings(
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
    table_of: list[int] = []
    for n, table in enumerate(tables):
        for row in records_of(LIFTINGS.conform(table)):
            rows.append(row)
            table_of.append(n)
    rows = [row | {"imo": imo} for row, imo in zip(rows, linked_imos(rows), strict=True)]
    drawn = np.array([pd.notna(row["barrels_p50"]) for row in rows], dtype=bool)
    causes = [
        join_stays(rows, table_of, year_starts, counts_product),
        _pair_cargoes(rows, table_of, config, counts_product),
    ]
    for row, name, key in zip(rows, unique_names(rows), unique_keys(rows), strict=True):
        row |= {"call_id": name, "draw_key": key}
    for causes_by_row in causes:
        for n, (words, kept) in causes_by_row.items():
            rows[n]["cause"] = "; ".join(filter(None, (rows[n]["cause"], words.format(rows[kept]["call_id"]))))
    merged = LIFTINGS.from_rows(rows)
    redraw = drawn & merged["barrels_p50"].isna().to_numpy()  # loads estimated from the draughts of several parts
    if redraw.any():
        merged[redraw] = with_quantiles(merged[redraw], DrawCache(config, seed, room_bytes=0))
    return LIFTINGS.check(merged)


def _pair_cargoes(
    rows: list[Row], table_of: list[int], config: VolumeConfig, counts_product: Callable[[str], bool]
) -> Causes:
    """Discharges paired with the loadings that they bring ashore."""
    causes: Causes = {}
    loadings = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "loading"]
    landings = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "discharging"]
    if not loadings or not landings:
        return causes
    odds = np.zeros((len(loadings), len(landings)))
    for i, loading in enumerate(loadings):
        for j, landing in enumerate(landings):
            if table_of[loading] != table_of[landing] and not cap_counts_one_of_two(
                rows[loading], rows[landing], counts_product
            ):
                odds[i, j] = _odds_same(rows[loading], rows[landing], config)
    counted_row: dict[int, int] = {}  # landing: the row that counts for its cargo
    gain = np.maximum(np.log(np.maximum(odds, 1e-9)), 0.0)
    for i, j in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        p_same = odds[i, j] / (1 + odds[i, j])
        if p_same > 0.5:
            loading, landing = loadings[i], landings[j]
            # The sort is stable: of two alike, the loading is kept
            kept, left_out = sorted((loading, landing), key=lambda n: _certainty_key(rows[n]))
            rows[kept]["p_lifting"] = max(rows[n]["p_lifting"] for n in (loading, landing))  # it moved at both ends
            leave_out(causes, rows, left_out, f"the cargo of call {{}}, counted there (probability {p_same:.2f})", kept)
            counted_row[landing] = kept
    n_known = 0
    while n_known < len(counted_row):  # repeated, since a landing at a third port is the rest of that at the second
        n_known = len(counted_row)
        for landing in landings:
            _leave_out_remainder(causes, rows, landing, counted_row, loadings, counts_product)
    return causes


def _certainty_key(row: Row) -> tuple[bool, float]:
    """Sort key of the two rows of a cargo: a measured or stated load first, then the more certain cargo.

    A measurement by which she took no cargo is not one of this cargo.
    """
    is_unmeasured = "fill_prior" in row["method"] or row["p_lifting"] <= 0.5
    return is_unmeasured, -row["p_lifting"]


def _leave_out_remainder(
    causes: Causes,
    rows: list[Row],
    landing: int,
    counted_row: dict[int, int],
    loadings: list[int],
    counts_product: Callable[[str], bool],
) -> None:
    """Leave out a landing that is part of a cargo counted in another row."""
    if landing in counted_row:
        return
    for first, kept in counted_row.items():
        parcels = rows[kept]["counted"] == "discharging" and states_load(rows[kept]) and states_load(rows[landing])
        if parcels or cap_counts_one_of_two(rows[kept], rows[landing], counts_product):
            continue
        if _is_remainder(rows, first, landing, loadings):
            leave_out(causes, rows, landing, "the rest of the cargo of call {}, counted there", kept)
            counted_row[landing] = kept
            return


def _is_remainder(rows: list[Row], a: int, b: int, loadings: list[int]) -> bool:
    """Did one ship land twice, with neither time for nor a loading in between?"""
    first, second = sorted((a, b), key=lambda n: span(rows[n])[0])
    departure, arrival = span(rows[first])[1], span(rows[second])[0]
    is_soon = arrival - departure <= SECOND_PORT  # negative: two parcels of one call
    if not is_soon or not same_ship(rows[a], rows[b]):
        return False
    return not any(departure <= span(rows[n])[1] <= arrival and same_ship(rows[n], rows[second]) for n in loadings)


def _odds_same(loading: Row, landing: Row, config: VolumeConfig) -> float:
    """Odds that a discharge is the cargo of a loading; 0 where it cannot be."""
    (loading_arrival, loading_departure), (landing_arrival, landing_departure) = span(loading), span(landing)
    days = (landing_arrival - loading_departure) / pd.Timedelta(days=1)
    is_after = loading_arrival < landing_arrival and loading_departure < landing_departure  # middles of wide intervals
    if not is_after or days > config.max_voyage_d:
        return 0.0
    time_ratio = _voyage_time_ratio(days, config.max_voyage_d)
    same_ship_by_number = same_ship(loading, landing)
    if same_ship_by_number is not None:
        return P_SAME_NUMBER / (1 - P_SAME_NUMBER) * time_ratio if same_ship_by_number else 0.0
    sd = math.hypot(size_log_sd(loading), size_log_sd(landing))
    log_size_ratio = math.log(loading["dwt_p50_t"] / landing["dwt_p50_t"])
    same_density = math.exp(-0.5 * (log_size_ratio / sd) ** 2) / sd
    any_density = math.exp(-0.5 * (log_size_ratio / math.hypot(sd, SIZE_SPREAD)) ** 2) / math.hypot(sd, SIZE_SPREAD)
    return P_DISCHARGES_HERE / (1 - P_DISCHARGES_HERE) * same_density / any_density * time_ratio


def _voyage_time_ratio(days: float, max_voyage_d: float) -> float:
    """Likelihood ratio of this time from a loading to its landing against that between two unrelated calls.

    >>> [round(_voyage_time_ratio(days, 21.0), 2) for days in (0.0, 2.0, 5.5, 10.0, 20.0)]
    [0.3, 0.82, 2.4, 1.0, 0.33]
    """
    direct = 0.0
    if days > 0:
        z = math.log(days / VOYAGE_D) / VOYAGE_LOG_SD
        direct = math.exp(-0.5 * z**2) / (days * VOYAGE_LOG_SD * math.sqrt(2 * math.pi))
    return DIRECT_SHARE * direct * max_voyage_d + 1 - DIRECT_SHARE
