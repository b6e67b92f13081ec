"""Number of ships behind consecutive stays at one spot, from all looks at it together.

A link between two looks may be wrong, and so may a cut between two stays; later looks are evidence on both. That the
ship is gone soon after favours one that had lain there for longer; that the next stay's ship resembles the last looks
of this one favours a change of ship some looks earlier. So a chain of stays at a spot is a hidden Markov model. Its
state is the look since which the ship of the newest look has been there, and it is evaluated by forward and backward
recursion (Rabiner, Proc. IEEE 77, pp. 257-286, 1989).

The law of stays is known with an error that all chains share. So each chain is evaluated again with stays shorter and
longer by a standard deviation of that error, and each stay keeps the slope (``number_law.turned``).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from pipeline.calls.counting import MIN_SD_M, empty_since, length_of
from pipeline.calls.same_ship import is_fine, odds_beyond_length
from pipeline.ships.turnover import LookBefore, Pair, pair_likelihoods
from pipeline.tables.number_law import MOST_SLOPE, calls_if_turned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.calls.dark_stays import DarkStay
    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

NEGLIGIBLE = 1e-6  # smaller probabilities are not followed
# Looks that show the spot empty are used until the chance that all missed a ship is below this (our choice: little is
# left)
SURELY_GONE = 0.1
LEAST_CHANGE = 1e-4  # of the expected number of ships: less has no slope (our choice)


class ShipNumber(NamedTuple):
    """For the looks of a stay: probability of one ship, expected number of ships, probability that the first is new."""

    p_one: float
    mean: float
    p_new: float


def set_ship_numbers(stays: list[DarkStay], config: CallsConfig) -> None:
    """Set the number of ships of each stay, and the probability that it continues the one before at its spot.

    Also how both change with the law of stays.
    """
    for chain in _chains(stays):
        numbers = ship_numbers(chain, config)
        slopes = turns_slopes(chain, numbers, config)
        for n, (stay, number, slope) in enumerate(zip(chain, numbers, slopes, strict=True)):
            stay.number, stay.turns_slope = (number.p_one, number.mean), slope
            if n:
                stay.former = (str(chain[n - 1].last["detection_id"]), 1 - number.p_new)


def turns_slopes(chain: Sequence[DarkStay], numbers: Sequence[ShipNumber], config: CallsConfig) -> list[float]:
    """Of each stay of a chain, how much ln of the hazard of a change of ship grows if ships stay a deviation longer.

    The deviation is ``stay_log_sd``. Mean of the slopes to shorter and to longer stays, each with the number of calls
    that the whole chain gives if ships stay so long.
    """
    if config.stay_log_sd == 0 or sum(len(stay.sightings) for stay in chain) < 2:
        return [0.0] * len(chain)
    factors = [math.exp(sign * config.stay_log_sd) for sign in (-1, 1)]
    under = [
        ship_numbers([replace(stay, turns=stay.turns.lasting(factor)) for stay in chain], config) for factor in factors
    ]
    slopes = []
    for n, (number, *others) in enumerate(zip(numbers, *under, strict=True)):
        p_new = number.p_new if n else 1.0  # the first of a chain follows no other stay of it
        shorter, longer = (_turning(p_new, number, other.mean - 1 + (other.p_new if n else 1.0)) for other in others)
        slopes.append((longer - shorter) / 2)
    return slopes


def _turning(p_new: float, number: ShipNumber, calls: float) -> float:
    """Ln of the factor on the hazard of a change of ship with which a stay adds so many calls."""

    def beyond(turning: float) -> float:
        return calls_if_turned(p_new, number.p_one, number.mean, turning) - calls

    least, most = beyond(-MOST_SLOPE), beyond(MOST_SLOPE)
    if abs(beyond(0.0)) < LEAST_CHANGE:
        return 0.0
    if least >= 0 or most <= 0:
        return -MOST_SLOPE if least >= 0 else MOST_SLOPE
    return float(brentq(beyond, -MOST_SLOPE, MOST_SLOPE, xtol=1e-6))


def _chains(stays: list[DarkStay]) -> list[list[DarkStay]]:
    """Chains of consecutive stays at a spot; of two possible successors, the likelier to be the same ship is used."""
    stay_of = {str(sighting["detection_id"]): n for n, stay in enumerate(stays) for sighting in stay.sightings}
    follower: dict[int, int] = {}
    for n in sorted(range(len(stays)), key=lambda n: -stays[n].former[1]):
        before = stay_of.get(stays[n].predecessor_id)
        if before is not None and stays[before].last["acquired"] <= stays[n].sightings[0]["acquired"]:  # type: ignore[operator]
            follower.setdefault(before, n)
    out = []
    for n in sorted(set(range(len(stays))) - set(follower.values())):
        chain = [n]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        out.append([stays[k] for k in chain])
    return out


def ship_numbers(chain: Sequence[DarkStay], config: CallsConfig) -> list[ShipNumber]:
    """For each of the consecutive stays at a spot, what all looks there say of the number of ships.

    A ship stays to the next look with the probability given by the time since she was first seen, and its length is
    compared with the mean of all since then. Where looks between two sightings did not show her, ``missed_before`` of
    the later one is the probability that all of them missed her.
    """
    same, changed, since_look, absence = _link_weights(chain, config)
    last = len(since_look) - 1
    after = [absence]  # likelihood of all later looks, by the look since which this ship was there
    for n in range(last, 0, -1):
        after.insert(0, same[:n, n] * after[0][:n] + changed[:n, n] * after[0][n])
    total = float(since_look[last] @ absence)
    p_change = [1.0] + [
        float(since_look[n - 1] @ changed[:n, n]) * float(after[n][n]) / total for n in range(1, last + 1)
    ]
    out, first = [], 0
    for stay in chain:
        end = first + len(stay.sightings)
        one_ship_weights = since_look[first] * same[: first + 1, first + 1 : end].prod(axis=1)
        p_one = float(one_ship_weights @ after[end - 1][: first + 1]) / total if end > first + 1 else 1.0
        out.append(ShipNumber(min(1.0, p_one), 1 + sum(p_change[first + 1 : end]), min(1.0, p_change[first])))
        first = end
    return out


def _link_weights(
    chain: Sequence[DarkStay], config: CallsConfig
) -> tuple[FloatArray, FloatArray, list[FloatArray], FloatArray]:
    """Weights of each look (column) as the same ship or another, by the look since which she was there (row).

    Also the probabilities of these rows at each look given all before, and the likelihood of the looks after the last
    one.
    """
    looks = [sighting for stay in chain for sighting in stay.sightings]
    turns = [stay.turns for stay in chain for _ in stay.sightings]
    look_d = [(look["acquired"] - looks[0]["acquired"]) / pd.Timedelta(days=1) for look in looks]  # type: ignore[operator]
    lengths, looks_before = _Lengths(looks, config), [chain[0].look_before]
    same, changed = np.zeros((2, len(looks), len(looks)))
    since_look = [np.ones(1)]
    for n in range(1, len(looks)):
        before, now = looks[n - 1], looks[n]
        log_odds = odds_beyond_length(before, now) if is_fine(before) and is_fine(now) else 0.0
        gap_d, missed = max(0.0, look_d[n] - look_d[n - 1]), float(now.get("missed_before", 1.0))  # type: ignore[arg-type]
        empty = empty_since(before, now.get("empty_before", ()))  # type: ignore[arg-type]
        # Another ship came after the look that showed the one before, or after one that shows the spot empty
        unseen_d, misses = (gap_d - empty[-1].after_d, empty[-1].misses) if empty else (gap_d, 0.0)
        looks_before.append(LookBefore(unseen_d, misses, is_taken=not empty))
        for i in map(int, np.flatnonzero(since_look[-1] > NEGLIGIBLE)):
            seen_d, difference = look_d[n - 1] - look_d[i], lengths.difference(i, n)
            pair = Pair(seen_d, gap_d, *difference, log_odds, missed=missed, empty=empty, before=looks_before[i])
            same[i, n], changed[i, n] = pair_likelihoods(turns[n - 1], pair)
        total = float(since_look[-1] @ (same[:n, n] + changed[:n, n]))
        if not total > 0:  # no stay lasts so long and no ship can have come, yet she was seen
            changed[:n, n] = total = 1.0
        same[:n, n], changed[:n, n] = same[:n, n] / total, changed[:n, n] / total
        since_look.append(np.append(since_look[-1] * same[:n, n], since_look[-1] @ changed[:n, n]))
    absence = np.array(
        [
            _likelihood_of_absence(chain[-1], look_d[-1] - day, look)
            for day, look in zip(look_d, looks_before, strict=True)
        ]
    )
    return same, changed, since_look, absence


def _likelihood_of_absence(stay: DarkStay, seen_d: float, before: LookBefore) -> float:
    """Likelihood of the empty looks after a stay's last sighting, for a ship seen for ``seen_d`` by then.

    Each look subtracts the probability that it is the first to show a ship.
    """
    likelihood, missed = 1.0, 1.0
    looks = empty_since(stay.last, stay.empty_looks)
    for n, look in enumerate(looks):
        if missed < SURELY_GONE:
            break
        still = missed * stay.turns.p_still_there(seen_d, look.after_d, before)
        another = stay.turns.p_another(seen_d, look.after_d, empty=looks[:n], before=before)
        likelihood, missed = likelihood - (1 - look.misses) * (still + another), missed * look.misses
    return max(likelihood, NEGLIGIBLE)


class _Lengths:
    """Lengths of looks in order of time, each with its variance as one of several of a hull."""

    def __init__(self, looks: Sequence[Mapping[Any, Any]], config: CallsConfig) -> None:
        """Half the variance between two lengths of one hull, beyond their errors, is added to each one's own."""
        self._length_m, sd = np.array([length_of(look) for look in looks], dtype=float).T
        share = config.same_ship_length_share
        self._variance_m2 = np.maximum(sd, MIN_SD_M) ** 2 + 0.5 * (share * self._length_m) ** 2

    def difference(self, first: int, n: int) -> tuple[float, float]:
        """Mean length from look ``first`` on, less the length of look ``n`` [m]; and its standard error."""
        weight = 1 / self._variance_m2[first:n]
        mean = float(np.sum(weight * self._length_m[first:n]) / weight.sum())
        return mean - float(self._length_m[n]), math.sqrt(1 / weight.sum() + self._variance_m2[n])
