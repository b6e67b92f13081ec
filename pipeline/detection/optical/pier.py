"""Separate a ship from the pier beside her where one outline includes both, and recognise outlines of a pier alone.

Between straight lines a ship and a pier along her are one long rectangle. The pier fills one half of it from end to
end; the other half is water up to where the ship begins, farther than a bow or a stern narrows. There the pier's own
edge is visible, and what lies beyond that edge is the ship.

A pier outlined alone has its corners at both ends; a hull has a bow at one end at least.

The apparent pier may also be a hull with a barge alongside: it is not a pier if it is as stout as hulls are and wider
than what lies beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.between_lines import GAPS_M
from pipeline.detection.optical.frame import resample
from pipeline.detection.optical.outline import MIN_STEP, SIGMAS, Hull, TouchedSide, fit_hull

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

BARE_END = 0.18  # of the outline's length, least water at an end: bows and sterns of simulated hulls narrow within 0.12
# Robust spread over step of a pier's light along it: simulated ones 0.02 to 0.06, decks 0.2 and more
PIER_SPREAD = 0.12
LEAST_SHIP = 0.3  # of the outline's length, that must be left for the ship
SLENDER_PIER = 8.0  # least length over width of a pier that is wider than the ship at it: hulls have 4 to 8
CORNERS = (0.01, 0.04)  # of the length from an end, where a bow has lost its corners and a pier has not
CORNER_SHARE = 0.3  # of the beam, from either side
# Least fill of the emptier corner of the less square end. Simulated hulls have 0 to 0.12 (124 in pixels of 0.5 m),
# piers 1.0
FULL_CORNER = 0.7
CORNER_PX = 2.0  # least pixels in that range of the length; with fewer, blur fills a bow: 0.77 once in 47 hulls at 3 m
SPAN = (0.25, 0.85)  # of half the beam, from the middle: where water is sought, off the edges of pier and outline
END_ROOM_M = 6.0  # margin beyond the visible ends for the hull's own
SIDE_ROOM_M = 8.0  # the same beyond her free side (our choice)
EDGE_SE_M = 0.8  # of the pier's edge as the ship's side: fenders keep 0.8 to 3 m


def ship_without_pier(
    light: FloatImage, hull: Hull, noise: float, origin: tuple[int, int]
) -> tuple[Hull, BoolImage] | None:
    """The ship in an outline that includes a pier, and her pixels; None where there is no pier in it.

    ``light`` is over the water's (water 1), ``noise`` the water's own; ``hull`` is the fit to ship and pier together.
    """
    pixel = hull.frame.pixel_m
    u = np.arange(-hull.length_m / 2 + pixel / 2, hull.length_m / 2, pixel / 2)
    v = np.arange(-hull.beam_m / 2 - pixel, hull.beam_m / 2 + pixel, pixel / 2)
    seen = np.nan_to_num(resample(light, hull.frame, u, v, origin), nan=1.0)
    step = max(MIN_STEP, SIGMAS * noise)
    stretch = _ship_beside(seen, u, v, hull, step)
    if stretch is None:
        return None
    side, aft, fore = stretch
    bare = (u < aft) | (u > fore)
    edge = _pier_edge(np.median(seen[bare], axis=0), v, side, step)
    if edge is None:
        return None
    across = side * hull.beam_m / 2 - edge
    frame = hull.frame.moved((aft + fore) / 2, edge + across / 2)
    length_m, beam_m = fore - aft, abs(across)
    pier_m = hull.beam_m - beam_m
    if beam_m < pier_m and hull.length_m < SLENDER_PIER * pier_m:
        return None
    along, aside = frame.metres(light.shape, origin)
    out = aside * side  # metres from her middle, away from the pier
    own = (np.abs(along) < length_m / 2 + END_ROOM_M) & (out > -beam_m / 2) & (out < beam_m / 2 + SIDE_ROOM_M)
    deck = (np.abs(along) < 0.36 * length_m) & (np.abs(aside) < beam_m / 2 - max(1.0, pixel))
    mask = np.asarray((light > 1 + step) & own | deck, bool)
    row, col = frame.pixels(np.array(0.0), np.array(-side * beam_m / 2))
    line = TouchedSide((float(row), float(col)), float(np.hypot(0.45 * pixel, EDGE_SE_M)))
    found = fit_hull(
        light,
        mask.astype(np.float32),
        frame,
        length_m,
        beam_m,
        origin,
        deck_gap_m=GAPS_M[-1],
        touched=(line, None) if side > 0 else (None, line),
    )
    return None if found is None else (found, mask)


def has_square_ends(light: FloatImage, hull: Hull, origin: tuple[int, int]) -> bool:
    """Are all four corners of an outline filled, as of a pier or barge? Ships have a bow.

    False in pixels too coarse to tell.
    """
    pixel, half = hull.frame.pixel_m, hull.beam_m / 2
    if (CORNERS[1] - CORNERS[0]) * hull.length_m < CORNER_PX * pixel:
        return False
    v = np.arange(-half + pixel / 2, half, pixel / 2)
    inward = np.linspace(*CORNERS, 8) * hull.length_m + pixel
    ends = [resample(light, hull.frame, side * (hull.length_m / 2 - inward), v, origin) for side in (-1, 1)]
    deck = resample(light, hull.frame, np.linspace(-0.4, 0.4, 81) * hull.length_m, v, origin)
    level = 1 + max(MIN_STEP, 0.35 * (float(np.nanmedian(deck)) - 1))
    edge = np.abs(v) > (1 - 2 * CORNER_SHARE) * half
    parts = (edge & (v < 0), edge & (v > 0), ~edge)
    return all(np.mean(np.nan_to_num(end[:, part], nan=1.0) > level) > FULL_CORNER for end in ends for part in parts)


def pier_pixels(hull: Hull, shape: tuple[int, int], origin: tuple[int, int]) -> BoolImage:
    """Pixels of a pier's outline, with its blurred rim."""
    along, aside = hull.frame.metres(shape, origin)
    rim = hull.frame.pixel_m
    return np.asarray((np.abs(along) < hull.length_m / 2 + rim) & (np.abs(aside) < hull.beam_m / 2 + rim), bool)


