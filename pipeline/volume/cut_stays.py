"""Probability that a stay known from images alone continues across the border of two tables of liftings.

The first table shows a ship at a berth without a look that ends her stay; the other begins with a ship there whose
arrival no look bounds. Whether she is the same follows from Bayes' rule, as from look to look within one table: one
ship may have stayed throughout (the law of stays, given how long she was seen on both sides), or another took her spot,
which is likelier at a busy berth. One hull has one length in both, and a ship that loads does not rise. Sister ships
cannot be told apart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CallsConfig
from pipeline.ships.signs_of_cargo import freeboard_change_likelihood
from pipeline.ships.turnover import DISAGREE, Pair, Turnover, chance_of_one_stay, turnover
from pipeline.volume.evidence import FREEBOARD_SD_M
from pipeline.volume.usual_hull import length_log_sd

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[Any, Any]
ONE_VISIT = pd.Timedelta(days=1)  # between two stays of one ship: too short to fetch another cargo, as in calls.visits
SECOND_PORT = pd.Timedelta(days=3)  # between two calls: too short to fetch another cargo (our choice)
MAX_CHANCE = 0.98  # most that images alone can show: sister ships may lie side by side at one berth (our choice)
DEFAULTS = CallsConfig()  # tables of liftings do not give the law of stays behind them


def span(row: Row) -> tuple[Any, Any]:
    """Arrival and departure; where a table has only one of them, that one twice."""
    arrival, departure = row["arrival"], row["departure"]
    return (departure if pd.isna(arrival) else arrival), (arrival if pd.isna(departure) else departure)


def gap_between(a: Row, b: Row) -> pd.Timedelta:
    """Time from the end of one stay to the start of the other; zero where they overlap."""
    (arrival_a, departure_a), (arrival_b, departure_b) = span(a), span(b)
    return max(arrival_b - departure_a, arrival_a - departure_b, pd.Timedelta(0))


def turnover_by_berth(rows: Sequence[Row]) -> dict[str, Turnover]:
    """Turnover at each berth, from the share of days on which the tables show a ship there."""
    dated = [row for row in rows if not pd.isna(span(row)[0])]
    if not dated:
        return {}
    first, last = min(span(row)[0] for row in dated), max(span(row)[1] for row in dated)
    days: dict[str, set[pd.Timestamp]] = {}
    for row in dated:
        arrival, departure = (moment.floor("D") for moment in span(row))
        days.setdefault(row["berth_id"], set()).update(pd.date_range(arrival, max(arrival, departure), freq="D"))
    n_days = (last.floor("D") - first.floor("D")).days + 1
    return {berth: turnover(DEFAULTS.stay_d, len(occupied), n_days) for berth, occupied in days.items()}


def spot_turnover(a: Row, b: Row, by_days: Turnover) -> Turnover:
    """Turnover at the spot of two rows, from all looks of their tables except their own two.

    Each table counts the row's own sighting among its looks, which shows a ship in any case.

    ``by_days`` is used where neither table gives its looks, since a few rows say nothing of the time without ships.
    """
    with_looks = [row for row in (a, b) if not pd.isna([row["spot_taken"], row["spot_looks"]]).any()]
    if not with_looks:
        return by_days
    taken, looks = (int(sum(row[name] - 1 for row in with_looks)) + 1 for name in ("spot_taken", "spot_looks"))
    return turnover(DEFAULTS.stay_d, taken, looks)


def continuation_chance(a: Row, b: Row, spot: Turnover) -> float:
    """Probability that two rows of two tables, each seen in its own images, are parts of one stay; 0 if impossible.

    With more than a day between, both facing ends must be open: a look that shows her gone or not yet there, or a table
    that states her times, ends a stay.
    """
    if not (len(a["evidence"]) and len(b["evidence"])) or not a["berth_id"] or a["berth_id"] != b["berth_id"]:
        return 0.0
    if pd.isna([a["length_m"], b["length_m"]]).any():
        return 0.0
    first, second = sorted((a, b), key=span)
    gap = gap_between(first, second)
    difference_m, error_m = _length_difference(first, second)
    if gap > pd.Timedelta(days=DEFAULTS.max_stay_d) or abs(difference_m) > DISAGREE * error_m:
        return 0.0
    if gap > ONE_VISIT and not ("departure" in first["open_ends"] and "arrival" in second["open_ends"]):
        return 0.0
    if gap == pd.Timedelta(0):  # both show her at the same time
        return MAX_CHANCE
    first_d, gap_d, second_d = (time / pd.Timedelta(days=1) for time in (_seen_for(first), gap, _seen_for(second)))
    pair = Pair(first_d, gap_d, difference_m, error_m, _freeboard_log_ratio(first, second), second_d)
    return min(MAX_CHANCE, chance_of_one_stay(spot, pair))


def _seen_for(row: Row) -> pd.Timedelta:
    """How long she was seen; for a table without that, how long she was there, which is longer."""
    if not pd.isna(row["seen_d"]):
        return pd.Timedelta(days=row["seen_d"])
    arrival, departure = span(row)
    return max(departure - arrival, pd.Timedelta(0))


def _length_difference(first: Row, second: Row) -> tuple[float, float]:
    """Difference of two lengths [m], and its standard error for one hull."""
    errors = [DEFAULTS.same_ship_length_share * max(first["length_m"], second["length_m"])]
    for row in (first, second):
        errors.append(length_log_sd(row) * row["length_m"])
    return first["length_m"] - second["length_m"], math.hypot(*errors)


def _freeboard_log_ratio(first: Row, second: Row) -> float:
    """Log likelihood ratio of the change of freeboard: one hull that loads (or discharges) against two hulls."""
    before, after = _freeboard(first, ("out", "in")), _freeboard(second, ("in", "out"))
    if before is None or after is None:
        return 0.0
    sunk_m = (before[0] - after[0]) * (1.0 if first["counted"] == "loading" else -1.0)
    for_two_hulls = 0.5  # the second hull lies higher as often as lower
    return math.log(freeboard_change_likelihood(sunk_m, math.hypot(before[1], after[1])) / for_two_hulls)


def _freeboard(row: Row, ends: tuple[str, str]) -> tuple[float, float] | None:
    """Freeboard and its standard error [m] at the first of the given ends that has one."""
    for end in ends:
        value, error = row[f"freeboard_{end}_m"], row[f"freeboard_{end}_sd_m"]
        if not np.isnan(value):
            return float(value), FREEBOARD_SD_M if np.isnan(error) else float(error)
    return None
