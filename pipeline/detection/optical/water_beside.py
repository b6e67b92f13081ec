"""Check a fitted outline against the water beside it: does the hull extend further, end earlier, or have no sides?

An outline is cut at the water level of the whole neighbourhood. In haze, among waves and under a cloud's shadow that
level is unreliable: ends fade below it, dark halves do not reach it, and a quay or smoke continues above it. In any
light, however, a hull differs from the water *beside* her, row by row. Where her middle strip still does beyond an end,
the hull continues; where its seaward half is water, she has ended; and sides without a sharp fall of light are no
hull's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.frame import resample

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import BoolImage, FloatArray, FloatImage

LOOK_M, LOOK_SHARE = 30.0, 2.0  # range beyond an end, at least, and as share of the length: shade may hide two thirds
BESIDE_M = 8.0  # width of the water strip beside a side; it begins 1.5 pixels off
EVEN_M = 6.0  # smoothing of that water along the hull: white caps are shorter
SIGMAS, LEAST = 3.5, 0.02  # least difference of a hull: in noise of an equally wide strip of water, in water's light
# ... and as a share of the deck's step at that end: a bow of few pixels narrows before she ends, blur continues beyond.
# At a tenth the two cancel: no bias in rendered hulls at 3 m, in clear air as in haze
RIM_SHARE = 0.10
RIM = (0.03, 0.15)  # of the length from the end, where that step is measured
STRIP, HALF_STRIP = 0.25, (-0.05, 0.35)  # of the beam: half-width of the strip; the strip with water on one side only
# Range across from axis to side, as shares of the beam, and share of the step amidships above which it is hull: ends in
# shade show 0.13 to 0.27 in five simulated hulls; below 0.2 white caps count as hull (two hulls of one scene, 11 m/s)
OUTER, OUTER_SHARE = (0.12, 0.40), 0.2
BRIDGED_M, BRIDGED_PX = 3.0, 1.5  # longest dark gap beyond an end that is bridged; more is a shadow or a gap
FIRM_M, FIRM_PX = 4.0, 2.0  # length over which the outer half must be hull for her to begin
# Share of the length, and pixels, over which a bow is narrow or a stern lies in the house's shade: rendered hulls have
# 0.10. If more is missing, the end is cut; less widens the interval, from the usual narrow bow (FINE_BOW) on
BOW, BOW_PX, FINE_BOW = 0.12, 3.0, 0.03
# Share of the fall over a side within two pixels, below which the side fades: 0.59 and more in rendered hulls at 3 m,
# half of them above 0.8; smoke 0.44 to 0.65. In fine pixels a visible side divides the fall in two
FADING_BELOW, FALL_PX, AROUND_PX = 0.56, 2.0, 4.0
# Largest difference of the water beside her from the water around, in units of the hull's step: 0.1 at most in rendered
# haze and rough seas, 0.26 to 0.6 where smoke was outlined
OTHER_WATER = 0.25
# Error (90 %) of both ends in pixels, to which a bow's narrow tip is added, if the difference exceeds so many times the
# outline's own error
END_PX, APART = 0.4, 1.2
ALIKE_WATER = 0.25  # largest difference between the water on both sides, in units of the hull's step
SEGMENTS, SEGMENT = (-0.3, -0.15, 0.0, 0.15, 0.3), 0.06  # of the length: middles and half lengths, for the sides' fall


@dataclass(frozen=True, slots=True, eq=False)
class WaterComparison:
    """Comparison of a hull's outline with the water beside her; ends in order of ``u``."""

    hull: Hull
    beyond_m: tuple[float, float]  # by which she continues beyond each end
    empty_m: tuple[float, float]  # from each end inwards, length over which her seaward half is water
    fall: float  # share of the light's fall over the sharper side that lies within two pixels
    water: float  # brightness of the water beside her over that around, in units of her own; NaN without such water

    def cut(self) -> tuple[float, float]:
        """Length to be cut off each end [m]; 0 where no more is missing than at a bow."""
        least = max(BOW * self.hull.length_m, BOW_PX * self.hull.frame.pixel_m)
        first, last = (empty if empty > least else 0.0 for empty in self.empty_m)
        return first, last

    def has_faded_sides(self) -> bool:
        """Does the outline lack sharp sides in clear water: smoke, cloud, or a hull somewhere in it?"""
        return self.fall < FADING_BELOW or self.water > OTHER_WATER

    def shorter_m(self) -> float:
        """By how much she may be shorter than her outline [m]."""
        return sum(max(0.0, empty - FINE_BOW * self.hull.length_m) for empty in self.empty_m)

    def longer_m(self, error_m: float) -> float:
        """By how much she may be longer than her outline [m], whose own error (90 %) is ``error_m``.

        Where the difference is larger than that, the error of the ends found here is added.
        """
        longer = sum(self.beyond_m)
        apart = longer > APART * error_m
        return longer + (END_PX * self.hull.frame.pixel_m + FINE_BOW * self.hull.length_m if apart else 0.0)


