"""Reads windows of one raster file as calibrated tiles: values, valid pixels, and water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.scaling import Scaling
from pipeline.ingest.stored import Stored
from pipeline.ingest.watermask import Water, WaterMixin
from pipeline.types import Counts, Tile, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage

COMPILED_PX = 16_384  # window size from which loading compiled code pays off (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class RasterReader(WaterMixin):
    """Reads windows of one raster file as calibrated tiles."""

    stored: Stored
    scaling: Scaling
    water: Water
    palette: Any = None

    def __call__(self, window: Window) -> Tile:
        """Calibrated pixels of a window."""
        self._require_on_image(window)
        if self._keeps_every_value and self.stored.is_plain and window.rows * window.cols >= COMPILED_PX:
            return self._read_compiled(window)
        picture, gap = self.stored.read(window)
        if self.palette is not None:
            picture = self.palette[picture]
        data = self.scaling.apply(picture, window.col0)
        data[gap] = np.nan
        valid = np.asarray(np.isfinite(data).all(axis=0), bool)
        clouded = None if self.stored.usable is None else self.stored.usable.clouded(window)
        return Tile(window, self.stored.channels.names, data, valid, self.water(window), clouded)

    def measured(self, window: Window) -> BoolImage:
        """`valid` of a window's tile, without calibration if the stored values suffice."""
        self._require_on_image(window)
        if self._keeps_every_value:
            return np.asarray(~self.stored.read(window)[1].any(axis=0))
        return self.without_water()(window).valid

    @property
    def _keeps_every_value(self) -> bool:
        """Does every measured stored value become a valid value?"""
        whole = np.dtype(self.stored.raster.dtype).kind in "iu"
        return whole and self.palette is None and self.scaling.law == "linear" and not self.stored.radar

    def _read_compiled(self, window: Window) -> Tile:
        """The same pixels in one pass of compiled code, whose loading would take too long for a small run."""
        from pipeline.ingest.reflectance import reflectances

        numbers = self.stored.raster.read(window, self.stored.channels.indexes)
        data, valid = reflectances(numbers, self.stored, self.scaling)
        return Tile(window, self.stored.channels.names, data, valid, self.water(window))

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window if they are 16-bit amplitude with no nodata but zeros; else None."""
        scaling, raster, channels = self.scaling, self.stored.raster, self.stored.channels
        plain = scaling.law in ("square", "calibrated") and (scaling.gain, scaling.offset) == (1.0, 0.0)
        plain &= not scaling.gains and raster.dtype == "uint16" and self.palette is None
        plain &= not channels.masks and not raster.masked
        if not (plain and self.stored.nodata_rule.only_zeros and self.stored.radar):
            return None
        stored = raster.read(window, channels.indexes)
        scale = scaling.apply(np.ones((len(stored), 1, window.cols), np.float32), window.col0)
        water = self.water(window) if self.water.has_land else None
        return Counts(stored, scale, np.zeros_like(scale), np.zeros(window.rows, np.int32), 0.0, water)
