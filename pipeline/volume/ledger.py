"""The account: liftings summed over an account year against a cap, day by day.

What was seen, and beside it the same with the calls that the looks must have missed; the two are never mixed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.volume import Notified
from pipeline.tables import LEDGER
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.tables.records import records_of
from pipeline.types import Headline
from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.draw_keys import sorted_by_key
from pipeline.volume.full_ship import share_at_fill
from pipeline.volume.liftings import FLAG_CAUSES
from pipeline.volume.membership import ENDS, account_year, day_of, members_of
from pipeline.volume.montecarlo import simulate_cargo
from pipeline.volume.unseen import barrels_unseen, to_all_rows, zones_left_out

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from pipeline.types import FloatArray

GAS_OIL_BBL_PER_T = 7.46  # the Committee's chart; shown beside the factor for an unnamed product
LOOK_RANK = ("not_given", "unknown", "partly", "usable")
SHOWING = LOOK_RANK[2:]  # states of a look that could show a ship


def ledger(
    liftings: pd.DataFrame,
    cap: CapConfig,
    config: VolumeConfig,
    seed: int,
    *,
    as_of: date | None = None,
    looks: pd.DataFrame | None = None,
    missed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per day of the account year in which ``as_of`` lies, from its first day to ``as_of``.

    ``as_of`` is the last call's day by default. Left out are calls of other account years, products that the cap does
    not count, and rows that cannot be drawn (``pipeline.volume.membership``). The cap's ``counts_on`` says which end of
    a call decides, in UTC. ``missed`` (see ``pipeline.volume.unseen``) adds the columns of the coverage-corrected
    account; without it they are empty, since nothing is known of unseen calls.
    """
    return ledger_with_cache(
        liftings, cap, DrawCache(config, seed, room_bytes=0), as_of=as_of, looks=looks, missed=missed
    )


def ledger_with_cache(
    liftings: pd.DataFrame,
    cap: CapConfig,
    cache: DrawCache,
    *,
    as_of: date | None = None,
    looks: pd.DataFrame | None = None,
    missed: pd.DataFrame | None = None,
    last_day_alone: bool = False,
) -> pd.DataFrame:
    """As ``ledger``, with the config and seed of a cache of draws, some of which may have been made before.

    ``last_day_alone`` returns only the last row of the same table, for callers that need only the sum.
    """
    config = cache.config
    members = members_of(sorted_by_key(liftings), cap, config, as_of)  # so that sums are equal to the last bit
    last = members.as_of
    if last is None:
        return LEDGER.empty()
    year, start = account_year(last, cap)
    calendar = [start + timedelta(days=n) for n in range((last - start).days + 1)]
    rows, in_time = members.in_account, members.in_time
    cargo = simulate_cargo(rows, config, cache.take, cap)
    unseen, left_out_zones = None, {}
    if missed is not None:  # only then is a copy of all draws needed: a gigabyte for some thousand calls
        carried = to_all_rows(cargo.of_single_call, members.may_count[in_time], config.draws)
        unseen = barrels_unseen(missed, calendar, carried, config, cache.seed)
        left_out_zones = zones_left_out(missed, members.rows[in_time], members.days[in_time])
    scenario_barrels, look_by_day = _scenario_barrels(rows, cap, config), _best_look_by_day(looks)
    call_day_index = np.array([(day - start).days for day in members.days[in_time & members.may_count]], dtype=int)
    total, tonnes = np.zeros(config.draws), np.zeros(config.draws)
    first_look = min((day for day in calendar if look_by_day.get(day) in SHOWING), default=date.max)
    out = []
    for n, day in enumerate(calendar):
        so_far = call_day_index <= n
        for call in np.flatnonzero(call_day_index == n):
            total, tonnes = total + cargo.barrels[call], tonnes + cargo.tonnes[call]
        if last_day_alone and day != last:
            continue
        out.append(
            {"day": day.isoformat(), "account_year": year, "calls": int(so_far.sum())}
            | {"notified_bbl": _notified_bbl(notified_by(cap, year, day), config)}
            | {"looked": look_by_day.get(day, "not_given" if looks is None else "unknown")}
            | {"rests_on": "calls" if so_far.any() else "looks" if first_look <= day else "nothing"}
            | _compared_with_cap(cap, total, tonnes)
            | (_corrected_summary(total + unseen[n], cap) if unseen is not None else {})
            | {"corrected_without": sorted(zone for zone, since in left_out_zones.items() if since <= day)}
            | {name: float(barrels[so_far].sum()) for name, barrels in scenario_barrels.items()}
        )
    return LEDGER.check(LEDGER.from_rows(out))


