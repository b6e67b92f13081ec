"""A canvas of reflectance in subpixels of the sensor, and a model of the sensor that images it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

FINE = 4  # canvas pixels per image pixel in each direction: 2.5 m for 10 m pixels
PIXEL_M = 10.0
FINE_M = PIXEL_M / FINE
BANDS = 5


class Canvas:
    """Reflectance, land mask and hull numbers; positions in metres as (x, y), y downwards."""

    def __init__(self, side_px: int, water: NDArray[np.float32], turn: float = 0.0) -> None:
        self.side = side_px * FINE
        self.turn = turn  # rotation of everything drawn about the centre, so that quays lie at any angle to the pixels
        self.light = np.broadcast_to(water[:, None, None], (BANDS, self.side, self.side)).copy()
        self.land = np.zeros((self.side, self.side), bool)
        self.hull = np.zeros((self.side, self.side), np.int32)
        self.sizes: dict[int, tuple[float, float]] = {}  # hull number -> length and beam [m]

    def fine(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Canvas pixel coordinates of positions in metres."""
        middle = self.side / 2
        x, y = (np.asarray(corners, float) / FINE_M - middle).T
        c, s = np.cos(self.turn), np.sin(self.turn)
        return np.column_stack([x * c - y * s + middle, x * s + y * c + middle])

    def mask(self, corners: NDArray[np.float64]) -> tuple[tuple[slice, slice], NDArray[np.bool_]] | None:
        """A polygon's bounding box and its mask in canvas pixels; None if it lies outside."""
        at = self.fine(corners)
        low = np.maximum(np.floor(at.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(at.max(axis=0)).astype(int) + 1, self.side)
        if (high <= low).any():
            return None
        size = high - low
        picture = Image.new("1", (int(size[0]), int(size[1])))
        ImageDraw.Draw(picture).polygon([tuple(p) for p in at - low], fill=1)
        return (slice(low[1], high[1]), slice(low[0], high[0])), np.asarray(picture, bool)

    def fill(self, corners: NDArray[np.float64], colour: NDArray[np.float32], *, land: bool | None = None) -> None:
        """Paint a polygon; ``land`` True or False also sets the land mask."""
        found = self.mask(corners)
        if found is None:
            return
        box, inside = found
        for band in range(BANDS):
            self.light[band][box][inside] = colour[band]
        if land is not None:
            self.land[box][inside] = land

    def shade(self, corners: NDArray[np.float64], factor: float) -> None:
        """Darken a polygon (shadow, wet or worn ground), or brighten it with a factor above 1."""
        found = self.mask(corners)
        if found is not None:
            box, inside = found
            for band in range(BANDS):
                self.light[band][box][inside] *= factor

    def add(self, corners: NDArray[np.float64], light: NDArray[np.float32]) -> None:
        """Add light over a polygon: foam, wakes."""
        found = self.mask(corners)
        if found is not None:
            box, inside = found
            for band in range(BANDS):
                self.light[band][box][inside] += light[band]

    def claim(self, corners: NDArray[np.float64], number: int) -> None:
        """Mark a polygon as hull ``number`` (negative: a boat too small for a label)."""
        found = self.mask(corners)
        if found is not None:
            box, inside = found
            self.hull[box][inside] = number

    def share(self, corners: NDArray[np.float64], what: NDArray[np.bool_]) -> float:
        """Share of a polygon that lies on ``what``; 1 if it leaves the canvas."""
        at = self.fine(corners)
        if at.min() < 0 or at.max() >= self.side:
            inner = np.clip(at, 0, self.side - 1)
            if np.abs(inner - at).max() > 0.45 * np.ptp(at, axis=0).max():
                return 1.0
        found = self.mask(corners)
        if found is None:
            return 1.0
        box, inside = found
        return float(what[box][inside].mean()) if inside.any() else 1.0


def rectangle(x: float, y: float, length: float, width: float, angle: float) -> NDArray[np.float64]:
    """Corners of a rectangle about its centre; ``angle`` in radians from the x axis."""
    c, s = np.cos(angle), np.sin(angle)
    u = np.array([1, 1, -1, -1]) * length / 2
    v = np.array([1, -1, -1, 1]) * width / 2
    return np.column_stack([x + u * c - v * s, y + u * s + v * c])


def seen(light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The canvas as the sensor records it, shape (5, side, side): blur, pixels, 20 m pixels for B11, band delays."""
    out = []
    fine = FINE * rng.uniform(0.45, 0.75)
    for band in range(BANDS):
        one = light[band]
        if band < 4:
            one = ndimage.gaussian_filter(one, fine, truncate=3)
            one = one.reshape(one.shape[0] // FINE, FINE, -1, FINE).mean(axis=(1, 3))
        else:
            one = ndimage.gaussian_filter(one, 2 * fine, truncate=3)
            one = one.reshape(one.shape[0] // (2 * FINE), 2 * FINE, -1, 2 * FINE).mean(axis=(1, 3))
            one = (
                np.repeat(np.repeat(one, 2, 0), 2, 1)
                if rng.random() < 0.4
                else ndimage.zoom(one, 2, order=1, grid_mode=True, mode="nearest")
            )
        out.append(one)
    return np.stack(out).astype(np.float32)
