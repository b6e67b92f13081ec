"""Measure one object of a fine image at full resolution: hull, deck and freeboard, in metres on the water.

An off-nadir camera sees the deck displaced and one side of the hull. The result is corrected for both: position of the
waterline, beam of the deck, length without the visible face of the stern.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.alongside import ship_alongside
from pipeline.detection.optical.bearings import toward
from pipeline.detection.optical.best_hull import MAX_ODDNESS, best_hull, is_hull, oddness
from pipeline.detection.optical.between_lines import (
    SURE_EVIDENCE,
)
from pipeline.detection.optical.deck import Deck, read_deck
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import (
    Freeboard,
    SunView,
    measure_freeboard,
    no_freeboard,
)
from pipeline.detection.optical.outline import (
    Hull,
)
from pipeline.detection.optical.pier import LEAST_SHIP, has_square_ends, pier_pixels
from pipeline.detection.optical.sharpness import side_sharpness
from pipeline.detection.optical.upright import as_seen_from_above
from pipeline.detection.optical.water import water_level_at
from pipeline.detection.optical.water_beside import LOOK_M, LOOK_SHARE, WaterComparison, compare_with_water
from pipeline.types import Radiometry, Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.detection.optical.best_hull import FittedHull
    from pipeline.detection.optical.objects import Blob
    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatImage

VISIBLE = ("pan", "B", "G", "R", "GI", "Y", "B02", "B03", "B04")
REACH = 0.75  # margin read around an object, as a share of its length
REACH_M = 60.0  # ... plus so much (our choice)
DOUBTFUL_REACH_M = 150.0  # widest margin read again for an outline with little evidence (our choice)
WAKE_FACTOR = 1.3  # times the bright object's length, from which a hull in open water may include her wake (our choice)
BORDER_M, LONGEST_REACH_M = 15.0, 300.0  # a hull so near the window's border is read again in one twice as wide
USUAL_STEP = 1.6  # a deck's light less the water's, in units of the water's; median of simulated ships
SAME_END = 0.15  # most by which the length measured again may differ from what the cut left (our choice)


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
    alongside: HullAlongside | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HullAlongside:
    """A second hull in the same object."""

    hull: FineHull
    n_pixels: int  # of the object, that are hers
    like_quay: bool  # as even as a quay, or part of an object that touches land: as likely a quay as a ship


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
        found = best_hull(light, sea, near, scene.pixel_spacing_m, origin)
        if found is not None and not blob.moored and found[0].length_m > WAKE_FACTOR * length_m:
            dim = sea & (light > 1) & (light < 1 + 0.5 * (float(np.median(light[near])) - 1))
            wakeless = best_hull(np.where(dim, 1, light), sea, near, scene.pixel_spacing_m, origin)
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
    first = _describe(scene, light, sea, (found, comparison, is_square), origin)
    second = ship_alongside(light, sea, near, found[0], origin)
    if second is None:
        return first
    found, sea, comparison = _cut_at_water(light, second.sea, second.part, second.fitted, origin)
    described = _describe(scene, light, sea, (found, comparison, False), origin)
    like_quay = second.like_quay or blob.moored
    return replace(first, alongside=HullAlongside(described, int(second.part.sum()), like_quay))


def _describe(
    scene: Scene,
    light: FloatImage,
    sea: BoolImage,
    fitted: tuple[FittedHull, WaterComparison, bool],
    origin: tuple[int, int],
) -> FineHull:
    """A fitted hull with what her deck and sides show; ``fitted`` also tells whether her ends are square."""
    (hull, mask, ship, odds), comparison, is_square = fitted
    sun = sun_view(scene, hull.frame)
    deck = read_deck(light, hull, origin)
    if deck.bow_ahead is not None:
        hull = replace(hull if deck.bow_ahead else reversed_hull(hull), bow_known=True)
    others = (ship & ~mask) | ~sea
    sharpness = side_sharpness(light, sea, hull, origin)
    if oddness(hull) > MAX_ODDNESS or comparison.has_faded_sides():
        freeboard = no_freeboard("the outline is not one hull's alone")
    else:
        freeboard = measure_freeboard(light, others, hull, sun, origin, deck.tanker)
    hull = as_seen_from_above(hull, freeboard, sun)
    return FineHull(hull, deck, freeboard, is_hull(hull), sharpness, odds, is_square, comparison)


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


def ship_beside_pier(
    light: FloatImage, sea: BoolImage, near: BoolImage, pier: Hull, origin: tuple[int, int]
) -> tuple[FittedHull, BoolImage] | None:
    """The ship beside an outline without a bow (a pier), and the sea without that; None where no sure hull is left."""
    open_sea = sea & ~pier_pixels(pier, light.shape, origin)
    ship = best_hull(light, open_sea, near & open_sea, pier.frame.spacing_m, origin)
    if ship is None or ship[3] < SURE_EVIDENCE or ship[0].length_m < LEAST_SHIP * pier.length_m or not is_hull(ship[0]):
        return None
    one_hull = oddness(ship[0]) < MAX_ODDNESS and not has_square_ends(light, ship[0], origin)
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
    ship = best_hull(light, open_sea, near & open_sea, found[0].frame.spacing_m, origin)
    if ship is None or not is_hull(ship[0]) or abs(ship[0].length_m / (found[0].length_m - sum(cut)) - 1) > SAME_END:
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
        or not is_hull(wakeless[0])
        or not 1 / WAKE_FACTOR < wakeless[0].length_m / length_m < WAKE_FACTOR
    ):
        return found
    return wakeless if oddness(wakeless[0]) < oddness(found[0]) else found


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
