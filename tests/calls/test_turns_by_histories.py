"""The number of ships behind looks at one spot, against drawn histories weighted by what all the looks show."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.ships_in_turn import ship_numbers
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.ships.turnover import NO_LOOK_BEFORE, LookBefore, Turnover

CONFIG = CallsConfig(same_ship_length_share=0.0)
TRADE_SD_M = 18.0  # of ships' lengths, as docs/method.md states it
DAY_0 = pd.Timestamp("2024-03-01T00:00Z")
NOBODY = np.nan


@cache
def spot(free_d):
    """Arrivals and departures of drawn ships that take turns at a spot [d], and moments to look at it."""
    rng = np.random.default_rng(11)
    low, high = np.log(CONFIG.stay_d)
    stay = np.exp(rng.normal((low + high) / 2, (high - low) / (2 * Z90), 100_000))
    leaves = np.cumsum(stay + rng.exponential(free_d, len(stay)))
    return leaves - stay, leaves, np.sort(rng.uniform(20, leaves[-1] - 40, 300_000))


def by_histories(free_d, looks_d, lengths_m, sd_m, recall):
    """Probability that one ship was shown, and the mean number: each history weighted by the likelihood of all looks.

    A change of ship, like none, is judged by the length against the mean since she was first shown.
    """
    arrives, leaves, moments = spot(free_d)
    shown = ~np.isnan(lengths_m)
    ship = np.array([np.searchsorted(leaves, moments + day) for day in looks_d]).T
    there = arrives[ship] <= moments[:, None] + looks_d
    possible = there[:, shown].all(axis=1)
    ship, missed = ship[possible][:, shown], (there & ~shown)[possible].sum(axis=1)
    changes, number = np.unique(np.diff(ship) > 0, axis=0, return_inverse=True)
    weight = np.bincount(number.ravel(), (1 - recall) ** missed)
    lengths = lengths_m[shown]
    for k, changed in enumerate(changes):
        began = 0
        for n, other in enumerate(changed, start=1):
            apart, sd = lengths[began:n].mean() - lengths[n], sd_m * np.sqrt(1 + 1 / (n - began))
            sd = np.hypot(sd, np.sqrt(2) * TRADE_SD_M) if other else sd
            weight[k] *= np.exp(-0.5 * (apart / sd) ** 2) / sd
            began = n if other else began
    return np.average(~changes.any(axis=1), weights=weight), np.average(1 + changes.sum(axis=1), weights=weight)


def told(free_d, looks_d, lengths_m, sd_m, recall):
    """The same as the program tells it, with all sightings in one row."""
    stay, look_before = DarkStay("oil", Turnover(CONFIG.stay_d, free_d), []), NO_LOOK_BEFORE
    for day, length in zip(looks_d, lengths_m, strict=True):
        when, reach = DAY_0 + pd.Timedelta(days=day), Z90 * sd_m
        seen = {"detection_id": str(day), "acquired": when, "length_m": length, "look_before": look_before}
        seen |= {"length_lo_m": length - reach, "length_hi_m": length + reach, "sensor": "optical"}
        if not np.isnan(length) and stay.sightings:
            stay.extend(seen)
        elif not np.isnan(length):
            stay.sightings.append(seen)
        elif stay.sightings:
            stay.empty_looks, stay.p_missed = (*stay.empty_looks, (when, 1 - recall)), stay.p_missed * (1 - recall)
        else:
            look_before = LookBefore(looks_d[1] - day, 1 - recall, is_taken=False)
    return ship_numbers([stay], CONFIG)[0][:2]


@pytest.mark.parametrize("recall", [0.5, 0.9])
@pytest.mark.parametrize("free_d", [0.2, 2.0])
@pytest.mark.parametrize(
    ("looks_d", "lengths_m", "sd_m"),
    [
        ((0.0, 1.0, 1.8, 3.2), (92.0, 96.0, 90.0, 94.0), 8.0),
        ((0.0, 0.9, 2.1, 2.9), (92.0, NOBODY, 95.0, 99.0), 8.0),
        ((0.0, 0.7, 1.4, 2.4), (NOBODY, 88.0, 95.0, NOBODY), 15.0),
        ((0.0, 1.5, 2.0, 3.0, 4.0), (80.0, 82.0, NOBODY, NOBODY, 83.0), 3.0),
        ((0.0, 0.5, 1.0, 1.5, 2.0, 3.0), (80.0, 86.0, 84.0, 97.0, 95.0, NOBODY), 5.0),
    ],
)
def test_looks_at_a_spot_show_as_many_ships_as_drawn_histories_that_fit_them(free_d, recall, looks_d, lengths_m, sd_m):
    case = free_d, np.array(looks_d), np.array(lengths_m), sd_m, recall
    assert told(*case) == pytest.approx(by_histories(*case), abs=0.015)
