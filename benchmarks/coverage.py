"""Coverage of the 90 % intervals of cargo, for single ships and for sums of many. Simulated: ships are drawn at random,
loaded, measured with errors, and estimated. ``python -m benchmarks.coverage [ships] [worlds]``.

The ships come from the project's own regression and judgements, so this tests the arithmetic and the bookkeeping of
errors. It does not test whether the judgements are right: that takes ships whose cargo is known.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.calls.direction import p_loading
from pipeline.config import CallsConfig, VolumeConfig
from pipeline.quantiles import Z90
from pipeline.ships.hull_depth import DEPTH_LOG_SD, depth_over_draught
from pipeline.ships.retyping import RETYPED, TYPED_STEP_M, is_changed, retyped_shares_by_others
from pipeline.volume import liftings, simulate
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_at
from pipeline.volume.full_draught import SUMMER_LOG_SD
from pipeline.volume.hull_form import (
    BLOCK_SD,
    LIGHTSHIP_LOG_SD,
    block_coefficient,
    lightship_share,
)
from pipeline.volume.montecarlo import PART_CARGO, PRODUCT_FOLLOWS_HABIT
from pipeline.volume.possible_voyages import BALLAST_LEFT, BALLAST_SHARE
from pipeline.volume.typed_draughts import GARBLED, GARBLED_RANGE_M

KINDS = {
    "nothing but the hull": (),
    "both draughts": ("draught_in_m", "draught_out_m"),
    "one draught, typed on departure": ("draught_out_m",),
    "one draught, typed on arrival": ("draught_in_m",),
    "two freeboards": ("freeboard_in_m", "freeboard_out_m"),
    "one freeboard": ("freeboard_in_m",),
    "draughts and freeboards": ("draught_in_m", "draught_out_m", "freeboard_in_m", "freeboard_out_m"),
}
SELDOM_RETYPED = f"both draughts, {1 - RETYPED:.0%} left as typed"
ALONE = {"on departure": "draught_out_m", "on arrival": "draught_in_m"}  # one draught as the only evidence
VOYAGES_BEFORE = 12  # voyages simulated before the evaluated one: a share 0.62^24 of crews has not typed by then
P_LOADING = CallsConfig().prior_p_loading
LENGTH_SD_M, BEAM_SD_M, FREEBOARD_SD_M = 3.0, 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Fleet:
    """True ships, one per row: hull, voyage and cargo. Masses in tonnes."""

    length_m: np.ndarray
    beam_m: np.ndarray
    dwt_t: np.ndarray
    design_block: np.ndarray  # block coefficient at the design draught
    design_draught_m: np.ndarray
    depth_m: np.ndarray
    light_t: np.ndarray  # lightship, bunkers and stores
    before_t: np.ndarray  # mass on arrival
    after_t: np.ndarray
    cargo_t: np.ndarray

    def draught_m(self, mass_t: np.ndarray, config: VolumeConfig) -> np.ndarray:
        """Draught [m] at a mass [t]."""
        hull = self.length_m * self.beam_m * config.water_t_per_m3
        return draught_at(mass_t / hull, self.design_draught_m, self.design_block)


def build_ships(ships: int, worlds: int, config: VolumeConfig, rng: np.random.Generator) -> Fleet:
    """Loaded ships drawn from the project's own priors; each world has one filling habit and one error of the mean."""
    model = tanker_regression()
    length = rng.uniform(65, 110, ships)
    usual, usual_sd = model.beam_from_length(length)
    beam = usual * np.exp(rng.normal(0, usual_sd, ships))
    log_dwt = model.log_dwt(length, beam) + rng.normal(0, 1, ships) * model.residual_sd(length)
    log_dwt = log_dwt + rng.normal(0, 1, worlds) * model.mean_sd(length, beam)
    dwt, unusual = np.exp(log_dwt), log_dwt - model.log_dwt(length, beam)
    block = np.array([block_coefficient(m) for m in length]) + rng.normal(0, BLOCK_SD, ships)
    usual_share = np.array([float(lightship_share(m, u)) for m, u in zip(length, unusual, strict=True)])
    share = usual_share * np.exp(rng.normal(0, LIGHTSHIP_LOG_SD, ships))
    cargo = fill_shares(ships, worlds, config, rng) * dwt * (1 - config.constants_share)
    light = dwt * (share + config.constants_share)
    ballast, left = ballasts(dwt, rng)
    design_draught = dwt * (1 + share) / (block * (length * beam * config.water_t_per_m3))
    over = np.array([depth_over_draught(m) for m in length]) * np.exp(rng.normal(0, DEPTH_LOG_SD, ships))
    return Fleet(
        length_m=length,
        beam_m=beam,
        dwt_t=dwt,
        design_block=block,
        design_draught_m=design_draught,
        depth_m=design_draught * over,
        light_t=light,
        before_t=light + ballast,
        after_t=light + left + cargo,
        cargo_t=cargo,
    )


