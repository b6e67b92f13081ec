"""Find the hull of a ship alongside: the likeliest rectangle between two straight lines.

Quay and hull alongside merge, and both are bright and straight. They differ in shape: a hull lies between two lines
about a sixth of her length apart, narrows towards the bow on both sides alike, ends in water, and has water or shadow
along at least one side. So lines are placed wherever brightness steps across the common direction, each pair is
closed where what lies between them ends, and the rectangle with most evidence is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import ndimage

from pipeline.detection.optical.frame import HullFrame, resample
from pipeline.detection.optical.line_evidence import (
    STRAIGHT_FROM,
    Sums,
    col_of,
    evidence,
    fall_of_light,
    mean_hull_share,
    row_of,
)
from pipeline.detection.optical.objects import moment_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

# "Light" below is brightness over the water's (water = 1)
SMOOTH_M = 1.5  # smoothing against waves before a pixel is judged
LEAST_NOISE = 0.02  # floor of the water's noise, share of its light
HULL_LIGHT = (0.6, 0.7)  # ln light of decks, houses, gear: mean and spread; from simulations, hence wide
SHADOW = 0.35  # density of shadows below the water's light
WATER_ODDS = 2.5  # prior odds of water against hull; our choice
OUTLINE = (0.3, 2.2)  # light is clipped to this where edges vote for the direction
CLIPPED = (0.3, 6.0)  # light is clipped to this elsewhere: white paint has 3 to 8
EDGE_SIGMAS, EDGE_LEAST = 2.5, 0.08  # a step across a line counts in full from about so many sigmas, or so much light
LINE_LENGTHS_M = (20.0, 60.0, 120.0)  # a step is averaged over: boats, shuttles, large ships (our choice)
MIN_LINE = 0.3  # least mean step along a line that is tried
LINES, RISING_LINES = 14, 6  # tried on each side: falling outwards, as decks do; rising, as dark decks do in the sun
GAPS_M = (6.0, 14.0, 28.0, 45.0)  # dark gaps along a deck to be bridged or not: a house's shadow
BEAMS_M = (4.0, 66.0)  # between two lines that may be a hull's sides: boats to the largest ships (our choice)
SURE_EVIDENCE = 26.0  # evidence: hulls of simulated seeds 601 to 640 had 26 to 34, parts of hulls 20 to 25
SAME_DIRECTION = 0.05  # sine of the angle below which directions are the same: sides fit within 0.06 rad (our choice)
BEYOND_GAP = 0.3  # what lies beyond a gap is part of the ship from this share of the gap's length (our choice)
SOLID = 0.6  # probability of hull, averaged over a fifth of the beam, above which a hull continues
AROUND_M = (20.0, 50.0)  # limits of the margin beside the object in which lines are sought: an eighth of the window
FINE_M = 1.0  # coarser pixels are sampled at half a pixel
BESIDE_SHARE = 0.2  # share of non-water from 3 to 8 m beside a side, above which something lies alongside
LEAST_STEP = 0.15  # least mean step of light along a side with something alongside


@dataclass(frozen=True, slots=True, eq=False)
class Rectangle:
    """A likely hull: a frame about its middle, its sizes, and the evidence for it (natural logarithm)."""

    frame: HullFrame
    length_m: float
    beam_m: float
    evidence: float
    touched: tuple[bool, bool]  # is something bright beside the v < 0 and the v > 0 side?
    steps: tuple[float, float]  # mean step of light over each side's line, at most 1


def hull_probability(light: FloatImage, noise: float) -> FloatImage:
    """Probability that a pixel is neither water nor shadow; ``light`` is over the water's, ``noise`` that of water."""
    s = max(noise, LEAST_NOISE)
    x = np.clip(light, 0.05, 20.0).astype(np.float32)
    water = 0.9 * _normal((x - 1) / s) / s + 0.05 * _normal((x - 1) / (2 * s)) / s
    middle, spread = HULL_LIGHT
    hull = _normal((np.log(x) - np.float32(middle)) / np.float32(spread)) / spread / np.maximum(x, 0.3)
    return np.asarray(hull / (hull + WATER_ODDS * (water + np.where(x < 1, SHADOW, 0.0))), np.float32)


def _normal(z: FloatImage) -> FloatImage:
    return np.asarray(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), np.float32)


