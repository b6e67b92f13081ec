"""Share of her stay that had passed at a look, and so the share of her cargo that was aboard.

Arrival and departure are known within bounds: she came between the last look without her and the first with her, or as
her transponder shows. Within them the density of a pair of times is that of a stay of its length: ships come at any
time, and stays have the law of ``turnover``. An unbounded end reaches as far out as hardly any stay lasts.

No ship pumps throughout: hoses, gauging, papers and waiting come first and last. The shares of the stay before, during
and after pumping are the spacings of three random points, with pumping between the outer two (Dirichlet with 1, 2, 1: a
quarter, a half and a quarter of the stay on average; our choice). During pumping the cargo grows evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.ships.turnover import SHORTEST_GAP_D, log_stay_mean_sd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.types import FloatArray

BOUNDS = ("arrival_lo", "arrival_hi", "departure_lo", "departure_hi")  # columns of a stay in tables
HOUR, DAY_H = timedelta(hours=1), 24.0
OPEN_SD = 2.5  # of ln(stay): an unbounded end is limited by the longest stay in a hundred and sixty
ENDS = (np.arange(40) + 0.5) / 40  # positions within each end's bounds, where shares are calculated and not drawn


@dataclass(frozen=True, slots=True)
class StayTimes:
    """A stay in hours, and the times of its looks; None for a missing look."""

    arrival_window_h: float  # how long before she was surely there she may have come
    surely_there_h: float  # from the first to the last time at which she was surely there
    departure_window_h: float  # how much later she may have left
    stay_d: tuple[float, float]  # 5 and 95 % points of how long ships stay
    first_h: float | None = None  # looks, after the first time at which she was surely there
    last_h: float | None = None

    def share_passed(self, look_h: float, came: FloatArray, left: FloatArray) -> FloatArray:
        """Share of the stay that had passed at a look, for each draw.

        ``came`` and ``left`` say from 0 to 1 how far out in its bounds each end lies. For a stay of zero length every
        share is equally likely.

        >>> half, usual = np.array(0.5), (0.8, 3.0)
        >>> float(StayTimes(4.0, 20.0, 4.0, usual).share_passed(20.0, half, half).round(3))
        0.917
        >>> float(StayTimes(0.0, 0.0, 0.0, usual).share_passed(0.0, half, half))
        0.5
        """
        before, after = (
            came * self.arrival_window_h + look_h,
            left * self.departure_window_h + self.surely_there_h - look_h,
        )
        length = before + after
        known = length > 0
        share = np.divide(before, length, out=np.array(np.broadcast_to(came, length.shape), float), where=known)
        return np.clip(share, 0.0, 1.0)

    def relative_likelihood(self, came: FloatArray, left: FloatArray) -> FloatArray:
        """Relative likelihood of such ends by the law of stays; the likeliest is 1."""
        hours = came * self.arrival_window_h + self.surely_there_h + left * self.departure_window_h
        middle, spread = log_stay_mean_sd(self.stay_d)
        log = np.log(np.maximum(hours / DAY_H, SHORTEST_GAP_D))
        weights = -0.5 * ((log - middle) / spread) ** 2 - log
        return np.exp(weights - weights.max())

    def share_quantiles(self, look_h: float, points: Sequence[float] = (0.05, 0.5, 0.95)) -> FloatArray:
        """Quantiles of the share of the stay that had passed at a look.

        >>> StayTimes(4.0, 20.0, 4.0, (0.8, 3.0)).share_quantiles(0.0).round(2).tolist()
        [0.01, 0.09, 0.15]
        """
        came, left = np.meshgrid(ENDS, ENDS)
        passed, weights = self.share_passed(look_h, came, left).ravel(), self.relative_likelihood(came, left).ravel()
        order = np.argsort(passed)
        cumulative = np.cumsum(weights[order])
        return np.interp(points, (cumulative - 0.5 * weights[order]) / cumulative[-1], passed[order])

    @property
    def median_share(self) -> float:
        """Median share that had passed at the first look, or at the last if there is no first."""
        look = self.last_h if self.first_h is None else self.first_h
        return float(self.share_quantiles(0.0 if look is None else look)[1])

    def reversed_in_time(self) -> StayTimes:
        """The same stay reversed in time, since a discharge is a loading in reverse."""
        first, last = (None if look is None else self.surely_there_h - look for look in (self.last_h, self.first_h))
        return StayTimes(self.departure_window_h, self.surely_there_h, self.arrival_window_h, self.stay_d, first, last)


def cargo_share(passed: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Share of the cargo aboard after a share of the stay; ``before`` and ``after`` are the shares without pumping.

    >>> cargo_share(np.array([0.1, 0.5, 0.95]), np.array(0.2), np.array(0.1)).round(2).tolist()
    [0.0, 0.43, 1.0]
    """
    return np.clip((passed - before) / np.maximum(1 - before - after, 1e-9), 0.0, 1.0)


def stay_times(
    arrival: tuple[datetime | None, datetime],
    departure: tuple[datetime, datetime | None],
    first: datetime | None,
    last: datetime | None,
    stay_d: tuple[float, float],
) -> StayTimes:
    """A stay from the bounds of its ends (None where unbounded) and the times of two looks, or of one.

    She was there at each look, so a look outside the bounds extends them.
    """
    looks = [look for look in (first, last) if look is not None]
    surely = min([arrival[1], *looks]), max([departure[0], *looks])
    if surely[1] < surely[0]:  # for a date without a time one bound is the end of the day, the other its start
        surely = surely[1], surely[1]
    middle, spread = log_stay_mean_sd(stay_d)
    open_h = DAY_H * float(np.exp(middle + OPEN_SD * spread))
    arrival_window_h = open_h if arrival[0] is None else max((surely[0] - arrival[0]) / HOUR, 0.0)
    departure_window_h = open_h if departure[1] is None else max((departure[1] - surely[1]) / HOUR, 0.0)
    looks_h = (None if look is None else (look - surely[0]) / HOUR for look in (first, last))
    return StayTimes(arrival_window_h, (surely[1] - surely[0]) / HOUR, departure_window_h, stay_d, *looks_h)


def stay_times_of(row: Mapping[str, Any], stay_d: tuple[float, float]) -> StayTimes | None:
    """The stay of a row of liftings with the times of its freeboards; None without any, or where a time is missing."""
    ends = [(row.get(f"freeboard_{end}_m"), _moment(row, f"freeboard_{end}_at")) for end in ("in", "out")]
    looks = [look for side, look in ends if side is not None and not np.isnan(side)]
    arrival_lo, arrival_hi, departure_lo, departure_hi = (_moment(row, name) for name in BOUNDS)
    if not looks or None in looks or arrival_hi is None or departure_lo is None:
        return None
    (_, first), (_, last) = ends
    return stay_times((arrival_lo, arrival_hi), (departure_lo, departure_hi), first, last, stay_d)


def _moment(row: Mapping[str, Any], name: str) -> datetime | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else value
