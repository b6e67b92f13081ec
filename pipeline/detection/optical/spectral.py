"""What the hull network sees of a window: each band over the local water, in units of the image's land.

That takes gain, haze, offset and the reflectance scale out; the inverse hyperbolic
sine keeps glinting roofs from drowning a dull hull. A band that a scene lacks is zero and said to be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.water import Levels, pressed_light, water_at

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage, Tile

BANDS: tuple[tuple[str, ...], ...] = (  # the band, and what may stand in for it
    ("B02", "B"),
    ("B03", "G"),
    ("B04", "R"),
    ("B08", "N", "B8A"),
    ("B11", "B12"),
)
USUAL_SPREAD = (0.247, 0.264, 0.299, 0.341, 0.342)  # by band, at the coasts of the labelled ports: the mean of six
MOST_GAIN = 1.5  # our choice: a coast more even or more motley than that is another kind of coast


def scaled_bands(tile: Tile, levels: Levels) -> tuple[FloatImage, tuple[bool, ...]]:
    """Brightness over the local water, shape (5, rows, cols), and which of the five bands the scene has.

    The unit is the same for all bands: the image's land over its water in the infrared. So colours stay colours; land's
    own colour, forest here and city there, would bend them.
    """
    main = tile.bands.index(levels.infrared)
    over = water_at(tile.window, levels, main)
    whole = float(levels.land[main] - levels.water[main])
    gap = np.maximum(levels.land[main] - over, 0.25 * whole).astype(np.float32)
    out = np.zeros((len(BANDS), *tile.valid.shape), np.float32)
    present = []
    for k, names in enumerate(BANDS):
        name = next((n for n in names if n in tile.bands), None)
        present.append(name is not None)
        if name is None:
            continue
        band = tile.bands.index(name)
        level = water_at(tile.window, levels, band)
        out[k] = np.where(tile.valid, (tile.data[band] - level) / gap, 0)
    return out, tuple(present)


def network_gain(levels: Levels, bands: tuple[str, ...]) -> FloatArray:
    """By which each of the five bands is multiplied so that this coast spreads as those of the training ports do."""
    out = np.ones(len(BANDS))
    if levels.coast_spread is None:
        return out
    for k, names in enumerate(BANDS):
        name = next((n for n in names if n in bands), None)
        if name is not None and levels.coast_spread[bands.index(name)] > 0:
            out[k] = USUAL_SPREAD[k] / levels.coast_spread[bands.index(name)]
    return np.clip(out, 1 / MOST_GAIN, MOST_GAIN)


def network_input(scaled: FloatImage, present: tuple[bool, ...], gain: FloatArray | None = None) -> FloatImage:
    """The ten channels of the network, shape (10, rows, cols): five bands, then five that say which bands there are."""
    here = np.array(present, np.float32)[:, None, None]
    weight = here if gain is None else here * gain.astype(np.float32)[:, None, None]
    return np.concatenate([pressed_light(scaled) * weight, np.broadcast_to(here, scaled.shape)]).astype(np.float32)
