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

from pipeline.calls.berth_looks import SightingsByPass, apart_m, looks_in_order, occupied_looks
from pipeline.calls.counting import MIN_SD_M, difference, length_of, mean_length
from pipeline.calls.heard_at_spots import HeardAtSpots
from pipeline.calls.same_ship import fine_log_odds
from pipeline.ships.turnover import DISAGREE, MAX_LOG_ODDS, TRADE_SD_M, turnover
from pipeline.times_places.passes import SAME_PLACE_M, passes, twins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from pipeline.calls.berth_looks import BerthLook
    from pipeline.calls.heard import Heard
    from pipeline.calls.stay_law import StayLaw
    from pipeline.config import CallsConfig

Sighting = dict[str, Any]

P_WRONG_SIZE = 0.02  # probability that a size is wrong beyond its interval, so that it tells nothing (our choice)
REACH_SD = 4.0  # how far from the law so far, in its standard deviations, others are compared (our choice)
FEWEST_LAWS, WIDEST_STEP = 17, 0.1  # number of laws that are compared, step of ln(stay) from one to the next
LONGEST_RUN = 3.0  # multiple of ``max_stay_d``: one hull seen at a spot for longer lies there or is none (our choice)
MISSED = 3  # a hull that more looks in turn do not show has left (our choice)
ONE_SPOT_M = SAME_PLACE_M  # ships of consecutive looks no further apart lie at one spot: nearer than a neighbour
LENGTH_SPREADS = 100  # number of spreads of lengths that are compared
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
    pairs = list(look_pairs(sightings, looks, config, heard)) if law.log_sd > 0 else []
    if not pairs:
        return law
    reach = REACH_SD * law.log_sd
    shifts = np.linspace(-reach, reach, max(FEWEST_LAWS, math.ceil(2 * reach / WIDEST_STEP)))
    log_posterior = [_log_likelihood(pairs, law.shifted(s).stay_d) - (s / law.log_sd) ** 2 / 2 for s in shifts]
    fine = np.linspace(shifts[0], shifts[-1], 20 * len(shifts))
    weight = np.exp(np.interp(fine, shifts, log_posterior) - max(log_posterior))
    mean = float(weight @ fine / weight.sum())
    sd = float(np.sqrt(weight @ (fine - mean) ** 2 / weight.sum()))
    return replace(law.shifted(mean), log_sd=min(sd, law.log_sd), pairs=len(pairs))


def look_pairs(
    sightings: pd.DataFrame, looks: pd.DataFrame, config: CallsConfig, heard: Heard | None
) -> Iterator[LookPair]:
    """The pairs at all zones with usable looks: without any, how long a spot stays free is unknown.

    Hulls that lie there for several times ``max_stay_d`` are left out: one such would outweigh all others.
    """
    there = HeardAtSpots(heard, sightings, config)
    pass_of = passes(sightings, looks)
    sightings, looks = (table.assign(pass_id=table["scene_id"].map(pass_of)) for table in (sightings, looks))
    looks_of = {
        str(zone_id): looks_in_order(here, looks[looks["zone_id"] == zone_id], config)
        for zone_id, here in sightings.groupby("berth_id", sort=True)
        if (looks.loc[looks["zone_id"] == zone_id, "state"] == "usable").any()
    }
    fixed_ids = {
        name
        for zone_id, in_order in looks_of.items()
        for name in _fixed_ids(sightings[sightings["berth_id"] == zone_id], in_order, config)
    }
    sightings = sightings[sightings["berth_id"].isin(list(looks_of)) & ~sightings["detection_id"].isin(list(fixed_ids))]
    if len(sightings) < 2:
        return
    trade_sd_m = ship_length_sd_m(sightings)
    for zone_id, in_order in looks_of.items():
        shown = SightingsByPass(sightings[sightings["berth_id"] == zone_id])
        looks_s = np.array([look.when.timestamp() for look in in_order])
        for former_look, look in pairwise(in_order):
            for first, second in _at_one_spot(shown.of_pass(former_look.pass_id), shown.of_pass(look.pass_id)):
                left = there.last_departure(second)
                if left is not None and left > first["acquired"]:
                    continue
                lay = there.occupied_at(second, ONE_SPOT_M, looks_s)
                spot = occupied_looks(in_order, shown.passes_at(second, ONE_SPOT_M), lay, look.pass_id)
                gap_d = (second["acquired"] - first["acquired"]) / timedelta(days=1)
                yield LookPair(gap_d, _size_ratio(first, second, trade_sd_m, config), spot)


