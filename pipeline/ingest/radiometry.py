"""From stored numbers to what a detector may compare: linear power for radar, reflectance for optical images.

A picture of unknown stretch tells itself apart by its speckle (`speckle.py`).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.baseline import (
    FIRST_BASELINE,
    LOW_PERCENTILE,
    OFFSET_DN,
    baseline_in_name,
    baseline_of,
    is_tile_name,
    offset_of,
)
from pipeline.ingest.decibel import SPECKLE_DB, steps_per_db, strips_of
from pipeline.ingest.metadata.web_exports import full_scale
from pipeline.ingest.speckle import Speckle, speckle
from pipeline.types import Radiometry, Sensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.rasters import RasterFile
    from pipeline.ingest.stored import Stored
    from pipeline.types import BoolImage, FloatArray, FloatImage

DB_RANGE = (-25.0, 0.0)  # a public convention for 8-bit sigma0 in VV: 8-bit = (dB + 25) / 25 * 255
TARGETS_DB = 40.0  # of the brightest ships and buildings over the sea in Sentinel-1 products (our reading)
SQUEEZED = 1.8  # our choice: contrasts wrong by less do no harm, and resampled pictures have more looks
INTENSITY_CV2 = 0.09  # squared coefficient of variation: amplitude of 3 looks or more stays below, intensity of 11 or
# fewer above (CV^2 = 1 / L for intensity, about 1 / 4L for amplitude)
# Squared coefficient of variation, and skewness by itself and by coefficient of variation, of power in 16 bits, where
# nearly all files hold amplitude. Over the sea of a few real Sentinel-1 scenes intensity has 0.18 to 0.24 and 0.7 to
# 1.0, amplitude 0.04 to 0.11 and 0.1 to 0.8. The third bar is for a single look's amplitude, which is as wide and as
# skew as intensity: by Rayleigh's law 1.2, where gamma's has 2 (drawn seas: 1.1 to 1.3, 1.7 to 2.1)
CLEARLY_INTENSITY, FEWEST_BLOCKS = (0.15, 0.6, 1.5), 100
SMOOTHED_CV2 = 1 / 44  # amplitude of 11 looks: what varies less was filtered or resampled, and its law shows no more
LOWEST_SEA = 1e-3  # sigma0, -30 dB (our choice): below the noise that Sentinel-1 is specified to have, -22 dB at most
WORDS = ("auto", "amplitude", "intensity", "db", "sigma0", "reflectance")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_FULL_16_BITS = 65535.0  # where a reflectance of 1 lies in pictures that fill 16 bits
_DARK_WATER = 0.15  # reflectance: water's darkest band is darker
_MOST_REFLECTANCE = 2.0  # of clouds and glint; whatever exceeds it is told on another scale


@dataclass(frozen=True, slots=True)
class Scaling:
    """How stored numbers become values: ``v = gain * stored + offset``, then ``law``.

    ``law``: linear (v), square (v**2), decibel (10**(v / 10)), or calibrated (v**2 / A(col)**2 with the polynomial
    ``a_coefficients``, highest power first, in ``col + a_column0``).
    """

    law: str
    radiometry: Radiometry
    reason: str
    gain: float = 1.0
    offset: float = 0.0
    a_coefficients: tuple[float, ...] = ()
    a_column0: float = 0.0
    doubt: str = ""  # goes into the scene's ``degraded``
    gains: tuple[float, ...] = ()  # one for each band that is read, in place of ``gain``; offsets likewise
    offsets: tuple[float, ...] = ()

    def apply(self, stored: NDArray[Any], col0: int) -> FloatImage:
        """Values of stored numbers (bands, rows, cols) whose first column is ``col0``; NaN where there is no value."""
        with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is no value
            values = self._values(stored, col0)
        if stored.dtype.kind in "iu" and self.law == "linear" and self.radiometry is Radiometry.REFLECTANCE:
            return values  # whole numbers stay numbers
        bad = ~np.isfinite(values)
        if self.radiometry in (Radiometry.SIGMA0, Radiometry.POWER):
            bad |= values <= 0  # power cannot be zero or less: no measurement
        values[bad] = np.nan
        return values

    def _values(self, stored: NDArray[Any], col0: int) -> NDArray[np.float32]:
        values = stored.astype(np.float32)
        if self.gains:
            shape = (-1, *([1] * (values.ndim - 1)))
            values *= np.array(self.gains, np.float32).reshape(shape)
            if self.offsets:
                values += np.array(self.offsets, np.float32).reshape(shape)
        elif (self.gain, self.offset) != (1.0, 0.0):
            values *= np.float32(self.gain)
            values += np.float32(self.offset)
        if self.law == "square":
            values = values * values
        elif self.law == "decibel":
            values = np.power(np.float32(10.0), values / np.float32(10.0))
        elif self.law == "calibrated":
            column = np.arange(col0, col0 + stored.shape[-1]) + self.a_column0
            amplitude = np.polyval(np.array(self.a_coefficients, np.float64), column)
            values = values * values / np.square(amplitude).astype(np.float32)
        return values


def parse_scaling(text: str) -> tuple[str, tuple[float, float] | None]:
    """``"db:-25:0"`` as ("db", (-25.0, 0.0)); raises ConfigError for what is not a scaling.

    >>> parse_scaling("db:-30:5")
    ('db', (-30.0, 5.0))
    """
    word, *limits = text.strip().lower().split(":")
    try:
        span = tuple(float(v) for v in limits)
    except ValueError:
        span = (np.nan,)
    right = not span or (word == "db" and len(span) == 2 and bool(np.isfinite(span).all()) and span[0] < span[1])
    if word not in WORDS or not right:
        close = [] if word in WORDS else difflib.get_close_matches(word, WORDS, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        wanted = "write auto, amplitude, intensity, db, db:LO:HI, sigma0 or reflectance"
        raise ConfigError(f"scaling {text!r}: {wanted}{hint}")
    return word, (span[0], span[1]) if span else None


def scaling_of(stored: Stored, sensor: Sensor, wanted: str, sidecar: Sidecar | None) -> Scaling:
    """The scaling of one file: what the user said, else what its tags say, else what its measured numbers look like.

    Raises InputError for a radar image of which no pixel would have a value.
    """
    word, span = parse_scaling(wanted)
    if sensor is Sensor.SENTINEL1:
        if word == "reflectance":
            raise ConfigError("scaling reflectance does not fit sentinel-1: radar has sigma0, amplitude, intensity, db")
        # Numbers of 16 bits tell what they are by their type: one strip shows that they have values
        brief = stored.raster.dtype == "uint16" and not stored.raster.scales
        middle = _middle(stored, brief=brief)
        scaling = _radar(stored, word, span, middle)
        # What one strip says against the type, all of them must say
        if brief and word == "auto" and scaling.law == "linear":
            scaling = _radar(stored, word, span, _middle(stored))
        if _without_value(scaling, middle) and not (brief and not _without_value(scaling, _middle(stored))):
            raise InputError(stored.raster.item, f"no pixel has a value when read as {scaling.reason}; see --scaling")
        return scaling
    if word not in ("auto", "reflectance"):
        raise ConfigError(f"scaling {word} does not fit {sensor}: optical images have reflectance (or auto)")
    return _optical(stored, sensor, word, sidecar)


def _without_value(scaling: Scaling, first_band: FloatArray) -> bool:
    """Are there measured numbers, of which none becomes a value?"""
    scaling = replace(scaling, gains=scaling.gains[:1], offsets=scaling.offsets[:1])
    return bool(np.isfinite(first_band).any() and not np.isfinite(scaling.apply(first_band, 0)).any())


def _radar(stored: Stored, word: str, span: tuple[float, float] | None, middle: FloatArray) -> Scaling:
    """The scaling of a radar image by its tags, its own scale or ``word``.

    ``middle`` are stored numbers, NaN where nothing was measured.
    """
    raster = stored.raster
    if word == "auto" and "A_COEF" in raster.tags:
        return _from_coefficients(raster)
    if word == "auto" and (told := raster.tags.get("SCALING", "")):
        word, span = parse_scaling(told)
    if raster.scales and span is None:  # what the file says of its numbers goes before what they stand for
        gains, offsets = (tuple(v[i - 1] for i in stored.channels.indexes) for v in (raster.scales, raster.offsets))
        scaling = _by_word(word, "float32", None, gains[0] * middle + offsets[0])
        gains, offsets = (tuple(scaling.gain * n for n in v) for v in (gains, offsets))
        reason = f"{scaling.reason}, by the file's scale and offset"
        return replace(scaling, gains=gains, offsets=offsets, reason=reason)
    return _by_word(word, raster.dtype, span, middle)


def _by_word(word: str, dtype: str, span: tuple[float, float] | None, values: FloatArray) -> Scaling:
    """The law of ``values`` (NaN where nothing was measured), which are of type ``dtype``."""
    if word == "auto":
        return _radar_by_look(values, dtype)
    reason = f"{word} as asked for"
    if word in ("amplitude", "intensity"):
        law = "square" if word == "amplitude" else "linear"
        return Scaling(law, Radiometry.POWER, reason)
    if word == "sigma0":
        return Scaling("linear", Radiometry.SIGMA0, reason)
    return _decibel(dtype, span, reason) if dtype.startswith("uint") or span else _plain_decibel(values, dtype, reason)


def _plain_decibel(values: FloatArray, dtype: str, reason: str) -> Scaling:
    """dB numbers as they are, or a power of ten times as large, as whole numbers often are."""
    steps = steps_per_db(values, dtype)
    if steps == 1.0:
        return Scaling("decibel", Radiometry.SIGMA0, reason)
    doubt = f"radiometric scale by guess: dB times {steps:g}"
    return Scaling("decibel", Radiometry.SIGMA0, f"{reason}, times {steps:g}", 1 / steps, doubt=doubt)


def _span_by_speckle(found: Speckle, highest: float) -> tuple[float, float] | None:
    """The dB range at which a picture's speckle is that of Sentinel-1; None where the usual range fits it well enough.

    A stretch of unknown range squeezes or stretches all contrasts alike; the spread of speckle, in dB, does not depend
    on the sea's level and tells by how much. The upper end stays at 0 dB: the level itself cannot be told.
    """
    if not np.isfinite(found.spread) or found.spread <= 0:
        return None
    usual = (DB_RANGE[1] - DB_RANGE[0]) / 255.0
    factor = min(SPECKLE_DB / (usual * found.spread), TARGETS_DB / max(usual * highest, 1e-6))
    if 1 / SQUEEZED < factor < SQUEEZED:
        return None
    return (DB_RANGE[1] - 255.0 * usual * float(np.clip(factor, 1 / 6.0, 6.0)), DB_RANGE[1])


def _decibel(dtype: str, span: tuple[float, float] | None, reason: str, *, assumed: bool = False) -> Scaling:
    """dB numbers, stretched over a given range, or over the usual one where that is unknown."""
    top = np.iinfo(dtype).max if dtype.startswith("uint") else 1.0
    low, high = span or DB_RANGE
    gain = (high - low) / top
    told = f"{reason}: stored 0 to {top:g} is {low:g} to {high:g} dB"
    if span is not None and not assumed:
        return Scaling("decibel", Radiometry.SIGMA0, told, gain, low)
    doubt = f"unknown stretch: {low:g} to {high:g} dB is assumed"
    return Scaling("decibel", Radiometry.POWER, told + " (assumed)", gain, low, doubt=doubt)


def _from_coefficients(raster: RasterFile) -> Scaling:
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


def _radar_by_look(values: FloatArray, dtype: str) -> Scaling:
    """The scaling of radar numbers that nothing is said of: by their type, their sign and their speckle."""
    good = values[np.isfinite(values) & (values != 0)]
    if good.size == 0:
        return Scaling("square", Radiometry.POWER, "amplitude by convention; nothing to judge by", doubt="no data")
    if dtype.startswith(("float", "int")) and np.median(good) < 0:
        return _plain_decibel(values, dtype, "dB: most numbers are negative")
    if dtype == "uint16":
        return _of_16_bits(speckle(values))
    found = speckle(values, top=255.0 if dtype == "uint8" else np.inf)
    told = f"(speckle: skewness {found.skewness:+.2f}, spread ~ mean^{found.slope:.2f}, CV {found.cv:.2f})"
    if dtype == "uint8":
        if found.is_decibel:
            highest = float(np.quantile(good, 0.9999)) - float(np.median(good))
            return _decibel("uint8", _span_by_speckle(found, highest), f"dB-like picture {told}", assumed=True)
        doubt = "unknown stretch: taken as amplitude"
        return Scaling("square", Radiometry.POWER, f"amplitude-like picture {told}", doubt=doubt)
    intensity = found.cv**2 > INTENSITY_CV2
    middle = float(np.median(good))
    small = middle < 1.0  # sigma0 of the sea lies far below 1, amplitude DN far above
    if intensity and small:
        return Scaling("linear", Radiometry.SIGMA0, f"sigma0, linear power {told}")
    if found.cv**2 < SMOOTHED_CV2 and middle**2 < LOWEST_SEA:
        doubt = "radiometric scale by guess: smoothed sigma0, linear power"
        return Scaling("linear", Radiometry.SIGMA0, f"sigma0, linear power, smoothed {told}", doubt=doubt)
    word = "intensity" if intensity else "amplitude"
    return Scaling("linear" if intensity else "square", Radiometry.POWER, f"{word} by its spread {told}")


def _of_16_bits(found: Speckle) -> Scaling:
    """Amplitude, as in GRD products, unless speckle speaks clearly for power that somebody stretched over 16 bits."""
    seen = found.cv**2, found.skewness, found.skewness / max(found.cv, 1e-9)
    if found.blocks >= FEWEST_BLOCKS and all(value > bar for value, bar in zip(seen, CLEARLY_INTENSITY, strict=True)):
        told = f"(speckle: skewness {found.skewness:+.2f}, CV {found.cv:.2f})"
        doubt = "radiometric scale by guess: intensity in whole numbers of 16 bits"
        return Scaling("linear", Radiometry.POWER, f"intensity by its spread {told}", doubt=doubt)
    return Scaling("square", Radiometry.POWER, "amplitude: 16-bit whole numbers, as in GRD products")


def _middle(stored: Stored, *, brief: bool = False) -> FloatArray:
    """The first band at full resolution, all of it or strips of rows of a large one; NaN where nothing was measured.

    ``brief``: of a large one the first strip that holds more than zeros is enough.
    """
    strips = []
    for window in strips_of(stored.raster.shape):
        strips.append(_known(*stored.read(window))[0])
        if brief and np.nan_to_num(strips[-1]).any():
            return strips[-1]
    return np.concatenate(strips)


def _known(picture: NDArray[Any], gap: BoolImage) -> FloatArray:
    """Stored numbers, NaN where nothing was measured."""
    return np.where(gap, np.nan, picture.astype(float))


def _optical(stored: Stored, sensor: Sensor, word: str, sidecar: Sidecar | None) -> Scaling:
    """The scaling of an optical image: by its metadata, its own scale or tags, else by the range of its numbers."""
    raster, indexes = stored.raster, stored.channels.indexes
    if sidecar is not None and sidecar.scales:
        if len(sidecar.scales) < max(indexes) or len(sidecar.offsets) not in (0, len(sidecar.scales)):
            raise InputError(raster.item, f"has {raster.count} bands; its metadata scale {len(sidecar.scales)}")
        gains, offsets = (tuple(v[i - 1] for i in indexes) if v else () for v in (sidecar.scales, sidecar.offsets))
        return Scaling("linear", Radiometry.REFLECTANCE, "by its metadata", gains=gains, offsets=offsets)
    if sidecar is not None and sidecar.scale is not None:
        return Scaling("linear", Radiometry.REFLECTANCE, "by its sidecar", sidecar.scale, sidecar.offset or 0.0)
    sample = _known(*stored.scattered(512))
    sample = sample[:, (np.isfinite(sample) & (sample != 0)).all(axis=0)]
    if (stated := _by_own_scale(raster, indexes, sample)) is not None:
        return stated
    if (stated := _by_offset_tags(raster, indexes)) is not None:
        return stated
    if (stated := _by_name(raster, sample)) is not None:
        return stated
    if "65535" in raster.tags.get("SCALE", ""):
        return Scaling("linear", Radiometry.REFLECTANCE, "DN / 65535 by its tag SCALE", 1 / _FULL_16_BITS)
    low, high = (0.0, 0.0) if sample.size == 0 else np.percentile(sample, [1, 99], axis=1)
    if raster.dtype.startswith("float"):
        asked = word == "reflectance"
        # A grey picture comes stretched and has no other band to tell by: what was made of its 12 bits fits as well
        dark = sensor is Sensor.SENTINEL2 or (len(indexes) > 1 and bool(np.min(low) <= _DARK_WATER))
        return _decimal(float(np.max(high)), sidecar, asked=asked, dark=dark)
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
        "linear", Radiometry.RELATIVE, f"relative brightness, DN / {top:g}", 1 / top, doubt=_no_scale(sidecar)
    )


def _decimal(top: float, sidecar: Sidecar | None, *, asked: bool, dark: bool) -> Scaling:
    """Optical decimal numbers up to ``top``; ``dark`` where they begin as low as the reflectance of water."""
    if asked or (top <= _MOST_REFLECTANCE and dark):
        return Scaling("linear", Radiometry.REFLECTANCE, "reflectance: decimal numbers from 0 to about 1")
    if top <= _MOST_REFLECTANCE:  # as the same picture is read where it comes in whole numbers
        return Scaling("linear", Radiometry.RELATIVE, "relative brightness, decimal numbers", doubt=_no_scale(sidecar))
    doubt = "unknown radiometric scale: decimal numbers far above 1"
    return Scaling("linear", Radiometry.RELATIVE, "relative brightness", 1 / top, doubt=doubt)


def _no_scale(sidecar: Sidecar | None) -> str:
    """An operator's product that states no scale is relative by nature; without metadata nobody knows."""
    return "" if sidecar is not None else "unknown radiometric scale: brightness is relative"


