"""Turn port calls into liftings: the cargo of each call as a distribution, beside the published fill scenarios.

Methods of a row, as ``capacity from what; load from what``:

====================  ==========================================================
dwt_given             deadweight stated by identity or by the table
dwt_from_length_beam  tanker regression on both
dwt_from_length       tanker regression, beam as usual for that length
dwt_from_…_and_draught  as well by the full draught, by identity (summer draught, else depth)
dwt_from_gt           gross tonnage; ``_and_length_beam`` or ``_and_length`` where it was combined with the hull
dwt_or_gt             a number that may be deadweight or gross tonnage (``tonnage_kind`` unknown, or doubted)
dwt_doubtful          stated tonnage and what length and beam give, half and half: a deadweight far above that, or of a
                      ship that is listed with another size than was measured
dwt_prior             nothing known but that a tanker called
capacity_given        the table states barrels at 100 % (``capacity_bbl``)
load_from_draughts    draughts on arrival and departure (``load_from_draught``: one of them)
load_from_freeboards  freeboard in two looks (``load_from_freeboard``: in one); ``_and_`` joins what was combined
load_from_fill_prior  no measurement of the load
…_of_gas_carrier      of a ship that is one by product, type or name: as gas carriers have it for that tonnage or hull
…_by_usual_hull       the same, read by the length and beam that are usual for the deadweight that is known
given                 tonnes or barrels stated as such
====================  ==========================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.config import VolumeConfig, assumptions_id
from pipeline.quantiles import Z90
from pipeline.ships.largest import LARGEST_T
from pipeline.tables import LIFTINGS
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.tables.number_law import MOST_SLOPE, law_doubt
from pipeline.tables.records import records_of
from pipeline.volume.capacity import Capacity
from pipeline.volume.cells import (
    Refused,
    Row,
    read_at_least,
    read_bool,
    read_cargo,
    read_list,
    read_positive,
    read_share,
    read_text,
    read_tonnage_kind,
    read_whole,
    read_within,
)
from pipeline.volume.dates import open_ends, read_dates, seen_duration_d
from pipeline.volume.direction import Direction, direction_of, retyped_shares, usable_evidence
from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.draw_keys import draw_keys, fullest_first
from pipeline.volume.evidence import evidence_of
from pipeline.volume.full_draught import listed_depths, listed_full_draught, overload_doubts, updated_by_draught
from pipeline.volume.full_ship import STATED_CAPACITY, bbl_per_t, bbl_per_t_range, full_bbl_per_dwt_t
from pipeline.volume.gas_carriers import require_size
from pipeline.volume.identity import numbers_doubt, numbers_of, with_linked_imos
from pipeline.volume.look_times import look_times
from pipeline.volume.named_product import product_of
from pipeline.volume.other_trades import other_trade
from pipeline.volume.particulars import TONNAGE_KINDS, Particulars, capacity_from_particulars
from pipeline.volume.plausible import (
    amounts_doubt,
    capacity_doubt,
    cargo_doubt,
    require_capacity,
    require_hull,
    require_tonnage,
)
from pipeline.volume.possible_evidence import drop_impossible
from pipeline.volume.stated_hull import Hull, hull_of, registry_source
from pipeline.volume.usual_hull import hull_for_loads

# Share of draws compatible with a row's evidence below which its 5 and 95 % points are noise (our choice).
FEWEST_DRAWS_SHARE = 0.005
MOST_STATED = 5e6  # barrels or tonnes of one ship: above what the largest carries (our choice)

FLAG_CAUSES = {  # flags of port calls, in words
    "review_rejected": "rejected by an analyst",
    "review_merged": "joined to another call by an analyst",
    "zone_not_counted": "a zone whose stays do not count",
    "outside_period": "outside the period that was asked for",
    "too_long_for_this_trade": "longer than ships of this trade",
    "too_short_for_this_trade": "a boat, shorter than any tanker at sea",
    "unlikely_tanker": "not likely a tanker",
    "short_stay": "alongside for less time than any cargo takes",
    "same_visit": "another stay of the same visit counts",
    "other_direction": "no cargo that counts was moved",
    "sums_up": "a total of the table, not a call",
}


def liftings(calls: pd.DataFrame, config: VolumeConfig, seed: int) -> pd.DataFrame:
    """One row for each call; rows that cannot be used are kept as ``refused``, without numbers."""
    return liftings_with_cache(calls, DrawCache(config, seed, room_bytes=0))


def liftings_with_cache(calls: pd.DataFrame, cache: DrawCache, *, counted_alone: bool = False) -> pd.DataFrame:
    """As ``liftings``, with the config and seed of a cache of draws, which the account can use again.

    ``counted_alone`` omits the drawn figures of rows that do not count, for callers that need only the sum.
    """
    config = cache.config
    checked = [drop_impossible(call) for call in records_of(calls)]
    records = [call for call, _ in checked]
    ids = [read_text(call, "call_id") for call in records]
    taken, duplicates = set(ids), _duplicate_rows(records, ids)
    shares_retyped = retyped_shares(
        None if n in duplicates or other_trade(call) else call for n, call in enumerate(records)
    )
    rows: list[Row] = []
    for n, (call, call_id) in enumerate(zip(records, ids, strict=True)):
        row = _base_row(call, call_id or _unused_id(f"row{n + 1}", taken), config)
        try:
            if n in duplicates:
                row["call_id"] = _unused_id(f"{call_id}#{n + 1}", taken)
                raise Refused("another row has this call_id")
            when, doubts = read_dates(call)
            row |= numbers_of(call) | when | {"open_ends": open_ends(call), "seen_d": seen_duration_d(call)}
            doubts += filter(None, [numbers_doubt(call), *checked[n][1]])
            row |= _with_doubts(*_cargo(call, when, shares_retyped[n], config), doubts)
        except Refused as refused:
            row |= {"status": "refused", "cause": str(refused), "counts": False, "method": "none"}
        rows.append(row)
    unnamed = [row for row, call_id in zip(rows, ids, strict=True) if not call_id]
    for row, key in zip(unnamed, draw_keys(unnamed), strict=True):
        row["draw_key"] = key
    table = with_linked_imos(LIFTINGS.from_rows(rows))
    return LIFTINGS.check(with_quantiles(table, cache, counted_alone=counted_alone))


def _duplicate_rows(calls: list[Row], ids: list[str]) -> set[int]:
    """Indices of rows whose id a fuller row has too; of rows with the same content, all but the first."""
    best: dict[str, int] = {}
    for n in sorted(range(len(calls)), key=lambda n: fullest_first(calls[n])):
        best.setdefault(ids[n], n)
    return {n for n, name in enumerate(ids) if name and best[name] != n}


def _unused_id(call_id: str, taken: set[str]) -> str:
    """The name, made longer if another row has it, and marked as taken."""
    while call_id in taken:
        call_id += "'"
    taken.add(call_id)
    return call_id


def _with_doubts(cargo: Row, doubts_of_cargo: list[str], doubts_of_dates: list[str]) -> Row:
    """The row with all doubts about it in its cause; a row that was plainly used becomes degraded."""
    doubts = [*doubts_of_dates, *doubts_of_cargo]
    if not doubts:
        return cargo
    cause = "; ".join(filter(None, (cargo.get("cause"), *doubts)))
    return cargo | {"cause": cause, "status": cargo.get("status", "degraded")}


def _base_row(call: Row, call_id: str, config: VolumeConfig) -> Row:
    """A row before its dates and cargo are read."""
    return {
        "call_id": call_id,
        "vessel_id": read_text(call, "vessel_id"),
        "name": read_text(call, "name"),
        "berth_id": read_text(call, "berth_id"),
        "status": "used",
        "counts": True,
        "p_lifting": 0.0,
        "method": "none",
        "assumptions_id": assumptions_id(config),
        "evidence": read_list(call, "detection_ids"),
    }


def _cargo(call: Row, when: Row, retyped_share: float, config: VolumeConfig) -> tuple[Row, list[str]]:
    """Capacity, load and product of one call, and doubts about them; Refused where the numbers are impossible.

    ``retyped_share`` is the share of second draughts that the table's other crews newly type.
    """
    hull, doubts = hull_of(call)
    length, beam = hull.length_m, hull.beam_m
    product, gas_by, doubt_of_product = product_of(call, config)
    doubts.append(doubt_of_product)
    out: Row = {"length_m": length, "beam_m": beam}
    out |= {"product": product, "bbl_per_t": bbl_per_t(product, config)}
    out |= _count_columns(call, when, direction_of(call, config), config)
    stated = {name: read_cargo(call, name, MOST_STATED) for name in ("barrels", "tonnes")}
    stated["capacity_bbl"] = read_positive(call, "capacity_bbl", MOST_STATED)
    ship = _particulars(call, hull, carries_gas=bool(gas_by))
    size, doubt = _size(ship, stated["capacity_bbl"], product, config)
    if gas_by and size.method == "dwt_prior" and stated["barrels"] is None and stated["tonnes"] is None:
        require_size(gas_by)
    doubts += [amounts_doubt(stated, product, bbl_per_t_range(product, config)), doubt]
    doubts.append(cargo_doubt(stated, size, full_bbl_per_dwt_t(product, config), ship))
    out |= {"given_barrels": stated["barrels"], "given_tonnes": stated["tonnes"]}
    if length is not None:
        out["length_log_sd"] = ship.length_sd_m / length
        out["hull_log_sd"] = math.hypot(out["length_log_sd"], ship.beam_sd_m / (beam or math.inf))
    size, depths, doubts_of_depth = _with_depths(call, out, size, contradicted=hull.contradicted)
    out |= depths | {
        "size_source": registry_source(call, hull, depths),
        "dwt_p50_t": math.exp(size.log_dwt),
        "dwt_log_sd": size.log_sd,
        "dwt_shared_sd": size.shared_sd,
    }
    doubts += doubts_of_depth
    load = "given"
    if stated["barrels"] is None and stated["tonnes"] is None:
        if out["counts"]:  # boats that a run leaves out stay in the table, with what they might carry
            require_hull(size, ship)
        out |= usable_evidence(call, config)
        times, doubts_of_times = look_times(call, out)
        out |= times
        doubts += doubts_of_times
        if out.get("draught_in_m") is not None or out.get("draught_out_m") is not None:
            out["p_retyped"] = retyped_share
            doubts += overload_doubts(out)
        evidence = evidence_of(out)
        load = evidence.method if evidence is not None else "load_from_fill_prior"
    out["method"] = f"{size.method}; {load}"
    return out | _scenarios(stated, size, product, config), [doubt for doubt in doubts if doubt]


def _with_depths(call: Row, out: Row, size: Capacity, *, contradicted: bool) -> tuple[Capacity, Row, list[str]]:
    """Her capacity updated by depth and summer draught, these two as far as they are hers, and doubts.

    Where the listed size contradicts the measured one, they may be another ship's, too, and are not used.
    """
    if contradicted:
        return size, {}, []
    found, doubts = listed_depths(call, out | {"dwt_p50_t": math.exp(size.log_dwt), "dwt_log_sd": size.log_sd})
    hull = hull_for_loads(out)
    if hull is None:
        return size, found, doubts
    return updated_by_draught(size, listed_full_draught(found, hull.length_m), hull), found, doubts


def _particulars(call: Row, hull: Hull, *, carries_gas: bool) -> Particulars:
    """What the table states of the ship's size."""
    stated = {name: read_positive(call, name, LARGEST_T) for name in ("dwt_t", "gt")}
    kind = read_tonnage_kind(call)
    if kind not in TONNAGE_KINDS:
        raise Refused(f"tonnage_kind is {kind!r}; it must be one of {', '.join(TONNAGE_KINDS)}")
    sizes = hull.length_m, hull.beam_m, hull.length_sd_m, hull.beam_sd_m, hull.contradicted
    return Particulars(stated["dwt_t"], stated["gt"], kind, *sizes, carries_gas)