def _ship_beside(
    seen: FloatImage, u: FloatArray, v: FloatArray, hull: Hull, step: float
) -> tuple[int, float, float] | None:
    """The half (-1, 1) with the ship, and her two ends along it [m]; None where neither half has a bare end."""
    even = max(3, round(0.03 * len(u)) * 2 + 1)
    levels = {}
    for side in (-1, 1):
        across = side * v / (hull.beam_m / 2)
        part = seen[:, (across > SPAN[0]) & (across < SPAN[1])]
        if not part.shape[1]:
            return None
        levels[side] = ndimage.median_filter(np.median(part, axis=1), even, mode="nearest")
    best = None
    for side in (-1, 1):
        dry = np.flatnonzero(levels[side] > 1 + step)
        if not len(dry):
            continue
        aft, fore = float(u[dry[0]]), float(u[dry[-1]])
        pier = np.r_[levels[-side][: dry[0]], levels[-side][dry[-1] + 1 :]]
        ends = (aft - u[0]) / hull.length_m, (u[-1] - fore) / hull.length_m
        if max(ends) < BARE_END or fore - aft < LEAST_SHIP * hull.length_m or not _is_pier(pier, step):
            continue
        if best is None or fore - aft < best[2] - best[1]:
            best = side, aft, fore
    return best


def _is_pier(light: FloatImage, step: float) -> bool:
    """Is it brighter than water all along, and more even than a deck?"""
    level = float(np.median(light))
    spread = 1.4826 * float(np.median(np.abs(light - level)))
    return bool(np.mean(light > 1 + step) >= 0.9 and spread <= PIER_SPREAD * (level - 1))


def _pier_edge(profile: FloatArray, v: FloatArray, side: int, step: float) -> float | None:
    """Where light falls halfway from the pier's level to the water's, across towards ``side`` [m]; None if nowhere."""
    order = np.argsort(side * v)
    light, at = profile[order], v[order]
    level = float(np.median(light[side * at < 0]))
    half = (1 + level) / 2
    above = np.flatnonzero(light > max(half, 1 + step))
    if not len(above) or above[-1] + 1 >= len(light):
        return None
    n = int(above[-1])
    share = (light[n] - half) / max(1e-6, float(light[n] - light[n + 1]))
    return float(at[n] + np.clip(share, 0, 1) * (at[n + 1] - at[n]))
