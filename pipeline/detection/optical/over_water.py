"""Brightness over the local water, in compiled code: every pixel of every band passes here, so it passes once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage


BRIGHT, WET, DULL = 1, 2, 4  # bits


@njit(cache=True, nogil=True, error_model="numpy")
def between(grid: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatImage:
    """A coarse grid at fractional rows and columns within it, float32, shape (rows, cols)."""
    out = np.empty((len(rows), len(cols)), np.float32)
    line = np.empty(grid.shape[1])
    left, right, across = _beside(cols, grid.shape[1])
    for i in range(len(rows)):
        _along(grid, rows[i], line)
        for j in range(len(cols)):
            out[i, j] = line[left[j]] + across[j] * (line[right[j]] - line[left[j]])
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def brightest_over_water(
    data: FloatImage,
    valid: BoolImage,
    grid: FloatArray,
    rows: FloatArray,
    cols: FloatArray,
    land: FloatArray,
    least: FloatArray,
    infrared: int,
    visible: NDArray[np.int64],
    weight: float,
) -> FloatImage:
    """The infrared over its local water or the mean of the visible bands at a weight, whichever is more; 0 if invalid.

    Each band in units of its ``land`` over its local water, but at least ``least``. ``grid`` holds the water's level by
    block, shape (bands, block rows, block columns); ``rows`` and ``cols`` say where in it the pixels lie.
    """
    out = np.zeros(valid.shape, np.float32)
    lines = np.empty((len(grid), grid.shape[2]))
    total, over = np.empty(len(cols), np.float32), np.empty(len(cols), np.float32)
    left, right, across = _beside(cols, grid.shape[2])
    for i in range(len(rows)):
        _along(grid[infrared], rows[i], lines[infrared])
        _line_over(data[infrared, i], lines[infrared], left, right, across, land[infrared], least[infrared], over)
        if len(visible) > 0:
            total[:] = 0
            for n in range(len(visible)):
                k = visible[n]
                _along(grid[k], rows[i], lines[k])
                _line_over(data[k, i], lines[k], left, right, across, land[k], least[k], out[i])
                for j in range(len(cols)):
                    total[j] += out[i, j]
            for j in range(len(cols)):
                over[j] = max(over[j], np.float32(weight) * (total[j] / np.float32(len(visible))))
        for j in range(len(cols)):
            out[i, j] = over[j] if valid[i, j] else np.float32(0)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _line_over(
    band: FloatImage,
    line: FloatArray,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    across: FloatArray,
    land: float,
    least: float,
    out: FloatImage,
) -> None:
    """One row of a band over its local water, in units of land over that water but at least ``least``."""
    for j in range(len(across)):
        level = np.float32(line[left[j]] + across[j] * (line[right[j]] - line[left[j]]))
        above = land - level
        out[j] = (band[j] - level) / np.float32(above if above > least else least)


@njit(cache=True, nogil=True, error_model="numpy")
def over_gap(
    band: FloatImage,
    valid: BoolImage,
    grid: FloatArray,
    rows: FloatArray,
    cols: FloatArray,
    gap: FloatImage,
    out: FloatImage,
) -> None:
    """A band over its local water, in units that are given by pixel, 0 where not valid; into ``out``."""
    line = np.empty(grid.shape[1])
    left, right, across = _beside(cols, grid.shape[1])
    for i in range(len(rows)):
        _along(grid, rows[i], line)
        for j in range(len(cols)):
            level = np.float32(line[left[j]] + across[j] * (line[right[j]] - line[left[j]]))
            out[i, j] = (band[i, j] - level) / gap[i, j] if valid[i, j] else np.float32(0)


@njit(cache=True, nogil=True, error_model="numpy")
def kinds_over_water(
    data: FloatImage,
    valid: BoolImage,
    grid: FloatArray,
    rows: FloatArray,
    cols: FloatArray,
    main: int,
    land: float,
    least: float,
    bands: NDArray[np.int64],
    infrared: int,
    lacking: bool,
    limits: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Bits of each pixel by the brightest of some bands over the local water, and by the infrared (or the brightest).

    All in units of ``land`` over the water of the band ``main``, at least ``least``; a ``lacking`` band counts as 0.
    ``limits``: `BRIGHT` above the first, `WET` below the second, `DULL` where wet and not above the third.
    """
    out = np.zeros(valid.shape, np.uint8)
    width = len(cols)
    gap, most, red = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(grid.shape[2])
    left, right, across = _beside(cols, grid.shape[2])
    for i in range(len(rows)):
        _along(grid[main], rows[i], line)
        for j in range(width):
            above = land - np.float32(line[left[j]] + across[j] * (line[right[j]] - line[left[j]]))
            gap[j] = np.float32(above if above > least else least)
        most[:] = 0 if lacking else -np.inf
        for n in range(len(bands)):
            k = bands[n]
            _along(grid[k], rows[i], line)
            for j in range(width):
                level = np.float32(line[left[j]] + across[j] * (line[right[j]] - line[left[j]]))
                over = (data[k, i, j] - level) / gap[j]
                most[j] = max(most[j], over)
                if k == infrared:
                    red[j] = over
        for j in range(width):
            if valid[i, j]:
                wet = (most[j] if infrared < 0 else red[j]) < limits[1]
                bits = WET if wet else 0
                bits += BRIGHT if most[j] > limits[0] else 0
                out[i, j] = bits + (DULL if wet and most[j] <= limits[2] else 0)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def gap_to_land(grid: FloatArray, rows: FloatArray, cols: FloatArray, land: float, least: float) -> FloatImage:
    """Land over the local water, but at least ``least``."""
    out = between(grid, rows, cols)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            above = land - out[i, j]
            out[i, j] = np.float32(above if above > least else least)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _along(grid: FloatArray, row: float, line: FloatArray) -> None:
    """The grid's columns at a fractional row."""
    top = int(row)
    down, low = row - top, min(top + 1, grid.shape[0] - 1)
    for j in range(grid.shape[1]):
        line[j] = grid[top, j] + down * (grid[low, j] - grid[top, j])


@njit(cache=True, nogil=True, error_model="numpy")
def _beside(cols: FloatArray, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Of each fractional column the grid's columns to its left and right, and how far it lies from the left one."""
    left = np.empty(len(cols), np.int64)
    right, across = left.copy(), np.empty(len(cols))
    for j in range(len(cols)):
        left[j] = int(cols[j])
        right[j], across[j] = min(left[j] + 1, count - 1), cols[j] - left[j]
    return left, right, across