def _size(ship: Particulars, capacity_bbl: float | None, product: str, config: VolumeConfig) -> tuple[Capacity, str]:
    """Her capacity, from stated barrels of a full ship or from her particulars, and doubts about it."""
    require_capacity(capacity_bbl)
    require_tonnage(ship)
    if capacity_bbl is not None:
        full_bbl = full_bbl_per_dwt_t(product, config)
        return _capacity_from_barrels(capacity_bbl, product, config), capacity_doubt(capacity_bbl, ship, full_bbl)
    return capacity_from_particulars(ship)


def _count_columns(call: Row, when: Row, direction: Direction, config: VolumeConfig) -> Row:
    """Whether the call counts, and the probability that it moved a counted cargo."""
    p_moved = direction.p_loading if config.counted == "loading" else direction.p_discharging
    mean = read_at_least(call, "calls_mean", 1.0)
    if doubt := law_doubt(read_share(call, "p_one_call"), mean):
        raise Refused(doubt)
    out: Row = {
        "counted": config.counted,
        "direction": direction.name,
        "p_loading": direction.p_loading,
        "p_discharging": direction.p_discharging,
        "p_lifting": p_moved * read_share(call, "p_tanker") * read_share(call, "p_ship"),
        "p_one_call": read_share(call, "p_one_call"),
        "calls_mean": mean,
        "p_new_call": read_share(call, "p_new_call"),
        "turns_slope": read_within(call, "turns_slope", MOST_SLOPE),
    } | _spot(call)
    if when["arrival"] is None and when["departure"] is None:
        return out | {"counts": False, "status": "degraded", "cause": "no date, so no account year"}
    if not read_bool(call, "counts"):
        flags = read_list(call, "flags")
        cause = next((words for flag, words in FLAG_CAUSES.items() if flag in flags), "counts is false in the table")
        return out | {"counts": False, "status": "not_counted", "cause": cause}
    if trade := other_trade(call):
        cause = f"not a tanker by her type ({trade}); if she is one, state her product or p_tanker"
        return out | {"counts": False, "status": "not_counted", "cause": cause}
    return out | {"counts": True}


