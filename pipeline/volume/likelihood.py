"""Likelihood of draughts and freeboards for each draw of a ship and her cargo.

A draw is a whole ship (deadweight, block coefficient, lightship, depth) and a voyage: ballast on arrival, ballast left
on departure, cargo taken. From these follow the draughts on arrival, on departure and at any time between; draws close
to what was typed or measured get the weight. So a change of draught or freeboard, a single draught and a single
freeboard are all used in the same way, each with its own error, and together. Of two freeboards mainly the change
counts: a draw has one depth for both, so the error of depth cancels.

Block coefficient and lightship: ``hull_form``; which draughts crews retype: ``typed_draughts``.

Likelihoods are multiplied as they are: each has a floor, the probability that the observation means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ships.hull_depth import DEPTH_LOG_SD, depth_over_draught
from pipeline.ships.reading_density import reading_density
from pipeline.ships.signs_of_cargo import P_MISMEASURED, SIDE_RANGE_M
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_by_fineness
from pipeline.volume.hull_form import block_coefficient, lightship_share
from pipeline.volume.possible_voyages import FullDraughtRatio, HullForms
from pipeline.volume.typed_draughts import LoadStates, draught_likelihood

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray
    from pipeline.volume.evidence import Evidence
    from pipeline.volume.possible_voyages import Voyage, Voyages

# Further voyages are dealt to the same ships and cargoes until a tenth of the draws carries the weight: then the 5 and
# 95 % points of two seeds differ by 1 to 2 % of the cargo. The rounds are bounded (our choice).
ENOUGH_SHARE, MOST_ROUNDS = 0.1, 16


@dataclass(frozen=True, slots=True)
class SizeError:
    """ln(true over measured length times beam): the part tied to a draw's deadweight, and the sd of the rest."""

    tied: FloatArray | float = 0.0
    own_sd: float = 0.0


@dataclass(frozen=True, slots=True)
class _Hulls:
    """What is the same on each voyage of the ships of all draws."""

    per_area_m: FloatArray  # deadweight over rho L B
    fineness_root: FloatArray  # its third root
    load: FloatArray  # cargo over deadweight
    other_load: FloatArray  # of another voyage, taken from another draw