def ship_length_sd_m(sightings: pd.DataFrame) -> float:
    """How much lengths differ between ships [m], beyond the measurement's errors; at most as much as in the trade.

    The likeliest value (restricted likelihood), so sightings of nearly unknown length hide nothing that others show.
    """
    lengths_m, sds_m = np.array([length_of(row) for row in sightings.to_dict("records")]).T
    of_ships_m = np.geomspace(MIN_SD_M, TRADE_SD_M, LENGTH_SPREADS)
    weights = 1 / (sds_m**2 + of_ships_m[:, np.newaxis] ** 2)
    weight_sums = weights.sum(axis=1)
    from_mean_m = lengths_m - (weights @ lengths_m / weight_sums)[:, np.newaxis]
    log_likelihood = (np.log(weights) - weights * from_mean_m**2).sum(axis=1) - np.log(weight_sums)
    return float(of_ships_m[np.argmax(log_likelihood)])


def _at_one_spot(first: Sequence[Sighting], second: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """Ships of two looks at one spot, each in one pair at most; sizes do not matter."""
    places = (np.array([(row["lon"], row["lat"]) for row in rows], float).reshape(-1, 2) for rows in (first, second))
    for n, m in twins(*places):
        yield first[n], second[m]


def _fixed_ids(seen: pd.DataFrame, in_order: Sequence[BerthLook], config: CallsConfig) -> Iterator[str]:
    """Sightings of what lies at one spot for longer than `LONGEST_RUN`: a ship laid up, or no ship.

    A run holds like hulls; half the looks during it show one, and no more than `MISSED` in turn do not.
    """
    shown, number_of_look = SightingsByPass(seen), {look.pass_id: n for n, look in enumerate(in_order)}
    runs: list[list[Sighting]] = []
    for number, look in enumerate(in_order):
        here = {str(row["detection_id"]): row for row in shown.of_pass(look.pass_id)}
        open_runs = [run for run in runs if number - number_of_look[run[-1]["pass_id"]] <= 1 + MISSED]
        near = sorted((apart_m(run[0], row), name, n) for n, run in enumerate(open_runs) for name, row in here.items())
        extended: set[int] = set()
        for distance_m, name, n in near:
            is_free = name in here and n not in extended
            if distance_m <= ONE_SPOT_M and is_free and _is_like(here[name], open_runs[n], config):
                open_runs[n].append(here.pop(name))
                extended.add(n)
        runs += [[row] for row in here.values()]
    for run in runs:
        looks_during = number_of_look[run[-1]["pass_id"]] - number_of_look[run[0]["pass_id"]] + 1
        lasts = run[-1]["acquired"] - run[0]["acquired"] > LONGEST_RUN * timedelta(days=config.max_stay_d)
        if lasts and 2 * len(run) >= looks_during and _is_one_size(run, config):
            yield from (str(row["detection_id"]) for row in run)


def _is_one_size(run: Sequence[Sighting], config: CallsConfig) -> bool:
    """Do the lengths vary no more than those of one hull measured so often? By chi-squared, within two deviations."""
    lengths_m, sds_m = np.array([length_of(row) for row in run]).T
    variances = np.maximum(sds_m, MIN_SD_M) ** 2 + (config.same_ship_length_share * lengths_m) ** 2 / 2
    mean_m = np.average(lengths_m, weights=1 / variances)
    return float(((lengths_m - mean_m) ** 2 / variances).sum()) <= len(run) + 2 * math.sqrt(2 * len(run))


def _is_like(sighting: Sighting, run: Sequence[Sighting], config: CallsConfig) -> bool:
    """May the sighting be of the hull of a run, by its length?"""
    shift_m, sd_m = difference(mean_length(run), length_of(sighting), config)
    return abs(shift_m) <= DISAGREE * max(sd_m, MIN_SD_M)


def _size_ratio(first: Sighting, second: Sighting, trade_sd_m: float, config: CallsConfig) -> float:
    shift_m, sd_m = difference(length_of(first), length_of(second), config)
    sd_m = max(sd_m, MIN_SD_M)
    sd_of_two_m = math.hypot(sd_m, math.sqrt(2) * trade_sd_m)
    by_length = math.log(sd_of_two_m / sd_m) - shift_m**2 * (sd_m**-2 - sd_of_two_m**-2) / 2
    beyond = max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, fine_log_odds(first, second)))
    return P_WRONG_SIZE + (1 - P_WRONG_SIZE) * math.exp(by_length + beyond)


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
