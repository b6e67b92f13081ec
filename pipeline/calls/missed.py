"""Calls that nobody saw: how many, from the times of the real looks, what a look finds, and how long ships stay.

A ship that stays from ``a`` to ``a + s`` is seen with probability ``p = 1 - prod(1 - r_k)`` over the looks k in that
time, each with its recall r_k; the mean over stays is p(a). Calls arrive as a Poisson process of unknown rate. Those
seen are then Poisson with mean ``rate * E``, E = integral of p(a) [d], those unseen with ``rate * U``, U = integral of
1 - p(a), and both are independent (thinning of a Poisson process; Kingman, Poisson Processes, 1993, section 5.1). So

* n_seen * U / E is an unbiased estimate of the unseen calls for any number of looks (the Horvitz-Thompson estimator),
* the rate's posterior is Gamma(n_seen + 1/2, E), Jeffreys' prior, whose predictive intervals for the unseen cover. Its
  mean lies above the unbiased one by half a call (shared among the zones) times U / E.

What a look finds and how long ships stay is not known exactly either (`exposure.seen_bounds`): each day's p has an
interval, and table and account tell the mean and the interval over that as well. Without it, 90 % intervals of
simulated years with 60 calls hold half to four fifths of the time (`benchmarks/missed_calls.py`).

A zone at which too little was looked says "unknown": its interval would reach from what was seen to a hundred times
that. Whether it was enough goes by the looks alone, never by what they showed (``Exposure.tells``), so that it selects
no outcome and the intervals that are told cover as they would without the rule. Calls that AIS heard are seen whether
anybody looked or not; they tell how long ships stay and what looks find, and are not extrapolated.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.calls.exposure import Exposure, seen_bounds
from pipeline.calls.recall import CONTEXT_OF_KIND, recall_at
from pipeline.calls.stay_law import DAY_S, stay_law
from pipeline.config import CallsConfig
from pipeline.tables import MISSED
from pipeline.tables.seen_law import seen_share
from pipeline.types import Place

if TYPE_CHECKING:
    from pipeline.types import FloatArray

JEFFREYS = 0.5  # shape of Jeffreys' prior of a Poisson rate
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)  # for means over a normal error


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
    stays = stay_law(counted, config)
    rows: list[dict[str, object]] = []
    for zone in zones:
        n_seen = int((by_image["berth_id"] == zone.zone_id).sum())
        callers = counted.loc[counted["berth_id"] == zone.zone_id, "length_m"]
        recalls_here = [
            recall_at(recalls, CONTEXT_OF_KIND[zone.kind], callers, told)
            for told in ("recall_lo", "recall", "recall_hi")
        ]
        times_d, found = _looks_at(looks, zone.zone_id, recalls_here, start)
        begun_d = (start - midnight).total_seconds() / DAY_S
        seen, *bounds = seen_bounds(times_d, found, stays, (end - start).total_seconds() / DAY_S, begun_d)
        rows += _rows(zone.zone_id, midnight, seen, np.stack(bounds), n_seen, JEFFREYS / len(zones))
    return MISSED.check(MISSED.from_rows(rows))


def _looks_at(
    looks: pd.DataFrame, zone_id: str, recalls: list[dict[str, float]], start: datetime
) -> tuple[FloatArray, FloatArray]:
    """Times since ``start`` [d] of the looks at one zone, of which a pass has one, and their recalls: one row of each
    of the given ones. Looks that show too little to be usable find ships as well, as often as they show their place,
    and those ships count as seen."""
    here = looks[(looks["zone_id"] == zone_id) & looks["acquired"].notna()].sort_values(["acquired", "look_id"])
    shown = here["covered"].astype(float).fillna((here["state"] != "unknown").astype(float)).to_numpy()
    here, covered = here[shown > 0], shown[shown > 0]
    times = [(when - start).total_seconds() / DAY_S for when in here["acquired"]]
    found = [[recall.get(sensor, 0.0) for sensor in here["sensor"]] * covered for recall in recalls]
    return np.array(times), np.array(found)


def _rows(
    zone_id: str, first_day: pd.Timestamp, seen: Exposure, bounds: FloatArray, n_seen: int, prior_shape: float
) -> list[dict[str, object]]:
    """The rows of one zone; ``bounds`` are those of the chance that a call is seen, shape (2, days)."""
    known = seen.tells()
    shape = n_seen + prior_shape
    means = _unseen_means(seen, bounds, shape) if known else np.zeros(len(seen.seen_d))
    rows: list[dict[str, object]] = []
    for n, p in enumerate(seen.p_seen):
        day = (first_day + pd.Timedelta(days=n)).date().isoformat()
        row: dict[str, object] = {"missed_id": f"{zone_id}/{day}", "zone_id": zone_id, "day": day, "n_seen": n_seen}
        row["state"] = "known" if known else "unknown"
        if known:
            row |= {
                "p_seen": float(p),
                "p_seen_lo": float(min(bounds[0, n], p)),
                "p_seen_hi": float(max(bounds[1, n], p)),
                "seen_days": float(seen.seen_d[n]),
                "unseen_days": max(0.0, float(seen.unseen_d[n])),
                "rate_shape": shape,
                "rate_per_d": seen.total_seen_d,
                "unseen_mean": float(means[n]),
            }
        rows.append(row)
    return rows


def _unseen_means(seen: Exposure, bounds: FloatArray, shape: float) -> FloatArray:
    """Expected unseen calls of each day: means over what is not known of looks and stays, all days erring together."""
    arrivals = np.maximum(seen.seen_d + seen.unseen_d, 0.0)[:, None]
    p = seen_share(seen.p_seen[:, None], bounds[0][:, None], bounds[1][:, None], _NODES)
    return np.asarray((arrivals * (1 - p) / (arrivals * p).sum(axis=0)) @ _WEIGHTS * shape / _WEIGHTS.sum())
