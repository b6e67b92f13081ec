"""Detect cloud, haze and fog in optical images, and count the share of each zone that was actually seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from pipeline.detection.optical.discs import open_with_disc, within_reach
from pipeline.detection.optical.over_water import bright_white_mask
from pipeline.detection.optical.water import water_level_at
from pipeline.detection.zones import zone_pixels
from pipeline.types import Radiometry, Scene, Tile, Window, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatArray, FloatImage, Place

CLOUD_REFLECTANCE = 0.22  # the darkest visible band of thick cloud exceeds this; roofs do too, but are small
CLOUD_OVER_LAND = 2.2  # where reflectance is unknown: brightness on the scale water 0, land 1
WHITENESS = 0.35  # largest spread between the bands of a cloud, of their mean; our choice after Braaten et al. 2015
CLOUD_WIDTH_M = 170.0  # narrower bright things are roofs, hulls, foam; our choice
HAZE = 0.4  # local water brighter than this, on the scale water 0, land 1, is hazy; dull hulls show 0.2
EDGE_M = 60.0  # thin rim of a cloud
COAST_M = 30.0  # error of a map's coast after its fit to the image; our choice
RIM_CELLS = 2  # by which a cloud is wider than its bright part
TEXTURE = 0.12  # local standard deviation over local mean: cities are rougher; our choice
MOSTLY_LAND = 0.5  # share of a zone (water) from which apparent land hides water; less may be a strip of quay
CELL_M, SMOOTH_CELLS = 8.0, 5  # cell size of cloud detection; cells over which texture is measured


def haze_mask(tile: Tile, levels: Levels) -> BoolImage:
    """Where the water itself is too bright to tell a dull hull from it: haze, fog, glint, foam.

    By the local water level in the infrared, where clear or silty water is dark. Such water counts as unknown, not
    empty.
    """
    if levels.local_water is None:
        return np.zeros(tile.valid.shape, bool)
    k = tile.bands.index(levels.infrared)
    brightest = levels.water[k] + HAZE * (levels.land[k] - levels.water[k])
    if levels.local_water[k].max() < brightest - 1e-6 * abs(brightest):  # interpolation between blocks is no brighter
        return np.zeros(tile.valid.shape, bool)
    level = water_level_at(tile.window, levels, k)
    return (level - levels.water[k] > HAZE * (levels.land[k] - levels.water[k])) & tile.valid


def veil_mask(tile: Tile, levels: Levels, spacing_m: float) -> BoolImage:
    """Wide, smooth areas far too bright for water: banks of haze or fog, if the place is known to be water.

    Such a bank is bright enough to pass for land in an image without a map, so `haze_mask` misses it. Land looks the
    same, so the mask is valid only in zones, which are water, and on the water of a map.
    """
    k = tile.bands.index(levels.infrared)
    factor = cell_px(spacing_m)
    top, left = -tile.window.row0 % factor, -tile.window.col0 % factor  # cells lie on the image, not on the window
    brightness = (block_means(tile.data[k, top:, left:], factor) - levels.water[k]) / (levels.land[k] - levels.water[k])
    wide = open_with_disc((brightness > HAZE) & _smooth(brightness), CLOUD_WIDTH_M / (spacing_m * factor))
    rows, cols = tile.valid.shape
    full = np.pad(_as_pixels(wide, factor), ((top, 0), (left, 0)))[:rows, :cols]
    return np.asarray(full & tile.valid & tile.water, bool)


def cell_px(spacing_m: float) -> int:
    """Side, in pixels, of the cells of about 8 m for cloud detection. The first begins at the image's corner."""
    return max(1, round(CELL_M / spacing_m))


