"""A stay without a transponder: the sightings of what may be one ship, and the looks that missed her."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from pipeline.calls.counting import mean_length
from pipeline.ships.turnover import NO_LOOK_BEFORE, LookBefore, Turnover


@dataclass(slots=True, eq=False)
class DarkStay:
    """Sightings of what may be one ship at one zone, in order of time, and the looks around them that missed her."""

    zone_id: str
    turns: Turnover
    """How soon ships follow each other at her looks_at_spot."""
    sightings: list[dict[str, object]]
    absent_before: pd.Timestamp | None = None
    absent_after: pd.Timestamp | None = None
    flags: tuple[str, ...] = ()
    number: tuple[float, float] = (1.0, 1.0)
    """Probability that all sightings are of one ship, and the expected number of ships."""
    turns_slope: float = 0.0
    """Change of ln of the hazard of a change of ship if ships stay longer by a standard deviation of their law."""
    predecessor_id: str = ""
    """The newest sighting at her looks_at_spot of the ships gone when she was first seen: the one she follows there."""
    former: tuple[str, float] = ("", 0.0)
    """A sighting of the stay before, taken for another ship's, that may be hers; and the probability that it is."""
    looks_at_spot: tuple[int, int] = (1, 1)
    """Number of looks that show a ship at her looks_at_spot, and of all looks at her berth."""
    empty_looks: tuple[tuple[pd.Timestamp, float], ...] = ()
    """Looks since her newest sighting that show her looks_at_spot empty: time, and the share of ships each misses."""
    p_missed: float = 1.0
    """Probability that all looks since her newest sighting that did not show her have missed her."""
    is_followed: bool = False
    """Whether another ship was seen to come to her looks_at_spot since her newest sighting."""

    def extend(self, sighting: dict[str, object]) -> None:
        """Add a sighting of her. Looks since the previous one that did not show her must then have missed her."""
        self.sightings.append(sighting | {"missed_before": self.p_missed, "empty_before": self.empty_looks})
        self.p_missed, self.empty_looks, self.absent_after, self.is_followed = 1.0, (), None, False

    @property
    def last(self) -> dict[str, object]:
        """The newest sighting."""
        return self.sightings[-1]

    @property
    def look_before(self) -> LookBefore:
        """The last look before her first sighting that did not show her."""
        return self.sightings[0].get("look_before", NO_LOOK_BEFORE)  # type: ignore[return-value]

    @property
    def seen_d(self) -> float:
        """Days between the first and the newest sighting."""
        return float((self.last["acquired"] - self.sightings[0]["acquired"]) / timedelta(days=1))  # type: ignore[operator]

    def length(self) -> tuple[float, float]:
        """Length and its standard deviation from all sightings, each weighted by its own interval [m]."""
        return mean_length(self.sightings)
