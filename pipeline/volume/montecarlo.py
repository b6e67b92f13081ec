"""Draw barrels for each call: what calls share is drawn once for all, the rest for each call.

A sum over calls is only as certain as the assumptions that all of them share. Each call's own draws come from a stream
keyed by the call's name (``draw_keys``), so neither order nor number of the other calls changes them. A ship known by
her number has one deadweight in all her calls, from a stream keyed by that number.

The number of calls is drawn too: where looks taken for one ship's may be of several, further ships of that size lift in
a share of the draws equal to the table's doubt; a call that may be part of the one before lifts in fewer. Both rest on
how long ships stay, of which each draw has one law for all calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.volume import MEAN_FILLS
from pipeline.tables.number_law import stay_errors, turned
from pipeline.tables.records import records_of
from pipeline.volume.capacity import DWT_PRIOR
from pipeline.volume.draw_keys import key_of
from pipeline.volume.evidence import EVIDENCE_COLUMNS, Evidence, evidence_of
from pipeline.volume.full_draught import DEPTH_COLUMNS
from pipeline.volume.identity import NUMBERS, numbers_of
from pipeline.volume.likelihood import SizeError, effective_draws, log_weights, reweighted
from pipeline.volume.membership import counted_products
from pipeline.volume.possible_voyages import Voyages
from pipeline.volume.streams import OWN, SHARED, STAYS
from pipeline.volume.usual_hull import DWT_PER_HULL

if TYPE_CHECKING:
    from pipeline.types import FloatArray

PART_CARGO = (0.1, 1.0)  # range of the fill of a part cargo
UNNAMED_T_PER_M3 = 0.84  # density of an unnamed cargo: gas oil's, the likeliest
# How often a call's product follows the port's habit of that draw instead of its own (our choice, no source): ships
# that load at one berth in one season mostly load one product.
PRODUCT_FOLLOWS_HABIT = 0.7


@dataclass(frozen=True, slots=True)
class SharedDraws:
    """One value per draw of what every call shares."""

    regression: FloatArray  # standard normal: error of the regression's mean
    fleet: FloatArray  # standard normal: common size of a fleet's ships where their size is unknown
    fill_mean: FloatArray  # mean fill in this draw
    product: np.ndarray  # index of the product that the port mostly ships in this draw
    voyages: Voyages  # which each call deals to its own draws

    def subset(self, mask: np.ndarray) -> SharedDraws:
        """The shared values of some draws only, given as booleans."""
        fill_mean, product = self.fill_mean[mask], self.product[mask]
        return SharedDraws(self.regression[mask], self.fleet[mask], fill_mean, product, self.voyages)

    def size_error(self, row: Mapping[Any, Any]) -> FloatArray:
        """The shared part of a row's deadweight error, in standard deviations, by the method of its deadweight."""
        return self.fleet if str(row["method"]).startswith(DWT_PRIOR) else self.regression


@dataclass(frozen=True, slots=True)
class CallDraws:
    """Draws of one call, before it is decided whether she lifted at all."""

    tonnes: FloatArray
    barrels: FloatArray
    lifted: np.ndarray  # bool
    product: np.ndarray  # index into the config's products; the number of products for an unnamed one
    fill: FloatArray  # loaded share of her own cargo capacity
    effective_draws: float = np.inf  # effective number of draws that the evidence leaves


def shared_draws(config: VolumeConfig, seed: int) -> SharedDraws:
    """The draws that all calls have in common."""
    rng = SHARED.generator(seed)
    habit = config.fill.mean + config.fill.shared_sd * rng.standard_normal(config.draws)
    product = rng.choice(len(config.products), config.draws, p=[p.share for p in config.products])
    voyages = Voyages(config.draws, config.constants_share, seed)
    fleet, regression = rng.standard_normal((2, config.draws))
    return SharedDraws(regression, fleet, np.clip(habit, *MEAN_FILLS), product, voyages)


