"""From stored numbers to what a detector may compare: linear power for radar, reflectance for optical images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.decibel import strips_of
from pipeline.ingest.optical_scaling import optical_scaling
from pipeline.ingest.radar_scaling import radar_scaling
from pipeline.ingest.scaling import Scaling, parse_scaling
from pipeline.ingest.stored import known_numbers
from pipeline.types import RADARS, Sensor

if TYPE_CHECKING:
    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.stored import Stored
    from pipeline.types import FloatArray


def scaling_of(stored: Stored, sensor: Sensor, wanted: str, sidecar: Sidecar | None) -> Scaling:
    """The scaling of one file: what the user said, else what its tags say, else what its measured numbers look like.

    Raises InputError for a radar image of which no pixel would have a value.
    """
    word, span = parse_scaling(wanted)
    if sensor in RADARS:
        if word == "reflectance":
            raise ConfigError(f"scaling reflectance does not fit {sensor}: radar has sigma0, amplitude, intensity, db")
        # Numbers of 16 bits tell what they are by their type: one strip shows that they have values
        brief = stored.raster.dtype == "uint16" and not stored.raster.scales
        middle = _middle(stored, brief=brief)
        scaling = radar_scaling(stored, word, span, middle)
        # What one strip says against the type, all of them must say
        if brief and word == "auto" and scaling.law == "linear":
            scaling = radar_scaling(stored, word, span, _middle(stored))
        if _without_value(scaling, middle) and not (brief and not _without_value(scaling, _middle(stored))):
            raise InputError(stored.raster.item, f"no pixel has a value when read as {scaling.reason}; see --scaling")
        return scaling
    if word not in ("auto", "reflectance"):
        raise ConfigError(f"scaling {word} does not fit {sensor}: optical images have reflectance (or auto)")
    return optical_scaling(stored, sensor, word, sidecar)


def _without_value(scaling: Scaling, first_band: FloatArray) -> bool:
    """Are there measured numbers, of which none becomes a value?"""
    scaling = replace(scaling, gains=scaling.gains[:1], offsets=scaling.offsets[:1])
    return bool(np.isfinite(first_band).any() and not np.isfinite(scaling.apply(first_band, 0)).any())


def _middle(stored: Stored, *, brief: bool = False) -> FloatArray:
    """The first band at full resolution, all of it or strips of rows of a large one; NaN where nothing was measured.

    ``brief``: of a large one the first strip that holds more than zeros is enough.
    """
    strips = []
    for window in strips_of(stored.raster.shape):
        strips.append(known_numbers(*stored.read(window))[0])
        if brief and np.nan_to_num(strips[-1]).any():
            return strips[-1]
    return np.concatenate(strips)
