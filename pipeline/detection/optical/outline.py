"""Fit a hull in a fine image: direction and sides by straight edges, ends along the middle.

The image is visible light over that of the local water (water 1). Pixels above the water's own variation are ship,
quay or foam; pixels below it are shadow. All edges are placed at half the step between the hull's own rim and what
lies beyond, so that bright houses and dark decks are cut at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage import measure

from pipeline.detection.optical.edge_lines import fit_line, run_end, run_ends
from pipeline.detection.optical.frame import HullFrame, resample
from pipeline.detection.optical.objects import moment_frame

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

MARGIN_M = 14.0  # beyond the guessed sides, in which edges are sought
SIGMAS = 5.0  # of the water's noise, above which a pixel is not water
MIN_STEP = 0.10  # ... and at least this share of the water's brightness
GAP_M = 1.4  # a wider gap of water separates a hull from a quay; fenders keep 1 to 3 m
MAX_PARTS = 3  # of an object that are tried as hulls: a ship, a jetty, a neighbour
PART = 0.12  # least share of the object's pixels in such a part
IN_LINE_M = 22.0  # from a hull's end to the middle of a possible further part of her, behind a house's shadow
DECK_GAP_M = 12.0  # longest dark gap along the deck that does not end a hull: a house's shadow
MIDDLE = 0.30  # half of the share of the length over which sides are straight; tankers have 0.3 to 0.4
RIM_M = 1.5  # strip along a deck's edge that is free of gear (our choice)
INBOARD = 0.15  # of the beam: typical distance of a hatch's or container's side inside the hull's
UNSEEN_SIDE = 0.06  # of the beam: error where one side does not show as a line of its own
USUAL_SLENDER = ((25.0, 60.0), (3.2, 6.2))  # lengths, and length over beam at these: tugs to merchant ships
BEAM_SPREAD = ((35.0, 60.0), (0.30, 0.12))  # lengths, and relative spread: 0.08 in a kind (registers), kinds 5.8 to 6.7
TURN_RAD = 0.06  # most by which the first direction may be wrong


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """A fitted hull. Standard errors in metres and radians.

    The frame of a fresh fit points either way; where ``bow_known`` (see `deck`) it points to the bow.
    """

    frame: HullFrame
    length_m: float
    beam_m: float
    length_se_m: float
    beam_se_m: float
    heading_se_rad: float
    bow_known: bool
    fill: float  # share of the length-by-beam rectangle that is not water
    free_sides: tuple[bool, bool]  # water beyond the v < 0 and the v > 0 side
    straight: tuple[float, float]  # share of each side's rows that lie on its line
    wander_m: float  # rms of the sides about their lines


@dataclass(frozen=True, slots=True, eq=False)
class _Images:
    """The images that a hull is fitted to, as given to `fit_hull`, and the scene pixel of their first one."""

    light: FloatImage
    ship: FloatImage
    origin: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TouchedSide:
    """A side along which something lies: a point of its line (row, col) and the line's standard error."""

    point: tuple[float, float]
    se_m: float


def ship_pixels(light: FloatImage, noise: float) -> BoolImage:
    """Pixels brighter than water by more than waves and noise."""
    return np.asarray(light > 1 + max(MIN_STEP, SIGMAS * noise), bool)


def hull_masks(ship: BoolImage, near: BoolImage, pixel_m: float, close_m: float = 0.5) -> list[BoolImage]:
    """Connected ship pixels that hold at least `PART` of ``near``, holes filled, with small parts in line added.

    A house's shadow may split a hull into parts that share an axis. Gaps up to twice ``close_m`` are closed. The mask
    with the most of ``near`` comes first.
    """
    size = round(close_m / pixel_m)
    closed = ndimage.binary_closing(ship, iterations=size) | ship if size > 0 else ship
    labels, count = measure.label(closed, connectivity=2, return_num=True)
    if count == 0:
        return []
    weight = np.bincount(labels[near & closed], minlength=count + 1)
    weight[0] = 0
    chosen = [int(n) for n in np.argsort(weight)[::-1][:MAX_PARTS] if weight[n] > max(0, PART * weight.sum())]
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    middles = np.array(ndimage.center_of_mass(closed, labels, np.arange(1, count + 1))).reshape(-1, 2)
    return [_with_parts_in_line(labels, n, areas, middles, pixel_m) for n in chosen]


