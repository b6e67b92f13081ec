"""Image data types: sensors, windows, calibrated tiles, stored counts."""

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
    """The kind of instrument that acquired a scene; decides the detector."""

    SENTINEL1 = "sentinel-1"
    SENTINEL2 = "sentinel-2"
    OPTICAL = "optical"  # sub-metre to about 5 m, panchromatic or multispectral


RADARS = frozenset({Sensor.SENTINEL1})
"""Sensors that see speckle and no clouds, by day and night; tables hold their names, which are equal to them."""


class Radiometry(StrEnum):
    """The physical quantity of a tile's values."""

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
        """Is it entirely inside an image of ``shape``?"""
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
    where every band was measured; ``water`` is True where a ship could float (all True if no land is known);
    ``clouded`` is True where the operator's own mask marks cloud, and None if there is no mask.
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
        """One band, shape (rows, cols); ValueError if the tile has no band of that name."""
        if name not in self.bands:
            raise ValueError(f"No band {name!r} here; the scene has {', '.join(self.bands)}.")
        return self.data[self.bands.index(name)]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Radar pixels as stored, with coefficients to convert them to power: for fast scans that do not calibrate each.

    ``power = max(scale * (stored**2 - noise), floor)`` with ``scale`` and ``noise`` of shape (bands, strips, cols),
    and each row's strip in ``strip``; a stored zero is nodata. ``coarse_ln`` is the largest error of ln(power)
    relative to a `Tile`, for power well above the noise (near the noise it is unbounded), so anything found is read
    again as a `Tile`. ``water`` is None if a ship could float everywhere.
    """

    stored: NDArray[np.uint16]  # (bands, rows, cols)
    scale: FloatImage
    noise: FloatImage
    strip: NDArray[np.int32]  # (rows,)
    floor: float | FloatArray  # for all bands, or one per band
    water: BoolImage | None
    coarse_ln: float = 0.0


@runtime_checkable
class CountsReader(Protocol):
    """A scene's reader that can also return pixels as stored."""

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window; None if this file's values cannot be converted to power this way."""
        ...


def digest_of(read: Callable[[Window], Tile]) -> str:
    """A reader's ``digest``: hash of what it adds beyond file, metadata and the place's land; "" for nothing.

    A reader that wraps another must include the other's digest, or cached results of one image would serve another.
    """
    return str(getattr(read, "digest", ""))
