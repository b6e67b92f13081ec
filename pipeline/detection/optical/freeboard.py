"""Measure freeboard: from the shadow of the ship's side on the water, and from the side itself where it is visible.

On flat water the shadow of a point at height ``h`` falls ``h / tan(sun elevation)`` away, on the side away from the
sun; the camera, ``off_nadir`` from the zenith, sees the point ``h tan(off_nadir)`` from its place, away from the
satellite. Across the hull these are ``h k_s`` (towards the shaded side) and ``h k_v`` (``k_v`` > 0 on the side that
faces the camera, and is that much visible). The waterline and the shadow's end stay in place while the deck's edge is
displaced: `side` fits the profile across each side of the hull for the height that explains it.

The same geometry measures oil tanks to 0.24 m (https://doi.org/10.3390/rs11070793); for hulls nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.frame import resample
from pipeline.detection.optical.gear_and_cargo import (
    LEAST_SHADED,
    MOST_SHADED,
    cargo_m,
    ends_in_steps,
    gear_m,
    may_carry_deck_cargo,
    without_gear,
)
from pipeline.detection.optical.side import MIN_GAIN, Posterior, SideGeometry, fit_side, height_grid, quantiles
from pipeline.quantiles import Z90
from pipeline.ships.hull_depth import usual_depth_of_any_kind_m

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import BoolImage, FloatArray, FloatImage

MAX_PIXEL_M = 3.5  # coarser pixels blur a ship's shadow into her hull
MAX_BLIND_PIXEL_M = 1.6  # coarser pixels do not separate a side from its deck
LOWEST_SUN_DEG = 8.0  # below, a shadow is seven times the height and falls on something (our choice)
PARALLEL = 0.30  # half of the share of the length over which the side is straight and the deck level
MIN_LENGTH_M = 42.0  # on shorter hulls house and fenders stand at the side itself
NEAR_SHARE = 0.55  # of the longest shadow: anything nearer would catch its end, and in shade looks like water
STACKED_CARGO = "the shadow ends in steps, as high as stacks: cargo stands at the side"
SMOOTH_ROWS_M = 4.0  # smoothing along the hull, against the noise of single rows (our choice)
MAX_SHARE = 0.92  # of the usual depth: a higher side has deck cargo standing on it
MIN_ROWS_M = 8.0  # of hull with a clear profile
REFRACTION = 1.34  # of sea water
DEEPEST = 1.3  # times the usual depth of a hull: no side is higher
TALLEST_M = 25.0  # ... nor than this: the largest tankers in ballast have some 22 m
USUAL_SHARE = (0.42, 0.22)  # share of the depth above water: mean and spread from ballast to load line; our choice
HOUSE_ABOVE_DECK = (6.0, 0.08)  # m, and share of the length: height of a house, whose shadow falls along the hull
HOUSE_ENDS = 0.22  # share of the length from the stern within which a house usually stands
ELEVATION_SE_DEG = 0.2  # of the sun: given to a tenth, for another moment of the scene (our choice)
VIEW_SE_DEG = 0.5  # of the camera: given for the scene's middle (our choice)
SEA_SE_M = 0.06  # water runs up and down the side; harbour water; our choice
FORM_SE_M = 0.10  # sheer and trim over the measured stretch; rails; our choice
SHARP_PIXEL_M, COARSE_SHARE = 0.7, 0.08  # for each metre of pixel above the first, this share of the height may be
# other dark pixels blended in: the interval opens downwards (set on simulated seeds 651 to 690, 9301 to 9330 at 3 m)
DISAGREE = 2.5  # standard deviations between shadow and side beyond which they are not combined


@dataclass(frozen=True, slots=True)
class SunView:
    """Angles in the pixel frame: unit vectors (down, right) to the sun and to the satellite; elevations in degrees."""

    sun: tuple[float, float]
    sun_elevation_deg: float
    view: tuple[float, float]
    off_nadir_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredLines:
    """The measured edges as lines along the hull in scene pixels, shape (2, 2): row and column of both ends."""

    deck_edge: FloatArray
    waterline: FloatArray | None
    boot_top: FloatArray | None
    shadow_end: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Freeboard:
    """Freeboard with its 90 % interval, or None; ``evidence`` says in words how it was measured, or why not."""

    value_m: float | None
    lo_m: float | None
    hi_m: float | None
    evidence: str
    flags: tuple[str, ...] = ()
    boot_m: float | None = None  # height of the boot-topping that shows above water
    lines: tuple[MeasuredLines, ...] = ()
    deck_edges: dict[int, float] = field(default_factory=dict)  # side -> distance of the deck's edge from the axis [m]

    def labelled_lines(self) -> tuple[tuple[str, FloatArray], ...]:
        """Every line with its kind, for figures of the measurement."""
        kinds = ("deck_edge", "boot_top", "waterline", "shadow_end")
        pairs = ((kind, getattr(lines, kind)) for lines in self.lines for kind in kinds)
        return tuple((kind, at) for kind, at in pairs if at is not None)


def side_geometries(axis: tuple[float, float], light: SunView) -> tuple[SideGeometry, SideGeometry]:
    """Both sides' geometry for a hull's axis (south, east).

    >>> east, west = side_geometries((-1.0, 0.0), SunView((0.0, 1.0), 45.0, (0.0, 1.0), 0.0))  # course north, sun east
    >>> round(east.k_s, 3), round(west.k_s, 3), east.side  # one metre of shadow a metre of height, to the west
    (0.0, 1.0, -1)
    """
    normal = np.array([-axis[1], axis[0]])
    away, towards = -np.array(light.sun), np.array(light.view)
    shade = away / np.tan(np.radians(light.sun_elevation_deg))
    lean = -towards * np.tan(np.radians(light.off_nadir_deg))
    drift = away * _refracted_tangent(90 - light.sun_elevation_deg) + towards * _refracted_tangent(light.off_nadir_deg)
    k_u = float(shade @ np.array(axis))
    sides = [
        SideGeometry(
            side,
            -side * float(lean @ normal),
            max(0.0, side * float(shade @ normal)),
            k_u,
            max(0.0, side * float(drift @ normal)),
        )
        for side in (-1, 1)
    ]
    return sides[0], sides[1]


def _refracted_tangent(zenith_deg: float) -> float:
    """Tangent of a ray's angle from the vertical under water (Snell)."""
    return float(np.tan(np.arcsin(np.sin(np.radians(zenith_deg)) / REFRACTION)))


