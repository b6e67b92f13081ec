"""Find fixed structures that the map lacks, from many scenes: what stands out of the water in nearly all of them.

Maps lack jetties, dolphins and cranes, and a hull beside one merges with it. So before ships are looked for, each scene
marks the cells near land in which something stands out; cells marked in nearly all clear looks over weeks become land.
Optical scenes share one history; radar scenes share one per pass direction, since a radar sees a quay's wall from its
own side, and also use what optical scenes show. A ship that lies in one place for weeks is taken for a structure too:
she does not load there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage
from skimage import measure

from pipeline.config import DetectionConfig
from pipeline.detection.earlier.berths import grown_berth
from pipeline.times_places.inside import private_copy
from pipeline.types import RADARS, Place, Scene, Window, tiles
from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.detection.optical.first_look import FirstLook
    from pipeline.types import BoolImage, FloatArray

COARSE = 8  # cells per side of the blocks in which the shore is first looked for
UNSEEN, WATER, BRIGHT = 0, 1, 2  # labels, not quantities
MIN_CELLS = 4  # fewer connected cells are noise


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells near the shore: their centres, and their place on a grid of square cells of ``cell_m``."""

    lon: FloatArray
    lat: FloatArray
    row: NDArray[np.intp]
    col: NDArray[np.intp]
    shape: tuple[int, int]
    step_deg: tuple[float, float]  # of latitude (downwards) and longitude
    corner: tuple[float, float]  # lon, lat of the grid's north-west corner
    wet: BoolImage  # which of them lie on water, by the map
    berth: BoolImage  # which of them lie in a berth or a few steps beside it

    def subset(self, kept: BoolImage) -> Cells:
        """Some of the cells, on the same grid."""
        own = ("lon", "lat", "row", "col", "wet", "berth")
        return replace(self, **{name: getattr(self, name)[kept] for name in own})


@dataclass(frozen=True, slots=True, eq=False)
class CellLook:
    """State of each cell in one scene: UNSEEN, WATER or BRIGHT."""

    group: str
    acquired: datetime | None
    state: NDArray[np.uint8]


def history_group(scene: Scene) -> str:
    """Name of the group of scenes that share a history, since they see a structure at the same place."""
    if scene.sensor not in RADARS:
        return "optical"
    return f"radar-{(scene.radar.pass_direction if scene.radar else None) or 'unknown'}"