def _spot(call: Row) -> Row:
    """How often looks show a ship at her spot; Refused where that exceeds the number of looks."""
    looks, taken = read_whole(call, "spot_looks", 1), read_whole(call, "spot_taken", 0)
    if looks is not None and taken is not None and taken > looks:
        raise Refused(f"spot_taken is {taken}, more than spot_looks ({looks})")
    return {"spot_looks": looks, "spot_taken": taken}


def _capacity_from_barrels(capacity_bbl: float, product: str, config: VolumeConfig) -> Capacity:
    """Deadweight that corresponds to the barrels stated for a full ship of that product."""
    return Capacity(math.log(capacity_bbl / full_bbl_per_dwt_t(product, config)), 0.02, 0.0, STATED_CAPACITY)


def _scenarios(stated: Row, size: Capacity, product: str, config: VolumeConfig) -> Row:
    """The published scenarios: shares of what a full ship holds. Stated barrels or tonnes count as a full ship.

    100 % is the stated capacity if there is one, else what a hull of that deadweight holds of the named product, of an
    unnamed one, or of the mix.
    """
    full = stated["capacity_bbl"] or stated["barrels"]
    if full is None and stated["tonnes"] is not None:
        full = stated["tonnes"] * bbl_per_t(product, config)
    if full is None:
        full = math.exp(size.log_dwt) * full_bbl_per_dwt_t(product, config)
    return {f"barrels_at_{name}": share * full for name, share in FILL_SCENARIOS}


