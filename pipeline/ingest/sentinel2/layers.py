"""Reads bands in separate files, perhaps with different pixel sizes, as one raster on the finest grid.

Coarser pixels are repeated, never interpolated: a coarse pixel measures the mean of the finer ones it covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

NO_DATA = 0.0  # ESA, Sentinel-2 Products Specification Document, for all bands
_MAX_SHIFT_PX = 1e-3  # tolerated difference of grids in pixels, for rounding
MOST_STEPS = 6  # 60 m in 10 m


@dataclass(frozen=True, slots=True)
class BandStack(RasterFile):
    """One raster made of several files, one per band."""

    layers: tuple[RasterFile, ...] = field(kw_only=True)

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Stored values of a window, shape (bands, rows, cols); ``indexes`` are 1-based."""
        out = []
        for layer in self._chosen(indexes):
            stored = partial(layer.read, indexes=(1,), alone=alone)
            out.append(_read_on_finest(layer, window, self.shape, stored)[0])
        return np.stack(out)

    def sample(self, side: int = 1024, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """At most side x side pixels of the whole image, shape (bands, rows, cols), by taking every n-th pixel."""
        shape = self.sample_shape(side)
        return np.concatenate([layer.resampled(shape, (1,)) for layer in self._chosen(indexes)])

    def measured(self, window: Window) -> BoolImage:
        """True where no file's own mask marks a pixel as nodata."""
        out = np.ones((window.rows, window.cols), bool)
        for layer in self.layers if self.masked else ():
            out &= _read_on_finest(layer, window, self.shape, layer.measured)
        return out

    def measured_sample(self, side: int) -> BoolImage:
        """`measured` for the pixels of a `sample`."""
        out = np.ones(self.sample_shape(side), bool)
        for layer in self.layers if self.masked else ():
            out &= layer.measured_as(out.shape)
        return out

    def palette(self) -> FloatArray | None:
        """None: bands have no palette."""
        return None

    def _chosen(self, indexes: tuple[int, ...] | None) -> list[RasterFile]:
        return [self.layers[i - 1] for i in indexes or range(1, self.count + 1)]


def stack_product_bands(bands: Mapping[str, RasterFile], path: str, item: str) -> BandStack:
    """One raster from bands by name; InputError if one of them has an incompatible grid or data type."""
    layers = tuple(bands.values())
    finest = max(layers, key=lambda layer: layer.shape[0] * layer.shape[1])
    for layer in layers:
        if layer.dtype != "uint16" or layer.count != 1:
            raise InputError(layer.item, f"holds {layer.count} x {layer.dtype}; one band of uint16 is wanted")
        if not is_on_grid(layer, finest):
            raise InputError(layer.item, f"does not lie on the grid of {finest.item}")
    return replace(stack_bands(bands, path, item), nodata=NO_DATA, tags={})


def stack_bands(bands: Mapping[str, RasterFile], path: str, item: str, doubts: Sequence[str] = ()) -> BandStack:
    """One raster from bands by name, each the single band of a file, on compatible grids."""
    layers = tuple(bands.values())
    finest = max(layers, key=lambda layer: layer.shape[0] * layer.shape[1])
    layer_doubts = [f"{layer.item}: {layer.doubt}" for layer in layers if layer.doubt]
    scaled, missing = any(layer.scales for layer in layers), {layer.nodata for layer in layers} - {None}
    overrides = {
        "path": path,
        "item": item,
        "descriptions": tuple(bands),
        "colours": ("grey",) * len(layers),
        "tags": dict(set.intersection(*(set(layer.tags.items()) for layer in layers))),
        "nodata": missing.pop() if len(missing) == 1 else None,
        "doubt": "; ".join([*layer_doubts, *doubts]),
        "masked": any(layer.masked for layer in layers),
        "scales": tuple((layer.scales or (1.0,))[0] for layer in layers) if scaled else (),
        "offsets": tuple((layer.offsets or (0.0,))[0] for layer in layers) if scaled else (),
        "reduced": all(layer.reduced for layer in layers),
    }
    return BandStack(**finest.metadata() | overrides, layers=layers)


def is_on_grid(layer: RasterFile, finest: RasterFile) -> bool:
    """Is a layer's pixel size an integer multiple of the finest layer's, with the same origin and extent?"""
    if layer.crs_wkt != finest.crs_wkt or layer.transform is None or finest.transform is None:
        return False
    steps = finest.shape[0] // layer.shape[0]
    actual, wanted = np.array(layer.transform), np.array(finest.transform) * (steps, steps, 1, steps, steps, 1)
    same_size = tuple(steps * side for side in layer.shape) == finest.shape
    close = float(np.abs(actual - wanted).max()) <= _MAX_SHIFT_PX * max(abs(v) for v in finest.transform[:2])
    return 1 <= steps <= MOST_STEPS and same_size and close


def layer_window(layer: RasterFile, window: Window, finest: tuple[int, int]) -> Window:
    """The window of a layer that covers a window of the finest grid; ``finest`` is that grid's (rows, cols)."""
    steps = finest[0] // layer.shape[0]
    top, left = window.row0 // steps, window.col0 // steps
    return Window(top, left, -(-window.row1 // steps) - top, -(-window.col1 // steps) - left)


def _read_on_finest(
    layer: RasterFile, window: Window, finest: tuple[int, int], read: Callable[[Window], NDArray[Any]]
) -> NDArray[Any]:
    """A window of the finest grid, from a layer whose pixels may be larger; ``read`` reads a window of the layer."""
    steps = finest[0] // layer.shape[0]
    if steps == 1:
        return read(window)
    part = layer_window(layer, window, finest)
    coarse = read(part)
    rows = np.arange(window.row0, window.row1) // steps - part.row0
    cols = np.arange(window.col0, window.col1) // steps - part.col0
    return coarse[..., rows[:, None], cols]
