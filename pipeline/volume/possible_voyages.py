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

from pipeline.volume.displacement import (
    BLOCK_COEFFICIENT,
    BLOCK_COEFFICIENT_SD,
    DEADWEIGHT_COEFFICIENT,
    DEADWEIGHT_COEFFICIENT_SD,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.types import FloatArray

# Ballast on arrival to load, share of deadweight, mean and sd; World Bank notebooks take 0.55 of large ships.
BALLAST_SHARE = (0.33, 0.10)
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


class Voyages:
    """Decks of as many cards as there are draws; drawn when the first voyage is asked for."""

    def __init__(self, draws: int, constants_share: float, seed: int) -> None:
        self._draws, self._constants_share, self._seed = draws, constants_share, seed

    @cached_property
    def _decks(self) -> list[FloatArray]:
        rng, n = np.random.default_rng(np.random.SeedSequence([self._seed, 2])), self._draws
        block = np.clip(rng.normal(BLOCK_COEFFICIENT, BLOCK_COEFFICIENT_SD, n), 0.65, 0.88)
        share = np.clip(rng.normal(DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD, n), 0.5, 0.88)
        return [
            _deck((1 - block) / np.cbrt(block)),
            _deck(1 / np.cbrt(share), 1 / share - 1 + self._constants_share),
            _deck(np.clip(rng.normal(*BALLAST_SHARE, n), 0.0, 0.6)),
            _deck(np.clip(rng.normal(*BALLAST_LEFT, n), 0.0, 1.0)),
            _deck(rng.standard_normal(n), rng.normal(0, SHIP_SD, n)),
            _deck(rng.standard_normal(n)),
            _deck(1 - rng.random(n) ** PROGRESS_POWER),
            _deck(rng.random(n) ** PROGRESS_POWER),
        ]

    def dealt(self, ships: int, rng: np.random.Generator, size_sd: float) -> Iterator[Voyage]:
        """Voyages of that many ships, at most one for each draw, without end; ``size_sd`` is that of ``size_error``."""
        size, hull = self._decks[4]
        hulls = _deck_of_hulls(size_sd * size, hull)
        while True:
            cuts = rng.integers(self._draws, size=len(self._decks))
            dealt = [deck[:, cut : cut + ships] for deck, cut in zip(self._decks, cuts, strict=True)]
            (finer,), (lighter, light), (ballast,), (left,), _, (depth,), (first,), (last,) = dealt
            error, smaller, smaller_root = hulls[:, cuts[4] : cuts[4] + ships]
            yield Voyage(light, ballast, left, finer * lighter * smaller_root, smaller, error, depth, first, last)


def _deck_of_hulls(size_error: FloatArray, hull_error: FloatArray) -> FloatArray:
    """The error of length times beam, how much smaller the displacement's hull is than told, and the third root."""
    smaller = -(size_error + hull_error)
    return np.stack((size_error, np.exp(smaller), np.exp(smaller / 3)))


def _deck(*cards: FloatArray) -> FloatArray:
    """Cards that go together, twice over, so that each cut is a slice: shape (kinds, 2 draws)."""
    return np.tile(np.stack(cards), 2)
