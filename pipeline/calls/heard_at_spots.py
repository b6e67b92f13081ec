"""Use stays known from transponders as evidence on unnamed ships: while one lies at a spot, no unnamed ship does.

A transponder heard inside the outline of a sighting, earlier or later, lay where that ship lies; so the ship came after
the other had left, or had left before it came. Two ships may lie side by side at one spot; where a look shows both, the
heard stay is no evidence. Neither is the stay of a ship that comes alongside: a tug or barge, which is much shorter, or
a bunker vessel, which leaves sooner than a cargo takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.calls.geodesy import distance_m
from pipeline.tables.records import records_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pipeline.calls.heard import Heard
    from pipeline.calls.stays import Stay
    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

# Probability that an unnamed ship lies beside one heard to come or leave, where no look shows both (our choice)
SIDE_BY_SIDE = 0.01
MUCH_SHORTER = 0.5  # of a ship's length: a shorter ship is a tug or barge alongside (our choice)
# Least share of looks near which any ship is heard: below, an unheard ship may be there (our choice)
MIN_RECEPTION_SHARE = 0.9


class Change(NamedTuple):
    """A time at which a ship with a transponder arrived or left, and her stay."""

    when: pd.Timestamp
    stay: int


class HeardAtSpots:
    """Stays known from transponders at the spots of unnamed sightings."""

    def __init__(self, heard: Heard | None, unnamed: pd.DataFrame, config: CallsConfig) -> None:
        """``unnamed`` are those sightings, of all zones; ``heard`` is None where no transponders are known."""
        self._heard = heard
        shortest = pd.Timedelta(days=config.stay_d[0])
        stays: list[tuple[Stay, float]] = []
        if heard is not None:
            at_berths = [stay for stay in heard.stays if heard.is_at_berth(stay) and not _is_shorter(stay, shortest)]
            stays = [(stay, heard.longest_m(stay)) for stay in at_berths]
        self._spans = [(stay.arrival_hi, stay.departure_lo) for stay, _ in stays]
        self._span_s = np.array([(came.timestamp(), left.timestamp()) for came, left in self._spans]).reshape(-1, 2)
        self._spots = np.array([stay.spot for stay, _ in stays]).reshape(-1, 2)
        self._zones = np.array([stay.zone_id for stay, _ in stays], object)
        self._longest_m = np.array([longest_m for _, longest_m in stays], float)
        rows = records_of(unnamed)
        inside = {row["detection_id"]: self._stays_within(row, row["length_m"] / 2) for row in rows}
        is_evidence = np.ones(len(stays), bool)
        for row in rows:
            stays_inside, look_s = inside[row["detection_id"]], row["acquired"].timestamp()
            start, end = self._span_s[stays_inside].T
            is_evidence[stays_inside[(start <= look_s) & (look_s <= end)]] = False
        self._stays_at = {name: stays_inside[is_evidence[stays_inside]] for name, stays_inside in inside.items()}

    def changes(self, sightings: Iterable[Mapping[Any, Any]]) -> list[Change]:
        """Arrivals and departures of heard ships at the spots of some sightings, in order of time."""
        stays = {n for s in sightings for n in self._stays_at[s["detection_id"]].tolist()}
        return sorted(Change(when, n) for n in stays for when in self._spans[n])

    def lay_at(self, stay: int, sighting: Mapping[Any, Any]) -> bool:
        """Did the transponder of a stay lie where the ship of this sighting does?"""
        return stay in self._stays_at[sighting["detection_id"]]

    def last_departure(self, sighting: Mapping[Any, Any]) -> pd.Timestamp | None:
        """When the last transponder at the sighting's spot left before the sighting; None without one."""
        stays_here = self._stays_at[sighting["detection_id"]]
        departed = stays_here[self._span_s[stays_here, 1] < sighting["acquired"].timestamp()]
        return self._spans[departed[np.argmax(self._span_s[departed, 1])]][1] if len(departed) else None

    def occupied_at(self, sighting: Mapping[Any, Any], reach_m: float, looks_s: FloatArray) -> NDArray[np.bool_]:
        """At which looks a transponder lay within reach of a sighting; nowhere if receivers listened at too few.

        ``looks_s`` are their times [s since 1970].
        """
        if self._heard is None or self._heard.has_reception_at(looks_s).mean() < MIN_RECEPTION_SHARE:
            return np.zeros(len(looks_s), bool)
        came, left = np.sort(self._span_s[self._stays_within(sighting, reach_m)], axis=0).T
        return np.asarray(np.searchsorted(came, looks_s, "right") > np.searchsorted(left, looks_s, "left"))

    def _stays_within(self, sighting: Mapping[Any, Any], reach_m: float) -> NDArray[np.intp]:
        """Stays at the sighting's berth with a transponder within ``reach_m`` of it, but for much shorter ships."""
        apart = distance_m(self._spots[:, 0], self._spots[:, 1], sighting["lon"], sighting["lat"])
        is_beside = self._longest_m < MUCH_SHORTER * sighting["length_m"]
        return np.flatnonzero((apart <= reach_m) & (self._zones == sighting["berth_id"]) & ~is_beside)


def _is_shorter(stay: Stay, shortest: pd.Timedelta) -> bool:
    """Was her stay surely shorter than this, both ends having been heard?"""
    start, end = stay.arrival_lo, stay.departure_hi
    return start is not None and end is not None and end - start < shortest
