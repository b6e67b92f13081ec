"""Measure an object as a hull: size, heading, score as a ship; in fine pixels by edges, with freeboard and deck."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from pipeline.detection.optical.deck import Deck
from pipeline.detection.optical.fine import FineHull, compare_unfitted, measure_fine, no_hull_freeboard
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import MAX_PIXEL_M, Freeboard, no_freeboard
from pipeline.detection.optical.objects import Blob
from pipeline.detection.optical.outline import hull_outline
from pipeline.detection.optical.pier import LEAST_SHIP
from pipeline.detection.optical.water import Levels
from pipeline.detection.optical.water_beside import WaterComparison
from pipeline.quantiles import Z90
from pipeline.types import Scene, Window

if TYPE_CHECKING:
    from pipeline.types import FloatArray

COARSE_SE_PX = 0.6  # error of a size by half-level pixels: a third of a pixel at each end, and blur; our choice
TURN_SPREAD, TURN_PX = 1.7, 0.22  # heading error: times the fit's own, and pixels end to end; set on seeds below 1000
MOMENT_TURN_PX = 0.7  # heading error of moments, pixels end to end; set on painted ships (benchmarks.hull_sizes)
COARSE_SE_SHARE = 0.06  # error of a size by moments: superstructures and dark decks bias it; our choice
MIN_ASPECT, MAX_ASPECT = 1.7, 11.0  # length over beam in coarse pixels; hulls have 4 to 8, blurred boats less
# Length over beam of merchant ships from that length on: 5 to 7.5, river tankers 8 (our reading of registers)
MERCHANT_FROM_M, USUAL_ASPECT = 60.0, (4.6, 8.2)
MOORED_ASPECT = 2.6  # least beside a quay, where a shed or a strip of quay is as stout as a boat; our choice
FILL = (0.62, 1.25)  # share of the frame that is filled; hulls fill 0.8 to 1
# Of a dark ship only the house may stand out. A hull so many times longer than the object needs this much evidence,
# since chance lines around white caps are as long: around 85 of them in a simulated sea of 6 m/s outlines had 14 to
# 27.0, around the houses and boxes of 5 ships 27.6 and more
FAR_LONGER, LONGER_HULL_EVIDENCE = 3.0, 27.0
DOUBTFUL_SHARE = 0.15  # share of the length: a larger possible change makes the outline doubtful (our choice)
FADED_SHARE = 0.2  # an outline whose sides fade may hold a ship of only this share of it: 60 m in 270 m of smoke
BY_EDGES = "optical-edges"  # method name of a hull fitted by its edges


Interval = tuple[float, float, float]  # p5, value, p95


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredObject:
    """One object in scene pixels and ground metres; intervals (p5, value, p95)."""

    row: float
    col: float
    length_m: tuple[float, float, float]
    beam_m: tuple[float, float, float]
    axis: tuple[float, float]  # unit vector (south, east) in metres
    bow_known: bool
    outline: FloatArray
    n_pixels: int
    hull_like: bool
    score: float
    method: str
    freeboard: Freeboard
    heading_half_deg: float
    doubtful: bool  # an end or side may be a quay's or lost in shade, by proportions or by the water beside her
    deck: Deck | None = None
    sharpness: float | None = None  # of a fitted hull's sides
    odds: float | None = None  # evidence for a fitted hull's outline, natural logarithm
    straight: tuple[float, float] = (0.0, 0.0)  # share of each side of a fitted hull that lies on its line
    alongside: MeasuredObject | None = None  # a second hull in the same object
    like_quay: bool = False  # a second hull: as likely a quay

    @property
    def edges(self) -> bool:
        """Was a hull fitted by its edges at full resolution?"""
        return self.method == BY_EDGES


def measure_blob(
    scene: Scene, levels: Levels, blob: Blob, window: Window, factor: int, *, edges: bool = True
) -> MeasuredObject:
    """Measure a blob found in a window of pixels averaged by ``factor``; without ``edges`` by its moments only."""
    frame, length_m, beam_m = guess = _first_guess(scene, blob, window, factor)
    spacing = float(np.mean(scene.pixel_spacing_m))
    fine, beside, freeboard = None, None, no_freeboard(f"pixels of {spacing:.1f} m show no shadow edge")
    if spacing <= MAX_PIXEL_M:
        freeboard = no_hull_freeboard()
        fine = measure_fine(scene, levels, blob, window, factor, guess) if edges else None
        if fine is not None and is_hull_of_object(fine, length_m):
            measured = _measured_by_edges(fine, blob, len(blob.rows) * factor**2)
            if fine.alongside is None:
                return measured
            second = _measured_by_edges(fine.alongside.hull, blob, fine.alongside.n_pixels)
            return replace(measured, alongside=replace(second, like_quay=fine.alongside.like_quay))
        beside = compare_unfitted(scene, levels, frame, length_m, beam_m) if edges else None
    coarse_m = spacing * factor
    errors = [float(np.hypot(COARSE_SE_PX * coarse_m, COARSE_SE_SHARE * size_m)) for size_m in (length_m, beam_m)]
    sizes = _interval(length_m, errors[0]), _interval(beam_m, errors[1])
    is_doubtful, sizes = _judge_outline(beside, length_m, *sizes)
    fill = len(blob.rows) * coarse_m**2 / max(1.0, length_m * beam_m)
    return MeasuredObject(
        row=frame.centre[0],
        col=frame.centre[1],
        length_m=sizes[0],
        beam_m=sizes[1],
        axis=frame.axis,
        bow_known=False,
        outline=_rectangle(frame, length_m, beam_m),
        n_pixels=len(blob.rows) * factor**2,
        hull_like=_hull_like(length_m, beam_m, fill, moored=blob.moored),
        score=_score(blob, length_m, beam_m, fill),
        method="optical-moments",
        freeboard=freeboard,
        doubtful=is_doubtful,
        heading_half_deg=_heading_half_deg(MOMENT_TURN_PX * coarse_m / max(length_m, coarse_m)),
    )


def _measured_by_edges(fine: FineHull, blob: Blob, n_pixels: int) -> MeasuredObject:
    """A hull fitted by its edges in an object, which shows her in ``n_pixels``."""
    hull, frame = fine.hull, fine.hull.frame
    length_m, beam_m = hull.length_m, hull.beam_m
    sizes = _interval(length_m, float(hull.length_se_m)), _interval(beam_m, float(hull.beam_se_m))
    is_doubtful, sizes = _judge_fitted_outline(fine, length_m, beam_m, *sizes)
    return MeasuredObject(
        row=frame.centre[0],
        col=frame.centre[1],
        length_m=sizes[0],
        beam_m=sizes[1],
        axis=frame.axis,
        bow_known=hull.bow_known,
        outline=hull_outline(hull),
        n_pixels=n_pixels,
        hull_like=_hull_like(length_m, beam_m, hull.fill, moored=blob.moored),
        score=_score(blob, length_m, beam_m, hull.fill),
        method=BY_EDGES,
        freeboard=fine.freeboard,
        doubtful=is_doubtful,
        heading_half_deg=_heading_half_deg(
            float(np.hypot(TURN_SPREAD * hull.heading_se_rad, TURN_PX * frame.pixel_m / length_m))
        ),
        deck=fine.deck,
        sharpness=fine.sharpness,
        odds=fine.odds,
        straight=hull.straight,
    )


def _heading_half_deg(turn_se_rad: float) -> float:
    """Half of the heading's 90 % interval."""
    return min(90.0, Z90 * float(np.degrees(turn_se_rad)))


