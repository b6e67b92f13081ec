"""Register the coast of the map to a radar scene: find the shift at which it fits the land-water edge in the image.

Coast files are wrong by ten to thirty metres, and the geolocation by as much again where the terrain height assumed
for the shore is wrong (the image is displaced in ground range by the height error over the tangent of the incidence
angle). Both errors vary slowly over the scene. In windows spread over it, the land mask is shifted by every step up to
``REACH_PX``; the contrast between a strip of land and a strip of water along the shore peaks where the line fits. The
shifts of the windows, weighted by length of shore, are combined into one that is constant, or linear in row and column
where enough windows agree.

Ships at quays pull the line outwards, but quays are a small part of any shore. Where land is no brighter than the sea
nothing is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.types import Counts, CountsReader, Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

REACH_PX = 6  # 60 m: coast files are seldom worse
STRIP_PX = 6  # width of the strips of land and of water that are compared
MIN_STEP = 0.7  # ln power: 3 dB between land and water, or the edge cannot be seen (our choice)
MIN_SHORE_PX = 150  # pixels of each strip that a window needs to be used
MIN_GAIN = 0.05  # of the step between water and land: the least gain in contrast for a shift to be applied
LINEAR_WINDOWS = 6  # fewer windows give a constant shift only


@dataclass(frozen=True, slots=True)
class Shift:
    """Offset of the coast in the image from the map's [pixels].

    ``rows`` and ``cols`` each hold the constant term and the slopes by row and by column. ``step_db`` is the land-water
    contrast along the shore, ``windows`` the number of windows used."""

    rows: tuple[float, float, float]
    cols: tuple[float, float, float]
    step_db: float
    windows: int

    def at(self, row: FloatArray, col: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Shift in rows and in columns at pixels."""
        dr, dc = (k[0] + k[1] * row + k[2] * col for k in (self.rows, self.cols))
        return np.clip(dr, -REACH_PX, REACH_PX), np.clip(dc, -REACH_PX, REACH_PX)


def coast_shift(tiles: Sequence[Tile], joint: Callable[[Tile], FloatImage]) -> Shift | None:
    """The shift estimated from all windows; None where none shows a shore or the shift gains too little contrast."""
    found = [f for tile in tiles if (f := _fit_window(tile, joint(tile))) is not None]
    if not found:
        return None
    middle = np.array([f[0] for f in found])
    step = np.array([f[1] for f in found])
    weight = np.array([f[2] for f in found])
    surface = sum(f[3] * f[2] for f in found) / weight.sum()
    best, gain = _subpixel_peak(surface)
    if gain < MIN_GAIN:
        return None
    rows, cols = _linear_shift(middle, step, weight, best)
    over_db = float(10 / np.log(10) * np.average([f[4] for f in found], weights=weight))
    return Shift(rows, cols, over_db, len(found))


def with_shifted_coast(scene: Scene, shift: Shift) -> Scene:
    """The scene with its water mask shifted."""
    return replace(scene, read=ShiftedCoastReader(scene.read, scene.shape, shift))


