"""Calls that nobody saw: how many, from the times of the real looks, what a look finds, and how long ships stay.

A ship that stays from ``a`` to ``a + s`` is seen with probability ``p = 1 - prod(1 - r_k)`` over the looks k in that
time, each with its recall r_k; the mean over stays is p(a). Calls arrive as a Poisson process of unknown rate. Those
seen are then Poisson with mean ``rate * E``, E = integral of p(a) [d], those unseen with ``rate * U``, U = integral of
1 - p(a), and both are independent (thinning of a Poisson process; Kingman, Poisson Processes, 1993, section 5.1). So

* n_seen * U / E is an unbiased estimate of the unseen calls for any number of looks (the Horvitz-Thompson estimator),
* the rate's posterior is Gamma(n_seen + 1/2, E), Jeffreys' prior, whose predictive intervals for the unseen cover. Its
  mean, which table and account tell, lies above the unbiased one by half a call (shared among the zones) times U / E.

A zone at which too little was looked says "unknown": its interval would reach from what was seen to a hundred times
that. Whether it was enough goes by the looks alone, never by what they showed (``Exposure.tells``), so that it selects
no outcome and the intervals that are told cover as they would without the rule. Calls that AIS heard are seen whether
anybody looked or not; they tell how long ships stay and what looks find, and are not extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.calls.recall import CONTEXT_OF_KIND, recall_at
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.tables import MISSED
from pipeline.types import Place

if TYPE_CHECKING:
    from pipeline.types import FloatArray

MIN_STAYS = 10  # complete stays from which their own distribution is taken rather than the declared one (our choice)
LAW_POINTS = 40  # quantiles that stand for the distribution of stays
STEP_D = 1 / 48  # of the integral over times of arrival: half an hour against stays of about a day
MIN_LOOKS = 5  # overpasses: fewer are a few moments, and chance alone says what was there (our choice)
MIN_SEEN = 0.03  # of arrivals: below, each call seen would stand for more than thirty unseen ones (our choice)
MOSTLY_SEEN = 0.5  # of arrivals: above, no more is added than was seen, and any number of looks will do (our choice)
JEFFREYS = 0.5  # shape of Jeffreys' prior of a Poisson rate
DAY_S = 86_400.0  # seconds of a day


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the looks at one zone could see, by day of arrival; the first day also holds who lay there at the start."""

    seen_d: FloatArray
    """Integral of p(a) over each day [d]."""
    unseen_d: FloatArray
    """Integral of 1 - p(a) over each day [d]."""

    n_looks: int = 0
    """Looks in the period that could see anybody; the slices of an overpass are one."""

    def tells(self) -> bool:
        """Were there looks enough to say how many calls nobody saw?

        >>> one, five = (exposure(np.arange(0.5, 30, 30 / n), np.full(n, 0.9), np.array([1.0]), 30.0) for n in (1, 5))
        >>> one.tells(), five.tells()
        (False, True)
        """
        seen = self.total_seen_d / (self.total_seen_d + self.total_unseen_d)
        return seen >= MOSTLY_SEEN or (self.n_looks >= MIN_LOOKS and seen >= MIN_SEEN)

    @property
    def total_seen_d(self) -> float:
        """E: days of arrivals that would have been seen."""
        return float(self.seen_d.sum())

    @property
    def total_unseen_d(self) -> float:
        """U: days of arrivals that would not."""
        return float(self.unseen_d.sum())


def missed_calls(
    *,
    looks: pd.DataFrame,
    calls: pd.DataFrame,
    recalls: pd.DataFrame,
    place: Place,
    start: datetime,
    end: datetime,
    config: CallsConfig,
) -> pd.DataFrame:
    """The MISSED table: one row per counted zone and day of the period from ``start`` to ``end`` (UTC).

    ``recalls`` (RECALLS) says what a look finds, for ships as long as those that called at the zone.
    """
    zones = [zone for zone in place.zones if zone.counts]
    midnight = pd.Timestamp(start).tz_convert("UTC").normalize()
    counted = calls[calls["counts"].astype(bool)]
    by_image = counted[counted["evidence_class"].isin(["C", "D"])]
    law_d = stay_law(counted, config)
    rows: list[dict[str, object]] = []
    for zone in zones:
        n_seen = int((by_image["berth_id"] == zone.zone_id).sum())
        callers = counted.loc[counted["berth_id"] == zone.zone_id, "length_m"]
        recall = recall_at(recalls, CONTEXT_OF_KIND[zone.kind], callers)
        times_d, found = _looks_at(looks, zone.zone_id, recall, start)
        begun_d = (start - midnight).total_seconds() / DAY_S
        seen = exposure(times_d, found, law_d, (end - start).total_seconds() / DAY_S, begun_d)
        rows += _rows(zone.zone_id, midnight, seen, n_seen, JEFFREYS / len(zones))
    return MISSED.check(MISSED.from_rows(rows))


