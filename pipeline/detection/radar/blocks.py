"""Block statistics of a radar scene, from which clutter and thresholds are computed: the one pass over every pixel.

For each block of about 80 m: the number of usable pixels, the sum of the logarithms of their joint power, the sum of
the squares of these, and the maximum. Logarithms are integers in steps of 1/128 of a doubling, so the sums do not
depend on tiles, threads or orientation. Blocks whose maximum stays below the threshold need not be read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numba
import numpy as np

from pipeline.types import CountsReader, Scene, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

    # count, log_sum, square_sum, brightest and brightest_any of `Blocks`, as compiled code takes them
    _Sums = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]

BLOCK_M = 80.0  # our choice: a tenth of the clutter window, and small enough that few blocks hold a ship
STEPS = 128  # of the logarithm's fixed point in a doubling of power
LN_STEP = float(np.log(2) / STEPS)
SHORT_LN = 0.018  # most by which a logarithm in these steps falls short of the true one; it exceeds it by < 0.005
DARKEST, BRIGHTEST = -9 * STEPS, 20 * STEPS  # 27 dB below the usual sea to 60 dB above
NOTHING = -(2**30)  # the maximum of an empty block
COUNTS_LAYOUT = (  # explicit, so that `_sum_counts` is compiled at set-up: small runs never call it
    "void(u2[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], i4[::1], f4[::1], b1[:, ::1], i4[::1], i4[::1], "
    "Tuple((i4[:, ::1], i4[:, ::1], i8[:, ::1], i4[:, ::1], i4[:, ::1])))"
)
STRIP_ROWS = 512  # tile height of the files: strips of a multiple of it decode every tile once
PIECE_COLS = 4096  # columns at once: the allocator returns larger arrays to the system, and pages fault in again


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Sums over the usable pixels of each block; arrays of shape (block rows, block columns).

    ``row_edges`` and ``col_edges`` are the first pixels of the blocks, then one past the last pixel. The sums and the
    maxima are of logarithms, in steps of `LN_STEP`.
    """

    row_edges: NDArray[np.int32]
    col_edges: NDArray[np.int32]
    count: NDArray[np.int32]
    log_sum: NDArray[np.int32]
    square_sum: NDArray[np.int64]
    brightest: NDArray[np.int32]
    brightest_any: NDArray[np.int32]  # land included, as a source of ambiguities
    coarse_ln: float = 0.0  # ln, how far the summed powers may lie from those of the scene's tiles

    def blocks_of_pixels(self, window: Window) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Block row of each pixel row of a window, and block column of each column."""
        rows = np.searchsorted(self.row_edges, np.arange(window.row0, window.row1), side="right") - 1
        cols = np.searchsorted(self.col_edges, np.arange(window.col0, window.col1), side="right") - 1
        return rows, cols

    def within(self, window: Window) -> tuple[slice, slice]:
        """Block rows and block columns that a window touches."""
        ends = ((self.row_edges, window.row0, window.row1), (self.col_edges, window.col0, window.col1))
        rows, cols = (
            slice(int(np.searchsorted(e, first, "right")) - 1, int(np.searchsorted(e, last - 1, "right")))
            for e, first, last in ends
        )
        return rows, cols

    def levels_db(self) -> FloatArray:
        """Geometric mean of each block relative to the scene's usual sea [dB]; NaN for empty blocks."""
        mean = np.full(self.count.shape, np.nan)
        np.divide(self.log_sum, self.count, out=mean, where=self.count > 0)
        mean *= LN_STEP * 10 / np.log(10)
        return mean


