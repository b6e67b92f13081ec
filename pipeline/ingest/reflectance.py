"""Converts integers to reflectances, nodata and valid pixels in one pass, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.ingest.scaling import Scaling
    from pipeline.ingest.stored import Stored
    from pipeline.types import BoolImage, FloatImage

NO_NUMBER = -1  # not a value of these unsigned types


def reflectances(numbers: NDArray[Any], stored: Stored, scaling: Scaling) -> tuple[FloatImage, BoolImage]:
    """The result of `Scaling.apply` for values (bands, rows, cols), NaN for nodata; and True where no band is nodata.

    For a linear law, and values that are `Stored.is_plain`.
    """
    count = len(numbers)
    gains = np.array(scaling.gains or [scaling.gain] * count, np.float32)
    offsets = np.array(scaling.offsets or [0.0 if scaling.gains else scaling.offset] * count, np.float32)
    nodata = stored.nodata_rule.nodata
    number = NO_NUMBER if nodata is None or nodata != np.floor(nodata) or abs(nodata) > 65535 else int(nodata)
    return _calibrated(np.ascontiguousarray(numbers), gains, offsets, number, stored.nodata_rule.zero)


@numba.njit(cache=True, nogil=True)
def _calibrated(
    numbers: NDArray[Any], gains: FloatImage, offsets: FloatImage, nodata: int, zero: bool
) -> tuple[FloatImage, BoolImage]:
    bands, rows, cols = numbers.shape
    out = np.empty((bands, rows, cols), np.float32)
    valid = np.ones((rows, cols), np.bool_)
    nothing = np.empty(cols, np.bool_)
    for i in range(rows):
        nothing[:] = zero
        for n in range(bands):
            gain, offset = gains[n], offsets[n]
            for j in range(cols):
                nothing[j] &= numbers[n, i, j] == 0
                out[n, i, j] = np.float32(numbers[n, i, j]) * gain + offset
        if nodata >= 0:
            for n in range(bands):
                for j in range(cols):
                    if numbers[n, i, j] == nodata:
                        out[n, i, j], valid[i, j] = np.nan, False
        if nothing.any():
            for j in range(cols):
                if nothing[j]:
                    out[:, i, j], valid[i, j] = np.nan, False
    return out, valid