def _with_parts_in_line(labels: Any, own: int, areas: Any, middles: FloatArray, pixel_m: float) -> BoolImage:
    """One labelled part with the smaller ones in line with it, holes filled."""
    member = labels == own
    row, col, a_row, a_col, length, beam = moment_frame(*(a.astype(float) for a in np.nonzero(member)))
    for label, (r, c) in enumerate(middles, 1):
        along, aside = (r - row) * a_row + (c - col) * a_col, (c - col) * a_row - (r - row) * a_col
        small = 4.0 / pixel_m**2 < areas[label] < 0.7 * areas[own]
        if small and abs(aside) < 0.3 * beam and abs(along) < 0.5 * length + IN_LINE_M / pixel_m:
            member |= labels == label
    return np.asarray(ndimage.binary_fill_holes(member), bool)


def fit_hull(
    light: FloatImage,
    ship: FloatImage,
    frame: HullFrame,
    length_m: float,
    beam_m: float,
    origin: tuple[int, int],
    gap_m: float = GAP_M,
    deck_gap_m: float = DECK_GAP_M,
    touched: tuple[TouchedSide | None, TouchedSide | None] | None = None,
) -> Hull | None:
    """Fit a hull near a first guess; None where there is no hull-like edge.

    A wider gap of water than ``gap_m`` separates a hull from a quay; a longer dark stretch of the deck than
    ``deck_gap_m`` ends her. ``touched`` (v < 0 side, v > 0 side) gives the line of a side that has no water beyond; if
    it is given, the object is taken for a hull, and her beam is weighed against the usual one. ``light`` is brightness
    over the water's; ``ship`` is 1 on pixels that are not water and 0 elsewhere (float).
    """
    images = _Images(light, ship, origin)
    pixel = frame.pixel_m
    lines = touched or (None, None)
    held = (lines[0] is not None, lines[1] is not None)
    found = _fit_sides_and_ends(images, frame, (length_m, beam_m), (gap_m, deck_gap_m), held)
    if found is None:
        return None
    sides, frame, length_m, length_se = found
    beam_m = sides.beam_m
    free = (sides.free[0] and not held[0], sides.free[1] and not held[1])
    low, high, se = _sides_at_half_level(images, frame, length_m, beam_m, free)
    if touched is not None:
        low, high, se = _constrained_sides(frame, (low, high), (se, _beam_error_m(sides, touched)), length_m, touched)
    elif not all(free):
        se = float(np.hypot(se, UNSEEN_SIDE * beam_m))
    if any(held):  # a quay's end beside her own blurs into it
        length_se = float(np.hypot(length_se, 0.5 * pixel))
    frame, beam_m = frame.moved(0.0, (low + high) / 2), high - low
    if beam_m < 2.5 * pixel or length_m < 1.5 * beam_m:
        return None
    fill = _fill(images, frame, length_m, beam_m)
    turn_se, straight, wander_m = sides.turn_se, sides.straight, sides.wander_m
    return Hull(frame, length_m, beam_m, length_se, se, turn_se, False, fill, free, straight, wander_m)


def _fit_sides_and_ends(
    images: _Images,
    frame: HullFrame,
    size_m: tuple[float, float],
    gaps_m: tuple[float, float],
    held: tuple[bool, bool],
) -> tuple[_Sides, HullFrame, float, float] | None:
    """Find sides and ends in turn, three times: the sides, the frame, length and its error [m].

    ``size_m`` is the first guess of length and beam; ``gaps_m`` are the gaps beside a hull and along her deck.
    """
    length_m, beam_m = size_m
    for turn in (TURN_RAD, TURN_RAD / 3, TURN_RAD / 3):
        sides = _fit_sides(images, frame, (length_m, beam_m), turn, gaps_m[0], held)
        if sides is None:
            return None
        frame, beam_m = sides.frame, sides.beam_m
        ends = _fit_ends(images, frame, length_m, beam_m, gaps_m[1])
        if ends is None:
            return None
        frame, length_m, length_se = ends
    assert sides is not None
    return sides, frame, length_m, length_se


def _fill(images: _Images, frame: HullFrame, length_m: float, beam_m: float) -> float:
    """Share of the length-by-beam rectangle that is not water."""
    pixel = frame.pixel_m
    u = np.arange(-length_m / 2 + pixel / 2, length_m / 2, pixel)
    v = np.arange(-beam_m / 2 + pixel / 2, beam_m / 2, pixel)
    return float(np.mean(np.nan_to_num(resample(images.ship, frame, u, v, images.origin)) > 0.5))


def _beam_error_m(sides: _Sides, touched: tuple[TouchedSide | None, TouchedSide | None]) -> float:
    """Error of the beam [m] from rows off a side's line: where many are, the line may be a hatch's or a stack's."""
    loose = [1 - straight for straight, side in zip(sides.straight, touched, strict=True) if side is None]
    return INBOARD * sides.beam_m * float(np.hypot.reduce(np.array([0.0, *loose])))


