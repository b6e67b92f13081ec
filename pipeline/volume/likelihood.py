"""What draughts and freeboards say of the cargo: each draw of a ship and her cargo weighed by how she explains them.

A draw is a whole ship: deadweight, block coefficient, lightship, depth, and a voyage: ballast on arrival, ballast left
on departure, cargo taken. From these follow the draughts on arrival and departure and at any moment between; the draws
that come close to what was typed or measured get the weight. So a draught change, a freeboard change, a single draught
or a single freeboard all speak in the same way, each with its own error, and together. Of two freeboards it is their
change that speaks: a draw's depth is one for both, and what is not known of it drops out.

How full and how heavy a tanker of a length is: ``hull_form``; which draughts crews type anew: ``typed_draughts``.

Likelihoods are multiplied as they are: each has a floor, the chance that what was seen means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ships.hull_depth import DEPTH_LOG_SD, depth_over_draught
from pipeline.ships.one_reading import density
from pipeline.ships.signs_of_cargo import P_MISMEASURED, SIDE_RANGE_M
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_by_pull
from pipeline.volume.hull_form import block_coefficient, lightship_share
from pipeline.volume.possible_voyages import FullDraught, HullForms
from pipeline.volume.typed_draughts import Afloat, by_draughts

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray
    from pipeline.volume.evidence import Evidence
    from pipeline.volume.possible_voyages import Voyage, Voyages

# Voyages are dealt anew to the same ships and cargoes until a tenth of the draws carries the weight: then the 5 and
# 95 % points of two seeds differ by 1 to 2 % of the cargo. The rounds are bounded (our choice).
ENOUGH_SHARE, MOST_ROUNDS = 0.1, 16


@dataclass(frozen=True, slots=True)
class SizeError:
    """ln(true over measured length times beam): what goes with a draw's deadweight, and the sd of the rest."""

    tied: FloatArray | float = 0.0
    own_sd: float = 0.0


@dataclass(frozen=True, slots=True)
class _Hulls:
    """The ships of all draws, as far as they are the same on each voyage."""

    per_area_m: FloatArray  # deadweight over rho L B
    pull_root: FloatArray  # its third root
    load: FloatArray  # cargo over deadweight
    load_of_another: FloatArray  # of another voyage: that of another draw


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
    """Log-likelihood of the evidence for each draw of deadweight and cargo, over many voyages of each: shape (draws,).

    Block coefficient, ballast, depth and the like are not asked for: one draw of them is a lottery where the evidence
    is sharp; the mean over some rounds, as many as it takes up to ``most_rounds``, is not.
    """
    size_error = size_error or SizeError()
    hull = evidence.length_m * evidence.beam_m * np.exp(size_error.tied) * config.water_t_per_m3
    per_area_m, load = dwt_t / hull, cargo_t / dwt_t
    hulls = _Hulls(per_area_m, np.cbrt(per_area_m), load, np.roll(load, len(load) // 2))
    forms = _forms(evidence, dwt_t, per_area_m, size_error)
    draws = len(dwt_t)
    total = np.zeros(draws)
    for voyage in islice(voyages.dealt(forms, rng, evidence.stay), most_rounds):
        total += _likelihood(evidence, hulls, voyage, config.draught_sd_m)
        if _worth(total) >= ENOUGH_SHARE * draws:
            break
    return np.log(total) + (0.0 if evidence.draught_in_dwt else forms.log_of_told)


def _forms(evidence: Evidence, dwt_t: FloatArray, per_area_m: FloatArray, size_error: SizeError) -> HullForms:
    """How full and how heavy the ship of each draw is, by her length and by the usual deadweight of her hull.

    A draw of a larger ship than was measured is one of a longer ship, with the form and the weight of such.
    """
    longer_m = evidence.length_m * np.exp(evidence.longer * size_error.tied)
    broader_m = evidence.beam_m * np.exp((1 - evidence.longer) * size_error.tied)
    usual = tanker_regression().log_dwt(longer_m, broader_m)
    block = block_coefficient(longer_m)
    told = evidence.full_draught
    full = None if told is None else FullDraught(np.log(told.draught_m / per_area_m), told.log_sd)
    return HullForms(block, lightship_share(longer_m, np.log(dwt_t) - usual), size_error.own_sd, full)


def effective_draws(log_weight: FloatArray) -> float:
    """How many equally likely draws the weights are worth: (sum w)^2 / sum w^2 (Kish)."""
    return _worth(np.exp(log_weight - log_weight.max()))


def _worth(weights: FloatArray) -> float:
    return float(weights.sum() ** 2 / (weights @ weights))


def _likelihood(evidence: Evidence, hulls: _Hulls, voyage: Voyage, draught_sd_m: float) -> FloatArray:
    """Likelihood of the evidence for each ship on one voyage of hers: shape (draws,)."""
    deep_m = hulls.per_area_m * voyage.smaller  # of one deadweight of displacement, were the hull a box
    pull = hulls.pull_root * voyage.pull
    before, left = voyage.light + voyage.ballast, voyage.light + voyage.ballast_left * voyage.ballast
    after = left + hulls.load
    afloat = Afloat(before, after, left + hulls.load_of_another, deep_m, pull)
    told = by_draughts(evidence, afloat, draught_sd_m)
    if not evidence.freeboards:
        return told
    depth_m = _depth_m(evidence, hulls, voyage)
    both = evidence.freeboard_first_m is not None and evidence.freeboard_last_m is not None
    looks = (
        (evidence.freeboard_first_m, voyage.first_look, 1.0),
        (evidence.freeboard_last_m, voyage.last_look, evidence.p_same_hull if both else 1.0),
    )
    for seen, progress, hers in looks:
        if seen is not None:
            side_m = depth_m - draught_by_pull(deep_m * (before + progress * (after - before)), pull)
            value, sd = seen
            told *= density(value, [(1.0, side_m)], sd, hers * (1 - P_MISMEASURED), SIDE_RANGE_M)
    return told


def _depth_m(evidence: Evidence, hulls: _Hulls, voyage: Voyage) -> FloatArray:
    """Depth of each ship [m]: hers where it is known, else as much more than her full draught as such hulls have."""
    if evidence.depth_m is not None:
        return np.full(len(voyage.full), evidence.depth_m)
    deeper = depth_over_draught(evidence.length_m) * np.exp(DEPTH_LOG_SD * voyage.depth_error)
    return hulls.per_area_m * voyage.full * deeper


def reweighted(prior: FloatArray, log_weight: FloatArray) -> FloatArray:
    """Draws of the prior turned into draws of the posterior; each keeps its rank among the draws.

    Keeping ranks leaves what a draw shares with other calls shared (a little more than the evidence warrants, which
    widens sums: the safe side).
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
    """As a stable ``argsort``, four times as fast where no two values are the same: then there is but one order."""
    order = np.argsort(values)
    ranked = values[order]
    return order if (ranked[1:] > ranked[:-1]).all() else np.argsort(values, kind="stable")
