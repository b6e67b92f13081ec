"""Sightings without a transponder, linked into stays: same berth, fitting times and sizes, nobody absent between.

Within one look two sightings are two ships. From look to look the likeliest pairing is taken: the assignment that makes
the sizes agree best, where a pair that disagrees beyond its intervals is not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.calls.between_alike import joined
from pipeline.calls.counting import chance_of_one_stay
from pipeline.calls.geodesy import distance_m
from pipeline.calls.same_ship import same_ship_probability
from pipeline.config import CallsConfig

Z90 = 1.6448536
DISAGREE = 2.5  # standard deviations of the difference of two lengths beyond which it is another ship
MIN_SD_M = 0.5  # no length is better than this
ANOTHER_SHIP = 0.01  # probability below which two fine looks show two ships, whatever their lengths
UNLIKELY = 0.5  # chance of one stay below which a pair is two, as alike as they may be: the likelier reading is shown
SAME_SPOT_M = 250.0  # along a berth a ship does not shift further during a stay (our choice)


@dataclass(slots=True)
class DarkStay:
    """Sightings of what may be one ship at one zone, in order of time, and the looks around them that missed her."""

    zone_id: str
    sightings: list[dict[str, object]] = field(default_factory=list)
    absent_before: pd.Timestamp | None = None
    absent_after: pd.Timestamp | None = None
    flags: tuple[str, ...] = ()

    @property
    def last(self) -> dict[str, object]:
        """The newest sighting."""
        return self.sightings[-1]

    def length(self) -> tuple[float, float]:
        """Length and its standard deviation from all sightings, each weighted by its own interval [m]."""
        values, deviations = np.array([_length(s) for s in self.sightings]).T
        weights = 1 / np.maximum(deviations, MIN_SD_M) ** 2
        return float(np.sum(weights * values) / weights.sum()), float(weights.sum() ** -0.5)


def link(sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[DarkStay]:
    """Stays of unnamed ships, in order of zone and first sighting."""
    out: list[DarkStay] = []
    for zone_id in sorted(sightings["berth_id"].unique()):
        here = sightings[sightings["berth_id"] == zone_id]
        out += _at_zone(zone_id, here, looks[looks["zone_id"] == zone_id], config)
    return out


def _at_zone(zone_id: str, seen: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[DarkStay]:
    """Go through the looks in order; close what a look shows to be gone, extend or open what it shows to be there."""
    open_stays: list[DarkStay] = []
    closed: list[DarkStay] = []
    last_empty: pd.Timestamp | None = None
    for scene_id, when, absence_counts in _looks_in_order(seen, looks, config):
        here = seen[seen["scene_id"] == scene_id].sort_values("detection_id").to_dict("records")
        limit = timedelta(days=config.max_stay_d)
        for stay in [s for s in open_stays if when - s.last["acquired"] > limit]:
            open_stays.remove(stay)
            closed.append(stay)
        partner = _pairs(open_stays, here, config)
        for n, sighting in enumerate(here):
            if n in partner:
                partner[n].sightings.append(sighting)
            else:
                open_stays.append(DarkStay(zone_id, [sighting], absent_before=last_empty))
        matched = {id(s) for s in partner.values()}
        if absence_counts:
            for stay in [s for s in open_stays if id(s) not in matched and s.last["acquired"] < when]:
                stay.absent_after = when
                open_stays.remove(stay)
                closed.append(stay)
            last_empty = when
    found = sorted(closed + open_stays, key=lambda s: (s.sightings[0]["acquired"], str(s.sightings[0]["detection_id"])))
    return joined(
        found,
        config,
        lambda a, b: _apart_m(a, b) <= SAME_SPOT_M,
        lambda a, b: _difference(_length(a), _length(b), config),
    )


def _looks_in_order(
    seen: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig
) -> list[tuple[str, pd.Timestamp, bool]]:
    """Scene, time, and whether a ship that it does not show was surely not there."""
    counted = looks[(looks["state"] == "usable") & looks["acquired"].notna()]
    out = {
        str(row.scene_id): (row.acquired, row.sensor != "sentinel-1" or config.radar_absence_counts)
        for row in counted.itertuples()
    }
    for row in seen.itertuples():
        out.setdefault(str(row.scene_id), (row.acquired, False))
    return sorted(((s, t, a) for s, (t, a) in out.items()), key=lambda look: (look[1], look[0]))


def _pairs(stays: list[DarkStay], sightings: list[dict[str, object]], config: CallsConfig) -> dict[int, DarkStay]:
    """Sighting number -> the open stay that it continues."""
    if not stays or not sightings:
        return {}
    cost = np.array([[_disagreement(s, d, config) for s in stays] for d in sightings])
    rows, cols = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
    return {int(r): stays[c] for r, c in zip(rows, cols, strict=True) if np.isfinite(cost[r, c])}


def _length(sighting: dict[str, object]) -> tuple[float, float]:
    """Length and its standard deviation, from the 90 % interval [m]."""
    lo, hi = float(sighting["length_lo_m"]), float(sighting["length_hi_m"])  # type: ignore[arg-type]
    return float(sighting["length_m"]), (hi - lo) / (2 * Z90)  # type: ignore[arg-type]


def _fine(sighting: dict[str, object]) -> bool:
    """Was she measured by her edges in a fine image? Then beam, house and deck speak as well."""
    return sighting.get("method") == "optical-edges"


def _apart_m(first: dict[str, object], second: dict[str, object]) -> float:
    """Metres between two sightings."""
    return float(distance_m(first["lon"], first["lat"], second["lon"], second["lat"]))


def _difference(before: tuple[float, float], now: tuple[float, float], config: CallsConfig) -> tuple[float, float]:
    """Difference of two lengths [m] and its standard error, from each with its own."""
    share = config.same_ship_length_share * max(before[0], now[0])
    return before[0] - now[0], float(np.sqrt(before[1] ** 2 + now[1] ** 2 + share**2))


def _disagreement(stay: DarkStay, new: dict[str, object], config: CallsConfig) -> float:
    """Squared deviation of lengths, in standard deviations of their difference; infinite for surely different ships."""
    apart = _apart_m(stay.last, new)
    if apart > SAME_SPOT_M:
        return np.inf
    if _fine(stay.last) and _fine(new) and same_ship_probability(stay.last, new) < ANOTHER_SHIP:
        return np.inf
    shift, spread = _difference(stay.length(), _length(new), config)
    z = abs(shift) / max(spread, MIN_SD_M)
    gap_d = (new["acquired"] - stay.last["acquired"]) / timedelta(days=1)  # type: ignore[operator]
    if chance_of_one_stay(float(gap_d), shift, spread, config) < UNLIKELY:
        return np.inf
    return float(z**2 + (apart / SAME_SPOT_M) ** 2) if z <= DISAGREE else np.inf