def compare_with_water(light: FloatImage, sea: BoolImage, hull: Hull, origin: tuple[int, int]) -> WaterComparison:
    """Compare a hull with the water beside her; ``light`` is over the water's, ``sea`` is water on the map."""
    grid = _Grid.about(light, sea, hull, origin)
    fall = max(_side_sharpness(light, hull, origin, side) for side in (-1, 1))
    if not grid.sides:
        return WaterComparison(hull, (0.0, 0.0), (0.0, 0.0), fall, grid.water)
    beyond, empty = (
        (_continues_beyond_m(grid, -1), _continues_beyond_m(grid, 1)),
        (_empty_from_end_m(grid, -1), _empty_from_end_m(grid, 1)),
    )
    return WaterComparison(hull, beyond, empty, fall, grid.water)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Light along (u) and across (v) the hull less that of the water beside her, NaN on land.

    ``sides`` are those (-1, 1) with water beside them.
    """

    hull: Hull
    u: FloatArray
    v: FloatArray
    over: FloatImage
    sides: tuple[int, ...]
    water: float  # as `BesideHer.water`

    @classmethod
    def about(cls, light: FloatImage, sea: BoolImage, hull: Hull, origin: tuple[int, int]) -> _Grid:
        """Sample a hull and her surroundings."""
        pixel, half = hull.frame.pixel_m, hull.beam_m / 2
        reach = hull.length_m / 2 + max(LOOK_M, LOOK_SHARE * hull.length_m)
        wide = half + 1.5 * pixel + BESIDE_M
        u, v = (np.arange(-end, end + 1e-9, pixel / 2) for end in (reach, wide))
        seen = resample(np.where(sea, light, np.nan).astype(np.float32), hull.frame, u, v, origin)
        amid = np.abs(u) < 0.3 * hull.length_m
        step = _median(seen[amid][:, np.abs(v) < half])
        beside = {side: seen[:, side * v > half + 1.5 * pixel] for side in (-1, 1)}
        wet = {s: _median(b[amid]) for s, b in beside.items() if np.isfinite(b[amid]).mean() > 0.7}
        lowest = min(wet.values(), default=np.nan)
        sides = tuple(s for s, level in wet.items() if level - lowest <= ALIKE_WATER * abs(step - lowest))
        if not sides:
            return cls(hull, u, v, seen, (), float("nan"))
        other = (lowest - 1) / max(LEAST, abs(step - 1))
        rows = np.array([_medians(beside[side]) for side in sides])
        water = np.where(np.isfinite(rows), rows, np.inf).min(axis=0)
        known = np.isfinite(water)
        level = ndimage.median_filter(water[known], max(1, round(EVEN_M / (pixel / 2))) | 1)
        return cls(hull, u, v, seen - np.interp(u, u[known], level)[:, None].astype(np.float32), sides, other)

    def strip(self) -> tuple[BoolImage, FloatArray]:
        """The strip that is compared (mask across, mean along): her middle, or her half towards the only water."""
        pixel, beam = self.hull.frame.pixel_m, self.hull.beam_m
        if len(self.sides) == 2:
            part = np.abs(self.v) < max(STRIP * beam, pixel)
        else:
            at = self.sides[0] * self.v
            part = (at > HALF_STRIP[0] * beam) & (at < max(HALF_STRIP[1] * beam, pixel))
        return part, _mean(self.over[:, part])

    def noise(self, width: int) -> float:
        """Robust standard deviation of means over ``width`` samples of the water beside her."""
        found = []
        for side in self.sides:
            at = np.flatnonzero(side * self.v > self.hull.beam_m / 2 + 1.5 * self.hull.frame.pixel_m)[::side]
            found.append(_mean(self.over[:, at[:width]]))
        all_of_them = np.concatenate(found)
        return 1.4826 * _median(np.abs(all_of_them - _median(all_of_them)))


def _continues_beyond_m(grid: _Grid, end: int) -> float:
    """How far [m] her strip differs from the water beside her beyond one end."""
    half, pixel, step = grid.hull.length_m / 2, grid.hull.frame.pixel_m, grid.hull.frame.pixel_m / 2
    part, along = grid.strip()
    rim = (end * grid.u < half * (1 - 2 * RIM[0])) & (end * grid.u > half * (1 - 2 * RIM[1]))
    least = max(SIGMAS * grid.noise(int(part.sum())), LEAST, RIM_SHARE * _median(along[rim]))
    last, empty = 0.0, 0.0
    for at in np.flatnonzero(end * grid.u > half)[::end]:
        if not np.isfinite(along[at]):
            break
        empty = 0.0 if along[at] > least else empty + step
        if not empty:
            last = end * float(grid.u[at]) - half + step / 2
        elif empty > max(BRIDGED_M, BRIDGED_PX * pixel):
            break
    return last


def _empty_from_end_m(grid: _Grid, end: int) -> float:
    """How far [m] inwards from one end her seaward half is water; with water on both sides, the smaller of the two.

    For a true outline this is at most a part of the bow, which narrows towards the axis.
    """
    half, pixel, step = grid.hull.length_m / 2, grid.hull.frame.pixel_m, grid.hull.frame.pixel_m / 2
    inside = np.flatnonzero(np.abs(grid.u) < half)[::-end]
    found = []
    for side in grid.sides:
        at = side * grid.v / grid.hull.beam_m
        part = (at > OUTER[0]) & (at < OUTER[1])
        along = _mean(grid.over[:, part])
        least = max(3.0 * grid.noise(int(part.sum())), OUTER_SHARE * _median(along[np.abs(grid.u) < 0.6 * half]))
        there = along[inside] > least
        firm = max(1, round(max(FIRM_M, FIRM_PX * pixel) / step))
        runs = np.flatnonzero(np.convolve(there, np.ones(firm), "valid") == firm)
        found.append(float(runs[0]) * step if len(runs) else 2 * half)
    return min(found)


def _side_sharpness(light: FloatImage, hull: Hull, origin: tuple[int, int], side: int) -> float:
    """Sharpness of a side: steepest fall over two pixels divided by the total change around, of profiles averaged along
    segments of the side; the median over the segments."""
    pixel, half = hull.frame.pixel_m, hull.beam_m / 2
    step = pixel / 2
    out = np.arange(-0.9 * half, AROUND_PX * pixel + 1e-9, step)
    lag, reach, found = round(FALL_PX * pixel / step), round(AROUND_PX * pixel / step), []
    parts = [np.arange(m - SEGMENT, m + SEGMENT, step / hull.length_m) * hull.length_m for m in SEGMENTS]
    seen = resample(light, hull.frame, np.concatenate(parts), side * (half + out), origin)
    for part in np.split(seen, np.cumsum([len(along) for along in parts])[:-1]):
        profile = np.nan_to_num(_mean(part.T), nan=1.0)
        fall = profile[:-lag] - profile[lag:]
        at = int(fall.argmax())
        middle_px = at + lag // 2
        change = float(np.ptp(profile[max(0, middle_px - reach) : middle_px + reach + 1]))
        found.append(float(fall[at]) / max(1e-6, change))
    return float(np.median(found))


def _mean(rows: FloatImage) -> FloatArray:
    """Mean of each row over its finite values; NaN where there are none."""
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    total = np.where(known, rows, 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(values: FloatArray) -> float:
    """Median of the finite values; NaN where there are none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _medians(rows: FloatImage) -> FloatArray:
    """Median of each row over its finite values; NaN where there are none."""
    known = np.isfinite(rows)
    count, each = known.sum(axis=1), np.arange(len(rows))
    ordered = np.sort(np.where(known, rows, np.nan), axis=1)  # NaN comes last
    upper = np.minimum(count // 2, rows.shape[1] - 1)
    middle = (ordered[each, np.maximum(count - 1, 0) // 2] + ordered[each, upper]) / 2
    return np.where(count > 0, middle.astype(float), np.nan)