def _judge_outline(
    beside: WaterComparison | None, length_m: float, length: Interval, beam: Interval
) -> tuple[bool, tuple[Interval, Interval]]:
    """Whether an outline by moments is doubtful by the water beside it, and the intervals, widened accordingly."""
    if beside is None:
        return False, (length, beam)
    longer = beside.longer_m(length[2] - length_m)
    return longer > DOUBTFUL_SHARE * length_m, (_widen(length, 0.0, longer), beam)


def _judge_fitted_outline(
    fine: FineHull, length_m: float, beam_m: float, length: Interval, beam: Interval
) -> tuple[bool, tuple[Interval, Interval]]:
    """Whether a fitted hull's outline is doubtful, and the intervals of length and beam, widened accordingly."""
    is_doubtful, sizes = odd_proportions(length_m, beam_m), (length, beam)
    if is_doubtful:
        sizes = _widen_to_usual_aspect(*sizes)
    if fine.square and length_m > MERCHANT_FROM_M:  # a pier's length, and the ship's at it unknown
        is_doubtful, sizes = True, ((LEAST_SHIP * length_m, *sizes[0][1:]), sizes[1])
    doubtful_by_water, sizes = _judge_by_water(fine.water_comparison, *sizes)
    return is_doubtful or doubtful_by_water, sizes


def _judge_by_water(
    beside: WaterComparison, length: Interval, beam: Interval
) -> tuple[bool, tuple[Interval, Interval]]:
    """Whether the water beside a hull makes her ends or sides doubtful, and both intervals, widened accordingly."""
    shorter, longer = beside.shorter_m(), beside.longer_m(length[2] - length[1])
    if beside.has_faded_sides():
        return True, (_widen(length, (1 - FADED_SHARE) * length[1], longer), (FADED_SHARE * beam[1], *beam[1:]))
    return max(shorter, longer) > DOUBTFUL_SHARE * length[1], (_widen(length, shorter, longer), beam)


