"""What draughts and freeboards say of the cargo: each draw of a ship and her cargo weighed by how she explains them.

Written for a loading; a discharge is one run backwards: she comes with the cargo and leaves with ballast.

A draw is a whole ship: deadweight, block coefficient, lightship, depth, and a voyage: ballast on arrival, ballast left
on departure, cargo taken. From these follow the draughts on arrival and departure and at any moment between; the draws
that come close to what was typed or measured get the weight. So a draught change, a freeboard change, a single draught
or a single freeboard all speak in the same way, each with its own error, and together. Of two freeboards it is their
change that speaks: a draw's depth is one for both, and what is not known of it drops out.

Of two draughts that are nearly the same the second one was mostly not typed anew: then neither is known to be of this
voyage, and both say nothing. The nearer they are, the likelier that is; and the less, the more of the table's other
calls show a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ships.hull_depth import usual_depth_m
from pipeline.ships.retyping import RETYPED, TYPED_STEP_M
from pipeline.ships.signs_of_cargo import P_MISMEASURED
from pipeline.volume.displacement import (
    BLOCK_COEFFICIENT,
    BLOCK_COEFFICIENT_SD,
    DEADWEIGHT_COEFFICIENT,
    DEADWEIGHT_COEFFICIENT_SD,
    draught_at,
)
from pipeline.volume.usual_hull import hull_for_loads

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray

DEPTH_SPREAD = 0.08  # of ln(depth) around the mean of two published lines
# Ballast on arrival to load, share of deadweight, mean and sd; World Bank notebooks take 0.55 of large ships.
BALLAST_SHARE = (0.33, 0.10)
BALLAST_LEFT = (0.10, 0.08)  # of that ballast still aboard on departure (our judgement)
# Share of the loading done at a look with a freeboard is Beta(1, 3) at the first one, unknown but early, and Beta(3, 1)
# at the last: 1 - u^(1/3) and u^(1/3) of a uniform u.
PROGRESS_POWER = 1 / 3
# Share of typed draughts that mean nothing (tanker draught reports: habit, typing, other loading states).
GARBLED = 0.10
GARBLED_RANGE_M = 8.0  # over which such a draught may lie
LENGTH_PART = 0.4  # of the error of length times beam that lies in the length: beams are measured worse
SHIP_SD = 0.015  # of hull dimensions in the displacement: appendages, sheer, length between perpendiculars

FREEBOARD_RANGE_M = 8.0  # over which a freeboard may lie that is wrong beyond its error

COLUMNS = (
    "draught_in_m", "draught_out_m", "freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m",
)  # fmt: skip
FREEBOARD_SD_M = 0.5  # where no error is told
BY_USUAL_HULL = "_by_usual_hull"  # ends the method of a row that does not state length and beam
# Voyages are drawn anew for the same ships and cargoes until a tenth of the draws carries the weight: then the 5 and
# 95 % points of two seeds differ by 1 to 2 % of the cargo. The rounds are bounded (our choice).
ENOUGH_SHARE, MOST_ROUNDS = 0.1, 16


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of the load of one call; None where nothing was. Freeboards as (value, standard error)."""

    length_m: float
    beam_m: float
    hull_log_sd: float = 0.0  # error of measured length times beam
    draught_in_m: float | None = None
    draught_out_m: float | None = None
    freeboard_first_m: tuple[float, float] | None = None
    freeboard_last_m: tuple[float, float] | None = None
    p_same_hull: float = 1.0  # that the last freeboard is hers at all
    hull_stated: bool = True  # else length, beam or both are as usual for her deadweight or length
    length_moves: float = 0.0  # ln(length) per ln(length times beam): a draw of another deadweight is longer, so deeper
    p_retyped: float = RETYPED  # that the second draught was typed anew, before the two are compared

    @property
    def method(self) -> str:
        """What it is, in the words of the liftings table; empty where it says nothing."""
        draughts = sum(d is not None for d in (self.draught_in_m, self.draught_out_m))
        sides = sum(f is not None for f in (self.freeboard_first_m, self.freeboard_last_m))
        parts = [("", "draught", "draughts")[draughts], ("", "freeboard", "freeboards")[sides]]
        told = "_and_".join(part for part in parts if part)
        return f"load_from_{told}{'' if self.hull_stated else BY_USUAL_HULL}" if told else ""


