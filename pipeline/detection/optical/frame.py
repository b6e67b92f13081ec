"""Coordinates along and across a hull: conversion to and from pixels, and resampling of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class HullFrame:
    """Metres along (``u``, growing to the box's fore end) and across (``v``) around a centre in pixels.

    ``axis`` is the unit vector along the hull as (south, east) metres: rows grow to the south. The side ``v > 0`` lies
    to ``(-axis_east, axis_south)``.
    """

    centre: tuple[float, float]
    axis: tuple[float, float]
    spacing_m: tuple[float, float]

    @property
    def pixel_m(self) -> float:
        """Side of a pixel: the mean of both spacings."""
        return float(np.mean(self.spacing_m))

    def pixels(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows and columns of positions in the frame [m]."""
        south, east = self.axis
        row = self.centre[0] + (u * south - v * east) / self.spacing_m[0]
        col = self.centre[1] + (u * east + v * south) / self.spacing_m[1]
        return row, col

    def metres(self, shape: tuple[int, ...], origin: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """(u, v) of every pixel of an image whose first pixel is ``origin``: two arrays of its shape."""
        south = (np.arange(shape[0])[:, None] + origin[0] - self.centre[0]) * self.spacing_m[0]
        east = (np.arange(shape[1])[None, :] + origin[1] - self.centre[1]) * self.spacing_m[1]
        return south * self.axis[0] + east * self.axis[1], east * self.axis[0] - south * self.axis[1]

    def across(self, row: float, col: float) -> float:
        """v of a position in pixels."""
        south, east = (row - self.centre[0]) * self.spacing_m[0], (col - self.centre[1]) * self.spacing_m[1]
        return east * self.axis[0] - south * self.axis[1]

    def moved(self, u: float, v: float) -> HullFrame:
        """The frame with its centre at (u, v)."""
        row, col = self.pixels(np.array(u), np.array(v))
        return HullFrame((float(row), float(col)), self.axis, self.spacing_m)

    def turned(self, radians: float) -> HullFrame:
        """The frame turned about its centre; positive turns the axis towards ``v > 0``."""
        south, east = self.axis
        c, s = np.cos(radians), np.sin(radians)
        return HullFrame(self.centre, (south * c - east * s, east * c + south * s), self.spacing_m)


def resample(image: FloatImage, frame: HullFrame, u: FloatArray, v: FloatArray, origin: tuple[int, int]) -> FloatImage:
    """The image at a grid of (u, v), shape (len(u), len(v)); ``origin`` is the scene pixel of ``image[0, 0]``.

    Bilinear; positions outside the image give NaN.
    """
    grid_u, grid_v = np.meshgrid(u, v, indexing="ij")
    rows, cols = frame.pixels(grid_u, grid_v)
    where = np.stack([rows - origin[0], cols - origin[1]])
    return ndimage.map_coordinates(image, where, order=1, mode="constant", cval=np.nan)