@dataclass(frozen=True, slots=True)
class OwnDraws:
    """What is a call's own, one value per draw, and the stream behind it."""

    deadweight: FloatArray  # standard normal
    lifting: FloatArray  # uniform
    follows: FloatArray  # uniform: below PRODUCT_FOLLOWS_HABIT she ships the port's usual product
    product: FloatArray  # uniform: her product otherwise
    fill: FloatArray  # loaded share of cargo capacity before any evidence
    rng: np.random.Generator


def ship_key(row: Mapping[Any, Any]) -> str:
    """The number by which a row's ship is known in her other calls, in words; "" without one.

    >>> ship_key({"imo": 9074729, "mmsi": 273000000}), ship_key({"vessel_id": "anonymous"})
    ('imo 9074729', '')
    """
    return next((f"{kind} {number}" for kind, number in numbers_of(row).items() if number), "")


def own_draws(row: Mapping[Any, Any], config: VolumeConfig, shared: SharedDraws, seed: int) -> OwnDraws:
    """The draws of one call; only the fill depends on shared values, and the deadweight on her ship."""
    rng = OWN.generator(seed, key_of(row))
    n = config.draws
    deadweight, lifting, follows, own_product = rng.standard_normal(n), rng.random(n), rng.random(n), rng.random(n)
    a = shared.fill_mean * config.fill.concentration
    fill = rng.beta(a, config.fill.concentration - a)
    part = rng.random(n) < config.fill.part_cargo_share
    fill = np.where(part, rng.uniform(PART_CARGO[0], PART_CARGO[1], n), fill)
    if ship := ship_key(row):
        deadweight = OWN.generator(seed, ship).standard_normal(n)
    return OwnDraws(deadweight, lifting, follows, own_product, fill, rng)


def draw_call(
    row: Mapping[Any, Any], config: VolumeConfig, shared: SharedDraws, seed: int, own: OwnDraws | None = None
) -> CallDraws:
    """Draws of one row of the liftings table, from its own columns alone."""
    own = own or own_draws(row, config, shared, seed)
    n, rng, deadweight_error, fill = config.draws, own.rng, own.deadweight, own.fill
    lifted = own.lifting < row["p_lifting"]
    product = _draw_products(row["product"], config, shared, own.follows, own.product)
    factor = np.array([p.bbl_per_t for p in config.products] + [config.unnamed_bbl_per_t])[product]
    if _known(row.get("given_barrels")):
        barrels = np.full(n, float(row["given_barrels"]))
        return CallDraws(barrels / factor, barrels, lifted, product, _stated_fill(barrels / factor, row, config))
    if _known(row.get("given_tonnes")):
        tonnes = np.full(n, float(row["given_tonnes"]))
        return CallDraws(tonnes, tonnes * factor, lifted, product, _stated_fill(tonnes, row, config))
    log_dwt = (
        np.log(row["dwt_p50_t"]) + row["dwt_log_sd"] * deadweight_error + row["dwt_shared_sd"] * shared.size_error(row)
    )
    dwt = np.exp(log_dwt)
    density = np.array([p.t_per_m3 for p in config.products] + [UNNAMED_T_PER_M3])[product]
    tank_t = dwt * config.tank_m3_per_t * config.tank_fill_limit * density
    full_t = dwt * (1 - config.constants_share)
    tonnes = np.minimum(fill * full_t, tank_t)
    fill_after = tonnes / full_t
    evidence, n_effective = evidence_of(row), float(n)
    if evidence is not None:
        weights = log_weights(
            evidence, dwt, tonnes, config, shared.voyages, rng, _size_error(row, evidence, deadweight_error, shared)
        )
        n_effective = effective_draws(weights)
        # each separately: a draw's ship is still the one before the evidence, and its limits no longer apply
        tonnes, fill_after = reweighted(tonnes, weights), reweighted(fill_after, weights)
    return CallDraws(tonnes, tonnes * factor, lifted, product, fill_after, n_effective)


def _stated_fill(tonnes: FloatArray, row: Mapping[Any, Any], config: VolumeConfig) -> FloatArray:
    """Share of a full ship at her best-known deadweight, at most 1; a stated cargo may exceed it."""
    dwt_t = row.get("dwt_p50_t")
    full_t = float(dwt_t) * (1 - config.constants_share) if dwt_t is not None else np.nan
    return np.minimum(1.0, tonnes / full_t)


