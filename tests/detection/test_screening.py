"""Probabilities and the bar between sea and ships: properties that hold for any constants."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.detection import ScreeningConfig
from pipeline.detection.candidates import Candidate
from pipeline.detection.screening import (
    EVEN_RARITY,
    HIGHEST_BAR,
    even_odds_rarity,
    is_accepted,
    land_leakage,
    ship_score,
    tanker_score,
    with_screening_flags,
)


@given(st.floats(4, 20), st.integers(1, 400), st.floats(20, 400))
def test_rarer_and_larger_is_likelier_a_ship(rarity, n_pixels, length_m):
    score = ship_score(rarity, EVEN_RARITY, n_pixels, length_m)
    assert ship_score(rarity + 1, EVEN_RARITY, n_pixels, length_m) >= score
    assert ship_score(rarity, EVEN_RARITY, 2 * n_pixels, length_m) >= score
    assert ship_score(rarity, EVEN_RARITY + 1, n_pixels, length_m) <= score


def test_odds_are_even_at_the_bar_for_six_pixels_and_nothing_is_longer_than_ships_are():
    few, six, many = (ship_score(EVEN_RARITY, EVEN_RARITY, n, 100.0) for n in (3, 6, 12))
    assert few < six < many
    assert six == pytest.approx(0.5)
    assert ship_score(12.0, EVEN_RARITY, 60, 400.0) > 0.9 > ship_score(12.0, EVEN_RARITY, 60, 800.0)


def test_only_ships_longer_than_ships_are_lose_by_their_length():
    """The longest ship was 458 m (Seawise Giant); beyond 500 m an object needs much more evidence to be one."""
    usual, longest, beyond = (ship_score(9.0, EVEN_RARITY, 60, length_m) for length_m in (150.0, 400.0, 600.0))
    assert longest == usual
    assert beyond < 0.1 < 0.9 < usual


def test_a_decade_of_rarity_speaks_less_than_the_law_says():
    """No sea follows its law that far out: odds rise by less than ten per decade, and still by several times."""
    odds = [score / (1 - score) for score in (ship_score(r, EVEN_RARITY, 6, 100.0) for r in (6.0, 7.0))]
    assert 3 < odds[1] / odds[0] < 10


def test_twice_the_pixels_are_twice_the_odds_or_so_and_nothing_of_kilometres_is_a_ship():
    odds = [score / (1 - score) for score in (ship_score(EVEN_RARITY, EVEN_RARITY, n, 100.0) for n in (6, 12))]
    assert odds[1] / odds[0] == pytest.approx(2, rel=0.2)
    assert ship_score(np.inf, EVEN_RARITY, 10_000, 3000.0) < 0.01, "however bright: a pier, a coast"


def test_of_thousands_of_alarms_few_are_ships_and_in_the_most_crowded_scene_a_bright_ship_still_is():
    """Alarms of a sea with a heavier tail than its law: they decrease by 1.25 e-folds per decade."""
    alarms = EVEN_RARITY - 0.8 * np.log((np.arange(4000) + 0.5) / 4000)
    assert sum(ship_score(r, even_odds_rarity(alarms), 6, 100.0) > 0.5 for r in alarms) < 10
    assert ship_score(18.0, even_odds_rarity(EVEN_RARITY + np.linspace(0.0, 20.0, 9000)), 60, 100.0) > 0.9


def ships(each_decade: int) -> np.ndarray:
    """This many objects in each decade of rarity above the bar."""
    return np.concatenate([EVEN_RARITY + k + np.linspace(0.05, 0.95, each_decade) for k in range(8)])


def test_ships_spread_over_many_decades_raise_no_bar():
    assert even_odds_rarity(ships(0)) == even_odds_rarity(ships(3)) == even_odds_rarity(ships(40)) == EVEN_RARITY


def test_alarms_that_crowd_at_the_bar_raise_it_past_them_unless_as_many_ships_are_above():
    crowd = EVEN_RARITY + np.linspace(0.0, 0.9, 20)
    raised = even_odds_rarity(crowd)
    assert raised > EVEN_RARITY
    assert (crowd >= raised).sum() <= 5
    assert even_odds_rarity(np.concatenate([crowd, ships(6)])) == EVEN_RARITY
    assert even_odds_rarity(np.concatenate([crowd, ships(1)])) > EVEN_RARITY, (
        "one ship a decade does not explain twenty alarms"
    )
    assert even_odds_rarity(EVEN_RARITY + np.linspace(0.0, 9.0, 5000)) <= HIGHEST_BAR + 0.25


def test_light_leaks_from_land_onto_water_near_it_and_none_from_water():
    power, land = np.ones((40, 40)), np.zeros((40, 40), bool)
    assert land_leakage(power, land, 2.0).max() == 0
    land[:, :20], power[:, :20] = True, 50.0
    leak = land_leakage(power, land, 2.0)
    assert (np.diff(leak[20, 20:]) <= 0).all()
    assert leak[20, 20] == pytest.approx(25.0, rel=0.2)
    assert leak[20, 35] < 1e-3
    assert leak[20, 26] > 0, "three times the blur away, a Gaussian is not nothing yet"


REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = ScreeningConfig(min_length_m=25, min_pixels=3, max_length_m=420, min_score=0.5)


def candidate(length_m=(90.0, 100.0, 110.0), n_pixels=50, score=0.9, flags=()):
    low, length, high = length_m
    return Candidate(
        row=0.0, col=0.0, length_m=length, length_lo_m=low, length_hi_m=high, beam_m=15.0, beam_lo_m=14.0,
        beam_hi_m=16.0, axis=(1.0, 0.0), axis_points_to_bow=False, outline=np.zeros((4, 2)), n_pixels=n_pixels,
        score=score, tanker_score=0.3, contrast_db=20.0, method="radar-cfar", flags=flags,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"length_m": (10.0, 20.0, 26.0)}, None),  # may be long enough
        ({"length_m": (10.0, 20.0, 24.0)}, "too_small"),
        ({"n_pixels": 3}, None),
        ({"n_pixels": 2}, "too_small"),
        ({"length_m": (400.0, 450.0, 500.0)}, None),  # may be short enough
        ({"length_m": (430.0, 450.0, 470.0)}, "too_large"),
        ({"score": 0.5}, None),
        ({"score": 0.49}, "low_score"),
    ],
)
def test_only_what_cannot_be_a_ship_of_the_sizes_asked_for_is_refused(fields, flag):
    """An interval that reaches into the range of ships is no reason to refuse."""
    found = with_screening_flags(candidate(**fields), CONFIG)
    assert found.flags == (() if flag is None else (flag,))
    assert is_accepted(found, CONFIG) == (flag is None)


def test_a_flag_that_says_what_it_is_refuses_and_one_that_only_tells_does_not():
    assert not is_accepted(candidate(flags=("azimuth_ghost",)), CONFIG)
    assert is_accepted(candidate(flags=("moored", "weak_draught")), CONFIG)
    assert with_screening_flags(candidate(flags=("moored",), score=0.1), CONFIG).flags == ("moored", "low_score")


def documented_flags() -> dict[str, str]:
    """Whether each flag of a detection rejects it, according to the report's documentation page."""
    page = (REPOSITORY / "docs" / "reading_the_report.md").read_text("utf-8")
    table = page.split("| flag of a detection |")[1].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {flag: rejects for flags, *_, rejects in rows for flag in re.findall(r"`(\w+)`", flags)}


@pytest.mark.parametrize(("flag", "rejects"), documented_flags().items())
def test_a_flag_rejects_where_the_page_says_so(flag, rejects):
    if flag in {"low_score", "neighbouring_slice"}:
        pytest.skip("the score is asked itself; slices are compared when all are read")
    assert is_accepted(candidate(flags=(flag,)), CONFIG) == (rejects != "yes")


def test_of_a_picture_of_unknown_stretch_two_decades_more_are_asked():
    assert even_odds_rarity(ships(3), unknown_stretch=True) == EVEN_RARITY + 2


@given(st.floats(1, 500))
def test_a_length_alone_makes_no_ship_a_tanker_for_sure(length_m):
    assert 0.02 < tanker_score(length_m) < 0.4
