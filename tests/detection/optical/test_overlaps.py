"""One hull is one ship, however many parts of her were fitted: a fit within a hull is not another ship."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.overlaps import resolve_overlaps
from pipeline.detection.screening import REJECTING


def fitted(row, col, length_m, beam_m, *, turn=0.0, n_pixels=200, score=0.9, odds=None):
    """A hull by its edges; ``turn`` is the angle of its axis from the columns."""
    axis = (float(np.sin(turn)), float(np.cos(turn)))
    return Candidate(
        row=row, col=col, length_m=length_m, length_lo_m=0.95 * length_m, length_hi_m=1.05 * length_m,
        beam_m=beam_m, beam_lo_m=0.9 * beam_m, beam_hi_m=1.1 * beam_m, axis=axis, axis_points_to_bow=False,
        outline=np.zeros((4, 2)), n_pixels=n_pixels, score=score, tanker_score=0.3, contrast_db=10.0,
        method="optical-edges", flags=("moored",), outline_odds=odds,
    )  # fmt: skip


def ships(found):
    return [c for c in resolve_overlaps(found, (3.0, 3.0)) if not REJECTING & set(c.flags)]


@pytest.mark.parametrize("turn", [0.0, 0.6, 2.0])
def test_a_part_of_the_deck_is_no_second_ship(turn):
    """Half as long as her and three quarters as wide, on her centre line: her fore deck, found again."""
    along = np.array([np.sin(turn), np.cos(turn)]) * 22.0 / 3.0
    whole = fitted(100, 100, 90, 13, turn=turn)
    part = fitted(100 + along[0], 100 + along[1], 44, 9.3, turn=turn + 0.15, n_pixels=60)
    assert [c.length_m for c in ships([whole, part])] == [90]
    assert [c.length_m for c in ships([part, whole])] == [90]


def test_the_ship_within_a_quay_and_ship_in_one_is_the_ship():
    both = fitted(100, 100, 150, 40, n_pixels=700)
    ship = fitted(103, 100, 85, 13, n_pixels=120)
    assert [c.length_m for c in ships([both, ship])] == [85]


@pytest.mark.parametrize(("odds", "left"), [(27.4, 99), (24.0, 209)], ids=["a sure hull", "no sure hull"])
def test_the_ship_at_a_pier_that_goes_on_beyond_her_is_the_ship(odds, left):
    """No tanker is nine times as long as wide: 209 m of pier and ship, with the 99 m tanker found separately in it."""
    both = fitted(100, 100, 209, 22.8, n_pixels=40, odds=28.8)
    ship = fitted(101, 100 - 53 / 3, 99, 16.2, n_pixels=23, odds=odds)
    assert [c.length_m for c in ships([both, ship])] == [left]
    assert [c.length_m for c in ships([ship, both])] == [left]


def test_a_tug_or_a_neighbour_alongside_is_another_ship():
    ship = fitted(100, 100, 90, 14)
    tug = fitted(100 + (7 + 5.5) / 3, 110, 30, 10, n_pixels=40)
    ahead = fitted(100, 100 + 90 / 3, 60, 10, n_pixels=80)
    assert len(ships([ship, tug, ahead])) == 3


@pytest.mark.parametrize(("long_score", "left"), [(0.85, 78), (0.97, 109)])
def test_of_two_hulls_through_each_other_the_likelier_one_counts(long_score, left):
    """Ten metres apart, 78 and 109 m long: two ships cannot lie like that."""
    long, short = fitted(100, 100, 109, 15, score=long_score), fitted(101, 102, 78, 12, n_pixels=120)
    assert [c.length_m for c in ships([long, short])] == [left]
    assert [c.length_m for c in ships([short, long])] == [left]


@pytest.mark.parametrize(("long_odds", "left"), [(29.6, 142), (21.7, 98)])
def test_outlines_decide_between_hulls_through_each_other_before_contrast_does(long_odds, left):
    """A container ship and a brighter row of her containers: the evidence for each outline decides, not contrast."""
    whole = fitted(100, 100, 142, 21, score=0.90, odds=long_odds)
    row = fitted(102, 104, 98, 13.5, turn=0.1, n_pixels=120, score=0.98, odds=25.0)
    assert [c.length_m for c in ships([whole, row])] == [left]
    assert [c.length_m for c in ships([row, whole])] == [left]


def test_a_part_that_looks_likelier_than_the_whole_is_still_a_part():
    whole, part = fitted(100, 100, 90, 13, score=0.968), fitted(101, 93, 44, 9.3, n_pixels=40, score=0.979)
    assert [c.length_m for c in ships([whole, part])] == [90]


def test_two_alike_side_by_side_are_two():
    ship, neighbour = fitted(100, 100, 109, 15), fitted(100 + 14 / 3, 102, 80, 13, n_pixels=120)
    assert len(ships([ship, neighbour])) == 2