def _widen(sizes: Interval, shorter_m: float, longer_m: float) -> Interval:
    low, value, high = sizes
    return max(1.0, min(low, value - shorter_m)), value, max(high, value + longer_m)


def is_hull_of_object(fine: FineHull, length_m: float) -> bool:
    """Is a fitted hull that of an object of that length? One far longer than the object needs more evidence."""
    times = fine.hull.length_m / length_m
    if times > FAR_LONGER and fine.odds < LONGER_HULL_EVIDENCE:
        return False
    return fine.good or 0.5 < times < 1.6


def _first_guess(scene: Scene, blob: Blob, window: Window, factor: int) -> tuple[HullFrame, float, float]:
    """A blob's frame by moments, its length and its beam [m], with the centre in scene pixels."""
    row, col, a_row, a_col, length_px, beam_px = blob.frame
    centre = ((row + 0.5) * factor - 0.5 + window.row0, (col + 0.5) * factor - 0.5 + window.col0)
    south, east = a_row * scene.pixel_spacing_m[0], a_col * scene.pixel_spacing_m[1]
    along = float(np.hypot(south, east))
    across = float(np.hypot(a_col * scene.pixel_spacing_m[0], a_row * scene.pixel_spacing_m[1]))
    frame = HullFrame(centre, (south / along, east / along), scene.pixel_spacing_m)
    return frame, float(length_px * factor * along), float(beam_px * factor * across)


def _interval(value: float, error: float) -> tuple[float, float, float]:
    return max(1.0, value - Z90 * error), value, value + Z90 * error


def _rectangle(frame: HullFrame, length_m: float, beam_m: float) -> FloatArray:
    """Corners of the hull's rectangle: rows, columns, shape (4, 2)."""
    u = np.array([1, 1, -1, -1]) * length_m / 2
    v = np.array([1, -1, -1, 1]) * beam_m / 2
    return np.column_stack(frame.pixels(u, v))


def odd_proportions(length_m: float, beam_m: float) -> bool:
    """Is a merchant hull's length no usual multiple of its beam? Tugs and boats are stouter.

    >>> odd_proportions(98.0, 16.0), odd_proportions(98.0, 26.0), odd_proportions(30.0, 9.5)
    (False, True, False)
    """
    return length_m > MERCHANT_FROM_M and not USUAL_ASPECT[0] <= length_m / max(beam_m, 1e-6) <= USUAL_ASPECT[1]


def _widen_to_usual_aspect(
    length: tuple[float, float, float], beam: tuple[float, float, float]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Intervals widened until a usual hull fits with either size as measured and the other one wrong."""
    least, most = USUAL_ASPECT
    if length[1] < least * beam[1]:  # an end was lost, or a quay's width included
        return (length[0], length[1], max(length[2], most * beam[1])), (min(beam[0], length[1] / most), *beam[1:])
    return (min(length[0], least * beam[1]), *length[1:]), (*beam[:2], max(beam[2], length[1] / least))


def _hull_like(length_m: float, beam_m: float, fill: float, *, moored: bool) -> bool:
    """Does it have a hull's proportions and fill? The test is stricter along a quay, since quays are long as well."""
    aspect = length_m / max(beam_m, 1e-6)
    slender = (MOORED_ASPECT if moored else MIN_ASPECT) <= aspect <= MAX_ASPECT
    stout_boat = not moored and length_m < 60.0 and aspect <= MAX_ASPECT
    return (slender or stout_boat) and FILL[0] <= fill <= FILL[1] and beam_m < 80.0


def _score(blob: Blob, length_m: float, beam_m: float, fill: float) -> float:
    """Probability that it is a ship: a logistic of contrast, shape and contact with land.

    The coefficients are our choice, not calibrated: log odds of 0.6 for an object at eight times the water's noise that
    fills three quarters of a frame of aspect 3 and lies free. Of the slender parts of land that no map explains, about
    one in twenty is a ship (measured on four ports of labelled Sentinel-2 images): most are piers.
    """
    aspect = float(np.clip(length_m / max(beam_m, 1e-6), 1.0, 6.0))
    contrast = float(np.log2(max(blob.sigmas, 0.1) / 8.0))
    odds = 0.6 + 0.8 * min(contrast, 4.0) + 0.7 * (aspect - 3.0) + 4.0 * (min(fill, 1.0) - 0.75) - 3.0 * blob.touching
    odds -= 3.0 * blob.cut_from_land
    return float(special.expit(odds))
