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
SUREST = 0.98  # most that images alone can show: sister ships may lie side by side at one berth (our choice)
USUAL = CallsConfig()  # tables of liftings do not give the law of stays behind them


def span(row: Row) -> tuple[Any, Any]:
    """Arrival and departure; where a table has only one of them, that one twice."""
    arrival, departure = row["arrival"], row["departure"]
    return (departure if pd.isna(arrival) else arrival), (arrival if pd.isna(departure) else departure)


def between(a: Row, b: Row) -> pd.Timedelta:
    """Time from the end of one stay to the start of the other; zero where they overlap."""
    (came, left), (arrived, gone) = span(a), span(b)
    return max(arrived - left, came - gone, pd.Timedelta(0))


def turns_at_berths(rows: Sequence[Row]) -> dict[str, Turnover]:
    """Turnover at each berth, from the share of days on which the tables show a ship there."""
    dated = [row for row in rows if not pd.isna(span(row)[0])]
    if not dated:
        return {}
    first, last = min(span(row)[0] for row in dated), max(span(row)[1] for row in dated)
    days: dict[str, set[pd.Timestamp]] = {}
    for row in dated:
        came, left = (moment.floor("D") for moment in span(row))
        days.setdefault(row["berth_id"], set()).update(pd.date_range(came, max(came, left), freq="D"))
    every = (last.floor("D") - first.floor("D")).days + 1
    return {berth: turnover(USUAL.stay_d, len(here), every) for berth, here in days.items()}


def turns_of(a: Row, b: Row, by_days: Turnover) -> Turnover:
    """Turnover at the spot of two rows, from all looks of their tables except their own two.

    Each table counts the row's own sighting among its looks, which shows a ship in any case.

    ``by_days`` is used where neither table gives its looks, since a few rows say nothing of the time without ships.
    """
    told = [row for row in (a, b) if not pd.isna([row["spot_taken"], row["spot_looks"]]).any()]
    if not told:
        return by_days
    taken, looks = (int(sum(row[name] - 1 for row in told)) + 1 for name in ("spot_taken", "spot_looks"))
    return turnover(USUAL.stay_d, taken, looks)


def chance_that_it_goes_on(a: Row, b: Row, turns: Turnover) -> float:
    """Probability that two rows of two tables, each seen in its own images, are parts of one stay; 0 if impossible.

    With more than a day between, both facing ends must be open: a look that shows her gone or not yet there, or a table
    that states her times, ends a stay.
    """
    if not (len(a["evidence"]) and len(b["evidence"])) or not a["berth_id"] or a["berth_id"] != b["berth_id"]:
        return 0.0
    if pd.isna([a["length_m"], b["length_m"]]).any():
        return 0.0
    first, then = sorted((a, b), key=span)
    gap = between(first, then)
    shift, spread = _lengths_apart(first, then)
    if gap > pd.Timedelta(days=USUAL.max_stay_d) or abs(shift) > DISAGREE * spread:
        return 0.0
    if gap > ONE_VISIT and not ("departure" in first["open_ends"] and "arrival" in then["open_ends"]):
        return 0.0
    if gap == pd.Timedelta(0):  # both show her at the same time
        return SUREST
    lay_d, gap_d, lies_d = (time / pd.Timedelta(days=1) for time in (_lay(first), gap, _lay(then)))
    chance = chance_of_one_stay(turns, Pair(lay_d, gap_d, shift, spread, _by_freeboard(first, then), lies_d))
    return min(SUREST, chance)


def _lay(row: Row) -> pd.Timedelta:
    """How long she was seen; for a table without that, how long she was there, which is longer."""
    if not pd.isna(row["seen_d"]):
        return pd.Timedelta(days=row["seen_d"])
    came, left = span(row)
    return max(left - came, pd.Timedelta(0))


def _lengths_apart(first: Row, then: Row) -> tuple[float, float]:
    """Difference of two lengths [m], and its standard error for one hull."""
    errors = [USUAL.same_ship_length_share * max(first["length_m"], then["length_m"])]
    for row in (first, then):
        errors.append(length_log_sd(row) * row["length_m"])
    return first["length_m"] - then["length_m"], math.hypot(*errors)


def _by_freeboard(first: Row, then: Row) -> float:
    """Log likelihood ratio of the change of freeboard: one hull that loads (or discharges) against two hulls."""
    last, next_ = _freeboard(first, ("out", "in")), _freeboard(then, ("in", "out"))
    if last is None or next_ is None:
        return 0.0
    sinks = (last[0] - next_[0]) * (1.0 if first["counted"] == "loading" else -1.0)
    of_two_hulls = 0.5  # the second hull lies higher as often as lower
    return math.log(freeboard_change_likelihood(sinks, math.hypot(last[1], next_[1])) / of_two_hulls)


def _freeboard(row: Row, ends: tuple[str, str]) -> tuple[float, float] | None:
    """Freeboard and its standard error [m] at the first of the given ends that has one."""
    for end in ends:
        value, error = row[f"freeboard_{end}_m"], row[f"freeboard_{end}_sd_m"]
        if not np.isnan(value):
            return float(value), FREEBOARD_SD_M if np.isnan(error) else float(error)
    return None
