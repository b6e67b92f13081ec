"""How long unnamed ships stay, from pairs of consecutive looks that both show a ship at one spot of a counted zone.

The second look shows the first one's ship, still there, or another one by then. The longer ships stay, compared with
the time between the looks, the more pairs have the size of one hull. The likelihood of a law of stays is that of these
agreements and differences, given that both looks show a ship: so how many ships looks miss matters only for how long a
spot stays free. Each pair is judged alone, without what earlier looks showed (a composite likelihood). Ships of one
size say nothing: how much lengths differ between ships is measured on the sightings themselves.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import norm

from pipeline.calls.berth_looks import SAME_SPOT_M, SightingsByPass, apart_m, looks_in_order, occupied_looks
from pipeline.calls.counting import MIN_SD_M, difference, length_of
from pipeline.calls.heard_at_spots import HeardAtSpots
from pipeline.calls.same_ship import fine_log_odds
from pipeline.ships.turnover import DISAGREE, MAX_LOG_ODDS, TRADE_SD_M, turnover
from pipeline.times_places.passes import passes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from pipeline.calls.heard import Heard
    from pipeline.calls.stay_law import StayLaw
    from pipeline.config import CallsConfig

Sighting = dict[str, Any]

P_WRONG_SIZE = 0.02  # probability that a size is wrong beyond its interval, so that it tells nothing (our choice)
REACH_SD = 4.0  # how far from the law so far, in its standard deviations, others are compared (our choice)
LAWS = 17  # number of laws that are compared
LONGEST_RUN = 5.0  # multiple of ``max_stay_d``: one hull seen at a spot for longer lies there or is none (our choice)
GAP_STEP_D = 0.05  # times between looks are rounded to this [d], so that equal ones are calculated once


class LookPair(NamedTuple):
    """Two consecutive looks that both show a ship at one spot."""

    gap_d: float
    """Time between them [d]."""
    size_ratio: float
    """How many times likelier the difference of the sizes is for one hull than for two."""
    spot: tuple[int, int, float]
    """Looks that show an unnamed ship at the spot, all looks at the berth, and those while a heard ship lay there."""


def with_seen_stays(
    law: StayLaw, sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig, heard: Heard | None
) -> StayLaw:
    """The law, with its middle corrected by what consecutive looks show.

    The law so far is the prior, with its own uncertainty; one without uncertainty is kept. ``sightings`` are those at
    counted zones that belong to no heard stay. ``config`` has the stays of the law so far.
    """
    pairs = list(look_pairs(sightings, looks, config, heard)) if law.log_sd > 0 and len(sightings) > 1 else []
    if not pairs:
        return law
    shifts = np.linspace(-REACH_SD, REACH_SD, LAWS) * law.log_sd
    log_posterior = [_log_likelihood(pairs, law.shifted(s).stay_d) - (s / law.log_sd) ** 2 / 2 for s in shifts]
    fine = np.linspace(shifts[0], shifts[-1], 20 * LAWS)
    weight = np.exp(np.interp(fine, shifts, log_posterior) - max(log_posterior))
    mean = float(weight @ fine / weight.sum())
    sd = float(np.sqrt(weight @ (fine - mean) ** 2 / weight.sum()))
    return replace(law.shifted(mean), log_sd=min(sd, law.log_sd), pairs=len(pairs))


def look_pairs(
    sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig, heard: Heard | None
) -> Iterator[LookPair]:
    """The pairs at all zones, but for those of one hull that lies at a spot for several times ``max_stay_d``.

    That is a ship laid up, or no ship: one such would outweigh all others.
    """
    there = HeardAtSpots(heard, sightings, config)
    pass_of = passes(sightings, looks)
    sightings, looks = (table.assign(pass_id=table["scene_id"].map(pass_of)) for table in (sightings, looks))
    trade_sd_m = ship_length_sd_m(sightings)
    for zone_id in sorted(sightings["berth_id"].unique()):
        here = sightings[sightings["berth_id"] == zone_id]
        in_order, shown = looks_in_order(here, looks[looks["zone_id"] == zone_id], config), SightingsByPass(here)
        looks_s = np.array([look.when.timestamp() for look in in_order])
        former_look = {look.pass_id: former.pass_id for former, look in pairwise(in_order)}
        for first, second in _in_turn([shown.of_pass(look.pass_id) for look in in_order], config):
            left = there.last_departure(second)
            heard_between = left is not None and left > first["acquired"]
            if heard_between or former_look[second["pass_id"]] != first["pass_id"]:
                continue
            lay = there.occupied_at(second, SAME_SPOT_M, looks_s)
            spot = occupied_looks(in_order, shown.passes_at(second), lay, second["pass_id"])
            gap_d = (second["acquired"] - first["acquired"]) / timedelta(days=1)
            yield LookPair(gap_d, _size_ratio(first, second, trade_sd_m, config), spot)


def ship_length_sd_m(sightings: pd.DataFrame) -> float:
    """How much lengths differ between ships [m]: their spread less the measurement's, at most that of the trade."""
    lengths_m, sds_m = np.array([length_of(row) for row in sightings.to_dict("records")]).T
    return float(np.sqrt(np.clip(lengths_m.var(ddof=1) - (sds_m**2).mean(), MIN_SD_M**2, TRADE_SD_M**2)))


