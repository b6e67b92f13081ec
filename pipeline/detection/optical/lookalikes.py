"""Flag bright objects that are not ships: foam, islets, pieces of quay, piers and cranes, by colour and geometry.

Each test rests on physics or geometry, not on training, and gives its evidence. Foam is as bright as a deck in visible
light and dark at 1.6 micrometres; plants are dark in red and bright in the near infrared; a piece of quay has the
quay's own colour; piers, breakwaters and cranes stand out of the shore end-on, where ships lie along it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage, special

from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.water import VISIBLE, Levels, water_level_at
from pipeline.types import Tile, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatImage

SWIR, NEAR, RED = ("B11", "B12"), ("B08", "N", "B8A"), ("B04", "R")
# Light at 1.6 um over visible light, below which it is foam: foam has 0.15 (Frouin et al., JGR 101, 14361, 1996), decks
# 0.5 to 2
FOAM_BELOW = 0.25
PLANTS_ABOVE = 0.5  # vegetation index over water, above which it is plants; one labelled hull in a hundred exceeds it
FREE_BELOW = 0.3  # share of the rim that touches something, above which more than an end does
END_ON_ABOVE = 0.85  # distance from the middle to where it touches, as a share of half the length
LIKE_QUAY_BELOW = 1.0  # an object within so many spreads of its neighbours' colour has the same colour
EVEN_BELOW = 0.10  # standard deviation over mean of a surface without house, hatch or bow
WAKE_ASPECT = 7.5  # least length over beam of a streak; blurred hulls reach 7
WHITE_CAP_M, PONTOON_M, CRANE_M = 40.0, 75.0, 100.0  # the longest of each (our choice)
ACROSS_SHORE = (0.15, 0.85)  # share of a crane or a jetty's root on mapped land
DECISIVE = frozenset({"islet", "breakwater_head", "crane", "wake"})  # against contrast alone; see docs/method.md
# Log-odds against a ship found by contrast alone, from their frequency on labelled ports
LOG_ODDS_AGAINST = {"pontoon": 0.8, "like_quay": 0.8}
REACH_PX = 6  # margin around an object in which its neighbours are examined
SHADED_SHARE = 0.5  # share of the object's pixels in a cloud's shadow, above which it is flagged
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class Traits:
    """Measurements for the tests; None where the bands or the surroundings do not allow them.

    ``swir_share``: light at 1.6 um over that in the visible, both over water, summed over object and rim.
    ``plants``: (near infrared - red) over their sum, over water. ``unlike_quay``: distance in colour from what it lies
    beside, in spreads of the latter. ``touching_share``: share of its rim that touches something brighter than water;
    ``end_on``: mean distance of that part of the rim from the object's middle along its axis, 0 to 1. ``uneven``:
    standard deviation of its brightness over its mean. ``on_land``: share of it on mapped land.
    """

    swir_share: float | None
    plants: float | None
    unlike_quay: float | None
    touching_share: float
    end_on: float | None
    uneven: float
    on_land: float


def flag_lookalikes(
    candidate: Candidate,
    tile: Tile,
    levels: Levels,
    pixels: tuple[NDArray[Any], NDArray[Any]],
    spacing_m: tuple[float, float],
    *,
    shadow: BoolImage | None = None,
    by_contrast_only: bool,
) -> Candidate:
    """The candidate with flags for what else it may be, and the evidence; ``pixels`` are rows and columns of the tile.

    On an object found ``by_contrast_only``, a decisive flag adds ``unlike_a_ship``. On detections of the hull network
    the flags decide nothing: on labelled ports they hardly differ between its true and false ones.
    """
    rows, cols = (p.astype(int) for p in pixels)
    if not len(rows):
        return candidate
    unit = np.array(candidate.axis) / spacing_m
    along = float(np.hypot(*unit))
    traits = measure_traits(tile, levels, rows, cols, (unit[0] / along, unit[1] / along), candidate.length_m * along)
    flags = lookalike_flags(traits, candidate.length_m, candidate.beam_m)
    if shadow is not None and float(shadow[rows, cols].mean()) > SHADED_SHARE:
        flags["cloud_shadow"] = "in the shadow of a cloud: dimmer than she is"
    if not flags:
        return candidate
    if not by_contrast_only and "wake" in flags:
        flags["foam"] = flags.pop("wake")
    against = sum(LOG_ODDS_AGAINST.get(name, 0.0) for name in flags) if by_contrast_only else 0.0
    unlike = ("unlike_a_ship",) if by_contrast_only and flags.keys() & DECISIVE else ()
    return replace(
        candidate,
        flags=(*candidate.flags, *flags, *unlike),
        evidence="; ".join(filter(None, (candidate.evidence, *(f"{k}: {v}" for k, v in flags.items())))),
        score=_lower_score(candidate.score, against),
    )


def _lower_score(score: float, against: float) -> float:
    """A probability lowered by ``against`` log-odds."""
    if against == 0:
        return score
    return float(special.expit(special.logit(min(max(score, 1e-6), 1 - 1e-6)) - against))


def measure_traits(
    tile: Tile,
    levels: Levels,
    rows: NDArray[Any],
    cols: NDArray[Any],
    axis: tuple[float, float],
    length_px: float,
) -> Traits:
    """Traits of an object given by its pixels of the tile, its axis (unit vector in pixels) and its length."""
    top, left = max(0, int(rows.min()) - REACH_PX), max(0, int(cols.min()) - REACH_PX)
    box = np.s_[top : int(rows.max()) + REACH_PX + 1, left : int(cols.max()) + REACH_PX + 1]
    valid = tile.valid[box]
    own = np.zeros(valid.shape, bool)
    own[rows.astype(int) - top, cols.astype(int) - left] = True
    window = Window(tile.window.row0 + top, tile.window.col0 + left, *valid.shape)
    over = {}
    for k, name in enumerate(tile.bands):
        level = water_level_at(window, levels, k)
        over[name] = np.where(valid, tile.data[(k, *box)] - level, 0.0)
    brightness = _brightness_over_water(over, tile.bands, levels)
    floor = max(0.12, 0.35 * float(np.median(brightness[own])))
    ring = ndimage.binary_dilation(own, EIGHT_NEIGHBOURS, iterations=2) & ~own & valid
    near = ndimage.binary_dilation(own, EIGHT_NEIGHBOURS, iterations=5) & ~own & valid
    bright = np.asarray((brightness > floor) | ~tile.water[box], bool)
    outer = ring & ~ndimage.binary_dilation(own, EIGHT_NEIGHBOURS)
    rim = own & ~ndimage.binary_erosion(own, EIGHT_NEIGHBOURS)
    touching = rim & ndimage.binary_dilation(outer & bright, EIGHT_NEIGHBOURS, iterations=2)
    touching_share = float(touching.sum() / max(1, rim.sum()))
    end_on = None
    if touching.any():
        r, c = np.nonzero(touching)
        mr, mc = (v.mean() for v in np.nonzero(own))
        end_on = float(np.mean(np.abs((r - mr) * axis[0] + (c - mc) * axis[1])) / max(1.0, length_px / 2))
    return Traits(
        _swir_share(over, own | ring if touching_share < 0.1 else own),
        _vegetation_index(over, own),
        _colour_distance(over, own, near & bright),
        touching_share,
        end_on,
        float(np.std(brightness[own]) / max(1e-6, abs(float(np.mean(brightness[own]))))),
        float((~tile.water[box])[own].mean()),
    )


def _brightness_over_water(over: dict[str, FloatImage], bands: tuple[str, ...], levels: Levels) -> FloatImage:
    """Brightness over water in units of land's: in the infrared, or in visible light where that is much brighter."""

    def gap(name: str) -> float:
        k = bands.index(name)
        return float(levels.land[k] - levels.water[k])

    brightness = np.asarray(over[levels.infrared] / gap(levels.infrared), np.float32)
    seen = [over[b] / gap(b) for b in VISIBLE if b in over]
    if not seen:
        return brightness
    return np.asarray(np.maximum(brightness, 0.4 * np.mean(seen, axis=0)), np.float32)


