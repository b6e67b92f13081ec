"""Where ships with transponders lay: while one of them lies at a spot of a quay, no unnamed ship does.

A transponder that was heard inside the outline of a sighting, before it or after it, lay where that ship lies. So she
came after the other had left, or had left before it came. That two ships lie side by side at one spot happens, and
where a look shows both, the stay says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.calls.geodesy import distance_m
from pipeline.tables.records import records_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.calls.heard import Heard

# Chance that an unnamed ship lies beside one that is heard to come or to leave, where no look shows both (our choice)
SIDE_BY_SIDE = 0.01
LISTENED = 0.9  # share of looks near which anybody is heard, below which who was not heard may be there (our choice)


class Change(NamedTuple):
    """A moment at which a ship with a transponder was there, from her coming or until her leaving."""

    when: pd.Timestamp
    stay: int


class HeardThere:
    """Stays of transponders at the spots of sightings that are nobody's."""

    def __init__(self, heard: Heard | None, unnamed: pd.DataFrame) -> None:
        """``unnamed`` are those sightings, of any zone; without ``heard`` there is no such stay."""
        self._heard = heard
        rows = records_of(unnamed)
        at_quays = [] if heard is None else [stay for stay in heard.found if heard.at_berth(stay)]
        self._spans = [(stay.arrival_hi, stay.departure_lo) for stay in at_quays]
        self._spots = np.array([stay.spot for stay in at_quays]).reshape(-1, 2)
        inside = {row["detection_id"]: self._within(row, row["length_m"] / 2) for row in rows}
        seen_with = {n for row in rows for n in inside[row["detection_id"]] if self._during(n, row["acquired"])}
        self._at = {name: stays - seen_with for name, stays in inside.items()}

    def changes(self, sightings: Iterable[Mapping[Any, Any]]) -> list[Change]:
        """The comings and leavings at the spots of some sightings, in order of time."""
        stays = set().union(*(self._at[s["detection_id"]] for s in sightings))
        return sorted(Change(when, n) for n in stays for when in self._spans[n])

    def lay_at(self, stay: int, sighting: Mapping[Any, Any]) -> bool:
        """Did the transponder of a stay lie where this ship does?"""
        return stay in self._at[sighting["detection_id"]]

    def left_before(self, sighting: Mapping[Any, Any]) -> pd.Timestamp | None:
        """When the last transponder before a sighting was heard to lie where she does."""
        left = [self._spans[n][1] for n in self._at[sighting["detection_id"]]]
        return max((when for when in left if when < sighting["acquired"]), default=None)

    def taken(self, sighting: Mapping[Any, Any], reach_m: float, looks: Sequence[pd.Timestamp]) -> NDArray[np.bool_]:
        """At which looks a transponder lay within reach of a sighting; at none if too seldom anybody listened."""
        out = np.zeros(len(looks), bool)
        if self._heard is None or self._heard.listened_at(looks).mean() < LISTENED:
            return out
        for n in self._within(sighting, reach_m):
            out |= [self._during(n, when) for when in looks]
        return out

    def _within(self, sighting: Mapping[Any, Any], reach_m: float) -> frozenset[int]:
        """Stays whose transponder lay no further than that from the middle of a sighting."""
        apart = distance_m(self._spots[:, 0], self._spots[:, 1], sighting["lon"], sighting["lat"])
        return frozenset(np.flatnonzero(apart <= reach_m).tolist())

    def _during(self, stay: int, when: pd.Timestamp) -> bool:
        came, left = self._spans[stay]
        return bool(came <= when <= left)
