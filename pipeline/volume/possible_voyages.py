"""Voyages that a ship may have made, as draws: her form, ballast, what of it she left with, when each look saw her.

They are drawn once and dealt to ship after ship, as often as one asks. Each kind of chance is a deck of its own, cut at
another place in each deal: a ship then meets another form with another ballast, as if all had been drawn anew, at a
tenth of the cost (normal random numbers are what takes time).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.volume.hull_form import BLOCK_RANGE, BLOCK_SD, LIGHTSHIP_LOG_SD, heavier_by
from pipeline.volume.usual_hull import DWT_PER_HULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.types import FloatArray

# Ballast on arrival to load, share of deadweight, mean and sd: with the lightship it makes the draughts with which 78
# tankers of 200 to 260 m came to load crude oil (``benchmarks.typed_draughts``). World Bank notebooks take 0.55.
BALLAST_SHARE = (0.36, 0.10)
BALLAST_LEFT = (0.10, 0.08)  # of that ballast still aboard on departure (our judgement)
# Share of the loading done at a look with a freeboard is Beta(1, 3) at the first one, unknown but early, and Beta(3, 1)
# at the last: 1 - u^(1/3) and u^(1/3) of a uniform u.
PROGRESS_POWER = 1 / 3
SHIP_SD = 0.015  # of hull dimensions in the displacement: appendages, sheer, length between perpendiculars


@dataclass(frozen=True, slots=True)
class Voyage:
    """One voyage of each ship, shape (draws,); masses are shares of her deadweight."""

    light: FloatArray  # lightship and constants
    ballast: FloatArray  # on arrival
    ballast_left: FloatArray  # of it, on departure
    pull: FloatArray  # (1 - Cb_d) (T_d / d)^(1/3) of a hull as long and broad as told, d: deadweight over rho L B
    smaller: FloatArray  # length times beam as told over that of the displacement
    size_error: FloatArray  # ln(true over measured length times beam), what no other draw tells
    depth_error: FloatArray  # standard normal
    first_look: FloatArray  # share of the loading done at the first freeboard, and at the last
    last_look: FloatArray


@dataclass(frozen=True, slots=True)
class HullForms:
    """How full and how heavy the ships are to whom voyages are dealt."""

    block: float  # mean block coefficient
    lightship: FloatArray  # median lightship over deadweight of each, shape (ships,)
    size_error_sd: float  # of ``size_error``


class Voyages:
    """Decks of as many cards as there are draws; drawn when the first voyage is asked for."""

    def __init__(self, draws: int, constants_share: float, seed: int) -> None:
        self._draws, self._constants_share, self._seed = draws, constants_share, seed

    @cached_property
    def _decks(self) -> list[FloatArray]:
        rng, n = np.random.default_rng(np.random.SeedSequence([self._seed, 2])), self._draws
        return [
            _deck(rng.standard_normal(n)),
            _deck(np.exp(LIGHTSHIP_LOG_SD * rng.standard_normal(n))),
            _deck(np.clip(rng.normal(*BALLAST_SHARE, n), 0.0, 0.6)),
            _deck(np.clip(rng.normal(*BALLAST_LEFT, n), 0.0, 1.0)),
            _deck(rng.standard_normal(n), rng.normal(0, SHIP_SD, n)),
            _deck(rng.standard_normal(n)),
            _deck(1 - rng.random(n) ** PROGRESS_POWER),
            _deck(rng.random(n) ** PROGRESS_POWER),
        ]

    def dealt(self, forms: HullForms, rng: np.random.Generator) -> Iterator[Voyage]:
        """Voyages of those ships, at most one for each draw, without end."""
        form, *others = self._decks
        hulls = _deck_of_hulls(forms.size_error_sd * others[3][0], others[3][1])
        decks = [_deck_of_forms(forms.block, form), *others[:3], hulls, *others[4:]]
        many = len(forms.lightship)
        while True:
            cuts = rng.integers(self._draws, size=len(decks))
            dealt = [deck[:, cut : cut + many] for deck, cut in zip(decks, cuts, strict=True)]
            (finer,), (heavier,), (ballast,), (left,), hull, (depth,), (first,), (last,) = dealt
            error, smaller, smaller_root, of_larger = hull
            lightship = forms.lightship * heavier * of_larger
            pull = finer * np.cbrt(1 + lightship) * smaller_root
            yield Voyage(lightship + self._constants_share, ballast, left, pull, smaller, error, depth, first, last)


def _deck_of_forms(block: float, form: FloatArray) -> FloatArray:
    """(1 - Cb_d) / Cb_d^(1/3) of hulls whose block coefficient is around ``block``."""
    blocks = np.clip(block + BLOCK_SD * form, *BLOCK_RANGE)
    return (1 - blocks) / np.cbrt(blocks)


def _deck_of_hulls(size_error: FloatArray, hull_error: FloatArray) -> FloatArray:
    """The error of length times beam, how much smaller the displacement's hull is than told, with its third root, and
    how much more lightship a larger hull has for its deadweight."""
    smaller = -(size_error + hull_error)
    return np.stack((size_error, np.exp(smaller), np.exp(smaller / 3), heavier_by(-DWT_PER_HULL * size_error)))


def _deck(*cards: FloatArray) -> FloatArray:
    """Cards that go together, twice over, so that each cut is a slice: shape (kinds, 2 draws)."""
    return np.tile(np.stack(cards), 2)
