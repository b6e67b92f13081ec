"""Finds the scaling of a radar image's stored values (amplitude, intensity, dB or sigma0) by option, tags or speckle.

An image of unknown stretch is classified by its speckle (`speckle.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.decibel import SPECKLE_DB, steps_per_db
from pipeline.ingest.scaling import Scaling, parse_scaling
from pipeline.ingest.speckle import Speckle, speckle
from pipeline.types import Radiometry

if TYPE_CHECKING:
    from pipeline.ingest.rasters import RasterFile
    from pipeline.ingest.stored import Stored
    from pipeline.types import FloatArray

DB_RANGE = (-25.0, 0.0)  # a public convention for 8-bit sigma0 in VV: 8-bit = (dB + 25) / 25 * 255
TARGETS_DB = 40.0  # of the brightest ships and buildings over the sea in Sentinel-1 products (our reading)
MAX_SPREAD_FACTOR = 1.8  # our choice: smaller contrast errors do no harm, and resampled images have more looks
INTENSITY_CV2 = 0.09  # squared coefficient of variation: amplitude with 3 or more looks stays below, intensity with 11
# or fewer above (CV^2 = 1 / L for intensity, about 1 / 4L for amplitude)
# Thresholds for 16-bit power, where nearly all files hold amplitude: squared coefficient of variation (CV), skewness,
# and skewness / CV. Over the sea in a few real Sentinel-1 scenes intensity has 0.18 to 0.24 and 0.7 to 1.0, amplitude
# 0.04 to 0.11 and 0.1 to 0.8. The third is for single-look amplitude, which is as wide and as skewed as intensity:
# 1.2 for a Rayleigh law, 2 for a gamma law (simulated seas: 1.1 to 1.3, 1.7 to 2.1)
CLEARLY_INTENSITY, FEWEST_BLOCKS = (0.15, 0.6, 1.5), 100
SMOOTHED_CV2 = 1 / 44  # amplitude of 11 looks: if less, it was filtered or resampled, and its law cannot be told
LOWEST_SEA = 1e-3  # sigma0, -30 dB (our choice): below the noise that Sentinel-1 is specified to have, -22 dB at most


def radar_scaling(stored: Stored, word: str, span: tuple[float, float] | None, first_band: FloatArray) -> Scaling:
    """The scaling of a radar image by its tags, its own scale or ``word``, with ``span`` in dB if requested.

    ``first_band``: stored values, NaN for nodata.
    """
    raster = stored.raster
    if word == "auto" and "A_COEF" in raster.tags:
        return _scaling_by_coefficients(raster)
    if word == "auto" and (tag := raster.tags.get("SCALING", "")):
        word, span = parse_scaling(tag)
    if raster.scales and span is None:  # the file's own scale is applied before their law
        gains, offsets = (tuple(v[i - 1] for i in stored.channels.indexes) for v in (raster.scales, raster.offsets))
        scaling = _scaling_by_word(word, "float32", None, gains[0] * first_band + offsets[0])
        gains, offsets = (tuple(scaling.gain * n for n in v) for v in (gains, offsets))
        reason = f"{scaling.reason}, by the file's scale and offset"
        return replace(scaling, gains=gains, offsets=offsets, reason=reason)
    return _scaling_by_word(word, raster.dtype, span, first_band)


def _scaling_by_word(word: str, dtype: str, span: tuple[float, float] | None, values: FloatArray) -> Scaling:
    """The scaling named by ``word`` for ``values`` (NaN: nodata) of type ``dtype``."""
    if word == "auto":
        return _scaling_by_values(values, dtype)
    reason = f"{word} as asked for"
    if word in ("amplitude", "intensity"):
        law = "square" if word == "amplitude" else "linear"
        return Scaling(law, Radiometry.POWER, reason)
    if word == "sigma0":
        return Scaling("linear", Radiometry.SIGMA0, reason)
    return (
        _stretched_decibel(dtype, span, reason)
        if dtype.startswith("uint") or span
        else _plain_decibel(values, dtype, reason)
    )


def _plain_decibel(values: FloatArray, dtype: str, reason: str) -> Scaling:
    """Scaling of dB values stored as they are, or multiplied by a power of ten, as often in integers."""
    steps = steps_per_db(values, dtype)
    if steps == 1.0:
        return Scaling("decibel", Radiometry.SIGMA0, reason)
    doubt = f"radiometric scale by guess: dB times {steps:g}"
    return Scaling("decibel", Radiometry.SIGMA0, f"{reason}, times {steps:g}", 1 / steps, doubt=doubt)


def _span_by_speckle(measured: Speckle, highest: float) -> tuple[float, float] | None:
    """The dB range at which an image's speckle has Sentinel-1's spread; None if the usual range fits well enough.

    An unknown stretch scales all contrasts alike; the spread of speckle in dB does not depend on the sea's level, and
    shows by how much. The upper end stays at 0 dB: the level itself cannot be determined.
    """
    if not np.isfinite(measured.spread) or measured.spread <= 0:
        return None
    usual = (DB_RANGE[1] - DB_RANGE[0]) / 255.0
    factor = min(SPECKLE_DB / (usual * measured.spread), TARGETS_DB / max(usual * highest, 1e-6))
    if 1 / MAX_SPREAD_FACTOR < factor < MAX_SPREAD_FACTOR:
        return None
    return (DB_RANGE[1] - 255.0 * usual * float(np.clip(factor, 1 / 6.0, 6.0)), DB_RANGE[1])


def _stretched_decibel(dtype: str, span: tuple[float, float] | None, reason: str, *, assumed: bool = False) -> Scaling:
    """Scaling of dB values stretched over a given range, or the usual one if unknown."""
    top = np.iinfo(dtype).max if dtype.startswith("uint") else 1.0
    low, high = span or DB_RANGE
    gain = (high - low) / top
    description = f"{reason}: stored 0 to {top:g} is {low:g} to {high:g} dB"
    if span is not None and not assumed:
        return Scaling("decibel", Radiometry.SIGMA0, description, gain, low)
    doubt = f"unknown stretch: {low:g} to {high:g} dB is assumed"
    return Scaling("decibel", Radiometry.POWER, description + " (assumed)", gain, low, doubt=doubt)


def _scaling_by_coefficients(raster: RasterFile) -> Scaling:
    """Calibration by tags: ``A_COEF`` (JSON list, highest power first) and ``CAL`` with ``col+X0``."""
    try:
        coefficients = tuple(float(v) for v in raster.tags["A_COEF"].strip("[] ").split(","))
    except ValueError as error:
        raise InputError(raster.item, "its tag A_COEF is not a list of numbers") from error
    shift = re.search(r"col\s*\+\s*([-+]?\d+(?:\.\d*)?)", raster.tags.get("CAL", ""))
    column0 = float(shift.group(1)) if shift else 0.0
    gain = np.polyval(np.array(coefficients, np.float64), np.linspace(0, raster.shape[1] - 1, 64) + column0)
    if not (np.isfinite(gain).all() and gain.min() > 0):
        raise InputError(raster.item, "its tag A_COEF gives a calibration that is not positive everywhere")
    reason = "sigma0 = DN^2 / A(col)^2 by its tags CAL and A_COEF"
    return Scaling("calibrated", Radiometry.SIGMA0, reason, a_coefficients=coefficients, a_column0=column0)


def _scaling_by_values(values: FloatArray, dtype: str) -> Scaling:
    """The scaling of radar values without any metadata: by type, sign and speckle."""
    values_measured = values[np.isfinite(values) & (values != 0)]
    if values_measured.size == 0:
        return Scaling("square", Radiometry.POWER, "amplitude by convention; nothing to judge by", doubt="no data")
    if dtype.startswith(("float", "int")) and np.median(values_measured) < 0:
        return _plain_decibel(values, dtype, "dB: most numbers are negative")
    if dtype == "uint16":
        return _scaling_of_16_bits(speckle(values))
    measured = speckle(values, top=255.0 if dtype == "uint8" else np.inf)
    evidence = f"(speckle: skewness {measured.skewness:+.2f}, spread ~ mean^{measured.slope:.2f}, CV {measured.cv:.2f})"
    if dtype == "uint8":
        if measured.is_decibel:
            highest = float(np.quantile(values_measured, 0.9999)) - float(np.median(values_measured))
            return _stretched_decibel(
                "uint8", _span_by_speckle(measured, highest), f"dB-like picture {evidence}", assumed=True
            )
        doubt = "unknown stretch: taken as amplitude"
        return Scaling("square", Radiometry.POWER, f"amplitude-like picture {evidence}", doubt=doubt)
    intensity = measured.cv**2 > INTENSITY_CV2
    middle = float(np.median(values_measured))
    small = middle < 1.0  # sigma0 of the sea lies far below 1, amplitude DN far above
    if intensity and small:
        return Scaling("linear", Radiometry.SIGMA0, f"sigma0, linear power {evidence}")
    if measured.cv**2 < SMOOTHED_CV2 and middle**2 < LOWEST_SEA:
        doubt = "radiometric scale by guess: smoothed sigma0, linear power"
        return Scaling("linear", Radiometry.SIGMA0, f"sigma0, linear power, smoothed {evidence}", doubt=doubt)
    word = "intensity" if intensity else "amplitude"
    return Scaling("linear" if intensity else "square", Radiometry.POWER, f"{word} by its spread {evidence}")


def _scaling_of_16_bits(measured: Speckle) -> Scaling:
    """Amplitude, as in GRD products, unless speckle clearly indicates power stretched to 16 bits."""
    seen = measured.cv**2, measured.skewness, measured.skewness / max(measured.cv, 1e-9)
    if measured.blocks >= FEWEST_BLOCKS and all(
        value > bar for value, bar in zip(seen, CLEARLY_INTENSITY, strict=True)
    ):
        evidence = f"(speckle: skewness {measured.skewness:+.2f}, CV {measured.cv:.2f})"
        doubt = "radiometric scale by guess: intensity in whole numbers of 16 bits"
        return Scaling("linear", Radiometry.POWER, f"intensity by its spread {evidence}", doubt=doubt)
    return Scaling("square", Radiometry.POWER, "amplitude: 16-bit whole numbers, as in GRD products")
