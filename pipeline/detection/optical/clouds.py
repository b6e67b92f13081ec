"""Cloud, and the share of each zone that was really seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from pipeline.detection.optical.discs import near, opened
from pipeline.detection.optical.water import water_at
from pipeline.detection.zones import zone_pixels
from pipeline.types import Radiometry, Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatArray, FloatImage, OpticalView, Place

CLOUD_REFLECTANCE = 0.22  # the darkest visible band of thick cloud exceeds this; roofs do too, but are small
CLOUD_OVER_LAND = 2.2  # where reflectance is unknown: brightness on the scale water 0, land 1
WHITENESS = 0.35  # largest spread between the bands of a cloud, of their mean; our choice after Braaten et al. 2015
CLOUD_WIDTH_M = 170.0  # narrower bright things are roofs, hulls, foam; our choice
HAZE = 0.4  # of the way from the image's water to its land, by which local water may be brighter; dull hulls show 0.2
EDGE_M = 60.0  # thin rim of a cloud
CLOUD_HEIGHTS_M = (300.0, 4000.0)  # tops of clouds that leave a scene usable; our choice
SKYLIT = ("B02", "B03", "B", "G")  # skylight keeps water bright here, so that a shadow shows
SHADOW_DEPTH = 0.12  # share of the image's usual water that is missing in a shadow; our choice
SHADOW_CELL_M, SHADOW_SMOOTH_M = 80.0, 110.0  # in which shadows are cast; over which darkness is told
TEXTURE = 0.12  # local standard deviation over local mean: cities are rougher; our choice


def haze_mask(tile: Tile, levels: Levels) -> BoolImage:
    """Where the water itself is so bright that a dull hull could not be told from it: haze, fog, glint, foam.

    Measured on the water's own level by blocks in the infrared, where clear or silty water is dark. What lies there is
    unknown, not empty.
    """
    if levels.local_water is None:
        return np.zeros(tile.valid.shape, bool)
    k = tile.bands.index(levels.infrared)
    level = water_at(tile.window, levels, k)
    return (level - levels.water[k] > HAZE * (levels.land[k] - levels.water[k])) & tile.valid


def veil_mask(tile: Tile, levels: Levels, spacing_m: float) -> BoolImage:
    """Wide, smooth and far too bright for water: where this lies in a zone, a bank of haze or fog hides the water.

    Such a bank is bright enough to pass for land in an image without a map, so `haze_mask` knows nothing of it. Land
    looks the same: only zones, which are water, and the water of a map may be asked.
    """
    k = tile.bands.index(levels.infrared)
    factor = max(1, round(8.0 / spacing_m))
    shone = (reduced(tile.data[k], factor) - levels.water[k]) / (levels.land[k] - levels.water[k])
    local = ndimage.uniform_filter(shone, 5)
    spread = np.sqrt(np.maximum(0, ndimage.uniform_filter(shone**2, 5) - local**2))
    wide = opened((shone > HAZE) & (spread < TEXTURE * np.abs(local)), CLOUD_WIDTH_M / (spacing_m * factor))
    full = np.repeat(np.repeat(wide, factor, 0), factor, 1)[: tile.valid.shape[0], : tile.valid.shape[1]]
    return np.asarray(full & tile.valid & tile.water, bool)


def cloud_mask(tile: Tile, levels: Levels, radiometry: Radiometry, spacing_m: float) -> BoolImage:
    """What looks like cloud, and what the operator's own mask calls so."""
    found = _looks_like_cloud(tile, levels, radiometry, spacing_m)
    return found if tile.clouded is None else found | (tile.clouded & tile.valid)


def _looks_like_cloud(tile: Tile, levels: Levels, radiometry: Radiometry, spacing_m: float) -> BoolImage:
    """Bright, white, smooth and large. Haze thin enough to see through is `haze_mask`'s."""
    names = [b for b in tile.bands if b not in ("B11", "B12")] or list(tile.bands)  # ice clouds are dark at 1.6 um
    factor = max(1, round(8.0 / spacing_m))
    stack = np.stack([reduced(tile.band(b), factor) for b in names])
    if radiometry is Radiometry.REFLECTANCE:
        bright = np.nanmin(stack, axis=0) > CLOUD_REFLECTANCE if len(stack) else np.zeros(stack.shape[1:], bool)
    else:
        index = [tile.bands.index(b) for b in names]
        gap = (levels.land[index] - levels.water[index])[:, None, None]
        bright = ((stack - levels.water[index][:, None, None]) / gap).min(axis=0) > CLOUD_OVER_LAND
    mean = stack.mean(axis=0)
    white = np.ptp(stack, axis=0) < WHITENESS * np.abs(mean)
    if not (bright & white).any():
        return np.zeros(tile.valid.shape, bool)
    local = ndimage.uniform_filter(mean, 5)
    spread = np.sqrt(np.maximum(0, ndimage.uniform_filter(mean**2, 5) - local**2))
    core = opened(bright & white & (spread < TEXTURE * np.abs(local)), CLOUD_WIDTH_M / (spacing_m * factor))
    if not core.any():
        return np.zeros(tile.valid.shape, bool)
    reach = (CLOUD_WIDTH_M / 2 + EDGE_M) / (spacing_m * factor)
    full = core | (near(core, reach) & ndimage.binary_dilation(bright & white, iterations=2))
    return np.repeat(np.repeat(full, factor, 0), factor, 1)[: tile.valid.shape[0], : tile.valid.shape[1]] & tile.valid


