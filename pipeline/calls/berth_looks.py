"""The looks at a berth in order of time, what each shows at which spot, and how many of them show a spot occupied."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.calls.geodesy import distance_m
from pipeline.tables.records import records_of
from pipeline.types import RADARS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.config import CallsConfig

# Looks closer in time show the same as each other: most stays are longer (our choice)
INDEPENDENT_AFTER = timedelta(hours=12)
SAME_SPOT_M = 250.0  # a ship does not shift further along a berth during a stay (our choice)


class BerthLook(NamedTuple):
    """A pass over a berth: its time, the share of ships there that it misses, and the share that it shows.

    Where absence is no evidence, ``misses`` is 1 for any one ship; ``shows`` still counts for how busy a spot is.
    """

    pass_id: str
    when: pd.Timestamp
    misses: float
    shows: float


def looks_in_order(seen: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig) -> list[BerthLook]:
    """The passes in order of time, each by its first picture; one known only from a sighting shows it for certain."""
    out: dict[str, BerthLook] = {}
    for row in looks[(looks["state"] == "usable") & looks["acquired"].notna()].itertuples():
        absence = row.sensor not in RADARS or config.radar_absence_counts
        shows = config.look_recall.get(str(row.sensor), 0.0)
        look = BerthLook(row.pass_id, row.acquired, 1 - shows if absence else 1.0, shows)
        out[row.pass_id] = min(out.get(row.pass_id, look), look)
    for row in seen.itertuples():
        out.setdefault(row.pass_id, BerthLook(row.pass_id, row.acquired, 1.0, 1.0))
    return sorted(out.values(), key=lambda look: (look.when, look.pass_id))


class SightingsByPass:
    """What each pass shows at a zone, and where."""

    def __init__(self, seen: pd.DataFrame) -> None:
        self._by_pass: dict[str, list[dict[str, object]]] = {}
        for row in records_of(seen.sort_values("detection_id")):  # all at once: a few rows take as long
            self._by_pass.setdefault(row["pass_id"], []).append(row)
        self._lon, self._lat = (seen[name].to_numpy(float) for name in ("lon", "lat"))
        self._pass = seen["pass_id"].to_numpy(object)

    @property
    def all(self) -> list[dict[str, object]]:
        """The sightings of all passes."""
        return [sighting for shown in self._by_pass.values() for sighting in shown]

    def of_pass(self, pass_id: str) -> list[dict[str, object]]:
        """The sightings of a pass, in the order of their ids."""
        return self._by_pass.get(pass_id, [])

    def passes_at(self, sighting: dict[str, object], reach_m: float = SAME_SPOT_M) -> set[str]:
        """The passes that show a ship within reach of a sighting."""
        apart = distance_m(self._lon, self._lat, sighting["lon"], sighting["lat"])
        return set(self._pass[apart <= reach_m])


def occupied_looks(
    in_order: list[BerthLook], showing: set[str], is_heard: NDArray[np.bool_], own_pass_id: str
) -> tuple[int, int, float]:
    """How many looks show a ship, and how many would if the spot were never free.

    Looks within `INDEPENDENT_AFTER` of each other count as one.

    The third number: in how many of the others a ship with a transponder lay there.

    Looks close in time show the same ship or the same empty spot: ten on one day say no more than one of how busy the
    spot is. A look that shows two ships in three shows some occupied spots as free; the pass of the sighting itself
    shows a ship in any case. A look of unknown recall is not counted, since its ships are no share of anything.
    """
    is_known = [look.shows > 0 or look.pass_id == own_pass_id for look in in_order]
    in_order, is_heard = [look for look, known in zip(in_order, is_known, strict=True) if known], is_heard[is_known]
    when, near = np.array([look.when.timestamp() for look in in_order]), INDEPENDENT_AFTER.total_seconds()
    weight = 1 / (np.searchsorted(when, when + near, "right") - np.searchsorted(when, when - near))
    is_showing = np.array([look.pass_id in showing for look in in_order])
    recall = np.array([1.0 if look.pass_id == own_pass_id else look.shows for look in in_order])
    occupied = max(1, round(float(weight[is_showing].sum())))
    looks = max(occupied, round(float((weight * recall).sum())))
    return occupied, looks, looks * float(weight[is_heard & ~is_showing].sum() / weight.sum())


def is_same_spot(first: dict[str, object], second: dict[str, object]) -> bool:
    """Are two sightings close enough to be of one spot?"""
    return apart_m(first, second) <= SAME_SPOT_M


def apart_m(first: dict[str, object], second: dict[str, object]) -> float:
    """Metres between two sightings."""
    return float(distance_m(first["lon"], first["lat"], second["lon"], second["lat"]))