def shore_cells(place: Place, config: DetectionConfig, inland_m: float) -> Cells | None:
    """The cells within reach of land or of a berth, on water or less than ``inland_m`` from it; None without land."""
    if place.land is None:
        return None
    west, south, east, north = place.bbox
    d_lat = config.history.cell_m / METRES_PER_DEGREE
    d_lon = d_lat / float(np.cos(np.radians((south + north) / 2)))
    rows, cols = (-(-int(np.ceil(n)) // COARSE) * COARSE for n in ((north - south) / d_lat, (east - west) / d_lon))
    block_lat = north - (np.arange(rows // COARSE) + 0.5) * d_lat * COARSE
    block_lon = west + (np.arange(cols // COARSE) + 0.5) * d_lon * COARSE
    lon, lat = np.meshgrid(block_lon, block_lat)
    shore = private_copy(place.land)  # scenes are worked on side by side
    land = shapely.contains_xy(shore, lon, lat)
    reach = config.history.reach_m + config.history.cell_m * COARSE
    near = ndimage.distance_transform_edt(~land) * config.history.cell_m * COARSE < reach if land.any() else land
    berths = [zone for zone in place.zones if zone.kind == "berth"]
    for zone in berths:
        near |= shapely.contains_xy(grown_berth(zone, reach), lon, lat)
    dry_blocks, crossed_blocks = _classify_blocks(shore, near, lon[near], lat[near], (d_lon * COARSE, d_lat * COARSE))
    fine = np.repeat(np.repeat(near, COARSE, 0), COARSE, 1)
    row, col = np.nonzero(fine)
    lon, lat = np.float64(west) + (col + 0.5) * d_lon, np.float64(north) - (row + 0.5) * d_lat
    dry, crossed = (blocks[row // COARSE, col // COARSE] for blocks in (dry_blocks, crossed_blocks))
    dry[crossed] = shapely.contains_xy(shore, lon[crossed], lat[crossed])
    wet = kept = ~dry
    if inland_m > 0:
        grid = np.ones((rows, cols), bool)
        grid[row, col] = ~wet
        # indices of the nearest wet cell: distances are needed for these cells only, not for the whole grid
        at = ndimage.distance_transform_edt(grid, return_distances=False, return_indices=True)[:, row, col]
        kept = np.hypot(at[0] - row, at[1] - col) * config.history.cell_m <= inland_m
    lon, lat, row, col = lon[kept], lat[kept], row[kept], col[kept]
    berth = shapely.contains_xy(shapely.union_all([grown_berth(zone) for zone in berths]), lon, lat)
    return Cells(lon, lat, row, col, (rows, cols), (d_lat, d_lon), (west, north), wet[kept], berth)


def _classify_blocks(
    land: BaseGeometry, near: BoolImage, lon: FloatArray, lat: FloatArray, size_deg: tuple[float, float]
) -> tuple[BoolImage, BoolImage]:
    """Which blocks of ``near`` lie wholly on land, and which ones the shore crosses; only the latter need a test cell
    by cell, and they are few. ``lon`` and ``lat`` are the middles of the blocks."""
    half_lon, half_lat = size_deg[0] / 2, size_deg[1] / 2
    boxes = shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)
    shapely.prepare(land)
    dry, crossed = np.zeros_like(near), np.zeros_like(near)
    dry[near] = shapely.contains(land, boxes)
    crossed[near] = shapely.intersects(land, boxes) & ~dry[near]
    return dry, crossed


def look_at_cells(scene: Scene, cells: Cells, config: DetectionConfig, first_look: FirstLook | None = None) -> CellLook:
    """State of the cells in one scene, read by tiles; ``first_look`` is an optical scene's first look, if any."""
    state = np.zeros(len(cells.lon), np.uint8)
    if scene.geolocation is None:
        return CellLook(history_group(scene), scene.acquired, state)
    row, col = scene.geolocation.rowcol(cells.lon, cells.lat)
    with np.errstate(invalid="ignore"):
        inside = (row > -0.5) & (col > -0.5) & (row < scene.shape[0] - 0.5) & (col < scene.shape[1] - 0.5)
    r = np.rint(np.where(inside, row, 0)).astype(np.intp)
    c = np.rint(np.where(inside, col, 0)).astype(np.intp)
    look = _object_mask_reader(scene, config, first_look)
    for core in tiles(scene.shape, config.tile_px):
        here = inside & (r >= core.row0) & (r < core.row1) & (c >= core.col0) & (c < core.col1)
        if here.any():
            bright, clear = look(core)
            at = (r[here] - core.row0, c[here] - core.col0)
            state[here] = np.where(clear[at], np.where(bright[at], BRIGHT, WATER), UNSEEN)
    return CellLook(history_group(scene), scene.acquired, state)


def _object_mask_reader(
    scene: Scene, config: DetectionConfig, first_look: FirstLook | None
) -> Callable[[Window], tuple[BoolImage, BoolImage]]:
    """The detector's function of a window: masks of what stands out of the water, and of what was seen."""
    if scene.sensor in RADARS:
        from pipeline.detection import radar

        return radar.object_mask_reader(scene, config)
    from pipeline.detection import optical

    return optical.object_mask_reader(scene, config, first_look)


def fixed_structures(looks: Sequence[CellLook], cells: Cells, config: DetectionConfig) -> dict[str, BaseGeometry]:
    """group -> polygons (EPSG:4326) of fixed structures; groups with too few looks have only the optical ones."""
    groups = sorted({look.group for look in looks} | {"optical"})
    own = {group: _fixed_cells([look for look in looks if look.group == group], cells, config) for group in groups}
    out: dict[str, BaseGeometry] = {}
    for group in groups:
        fixed = own[group] | own["optical"]
        if fixed.any():
            out[group] = _polygons(fixed, cells)
    return out


def _fixed_cells(looks: Sequence[CellLook], cells: Cells, config: DetectionConfig) -> BoolImage:
    """Mask of cells that stand out in enough clear looks over enough days, in groups of at least ``MIN_CELLS``."""
    known = [look for look in looks if look.acquired is not None]
    settings = config.history
    if len(known) < settings.min_looks:
        return np.zeros(cells.shape, bool)
    day = np.array([look.acquired.timestamp() / 86_400 for look in known if look.acquired is not None])
    states = np.stack([look.state for look in known])
    seen = states != UNSEEN
    count = seen.sum(axis=0)
    first = np.where(seen, day[:, None], np.inf).min(axis=0)
    last = np.where(seen, day[:, None], -np.inf).max(axis=0)
    share = (states == BRIGHT).sum(axis=0) / np.maximum(count, 1)
    fixed = (count >= settings.min_looks) & (last - first >= settings.min_span_days) & (share >= settings.min_share)
    grid = np.zeros(cells.shape, bool)
    grid[cells.row[fixed], cells.col[fixed]] = True
    labels = measure.label(grid, connectivity=2)
    size = np.bincount(labels.ravel())
    return grid & (size[labels] >= MIN_CELLS)


def _polygons(fixed: BoolImage, cells: Cells) -> BaseGeometry:
    """The cells as polygons, grown by half a cell: an edge lies somewhere within its cell."""
    row, col = np.nonzero(fixed)
    (d_lat, d_lon), (west, north) = cells.step_deg, cells.corner
    boxes = shapely.box(
        west + (col - 0.5) * d_lon, north - (row + 1.5) * d_lat, west + (col + 1.5) * d_lon, north - (row - 0.5) * d_lat
    )
    return shapely.set_precision(shapely.union_all(boxes), 1e-7)
