"""Which bands of a file are which, and which stored numbers are no measurement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.types import Sensor, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.ingest.options import OpenOptions
    from pipeline.ingest.rasters import RasterFile
    from pipeline.ingest.sidecar import Sidecar

POLARISATIONS = ("VV", "VH", "HH", "HV")
S2_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_S2_COLOURS = {"red": "B04", "green": "B03", "blue": "B02"}
_COLOURS = {"red": "R", "green": "G", "blue": "B"}
_S2_WORDS = {"BLUE": "B02", "GREEN": "B03", "RED": "B04", "NIR": "B08", "SWIR": "B11", "SWIR1": "B11", "SWIR16": "B11"}
_SAME_GREY = 3  # 8-bit steps by which JPEG may part the channels of a grey picture
_BORDER_SHARE = 0.002  # our choice: a smaller corner of zeros is dark water, not missing image
_BORDER_SIDE = 2048


@dataclass(frozen=True, slots=True)
class Channels:
    """The bands that a scene takes from its file (``indexes`` are 1-based), and its mask band, if any."""

    names: tuple[str, ...]
    indexes: tuple[int, ...]
    alpha: int | None = None
    doubt: str = ""


def channels_of(raster: RasterFile, sensor: Sensor, options: OpenOptions, sidecar: Sidecar | None) -> Channels:
    """Names of the bands: as the user says, else the sidecar, the descriptions, the colours, the file's name."""
    alpha = next((i for i, c in enumerate(raster.colours, 1) if c == "alpha"), None)
    if options.bands:
        last = max(options.bands.values())
        if last > raster.count:
            raise InputError(raster.item, f"has {raster.count} bands; --bands asks for number {last}")
        return Channels(tuple(options.bands), tuple(options.bands.values()), alpha)
    indexes = tuple(i for i in range(1, raster.count + 1) if i != alpha)
    if not indexes:
        raise InputError(raster.item, "has no band but a mask")
    if sidecar is not None and sidecar.bands:
        if len(sidecar.bands) != len(indexes):
            raise InputError(raster.item, f"has {len(indexes)} bands; its sidecar names {len(sidecar.bands)}")
        return Channels(sidecar.bands, indexes, alpha)
    if len(indexes) in (3, 4) and raster.dtype == "uint8" and _is_grey(raster, indexes[:3]):
        indexes = indexes[:1]
    if sensor is Sensor.SENTINEL1:
        return _radar_channels(raster, indexes, alpha)
    return _optical_channels(raster, sensor, indexes, alpha)


def _radar_channels(raster: RasterFile, indexes: tuple[int, ...], alpha: int | None) -> Channels:
    described = [_polarisation(raster.descriptions[i - 1]) for i in indexes]
    if all(described) and len(set(described)) == len(described):
        return Channels(tuple(d for d in described if d), indexes, alpha)
    if len(indexes) == 1:
        known = _polarisation(raster.tags.get("POLARISATION", "")) or _polarisation(raster.item)
        if known:
            return Channels((known,), indexes, alpha)
        return Channels(("intensity",), indexes, alpha, doubt="polarisation unknown")
    if raster.dtype == "uint8" and len(indexes) in (3, 4):
        return Channels(("intensity",), indexes[:1], alpha, doubt="colour picture: its first channel is used")
    named = [d for d, i in zip(described, indexes, strict=True) if d]
    if named:  # bands such as an incidence angle or a mask stand beside the polarisations
        taken = tuple(i for d, i in zip(described, indexes, strict=True) if d)
        if len(set(named)) == len(named):
            return Channels(tuple(named), taken, alpha)
    if len(indexes) > 2:
        raise InputError(raster.item, f"has {len(indexes)} bands without polarisation; name them, as --bands VV=1,VH=2")
    names = tuple(f"band{i}" for i in indexes)
    return Channels(names, indexes, alpha, doubt="polarisations unknown")


