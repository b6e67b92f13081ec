"""Find the water of an optical image and its brightness: one threshold, and local levels that follow haze and glint.

Brightness is then normalised by the image itself: 0 is the local water, 1 the image's usual land. So gain, haze, an
additive offset (Sentinel-2's -1000) and the reflectance scale drop out of everything that follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy import ndimage

from pipeline.detection.optical.band_order import impossible_order
from pipeline.detection.optical.over_water import brightest_over_water, gap_to_land, interpolate_grid
from pipeline.detection.optical.reading import SURVEY_PX, rows_of_windows
from pipeline.detection.optical.snow import BLUR_PX, snow_mask
from pipeline.detection.optical.water_cut import has_valley, infrared_cut
from pipeline.types import Radiometry, Scene, Tile, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

    Edges = tuple[NDArray[np.int64], NDArray[np.int64]]  # of blocks: rows, columns; see `block_edges`

INFRARED = ("B08", "N", "B8A", "B11", "B12")  # in which water is darkest, hence separated; in order of preference
VISIBLE = ("B02", "B03", "B04", "B", "G", "R", "pan")
OTHERS = ("B01", "B05", "B06", "B07", "B09", "B10", "CB", "GI", "Y", "RE", "N2")  # known, but not used for water
VISIBLE_WEIGHT = 0.4  # painted decks show here when dull in the infrared; so do foam and silt, hence below 1
SURVEY_SAMPLES = 4_000_000  # pixels sampled for the local water levels; our choice
LEVEL_SAMPLES = 500_000  # of these, for the image's own levels: percentiles to a thousandth; our choice
ORDER_SAMPLES = 500_000  # enough for medians of the surfaces that identify bands
LEAST_LAND = 0.005  # share of the valid pixels for an image to have land: less may be ships (our choice)
MIN_SEPARATION = 0.60  # share of variance between Otsu's two classes
# Least distance between the medians of the two classes, in spreads of the darker one. Otsu also splits one surface,
# with a separation of 0.61 (Gaussian) to 0.72 (uniform), but 2.6 to 3.9 apart (Gaussian, gamma, uniform, exponential);
# land stands 13 to 52 over water in six labelled ports, 5 to 54 in the demo's images
APART = 4.0
# ... and a strongly skewed sea (log-normal, standard deviations of ln 1.0 and 1.3; gamma of order 0.5) 4.6 to 7.1: so
# near, the histogram must have a valley between the two surfaces
SURELY_APART = 8.0
LEVEL_BLOCK_M = 480.0  # water levels follow haze and currents at this scale; our choice
# Infrared reflectance of water through haze, silt or an undeclared offset of 0.1; our choice
BRIGHTEST_WATER = 0.15
BRIGHTER = 1.15
LAND_OVER_WATER = 2.2  # of infrared reflectance: land has three times its water's and more, fields twice a forest's
STEEPNESS = 2.0  # of the inverse hyperbolic sine: land (1) comes to 0.72; our choice
COAST_WET_BELOW, COAST_SHARE = 0.3, (0.03, 0.95)  # share of water in a block of coast; our choice
COAST_BLOCKS = 8  # 2 square kilometres; our choice
FEWEST_CHOSEN = 30  # least pixels of a block for a median and a spread; our choice
MIN_REFLECTANCE_GAP = 0.08  # reflectance by which land, ships and clouds usually exceed water; our choice


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels of a whole image, by band: its water, the noise on water, its land (or a substitute for it)."""

    infrared: str
    threshold: float  # of the infrared band: water lies below
    water: FloatArray  # shape (bands,)
    noise: FloatArray
    land: FloatArray
    has_land: bool
    has_water: bool
    block_px: tuple[float, float] = (0.0, 0.0)  # pixels of the image in one block of the grids below
    local_water: FloatArray | None = None  # shape (bands, block rows, block columns)
    local_noise: FloatArray | None = None
    odd_order: str | None = None  # why these bands cannot be what they are named
    mapped: bool = False  # does a map show land in the image?
    snow: float = 0.0  # share of the land under snow; the other levels are those of the rest
    coast_spread: FloatArray | None = None  # by band; see `spread_at_coast`; None where there is too little coast


