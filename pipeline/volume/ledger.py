"""The account: liftings summed over an account year against a cap, day by day, observed calls only."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.volume import Notified
from pipeline.tables import LEDGER
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.types import Headline
from pipeline.volume.montecarlo import simulate

LOOK_RANK = ("not_given", "unknown", "partly", "usable")


def account_year(day: date, cap: CapConfig) -> tuple[str, date]:
    """Name and first day of the account year in which a day lies.

    The year is named after the calendar year in which it starts, as the cap's text does.
    """
    month, first = (int(part) for part in cap.year_starts.split("-"))
    start = date(day.year, month, first)
    if day < start:
        start = date(day.year - 1, month, first)
    return str(start.year), start


def ledger(
    liftings: pd.DataFrame,
    cap: CapConfig,
    config: VolumeConfig,
    seed: int,
    *,
    as_of: date | None = None,
    looks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per day of the account year in which ``as_of`` lies, from its first day to ``as_of``.

    Without ``as_of``, the last call's day is taken. Calls of other account years are not in this account. The moment of
    a call that decides is the cap's ``counts_on``, in UTC.
    """
    counted = liftings[liftings["counts"].astype(bool)].reset_index(drop=True)
    days = [_day(row, cap) for row in counted.to_dict("records")]
    last = as_of or max(days, default=None)
    if last is None:
        return LEDGER.empty()
    year, start = account_year(last, cap)
    barrels = simulate(counted, config, seed)
    inside = np.array([start <= d <= last for d in days], dtype=bool)
    looked = _looked_by_day(looks)
    notified = _notified(cap, year)
    rows = []
    for n in range((last - start).days + 1):
        day = start + timedelta(days=n)
        so_far = inside & np.array([d <= day for d in days], dtype=bool)
        total = barrels[so_far].sum(axis=0) if so_far.any() else np.zeros(config.draws)
        p5, p50, p95 = (float(v) for v in np.percentile(total, (5, 50, 95)))
        rows.append(
            {
                "day": day.isoformat(),
                "account_year": year,
                "calls": int(so_far.sum()),
                "observed_p5": p5,
                "observed_p50": p50,
                "observed_p95": p95,
                "observed_mean": float(total.mean()),
                "cap_bbl": cap.barrels,
                "share_p50": p50 / cap.barrels,
                "p_over_cap": float(np.mean(total > cap.barrels)),
                "notified_bbl": notified.barrels if notified else None,
                "looked": looked.get(day, "not_given" if looks is None else "unknown"),
            }
            | {f"at_{name}": float(counted.loc[so_far, f"barrels_at_{name}"].sum()) for name, _ in FILL_SCENARIOS}
        )
    return LEDGER.check(LEDGER.from_rows(rows))


def headline(
    liftings: pd.DataFrame, account: pd.DataFrame, cap: CapConfig, config: VolumeConfig, seed: int
) -> Headline:
    """The account's last day in one value, with the break-even fill and the days on which the cap was passed."""
    del seed  # the account was drawn already; nothing here is random
    last = account.iloc[-1] if len(account) else None
    year = str(last["account_year"]) if last is not None else ""
    full = float(last["at_100"]) if last is not None else 0.0
    calls = int(last["calls"]) if last is not None else 0
    notified = _notified(cap, year)
    p50 = float(last["observed_p50"]) if last is not None else 0.0
    mix = sum(p.share * p.bbl_per_t for p in config.products)
    break_even = cap.barrels / full if full > 0 else None
    return Headline(
        cap_id=cap.id,
        cap_title=cap.title,
        cap_bbl=cap.barrels,
        account_year=year,
        as_of=str(last["day"]) if last is not None else "",
        calls_seen=len(liftings),
        calls_counted=calls,
        barrels_p5=float(last["observed_p5"]) if last is not None else 0.0,
        barrels_p50=p50,
        barrels_p95=float(last["observed_p95"]) if last is not None else 0.0,
        barrels_mean=float(last["observed_mean"]) if last is not None else 0.0,
        p_over_cap=float(last["p_over_cap"]) if last is not None else 0.0,
        crossing_days={str(p): _crossing(account, p / 100) for p in (5, 50, 95)},
        scenario_bbl={name: float(last[f"at_{name}"]) if last is not None else 0.0 for name, _ in FILL_SCENARIOS},
        factor_bbl={f"{factor:.2f}": p50 / mix * factor for factor in (7.46, config.unnamed_bbl_per_t)},
        break_even_fill=break_even,
        break_even_bbl_per_call=cap.barrels / calls if calls else None,
        notified_bbl=notified.barrels if notified else None,
        notified_as_of=notified.as_of.isoformat() if notified else None,
        assumptions_id=str(liftings["assumptions_id"].iloc[0]) if len(liftings) else "",
    )


def _day(row: dict[str, object], cap: CapConfig) -> date:
    """The UTC day that decides a call's account year."""
    moment = row[cap.counts_on] if not pd.isna(row[cap.counts_on]) else row["arrival"]
    return pd.Timestamp(moment).tz_convert("UTC").date()


def _crossing(account: pd.DataFrame, probability: float) -> str | None:
    """First day on which P(over cap) is at least that probability."""
    over = account[account["p_over_cap"] >= probability]
    return str(over["day"].iloc[0]) if len(over) else None


def _notified(cap: CapConfig, year: str) -> Notified | None:
    """The last published total of an account year."""
    of_year = [n for n in cap.notified if str(n.year) == year]
    return max(of_year, key=lambda n: n.as_of) if of_year else None


def _looked_by_day(looks: pd.DataFrame | None) -> dict[date, str]:
    """The best look of each day at any counted zone (the caller passes looks at counted zones only)."""
    best: dict[date, str] = {}
    if looks is None:
        return best
    for row in looks[looks["acquired"].notna()].itertuples():
        day = row.acquired.date()
        if LOOK_RANK.index(row.state) > LOOK_RANK.index(best.get(day, "not_given")):
            best[day] = row.state
    return best