def _size_error(
    row: Mapping[Any, Any], evidence: Evidence, deadweight_error: FloatArray, shared: SharedDraws
) -> SizeError:
    """Error of length times beam, tied to the deadweight's where one was estimated from the other."""
    sd = evidence.hull_log_sd
    if not _known(row.get("length_m")):  # the hull is that of her deadweight
        return SizeError(
            (row["dwt_log_sd"] * deadweight_error + row["dwt_shared_sd"] * shared.size_error(row)) / DWT_PER_HULL, sd
        )
    is_from_hull = str(row["method"]).startswith("dwt_from_length") and row["dwt_log_sd"] > 0
    tied = min(0.95, DWT_PER_HULL * sd / row["dwt_log_sd"]) if is_from_hull else 0.0
    return SizeError(sd * tied * deadweight_error, sd * float(np.sqrt(1 - tied**2)))


@dataclass(frozen=True, slots=True)
class Cargo:
    """What calls moved in each draw, zero where nothing was: shape (draws,) for one call, (calls, draws) for all."""

    barrels: FloatArray
    tonnes: FloatArray
    of_single_call: FloatArray  # barrels if every row were just one call


def draw_call_number(row: Mapping[Any, Any], config: VolumeConfig, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """In which draws the row's call is not part of the one before, and how many further ships called: (draws,) each."""
    rng = OWN.generator(seed, f"{key_of(row)}/number")
    p_new_call, p_one_call = (
        float(row[name]) if _known(row.get(name)) else 1.0 for name in ("p_new_call", "p_one_call")
    )
    mean = float(row["calls_mean"]) if _known(row.get("calls_mean")) else None
    new, number = rng.random((2, config.draws))
    is_new, further = np.zeros(config.draws, bool), np.zeros(config.draws, np.int64)
    for turning, here in _turnings(row, config.draws, seed):
        p_new, law = turned(p_new_call, p_one_call, mean, turning)
        is_new[here] = new[here] < p_new
        further[here] = np.minimum(np.searchsorted(np.cumsum(law), number[here], side="right"), len(law) - 1)
    return is_new, further


def stay_law_of_draws(draws: int, seed: int) -> np.ndarray:
    """Which of the ``stay_errors`` each draw has, for all calls: (draws,)."""
    return STAYS.generator(seed).integers(0, len(stay_errors()), draws)


def _turnings(row: Mapping[Any, Any], draws: int, seed: int) -> Iterator[tuple[float, np.ndarray | slice]]:
    """Ln of the factor on the hazard of a change of ship, and in which draws it applies."""
    slope = float(row["turns_slope"]) if _known(row.get("turns_slope")) else 0.0
    if slope == 0.0:
        yield 0.0, slice(None)
        return
    law_of_draws = stay_law_of_draws(draws, seed)
    for n, error in enumerate(stay_errors()):
        yield slope * float(error), law_of_draws == n


@dataclass(frozen=True)
class ShipDraws:
    """Draws of all ships that may have called where a row shows one ship."""

    first: CallDraws
    is_new: np.ndarray  # bool: the first ship's call is not part of the one before
    others: tuple[tuple[np.ndarray, CallDraws], ...]  # in which draws (bool) a further ship called, and her draws

    @cached_property
    def figures(self) -> dict[str, float]:
        """Figures for the table: mean barrels of all ships; median, p5 and p95 of the first one's load."""
        first = self.first
        out = {"barrels_mean": float(np.mean(cargo_of(self).barrels)), "fill_p50": float(np.median(first.fill))}
        for name, values in (("tonnes", first.tonnes), ("barrels", first.barrels)):
            quantiles = np.percentile(values, (5, 50, 95))
            out |= {f"{name}_p{p}": float(value) for p, value in zip((5, 50, 95), quantiles, strict=True)}
        return out


def draw_ships(
    row: Mapping[Any, Any], config: VolumeConfig, shared: SharedDraws, seed: int, first: CallDraws | None = None
) -> ShipDraws:
    """The ship of one row, and the others in the draws in which more ships called.

    The others have the same measured size; evidence on the first one's load does not apply to them. ``first`` are the
    row's own draws, if already made.
    """
    first = first or draw_call(row, config, shared, seed)
    is_new, further = draw_call_number(row, config, seed)
    others = []
    for k in range(1, int(further.max(initial=0)) + 1):
        emptied = dict.fromkeys((*EVIDENCE_COLUMNS, *DEPTH_COLUMNS, *NUMBERS, "vessel_id"))
        unmeasured = dict(row) | emptied | {"draw_key": f"{key_of(row)}/ship {k + 1}"}
        called = further >= k
        fewer = config.model_copy(update={"draws": int(called.sum())})
        others.append((called, draw_call(unmeasured, fewer, shared.subset(called), seed)))
    return ShipDraws(first, is_new, tuple(others))


def cargo_of(ships: ShipDraws, counted: np.ndarray | None = None) -> Cargo:
    """Cargo of one row: hers, plus that of the others in the draws in which they called.

    ``counted`` says for each product, and for an unnamed one, whether it counts.
    """

    def moved(draws: CallDraws, called: np.ndarray | bool) -> np.ndarray:
        return draws.lifted & called & (True if counted is None else counted[draws.product])

    first = ships.first
    is_moved, is_counted = moved(first, True), moved(first, ships.is_new)
    barrels, tonnes = np.where(is_counted, first.barrels, 0.0), np.where(is_counted, first.tonnes, 0.0)
    for called_in, draws_of_other in ships.others:
        is_counted_too = moved(draws_of_other, True)
        barrels[called_in] += np.where(is_counted_too, draws_of_other.barrels, 0.0)
        tonnes[called_in] += np.where(is_counted_too, draws_of_other.tonnes, 0.0)
    return Cargo(barrels, tonnes, np.where(is_moved, first.barrels, 0.0))


def simulate(liftings: pd.DataFrame, config: VolumeConfig, seed: int, cap: CapConfig | None = None) -> FloatArray:
    """Barrels lifted, shape (counted calls, draws); zero in draws in which she lifted nothing.

    Rows are those with ``counts`` true, in the table's order. With a cap, only products that it counts are included.
    """
    shared = shared_draws(config, seed)
    return simulate_cargo(liftings, config, lambda row: draw_ships(row, config, shared, seed), cap).barrels


def simulate_cargo(
    liftings: pd.DataFrame,
    config: VolumeConfig,
    ships: Callable[[Mapping[Any, Any]], ShipDraws],
    cap: CapConfig | None = None,
) -> Cargo:
    """As ``simulate``, with the tonnes, and the barrels if every row were one call; ``ships`` gives a row's draws."""
    counted_by_product = None if cap is None else counted_products(cap, config)
    counted = liftings[liftings["counts"].astype(bool)]
    out = Cargo(*(np.zeros((len(counted), config.draws)) for _ in range(3)))
    for n, row in enumerate(records_of(counted)):
        cargo = cargo_of(ships(row), counted_by_product)
        out.barrels[n], out.tonnes[n], out.of_single_call[n] = cargo.barrels, cargo.tonnes, cargo.of_single_call
    return out


def _draw_products(
    name: str, config: VolumeConfig, shared: SharedDraws, follow: FloatArray, own: FloatArray
) -> np.ndarray:
    """Index of the product in each draw; the last index is an unnamed product."""
    names = [p.name for p in config.products]
    if name in names:
        return np.full(config.draws, names.index(name))
    if name == "unnamed":
        return np.full(config.draws, len(names))
    edges = np.cumsum([p.share for p in config.products])
    own_product = np.minimum(np.searchsorted(edges, own), len(names) - 1)
    return np.where(follow < PRODUCT_FOLLOWS_HABIT, shared.product, own_product)


def _known(value: object) -> bool:
    return value is not None and not pd.isna(value)