def _at_one_spot(first: Sequence[Sighting], second: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """Ships of two looks that are each other's nearest, within `SAME_SPOT_M`; sizes do not matter."""
    if not first or not second:
        return
    distances_m = np.array([[apart_m(a, b) for b in second] for a in first])
    for n, nearest in enumerate(distances_m.argmin(axis=1)):
        if distances_m[n, nearest] <= SAME_SPOT_M and distances_m[:, nearest].argmin() == n:
            yield first[n], second[nearest]


def _in_turn(looks: Iterable[Sequence[Sighting]], config: CallsConfig) -> Iterator[tuple[Sighting, Sighting]]:
    """Each sighting with the next one at its spot, but for those within long runs of like hulls.

    ``looks`` has the sightings of each look, in order of time. A look that shows nobody at the spot ends no run.
    """
    limit = LONGEST_RUN * timedelta(days=config.max_stay_d)
    newest: list[Sighting] = []
    runs: dict[str, list[Sighting]] = {}  # sightings of what may be one hull, by the name of the newest
    closed: list[list[Sighting]] = []
    pairs: list[tuple[Sighting, Sighting]] = []
    for shown in looks:
        for first, second in list(_at_one_spot(newest, shown)):
            newest.remove(first)
            pairs.append((first, second))
            run = runs.pop(first["detection_id"], [first])
            if not _is_like(second, run, config):
                closed.append(run)
                run = []
            runs[second["detection_id"]] = [*run, second]
        newest += shown
    runs_of_all = (*closed, *runs.values())
    fixed = {
        row["detection_id"] for run in runs_of_all if run[-1]["acquired"] - run[0]["acquired"] > limit for row in run
    }
    for first, second in pairs:
        if not fixed.issuperset((first["detection_id"], second["detection_id"])):
            yield first, second


def _is_like(sighting: Sighting, run: Sequence[Sighting], config: CallsConfig) -> bool:
    """May the sighting be of the hull of a run, by its length?"""
    lengths_m, sds_m = np.array([length_of(row) for row in run]).T
    mean = float(lengths_m.mean()), float(np.sqrt((np.maximum(sds_m, MIN_SD_M) ** 2).sum())) / len(run)
    shift_m, sd_m = difference(mean, length_of(sighting), config)
    return abs(shift_m) <= DISAGREE * max(sd_m, MIN_SD_M)


def _size_ratio(first: Sighting, second: Sighting, trade_sd_m: float, config: CallsConfig) -> float:
    shift_m, sd_m = difference(length_of(first), length_of(second), config)
    sd_m = max(sd_m, MIN_SD_M)
    by_length = norm.pdf(shift_m, scale=sd_m) / norm.pdf(shift_m, scale=math.hypot(sd_m, math.sqrt(2) * trade_sd_m))
    beyond = math.exp(max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, fine_log_odds(first, second))))
    return P_WRONG_SIZE + (1 - P_WRONG_SIZE) * float(by_length) * beyond


def _log_likelihood(pairs: Iterable[LookPair], stay_d: tuple[float, float]) -> float:
    """Of the sizes, given that both looks show a ship; up to a constant."""
    chances: dict[tuple[float, tuple[int, int, float]], tuple[float, float]] = {}
    total = 0.0
    for pair in pairs:
        gap_d = round(pair.gap_d / GAP_STEP_D) * GAP_STEP_D
        if (gap_d, pair.spot) not in chances:
            turns = turnover(stay_d, *pair.spot)
            chances[gap_d, pair.spot] = turns.p_still_there(0.0, gap_d), turns.p_another(0.0, gap_d)
        same, another = chances[gap_d, pair.spot]
        if same + another > 0:
            total += math.log((same * pair.size_ratio + another) / (same + another))
    return total
