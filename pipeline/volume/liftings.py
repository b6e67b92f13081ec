"""Port calls to liftings: the cargo of each call as a distribution, beside the published fill scenarios.

Methods of a row, as ``capacity from what; load from what``:

====================  ==========================================================
dwt_given             deadweight stated by identity or by the table
dwt_from_length_beam  tanker regression on both
dwt_from_length       tanker regression, beam as usual for that length
dwt_prior             nothing known but that a tanker called
capacity_given        the table states barrels at 100 % (``capacity_bbl``)
load_from_draughts    draughts on arrival and departure (``load_from_draught``: one of them)
load_from_freeboards  freeboard in two looks (``load_from_freeboard``: in one); ``_and_`` joins what was combined
load_from_fill_prior  no measurement of the load
given                 tonnes or barrels stated as such
====================  ==========================================================
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import VolumeConfig, fingerprint
from pipeline.tables import LIFTINGS
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.volume.capacity import Z90, Capacity, capacity_of
from pipeline.volume.evidence import COLUMNS, DEPTH_SPREAD, FREEBOARD_SD_M, evidence_of
from pipeline.volume.loading import usual_depth_m
from pipeline.volume.montecarlo import UNNAMED_T_PER_M3, draw_call, shared_draws

Row = dict[str, Any]
TYPED_STEP_M = 0.3  # draughts are typed in tenths of a metre, by habit; less is no change (our judgement)
P_LOADING_THOUGH_LIGHTER = 0.02  # a draught typed wrongly, or ballast against cargo (our judgement)
WHY_NOT = {  # flags of port calls, in words
    "zone_not_counted": "a zone whose stays do not count",
    "too_long_for_this_trade": "longer than ships of this trade",
    "unlikely_tanker": "not likely a tanker",
}


class Refused(Exception):
    """A row that makes no sense; the message says why."""


def liftings(calls: pd.DataFrame, config: VolumeConfig, seed: int) -> pd.DataFrame:
    """One row for each call, whatever it holds; rows that make no sense are kept as ``refused``, without numbers."""
    if "call_id" not in calls:
        calls = calls.assign(call_id=[f"row{n}" for n in range(1, len(calls) + 1)])
    seen: set[str] = set()
    rows: list[Row] = []
    for call in calls.to_dict("records"):
        row = _base(call, config)
        try:
            if row["call_id"] in seen:
                row["call_id"] = f"{row['call_id']}#{len(rows) + 1}"
                raise Refused("this call_id stands in the table twice")
            row |= _dates(call)
            row |= _cargo(call, row, config)
        except Refused as refused:
            row |= {"status": "refused", "cause": str(refused), "counts": False, "method": "none"}
        seen.add(row["call_id"])
        rows.append(row)
    table = LIFTINGS.from_rows(rows)
    return LIFTINGS.check(_with_quantiles(table, config, seed))


def _base(call: Row, config: VolumeConfig) -> Row:
    """What a row is before its dates and cargo are asked for."""
    return {
        "call_id": str(call["call_id"]),
        "vessel_id": _text(call, "vessel_id"),
        "name": _text(call, "name"),
        "berth_id": _text(call, "berth_id"),
        "status": "used",
        "counts": True,
        "p_lifting": 0.0,
        "method": "none",
        "assumptions_id": fingerprint(config),
        "evidence": list(call.get("detection_ids", [])) if isinstance(call.get("detection_ids"), list) else [],
    }


def _dates(call: Row) -> Row:
    """Arrival and departure: stated, or the middle of their bounds; a call with only one of them has it for both.

    A bound that no look gave (flags arrival_open, left_open) is left aside: then the first or last sighting stands.
    """
    told = call.get("flags")
    flags: Any = told if isinstance(told, list | tuple | set) or hasattr(told, "tolist") else ()
    before = ("arrival_hi",) if "arrival_open" in flags else ("arrival_lo", "arrival_hi")
    after = ("departure_lo",) if "left_open" in flags else ("departure_lo", "departure_hi")
    arrival = _moment(call, "arrival", before[0], before[-1])
    departure = _moment(call, "departure", after[0], after[-1])
    return {
        "arrival": arrival if arrival is not None else departure,
        "departure": departure if departure is not None else arrival,
    }


def _cargo(call: Row, row: Row, config: VolumeConfig) -> Row:
    """Capacity, load and product of one call; Refused where the numbers are nonsense."""
    length, beam = _positive(call, "length_m", 500), _positive(call, "beam_m", 100)
    if length is not None and beam is not None and beam >= length:
        raise Refused(f"beam {beam:g} m is not below length {length:g} m; they may be swapped")
    product = _product(call, config)
    out: Row = {"length_m": length, "beam_m": beam, "product": product, "bbl_per_t": _factor(product, config)}
    out |= _counting(call, row)
    given = {name: _positive(call, name, 5e6) for name in ("barrels", "tonnes", "capacity_bbl")}
    size = capacity_of(
        _positive(call, "dwt_t", 600_000), length, beam, _sd(call, "length", length), _sd(call, "beam", beam)
    )
    if given["capacity_bbl"] is not None:
        size = _stated_capacity(given["capacity_bbl"], product, config)
    out |= {
        "dwt_p50_t": math.exp(size.log_dwt),
        "dwt_log_sd": size.log_sd,
        "dwt_shared_sd": size.shared_sd,
        "given_barrels": given["barrels"],
        "given_tonnes": given["tonnes"],
    }
    load = "given"
    if given["barrels"] is None and given["tonnes"] is None:
        out |= _evidence(call, length, beam)
        if length is not None and beam is not None:
            out["hull_log_sd"] = math.hypot(_sd(call, "length", length) / length, _sd(call, "beam", beam) / beam)
        told = evidence_of(out)
        load = told.method if told is not None else "load_from_fill_prior"
    out["method"] = f"{size.method}; {load}"
    return out | _scenarios(given, size, product, config)


def _counting(call: Row, row: Row) -> Row:
    """Whether the call takes part in the account, and how likely it lifted."""
    counts = _truth(call, "counts")
    p_lifting = _p_loading(call) * _share(call, "p_tanker")
    if row["departure"] is None:
        return {"counts": False, "status": "degraded", "cause": "no date, so no account year", "p_lifting": p_lifting}
    if not counts:
        flags = call.get("flags")
        told = [] if flags is None else [str(flag) for flag in flags]
        cause = next((words for flag, words in WHY_NOT.items() if flag in told), "a stay that takes no part")
        return {"counts": False, "status": "not_counted", "cause": cause, "p_lifting": p_lifting}
    return {"counts": True, "p_lifting": p_lifting}


def _p_loading(call: Row) -> float:
    """As given; else by the draughts: a ship that leaves shallower than she came has discharged."""
    if not pd.isna(call.get("p_loading")):
        return _share(call, "p_loading")
    draughts = [_positive(call, name, 25.5) for name in ("draught_in_m", "draught_out_m")]
    if draughts[0] is not None and draughts[1] is not None and draughts[0] - draughts[1] > TYPED_STEP_M:
        return P_LOADING_THOUGH_LIGHTER
    return 1.0


def _evidence(call: Row, length: float | None, beam: float | None) -> Row:
    """Draughts and freeboards that speak of a loading; Refused where no tanker of that size can have them.

    Two equal draughts mostly mean that nobody typed the second one; a ship that left lighter did not load. Then they
    say nothing of a lifting.
    """
    seen = {name: _positive(call, name, 40 if "freeboard" in name else 25.5) for name in COLUMNS}
    depth = _positive(call, "depth_m", 40)
    if length is None:
        return {}
    limit = depth if depth is not None else (1 + 2.5 * DEPTH_SPREAD) * usual_depth_m(length)
    for name in ("draught_in_m", "draught_out_m"):
        if (draught := seen[name]) is not None and draught >= limit:
            of = "her depth" if depth is not None else "what the depth can be"
            raise Refused(f"{name} {draught:g} m is above {of} ({limit:.1f} m) for a tanker of {length:g} m")
    if beam is None:
        return {}
    into, out = seen["draught_in_m"], seen["draught_out_m"]
    if into is not None and out is not None and (into == out or into - out > TYPED_STEP_M):
        seen["draught_in_m"] = seen["draught_out_m"] = None
    high, low = seen["freeboard_in_m"], seen["freeboard_out_m"]
    if high is not None and low is not None:
        errors = math.hypot(*(seen[f"freeboard_{w}_sd_m"] or FREEBOARD_SD_M for w in ("in", "out")))
        if low - high > 2 * errors:  # she rose: not a loading
            seen["freeboard_in_m"] = seen["freeboard_out_m"] = None
    return seen


def _stated_capacity(capacity_bbl: float, product: str, config: VolumeConfig) -> Capacity:
    """Deadweight that goes with barrels stated for a full ship of that product."""
    return Capacity(math.log(capacity_bbl / _full_bbl_per_dwt_t(product, config)), 0.02, 0.0, "capacity_given")


def _full_bbl_per_dwt_t(product: str, config: VolumeConfig) -> float:
    """Barrels in a full ship per tonne of deadweight: tanks at their limit or deadweight less stores, the lesser."""

    def full(t_per_m3: float, bbl_per_t: float) -> float:
        tanks_t = config.tank_m3_per_t * config.tank_fill_limit * t_per_m3
        return min(1 - config.constants_share, tanks_t) * bbl_per_t

    named = {p.name: full(p.t_per_m3, p.bbl_per_t) for p in config.products}
    named["unnamed"] = full(UNNAMED_T_PER_M3, config.unnamed_bbl_per_t)
    return named.get(product, sum(p.share * named[p.name] for p in config.products))


def _scenarios(given: Row, size: Capacity, product: str, config: VolumeConfig) -> Row:
    """The published scenarios: a share of what a full ship holds. Stated barrels or tonnes count as a full ship.

    100 % is stated capacity where there is one, else what a hull of that deadweight holds of the named product, of an
    unnamed one, or of the mix.
    """
    full = given["capacity_bbl"] or given["barrels"]
    if full is None and given["tonnes"] is not None:
        full = given["tonnes"] * _factor(product, config)
    if full is None:
        full = math.exp(size.log_dwt) * _full_bbl_per_dwt_t(product, config)
    return {f"barrels_at_{name}": share * full for name, share in FILL_SCENARIOS}


def _with_quantiles(table: pd.DataFrame, config: VolumeConfig, seed: int) -> pd.DataFrame:
    """p5, p50, p95 of each row, given that she lifted; the mean has the chance of no lifting in it."""
    shared = shared_draws(config, seed)
    table = table.copy()
    for index, row in table.iterrows():
        if row["status"] == "refused":
            continue
        draws = draw_call(row, config, shared, seed)
        quantiles = {"tonnes": draws.tonnes, "barrels": draws.barrels}
        for name, values in quantiles.items():
            for percent in (5, 50, 95):
                table.loc[index, f"{name}_p{percent}"] = np.percentile(values, percent)
        table.loc[index, "barrels_mean"] = float(np.mean(np.where(draws.lifted, draws.barrels, 0.0)))
        spread = math.hypot(row["dwt_log_sd"], row["dwt_shared_sd"])
        table.loc[index, "dwt_p5_t"] = row["dwt_p50_t"] * math.exp(-Z90 * spread)
        table.loc[index, "dwt_p95_t"] = row["dwt_p50_t"] * math.exp(Z90 * spread)
        full = row["dwt_p50_t"] * (1 - config.constants_share)
        table.loc[index, "fill_p50"] = min(1.0, float(np.median(draws.tonnes)) / full)
    return table


def _factor(product: str, config: VolumeConfig) -> float:
    """Barrels per tonne of a product, of an unnamed one, or of the mix."""
    named = {p.name: p.bbl_per_t for p in config.products}
    mix = sum(p.share * p.bbl_per_t for p in config.products)
    return named.get(product, config.unnamed_bbl_per_t if product == "unnamed" else mix)


def _product(call: Row, config: VolumeConfig) -> str:
    text = _text(call, "product").strip().lower().replace(" ", "_") or "mix"
    known = {p.name for p in config.products} | {"mix", "unnamed"}
    if text not in known:
        raise Refused(f"product {text!r} is not known; there are {', '.join(sorted(known))}")
    return text


def _text(call: Row, name: str) -> str:
    value = call.get(name)
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def _number(call: Row, name: str) -> float | None:
    """A number, None where there is none; Refused for words."""
    value = call.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) and pd.isna(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"{name} is {value!r}, a number is wanted") from error


def _positive(call: Row, name: str, limit: float) -> float | None:
    """A number above zero and at most the limit, None where there is none; Refused otherwise."""
    number = _number(call, name)
    if number is None:
        return None
    if not 0 < number <= limit:
        raise Refused(f"{name} is {number:g}; it must be above 0 and at most {limit:g}")
    return number


def _share(call: Row, name: str) -> float:
    """A probability; 1 where the table says nothing."""
    number = _number(call, name)
    if number is None:
        return 1.0
    if not 0 <= number <= 1:
        raise Refused(f"{name} is {number:g}; a probability lies between 0 and 1")
    return number


def _truth(call: Row, name: str) -> bool:
    """A yes or no; yes where the table says nothing. The word "false" of a CSV is a no."""
    value = call.get(name)
    if value is None or (not isinstance(value, str) and pd.isna(value)) or str(value).strip() == "":
        return True
    said = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(
        str(value).strip().lower()
    )
    if said is None:
        raise Refused(f"{name} is {value!r}, true or false is wanted")
    return said


def _sd(call: Row, stem: str, value: float | None) -> float:
    """Standard error of a size from its 90 % bounds; zero where there are none."""
    low, high = _number(call, f"{stem}_lo_m"), _number(call, f"{stem}_hi_m")
    if value is None or low is None or high is None:
        return 0.0
    if not low <= high:
        raise Refused(f"{stem}_lo_m {low:g} lies above {stem}_hi_m {high:g}")
    return (high - low) / (2 * Z90)


def _moment(call: Row, name: str, low: str, high: str) -> pd.Timestamp | None:
    """A time: stated, or the middle of its interval, or the bound that is known."""
    stated = [_time(call.get(n)) for n in (name, low, high)]
    if stated[0] is not None:
        return stated[0]
    if stated[1] is not None and stated[2] is not None:
        return stated[1] + (stated[2] - stated[1]) / 2
    return stated[1] if stated[1] is not None else stated[2]


def _time(value: Any) -> pd.Timestamp | None:
    if value is None or (isinstance(value, str) and not value.strip()) or pd.isna(value):
        return None
    if isinstance(value, int | float):  # 20240307 would be read as so many nanoseconds after 1970
        raise Refused(f"time {value:.0f} is a bare number; write it as 2024-03-07T02:00:00Z")
    try:
        # by ISO 8601 alone: 03/04/2024 is March here and April there
        moment = pd.to_datetime(value, format="ISO8601") if isinstance(value, str) else pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"time {value!r} cannot be read; write it as 2024-03-07T02:00:00Z") from error
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