def straight_direction(
    light: FloatImage, near: BoolImage, spacing_m: tuple[float, float], reach_m: float = 15.0
) -> tuple[float, float] | None:
    """Unit vector (south, east) of the direction in which most edges around an object run, by a histogram of 1 degree
    bins, interpolated; None without edges."""
    rows, cols = np.nonzero(near)
    if not len(rows):
        return None
    reach = round(reach_m / float(np.mean(spacing_m)))
    box = tuple(slice(max(0, at.min() - reach), at.max() + reach + 1) for at in (rows, cols))
    about = ndimage.distance_transform_cdt(~near[box], "chessboard") < reach
    # Clipped light gives the weights, so that bright gear counts no more than an outline. In fine pixels the direction
    # comes from unclipped light: clipping before smoothing turns a bright deck's outline into stairs along rows and
    # columns. In coarse pixels gear lies within the blur of the sides and would bias it
    even = np.clip(light[box], *OUTLINE)
    step = np.hypot(*_slopes(even, spacing_m))[about]
    south, east = _slopes(light[box] if float(np.mean(spacing_m)) <= FINE_M else even, spacing_m)
    if step.size < 10:
        return None
    strong = step > np.percentile(step, 60)
    angle = np.mod(np.arctan2(-east[about][strong], south[about][strong]), np.pi)
    votes, _ = np.histogram(angle, bins=180, range=(0, np.pi), weights=step[strong])
    votes = ndimage.gaussian_filter1d(votes.astype(np.float64), 1.5, mode="wrap")
    k = int(votes.argmax())
    before, top, after = votes[k - 1], votes[k], votes[(k + 1) % 180]
    best = (k + 0.5 + 0.5 * (before - after) / min(-1e-9, before - 2 * top + after)) * np.pi / 180
    return float(np.sin(best)), float(np.cos(best))


def _slopes(light: FloatImage, spacing_m: tuple[float, float]) -> tuple[FloatImage, FloatImage]:
    """Gradient of light per metre to the south and to the east, smoothed over a pixel."""
    south, east = (ndimage.gaussian_filter(light, 1.0, order=order) for order in ((1, 0), (0, 1)))
    return south / spacing_m[0], east / spacing_m[1]


def likely_rectangle(
    light: FloatImage, near: BoolImage, noise: float, spacing_m: tuple[float, float], origin: tuple[int, int]
) -> Rectangle | None:
    """The likeliest hull at an object: along its edges or, where that is not a sure hull, along its long axis.

    On a ship of few pixels the house or boxes on deck may have more edges than the sides.
    """
    straight = straight_direction(light, near, spacing_m)
    if straight is None:
        return None
    found = find_rectangle(light, near, noise, straight, spacing_m, origin)
    if found is not None and found.evidence >= SURE_EVIDENCE:
        return found
    rows, cols = (at.astype(np.float64) for at in np.nonzero(near))
    _, _, south, east, _, _ = moment_frame(rows * spacing_m[0], cols * spacing_m[1])
    if abs(straight[0] * east - straight[1] * south) < SAME_DIRECTION:
        return found
    other = find_rectangle(light, near, noise, (float(south), float(east)), spacing_m, origin)
    return max((box for box in (found, other) if box is not None), key=lambda box: box.evidence, default=None)


def find_rectangle(
    light: FloatImage,
    near: BoolImage,
    noise: float,
    axis: tuple[float, float],
    spacing_m: tuple[float, float],
    origin: tuple[int, int],
) -> Rectangle | None:
    """The likeliest hull at an object, or beside it if the object is her quay; None where no pair of lines fits one.

    ``near`` marks the object's pixels; ``axis`` is the direction of its edges.
    """
    rows, cols = (at.astype(np.float64) for at in np.nonzero(near))
    centre = (float(rows.mean()) + origin[0], float(cols.mean()) + origin[1])
    frame = HullFrame(centre, axis, spacing_m)
    south, east = (rows + origin[0] - centre[0]) * spacing_m[0], (cols + origin[1] - centre[1]) * spacing_m[1]
    along, aside = south * axis[0] + east * axis[1], east * axis[0] - south * axis[1]
    pixel = float(np.mean(spacing_m))
    step = pixel if pixel <= FINE_M else pixel / 2
    reach = 0.5 * max(near.shape) * pixel  # all that was read; the caller widens the window for a part of a hull
    around = float(np.clip(0.25 * reach, *AROUND_M))
    field = _resampled_field(light, noise, frame, (reach, float(np.abs(aside).max()) + around), origin, step)
    best = _likeliest(field, field.object_counts(along, aside))
    return None if best is None else _rectangle(field, frame, *best)


def _likeliest(field: _Field, own: FloatArray) -> tuple[float, _Box] | None:
    """The box between two lines with most evidence, preceded by that evidence; ``own`` counts the object's pixels."""
    best: tuple[float, _Box] | None = None
    lows, highs = field.edges(-1), field.edges(1)
    for low in lows:
        for high in highs:
            if not BEAMS_M[0] <= (high - low) * field.pixel <= BEAMS_M[1]:
                continue
            for box in _boxes_between(field, own, low, high):
                found = evidence(field.sums, box.u0, box.u1, box.v0, box.v1, box.near)
                if best is None or found > best[0]:
                    best = found, box
    return best


