"""Length and beam of a hull from looks and broadcasts, with intervals as skewed as those of the looks.

Contradicting sizes are not averaged: the likelier one is taken, and the interval covers the other where that may be
right (``pipeline.calls.agreement``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.calls.agreement import readings
from pipeline.quantiles import Z90
from pipeline.ships.largest import BROADEST_M, LONGEST_M
from pipeline.tables.ships import SHARED_ERROR, TYPED_SD_M

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.types import FloatArray

LARGEST_M = {"length": LONGEST_M, "beam": BROADEST_M}
CUT_BY_EDGE = "touches_edge"  # flag of a hull that goes on beyond the image
BROADCAST = "ais"  # kind of statement beside the sensors
MIN_SD_M = 0.1  # no size is known better than this


def size_of_hull(sightings: pd.DataFrame, reports: pd.DataFrame) -> dict[str, Any]:
    """Length and beam [m] of all evidence by inverse variance, each with a 90 % interval.

    Looks of one sensor at one berth go wrong together, since all contain the quay. The interval of a single sighting is
    the hull's; that of several keeps the error that all looks share. An optional column ``stay`` of ``sightings``
    numbers the stay of each look.
    """
    out: dict[str, Any] = {}
    for name in ("length", "beam"):
        broadcast_m = reports[f"{name}_m"].dropna()
        looks = _looks_for_length(sightings, is_broadcast=len(broadcast_m) > 0) if name == "length" else sightings
        sizes = looks[[f"{name}_m", f"{name}_lo_m", f"{name}_hi_m"]].to_numpy(float) if len(looks) else np.empty((0, 3))
        places = looks["berth_id"].tolist() if "berth_id" in looks else [""] * len(sizes)
        sensors = looks["sensor"].tolist() if "sensor" in looks else [""] * len(sizes)
        kinds = [f"{sensor} at {place}" for sensor, place in zip(sensors, places, strict=True)]
        stays = looks["stay"].tolist() if "stay" in looks else [0] * len(kinds)
        if len(broadcast_m):
            kinds, stays, places = [*kinds, BROADCAST], [*stays, 0], [*places, ""]
            typed_m, error_m = float(broadcast_m.iloc[-1]), Z90 * TYPED_SD_M[name]
            sizes = np.vstack([sizes, [typed_m, typed_m - error_m, typed_m + error_m]])
        if not len(sizes):
            continue
        fused = sizes[0] if len(sizes) == 1 else _size_of_readings(sizes, kinds, stays, places, SHARED_ERROR[name])
        bounds = np.clip(fused, 0.0, LARGEST_M[name])
        out |= dict(zip((f"{name}_m", f"{name}_lo_m", f"{name}_hi_m"), map(float, bounds), strict=True))
    return out | {k: None for k in ("length_m", "beam_m") if k not in out}


def _looks_for_length(looks: pd.DataFrame, *, is_broadcast: bool) -> pd.DataFrame:
    """The looks used for length: one cut by the image's edge gives a minimum, used only for want of a better."""
    if "flags" not in looks:
        return looks
    is_cut = np.array([CUT_BY_EDGE in flags for flags in looks["flags"]], bool)
    return looks if is_cut.all() and not is_broadcast else looks[~is_cut]


def _size_of_readings(
    sizes: FloatArray, kinds: list[str], stays: list[int], places: list[str], shared_error: float
) -> FloatArray:
    """Size of the likeliest reading of several (size, low, high), with bounds that cover every tenable reading."""
    is_typed = np.array([kind == BROADCAST for kind in kinds])
    fused = []
    for right in readings(sizes[:, 0], _sd_m(sizes), kinds, shared_error, stays, places):
        own_sizes = sizes[right]
        fused.append(own_sizes[0] if len(own_sizes) == 1 else _fuse(own_sizes, is_typed[right], shared_error))
    return np.array([fused[0][0], min(size[1] for size in fused), max(size[2] for size in fused)])


def _sd_m(sizes: FloatArray) -> FloatArray:
    """Standard errors of several (size, low, high), shape (n, 3)."""
    return np.maximum((sizes[:, 2] - sizes[:, 1]) / (2 * Z90), MIN_SD_M)


def _fuse(sizes: FloatArray, is_typed: np.ndarray, shared_error: float) -> FloatArray:
    """Size and bounds of several (size, low, high), shape (n, 3); ``shared_error`` is a share of the size.

    ``is_typed`` marks the broadcast one, which has no part in the error that the looks share. The skew of the looks is
    kept: it comes from what they have in common (a bow that fades, the size of a pixel), so it does not average out.
    """
    below, above = sizes[:, 0] - sizes[:, 1], sizes[:, 2] - sizes[:, 0]
    weights = 1 / _sd_m(sizes) ** 2
    if is_typed.any():
        weights[~is_typed] *= _shared_error_factor(sizes[~is_typed, 0], weights[~is_typed], shared_error)
    mean = float(np.average(sizes[:, 0], weights=weights))
    sd = np.hypot(1 / np.sqrt(weights.sum()), 0.0 if is_typed.any() else shared_error * mean)
    skew = np.divide(below, below + above, out=np.full(len(sizes), 0.5), where=below + above > 0)
    low = mean - 2 * Z90 * sd * np.average(skew, weights=weights)
    return np.array([mean, low, low + 2 * Z90 * sd])


def _shared_error_factor(size_m: FloatArray, weights: FloatArray, shared_error: float) -> float:
    """Factor on the weight of looks beside a broadcast size, for the error that they share; 1 for one look.

    However many there are, together they weigh no more than that error allows. It is part of each look's error, so it
    is at most the smallest of those.
    """
    total = weights.sum()
    shared_m = min(shared_error * float(np.average(size_m, weights=weights)), float(weights.max() ** -0.5))
    beyond_one = 1 - float((weights**2).sum() / total**2)
    return float(1 / (1 + total * shared_m**2 * beyond_one))
