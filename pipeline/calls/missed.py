"""Estimate the calls that nobody saw, from the times of the real looks, their recall, and how long ships stay.

A ship that stays from ``a`` to ``a + s`` is seen with probability ``p = 1 - prod(1 - r_k)`` over the looks k in that
time, each with its recall r_k; the mean over stays is p(a). Calls arrive as a Poisson process of unknown rate. Those
seen are then Poisson with mean ``rate * E``, E = integral of p(a) [d], those unseen with ``rate * U``, U = integral of
1 - p(a), and both are independent (thinning of a Poisson process; Kingman, Poisson Processes, 1993, section 5.1). So

* n_seen * U / E is an unbiased estimate of the unseen calls for any number of looks (the Horvitz-Thompson estimator),
* the rate's posterior is Gamma(n_seen + 1/2, E), Jeffreys' prior, whose predictive intervals for the unseen cover. Its
  mean lies above the unbiased one by half a call (shared among the zones) times U / E.

Here n_seen is the number of calls seen, not of the table's rows: a row may stand for several ships in turn, or be part
of the one before. Its mean and variance are those of `counting.call_counts`; rows taken for calls would extrapolate too
few at a busy berth and too many where looks often miss the ships (`benchmarks/call_numbers.py`).

Recall and the law of stays are not known exactly either (`exposure.seen_bounds`): each day's p has an interval, and the
table and the account give mean and interval over that as well. Without it, 90 % intervals of simulated years with 60
calls hold half to four fifths of the time (`benchmarks/missed_calls.py`).

Looks of unknown recall (``covered`` 0: bands without names, pixels unlike those the network knows, a picture cut off by
a viewer) find ships too. If these were part of n_seen, each would stand for U / E more. They belong to the calls unseen
by the looks that count, of which they find a share that is estimated (`_less_found_otherwise`).

A zone with too few looks is "unknown": its interval would reach from what was seen to a hundred times that. Whether
there were enough depends on the looks alone and the declared law of stays, never on what they showed
(``Exposure.has_enough_looks``), so no outcome is selected and the intervals given cover as they would without the rule.
Calls heard by AIS are known whether anybody looked or not; they inform the law of stays and the recall, and are not
extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pipeline.calls.counting import call_counts
from pipeline.calls.exposure import Exposure, exposure, seen_bounds
from pipeline.calls.recall import CONTEXT_OF_KIND, recall_at
from pipeline.calls.stay_law import DAY_S, StayLaw, stay_law
from pipeline.config import CallsConfig
from pipeline.tables import MISSED, PORT_CALLS
from pipeline.tables.seen_law import NEVER, seen_share
from pipeline.tables.ships import BY_IMAGES
from pipeline.times_places.passes import passes
from pipeline.types import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray

JEFFREYS = 0.5  # shape of Jeffreys' prior of a Poisson rate
_SHARES = np.sin(np.pi / 2 * (np.arange(64) + 0.5) / 64) ** 2  # quantiles of Jeffreys' prior of a share, Beta(1/2, 1/2)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)  # Gauss-Hermite quadrature, for means over a normal error


@dataclass(frozen=True, slots=True)
class _Law:
    """What the looks at one zone say of the unseen calls there."""

    seen: Exposure
    bounds: FloatArray
    """5 % and 95 % bound of the probability that a call is seen, shape (2, days)."""
    shape: float
    """Shape of the Gamma distribution of the rate of calls,"""
    per_d: float
    """whose mean is ``shape / per_d`` [1/d]."""


def missed_calls(
    *,
    looks: pd.DataFrame,
    calls: pd.DataFrame,
    detections: pd.DataFrame,
    recalls: pd.DataFrame,
    place: Place,
    start: datetime,
    end: datetime,
    config: CallsConfig,
    stays: StayLaw | None = None,
) -> pd.DataFrame:
    """The MISSED table: one row per counted zone and day of the period from ``start`` to ``end`` (UTC).

    ``recalls`` (RECALLS) gives the recall of a look for ships as long as those that called at the zone; ``detections``
    link calls to the looks that saw them. ``stays`` says how long ships stay; the default is learnt from ``calls``.
    """
    zones = [zone for zone in place.zones if zone.counts]
    midnight = pd.Timestamp(start).tz_convert("UTC").normalize()
    counted = calls[calls["counts"].astype(bool)]
    by_image = counted[counted["evidence_class"].isin(BY_IMAGES)]
    is_found_otherwise = ~_seen_by_looks(by_image, looks, detections, recalls)
    stays, declared = stays or stay_law(counted, config), stay_law(PORT_CALLS.empty(), config)
    rows: list[dict[str, object]] = []
    for zone in zones:
        at_zone = by_image["berth_id"] == zone.zone_id
        found, otherwise = by_image[at_zone & ~is_found_otherwise], by_image[at_zone & is_found_otherwise]
        lengths_m = counted.loc[counted["berth_id"] == zone.zone_id, "length_m"]
        recalls_here = [
            recall_at(recalls, CONTEXT_OF_KIND[zone.kind], lengths_m, column)
            for column in ("recall_lo", "recall", "recall_hi")
        ]
        times_d, recalls_of_looks = _looks_at(looks, zone.zone_id, recalls_here, start)
        begun_d = (start - midnight).total_seconds() / DAY_S
        period_d = (end - start).total_seconds() / DAY_S
        is_known = exposure(times_d, recalls_of_looks[1], declared.days, period_d, begun_d).has_enough_looks()
        seen, *bounds = seen_bounds(times_d, recalls_of_looks, stays, period_d, begun_d)
        law = _law(seen, np.stack(bounds), found, JEFFREYS / len(zones))
        law_or_none = _less_found_otherwise(law, _number_of(otherwise)[0]) if is_known else None
        rows += _rows(zone.zone_id, midnight, law_or_none, len(found), len(seen.p_seen))
    return MISSED.check(MISSED.from_rows(rows))


def _looks_at(
    looks: pd.DataFrame, zone_id: str, recalls: list[dict[str, float]], start: datetime
) -> tuple[FloatArray, FloatArray]:
    """Times since ``start`` [d] of the looks at one zone, one per pass, and their recalls: one row per table in
    ``recalls``.

    Looks that show too little to be usable count too, their recall reduced by the share of the zone that they show: the
    ships that they find count as seen.
    """
    zone_looks = looks[(looks["zone_id"] == zone_id) & looks["acquired"].notna()].sort_values(["acquired", "look_id"])
    share = _shown_share(zone_looks)
    zone_looks, covered = zone_looks[share > 0], share[share > 0]
    times = [(when - start).total_seconds() / DAY_S for when in zone_looks["acquired"]]
    recalls_of_looks = [[recall.get(sensor, 0.0) for sensor in zone_looks["sensor"]] * covered for recall in recalls]
    return np.array(times), np.array(recalls_of_looks)


def _shown_share(looks: pd.DataFrame) -> FloatArray:
    """Share of its zone that each look showed; 0 or 1 by its state in a table without shares."""
    is_shown = (looks["state"] != "unknown").astype(float)
    return np.asarray(looks["covered"].astype(float).fillna(is_shown), dtype=np.float64)


def _seen_by_looks(
    calls: pd.DataFrame, looks: pd.DataFrame, detections: pd.DataFrame, recalls: pd.DataFrame
) -> NDArray[np.bool_]:
    """Was each call seen in a look of known recall? True also for a call whose sightings are not known."""
    sensors = set(recalls.loc[recalls["recall"] > 0, "sensor"])
    counted = looks[(_shown_share(looks) > 0) & looks["sensor"].isin(sensors)]
    pass_of = passes(looks, detections)
    passes_showing = {(pass_of[s], zone) for s, zone in zip(counted["scene_id"], counted["zone_id"], strict=True)}
    scene_of = dict(zip(detections["detection_id"], detections["scene_id"], strict=True))
    out = []
    for ids, zone in zip(calls["detection_ids"], calls["berth_id"], strict=True):
        passes_of_call = {pass_of[scene_of[name]] for name in ids if name in scene_of}
        out.append(not passes_of_call or any((pass_id, zone) in passes_showing for pass_id in passes_of_call))
    return np.array(out, dtype=bool)


def _number_of(calls: pd.DataFrame) -> tuple[float, float]:
    """Mean and variance of the number of calls that rows stand for."""
    numbers, chances = call_counts(calls)
    mean = float(numbers @ chances)
    return mean, float(((numbers - mean) ** 2) @ chances)


def _law(seen: Exposure, bounds: FloatArray, found: pd.DataFrame, prior_shape: float) -> _Law:
    """The law of a zone from its rows ``found`` by images: given their number n, the rate is Gamma(n + prior, E).

    The number is uncertain, so this is a mixture, approximated by a Gamma of equal mean and variance.
    """
    mean, variance = _number_of(found)
    shape = mean + prior_shape
    certainty = shape / (shape + variance)
    return _Law(seen, bounds, shape * certainty, seen.total_seen_d * certainty)


def _less_found_otherwise(law: _Law, n_otherwise: float) -> _Law:
    """The law of a zone, given the expected number of calls seen only by looks of unknown recall.

    They are part of the ``rate * U`` calls that the other looks missed; if looks see less than assumed, more are missed
    and these are a smaller share of them. Bias and coverage by simulation: benchmarks/unrated_looks.py.
    """
    if not (n_otherwise and law.seen.total_unseen_d > 0):
        return law
    arrivals_d = law.seen.seen_d + law.seen.unseen_d
    widened = law.seen.total_seen_d / law.per_d

    def found(p_seen: FloatArray) -> _Found:
        seen_d = max(float(arrivals_d @ p_seen), NEVER)
        return _found(n_otherwise, law.shape, widened * max(float(arrivals_d.sum()) / seen_d - 1, NEVER))

    usual = found(law.seen.p_seen)
    more_d = usual.share * law.seen.unseen_d
    seen = replace(law.seen, seen_d=law.seen.seen_d + more_d, unseen_d=law.seen.unseen_d - more_d)
    bounds = np.stack([1 - (1 - bound) * (1 - found(bound).share) for bound in law.bounds])
    rate_per_d = usual.missed / law.seen.total_unseen_d
    return _Law(seen, bounds, usual.shape, usual.shape / rate_per_d)


class _Found(NamedTuple):
    """What looks of unknown recall found among the calls that the other looks missed."""

    share: float
    missed: float
    """Expected number of calls that the other looks missed."""
    shape: float
    """Shape of the Gamma distribution of the calls that nobody saw."""


def _found(n: float, shape: float, missed_per_seen: float) -> _Found:
    """Posterior by Bayes' rule, with Jeffreys' prior on the share q found.

    The missed calls are Poisson with mean M, which is Gamma with this ``shape`` and mean ``shape * missed_per_seen``;
    the ``n`` found are Poisson with mean q M, those nobody saw with mean (1 - q) M, approximated by a Gamma of equal
    moments. Given q, M is then Gamma(shape + n, 1 / missed_per_seen + q), as the Gamma law is conjugate to Poisson's.
    """
    gamma_shape, per_missed = shape + n, 1 / missed_per_seen + _SHARES
    log_weight = n * np.log(_SHARES) - gamma_shape * np.log(per_missed)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean, rest = gamma_shape / per_missed, 1 - _SHARES
    missed, left_mean = float(weight @ mean), float(weight @ (rest * mean))
    variance = float(weight @ ((rest * mean) ** 2 * (1 + 1 / gamma_shape))) - left_mean**2
    return _Found(1 - left_mean / missed, missed, left_mean**2 / variance)


def _rows(zone_id: str, first_day: pd.Timestamp, law: _Law | None, n_seen: int, n_days: int) -> list[dict[str, object]]:
    """The rows of one zone; ``law`` is None where too few looks were taken."""
    means = np.zeros(n_days) if law is None else _unseen_means(law)
    rows: list[dict[str, object]] = []
    for n in range(n_days):
        day = (first_day + pd.Timedelta(days=n)).date().isoformat()
        row: dict[str, object] = {"missed_id": f"{zone_id}/{day}", "zone_id": zone_id, "day": day, "n_seen": n_seen}
        row["state"] = "unknown" if law is None else "known"
        if law is not None:
            seen, bounds, p_seen = law.seen, law.bounds, law.seen.p_seen[n]
            row |= {
                "p_seen": float(p_seen),
                "p_seen_lo": float(min(bounds[0, n], p_seen)),
                "p_seen_hi": float(max(bounds[1, n], p_seen)),
                "seen_days": float(seen.seen_d[n]),
                "unseen_days": max(0.0, float(seen.unseen_d[n])),
                "rate_shape": law.shape,
                "rate_per_d": law.per_d,
                "unseen_mean": float(means[n]),
            }
        rows.append(row)
    return rows


def _unseen_means(law: _Law) -> FloatArray:
    """Expected unseen calls per day: means over the errors of recall and stays, with all days erring together."""
    arrivals = np.maximum(law.seen.seen_d + law.seen.unseen_d, 0.0)[:, None]
    p = seen_share(law.seen.p_seen[:, None], law.bounds[0][:, None], law.bounds[1][:, None], _NODES)
    rates = law.shape / law.per_d * law.seen.total_seen_d / (arrivals * p).sum(axis=0)
    return np.asarray((arrivals * (1 - p) * rates) @ _WEIGHTS / _WEIGHTS.sum())