def lookalike_flags(traits: Traits, length_m: float, beam_m: float) -> dict[str, str]:
    """Flag -> evidence in words, for every test that the traits meet."""
    out: dict[str, str] = {}
    if traits.swir_share is not None and traits.swir_share < FOAM_BELOW and traits.touching_share < FREE_BELOW:
        words = f"dark at 1.6 um ({traits.swir_share:.2f} of its visible light), as foam is"
        streak = length_m > WAKE_ASPECT * beam_m
        out["wake" if streak else "white_cap" if length_m < WHITE_CAP_M else "foam"] = words
    if traits.plants is not None and traits.plants > PLANTS_ABOVE:
        out["islet"] = f"plants grow on it (index {traits.plants:.2f})"
    if traits.end_on is not None and traits.end_on > END_ON_ABOVE and traits.touching_share < FREE_BELOW:
        root = ACROSS_SHORE[0] < traits.on_land < ACROSS_SHORE[1] and length_m < CRANE_M
        out["crane" if root else "breakwater_head"] = "stands out from the shore end-on"
    alike = traits.unlike_quay is not None and traits.unlike_quay < LIKE_QUAY_BELOW
    if alike and traits.touching_share >= FREE_BELOW:
        small = length_m < PONTOON_M and traits.uneven < EVEN_BELOW
        out["pontoon" if small else "like_quay"] = (
            f"of the colour of what it lies beside ({traits.unlike_quay:.1f} spreads)"
        )
    return out


def _first_band(over: dict[str, FloatImage], names: tuple[str, ...]) -> FloatImage | None:
    return next((over[n] for n in names if n in over), None)


def _swir_share(over: dict[str, FloatImage], where: BoolImage) -> float | None:
    """SWIR over visible light, summed over an object and its rim, since SWIR pixels are twice as wide."""
    swir, seen = _first_band(over, SWIR), [over[b] for b in VISIBLE if b in over]
    if swir is None or not seen:
        return None
    visible = float(np.mean(seen, axis=0)[where].sum())
    return float(swir[where].sum()) / visible if visible > 0 else None


def _vegetation_index(over: dict[str, FloatImage], own: BoolImage) -> float | None:
    near, red = _first_band(over, NEAR), _first_band(over, RED)
    if near is None or red is None:
        return None
    a, b = float(np.median(near[own])), float(np.median(red[own]))
    return (a - b) / (a + b) if a + b > 0 and a > 0 else None


def _colour_distance(over: dict[str, FloatImage], own: BoolImage, strip: BoolImage) -> float | None:
    """Distance of the object's median colour from its neighbours', in spreads of theirs, averaged over bands."""
    if strip.sum() < max(8, 0.15 * own.sum()):
        return None
    apart = []
    for band in over.values():
        there = band[strip]
        middle = float(np.median(there))
        spread = 1.4826 * float(np.median(np.abs(there - middle))) + 0.08 * abs(middle)
        apart.append(abs(float(np.median(band[own])) - middle) / max(spread, 1e-6))
    return float(np.mean(apart))
