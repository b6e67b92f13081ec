"""What the hull network sees of a window: each band over the local water, in units of the image's land.

That takes gain, haze, offset and the reflectance scale out; the inverse hyperbolic sine keeps glinting roofs from
drowning a dull hull. A band that a scene lacks is zero and said to be missing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.over_water import BRIGHT, DULL, WET, gap_to_land, kinds_over_water, over_gap
from pipeline.detection.optical.snow import BLUR_PX, snow_mask
from pipeline.detection.optical.water import Levels, levels_grid, places, pressed_light

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatArray, FloatImage, Radiometry, Tile

__all__ = ["BRIGHT", "DULL", "WET", "ScaledView", "network_gain", "network_input", "scaled_bands", "snow_as_ground"]

BANDS: tuple[tuple[str, ...], ...] = (  # the band, and what may stand in for it
    ("B02", "B"),
    ("B03", "G"),
    ("B04", "R"),
    ("B08", "N", "B8A"),
    ("B11", "B12"),
)
USUAL_SPREAD = (0.247, 0.264, 0.299, 0.341, 0.342)  # by band, at the coasts of the labelled ports: the mean of six
MOST_GAIN = 1.5  # our choice: a coast more even or more motley than that is another kind of coast


def shown_bands(bands: tuple[str, ...]) -> list[str | None]:
    """The scene's band for each of the network's five, None where it has none or is not shown it.

    Without near infrared green and short-wave infrared alone are shown: on ports held out of training F1 is then 0.63,
    with blue shown too 0.59 (docs/accuracy_optical.md). Few patches in training had blue and no near infrared.

    >>> shown_bands(("B02", "B03", "B11"))
    [None, 'B03', None, None, 'B11']
    """
    names = [next((name for name in names if name in bands), None) for names in BANDS]
    _, green, _, near, short_wave = names
    return [None, green, None, None, short_wave] if near is None and green and short_wave else names


class ScaledView:
    """A tile as the network sees it, worked out where it is asked for: most of an image is never looked at.

    Brightness over the local water by band. The unit is the same for all bands: the image's land over its water in the
    infrared. So colours stay colours; land's own colour, forest here and city there, would bend them.
    """

    def __init__(self, tile: Tile, levels: Levels) -> None:
        self._tile, self._grid = tile, levels_grid(levels)
        self._rows, self._cols = places(tile.window, levels, self._grid.shape[1:])
        self._main = tile.bands.index(levels.infrared)
        self._land = float(levels.land[self._main])
        self._least = 0.25 * float(levels.land[self._main] - levels.water[self._main])
        self._index = [None if name is None else tile.bands.index(name) for name in shown_bands(tile.bands)]

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
                over_gap(self._tile.data[band, rows, cols], valid, self._grid[band], *at, gap, out[k])
        return out

    def kinds(self, bright: float, wet: float, dull: float) -> NDArray[np.uint8]:
        """The whole tile in bits: `BRIGHT` in some band over that, `WET` by the infrared below that, `DULL` in no band
        over that; 0 where not valid."""
        there = np.array([k for k in self._index if k is not None], np.int64)
        infrared = next((k for k in self._index[3:] if k is not None), -1)
        data, limits = np.ascontiguousarray(self._tile.data), np.array([bright, wet, dull], np.float32)
        place = (self._grid, self._rows, self._cols, self._main, self._land, self._least)
        return kinds_over_water(data, self._tile.valid, *place, there, infrared, len(there) < len(BANDS), limits)


def snow_as_ground(tile: Tile, levels: Levels, radiometry: Radiometry) -> Tile:
    """The tile with grey ground, as bright as the image's land in the infrared, where snow lies."""
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
    """By which each of the five bands is multiplied so that this coast spreads as those of the training ports do."""
    out = np.ones(len(BANDS))
    if levels.coast_spread is None:
        return out
    for k, name in enumerate(shown_bands(bands)):
        if name is not None and levels.coast_spread[bands.index(name)] > 0:
            out[k] = USUAL_SPREAD[k] / levels.coast_spread[bands.index(name)]
    return np.clip(out, 1 / MOST_GAIN, MOST_GAIN)


def network_input(scaled: FloatImage, present: tuple[bool, ...], gain: FloatArray | None = None) -> FloatImage:
    """The ten channels of the network, shape (10, rows, cols): five bands, then five that say which bands there are."""
    here = np.array(present, np.float32)[:, None, None]
    weight = here if gain is None else here * gain.astype(np.float32)[:, None, None]
    return np.concatenate([pressed_light(scaled) * weight, np.broadcast_to(here, scaled.shape)]).astype(np.float32)