def cloud_mask(scene: Scene, window: Window, levels: Levels, *, by_map: bool = False) -> BoolImage:
    """Cloud: bright, white, smooth and large, or cloud by the operator's mask. Thin haze is left to `haze_mask`.

    Reads a cloud's width around the window, so that the result at a pixel does not depend on the window. Concrete looks
    the same: with ``by_map``, bright ground that ends at the map's coast gets no cloud rim there.
    """
    spacing_m = float(np.mean(scene.pixel_spacing_m))
    factor = cell_px(spacing_m)
    width, reach, margin = _reach_cells(scene)
    row0, col0 = window.row0 // factor * factor, window.col0 // factor * factor
    row1, col1 = -(-window.row1 // factor) * factor, -(-window.col1 // factor) * factor
    around = Window(row0, col0, row1 - row0, col1 - col0).padded(margin * factor, scene.shape)
    tile = scene.read(around)
    white, mean = _bright_and_white(tile, levels, scene.radiometry, factor)
    core = open_with_disc(white & _smooth(mean), width) if white.any() else white
    if tile.clouded is None and not core.any():
        return np.zeros((window.rows, window.cols), bool)
    rim = within_reach(core, reach) & ndimage.binary_dilation(white, iterations=RIM_CELLS)
    if by_map and not tile.water.all():
        land = block_means(~tile.water, factor) > 0.5
        bare = ~white & _coast_without_cloud(white, land, spacing_m * factor, reach)
        core, rim = core & ~bare, rim & ~bare
    full = core | rim
    if tile.clouded is not None:
        full |= block_means(tile.clouded & tile.valid, factor) > 0
    top, left = window.row0 - around.row0, window.col0 - around.col0
    return _as_pixels(full, factor)[top : top + window.rows, left : left + window.cols]


def _coast_without_cloud(white: BoolImage, land: BoolImage, cell_m: float, reach: float) -> BoolImage:
    """Cells along a map's coast with no cloud over the water nearby: what is white there is ground."""
    coast = COAST_M / cell_m
    afloat = open_with_disc(white & ~within_reach(land, coast), EDGE_M / cell_m)
    strip = within_reach(~land, coast) & within_reach(land, coast + RIM_CELLS + 1)
    return strip & ~within_reach(afloat, reach) if afloat.any() else strip


def _reach_cells(scene: Scene) -> tuple[float, float, int]:
    """Width of the smallest cloud, reach of it and its rim from its middle, and margin to be read [all in cells]."""
    spacing_m = float(np.mean(scene.pixel_spacing_m))
    cell_m = spacing_m * cell_px(spacing_m)
    width, reach = CLOUD_WIDTH_M / cell_m, (CLOUD_WIDTH_M / 2 + EDGE_M) / cell_m
    return width, reach, int(np.ceil(reach) + np.ceil(width) + 3 + SMOOTH_CELLS // 2)


def _cloud_bands(tile: Tile) -> list[int]:
    """Indices of the bands for cloud detection; not short-wave infrared, since ice clouds are dark at 1.6 um."""
    return [k for k, b in enumerate(tile.bands) if b not in ("B11", "B12")] or list(range(len(tile.bands)))


def _bright_and_white(tile: Tile, levels: Levels, radiometry: Radiometry, factor: int) -> tuple[BoolImage, FloatImage]:
    """Cells as bright as thick cloud whose bands are alike, and the mean of the bands."""
    index = _cloud_bands(tile)
    stack = np.stack([block_means(tile.data[k], factor) for k in index])
    if radiometry is Radiometry.REFLECTANCE:
        bright = stack.min(axis=0) > CLOUD_REFLECTANCE
    else:
        gap = (levels.land[index] - levels.water[index])[:, None, None]
        bright = ((stack - levels.water[index][:, None, None]) / gap).min(axis=0) > CLOUD_OVER_LAND
    mean = stack.mean(axis=0)
    return np.asarray(bright & (np.ptp(stack, axis=0) < WHITENESS * np.abs(mean))), mean


def _smooth(image: FloatImage) -> BoolImage:
    """Cells around which an image varies little."""
    local = ndimage.uniform_filter(image, SMOOTH_CELLS)
    spread = np.sqrt(np.maximum(0, ndimage.uniform_filter(image**2, SMOOTH_CELLS) - local**2))
    return np.asarray(spread < TEXTURE * np.abs(local))


def _as_pixels(cells: BoolImage, factor: int) -> BoolImage:
    """Cells as pixels."""
    return np.repeat(np.repeat(cells, factor, 0), factor, 1)


class WhiteCells:
    """Cells of a whole image as bright and white as thick cloud, one bit each, filled window by window.

    The pass that estimates the water's levels feeds it, so that `cloud_map` need read only windows that hold white as
    wide as a cloud. ``known`` only where cells are pixels, data are reflectances and there is no operator's cloud mask.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.known = scene.radiometry is Radiometry.REFLECTANCE and cell_px(float(np.mean(scene.pixel_spacing_m))) == 1
        self._bits = np.zeros((scene.shape[0], -(-scene.shape[1] // 8)) if self.known else (0, 0), np.uint8)

    def add(self, tile: Tile) -> None:
        """Add one window. Safe with threads, for windows that begin at multiples of eight columns."""
        if tile.clouded is not None or tile.window.col0 % 8:
            self.known = False
        elif self.known:
            # Slightly looser than `cloud_mask`, against rounding
            white = bright_white_mask(tile.data[_cloud_bands(tile)], CLOUD_REFLECTANCE, 1.001 * WHITENESS)
            bits, window = np.packbits(white, axis=1), tile.window
            self._bits[window.row0 : window.row1, window.col0 // 8 : window.col0 // 8 + bits.shape[1]] = bits

    def may_be_cloud(self, block: Window) -> bool:
        """May a cloud reach into this window? Not if no white disc of a cloud's width lies near, smooth or not."""
        if not self.known:
            return True
        width, _, margin = _reach_cells(self._scene)
        around = block.padded(margin, self._scene.shape)
        left, right = around.col0 // 8, -(-around.col1 // 8)
        bits = self._bits[around.row0 : around.row1, left:right]
        if not bits.any():
            return False
        white = np.unpackbits(bits, axis=1)[:, around.col0 - 8 * left : around.col1 - 8 * left].view(bool)
        return bool(open_with_disc(white, width).any())


@dataclass(frozen=True, slots=True, eq=False)
class CloudMap:
    """The clouds of a whole image, one bit a cell; of the whole image, since shadows fall kilometres away."""

    cell: int  # pixels a side
    bits: NDArray[np.uint8]  # eight cells of a row in each

    @property
    def has_cloud(self) -> bool:
        """Is there any cloud?"""
        return bool(self.bits.any())

    def within(self, window: Window) -> BoolImage:
        """Cloud or not for each pixel of a window."""
        top, left = window.row0 // self.cell, window.col0 // self.cell
        below, right = -(-window.row1 // self.cell), -(-window.col1 // self.cell)
        bits = self.bits[top:below, left // 8 : -(-right // 8)]
        cells = np.unpackbits(bits, axis=1)[:, left % 8 : left % 8 + right - left].view(bool)
        r, c = window.row0 - top * self.cell, window.col0 - left * self.cell
        return _as_pixels(cells, self.cell)[r : r + window.rows, c : c + window.cols]


def cloud_map(
    scene: Scene,
    levels: Levels,
    tile_px: int,
    may_be_cloud: Callable[[Window], bool] | None = None,
    *,
    by_map: bool = False,
) -> CloudMap:
    """The clouds of an image by `cloud_mask`; with ``may_be_cloud`` only windows for which it is True are read."""
    cell = cell_px(float(np.mean(scene.pixel_spacing_m)))
    rows, cols = (-(-n // cell) for n in scene.shape)
    out = np.zeros((rows, -(-cols // 8)), np.uint8)
    unit = 8 * cell  # whole bytes
    for block in tiles(scene.shape, max(unit, tile_px // unit * unit)):
        if may_be_cloud is not None and not may_be_cloud(block):
            continue
        bits = np.packbits(cloud_mask(scene, block, levels, by_map=by_map)[::cell, ::cell], axis=1)
        top, left = block.row0 // cell, block.col0 // unit
        out[top : top + bits.shape[0], left : left + bits.shape[1]] = bits
    return CloudMap(cell, out)


def correct_clouds_at_coast(clouds: CloudMap, scene: Scene, levels: Levels, tile_px: int) -> CloudMap:
    """The cloud map recomputed with the map's land: bright ground along the coast loses its cloud rim."""
    if not clouds.has_cloud:
        return clouds
    return cloud_map(scene, levels, tile_px, lambda block: bool(clouds.within(block).any()), by_map=True)


def block_means(image: FloatImage | BoolImage, factor: int) -> FloatImage:
    """Means over blocks of factor x factor pixels; the last row and column of blocks may be smaller. NaN is 0."""
    clean = np.nan_to_num(image).astype(np.float32)
    if factor == 1:
        return clean
    rows, cols = clean.shape
    pad = (-rows % factor, -cols % factor)
    clean = np.pad(clean, ((0, pad[0]), (0, pad[1])), mode="edge")
    return clean.reshape(clean.shape[0] // factor, factor, clean.shape[1] // factor, factor).mean(axis=(1, 3))


def averaged_tile(tile: Tile, factor: int) -> Tile:
    """The tile averaged over blocks of factor x factor pixels; a block is valid where all of it is. The new window is
    in blocks."""
    if factor == 1:
        return tile
    missing = block_means((~tile.valid).astype(np.float32), factor) > 0
    dry = block_means((~tile.water).astype(np.float32), factor) > 0.5
    data = np.stack([block_means(band, factor) for band in tile.data])
    window = Window(tile.window.row0 // factor, tile.window.col0 // factor, *missing.shape)
    return Tile(window, tile.bands, np.where(missing, np.nan, data).astype(np.float32), ~missing, ~dry)


class Coverage:
    """Accumulates cloud over water and the seen pixels of each zone, window by window."""

    def __init__(self, scene: Scene, place: Place | None) -> None:
        self.cloudy = 0
        self.water = 0
        zones = place.zones if place is not None and scene.geolocation is not None else ()
        self._points = {zone.zone_id: zone_pixels(scene, zone) for zone in zones}
        self._clear = {zone_id: np.zeros(len(rows), bool) for zone_id, (rows, _, _) in self._points.items()}
        self._land = {zone_id: np.zeros(len(rows), bool) for zone_id, (rows, _, _) in self._points.items()}
        self._land_known = scene.tags.get("land", "auto") != "auto"  # given by a file, or stated to be none
        self._lock = threading.Lock()

    def overlaps_zone(self, core: Window) -> bool:
        """Does a zone lie in this window?"""
        return any(
            bool(((r >= core.row0) & (r < core.row1) & (c >= core.col0) & (c < core.col1)).any())
            for r, c, _ in self._points.values()
        )

    def add(
        self, core: Window, seen: BoolImage, cloud: BoolImage, water: BoolImage, veil: BoolImage, land: BoolImage
    ) -> None:
        """Count one window, in any thread; the masks cover just this window. ``veil`` and ``land`` count in zones only.

        ``land`` is apparent land: it hides water where the image's land is known or where it fills most of a zone.
        """
        hidden = cloud & seen & water
        cloudy, clear_water = np.count_nonzero(hidden), np.count_nonzero(water & seen & ~hidden)
        with self._lock:
            self.cloudy += int(cloudy)
            self.water += int(clear_water)
            self._land_known |= not bool(water.all())
        if not self._points:
            return
        clear = seen & ~cloud & ~veil
        for zone_id, (rows, cols, _) in self._points.items():
            here = (rows >= core.row0) & (rows < core.row1) & (cols >= core.col0) & (cols < core.col1)
            at = rows[here] - core.row0, cols[here] - core.col0
            self._clear[zone_id][here], self._land[zone_id][here] = clear[at], land[at]

    def hide(self, outline: FloatArray) -> None:
        """Count a zone's pixels within an outline (rows, columns) as not seen: a fragment of cloud."""
        area = shapely.Polygon(outline[:, ::-1])
        for zone_id, (rows, cols, _) in self._points.items():
            self._clear[zone_id] &= ~shapely.contains_xy(area, cols, rows)

    def hide_where(self, hidden: Callable[[NDArray[np.intp], NDArray[np.intp]], BoolImage]) -> None:
        """Count a zone's pixels as not seen where ``hidden``, a function of rows and columns, is True."""
        for zone_id, (rows, cols, _) in self._points.items():
            self._clear[zone_id] &= ~hidden(rows, cols)

    @property
    def cloud_fraction(self) -> float:
        """Share of the water, cloud included, that is under cloud."""
        whole = self.cloudy + self.water
        return self.cloudy / whole if whole else 0.0

    @property
    def zone_covered(self) -> dict[str, float]:
        """zone_id -> share of the zone that was seen, parts outside the image counted as not seen."""
        out = {}
        for zone_id, clear in sorted(self._clear.items()):
            land, points = self._land[zone_id], max(1, self._points[zone_id][2])
            hides = self._land_known or land.sum() > MOSTLY_LAND * points
            seen = clear & ~land if hides else clear
            out[zone_id] = round(int(seen.sum()) / points, 4)
        return out
