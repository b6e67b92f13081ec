"""The map as a static figure, for print and for pages without scripts, with the same symbols as the interactive map.

A name or pin is put at the first of its candidate positions that overlaps no other and, if possible, no ship; pins are
placed first, then the names of counted berths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.report.drawing import BLUE, GREY, ORANGE, RED, lay_out, mark_simulated, new_figure
from pipeline.report.page_data import SILENCE
from pipeline.report.wording import call_numbers
from pipeline.times_places.longitudes import wrap_longitudes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.report.story import Story
    from pipeline.types import FloatArray, Zone

LAND, WATER, STRUCTURE = "#d9d2c3", "#eaf1f6", "#57534e"
WIDTH_IN, LEAST_IN, MOST_IN, AROUND_IN = 10.0, 4.0, 8.2, 1.1  # sheet width; least and most height; axis and legend
NAME_PT, LINE_PT, LETTER_PT = 8.0, 12.0, 4.9  # of a name: font size, line height, average letter width
MOST_LINES = 8  # that a name may be above or below its berth: farther off its owner is unclear (our choice)
SHIP_PT = 5.0  # size of a ship's mark
PIN_PT, STEM_PT = 15.0, 22.0  # from one pin to the next, from the berth to the first
IN_A_ROW, MOST_PINS = 5, 25  # pins, at one berth, as on the screen

Box = tuple[float, float, float, float]  # left, bottom, right, top [points]


def map_figure(story: Story) -> Figure:
    """Land, structures, tracks, zones with their names, accepted detections, and a pin for each counted call."""
    west, south, east, north = story.place.bbox
    aspect = 1 / np.cos(np.radians((south + north) / 2))
    height_in = WIDTH_IN * aspect * (north - south) / (east - west) + AROUND_IN
    figure, axes = new_figure(WIDTH_IN, float(np.clip(height_in, LEAST_IN, MOST_IN)))
    axes.set_facecolor(WATER)
    _draw_land(axes, story)
    _draw_structures(axes, story)
    _draw_tracks(axes, story)
    for zone in story.place.zones:
        for part in shapely.get_parts(zone.geometry):  # a two-sided pier is one zone with two parts
            ring = np.asarray(part.exterior.coords).T[:2]
            colour, width, dashes = (RED, 1.6, "-") if zone.counts else (GREY, 1.0, "--")
            axes.plot(*ring, zorder=4, color=colour, lw=width, ls=dashes)
    _draw_detections(axes, story)
    mark_simulated(axes, story)
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_xlabel("longitude, degrees east", fontsize=8)
    axes.set_ylabel("latitude, degrees north", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_aspect(aspect)
    axes.ticklabel_format(useOffset=False)
    if east > 180:  # the axis goes on beyond 180 degrees; its labels do not
        axes.xaxis.set_major_formatter(lambda lon, _: f"{float(wrap_longitudes(lon)):.7g}")
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    lay_out(figure)  # fixes the axes' position, on which those of names and pins depend
    _draw_pins_and_names(axes, story)
    return figure


def _draw_land(axes: Axes, story: Story) -> None:
    if story.place.land is None:
        return
    west, south, east, north = story.place.bbox
    land = shapely.clip_by_rect(story.place.land, west - 0.02, south - 0.02, east + 0.02, north + 0.02)
    for part in shapely.get_parts(land):
        if part.geom_type == "Polygon":
            ring = np.asarray(part.exterior.coords).T[:2]
            axes.fill(*ring, facecolor=LAND, edgecolor="#8c8470", lw=0.6, zorder=1)


def _draw_structures(axes: Axes, story: Story) -> None:
    """Draw the structures learnt from the looks (quays, jetties)."""
    shapes = [part for shape in story.structures.values() for part in shapely.get_parts(shape)]
    for n, part in enumerate(p for p in shapes if p.geom_type == "Polygon"):
        label = "stands there in nearly every look" if n == 0 else None
        axes.fill(*np.asarray(part.exterior.coords).T[:2], facecolor=STRUCTURE, lw=0, zorder=3, label=label)


def _draw_tracks(axes: Axes, story: Story) -> None:
    """Draw fixes without flags, joined unless a silence lies between them."""
    tracks = story.tables["tracks"]
    label: str | None = "AIS track"
    for _, track in tracks[tracks["flags"].map(len) == 0].groupby("track_id"):
        silent = track["time_utc"].diff() > SILENCE
        lon, lat = track["lon"].where(~silent), track["lat"].where(~silent)  # NaN breaks the line
        axes.plot(lon, lat, color="#94a3b8", lw=0.6, alpha=0.7, zorder=2, label=label)
        label = None


def _draw_detections(axes: Axes, story: Story) -> None:
    """Draw accepted detections, with and without an AIS match."""
    detections = story.tables["detections"]
    detections = detections[detections["accepted"].astype(bool) & detections["lon"].notna()]
    matches = story.tables["matches"]
    matched = detections["detection_id"].isin(matches.loc[matches["mmsi"].notna(), "det_id"])
    for part, colour, marker, label in (
        (detections[matched], BLUE, "o", "ship with transponder"),
        (detections[~matched], ORANGE, "D", "ship without transponder"),
    ):
        if len(part):
            axes.scatter(
                part["lon"], part["lat"], s=20, color=colour, marker=marker, ec="black", lw=0.4, label=label, zorder=5
            )


def _draw_pins_and_names(axes: Axes, story: Story) -> None:
    """Draw a pin for each counted call, with its number in the table of calls, and the name of each zone."""
    numbers, taken = call_numbers(story), list[Box]()
    calls = story.tables["port_calls"]
    berths = calls.loc[calls["call_id"].isin(list(numbers))].groupby("berth_id")["call_id"]
    numbers_at = {zone: sorted(numbers[c] for c in ids) for zone, ids in berths}
    extent = axes.get_window_extent()
    view = *_in_points(axes, extent.p0), *_in_points(axes, extent.p1)
    for zone in story.place.zones:
        if zone.zone_id in numbers_at:  # a crowd of pins would bury the map
            labels = [str(n) for n in numbers_at[zone.zone_id]]
            labels = labels if len(labels) <= MOST_PINS else [f"{len(labels)} calls"]
            _draw_pins(axes, zone, labels, view, taken)
    ships = _ship_boxes(axes)
    for zone in sorted(story.place.zones, key=lambda z: (not z.counts, -z.geometry.bounds[2])):
        _draw_name(axes, zone, view, taken, ships)


def _draw_pins(axes: Axes, zone: Zone, numbers: list[str], view: Box, taken: list[Box]) -> None:
    width_pt, shape = (PIN_PT, "circle,pad=0.25") if numbers[0].isdecimal() else (3 * PIN_PT, "round,pad=0.3")
    across = width_pt * min(IN_A_ROW, len(numbers))
    down = PIN_PT * (1 + (len(numbers) - 1) // IN_A_ROW)
    left, below = -across / 2, -STEM_PT - down + PIN_PT / 2
    above = STEM_PT - PIN_PT / 2
    aside = [0.0, *(s * n * PIN_PT for n in range(1, 6) for s in (-1, 1))]
    places = [(left + dx, dy) for dx in aside for dy in (below, above)]
    x, y = _free_position(axes, zone, places, (across, down), view, taken)
    for n, number in enumerate(numbers):
        at = (x + width_pt * (n % IN_A_ROW + 0.5), y + down - PIN_PT * (n // IN_A_ROW + 0.5))
        axes.annotate(
            number, _zone_middle(zone), xytext=at, textcoords="offset points", ha="center", va="center", fontsize=7,
            color="white", weight="bold", zorder=8, bbox={"boxstyle": shape, "fc": RED, "ec": "white"},
            arrowprops={"arrowstyle": "-", "color": RED, "lw": 0.9, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _ship_boxes(axes: Axes) -> list[Box]:
    """Boxes of the ships' marks."""
    lonlat = [at for drawn in axes.collections for at in np.asarray(drawn.get_offsets())]
    middles = [_in_points(axes, axes.transData.transform(at)) for at in lonlat]
    half = SHIP_PT / 2
    return [(x - half, y - half, x + half, y + half) for x, y in middles]


