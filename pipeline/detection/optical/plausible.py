"""Plausibility tests of the network's hulls: enough water to float in, enough light, and no marina finger.

The network judges by appearance within half a kilometre. These tests use physical limits: a ship lies in water wide
enough to have brought her there, 50 m of hull reflect more light than a launch and its wake, and no four similar
merchant hulls of under 110 m lie abreast with a hull's width of water between each two. Each gives its evidence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from scipy.sparse import csgraph
from skimage import measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.candidates import Candidate
    from pipeline.detection.optical.spectral import ScaledView
    from pipeline.types import BoolImage, FloatArray, FloatImage

WET_BELOW = 0.35  # infrared, local water 0 and land 1
NARROWEST_PX = 3  # water narrower than this is a gap between houses, or a shadow
# Water that a hull of 50 m needs to come and turn: twice her length squared, and a berth; our choice
BASIN_M2 = 20_000.0
NEAR_PX, LOOK_PX = 5, 44  # water within the first counts as hers; it is measured out to the second, whatever the tile
FREE_SHARE = 0.8  # share of the surroundings that is water, above which a hull lies free and all light is her own
DECK_LIGHT = 0.4  # light of a deck over water, the image's land being 1: the middle of labelled hulls (0.1 to 0.8)
VISIBLE_WEIGHT = 0.4  # as in the search for objects: foam and silt are bright there
SLENDER, FULL = 6.3, 0.85  # length over beam, and share of length times beam that a waterplane fills
SHORTEST_M = 50.0  # labels of the training ports begin here
RIM_PX = 6  # margin around an object in which it must lie free
ALONE_FROM_M = 35.0  # least length by contrast, which cuts a hull at half of her light; our choice
LEAST_ABREAST = 4  # so many hulls side by side are not a raft of ships
FINGER_M = 110.0  # the longest finger of a marina
BETWEEN_M = (22.0, 80.0)  # from one finger to the next; ships of under 110 m in a raft lie 12 to 20 m apart
# Ratio of lengths; shift along, as a share of the length; 15 degrees
LENGTH_RATIO, SHIFT_ALONG, TURN_RAD = 1.7, 0.6, 0.26
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


def no_water_reason(
    scaled: FloatImage,
    hull: BoolImage,
    present: tuple[bool, ...],
    pixel_m2: float,
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False),
) -> str | None:
    """Why the hull cannot be afloat, or None: the largest water that comes within `NEAR_PX` of her is too small.

    ``scaled`` has shape (5, rows, cols), local water 0 and land 1, and reaches `LOOK_PX` around her middle whatever the
    tile, ``hull`` is her mask there. Gaps narrower than `NARROWEST_PX` are closed: shadows of houses are small.
    ``cut`` says at which sides (first row, last row, first column, last column) the image itself ends: water that
    reaches one of them is of unknown size and counts as large enough.
    """
    names, areas = _label_waters(_infrared(scaled, present) < WET_BELOW, pixel_m2)
    for ends, rim in zip(cut, (names[0], names[-1], names[:, 0], names[:, -1]), strict=True):
        if ends:
            areas[rim[rim > 0]] = np.inf
    largest = areas[np.unique(names[ndimage.binary_dilation(hull, EIGHT_NEIGHBOURS, iterations=NEAR_PX)])].max(
        initial=0.0
    )
    if largest >= BASIN_M2:
        return None
    return f"{largest / 1e4:.1f} ha of water beside it, a ship needs {BASIN_M2 / 1e4:.0f}"


def largest_water_m2(wet: BoolImage, pixel_m2: float) -> float:
    """Area [m2] of the largest connected water of a mask, narrow gaps closed."""
    return float(_label_waters(wet, pixel_m2)[1].max())


def holds_basin(wet: BoolImage, pixel_m2: float) -> bool:
    """Is the largest water of a mask (`largest_water_m2`) at least `BASIN_M2`?

    Shortcut: one all-water square of that size is enough.
    """
    if np.count_nonzero(wet) * pixel_m2 < BASIN_M2:
        return False
    side = int(np.ceil(np.sqrt(BASIN_M2 / pixel_m2)))
    rows, cols = (n // side for n in wet.shape)
    squares = wet[: rows * side, : cols * side].reshape(rows, side, cols, side).all(axis=(1, 3))
    return bool(squares.any()) or largest_water_m2(wet, pixel_m2) >= BASIN_M2


def remove_narrow_water(wet: BoolImage) -> BoolImage:
    """Binary opening of water by a square of `NARROWEST_PX`, in few passes: narrow gaps are removed."""
    core = wet
    for _ in range(NARROWEST_PX - 1):
        core = core[1:] & core[:-1]
    for _ in range(NARROWEST_PX - 1):
        core = core[:, 1:] & core[:, :-1]
    out = np.zeros_like(wet)
    for row in range(NARROWEST_PX):
        for col in range(NARROWEST_PX):
            out[row : row + core.shape[0], col : col + core.shape[1]] |= core
    return out


def _label_waters(wet: BoolImage, pixel_m2: float) -> tuple[NDArray[Any], FloatArray]:
    """Connected waters of a mask, numbered from 1 (0: none), and the area of each number [m2], 0 for number 0."""
    names, count = measure.label(remove_narrow_water(wet), connectivity=1, return_num=True)
    areas = np.bincount(names.ravel(), minlength=count + 1) * pixel_m2
    areas[0] = 0.0
    return names, areas.astype(np.float64)


def light_length_m(scaled: FloatImage, hull: BoolImage, present: tuple[bool, ...], pixel_m2: float) -> float | None:
    """Length [m] of a hull of usual deck and proportions that reflects as much light; None where she does not lie free.

    ``scaled`` has shape (5, rows, cols), local water 0 and land 1; the window must reach 4 pixels beyond the hull. Blur
    and wake spread light but add none in the infrared, so a launch does not come out as long as her streak.
    """
    ring = ndimage.binary_dilation(hull, EIGHT_NEIGHBOURS, iterations=4) & ~ndimage.binary_dilation(
        hull, EIGHT_NEIGHBOURS
    )
    infrared = _infrared(scaled, present)
    if (infrared[ring] < WET_BELOW).mean() < FREE_SHARE:
        return None
    seen = [scaled[k] for k in range(3) if present[k]]
    bright = np.maximum(infrared, VISIBLE_WEIGHT * np.mean(seen, axis=0)) if seen else infrared
    light = np.clip(bright, 0.0, None)[ndimage.binary_dilation(hull, EIGHT_NEIGHBOURS, iterations=2)].sum() * pixel_m2
    return float(np.sqrt(light / DECK_LIGHT * SLENDER / FULL))


def counts_without_network(
    candidate: Candidate, view: ScaledView, rows: NDArray[Any], cols: NDArray[Any], pixel_m2: float
) -> bool:
    """Does an object found by contrast count without the network: free, without flags, with the light of 50 m of deck?

    At quays the network judges better, but in open water it misses small hulls that contrast finds. ``rows`` and
    ``cols`` are the object's pixels in the tile of ``view``.
    """
    if candidate.flags or candidate.length_m < ALONE_FROM_M:
        return False
    top, left = max(0, int(rows.min()) - RIM_PX), max(0, int(cols.min()) - RIM_PX)
    near = view.within(slice(top, int(rows.max()) + RIM_PX + 1), slice(left, int(cols.max()) + RIM_PX + 1))
    hull = np.zeros(near.shape[1:], bool)
    hull[rows.astype(int) - top, cols.astype(int) - left] = True
    light_m = light_length_m(near, hull, view.present, pixel_m2)
    return light_m is not None and light_m >= SHORTEST_M


def too_faint_reason(scaled: FloatImage, hull: BoolImage, present: tuple[bool, ...], pixel_m2: float) -> str | None:
    """Why a hull must be shorter than `SHORTEST_M`, by her light and whatever her outline; None where she need not."""
    length = light_length_m(scaled, hull, present, pixel_m2)
    return None if length is None or length >= SHORTEST_M else f"gives the light of a hull of {length:.0f} m"


def flag_marina_fingers(hulls: list[Candidate], spacing_m: tuple[float, float]) -> list[Candidate]:
    """The hulls, with ``marina_finger`` flagged on those abreast of three or more similar ones with gaps between."""
    if len(hulls) < LEAST_ABREAST:
        return hulls
    at = np.array([[h.row * spacing_m[0], h.col * spacing_m[1]] for h in hulls])
    axis, length = np.array([h.axis for h in hulls]), np.array([h.length_m for h in hulls])
    apart = at[None, :, :] - at[:, None, :]
    along = np.abs(np.einsum("ijk,ik->ij", apart, axis))
    across = np.abs(apart[..., 0] * axis[:, None, 1] - apart[..., 1] * axis[:, None, 0])
    turned = np.abs(axis[:, None, 0] * axis[None, :, 1] - axis[:, None, 1] * axis[None, :, 0])
    ratio = np.maximum(length[:, None] / length[None, :], length[None, :] / length[:, None])
    alike = (
        (ratio < LENGTH_RATIO) & (turned < np.sin(TURN_RAD)) & (np.maximum(length[:, None], length[None, :]) < FINGER_M)
    )
    beside = alike & (along < SHIFT_ALONG * length[:, None]) & (across < BETWEEN_M[1]) & ~np.eye(len(hulls), dtype=bool)
    loose = np.where(beside, across, np.inf).min(axis=1) > BETWEEN_M[0]  # no ship rafted alongside
    beside &= loose[:, None] & loose[None, :]
    _, group = csgraph.connected_components(beside & beside.T, directed=False)
    count = np.bincount(group)[group]
    return [
        with_flag(h, "marina_finger", f"one of {n} abreast") if n >= LEAST_ABREAST else h
        for h, n in zip(hulls, count, strict=True)
    ]


def with_flag(hull: Candidate, name: str, why: str) -> Candidate:
    """The candidate with one more flag and its evidence."""
    evidence = "; ".join(filter(None, (hull.evidence, f"{name}: {why}")))
    return replace(hull, flags=(*hull.flags, name), evidence=evidence)


def _infrared(scaled: FloatImage, present: tuple[bool, ...]) -> FloatImage:
    """The near infrared, or else the short-wave infrared."""
    return scaled[3] if present[3] else scaled[4]