def _constrained_sides(
    frame: HullFrame,
    at: tuple[float, float],
    errors: tuple[float, float],
    length_m: float,
    touched: tuple[TouchedSide | None, TouchedSide | None],
) -> tuple[float, float, float]:
    """Both sides and the beam's error, with the lines of touched sides inserted and the beam combined with its prior
    (`usual_beam`)."""
    (low, high), se = at, float(np.hypot(*errors))
    for n, side in enumerate(touched):
        if side is not None:
            v = float(frame.across(*side.point))
            low, high = (v, high) if n == 0 else (low, v)
            se = float(np.hypot(se, side.se_m))
    beam, (usual, spread) = high - low, usual_beam(length_m)
    weight = spread**2 / (spread**2 + se**2)
    change = (1 - weight) * (usual - beam)
    if sum(side is None for side in touched) == 1:  # the free side stays
        low, high = (low, high + change) if touched[0] is None else (low - change, high)
    else:
        low, high = low - change / 2, high + change / 2
    return low, high, float(np.sqrt(weight)) * se


def usual_beam(length_m: float) -> tuple[float, float]:
    """Beam of most hulls of a length and its spread [m]: stout tugs to slender merchant ships.

    >>> usual_beam(124.0)
    (20.0, 2.4)
    """
    usual = length_m / float(np.interp(length_m, *USUAL_SLENDER))
    return usual, float(np.interp(length_m, *BEAM_SPREAD)) * usual


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    frame: HullFrame
    beam_m: float
    turn_se: float
    free: tuple[bool, bool]
    straight: tuple[float, float]
    wander_m: float


def _fit_sides(
    images: _Images,
    frame: HullFrame,
    size_m: tuple[float, float],
    turn: float,
    gap_m: float,
    touched: tuple[bool, bool],
) -> _Sides | None:
    """Straight lines through both sides over the middle of the length; a touched side does not count for direction."""
    (length_m, beam_m), pixel = size_m, frame.pixel_m
    u = np.arange(-MIDDLE * length_m, MIDDLE * length_m + 1e-9, max(pixel, length_m / 160))
    step = pixel / 2
    v = np.arange(-beam_m / 2 - MARGIN_M, beam_m / 2 + MARGIN_M + 1e-9, step)
    solid = ndimage.uniform_filter1d(resample(images.ship, frame, u, v, images.origin), 3, axis=0) > 0.5
    start = len(v) // 2
    lines: list[tuple[float, float, float, float] | None] = []
    for direction in (-1, 1):
        edge = run_ends(solid, start, direction, max(1, round(gap_m / step)))
        known = edge >= 0
        if known.sum() < max(6, 0.3 * len(u)):
            lines.append(None)
            continue
        at = v[np.clip(edge, 0, len(v) - 1)] + direction * step / 2
        lines.append(fit_line(u[known], at[known], turn, direction, max(pixel, 0.5)))
    if lines[0] is None and lines[1] is None:
        return None
    good = [line for line in lines if line is not None]
    best = max(good, key=lambda line: line[2])
    decisive = [line for line, held in zip(lines, touched, strict=True) if line is not None and not held] or good
    weight = np.array([line[2] for line in decisive]) ** 2
    slope = float(np.sum(weight * [line[0] for line in decisive]) / weight.sum())
    if lines[0] is not None and lines[1] is not None:
        low, high = lines[0][1], lines[1][1]
        if high - low > 1.6 * beam_m or high - low < 0.5 * beam_m:  # one of them is a quay's edge or a deck line
            low, high = (best[1], best[1] + beam_m) if best is lines[0] else (best[1] - beam_m, best[1])
    else:
        low, high = (best[1], best[1] + beam_m) if lines[0] is not None else (best[1] - beam_m, best[1])
    straight = tuple(0.0 if line is None else line[2] for line in lines)
    wander = float(np.mean([line[3] for line in good]))
    turn_se = float(np.hypot(wander / (0.35 * length_m) / np.sqrt(max(4.0, len(u) / 8)), 0.05 * pixel / length_m))
    turn_se *= float(np.sqrt(2 / len(decisive)))
    moved = frame.moved(0.0, (low + high) / 2).turned(float(np.arctan(slope)))
    free = (straight[0] > 0.55, straight[1] > 0.55)
    return _Sides(moved, high - low, turn_se, free, (straight[0], straight[1]), wander)


