"""Voyages that a ship may have made, as draws: her form, ballast, what of it she left with, when each look saw her.

They are drawn once for a call and dealt to its ships again and again. Each kind of chance is a deck of its own, cut at
another place in each deal: a ship then meets another form with another ballast, as if all had been drawn anew, at a
tenth of the cost (normal random numbers are what takes time). A deck repeats only after as many deals as it has cards.
"""

from __future__ import annotations

from dataclasses import dataclass
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


def voyages(
    draws: int, rng: np.random.Generator, constants_share: float, size_sd: float, *, looks: bool
) -> Iterator[Voyage]:
    """Voyages without end, the first as drawn.

    ``size_sd`` is the spread of ``size_error``. Without ``looks`` what only freeboards ask for is not drawn: it is 0.
    """
    block = np.clip(rng.normal(BLOCK_COEFFICIENT, BLOCK_COEFFICIENT_SD, draws), 0.65, 0.88)
    share = np.clip(rng.normal(DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD, draws), 0.5, 0.88)
    size_error = size_sd * rng.standard_normal(draws) if size_sd else np.zeros(draws)
    hull_error = size_error + rng.normal(0, SHIP_SD, draws)
    decks = [
        _deck((1 - block) / np.cbrt(block)),
        _deck(1 / np.cbrt(share), 1 / share - 1 + constants_share),
        _deck(np.clip(rng.normal(*BALLAST_SHARE, draws), 0.0, 0.6)),
        _deck(np.clip(rng.normal(*BALLAST_LEFT, draws), 0.0, 1.0)),
        _deck(size_error, np.exp(-hull_error), np.exp(-hull_error / 3)),
    ]
    if looks:
        decks += [
            _deck(rng.standard_normal(draws)),
            _deck(1 - rng.random(draws) ** PROGRESS_POWER),
            _deck(rng.random(draws) ** PROGRESS_POWER),
        ]
    cuts, nothing = np.zeros(len(decks), dtype=int), np.zeros(draws)
    while True:
        dealt = [deck[:, cut : cut + draws] for deck, cut in zip(decks, cuts, strict=True)]
        (finer,), (lighter, light), (ballast,), (left,), (error, smaller, smaller_root), *seen = dealt
        depth, first, last = (row[0] for row in seen) if looks else (nothing,) * 3
        yield Voyage(light, ballast, left, finer * lighter * smaller_root, smaller, error, depth, first, last)
        cuts = rng.integers(draws, size=len(decks))


def _deck(*cards: FloatArray) -> FloatArray:
    """Cards that go together, twice over, so that each cut is a slice: shape (kinds, 2 draws)."""
    return np.tile(np.stack(cards), 2)