def measure_freeboard(
    light: FloatImage,
    others: BoolImage,
    hull: Hull,
    sun: SunView | None,
    origin: tuple[int, int],
    tanker: float = 1.0,
) -> Freeboard:
    """Freeboard of a fitted hull.

    ``light`` is visible light over that of the water around (water 1); ``others`` marks what is neither this hull nor
    water: land, quays, other ships. ``tanker`` is the probability that her deck is a tanker's: on other decks hatches
    may cast the measured shadow.
    """
    pixel = hull.frame.pixel_m
    if pixel > MAX_PIXEL_M:
        return no_freeboard(f"pixels of {pixel:.3g} m show no shadow edge")
    if hull.length_m < MIN_LENGTH_M:
        return no_freeboard(f"a hull of {hull.length_m:.0f} m is too short")
    if sun is None:
        return no_freeboard("not all sun and view angles are known")
    if sun.sun_elevation_deg < LOWEST_SUN_DEG:
        return no_freeboard("the sun is too low: shadows run into one another")
    heights = height_grid(min(TALLEST_M, DEEPEST * usual_depth_of_any_kind_m(hull.length_m)))
    sides, reasons = [], []
    for k in (_as_resolved(k, pixel) for k in side_geometries(hull.frame.axis, sun)):
        seen = _read_clear_rows(light, others, hull, k, float(heights[-1]), origin)
        cargo = may_carry_deck_cargo(tanker)
        found = _measure_side(seen, hull, k, heights, cargo=cargo) if isinstance(seen, _SideRows) else seen
        if isinstance(found, str):
            reasons.append(found)
        elif found is not None:
            sides.append((k, found))
    if STACKED_CARGO in reasons:
        return no_freeboard(STACKED_CARGO)  # the other side, if visible, includes the stacks as well
    if not sides:
        return no_freeboard(reasons[0] if reasons else "the sun stands too high, or along the hull, or behind the lean")
    return _combine_sides(hull, sides, heights, sun, tanker)


