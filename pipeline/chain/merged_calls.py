"""Merges two port calls that an analyst says are one visit of one ship.

The result does not depend on the order of the two: it has the earlier arrival and the later departure, sizes weighted
from both, and any field that only one of them knows. What looks and draughts say about the cargo is evaluated again
from all of them (``pipeline.calls.loading``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.quantiles import Z90
from pipeline.ships.turnover import DISAGREE
from pipeline.tables.ships import SHARED_ERROR
from pipeline.volume.joined_draughts import DRAUGHTS, stay_draughts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LISTED_FIELDS = (
    "dwt_t", "tonnage_kind", "gt", "listed_length_m", "listed_beam_m", "depth_m", "design_draught_m", "listed_source",
    "ship_type",
)  # fmt: skip
IDENTITY_FIELDS = ("vessel_id", "identity_probability", "name", "mmsi", "imo", *LISTED_FIELDS, "candidates")
NO_AIS_FLAGS = {"dark", "no_ais"}
AIS_CLASSES = {"A", "B"}  # evidence classes that include AIS


def visits_of(merges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """For each call in the merges (which, into which), the call that stands for the visit: the last one merged into.

    >>> visits_of([(1, 2), (2, 3)]) == visits_of([(2, 3), (1, 2)]) == {1: 3, 2: 3, 3: 3}
    True
    """
    merged_into: dict[int, int] = {}

    def final_call(call: int) -> int:
        while call in merged_into:
            call = merged_into[call]
        return call

    for part, whole in merges:
        if final_call(part) != final_call(whole):
            merged_into[final_call(part)] = final_call(whole)
    return {call: final_call(call) for pair in merges for call in pair}


def merged_fields(kept: pd.Series, other: pd.Series) -> Mapping[str, object]:
    """The fields of the merged visit that differ from the kept call's."""
    first = min((kept, other), key=lambda call: (call["arrival_hi"], call["call_id"]))
    last = max((kept, other), key=lambda call: (call["departure_lo"], call["call_id"]))
    fields: dict[str, object] = {
        name: first[name] for name in ("arrival_lo", "arrival_hi", "p_new_call", "turns_slope")
    }
    fields |= {name: last[name] for name in ("departure_lo", "departure_hi")}
    fields |= _draughts(kept, other) | {"p_one_call": 1.0, "calls_mean": 1.0}  # the analyst says so
    fields |= _identity(kept, other) | _size(kept, other, "length") | _size(kept, other, "beam")
    fields["p_tanker"] = _more_certain(kept["p_tanker"], other["p_tanker"])
    fields["p_ship"] = max(kept["p_ship"], other["p_ship"])
    fields["counts"] = bool(kept["counts"] or other["counts"])
    seen = sorted({*kept["detection_ids"], *other["detection_ids"]})
    fields["detection_ids"], several = seen, len(seen) > 1
    fields["evidence_class"] = _evidence_class(kept["evidence_class"], other["evidence_class"], several=several)
    heard = pd.notna(kept["mmsi"]) or pd.notna(other["mmsi"])
    fields["flags"] = _flags(kept, first, last, heard=heard, several=several)
    fields["n_seen"] = int(kept["n_seen"]) + int(other["n_seen"])
    fields["n_looks"] = int(kept["n_looks"]) + int(other["n_looks"])
    return fields


def _flags(kept: pd.Series, first: pd.Series, last: pd.Series, *, heard: bool, several: bool) -> list[str]:
    """The kept call's flags that hold for the visit; flags on a bound come from the call that supplies the bound."""
    dropped = {"arrival_open", "left_open", *(NO_AIS_FLAGS if heard else ()), *(["single_sighting"] if several else ())}
    bounds = (("arrival_open", first), ("left_open", last))
    return [f for f in kept["flags"] if f not in dropped] + [flag for flag, call in bounds if flag in call["flags"]]


