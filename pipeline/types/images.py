"""Pixels: windows, calibrated tiles, stored counts, and what takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatImage = NDArray[np.float32]
    BoolImage = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]


class Sensor(StrEnum):
    """What kind of instrument took a scene; decides the detector."""

    SENTINEL1 = "sentinel-1"
    SENTINEL2 = "sentinel-2"
    OPTICAL = "optical"  # sub-metre to about 5 m, panchromatic or multispectral


RADARS = frozenset({Sensor.SENTINEL1})
"""Sensors that see speckle and no clouds, by day and night; tables hold their names, which are equal to them."""


class Radiometry(StrEnum):
    """What the numbers of a tile are."""

    SIGMA0 = "sigma0"  # linear power, calibrated
    POWER = "power"  # linear power up to an unknown gain (uncalibrated amplitude or dB picture)
    REFLECTANCE = "reflectance"  # 0 to about 1
    RELATIVE = "relative"  # grows with brightness, unknown scale


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels: rows ``row0 .. row0 + rows - 1``, columns likewise."""

    row0: int
    col0: int
    rows: int
    cols: int

    def __post_init__(self) -> None:
        if self.rows < 0 or self.cols < 0:
            raise ValueError(f"A window cannot have a negative size; got {self.rows} x {self.cols}.")

    @property
    def row1(self) -> int:
        """One past the last row."""
        return self.row0 + self.rows

    @property
    def col1(self) -> int:
        """One past the last column."""
        return self.col0 + self.cols

    def is_within(self, shape: tuple[int, int]) -> bool:
        """Does none of it leave an image of ``shape``?"""
        return min(self.row0, self.col0) >= 0 and self.row1 <= shape[0] and self.col1 <= shape[1]

    def padded(self, by: int, shape: tuple[int, int]) -> Window:
        """The window grown by ``by`` pixels on each side, cut to an image of ``shape``."""
        row0, col0 = max(0, self.row0 - by), max(0, self.col0 - by)
        row1, col1 = min(shape[0], self.row1 + by), min(shape[1], self.col1 + by)
        return Window(row0, col0, max(0, row1 - row0), max(0, col1 - col0))


def tiles(shape: tuple[int, int], size: int) -> Iterator[Window]:
    """Windows of at most ``size`` x ``size`` pixels that cover an image of ``shape`` once, row by row.

    >>> [w.rows * w.cols for w in tiles((3, 5), 3)]
    [9, 6]
    """
    for row0 in range(0, shape[0], size):
        for col0 in range(0, shape[1], size):
            yield Window(row0, col0, min(size, shape[0] - row0), min(size, shape[1] - col0))


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Calibrated pixels of one window.

    ``data`` has shape (bands, rows, cols), float32, NaN where a pixel holds no measurement; ``valid`` is True
    where every band was measured; ``water`` is True where a ship could float (all True where no land is known);
    ``clouded`` is True where the operator's own mask tells of cloud, and None where there is none.
    """

    window: Window
    bands: tuple[str, ...]
    data: FloatImage
    valid: BoolImage
    water: BoolImage
    clouded: BoolImage | None = None

    def __post_init__(self) -> None:
        expected = (len(self.bands), self.window.rows, self.window.cols)
        if self.data.shape != expected:
            raise ValueError(f"Tile data has shape {self.data.shape}, its window and bands say {expected}.")
        for name in ("valid", "water", *(() if self.clouded is None else ("clouded",))):
            if (found := getattr(self, name).shape) != expected[1:]:
                raise ValueError(f"Tile {name} has shape {found}, its window says {expected[1:]}.")

    def band(self, name: str) -> FloatImage:
        """One band, shape (rows, cols); ValueError where the tile has none of that name."""
        if name not in self.bands:
            raise ValueError(f"No band {name!r} here; the scene has {', '.join(self.bands)}.")
        return self.data[self.bands.index(name)]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Radar pixels as they are stored, and what makes them power: for a scan that has no time to calibrate each.

    ``power = max(scale * (stored**2 - noise), floor)`` with ``scale`` and ``noise`` of shape (bands, strips, cols),
    and each row's strip in ``strip``; a stored zero is no measurement. ``coarse_ln`` is how far the logarithm of a
    power well above the noise may lie from a `Tile`'s (below it, a little more noise makes any difference): whoever
    finds something reads it again as one. ``water`` is None where a ship could float everywhere.
    """

    stored: NDArray[np.uint16]  # (bands, rows, cols)
    scale: FloatImage
    noise: FloatImage
    strip: NDArray[np.int32]  # (rows,)
    floor: float | FloatArray  # of all bands, or of each
    water: BoolImage | None
    coarse_ln: float = 0.0


@runtime_checkable
class CountsReader(Protocol):
    """A scene's reader that can also hand out pixels as stored."""

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window; None where this file's numbers do not become power that simply."""
        ...


def digest_of(read: Callable[[Window], Tile]) -> str:
    """Hash of what a reader adds to file, metadata and the place's land, as its ``digest`` says; "" for nothing.

    A reader that wraps another must cover that one's too, or what was made of one picture is taken for another's.
    """
    return str(getattr(read, "digest", ""))
