"""Draw voyages that a ship may have made: hull form, ballast on arrival and departure, and when each look saw her.

They are drawn once and dealt to one ship after another. Each kind of random value is a deck of its own, cut at another
place in each deal: a ship then meets another form with another ballast, as if all had been drawn anew, at a tenth of
the cost (drawing normal random numbers is what takes time).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ships.stay_times import StayTimes, cargo_share
from pipeline.volume.hull_form import BLOCK_RANGE, BLOCK_SD, LIGHTSHIP_LOG_SD, lightship_factor, lightship_part
from pipeline.volume.streams import COURSES, VOYAGES
from pipeline.volume.usual_hull import DWT_PER_HULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.types import FloatArray

# Ballast on arrival to load, share of deadweight, mean and sd: with the lightship it gives the draughts with which 78
# tankers of 200 to 260 m came to load crude oil (``benchmarks.typed_draughts``). World Bank notebooks use 0.55.
BALLAST_SHARE = (0.36, 0.10)
BALLAST_LEFT = (0.10, 0.08)  # of that ballast still aboard on departure (our judgement)
# Where the time of a look with a freeboard is unknown, the share of the loading done is Beta(1, 3) at the first one,
# unknown but early, and Beta(3, 1) at the last: 1 - u^(1/3) and u^(1/3) of a uniform u.
PROGRESS_POWER = 1 / 3
SHIP_SD = 0.015  # error of hull dimensions for the displacement: appendages, sheer, length between perpendiculars


@dataclass(frozen=True, slots=True)
class Voyage:
    """One voyage of each ship, shape (draws,); masses are shares of her deadweight."""

    light: FloatArray  # lightship and constants
    ballast: FloatArray  # on arrival
    ballast_left: FloatArray  # share of it left on departure
    fineness: (
        FloatArray  # (1 - Cb_d) (T_d / d)^(1/3) of a hull of the given length and beam, d: deadweight over rho L B
    )
    full_draught_ratio: FloatArray  # T_d / d of such a hull: her draught at full deadweight
    size_ratio: FloatArray  # given length times beam over that of the displacement
    depth_error: FloatArray  # standard normal
    first_look: FloatArray  # share of the loading done at the first freeboard, and at the last
    last_look: FloatArray


@dataclass(frozen=True, slots=True)
class FullDraughtRatio:
    """A known draught at full deadweight: ln(T_d / d) for each ship, and its own error."""

    log_ratio: FloatArray  # shape (ships,)
    log_sd: float


@dataclass(frozen=True, slots=True)
class DraughtVariances:
    """Variances of ln(full draught): from the block coefficient, from each ship's lightship, and of the known one."""

    block: FloatArray
    lightship: FloatArray
    known: float

    @property
    def total(self) -> FloatArray:
        """Sum of all three."""
        return self.block + self.lightship + self.known


@dataclass(frozen=True, slots=True)
class HullForms:
    """Block coefficients and lightships of the ships to which voyages are dealt."""

    block: FloatArray  # mean block coefficient, of each or of all
    lightship: FloatArray  # median lightship over deadweight of each, shape (ships,)
    size_error_sd: float  # of ln(true over measured length times beam), beyond what other draws explain
    # If known, forms and lightships are drawn so that the ships lie as deep
    full_draught_ratio: FullDraughtRatio | None = None

    @property
    def draught_variances(self) -> DraughtVariances:
        """Variance of the full draughts of ships of one deadweight and size, by source."""
        lightship = (LIGHTSHIP_LOG_SD * lightship_part(self.lightship)) ** 2
        known = 0.0 if self.full_draught_ratio is None else self.full_draught_ratio.log_sd**2
        return DraughtVariances((BLOCK_SD / self.block) ** 2, lightship, known)

    @property
    def log_likelihood(self) -> FloatArray | float:
        """Log likelihood of the known full draught given deadweight and size only; 0 without one."""
        if self.full_draught_ratio is None:
            return 0.0
        variance = self.draught_variances.total + self.size_error_sd**2 + SHIP_SD**2
        off = self.full_draught_ratio.log_ratio - np.log((1 + self.lightship) / self.block)
        return -0.5 * off * off / variance - 0.5 * np.log(variance)