def evidence_of(row: Mapping[str, Any]) -> Evidence | None:
    """The evidence in a row of liftings or calls; None where there is none, or no hull to read it by.

    Where discharges are counted, arrival and departure change places.
    """
    backwards = row.get("counted") == "discharging"
    into, out = ("out", "in") if backwards else ("in", "out")
    known = {name: float(row[name]) for name in COLUMNS if row.get(name) is not None and not np.isnan(row[name])}
    hull = hull_for_loads(row)
    if hull is None:
        return None

    def side(which: str) -> tuple[float, float] | None:
        value = known.get(f"freeboard_{which}_m")
        return None if value is None else (value, known.get(f"freeboard_{which}_sd_m", FREEBOARD_SD_M))

    def told(name: str, otherwise: float) -> float:
        value = row.get(name)
        return otherwise if value is None or np.isnan(value) else float(value)

    found = Evidence(
        length_m=hull.length_m,
        beam_m=hull.beam_m,
        hull_log_sd=hull.log_sd,
        hull_stated=hull.stated,
        length_moves=hull.length_moves,
        draught_in_m=known.get(f"draught_{into}_m"),
        draught_out_m=known.get(f"draught_{out}_m"),
        freeboard_first_m=side(into),
        freeboard_last_m=side(out),
        p_same_hull=told("p_same_hull", 1.0),
        p_retyped=told("p_retyped", RETYPED),
    )
    return found if found.method else None


def effective_draws(log_weight: FloatArray) -> float:
    """How many equally likely draws the weights are worth: (sum w)^2 / sum w^2 (Kish)."""
    weights = np.exp(log_weight - log_weight.max())
    return float(weights.sum() ** 2 / (weights @ weights))


def settled_log_weights(
    evidence: Evidence,
    dwt_t: FloatArray,
    cargo_t: FloatArray,
    config: VolumeConfig,
    rng: np.random.Generator,
    size_errors: Callable[[], FloatArray],
) -> FloatArray:
    """Log-likelihood of the evidence for each draw of deadweight and cargo, over many voyages of each: shape (draws,).

    Block coefficient, ballast, depth and the like are not asked for: one draw of them is a lottery where the evidence
    is sharp; the mean over some rounds, as many as it takes, is not. ``size_errors`` draws that of a round.
    """
    total = log_weights(evidence, dwt_t, cargo_t, config, rng, size_errors())
    for _ in range(MOST_ROUNDS - 1):
        if effective_draws(total) >= ENOUGH_SHARE * len(dwt_t):
            break
        total = np.logaddexp(total, log_weights(evidence, dwt_t, cargo_t, config, rng, size_errors()))
    return total


