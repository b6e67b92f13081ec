"""One cargo, one count: a cargo loaded at one AOI and discharged at another stands in both tables of liftings.

A discharge is the same cargo as an earlier loading if the same ship can have brought it: by her number where both
tables know it, else by her size and the time between. Loadings and discharges are paired so that the likeliest whole
holds, each at most once; a pair that is likelier than not counts at the loading only, and the discharge says of which
call it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.config import VolumeConfig
from pipeline.tables import LIFTINGS

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
    """A ship cannot lie at two places at once: of two stays of one number that overlap, the first table's counts."""
    for n, row in enumerate(rows):
        for m in range(n):
            other = rows[m]
            if whence[m] == whence[n] or not (row["counts"] and other["counts"]):
                continue
            if _number(row) and _number(row) == _number(other) and _overlap(row, other):
                _leave_out(row, f"the same stay as {other['call_id']} of another table")


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
            load = rows[loads[i]]["call_id"]
            _leave_out(rows[lands[j]], f"the cargo of call {load}, counted there (probability {p_same:.2f})")


def _odds_same(load: Row, land: Row, config: VolumeConfig) -> float:
    """Odds that a discharge is the cargo of a loading; 0 where it cannot be."""
    days = (land["arrival"] - load["departure"]) / pd.Timedelta(days=1)
    if not 0 <= days <= config.max_voyage_d:
        return 0.0
    if _number(load) and _number(land):
        return P_SAME_NUMBER / (1 - P_SAME_NUMBER) if _number(load) == _number(land) else 0.0
    sd = math.hypot(*(max(row["dwt_log_sd"], STATED_LOG_SD) for row in (load, land)))
    apart = math.log(load["dwt_p50_t"] / land["dwt_p50_t"])
    near = math.exp(-0.5 * (apart / sd) ** 2) / sd
    any_ship = math.exp(-0.5 * (apart / math.hypot(sd, SIZE_SPREAD)) ** 2) / math.hypot(sd, SIZE_SPREAD)
    return P_COMES_HERE / (1 - P_COMES_HERE) * near / any_ship


def _number(row: Row) -> str:
    """The ship's number where she has one that is no run's own name for an unknown ship."""
    said = str(row.get("vessel_id") or "")
    return said if said.startswith(("imo:", "mmsi:")) else ""


def _overlap(a: Row, b: Row) -> bool:
    return bool(a["arrival"] <= b["departure"] and b["arrival"] <= a["departure"])


def _leave_out(row: Row, cause: str) -> None:
    row |= {"counts": False, "status": "not_counted", "cause": cause}
