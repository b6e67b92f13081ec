"""Thread-safe point-in-polygon tests.

When shapely tests points against a shape, it prepares it: it attaches an index to the shape, built on first use. If two
threads test the same shape at once, both build it: the process crashes, or its memory is corrupted and it crashes later
(seen with shapely 2.2.0). So code that tests a shape shared between threads must use its own copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage, FloatArray


def private_copy(geometry: BaseGeometry) -> BaseGeometry:
    """A private copy, identical to the last bit."""
    return shapely.from_wkb(shapely.to_wkb(geometry))


def points_inside(geometry: BaseGeometry, x: FloatArray, y: FloatArray) -> BoolImage:
    """Which points lie in a shape; safe if other threads use it too.

    >>> points_inside(shapely.box(0, 0, 2, 1), np.array([1.0, 3.0]), np.array([0.5, 0.5])).tolist()
    [True, False]
    """
    return np.asarray(shapely.contains_xy(private_copy(geometry), x, y))
