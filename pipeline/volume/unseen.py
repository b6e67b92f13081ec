"""Draw the barrels of unseen calls: their number from the looks, their cargoes from the calls seen.

The number of missed calls up to a day is Poisson with mean ``rate * exposure``. The rate of calls has a Gamma
distribution (the posterior given the calls seen and the looks); the exposure is the time in which a call would have
been missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.tables.records import records_of
from pipeline.tables.seen_law import seen_share
from pipeline.volume.montecarlo import draw_call, shared_draws
from pipeline.volume.streams import UNSEEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray

# A missed call of which nothing is known: the wide prior of deadweight, as for a call without a size.
UNSEEN_ROW = {"call_id": "unseen", "p_lifting": 1.0, "product": "mix", "method": "dwt_prior; load_from_fill_prior"}


@dataclass(frozen=True, slots=True)
class UnseenSum:
    """Unseen calls of all zones and days of an account; one value per draw."""

    error: FloatArray
    """Error of recall and stays, in standard deviations; below 0, looks see less than assumed."""
    calls: FloatArray
    barrels: FloatArray


def barrels_unseen(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> FloatArray | None:
    """Cumulative barrels of missed calls, shape (days, draws); None if no zone's missed calls are known for these days.

    ``missed`` is a MISSED table: per zone and day the time in which a call would have been missed (``unseen_days``) and
    the zone's distribution of the rate. Zones of unknown state have no number and are not in the sum
    (``zones_left_out`` names them). ``barrels`` are those of the account's calls in the order of their keys, shape
    (calls, draws): a missed call carries what a random one of them did in the same draw, so that shared errors stay
    shared.

    Each zone's rate and each day of a zone has a stream of its own, keyed by name: other days and zones and the order
    of rows do not change them. The error of recall and stays has one stream for all.
    """
    if not has_known_day(missed, [day.isoformat() for day in calendar]):
        return None
    out = np.zeros((len(calendar), config.draws))
    for day, _, carried in _draw_days(missed, calendar, barrels, config, seed):
        out[day] += carried
    return out.cumsum(axis=0)


def unseen_sum(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> UnseenSum:
    """What `barrels_unseen` draws up to the calendar's last day, with the number of calls and its error."""
    calls, total = np.zeros(config.draws), np.zeros(config.draws)
    for _, number, carried in _draw_days(missed, calendar, barrels, config, seed):
        calls, total = calls + number, total + carried
    return UnseenSum(_recall_error(config, seed), calls, total)


def to_all_rows(barrels: FloatArray, is_counted: NDArray[np.bool_], draws: int) -> FloatArray:
    """Draws of all rows, shape (rows, draws); zero where the cap does not count the cargo."""
    out = np.zeros((len(is_counted), draws))
    out[is_counted] = barrels
    return out


def has_known_day(missed: pd.DataFrame, days: Iterable[str]) -> bool:
    """Is the number of unseen calls of any zone known on one of these days (YYYY-MM-DD)?"""
    return bool(((missed["state"] == "known") & missed["day"].isin(list(days))).any())


def _draw_days(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> Iterator[tuple[int, np.ndarray, FloatArray]]:
    """For each zone and day: index in the calendar, missed calls and their barrels in each draw."""
    known = missed[missed["state"] == "known"]
    cargo = barrels if len(barrels) else _unknown_call_barrels(config, seed)
    error = _recall_error(config, seed)
    index = {day.isoformat(): n for n, day in enumerate(calendar)}
    for zone_id, zone in known.sort_values(["zone_id", "day"]).groupby("zone_id", sort=True):
        rate = _rates(str(zone_id), zone, error, seed)
        for row in records_of(zone[zone["day"].isin(index)]):
            rng = UNSEEN.generator(seed, f"{zone_id}/{row['day']}")
            number = rng.poisson(_unseen_days(row, error) * rate)
            draws = np.repeat(np.arange(config.draws), number)
            carried = cargo[rng.integers(0, len(cargo), len(draws)), draws]
            yield index[row["day"]], number, np.bincount(draws, carried, config.draws).astype(float)


def _recall_error(config: VolumeConfig, seed: int) -> FloatArray:
    """Error of recall and stays, in standard deviations: one value per draw, for all zones and days."""
    return UNSEEN.generator(seed, "what looks see").standard_normal(config.draws)


def _rates(zone_id: str, zone: pd.DataFrame, error: FloatArray, seed: int) -> FloatArray:
    """Calls per day at one zone in each draw, from all its rows, including those outside the account.

    If looks see more than assumed in a draw, more days were seen there, and so there were fewer calls per day.
    """
    posterior = zone.iloc[0]
    rate = UNSEEN.generator(seed, f"{zone_id}/rate").gamma(
        posterior["rate_shape"], 1 / posterior["rate_per_d"], len(error)
    )
    rows = [row for row in records_of(zone) if _has_bounds(row)]
    assumed_days = sum(row["seen_days"] for row in rows)
    if assumed_days == 0:
        return rate
    seen_days = np.zeros(len(error))
    for row in rows:
        seen_days += row["seen_days"] + row["unseen_days"] - _unseen_days(row, error)
    return np.asarray(rate * assumed_days / seen_days)


def _unseen_days(row: Mapping[Any, Any], error: FloatArray) -> FloatArray:
    """A day's share of arrivals that no look would see in each draw [d]; ``error`` is in standard deviations."""
    if not _has_bounds(row):
        return np.full(len(error), float(row["unseen_days"]))
    p = seen_share(row["p_seen"], row["p_seen_lo"], row["p_seen_hi"], error)
    return np.asarray((row["seen_days"] + row["unseen_days"]) * (1 - p))


def _has_bounds(row: Mapping[Any, Any]) -> bool:
    """Does the table give an interval for what looks see?"""
    return all(pd.notna(row.get(name)) for name in ("p_seen", "p_seen_lo", "p_seen_hi", "seen_days"))


def zones_left_out(missed: pd.DataFrame, calls: pd.DataFrame, days: Iterable[date]) -> dict[str, date]:
    """Zones whose unseen calls are unknown, each with the day from which that matters.

    These are zones that no look could see, and zones where calls count (on their deciding ``days``) without a row in
    ``missed``, such as those of another AOI. Unknown is not zero: whoever shows the sum must name them.
    """
    unknown = missed[missed["state"] == "unknown"]
    out = {str(zone): date.fromisoformat(min(rows["day"])) for zone, rows in unknown.groupby("zone_id")}
    known_zones = {"", *missed["zone_id"]}  # "" is a call without a berth
    for zone, day in zip(calls["berth_id"], days, strict=True):
        if zone not in known_zones:
            out[str(zone)] = min(day, out.get(str(zone), day))
    return out


def _unknown_call_barrels(config: VolumeConfig, seed: int) -> FloatArray:
    """Draws of a call of which nothing is known, shape (1, draws) [bbl]."""
    from pipeline.volume.capacity import UNKNOWN_LOG_DWT, UNKNOWN_LOG_SD, UNKNOWN_SHARED_SD

    row = UNSEEN_ROW | {
        "dwt_p50_t": float(np.exp(UNKNOWN_LOG_DWT)),
        "dwt_log_sd": UNKNOWN_LOG_SD,
        "dwt_shared_sd": UNKNOWN_SHARED_SD,
    }
    return draw_call(row, config, shared_draws(config, seed), seed).barrels[None, :]