def _evidence_class(kept_class: str, other_class: str, *, several: bool) -> str:
    """Evidence class of a visit: A with AIS throughout, B with AIS in part, C several images, D one image.

    >>> [_evidence_class(*pair, several=True) for pair in ("AA", "AD", "DD")], _evidence_class("D", "D", several=False)
    (['A', 'B', 'C'], 'D')
    """
    if AIS_CLASSES & {kept_class, other_class}:
        return "A" if kept_class == other_class == "A" else "B"
    return "C" if several else "D"


def _draughts(kept: pd.Series, other: pd.Series) -> dict[str, object]:
    """Crew-entered draughts of the visit on arrival and departure, from whichever of its calls has them."""
    calls = sorted((kept, other), key=lambda call: call["call_id"])
    parts = [
        {"arrival": call["arrival_hi"], "departure": call["departure_lo"]} | call[list(DRAUGHTS)].to_dict()
        for call in calls
    ]
    draughts = zip(DRAUGHTS, stay_draughts(parts), strict=True)
    return {name: float("nan") if draught_m is None else draught_m for name, draught_m in draughts}


def _more_certain(p_kept: float, p_other: float) -> float:
    """Of two probabilities for one ship, the one farther from 0.5; if equally far, their mean.

    >>> _more_certain(0.95, 0.3), _more_certain(0.95, 0.05), _more_certain(0.05, 0.95)
    (0.95, 0.5, 0.5)
    """
    sureness = abs(p_kept - 0.5), abs(p_other - 0.5)
    if math.isclose(*sureness, abs_tol=1e-9):
        return (p_kept + p_other) / 2
    return p_kept if sureness[0] > sureness[1] else p_other


def _identity(kept: pd.Series, other: pd.Series) -> dict[str, object]:
    """The identity fields of the other call if only that one was identified; else none, so the kept call's stand."""
    if pd.isna(kept["mmsi"]) and pd.notna(other["mmsi"]):
        return {name: other[name] for name in IDENTITY_FIELDS}
    return {}


def _size(kept: pd.Series, other: pd.Series, dimension: str) -> dict[str, object]:
    """Length or beam of one hull from both calls by inverse variance, no more certain than the better of them.

    All looks share part of their error, so the mean of two is not narrower than either. If the two sizes contradict
    each other, their mean fits no hull: the more certain one is taken, and the interval covers both.
    """
    names = [f"{dimension}_m", f"{dimension}_lo_m", f"{dimension}_hi_m"]
    sizes = [call[names].astype(float).tolist() for call in (kept, other)]
    sizes = [size for size in sizes if not any(map(math.isnan, size))]
    if not sizes:
        return {}
    sds = [max((high - low) / (2 * Z90), 0.01) for _, low, high in sizes]
    if len(sizes) > 1 and _sizes_contradict(sizes, sds, dimension):
        best = min(range(2), key=lambda n: (sds[n] / max(sizes[n][0], 1.0), sizes[n]))
        low, high = min(low for _, low, _ in sizes), max(high for *_, high in sizes)
        return dict(zip(names, (sizes[best][0], low, high), strict=True))
    weights = [1 / sd**2 for sd in sds]
    mean = sum(w * size[0] for w, size in zip(weights, sizes, strict=True)) / sum(weights)
    width = 2 * Z90 * min(sds)
    skews = [(size - low) / (high - low) if high > low else 0.5 for size, low, high in sizes]
    low = max(0.0, mean - width * sum(w * skew for w, skew in zip(weights, skews, strict=True)) / sum(weights))
    return dict(zip(names, (mean, low, low + width), strict=True))


def _sizes_contradict(sizes: Sequence[Sequence[float]], sds: Sequence[float], dimension: str) -> bool:
    """Are two sizes farther apart than their own errors and the error shared by all looks allow?"""
    (kept_m, *_), (other_m, *_) = sizes
    return abs(kept_m - other_m) > DISAGREE * math.hypot(*sds, SHARED_ERROR[dimension] * max(kept_m, other_m))