def shadow_mask(tile: Tile, levels: Levels, cloud: BoolImage, view: OpticalView | None, spacing_m: float) -> BoolImage:
    """Where a cloud's shadow may lie and the water is darker than the image's own: a hull there is dimmer than she is.

    A shadow falls ``height / tan(sun elevation)`` away from the sun; cloud tops stand at anything from 0.3 to 4 km, so
    every place along that line may hold one. Without the sun's angles none is told. Grid north is taken for north.
    """
    nothing = np.zeros(tile.valid.shape, bool)
    if not cloud.any() or view is None or view.sun_azimuth_deg is None or not view.sun_elevation_deg:
        return nothing
    factor = max(1, round(SHADOW_CELL_M / spacing_m))
    small = reduced(cloud.astype(np.float32), factor) > 0.5
    away = np.radians(view.sun_azimuth_deg + 180.0)
    cast = np.zeros_like(small)
    cell_m = spacing_m * factor
    for height_m in np.arange(CLOUD_HEIGHTS_M[0], CLOUD_HEIGHTS_M[1], cell_m):
        reach = height_m / np.tan(np.radians(view.sun_elevation_deg)) / cell_m
        cast |= _shifted(small, round(-reach * float(np.cos(away))), round(reach * float(np.sin(away))))
    whole = np.repeat(np.repeat(cast, factor, 0), factor, 1)[: cloud.shape[0], : cloud.shape[1]]
    names = [b for b in tile.bands if b in SKYLIT] or [levels.infrared]
    index = [tile.bands.index(b) for b in names]
    dark = np.ones(cloud.shape, bool)
    for k in index:
        around = ndimage.uniform_filter(reduced(tile.data[k], 1), max(3, round(SHADOW_SMOOTH_M / spacing_m)))
        dark &= around < (1 - SHADOW_DEPTH) * levels.water[k]
    return whole & dark & tile.valid & ~cloud


def _shifted(mask: BoolImage, rows: int, cols: int) -> BoolImage:
    """The mask moved down and to the right; what leaves the image is gone."""
    out = np.zeros_like(mask)
    if abs(rows) >= mask.shape[0] or abs(cols) >= mask.shape[1]:
        return out
    to = np.s_[max(0, rows) : mask.shape[0] + min(0, rows), max(0, cols) : mask.shape[1] + min(0, cols)]
    source = np.s_[max(0, -rows) : mask.shape[0] + min(0, -rows), max(0, -cols) : mask.shape[1] + min(0, -cols)]
    out[to] = mask[source]
    return out


def reduced(image: FloatImage, factor: int) -> FloatImage:
    """Means over blocks of factor x factor pixels; the last row and column of blocks may be smaller. NaN is 0."""
    clean = np.nan_to_num(image).astype(np.float32)
    if factor == 1:
        return clean
    rows, cols = clean.shape
    pad = (-rows % factor, -cols % factor)
    clean = np.pad(clean, ((0, pad[0]), (0, pad[1])), mode="edge")
    return clean.reshape(clean.shape[0] // factor, factor, clean.shape[1] // factor, factor).mean(axis=(1, 3))


def coarse(tile: Tile, factor: int) -> Tile:
    """The tile with blocks of factor x factor pixels averaged; a block is valid where all of it is. Its window counts
    blocks."""
    if factor == 1:
        return tile
    missing = reduced((~tile.valid).astype(np.float32), factor) > 0
    dry = reduced((~tile.water).astype(np.float32), factor) > 0.5
    data = np.stack([reduced(band, factor) for band in tile.data])
    window = Window(tile.window.row0 // factor, tile.window.col0 // factor, *missing.shape)
    return Tile(window, tile.bands, np.where(missing, np.nan, data).astype(np.float32), ~missing, ~dry)


class Coverage:
    """Counts cloud over water, and seen pixels of each zone, window by window."""

    def __init__(self, scene: Scene, place: Place | None) -> None:
        self.cloudy = 0
        self.water = 0
        zones = place.zones if place is not None and scene.geolocation is not None else ()
        self._points = {zone.zone_id: zone_pixels(scene, zone) for zone in zones}
        self._clear = {zone_id: np.zeros(len(rows), bool) for zone_id, (rows, _, _) in self._points.items()}

    def asks_for(self, core: Window) -> bool:
        """Does a zone lie in this window?"""
        return any(
            bool(((r >= core.row0) & (r < core.row1) & (c >= core.col0) & (c < core.col1)).any())
            for r, c, _ in self._points.values()
        )

    def add(self, core: Window, seen: BoolImage, cloud: BoolImage, water: BoolImage, veil: BoolImage) -> None:
        """Count one window; the masks cover just this window, ``veil`` counts in zones alone."""
        self.cloudy += int(np.count_nonzero(cloud & seen))
        self.water += int(np.count_nonzero(water & seen & ~cloud))
        clear = seen & ~cloud & ~veil
        for zone_id, (rows, cols, _) in self._points.items():
            here = (rows >= core.row0) & (rows < core.row1) & (cols >= core.col0) & (cols < core.col1)
            self._clear[zone_id][here] = clear[rows[here] - core.row0, cols[here] - core.col0]

    def hide(self, outline: FloatArray) -> None:
        """Take a zone's pixels within an outline (rows and columns) for not seen: a rag of cloud lies there."""
        area = shapely.Polygon(outline[:, ::-1])
        for zone_id, (rows, cols, _) in self._points.items():
            self._clear[zone_id] &= ~shapely.contains_xy(area, cols, rows)

    @property
    def cloud_fraction(self) -> float:
        """Share of the water, cloud included, that is under cloud."""
        whole = self.cloudy + self.water
        return self.cloudy / whole if whole else 0.0

    @property
    def zone_covered(self) -> dict[str, float]:
        """zone_id -> share of the zone that was seen, parts outside the image counted as not seen."""
        return {z: round(int(self._clear[z].sum()) / max(1, self._points[z][2]), 4) for z in sorted(self._clear)}
