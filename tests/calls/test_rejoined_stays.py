"""A stay of many correct looks is cut no more often than one of two; another ship is still another call."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from pipeline.calls.rejoined_stays import cut_threshold_sds
from pipeline.calls.sightings import link
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.ships.turnover import DISAGREE
from tests.calls.traffic import detections, looks_at, sighting

CONFIG = CallsConfig()
LENGTH_M, SD_M = 100.0, 2.0
OF_TWO = 2 * norm.sf(DISAGREE)  # one in eighty


def stays_at_berths(lengths_m: np.ndarray, every_h: float):
    """The stays at each of several berths, for looks that show these lengths, shape (berths, looks)."""
    hours = np.arange(lengths_m.shape[1]) * every_h
    seen = [
        sighting(f"{berth}/{n}", float(hours[n]), length_m=m, length_lo_m=m - Z90 * SD_M, length_hi_m=m + Z90 * SD_M)
        | {"berth_id": f"b{berth:03}"}
        for berth, row in enumerate(lengths_m)
        for n, m in enumerate(row)
    ]
    here = looks_at(*hours)
    looks = pd.concat(
        [here.assign(zone_id=f"b{n:03}", look_id=here["look_id"] + f"{n}") for n in range(len(lengths_m))],
        ignore_index=True,
    )
    found: dict[str, list] = {f"b{n:03}": [] for n in range(len(lengths_m))}
    for stay in link(detections(*seen), looks, CONFIG):
        found[stay.zone_id].append(stay)
    return list(found.values())


def honest(berths: int, looks: int, length_m: float = LENGTH_M) -> np.ndarray:
    """Lengths with their stated error and half the variance by which two lengths of one hull differ otherwise."""
    sd = np.hypot(SD_M, CONFIG.same_ship_length_share * LENGTH_M / np.sqrt(2))
    return np.random.default_rng([3, looks]).normal(length_m, sd, (berths, looks))


@pytest.mark.parametrize("looks", [2, 5, 20, 80])
def test_the_cut_goes_by_the_number_of_looks(looks):
    """The chance that any of so many looks exceeds it equals that of a single comparison of two looks."""
    assert 1 - (1 - 2 * norm.sf(cut_threshold_sds(looks))) ** (looks - 1) == pytest.approx(OF_TWO, rel=1e-9)


@pytest.mark.parametrize(("looks", "berths"), [(2, 60), (5, 40), (20, 20), (80, 15)])
def test_a_call_of_honest_looks_is_cut_or_has_an_odd_look_as_seldom_as_one_of_two(looks, berths):
    """Within 18 hours; with a fixed limit per look, three of the fifteen calls with eighty looks would be cut."""
    found = stays_at_berths(honest(berths, looks), every_h=18.0 / looks)
    cut = sum(len(stays) > 1 or "odd_look" in stays[0].flags for stays in found)
    assert cut <= binom.ppf(0.99, berths, OF_TWO)


@pytest.mark.parametrize("other_m", [118.0, 82.0])
def test_a_ship_that_takes_another_ones_place_is_another_call_in_nearly_all_draws(other_m):
    lengths = np.hstack([honest(20, 10), honest(20, 9, other_m)])
    found = stays_at_berths(lengths, every_h=8.0)
    right = [[len(stay.sightings) for stay in stays] == [10, 9] for stays in found]
    assert np.mean(right) > 0.9


def test_a_look_that_shows_nobody_between_parts_them_still():
    """Equal lengths throughout, but one look shows the berth empty: she cannot have been there all the time."""
    hours = [h for h in range(0, 60, 3) if h != 30]
    seen = [sighting(f"d{h}", float(h), length_m=96.0 + h % 2) for h in hours]
    assert len(link(detections(*seen), looks_at(*range(0, 60, 3)), CONFIG)) <= 2