def log_prior(heights_m: FloatArray, length_m: float) -> FloatArray:
    """Log prior of a side's height, normal in its share of the depth usual for the length (`USUAL_SHARE`)."""
    share = heights_m / usual_depth_of_any_kind_m(length_m)
    return np.asarray(-0.5 * ((share - USUAL_SHARE[0]) / USUAL_SHARE[1]) ** 2)


def no_freeboard(reason: str) -> Freeboard:
    """No freeboard, and why."""
    return Freeboard(None, None, None, f"no freeboard: {reason}")


def _as_resolved(k: SideGeometry, pixel_m: float) -> SideGeometry:
    """A side's geometry as the pixels resolve it: coarse ones show no visible side, only the shadow."""
    return replace(k, k_v=0.0) if pixel_m > MAX_BLIND_PIXEL_M and k.k_v > 0 else k


@dataclass(frozen=True, slots=True, eq=False)
class _SideRows:
    """Light across one side, at distances ``x`` [m] from the frame's middle, shape (rows along the hull, x)."""

    x: FloatArray
    light: FloatImage


def _measure_side(
    seen: _SideRows, hull: Hull, k: SideGeometry, heights: FloatArray, *, cargo: bool
) -> Posterior | str | None:
    """Height of one side from its rows; a reason in words where it cannot be measured, None without a profile to fit.

    ``cargo``: deck cargo may stand at the side.
    """
    found = _fit(seen.x, seen.light, 50.0, hull, k, heights)
    if found is None:
        return None
    if found.misfit_gain < MIN_GAIN:
        return "no dark strip and no side can be told from the water's own pattern"
    if found.depth > 0:
        # Hatches and cranes only lengthen a shadow: where the least shaded fifth of the rows gives less, that is right
        soft = ndimage.uniform_filter1d(seen.light, max(1, round(SMOOTH_ROWS_M / hull.frame.pixel_m)), axis=0)
        least = _if_layered(_fit(seen.x, soft, 100.0 - LEAST_SHADED, hull, k, heights))
        if cargo and ends_in_steps(least, _if_layered(_fit(seen.x, soft, MOST_SHADED, hull, k, heights))):
            return STACKED_CARGO
        if least is not None:
            found = without_gear(found, least)
    return found


def _if_layered(found: Posterior | None) -> Posterior | None:
    """The posterior, if the profile shows layers at all."""
    return found if found is not None and found.misfit_gain > MIN_GAIN else None