def infrared_band(bands: tuple[str, ...]) -> str:
    """The band in which water is separated: the preferred infrared one, or without any the last band."""
    return next((b for b in INFRARED if b in bands), bands[-1])


def are_bands_known(bands: tuple[str, ...]) -> bool:
    """Are the bands' names enough to know where water is dark? A single grey band needs none."""
    return len(bands) == 1 or any(b in INFRARED for b in bands) or all(b in VISIBLE + OTHERS for b in bands)


def is_visible_only(bands: tuple[str, ...]) -> bool:
    """Are all bands known and visible? Without infrared, forest is as dark as water, and hulls resemble sand or silt.

    A grey band may be anything and does not count.
    """
    return not any(b in (*INFRARED, "pan") for b in bands) and all(b in VISIBLE + OTHERS for b in bands)


def is_order_implausible(levels: Levels, bands: tuple[str, ...]) -> bool:
    """Is water brighter in the infrared band than in every visible one? Clear, silty or hazy, it never is."""
    visible = [levels.water[bands.index(b)] for b in VISIBLE if b in bands]
    if levels.infrared not in INFRARED or not visible:
        return False
    return bool(levels.water[bands.index(levels.infrared)] > BRIGHTER * max(visible))


def survey_levels(
    scene: Scene, tile_px: int, also: Callable[[Tile], None] | None = None, threads: int = 1, *, coast: bool = True
) -> Levels:
    """Sample the image once on a lattice of every n-th pixel, independent of tiles, and find its levels.

    ``also`` is called with every tile that is read, on any of ``threads`` threads, which saves another pass. ``coast``:
    compute the spread along the coast as well, at the cost of all other levels together.
    """
    data, valid, wet, step = sample_lattice(scene, tile_px, also, threads)
    mapped, measured = not wet[valid].all(), np.count_nonzero(valid)
    snow = snow_mask(data, scene.bands, scene.radiometry, BLUR_PX if step == 1 else 1)
    if snow is not None:
        valid &= ~snow  # three times as bright as other land: in units of it no hull is bright
    levels = estimate_levels(_sampled(data, valid, LEVEL_SAMPLES), scene.bands, scene.radiometry)
    levels = replace(levels, mapped=mapped)
    if snow is not None and snow.any():
        ground = ~wet if mapped else np.ones_like(wet)  # ice cloud at sea is as white, and as dark in short wave
        dry = valid & ground & (data[scene.bands.index(levels.infrared)] > levels.threshold)
        white, land = np.count_nonzero(snow & ground), np.count_nonzero((snow & ground) | dry)
        levels = replace(levels, snow=white / land if land > LEAST_LAND * measured else 0.0)
    if scene.radiometry is Radiometry.REFLECTANCE and valid.any():
        levels = replace(levels, odd_order=impossible_order(_sampled(data, valid, ORDER_SAMPLES), scene.bands))
    if not levels.has_water:
        return levels
    dark = valid & (data[scene.bands.index(levels.infrared)] <= levels.threshold)
    rows, cols = (
        block_edges(n, max(8.0, LEVEL_BLOCK_M / (s * step)))
        for n, s in zip(valid.shape, scene.pixel_spacing_m, strict=True)
    )
    with ThreadPoolExecutor(threads) as pool:
        defaults = zip(levels.water, levels.noise, strict=True)
        grids = list(pool.map(lambda band, default: local_level(band, dark, (rows, cols), default), data, defaults))
    levels = replace(
        levels,
        block_px=(float(rows[-1] * step / (len(rows) - 1)), float(cols[-1] * step / (len(cols) - 1))),
        local_water=np.array([g[0] for g in grids]),
        local_noise=np.array([g[1] for g in grids]),
    )
    if not coast:
        return levels
    return replace(levels, coast_spread=spread_at_coast(data, valid, levels, scene.bands, (rows, cols)))


