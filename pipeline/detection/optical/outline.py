"""Fit a hull in a fine image: ends, sides and direction by edges, bow and house by the deck's own pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.frame import HullFrame, crossing, resample

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage

MARGIN_M = 25.0
FULL_LEVEL = 0.5  # an edge lies where brightness has fallen half way from the hull's rim to the water
RIM_PX = 2.5  # width of the rim whose brightness stands for the hull at that edge
TAPER_AT = (0.40, 0.47)  # shares of the length at which a bow is already narrow and a stern is not
MIN_TAPER = 0.12  # difference of relative width between the two ends that tells bow from stern; our choice
HOUSE_OVER_DECK = 2.0  # a house is this many deck spreads brighter than the deck; our choice


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """A fitted hull: its frame points to the bow where ``bow_known``. Standard errors in metres and radians."""

    frame: HullFrame
    length_m: float
    beam_m: float
    length_se_m: float
    beam_se_m: float
    heading_se_rad: float
    bow_known: bool
    house_m: tuple[float, float] | None  # extent along the frame, in metres from the middle
    deck_roughness: float  # spread along the deck outside the house, over its contrast to water
    straightness: float  # rms wander of the sides over the beam: small for a hull
    fill: float  # share of the length-by-beam rectangle that is not water
    free_sides: tuple[bool, bool]  # water beyond the v < 0 and the v > 0 side


def fit_hull(
    bright: FloatImage, solid: FloatImage, frame: HullFrame, length_m: float, beam_m: float, origin: tuple[int, int]
) -> Hull | None:
    """Fit a hull to ``bright`` (0 on water) near a first guess; None where there is no hull-like edge.

    ``solid`` is brightness without sign of the material: in what it exceeds 0.5, there is no water.
    """
    pixel = float(np.mean(frame.spacing_m))
    guess = (length_m, beam_m)
    fitted = None
    for _ in range(3):
        fitted = _sides(solid, frame, guess, pixel, origin)
        if fitted is None:
            return None
        frame, beam_m, beam_se, turn_se, wander, free = fitted
        ends = _ends(solid, frame, guess[0], beam_m, pixel, origin)
        if ends is None:
            return None
        frame, length_m, length_se = ends
        guess = (length_m, beam_m)
    u = np.arange(-length_m / 2 + pixel / 2, length_m / 2, pixel)
    v = np.arange(-beam_m / 2 + pixel / 2, beam_m / 2, pixel)
    if len(u) < 6 or len(v) < 2:
        return None
    deck, filled = resample(bright, frame, u, v, origin), resample(solid, frame, u, v, origin)
    bow, frame = _bow(solid, frame, length_m, beam_m, pixel, origin)
    house, roughness = _deck(deck[::-1] if bow < 0 else deck, u)
    known = bow != 0
    if not known and house is not None and abs(sum(house) / 2) > 0.2 * length_m:
        known = True  # no taper to go by: on nearly all tankers and bulkers the house stands aft
        if sum(house) > 0:
            frame = replace(frame, axis=(-frame.axis[0], -frame.axis[1]))
            house = (-house[1], -house[0])
    return Hull(
        frame=frame,
        length_m=length_m,
        beam_m=beam_m,
        length_se_m=length_se,
        beam_se_m=beam_se,
        heading_se_rad=turn_se,
        bow_known=known,
        house_m=house,
        deck_roughness=roughness,
        straightness=wander / beam_m,
        fill=float(np.nanmean(filled > 0.5)),
        free_sides=free if bow >= 0 else (free[1], free[0]),
    )


def _sides(
    solid: FloatImage, frame: HullFrame, guess: tuple[float, float], pixel: float, origin: tuple[int, int]
) -> tuple[HullFrame, float, float, float, float, tuple[bool, bool]] | None:
    """Straight lines through both sides over the middle 60 % of the length: new frame, beam and their errors."""
    length_m, beam_m = guess
    u = np.arange(-0.3 * length_m, 0.3 * length_m + 1e-9, max(pixel, length_m / 200))
    v = np.arange(-beam_m / 2 - MARGIN_M, beam_m / 2 + MARGIN_M + 1e-9, pixel / 2)
    image = resample(solid, frame, u, v, origin)
    image = ndimage.uniform_filter1d(image, 3, axis=0)
    middle = len(v) // 2
    lines: list[tuple[float, float, float, float] | None] = []
    free: list[bool] = []
    for step in (-1, 1):
        edge = np.array([_edge(v, row, middle, step, pixel) for row in image], float)
        good = np.isfinite(edge)
        share = good.mean()
        if share < 0.5:
            lines.append(None)
            free.append(False)
            continue
        lines.append(_robust_line(u[good], edge[good]))
        free.append(bool(share > 0.7))
    if lines[0] is None and lines[1] is None:
        return None
    known = [line for line in lines if line is not None]
    slope = float(np.mean([line[0] for line in known]))
    wander = float(np.mean([line[2] for line in known]))
    if lines[0] is not None and lines[1] is not None:
        low, high = lines[0][1], lines[1][1]
        beam_se = float(np.hypot(lines[0][3], lines[1][3]))
    else:  # one side is hidden by a quay of the same brightness: keep the guessed beam, said by a wide error
        side = known[0][1]
        low, high = (side, side + beam_m) if lines[0] is not None else (side - beam_m, side)
        beam_se = 0.15 * beam_m
    if high - low < 2 * pixel:
        return None
    moved = frame.moved(0.0, (low + high) / 2).turned(np.arctan(slope))
    turn_se = wander / max(1.0, length_m * 0.35) / np.sqrt(max(1, len(u) / 6)) + 0.05 * pixel / max(1.0, length_m)
    return moved, high - low, beam_se, turn_se, wander, (free[0], free[1])


def _edge(at: FloatArray, row: FloatArray, start: int, step: int, pixel: float) -> float:
    """Half-level crossing of one profile, its level taken from the rim of the object rather than from its middle."""
    out = crossing(at, row, 0.5, start, step) if row[start] >= 0.5 else None
    if out is None:
        inner = start
        while 0 <= inner < len(row) and abs(inner - start) < len(row) // 6 and row[inner] < 0.5:
            inner += step  # a dark deck line in the middle: begin beyond it
        out = crossing(at, row, 0.5, inner, step) if 0 <= inner < len(row) and row[inner] >= 0.5 else None
    return np.nan if out is None else out


def _robust_line(x: FloatArray, y: FloatArray) -> tuple[float, float, float, float]:
    """Slope, intercept, rms of the inner points and standard error of the intercept, after three trims."""
    keep = np.ones(len(x), bool)
    slope, intercept = 0.0, float(np.median(y))
    for _ in range(4):
        spread = 1.4826 * float(np.median(np.abs((y - slope * x - intercept)[keep]))) + 1e-3
        keep = np.abs(y - slope * x - intercept) < 2.5 * spread + 0.05
        if keep.sum() < 4:
            break
        slope, intercept = (float(p) for p in np.polyfit(x[keep], y[keep], 1))
    rest = (y - slope * x - intercept)[keep]
    rms = float(np.sqrt(np.mean(rest**2))) if len(rest) else float(spread)
    return slope, intercept, rms, rms / np.sqrt(max(1.0, keep.sum() / 4))


def _ends(
    solid: FloatImage, frame: HullFrame, length_m: float, beam_m: float, pixel: float, origin: tuple[int, int]
) -> tuple[HullFrame, float, float] | None:
    """Both ends along the middle of the hull, where the bow reaches farthest."""
    reach = length_m / 2 + MARGIN_M + 0.3 * length_m
    u = np.arange(-reach, reach + 1e-9, pixel / 2)
    half = max(pixel, 0.12 * beam_m)
    v = np.arange(-half, half + 1e-9, pixel / 2)
    profile = np.nanmean(np.nan_to_num(resample(solid, frame, u, v, origin), nan=-1.0), axis=1)
    first, last = np.searchsorted(u, [-0.25 * length_m, 0.25 * length_m])
    low, high = _last_solid(u, profile, first, -1, pixel), _last_solid(u, profile, last, 1, pixel)
    if low is None or high is None or high - low < 3 * pixel:
        return None
    return frame.moved((low + high) / 2, 0.0), high - low, 0.45 * pixel


def _last_solid(u: FloatArray, profile: FloatArray, start: int, step: int, pixel: float) -> float | None:
    """The crossing after which water goes on for 6 m: gaps between deck houses are shorter."""
    need = int(np.ceil(max(6.0, 2 * pixel) / abs(u[1] - u[0])))
    i = start
    while 0 <= i < len(u):
        at = crossing(u, profile, 0.5, i, step)
        if at is None:
            return None
        j = int(np.searchsorted(u, at)) + (1 if step > 0 else -1)
        ahead = profile[j : j + need] if step > 0 else profile[max(0, j - need + 1) : j + 1]
        if len(ahead) == 0 or (ahead < 0.5).all():
            return at
        i = j
        while 0 <= i < len(u) and profile[i] < 0.5:
            i += step
    return None


def _bow(
    solid: FloatImage, frame: HullFrame, length_m: float, beam_m: float, pixel: float, origin: tuple[int, int]
) -> tuple[int, HullFrame]:
    """+1 and the frame where its fore end is the bow, -1 and the frame reversed, 0 where both ends look alike."""
    v = np.arange(-0.6 * beam_m, 0.6 * beam_m, pixel / 2)
    width = []
    for sign in (1, -1):
        u = sign * np.linspace(TAPER_AT[0], TAPER_AT[1], 5) * length_m
        width.append(float(np.mean(np.nan_to_num(resample(solid, frame, u, v, origin)) > 0.5)))
    difference = (width[1] - width[0]) * 1.2  # fore narrower: positive
    if abs(difference) < MIN_TAPER:
        return 0, frame
    if difference > 0:
        return 1, frame
    return -1, replace(frame, axis=(-frame.axis[0], -frame.axis[1]))


def _deck(deck: FloatImage, u: FloatArray) -> tuple[tuple[float, float] | None, float]:
    """Extent of the house along the hull, and how rough the deck is outside of it."""
    inner = deck[:, deck.shape[1] // 5 : max(deck.shape[1] // 5 + 1, 4 * deck.shape[1] // 5)]
    along = np.nanmean(inner, axis=1)
    level = float(np.nanmedian(along))
    spread = 1.4826 * float(np.nanmedian(np.abs(along - level))) + 0.05 * abs(level)
    top = float(np.nanmax(along))
    house = None
    if top > level + max(HOUSE_OVER_DECK * spread, 0.35 * abs(level)):
        high = along > level + 0.5 * (top - level)
        labels, count = ndimage.label(high)
        sizes = ndimage.sum_labels(along - level, labels, np.arange(1, count + 1))
        best = 1 + int(np.argmax(sizes))
        rows = np.flatnonzero(labels == best)
        if len(rows) < 0.35 * len(u):
            house = (float(u[rows[0]]), float(u[rows[-1]]))
    rest = np.ones(len(u), bool)
    if house is not None:
        rest = (u < house[0] - 0.04 * np.ptp(u)) | (u > house[1] + 0.04 * np.ptp(u))
    rest &= np.abs(u) < 0.42 * np.ptp(u)
    smooth = along[rest]
    if len(smooth) < 5:
        return house, np.nan
    rough = float(np.nanpercentile(smooth, 85) - np.nanpercentile(smooth, 15)) / 2
    return house, rough / max(1e-3, abs(float(np.nanmedian(smooth))))
