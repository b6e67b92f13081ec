"""Finds the scaling of an optical image's stored values: reflectance on some scale, or relative brightness."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.baseline import (
    FIRST_BASELINE,
    LOW_PERCENTILE,
    OFFSET_DN,
    baseline_in_name,
    baseline_of,
    is_tile_name,
    offset_of,
)
from pipeline.ingest.scaling import Scaling
from pipeline.ingest.stored import values_or_nan
from pipeline.types import Radiometry, Sensor

if TYPE_CHECKING:
    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.rasters import RasterFile
    from pipeline.ingest.stored import Stored
    from pipeline.types import FloatArray

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_FULL_16_BITS = 65535.0  # value of reflectance 1 in images that use the full 16 bits
# Names of single bands exported by the Copernicus and Sentinel Hub browsers: integers that use the full range
_RAW_EXPORT = re.compile(r"SENTINEL-2_L[12][AC]_(?:B\w\w_)?\(RAW\)", re.IGNORECASE)
_FULL_SCALE = {"uint8": 255.0, "uint16": _FULL_16_BITS}  # their value of reflectance 1 (Copernicus Browser, downloads)
_DARK_WATER = 0.15  # reflectance: water's darkest band is darker
_MOST_REFLECTANCE = 2.0  # of clouds and glint; larger values must be on another scale


def optical_scaling(stored: Stored, sensor: Sensor, word: str, sidecar: Sidecar | None) -> Scaling:
    """The scaling of an optical image: by its metadata, its own scale or tags, else by the range of its numbers."""
    raster, indexes = stored.raster, stored.channels.indexes
    if sidecar is not None and sidecar.scales:
        if len(sidecar.scales) < max(indexes) or len(sidecar.offsets) not in (0, len(sidecar.scales)):
            raise InputError(raster.item, f"has {raster.count} bands; its metadata scale {len(sidecar.scales)}")
        gains, offsets = (tuple(v[i - 1] for i in indexes) if v else () for v in (sidecar.scales, sidecar.offsets))
        return Scaling("linear", Radiometry.REFLECTANCE, "by its metadata", gains=gains, offsets=offsets)
    if sidecar is not None and sidecar.scale is not None:
        return Scaling("linear", Radiometry.REFLECTANCE, "by its sidecar", sidecar.scale, sidecar.offset or 0.0)
    sample = values_or_nan(*stored.scattered_sample(512))
    sample = sample[:, (np.isfinite(sample) & (sample != 0)).all(axis=0)]
    if (stated := _scaling_by_file(raster, indexes, sample)) is not None:
        return stated
    if (stated := _scaling_by_offset_tags(raster, indexes)) is not None:
        return stated
    if (stated := _scaling_by_name(raster, sample)) is not None:
        return stated
    if "65535" in raster.tags.get("SCALE", ""):
        return Scaling("linear", Radiometry.REFLECTANCE, "DN / 65535 by its tag SCALE", 1 / _FULL_16_BITS)
    low, high = (0.0, 0.0) if sample.size == 0 else np.percentile(sample, [1, 99], axis=1)
    if raster.dtype.startswith("float"):
        requested = word == "reflectance"
        # A grey image is usually stretched and has no other band to judge by: a stretched 12-bit one fits as well
        dark = sensor is Sensor.SENTINEL2 or (len(indexes) > 1 and bool(np.min(low) <= _DARK_WATER))
        return _float_scaling(float(np.max(high)), sidecar, requested=requested, dark=dark)
    if raster.dtype == "uint16" and (sensor is Sensor.SENTINEL2 or word == "reflectance"):
        # Only clouds and glint exceed 1.6 in DN / 10000
        if np.max(high) > 16_000 or np.min(low) > 1e4 * _DARK_WATER:
            doubt = "radiometric scale by guess: DN / 65535"
            return Scaling("linear", Radiometry.REFLECTANCE, "DN / 65535 by its range", 1 / _FULL_16_BITS, doubt=doubt)
        doubt = "radiometric scale by guess: DN / 10000 without offset"
        return Scaling("linear", Radiometry.REFLECTANCE, "DN / 10000 by its range", 1e-4, doubt=doubt)
    top = float(np.iinfo(raster.dtype).max)
    if raster.dtype == "uint16" and np.size(high) and np.max(high) <= 4095:
        top = 4095.0  # 11 or 12 bits in 16, usual for sub-metre images
    return Scaling(
        "linear",
        Radiometry.RELATIVE,
        f"relative brightness, DN / {top:g}",
        1 / top,
        doubt=_missing_scale_doubt(sidecar),
    )


def _float_scaling(top: float, sidecar: Sidecar | None, *, requested: bool, dark: bool) -> Scaling:
    """Scaling of floating-point values up to ``top``; ``dark``: do they start as low as the reflectance of water?"""
    if requested or (top <= _MOST_REFLECTANCE and dark):
        return Scaling("linear", Radiometry.REFLECTANCE, "reflectance: decimal numbers from 0 to about 1")
    if top <= _MOST_REFLECTANCE:  # like the same image in integers
        return Scaling(
            "linear", Radiometry.RELATIVE, "relative brightness, decimal numbers", doubt=_missing_scale_doubt(sidecar)
        )
    doubt = "unknown radiometric scale: decimal numbers far above 1"
    return Scaling("linear", Radiometry.RELATIVE, "relative brightness", 1 / top, doubt=doubt)


def _missing_scale_doubt(sidecar: Sidecar | None) -> str:
    """The doubt about a missing scale: none for an operator's product, which is then relative by design."""
    return "" if sidecar is not None else "unknown radiometric scale: brightness is relative"