def _rectangle(field: _Field, frame: HullFrame, found: float, box: _Box) -> Rectangle | None:
    """A box with its sides refined to a fraction of a sample, and what lies beside them; None where a side has no
    step."""
    v0, v1 = field.refined(box, box.v0), field.refined(box, box.v1)
    beside = [
        mean_hull_share(field.sums, box.u0, box.u1, a, b) for a, b in ((v0 - 8.0, v0 - 3.0), (v1 + 3.0, v1 + 8.0))
    ]
    touched = beside[0] > BESIDE_SHARE, beside[1] > BESIDE_SHARE
    aft, fore = box.straight()
    steps = tuple(
        fall_of_light(field.sums, aft, fore, col_of(field.sums, v), out, 1.0) for v, out in ((box.v0, -1), (box.v1, 1))
    )
    if any(side and step < LEAST_STEP for side, step in zip(touched, steps, strict=True)):
        return None  # a line through the middle of something: an islet, a wide quay
    return Rectangle(
        frame.moved((box.u0 + box.u1) / 2, (v0 + v1) / 2),
        float(box.u1 - box.u0),
        float(v1 - v0),
        found,
        touched,
        (steps[0], steps[1]),
    )


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in the frame [m]; ``near`` is the share of the object's pixels inside."""

    u0: float
    u1: float
    v0: float
    v1: float
    near: float

    def straight(self) -> tuple[float, float]:
        """Range along the hull in which the sides of most ships are straight."""
        margin = STRAIGHT_FROM * (self.u1 - self.u0)
        return self.u0 + margin, self.u1 - margin


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """The image resampled along and across the common direction, with cumulative sums for fast box means."""

    u: FloatArray
    v: FloatArray
    pixel: float
    hull: FloatImage  # probability of not being water
    sums: Sums

    def refined(self, box: _Box, v: float) -> float:
        """The line at ``v`` refined to a fraction of a sample: where light changes most across it."""
        aft, fore = box.straight()
        a, b, k = row_of(self.sums, aft), row_of(self.sums, fore), col_of(self.sums, v)
        if not 2 <= k < len(self.v) - 2:
            return v
        change = np.abs(self.sums.steps[b] - self.sums.steps[a])[k - 2 : k + 3]
        n = int(np.clip(change.argmax(), 1, 3))
        before, top, after = change[n - 1 : n + 2]
        bend = before - 2 * top + after
        part = 0.5 * (before - after) / bend if bend < 0 else 0.0
        return float(self.v[k + n - 2] + np.clip(part, -1, 1) * self.pixel)

    def edges(self, outward: int) -> list[int]:
        """Column indices of the strongest straight lines that may be the side towards ``outward``."""
        chosen: set[int] = set()
        steps = self.sums.steps
        for sign, count in ((outward, LINES), (-outward, RISING_LINES)):
            strength: dict[int, float] = {}
            for length_m in LINE_LENGTHS_M:
                n = min(len(self.u) - 1, max(4, round(length_m / self.pixel)))
                mean = (sign * (steps[n:] - steps[:-n]) / n).max(axis=0)
                peak = (mean >= ndimage.maximum_filter1d(mean, 2 * round(1.0 / self.pixel) + 1)) & (mean > MIN_LINE)
                for k in np.flatnonzero(peak):
                    found = float(mean[k] * np.sqrt(min(length_m, 90.0)))  # long lines first, though not by length
                    strength[int(k)] = max(strength.get(int(k), 0.0), found)
            chosen.update(sorted(strength, key=lambda k: (-strength[k], k))[:count])
        return sorted(chosen)

    def object_counts(self, along: FloatArray, aside: FloatArray) -> FloatArray:
        """Points in the frame, counted as cumulative sums along both axes."""
        bins = [np.append(at - self.pixel / 2, at[-1] + self.pixel / 2) for at in (self.u, self.v)]
        counts, _, _ = np.histogram2d(along, aside, bins=bins)
        return _summed(counts)


def _summed(values: FloatArray) -> FloatArray:
    """Cumulative sums along both axes, with a leading row and column of zeros."""
    return np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))


def _from_zero(values: FloatArray) -> FloatArray:
    """Cumulative sums along the first axis, with a leading row of zeros."""
    return np.vstack([np.zeros(values.shape[1]), values.cumsum(axis=0, dtype=np.float64)])


