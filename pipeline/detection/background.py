"""What one orbit usually sees along a shore, and a radar scene with that taken out.

A quay, its cranes and the land behind it look alike on every pass of the same orbit, whatever the ship; a hull
alongside does not. So the power of each cell near the shore is remembered from all looks of an orbit; its low quantile
over the *other* looks, less the sea of each, is what always stands there. A scene divided by it, with the sea put in
its place, is a picture of water with ships in it, quay or no quay, and the detector works there as at sea: what it then
compares with the law of speckle is a ratio of multi-looked intensities, the change statistic of Rignot and van Zyl
(IEEE TGRS 31, 1993). This is done in berths alone, and a few steps beside them, over the coast line of the map too,
which lies some metres wrong: elsewhere along a shore what changes is mostly land.

A ship that lies in one place on most looks is taken for a structure: she does not load there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.config import DetectionConfig
from pipeline.detection.history import Cells, near_shore
from pipeline.types import Place, Scene, Sensor, Tile, Window, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

DARKEST_DB, STEP_DB = -50.0, 0.25  # of the remembered powers: 255 steps reach +13.5 dB, above any quay's mean
INLAND_M = 60.0  # of the strip beyond the coast of the map: coast files are wrong by tens of metres (our choice)
USUAL_QUANTILE = 0.35  # over the other looks: a berth taken on six looks of ten is still seen empty
MEDIAN_TO_MEAN = 1.08  # of speckle of 4.4 looks
GUARD = 1.5  # times the usual structure: speckle of the quantile, and looks that do not lie exactly on each other
LEAK_PX = 12  # how far the detector follows the light of land
CHANGED = (3.0, 5.0)  # power over the usual one: no speckle of 4.4 looks; in between, by degrees


@dataclass(frozen=True, slots=True, eq=False)
class PowerLook:
    """Power of the cells in one scene: codes of ``STEP_DB`` from ``DARKEST_DB``, 0 where unseen, (bands, cells)."""

    orbit: str
    acquired: datetime
    codes: NDArray[np.uint8]
    sea: FloatArray  # usual power of the water, each band


def orbit_of(scene: Scene) -> str | None:
    """Scenes of one orbit see a quay from the same side under the same angle; None where the orbit is not known."""
    view = scene.radar
    if scene.sensor is not Sensor.SENTINEL1 or view is None or view.relative_orbit is None or scene.acquired is None:
        return None
    return f"{view.pass_direction or 'unknown'}-{view.relative_orbit}-{'+'.join(scene.bands)}"


def strip_cells(place: Place, config: DetectionConfig) -> Cells | None:
    """The cells near the shore, on water and a little inland; None where no land is known."""
    return near_shore(place, config, INLAND_M)


def look_at_power(scene: Scene, cells: Cells, config: DetectionConfig) -> PowerLook | None:
    """What one scene shows of the cells; None where it cannot join a history."""
    orbit = orbit_of(scene)
    if orbit is None or scene.geolocation is None or scene.acquired is None:
        return None
    row, col = scene.geolocation.rowcol(cells.lon, cells.lat)
    power = np.full((len(scene.bands), len(row)), np.nan)
    for core in tiles(scene.shape, config.tile_px):
        with np.errstate(invalid="ignore"):
            here = (row >= core.row0) & (row < core.row1) & (col >= core.col0) & (col < core.col1)
            here &= (row <= scene.shape[0] - 1) & (col <= scene.shape[1] - 1)
        if here.any():
            window = core.padded(2, scene.shape)
            tile = scene.read(window)
            at = np.stack([row[here] - window.row0, col[here] - window.col0])
            for n, band in enumerate(tile.data):
                power[n, here] = ndimage.map_coordinates(
                    np.where(tile.valid, band, np.nan), at, order=1, mode="nearest"
                )
    seen = np.isfinite(power).all(axis=0)
    if not seen.any():
        return None
    wet = seen & cells.wet
    sea = np.median(power[:, wet if wet.any() else seen], axis=1) * MEDIAN_TO_MEAN
    with np.errstate(invalid="ignore", divide="ignore"):
        codes = np.clip(np.rint((10 * np.log10(power) - DARKEST_DB) / STEP_DB), 1, 255)
    return PowerLook(orbit, scene.acquired, np.where(seen, codes, 0).astype(np.uint8), sea)


def usual_excess(look: PowerLook, looks: Sequence[PowerLook], config: DetectionConfig) -> FloatArray | None:
    """Power over the sea that each cell has on other looks of this orbit, (bands, cells); NaN where they are too few.

    None where the orbit has too few looks, or all of them within days, so that one ship could lie in each.
    """
    settings = config.history
    others = [k for k in looks if k.orbit == look.orbit and k.acquired != look.acquired]
    if len(others) < settings.min_looks:
        return None
    days = [k.acquired.timestamp() / 86_400 for k in others]
    if max(days) - min(days) < settings.min_span_days:
        return None
    codes = np.stack([k.codes for k in others])
    excess = 10 ** ((codes * STEP_DB + DARKEST_DB) / 10) - np.stack([k.sea for k in others])[:, :, None]
    enough = (codes > 0).all(axis=1).sum(axis=0) >= settings.min_looks
    out = np.full(excess.shape[1:], np.nan)
    ordered = np.sort(np.where(codes > 0, excess, np.inf)[:, :, enough], axis=0)  # unseen looks last
    rank = USUAL_QUANTILE * ((codes > 0)[:, :, enough].sum(axis=0) - 1)
    low = np.floor(rank).astype(np.intp)
    at = [np.take_along_axis(ordered, (low + n)[None], axis=0)[0] for n in (0, 1)]  # two looks or more are there
    out[:, enough] = np.maximum(at[0] + (rank - low) * (at[1] - at[0]), 0.0)
    return out


def flattened(scene: Scene, look: PowerLook, cells: Cells, excess: FloatArray) -> Scene:
    """The scene with its usual structures taken out of its berths where their power is known, and these taken for
    water."""
    known = np.isfinite(excess).all(axis=0) & cells.berth
    assert scene.geolocation is not None
    row, col = scene.geolocation.rowcol(cells.lon[known], cells.lat[known])
    r, c = np.rint(row).astype(np.intp), np.rint(col).astype(np.intp)
    inside = (r >= 0) & (c >= 0) & (r < scene.shape[0]) & (c < scene.shape[1])
    if not inside.any():
        return scene
    r, c = r[inside], c[inside]
    corner = (int(r.min()) - LEAK_PX, int(c.min()) - LEAK_PX)
    shape = (int(np.ptp(r)) + 1 + 2 * LEAK_PX, int(np.ptp(c)) + 1 + 2 * LEAK_PX)
    index = (r - corner[0]) * shape[1] + c - corner[1]
    count = np.bincount(index, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    sums = [np.bincount(index, e[known][inside], shape[0] * shape[1]).reshape(shape) for e in excess]
    around = ndimage.convolve(count, np.ones((3, 3)), mode="constant")
    usual = []
    for total in sums:
        own = np.where(count > 0, total / np.maximum(count, 1), 0.0)
        near = ndimage.convolve(total, np.ones((3, 3)), mode="constant") / np.maximum(around, 1)
        usual.append(np.where(count > 0, own, near))
    expected = (np.stack(usual) * GUARD / look.sea[:, None, None]).astype(np.float32)
    digest = hashlib.sha256(expected.tobytes()).hexdigest()
    reader = FlatReader(scene.read, corner, expected, around > 0, _beside(around > 0), look.sea, digest)
    return replace(scene, read=reader)


@dataclass(frozen=True, slots=True, eq=False)
class FlatReader:
    """Reads a scene divided by what usually stands there: ``usual`` times the sea, (bands, rows, cols) from ``corner``
    on where ``known``. Where the change is beyond doubt, the hull's own power shows: today's less the usual one. Land
    ``beside`` shows the sea's power, so that none of its light, which the usual power holds already, seems to leak."""

    read: Callable[[Window], Tile]
    corner: tuple[int, int]
    usual: FloatImage
    known: BoolImage
    beside: BoolImage
    sea: FloatArray
    digest: str

    def __call__(self, window: Window) -> Tile:
        """Pixels of a window."""
        tile = self.read(window)
        data, water = tile.data.copy(), tile.water.copy()
        r0, c0 = max(window.row0, self.corner[0]), max(window.col0, self.corner[1])
        r1 = min(window.row1, self.corner[0] + self.known.shape[0])
        c1 = min(window.col1, self.corner[1] + self.known.shape[1])
        if r1 > r0 and c1 > c0:
            here = np.s_[r0 - window.row0 : r1 - window.row0, c0 - window.col0 : c1 - window.col0]
            there = np.s_[r0 - self.corner[0] : r1 - self.corner[0], c0 - self.corner[1] : c1 - self.corner[1]]
            known = self.known[there]
            for band, usual, sea in zip(data, self.usual, self.sea, strict=True):
                band[here] = np.where(known, _changed(band[here], usual[there], float(sea)), band[here])
            water[here] |= known
            dry = tile.valid[here] & ~water[here] & self.beside[there]
            for band, sea in zip(data, self.sea, strict=True):
                band[here][dry] = sea
        return Tile(window, tile.bands, data, tile.valid, water)


def _beside(known: BoolImage) -> BoolImage:
    """Pixels so near that the sensor's blur carries their power over."""
    return ndimage.binary_dilation(known, iterations=LEAK_PX)


def _changed(power: FloatImage, usual: FloatImage, sea: float) -> FloatImage:
    """Power with the usual structure (in units of the sea) divided out; subtracted instead where it is far above."""
    divided = power / (1.0 + usual)
    ratio = divided / sea
    share = np.clip((ratio - CHANGED[0]) / (CHANGED[1] - CHANGED[0]), 0.0, 1.0)
    return np.asarray(divided + share * sea * usual * (ratio - 1.0), np.float32)