def _scaling_by_file(raster: RasterFile, indexes: tuple[int, ...], sample: FloatArray) -> Scaling | None:
    """Scaling by GDAL's scale and offset of each band, if the result can be reflectance (for radiance: None)."""
    if not raster.scales:
        return None
    gains, offsets = (tuple(v[i - 1] for i in indexes) for v in (raster.scales, raster.offsets))
    scaling = Scaling("linear", Radiometry.REFLECTANCE, "by the file's scale and offset", gains=gains, offsets=offsets)
    if sample.size == 0 or float(np.percentile(scaling.apply(sample, 0), 99)) > _MOST_REFLECTANCE:
        return None
    return scaling


def _scaling_by_name(raster: RasterFile, sample: FloatArray) -> Scaling | None:
    """Scaling by file name, if it is that of an ESA product or of a browser's export."""
    if (full := _full_scale(raster.item, raster.dtype)) is not None:
        return Scaling("linear", Radiometry.REFLECTANCE, f"DN / {full:g}, as browsers export raw bands", 1 / full)
    baseline = baseline_in_name(raster.item)
    if raster.dtype != "uint16" or not (baseline or is_tile_name(raster.item)):
        return None
    low_dn = float(np.percentile(sample, LOW_PERCENTILE, axis=1).min()) if sample.size else None
    offset = offset_of(low_dn, baseline)
    reason = f"DN / 10000, offset {offset.dn} DN ({offset.reason})"
    doubt = "" if baseline else f"radiometric scale by guess: {reason}"
    return Scaling("linear", Radiometry.REFLECTANCE, reason, 1e-4, offset.dn * 1e-4, doubt=doubt)


def _full_scale(name: str, dtype: str) -> float | None:
    """The value of reflectance 1 in a band exported by a browser, judged by its name; None for any other.

    >>> _full_scale("2024-03-15-10_30_2024-03-15-10_45_Sentinel-2_L2A_B04_(Raw).tiff", "uint16")
    65535.0
    >>> _full_scale("2024-03-15-10_30_2024-03-15-10_45_Sentinel-2_L2A_True_Color.tiff", "uint8") is None
    True
    """
    return _FULL_SCALE.get(dtype) if _RAW_EXPORT.search(name) else None


def _scaling_by_offset_tags(raster: RasterFile, indexes: tuple[int, ...]) -> Scaling | None:
    """Sentinel-2's scale with the additive offset [DN] stated in the file's tags, one for all bands or one per band."""
    offsets = _tagged_offsets(raster)
    if not offsets:
        return None
    if len(set(offsets)) == 1:
        reason = f"DN / 10000, offset {offsets[0]:g} DN by its tags"
        return Scaling("linear", Radiometry.REFLECTANCE, reason, 1e-4, offsets[0] * 1e-4)
    if len(offsets) != raster.count:
        raise InputError(raster.item, f"has {raster.count} bands; its tags state {len(offsets)} offsets")
    chosen = tuple(offsets[i - 1] * 1e-4 for i in indexes)
    reason = "DN / 10000, offsets of the bands by its tags"
    return Scaling("linear", Radiometry.REFLECTANCE, reason, gains=(1e-4,) * len(chosen), offsets=chosen)


def _tagged_offsets(raster: RasterFile) -> list[float]:
    """The offsets in a file's tags, or the one implied by a processing baseline tag; empty if there is neither."""
    for key in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"):
        words = [word for word in re.split(r"[\s,;\[\](){}]+", raster.tags.get(key, "")) if word]
        if words and all(_NUMBER.fullmatch(word) for word in words):
            return [float(word) for word in words]
    baseline = baseline_of(raster.tags.get("PROCESSING_BASELINE", ""))
    if not baseline:
        return []
    return [-float(OFFSET_DN) if baseline >= FIRST_BASELINE else 0.0]