def log_weights(
    evidence: Evidence,
    dwt_t: FloatArray,
    cargo_t: FloatArray,
    config: VolumeConfig,
    rng: np.random.Generator,
    size_error: FloatArray | float = 0.0,
) -> FloatArray:
    """Log-likelihood of the evidence for each draw of deadweight and cargo, on one voyage each: shape (draws,).

    ``size_error`` is ln(true over measured length times beam) in each draw; it goes with the deadweight's error where
    both come from the same measured hull.
    """
    n = len(dwt_t)
    block = np.clip(rng.normal(BLOCK_COEFFICIENT, BLOCK_COEFFICIENT_SD, n), 0.65, 0.88)
    share = np.clip(rng.normal(DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD, n), 0.5, 0.88)
    hull = evidence.length_m * evidence.beam_m * np.exp(size_error + rng.normal(0, SHIP_SD, n)) * config.water_t_per_m3
    design = dwt_t / share / (block * hull)
    logs = np.zeros(n)
    light = dwt_t * (1 / share - 1) + config.constants_share * dwt_t
    ballast = np.clip(rng.normal(*BALLAST_SHARE, n), 0.0, 0.6) * dwt_t
    before = light + ballast
    after = light + np.clip(rng.normal(*BALLAST_LEFT, n), 0.0, 1.0) * ballast + cargo_t
    for typed, mass in ((evidence.draught_in_m, before), (evidence.draught_out_m, after)):
        if typed is not None:
            logs += _typed(typed, draught_at(mass / hull, design, block), config.draught_sd_m)
    if evidence.draught_in_m is not None and evidence.draught_out_m is not None:
        logs = _or_not_retyped(logs, evidence.draught_out_m - evidence.draught_in_m, evidence.p_retyped)
    if evidence.freeboard_first_m is None and evidence.freeboard_last_m is None:
        return logs
    loose = 0.0 if evidence.length_moves else LENGTH_PART * evidence.hull_log_sd
    depth_error = rng.normal(0, float(np.hypot(DEPTH_SPREAD, loose)), n) + evidence.length_moves * size_error
    depth = usual_depth_m(evidence.length_m) * np.exp(depth_error)
    both = evidence.freeboard_first_m is not None and evidence.freeboard_last_m is not None
    first, last = 1 - rng.random(n) ** PROGRESS_POWER, rng.random(n) ** PROGRESS_POWER
    looks = (
        (evidence.freeboard_first_m, first, 1.0),
        (evidence.freeboard_last_m, last, evidence.p_same_hull if both else 1.0),
    )
    for seen, progress, hers in looks:
        if seen is not None:
            side = depth - draught_at((before + progress * (after - before)) / hull, design, block)
            logs += _or_anything(side, *seen, hers * (1 - P_MISMEASURED), FREEBOARD_RANGE_M)
    return logs


def _typed(typed: float, expected: FloatArray, sd: float) -> FloatArray:
    """Log-likelihood of a typed draught: near the true one, or, now and then, anything."""
    return _or_anything(expected, typed, sd, 1 - GARBLED, GARBLED_RANGE_M)


def _or_not_retyped(both: FloatArray, deeper_m: float, p_retyped: float) -> FloatArray:
    """Log-likelihood of two draughts: each was typed for this voyage, or the second is the first, left as it was.

    ``both`` is that of the first case. In the second one the number is of any voyage; a step of TYPED_STEP_M is two
    standard deviations of what still passes for the same.
    """
    step_sd = TYPED_STEP_M / 2
    same = np.exp(-0.5 * (deeper_m / step_sd) ** 2) / (step_sd * np.sqrt(2 * np.pi))
    return np.log(p_retyped * np.exp(both) + (1 - p_retyped) * same / GARBLED_RANGE_M)


def _or_anything(expected: FloatArray, seen: float, sd: float, sound: float, range_m: float) -> FloatArray:
    """Log-likelihood of a value that is near what is expected with probability ``sound``, else anywhere in a range."""
    near = np.exp(-0.5 * ((seen - expected) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    return np.log(sound * near + (1 - sound) / range_m)


def reweighted(prior: FloatArray, log_weight: FloatArray) -> FloatArray:
    """Draws of the prior turned into draws of the posterior; each keeps its rank among the draws.

    Keeping ranks leaves what a draw shares with other calls shared (a little more than the evidence warrants, which
    widens sums: the safe side).
    """
    order = np.argsort(prior, kind="stable")
    ranked = prior[order]
    weights = np.exp(log_weight - log_weight.max())[order]
    cumulative = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    ranks = (np.arange(len(prior)) + 0.5) / len(prior)
    out = np.empty_like(prior)
    out[order] = np.interp(ranks, cumulative, ranked)
    return out