def ballasts(dwt_t: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ballast on arrival, and the part of it left on departure [t]."""
    ballast = np.clip(rng.normal(*BALLAST_SHARE, len(dwt_t)), 0, 0.6) * dwt_t
    return ballast, np.clip(rng.normal(*BALLAST_LEFT, len(dwt_t)), 0, 1) * ballast


def fill_shares(ships: int, worlds: int, config: VolumeConfig, rng: np.random.Generator) -> np.ndarray:
    """Share of the full cargo that each ship takes, around her world's habit; some take only a part cargo."""
    habit = np.clip(config.fill.mean + config.fill.shared_sd * rng.standard_normal(worlds), 0.05, 0.98)
    a = habit * config.fill.concentration
    fill = rng.beta(a, config.fill.concentration - a, ships)
    part = rng.random(ships) < config.fill.part_cargo_share
    return np.where(part, rng.uniform(*PART_CARGO, ships), fill)


def typed_draughts(true: Fleet, mass_t: np.ndarray, config: VolumeConfig, rng: np.random.Generator) -> np.ndarray:
    """The draught that crews type for ships of these masses; some entries are meaningless."""
    ships = len(mass_t)
    right = true.draught_m(mass_t, config) + rng.normal(0, config.draught_sd_m * 0.9, ships)
    wrong = rng.random(ships) < GARBLED
    return np.round(np.where(wrong, rng.uniform(2, min(8, GARBLED_RANGE_M), ships), right), 1)


def standing(true: Fleet, config: VolumeConfig, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """AIS draughts on arrival and departure where crews seldom retype: a value stands until the next is typed."""
    ships = len(true.dwt_t)
    number = typed_draughts(true, true.after_t, config, rng)
    out = {}
    for voyage in range(VOYAGES_BEFORE + 1):
        ballast, left = ballasts(true.dwt_t, rng)
        cargo = fill_shares(ships, ships, config, rng) * true.dwt_t * (1 - config.constants_share)
        this = voyage == VOYAGES_BEFORE
        light = true.before_t if this else true.light_t + ballast
        laden = true.after_t if this else true.light_t + left + cargo
        for end, mass in (("in", light), ("out", laden)):
            number = np.where(rng.random(ships) < RETYPED, typed_draughts(true, mass, config, rng), number)
            out[f"standing_{end}_m"] = number
    return out


def fleet(ships: int, config: VolumeConfig, seed: int, *, one_world: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """Calls with everything that could be measured, and the cargo that each ship really took [t].

    With ``one_world`` all ships share the filling habit and the error of the regression's mean; otherwise each ship is
    in a world of its own.
    """
    rng = np.random.default_rng(seed)
    true = build_ships(ships, 1 if one_world else ships, config, rng)
    first, last = rng.beta(1, 3, ships), rng.beta(3, 1, ships)  # share of the loading done at either look

    def side(progress: np.ndarray) -> np.ndarray:
        draught = true.draught_m(true.before_t + progress * (true.after_t - true.before_t), config)
        return np.maximum(true.depth_m - draught + rng.normal(0, FREEBOARD_SD_M, ships), 0.1)

    seen_length = true.length_m + rng.normal(0, LENGTH_SD_M, ships)
    seen_beam = np.clip(true.beam_m + rng.normal(0, BEAM_SD_M, ships), 6, None)
    calls = pd.DataFrame(
        {
            "call_id": [f"s{n}" for n in range(ships)],
            "arrival": "2024-03-07",
            "length_m": seen_length,
            "length_lo_m": seen_length - Z90 * LENGTH_SD_M,
            "length_hi_m": seen_length + Z90 * LENGTH_SD_M,
            "beam_m": seen_beam,
            "beam_lo_m": seen_beam - Z90 * BEAM_SD_M,
            "beam_hi_m": seen_beam + Z90 * BEAM_SD_M,
            "draught_in_m": typed_draughts(true, true.before_t, config, rng),
            "draught_out_m": typed_draughts(true, true.after_t, config, rng),
            "freeboard_in_m": side(first),
            "freeboard_in_sd_m": FREEBOARD_SD_M,
            "freeboard_out_m": side(last),
            "freeboard_out_sd_m": FREEBOARD_SD_M,
            "product": "gas_oil",
            "register_dwt_t": true.dwt_t,  # not read under this name: `with_register_deadweight` renames it
            "register_depth_m": true.depth_m,
            "register_design_draught_m": true.design_draught_m
            * np.exp(np.random.default_rng([seed, 4]).normal(0, SUMMER_LOG_SD, ships)),
        }
        | standing(true, config, np.random.default_rng([seed, 3]))
    )
    return calls, true.cargo_t


def with_evidence(calls: pd.DataFrame, kept: tuple[str, ...]) -> pd.DataFrame:
    """The calls with only these columns of evidence."""
    evidence = [c for c in calls if c.startswith(("draught", "freeboard"))]
    some = {*kept, *(k.replace("_m", "_sd_m") for k in kept if k.startswith("freeboard"))}
    return calls.drop(columns=[c for c in evidence if c not in some])


def with_register_deadweight(calls: pd.DataFrame) -> pd.DataFrame:
    """The calls with each ship's deadweight from a register instead of her measured length and beam."""
    sizes = [c for c in calls if c.startswith(("length", "beam"))]
    return calls.drop(columns=sizes).rename(columns={"register_dwt_t": "dwt_t"})


def with_particulars(calls: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The calls with these register values in addition to each ship's measured length and beam."""
    return calls.rename(columns={f"register_{name}": name for name in names})


def with_one_draught(calls: pd.DataFrame, draught: str) -> pd.DataFrame:
    """The calls with a single draught as evidence, as it stands where crews seldom retype."""
    standing_one = calls[draught.replace("draught", "standing")]
    return with_evidence(calls, ()).assign(**{draught: standing_one})


def left_as_typed(calls: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The calls, most with a stale arrival draught (laden or not) and nearly the same one on departure."""
    ships = len(calls)
    into, out = calls["draught_in_m"].to_numpy(), calls["draught_out_m"].to_numpy()
    left = rng.random(ships) >= RETYPED
    first = np.where(rng.random(ships) < 0.5, into, out)
    second = np.round(first + rng.normal(0, TYPED_STEP_M / 2, ships), 1)
    return calls.assign(draught_in_m=np.where(left, first, into), draught_out_m=np.where(left, second, out))


def left_as_they_came(calls: pd.DataFrame, which: np.ndarray, config: VolumeConfig, rng: np.random.Generator):
    """The calls; those that took no cargo (``which``) get a departure draught like the one on arrival."""
    typed = calls["draught_in_m"] + rng.normal(0, config.draught_sd_m * 0.9, len(calls))
    return calls.assign(draught_out_m=np.where(which, typed.round(1), calls["draught_out_m"]))


def sums(
    kept: tuple[str, ...], worlds: int, calls_each: int = 20, *, retyped: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """For each world: does the 90 % interval of the sum hold the true barrels of all its calls; and median over truth.

    The product is unknown to the estimate: each world's port has a habit that most of its calls follow. So is who
    loaded: one call in twenty leaves as she came, and draughts that change the wrong way count against a loading. With
    ``retyped`` False, most calls leave with the draught that they arrived with.
    """
    config = VolumeConfig(draws=4000)
    factors, shares = ([getattr(p, k) for p in config.products] for k in ("bbl_per_t", "share"))
    inside, median_over_truth = [], []
    for world in range(worlds):
        rng = np.random.default_rng([2, world])
        loads = rng.random(calls_each) < P_LOADING
        calls, cargo = fleet(calls_each, config, 1000 + world, one_world=True)
        calls, cargo = left_as_they_came(calls, ~loads, config, rng), np.where(loads, cargo, 0.0)
        calls = calls if retyped else left_as_typed(calls, rng)
        if "draught_in_m" in kept:
            deeper = (calls["draught_out_m"] - calls["draught_in_m"]).to_numpy()
            habits = retyped_shares_by_others([is_changed(step) for step in deeper])
            chances = [p_loading(P_LOADING, d, retyped_share=h) for d, h in zip(deeper, habits, strict=True)]
            calls = calls.assign(p_loading=chances)
        else:
            calls = calls.assign(p_loading=P_LOADING)
        habit, own = rng.choice(len(shares), p=shares), rng.choice(len(shares), calls_each, p=shares)
        product = np.where(rng.random(calls_each) < PRODUCT_FOLLOWS_HABIT, habit, own)
        table = liftings(with_evidence(calls, kept).assign(product="mix"), config, world)
        used = (table["status"] == "used").to_numpy()
        low, mid, high = np.percentile(simulate(table[used], config, world).sum(axis=0), (5, 50, 95))
        truth = (cargo * np.array(factors)[product])[used].sum()
        inside.append(low <= truth <= high)
        median_over_truth.append(mid / truth)
    return np.array(inside), np.array(median_over_truth)


def main(ships: int = 600, worlds: int = 200, seed: int = 1) -> None:
    """Print the shares of ships whose cargo, and of worlds whose sum, lies in its interval, by evidence used."""
    config = VolumeConfig()
    calls, cargo = fleet(ships, config, seed)
    print(f"{'simulated: known besides the hull':50s} {'inside 90 %':>11s} {'width/cargo':>11s} {'bias':>7s}")
    seldom = left_as_typed(calls, np.random.default_rng([seed, 1]))
    cases = [(name, with_evidence(calls, kept)) for name, kept in KINDS.items()]
    cases.append((SELDOM_RETYPED, with_evidence(seldom, KINDS["both draughts"])))
    for when, draught in ALONE.items():
        cases.append((f"one draught, {when}, {1 - RETYPED:.0%} older", with_one_draught(calls, draught)))
    for name in ("both draughts", "two freeboards"):
        cases.append((f"deadweight alone and {name}", with_register_deadweight(with_evidence(calls, KINDS[name]))))
    for name in ("nothing but the hull", "one draught, typed on departure", "one freeboard"):
        case = with_evidence(calls, KINDS[name])
        cases.append((f"summer draught and {name}", with_particulars(case, "design_draught_m")))
        cases.append((f"depth and {name}", with_particulars(case, "depth_m")))
        cases.append((f"both, and {name}", with_particulars(case, "depth_m", "design_draught_m")))
    for name, case in cases:
        table = liftings(case, config, 0)
        used = (table["status"] == "used").to_numpy()
        low, mid, high = (table[f"tonnes_p{p}"].to_numpy()[used] for p in (5, 50, 95))
        truth = cargo[used]
        inside = np.mean((low <= truth) & (truth <= high))
        print(
            f"{name:50s} {inside:11.3f} {np.median((high - low) / truth):11.2f} {np.median(mid / truth) - 1:+7.1%}"
            f"   ({used.sum()} ships)"
        )
    for name in ("nothing but the hull", "both draughts", SELDOM_RETYPED):
        kept = KINDS.get(name, KINDS["both draughts"])
        inside, ratio = sums(kept, worlds, retyped=name != SELDOM_RETYPED)
        bias = f"{ratio.mean() - 1:+.1%} ± {ratio.std() / np.sqrt(worlds):.1%}"
        print(f"simulated: sum of 20 calls, {name:35s} {inside.mean():.3f}, median {bias}   ({worlds} worlds)")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
