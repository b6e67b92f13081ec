"""Flag calls of ships that may lie alongside a longer ship at a berth: bunker vessels, barges, ship-to-ship transfers.

A ship that comes and goes while a longer one lies at the same berth, with her antenna no farther from the other's than
half that hull, lies beside it, not ahead or astern: the antennas of two hulls in line are half of both lengths apart.
Two ships stern to stern with their antennas aft look the same, so this only sets a flag and removes no call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.geodesy import distance_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.calls.stays import Stay

ALONGSIDE = "alongside_another"

Row = dict[str, Any]


def alongside(stays: Sequence[Stay], rows: Sequence[Row]) -> list[int]:
    """Indices of the stays that may be of a ship alongside another; both still count.

    ``rows`` are the calls of the stays, in the same order.
    """
    counted = [n for n, row in enumerate(rows) if row["counts"] and row["berth_kind"] == "berth"]
    return [n for n in counted if any(_may_lie_alongside(stays[n], rows[n], stays[m], rows[m]) for m in counted)]


def _may_lie_alongside(stay: Stay, row: Row, longer_stay: Stay, longer_row: Row) -> bool:
    """Does ``stay`` fall within the time and reach of a longer ship's stay at the same berth?"""
    if stay.zone_id != longer_stay.zone_id or stay.mmsi == longer_stay.mmsi:
        return False
    if pd.isna(row["length_m"]) or pd.isna(longer_row["length_m"]) or row["length_m"] >= longer_row["length_m"]:
        return False
    during = longer_row["arrival_hi"] <= row["arrival_hi"] and row["departure_lo"] <= longer_row["departure_lo"]
    return during and float(distance_m(*stay.spot, *longer_stay.spot)) <= longer_row["length_m"] / 2