def with_quantiles(table: pd.DataFrame, cache: DrawCache, *, counted_alone: bool = False) -> pd.DataFrame:
    """p5, p50, p95 of each row of LIFTINGS, given that she lifted; the mean is the row's contribution to a sum.

    Deadweight is that before her load was measured, from which the account draws her anew. Fill is that of the ship
    after the evidence.
    """
    rows = records_of(table)
    drawable = [row["status"] != "refused" and (row["counts"] or not counted_alone) for row in rows]
    figures = [
        row | _drawn_figures(row, cache) if is_drawable else row
        for row, is_drawable in zip(rows, drawable, strict=True)
    ]
    return LIFTINGS.from_rows(figures).set_axis(table.index)


def _drawn_figures(row: Row, cache: DrawCache) -> Row:
    """The drawn figures of a row."""
    ships = cache.ships(row)
    spread = math.hypot(row["dwt_log_sd"], row["dwt_shared_sd"])
    figures: Row = ships.figures | {
        "dwt_p5_t": row["dwt_p50_t"] * math.exp(-Z90 * spread),
        "dwt_p95_t": row["dwt_p50_t"] * math.exp(Z90 * spread),
    }
    if ships.first.effective_draws < FEWEST_DRAWS_SHARE * cache.config.draws:
        figures["status"], figures["cause"] = _few_draws_doubt(row)
    return figures


def _few_draws_doubt(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Status and cause of a row with hardly any draws compatible with its draughts and freeboards."""
    status = "degraded" if row["status"] == "used" else row["status"]
    doubt = "few draws match these draughts and freeboards: p5 and p95 are rough; increase `volume.draws`"
    return status, "; ".join(filter(None, (row["cause"], doubt)))
