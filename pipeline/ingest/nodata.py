"""Decides which stored values of a file are nodata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.decibel import is_clipped_at_zero, strips_of
from pipeline.types import RADARS, Sensor, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.ingest.rasters import RasterFile
    from pipeline.types import BoolImage

_BORDER_SHARE = 0.002  # our choice: a smaller corner of zeros is dark water, not nodata
FILL_VALUES = (-9999.0, -10000.0, -32767.0, -32768.0, -99999.0)
"""Fill values that programs write and often do not declare; none is a possible reflectance, amplitude or power. Fill
values in unsigned types may also be measured brightness, and are left alone."""
# No amplitude, power or reflectance is so large: 1e20, 9.97e36 (NetCDF) and 3.4e38 are fill values
MAX_MAGNITUDE = 1e18
_FILL_SHARE = 0.002  # share of pixels with a fill value below all others: measurements repeat less (our choice)
CLIPPED_DOUBT = "its dB numbers end at 0: what is brighter was cut off there, so lengths and scores are less sure"
_BORDER_SIDE = 2048  # pixels of the overview searched for a frame of zeros; our choice
_SAMPLE_SIDE = 1024  # ... and of that searched for a fill value


@dataclass(frozen=True, slots=True, eq=False)
class NodataRule:
    """Which stored values of a file are nodata, besides NaN, infinity and magnitudes from `MAX_MAGNITUDE` on."""

    nodata: float | None  # as declared by the file
    zero: bool  # a zero in every band is nodata (for radar, in any band)
    border: BoolImage | None = None  # coarse mask of zeros that belong to the image's frame
    step: int = 1
    fills: tuple[float, ...] = ()  # further fill values
    doubt: str = ""  # goes into the scene's ``degraded``

    @property
    def only_zeros(self) -> bool:
        """Is a stored zero, in any band, the only nodata value (for radar)?"""
        return self.zero and self.border is None and self.nodata in (None, 0.0)

    def mask(self, stored: NDArray[Any], window: Window, *, radar: bool) -> BoolImage:
        """True where a value is nodata, shape (bands, rows, cols)."""
        gap = ~(np.abs(stored) < MAX_MAGNITUDE) if stored.dtype.kind == "f" else np.zeros(stored.shape, bool)
        if self.nodata is not None and np.isfinite(self.nodata):
            gap = gap | (stored == self.nodata)
        for number in self.fills:
            gap = gap | (stored == number)
        if self.zero:
            gap = gap | ((stored == 0) if radar else (stored == 0).all(axis=0, keepdims=True))
        if self.border is not None:
            rows = np.minimum(np.arange(window.row0, window.row1) // self.step, self.border.shape[0] - 1)
            cols = np.minimum(np.arange(window.col0, window.col1) // self.step, self.border.shape[1] - 1)
            gap = gap | (self.border[np.ix_(rows, cols)] & (stored == 0).all(axis=0))[None]
        return gap


def nodata_rule_of(raster: RasterFile, sensor: Sensor, indexes: tuple[int, ...]) -> NodataRule:
    """The nodata rule of one file.

    Radar never measures zero, nor does a stack of optical bands in all of them at once. In an 8-bit image zero is also
    the darkest shade, and in a single reflectance band it is dark water: there only a frame of zeros is nodata, and
    only if the file declares no nodata value. If it declares none, `FILL_VALUES` are nodata too, and so is a negative
    value far below all others that many pixels share.
    In radar values in dB clipped at 0, zeros are the brightest pixels, whatever is declared: only a frame is nodata.
    """
    signed = not raster.dtype.startswith("u")
    fills = (*FILL_VALUES, *_outlying_fill(raster, indexes)) if signed and raster.nodata is None else ()
    if sensor in RADARS and signed and not any(raster.offsets):
        nodata = None if raster.nodata == 0 else raster.nodata
        if _is_clipped_at_zero(raster, indexes, NodataRule(nodata, zero=False, fills=fills)):
            return replace(_frame_of_zeros(raster, indexes), nodata=nodata, fills=fills, doubt=CLIPPED_DOUBT)
    return replace(_declared_nodata(raster, sensor, indexes), fills=fills)


def _outlying_fill(raster: RasterFile, indexes: tuple[int, ...]) -> tuple[float, ...]:
    """A negative value shared by many pixels, if it is farther below all others than the spread of most of these.

    Examples are -1 below reflectances and -99 below dB; values clipped at their lower end reach down to the clip level
    without a gap. Only pixels that have the value in every band count.
    """
    sample = raster.sample(_SAMPLE_SIDE, indexes).reshape(len(indexes), -1)
    sample = sample if sample.dtype.kind == "f" else sample.astype(np.float32)  # -32768 has no absolute value in int16
    measured = (np.abs(sample) < MAX_MAGNITUDE) & ~np.isin(sample, FILL_VALUES)  # False for NaN
    if not measured.any():
        return ()
    lowest = float(sample[measured].min())
    filled = sample == lowest
    others = sample[measured & ~filled]
    if lowest >= 0 or filled.all(axis=0).mean() < _FILL_SHARE or others.size == 0:
        return ()
    low, high = np.percentile(others, [1, 99])
    return (lowest,) if float(others.min()) - lowest > high - low else ()


def _is_clipped_at_zero(raster: RasterFile, indexes: tuple[int, ...], others: NodataRule) -> bool:
    """Are zeros the brightest pixels of a radar image in dB? ``others``: the other nodata rules."""
    for index in indexes:
        strips = ((raster.read(window, (index,)), window) for window in strips_of(raster.shape))
        if is_clipped_at_zero((bands[0], others.mask(bands, window, radar=True)[0]) for bands, window in strips):
            return True
    return False


def _declared_nodata(raster: RasterFile, sensor: Sensor, indexes: tuple[int, ...]) -> NodataRule:
    """The file's declared nodata, and whether zeros are nodata."""
    stack = len(indexes) > 1 and raster.dtype != "uint8"
    never_zero = sensor in RADARS and raster.dtype != "uint8"
    if never_zero or stack or raster.dtype == "uint16":
        return NodataRule(raster.nodata, zero=True)
    if raster.nodata is not None:
        return NodataRule(raster.nodata, zero=sensor in RADARS)
    return _frame_of_zeros(raster, indexes)


def _frame_of_zeros(raster: RasterFile, indexes: tuple[int, ...]) -> NodataRule:
    """Nodata where large areas of zeros in all bands touch the image's border."""
    from scipy import ndimage

    step = max(1, -(-max(raster.shape) // _BORDER_SIDE))
    zero = (raster.sample(_BORDER_SIDE, indexes) == 0).all(axis=0)
    solid = ndimage.binary_erosion(zero, np.ones((5, 5), bool), border_value=1)
    labels, count = ndimage.label(solid)
    if count == 0:
        return NodataRule(None, zero=False)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.unique(edge[edge > 0])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    frame = np.isin(labels, [n for n in touching if sizes[n] >= _BORDER_SHARE * zero.size])
    if not frame.any():
        return NodataRule(None, zero=False)
    return NodataRule(None, zero=False, border=ndimage.binary_dilation(frame, np.ones((7, 7), bool)), step=step)
