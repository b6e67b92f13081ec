"""The simulator's own land mask: polygons transformed to an image's pixels and rasterised."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage, FloatArray


def rasterise_water(
    land: BaseGeometry | None, shape: tuple[int, int], rowcol: Callable[[Any, Any], FloatArray]
) -> BoolImage:
    """True on water, for an image of ``shape``; ``rowcol(lon, lat)`` gives (n, 2) rows and columns."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    if land is None:
        return np.ones(shape, bool)
    in_pixels = shapely.transform(
        shapely.segmentize(land, 0.001), lambda lonlat: rowcol(lonlat[:, 0], lonlat[:, 1])[:, ::-1]
    )
    parts = [(p, 1) for p in shapely.get_parts(in_pixels)]
    return rasterize(parts, shape, transform=Affine.translation(-0.5, -0.5), dtype="uint8") == 0
