"""Fit the best hull to the pixels of an object in a fine image: between straight lines, else around its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.between_lines import (
    GAPS_M,
    SMOOTH_M,
    SURE_EVIDENCE,
    Rectangle,
    hull_probability,
    likely_rectangle,
)
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import MAX_BLIND_PIXEL_M
from pipeline.detection.optical.objects import moment_frame
from pipeline.detection.optical.outline import (
    SIGMAS,
    UNSEEN_SIDE,
    USUAL_SLENDER,
    Hull,
    TouchedSide,
    fit_hull,
    hull_masks,
    ship_pixels,
)
from pipeline.detection.optical.pier import ship_without_pier

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

    FittedHull = tuple[Hull, BoolImage, BoolImage, float]  # hull, her pixels, all pixels that are not water, evidence

ASPECT = (2.4, 10.5)  # length over beam of hulls, tugs to container ships
MIN_FILL = 0.66  # share of the frame that is filled: hulls fill 0.8 to 1 (our choice)
USUAL_ODDNESS = 0.40  # of most simulated hulls that nothing touches
MAX_ODDNESS = 0.9  # above it a quay or a neighbour is part of the outline
EDGE_SHARE = 0.35  # a bright deck is cut at this share of the way from water to its light: coarse pixels blur bows
END_ROOM_M = 3.0  # margin beyond a rectangle's ends for the hull's own
GAP_SE_M = 0.7  # between a hull and her quay lie 0.8 to 3 m of fenders; a line may be either border of them
FREE_ROOM_M, TOUCHED_ROOM_M = 8.0, 0.4  # ... and beyond its sides: a side that faces the camera shows its whole height


def best_hull(
    light: FloatImage, sea: BoolImage, near: BoolImage, spacing_m: tuple[float, float], origin: tuple[int, int]
) -> FittedHull | None:
    """The best hull at an object: between straight lines, else around its pixels; None where no hull fits.

    The pixels are cut just above the water and, since a quay may be dimmer, at half the object's brightness.
    """
    calm = light[sea & (light > 0.5) & (light < 1.6)]
    if not near.any() or calm.size < 100:
        return None
    noise = 1.4826 * float(np.median(np.abs(calm - np.median(calm))))
    clean = np.where(sea, light, 1.0).astype(np.float32)
    low = ship_pixels(clean, noise)
    half = low & (clean > 1 + 0.5 * (float(np.median(light[near])) - 1))
    between = _hull_between_lines(clean, low, near, noise, spacing_m, origin)
    if between is not None:
        return _without_its_pier(between, clean, noise, origin)
    tried: list[FittedHull] = []
    for ship, gap_m in ((low, 1.4), (half, 1.4), (low, 0.6), (half, 0.6)):
        is_good = False
        for mask in hull_masks(ship, near, float(np.mean(spacing_m)), close_m=0.5 if gap_m > 1 else 0.0):
            if mask.sum() < 20:
                continue
            frame, length_m, beam_m = _mask_frame(mask, spacing_m, origin)
            hull = fit_hull(clean, mask.astype(np.float32), frame, length_m, beam_m, origin, gap_m)
            if hull is not None:
                tried.append((hull, mask, low, SURE_EVIDENCE))
                is_good = is_good or (is_hull(hull) and oddness(hull) < USUAL_ODDNESS)
        if is_good:
            break  # the other cuts are for hulls that a quay or a neighbour touches
    return _without_its_pier(min(tried, key=lambda t: oddness(t[0])), clean, noise, origin) if tried else None


def _without_its_pier(found: FittedHull, clean: FloatImage, noise: float, origin: tuple[int, int]) -> FittedHull:
    """The hull without the pier that she lies at, where the outline includes one."""
    ship = ship_without_pier(clean, found[0], noise, origin)
    if ship is None or not is_hull(ship[0]):
        return found
    return ship[0], ship[1], found[2], found[3]


def _hull_between_lines(
    clean: FloatImage,
    low: BoolImage,
    near: BoolImage,
    noise: float,
    spacing_m: tuple[float, float],
    origin: tuple[int, int],
) -> FittedHull | None:
    """The hull fitted inside the likeliest rectangle between straight lines; None where there is none."""
    box = likely_rectangle(clean, near, noise, spacing_m, origin)
    if box is None:
        return None
    pixel = float(np.mean(spacing_m))
    u, v = box.frame.metres(clean.shape, origin)
    inside = clean[(np.abs(u) < box.length_m / 2) & (np.abs(v) < box.beam_m / 2)]
    step = float(np.median(inside[inside > 1 + 2 * noise])) - 1 if (inside > 1 + 2 * noise).any() else 0.0
    if pixel <= MAX_BLIND_PIXEL_M and EDGE_SHARE * step > SIGMAS * noise:
        bright = clean > 1 + EDGE_SHARE * step
    else:
        bright = hull_probability(ndimage.uniform_filter(clean, max(1, round(SMOOTH_M / pixel))), noise) > 0.5
    own = (np.abs(u) < box.length_m / 2 + END_ROOM_M) & _within(v, box, pixel)
    deck = (np.abs(u) < 0.36 * box.length_m) & (np.abs(v) < box.beam_m / 2 - max(1.0, pixel))
    mask = np.asarray((bright & own) | deck, bool)
    hull = fit_hull(
        clean,
        mask.astype(np.float32),
        box.frame,
        box.length_m,
        box.beam_m,
        origin,
        deck_gap_m=GAPS_M[-1],
        touched=(_touched(box, 0, pixel), _touched(box, 1, pixel)),
    )
    if hull is None or not is_hull(hull):
        return None
    return hull, mask, (bright | low) & ~own, box.evidence  # a side dimmer than the deck is her own, too


def _touched(box: Rectangle, side: int, pixel: float) -> TouchedSide | None:
    """The line of a side that something lies against; None for a side with water beyond.

    Its error combines that of any edge, the fender gap of which the line may be either border, and, where the step is
    weak, a share of the beam.
    """
    if not box.touched[side]:
        return None
    v = (-0.5, 0.5)[side] * box.beam_m
    row, col = box.frame.pixels(np.array(0.0), np.array(v))
    vague = (1.0 - box.steps[side]) * UNSEEN_SIDE * box.beam_m
    return TouchedSide((float(row), float(col)), float(np.hypot(np.hypot(0.45 * pixel, GAP_SE_M), vague)))


def _within(v: FloatArray, box: Rectangle, pixel: float) -> BoolImage:
    """Between a hull's sides, with room for their visible height: little where something lies alongside."""
    room = [TOUCHED_ROOM_M + 0.5 * pixel if touched else FREE_ROOM_M for touched in box.touched]
    return np.asarray((v > -box.beam_m / 2 - room[0]) & (v < box.beam_m / 2 + room[1]), bool)


