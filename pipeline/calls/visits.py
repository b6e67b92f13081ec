"""Group stays of one ship into visits: she shifts from berth to berth, or waits in the roads, and loads one cargo.

A ship has left a port when she is heard beyond its waters. Until then, and within a day, all berths at which she lies
belong to one cargo: for another she has to discharge the first elsewhere, and no ship is back from there so soon.

Two MMSIs are one ship where both send one IMO number, and one falls silent before the other starts: a ship may change
her flag, or her number alone, while she lies at the berth.
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

AWAY_M = 4000.0  # from every zone: a ship that far out has left the port (our choice)
SHIFT_WITHIN = pd.Timedelta(days=1)  # our choice: the shortest voyage is a day each way, and discharging takes another
MIN_ALONGSIDE = pd.Timedelta(hours=3)  # our choice: mooring, hoses, gauging and papers take two, before and after a
# cargo; 1,000 t at 500 t/h two more. A pilot, a surveyor, a missed approach are over sooner
SHORT_STAY = "short_stay"
SAME_VISIT = "same_visit"
SHIFTED = "shifted"
CHANGED_NUMBER = "mmsi_changed"


def visits(
    stays: Sequence[Stay], tracks: pd.DataFrame, place: Place, imos: Sequence[int | None] | None = None
) -> list[list[int]]:
    """Indices of the stays of each visit with several stays at counted zones, in order of time.

    ``imos`` are the IMO numbers sent at each stay. Stays at the same time are those of two ships, not a visit.
    """
    counted = {zone.zone_id for zone in place.zones if zone.counts}
    order = sorted((n for n, s in enumerate(stays) if s.zone_id in counted), key=lambda n: stays[n].arrival_hi)
    out: list[list[int]] = []
    begun: dict[tuple[str, int], list[list[int]]] = {}
    for n in order:
        imo = imos[n] if imos is not None else None
        keys = [("mmsi", stays[n].mmsi), *([("imo", imo)] if imo is not None else [])]
        open_visits = [visit for key in keys for visit in reversed(begun.get(key, []))]
        visit = next((v for v in open_visits if _is_one_visit(stays[v[-1]], stays[n], tracks, place)), None)
        if visit is None:
            out.append(visit := [])
        visit.append(n)
        for key in keys:
            visits_of_key = begun.setdefault(key, [])
            visits_of_key += [visit] if all(visit is not listed for listed in visits_of_key) else []
    return [visit for visit in out if len(visit) > 1]


def _is_one_visit(former: Stay, stay: Stay, tracks: pd.DataFrame, place: Place) -> bool:
    """Did she go from the one stay to the other without leaving the port? Both have one MMSI or IMO number."""
    between = stay.arrival_hi - former.departure_lo
    renumbered = former.mmsi != stay.mmsi
    if not (renumbered or former.may_be(stay)) or not pd.Timedelta(0) <= between <= SHIFT_WITHIN:
        return False
    fixes = good_fixes(tracks[tracks["mmsi"].isin({former.mmsi, stay.mmsi})])
    if renumbered and not _sent_in_turn(fixes, former, stay):
        return False
    under_way = fixes[fixes["time_utc"].between(former.departure_lo, stay.arrival_hi)]
    lon, lat = under_way["lon"].to_numpy(float), under_way["lat"].to_numpy(float)
    near = [distance_to_zone_m(lon, lat, zone.geometry) < AWAY_M for zone in place.zones]
    return all(any(near_zones) for near_zones in zip(*near, strict=True))


def _sent_in_turn(fixes: pd.DataFrame, former: Stay, stay: Stay) -> bool:
    """Did the former stay's number fall silent before the other's started, within both stays?"""
    during = fixes[fixes["time_utc"].between(former.arrival_hi, stay.departure_lo)]
    old = during["mmsi"] == former.mmsi
    return bool(during.loc[old, "time_utc"].max() <= during.loc[~old, "time_utc"].min())


def main_stay(rows: Sequence[dict[str, Any]]) -> int:
    """Index of the row that counts for a visit: the longest stay, since loading takes longer than all else."""
    return max(range(len(rows)), key=lambda n: (rows[n]["departure_lo"] - rows[n]["arrival_hi"], n))


def is_too_short(row: dict[str, Any]) -> bool:
    """Was she alongside, between the last fix before and the first after, for less time than any cargo takes?

    Where an end was not heard she may have lain there for longer: then the stay is not short.
    """
    known = row["arrival_lo"] is not None and row["departure_hi"] is not None
    return bool(known and row["departure_hi"] - row["arrival_lo"] < MIN_ALONGSIDE)