def exposure(
    looks_d: FloatArray, recall: FloatArray, law_d: FloatArray, period_d: float, begun_d: float = 0.0
) -> Exposure:
    """Integrals of p(a) and 1 - p(a) over the calendar days of a period.

    Parameters
    ----------
    looks_d : sorted times of looks since the start of the period [d]
    recall : probability of each that it shows a ship that lies there
    law_d : equally likely lengths of stay [d]
    period_d : length of the period [d]
    begun_d : how far its first calendar day has gone when the period starts [d]

    Examples
    --------
    Stays of one day and a sure look every second day: ten of those in its 21 days (20 and the one before) are seen.

    >>> half = exposure(np.arange(0.5, 20), np.tile([1.0, 0.0], 10), np.array([1.0]), 20.0)
    >>> print(f"{half.total_seen_d:.2f} {half.total_unseen_d:.2f}")
    10.00 11.00
    """
    n_days = max(1, int(np.ceil(begun_d + period_d - 1e-9)))
    steps_in = max(1, round(period_d / STEP_D))
    arrivals = (np.arange(-int(np.ceil(law_d.max() / STEP_D)), steps_in) + 0.5) * STEP_D
    inside = (looks_d >= 0) & (looks_d < period_d)
    blind = np.concatenate([[0.0], np.cumsum(np.log1p(-np.clip(recall[inside], 0, 1 - 1e-12)))])
    looks_d = looks_d[inside]
    p, there = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    before = blind[np.searchsorted(looks_d, arrivals)]
    for stay in law_d:
        lies = arrivals + stay > 0
        p += np.where(lies, -np.expm1(blind[np.searchsorted(looks_d, arrivals + stay)] - before), 0.0)
        there += lies
    day = np.clip(np.floor(np.maximum(arrivals, 0.0) + begun_d).astype(int), 0, n_days - 1)
    share = STEP_D / len(law_d)
    seen = np.asarray(np.bincount(day, p * share, n_days), dtype=np.float64)
    present = np.asarray(np.bincount(day, there * share, n_days), dtype=np.float64)
    return Exposure(seen, present - seen, int((recall[inside] > 0).sum()))


def stay_law(calls: pd.DataFrame, config: CallsConfig) -> FloatArray:
    """Equally likely lengths of stay [d], sorted: of the stays that AIS heard from entry to exit, else as declared.

    The declared law is log-normal with ``stay_d`` as its 5 % and 95 % points.
    """
    whole = calls[(calls["evidence_class"] == "A") & calls["departure_hi"].notna() & calls["arrival_lo"].notna()]
    share = (np.arange(LAW_POINTS) + 0.5) / LAW_POINTS
    if len(whole) >= MIN_STAYS:
        longest = (whole["departure_hi"] - whole["arrival_lo"]).dt.total_seconds().to_numpy(float)
        shortest = (whole["departure_lo"] - whole["arrival_hi"]).dt.total_seconds().to_numpy(float)
        return np.quantile((longest + shortest) / 2 / DAY_S, share)
    from scipy.special import ndtri

    low, high = np.log(config.stay_d)
    return np.exp((low + high) / 2 + ndtri(share) * (high - low) / (2 * Z90))


def _looks_at(
    looks: pd.DataFrame, zone_id: str, recall: dict[str, float], start: datetime
) -> tuple[FloatArray, FloatArray]:
    """Times since ``start`` [d] and recalls of the looks at one zone, of which a pass has one."""
    here = looks[(looks["zone_id"] == zone_id) & (looks["state"] != "unknown") & looks["acquired"].notna()]
    here = here.sort_values(["acquired", "look_id"])
    times = [(when - start).total_seconds() / DAY_S for when in here["acquired"]]
    found = [recall.get(sensor, 0.0) for sensor in here["sensor"]] * here["covered"].astype(float).fillna(
        1.0
    ).to_numpy()
    return np.array(times), np.array(found)


def _rows(
    zone_id: str, first_day: pd.Timestamp, seen: Exposure, n_seen: int, prior_shape: float
) -> list[dict[str, object]]:
    known = seen.tells()
    shape, exposed = n_seen + prior_shape, seen.total_seen_d
    rows: list[dict[str, object]] = []
    for n, (in_sight, unseen_d) in enumerate(zip(seen.seen_d, seen.unseen_d, strict=True)):
        day = (first_day + pd.Timedelta(days=n)).date().isoformat()
        row: dict[str, object] = {"missed_id": f"{zone_id}/{day}", "zone_id": zone_id, "day": day, "n_seen": n_seen}
        row["state"] = "known" if known else "unknown"
        if known:
            row |= {
                "p_seen": float(np.clip(in_sight / (in_sight + unseen_d), 0, 1)),
                "unseen_days": max(0.0, float(unseen_d)),
                "rate_shape": shape,
                "rate_per_d": exposed,
                "unseen_mean": shape / exposed * max(0.0, float(unseen_d)),
            }
        rows.append(row)
    return rows