def _optical_channels(raster: RasterFile, sensor: Sensor, indexes: tuple[int, ...], alpha: int | None) -> Channels:
    described = [raster.descriptions[i - 1] for i in indexes]
    s2 = sensor is Sensor.SENTINEL2
    if s2 and any(described):
        described = [s2_band(d) or d for d in described]
    if all(described) and len(set(described)) == len(described):
        return Channels(tuple(described), indexes, alpha)
    colours = [raster.colours[i - 1] for i in indexes]
    if sorted(colours[:3]) == ["blue", "green", "red"]:
        table = _S2_COLOURS if s2 else _COLOURS
        names = [table[c] for c in colours[:3]] + ([] if len(indexes) == 3 else ["B08" if s2 else "N"])
        if len(indexes) <= 4:
            return Channels(tuple(names), indexes, alpha)
    if len(indexes) == 1:
        name = s2_band(raster.item) if s2 else "pan"
        return Channels((name or "pan",), indexes, alpha, doubt="" if name else "band unknown: taken as one grey band")
    if not s2 and len(indexes) == 4:
        return Channels(("B", "G", "R", "N"), indexes, alpha, doubt="bands taken as blue, green, red, near infrared")
    names = [f"band{i}" for i in indexes]
    return Channels(tuple(names), indexes, alpha, doubt="band names unknown; give them with --bands, as B02=1,B03=2")


def s2_band(text: str) -> str | None:
    """The Sentinel-2 band that a description or file name means, else None.

    >>> s2_band("b8"), s2_band("B08 (842 nm)"), s2_band("nir"), s2_band("T53_B8A_20m.tif")
    ('B08', 'B08', 'B08', 'B8A')
    """
    word = text.strip().upper()
    if word in _S2_WORDS:
        return _S2_WORDS[word]
    found = re.search(r"(?<![A-Z0-9])B(8A|0?[1-9]|1[0-2])(?![0-9A-Z])", word)
    if found is None:
        return None
    number = found.group(1)
    return "B8A" if number == "8A" else f"B{int(number):02d}"


def _polarisation(text: str) -> str | None:
    found = re.search(r"(?<![A-Z0-9])(VV|VH|HH|HV)(?![A-Z0-9])", text.upper().replace("_", " "))
    return found.group(1) if found else None


def _is_grey(raster: RasterFile, indexes: tuple[int, ...]) -> bool:
    """Do three channels hold one picture?"""
    sample = raster.sample(512, indexes).astype(np.int16)
    return bool((np.ptp(sample, axis=0) <= _SAME_GREY).mean() > 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Which stored numbers of a file are no measurement, besides NaN and infinity."""

    nodata: float | None  # the file's own
    zero: bool  # a zero in every band is no measurement (a zero in one band already, for radar)
    border: NDArray[np.bool_] | None = None  # coarse picture of zeros that belong to the frame of an 8-bit image
    step: int = 1

    @property
    def only_zeros(self) -> bool:
        """Is a stored zero, in any band, the one thing that is no measurement (for radar)?"""
        return self.zero and self.border is None and self.nodata in (None, 0.0)

    def mask(self, stored: NDArray[Any], window: Window, *, radar: bool) -> NDArray[np.bool_]:
        """True where a number is no measurement, shape (bands, rows, cols)."""
        gap = ~np.isfinite(stored) if stored.dtype.kind == "f" else np.zeros(stored.shape, bool)
        if self.nodata is not None and np.isfinite(self.nodata):
            gap = gap | (stored == self.nodata)
        if self.zero:
            gap = gap | ((stored == 0) if radar else (stored == 0).all(axis=0, keepdims=True))
        if self.border is not None:
            rows = np.minimum(np.arange(window.row0, window.row1) // self.step, self.border.shape[0] - 1)
            cols = np.minimum(np.arange(window.col0, window.col1) // self.step, self.border.shape[1] - 1)
            gap = gap | (self.border[np.ix_(rows, cols)] & (stored == 0).all(axis=0))[None]
        return gap


def gaps_of(raster: RasterFile, sensor: Sensor, indexes: tuple[int, ...]) -> Gaps:
    """The rule of one file. In 8-bit pictures zero is also the darkest shade: only a frame of zeros is missing."""
    if raster.dtype != "uint8" or raster.nodata is not None:
        return Gaps(raster.nodata, zero=raster.dtype == "uint16" or sensor is Sensor.SENTINEL1)
    from scipy import ndimage

    step = max(1, -(-max(raster.shape) // _BORDER_SIDE))
    zero = (raster.sample(_BORDER_SIDE, indexes) == 0).all(axis=0)
    solid = ndimage.binary_erosion(zero, np.ones((5, 5), bool), border_value=1)
    labels, count = ndimage.label(solid)
    if count == 0:
        return Gaps(None, zero=False)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.unique(edge[edge > 0])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    frame = np.isin(labels, [n for n in touching if sizes[n] >= _BORDER_SHARE * zero.size])
    if not frame.any():
        return Gaps(None, zero=False)
    return Gaps(None, zero=False, border=ndimage.binary_dilation(frame, np.ones((7, 7), bool)), step=step)