def oddness(hull: Hull) -> float:
    """How unlike a hull a fit is: proportions, ragged sides, and water inside."""
    usual = float(np.interp(hull.length_m, *USUAL_SLENDER))
    ragged = 1.0 - max(hull.straight) + 0.5 * (1.0 - min(hull.straight))
    return 2.0 * abs(float(np.log(hull.length_m / hull.beam_m / usual))) + ragged + max(0.0, 0.85 - hull.fill)


def _mask_frame(
    mask: BoolImage, spacing_m: tuple[float, float], origin: tuple[int, int]
) -> tuple[HullFrame, float, float]:
    rows, cols = np.nonzero(mask)
    row, col, south, east, length_m, beam_m = moment_frame(
        rows.astype(np.float64) * spacing_m[0], cols.astype(np.float64) * spacing_m[1]
    )
    centre = (row / spacing_m[0] + origin[0], col / spacing_m[1] + origin[1])
    return HullFrame(centre, (float(south), float(east)), spacing_m), float(length_m), float(beam_m)


def is_hull(hull: Hull) -> bool:
    """Has a fit the proportions, the fill and at least one straight side of a hull?"""
    aspect = hull.length_m / hull.beam_m
    return ASPECT[0] <= aspect <= ASPECT[1] and hull.fill > MIN_FILL and max(hull.straight) > 0.5