def _read_clear_rows(
    light: FloatImage,
    others: BoolImage,
    hull: Hull,
    k: SideGeometry,
    tallest: float,
    origin: tuple[int, int],
) -> _SideRows | str | None:
    """The rows of one side with nothing else in them; a reason in words where there are too few, None where the
    geometry shows neither shadow nor side."""
    pixel, half = hull.frame.pixel_m, hull.beam_m / 2
    u = clear_rows(hull, k.k_u, 0.45 * tallest, pixel)
    x = np.arange(
        max(0.25 * half, half - 4.0 - tallest * max(k.k_v, 0.0)), half + tallest * (k.k_s + abs(k.k_v)) + 8.0, pixel / 2
    )
    rows = resample(light, hull.frame, u, k.side * x, origin)
    taken = resample(others.astype(np.float32), hull.frame, u, k.side * x, origin) > 0.4
    room = half + max(3 * pixel, 1.5)
    beside = (x > half) & (x < room)
    open_rows = np.isfinite(rows[:, x < room]).all(axis=1) & ~taken[:, beside].any(axis=1)
    if open_rows.sum() * pixel < MIN_ROWS_M:
        if k.k_s < 0.2 and k.k_v < 0.1:
            return None
        what = "shaded side" if k.k_s > 0 else "side that faces the camera"
        return f"the {what} lies at a quay, another hull or the image's edge, or too little of it is clear"
    rows, taken = rows[open_rows], taken[open_rows]
    ends = ((taken | ~np.isfinite(rows)).mean(axis=0) > 0.3) & (x > half)
    last = x[int(np.argmax(ends))] - 1.5 * pixel if ends.any() else x[-1] + 1.0
    if k.throws_shadow and last < half + NEAR_SHARE * tallest * k.shadow:
        return "a quay or another hull lies where the shadow would end"
    return _SideRows(x[x < last], rows[:, x < last])


def _fit(
    x: FloatArray, rows: FloatImage, percent: float, hull: Hull, k: SideGeometry, heights: FloatArray
) -> Posterior | None:
    """Posterior of the height, prior included, from one percentile of the rows."""
    half = hull.beam_m / 2
    known = np.isfinite(rows).any(axis=0)  # columns beyond the image's edge have no data
    if not known.any():
        return None
    profile = np.full(len(x), np.nan)
    profile[known] = np.nanpercentile(rows[:, known], percent, axis=0)
    beyond = known & (x > half + 0.5 * float(heights[-1]) * (k.k_s + abs(k.k_v)))
    if percent != 50 and beyond.sum() > 4:
        profile = profile / float(np.nanmedian(profile[beyond])) * float(np.nanmedian(rows[:, beyond]))
    found = fit_side(x, profile.astype(np.float64), half, k, hull.frame.pixel_m, heights)
    return None if found is None else replace(found, log_p=found.log_p + log_prior(heights, hull.length_m))


def clear_rows(hull: Hull, k_u: float, height_m: float, step_m: float) -> FloatArray:
    """Positions along the hull whose shadow comes from the straight side and not from the house."""
    half = PARALLEL * hull.length_m
    u = np.arange(-half, half + 1e-9, step_m)
    source = u - height_m * k_u
    good = (source > -half - 0.06 * hull.length_m) & (source < half + 0.04 * hull.length_m)
    reach = (HOUSE_ABOVE_DECK[0] + HOUSE_ABOVE_DECK[1] * hull.length_m + height_m) * k_u
    house = -hull.length_m / 2 + HOUSE_ENDS * hull.length_m
    good &= u > house + max(0.0, reach)
    if not hull.bow_known:
        good &= u < -house + min(0.0, reach)
    return u[good]


