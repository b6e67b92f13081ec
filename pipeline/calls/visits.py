"""Stays of one ship that are one visit: she shifts from berth to berth, or waits in the roads, and loads one cargo.

A ship leaves a port when she is heard beyond its waters. Until then, and within a day, whatever berths she lies at take
part in one cargo: to bring another she has to discharge the first elsewhere, and nobody is back from there so soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.geodesy import distance_to_zone_m
from pipeline.calls.tracks import good_fixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.calls.stays import Stay
    from pipeline.types import Place

AWAY_M = 4000.0  # from every zone: who is so far out has left the port (our choice)
SHIFT_WITHIN = pd.Timedelta(days=1)  # our choice: the shortest voyage is a day each way, and discharging takes another
MIN_ALONGSIDE = pd.Timedelta(hours=3)  # our choice: mooring, hoses, gauging and papers take two, before and after a
# cargo; 1,000 t at 500 t/h two more. A pilot, a surveyor, a missed approach are over sooner
SHORT = "short_stay"
SAME_VISIT = "same_visit"
SHIFTED = "shifted"


def visits(found: Sequence[Stay], tracks: pd.DataFrame, place: Place) -> list[list[int]]:
    """Numbers of the stays of each visit that has several at counted zones, in order of time.

    Stays at the same time are two ships' under one number, and no visit.
    """
    counted = {zone.zone_id for zone in place.zones if zone.counts}
    order = sorted((n for n, s in enumerate(found) if s.zone_id in counted), key=lambda n: found[n].arrival_hi)
    out: list[list[int]] = []
    last_of: dict[int, list[list[int]]] = {}
    for n in order:
        hers = last_of.setdefault(found[n].mmsi, [])
        visit = next((v for v in reversed(hers) if _one_visit(found[v[-1]], found[n], tracks, place)), None)
        if visit is None:
            hers.append([n])
            out.append(hers[-1])
        else:
            visit.append(n)
    return [visit for visit in out if len(visit) > 1]


def _one_visit(former: Stay, stay: Stay, tracks: pd.DataFrame, place: Place) -> bool:
    """Did she come from the one stay to the other without leaving the port?"""
    between = stay.arrival_hi - former.departure_lo
    if not former.may_be(stay) or not pd.Timedelta(0) <= between <= SHIFT_WITHIN:
        return False
    hers = good_fixes(tracks[tracks["mmsi"] == stay.mmsi])
    under_way = hers[hers["time_utc"].between(former.departure_lo, stay.arrival_hi)]
    lon, lat = under_way["lon"].to_numpy(float), under_way["lat"].to_numpy(float)
    near = [distance_to_zone_m(lon, lat, zone.geometry) < AWAY_M for zone in place.zones]
    return all(any(at) for at in zip(*near, strict=True))


def main_stay(rows: Sequence[dict[str, Any]]) -> int:
    """Which of the rows of a visit counts for it: the longest stay, for loading takes longer than all else."""
    return max(range(len(rows)), key=lambda n: (rows[n]["departure_lo"] - rows[n]["arrival_hi"], n))


def too_short(row: dict[str, Any]) -> bool:
    """Was she, by the last word before and the first after, alongside for less time than any cargo takes?

    Where an end was not heard she may have lain there for longer, and the stay is not short for all that is known.
    """
    known = row["arrival_lo"] is not None and row["departure_hi"] is not None
    return bool(known and row["departure_hi"] - row["arrival_lo"] < MIN_ALONGSIDE)
