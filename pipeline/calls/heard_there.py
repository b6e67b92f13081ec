"""Where ships with transponders lay: while one of them lies at a spot of a quay, no unnamed ship does.

A transponder that was heard inside the outline of a sighting, before it or after it, lay where that ship lies. So she
came after the other had left, or had left before it came. That two ships lie side by side at one spot happens, and
where a look shows both, the stay says nothing. Nor does that of whoever comes to a ship's side: a tug or a barge, who
is much shorter, or a bunker vessel, who is gone sooner than a cargo is aboard.
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

# Chance that an unnamed ship lies beside one that is heard to come or to leave, where no look shows both (our choice)
SIDE_BY_SIDE = 0.01
MUCH_SHORTER = 0.5  # of a ship's length: who comes to her side, a tug or a barge (our choice)
LISTENED = 0.9  # share of looks near which anybody is heard, below which who was not heard may be there (our choice)


class Change(NamedTuple):
    """A moment at which a ship with a transponder was there, from her coming or until her leaving."""

    when: pd.Timestamp
    stay: int


class HeardThere:
    """Stays of transponders at the spots of sightings that are nobody's."""

    def __init__(self, heard: Heard | None, unnamed: pd.DataFrame, config: CallsConfig) -> None:
        """``unnamed`` are those sightings, of any zone; without ``heard`` there is no such stay."""
        self._heard = heard
        shortest = pd.Timedelta(days=config.stay_d[0])
        known = [] if heard is None else [(stay, heard.longest_m(stay)) for stay in heard.found if heard.at_berth(stay)]
        known = [(stay, longest_m) for stay, longest_m in known if not _shorter(stay, shortest)]
        self._spans = [(stay.arrival_hi, stay.departure_lo) for stay, _ in known]
        self._span_s = np.array([(came.timestamp(), left.timestamp()) for came, left in self._spans]).reshape(-1, 2)
        self._spots = np.array([stay.spot for stay, _ in known]).reshape(-1, 2)
        self._zones = np.array([stay.zone_id for stay, _ in known], object)
        self._longest_m = np.array([longest_m for _, longest_m in known], float)
        rows = records_of(unnamed)
        inside = {row["detection_id"]: self._within(row, row["length_m"] / 2) for row in rows}
        speaks = np.ones(len(known), bool)
        for row in rows:
            there = inside[row["detection_id"]]
            came, left = self._span_s[there].T
            speaks[there[(came <= row["acquired"].timestamp()) & (row["acquired"].timestamp() <= left)]] = False
        self._at = {name: there[speaks[there]] for name, there in inside.items()}

    def changes(self, sightings: Iterable[Mapping[Any, Any]]) -> list[Change]:
        """The comings and leavings at the spots of some sightings, in order of time."""
        stays = {n for s in sightings for n in self._at[s["detection_id"]].tolist()}
        return sorted(Change(when, n) for n in stays for when in self._spans[n])

    def lay_at(self, stay: int, sighting: Mapping[Any, Any]) -> bool:
        """Did the transponder of a stay lie where this ship does?"""
        return stay in self._at[sighting["detection_id"]]

    def left_before(self, sighting: Mapping[Any, Any]) -> pd.Timestamp | None:
        """When the last transponder before a sighting was heard to lie where she does."""
        there = self._at[sighting["detection_id"]]
        gone = there[self._span_s[there, 1] < sighting["acquired"].timestamp()]
        return self._spans[gone[np.argmax(self._span_s[gone, 1])]][1] if len(gone) else None

    def taken(self, sighting: Mapping[Any, Any], reach_m: float, looks_s: FloatArray) -> NDArray[np.bool_]:
        """At which looks a transponder lay within reach of a sighting; at none if too seldom anybody listened.

        ``looks_s`` are their times [s since 1970].
        """
        if self._heard is None or self._heard.listened_at(looks_s).mean() < LISTENED:
            return np.zeros(len(looks_s), bool)
        came, left = np.sort(self._span_s[self._within(sighting, reach_m)], axis=0).T
        return np.asarray(np.searchsorted(came, looks_s, "right") > np.searchsorted(left, looks_s, "left"))

    def _within(self, sighting: Mapping[Any, Any], reach_m: float) -> NDArray[np.intp]:
        """Stays at her berth whose transponder lay no further than that from the middle of a sighting."""
        apart = distance_m(self._spots[:, 0], self._spots[:, 1], sighting["lon"], sighting["lat"])
        beside = self._longest_m < MUCH_SHORTER * sighting["length_m"]
        return np.flatnonzero((apart <= reach_m) & (self._zones == sighting["berth_id"]) & ~beside)


def _shorter(stay: Stay, shortest: pd.Timedelta) -> bool:
    """Was she there for less time than that, by the last word before and the first after, where both were heard?"""
    start, end = stay.arrival_lo, stay.departure_hi
    return start is not None and end is not None and end - start < shortest
