"""Input of the hull network: each band over the local water, in units of the image's land.

This removes gain, haze, offset and reflectance scale; an inverse hyperbolic sine compresses glinting roofs, so that a
dull hull remains visible. A band that a scene lacks is zero and marked as missing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.over_water import BRIGHT, DULL, WET, classify_over_water, gap_to_land, normalise_band
from pipeline.detection.optical.snow import BLUR_PX, snow_mask
from pipeline.detection.optical.water import Levels, compressed_light, grid_positions, levels_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage, Radiometry, Tile

__all__ = ["BRIGHT", "DULL", "WET", "ScaledView", "network_gain", "network_input", "scaled_bands", "snow_as_ground"]

BANDS: tuple[tuple[str, ...], ...] = (  # each band of the network with its substitutes
    ("B02", "B"),
    ("B03", "G"),
    ("B04", "R"),
    ("B08", "N", "B8A"),
    ("B11", "B12"),
)
USUAL_SPREAD = (0.247, 0.264, 0.299, 0.341, 0.342)  # by band, at the coasts of the labelled ports: the mean of six
MOST_GAIN = 1.5  # largest factor either way; our choice: beyond it, it is another kind of coast


def network_bands(bands: tuple[str, ...]) -> list[str | None]:
    """The scene's band for each of the network's five; None where it has none or the network is not given it.

    Without near infrared only green and short-wave infrared are given: on ports held out of training F1 is then 0.63,
    with blue too 0.59 (docs/accuracy_optical.md). Few patches in training had blue but no near infrared.

    >>> network_bands(("B02", "B03", "B11"))
    [None, 'B03', None, None, 'B11']
    """
    names = [next((name for name in names if name in bands), None) for names in BANDS]
    _, green, _, near, short_wave = names
    return [None, green, None, None, short_wave] if near is None and green and short_wave else names


class ScaledView:
    """A tile as the network sees it, computed on demand, since most of an image is never passed to it.

    Brightness over the local water by band. The unit is the same for all bands, the image's land over its water in the
    infrared, which keeps colours: units by band would distort them by the land's colour, here forest, there city.
    """

    def __init__(self, tile: Tile, levels: Levels) -> None:
        self._tile, self._grid = tile, levels_grid(levels)
        self._rows, self._cols = grid_positions(tile.window, levels, self._grid.shape[1:])
        self._main = tile.bands.index(levels.infrared)
        self._land = float(levels.land[self._main])
        self._least = 0.25 * float(levels.land[self._main] - levels.water[self._main])
        self._index = [None if name is None else tile.bands.index(name) for name in network_bands(tile.bands)]

    @property
    def present(self) -> tuple[bool, ...]:
        """Which of the five bands the scene has."""
        return tuple(k is not None for k in self._index)

    def within(self, rows: slice, cols: slice) -> FloatImage:
        """A part of the tile, shape (5, rows, cols): local water 0, the image's land 1."""
        valid = self._tile.valid[rows, cols]
        at = self._rows[rows], self._cols[cols]
        gap = gap_to_land(self._grid[self._main], *at, self._land, self._least)
        out = np.zeros((len(BANDS), *valid.shape), np.float32)
        for k, band in enumerate(self._index):
            if band is not None:
                normalise_band(self._tile.data[band, rows, cols], valid, self._grid[band], *at, gap, out[k])
        return out

    def pixel_kinds(self, bright: float, wet: float, dull: float) -> NDArray[np.uint8]:
        """Bits of the whole tile: `BRIGHT` if some band exceeds ``bright``, `WET` if the infrared is below ``wet``,
        `DULL` if wet and no band exceeds ``dull``; 0 where not valid."""
        there = np.array([k for k in self._index if k is not None], np.int64)
        infrared = next((k for k in self._index[3:] if k is not None), -1)
        data, limits = np.ascontiguousarray(self._tile.data), np.array([bright, wet, dull], np.float32)
        place = (self._grid, self._rows, self._cols, self._main, self._land, self._least)
        return classify_over_water(data, self._tile.valid, *place, there, infrared, len(there) < len(BANDS), limits)


def snow_as_ground(tile: Tile, levels: Levels, radiometry: Radiometry) -> Tile:
    """The tile with snow replaced by grey ground, as bright as the image's land in the infrared."""
    snow = snow_mask(tile.data, tile.bands, radiometry, BLUR_PX)
    if snow is None or not snow.any():
        return tile
    ground = np.float32(levels.land[tile.bands.index(levels.infrared)])
    return replace(tile, data=np.where(snow, ground, tile.data))


def scaled_bands(tile: Tile, levels: Levels) -> tuple[FloatImage, tuple[bool, ...]]:
    """All of a tile as the network sees it, shape (5, rows, cols), and which of the five bands the scene has."""
    view = ScaledView(tile, levels)
    return view.within(slice(None), slice(None)), view.present


def network_gain(levels: Levels, bands: tuple[str, ...]) -> FloatArray:
    """Factor on each of the five bands that gives this coast the spread of the training ports."""
    out = np.ones(len(BANDS))
    if levels.coast_spread is None:
        return out
    for k, name in enumerate(network_bands(bands)):
        if name is not None and levels.coast_spread[bands.index(name)] > 0:
            out[k] = USUAL_SPREAD[k] / levels.coast_spread[bands.index(name)]
    return np.clip(out, 1 / MOST_GAIN, MOST_GAIN)


def network_input(scaled: FloatImage, present: tuple[bool, ...], gain: FloatArray | None = None) -> FloatImage:
    """The ten channels of the network, shape (10, rows, cols): five bands, then five that say which bands there are."""
    here = np.array(present, np.float32)[:, None, None]
    weight = here if gain is None else here * gain.astype(np.float32)[:, None, None]
    return np.concatenate([compressed_light(scaled) * weight, np.broadcast_to(here, scaled.shape)]).astype(np.float32)