def _by_own_scale(raster: RasterFile, indexes: tuple[int, ...], seen: FloatArray) -> Scaling | None:
    """GDAL's scale and offset of each band, where they make reflectances of the stored numbers (radiances: None)."""
    if not raster.scales:
        return None
    gains, offsets = (tuple(v[i - 1] for i in indexes) for v in (raster.scales, raster.offsets))
    scaling = Scaling("linear", Radiometry.REFLECTANCE, "by the file's scale and offset", gains=gains, offsets=offsets)
    if seen.size == 0 or float(np.percentile(scaling.apply(seen, 0), 99)) > _MOST_REFLECTANCE:
        return None
    return scaling


def _by_name(raster: RasterFile, seen: FloatArray) -> Scaling | None:
    """The scale of numbers that come from a product of ESA's, or from a browser, as the name says."""
    if (full := full_scale(raster.item, raster.dtype)) is not None:
        return Scaling("linear", Radiometry.REFLECTANCE, f"DN / {full:g}, as browsers export raw bands", 1 / full)
    baseline = baseline_in_name(raster.item)
    if raster.dtype != "uint16" or not (baseline or is_tile_name(raster.item)):
        return None
    low_dn = float(np.percentile(seen, LOW_PERCENTILE, axis=1).min()) if seen.size else None
    offset = offset_of(low_dn, baseline)
    reason = f"DN / 10000, offset {offset.dn} DN ({offset.reason})"
    doubt = "" if baseline else f"radiometric scale by guess: {reason}"
    return Scaling("linear", Radiometry.REFLECTANCE, reason, 1e-4, offset.dn * 1e-4, doubt=doubt)


def _by_offset_tags(raster: RasterFile, indexes: tuple[int, ...]) -> Scaling | None:
    """Sentinel-2's scale with the additive offset [DN] that the file's own tags state, one or one a band."""
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
    """The offsets in a file's own tag, or the one that follows from a processing baseline; none where neither is."""
    for key in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"):
        told = [word for word in re.split(r"[\s,;\[\](){}]+", raster.tags.get(key, "")) if word]
        if told and all(_NUMBER.fullmatch(word) for word in told):
            return [float(word) for word in told]
    baseline = baseline_of(raster.tags.get("PROCESSING_BASELINE", ""))
    if not baseline:
        return []
    return [-float(OFFSET_DN) if baseline >= FIRST_BASELINE else 0.0]
