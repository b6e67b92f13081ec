"""Use a registered summer draught or depth: how deep a ship lies when full, and so how much she carries.

A deadweight estimated from length and beam is updated by it: a hull that lies deeper than similar ones carries more,
unless she is heavier or finer herself. Draughts and freeboards are also read by it as evidence on her cargo
(``likelihood``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ships.hull_depth import DEPTH_LOG_SD, depth_over_draught
from pipeline.ships.largest import DEEPEST_M, HIGHEST_M
from pipeline.volume.capacity import UNKNOWN_LOG_SD, tanker_regression
from pipeline.volume.cells import Refused, Row, read_positive
from pipeline.volume.hull_form import (
    BLOCK_SD,
    LIGHTSHIP_LOG_SD,
    LIGHTSHIP_PER_DEADWEIGHT,
    block_coefficient,
    lightship_part,
    lightship_share,
)
from pipeline.volume.usual_hull import DWT_PER_HULL, hull_for_loads

if TYPE_CHECKING:
    from pipeline.types import FloatArray
    from pipeline.volume.capacity import Capacity
    from pipeline.volume.usual_hull import UsualHull

DEPTH_COLUMNS = ("depth_m", "design_draught_m")
SUMMER_LOG_SD = 0.015  # of a listed summer draught: registers round, and mix it with the scantling draught (our choice)
BY_HULL = re.compile("length(_beam)?")  # in the method of a deadweight from the hull
AND_DRAUGHT = "_and_draught"  # in the method of one updated by a full draught
# ln of a full draught over that from the hull law, beyond which it is not hers: hulls of 48 m and for sheltered waters
# lie up to 0.43 less deep (``benchmarks/published_hulls.csv``), while feet or decimetres are beyond it (our choice)
MAX_LOG_MISFIT = 0.5
# Limit over her summer draught: a forty-eighth more in the tropics, another in fresh water, and trim and typing habits
# beside these (``volume.draught_sd_m``) (our choice)
DEEPER_THAN_FULL = 1.1
SEA_T_PER_M3 = 1.025
GRID = np.linspace(-4.5, 4.5, 91)  # standard deviations of ln(deadweight)


@dataclass(frozen=True, slots=True)
class FullDraught:
    """A full draught [m], and the standard error of its logarithm."""

    draught_m: float
    log_sd: float


def listed_full_draught(row: Mapping[str, Any], length_m: float) -> FullDraught | None:
    """The listed summer draught, else the depth divided by its usual ratio to the full draught; None without either.

    >>> listed_full_draught({"depth_m": 8.2, "design_draught_m": 6.48}, 105.5)
    FullDraught(draught_m=6.48, log_sd=0.015)
    >>> round(listed_full_draught({"depth_m": 8.2}, 105.5).draught_m, 2), listed_full_draught({}, 105.5)
    (6.3, None)
    """
    depth, summer = (row.get(name) for name in DEPTH_COLUMNS)
    if summer is not None and not np.isnan(summer):
        return FullDraught(float(summer), SUMMER_LOG_SD)
    if depth is not None and not np.isnan(depth):
        return FullDraught(float(depth) / depth_over_draught(length_m), DEPTH_LOG_SD)
    return None


def listed_depths(call: Row, lifting: Row) -> tuple[Row, list[str]]:
    """Depth and summer draught of a call, as far as they can be those of the lifting's hull; and doubts.

    >>> hull = {"length_m": 105.5, "beam_m": 16.8, "dwt_p50_t": 6_200.0, "dwt_log_sd": 0.2}
    >>> listed_depths({"depth_m": 8.2, "design_draught_m": 21.3}, hull)[1]
    ['design_draught_m 21.3 m is not below depth_m 8.2 m: neither is used']
    """
    found, doubts = _possible_depths(call)
    depth, summer = found.values()
    hull = hull_for_loads(lifting)
    if (depth is None and summer is None) or hull is None:
        return {}, doubts
    if lifting.get("length_m") is None and lifting["dwt_log_sd"] >= UNKNOWN_LOG_SD:
        named = " and ".join(name for name, value in found.items() if value)
        return {}, [*doubts, f"{named} without a length or a deadweight: not used"]
    if depth is not None and summer is not None and summer >= depth:
        return {}, [f"design_draught_m {summer:g} m is not below depth_m {depth:g} m: neither is used"]
    full_draught = listed_full_draught(found, hull.length_m)
    usual = log_full_draught(hull.length_m, hull.beam_m, math.log(lifting["dwt_p50_t"]))
    if full_draught is None or abs(math.log(full_draught.draught_m) - usual) <= MAX_LOG_MISFIT:
        return found, doubts
    column = "depth_m" if summer is None else "design_draught_m"
    value = depth if summer is None else summer
    size = f"a tanker of {round(hull.length_m, 1):g} x {round(hull.beam_m, 1):g} m"
    full = f"full draught about {math.exp(usual):.1f} m"
    return {}, [*doubts, f"{column} {value:g} m does not fit {size} ({full}): not used"]


def _possible_depths(call: Row) -> tuple[dict[str, float | None], list[str]]:
    """Depth and summer draught that are possible, None where there is none, and doubts about impossible ones."""
    found: dict[str, float | None] = dict.fromkeys(DEPTH_COLUMNS)
    doubts = []
    for name, limit in zip(DEPTH_COLUMNS, (HIGHEST_M, DEEPEST_M), strict=True):
        try:
            found[name] = read_positive(call, name, limit)
        except Refused as refused:
            doubts.append(f"{refused}: not used")
    return found, doubts


def overload_doubts(lifting: Row) -> list[str]:
    """Draughts used for the load though clearly deeper than her summer draught, one line each.

    >>> overload_doubts({"design_draught_m": 6.1, "draught_in_m": 3.6, "draught_out_m": 6.9})
    ["draught_out_m 6.9 m is deeper than her summer draught (6.1 m): mistyped, overloaded, or another ship's"]
    """
    summer = lifting.get("design_draught_m")
    if summer is None:
        return []
    typed = {name: lifting.get(name) for name in ("draught_in_m", "draught_out_m")}
    deep = {name: value for name, value in typed.items() if value is not None and value > DEEPER_THAN_FULL * summer}
    doubt = f"is deeper than her summer draught ({summer:g} m): mistyped, overloaded, or another ship's"
    return [f"{name} {value:g} m {doubt}" for name, value in deep.items()]


def log_full_draught(length_m: float, beam_m: float, log_dwt: float) -> float:
    """ln of the full draught [m] that the law of hull forms gives a tanker of that size and ln(deadweight)."""
    return float(_full_draught_law(length_m, beam_m, np.array(log_dwt), np.array(0.0))[0])


def _full_draught_law(
    length_m: float, beam_m: float, log_dwt: FloatArray, log_size_error: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Full draught as ln [m], lightship's share of full displacement, and slope of the first by ``log_size_error``.

    ``log_dwt`` is ln(deadweight), ``log_size_error`` is ln(true over measured length times beam).
    """
    usual_log_dwt = float(tanker_regression().log_dwt(np.array(length_m), np.array(beam_m)))
    share = lightship_share(length_m, log_dwt - usual_log_dwt - DWT_PER_HULL * log_size_error)
    part = lightship_part(share)
    area = SEA_T_PER_M3 * length_m * beam_m * block_coefficient(length_m)
    log_draught = log_dwt - log_size_error + np.log((1 + share) / area)
    return log_draught, part, -1 - DWT_PER_HULL * LIGHTSHIP_PER_DEADWEIGHT * part