class Voyages:
    """Decks with one card per draw, drawn when the first voyage is asked for."""

    def __init__(self, draws: int, constants_share: float, seed: int) -> None:
        self._draws, self._constants_share, self._seed = draws, constants_share, seed

    @cached_property
    def _decks(self) -> list[FloatArray]:
        rng, n = VOYAGES.generator(self._seed), self._draws
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

    @cached_property
    def _courses(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Where each end of a stay lies in its bounds, and three points within it, in order: uniform from 0 to 1."""
        rng, n = COURSES.generator(self._seed), self._draws
        return rng.random(n), rng.random(n), np.sort(rng.random((3, n)), axis=0)

    def _course(self, stay: StayTimes) -> list[FloatArray]:
        """How far out in their bounds a stay's ends lie, by likelihood; its shares before and after pumping."""
        arrival, departure, points = self._courses
        if stay.arrival_window_h + stay.departure_window_h > 0:
            weights, n = np.cumsum(stay.relative_likelihood(arrival, departure)), self._draws
            picks = np.searchsorted(weights, (np.arange(n) + 0.5) / n * weights[-1])
            arrival, departure = arrival[picks], departure[picks]
        return [_deck(arrival, departure), _deck(points[0], 1 - points[2])]

    def deal(self, forms: HullForms, rng: np.random.Generator, stay: StayTimes | None = None) -> Iterator[Voyage]:
        """Endless voyages of those ships, at most one per draw; looks are at their times in the ``stay``."""
        decks = list(self._decks)
        decks[4] = _hull_deck(forms.size_error_sd * decks[4][0], decks[4][1])
        n_ships, variances = len(forms.lightship), forms.draught_variances
        course = None if stay is None else self._course(stay)
        while True:
            cuts = rng.integers(self._draws, size=len(decks))
            dealt = [deck[:, cut : cut + n_ships] for deck, cut in zip(decks, cuts, strict=True)]
            (form,), (lightship_factor,), (ballast,), (ballast_left,), hull, (depth,), (first,), (last,) = dealt
            size_ratio, size_factor = hull
            block = np.clip(forms.block + BLOCK_SD * form, *BLOCK_RANGE)
            lightship = forms.lightship * lightship_factor * size_factor
            if forms.full_draught_ratio is not None:
                # Depths are reversed here, unlike in every other use
                log_full_draught = forms.full_draught_ratio.log_ratio + forms.full_draught_ratio.log_sd * depth[::-1]
                block, lightship = _conditioned(log_full_draught, variances, block, lightship, size_ratio)
            full_draught_ratio = (1 + lightship) / block * size_ratio
            fineness = (1 - block) * np.cbrt(full_draught_ratio)
            if stay is not None and course is not None:
                ends, waits = (
                    deck[:, start : start + n_ships]
                    for deck, start in zip(course, rng.integers(self._draws, size=2), strict=True)
                )
                first, last = _loaded_shares(stay, ends, waits)
            yield Voyage(
                lightship + self._constants_share,
                ballast,
                ballast_left,
                fineness,
                full_draught_ratio,
                size_ratio,
                depth,
                first,
                last,
            )


def _loaded_shares(stay: StayTimes, ends: FloatArray, waits: FloatArray) -> list[FloatArray]:
    """Share of the loading done at the first and the last look, for one course of the stay."""
    looks = (0.0 if look is None else look for look in (stay.first_h, stay.last_h))
    return [cargo_share(stay.share_passed(look, *ends), *waits) for look in looks]


def _conditioned(
    log_full_draught: FloatArray,
    variances: DraughtVariances,
    block: FloatArray,
    lightship: FloatArray,
    size_ratio: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Draws of block coefficient and lightship, given a known full draught.

    An unconditional draw is moved by its deviation, each part by its share of the variance: such draws have the
    conditional distribution of normal errors with a known sum (Matheron's rule, in logarithms). The block coefficient
    takes the rest.
    """
    step = (log_full_draught - np.log((1 + lightship) / block * size_ratio)) / variances.total
    heavier = lightship * np.exp(step * variances.lightship / lightship_part(lightship))
    full_draught_ratio = np.exp(log_full_draught - step * variances.known)
    return np.clip((1 + heavier) / full_draught_ratio * size_ratio, *BLOCK_RANGE), heavier


def _hull_deck(size_error: FloatArray, hull_error: FloatArray) -> FloatArray:
    """Ratio of the given hull to the displacement's, and factor on lightship over deadweight of a larger hull."""
    return np.stack((np.exp(-(size_error + hull_error)), lightship_factor(-DWT_PER_HULL * size_error)))


def _deck(*cards: FloatArray) -> FloatArray:
    """Cards that go together, repeated twice so that each cut is a slice: shape (kinds, 2 draws)."""
    return np.tile(np.stack(cards), 2)