def edges(length: int, side: int) -> NDArray[np.int32]:
    """Borders of blocks of ``side`` pixels along an axis; the remainder goes to the middle.

    That way an image and its mirror image have the same blocks.

    >>> edges(21, 4).tolist(), edges(27, 4).tolist()
    ([0, 4, 8, 13, 17, 21], [0, 4, 8, 12, 15, 19, 23, 27])
    """
    whole, rest = divmod(length, side)
    if whole == 0:
        return np.array([0, length], np.int32)
    half = [side] * (whole // 2)
    middle = [side + rest] if whole % 2 else [rest] * (rest > 0)
    return np.cumsum([0, *half, *middle, *half]).astype(np.int32)


def scan(scene: Scene, weights: FloatArray, side: int, *, strip_px: int, threads: int) -> Blocks:
    """Sum up the scene in one pass. ``weights`` (one a band) give the joint power, which is 1 over the usual sea."""
    row_edges, col_edges = (edges(n, side) for n in scene.shape)
    grid = (len(row_edges) - 1, len(col_edges) - 1)
    out = layout = _empty_blocks(row_edges, col_edges, grid)
    share = weights.astype(np.float32)

    def summed(strip: Window) -> list[tuple[_Corner, Blocks]]:
        return [_sum_window(scene, window, share, layout) for window in pieces(strip)]

    with ThreadPoolExecutor(max(1, threads)) as pool:
        waiting: list[Future[list[tuple[_Corner, Blocks]]]] = []
        for strip in strips(scene.shape, strip_px):
            waiting.append(pool.submit(summed, strip))
            if len(waiting) > threads:  # one strip waits while the others are read: memory stays bounded
                out = _add_parts(out, waiting.pop(0).result())
        for task in waiting:
            out = _add_parts(out, task.result())
    return out


def strips(shape: tuple[int, int], strip_px: int) -> Iterator[Window]:
    """Windows of the image's full width and about ``strip_px`` pixels, in multiples of files' own tiles."""
    height = max(1, strip_px // (shape[1] * STRIP_ROWS)) * STRIP_ROWS
    for row0 in range(0, shape[0], height):
        yield Window(row0, 0, min(height, shape[0] - row0), shape[1])


def pieces(strip: Window) -> Iterator[Window]:
    """Windows of at most `STRIP_ROWS` and `PIECE_COLS` that cover a strip, row by row.

    >>> [(w.row0, w.col0, w.cols) for w in pieces(Window(512, 0, 600, 5000))]
    [(512, 0, 4096), (512, 4096, 904), (1024, 0, 4096), (1024, 4096, 904)]
    """
    for row0 in range(strip.row0, strip.row1, STRIP_ROWS):
        for col0 in range(strip.col0, strip.col1, PIECE_COLS):
            yield Window(row0, col0, min(STRIP_ROWS, strip.row1 - row0), min(PIECE_COLS, strip.col1 - col0))


def _empty_blocks(row_edges: NDArray[np.int32], col_edges: NDArray[np.int32], grid: tuple[int, int]) -> Blocks:
    zeros = (np.zeros(grid, np.int32), np.zeros(grid, np.int32), np.zeros(grid, np.int64))
    return Blocks(row_edges, col_edges, *zeros, np.full(grid, NOTHING, np.int32), np.full(grid, NOTHING, np.int32))


_Corner = tuple[int, int]  # row and column of the first block


def _sum_window(scene: Scene, window: Window, weights: FloatImage, whole: Blocks) -> tuple[_Corner, Blocks]:
    """Sums over one window, for the parts of blocks inside it, and the row and column of the first of these blocks."""
    rows, cols = whole.within(window)
    ends = whole.col_edges[cols.start : cols.stop + 1]
    col_edges = (np.clip(ends, window.col0, window.col1) - window.col0).astype(np.int32)
    part = _empty_blocks(whole.row_edges, col_edges, (rows.stop - rows.start, cols.stop - cols.start))
    sums = (part.count, part.log_sum, part.square_sum, part.brightest, part.brightest_any)
    where = ((whole.blocks_of_pixels(window)[0] - rows.start).astype(np.int32), col_edges)
    counts = scene.read.counts(window) if isinstance(scene.read, CountsReader) else None
    if counts is not None:
        by_band = weights[:, None, None]
        floor = weights * np.asarray(counts.floor, np.float32)
        water = np.zeros((0, 0), bool) if counts.water is None else np.require(counts.water, bool, ["C", "W"])
        stored, noise = np.ascontiguousarray(counts.stored), np.ascontiguousarray(counts.noise)
        _sum_counts(stored, counts.scale * by_band, noise, counts.strip, floor, water, *where, sums)
    else:
        tile = scene.read(window)
        _sum_powers(tile.data, tile.valid, tile.water, weights, *where, sums)
    return (rows.start, cols.start), part if counts is None else replace(part, coarse_ln=counts.coarse_ln)


def _add_parts(whole: Blocks, parts: list[tuple[_Corner, Blocks]]) -> Blocks:
    """Add the sums of windows to the whole, in place."""
    for (row, col), part in parts:
        at = np.s_[row : row + part.count.shape[0], col : col + part.count.shape[1]]
        whole.count[at] += part.count
        whole.log_sum[at] += part.log_sum
        whole.square_sum[at] += part.square_sum
        whole.brightest[at] = np.maximum(whole.brightest[at], part.brightest)
        whole.brightest_any[at] = np.maximum(whole.brightest_any[at], part.brightest_any)
    coarse_ln = max((part.coarse_ln for _, part in parts), default=0.0)
    return whole if coarse_ln <= whole.coarse_ln else replace(whole, coarse_ln=coarse_ln)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _row_buffers(cols: int) -> tuple[FloatImage, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Buffers for one row (power, usable, on water) and the empty column sums, (5, cols)."""
    columns = np.zeros((5, cols), np.int32)
    columns[3:] = NOTHING
    return np.empty(cols, np.float32), np.empty(cols, np.int32), np.ones(cols, np.int32), columns


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_row(
    bits: NDArray[np.int32], usable: NDArray[np.int32], wet: NDArray[np.int32], columns: NDArray[np.int32]
) -> None:
    """Add one row to the column sums: pixels, logarithms, their squares, the maximum over water, the maximum of all.

    ``bits`` are float32 powers reinterpreted as integers. The logarithm is the exponent plus log2(1 + f), where f is
    the first 7 bits of the fraction and log2(1 + f) is taken as f + 0.344 f (1 - f): error below 0.008 of a doubling
    (0.02 dB).
    """
    for c in range(len(bits)):
        fraction = (bits[c] >> 16) & 127
        log = (((bits[c] >> 23) - 127) << 7) + fraction + ((fraction * (128 - fraction) * 44) >> 14)
        log = DARKEST if log < DARKEST else log
        log = BRIGHTEST if log > BRIGHTEST else log
        use = usable[c] & wet[c]
        columns[0, c] += use
        columns[1, c] += use * log
        columns[2, c] += use * log * log
        largest = log if use == 1 else NOTHING
        columns[3, c] = largest if largest > columns[3, c] else columns[3, c]
        largest = log if usable[c] == 1 else NOTHING
        columns[4, c] = largest if largest > columns[4, c] else columns[4, c]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _close_block_row(columns: NDArray[np.int32], row: int, col_edges: NDArray[np.int32], sums: _Sums) -> None:
    """Add the column sums to a row of blocks, and reset them."""
    count, log_sum, square_sum, brightest, brightest_any = sums
    for j in range(len(col_edges) - 1):
        squares, most, any_most = np.int64(0), brightest[row, j], brightest_any[row, j]
        for c in range(col_edges[j], col_edges[j + 1]):
            count[row, j] += columns[0, c]
            log_sum[row, j] += columns[1, c]
            squares += columns[2, c]
            most = max(most, columns[3, c])
            any_most = max(any_most, columns[4, c])
        square_sum[row, j] += squares
        brightest[row, j] = most
        brightest_any[row, j] = any_most
    columns[:3] = 0
    columns[3:] = NOTHING


@numba.njit(COUNTS_LAYOUT, cache=True, nogil=True, error_model="numpy")
def _sum_counts(
    stored: NDArray[np.uint16],
    scale: FloatImage,
    noise: FloatImage,
    strip: NDArray[np.int32],
    floor: FloatImage,
    water: BoolImage,
    row_block: NDArray[np.int32],
    col_edges: NDArray[np.int32],
    sums: _Sums,
) -> None:
    """Add stored amplitudes, (bands, rows, cols), to the sums; `Counts` says how they become power."""
    bands, rows, cols = stored.shape
    power, usable, wet, columns = _row_buffers(cols)
    for r in range(rows):
        usable[:] = 1
        if water.shape[0] > 0:
            for c in range(cols):
                wet[c] = water[r, c]
        power[:] = np.float32(0.0)
        for b in range(bands):
            dn, gain, eta, least = stored[b, r], scale[b, strip[r]], noise[b, strip[r]], floor[b]
            for c in range(cols):
                amplitude = np.float32(dn[c])
                value = gain[c] * (amplitude * amplitude - eta[c])
                power[c] += value if value > least else least
                usable[c] &= np.int32(dn[c] > 0)
        _add_row(power.view(np.int32), usable, wet, columns)
        if r + 1 == rows or row_block[r + 1] != row_block[r]:
            _close_block_row(columns, row_block[r], col_edges, sums)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _sum_powers(
    data: FloatImage,
    valid: BoolImage,
    water: BoolImage,
    weights: FloatImage,
    row_block: NDArray[np.int32],
    col_edges: NDArray[np.int32],
    sums: _Sums,
) -> None:
    """Add calibrated powers, (bands, rows, cols), to the sums."""
    bands, rows, cols = data.shape
    power, usable, wet, columns = _row_buffers(cols)
    for r in range(rows):
        power[:] = np.float32(0.0)
        for b in range(bands):
            for c in range(cols):
                power[c] += weights[b] * data[b, r, c]
        for c in range(cols):
            usable[c] = np.int32(valid[r, c]) & np.int32(power[c] > 0)
            wet[c] = water[r, c]
        _add_row(power.view(np.int32), usable, wet, columns)
        if r + 1 == rows or row_block[r + 1] != row_block[r]:
            _close_block_row(columns, row_block[r], col_edges, sums)
