"""Barrels of calls that nobody saw: how many there were is told by the looks, what they carried by the calls seen.

The number of missed calls up to a day is Poisson with mean ``rate * exposure``; the rate of calls has a Gamma law (what
the calls seen and the looks leave of it), the exposure is the time in which a call would have been missed.
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
    """Calls that nobody saw, of all zones and of all days of an account; one value per draw."""

    error: FloatArray
    """What is not known of looks and stays, in standard deviations: below 0 looks see less than thought."""
    calls: FloatArray
    barrels: FloatArray


def barrels_unseen(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> FloatArray | None:
    """Cumulative barrels of missed calls, shape (days, draws); None where the looks told nothing of any zone's days.

    ``missed`` follows the MISSED contract: per zone and day the time in which a call would have been missed
    (``unseen_days``) and the zone's law of the rate. Zones whose state is unknown have no number and are not in the sum
    (``zones_left_out`` names them). ``barrels`` are those of the account's calls in the order of their keys, shape
    (calls, draws): a missed call carried what a random one of them did in the same draw, so that what is shared stays
    shared.

    Each zone's rate and each zone's day have a stream of their own, keyed by their names: neither other days and zones
    nor the order of rows changes them. What is not known of looks and stays has one stream for all.
    """
    if not tells(missed, [day.isoformat() for day in calendar]):
        return None
    out = np.zeros((len(calendar), config.draws))
    for day, _, carried in _of_each_day(missed, calendar, barrels, config, seed):
        out[day] += carried
    return out.cumsum(axis=0)


def unseen_sum(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> UnseenSum:
    """What `barrels_unseen` draws, up to the calendar's last day, and what the number of calls came from."""
    calls, total = np.zeros(config.draws), np.zeros(config.draws)
    for _, number, carried in _of_each_day(missed, calendar, barrels, config, seed):
        calls, total = calls + number, total + carried
    return UnseenSum(_error(config, seed), calls, total)


def of_every_row(barrels: FloatArray, holds: NDArray[np.bool_], draws: int) -> FloatArray:
    """Draws of all rows, shape (rows, draws): nothing of the cap's where the cargo was of another product."""
    out = np.zeros((len(holds), draws))
    out[holds] = barrels
    return out


def tells(missed: pd.DataFrame, days: Iterable[str]) -> bool:
    """Is it known of any zone how many calls nobody saw on one of these days (YYYY-MM-DD)?"""
    return bool(((missed["state"] == "known") & missed["day"].isin(list(days))).any())


def _of_each_day(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> Iterator[tuple[int, np.ndarray, FloatArray]]:
    """Of each zone and day: the day's place in the calendar, missed calls and their barrels in each draw."""
    known = missed[missed["state"] == "known"]
    cargo = barrels if len(barrels) else _of_nothing_known(config, seed)
    error = _error(config, seed)
    index = {day.isoformat(): n for n, day in enumerate(calendar)}
    for zone_id, zone in known.sort_values(["zone_id", "day"]).groupby("zone_id", sort=True):
        rate = _rates(str(zone_id), zone, error, seed)
        for row in records_of(zone[zone["day"].isin(index)]):
            rng = UNSEEN.of(seed, f"{zone_id}/{row['day']}")
            number = rng.poisson(_unseen_days(row, error) * rate)
            draws = np.repeat(np.arange(config.draws), number)
            carried = cargo[rng.integers(0, len(cargo), len(draws)), draws]
            yield index[row["day"]], number, np.bincount(draws, carried, config.draws).astype(float)


def _error(config: VolumeConfig, seed: int) -> FloatArray:
    """What is not known of looks and stays, in standard deviations: one value per draw, for all zones and days."""
    return UNSEEN.of(seed, "what looks see").standard_normal(config.draws)


def _rates(zone_id: str, zone: pd.DataFrame, error: FloatArray, seed: int) -> FloatArray:
    """Calls a day at one zone in each draw: of its rows, those outside the account as well.

    A draw in which looks see more than thought has more days that were seen, and so fewer calls a day.
    """
    law = zone.iloc[0]
    rate = UNSEEN.of(seed, f"{zone_id}/rate").gamma(law["rate_shape"], 1 / law["rate_per_d"], len(error))
    rows = [row for row in records_of(zone) if _bounded(row)]
    thought = sum(row["seen_days"] for row in rows)
    if thought == 0:
        return rate
    seen = np.zeros(len(error))
    for row in rows:
        seen += row["seen_days"] + row["unseen_days"] - _unseen_days(row, error)
    return np.asarray(rate * thought / seen)


def _unseen_days(row: Mapping[Any, Any], error: FloatArray) -> FloatArray:
    """A day's share of arrivals that no look would see, in each draw [d]; ``error`` in standard deviations."""
    if not _bounded(row):
        return np.full(len(error), float(row["unseen_days"]))
    p = seen_share(row["p_seen"], row["p_seen_lo"], row["p_seen_hi"], error)
    return np.asarray((row["seen_days"] + row["unseen_days"]) * (1 - p))


def _bounded(row: Mapping[Any, Any]) -> bool:
    """Does the table say how well it knows what looks see?"""
    return all(pd.notna(row.get(name)) for name in ("p_seen", "p_seen_lo", "p_seen_hi", "seen_days"))


def zones_left_out(missed: pd.DataFrame, calls: pd.DataFrame, days: Iterable[date]) -> dict[str, date]:
    """Zones of whose unseen calls nothing is known, each with the day from which that matters.

    Those that no look could see, and those at which calls (with their deciding ``days``) count though ``missed`` has no
    row of them, as where it is another AOI's. What is not known is no zero: whoever shows the sum must name them.
    """
    unknown = missed[missed["state"] == "unknown"]
    out = {str(zone): date.fromisoformat(min(rows["day"])) for zone, rows in unknown.groupby("zone_id")}
    told = {"", *missed["zone_id"]}  # a call without a berth names no zone
    for zone, day in zip(calls["berth_id"], days, strict=True):
        if zone not in told:
            out[str(zone)] = min(day, out.get(str(zone), day))
    return out


def _of_nothing_known(config: VolumeConfig, seed: int) -> FloatArray:
    """Draws of a call of which nothing is known, shape (1, draws)."""
    from pipeline.volume.capacity import UNKNOWN_LOG_DWT, UNKNOWN_LOG_SD, UNKNOWN_SHARED_SD

    row = UNSEEN_ROW | {
        "dwt_p50_t": float(np.exp(UNKNOWN_LOG_DWT)),
        "dwt_log_sd": UNKNOWN_LOG_SD,
        "dwt_shared_sd": UNKNOWN_SHARED_SD,
    }
    return draw_call(row, config, shared_draws(config, seed), seed).barrels[None, :]