@dataclass(frozen=True, slots=True, eq=False)
class ShiftedCoastReader:
    """Reader of a scene that applies a shift to the water mask."""

    read: Callable[[Window], Tile]
    shape: tuple[int, int]
    shift: Shift

    def __call__(self, window: Window) -> Tile:
        """Pixels of a window."""
        padded = window.padded(REACH_PX, self.shape)
        tile = self.read(padded)
        cut = _slices_within(window, padded)
        return Tile(window, tile.bands, tile.data[(slice(None), *cut)], tile.valid[cut],
                    self._water(tile.water, window, padded))  # fmt: skip

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window, where the scene can hand them out."""
        if not isinstance(self.read, CountsReader):
            return None
        counts = self.read.counts(window)
        if counts is None or counts.water is None:
            return counts
        padded = window.padded(REACH_PX, self.shape)
        around = self.read.counts(padded)
        water = None if around is None else around.water
        return counts if water is None else replace(counts, water=self._water(water, window, padded))

    def _water(self, water: BoolImage, window: Window, padded: Window) -> BoolImage:
        row, col = np.meshgrid(np.arange(window.row0, window.row1), np.arange(window.col0, window.col1), indexing="ij")
        dr, dc = self.shift.at(row.astype(float), col.astype(float))
        r = np.clip(np.rint(row - dr).astype(np.intp) - padded.row0, 0, water.shape[0] - 1)
        c = np.clip(np.rint(col - dc).astype(np.intp) - padded.col0, 0, water.shape[1] - 1)
        return np.asarray(water[r, c])


def _slices_within(window: Window, padded: Window) -> tuple[slice, slice]:
    r, c = window.row0 - padded.row0, window.col0 - padded.col0
    return np.s_[r : r + window.rows, c : c + window.cols]


def _fit_window(
    tile: Tile, power: FloatImage
) -> tuple[tuple[float, float], tuple[float, float], float, FloatArray, float] | None:
    """Fit of one window: its middle, best shift, weight, contrast at each shift in units of the land-water step, and
    land over water [ln]; None where it shows no usable shore."""
    land = tile.valid & ~tile.water
    if land.all() or not land.any():
        return None
    shore = ndimage.distance_transform_edt(land) + ndimage.distance_transform_edt(~land) <= STRIP_PX
    inner = np.zeros(land.shape, bool)
    inner[REACH_PX:-REACH_PX, REACH_PX:-REACH_PX] = True
    inside, outside = shore & land & inner, shore & ~land & tile.valid & inner
    if min(inside.sum(), outside.sum()) < MIN_SHORE_PX:
        return None
    wet, dry = (float(np.median(power[part & tile.valid & inner])) for part in (~land, land))
    if wet <= 0 or np.log(dry / wet) < MIN_STEP:
        return None
    # In units of the step, clipped above land's median: half the step marks the line whatever the sensor's blur
    level = np.where(tile.valid, np.clip((power - wet) / (dry - wet), -0.5, 1.0), 0.0)
    kernel = inside / inside.sum() - outside / outside.sum()
    # The kernel keeps REACH_PX off the window's edges, so nothing wraps round at the shifts that are tried
    whole = np.fft.irfft2(np.fft.rfft2(level) * np.conj(np.fft.rfft2(kernel)), s=land.shape)
    steps = np.arange(-REACH_PX, REACH_PX + 1)
    surface = whole[np.ix_(steps % land.shape[0], steps % land.shape[1])]
    step, _ = _subpixel_peak(surface)
    middle = (tile.window.row0 + land.shape[0] / 2, tile.window.col0 + land.shape[1] / 2)
    return middle, step, float(shore.sum()), surface, float(np.log(dry / wet))


def _subpixel_peak(surface: FloatArray) -> tuple[tuple[float, float], float]:
    """Shift of the greatest contrast, with subpixel precision, and its gain over no shift."""
    r, c = (int(v) for v in np.unravel_index(int(np.argmax(surface)), surface.shape))

    def part(line: FloatArray, at: int) -> float:
        if not 0 < at < len(line) - 1:
            return 0.0
        low, middle, high = line[at - 1 : at + 2]
        bend = low - 2 * middle + high
        return float(np.clip(0.5 * (low - high) / bend, -0.5, 0.5)) if bend < 0 else 0.0

    place = (r - REACH_PX + part(surface[:, c], r), c - REACH_PX + part(surface[r], c))
    return place, float(surface[r, c] - surface[REACH_PX, REACH_PX])


def _linear_shift(
    middle: FloatArray, step: FloatArray, weight: FloatArray, best: tuple[float, float]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Constant, row and column terms of the shift in rows and in columns; constants only where windows are few."""
    if len(middle) < LINEAR_WINDOWS:
        return (best[0], 0.0, 0.0), (best[1], 0.0, 0.0)
    span = np.maximum(np.ptp(middle, axis=0), 1.0)
    centre = np.average(middle, axis=0, weights=weight)
    design = np.column_stack([np.ones(len(middle)), (middle - centre) / span])
    near = np.hypot(*(step - np.array(best)).T) <= 2.0  # the others fitted something other than the coast
    if near.sum() < LINEAR_WINDOWS:
        return (best[0], 0.0, 0.0), (best[1], 0.0, 0.0)
    root = np.sqrt(weight[near] / weight[near].sum())[:, None]
    ridge = np.diag([0.0, 0.3, 0.3])  # shrinks the slopes: each window errs by half a pixel
    out = []
    for n in range(2):
        a, b = np.vstack([design[near] * root, ridge]), np.concatenate([step[near, n] * root[:, 0], np.zeros(3)])
        k = np.linalg.lstsq(a, b, rcond=None)[0]
        slope = k[1:] / span
        out.append((float(k[0] - slope @ centre), float(slope[0]), float(slope[1])))
    return out[0], out[1]