def updated_by_draught(size: Capacity, full_draught: FullDraught | None, hull: UsualHull) -> Capacity:
    """The capacity of a hull updated by her full draught, by Bayes' rule on a grid of deadweights.

    A hull that carries more than similar ones lies deeper, but less than in proportion: one that carries less is
    heavier herself. The draughts of ships of one deadweight and size are taken as log-normal, and so is the posterior.
    Deadweights that do not come from the hull are left as they are.

    Parameters
    ----------
    size : by length and beam, or by the length, with the gross tonnage or without
    full_draught : the full draught; None leaves all as it is
    hull : as measured, or with the beam that is usual for its length
    """
    if full_draught is None or not BY_HULL.search(size.method):
        return size
    spread = math.hypot(size.log_sd, size.shared_sd)
    offsets = spread * GRID
    # the part of the hull's error that goes with the deadweight's, and the rest
    covariance = min(DWT_PER_HULL * hull.log_sd**2, 0.95 * size.log_sd * hull.log_sd)
    log_size_error = covariance / spread**2 * offsets
    log_draught, part, by_size = _full_draught_law(hull.length_m, hull.beam_m, size.log_dwt + offsets, log_size_error)
    hull_variance_left = max(hull.log_sd**2 - (covariance / spread) ** 2, 0.0)
    noise = (BLOCK_SD / block_coefficient(hull.length_m)) ** 2 + (LIGHTSHIP_LOG_SD * part) ** 2 + full_draught.log_sd**2
    variance = noise + by_size**2 * hull_variance_left
    logs = (
        -0.5 * GRID**2 - 0.5 * (math.log(full_draught.draught_m) - log_draught) ** 2 / variance - 0.5 * np.log(variance)
    )
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean_offset = float(weights @ offsets)
    variance_left = float(weights @ (offsets - mean_offset) ** 2)
    shared = size.shared_sd * variance_left / spread**2  # the error that calls share shrinks like the whole one
    return replace(
        size,
        log_dwt=size.log_dwt + mean_offset,
        log_sd=math.sqrt(max(variance_left - shared**2, 0.0)),
        shared_sd=shared,
        method=BY_HULL.sub(rf"\g<0>{AND_DRAUGHT}", size.method, count=1),
    )
