"""Points in a shape that several threads may ask about at once.

Asked whether points lie in a shape, shapely prepares it: it hangs an index on the shape, which is built when first
asked for. Two threads that ask the same shape at once both build it: the process dies, or its memory is spoilt and it
dies later (seen with shapely 2.2.0). So whoever asks about a shape that others hold as well asks a copy of his own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage, FloatArray


def own(geometry: BaseGeometry) -> BaseGeometry:
    """A copy that nobody else holds, the same to the last bit."""
    return shapely.from_wkb(shapely.to_wkb(geometry))


def points_inside(geometry: BaseGeometry, x: FloatArray, y: FloatArray) -> BoolImage:
    """Which points lie in a shape, whoever else holds it.

    >>> points_inside(shapely.box(0, 0, 2, 1), np.array([1.0, 3.0]), np.array([0.5, 0.5])).tolist()
    [True, False]
    """
    return np.asarray(shapely.contains_xy(own(geometry), x, y))