def _combine_sides(
    hull: Hull, sides: list[tuple[SideGeometry, Posterior]], heights: FloatArray, sun: SunView, tanker: float
) -> Freeboard:
    """One height from both sides where they agree; else the more reliable one, an interval over both, and a flag."""
    flags: tuple[str, ...] = ()
    parts = [(k, p, _widened(p.interval(), k, hull, sun)) for k, p in sides]
    value, low, high = parts[0][2]
    gear = max((gear_m(hull.beam_m, k, tanker) for k, p, _ in parts if p.depth > 0), default=0.0)
    if len(parts) == 2:
        (a, _, first), (b, _, second) = parts
        disagreement = abs(first[0] - second[0]) / max(
            1e-6, float(np.hypot(first[2] - first[1], second[2] - second[1])) / (2 * Z90)
        )
        if disagreement <= DISAGREE:
            joint = quantiles(heights, parts[0][1].log_p + parts[1][1].log_p - log_prior(heights, hull.length_m))
            better = a if first[2] - first[1] < second[2] - second[1] else b
            value, low, high = _widened(joint, better, hull, sun)
        else:
            flags = ("freeboard_disputed",)
            shadow_first = gear == 0  # gear lengthens shadows, but not the visible side
            trusted = first if (a.k_s > b.k_s) == shadow_first else second
            value, low, high = trusted[0], min(first[1], second[1]), max(first[2], second[2])
    if gear > 0:
        flags = (*flags, "gear_may_lengthen_shadow")
        low = value - float(np.hypot(value - low, gear))
    words = " and ".join(_describe_side(k, p, v) for k, p, v in parts)
    if high - low - gear > max(3.0, 0.9 * value):
        return no_freeboard(f"the edges are too vague ({low:.1f} to {high:.1f} m by {words})")
    if value > MAX_SHARE * usual_depth_of_any_kind_m(hull.length_m):
        return no_freeboard(f"{value:.1f} m is as much as such a hull is deep: cargo stands at the side")
    blended = COARSE_SHARE * max(0.0, hull.frame.pixel_m - SHARP_PIXEL_M) * value
    low = value - float(np.hypot(value - low, np.hypot(cargo_m(value, tanker), blended)))
    boots = [p.boot_m for k, p, _ in parts if k.k_v > 0.15 and p.boot_m > 0.3]
    text = f"freeboard by {words}" + ("; the two do not agree" if "freeboard_disputed" in flags else "")
    return Freeboard(
        round(value, 3),
        round(max(0.0, low), 3),
        round(high, 3),
        text,
        flags,
        round(boots[0], 2) if boots else None,
        tuple(_lines(hull, k, p, value) for k, p, _ in parts),
        {k.side: p.edge_m for k, p, _ in parts if k.k_v != 0 or hull.frame.pixel_m <= MAX_BLIND_PIXEL_M},
    )


def _describe_side(k: SideGeometry, p: Posterior, interval: tuple[float, float, float]) -> str:
    what = [w for w, shown in (("shadow on water", p.depth > 0), ("visible side", k.k_v > 0.06)) if shown]
    return f"{' with '.join(what) or 'deck edge'} ({interval[0]:.1f} m)"


def _widened(
    interval: tuple[float, float, float], k: SideGeometry, hull: Hull, sun: SunView
) -> tuple[float, float, float]:
    """(value, low, high) with the errors that are not in the pixels: angles, heading, sea state, hull form."""
    low, value, high = interval
    strip = max(0.1, k.k_s + k.k_v)  # metres across per metre of height, on either side (`side`)
    elevation = np.radians(sun.sun_elevation_deg)
    by_sun = np.radians(ELEVATION_SE_DEG) * k.k_s / (strip * np.sin(elevation) * np.cos(elevation))
    by_turn = hull.heading_se_rad * abs(k.k_u) / strip
    by_view = np.radians(VIEW_SE_DEG) / strip if k.k_v != 0 else 0.0
    more = Z90 * float(np.sqrt(value**2 * (by_sun**2 + by_turn**2 + by_view**2) + SEA_SE_M**2 + FORM_SE_M**2))
    return value, value - float(np.hypot(value - low, more)), value + float(np.hypot(high - value, more))


def _lines(hull: Hull, k: SideGeometry, p: Posterior, height_m: float) -> MeasuredLines:
    """Deck edge, waterline, boot-topping and shadow's end for a height, in pixels.

    On a side facing away from the camera the deck hides the waterline; its position follows from the height.
    """
    u = np.array([-PARALLEL, PARALLEL]) * hull.length_m

    def at(x: float) -> FloatArray:
        return np.column_stack(hull.frame.pixels(u, np.full(2, k.side * x)))

    water = p.edge_m + height_m * k.k_v
    return MeasuredLines(
        at(p.edge_m),
        at(water) if abs(k.k_v) > 0.06 else None,
        at(water - p.boot_m * k.k_v) if k.k_v > 0.06 and p.boot_m > 0.3 else None,
        at(p.edge_m + height_m * (k.k_v + k.k_s)) if p.depth > 0 else None,
    )
