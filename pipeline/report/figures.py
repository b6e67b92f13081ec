"""Figures of the report: map, timeline of looks and calls, account against the cap.

Same input, same bytes: no dates, fixed ids. Colours are Okabe and Ito's, safe for colour-blind readers; every line also
differs in style or label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.report.drawing import BLUE, GREEN, GREY, ORANGE, RED, lay_out, mark_simulated, new_figure
from pipeline.report.extrapolated import mostly_extrapolated
from pipeline.report.map_figure import display_name, map_figure
from pipeline.report.opening import shown_alone
from pipeline.report.story import Story
from pipeline.report.wording import account_begins, counted_zones, days_of_period, zones_in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME_CHARS = 48  # of a zone's name beside its row (our choice)
BAR = 0.3  # share of a row's height for all stays at one place
SHORTEST_BAR = pd.Timedelta(hours=3)  # still visible
STATE_STYLE = {
    "usable": (GREEN, "o", "usable look"),
    "partly": (ORANGE, "D", "partly"),
    "unknown": (GREY, "x", "unknown"),
}


def figures(story: Story) -> dict[str, Figure]:
    """Map, timeline and account by name."""
    return {"map": map_figure(story), "timeline": _timeline_figure(story), "account": _account_figure(story)}


def _timeline_figure(story: Story) -> Figure:
    looks, calls = story.tables["looks"], story.tables["port_calls"]
    zones = zones_in_order(story)
    figure, axes = new_figure(10.0, 1.2 + 0.55 * max(1, len(zones)))
    level = {z.zone_id: -n for n, z in enumerate(zones)}
    for state, (colour, marker, label) in STATE_STYLE.items():
        state_looks = looks[
            (looks["state"] == state) & looks["acquired"].notna() & ((looks["covered"] > 0) | (state != "unknown"))
        ]
        heights = [level[z] - 0.26 for z in state_looks["zone_id"]]
        axes.scatter(state_looks["acquired"], heights, s=13, color=colour, marker=marker, lw=0.9, label=label, zorder=3)
    calls = calls.assign(counts=calls["call_id"].isin(story.in_account(calls)["call_id"]))
    for zone_id, zone_calls in calls.groupby("berth_id"):
        _draw_stays(axes, zone_calls, level[str(zone_id)], story)
    axes.fill_between([], [], color=RED, label="call, counted")
    axes.fill_between([], [], color=BLUE, label="call, not counted")
    names = [display_name(zone, most=NAME_CHARS) for zone in zones]
    axes.set_yticks(list(level.values()), names, fontsize=8, parse_math=False)
    axes.set_ylim(-len(zones) + 0.4, 0.6)
    _set_time_axis(axes, story)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#e5e7eb", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("day, UTC", fontsize=8)
    mark_simulated(axes, story)
    figure.legend(loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    return lay_out(figure)


def _draw_stays(axes: Axes, calls: pd.DataFrame, level: float, story: Story) -> None:
    """Bars of the stays at one place, with a thin line for the possible extent; stacked where they overlap."""
    period = story.config.period
    # The two ends are in reverse order if a look gives only its day
    stays = sorted((*sorted([c.arrival_hi, c.departure_lo]), n, c) for n, c in enumerate(calls.itertuples()))
    ends: list[pd.Timestamp] = []
    placed = []
    for start, end, _, call in stays:
        end = max(end, start + SHORTEST_BAR)
        lane = next((n for n, last in enumerate(ends) if last <= start), len(ends))
        ends[lane : lane + 1] = [end]
        placed.append((start, end, lane, call))
    bar_height = BAR / max(1, len(ends))
    for start, end, lane, call in placed:
        y, colour = level + 0.12 + BAR / 2 - (lane + 0.5) * bar_height, RED if call.counts else BLUE
        extent = (
            call.arrival_lo if pd.notna(call.arrival_lo) else min(period.start, start),
            call.departure_hi if pd.notna(call.departure_hi) else max(period.end, end),
        )
        axes.plot(extent, [y, y], color=colour, lw=1.2, alpha=0.45, solid_capstyle="butt", zorder=2)
        axes.barh(y, end - start, left=start, height=0.85 * bar_height, color=colour, alpha=0.9, zorder=3)


def as_steps(ledger: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Days and rows of a ledger for a step plot: the last row is repeated, since it holds to the end of its day."""
    rows = pd.concat([ledger, ledger.tail(1)], ignore_index=True)
    days = pd.to_datetime(rows["day"])
    return days + pd.to_timedelta([0] * len(ledger) + [1] * (len(rows) - len(ledger)), unit="D"), rows


