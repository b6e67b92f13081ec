"""Radar values in dB: the number of stored steps per dB, and whether zeros are measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.speckle import speckle
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

SPECKLE_DB = 2.2  # spread of speckle with 4.4 looks, as in Sentinel-1 GRD: 4.34 times the square root of psi'(4.4)
SIGMA0_DB = (-60.0, 20.0)  # no ground has a median outside: 30 dB below satellites' noise floor, above any city
_STEPS = (1.0, 10.0, 100.0, 1000.0)  # stored steps per dB in use
_BRIGHT_SHARE = 2 / 3  # of the median in dB, i.e. a third of the way up to 0 (our choice): -13 dB if the sea has -20
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])  # a pixel and its neighbours
_STRIP_ROWS, _STRIP_COLS, _STRIPS, _SMALL_PX = 60, 8192, 16, 16_000_000  # our choice: the sample of a large image


def steps_per_db(values: FloatArray, dtype: str) -> float:
    """Stored steps per dB, for mostly negative ``values`` (NaN: not measured).

    Candidates are the powers of ten that give a plausible median. For decimal numbers the smallest is taken; for
    integers, often dB times 100, the one whose speckle spread is closest to Sentinel-1's.
    """
    known = values[np.isfinite(values) & (values != 0)]
    middle = float(np.median(known)) if known.size else 0.0
    likely = [steps for steps in _STEPS if SIGMA0_DB[0] <= middle / steps <= SIGMA0_DB[1]]
    if not likely:
        return 1.0
    spread = speckle(-values).spread
    if not np.isfinite(spread):  # a chip too small for blocks
        low, high = np.percentile(known, [16, 84])
        spread = float(high - low) / 2
    if dtype.startswith("float") or spread <= 0:
        return likely[0]
    return min(likely, key=lambda steps: abs(np.log(spread / steps / SPECKLE_DB)))


def strips_of(shape: tuple[int, int]) -> Iterator[Window]:
    """Windows over the whole image, or over some strips of rows of a large one, at full resolution."""
    rows, cols = shape
    if rows * cols <= _SMALL_PX:
        yield Window(0, 0, rows, cols)
        return
    height, width = min(_STRIP_ROWS, rows), min(cols, _STRIP_COLS)
    for top in np.linspace(0, rows - height, _STRIPS).astype(int) // 12 * 12:
        yield Window(int(top), (cols - width) // 2, height, width)


def is_clipped_at_zero(strips: Iterable[tuple[NDArray[Any], BoolImage]]) -> bool:
    """Were dB values clipped at 0, so that a zero is the brightest measurement and not nodata?

    Each strip holds one band's values and a mask of other nodata. If clipped, nothing exceeds 0, and most patches of
    zeros inside the image are surrounded by bright pixels, since a ship's edges fade over some pixels. Nodata zeros
    are surrounded by ordinary ones. `_BRIGHT_SHARE` says how bright the median of a patch's neighbours must be.
    """
    bright = dark = 0
    for numbers, missing in strips:
        measured = ~missing & (numbers != 0)
        if not measured.any():
            continue
        middle = float(np.median(numbers[measured]))
        if middle >= 0 or numbers[measured].max() > 0:
            return False
        around = _medians_beside_zeros(numbers, measured)
        bright += int((around > _BRIGHT_SHARE * middle).sum())
        dark += int((around <= _BRIGHT_SHARE * middle).sum())
    return bright > dark


def _medians_beside_zeros(numbers: NDArray[Any], measured: BoolImage) -> FloatArray:
    """For each patch of zeros that does not touch the border, the median of the measured pixels beside it."""
    from scipy import ndimage

    labels, count = ndimage.label(numbers == 0, np.ones((3, 3)))
    outer = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    beside = np.where(measured, ndimage.maximum_filter(labels, footprint=_CROSS), 0)
    inner = np.setdiff1d(np.arange(1, count + 1), outer)
    inner = np.intersect1d(inner, beside)
    if inner.size == 0:
        return np.zeros(0)
    return np.asarray(ndimage.median(numbers, beside, inner), float)
