"""Brightness over the local water level, in compiled code: single passes over every pixel of every band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage


BRIGHT, WET, DULL = 1, 2, 4  # bits


@njit(cache=True, nogil=True, error_model="numpy")
def interpolate_grid(grid: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatImage:
    """Bilinear interpolation of a coarse grid at fractional rows and columns, float32, shape (rows, cols)."""
    out = np.empty((len(rows), len(cols)), np.float32)
    line = np.empty(grid.shape[1])
    starts, across = _grid_columns(cols)
    for i in range(len(rows)):
        _interpolate_rows(grid, rows[i], line)
        _interpolate_cols(line, cols, starts, across, out[i])
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
    """The larger of infrared over local water and ``weight`` times the mean of the visible bands over theirs.

    Each band is in units of its ``land`` over its local water, but at least ``least``; 0 where invalid. ``grid`` holds
    the water's level by block, shape (bands, block rows, block columns); ``rows`` and ``cols`` are the pixels' places
    in it.
    """
    out = np.zeros(valid.shape, np.float32)
    line, level = np.empty(grid.shape[2]), np.empty(len(cols), np.float32)
    total, over = np.empty(len(cols), np.float32), np.empty(len(cols), np.float32)
    starts, across = _grid_columns(cols)
    for i in range(len(rows)):
        _interpolate_rows(grid[infrared], rows[i], line)
        _interpolate_cols(line, cols, starts, across, level)
        _normalise_row(data[infrared, i], level, land[infrared], least[infrared], over)
        if len(visible) > 0:
            total[:] = 0
            for n in range(len(visible)):
                k = visible[n]
                _interpolate_rows(grid[k], rows[i], line)
                _interpolate_cols(line, cols, starts, across, level)
                _normalise_row(data[k, i], level, land[k], least[k], out[i])
                for j in range(len(cols)):
                    total[j] += out[i, j]
            for j in range(len(cols)):
                over[j] = max(over[j], np.float32(weight) * (total[j] / np.float32(len(visible))))
        for j in range(len(cols)):
            out[i, j] = over[j] if valid[i, j] else np.float32(0)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _normalise_row(band: FloatImage, level: FloatImage, land: float, least: float, out: FloatImage) -> None:
    """One row of a band over its local water, in units of land over that water but at least ``least``."""
    for j in range(len(out)):
        above = land - level[j]
        out[j] = (band[j] - level[j]) / np.float32(above if above > least else least)


@njit(cache=True, nogil=True, error_model="numpy")
def normalise_band(
    band: FloatImage,
    valid: BoolImage,
    grid: FloatArray,
    rows: FloatArray,
    cols: FloatArray,
    gap: FloatImage,
    out: FloatImage,
) -> None:
    """Write a band over its local water, divided by ``gap`` of each pixel, into ``out``; 0 where not valid."""
    line, level = np.empty(grid.shape[1]), np.empty(len(cols), np.float32)
    starts, across = _grid_columns(cols)
    for i in range(len(rows)):
        _interpolate_rows(grid, rows[i], line)
        _interpolate_cols(line, cols, starts, across, level)
        for j in range(len(cols)):
            out[i, j] = (band[i, j] - level[j]) / gap[i, j] if valid[i, j] else np.float32(0)


@njit(cache=True, nogil=True, error_model="numpy")
def classify_over_water(
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
    """Classify each pixel in bits, by its brightest band over the local water and by the infrared (else the brightest).

    All in units of ``land`` over the water of the band ``main``, at least ``least``; a ``lacking`` band counts as 0.
    ``limits``: `BRIGHT` if the brightest exceeds the first, `WET` if the infrared is below the second, `DULL` if wet
    and the brightest does not exceed the third.
    """
    out = np.zeros(valid.shape, np.uint8)
    width = len(cols)
    gap, most, red = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    line, level, over = np.empty(grid.shape[2]), np.empty(width, np.float32), np.empty(width, np.float32)
    starts, across = _grid_columns(cols)
    for i in range(len(rows)):
        _interpolate_rows(grid[main], rows[i], line)
        _interpolate_cols(line, cols, starts, across, level)
        for j in range(width):
            above = land - level[j]
            gap[j] = np.float32(above if above > least else least)
        most[:] = 0 if lacking else -np.inf
        for n in range(len(bands)):
            k = bands[n]
            _interpolate_rows(grid[k], rows[i], line)
            _interpolate_cols(line, cols, starts, across, level)
            for j in range(width):
                over[j] = (data[k, i, j] - level[j]) / gap[j]
                most[j] = max(most[j], over[j])
            if k == infrared:
                red[:] = over
        wet_by = most if infrared < 0 else red
        for j in range(width):
            wet = wet_by[j] < limits[1]
            bits = (WET if wet else 0) | (BRIGHT if most[j] > limits[0] else 0)
            bits |= DULL if wet and most[j] <= limits[2] else 0
            out[i, j] = bits if valid[i, j] else 0
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def bright_white_mask(bands: FloatImage, brightest: float, whiteness: float) -> BoolImage:
    """Pixels whose darkest band exceeds ``brightest`` and whose bands differ by less than ``whiteness`` times their
    mean; NaN is 0."""
    count, rows, cols = bands.shape
    out = np.zeros((rows, cols), np.bool_)
    for i in range(rows):
        for j in range(cols):
            if not bands[0, i, j] > brightest:  # nearly everywhere
                continue
            low, high, total = bands[0, i, j], bands[0, i, j], np.float32(0)
            for n in range(count):
                value = bands[n, i, j] if np.isfinite(bands[n, i, j]) else np.float32(0)
                low, high, total = min(low, value), max(high, value), total + value
            mean = total / np.float32(count)
            out[i, j] = low > brightest and high - low < np.float32(whiteness) * abs(mean)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def gap_to_land(grid: FloatArray, rows: FloatArray, cols: FloatArray, land: float, least: float) -> FloatImage:
    """Land less the local water level, but at least ``least``."""
    out = interpolate_grid(grid, rows, cols)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            above = land - out[i, j]
            out[i, j] = np.float32(above if above > least else least)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _interpolate_rows(grid: FloatArray, row: float, line: FloatArray) -> None:
    """Interpolate the grid at a fractional row, into ``line``."""
    top = int(row)
    down, low = row - top, min(top + 1, grid.shape[0] - 1)
    for j in range(grid.shape[1]):
        line[j] = grid[top, j] + down * (grid[low, j] - grid[top, j])


@njit(cache=True, nogil=True, error_model="numpy")
def _interpolate_cols(
    line: FloatArray, cols: FloatArray, starts: NDArray[np.int64], across: FloatArray, level: FloatImage
) -> None:
    """Interpolate a row of the grid at fractional columns, one grid cell at a time, so that each is a plain loop."""
    for n in range(len(starts) - 1):
        left = int(cols[starts[n]])
        base, step = line[left], line[min(left + 1, len(line) - 1)] - line[left]
        share, out = across[starts[n] : starts[n + 1]], level[starts[n] : starts[n + 1]]
        for j in range(len(share)):
            out[j] = np.float32(base + share[j] * step)


@njit(cache=True, nogil=True, error_model="numpy")
def _grid_columns(cols: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """For non-decreasing fractional columns: indices at which a new grid column begins (and one past the last), and the
    fraction of each."""
    starts, across = np.empty(len(cols) + 1, np.int64), np.empty(len(cols))
    count = 0
    for j in range(len(cols)):
        across[j] = cols[j] - int(cols[j])
        if j == 0 or int(cols[j]) != int(cols[j - 1]):
            starts[count] = j
            count += 1
    starts[count] = len(cols)
    return starts[: count + 1], across
