"""Detect ships in a Sentinel-2 window with the hull network, on a fixed lattice of blocks, skipping empty water."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from pipeline.detection.optical import network, plausible
from pipeline.detection.optical.discs import within_steps
from pipeline.detection.optical.instances import Instance, find_instances
from pipeline.detection.optical.reading import Piece
from pipeline.detection.optical.rectangle import MARGIN_PX, Rectangle, fit_rectangle
from pipeline.detection.optical.spectral import BRIGHT, DULL, WET, ScaledView, network_gain
from pipeline.types import Scene, Tile, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatImage

WATER_BELOW = 0.35  # infrared, local water 0 and land 1
STANDS_OUT = 0.15  # brightness over water from which a pixel counts; the dullest hulls show 0.2 in some band
SHORE_PX = 6  # distance from water: a hull at a quay reaches so far from it
MIN_BRIGHT_PX = 4  # one less than the fewest pixels of a hull (`instances.MIN_PIXELS`)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkHull:
    """One hull in scene pixels: its rectangle, its pixels, and the network's certainty (0 to 1, uncalibrated)."""

    rectangle: Rectangle
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    certainty: float
    on_land: float  # share of its pixels that the map calls land
    sigmas: float  # brightness over the water around, in robust standard deviations of the image's water
    doubts: tuple[tuple[str, str], ...] = ()  # flags against a ship, each with its evidence


def detect_hulls(scene: Scene, levels: Levels, piece: Piece, view: ScaledView, threads: int = 1) -> list[NetworkHull]:
    """Hulls whose centre lies in the piece's core, which must begin on the lattice; its tile includes the halo.

    ``view`` is that of the tile. Blocks are evaluated on ``threads`` threads; hulls come in the order of the lattice.
    """
    tile = piece.tile
    k = tile.bands.index(levels.infrared)
    noise = float(levels.noise[k] / max(levels.land[k] - levels.water[k], 1e-9))
    pixel_m2 = scene.pixel_spacing_m[0] * scene.pixel_spacing_m[1]
    gain = network_gain(levels, tile.bands)
    pixel_kinds = view.pixel_kinds(STANDS_OUT, WATER_BELOW, 2 * STANDS_OUT)
    requests = []
    for block in _blocks(piece.core):
        inner = block.padded(network.HALO_PX, scene.shape)
        at = (
            slice(inner.row0 - tile.window.row0, inner.row1 - tile.window.row0),
            slice(inner.col0 - tile.window.col0, inner.col1 - tile.window.col0),
        )
        marks = search_marks(pixel_kinds[at], pixel_m2)
        if marks is not None:
            requests.append((block, inner, at, marks))

    def run_block(request: tuple[Window, Window, tuple[slice, slice], BoolImage]) -> FloatImage:
        block, inner, at, marks = request
        seen, marked = _padded_block(view.within(*at), block, inner), _padded_block(marks[None], block, inner)[0]
        return network.run_ensemble(seen, view.present, gain, marked)

    out: list[NetworkHull] = []
    with ThreadPoolExecutor(max(1, threads)) as pool:
        outputs = pool.map(run_block, requests)
        for (block, _, _, _), output in zip(requests, outputs, strict=True):
            origin = (block.row0 - network.HALO_PX, block.col0 - network.HALO_PX)
            cover = special.expit(output[0])
            for hull in find_instances(output):
                row, col = hull.centre[0] + origin[0], hull.centre[1] + origin[1]
                if block.row0 - 0.5 <= row < block.row1 - 0.5 and block.col0 - 0.5 <= col < block.col1 - 0.5:
                    placed = _measure_instance(cover, hull, origin, tile, view, noise)
                    if len(placed.rows):  # else only padding beyond the image's edge voted for this centre
                        out.append(replace(placed, doubts=_doubts(placed, tile, view, scene)))
    return out


def search_marks(kinds: NDArray[np.uint8], pixel_m2: float) -> BoolImage | None:
    """Bright pixels in or beside water, as marks for the network; None where a block has too few, or too little water.

    Depends on the block alone. A block needs enough pixels above the higher threshold; the marks then include the
    dullest hulls as well.
    """
    bright, wet = (kinds & BRIGHT).view(bool), (kinds & WET) > 0
    if np.count_nonzero(bright) < MIN_BRIGHT_PX or not plausible.holds_basin(wet, pixel_m2):
        return None
    marks = bright & within_steps(wet, SHORE_PX)
    return marks if np.count_nonzero(marks & ((kinds & DULL) == 0)) >= MIN_BRIGHT_PX else None


