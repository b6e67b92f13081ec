"""A second ship in one object of a fine image: ships side by side, a bunker barge at a tanker.

A few metres of fenders between two hulls are bridged by blur, so both are one object. The hull fitted to it is one of
them. What she leaves of the object is searched for another hull, which must be a sure one by its own outline and lie
along the first. Quays that no map has are as long and as straight: what ends square where pixels show it is none, and
what is as even as a quay, or part of an object that touches land, is kept as a candidate that does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage import measure

from pipeline.detection.optical.best_hull import MAX_ODDNESS, best_hull, is_hull, oddness
from pipeline.detection.optical.between_lines import SURE_EVIDENCE
from pipeline.detection.optical.frame import resample
from pipeline.detection.optical.outline import MIN_STEP
from pipeline.detection.optical.pier import has_square_ends, pier_pixels

if TYPE_CHECKING:
    from pipeline.detection.optical.best_hull import FittedHull
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import BoolImage, FloatImage

LEAST_M2 = 60.0  # of the object, that the first hull leaves: a barge of 20 m by 3 m
LEAST_WIDTH_M = 3.0  # of what is left: the first hull's visible side and gear over her rail are narrower (our choice)
LEAST_LENGTH_M = 18.0  # of the second hull (our choice)
PARALLEL = float(np.sin(np.radians(10.0)))  # fenders hold both alongside; sine of the largest angle (our choice)
# Spread of light over a deck's middle, in its step from the water. Simulated at 0.5 and 3 m, second hulls in an object:
# 14 decks 0.20 to 0.97, 16 quays 0.02 to 0.14
UNEVEN = 0.17
MIDDLE = (0.8, 0.5)  # of length and beam: without bow, stern and rails


@dataclass(frozen=True, slots=True)
class SecondShip:
    """A second hull, the sea without the first one, and her own part of the object."""

    fitted: FittedHull
    sea: BoolImage
    part: BoolImage
    like_quay: bool  # as even as a quay


def ship_alongside(
    light: FloatImage, sea: BoolImage, near: BoolImage, hull: Hull, origin: tuple[int, int]
) -> SecondShip | None:
    """The ship beside ``hull`` in the object ``near``; None where no sure hull is left.

    ``light`` is over the water's (water 1); ``sea`` marks where a ship may be.
    """
    open_sea = sea & ~pier_pixels(hull, light.shape, origin)
    rest = _largest_part(near & open_sea, hull.frame.pixel_m)
    if rest is None:
        return None
    ship = best_hull(light, open_sea, rest, hull.frame.spacing_m, origin)
    if ship is None or not _is_ship_alongside(ship, hull) or has_square_ends(light, ship[0], origin):
        return None
    return SecondShip(ship, open_sea, rest, _unevenness(light, ship[0], origin) < UNEVEN)


def _unevenness(light: FloatImage, hull: Hull, origin: tuple[int, int]) -> float:
    """Robust spread of light over the middle of a deck, as a share of the deck's step from the water."""
    u = np.linspace(-0.5, 0.5, 81) * MIDDLE[0] * hull.length_m
    v = np.linspace(-0.5, 0.5, 21) * MIDDLE[1] * hull.beam_m
    deck = np.nan_to_num(resample(light, hull.frame, u, v, origin), nan=1.0)
    level = float(np.median(deck))
    return 1.4826 * float(np.median(np.abs(deck - level))) / max(MIN_STEP, level - 1)


def _largest_part(left: BoolImage, pixel_m: float) -> BoolImage | None:
    """The largest connected part, without strips narrower than a boat; None where too little is left."""
    width = max(1, round(LEAST_WIDTH_M / pixel_m))
    opened = ndimage.binary_opening(left, np.ones((width, width), bool)) if width > 1 else left
    labels = measure.label(opened, connectivity=2)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if sizes.max() * pixel_m**2 < LEAST_M2:
        return None
    return np.asarray(labels == sizes.argmax())


def _is_ship_alongside(ship: FittedHull, hull: Hull) -> bool:
    """Is it a sure hull of her own that lies along the first one?"""
    found, _, _, evidence = ship
    if evidence < SURE_EVIDENCE or not is_hull(found) or oddness(found) > MAX_ODDNESS:
        return False
    (south, east), (south_1, east_1) = found.frame.axis, hull.frame.axis
    return abs(south * east_1 - east * south_1) < PARALLEL and found.length_m > LEAST_LENGTH_M
