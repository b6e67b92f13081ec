"""Chooses the scaling from stored values to what detectors need: linear power for radar, reflectance for optical."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.decibel import strips_of
from pipeline.ingest.optical_scaling import optical_scaling
from pipeline.ingest.radar_scaling import radar_scaling
from pipeline.ingest.scaling import Scaling, parse_scaling
from pipeline.ingest.stored import values_or_nan
from pipeline.types import RADARS, Sensor

if TYPE_CHECKING:
    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.stored import Stored
    from pipeline.types import FloatArray


def scaling_of(stored: Stored, sensor: Sensor, wanted: str, sidecar: Sidecar | None) -> Scaling:
    """The scaling of one file: as the user said, else by its tags, else by the look of its values.

    Raises InputError for a radar image in which no pixel would have a value.
    """
    word, span = parse_scaling(wanted)
    if sensor in RADARS:
        if word == "reflectance":
            raise ConfigError(f"scaling reflectance does not fit {sensor}: radar has sigma0, amplitude, intensity, db")
        # The type of 16-bit values suffices to classify them: one strip shows that there are values
        first_strip_only = stored.raster.dtype == "uint16" and not stored.raster.scales
        first_band = _first_band(stored, first_strip_only=first_strip_only)
        scaling = radar_scaling(stored, word, span, first_band)
        # If one strip contradicts the type, all strips must confirm it
        if first_strip_only and word == "auto" and scaling.law == "linear":
            scaling = radar_scaling(stored, word, span, _first_band(stored))
        if _has_no_value(scaling, first_band) and not (
            first_strip_only and not _has_no_value(scaling, _first_band(stored))
        ):
            raise InputError(stored.raster.item, f"no pixel has a value when read as {scaling.reason}; see --scaling")
        return scaling
    if word not in ("auto", "reflectance"):
        raise ConfigError(f"scaling {word} does not fit {sensor}: optical images have reflectance (or auto)")
    return optical_scaling(stored, sensor, word, sidecar)


def _has_no_value(scaling: Scaling, first_band: FloatArray) -> bool:
    """Are there measured pixels, but none with a valid value?"""
    scaling = replace(scaling, gains=scaling.gains[:1], offsets=scaling.offsets[:1])
    return bool(np.isfinite(first_band).any() and not np.isfinite(scaling.apply(first_band, 0)).any())


def _first_band(stored: Stored, *, first_strip_only: bool = False) -> FloatArray:
    """The first band at full resolution, whole or in strips of rows if large; NaN for nodata.

    ``first_strip_only``: for a large image, only the first strip that holds more than zeros.
    """
    strips = []
    for window in strips_of(stored.raster.shape):
        strips.append(values_or_nan(*stored.read(window))[0])
        if first_strip_only and np.nan_to_num(strips[-1]).any():
            return strips[-1]
    return np.concatenate(strips)
