"""One cargo, one count: a cargo loaded at one AOI and discharged at another stands in both tables of liftings.

A discharge is the same cargo as an earlier loading if the same ship can have brought it: by her numbers where both
tables know one of a kind, else by her size and the time between. Loadings and discharges are paired so that the
likeliest whole holds, each at most once. Of a pair that is likelier than not the row counts that is surer that a cargo
moved, the loading where both are as sure; the other one says of which call it is.

A stay that stands in two tables, as overlapping runs of one AOI give it, counts once as well. What counts does not
depend on the order of the tables.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.config import VolumeConfig
from pipeline.tables import LIFTINGS
from pipeline.volume.identity import same_ship

Row = dict[Any, Any]
P_SAME_NUMBER = 0.98  # two tables name one ship with one number: numbers are forged now and then (our judgement)
P_COMES_HERE = 0.3  # a ship that loaded is seen to discharge at the other AOI, before anything is known (our choice)
SIZE_SPREAD = 0.5  # of ln(deadweight) among the tankers of this trade: what a size that agrees is worth
STATED_LOG_SD = 0.02  # no size is known better than that


def counted_once(tables: list[pd.DataFrame], config: VolumeConfig) -> pd.DataFrame:
    """Liftings of several AOIs as one table; a cargo or a stay that stands in two of them counts once.

    Each table is whole in itself (``pipeline.volume.liftings`` of one AOI). Rows taken for another one's keep their
    numbers, with ``counts`` false, status ``not_counted`` and the cause.
    """
    rows, whence = [], []
    for n, table in enumerate(tables):
        for row in LIFTINGS.conform(table).to_dict("records"):
            rows.append(row)
            whence.append(n)
    _leave_out_same_stays(rows, whence)
    _leave_out_same_cargoes(rows, whence, config)
    taken: set[str] = set()
    for row, n in zip(rows, whence, strict=True):
        while row["call_id"] in taken:  # a table's own names; tables may use the same ones
            row["call_id"] = f"{row['call_id']}@{n + 1}"
        taken.add(row["call_id"])
    return LIFTINGS.check(LIFTINGS.from_rows(rows))


def _leave_out_same_stays(rows: list[Row], whence: list[int]) -> None:
    """Of one stay in several tables the row counts that knows most of it."""
    best_first = sorted((n for n, row in enumerate(rows) if row["counts"]), key=lambda n: _worth(rows[n]))
    for at, n in enumerate(best_first):
        for m in best_first[:at]:
            if rows[m]["counts"] and whence[m] != whence[n] and _same_stay(rows[m], rows[n]):
                _leave_out(rows[n], f"the same stay as {rows[m]['call_id']} of another table")
                break


def _worth(row: Row) -> tuple[bool, float, str]:
    """Order of rows of one stay: a measured or stated load first, then the surer cargo, then by name."""
    return "fill_prior" in row["method"], -row["p_lifting"], row["call_id"]


def _same_stay(a: Row, b: Row) -> bool:
    """One ship by her numbers at one time; without numbers, the same evidence or the same line."""
    if a["counted"] != b["counted"]:
        return False  # a loading and a discharge whose times are wide may well overlap
    same = same_ship(a, b)
    if same is not None:
        return same and _overlap(a, b)
    if set(a["evidence"]) & set(b["evidence"]):
        return True
    return all(a[name] == b[name] for name in ("call_id", "berth_id")) and _stay(a) == _stay(b)


def _leave_out_same_cargoes(rows: list[Row], whence: list[int], config: VolumeConfig) -> None:
    """Discharges paired with the loadings that they bring ashore."""
    loads = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "loading"]
    lands = [n for n, row in enumerate(rows) if row["counts"] and row["counted"] == "discharging"]
    if not loads or not lands:
        return
    odds = np.zeros((len(loads), len(lands)))
    for i, load in enumerate(loads):
        for j, land in enumerate(lands):
            if whence[load] != whence[land]:
                odds[i, j] = _odds_same(rows[load], rows[land], config)
    gain = np.maximum(np.log(np.maximum(odds, 1e-9)), 0.0)
    for i, j in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        p_same = odds[i, j] / (1 + odds[i, j])
        if p_same > 0.5:
            load, land = rows[loads[i]], rows[lands[j]]
            kept, other = (land, load) if land["p_lifting"] > load["p_lifting"] else (load, land)
            _leave_out(other, f"the cargo of call {kept['call_id']}, counted there (probability {p_same:.2f})")


def _odds_same(load: Row, land: Row, config: VolumeConfig) -> float:
    """Odds that a discharge is the cargo of a loading; 0 where it cannot be."""
    (came, left), (landed, gone) = _stay(load), _stay(land)
    days = (landed - left) / pd.Timedelta(days=1)
    after = came < landed and left < gone  # middles of wide intervals
    if not after or days > config.max_voyage_d:
        return 0.0
    same = same_ship(load, land)
    if same is not None:
        return P_SAME_NUMBER / (1 - P_SAME_NUMBER) if same else 0.0
    sd = math.hypot(*(max(row["dwt_log_sd"], STATED_LOG_SD) for row in (load, land)))
    apart = math.log(load["dwt_p50_t"] / land["dwt_p50_t"])
    near = math.exp(-0.5 * (apart / sd) ** 2) / sd
    any_ship = math.exp(-0.5 * (apart / math.hypot(sd, SIZE_SPREAD)) ** 2) / math.hypot(sd, SIZE_SPREAD)
    return P_COMES_HERE / (1 - P_COMES_HERE) * near / any_ship


def _stay(row: Row) -> tuple[Any, Any]:
    """Arrival and departure; where a table has one of them alone, that moment."""
    arrival, departure = row["arrival"], row["departure"]
    return (departure if pd.isna(arrival) else arrival), (arrival if pd.isna(departure) else departure)


def _overlap(a: Row, b: Row) -> bool:
    (came, left), (arrived, gone) = _stay(a), _stay(b)
    return bool(came <= gone and arrived <= left)


def _leave_out(row: Row, cause: str) -> None:
    row |= {"counts": False, "status": "not_counted", "cause": cause}
