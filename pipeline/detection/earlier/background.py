"""Remove quays from radar berths: the permanent power of each cell, from earlier looks of the same orbit.

A quay, its cranes and the land behind it look alike on every pass of the same orbit; a hull alongside does not. So the
power of each cell in a berth is stored for all looks of an orbit, and a low quantile over the *other* looks, each less
its sea, is the permanent part. Divided by it (and scaled to the sea), a scene shows water with ships in it, and the
detector works there as at sea: what it compares with the speckle law is then a ratio of multi-looked intensities, the
change statistic of Rignot and van Zyl (IEEE TGRS 31, 1993). This is done only in berths and a few metres around them,
across the map's coast line too, which is some metres off; elsewhere along a shore what changes is mostly land.

A ship that lies in one place on most looks is taken for a structure: she does not load there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.config import DetectionConfig
from pipeline.detection.earlier.history import Cells, shore_cells
from pipeline.detection.flat_reader import FlatReader
from pipeline.types import RADARS, Place, Scene, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

DARKEST_DB, STEP_DB = -50.0, 0.25  # of the stored powers: 255 steps reach +13.5 dB, above any quay's mean
INLAND_M = 60.0  # strip of land kept behind the map's coast: coast files are wrong by tens of metres (our choice)
USUAL_QUANTILE = 0.35  # over the other looks: a berth taken on six looks of ten is still seen empty
MEDIAN_TO_MEAN = 1.08  # of speckle of 4.4 looks
SEA_STEP = 4  # every so many rows and columns of cells, the sea beside berths is sampled
LEVELS = 8  # quantiles that represent a background, in the middle of as many equal shares of its looks
GUARD = 1.5  # factor on the permanent power, for speckle in the quantile and misregistration of the looks
LEAK_PX = 12  # how far the detector models the leakage of land


@dataclass(frozen=True, slots=True, eq=False)
class PowerLook:
    """Power of the cells in one scene: codes of ``STEP_DB`` from ``DARKEST_DB``, 0 where unseen, (bands, cells)."""

    orbit: str
    acquired: datetime
    codes: NDArray[np.uint8]
    sea: FloatArray  # usual power of the water, each band
    scene_id: str = ""
    sha256: str = ""
    simulated: bool = False

    @property
    def source(self) -> Source:
        """Identity of this look."""
        return Source(self.scene_id, self.acquired, self.sha256)

    @property
    def excess(self) -> FloatArray:
        """Power over the sea's, (bands, cells); NaN where unseen."""
        return np.where(self.codes > 0, decode_power(self.codes) - self.sea[:, None], np.nan)


class Source(NamedTuple):
    """A look that a background was made from."""

    scene_id: str
    acquired: datetime
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Stored history of an orbit: quantiles of each cell's power less the sea's, over all looks so far.

    ``levels`` holds codes as in `PowerLook`, (LEVELS, bands, cells), 0 where the cell was hardly ever seen; level k is
    the quantile (k + 1/2) / LEVELS. New looks are merged with the levels as samples of equal weight, so its size does
    not grow with the number of looks.
    """

    orbit: str
    levels: NDArray[np.uint8]
    looks: tuple[Source, ...]
    simulated: bool = False

    @property
    def bands(self) -> list[str]:
        """Polarisations, in order."""
        return self.orbit.rsplit("-", 1)[-1].split("+")


def orbit_key(scene: Scene) -> str | None:
    """Key of scenes that see a quay from the same side at the same angle; None where the orbit is not known."""
    view = scene.radar
    if scene.sensor not in RADARS or view is None or view.relative_orbit is None or scene.acquired is None:
        return None
    return f"{view.pass_direction or 'unknown'}-{view.relative_orbit}-{'+'.join(scene.bands)}"


def background_cells(place: Place, config: DetectionConfig) -> Cells | None:
    """The cells of a place for its backgrounds (`select_background_cells`); None without known land or berth."""
    near = shore_cells(place, config, INLAND_M)
    return None if near is None else select_background_cells(near)


def select_background_cells(near: Cells) -> Cells | None:
    """Of the cells near the shore (``INLAND_M`` of land included), those of berths and a sixteenth of the other water,
    to measure the sea; None where there is no berth."""
    if not near.berth.any():
        return None
    return near.subset(near.berth | (near.wet & (near.row % SEA_STEP == 0) & (near.col % SEA_STEP == 0)))


def look_at_power(scene: Scene, cells: Cells, config: DetectionConfig) -> PowerLook | None:
    """Power of the cells in one scene; None where orbit, time or geolocation is unknown or no cell was seen."""
    orbit = orbit_key(scene)
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
    codes = np.where(seen, encode_power(power), 0).astype(np.uint8)
    return PowerLook(orbit, scene.acquired, codes, sea, scene.scene_id, scene.source.sha256, scene.simulated)


def decode_power(codes: NDArray[np.uint8]) -> FloatArray:
    """Linear power of codes."""
    return np.asarray(10 ** ((codes * STEP_DB + DARKEST_DB) / 10))


def encode_power(power: FloatArray) -> NDArray[np.uint8]:
    """Codes of linear powers, 0 where they are not known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        codes = np.clip(np.rint((10 * np.log10(np.maximum(power, 1e-9)) - DARKEST_DB) / STEP_DB), 1, 255)
    return np.where(np.isfinite(power), codes, 0).astype(np.uint8)


