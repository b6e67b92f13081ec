"""Measure one object of a fine image at full resolution: hull, deck and freeboard, in metres on the water.

An off-nadir camera sees the deck displaced and one side of the hull. The result is corrected for both: position of the
waterline, beam of the deck, length without the visible face of the stern.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.bearings import toward
from pipeline.detection.optical.between_lines import (
    GAPS_M,
    SMOOTH_M,
    SURE_EVIDENCE,
    Rectangle,
    hull_probability,
    likely_rectangle,
)
from pipeline.detection.optical.deck import Deck, read_deck
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import (
    MAX_BLIND_PIXEL_M,
    Freeboard,
    SunView,
    measure_freeboard,
    no_freeboard,
)
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
from pipeline.detection.optical.pier import LEAST_SHIP, has_square_ends, pier_pixels, ship_without_pier
from pipeline.detection.optical.sharpness import side_sharpness
from pipeline.detection.optical.upright import as_seen_from_above
from pipeline.detection.optical.water import water_level_at
from pipeline.detection.optical.water_beside import LOOK_M, LOOK_SHARE, WaterComparison, compare_with_water
from pipeline.types import Radiometry, Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.detection.optical.objects import Blob
    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatArray, FloatImage

    FittedHull = tuple[Hull, BoolImage, BoolImage, float]  # hull, her pixels, all pixels that are not water, evidence

VISIBLE = ("pan", "B", "G", "R", "GI", "Y", "B02", "B03", "B04")
REACH = 0.75  # margin read around an object, as a share of its length
REACH_M = 60.0  # ... plus so much (our choice)
DOUBTFUL_REACH_M = 150.0  # widest margin read again for an outline with little evidence (our choice)
WAKE_FACTOR = 1.3  # times the bright object's length, from which a hull in open water may include her wake (our choice)
BORDER_M, LONGEST_REACH_M = 15.0, 300.0  # a hull so near the window's border is read again in one twice as wide
ASPECT = (2.4, 10.5)  # length over beam of hulls, tugs to container ships
MIN_FILL = 0.66  # share of the frame that is filled: hulls fill 0.8 to 1 (our choice)
USUAL_STEP = 1.6  # a deck's light less the water's, in units of the water's; median of simulated ships
USUAL_ODDNESS = 0.40  # of most simulated hulls that nothing touches
MAX_ODDNESS = 0.9  # above it a quay or a neighbour is part of the outline
EDGE_SHARE = 0.35  # a bright deck is cut at this share of the way from water to its light: coarse pixels blur bows
SAME_END = 0.15  # most by which the length measured again may differ from what the cut left (our choice)
END_ROOM_M = 3.0  # margin beyond a rectangle's ends for the hull's own
GAP_SE_M = 0.7  # between a hull and her quay lie 0.8 to 3 m of fenders; a line may be either border of them
FREE_ROOM_M, TOUCHED_ROOM_M = 8.0, 0.4  # ... and beyond its sides: a side that faces the camera shows its whole height


@dataclass(frozen=True, slots=True, eq=False)
class FineHull:
    """A hull with her deck and freeboard; ``hull`` is corrected for the off-nadir view."""

    hull: Hull
    deck: Deck
    freeboard: Freeboard
    good: bool  # has the proportions, fill and straight sides of a hull
    sharpness: float  # of her sides
    odds: float  # evidence for her outline, natural logarithm
    square: bool  # without a bow, like a pier or a barge
    water_comparison: WaterComparison  # comparison of the outline with the water beside her


def measure_fine(
    scene: Scene, levels: Levels, blob: Blob, window: Window, factor: int, guess: tuple[HullFrame, float, float]
) -> FineHull | None:
    """Measure the hull of a blob found in a window of pixels averaged by ``factor``; None where no hull fits."""
    frame, length_m, _ = guess
    reach_m = REACH * length_m + REACH_M
    while True:
        around = _window_about(scene, frame, reach_m)
        tile = scene.read(around)
        origin = (around.row0, around.col0)
        light = light_over_water(tile, levels)
        sea = tile.valid & tile.water
        near = _blob_pixels(blob, window, factor, around)
        if scene.radiometry is not Radiometry.REFLECTANCE and near.any():
            # The zero of such a scale is unknown: the object's own step from the water serves as its unit
            light = 1 + (light - 1) * np.float32(USUAL_STEP / max(1e-6, float(np.median(light[near])) - 1))
        found = _best_hull(light, sea, near, scene.pixel_spacing_m, origin)
        if found is not None and not blob.moored and found[0].length_m > WAKE_FACTOR * length_m:
            dim = sea & (light > 1) & (light < 1 + 0.5 * (float(np.median(light[near])) - 1))
            wakeless = _best_hull(np.where(dim, 1, light), sea, near, scene.pixel_spacing_m, origin)
            found = _without_wake(found, wakeless, length_m)
        if found is None or reach_m > LONGEST_REACH_M:
            break
        part = found[3] < SURE_EVIDENCE and reach_m < DOUBTFUL_REACH_M  # little evidence: perhaps a part of a hull
        if not (part or _reaches_border(found[0], around, scene.shape)):
            break
        reach_m *= 2.0  # the object was a part of a longer hull: a box on her deck, her house
    if found is None:
        return None
    is_square = has_square_ends(light, found[0], origin)
    at_pier = ship_beside_pier(light, sea, near, found[0], origin) if is_square else None
    if at_pier is not None:
        found, sea, is_square = *at_pier, False
    found, sea, comparison = _cut_at_water(light, sea, near, found, origin)
    hull, mask, ship, odds = found
    sun = sun_view(scene, hull.frame)
    deck = read_deck(light, hull, origin)
    if deck.bow_ahead is not None:
        hull = replace(hull if deck.bow_ahead else reversed_hull(hull), bow_known=True)
    others = (ship & ~mask) | ~sea
    sharpness = side_sharpness(light, sea, hull, origin)
    if _oddness(hull) > MAX_ODDNESS or comparison.has_faded_sides():
        freeboard = no_freeboard("the outline is not one hull's alone")
    else:
        freeboard = measure_freeboard(light, others, hull, sun, origin, deck.tanker)
    hull = as_seen_from_above(hull, freeboard, sun)
    return FineHull(hull, deck, freeboard, _is_hull(hull), sharpness, odds, is_square, comparison)


def compare_unfitted(scene: Scene, levels: Levels, frame: HullFrame, length_m: float, beam_m: float) -> WaterComparison:
    """Compare an outline by moments with the water beside it, where no hull could be fitted."""
    around = _window_about(scene, frame, (0.5 + LOOK_SHARE) * length_m + LOOK_M)
    tile = scene.read(around)
    loose = Hull(frame, length_m, beam_m, 0.0, 0.0, 0.0, False, 1.0, (True, True), (0.0, 0.0), 0.0)
    return compare_with_water(
        light_over_water(tile, levels), tile.valid & tile.water, loose, (around.row0, around.col0)
    )


def _window_about(scene: Scene, frame: HullFrame, reach_m: float) -> Window:
    row, col = (max(0, round(c)) for c in frame.centre)
    return Window(row, col, 1, 1).padded(int(np.ceil(reach_m / min(scene.pixel_spacing_m))), scene.shape)


def _reaches_border(hull: Hull, around: Window, shape: tuple[int, int]) -> bool:
    """Does a hull reach the border of the window where the image continues?"""
    rows, cols = hull.frame.pixels(np.array([-0.5, 0.5]) * hull.length_m, np.zeros(2))
    room = BORDER_M / hull.frame.pixel_m
    return bool(
        (around.row0 > 0 and rows.min() < around.row0 + room)
        or (around.col0 > 0 and cols.min() < around.col0 + room)
        or (around.row1 < shape[0] and rows.max() > around.row1 - room)
        or (around.col1 < shape[1] and cols.max() > around.col1 - room)
    )


def light_over_water(tile: Tile, levels: Levels) -> FloatImage:
    """Visible light over that of the local water (water 1), in which both hulls and shadows show."""
    names = [b for b in tile.bands if b in VISIBLE] or [levels.infrared]
    parts = []
    for name in names:
        level = water_level_at(tile.window, levels, tile.bands.index(name))
        parts.append(tile.band(name) / np.maximum(level, 1e-6))
    return np.mean(parts, axis=0, dtype=np.float32)


def _blob_pixels(blob: Blob, window: Window, factor: int, around: Window) -> BoolImage:
    """The blob as a mask of full-resolution pixels of another window."""
    out = np.zeros((around.rows, around.cols), bool)
    rows = (blob.rows.astype(int) * factor + window.row0 - around.row0)[:, None] + np.arange(factor)
    cols = (blob.cols.astype(int) * factor + window.col0 - around.col0)[:, None] + np.arange(factor)
    r, c = np.repeat(rows, factor, axis=1).ravel(), np.tile(cols, (1, factor)).ravel()
    inside = (r >= 0) & (r < around.rows) & (c >= 0) & (c < around.cols)
    out[r[inside], c[inside]] = True
    return out


def _best_hull(
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
                is_good = is_good or (_is_hull(hull) and _oddness(hull) < USUAL_ODDNESS)
        if is_good:
            break  # the other cuts are for hulls that a quay or a neighbour touches
    return _without_its_pier(min(tried, key=lambda t: _oddness(t[0])), clean, noise, origin) if tried else None


def _without_its_pier(found: FittedHull, clean: FloatImage, noise: float, origin: tuple[int, int]) -> FittedHull:
    """The hull without the pier that she lies at, where the outline includes one."""
    ship = ship_without_pier(clean, found[0], noise, origin)
    if ship is None or not _is_hull(ship[0]):
        return found
    return ship[0], ship[1], found[2], found[3]


def ship_beside_pier(
    light: FloatImage, sea: BoolImage, near: BoolImage, pier: Hull, origin: tuple[int, int]
) -> tuple[FittedHull, BoolImage] | None:
    """The ship beside an outline without a bow (a pier), and the sea without that; None where no sure hull is left."""
    open_sea = sea & ~pier_pixels(pier, light.shape, origin)
    ship = _best_hull(light, open_sea, near & open_sea, pier.frame.spacing_m, origin)
    if (
        ship is None
        or ship[3] < SURE_EVIDENCE
        or ship[0].length_m < LEAST_SHIP * pier.length_m
        or not _is_hull(ship[0])
    ):
        return None
    one_hull = _oddness(ship[0]) < MAX_ODDNESS and not has_square_ends(light, ship[0], origin)
    return (ship, open_sea) if one_hull else None


def _cut_at_water(
    light: FloatImage, sea: BoolImage, near: BoolImage, found: FittedHull, origin: tuple[int, int]
) -> tuple[FittedHull, BoolImage, WaterComparison]:
    """The hull, measured again without the ends at which her seaward side has become water; the sea that was searched;
    and the comparison with the water beside the outline that is kept.

    Beyond a hull's end her quay, white caps or smoke may continue. The new outline is kept where it is a hull that ends
    near the cut, whose own ends need no cut, and that does not go on over most of what was cut off (a dark stern or
    bow).
    """
    comparison = compare_with_water(light, sea, found[0], origin)
    cut = comparison.cut()
    if not any(cut):
        return found, sea, comparison
    open_sea = sea & ~_beyond_ends(found[0], cut, light.shape, origin)
    ship = _best_hull(light, open_sea, near & open_sea, found[0].frame.spacing_m, origin)
    if ship is None or not _is_hull(ship[0]) or abs(ship[0].length_m / (found[0].length_m - sum(cut)) - 1) > SAME_END:
        return found, sea, comparison
    new_comparison = compare_with_water(light, sea, ship[0], origin)
    continues = sum(new_comparison.beyond_m) > 0.5 * sum(cut)
    return (found, sea, comparison) if continues or any(new_comparison.cut()) else (ship, open_sea, new_comparison)


def _beyond_ends(hull: Hull, cut_m: tuple[float, float], shape: tuple[int, ...], origin: tuple[int, int]) -> BoolImage:
    """Pixels beyond an outline's ends after ``cut_m`` [m] is taken off each, to one beam on both sides of the axis."""
    u, v = hull.frame.metres(shape, origin)
    half = hull.length_m / 2
    past = np.zeros(u.shape, bool)
    for end, length in zip((-1, 1), cut_m, strict=True):
        if length:
            past |= end * u > half - length
    return past & (np.abs(v) < hull.beam_m)


