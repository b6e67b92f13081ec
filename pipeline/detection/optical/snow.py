"""Detect snow on land in coarse pixels, to keep it out of the levels and of the hull network's input.

In units of snow's brightness no hull is bright, and the network was never trained on it. So snow is left out of the
land level, and the network is given grey ground in its place (`spectral.snow_as_ground`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.over_water import bright_white_mask
from pipeline.types import Radiometry

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatImage

# Least (green - short wave) / (green + short wave) of snow: Dozier, Remote Sens. Environ. 28 (1989), pp. 9-22; Hall,
# Riggs and Salomonson, ibid. 54 (1995), pp. 127-140. Water exceeds it too, but is not white
SNOW_INDEX = 0.4
SNOW_REFLECTANCE, SNOW_WHITENESS = 0.22, 0.35  # least of the darkest band, most between bands; as of clouds
GREEN, NEAR, SHORT_WAVE, SHORT_WAVE_BANDS = ("B03", "G"), {"B08", "N", "B8A"}, "B11", ("B11", "B12")
BLUR_PX = 3  # short-wave pixels are twice as wide; unsmoothed, a ship's white house is snow, and a patch's rim is not


def snow_mask(data: FloatImage, bands: tuple[str, ...], radiometry: Radiometry, blur_px: int = 1) -> BoolImage | None:
    """Mask of snow, for bands of shape (bands, rows, cols); None where bands or units do not allow it.

    ``blur_px``: width over which green is averaged, to match the short wave's coarser pixels.

    >>> snow, paint = (0.80, 0.80, 0.78, 0.70, 0.08), (0.60, 0.62, 0.62, 0.60, 0.42)
    >>> light = np.array([snow, paint], np.float32).T[:, None]
    >>> snow_mask(light, ("B02", "B03", "B04", "B08", "B11"), Radiometry.REFLECTANCE)
    array([[ True, False]])
    """
    green = next((k for k, b in enumerate(bands) if b in GREEN), None)
    if radiometry is not Radiometry.REFLECTANCE or green is None or SHORT_WAVE not in bands or not NEAR & {*bands}:
        return None
    light = data[[k for k, b in enumerate(bands) if b not in SHORT_WAVE_BANDS]]
    white = bright_white_mask(light, SNOW_REFLECTANCE, SNOW_WHITENESS)
    if white.any():
        bright, dark = ndimage.uniform_filter(np.nan_to_num(data[green]), blur_px), data[bands.index(SHORT_WAVE)]
        white &= bright - dark > SNOW_INDEX * (bright + dark)
    return white