def _fit_ends(
    images: _Images, frame: HullFrame, length_m: float, beam_m: float, deck_gap_m: float
) -> tuple[HullFrame, float, float] | None:
    """Both ends along the middle of the hull, where the bow reaches farthest: frame, length and its error [m]."""
    pixel = frame.pixel_m
    reach = 0.65 * length_m + 8.0 + deck_gap_m
    step = pixel / 2
    u = np.arange(-reach, reach + 1e-9, step)
    wide = np.arange(-0.42 * beam_m, 0.42 * beam_m + 1e-9, pixel)
    across = np.nan_to_num(resample(images.ship, frame, u, wide, images.origin)) > 0.5
    # Solid if two neighbouring pixels are, anywhere across: a shadow across the deck seldom covers all of it
    pairs = across[:, 1:] & across[:, :-1] if across.shape[1] > 2 else across
    solid = np.asarray(pairs.any(axis=1), bool)
    half = max(pixel, 0.10 * beam_m)
    v = np.arange(-half, half + 1e-9, pixel)
    profile = np.nan_to_num(resample(images.light, frame, u, v, images.origin), nan=1.0).mean(axis=1)
    ends = []
    for direction in (-1, 1):
        start = int(np.searchsorted(u, 0.2 * direction * length_m))
        last = run_end(solid, start, direction, round(deck_gap_m / step))
        if last < 0:
            return None
        last = _trim_specks(solid, last, direction, round(1.5 / step))
        ends.append(_refine_edge(u, profile, last, direction, pixel, RIM_M))
    low, high = ends
    if high - low < 3 * pixel:
        return None
    return frame.moved((low + high) / 2, 0.0), high - low, 0.5 * pixel + 0.0065 * (high - low)


def _trim_specks(solid: BoolImage, last: int, step: int, need: int) -> int:
    """The end moved back over specks shorter than ``need`` that the bridged run included beyond the hull."""
    at = last
    while 0 <= at - step * need < len(solid):
        inside = solid[min(at, at - step * need) : max(at, at - step * need) + 1]
        if inside.mean() > 0.7:
            return at
        at -= step
        while 0 <= at < len(solid) and not solid[at]:
            at -= step
    return last


def _refine_edge(x: FloatArray, profile: FloatArray, last: int, step: int, pixel: float, rim_m: float) -> float:
    """Half-level position of an edge near a sample: between the rim just inside and the least light just outside."""
    per_px = max(1, round(pixel / abs(x[1] - x[0])))
    rim = max(per_px, round(rim_m / abs(x[1] - x[0])))
    inside = [last - step * k for k in range(per_px, per_px + rim)]
    outside = [last + step * k for k in range(per_px, 4 * per_px)]
    inside = [i for i in inside if 0 <= i < len(x)]
    outside = [i for i in outside if 0 <= i < len(x)]
    if not inside or not outside:
        return float(x[last])
    top, bottom = float(np.nanmedian(profile[inside])), float(np.nanmin(profile[outside]))
    if not np.isfinite(top + bottom) or top - bottom < 1e-3:
        return float(x[last])
    level = (top + bottom) / 2
    at = last - step * 2 * per_px
    for _ in range(6 * per_px):
        here, there = at, at + step
        if not (0 <= here < len(x) and 0 <= there < len(x)):
            break
        if profile[here] >= level > profile[there]:
            share = (profile[here] - level) / (profile[here] - profile[there])
            return float(x[here] + share * (x[there] - x[here]))
        at += step
    return float(x[last])


def _sides_at_half_level(
    images: _Images, frame: HullFrame, length_m: float, beam_m: float, free: tuple[bool, bool]
) -> tuple[float, float, float]:
    """Both sides with subpixel precision, by the median profile over the straight part, and the beam's error [m]."""
    pixel = frame.pixel_m
    u = np.arange(-MIDDLE * length_m, MIDDLE * length_m + 1e-9, pixel)
    step = pixel / 4
    out = []
    for direction, open_side in zip((-1, 1), free, strict=True):
        x = np.arange(beam_m / 2 - 5 * pixel, beam_m / 2 + 5 * pixel, step)
        rows = np.nan_to_num(resample(images.light, frame, u, direction * x, images.origin), nan=1.0)
        profile = np.median(rows, axis=0).astype(np.float64)
        last = int(np.searchsorted(x, beam_m / 2))
        out.append(direction * (_refine_edge(x, profile, last, 1, pixel, 3 * pixel) if open_side else beam_m / 2))
    return out[0], out[1], 0.35 * pixel + 0.006 * beam_m


def hull_outline(hull: Hull) -> FloatArray:
    """A hull's outline in pixels, (n, 2): pointed where the bow is known, else a rectangle."""
    a, b = hull.length_m / 2, hull.beam_m / 2
    if hull.bow_known:
        u = np.array([a, a * 0.94, a * 0.80, -a * 0.96, -a, -a, -a * 0.96, a * 0.80, a * 0.94])
        v = np.array([0.0, 0.55 * b, b, b, 0.85 * b, -0.85 * b, -b, -b, -0.55 * b])
    else:
        u, v = np.array([a, a, -a, -a]), np.array([b, -b, -b, b])
    return np.column_stack(hull.frame.pixels(u, v))
