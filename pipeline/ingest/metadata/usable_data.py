"""Reads Planet's usable data mask beside an image: nodata, and pixels under cloud or thick haze.

Its bands are, by Planet's guide: clear, snow, shadow, light haze, heavy haze, cloud, confidence, unusable data. The
last one counts in bits: blackfill, cloud by an older and coarser method (left aside: the cloud band says it better),
and data that are missing or suspect, by band. Since UDM2.1 (November 2023) light haze holds all haze, which one sees
through, and heavy haze is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.metadata.operator_text import files_in_folder
from pipeline.ingest.rasters import RasterFile, open_raster
from pipeline.ingest.watermask import geolocation_of, same_pixels
from pipeline.types import Geolocation, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage

BANDS = 8  # Planet, UDM2: eight bands of one byte
HEAVY_HAZE, CLOUD, UNUSABLE = 5, 6, 8  # 1-based
OLD_CLOUD_BIT = 0b10  # of the last band
_NAME = re.compile(r"(.+)_UDM2((?:_.+)?)\.TIFF?")


@dataclass(frozen=True, slots=True, eq=False)
class UsableData:
    """A mask with the pixels of its image."""

    raster: RasterFile

    def missing(self, window: Window) -> BoolImage:
        """True where a pixel holds no measurement, or one that was damaged on its way down."""
        return _missing(self.raster.read(window, (UNUSABLE,)))

    def missing_sample(self, side: int) -> BoolImage:
        """The same for the pixels of `RasterFile.sample`."""
        return _missing(self.raster.sample(side, (UNUSABLE,)))

    def clouded(self, window: Window) -> BoolImage:
        """True where cloud or heavy haze hides the ground."""
        return np.asarray((self.raster.read(window, (HEAVY_HAZE, CLOUD)) != 0).any(axis=0), bool)


def mask_beside(image: Path) -> Path | None:
    """``<item>_udm2.tif`` whose name before that begins the image's; of a clipped image its clipped mask."""
    stem = image.stem.upper()
    found: list[tuple[bool, int, Path]] = []
    for name, path in files_in_folder(image).items():
        match = _NAME.fullmatch(name) if "_UDM2" in name else None
        if match is not None and "_UDM2" not in stem and stem.startswith(match[1] + "_"):
            found.append((stem.endswith(match[2]) if match[2] else not stem.endswith("_CLIP"), len(match[1]), path))
    return max(found, key=lambda f: f[:2])[2] if found else None


def usable_data(image: Path, shape: tuple[int, int], geolocation: Geolocation | None) -> tuple[UsableData | None, str]:
    """The mask beside an image of ``shape``, or the reason why an existing one is not used."""
    path = mask_beside(image)
    if path is None:
        return None, ""
    try:
        raster = open_raster(path)
        mask_geolocation = geolocation_of(raster)
    except InputError as error:
        return None, f"its mask is not used: {error}"
    if raster.count != BANDS or raster.dtype != "uint8":
        return None, f"its mask is not used: {path.name}: has no {BANDS} bands of 8 bits"
    if mask_geolocation is not None and geolocation is not None:
        fits = same_pixels(geolocation, shape, mask_geolocation, raster.shape)
    else:
        fits = raster.shape == shape
    return (UsableData(raster), "") if fits else (None, f"its mask is not used: {path.name}: has other pixels")


def _missing(stored: NDArray[np.uint8]) -> BoolImage:
    return np.asarray((stored[0] & ~np.uint8(OLD_CLOUD_BIT)) != 0, bool)
