"""Refuses annotations with impossible values, which would make positions or times wrong.

The limits are deliberately wide: they hold for every C-band satellite in low orbit, and exclude zeros, other units
and wrong digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.control_points import without_outliers
from pipeline.units import LIGHT_M_S

if TYPE_CHECKING:
    from pipeline.ingest.sentinel1.annotation import Annotation
    from pipeline.types import FloatArray

NORTHWARD, SOUTHWARD = "ascending", "descending"
INCIDENCE_DEG = (10.0, 65.0)  # Sentinel-1 looks at 18 to 47 degrees
ECHO_MS = (3.3, 10.0)  # two-way for 500 to 1,500 km; Sentinel-1 has 700 to 1,000 km
FREQUENCY_GHZ = (4.0, 8.0)  # the C band; Sentinel-1 has 5.405 GHz
PRF_HZ = (500.0, 10_000.0)  # Sentinel-1 has 1,400 to 2,000 Hz
SPACING_M = (1.0, 100.0)  # detected Sentinel-1 products have 3.5 to 40 m
GROUND_SPEED_M_S = (5500.0, 8000.0)  # of the footprint of a satellite in low orbit; Sentinel-1's has 6,700 m/s
SPEED_M_S = (6500.0, 8500.0)  # of a satellite in low orbit, in the Earth-fixed frame
RADIUS_KM = (6500.0, 8000.0)  # of its orbit
HEIGHT_M = (-1000.0, 10_000.0)  # of the ground
# At 81.8 degrees latitude, the ends of its orbit, the satellite flies due west and changes between ascending and
# descending. A product's heading and pass direction are not for the same moment, and there the heading turns by some 27
# degrees in a minute. So within 30 degrees of due west, i.e. beyond 80 degrees latitude, either direction is accepted.
TURNING = 0.5  # cosine of the heading
MARGIN_S = 2.0  # for grid times before the first and after the last line


def refuse_impossible(annotation: Annotation, item: str) -> None:
    """Raise InputError naming the first field of an annotation that is impossible or contradicts another."""
    if annotation.pass_direction not in (NORTHWARD, SOUTHWARD):
        raise InputError(item, f"pass is {annotation.pass_direction[:40]!r}, which is neither ascending nor descending")
    northward = np.cos(np.radians(annotation.platform_heading_deg))
    if abs(northward) > TURNING and (northward > 0) != (annotation.pass_direction == NORTHWARD):
        raise InputError(
            item,
            f"pass is {annotation.pass_direction}, but platformHeading "
            f"{annotation.platform_heading_deg:.0f} says otherwise",
        )
    for name, values, (low, high), unit in _fields_with_limits(annotation):
        wrong = values[~((values >= low) & (values <= high))]
        if wrong.size:
            raise InputError(
                item, f"{name} is {wrong[0]:g} {unit}, which no instrument has ({low:g} to {high:g} {unit})"
            )
    _refuse_times(annotation, item)
    line, pixel = np.meshgrid(annotation.grid_line, annotation.grid_pixel, indexing="ij")
    grid = [line, pixel, annotation.grid_lon, annotation.grid_lat, annotation.grid_height_m]
    kept, doubt = without_outliers(np.column_stack([v.ravel() for v in grid]), item, annotation.shape)
    if len(kept) < line.size:
        raise InputError(item, f"its geolocation grid contradicts itself: {doubt.partition(':')[0]}")


def _fields_with_limits(annotation: Annotation) -> list[tuple[str, FloatArray, tuple[float, float], str]]:
    """Field names with values, limits and unit."""
    azimuth_m, range_m = annotation.spacing_m
    speed, radius = (np.linalg.norm(v, axis=1) for v in (annotation.orbit_velocity_m_s, annotation.orbit_position_m))
    echo_ms = annotation.grid_slant_range_m.ravel() * 2 / LIGHT_M_S * 1e3
    ground_speed = np.array([azimuth_m / annotation.line_interval_s])
    return [
        ("incidenceAngle", annotation.grid_incidence_deg.ravel(), INCIDENCE_DEG, "degrees"),
        ("slantRangeTime", echo_ms, ECHO_MS, "ms"),
        ("height", annotation.grid_height_m.ravel(), HEIGHT_M, "m"),
        ("radarFrequency", np.array([annotation.radar_frequency_hz / 1e9]), FREQUENCY_GHZ, "GHz"),
        ("prf", np.array(annotation.prf_hz), PRF_HZ, "Hz"),
        ("azimuthPixelSpacing", np.array([azimuth_m]), SPACING_M, "m"),
        ("rangePixelSpacing", np.array([range_m]), SPACING_M, "m"),
        ("azimuthPixelSpacing / azimuthTimeInterval", ground_speed, GROUND_SPEED_M_S, "m/s"),
        ("orbit velocity", speed, SPEED_M_S, "m/s"),
        ("orbit position", radius / 1e3, RADIUS_KM, "km from the Earth's centre"),
    ]


def _refuse_times(annotation: Annotation, item: str) -> None:
    """Refuse an annotation whose lines, grid and product times do not agree."""
    took_s = (annotation.shape[0] - 1) * annotation.line_interval_s
    begin_s = (annotation.start - annotation.first_line).total_seconds()
    end_s = (annotation.stop - annotation.first_line).total_seconds()
    if abs(begin_s) > MARGIN_S or abs(end_s - took_s) > MARGIN_S:
        raise InputError(
            item,
            f"startTime and stopTime span {end_s - begin_s:.1f} s from {annotation.start:%Y-%m-%dT%H:%M:%S} on, "
            f"its lines {took_s:.1f} s from {annotation.first_line:%Y-%m-%dT%H:%M:%S} on",
        )
    off_s = annotation.grid_time_s[(annotation.grid_time_s < -MARGIN_S) | (annotation.grid_time_s > took_s + MARGIN_S)]
    if off_s.size:
        raise InputError(item, f"azimuthTime of its geolocation grid lies {off_s[0]:.0f} s from the first of its lines")