def block_edges(count: int, block_px: float) -> NDArray[np.int64]:
    """Borders of blocks of about ``block_px`` along an axis of ``count`` pixels, both ends included.

    Their number is odd and they are symmetric, so an image rotated by quarter turns has the same blocks.

    >>> block_edges(100, 30.0)
    array([  0,  33,  67, 100])
    """
    blocks = 2 * int(count / block_px / 2) + 1  # the nearest odd number
    first = np.floor(np.arange(blocks // 2 + 1) * count / blocks + 0.5).astype(np.int64)
    return np.concatenate([first, count - first[::-1]])


def _sampled(data: FloatImage, valid: BoolImage, most: int) -> FloatImage:
    """About ``most`` valid pixels, on every n-th row and column; shape (bands, n).

    Counted from the image's middle, so that a rotated image gives the same pixels.
    """
    every = max(1, math.isqrt(np.count_nonzero(valid) // most))
    if every == 1 and valid.all():
        return data.reshape(len(data), -1)
    rows, cols = (np.flatnonzero(np.abs(2 * np.arange(n) - (n - 1)) // 2 % every == 0) for n in valid.shape)
    return data[:, rows[:, None], cols][:, valid[rows[:, None], cols]]


def sample_lattice(
    scene: Scene, tile_px: int, also: Callable[[Tile], None] | None = None, threads: int = 1
) -> tuple[FloatImage, BoolImage, BoolImage, int]:
    """Every n-th pixel of an image: bands, valid mask, water mask of the map, and n."""
    step = max(1, int(np.sqrt(scene.shape[0] * scene.shape[1] / SURVEY_SAMPLES)))
    shape = tuple(-(-n // step) for n in scene.shape)
    data = np.zeros((len(scene.bands), *shape), np.float32)
    valid, wet = np.zeros(shape, bool), np.zeros(shape, bool)

    def take(row: list[Window]) -> None:
        for window in row:
            tile = scene.read(window)
            if also is not None:
                also(tile)
            row0, row1, col0, col1 = (-(-n // step) for n in (window.row0, window.row1, window.col0, window.col1))
            at = np.s_[row0:row1, col0:col1]
            every = np.s_[-window.row0 % step :: step, -window.col0 % step :: step]
            data[(slice(None), *at)] = tile.data[(slice(None), *every)]
            valid[at], wet[at] = tile.valid[every], tile.water[every]

    rows = rows_of_windows(scene.shape, min(tile_px, SURVEY_PX[0]), max(8, min(tile_px, SURVEY_PX[1]) // 8 * 8))
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(take, rows):
            pass
    return data, valid, wet, step


def spread_at_coast(
    data: FloatImage, valid: BoolImage, levels: Levels, bands: tuple[str, ...], edges: Edges
) -> FloatArray | None:
    """Standard deviation by band along the coast, local water 0 and the image's land 1, bright ends compressed.

    Over the blocks of the levels' grid that hold both water and land, so that open sea and hinterland, whose shares
    depend on the image's frame, do not count. None with fewer than `COAST_BLOCKS` of them.
    """
    k = bands.index(levels.infrared)
    if levels.local_water is None or not np.isfinite(levels.land[k]):
        return None
    gap = np.maximum(levels.land[k] - levels.local_water[k], 0.25 * (levels.land[k] - levels.water[k]))
    blocks, count, total, square = _coast_sums(data, valid, levels.local_water, gap, edges, k)
    if blocks < COAST_BLOCKS:
        return None
    mean = total / count
    return np.sqrt(np.maximum(square / count - mean**2, 0.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _coast_sums(
    data: FloatImage, valid: BoolImage, water: FloatArray, gap: FloatArray, edges: Edges, infrared: int
) -> tuple[int, int, FloatArray, FloatArray]:
    """Number of coast blocks and of their pixels; sums and sums of squares of compressed light over these, by band."""
    blocks, pixels = 0, 0
    total, square = np.zeros(len(data)), np.zeros(len(data))
    for i in range(gap.shape[0]):
        for j in range(gap.shape[1]):
            count, wet = 0, 0
            for r in range(edges[0][i], edges[0][i + 1]):
                for c in range(edges[1][j], edges[1][j + 1]):
                    if valid[r, c]:
                        count += 1
                        wet += (data[infrared, r, c] - water[infrared, i, j]) / gap[i, j] < COAST_WET_BELOW
            few = 2 * count <= (edges[0][i + 1] - edges[0][i]) * (edges[1][j + 1] - edges[1][j])
            if few or not COAST_SHARE[0] < wet / count < COAST_SHARE[1]:
                continue
            blocks += 1
            pixels += count
            for n in range(len(data)):
                for r in range(edges[0][i], edges[0][i + 1]):
                    for c in range(edges[1][j], edges[1][j + 1]):
                        if valid[r, c]:
                            over = min(max((data[n, r, c] - water[n, i, j]) / gap[i, j], -2.0), 20.0)
                            pressed = math.asinh(STEEPNESS * over) / STEEPNESS
                            total[n] += pressed
                            square[n] += pressed * pressed
    return blocks, pixels, total, square


def compressed_light(over: FloatImage) -> FloatImage:
    """Brightness compressed by an inverse hyperbolic sine, so that glinting roofs do not outweigh a dull hull."""
    return np.arcsinh(STEEPNESS * np.clip(over, -2.0, 20.0)) / STEEPNESS


def estimate_levels(values: FloatImage, bands: tuple[str, ...], radiometry: Radiometry) -> Levels:
    """Levels from samples, shape (bands, n)."""
    name = infrared_band(bands)
    k = bands.index(name)
    if values.shape[1] < 100:
        blank = np.full(len(bands), np.nan)
        return Levels(name, np.nan, blank, blank, blank, has_land=False, has_water=False)
    threshold, separation = infrared_cut(values, bands, name)
    dark = values[k] <= threshold
    has_land = separation >= MIN_SEPARATION and (~dark).mean() > LEAST_LAND and _are_two_surfaces(values[k], dark)
    if not has_land:
        # A single surface: sea, if it is dark; its bright tail is ships and foam
        dark = np.ones(values.shape[1], bool)
        threshold = float(np.inf)
    water, noise = _centre_and_spread(values[:, dark])
    has_water = bool(dark.any())
    if radiometry is Radiometry.REFLECTANCE:  # full cloud cover, or forest beside fields, is not water
        over = has_land and np.median(values[k][~dark]) > LAND_OVER_WATER * water[k]
        has_water &= bool(water[k] < BRIGHTEST_WATER or over)
    land = np.median(values[:, ~dark], axis=1).astype(np.float64) if has_land else np.full(len(bands), np.nan)
    floor = 20 * noise
    if radiometry is Radiometry.REFLECTANCE:
        floor = np.maximum(floor, MIN_REFLECTANCE_GAP)
    land = np.where(land > water + np.where(has_land, floor / 4, floor), land, water + floor)
    if not has_land:
        threshold = float(water[k] + 0.5 * (land[k] - water[k]))
    return Levels(name, threshold, water, noise, land, has_land, has_water)


def _are_two_surfaces(values: FloatImage, dark: BoolImage) -> bool:
    """Are Otsu's two classes two surfaces, and not halves of one, such as a sea without land?"""
    if not dark.any() or dark.all():
        return False
    centre, spread = _centre_and_spread(values[None, dark])
    apart = float((np.median(values[~dark]) - centre[0]) / spread[0])
    return apart > SURELY_APART or (apart > APART and has_valley(values))


def _centre_and_spread(values: FloatImage) -> tuple[FloatArray, FloatArray]:
    """Median and robust standard deviation by band."""
    centre = np.median(values, axis=1).astype(np.float64)
    spread = 1.4826 * np.median(np.abs(values - centre[:, None]), axis=1)
    return centre, np.maximum(spread, 1e-6 * np.maximum(1e-3, np.abs(centre)))


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedImage:
    """A window in the image's own units: local water 0, the image's land 1. Images have shape (rows, cols), float32."""

    window: Window
    over: FloatImage  # brightness over water: infrared, or visible light at a lower weight if that is more
    noise: FloatImage  # robust standard deviation of the infrared on the local water
    valid: BoolImage
    wet: BoolImage  # as the map says


def normalise(tile: Tile, levels: Levels, factor: int = 1) -> NormalisedImage:
    """The tile normalised by its local water; one pixel of the tile is ``factor`` image pixels wide."""
    grid = levels_grid(levels)
    rows, cols = grid_positions(tile.window, levels, grid.shape[1:], factor)
    land, least = levels.land, 0.25 * (levels.land - levels.water)
    k = tile.bands.index(levels.infrared)
    visible = np.array([tile.bands.index(b) for b in VISIBLE if b in tile.bands], np.int64)
    data = np.ascontiguousarray(tile.data)
    over = brightest_over_water(data, tile.valid, grid, rows, cols, land, least, k, visible, VISIBLE_WEIGHT)
    noise = interpolate_grid(levels_grid(levels, noise=True)[k], rows, cols)
    noise /= gap_to_land(grid[k], rows, cols, land[k], least[k])
    return NormalisedImage(tile.window, over, noise, tile.valid, tile.water)


def water_level_at(window: Window, levels: Levels, band: int) -> FloatImage:
    """Level of the local water in a band, at every pixel of a window."""
    grid = levels_grid(levels)
    return interpolate_grid(grid[band], *grid_positions(window, levels, grid.shape[1:]))


def grid_positions(
    window: Window, levels: Levels, shape: tuple[int, ...], factor: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Fractional positions of a window's rows and columns in the levels' grids of that shape, clipped to them."""
    rows, cols = (
        np.clip(((start + np.arange(count) + 0.5) * factor) / block - 0.5, 0, most - 1)
        for start, count, block, most in zip(
            (window.row0, window.col0), (window.rows, window.cols), levels.block_px, shape, strict=True
        )
    )
    return rows, cols


def levels_grid(levels: Levels, *, noise: bool = False) -> FloatArray:
    """The water's level (or its noise) by block, shape (bands, block rows, block columns); ValueError without."""
    grid = levels.local_noise if noise else levels.local_water
    if grid is None:
        raise ValueError("These levels hold no grid; use those of `survey_levels`.")
    return grid


def local_level(
    image: FloatImage, chosen: BoolImage, edges: Edges, fallback: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Median and robust standard deviation of the chosen pixels by block, smoothed, with gaps filled.

    A block with fewer than an eighth of its pixels chosen takes the mean of its neighbours, or the fallback.
    """
    centre, spread, weight = _by_block(np.asarray(image, np.float32), chosen, edges)
    soft = ndimage.gaussian_filter(weight, 1.0, mode="constant", truncate=6.0)
    thin = 1e-4  # blocks far from any water fall back on the image's own level
    filled = []
    for values, default in zip((centre, spread), fallback, strict=True):
        near = ndimage.gaussian_filter(values * weight, 1.0, mode="constant", truncate=6.0)
        filled.append((near + thin * default) / (soft + thin))
    return filled[0], np.maximum(filled[1], 0.3 * fallback[1])


@njit(cache=True, nogil=True)
def _by_block(image: FloatImage, chosen: BoolImage, edges: Edges) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median, robust standard deviation and 1 of each block's chosen pixels; zeros where too few are chosen."""
    shape = (len(edges[0]) - 1, len(edges[1]) - 1)
    centre, spread, weight = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    values = np.empty(int(np.diff(edges[0]).max() * np.diff(edges[1]).max()))
    for i in range(shape[0]):
        for j in range(shape[1]):
            count, size = 0, 0
            for r in range(edges[0][i], edges[0][i + 1]):
                for c in range(edges[1][j], edges[1][j + 1]):
                    size += 1
                    if chosen[r, c]:
                        values[count] = image[r, c]
                        count += 1
            if count >= FEWEST_CHOSEN and count * 8 >= size:
                part = values[:count]
                centre[i, j] = np.median(part)
                spread[i, j] = 1.4826 * np.median(np.abs(part - centre[i, j]))
                weight[i, j] = 1.0
    return centre, spread, weight
