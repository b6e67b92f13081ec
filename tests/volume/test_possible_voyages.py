"""Voyages dealt from precomputed decks, compared with voyages drawn independently."""

from __future__ import annotations

from dataclasses import astuple, fields
from itertools import islice

import numpy as np
import pytest

from pipeline.volume.hull_form import BLOCK_RANGE, LIGHTSHIP_LOG_SD, lightship_factor
from pipeline.volume.possible_voyages import BALLAST_LEFT, BALLAST_SHARE, SHIP_SD, HullForms, Voyage, Voyages
from pipeline.volume.usual_hull import DWT_PER_HULL

DRAWS, CONSTANTS, SIZE_SD = 20_000, 0.05, 0.1
BLOCK, LIGHTSHIP = 0.72, 0.3
FLEET = HullForms(BLOCK, np.full(DRAWS, LIGHTSHIP), SIZE_SD)


def deals(count: int, seed: int = 8) -> list[Voyage]:
    decks = Voyages(DRAWS, CONSTANTS, 3)
    return list(islice(decks.deal(FLEET, np.random.default_rng(seed)), count))


def test_voyages_are_those_that_the_constants_tell():
    """Theoretical means and spreads of the normals, and of Beta(1, 3) and Beta(3, 1)."""
    voyage = deals(1)[0]
    assert voyage.ballast.mean() == pytest.approx(BALLAST_SHARE[0], abs=0.003)
    assert voyage.ballast.std() == pytest.approx(BALLAST_SHARE[1], rel=0.03)
    assert np.median(voyage.ballast_left) == pytest.approx(BALLAST_LEFT[0], abs=0.003)
    assert np.median(voyage.light) == pytest.approx(LIGHTSHIP + CONSTANTS, abs=0.003)
    told_right = np.log(voyage.light - CONSTANTS) - np.log(lightship_factor(DWT_PER_HULL * np.log(voyage.size_ratio)))
    assert told_right.std() == pytest.approx(LIGHTSHIP_LOG_SD, rel=0.06)
    assert np.log(voyage.size_ratio).std() == pytest.approx(np.hypot(SIZE_SD, SHIP_SD), rel=0.03)
    assert (voyage.first_look.mean(), voyage.last_look.mean()) == pytest.approx((0.25, 0.75), abs=0.01)


def test_the_pull_is_that_of_the_ships_form():
    """(1 - Cb) (T_d / d)^(1/3), where d is deadweight over rho L B, so T_d / d = 1 / (share Cb), for the given hull."""
    voyage = deals(1)[0]
    share = 1 / (1 + voyage.light - CONSTANTS)
    of_block = voyage.fineness * np.cbrt(share / voyage.size_ratio)
    assert np.median(of_block) == pytest.approx((1 - BLOCK) / np.cbrt(BLOCK), rel=0.01)
    assert of_block.min() == pytest.approx((1 - BLOCK_RANGE[1]) / np.cbrt(BLOCK_RANGE[1])), "no tanker is fuller"
    for other in (share, voyage.size_ratio):
        assert abs(np.corrcoef(of_block, other)[0, 1]) < 0.03


def test_another_seed_has_other_voyages():
    one, other = (next(Voyages(DRAWS, CONSTANTS, s).deal(FLEET, np.random.default_rng(8))) for s in (1, 2))
    assert abs(np.corrcoef(one.ballast, other.ballast)[0, 1]) < 0.03


def test_each_deal_brings_other_voyages_of_the_same_kind():
    """Between deals, ships change voyages and quantities are recombined, but the set of values stays the same."""
    first, second = deals(2)
    third = deals(1, seed=9)[0]  # for another call
    names = [field.name for field in fields(Voyage)]
    for name, a, b, c in zip(names, astuple(first), astuple(second), astuple(third), strict=True):
        for one, other in ((a, b), (b, c), (a, c)):
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.03, name
        if name not in {"fineness", "light", "full_draught_ratio"}:  # these combine cards from several decks
            assert (np.sort(a) == np.sort(b)).all(), name
    by_ballast, then_by_ballast = np.argsort(first.ballast), np.argsort(second.ballast)
    for name in ("ballast_left", "light", "size_ratio", "depth_error", "first_look", "last_look"):
        before, after = getattr(first, name)[by_ballast], getattr(second, name)[then_by_ballast]
        assert np.mean(before == after) < 0.03, name  # ties: a tenth has no ballast left


def test_fewer_ships_are_dealt_to_as_well_and_a_hull_without_error_is_the_told_one():
    forms = HullForms(BLOCK, np.full(50, LIGHTSHIP), 0.0)
    few = next(Voyages(DRAWS, CONSTANTS, 3).deal(forms, np.random.default_rng(8)))
    assert {len(values) for values in astuple(few)} == {50}
    assert np.abs(np.log(few.size_ratio)).max() < 5 * SHIP_SD
