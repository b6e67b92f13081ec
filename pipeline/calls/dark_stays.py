"""A stay that no transponder tells of: the sightings of what may be one ship, and the looks that missed her."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from pipeline.calls.counting import MIN_SD_M, length_of
from pipeline.ships.turnover import NOBODY_LOOKED, Before, Turnover


@dataclass(slots=True, eq=False)
class DarkStay:
    """Sightings of what may be one ship at one zone, in order of time, and the looks around them that missed her."""

    zone_id: str
    turns: Turnover
    """How soon ships follow each other at her spot."""
    sightings: list[dict[str, object]]
    absent_before: pd.Timestamp | None = None
    absent_after: pd.Timestamp | None = None
    flags: tuple[str, ...] = ()
    number: tuple[float, float] = (1.0, 1.0)
    """That all her sightings are one ship's, and the expected number of ships."""
    after: str = ""
    """The newest sighting at her spot of those gone when she was first seen: whom she follows there."""
    former: tuple[str, float] = ("", 0.0)
    """A sighting of the stay before that she may go on with, taken for another ship's, and the chance that she does."""
    spot: tuple[int, int] = (1, 1)
    """Looks that show somebody at her spot, and all looks at her berth."""
    empty: tuple[tuple[pd.Timestamp, float], ...] = ()
    """Of these the looks that show nobody at her spot, and what share of ships each misses."""
    missed: float = 1.0
    """Chance that the looks since her newest sighting that found her gone would all have missed her."""
    followed: bool = False
    """Was another ship seen to come to her spot since her newest sighting?"""

    def goes_on(self, sighting: dict[str, object]) -> None:
        """Take a sighting as hers. Looks since the one before that found her gone have missed her then."""
        self.sightings.append(sighting | {"missed_before": self.missed, "empty_before": self.empty})
        self.missed, self.empty, self.absent_after, self.followed = 1.0, (), None, False

    @property
    def last(self) -> dict[str, object]:
        """The newest sighting."""
        return self.sightings[-1]

    @property
    def came_after(self) -> Before:
        """The last look that did not show her before she was seen."""
        return self.sightings[0].get("came_after", NOBODY_LOOKED)  # type: ignore[return-value]

    @property
    def seen_d(self) -> float:
        """Days between her first and her newest sighting."""
        return float((self.last["acquired"] - self.sightings[0]["acquired"]) / timedelta(days=1))  # type: ignore[operator]

    def length(self) -> tuple[float, float]:
        """Length and its standard deviation from all sightings, each weighted by its own interval [m]."""
        values, deviations = np.array([length_of(s) for s in self.sightings]).T
        weights = 1 / np.maximum(deviations, MIN_SD_M) ** 2
        return float(np.sum(weights * values) / weights.sum()), float(weights.sum() ** -0.5)