def _resampled_field(
    light: FloatImage,
    noise: float,
    frame: HullFrame,
    reach_m: tuple[float, float],
    origin: tuple[int, int],
    pixel: float,
) -> _Field:
    u, v = (np.arange(-reach, reach + 1e-9, pixel) for reach in reach_m)
    seen = resample(light, frame, u, v, origin)
    known = np.isfinite(seen)
    seen = np.where(known, seen, np.float32(1.0))
    hull = hull_probability(ndimage.uniform_filter(seen, max(1, round(SMOOTH_M / pixel))), noise)
    hull[~known] = 0
    even = ndimage.uniform_filter1d(np.clip(seen, *CLIPPED), 3, axis=0)
    steps = np.zeros(even.shape)
    steps[:, 1:-1] = np.clip((even[:, :-2] - even[:, 2:]) / (1.5 * max(EDGE_LEAST, EDGE_SIGMAS * noise)), -1, 1)
    sums = Sums(
        _summed(hull.astype(np.float64)), _from_zero(steps), _from_zero(even), float(u[0]), float(v[0]), float(pixel)
    )
    return _Field(u, v, pixel, hull, sums)


def _boxes_between(field: _Field, own: FloatArray, low: int, high: int) -> list[_Box]:
    """Boxes between two lines, one for each choice of dark gaps along the deck as her end or as a shadow."""
    middle, half = (low + high) / 2, 0.42 * (high - low)
    strip = field.hull[:, int(np.ceil(middle - half)) : int(middle + half) + 1]
    if strip.shape[1] == 0:
        return []
    where = np.flatnonzero(_brightest_mean(strip, max(2, round(0.2 * (high - low)))) > SOLID)
    if where.size == 0:
        return []
    inside = own[:, min(high + 2, len(field.v))] - own[:, max(0, low - 1)]
    total = float(own[-1, -1])
    held = inside if inside[-1] > 0.1 * total else own[:, -1]  # if the object is her quay: start abreast of its middle
    start = int(np.searchsorted(held, held[-1] / 2))
    start = int(where[np.abs(where - start).argmin()])
    ends = [
        list(dict.fromkeys(_ends_of_run(where, start, way, field.pixel, np.array(GAPS_M)).tolist())) for way in (-1, 1)
    ]
    out = []
    for first in ends[0]:
        for last in ends[1]:
            length = (last - first + 1) * field.pixel
            if length >= 1.5 * (high - low) * field.pixel:
                near = float(inside[last + 1] - inside[first]) / max(1.0, total)
                half_px = field.pixel / 2
                out.append(_Box(field.u[first] - half_px, field.u[last] + half_px, field.v[low], field.v[high], near))
    return out


@numba.njit(cache=True, nogil=True)
def _brightest_mean(strip: FloatImage, size: int) -> FloatImage:
    """Largest running mean of ``size`` neighbours in each row, mirrored at its ends.

    Bit for bit that of `ndimage.uniform_filter1d`, which takes six times as long on narrow strips.
    """
    rows, cols = strip.shape
    mirrored = (np.arange(cols + size - 1) - size // 2) % (2 * cols)
    mirrored = np.where(mirrored < cols, mirrored, 2 * cols - 1 - mirrored)
    out = np.empty(rows, strip.dtype)
    for i in range(rows):
        total = 0.0
        for k in range(size):
            total += strip[i, mirrored[k]]
        largest = total
        for k in range(1, cols):
            total += np.float64(strip[i, mirrored[k + size - 1]]) - np.float64(strip[i, mirrored[k - 1]])
            largest = max(largest, total)
        out[i] = largest / size
    return out


@numba.njit(cache=True, nogil=True)
def _is_continued(where: NDArray[np.intp], at: int, direction: int, gap: int) -> bool:
    """Is what begins at ``where[at]`` long enough, against the gap of so many samples before it, not to be a wave?"""
    count = 1
    while 0 <= at + direction * count < len(where) and abs(where[at + direction * count] - where[at]) < gap:
        count += 1
    return count >= BEYOND_GAP * gap


@numba.njit(cache=True, nogil=True)
def _ends_of_run(
    where: NDArray[np.intp], start: int, direction: int, pixel: float, gaps_m: FloatArray
) -> NDArray[np.intp]:
    """Ends of the run of samples ``where`` (sorted) that contains ``start``, for each longest gap to be bridged [m]."""
    out = np.empty(len(gaps_m), np.intp)
    first = np.searchsorted(where, start)
    for k in range(len(gaps_m)):
        at = first
        while 0 <= at + direction < len(where):
            gap = abs(where[at + direction] - where[at]) - 1
            if (gap + 1) * pixel > gaps_m[k] or not _is_continued(where, at + direction, direction, gap):
                break
            at += direction
        out[k] = where[at]
    return out
