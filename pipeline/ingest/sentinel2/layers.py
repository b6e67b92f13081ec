"""Bands that lie in files of their own, in pixels of one size or another, read as one raster on the finest grid.

A coarser pixel is repeated, never interpolated: what it measured is the mean of what the finer ones would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

NO_DATA = 0.0  # ESA, Sentinel-2 Products Specification Document, for all bands
_SHIFT = 1e-3  # share of a pixel by which grids may differ, for rounding
MOST_STEPS = 6  # 60 m in 10 m


@dataclass(frozen=True, slots=True)
class BandStack(RasterFile):
    """One raster of several files, a band each."""

    layers: tuple[RasterFile, ...] = field(kw_only=True)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Raw numbers of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        return np.stack([_on_finest(layer, window, self.shape, alone=alone) for layer in self._chosen(indexes)])

    def sample(self, side: int = 1024, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """At most side x side pixels of the whole image, shape (bands, rows, cols), by taking every n-th pixel."""
        shape = self.sampled(side)
        return np.concatenate([layer.resampled(shape, (1,)) for layer in self._chosen(indexes)])

    def measured(self, window: Window) -> BoolImage:
        """Everything: what is missing is told by the number for it."""
        return np.ones((window.rows, window.cols), bool)

    def measured_sample(self, side: int) -> BoolImage:
        """`measured` for the pixels of a `sample`."""
        return np.ones(self.sampled(side), bool)

    def palette(self) -> FloatArray | None:
        """None: 16-bit numbers are no colours."""
        return None

    def _chosen(self, indexes: tuple[int, ...] | None) -> list[RasterFile]:
        return [self.layers[i - 1] for i in indexes or range(1, self.count + 1)]


def stacked(bands: Mapping[str, RasterFile], path: str, item: str) -> BandStack:
    """One raster of bands by name; InputError where one of them lies on another grid, or holds other numbers."""
    layers = tuple(bands.values())
    finest = max(layers, key=lambda layer: layer.shape[0] * layer.shape[1])
    for layer in layers:
        if layer.dtype != "uint16" or layer.count != 1:
            raise InputError(layer.item, f"holds {layer.count} x {layer.dtype}; one band of uint16 is wanted")
        if not _fits(layer, finest):
            raise InputError(layer.item, f"does not lie on the grid of {finest.item}")
    alike = {f.name: getattr(finest, f.name) for f in fields(RasterFile) if f.init}
    own = {
        "path": path,
        "item": item,
        "descriptions": tuple(bands),
        "colours": ("grey",) * len(layers),
        "tags": {},
        "nodata": NO_DATA,
        "doubt": "; ".join(f"{layer.item}: {layer.doubt}" for layer in layers if layer.doubt),
        "masked": False,
        "reduced": all(layer.reduced for layer in layers),
    }
    return BandStack(**alike | own, layers=layers)


def _fits(layer: RasterFile, finest: RasterFile) -> bool:
    """Are a layer's pixels whole numbers of the finest layer's, from the same corner on?"""
    if layer.crs_wkt != finest.crs_wkt or layer.transform is None or finest.transform is None:
        return False
    steps = finest.shape[0] // layer.shape[0]
    told, wanted = np.array(layer.transform), np.array(finest.transform) * (steps, steps, 1, steps, steps, 1)
    same_size = tuple(steps * side for side in layer.shape) == finest.shape
    close = float(np.abs(told - wanted).max()) <= _SHIFT * max(abs(v) for v in finest.transform[:2])
    return 1 <= steps <= MOST_STEPS and same_size and close


def _on_finest(layer: RasterFile, window: Window, finest: tuple[int, int], *, alone: bool) -> NDArray[Any]:
    """A window of the finest grid, from a layer whose pixels may be larger."""
    steps = finest[0] // layer.shape[0]
    if steps == 1:
        return layer.read(window, (1,), alone=alone)[0]
    top, left = window.row0 // steps, window.col0 // steps
    part = Window(top, left, -(-window.row1 // steps) - top, -(-window.col1 // steps) - left)
    coarse = layer.read(part, (1,), alone=alone)[0]
    rows = np.arange(window.row0, window.row1) // steps - top
    cols = np.arange(window.col0, window.col1) // steps - left
    return coarse[np.ix_(rows, cols)]
