"""What the hull network sees of a window: each band over the local water, in units of the image's land.

That takes gain, haze, offset and the reflectance scale out; the inverse hyperbolic
sine keeps glinting roofs from drowning a dull hull. A band that a scene lacks is zero and said to be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.water import Levels, water_at

if TYPE_CHECKING:
    from pipeline.types import FloatImage, Tile

BANDS: tuple[tuple[str, ...], ...] = (  # the band, and what may stand in for it
    ("B02", "B"),
    ("B03", "G"),
    ("B04", "R"),
    ("B08", "N", "B8A"),
    ("B11", "B12"),
)
CHANNELS = 2 * len(BANDS)
STEEPNESS = 2.0  # of the inverse hyperbolic sine: land (1) comes to 0.72; our choice


def scaled_bands(tile: Tile, levels: Levels) -> tuple[FloatImage, tuple[bool, ...]]:
    """Brightness over the local water, shape (5, rows, cols), and which of the five bands the scene has.

    The unit is the same for all bands: the image's land over its water in the infrared. So colours stay colours; land's
    own colour, forest here and city there, would bend them.
    """
    main = tile.bands.index(levels.infrared)
    over, _ = water_at(tile.window, levels, main)
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
        level, _ = water_at(tile.window, levels, band)
        out[k] = np.where(tile.valid, (tile.data[band] - level) / gap, 0)
    return out, tuple(present)


def network_input(scaled: FloatImage, present: tuple[bool, ...]) -> FloatImage:
    """The ten channels of the network, shape (10, rows, cols): five bands, then five that say which bands there are."""
    here = np.array(present, np.float32)[:, None, None]
    seen = np.arcsinh(STEEPNESS * np.clip(scaled, -2.0, 20.0)) / STEEPNESS * here
    return np.concatenate([seen, np.broadcast_to(here, scaled.shape)]).astype(np.float32)