def log_weights(
    evidence: Evidence,
    dwt_t: FloatArray,
    cargo_t: FloatArray,
    config: VolumeConfig,
    voyages: Voyages,
    rng: np.random.Generator,
    size_error: SizeError | None = None,
    most_rounds: int = MOST_ROUNDS,
) -> FloatArray:
    """Log likelihood of the evidence for each draw of deadweight and cargo, shape (draws,), over many voyages of each.

    Block coefficient, ballast, depth and the like are averaged over several rounds, as many as needed up to
    ``most_rounds``: a single draw of them would be a lottery where the evidence is sharp.
    """
    size_error = size_error or SizeError()
    hull = evidence.length_m * evidence.beam_m * np.exp(size_error.tied) * config.water_t_per_m3
    per_area_m, load = dwt_t / hull, cargo_t / dwt_t
    hulls = _Hulls(per_area_m, np.cbrt(per_area_m), load, np.roll(load, len(load) // 2))
    forms = _hull_forms(evidence, dwt_t, per_area_m, size_error)
    draws = len(dwt_t)
    total = np.zeros(draws)
    for voyage in islice(voyages.deal(forms, rng, evidence.stay), most_rounds):
        total += _likelihood(evidence, hulls, voyage, config.draught_sd_m)
        if _effective_number(total) >= ENOUGH_SHARE * draws:
            break
    return np.log(total) + (0.0 if evidence.full_draught_in_dwt else forms.log_likelihood)


def _hull_forms(evidence: Evidence, dwt_t: FloatArray, per_area_m: FloatArray, size_error: SizeError) -> HullForms:
    """Block coefficient and lightship of each draw's ship, by her length and by the usual deadweight of her hull.

    A draw of a ship larger than measured is one of a longer ship, with the form and weight of such a ship.
    """
    length_m = evidence.length_m * np.exp(evidence.length_error_share * size_error.tied)
    beam_m = evidence.beam_m * np.exp((1 - evidence.length_error_share) * size_error.tied)
    usual = tanker_regression().log_dwt(length_m, beam_m)
    block = block_coefficient(length_m)
    full_draught = evidence.full_draught
    ratio = (
        None
        if full_draught is None
        else FullDraughtRatio(np.log(full_draught.draught_m / per_area_m), full_draught.log_sd)
    )
    return HullForms(block, lightship_share(length_m, np.log(dwt_t) - usual), size_error.own_sd, ratio)


def effective_draws(log_weight: FloatArray) -> float:
    """Effective number of equally likely draws: (sum w)^2 / sum w^2 (Kish)."""
    return _effective_number(np.exp(log_weight - log_weight.max()))


def _effective_number(weights: FloatArray) -> float:
    return float(weights.sum() ** 2 / (weights @ weights))


def _likelihood(evidence: Evidence, hulls: _Hulls, voyage: Voyage, draught_sd_m: float) -> FloatArray:
    """Likelihood of the evidence for each ship on one voyage: shape (draws,)."""
    # draught if the displacement were one deadweight and the hull a box
    box_draught_m = hulls.per_area_m * voyage.size_ratio
    fineness = hulls.fineness_root * voyage.fineness
    before, light_on_departure = voyage.light + voyage.ballast, voyage.light + voyage.ballast_left * voyage.ballast
    after = light_on_departure + hulls.load
    states = LoadStates(before, after, light_on_departure + hulls.other_load, box_draught_m, fineness)
    likelihood = draught_likelihood(evidence, states, draught_sd_m)
    if not evidence.has_freeboard:
        return likelihood
    depth_m = _depth_m(evidence, hulls, voyage)
    both = evidence.freeboard_first_m is not None and evidence.freeboard_last_m is not None
    looks = (
        (evidence.freeboard_first_m, voyage.first_look, 1.0),
        (evidence.freeboard_last_m, voyage.last_look, evidence.p_same_hull if both else 1.0),
    )
    for freeboard, progress, p_same_hull in looks:
        if freeboard is not None:
            side_m = depth_m - draught_by_fineness(box_draught_m * (before + progress * (after - before)), fineness)
            value, sd = freeboard
            likelihood *= reading_density(value, [(1.0, side_m)], sd, p_same_hull * (1 - P_MISMEASURED), SIDE_RANGE_M)
    return likelihood


def _depth_m(evidence: Evidence, hulls: _Hulls, voyage: Voyage) -> FloatArray:
    """Depth of each ship [m]: as stated, else her full draught times the usual ratio of such hulls."""
    if evidence.depth_m is not None:
        return np.full(len(voyage.full_draught_ratio), evidence.depth_m)
    depth_ratio = depth_over_draught(evidence.length_m) * np.exp(DEPTH_LOG_SD * voyage.depth_error)
    return hulls.per_area_m * voyage.full_draught_ratio * depth_ratio


def reweighted(prior: FloatArray, log_weight: FloatArray) -> FloatArray:
    """Turn draws of the prior into draws of the posterior; each keeps its rank among the draws.

    Keeping ranks preserves what a draw shares with other calls, as if nothing had been measured: the sum of 20 calls
    with both draughts spreads by a third more than in the exact joint posterior (docs/volume.md), the safe side.
    """
    order = _ascending(prior)
    ranked = prior[order]
    weights = np.exp(log_weight - log_weight.max())[order]
    cumulative = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    ranks = (np.arange(len(prior)) + 0.5) / len(prior)
    out = np.empty_like(prior)
    out[order] = np.interp(ranks, cumulative, ranked)
    return out


def _ascending(values: FloatArray) -> np.ndarray:
    """As a stable ``argsort``, but four times as fast where no two values are equal: then there is only one order."""
    order = np.argsort(values)
    ranked = values[order]
    return order if (ranked[1:] > ranked[:-1]).all() else np.argsort(values, kind="stable")