def _blocks(core: Window) -> Iterator[Window]:
    """Blocks of the lattice in a window that begins on a block's corner."""
    for row0 in range(core.row0, core.row1, network.CORE_PX):
        for col0 in range(core.col0, core.col1, network.CORE_PX):
            yield Window(row0, col0, min(network.CORE_PX, core.row1 - row0), min(network.CORE_PX, core.col1 - col0))


def _padded_block(image: NDArray[Any], block: Window, inner: Window) -> NDArray[Any]:
    """The block with its halo at full size: beyond the image, edge pixels are repeated and no marks are set."""
    top, left = inner.row0 - (block.row0 - network.HALO_PX), inner.col0 - (block.col0 - network.HALO_PX)
    below, right = network.BLOCK_PX - top - inner.rows, network.BLOCK_PX - left - inner.cols
    around = ((0, 0), (top, below), (left, right))
    return np.pad(image, around) if image.dtype == bool else np.pad(image, around, mode="edge")


def _measure_instance(
    cover: FloatImage, hull: Instance, origin: tuple[int, int], tile: Tile, view: ScaledView, noise: float
) -> NetworkHull:
    """Measure an instance, in scene pixels; ``cover`` is the block's map of hull probability."""
    low = (max(0, int(hull.rows.min()) - MARGIN_PX), max(0, int(hull.cols.min()) - MARGIN_PX))
    box = np.s_[low[0] : int(hull.rows.max()) + MARGIN_PX + 1, low[1] : int(hull.cols.max()) + MARGIN_PX + 1]
    near = cover[box].copy()
    others = near > 0.5
    others[hull.rows - low[0], hull.cols - low[1]] = False
    near[others] = 0.0
    fitted = fit_rectangle(near, hull.rows - low[0], hull.cols - low[1])
    fitted = replace(fitted, row=fitted.row + low[0] + origin[0], col=fitted.col + low[1] + origin[1])
    rows, cols = hull.rows + origin[0], hull.cols + origin[1]
    r, c = rows - tile.window.row0, cols - tile.window.col0
    inside = (r >= 0) & (c >= 0) & (r < tile.window.rows) & (c < tile.window.cols)
    r, c = r[inside], c[inside]
    sigmas = 0.0
    if len(r):
        over = view.within(slice(r.min(), r.max() + 1), slice(c.min(), c.max() + 1))
        sigmas = float(np.median(over[:, r - r.min(), c - c.min()].max(axis=0))) / noise
    return NetworkHull(
        fitted,
        rows[inside],
        cols[inside],
        hull.score,
        float((~tile.water[r, c]).mean()) if len(r) else 0.0,
        sigmas,
    )


def _doubts(hull: NetworkHull, tile: Tile, view: ScaledView, scene: Scene) -> tuple[tuple[str, str], ...]:
    """Flags and evidence against the hull being a ship of the size that the network was trained on."""
    if not len(hull.rows):
        return ()
    centre = np.rint([hull.rectangle.row, hull.rectangle.col]).astype(int)
    box = Window(*(centre - plausible.LOOK_PX), *[2 * plausible.LOOK_PX + 1] * 2)
    window = tile.window
    top, left = max(0, box.row0 - window.row0), max(0, box.col0 - window.col0)
    near = view.within(slice(top, box.row1 - window.row0), slice(left, box.col1 - window.col0))
    mask = np.zeros((near.shape[1], near.shape[2]), bool)
    rows, cols = hull.rows - window.row0 - top, hull.cols - window.col0 - left
    within = (rows >= 0) & (cols >= 0) & (rows < mask.shape[0]) & (cols < mask.shape[1])
    mask[rows[within], cols[within]] = True
    pixel_m2 = scene.pixel_spacing_m[0] * scene.pixel_spacing_m[1]
    cut = (box.row0 <= 0, box.row1 >= scene.shape[0], box.col0 <= 0, box.col1 >= scene.shape[1])
    reasons = {
        "no_water_beside": plausible.no_water_reason(near, mask, view.present, pixel_m2, cut),
        "too_faint": plausible.too_faint_reason(near, mask, view.present, pixel_m2),
    }
    return tuple((name, why) for name, why in reasons.items() if why)