def _scenario_barrels(rows: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> dict[str, FloatArray]:
    """Barrels of each row at the fixed fills, by ledger column, as far as the cap counts the product."""
    counted_share = np.array([share_at_fill(row, cap, config) for row in records_of(rows)], dtype=float)
    return {f"at_{key}": rows[f"barrels_at_{key}"].to_numpy(float) * counted_share for key, _ in FILL_SCENARIOS}


def _compared_with_cap(cap: CapConfig, total: FloatArray, tonnes: FloatArray) -> dict[str, Any]:
    """The sum of what was seen [bbl, t], compared with the cap."""
    return _summary("observed", total) | {
        "cap_bbl": cap.barrels,
        "cap_t": cap.tonnes,
        "share_p50": float(np.median(total)) / cap.barrels,
        "p_over_cap": float(np.mean(total > cap.barrels)),
        "tonnes_p50": float(np.median(tonnes)),
        "p_over_cap_tonnes": float(np.mean(tonnes > cap.tonnes)) if cap.tonnes else None,
    }


def _summary(name: str, total: FloatArray) -> dict[str, float]:
    """p5, p50, p95 and mean of a sum."""
    p5, p50, p95 = (float(v) for v in np.percentile(total, (5, 50, 95)))
    return {f"{name}_p5": p5, f"{name}_p50": p50, f"{name}_p95": p95, f"{name}_mean": float(total.mean())}


def _corrected_summary(total: FloatArray, cap: CapConfig) -> dict[str, float]:
    """The account including unseen calls."""
    return _summary("corrected", total) | {"corrected_p_over_cap": float(np.mean(total > cap.barrels))}


def headline(liftings: pd.DataFrame, account: pd.DataFrame, cap: CapConfig, config: VolumeConfig) -> Headline:
    """The account's last day in one value, with the break-even fill and the days on which the cap was passed."""
    last: dict[Hashable, Any] = account.iloc[-1].to_dict() if len(account) else {}

    def at_last(name: str) -> float:
        return float(last.get(name, 0.0))

    year, calls = str(last.get("account_year", "")), int(last.get("calls", 0))
    full, tonnes = at_last("at_100"), at_last("tonnes_p50")
    notified = notified_by(cap, year, None)
    as_of = date.fromisoformat(str(last["day"])) if last else None
    members = members_of(liftings, cap, config, as_of)
    return Headline(
        cap_id=cap.id,
        cap_title=cap.title,
        cap_bbl=cap.barrels,
        account_year=year,
        as_of=str(last.get("day", "")),
        calls_seen=int((liftings["cause"] != FLAG_CAUSES["review_merged"]).sum()),  # one visit counts once
        calls_counted=calls,
        barrels_p5=at_last("observed_p5"),
        barrels_p50=at_last("observed_p50"),
        barrels_p95=at_last("observed_p95"),
        barrels_mean=at_last("observed_mean"),
        p_over_cap=at_last("p_over_cap"),
        crossing_days={str(p): _crossing_day(account, p / 100) for p in (5, 50, 95)},
        scenario_bbl={name: at_last(f"at_{name}") for name, _ in FILL_SCENARIOS},
        factor_bbl={f"{factor:.2f}": tonnes * factor for factor in (GAS_OIL_BBL_PER_T, config.unnamed_bbl_per_t)},
        break_even_fill=cap.barrels / full if full > 0 else None,
        break_even_bbl_per_call=cap.barrels / calls if calls else None,
        notified_bbl=_notified_bbl(notified, config),
        notified_as_of=notified.as_of.isoformat() if notified else None,
        assumptions_id=str(liftings["assumptions_id"].iloc[0]) if len(liftings) else "",
        across_years=_across_years(members.rows, cap),
        corrected_bbl=_corrected_bbl(last),
        corrected_without=tuple(last.get("corrected_without", ())),
        other_years=members.other_years,
        left_out=members.exclusion_causes,
        later_calls=members.later,
        other_product_calls=members.other_product,
        p_over_cap_tonnes=_number(last, "p_over_cap_tonnes"),
        cap_t=cap.tonnes,
        tonnes_p50=tonnes,
        notified_t=notified.tonnes if notified else None,
        notified_source=notified.source if notified else "",
    )


def _corrected_bbl(last: Mapping[Hashable, Any]) -> tuple[float, float, float] | None:
    """p5, p50, p95 of the coverage-corrected account; None where unseen calls are unknown."""
    p5, p50, p95 = (_number(last, f"corrected_p{p}") for p in (5, 50, 95))
    return None if p5 is None or p50 is None or p95 is None else (p5, p50, p95)


def _number(row: Mapping[Hashable, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)


def _across_years(counted: pd.DataFrame, cap: CapConfig) -> tuple[str, ...]:
    """Counted calls that arrived in one account year and left in another, so that the cap's rule decided."""
    return tuple(
        str(row["call_id"])
        for row in records_of(counted)
        if len({account_year(day_of(row, cap.model_copy(update={"counts_on": end})), cap) for end in ENDS}) > 1
    )


def _crossing_day(account: pd.DataFrame, probability: float) -> str | None:
    """First day on which P(over cap) reaches this probability; None if never."""
    over = account[account["p_over_cap"] >= probability]
    return str(over["day"].iloc[0]) if len(over) else None


def notified_by(cap: CapConfig, year: str, day: date | None) -> Notified | None:
    """The last total of an account year published by a day; without a day, the newest."""
    known = [n for n in cap.notified if str(n.year) == year and (day is None or n.as_of <= day)]
    return max(known, key=lambda n: n.as_of) if known else None


def _notified_bbl(notified: Notified | None, config: VolumeConfig) -> float | None:
    return notified.in_barrels(config.unnamed_bbl_per_t) if notified else None


def _best_look_by_day(looks: pd.DataFrame | None) -> dict[date, str]:
    """The best look of each day at any counted zone (the caller passes looks at counted zones only)."""
    best: dict[date, str] = {}
    if looks is None:
        return best
    for row in looks[looks["acquired"].notna()].itertuples():
        day = row.acquired.date()
        if LOOK_RANK.index(row.state) > LOOK_RANK.index(best.get(day, "not_given")):
            best[day] = row.state
    return best