def _draw_name(axes: Axes, zone: Zone, view: Box, taken: list[Box], ships: list[Box]) -> None:
    away = 6.0
    name = display_name(zone, most=int(((view[2] - view[0]) / 2 - away) / LETTER_PT))  # so that one side has room
    width_pt = LETTER_PT * len(name)
    lines = [0.0, *(s * n * LINE_PT for n in range(1, MOST_LINES + 1) for s in (1, -1))]
    places = [(x, dy - LINE_PT / 2) for dy in lines for x in (away, -away - width_pt)]
    x, y = _free_position(axes, zone, places, (width_pt, LINE_PT), view, taken, ships)
    axes.annotate(
        name, _zone_middle(zone), xytext=(x if x > 0 else x + width_pt, y + LINE_PT / 2), textcoords="offset points",
        ha="left" if x > 0 else "right", va="center", fontsize=NAME_PT, color=RED if zone.counts else "#374151",
        zorder=7, parse_math=False,
    ).set_in_layout(False)  # fmt: skip


def display_name(zone: Zone, most: int) -> str:
    """A zone's name, cut to ``most`` letters; its id if the name is empty or the font lacks some of its letters."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    letters = get_font(findfont(FontProperties())).get_charmap()
    if not zone.name or any(ord(letter) not in letters for letter in zone.name):
        return zone.zone_id
    return zone.name if len(zone.name) <= most else f"{zone.name[: most - 1].rstrip()}…"


def _free_position(
    axes: Axes,
    zone: Zone,
    places: list[tuple[float, float]],
    size: tuple[float, float],
    view: Box,
    taken: list[Box],
    marks: Sequence[Box] = (),
) -> tuple[float, float]:
    """The first position that is in view and free, else in view, else the usual one; adds its box to ``taken``.

    Positions are in points from the zone. Among free positions, one without any of ``marks`` is preferred.
    """
    col, row = _in_points(axes, axes.transData.transform(np.asarray(_zone_middle(zone))))

    def box(place: tuple[float, float]) -> Box:
        return col + place[0], row + place[1], col + place[0] + size[0], row + place[1] + size[1]

    seen = [p for p in places if _within(box(p), view)]
    free = [p for p in seen if not any(_overlap(box(p), t) for t in taken)]
    clear = [p for p in free if not any(_overlap(box(p), m) for m in marks)]
    position = next(iter(clear or free or seen or places))
    taken.append(box(position))
    return position


def _zone_middle(zone: Zone) -> tuple[float, float]:
    west, south, east, north = zone.geometry.bounds
    return (west + east) / 2, (south + north) / 2


def _in_points(axes: Axes, pixel: FloatArray) -> tuple[float, float]:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return 72 * float(pixel[0]) / figure.dpi, 72 * float(pixel[1]) / figure.dpi


def _within(box: Box, view: Box) -> bool:
    return box[0] >= view[0] and box[1] >= view[1] and box[2] <= view[2] and box[3] <= view[3]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