def _account_figure(story: Story) -> Figure:
    account, head = story.tables["ledger"], story.headline
    figure, axes = new_figure(10.0, 4.2)
    top = 1.0
    if len(account):
        top = max(top, float(account["observed_p95"].max()))
        day, account = as_steps(account)
        top = max(top, _draw_with_unseen(axes, day, account, story))
        if head.calls_counted:
            _draw_observed(axes, day, account)
            _mark_shown_alone(axes, day, story)
        else:  # lines along 0 would read as "nothing was lifted"
            text = "no counted call, so nothing is added up"
            axes.text(0.5, 0.3, text, transform=axes.transAxes, ha="center", fontsize=10, color=GREY)
    _shade_unseen_days(axes, story)
    if top > 0.3 * head.cap_bbl:
        axes.axhline(head.cap_bbl, color=RED, lw=1.6, label=f"cap, {head.cap_bbl:,.0f} bbl")
        top = max(top, head.cap_bbl)
    else:
        axes.axhline(0.25 * head.cap_bbl, color=RED, lw=1.2, ls=(0, (6, 3)), label="a quarter of the cap")
        top = max(top, 0.25 * head.cap_bbl)
    axes.set_ylim(0, 1.12 * top)
    axes.yaxis.set_major_formatter(lambda v, _p: f"{v:,.0f}")
    axes.set_ylabel("barrels, cumulative", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(color="#e5e7eb", lw=0.6)
    axes.set_axisbelow(True)
    _set_time_axis(axes, story)
    axes.set_xlim(left=max(story.config.period.start, pd.Timestamp(account_begins(story), tz="UTC")))
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    mark_simulated(axes, story)
    return lay_out(figure)


def _draw_observed(axes: Axes, day: pd.Series, account: pd.DataFrame) -> None:
    """Draw the observed sum, and the sum of the same calls at the fixed fills."""
    axes.fill_between(
        day, account["observed_p5"], account["observed_p95"], step="post", color=BLUE, alpha=0.22, lw=0,
        label="observed, 90 % interval",
    )  # fmt: skip
    axes.step(day, account["observed_p50"], where="post", color=BLUE, lw=2, label="observed, median")
    for name, full, style in (("33", "⅓", ":"), ("60", "60 %", "-."), ("90", "90 %", "--")):
        axes.step(
            day, account[f"at_{name}"], where="post", color=GREY, lw=1, ls=style, label=f"if all were {full} full"
        )


def _mark_shown_alone(axes: Axes, day: pd.Series, story: Story) -> None:
    """Mark the estimate for the shown calls alone, which the fixed fills must be compared with, not the whole sum."""
    if (shown := shown_alone(story)) is not None:
        axes.plot(
            day.iloc[-1], shown.alone_bbl, "o", color=BLUE, ms=6, clip_on=False, label="calls shown alone, median"
        )


def _set_time_axis(axes: Axes, story: Story) -> None:
    """Set the time axis to the period; ticks start at its first day, so that none crowds the last."""
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator

    axes.set_xlim(story.config.period.start, story.config.period.end)  # type: ignore[arg-type]
    locator = AutoDateLocator(interval_multiples=False)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(AutoDateFormatter(locator))


def _draw_with_unseen(axes: Axes, day: pd.Series, account: pd.DataFrame, story: Story) -> float:
    """Draw the sum with unseen calls and return its maximum; 0, without drawing, if unknown or mostly extrapolated."""
    if account["corrected_p50"].isna().all() or mostly_extrapolated(story):
        return 0.0
    low, high = account["corrected_p5"], account["corrected_p95"]
    axes.fill_between(day, low, high, step="post", color=ORANGE, alpha=0.16, lw=0, label="with unseen calls, 90 %")
    axes.step(
        day, account["corrected_p50"], where="post", color=ORANGE, lw=1.6, ls=(0, (4, 2)),
        label="with unseen calls, median",
    )  # fmt: skip
    return float(high.max())


def _shade_unseen_days(axes: Axes, story: Story) -> None:
    """Shade the days of the period on which no counted zone was seen: what was loaded then is unknown."""
    looks = story.tables["looks"]
    seen = looks[
        looks["zone_id"].isin(counted_zones(story)) & (looks["state"] != "unknown") & looks["acquired"].notna()
    ]
    seen_days = set(seen["acquired"].dt.date)
    label: str | None = "day without a look"
    for day in (pd.Timestamp(d) for d in days_of_period(story) if d not in seen_days):
        axes.axvspan(day, day + pd.Timedelta(days=1), color="#9ca3af", alpha=0.22, lw=0, zorder=0, label=label)
        label = None
