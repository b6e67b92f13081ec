"""Figures of the report as SVG text: map, timeline of looks and calls, account against the cap.

Same input, same bytes: no dates, fixed ids. Colours are Okabe and Ito's, safe for colour-blind readers; every line also
differs in style or label.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.report.story import Story
from pipeline.report.wording import days_of_period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6b7280"
LAND, WATER = "#d9d2c3", "#eaf1f6"
STATE_STYLE = {
    "usable": (GREEN, "o", "usable look"),
    "partly": (ORANGE, "D", "partly"),
    "unknown": (GREY, "x", "unknown"),
}
MAX_SILENCE = pd.Timedelta(hours=2)  # a track is not drawn through a longer one
SENSOR_STYLE = {
    "sentinel-1": (BLUE, "o", "radar"),
    "sentinel-2": (GREEN, "s", "Sentinel-2"),
    "optical": (RED, "^", "optical"),
}


def figures(story: Story) -> dict[str, str]:
    """SVG text by name: map, timeline, account."""
    return {"map": _svg(_map(story)), "timeline": _svg(_timeline(story)), "account": _svg(_account(story))}


def pictures(story: Story) -> dict[str, bytes]:
    """The same as PNG bytes, for slides and word processors."""
    drawn = {"map": _map(story), "timeline": _timeline(story), "account": _account(story)}
    return {name: _png(figure) for name, figure in drawn.items()}


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150, metadata={"Software": "capwatch"}, facecolor="white")
    return out.getvalue()


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure) -> str:
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "capwatch", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "capwatch"}, facecolor="white")
    text = out.getvalue()
    return text[text.index("<svg") :]


def _mark(axes: Axes, story: Story) -> None:
    """The word that cannot be overlooked."""
    if story.simulated:
        axes.text(
            0.5, 0.5, "SIMULATED", transform=axes.transAxes, ha="center", va="center",
            fontsize=38, color="#b91c1c", alpha=0.13, rotation=18, zorder=0.5, weight="bold",
        )  # fmt: skip


def _map(story: Story) -> Figure:
    import shapely

    west, south, east, north = story.place.bbox
    figure, axes = _figure(10.0, 8.2)
    axes.set_facecolor(WATER)
    if story.place.land is not None:
        land = shapely.clip_by_rect(story.place.land, west - 0.02, south - 0.02, east + 0.02, north + 0.02)
        for part in shapely.get_parts(land):
            if part.geom_type == "Polygon":
                axes.fill(
                    *np.asarray(part.exterior.coords).T[:2], facecolor=LAND, edgecolor="#8c8470", lw=0.6, zorder=1
                )
    _structures(axes, story)
    _tracks(axes, story)
    for zone in story.place.zones:
        colour = RED if zone.counts else GREY
        for part in shapely.get_parts(zone.geometry):  # a pier with two sides is one zone of two parts
            ring = np.asarray(part.exterior.coords).T[:2]
            axes.plot(*ring, color=colour, lw=1.4 if zone.counts else 0.9, zorder=4)
        point = zone.geometry.representative_point()
        axes.annotate(
            zone.zone_id,
            (point.x, point.y),
            xytext=(5, 7),
            textcoords="offset points",
            fontsize=8,
            color=colour,
            zorder=6,
        )
    seen = story.tables["detections"]
    seen = seen[seen["accepted"].astype(bool) & seen["lon"].notna()]
    for sensor, (colour, marker, label) in SENSOR_STYLE.items():
        part = seen[seen["sensor"] == sensor]
        if len(part):
            axes.scatter(
                part["lon"], part["lat"], s=16, color=colour, marker=marker, alpha=0.75, lw=0, label=label, zorder=5
            )
    _mark(axes, story)
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_xlabel("longitude, degrees east", fontsize=8)
    axes.set_ylabel("latitude, degrees north", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axes.ticklabel_format(useOffset=False)
    if len(seen):
        axes.legend(loc="lower left", fontsize=8, framealpha=0.9, title="accepted detections", title_fontsize=8)
    return figure


def _structures(axes: Axes, story: Story) -> None:
    """What the looks taught to be a quay or a jetty."""
    import shapely

    shapes = [part for shape in story.structures.values() for part in shapely.get_parts(shape)]
    for n, part in enumerate(p for p in shapes if p.geom_type == "Polygon"):
        label = "structure learnt from looks" if n == 0 else None
        axes.fill(*np.asarray(part.exterior.coords).T[:2], facecolor="#57534e", lw=0, zorder=3, label=label)


def _tracks(axes: Axes, story: Story) -> None:
    """Clean fixes, joined where no silence lies between them."""
    tracks = story.tables["tracks"]
    for _, track in tracks[tracks["flags"].map(len) == 0].groupby("track_id"):
        silent = track["time_utc"].diff() > MAX_SILENCE
        lon, lat = track["lon"].where(~silent), track["lat"].where(~silent)  # NaN breaks the line
        axes.plot(lon, lat, color="#94a3b8", lw=0.5, alpha=0.6, zorder=2)


def _timeline(story: Story) -> Figure:
    looks, calls = story.tables["looks"], story.tables["port_calls"]
    zones = [z.zone_id for z in sorted(story.place.zones, key=lambda z: (not z.counts, z.kind != "berth", z.zone_id))]
    figure, axes = _figure(10.0, 1.2 + 0.55 * max(1, len(zones)))
    level = {z: -n for n, z in enumerate(zones)}
    for state, (colour, marker, label) in STATE_STYLE.items():
        part = looks[
            (looks["state"] == state) & looks["acquired"].notna() & ((looks["covered"] > 0) | (state != "unknown"))
        ]
        heights = [level[z] - 0.26 for z in part["zone_id"]]
        axes.scatter(part["acquired"], heights, s=13, color=colour, marker=marker, lw=0.9, label=label, zorder=3)
    for call in calls.itertuples():
        y = level[call.berth_id]
        start, end = sorted([call.arrival_hi, call.departure_lo])  # they cross where a look tells its day alone
        colour = RED if call.counts else BLUE
        maybe = (
            call.arrival_lo if pd.notna(call.arrival_lo) else start,
            call.departure_hi if pd.notna(call.departure_hi) else end,
        )
        axes.plot(maybe, [y + 0.12] * 2, color=colour, lw=1.2, alpha=0.45, solid_capstyle="butt", zorder=2)
        width = max(end - start, pd.Timedelta(hours=3))
        axes.barh(y + 0.12, width, left=start, height=0.26, color=colour, alpha=0.9, zorder=3)
    axes.fill_between([], [], color=RED, label="call, counted")
    axes.fill_between([], [], color=BLUE, label="call, not counted")
    axes.set_yticks(list(level.values()), list(level), fontsize=8)
    axes.set_ylim(-len(zones) + 0.4, 0.6)
    axes.set_xlim(story.config.period.start, story.config.period.end)  # type: ignore[arg-type]
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#e5e7eb", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("day, UTC", fontsize=8)
    _mark(axes, story)
    figure.legend(loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    return figure


def _account(story: Story) -> Figure:
    account, head = story.tables["ledger"], story.headline
    figure, axes = _figure(10.0, 4.2)
    if len(account):
        day = pd.to_datetime(account["day"])
        axes.fill_between(
            day, account["observed_p5"], account["observed_p95"], step="post", color=BLUE, alpha=0.22, lw=0,
            label="observed, 90 % interval",
        )  # fmt: skip
        axes.step(day, account["observed_p50"], where="post", color=BLUE, lw=2, label="observed, median")
        for name, style in (("33", ":"), ("60", "-."), ("90", "--")):
            axes.step(
                day, account[f"at_{name}"], where="post", color=GREY, lw=1, ls=style, label=f"if all were {name} % full"
            )
    _unlooked(axes, story)
    top = max(float(account["observed_p95"].max()) if len(account) else 0.0, 1.0)
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
    axes.set_xlim(story.config.period.start, story.config.period.end)  # type: ignore[arg-type]
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    _mark(axes, story)
    return figure


def _unlooked(axes: Axes, story: Story) -> None:
    """Shade the days of the period on which no counted berth was seen: what was loaded then is unknown."""
    looks = story.tables["looks"]
    counted = {z.zone_id for z in story.place.zones if z.counts}
    seen = looks[looks["zone_id"].isin(counted) & (looks["state"] != "unknown") & looks["acquired"].notna()]
    looked = set(seen["acquired"].dt.date)
    label: str | None = "day without a look"
    for day in (pd.Timestamp(d) for d in days_of_period(story) if d not in looked):
        axes.axvspan(day, day + pd.Timedelta(days=1), color="#9ca3af", alpha=0.22, lw=0, zorder=0, label=label)
        label = None