def _without_wake(found: FittedHull, wakeless: FittedHull | None, length_m: float) -> FittedHull:
    """The hull, or ``wakeless``: the one found with everything below half of the object's light taken for water.

    The wake of a ship under way is as wide as she and shows a quarter of her light. ``wakeless`` is taken only where it
    is about as long as the bright object (``length_m``) and more like a hull.
    """
    if (
        wakeless is None
        or not _is_hull(wakeless[0])
        or not 1 / WAKE_FACTOR < wakeless[0].length_m / length_m < WAKE_FACTOR
    ):
        return found
    return wakeless if _oddness(wakeless[0]) < _oddness(found[0]) else found


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
    if hull is None or not _is_hull(hull):
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


def _oddness(hull: Hull) -> float:
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


def _is_hull(hull: Hull) -> bool:
    aspect = hull.length_m / hull.beam_m
    return ASPECT[0] <= aspect <= ASPECT[1] and hull.fill > MIN_FILL and max(hull.straight) > 0.5


def reversed_hull(hull: Hull) -> Hull:
    """The same hull with her frame pointing the other way."""
    frame = replace(hull.frame, axis=(-hull.frame.axis[0], -hull.frame.axis[1]))
    return replace(hull, frame=frame, free_sides=hull.free_sides[::-1], straight=hull.straight[::-1])


def sun_view(scene: Scene, frame: HullFrame) -> SunView | None:
    """Sun and satellite as unit vectors in the pixel frame; None where the scene does not give them."""
    view = scene.optical
    if view is None or view.sun_elevation_deg is None or view.sun_azimuth_deg is None:
        return None
    off_nadir = view.view_off_nadir_deg
    if off_nadir is None or (view.view_azimuth_deg is None and off_nadir > 1.0):
        return None
    return SunView(
        toward(scene, frame.centre, view.sun_azimuth_deg),
        view.sun_elevation_deg,
        toward(scene, frame.centre, view.view_azimuth_deg or 0.0),
        off_nadir,
    )


def no_hull_freeboard() -> Freeboard:
    """The freeboard where no hull could be fitted: none, and why."""
    return no_freeboard("no hull edge could be fitted")