def usual_excess(
    look: PowerLook, looks: Sequence[PowerLook], config: DetectionConfig, stored: Background | None = None
) -> FloatArray | None:
    """Permanent power of each cell less the sea, from other looks of this orbit, (bands, cells); NaN for too few looks.

    ``stored`` is the background of earlier looks; where this look is one of them, its share is removed. None where the
    orbit has too few other looks, or all within so few days that one ship could lie there in each.
    """
    settings = config.history
    others = _new_looks(stored, [k for k in looks if k.orbit == look.orbit and k.acquired != look.acquired])
    stored_looks = stored.looks if stored is not None else ()
    sources = [s for s in (*(k.source for k in others), *stored_looks) if s.acquired != look.acquired]
    if len(sources) < settings.min_looks:
        return None
    days = [s.acquired.timestamp() / 86_400 for s in sources]
    if max(days) - min(days) < settings.min_span_days:
        return None
    seen = Samples.from_looks(others, stored)
    own = np.where(np.isfinite(look.excess), sum(s.acquired == look.acquired for s in stored_looks), 0)
    usual = np.maximum(seen.quantile_without(look.excess, own, USUAL_QUANTILE), 0.0)
    usual[:, np.rint((seen.total - own).min(axis=0)) < settings.min_looks] = np.nan
    return usual


def merged_background(looks: Sequence[PowerLook], stored: Background | None = None) -> Background:
    """The background of an orbit: its looks merged with the stored background of earlier ones."""
    own = _new_looks(stored, looks)
    seen = Samples.from_looks(own, stored)
    quantiles = np.stack([seen.value_at_rank((k + 0.5) / LEVELS * seen.total) for k in range(LEVELS)])
    stored_looks = stored.looks if stored is not None else ()
    sources = tuple(sorted((*stored_looks, *(k.source for k in own)), key=lambda s: (s.acquired, s.scene_id)))
    simulated = looks[0].simulated if looks else stored is not None and stored.simulated
    return Background(
        looks[0].orbit if looks else str(stored and stored.orbit), encode_power(quantiles), sources, simulated
    )


def _new_looks(stored: Background | None, looks: Sequence[PowerLook]) -> list[PowerLook]:
    """Looks that are not yet part of the stored background."""
    known = {(s.acquired, s.sha256) for s in stored.looks} if stored is not None else set()
    return [k for k in looks if (k.acquired, k.sha256) not in known]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Weighted samples of each cell's excess (looks and stored levels) in rising order, (samples, bands, cells).

    A sample of weight w stands for w looks; its value is the quantile in the middle of the share that they cover.
    """

    value: FloatArray
    weight: FloatArray

    @classmethod
    def from_looks(cls, looks: Sequence[PowerLook], stored: Background | None) -> Samples:
        """Samples of looks and of a stored background."""
        values = [k.excess for k in looks]
        weights = [1.0] * len(looks)
        if stored is not None:
            values += [np.where(level > 0, decode_power(level), np.nan) for level in stored.levels]
            weights += [len(stored.looks) / LEVELS] * LEVELS
        value = np.stack(values)
        weight = np.where(np.isfinite(value), np.array(weights)[:, None, None], 0.0)
        order = np.argsort(value, axis=0)  # NaN last
        return cls(np.take_along_axis(value, order, axis=0), np.take_along_axis(weight, order, axis=0))

    @property
    def total(self) -> FloatArray:
        """Number of looks that saw each cell, (bands, cells)."""
        return np.asarray(self.weight.sum(axis=0))

    def value_at_rank(self, n: FloatArray) -> FloatArray:
        """The value below which ``n`` looks lie in each cell, interpolated, (bands, cells)."""
        middle = np.cumsum(self.weight, axis=0) - self.weight / 2
        last = np.maximum((self.weight > 0).sum(axis=0) - 1, 0)
        above = (middle < n).sum(axis=0)
        i, j = (np.clip(k, 0, last)[None] for k in (above - 1, above))
        low, high = (np.take_along_axis(self.value, k, axis=0)[0] for k in (i, j))
        a, b = (np.take_along_axis(middle, k, axis=0)[0] for k in (i, j))
        part = np.clip(np.where(b > a, (n - a) / np.where(b > a, b - a, 1.0), 0.0), 0.0, 1.0)
        return np.asarray(low + part * (high - low))

    def quantile_without(self, own: FloatArray, weight: NDArray[np.intp], share: float) -> FloatArray:
        """Quantile ``share`` after removing samples of value ``own`` and total ``weight``, (bands, cells).

        The value has ``share`` of the remaining weight below it; where the removed samples lie below it, the count in
        the full set is larger by their weight. In between the value passes from one to the other.
        """
        n = share * (self.total - weight)
        low, high = self.value_at_rank(n), self.value_at_rank(n + weight)
        return np.clip(low + high - np.where(weight > 0, own, low), low, high)


def flatten_quays(scene: Scene, look: PowerLook, cells: Cells, excess: FloatArray, n_looks: int = 1) -> Scene:
    """The scene with the permanent power removed in its berths where it is known, and these treated as water;
    ``n_looks`` is the number of looks behind ``excess``, (bands, cells)."""
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
    reader = FlatReader(
        scene.read, corner, expected, around > 0, _grown_by_leakage(around > 0), look.sea, scene.shape, n_looks
    )
    return replace(scene, read=reader)


def _grown_by_leakage(known: BoolImage) -> BoolImage:
    """These pixels and those so near that the sensor's blur leaks power across."""
    return ndimage.binary_dilation(known, iterations=LEAK_PX)
